"""docs/trial.md: its plan is one, names every key, and what it prints is what the program prints."""

import re
import shlex
from pathlib import Path

import pytest
from pydantic import BaseModel

from emgpipe.cli.app import run
from emgpipe.outcomes.plan import AnalysisPlan, parse_plan

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "trial.md").read_text("utf-8")


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def keys(model):
    """Names of all keys of a plan."""
    for name, field in model.model_fields.items():
        yield name
        parts = [field.annotation, *getattr(field.annotation, "__args__", ())]
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from keys(part)


def test_the_plan_of_the_page_is_a_plan():
    plan = parse_plan(blocks("toml")[0])
    assert plan.endpoint.name == "subject.rigidity_index_log"
    assert len(plan.secondary) == 3
    assert [visit.avisit for visit in plan.visits if visit.role == "baseline"] == [
        "Period 1 Month 1",
        "Period 2 Month 1",
    ]
    assert set(plan.reliability.no_change) <= {visit.avisit for visit in plan.visits}


def test_its_comments_are_the_defaults_that_they_look_like():
    stated = parse_plan(blocks("toml")[0])
    bare = parse_plan('[analysis]\npreset = "sps-crossover"\n')
    for table in ("analysis", "rules", "population", "sensitivity", "endpoint", "visits", "intercurrent"):
        assert getattr(stated, table) == getattr(bare, table), table


def test_every_key_of_a_plan_is_explained():
    told = "\n".join(blocks("toml"))
    assert sorted({key for key in keys(AnalysisPlan) if not re.search(rf"^(\[+)?{key}\b", told, re.MULTILINE)}) == []


def test_the_event_of_the_page_fits_the_plan_of_the_page():
    whole = blocks("toml")[0] + blocks("toml")[1][blocks("toml")[1].index("[[intercurrent]]") :]
    assert parse_plan(whole).intercurrent[0].strategy == "exclude_visit"


def test_the_crossover_of_a_table_prints_what_the_page_prints(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    [command] = [line for block in blocks("sh") for line in block.splitlines() if "peak_flow.csv" in line]
    assert run(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out.rstrip() in [block.rstrip() for block in blocks("text")]


@pytest.mark.parametrize("block", [block for block in blocks("sh") if "simulate" in block])
def test_every_command_of_the_page_is_one(block, capsys):
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        helped = [*words[1:3], "--help"] if words[1] == "simulate" else [words[1], "--help"]
        assert run(helped) == 0, line
        help_text = capsys.readouterr().out
        assert all(word in help_text for word in words if word.startswith("--")), line
