"""`verify --recompute`: what was forged in every file at once still is not what the recording says."""

import json
import re

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.finish import TABLES
from emgpipe.batch.recompute import chosen_rows, sources
from emgpipe.batch.units import read_unit, unit_bytes
from emgpipe.batch.verify import verify_results
from emgpipe.store import file_digest, json_text, last_line, write_seal
from emgpipe.store.seal import Seal
from tests.batch.studies import NAMES, read_table

REFERENCE = "same visit: reference"


def forge_record(out, **parts):
    """Make `run.json` and its seal vouch for what lies there now."""
    record = json.loads((out / "run.json").read_text()) | parts
    record["outputs"] = {name: file_digest(out / name) for name in TABLES}
    heads = {name: read_unit(out / "units" / f"{name}.jsonl") for name in record["units"]}
    record["units"] = {name: head["digest"] for name, head in heads.items()}
    (out / "run.json").write_text(json_text(record))
    write_seal(out, Seal(file_digest(out / "run.json"), last_line(out / "log.jsonl")))


@pytest.fixture
def forged(done):
    """Results in which one value was changed in unit, table, record and seal."""
    path = done / "units" / "P01_V1_supine.jsonl"
    unit = read_unit(path)
    row = next(r for r in unit["rows"] if (r["target"], r["measure"]) == ("TA_R", "apdf_p10_uv"))
    old, row["value"] = row["value"], 99.5
    path.write_bytes(unit_bytes(unit))
    text = (done / "measures.csv").read_text()
    assert text.count(f",apdf_p10_uv,{old!r},") == 1
    (done / "measures.csv").write_text(text.replace(f",apdf_p10_uv,{old!r},", ",apdf_p10_uv,99.5,"))
    forge_record(done)
    return done, repr(old)


def test_a_value_that_was_forged_everywhere_is_found_by_computing_it_anew(study, forged):
    out, value = forged
    told = [(p.path, p.code) for p in verify_results(out, study=study) if p.is_error]
    assert told == [("units/P01_V1_supine.jsonl", "RESULT_CHANGED")]  # the log was not forged
    problems = [p for p in verify_results(out, study=study, inputs=False, recompute=12) if p.is_error]
    assert {p.code for p in problems[1:]} == {"VALUE_DIFFERS"}
    told = next(p for p in problems if "value of P01_V1_supine" in p.found and "apdf_p10_uv" in p.found)
    assert told.found.endswith(f"apdf_p10_uv: stored '99.5', computed anew {value!r}")
    number = int(told.path.removeprefix("measures.csv:"))
    assert "99.5" in (out / "measures.csv").read_text().splitlines()[number - 1]


def test_a_table_that_was_forged_without_its_units_is_found_in_any_row(study, done):
    rows = (done / "measures.csv").read_text().splitlines(keepends=True)
    rows[-1] = re.sub(r",(subject|pair|muscle),", ",pair,", rows[-1].replace(",1.0,", ",3.0,", 1))
    (done / "measures.csv").write_text("".join(rows))
    forge_record(done)
    problems = verify_results(done, study=study, inputs=False, recompute=1)
    assert {(p.path, p.code) for p in problems} == {(f"measures.csv:{len(rows)}", "VALUE_DIFFERS")}


def test_a_row_that_was_taken_out_is_found(study, done):
    rows = (done / "measures.csv").read_text().splitlines(keepends=True)
    (done / "measures.csv").write_text("".join(rows[:-1]))
    forge_record(done)
    found = [p.found for p in verify_results(done, study=study, inputs=False, recompute=1)]
    assert found == [f"{len(rows) - 2} rows stored, {len(rows) - 1} computed anew"]


