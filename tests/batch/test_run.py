"""`run_study`: what is computed, what is kept, what a bad recording costs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emgpipe.batch import load_results, run_study
from emgpipe.errors import NoInputError, SettingsError, StoreError
from emgpipe.store import OutputLock, check_log
from tests.batch.studies import (
    NAMES,
    OUTPUTS,
    outputs,
    read_table,
    row_of,
    stamps,
    value,
    write_manifest,
    write_recording,
)


def told(out, column="status"):
    return {row["recording"]: row[column] for row in read_table(out / "inputs.csv")}


def of(out, name):
    """Lines of measures.csv of one recording."""
    return [row for row in read_table(out / "measures.csv") if row["recording"] == f"{name}_supine"]


def frames_stamps(out):
    return stamps(out / "cache")


def test_a_second_run_computes_nothing_and_touches_nothing(study, done):
    before = stamps(done)
    report = run_study(study, done, jobs=1)
    assert (report.computed, report.failed, report.total, report.exit_code) == (0, 0, 4, 0)
    assert stamps(done) == before


def test_a_run_into_a_fresh_folder_gives_the_same_bytes(study, done, tmp_path):
    # another folder for the study too: no table knows where it lies
    run_study(study, tmp_path / "again", jobs=1)
    assert outputs(tmp_path / "again") == outputs(done)


SECOND = """
import sys
from emgpipe.batch import run_study
report = run_study(sys.argv[1], sys.argv[2])
heavy = {"numba", "scipy", "mne", "pandas", "pyarrow", "matplotlib", "distributed"} & set(sys.modules)
print(report.computed, sorted(heavy))
"""


def test_a_second_run_does_not_even_import_what_computes(study, done):
    said = subprocess.run([sys.executable, "-c", SECOND, study, done], capture_output=True, text=True, check=True)
    assert said.stdout == "0 []\n"


def test_a_threshold_is_decided_anew_on_the_same_frames(study, done, tmp_path):
    before, cached = outputs(done), frames_stamps(done)
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    assert run_study(study, done, settings=tmp_path / "s.toml", jobs=1).computed == 4
    assert frames_stamps(done) == cached
    assert outputs(done)["measures.csv"] != before["measures.csv"]


def test_a_conditioning_setting_makes_new_frames(study, done, tmp_path):
    (tmp_path / "s.toml").write_text("[condition]\nlow_hz = 30.0\n")
    run_study(study, done, settings=tmp_path / "s.toml", jobs=1)
    assert len(list((done / "cache" / "frames").iterdir())) == 8


def test_a_settings_file_lies_over_the_study_and_the_study_over_defaults(study, tmp_path):
    with (study / "study.toml").open("a") as stream:
        stream.write("[detect]\nactivity_ratio = 2.0\nclose_gap_s = 0.5\n")
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    run_study(study, tmp_path / "out", settings=tmp_path / "s.toml", jobs=1, subjects=["P01"], visits=["V1"])
    resolved = (tmp_path / "out" / "settings.toml").read_text()
    assert all(line in resolved for line in ("activity_ratio = 3.0", "close_gap_s = 0.5", "silence_s = 0.2"))


def test_a_changed_file_is_computed_and_no_other(study, done):
    before = {name: of(done, name) for name in NAMES}
    write_recording(study / "P01_V2.edf", 99, (40.0, 0.0))
    assert run_study(study, done, jobs=1).computed == 1
    changed = [name for name in NAMES if of(done, name) != before[name]]
    assert changed == ["P01_V2"]


def test_a_file_of_the_same_size_and_another_time_is_looked_at_again(study, done):
    before = outputs(done)
    os.utime(study / "P01_V2.edf", (1, 1))
    assert run_study(study, done, jobs=1).computed == 1
    assert outputs(done) == before


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"unit": {}, "digest": ""}'])
def test_a_damaged_unit_is_computed_anew(study, done, damage):
    before = outputs(done)
    (done / "units" / "P01_V1_supine.jsonl").write_bytes(damage)
    assert run_study(study, done, jobs=1).computed == 1
    assert outputs(done) == before


def test_a_number_changed_in_a_unit_is_noticed(study, done):
    before = outputs(done)
    unit = done / "units" / "P01_V1_supine.jsonl"
    text = unit.read_text()
    unit.write_text(text.replace('"measure":"tilt"', '"measure":"tlit"', 1))
    assert run_study(study, done, jobs=1).computed == 1
    assert outputs(done) == before


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_damaged_table_is_written_anew_without_computing(study, done, name):
    before = outputs(done)
    (done / name).write_bytes(before[name][:-7])
    assert run_study(study, done, jobs=1).computed == 0
    assert outputs(done) == before


def test_damaged_frames_are_computed_anew_when_they_are_needed(study, done, tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    run_study(study, tmp_path / "fresh", settings=tmp_path / "s.toml", jobs=1)
    for path in [*(done / "cache").rglob("000_mean_square.npy"), *(done / "cache" / "pairs").iterdir()]:
        path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    run_study(study, done, settings=tmp_path / "s.toml", jobs=1)
    assert outputs(done) == outputs(tmp_path / "fresh")


def test_frames_that_were_thrown_away_are_computed_again(study, done):
    before = outputs(done)
    shutil.rmtree(done / "cache")
    assert run_study(study, done, jobs=1).computed == 4
    assert outputs(done) == before


def cut(path):
    """Leave the header and less than a record."""
    data = path.read_bytes()
    path.write_bytes(data[: int(data[184:192]) + 100])


def blocked(path):
    path.unlink()
    path.mkdir()


BAD = {
    "FILE_MISSING": lambda path: path.unlink(),
    "FILE_EMPTY": lambda path: path.write_bytes(b""),
    "NOT_EDF": lambda path: path.write_bytes(b"subject,visit\n" * 100),
    "FILE_UNREADABLE": blocked,
    "FILE_TRUNCATED": cut,
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_recording_is_one_row_and_changes_no_other(study, tiny_out, tmp_path, code):
    BAD[code](study / "P02_V1.edf")
    out = tmp_path / "out"
    report = run_study(study, out, jobs=1)
    assert (report.failed, report.exit_code) == (1, 1)
    assert told(out) == {f"{n}_supine": "failed" if n == "P02_V1" else "ok" for n in NAMES}
    bad = next(row for row in read_table(out / "inputs.csv") if row["status"] == "failed")
    assert bad["code"] == code
    assert bad["message"]
    failed = of(out, "P02_V1")
    assert [(r["status"], r["reason"], r["value"], r["measure"]) for r in failed] == [("failed", bad["code"], "", "")]
    assert all(of(out, name) == of(tiny_out, name) for name in NAMES if name != "P02_V1")


@pytest.mark.parametrize("code", BAD)
def test_a_bad_recording_is_not_tried_again_while_nothing_changed(study, tmp_path, code):
    BAD[code](study / "P02_V1.edf")
    first = {"jobs": 1, "subjects": ["P02"], "visits": ["V1"]}
    assert run_study(study, tmp_path / "out", **first).computed == 1
    again = run_study(study, tmp_path / "out", **first)
    assert (again.computed, again.failed, again.exit_code) == (0, 1, 1)
    if code == "FILE_UNREADABLE":
        (study / "P02_V1.edf").rmdir()
    write_recording(study / "P02_V1.edf", 5)
    assert run_study(study, tmp_path / "out", **first).failed == 0


def test_a_recording_without_emg_fails_with_its_labels(study, tmp_path):
    with (study / "study.toml").open("a") as stream:
        stream.write('[channels]\n"EMG TA_R" = "ECG"\n"EMG GM_R" = "ECG"\n')
    report = run_study(study, tmp_path / "out", jobs=1, subjects=["P01"], visits=["V1"])
    assert report.failed == 1
    assert told(tmp_path / "out", "code")["P01_V1_supine"] == "NO_CHANNELS"


def test_a_fault_of_ours_costs_one_row_and_names_its_place_but_no_folder(study, tmp_path, monkeypatch):
    monkeypatch.setattr("emgpipe.batch.work.read_recording", lambda *_, **__: 1 // 0)
    report = run_study(study, tmp_path / "out", jobs=1, subjects=["P01"], visits=["V1"])
    assert report.failed == 1
    assert told(tmp_path / "out", "code")["P01_V1_supine"] == "INTERNAL_ERROR"
    message = told(tmp_path / "out", "message")["P01_V1_supine"]
    assert re.fullmatch(r"ZeroDivisionError: .* \(emgpipe/batch/work.py:\d+\)", message)


def test_every_input_of_a_study_ends_as_a_row_even_when_all_are_bad(study, tmp_path):
    for name in NAMES:
        (study / f"{name}.edf").unlink()
    assert run_study(study, tmp_path / "out", jobs=1).failed == 4
    assert len(read_table(tmp_path / "out" / "measures.csv")) == 4
    assert load_results(tmp_path / "out").measures["status"].tolist() == ["failed"] * 4


def test_a_column_has_one_type_whatever_stands_in_it(study, done, tmp_path):
    whole = {name: pq.read_schema(done / f"{name}.parquet") for name in ("measures", "visits")}
    for name in NAMES:
        (study / f"{name}.edf").unlink()
    run_study(study, tmp_path / "out", jobs=1)
    for name, schema in whole.items():
        types = {field.name: field.type for field in pq.read_schema(tmp_path / "out" / f"{name}.parquet")}
        assert types == {column: schema.field(column).type for column in types}
        assert types["subject"] == pa.string()
    assert {f.type for f in whole["visits"] if "." in f.name} == {pa.float64()}


def test_a_recording_that_was_not_selected_is_a_row_that_says_so(study, tmp_path):
    report = run_study(study, tmp_path / "out", jobs=1, subjects=["P01"], visits=["V2"])
    assert (report.computed, report.total) == (1, 4)
    assert told(tmp_path / "out", "code") == {
        f"{n}_supine": "" if n == "P01_V2" else "NOT_SELECTED" for n in NAMES
    }  # fmt: skip


def test_a_selection_keeps_what_others_have(study, done, tmp_path):
    before = {name: of(done, name) for name in NAMES}
    write_recording(study / "P01_V1.edf", 98)
    write_recording(study / "P02_V1.edf", 99)
    assert run_study(study, done, jobs=1, subjects=["P02"]).computed == 1
    assert [name for name in NAMES if of(done, name) != before[name]] == ["P02_V1"]


def test_rows_that_a_selection_kept_keep_the_settings_they_were_made_with(study, done, tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    before = of(done, "P01_V1")
    run_study(study, done, settings=tmp_path / "s.toml", jobs=1, subjects=["P02"])
    assert of(done, "P01_V1") == before
    assert {r["settings_id"] for r in of(done, "P02_V1")} == {
        json.loads((done / "run.json").read_text())["settings_id"]
    }
    assert {r["settings_id"] for r in of(done, "P02_V1")} != {r["settings_id"] for r in before}


SHORT = """
import os, resource, sys
from pathlib import Path
from emgpipe.batch import run_study
from emgpipe.batch.work import write_unit  # all that is imported late
from emgpipe.errors import EmgpipeError
from emgpipe.store import load_frames


