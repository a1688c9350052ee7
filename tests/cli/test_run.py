"""`emgpipe run`: one command from a study to tables, and what it says when something is wrong."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from emgpipe.cli.app import run
from emgpipe.simulate.edf_writer import write_edf
from emgpipe.store import OutputLock

HEAD = '[study]\nid = "TINY"\nmains_hz = 50\n[measure]\nleast_continuity_s = 5.0\n'
ROWS = "subject,visit,file,task\nP01,V1,p1.edf,rest\nP02,V1,p2.edf,rest\n"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(11)
    for name in ("p1.edf", "p2.edf"):
        write_edf(made / name, list(rng.normal(scale=3.0, size=(2, 15_000))), ["EMG TA_R", "EMG GM_R"], 1000.0)
    return made


@pytest.fixture
def study(tmp_path, recordings) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(recordings, folder)
    (folder / "study.toml").write_text(HEAD)
    (folder / "recordings.csv").write_text(ROWS)
    return folder


@pytest.fixture
def emgpipe(capsys, tmp_path):
    def call(study: Path, *arguments: object) -> tuple[int, str, list[str]]:
        """Exit code, stdout, and what stderr says beside the progress."""
        code = run(["run", str(study), "-o", str(tmp_path / "out"), "-j", "1", "--no-report", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, [line for line in err.splitlines() if not line.startswith("info: ")]

    return call


def statuses(tmp_path: Path) -> dict[str, str]:
    with (tmp_path / "out" / "inputs.csv").open(newline="") as stream:
        return {row["recording"]: row["status"] for row in csv.DictReader(stream)}


def test_a_study_becomes_tables_and_a_second_run_computes_nothing(emgpipe, study, tmp_path):
    code, out, err = emgpipe(study)
    assert (code, err) == (0, [])
    assert out == f"2 recordings, 2 computed now; tables in {tmp_path / 'out'}\n"
    tables = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir() if p.suffix in (".csv", ".parquet")}
    assert {"measures.csv", "visits.csv", "inputs.csv", "intervals.csv"} <= tables.keys()
    assert "nothing to compute" in emgpipe(study / "study.toml")[1]
    assert {name: (tmp_path / "out" / name).read_bytes() for name in tables} == tables


def test_a_bad_recording_is_one_row_one_line_and_exit_1(emgpipe, study, tmp_path):
    (study / "p2.edf").unlink()
    code, out, err = emgpipe(study)
    assert code == 1
    assert out.splitlines()[0].startswith("2 recordings, 2 computed now, 1 failed (named in inputs.csv); tables in ")
    assert out.splitlines()[1:] == ["FILE_MISSING 1: P02_V1_rest"]
    assert len(err) == 1
    assert err[0].startswith("emgpipe: p2.edf: FILE_MISSING: ")
    assert statuses(tmp_path) == {"P01_V1_rest": "ok", "P02_V1_rest": "failed"}


def test_a_recording_that_was_mended_is_computed_on_the_next_run(emgpipe, study, recordings):
    (study / "p2.edf").write_bytes(b"")
    assert emgpipe(study)[0] == 1
    shutil.copy(recordings / "p2.edf", study / "p2.edf")
    code, out, _ = emgpipe(study)
    assert code == 0
    assert "1 computed now" in out


def test_a_settings_file_changes_the_result(emgpipe, study, tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 2.0\n")
    assert emgpipe(study)[0] == 0
    assert "2 computed now" in emgpipe(study, "--settings", tmp_path / "s.toml")[1]
    assert "activity_ratio = 2.0" in (tmp_path / "out" / "settings.toml").read_text()


def test_a_column_that_names_an_arm_stops_the_run_before_it_starts(emgpipe, study, tmp_path):
    (study / "recordings.csv").write_text(ROWS.replace("task", "task,arm").replace("rest", "rest,A"))
    code, out, err = emgpipe(study)
    assert (code, out, len(err)) == (2, "", 1)
    assert "recordings.csv:1: ARM_COLUMN" in err[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [(["--subject", "P09"], 4, "NO_MATCH"), (["-j", "0"], 2, "USAGE"), (["--settings", "none"], 2, "TEXT_UNREADABLE")],
)
def test_an_option_that_cannot_be_meant_is_one_line(emgpipe, study, arguments, exit_code, code):
    got, out, err = emgpipe(study, *arguments)
    assert (got, out, len(err)) == (exit_code, "", 1)
    assert f"{code}: " in err[0]


def test_a_folder_that_another_run_holds_is_refused(emgpipe, study, tmp_path):
    with OutputLock(tmp_path / "out"):
        code, _, err = emgpipe(study)
    assert code == 2
    assert "STORE_LOCKED" in err[0]


def test_one_subject_can_be_computed_alone(emgpipe, study):
    assert "1 computed now" in emgpipe(study, "--subject", "P02")[1]


def test_report_draws_the_pages_of_results_and_refuses_a_folder_without(emgpipe, study, tmp_path, capsys):
    emgpipe(study)
    pages = tmp_path / "out" / "reports"
    assert not pages.exists()
    assert run(["report", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"5 pages drawn in {pages}\n"
    assert (pages / "index.html").is_file()
    assert run(["report", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"0 pages drawn in {pages}\n"
    assert run(["report", str(tmp_path)]) == 3
    assert "RESULTS_UNREADABLE" in capsys.readouterr().err


def test_a_damaged_cache_is_computed_anew_where_pages_are_drawn(study, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["run", str(study), "-o", str(out), "-j", "1"]
    assert run(command) == 0
    pages = {path.name: path.read_bytes() for path in (out / "reports").glob("*.html")}
    shutil.rmtree(out / "reports")
    for path in (out / "cache" / "pairs").iterdir():
        path.write_bytes(b"")
    capsys.readouterr()
    assert run(command) == 0
    assert "error" not in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (out / "reports").glob("*.html")} == pages


def test_the_demo_prints_its_table_and_says_where_the_pages_are(study, tmp_path, capsys):
    shutil.move(study, tmp_path / "demo" / "data")
    assert run(["demo", str(tmp_path / "demo")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["subject", "visit", "TA_R.apdf_p10_uv"]
    assert [line.split()[:2] for line in lines[1:3]] == [["P01", "V1"], ["P02", "V1"]]
    # noise alone: a value below what can be told from 0 is never printed as 0
    assert all(line.split()[2].startswith("<") for line in lines[1:3])
    pages = tmp_path / "demo" / "results" / "reports" / "index.html"
    assert lines[-1] == f"pages: {pages}"
    assert pages.exists()


def doubtful(study, name):
    """Let both channels of a recording have one label."""
    data = (study / name).read_bytes()
    (study / name).write_bytes(data.replace(b"EMG GM_R".ljust(16), b"EMG TA_R".ljust(16), 1))


def test_findings_that_leave_a_file_usable_are_warnings_of_the_run_that_computes_it(emgpipe, study):
    doubtful(study, "p2.edf")
    code, out, err = emgpipe(study)
    assert code == 0
    assert all(line.startswith("warning: p2.edf: ") for line in err)
    assert "LABEL_DUPLICATE" in {line.split(": ")[2] for line in err}
    assert "earlier" not in out
    code, out, later = emgpipe(study)
    assert (code, later) == (0, [])
    assert out.splitlines()[1:] == [f"{len(err)} warnings of earlier runs, in inputs.csv"]


def test_a_quiet_run_says_no_warning_and_no_progress(study, tmp_path, capsys):
    doubtful(study, "p2.edf")
    assert run(["run", str(study), "-o", str(tmp_path / "out"), "-j", "1", "--no-report", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_failures_of_earlier_runs_are_counted_and_not_told_once_more(emgpipe, study):
    (study / "p2.edf").unlink()
    emgpipe(study)
    code, out, err = emgpipe(study)
    assert (code, err) == (1, [])
    assert "nothing to compute, 1 failed (named in inputs.csv)" in out
    assert out.splitlines()[1:] == ["FILE_MISSING 1: P02_V1_rest"]


def test_conditions_that_differ_between_visits_are_a_warning_of_the_run_that_computes_one(emgpipe, study):
    rows = "subject,visit,file,task,posture\nP01,V1,p1.edf,rest,supine\nP01,V2,p2.edf,rest,sitting\n"
    (study / "recordings.csv").write_text(rows)
    said = "warning: P01 rest: CONDITIONS_DIFFER: posture: 'supine' at V1, 'sitting' at V2"
    assert emgpipe(study)[2] == [said]
    assert emgpipe(study)[2] == []


def test_a_recording_of_which_every_channel_is_refused_has_failed_with_their_code(emgpipe, study, tmp_path):
    data = (study / "p2.edf").read_bytes()
    unit = data.index(b"uV".ljust(8))
    assert data[unit + 8 : unit + 16] == b"uV".ljust(8)
    (study / "p2.edf").write_bytes(data[:unit] + b"furlong ".ljust(8) * 2 + data[unit + 16 :])
    write_edf(study / "p1.edf", list(np.random.default_rng(1).normal(size=(2, 3_000))), ["TA_R", "GM_R"], 200.0)
    code, _, err = emgpipe(study)
    assert code == 1
    assert err[0].startswith("emgpipe: p1.edf: RATE_TOO_LOW: no EMG channel is usable; 'TA_R' has 200 Hz")
    unknown = "emgpipe: p2.edf: UNIT_UNKNOWN: no EMG channel is usable; 'EMG TA_R': found unit 'furlong'"
    assert err[1].startswith(unknown)
    assert "at least" in err[0]
    assert (len(err), statuses(tmp_path)) == (2, {"P01_V1_rest": "failed", "P02_V1_rest": "failed"})


def test_one_channel_that_is_usable_keeps_a_recording(emgpipe, study, tmp_path):
    data = (study / "p2.edf").read_bytes()
    (study / "p2.edf").write_bytes(data.replace(b"uV".ljust(8), b"furlong ", 1))
    code, _, err = emgpipe(study)
    assert code == 0
    assert any(line.startswith("warning: p2.edf: UNIT_UNKNOWN: ") for line in err)
    assert statuses(tmp_path)["P02_V1_rest"] == "ok"


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_demo_that_cannot_be_written_is_one_line(tmp_path, capsys, place):
    (tmp_path / "file").write_text("")
    assert run(["--quiet", "demo", str(tmp_path / place)]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 1
    assert "SIMULATION_UNWRITABLE: " in err[0]
