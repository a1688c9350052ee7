"""`emgpipe reliability`: known answers, and one coded line for what cannot be meant."""

import csv
import json
from pathlib import Path

import pytest

from emgpipe.cli.app import run

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "real" / "reference" / "icc"
COLUMNS = ["--subject", "who", "--visit", "judge", "--value", "score"]
TABLE = "who,judge,score\n" + "".join(
    f"P{n},V{m},{10 * n + m + (n * m) % 3}\n" for n in range(1, 6) for m in (1, 2, 10)
)


@pytest.fixture
def judged(tmp_path) -> Path:
    """Six subjects and four judges, Shrout and Fleiss 1979, a row a subject and judge."""
    if not REFERENCE.is_dir():
        pytest.skip("the reference data are not in ../shared")
    with (REFERENCE / "shrout_fleiss_1979.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    lines = [f"{n},{judge},{score}\n" for n, row in enumerate(rows, 1) for judge, score in row.items()]
    (tmp_path / "sf.csv").write_text("who,judge,score\n" + "".join(lines))
    return tmp_path / "sf.csv"


def test_the_judges_of_shrout_and_fleiss_agree_as_published(judged, capsys):
    assert run(["reliability", str(judged), *COLUMNS]) == 0
    rows = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    values = [row.split(")")[1].split()[1] for row in rows if row.startswith("ICC(") and "mean" not in row]
    assert values == ["0.166", "0.290", "0.715"]
    assert "ICC(3,k) consistency (mean) 0.909 0.676 to 0.986" in rows
    assert "score: 6 subjects with all 4 visits" in rows


def test_all_six_forms_are_met_to_the_printed_digits(judged, capsys):
    assert run(["reliability", str(judged), *COLUMNS, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [round(one["value"], 3) for one in told["icc"].values()] == [0.166, 0.290, 0.715, 0.443, 0.620, 0.909]
    assert told["consistency"]["df"] == 15.0
    assert round(told["ms_error"], 3) == 1.019


def test_visits_are_compared_in_natural_order_and_who_lacks_one_is_named(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(TABLE.replace("P3,V2,32\n", "").replace("P4,V10,51\n", "P4,V10,NA\n"))
    assert run(["reliability", str(path), *COLUMNS]) == 0
    told = capsys.readouterr().out
    assert told.startswith("score: 3 subjects with all 3 visits, 2 left out\nV1, V2, V10\n")
    assert "VISIT_MISSING: V2: no row: P3\nVALUE_MISSING: V10: no value: P4\n" in told


def test_a_logarithm_gives_ratios(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    assert run(["reliability", str(path), *COLUMNS, "--log", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["agreement"]["mdc95_ratio"] > 1
    assert run(["reliability", str(path), *COLUMNS, "--log"]) == 0
    assert "as ratios" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "text", "place"),
    [
        ("TABLE_TWICE", TABLE + "P1,V1,3\n", ":17: who = 'P1', judge = 'V1' is also on line 2"),
        ("TABLE_CELL", TABLE.replace("P5,V1,53", "P5,V1,5.3.1"), "score = '5.3.1'"),
        ("TABLE_CELL", TABLE.replace("P5,V1,", ",V1,"), "who = ''"),
        ("TABLE_COLUMN", TABLE.replace("judge", "visit"), ":1: no column 'judge'"),
        ("TABLE_EMPTY", "who,judge,score\n", "a header and no rows"),
        ("VISITS_TOO_FEW", "who,judge,score\nP1,V1,1\nP2,V1,2\n", "1 visits"),
        ("SUBJECTS_TOO_FEW", "who,judge,score\nP1,V1,1\nP1,V2,2\nP2,V1,2\n", "1 of 2 subjects"),
        ("RESIDUALS_ZERO", "who,judge,score\n" + "".join(f"P{n},V{m},{n}\n" for n in (1, 2, 3) for m in (1, 2)), ""),
    ],
)
def test_input_that_cannot_be_meant_is_one_coded_line_and_no_number(code, text, place, tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert run(["reliability", str(path), *COLUMNS]) == 3
    told = capsys.readouterr()
    assert told.err.startswith(f"emgpipe: {path}")
    assert f": {code}: " in told.err
    assert place in told.err.replace(f" {code}:", "", 1)
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_a_column_that_names_no_visits_is_refused_before_memory_ends(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("who,judge,score\n" + "".join(f"P{n},V{n},1\n" for n in range(4000)))
    assert run(["reliability", str(path), *COLUMNS]) == 3
    assert "TABLE_COLUMN: 4000 'judge' beside 4000 'who'" in capsys.readouterr().err


def test_zero_has_no_logarithm(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(TABLE.replace("P1,V1,12", "P1,V1,0"))
    assert run(["reliability", str(path), *COLUMNS, "--log"]) == 3
    assert f"{path}:2: TABLE_CELL: score = '0'; above 0" in capsys.readouterr().err


def test_columns_must_be_named_and_a_level_be_one(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    assert run(["reliability", str(path), *COLUMNS[:4]]) == 2
    assert "--value not given" in capsys.readouterr().err
    assert run(["reliability", str(path), *COLUMNS, "--level", "95"]) == 2
    assert "level is 95.0" in capsys.readouterr().err