study, out = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 12,) * 2)
print([failure.code for failure in run_study(study, out, jobs=1).failures])
try:
    load_frames(next(Path(out, "cache", "frames").iterdir()))
except EmgpipeError as problem:
    print(problem.code)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by /proc")
def test_too_few_open_files_cost_rows_and_no_cache_and_the_next_run_tries_again(study, done):
    for name in NAMES:
        os.utime(study / f"{name}.edf", (1, 1))
    before = frames_stamps(done)
    command = [sys.executable, "-c", SHORT, str(study), str(done)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [str(["OPEN_FILES"] * len(NAMES)), "OPEN_FILES"]
    assert frames_stamps(done) == before
    report = run_study(study, done, jobs=1)
    assert (report.computed, report.failed) == (len(NAMES), 0)
    assert frames_stamps(done) == before


def test_nothing_that_matches_is_refused_before_a_folder_is_made(study, tmp_path):
    with pytest.raises(NoInputError, match=r"NO_MATCH.*'P09'"):
        run_study(study, tmp_path / "out", subjects=["P09"])
    assert not (tmp_path / "out").exists()


def test_a_reference_that_is_rest_is_refused_before_any_work(study, tmp_path):
    text = (study / "study.toml").read_text()
    (study / "study.toml").write_text(text.replace("same visit: reference", "same visit: rest"))
    with pytest.raises(SettingsError, match="REFERENCE_IS_REST"):
        run_study(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_another_run_holds_is_refused_and_left_alone(study, done):
    before = stamps(done)
    write_recording(study / "P01_V1.edf", 98)
    with OutputLock(done), pytest.raises(StoreError, match="STORE_LOCKED"):
        run_study(study, done)
    assert stamps(done) == before


def test_a_row_that_left_the_study_leaves_the_tables(study, done):
    write_manifest(study, [row_of(name) for name in NAMES[:3]])
    assert run_study(study, done, jobs=1).computed == 0
    assert list(told(done)) == [f"{name}_supine" for name in NAMES[:3]]


def test_progress_is_told_once_a_recording(study, tmp_path):
    heard = []
    (study / "P01_V1.edf").unlink()
    run_study(study, tmp_path / "out", jobs=1, visits=["V1"], watch=heard.append)
    assert [event.kind for event in heard] == ["plan", "recording", "recording", "tables"]
    told = [(event.recording, event.status, event.code, event.done, event.total) for event in heard[1:3]]
    assert told == [("P01_V1_supine", "failed", "FILE_MISSING", 1, 2), ("P02_V1_supine", "ok", "", 2, 2)]


def test_the_log_tells_each_recording_and_its_chain_holds(study, done):
    write_recording(study / "P01_V1.edf", 98)
    run_study(study, done, jobs=1)
    lines = [json.loads(line) for line in (done / "log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["run", *["recording"] * 4, "tables", "run", "recording", "tables"]
    assert check_log(done / "log.jsonl") == []


def test_device_floor_of_a_channel_comes_before_that_of_its_amplifier(study, tmp_path):
    with (study / "study.toml").open("a") as stream:
        stream.write('[[floor]]\namplifier = "A1"\ndevice_uv = 1.6\n[[floor]]\nchannel = "GM_R"\ndevice_uv = 1.4\n')
    amplifiers = ["A1", "A2", "", "A1"]
    write_manifest(study, [row_of(n, amplifier=a) for n, a in zip(NAMES, amplifiers, strict=True)])
    run_study(study, tmp_path / "out", jobs=1, subjects=["P01"])
    floors = {
        (name, target): (row["floor_source"], row["value"])
        for name in NAMES[:2]
        for target in ("TA_R", "GM_R")
        for row in [value(of(tmp_path / "out", name), target, "floor_uv")]
    }
    assert floors["P01_V1", "TA_R"] == ("device", "1.6")
    assert floors["P01_V1", "GM_R"] == floors["P01_V2", "GM_R"] == ("device", "1.4")
    assert floors["P01_V2", "TA_R"][0] not in ("", "device")


def test_an_excluded_channel_is_said_in_rows_and_takes_its_pair_along(study, tmp_path):
    write_manifest(study, [row_of(NAMES[0], exclude_channels="GM_R")])
    run_study(study, tmp_path / "out", jobs=1)
    rows = of(tmp_path / "out", NAMES[0])
    told = {(r["status"], r["reason"]) for r in rows if r["target"] in ("GM_R", "TA_R/GM_R") and r["segment"] == "rest"}
    # its twins in % have no reference either
    assert told == {("not_measured", "CHANNEL_EXCLUDED"), ("not_measured", "NO_REFERENCE")}
    assert value(rows, "TA_R", "apdf_p10_uv")["status"] == "flagged"


def test_a_channel_that_the_study_names_is_measured_under_that_name(study, tmp_path):
    with (study / "study.toml").open("a") as stream:
        stream.write('[channels]\n"EMG GM_R" = "SOL_R"\n')
    run_study(study, tmp_path / "out", jobs=1, subjects=["P01"], visits=["V1"])
    assert {r["target"] for r in of(tmp_path / "out", "P01_V1") if r["target_kind"] == "muscle"} == {"TA_R", "SOL_R"}
