"""`--strict`: what leaves a recording usable refuses it."""

import numpy as np
import pytest

from emgpipe.cli.app import run
from emgpipe.simulate import write_edf


@pytest.fixture
def odd_date(tmp_path):
    """A recording whose start is no date."""
    path = tmp_path / "odd.edf"
    write_edf(path, list(np.random.default_rng(1).normal(scale=3.0, size=(2, 15_000))), ["TA_R", "GM_R"], 1000.0)
    data = path.read_bytes()
    path.write_bytes(data[:168] + b"32.13.99" + data[176:])
    return path


def test_measure_refuses_a_recording_with_a_warning_of_the_reader(odd_date, capsys):
    assert run(["measure", str(odd_date), "--mains", "50"]) == 0
    plain = capsys.readouterr()
    assert plain.err.startswith(f"warning: {odd_date}: START_UNKNOWN: ")
    assert run(["measure", str(odd_date), "--mains", "50", "--strict"]) == 3
    strict = capsys.readouterr()
    assert strict.out == ""
    assert strict.err.startswith(f"emgpipe: {odd_date}: START_UNKNOWN: ")
    assert strict.err.count("\n") == 1


def test_run_says_it_as_an_error_and_goes_on(odd_date, tmp_path, capsys):
    (tmp_path / "study.toml").write_text('[study]\nid = "TINY"\nmains_hz = 50\n')
    (tmp_path / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,odd.edf,rest\n")
    call = ["run", str(tmp_path), "-o", str(tmp_path / "out"), "-j", "1", "--no-report"]
    assert run(call) == 0
    assert "warning: odd.edf: START_UNKNOWN" in capsys.readouterr().err
    assert run([*call, "--strict"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("emgpipe: odd.edf: START_UNKNOWN: ")
    assert "1 failed" in said.out


def test_a_name_that_no_recording_has_is_one_line_and_the_first(odd_date, tmp_path, capsys):
    (tmp_path / "study.toml").write_text('[study]\nid = "TINY"\nmains_hz = 50\n[channels]\n"TA-R" = "TA_R"\n')
    (tmp_path / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,odd.edf,rest\n")
    assert run(["run", str(tmp_path), "-o", str(tmp_path / "out"), "-j", "1", "--no-report"]) == 0
    lines = capsys.readouterr().err.splitlines()
    told = [line.split(": ")[2] for line in lines if not line.startswith("info: ")]
    assert told == ["NAME_UNKNOWN", "START_UNKNOWN"]
    assert "NAME_UNKNOWN" in lines[0]


def test_a_copy_in_a_study_is_one_line_and_exit_code_2(odd_date, tmp_path, capsys):
    (tmp_path / "study.toml").write_text('[study]\nid = "TINY"\nmains_hz = 50\n')
    (tmp_path / "copy.edf").write_bytes(odd_date.read_bytes())
    rows = "subject,visit,file,task\nP01,V1,odd.edf,rest\nP01,V2,copy.edf,rest\n"
    (tmp_path / "recordings.csv").write_text(rows)
    assert run(["run", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "BYTES_TWICE: 'copy.edf' of 'P01_V2_rest' (line 3)" in said.err
