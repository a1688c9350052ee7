"""What a run refuses before it begins, what it refuses of a recording, and doubts that reach the tables."""

import json
import os
import shutil

import numpy as np
import pytest

from emgpipe.batch import run_study, work
from emgpipe.errors import StudyError
from emgpipe.simulate import write_edf
from emgpipe.study.copies import ENDS_BYTES
from tests.batch.studies import LABELS, MARKS, NAMES, RATE_HZ, muscle_uv, outputs, read_table, row_of, write_manifest

ONE = {"jobs": 1, "subjects": ["P01"], "visits": ["V1"]}


def refused(study, out, **options):
    with pytest.raises(StudyError) as raised:
        run_study(study, out, jobs=1, **options)
    return raised.value


def inputs(out):
    return {row["recording"]: row for row in read_table(out / "inputs.csv")}


def copied(study, source, target):
    shutil.copy(study / f"{source}.edf", study / f"{target}.edf")


def test_the_same_bytes_under_two_visits_are_refused_before_the_run_and_both_rows_named(study, tmp_path):
    copied(study, "P01_V1", "P02_V2")
    error = refused(study, tmp_path / "out")
    assert (error.code, error.exit_code, error.where) == ("BYTES_TWICE", 2, str(study / "study.toml"))
    assert "'P02_V2.edf' of 'P02_V2_supine' (line 5)" in error.message
    assert "'P01_V1.edf' of 'P01_V1_supine' (line 2)" in error.message
    assert not (tmp_path / "out").exists()


def test_a_copy_as_second_run_of_a_visit_is_refused_too(study, tmp_path):
    copied(study, "P01_V1", "again")
    rows = [row_of("P01_V1", run="1"), {**row_of("P01_V1", run="2"), "file": "again.edf"}]
    write_manifest(study, rows)
    assert refused(study, tmp_path / "out").code == "BYTES_TWICE"


def test_files_of_one_size_that_differ_in_one_byte_between_their_ends_are_two(study, tmp_path):
    copied(study, "P01_V1", "P01_V2")
    path = study / "P01_V2.edf"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    assert ENDS_BYTES < middle < len(data) - ENDS_BYTES
    data[middle] ^= 1
    path.write_bytes(data)
    assert run_study(study, tmp_path / "out", jobs=1, subjects=["P01"]).computed == 2


def test_copies_count_where_one_of_them_is_to_be_computed(study, tmp_path):
    copied(study, "P02_V1", "P02_V2")
    assert run_study(study, tmp_path / "out", **ONE).computed == 1
    assert refused(study, tmp_path / "out", visits=["V2"]).code == "BYTES_TWICE"


def test_a_copy_that_comes_later_is_refused_by_the_hashes_of_the_run_before(study, done):
    before = outputs(done)
    copied(study, "P01_V1", "P02_V2")
    assert refused(study, done).code == "BYTES_TWICE"
    assert outputs(done) == before


def test_empty_files_are_failed_rows_and_no_copies(study, tmp_path):
    for name in ("P01_V1", "P01_V2"):
        (study / f"{name}.edf").write_bytes(b"")
    assert run_study(study, tmp_path / "out", jobs=1, subjects=["P01"]).failed == 2


def test_hashes_of_the_run_before_are_trusted_while_size_and_time_are_theirs(study, done):
    path = study / "P01_V2.edf"
    stamp = path.stat()
    copied(study, "P01_V1", "P01_V2")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert run_study(study, done, jobs=1).computed == 0
    os.utime(path)
    assert refused(study, done).code == "BYTES_TWICE"


@pytest.mark.parametrize("then", ["grows", "is written anew"])
def test_a_file_that_changes_while_it_is_read_is_one_failed_row(study, tmp_path, monkeypatch, then):
    read = work.read_recording

    def read_while_it_changes(path, **options):
        recording = read(path, **options)
        if path.name == "P01_V2.edf":
            if then == "grows":
                path.write_bytes(path.read_bytes() + b"more")
            else:
                os.utime(path, ns=(1, 1))
        return recording

    monkeypatch.setattr(work, "read_recording", read_while_it_changes)
    report = run_study(study, tmp_path / "out", jobs=1, subjects=["P01"])
    told = inputs(tmp_path / "out")
    assert (report.failed, report.exit_code) == (1, 1)
    assert [told[f"P01_{v}_supine"]["status"] for v in ("V1", "V2")] == ["ok", "failed"]
    assert told["P01_V2_supine"]["code"] == "FILE_CHANGED"


