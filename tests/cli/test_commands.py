"""The command line as scripts see it: results on stdout, one line an error on stderr, exit codes."""

import csv
import io
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from emgpipe.cli.app import _common_first, run
from emgpipe.errors.codes import CODES
from emgpipe.recording import Annotation
from emgpipe.settings import Settings, parse_settings
from emgpipe.simulate.edf_writer import write_edf

RATE_HZ = 1000.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A short recording of two muscles, one without a muscle, and a file that is no EDF."""
    made = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(7)
    noise = rng.normal(scale=3.0, size=(2, 15_000))
    noise[0, 5_000:] *= 10
    marks = [Annotation(0.0, 5.0, "reference"), Annotation(5.0, 10.0, "rest")]
    write_edf(made / "v1.edf", list(noise), ["EMG TA_R", "EMG GM_R"], RATE_HZ, annotations=marks)
    write_edf(made / "angle.edf", [noise[0]], ["KNEE ANGLE"], RATE_HZ)
    (made / "junk.edf").write_bytes(b"<html>")
    return made


@pytest.fixture
def emgpipe(capsys):
    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code = run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


def assert_one_line(err: list[str], code: str) -> None:
    assert len(err) == 1
    assert err[0].startswith("emgpipe: ")
    assert code in CODES
    assert f"{code}: " in err[0]


def test_check_says_the_verdict_on_each_file_and_refuses_with_3(emgpipe, folder):
    code, out, err = emgpipe("check", folder)
    assert (code, err) == (3, ["info: 3 files: 2 ok, 0 usable, 1 refused"])
    assert f"ok: {folder / 'v1.edf'}" in out.splitlines()
    assert f"refused: {folder / 'junk.edf'}" in out.splitlines()
    assert "NOT_EDF" in out


def test_check_gives_json(emgpipe, folder):
    code, out, _ = emgpipe("check", "--json", folder / "v1.edf", folder / "junk.edf")
    told = json.loads(out)["files"]
    assert (code, [t["verdict"] for t in told]) == (3, ["ok", "refused"])
    assert told[0] == {"file": str(folder / "v1.edf"), "verdict": "ok", "findings": []}
    (finding,) = told[1]["findings"]
    assert list(finding) == ["code", "severity", "where", "message", "found", "allowed", "hint"]
    assert (finding["code"], finding["severity"], finding["where"]) == ("NOT_EDF", "error", "version")
    assert all(finding[part] in finding["message"] for part in ("found", "allowed", "hint"))


def test_findings_stand_below_their_file_errors_first(emgpipe, folder, tmp_path):
    data = bytearray((folder / "v1.edf").read_bytes())
    data[168:176] = b"32.01.00"
    data[244:252] = b"1,0     "
    (tmp_path / "a.edf").write_bytes(data)
    code, out, err = emgpipe("check", tmp_path / "a.edf")
    lines = out.splitlines()
    assert (code, err) == (3, [])
    assert lines[0] == f"refused: {tmp_path / 'a.edf'}"
    assert lines[1].startswith("  error: HEADER_NUMBER: record duration: found '1,0     '; allowed: ")
    assert lines[2].startswith("  warning: START_UNKNOWN: start: found '32.01.00' and ")
    assert len(lines) == 3


def test_a_folder_named_like_a_recording_is_refused_unless_it_holds_some(emgpipe, folder, tmp_path):
    (tmp_path / "empty.edf").mkdir()
    (tmp_path / "export.edf").mkdir()
    shutil.copy(folder / "v1.edf", tmp_path / "export.edf")
    code, out, err = emgpipe("check", tmp_path)
    assert [line.split(":")[0] for line in out.splitlines()] == ["refused", "  error", "ok"]
    assert "FILE_UNREADABLE" in out.splitlines()[1]
    assert (code, err) == (3, ["info: 2 files: 1 ok, 0 usable, 1 refused"])


def test_a_warning_refuses_only_when_strict(emgpipe, folder, tmp_path):
    label = b"EMG TA_R".ljust(16)
    data = (folder / "v1.edf").read_bytes().replace(b"EMG GM_R".ljust(16), label, 1)
    (tmp_path / "twice.edf").write_bytes(data)
    assert emgpipe("check", tmp_path / "twice.edf")[0] == 0
    code, out, _ = emgpipe("check", "--strict", tmp_path / "twice.edf")
    assert code == 3
    assert "LABEL_DUPLICATE" in out


def test_check_of_a_file_that_is_not_there_is_refused(emgpipe, tmp_path):
    code, out, _ = emgpipe("check", tmp_path / "none.edf")
    assert code == 3
    assert "FILE_UNREADABLE" in out


def test_check_of_an_empty_folder_matches_nothing(emgpipe, tmp_path):
    code, _, err = emgpipe("check", tmp_path)
    assert code == 4
    assert_one_line(err, "NO_RECORDINGS")


def test_measure_gives_the_same_rows_as_csv_and_json(emgpipe, folder):
    common = ("measure", folder / "v1.edf", "--mains", 50, "--pairs", "TA_R/GM_R")
    code, out, _ = emgpipe(*common, "--format", "json")
    told = json.loads(out)
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(emgpipe(*common, "--format", "csv")[1])))
    assert len(rows) == len(told["rows"]) > 0
    assert list(rows[0]) == list(told["rows"][0])
    assert {r["target"] for r in rows} >= {"TA_R", "GM_R", "TA_R/GM_R"}
    for one, other in zip(rows, told["rows"], strict=True):
        assert one["value"] == ("" if other["value"] is None else repr(other["value"]))


def test_measure_can_be_kept_to_one_segment(emgpipe, folder):
    code, out, _ = emgpipe("measure", folder / "v1.edf", "--mains", 50, "--segment", "rest", "--format", "csv")
    assert code == 0
    assert {r["segment"] for r in csv.DictReader(io.StringIO(out))} == {"rest"}
    code, _, err = emgpipe("--quiet", "measure", folder / "v1.edf", "--mains", 50, "--segment", "rset")
    assert code == 2
    assert_one_line(err, "SEGMENT_UNKNOWN")
    assert "'rest'" in err[0]


def test_the_table_has_one_line_a_row(emgpipe, folder):
    csv_lines = emgpipe("measure", folder / "v1.edf", "--mains", 50, "--format", "csv")[1].splitlines()
    table = emgpipe("measure", folder / "v1.edf", "--mains", 50)[1].splitlines()
    assert len(table) == len(csv_lines)
    assert table[0].split()[:4] == ["segment", "target", "measure", "value"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["measure", "v1.edf", "--mains", "55"], 2, "MAINS_INVALID"),
        (["measure", "v1.edf"], 2, "USAGE"),
        (["measure", "v1.edf", "--mains", "abc"], 2, "USAGE"),
        (["measure", "v1.edf", "--mains", "50", "--format", "xml"], 2, "USAGE"),
        (["measure", "v1.edf", "--mains", "50", "--pairs", "TA_R"], 2, "PAIR_INVALID"),
        (["measure", "v1.edf", "--mains", "50", "--settings", "none.toml"], 2, "TEXT_UNREADABLE"),
        (["measure", "junk.edf", "--mains", "50"], 3, "NOT_EDF"),
        (["measure", "none.edf", "--mains", "50"], 3, "FILE_UNREADABLE"),
        (["measure", "angle.edf", "--mains", "50"], 4, "NO_CHANNELS"),
        (["mesure"], 2, "USAGE"),
        ([], 2, "USAGE"),
        (["settings", "explain", "activty_ratio"], 2, "SETTING_UNKNOWN"),
        (["init", "none"], 4, "NO_RECORDINGS"),
    ],
)
def test_an_error_is_one_line_with_its_exit_code(emgpipe, folder, monkeypatch, arguments, exit_code, code):
    monkeypatch.chdir(folder)
    got, out, err = emgpipe(*arguments)
    assert (got, out) == (exit_code, "")
    assert_one_line(err, code)


def test_an_error_can_be_a_line_of_json(emgpipe, folder):
    _, _, err = emgpipe("measure", folder / "junk.edf", "--mains", 50, "--log-format", "jsonl")
    assert json.loads(err[0])["code"] == "NOT_EDF"


def test_a_traceback_is_shown_with_debug_only(emgpipe, folder):
    code, _, err = emgpipe("measure", folder / "junk.edf", "--mains", 50, "--debug")
    assert code == 3
    assert err[0].startswith("Traceback")
    assert err[-1].startswith("emgpipe: ")


def test_a_file_name_cannot_forge_a_line(emgpipe, tmp_path):
    bad = tmp_path / "a\nemgpipe: forged\x1b[31m.edf"
    bad.write_bytes(b"")
    for arguments in (["check", bad], ["measure", bad, "--mains", 50]):
        _, out, err = emgpipe(*arguments)
        assert not any(line.startswith("emgpipe: forged") for line in [*out.splitlines(), *err])
        assert "\x1b" not in out + "".join(err)


def test_init_drafts_a_study_and_says_where(emgpipe, folder, tmp_path):
    shutil.copy(folder / "v1.edf", tmp_path / "P01_V1_rest.edf")
    code, out, err = emgpipe("init", tmp_path)
    assert code == 0
    assert out.splitlines() == [str(tmp_path / "study.toml"), str(tmp_path / "recordings.csv")]
    assert "mains_hz" in err[0]
    assert emgpipe("init", tmp_path)[0] == 2


def test_init_says_how_many_files_it_leaves_out_and_why(emgpipe, folder, tmp_path):
    for name in ("P01_V1_rest.edf", "P01_V2_rest.edf"):
        shutil.copy(folder / "v1.edf", tmp_path / name)
    (tmp_path / "empty.edf").write_bytes(b"")
    code, _, err = emgpipe("init", tmp_path)
    assert (code, len(err)) == (0, 2)
    assert err[0].startswith("warning: 2 of 3 files left out of recordings.csv")
    assert "'P01_V2_rest.edf': the same bytes as 'P01_V1_rest.edf'" in err[0]
    assert "'empty.edf': refused, FILE_EMPTY" in err[0]


def test_settings_shows_a_file_that_reads_back_to_the_defaults(emgpipe):
    assert parse_settings(emgpipe("settings")[1]) == Settings()
    assert emgpipe("settings")[1] == emgpipe("settings", "show")[1]


def test_settings_explains_one_and_gives_the_schema(emgpipe):
    assert "definitions, 3" in emgpipe("settings", "explain", "detect.activity_ratio")[1]
    assert set(json.loads(emgpipe("settings", "schema")[1])["properties"]) == {"condition", "detect", "measure"}


def test_the_version_is_that_of_the_package(emgpipe):
    assert emgpipe("--version") == (0, f"emgpipe {version('emgpipe')}\n", [])


def test_doctor_names_versions(emgpipe):
    code, out, _ = emgpipe("doctor")
    assert code == 0
    assert {"Python", "numpy", "cores"} <= {line.split("  ")[0] for line in out.splitlines()}


def test_common_options_may_stand_anywhere_before_two_dashes():
    given = ["check", "a", "--quiet", "--log-format", "jsonl", "--", "--debug"]
    assert _common_first(given) == ["--quiet", "--log-format", "jsonl", "check", "a", "--", "--debug"]


def test_a_fault_of_ours_is_one_line_too(emgpipe, folder, monkeypatch):
    monkeypatch.setattr("emgpipe.cli.checking.check_file", lambda path: 1 // 0)
    code, _, err = emgpipe("check", folder / "v1.edf")
    assert code == 1
    assert_one_line(err, "INTERNAL_ERROR")


def test_a_person_who_stops_a_run_gets_130(emgpipe, folder, monkeypatch):
    def stop(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("emgpipe.cli.checking.check_file", stop)
    code, _, err = emgpipe("check", folder / "v1.edf")
    assert code == 130
    assert_one_line(err, "INTERRUPTED")


def test_the_module_runs_like_the_command_and_survives_a_closed_pipe(folder):
    command = f"{sys.executable} -m emgpipe settings | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[condition]\n", "")


def imported(libraries: str, *arguments: object) -> set[str]:
    """Which of these libraries a command imports."""
    code = "import sys; from emgpipe.cli.app import run; run(sys.argv[1:]); print(*sys.modules)"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(libraries.split()) & set(done.stdout.splitlines()[-1].split())


def test_help_imports_no_library_of_size():
    assert imported("typer numpy pydantic scipy pandas numba mne rich", "--help") == {"typer"}


def test_check_imports_nothing_that_computes(folder):
    assert imported("typer scipy pandas numba mne pyedflib matplotlib", "check", folder / "v1.edf") == {"typer"}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_empty_folder_beside_a_file_does_not_cost_the_verdicts(emgpipe, folder, tmp_path, options):
    code, out, err = emgpipe("check", folder / "v1.edf", tmp_path, *options)
    assert code == 0
    assert str(folder / "v1.edf") in out
    assert '"verdict": "ok"' in out or out.startswith("ok: ")
    assert err == [f"warning: {tmp_path}: NO_RECORDINGS: no .edf or .bdf file below it; give a file"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "junk.edf"],
        ["measure", "junk.edf", "--mains", "50"],
        ["measure", "v1.edf", "--mains", "50", "--settings", "junk.edf"],
        ["run", "junk.edf", "-o", "."],
        ["run", "junk.edf", "-o", "out", "--settings", "junk.edf"],
        ["report", "."],
        ["init", "junk.edf"],
        ["init", "junk.edf", "-o", "junk.edf"],
        ["demo", "junk.edf"],
    ],
)
def test_no_path_is_judged_before_our_own_errors_can_speak(emgpipe, folder, monkeypatch, arguments):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    code, out, err = emgpipe("--quiet", *arguments)
    assert code in (2, 3, 4)
    assert len([*out.splitlines()[1:], *err]) == 1
    assert "USAGE" not in out + "".join(err)
