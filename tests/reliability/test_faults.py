"""The catalogue of faults: complete, and held by tests that exist."""

import ast
from pathlib import Path

import pytest

from stress import faults

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"
NOT_BUILT = {"the web page"}


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("test", sorted({test for fault in faults.FAULTS for test in fault.tests}))
def test_every_test_that_the_catalogue_names_is_there(test):
    file, name = test.split("::")
    assert name in functions(TESTS / file)


def test_all_34_faults_are_in_the_catalogue_and_only_what_is_not_built_has_no_test():
    assert len(faults.FAULTS) == 34
    assert {fault.fault for fault in faults.FAULTS if not fault.tests} == NOT_BUILT


def test_the_page_has_the_catalogue_as_it_is():
    assert PAGE.read_text(encoding="utf-8").endswith(f"\n{faults.table()}")