def test_no_frames_of_other_bytes_are_kept_under_the_hash_of_the_first(study, tmp_path, monkeypatch):
    digest = work.file_sha256

    def digest_before_it_changes(path):
        told = digest(path)
        shutil.copy(study / "P02_V1.edf", path)
        return told

    monkeypatch.setattr(work, "file_sha256", digest_before_it_changes)
    run_study(study, tmp_path / "out", **ONE)
    assert inputs(tmp_path / "out")["P01_V1_supine"]["code"] == "FILE_CHANGED"
    assert not (tmp_path / "out" / "cache").exists()


def test_a_file_that_changes_after_its_frames_are_at_hand_is_noticed_too(study, done, tmp_path, monkeypatch):
    decide = work.measured

    def decide_while_it_changes(job, *given):
        result = decide(job, *given)
        os.utime(job.entry.path, ns=(1, 1))
        return result

    monkeypatch.setattr(work, "measured", decide_while_it_changes)
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    run_study(study, done, settings=tmp_path / "s.toml", **ONE)
    assert inputs(done)["P01_V1_supine"]["code"] == "FILE_CHANGED"


@pytest.fixture
def odd_date(study):
    """A study of which one recording has a start that is no date: usable, with a warning."""
    path = study / "P01_V1.edf"
    data = path.read_bytes()
    path.write_bytes(data[:168] + b"32.13.99" + data[176:])
    return study


def test_strict_turns_a_warning_of_the_reader_into_a_failed_row(odd_date, tmp_path):
    report = run_study(odd_date, tmp_path / "out", jobs=1, strict=True, subjects=["P01"])
    told = inputs(tmp_path / "out")
    assert (report.failed, report.exit_code) == (1, 1)
    assert (told["P01_V1_supine"]["status"], told["P01_V1_supine"]["code"]) == ("failed", "START_UNKNOWN")
    assert told["P01_V2_supine"]["status"] == "ok"


def test_strict_and_plain_runs_into_one_folder_never_take_each_others_units(odd_date, tmp_path):
    out = tmp_path / "out"
    run_study(odd_date, out, **ONE)
    plain = outputs(out)
    assert "START_UNKNOWN" in inputs(out)["P01_V1_supine"]["findings"]
    assert run_study(odd_date, out, strict=True, **ONE).failed == 1
    assert run_study(odd_date, out, strict=True, **ONE).computed == 0
    again = run_study(odd_date, out, **ONE)
    assert (again.computed, again.failed) == (1, 0)
    assert outputs(out) == plain


def told_of_names(report):
    return [(where, f.where, f.message) for where, f in report.warnings if f.code == "NAME_UNKNOWN"]


def test_names_of_the_study_that_stand_for_nothing_are_one_warning_a_table_with_the_nearest(study, done):
    with (study / "study.toml").open("a") as stream:
        stream.write('[channels]\n"EMG TA-R" = "TA_R"\n"EMG GM_R" = "GM_R"\n[units]\n"emg gm_r" = "uV"\n')
        stream.write('[[floor]]\nchannel = "TA_L"\ndevice_uv = 1.5\n[[floor]]\namplifier = "A1"\ndevice_uv = 1.5\n')
    said = told_of_names(run_study(study, done, jobs=1))
    assert [(where, table) for where, table, _ in said] == [
        (str(study / "study.toml"), table)
        for table in ("[channels]", "[units]", "[[floor]] channel", "[[floor]] amplifier")
    ]
    messages = [message for _, _, message in said]
    assert "'EMG TA-R', did you mean 'EMG TA_R'?" in messages[0]
    assert "did you mean 'EMG GM_R'?" in messages[1]
    assert "did you mean 'TA_R'?" in messages[2]
    assert len(json.loads((done / "run.json").read_text())["findings"]) == 4


def test_names_of_the_study_are_told_before_the_first_recording_is_computed(study, tmp_path):
    with (study / "study.toml").open("a") as stream:
        stream.write('[channels]\n"EMG TA-R" = "TA_R"\n')
    heard = []
    run_study(
        study,
        tmp_path / "out",
        watch=lambda e: heard.append(
            e.recording or (e.where, e.findings[0].code) if e.findings else e.recording or e.kind
        ),
        **ONE,
    )
    assert heard[:3] == [(str(study / "study.toml"), "NAME_UNKNOWN"), "plan", "P01_V1_supine"]


def test_of_recordings_that_cannot_be_read_no_name_is_known_and_of_none_nothing_is_said(study, tmp_path):
    with (study / "study.toml").open("a") as stream:
        stream.write('[channels]\n"x" = "TA_R"\n')
    (study / "P01_V1.edf").unlink()
    assert len(told_of_names(run_study(study, tmp_path / "some", **ONE))) == 1
    for path in study.glob("*.edf"):
        path.write_bytes(b"no EDF" + path.name.encode())
    assert told_of_names(run_study(study, tmp_path / "none", **ONE)) == []


