"""Outcome tables of a results folder: blind by themselves, with arms in a second file under a lock alone."""

import csv
import json
from pathlib import Path

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.locking import lock_results
from emgpipe.batch.outcome_tables import ruled_results, write_outcome_tables
from emgpipe.batch.verify import verify_results
from emgpipe.cli.app import run
from emgpipe.errors import EmgpipeError
from emgpipe.outcomes.plan import parse_plan
from tests.batch.plans import ARMS, PLAN, arms_file, plan_file

OTHER_ARMS = "subject,sequence\nP01,ZQ\nP02,QZ\n"


@pytest.fixture
def locked(done, tmp_path) -> Path:
    lock_results(done, plan_file(tmp_path))
    return done


def refused(code: str, *args, **options) -> str:
    with pytest.raises(EmgpipeError) as caught:
        write_outcome_tables(*args, **options)
    assert caught.value.code == code, str(caught.value)
    return str(caught.value)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def events(out: Path) -> list[str]:
    return [json.loads(line)["event"] for line in (out / "log.jsonl").read_bytes().splitlines()]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_table_holds_the_values_and_the_sources_of_the_results(done, tmp_path):
    written = write_outcome_tables(done, tmp_path / "o.csv", plan=plan_file(tmp_path))
    told = {
        (r["subject"], r["visit"], r["segment"], r["target"], r["measure"]): r for r in rows_of(done / "measures.csv")
    }
    files = {r["recording"]: (r["file"], r["sha256"]) for r in rows_of(done / "inputs.csv")}
    rows = [row for row in rows_of(tmp_path / "o.csv") if not row["DTYPE"]]
    assert len(rows) == len(told) > 100
    for row in rows:
        source = told[row["SUBJID"], row["VISIT"], row["SEGMENT"], row["TARGET"], row["MEASURE"]]
        assert (row["AVAL"], row["STATUS"], row["SETTID"]) == (source["value"], source["status"], source["settings_id"])
        assert (row["SRCFILE"], row["SRCSHA"]) == files[row["RECORDID"]]
    assert written.n_rows == len(rows_of(tmp_path / "o.csv"))


