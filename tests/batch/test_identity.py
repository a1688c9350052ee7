"""Which unit is whose: by file, by digest, and of recordings that were not asked for."""

import os
import shutil

import pytest

from emgpipe.batch import load_results, plan_study, run_study, verify_results
from emgpipe.batch.units import read_unit, unit_bytes
from emgpipe.errors import StoreError, StudyError
from tests.batch.studies import NAMES, outputs, read_table, row_of, write_manifest
from tests.batch.test_run import told

FIRST = "units/P01_V1_supine.jsonl"
OTHER = "units/P02_V1_supine.jsonl"


def whys(study, out, **options):
    return {one.job.entry.recording.removesuffix("_supine"): one.why for one in plan_study(study, out, **options)}


@pytest.fixture
def alike(study, tmp_path):
    """Four recordings of one size and one time, and their results."""
    for name in NAMES:
        os.utime(study / f"{name}.edf", (1, 1))
    run_study(study, tmp_path / "out", jobs=1)
    return tmp_path / "out"


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 2.5\n")
    return tmp_path / "s.toml"


def test_two_files_that_were_mixed_up_are_measured_anew_though_size_and_time_are_alike(study, alike, tmp_path):
    files = {"P01_V1": "P01_V2.edf", "P01_V2": "P01_V1.edf"}
    write_manifest(study, [row_of(name, file=files.get(name, f"{name}.edf")) for name in NAMES])
    assert whys(study, alike) == {name: "file" if name in files else "" for name in NAMES}
    assert run_study(study, alike, jobs=1).computed == 2
    run_study(study, tmp_path / "fresh", jobs=1)
    assert outputs(alike) == outputs(tmp_path / "fresh")
    assert verify_results(alike, recompute=2) == []


def test_a_copy_under_a_row_of_another_file_is_found_though_size_and_time_are_alike(study, alike):
    shutil.copy2(study / "P01_V1.edf", study / "copy.edf")
    write_manifest(study, [row_of(name, file="copy.edf" if name == "P02_V2" else f"{name}.edf") for name in NAMES])
    with pytest.raises(StudyError, match="BYTES_TWICE"):
        run_study(study, alike, jobs=1)


def test_the_file_that_the_table_names_is_the_one_that_is_verified(study, alike):
    files = {"P01_V1": "P01_V2.edf", "P01_V2": "P01_V1.edf"}
    write_manifest(study, [row_of(name, file=files.get(name, f"{name}.edf")) for name in NAMES])
    report = run_study(study, alike, jobs=1, subjects=["P02"])  # keeps what is known of P01, under its new files
    assert "2 of a file that changed or is gone" in report.warnings[0][1].message
    assert {(p.path, p.code) for p in verify_results(alike)} == {(f, "INPUT_CHANGED") for f in files.values()}
    assert "INPUT_CHANGED" in {p.code for p in verify_results(alike, inputs=False, recompute=300)}


def test_a_unit_of_the_same_key_and_other_rows_reaches_the_tables(study, done):
    unit = read_unit(done / FIRST)
    row = next(row for row in unit["rows"] if row["measure"] == "rest_rms_uv" and row["value"])
    row["value"] = 77.0
    (done / FIRST).write_bytes(unit_bytes(unit))
    assert run_study(study, done, jobs=1).computed == 0
    assert 77.0 in load_results(done).measures["value"].tolist()


def test_a_unit_that_a_late_writer_replaces_ends_the_run(study, done, settings):
    old = (done / FIRST).read_bytes()

    def late(event):
        if event.kind == "recording" and event.done == len(NAMES):
            (done / FIRST).write_bytes(old)

    before = outputs(done)
    with pytest.raises(StoreError, match=r"UNIT_LOST.* another one"):
        run_study(study, done, settings=settings, jobs=1, watch=late)
    assert outputs(done) == before
    run_study(study, done, settings=settings, jobs=1)
    assert len(set(load_results(done).measures["settings_id"])) == 1


def damage(path):
    path.write_bytes(path.read_bytes().replace(b"rest_rms_uv", b"rest_rms_mv", 1))


@pytest.mark.parametrize("harm", [damage, os.remove])
def test_rows_of_others_do_not_vanish_with_their_unit(study, done, harm):
    before = outputs(done)
    harm(done / OTHER)
    assert whys(study, done, subjects=["P01"]) == {"P01_V1": "", "P01_V2": "", "P02_V1": "damaged"}
    assert run_study(study, done, jobs=1, subjects=["P01"]).computed == 1
    assert outputs(done) == before


def test_a_recording_that_was_never_measured_is_not_asked_for(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1, subjects=["P01"], visits=["V1"])
    assert whys(study, tmp_path / "out", visits=["V1"], subjects=["P01"]) == {"P01_V1": ""}
    assert told(tmp_path / "out", "code")["P02_V1_supine"] == "NOT_SELECTED"


def test_mixed_settings_are_said_and_rows_of_visits_name_those_of_their_recordings(study, done, settings):
    old = read_table(done / "measures.csv")[0]["settings_id"]
    report = run_study(study, done, settings=settings, jobs=1, subjects=["P01"], visits=["V1"])
    (finding,) = [finding for _, finding in report.warnings if finding.code == "SETTINGS_MIXED"]
    assert "3 of other settings" in finding.message
    assert finding.message in (done / "run.json").read_text()
    rows = read_table(done / "measures.csv")
    new = next(row["settings_id"] for row in rows if row["recording"] == "P01_V1_supine")
    of_visits = {(r["subject"], r["visit"], r["measure"] == "rigidity_index_log", r["settings_id"])
                 for r in rows if not r["recording"]}  # fmt: skip
    mixed = f"{new};{old}"
    assert of_visits == {
        ("P01", "V1", True, mixed), ("P01", "V1", False, new), ("P01", "V2", True, mixed), ("P01", "V2", False, old),
        *(("P02", visit, index, old) for visit in ("V1", "V2") for index in (True, False)),
    }  # fmt: skip
    assert verify_results(done, recompute=6) == []
    run_study(study, done, settings=settings, jobs=1)
    assert {row["settings_id"] for row in read_table(done / "measures.csv")} == {new}


def test_what_a_killed_worker_left_is_gone_at_the_end_of_the_run(study, tmp_path):
    def leave(event):
        if event.kind == "recording":
            (tmp_path / "out" / "units" / ".tmp-abcdefgh").touch()

    run_study(study, tmp_path / "out", jobs=1, watch=leave)
    assert [path.name for path in (tmp_path / "out").rglob(".tmp-*")] == []