def test_other_versions_are_said(study, done):
    record = json.loads((done / "run.json").read_text())
    forge_record(done, versions={**record["versions"], "scipy": "0.1"})
    problems = verify_results(done, study=study, inputs=False, recompute=1)
    assert [(p.code, p.is_error) for p in problems] == [("VERSIONS_DIFFER", False)]
    assert problems[0].found == f"scipy '0.1' then, {record['versions']['scipy']!r} now"


def test_rows_are_computed_only_where_the_recordings_are_there(study, done):
    for name in NAMES[:2]:
        (study / f"{name}.edf").unlink()
    n_rows = len(read_table(done / "measures.csv"))
    problems = verify_results(done, study=study, inputs=False, recompute=n_rows)
    assert [p.code for p in problems] == ["RECOMPUTE_FEWER"]
    for name in NAMES[2:]:
        (study / f"{name}.edf").unlink()
    assert [p.code for p in verify_results(done, study=study, inputs=False, recompute=1)] == ["RECOMPUTE_FEWER"]


def test_a_recording_that_fails_now_is_said_once(study, done, monkeypatch):
    monkeypatch.setattr("emgpipe.batch.work.read_recording", lambda *_, **__: 1 // 0)
    problems = verify_results(done, study=study, inputs=False, recompute=1)
    assert [p.code for p in problems] == ["VALUE_DIFFERS"]
    assert "INTERNAL_ERROR: ZeroDivisionError" in problems[0].found


def test_rows_are_chosen_from_all_kinds_and_recordings_and_always_the_same(done):
    rows = read_table(done / "measures.csv")
    units = {f"{name}_supine": read_unit(done / "units" / f"{name}_supine.jsonl") for name in NAMES}
    chosen = chosen_rows(rows, units, set(units), REFERENCE, 12, "a")
    assert chosen == chosen_rows(rows, units, set(units), REFERENCE, 12, "a")
    assert chosen != chosen_rows(rows, units, set(units), REFERENCE, 12, "b")
    assert sum(not row["recording"] for row in chosen) == sum(row["measure"].endswith("_pct") for row in chosen) == 4
    plain = [row["recording"] for row in chosen if row["recording"] and not row["measure"].endswith("_pct")]
    assert sorted(plain) == sorted(units)
    assert len(chosen_rows(rows, units, set(units), REFERENCE, len(rows) + 9, "a")) == len(rows)
    assert all(sources(row, units, REFERENCE) <= {"P01_V1_supine"}
               for row in chosen_rows(rows, units, {"P01_V1_supine"}, REFERENCE, 99, "a"))  # fmt: skip


def test_a_study_that_was_recomputed_in_another_folder_leaves_no_trace(study, done, tmp_path):
    before = sorted(p for p in tmp_path.rglob("*"))
    run_study(study, done, jobs=1)
    assert verify_results(done, recompute=3) == []
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_units_that_are_not_those_of_the_tables_are_left_out_and_said(study, done, tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 2.5\n")

    def killed(event):
        if event.kind == "recording" and event.done == 2:
            raise MemoryError

    with pytest.raises(MemoryError):
        run_study(study, done, settings=tmp_path / "s.toml", jobs=1, watch=killed)
    problems = verify_results(done, study=study, inputs=False, recompute=4)
    assert "VALUE_DIFFERS" not in {p.code for p in problems}
    assert next(p.found for p in problems if p.code == "RECOMPUTE_FEWER").startswith("units of 2 recordings")


def test_recordings_that_were_not_reached_are_no_differences(study, done, tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 2.5\n")
    (study / "P01_V2.edf").write_bytes(b"no EDF")
    assert run_study(study, done, settings=tmp_path / "s.toml", jobs=1, fail_fast=True).unreached
    problems = verify_results(done, study=study, inputs=False, recompute=3)
    assert {p.code for p in problems} == {"UNIT_UNUSED", "CACHE_UNUSED"}
    for path in (done / "units").iterdir():
        path.unlink()
    assert "RECOMPUTE_FEWER" in {p.code for p in verify_results(done, study=study, inputs=False, recompute=3)}
