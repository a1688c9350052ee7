"""`plan_study`: what a run would compute and why, and that asking costs and changes nothing."""

import json
import os
import shutil

import pytest

from emgpipe.batch import plan_study, run_study
from emgpipe.batch.plan import WHYS
from emgpipe.batch.pool import save_lost
from emgpipe.errors import NoInputError, StudyError
from emgpipe.recording import Annotation
from emgpipe.store import OutputLock
from tests.batch.studies import HEAD, NAMES, row_of, stamps, write_manifest, write_recording


def whys(study, out, **options):
    """Why, of the recordings that would be computed."""
    return {one.job.entry.recording.removesuffix("_supine"): one.why for one in plan_study(study, out, **options)}


def no_other(name, why):
    return {other: why if other == name else "" for other in NAMES}


def settings_file(tmp_path, text):
    (tmp_path / "s.toml").write_text(text)
    return tmp_path / "s.toml"


def changed_study(study, text):
    with (study / "study.toml").open("a") as stream:
        stream.write(text)


def test_of_a_fresh_study_all_is_new_and_no_folder_is_made(study, tmp_path):
    assert whys(study, tmp_path / "out") == dict.fromkeys(NAMES, "new")
    assert not (tmp_path / "out").exists()


def test_of_a_finished_study_nothing_is_to_do_and_nothing_is_touched(study, done):
    before = stamps(done)
    assert whys(study, done) == dict.fromkeys(NAMES, "")
    assert stamps(done) == before


def test_a_plan_can_be_had_while_a_run_holds_the_folder(study, done):
    (study / "P02_V1.edf").unlink()
    with OutputLock(done):
        assert whys(study, done) == no_other("P02_V1", "file")


def test_a_file_of_another_time_and_a_damaged_unit_are_told_apart(study, done):
    os.utime(study / "P01_V1.edf", (1, 1))
    (done / "units" / "P02_V2_supine.jsonl").write_bytes(b"{")
    assert whys(study, done) == {"P01_V1": "file", "P01_V2": "", "P02_V1": "", "P02_V2": "damaged"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[detect]\nactivity_ratio = 3.0\n", "decision"),
        ("[condition]\nlow_hz = 30.0\n", "conditioning"),
        ("[condition]\nlow_hz = 30.0\n[detect]\nactivity_ratio = 3.0\n", "conditioning"),
    ],
)
def test_a_setting_is_told_by_what_it_costs(study, done, tmp_path, text, why):
    assert whys(study, done, settings=settings_file(tmp_path, text)) == dict.fromkeys(NAMES, why)


@pytest.mark.parametrize(
    "text",
    [
        '[channels]\n"EMG GM_R" = "SOL_R"\n',
        '[[pairs]]\nagonist = "GM_R"\nantagonist = "TA_R"\n',
        '[[floor]]\nchannel = "TA_R"\ndevice_uv = 1.5\n',
        '[segments]\nRuhe = "rest"\n',
    ],
)
def test_what_study_toml_says_of_recordings_is_told_as_such(study, done, text):
    changed_study(study, text)
    assert whys(study, done) == dict.fromkeys(NAMES, "study")


def test_what_recordings_csv_says_of_one_recording_concerns_that_one(study, done):
    excluded = {"P01_V2": "GM_R"}
    write_manifest(study, [row_of(name, exclude_channels=excluded.get(name, "")) for name in NAMES])
    assert whys(study, done) == no_other("P01_V2", "study")


def test_strict_is_a_reason_of_its_own(study, done):
    assert whys(study, done, strict=True) == dict.fromkeys(NAMES, "strict")


def test_a_version_that_measures_otherwise_computes_all(study, done, monkeypatch):
    monkeypatch.setattr("emgpipe.batch.jobs.MEASURES_VERSION", 10**6)
    assert whys(study, done) == dict.fromkeys(NAMES, "version")


def test_frames_that_are_gone_are_told(study, done):
    shutil.rmtree(done / "cache")
    assert whys(study, done) == dict.fromkeys(NAMES, "frames")


def test_a_failed_recording_is_computed_again_only_where_that_is_asked_for(study, done):
    (study / "P02_V1.edf").write_bytes(b"")
    run_study(study, done, jobs=1)
    assert whys(study, done) == dict.fromkeys(NAMES, "")
    assert whys(study, done, retry_failed=True) == no_other("P02_V1", "retry")
    report = run_study(study, done, jobs=1, retry_failed=True)
    assert (report.computed, report.failed) == (1, 1)


@pytest.mark.parametrize("code", ["WORKER_LOST", "TIMEOUT"])
def test_a_recording_of_which_nothing_was_learnt_is_tried_again_unasked(study, done, code):
    job = next(one.job for one in plan_study(study, done) if one.job.entry.recording == "P02_V1_supine")
    save_lost(job, code, 60.0)
    assert whys(study, done) == no_other("P02_V1", "retry")


def test_a_reference_that_changed_is_told_of_those_who_take_it_chosen_or_not(tmp_path):
    rest, reference = (Annotation(0.0, 32.0, "rest"),), (Annotation(0.0, 20.0, "reference"),)
    for name, marks in (("rest", rest), ("mvc", reference)):
        write_recording(tmp_path / f"{name}.edf", 1, annotations=marks)
    (tmp_path / "study.toml").write_text(HEAD)
    rows = [{"subject": "P01", "visit": "V1", "file": f"{t}.edf", "task": t} for t in ("rest", "mvc")]
    write_manifest(tmp_path, rows)
    out = tmp_path / "out"
    run_study(tmp_path, out, jobs=1)
    assert set(whys(tmp_path, out).values()) == {""}
    # as if a run had ended between the reference and the recording that takes it
    write_recording(tmp_path / "mvc.edf", 9, (48.0, 0.0), annotations=reference)
    unit = out / "units" / "P01_V1_rest.jsonl"
    as_it_was = unit.read_bytes()
    run_study(tmp_path, out, jobs=1)
    unit.write_bytes(as_it_was)
    assert whys(tmp_path, out) == {"P01_V1_mvc": "", "P01_V1_rest": "reference"}


def test_a_plan_refuses_what_a_run_refuses(study, tmp_path):
    with pytest.raises(NoInputError, match="NO_MATCH"):
        plan_study(study, tmp_path / "out", subjects=["P09"])
    shutil.copy(study / "P01_V1.edf", study / "P01_V2.edf")
    with pytest.raises(StudyError, match="BYTES_TWICE"):
        plan_study(study, tmp_path / "out")


def test_the_log_counts_the_reasons(study, done):
    os.utime(study / "P01_V1.edf", (1, 1))
    (done / "units" / "P02_V2_supine.jsonl").write_bytes(b"{")
    run_study(study, done, jobs=1)
    lines = [json.loads(line) for line in (done / "log.jsonl").read_text().splitlines()]
    assert [line["why"] for line in lines if line["event"] == "run"][-1] == {"damaged": 1, "file": 1}


def test_every_reason_is_in_words():
    assert all(text and not text.endswith(".") for text in WHYS.values())
