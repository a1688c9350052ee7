"""`emgpipe simulate`: a folder that `run` takes at once, the same bytes for a seed, one line for what cannot be."""

import csv
import json
import tomllib

import pytest

from emgpipe.batch import run_study
from emgpipe.cli.app import run
from emgpipe.readers import read_recording
from emgpipe.recording import Run

pytest.importorskip("pyedflib", reason="no wheel of pyedflib for this Python")

SHORT = ("--rest-s", "12", "--reference-s", "3", "--rate-hz", "1000")
EVERYTHING = (
    *("--muscles", "TA_R:0.06,GM_R:0,PSP_L", "--spasms-per-h", "600", "--long-spasms", "0.1", "--stimuli", "2"),
    *("--artefact-uv", "300", "--relax", "1", "--relax-decay-s", "3", "--heart", "--ecg", "--mains-uv", "2"),
    *("--mains", "60", "--mains-drift-hz", "0.1", "--crosstalk", "TA_R:GM_R:0.05", "--movement", "--gap", "5:7"),
    *("--dead", "GM_R", "--lowpass-hz", "300", "--range-uv", "500", "--bits", "12", "--noise-uv", "2"),
)


@pytest.fixture
def simulate(capsys):
    def call(*arguments):
        code = run(["simulate", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_visit_is_a_study_that_runs_at_once(simulate, tmp_path):
    code, out, err = simulate("visit", "-o", tmp_path / "made", *SHORT)
    assert (code, out) == (0, f"{tmp_path / 'made' / 'study.toml'}\n")
    assert err == [
        f"info: simulated, nobody was recorded; next: emgpipe run {tmp_path / 'made' / 'study.toml'} -o RESULTS"
    ]
    report = run_study(tmp_path / "made", tmp_path / "out", jobs=1)
    assert (report.computed, report.failed, report.total) == (1, 0, 1)
    truth = json.loads((tmp_path / "made" / "truth.json").read_text(encoding="utf-8"))
    told = truth["recordings"]["S01_V1"]
    assert truth["simulated"] is True
    assert set(told["muscles"]) == {"TA_R", "GM_R", "PSP_L", "RA_L"}
    assert set(told["pairs"]) == {"TA_R/GM_R", "PSP_L/RA_L"}
    assert told["drive"]["TA_R"]["tonic"] == pytest.approx(0.04, rel=0.25)  # 12 s of a slow drive of depth 0.1


def test_every_option_at_once_gives_the_same_bytes_twice_and_runs(simulate, tmp_path):
    for name in ("a", "b"):
        assert simulate("visit", "-o", tmp_path / name, "--seed", 7, *SHORT, *EVERYTHING)[0] == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert simulate("visit", "-o", tmp_path / "c", "--seed", 8, *SHORT, *EVERYTHING)[0] == 0
    edf = "recordings/S01_V1.edf"
    assert files(tmp_path / "c")[edf] != files(tmp_path / "a")[edf]
    recording = read_recording(tmp_path / "a" / edf)
    assert recording.runs == (Run(0.0, 5.0), Run(7.0, 53.0))
    assert [s.label for s in recording.signals] == ["EMG TA_R", "EMG GM_R", "EMG PSP_L", "ECG"]
    assert [m.text for m in recording.annotations] == ["rest", "reference", "stimulus", "stimulus", "relax_cue"]
    generated = json.loads((tmp_path / "a" / "truth.json").read_text(encoding="utf-8"))["recordings"]["S01_V1"][
        "generated"
    ]
    assert set(generated) >= {"stimuli", "relax", "beats_s", "crosstalk", "movement", "flat_s", "gaps_s", "amplifier"}
    assert tomllib.loads((tmp_path / "a" / "study.toml").read_text(encoding="utf-8"))["study"]["mains_hz"] == 60
    report = run_study(tmp_path / "a", tmp_path / "out", jobs=1)
    assert (report.computed, report.failed) == (1, 0)


def test_the_command_in_the_readme_makes_the_same_bytes(simulate, tmp_path):
    simulate("visit", "-o", tmp_path / "a", *SHORT, *EVERYTHING)
    line = (tmp_path / "a" / "README.md").read_text(encoding="utf-8").split("same version of `emgpipe simulate ")[1]
    words = line.split("`")[0].replace("DIR", str(tmp_path / "b")).split()
    assert simulate(*words)[0] == 0
    assert files(tmp_path / "b") == files(tmp_path / "a")


def test_a_trial_is_a_blind_study_with_arms_and_truth_beside_it(simulate, tmp_path):
    arguments = ("--patients", 2, "--months", 2, "--rescue", 0.4, "--missing", 0.3, "--carryover", 0.2, "--seed", 2)
    code, out, _ = simulate("trial", "-o", tmp_path / "made", *arguments, *SHORT)
    assert (code, out) == (0, f"{tmp_path / 'made' / 'study.toml'}\n")
    with (tmp_path / "made" / "recordings.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    truth = json.loads((tmp_path / "made" / "truth.json").read_text(encoding="utf-8"))
    assert 0 < len(truth["missing"]) < 8
    assert len(rows) + len(truth["missing"]) == 8
    assert set(truth["recordings"]) == {f"{r['subject']}_{r['visit']}" for r in rows}
    assert {r["hours_since_benzodiazepine"] != "" for r in rows} == {True, False}
    for row in rows:
        rescued = "rescued" in truth["recordings"][f"{row['subject']}_{row['visit']}"]
        assert (row["hours_since_benzodiazepine"] != "") == rescued
    assert truth["model"]["carryover"] == 0.2
    report = run_study(tmp_path / "made", tmp_path / "out", jobs=1)
    assert (report.computed, report.failed) == (len(rows), 0)


def test_other_files_stay_and_an_earlier_simulation_is_replaced(simulate, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    simulate("visit", "-o", tmp_path, *SHORT)
    before = files(tmp_path)
    assert simulate("visit", "-o", tmp_path, "--seed", 2, *SHORT)[0] == 0
    after = files(tmp_path)
    assert after["notes.txt"] == b"mine"
    assert after["recordings/S01_V1.edf"] != before["recordings/S01_V1.edf"]


@pytest.mark.parametrize("name", ["study.toml", "recordings.csv", "README.md", "arms.csv"])
@pytest.mark.parametrize("kind", ["visit", "trial"])
def test_a_study_of_people_is_never_replaced(simulate, tmp_path, name, kind):
    (tmp_path / name).write_text("not simulated")
    more = ("--patients", 2, "--months", 2) if kind == "trial" else ()
    code, out, err = simulate(kind, "-o", tmp_path, *SHORT, *more)
    assert (code, out, len(err)) == (2, "", 1)
    assert f"STUDY_EXISTS: {name} in it would be replaced" in err[0]
    assert files(tmp_path) == {name: b"not simulated"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--muscles", "NOSE_R"),
        ("--muscles", "TA_R,TA_R"),
        ("--muscles", ""),
        ("--muscles", "TA_R:x"),
        ("--muscles", "TA_R:2"),
        ("--muscles", "TA_R:nan"),
        ("--rest-s", "nan"),
        ("--rest-s", "inf"),
        ("--rest-s", "12.5"),
        ("--rest-s", "-5"),
        ("--rest-s", "1e9"),
        ("--reference-s", "-1"),
        ("--rate-hz", "0"),
        ("--rate-hz", "1000.5"),
        ("--rate-hz", "1e9"),
        ("--spasms-per-h", "-1"),
        ("--spasms-per-h", "nan"),
        ("--long-spasms", "2"),
        ("--stimuli", "-1"),
        ("--stimuli", "1000000000"),
        ("--relax", "-2"),
        ("--relax", "1", "--relax-decay-s", "0"),
        ("--noise-uv", "-1"),
        ("--mains-uv", "inf"),
        ("--crosstalk", "TA_R:GM_R"),
        ("--crosstalk", "TA_R:XX:0.1"),
        ("--crosstalk", "TA_R:GM_R:much"),
        ("--crosstalk", "TA_R:GM_R:7"),
        ("--gap", "5"),
        ("--gap", "7:5"),
        ("--gap", "a:b"),
        ("--gap", "5:999"),
        ("--gap", "0:5"),
        ("--gap", "5.5:7"),
        ("--gap", "nan:7"),
        ("--gap", "5:inf"),
        ("--gap", "5:7", "--gap", "7:9"),
        ("--dead", "RF_L"),
        ("--lowpass-hz", "900"),
        ("--range-uv", "0"),
        ("--bits", "40"),
    ],
)
def test_an_option_that_cannot_be_meant_is_one_coded_line(simulate, tmp_path, arguments):
    code, out, err = simulate("visit", "-o", tmp_path / "made", *SHORT, *arguments)
    assert (code, out, len(err)) == (2, "", 1)
    assert "SIMULATION_INVALID: " in err[0]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--effect", "0"), "SIMULATION_INVALID"),
        (("--effect", "nan"), "SIMULATION_INVALID"),
        (("--carryover", "2"), "SIMULATION_INVALID"),
        (("--missing", "-1"), "SIMULATION_INVALID"),
        (("--rest-s", "0.5"), "SIMULATION_INVALID"),
        (("--patients", "1"), "USAGE"),
        (("--months", "1"), "USAGE"),
        (("--seed", "-1"), "USAGE"),
    ],
)
def test_a_trial_that_cannot_be_is_one_coded_line(simulate, tmp_path, arguments, code):
    exit_code, out, err = simulate("trial", "-o", tmp_path / "made", *SHORT, *arguments)
    assert (exit_code, out, len(err)) == (2, "", 1)
    assert f"{code}: " in err[0]
    assert not (tmp_path / "made").exists()


def test_a_folder_that_is_a_file_is_one_line(simulate, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = simulate("visit", "-o", tmp_path / "file", *SHORT)
    assert (code, len(err)) == (2, 1)
    assert "SIMULATION_UNWRITABLE: " in err[0]


@pytest.mark.parametrize(
    ("kind", "option", "told"),
    [
        ("visit", ("--spasms-per-h", "-3"), "--spasms-per-h -3.0; a number from 0 to 3600 is needed"),
        ("visit", ("--long-spasms", "3"), "--long-spasms 3.0; a number from 0 to 1 is needed"),
        ("visit", ("--relax-decay-s", "0"), "--relax-decay-s 0.0; a finite number above 0 is needed"),
        ("visit", ("--stimuli", "-3"), "--stimuli -3; a finite number of 0 or above is needed"),
        ("visit", ("--range-uv", "123.4567"), "--range-uv 123.4567; a number of at most 8 letters"),
        ("visit", ("--muscles", "TA_R:2"), "--muscles 'TA_R:2'; a number from 0 to 1 is needed at its end"),
        ("visit", ("--crosstalk", "TA_R:GM_R:7"), "--crosstalk 'TA_R:GM_R:7'; a number from 0 to 1 is needed"),
        ("visit", ("--gap", "5:3"), "--gap '5:3'; whole seconds, START below STOP, behind the first second"),
        ("trial", ("--effect", "0"), "--effect 0.0; a number from 0.001 to 1000 is needed"),
        ("trial", ("--period", "1e300"), "--period 1e+300; a number from 0.001 to 1000 is needed"),
        ("trial", ("--visit-sd", "-1"), "--visit-sd -1.0; a number from 0 to 5 is needed"),
        ("trial", ("--missing", "1"), "--missing 1.0; none of 96 visits is left"),
        ("trial", ("--spasm-effect", "999"), "--spasm-effect makes a rate of "),
    ],
)
def test_a_refused_number_is_told_by_its_option(simulate, tmp_path, kind, option, told):
    code, out, err = simulate(kind, "-o", tmp_path / "made", *SHORT, *option)
    assert (code, out, len(err)) == (2, "", 1)
    assert f": SIMULATION_INVALID: {told}" in err[0]
    assert not (tmp_path / "made").exists()


def test_a_refused_simulation_leaves_an_earlier_one_as_it_was(simulate, tmp_path):
    assert simulate("visit", "-o", tmp_path, *SHORT)[0] == 0
    before = files(tmp_path)
    assert simulate("visit", "-o", tmp_path, "--seed", 2, *SHORT, "--gap", "0:5")[0] == 2
    # such a gain does not fit into the range of the file, found only when it is written
    large = ("trial", "-o", tmp_path, "--patients", 2, "--months", 2, "--gain-sd", "4.9", *SHORT)
    code, _, err = simulate(*large)
    assert (code, len(err)) == (2, 1)
    assert f"{tmp_path}/recordings/S0" in err[0].replace("\\", "/")
    assert files(tmp_path) == before


def test_a_visit_over_a_trial_leaves_nothing_of_the_trial(simulate, tmp_path):
    assert simulate("trial", "-o", tmp_path / "a", "--patients", 2, "--months", 2, *SHORT)[0] == 0
    for name in ("a", "b"):
        assert simulate("visit", "-o", tmp_path / name, *SHORT)[0] == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