def test_without_a_plan_that_of_the_lock_is_taken(done, tmp_path):
    write_outcome_tables(done, tmp_path / "none.csv")
    assert {row["APERIOD"] for row in rows_of(tmp_path / "none.csv")} == {""}
    assert {row["ANL01FL"] for row in rows_of(tmp_path / "none.csv")} == {""}
    lock_results(done, plan_file(tmp_path))
    assert write_outcome_tables(done, tmp_path / "lock.csv").plan == "plan of lock 1"
    write_outcome_tables(done, tmp_path / "plan.csv", plan=plan_file(tmp_path))
    assert (tmp_path / "lock.csv").read_bytes() == (tmp_path / "plan.csv").read_bytes()
    assert {row["APERIOD"] for row in rows_of(tmp_path / "lock.csv")} == {"1", "2"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xpt"])
@pytest.mark.parametrize("shape", ["bds", "wide"])
def test_arms_change_no_byte_of_the_blind_table(locked, tmp_path, suffix, shape):
    blind = []
    for n, arms in enumerate((None, ARMS, OTHER_ARMS)):
        file = tmp_path / str(n) / f"o{suffix}"
        given = arms_file(tmp_path, arms) if arms else None
        write_outcome_tables(locked, file, shape=shape, arms=given)
        blind.append(file.read_bytes())
        assert [path.name for path in file.parent.iterdir() if path != file] == [f"o_unblinded{suffix}"] * bool(arms)
    assert blind[0] == blind[1] == blind[2]
    assert b"TRTP" not in blind[0]
    assert (tmp_path / "1" / f"o_unblinded{suffix}").read_bytes() != (
        tmp_path / "2" / f"o_unblinded{suffix}"
    ).read_bytes()
    assert events(locked).count("unblind") == 2
    assert not [problem for problem in verify_results(locked, inputs=False) if problem.is_error]


def test_the_unblinded_table_is_the_blind_one_with_sequence_and_treatment(locked, tmp_path):
    write_outcome_tables(locked, tmp_path / "o.csv", arms=arms_file(tmp_path))
    blind, told = rows_of(tmp_path / "o.csv"), rows_of(tmp_path / "o_unblinded.csv")
    assert [{name: row[name] for name in blind[0]} for row in told] == blind
    assert {(r["SUBJID"], r["APERIOD"], r["TRTSEQP"], r["TRTP"]) for r in told} == {
        ("P01", "1", "QZ", "Q"), ("P01", "2", "QZ", "Z"), ("P02", "1", "ZQ", "Z"), ("P02", "2", "ZQ", "Q")}  # fmt: skip


def test_arms_are_opened_under_a_lock_alone_and_not_for_a_table_that_is_refused(done, tmp_path):
    before = contents(done)
    refused("LOCK_MISSING", done, tmp_path / "o.csv", plan=plan_file(tmp_path), arms=arms_file(tmp_path))
    assert contents(done) == before
    lock_results(done, plan_file(tmp_path))
    other = plan_file(tmp_path, PLAN.replace("apdf_p50_uv", "apdf_p90_uv"))
    assert "the plan" in refused("LOCK_DIFFERS", done, tmp_path / "o.csv", plan=other, arms=arms_file(tmp_path))
    (tmp_path / "o_unblinded.csv").write_text("subject,sequence\n")
    refused("OUTCOMES_PLACE", done, tmp_path / "o.csv", arms=arms_file(tmp_path))
    assert "unblind" not in events(done)
    assert not (tmp_path / "o.csv").exists()


def test_neither_results_nor_inputs_are_overwritten(done, tmp_path):
    before, arms, plan = contents(done), arms_file(tmp_path), plan_file(tmp_path)
    for place in (done / "o.csv", done / "measures.csv", done / "unblinded" / "o.csv"):
        refused("OUTCOMES_PLACE", done, place, plan=plan)
    refused("OUTCOMES_PLACE", done, arms, plan=plan)
    (tmp_path / "link").symlink_to(done)
    refused("OUTCOMES_PLACE", done, tmp_path / "link" / "o.csv", plan=plan)
    assert contents(done) == before
    assert arms.read_text() == ARMS


def test_rows_of_other_settings_are_marked_once_somebody_has_unblinded(study, locked, tmp_path):
    (tmp_path / "other.toml").write_text("[detect]\nfloor_min_uv = 0.4\n")
    plan = parse_plan(PLAN)
    assert not ruled_results(locked, plan)["post_hoc"].any()
    write_outcome_tables(locked, tmp_path / "o.csv", arms=arms_file(tmp_path))
    assert run_study(study, locked, jobs=1, settings=tmp_path / "other.toml", subjects=["P02"]).exit_code == 0
    found = ruled_results(locked, plan)
    assert set(found.loc[found["post_hoc"], "subject"]) == {"P02"}
    assert found.loc[found["subject"] == "P02", "post_hoc"].all()
    write_outcome_tables(locked, tmp_path / "o.csv")
    assert {row["SUBJID"] for row in rows_of(tmp_path / "o.csv") if row["POSTHOC"]} == {"P02"}


def test_the_command_says_what_it_wrote_and_what_it_refused_in_one_line(locked, tmp_path, capsys):
    file = tmp_path / "o.csv"
    assert run(["outcomes", str(locked), "-o", str(file), "--unblind", str(arms_file(tmp_path))]) == 0
    told = capsys.readouterr()
    n_rows = len(rows_of(file))
    assert told.out.splitlines() == [
        f"{file}: {n_rows} rows, 43 columns, blind; plan of lock 1",
        f"{tmp_path}/o_unblinded.csv: the same with arms",
    ]
    assert (told.err, "QZ" in told.out) == ("", False)
    assert run(["outcomes", str(locked), "-o", str(tmp_path / "o.xls")]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "OUTCOMES_FORMAT" in told.err
    assert run(["outcomes", str(tmp_path / "none"), "-o", str(file)]) == 3
    assert "RESULTS_UNREADABLE" in capsys.readouterr().err
