"""docs/tuning.md: its commands are ones, its code runs on its names, and what it says of the default grid is so."""

import re
import shlex
from math import prod
from pathlib import Path

import pytest

import emgpipe as emg
from emgpipe.cli.app import run
from emgpipe.settings import Settings
from emgpipe.tuning import parse_grid
from emgpipe.tuning.marks import KINDS, NOT_JUDGED, ONSET, SILENT

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tuning.md").read_text("utf-8")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", blocks("sh"))
def test_every_command_of_the_page_is_one(block, capsys):
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        helped = [*words[1:3], "--help"] if words[1] == "simulate" else [words[1], "--help"]
        assert run(helped) == 0, line
        told = capsys.readouterr().out
        assert all(word in told for word in words if word.startswith("--")), line


def test_the_grid_of_the_page_is_the_one_that_is_tried_without_one():
    grid = parse_grid((), Settings())
    assert f"it tries {len(grid)} settings" in PAGE
    assert prod(len(axis.values) for axis in grid.axes) == len(grid)
    assert all(f"`{axis.name}`" in PAGE for axis in grid.axes)


def test_every_kind_of_marks_is_told():
    assert all(f"`{kind}`" in PAGE for kind in (*KINDS, SILENT, ONSET, *NOT_JUDGED))


def test_the_names_of_its_python_are_public():
    code = "\n".join(blocks("python"))
    assert set(re.findall(r"emg\.(\w+)", code)) <= set(emg.__all__)


def test_it_says_not_fooling_oneself_before_anything_is_frozen_for_good():
    assert "## Not fooling oneself" in PAGE
    assert "**simulated**" in PAGE
