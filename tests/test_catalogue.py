"""Every fault of the catalogue has tests, and they are there."""

import ast
from functools import cache
from pathlib import Path

from tests.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
NOTHING_TO_TEST = {29}
"""The web page is not there yet."""


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_fault_is_in_the_catalogue():
    assert list(CATALOGUE) == list(range(1, 35))


def test_every_fault_has_tests_that_are_there():
    gone = []
    for number, fault in CATALOGUE.items():
        assert bool(fault.tests) != (number in NOTHING_TO_TEST), number
        for test in fault.tests:
            file, _, name = test.partition("::")
            if not (ROOT / file).is_file() or name not in functions(file):
                gone.append(f"{number}: {test}")
    assert gone == []
