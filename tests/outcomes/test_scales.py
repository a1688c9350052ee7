"""Clinical scales beside an outcome table."""

import csv
from pathlib import Path

import pytest

from emgpipe.errors import SettingsError, TableError
from emgpipe.outcomes.bds import bds_table
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.scales import join_scales
from emgpipe.outcomes.schedule import scheduled
from emgpipe.outcomes.wide import wide_table
from emgpipe.outcomes.write import write_outcomes
from tests.outcomes.measured import VISITS, days, plan, row, table

HEAD = "subject\tvisit\tdsi\tmood\n"


@pytest.fixture(params=["bds", "wide"])
def outcomes(request, tmp_path) -> Path:
    """Outcome table of one subject at six visits, and one of it without a name of the plan."""
    rows = [row(visit=visit, value=-1.5 + n) for n, visit in enumerate((*VISITS, "EXTRA"))]
    ruled = apply_rules(scheduled(table(*rows, row("S2")), {**days(), **days("S2")}, plan()), plan())
    write_outcomes(bds_table(ruled, plan()) if request.param == "bds" else wide_table(ruled), tmp_path / "o.csv")
    return tmp_path / "o.csv"


def join(outcomes: Path, text: str) -> tuple[list[str], list[dict[str, str]], list[dict[str, str]]]:
    """What was left out, the table before and after."""
    scales, file = outcomes.with_name("scales.tsv"), outcomes.with_name("joined.csv")
    scales.write_text(text, encoding="utf-8")
    left_out = join_scales(outcomes, scales, file)
    tables = []
    for path in (outcomes, file):
        with path.open(newline="", encoding="utf-8") as stream:
            tables.append(list(csv.DictReader(stream)))
    return left_out, *tables


def test_every_row_of_a_visit_gets_its_scales_and_keeps_its_cells(outcomes):
    text = HEAD + "S1\tP1M1\t4\tlow\nS1\tPeriod 1 Month 2\t-3\t=1\nS1\tEXTRA\t7\t\nS2\tP1M1\t0\t\n"
    left_out, before, after = join(outcomes, text)
    assert left_out == []
    assert [{name: line[name] for name in before[0]} for line in after] == before
    told = {(line["SUBJID"], line["VISIT"]): (line["dsi"], line["mood"]) for line in after}
    assert told["S1", "P1M1"] == ("4", "low")
    assert told["S1", "P1M2"] == ("-3", "'=1")
    assert told["S1", "EXTRA"] == ("7", "")
    assert told["S2", "P1M1"] == ("0", "")
    assert told["S1", "P1M3"] == told["S1", "P2M3"] == ("", "")


def test_a_scale_without_an_outcome_row_is_left_out_and_said(outcomes):
    left_out, _, after = join(outcomes, HEAD + "S2\tEXTRA\t4\t\nS1\tP1M1\t1\t\n")
    assert [line.split("scales.tsv:")[1] for line in left_out] == ["2: S2 has no row of visit 'EXTRA': left out"]
    assert {line["dsi"] for line in after} == {"", "1"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + "S1\tP1M1\t4\t\nS1\tP1M1\t4\t\n", "scales.tsv:3: TABLE_TWICE: subject = 'S1', visit = 'P1M1' is also"),
        (
            HEAD + "S1\tP1M2\t4\t\nS1\tPeriod 1 Month 2\t4\t\n",
            "scales.tsv:3: TABLE_TWICE: 'S1', 'P1M2' is also on line 2",
        ),
        (HEAD + "S1\tP1M7\t4\t\n", "scales.tsv:2: SCALE_UNKNOWN: visit 'P1M7' is not"),
        (HEAD + "S3\tP1M1\t4\t\n", "scales.tsv:2: SCALE_UNKNOWN: subject 'S3' is not"),
        (HEAD + "S1\t\t4\t\n", "scales.tsv:2: TABLE_CELL: visit = ''"),
        (HEAD + "S1\tP1M1\t4\n", "scales.tsv:2: TABLE_CELL: 3 cells; the header has 4"),
        ("subject\tdsi\nS1\t4\n", "scales.tsv:1: TABLE_COLUMN: no column 'visit'"),
        ("subject\tvisit\tVISIT\nS1\tP1M1\t4\n", "scales.tsv:1: TABLE_COLUMN: column 'VISIT'"),
        ("subject\tvisit\ttreatment\nS1\tP1M1\t4\n", "scales.tsv:1: ARM_COLUMN: a column, not shown here"),
        (HEAD + "S1\tP1M1\t4\tgot placebo\n", "scales.tsv:2: ARM_CELL: mood: a cell, not shown here"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_its_line(outcomes, text, found):
    with pytest.raises(TableError) as refused:
        join(outcomes, text)
    assert found in str(refused.value)
    assert "placebo" not in str(refused.value)
    assert not outcomes.with_name("joined.csv").exists()


def test_no_input_is_overwritten(outcomes):
    scales = outcomes.with_name("scales.csv")
    scales.write_text("subject,visit,dsi\nS1,P1M1,4\n")
    before = outcomes.read_bytes()
    for file, code in ((outcomes, "PLACE"), (scales, "PLACE"), (outcomes.with_name("o.xpt"), "FORMAT")):
        with pytest.raises(SettingsError, match=f"OUTCOMES_{code}"):
            join_scales(outcomes, scales, file)
    assert outcomes.read_bytes() == before
