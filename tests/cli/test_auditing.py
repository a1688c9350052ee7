"""`emgpipe verify` and `emgpipe diff` as people call them: lines, exit codes, nothing from files unescaped."""

import json
import shutil
from pathlib import Path

import pytest

from emgpipe.cli.app import run
from emgpipe.store import OutputLock, Seal, file_digest, last_line, write_seal
from tests.batch.studies import HEAD, MARKS, row_of, write_manifest, write_recording


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A study of one recording, and its results with pages."""
    folder = tmp_path_factory.mktemp("auditing")
    (folder / "study").mkdir()
    write_recording(folder / "study" / "P01_V1.edf", 1)
    (folder / "study" / "study.toml").write_text(HEAD)
    write_manifest(folder / "study", [row_of("P01_V1")])
    assert run(["run", str(folder / "study"), "-o", str(folder / "out"), "-j", "1"]) == 0
    return folder


@pytest.fixture
def place(written, tmp_path) -> Path:
    """A copy to change, and nothing on stdout yet."""
    return Path(shutil.copytree(written, tmp_path / "work"))


def test_what_is_as_written_is_one_line_and_exit_code_0(place, capsys):
    assert run(["verify", str(place / "out")]) == 0
    assert capsys.readouterr().out == f"{place / 'out'}: all as written\n"
    assert run(["verify", str(place / "out"), "--recompute", "2"]) == 0
    assert capsys.readouterr().out == f"{place / 'out'}: all as written, 2 rows computed anew\n"


def test_a_problem_is_one_line_with_path_code_and_advice(place, capsys):
    (place / "out" / "visits.csv").unlink()
    (place / "study" / "P01_V1.edf").unlink()
    assert run(["verify", str(place / "out")]) == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "error: visits.csv: RESULT_MISSING: No such file or directory; run the study again"
    assert second.startswith("warning: P01_V1.edf: INPUT_MISSING: ")
    assert last == f"{place / 'out'}: 1 not as written, 1 to know of"
    assert run(["verify", str(place / "out"), "--no-inputs", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["as_written"] is False
    assert [p["code"] for p in told["problems"]] == ["RESULT_MISSING"]


def test_a_page_that_was_changed_is_found(place, capsys):
    with (place / "out" / "reports" / "index.html").open("a") as stream:
        stream.write(" ")
    assert run(["verify", str(place / "out"), "--no-inputs"]) == 1
    assert "error: reports/index.html: RESULT_CHANGED: " in capsys.readouterr().out


def test_a_folder_without_results_is_exit_code_3_and_one_line(tmp_path, capsys):
    for call in (["verify", str(tmp_path)], ["diff", str(tmp_path), str(tmp_path)]):
        assert run(call) == 3
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"emgpipe: {tmp_path}: RESULTS_UNREADABLE: ")
        assert said.err.count("\n") == 1


def test_results_that_a_run_holds_are_refused(place, capsys):
    with OutputLock(place / "out"):
        assert run(["verify", str(place / "out")]) == 2
        assert run(["diff", str(place / "out"), str(place / "out")]) == 2
    assert capsys.readouterr().err.count("STORE_LOCKED") == 2


def test_equal_results_are_said_plainly(place, capsys):
    assert run(["diff", str(place / "out"), str(place / "out")]) == 0
    assert capsys.readouterr().out == "no difference\n"
    assert run(["diff", str(place / "out"), str(place / "out"), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True


def test_a_difference_is_told_by_setting_measure_and_row(place, capsys):
    (place / "s.toml").write_text("[condition]\nlow_hz = 30.0\n")
    again = ["run", str(place / "study"), "-o", str(place / "new"), "-j", "1", "--no-report"]
    assert run([*again, "--settings", str(place / "s.toml")]) == 0
    capsys.readouterr()
    assert run(["diff", str(place / "out"), str(place / "new")]) == 1
    text = capsys.readouterr().out
    assert "condition.low_hz  20.0  ->  30.0" in text
    assert text.count("P01_V1_supine rest TA_R") >= 3
    assert "all with --all" in text
    assert run(["diff", str(place / "out"), str(place / "new"), "--all"]) == 1
    assert len(capsys.readouterr().out) > len(text)
    assert run(["diff", str(place / "out"), str(place / "new"), "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["settings"] == [{"name": "condition.low_hz", "old": "20.0", "new": "30.0"}]


def test_hidden_characters_of_names_never_reach_the_terminal(place, capsys):
    name = "units/evil\x1b[31m\n.jsonl"
    (place / "out" / name).touch()
    samples = place / "study" / "P01_V1.edf"
    write_recording(samples, 2, annotations=[*MARKS, *MARKS])
    assert run(["verify", str(place / "out")]) == 1
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert r"units/evil\x1b[31m\n.jsonl: UNIT_UNUSED" in said
    assert len(said.splitlines()) == 3


def test_pages_of_earlier_results_are_said_by_run_and_by_verify(place, capsys):
    (place / "s.toml").write_text("[detect]\nactivity_ratio = 2.5\n")
    again = ["run", str(place / "study"), "-o", str(place / "out"), "-j", "1", "--settings", str(place / "s.toml")]
    assert run([*again, "--no-report"]) == 0
    assert "pages are of earlier results" in capsys.readouterr().out
    assert run(["verify", str(place / "out"), "--no-inputs"]) == 0
    assert "warning: reports: PAGES_STALE: " in capsys.readouterr().out
    assert run(["report", str(place / "out")]) == 0
    assert run([*again, "--no-report"]) == 0
    assert "earlier results" not in capsys.readouterr().out
    told = place / "out" / "reports" / "pages.json"
    told.write_text(told.read_text().replace('"drawn_from"', '"drawn_frog"'))
    assert run(["verify", str(place / "out"), "--no-inputs"]) == 1
    assert "reports/pages.json: RESULT_CHANGED" in capsys.readouterr().out
    told.unlink()
    assert run(["verify", str(place / "out"), "--no-inputs"]) == 1
    assert "reports/pages.json: RESULT_MISSING" in capsys.readouterr().out


def test_many_lines_of_one_code_are_counted(place, capsys):
    for n in range(14):
        (place / "out" / "units" / f"old{n}.json").touch()
    assert run(["verify", str(place / "out"), "--no-inputs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[10] == "warning: UNIT_UNUSED: 4 more; --format json names all"
    assert len(lines) == 12


def test_a_report_of_a_folder_without_tables_is_exit_code_3_and_of_one_at_work_2(tmp_path, capsys):
    assert run(["report", str(tmp_path)]) == 3
    (tmp_path / "units").mkdir()
    assert run(["report", str(tmp_path)]) == 3
    assert "no tables yet; run the study again" in capsys.readouterr().err
    with OutputLock(tmp_path):
        assert run(["report", str(tmp_path)]) == 2
    assert "STORE_LOCKED" in capsys.readouterr().err


def test_a_record_that_says_little_is_no_traceback(place, capsys):
    record = place / "out" / "run.json"
    record.write_text(json.dumps({"outputs": {}, "units": {}, "inputs": {}, "logs": {}}))
    write_seal(place / "out", Seal(file_digest(record), last_line(place / "out" / "log.jsonl")))
    assert run(["verify", str(place / "out"), "--recompute", "1"]) == 1
    assert "PAGES_STALE" in capsys.readouterr().out