def test_a_name_that_is_written_later_reaches_the_record_though_nothing_is_computed(study, done):
    with (study / "study.toml").open("a") as stream:
        stream.write('[[floor]]\namplifier = "A1"\ndevice_uv = 1.5\n')
    assert run_study(study, done, jobs=1).computed == 0
    assert [f["where"] for f in json.loads((done / "run.json").read_text())["findings"]] == ["[[floor]] amplifier"]


def test_names_that_are_in_one_recording_are_fine_also_where_it_is_left_out_of_the_run(study, tmp_path):
    write_edf(study / "P02_V2.edf", list(np.zeros((2, 36_000))), ("EMG TA_R", "Chest"), RATE_HZ)
    with (study / "study.toml").open("a") as stream:
        stream.write('[[floor]]\nchannel = "GM_R"\ndevice_uv = 1.5\n[channels]\n"EMG GM_R" = "GM_R"\n"Chest" = "ECG"\n')
    assert told_of_names(run_study(study, tmp_path / "out", **ONE)) == []


def reasons(out, recording, target):
    return {r["reason"] for r in read_table(out / "measures.csv") if r["recording"] == recording and r["value"]
            and r["target"] == target}  # fmt: skip


def test_edges_stated_in_recordings_csv_reach_findings_and_rows(study, tmp_path):
    stated = [("", ""), ("20", "450"), ("", "300"), ("50", "500")]
    rows = [row_of(n, hw_highpass_hz=hp, hw_lowpass_hz=lp) for n, (hp, lp) in zip(NAMES, stated, strict=True)]
    write_manifest(study, rows)
    out = tmp_path / "out"
    run_study(study, out, jobs=1)
    limited = {name: "BAND_LIMITED" in row["findings"] for name, row in inputs(out).items()}
    assert limited == {f"{n}_supine": n.startswith("P02") for n in NAMES}
    assert all("BAND_LIMITED" in told for told in reasons(out, "P02_V1_supine", "TA_R"))
    assert not any("BAND_LIMITED" in told for told in reasons(out, "P01_V2_supine", "TA_R"))


def test_a_changed_edge_is_decided_anew(study, done):
    write_manifest(study, [row_of(n, hw_lowpass_hz="300" if n == "P01_V1" else "") for n in NAMES])
    assert run_study(study, done, jobs=1).computed == 1


def test_one_signal_in_two_channels_reaches_the_tables(study, tmp_path):
    samples = muscle_uv(np.random.default_rng(1), 12.0, 1.5)
    write_edf(study / "P01_V1.edf", [samples, -0.5 * samples], LABELS, RATE_HZ, annotations=MARKS)
    out = tmp_path / "out"
    run_study(study, out, **ONE)
    assert (
        "IDENTICAL_CHANNELS: TA_R, GM_R: 'EMG TA_R' and 'EMG GM_R' are one signal"
        in (inputs(out)["P01_V1_supine"]["findings"])
    )
    assert all("IDENTICAL_CHANNELS" in told for told in reasons(out, "P01_V1_supine", "GM_R"))
    assert reasons(out, "P01_V1_supine", "TA_R/GM_R") == set()


def blank_unit(path, signal):
    data = bytearray(path.read_bytes())
    unit = 256 + int(data[252:256]) * (16 + 80) + 8 * signal
    data[unit : unit + 8] = b" " * 8
    path.write_bytes(data)


def state_floors(study):
    with (study / "study.toml").open("a") as stream:
        for muscle in ("TA_R", "GM_R"):
            stream.write(f'[[floor]]\nchannel = "{muscle}"\ndevice_uv = 1.5\n')


def grades(out):
    return {row["recording"]: row["grade"] for row in read_table(out / "inputs.csv")}


def test_a_doubtful_channel_is_graded_c_at_best_and_a_refused_signal_d(study, tmp_path):
    write_manifest(study, [row_of(n, hw_lowpass_hz="300" if n == "P01_V2" else "") for n in NAMES])
    state_floors(study)
    blank_unit(study / "P02_V1.edf", 1)
    run_study(study, tmp_path / "out", jobs=1)
    told = grades(tmp_path / "out")
    assert told["P01_V1_supine"] == "A"
    assert (told["P01_V2_supine"], told["P02_V1_supine"]) == ("C", "D")


def test_a_refused_signal_that_is_excluded_costs_no_grade(study, tmp_path):
    state_floors(study)
    blank_unit(study / "P02_V1.edf", 1)
    write_manifest(study, [row_of(n, exclude_channels="EMG GM_R" if n == "P02_V1" else "") for n in NAMES])
    run_study(study, tmp_path / "out", jobs=1, subjects=["P02"], visits=["V1"])
    assert grades(tmp_path / "out")["P02_V1_supine"] == "A"
