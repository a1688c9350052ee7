"""Rows decided anew from cached frames are those of a run, and of a run with other settings."""

import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emgpipe.batch import load_results, run_study
from emgpipe.batch.deciding import Task, Wanted, decided, decided_units
from emgpipe.batch.jobs import Job
from emgpipe.batch.units import read_unit, save_unit
from emgpipe.batch.variants import (
    EXCLUSIONS_OFF,
    Variant,
    common_band,
    sensitivity_variants,
    upper_edges_hz,
    variant_rows,
    variant_tables,
)
from emgpipe.detectors.quality import judge_quality
from emgpipe.errors import EmgpipeError
from emgpipe.outcomes.plan import parse_plan
from emgpipe.recording import Annotation
from emgpipe.settings import check_settings
from emgpipe.simulate import write_edf
from emgpipe.store import load_frames
from tests.batch.plans import PLAN
from tests.batch.studies import HEAD, LABELS, MARKS, NAMES, muscle_uv, row_of, stamps, write_manifest, write_recording

RATIO = {"detect": {"activity_ratio": 2.0}}


def tasks(out, wanted):
    names = [path.stem for path in sorted((out / "units").glob("*.jsonl"))]
    units = {name: read_unit(out / "units" / f"{name}.jsonl") for name in names}
    return {name: Task(name, unit["digest"], None, wanted) for name, unit in units.items()}


def test_recordings_decided_anew_have_the_rows_of_the_run_cell_by_cell(tiny_out):
    for name, task in tasks(tiny_out, (Wanted(0, {}),)).items():
        ((_, made),) = decided(tiny_out, task)
        unit = read_unit(tiny_out / "units" / f"{name}.jsonl")
        assert json.loads(json.dumps(made["rows"])) == unit["rows"]
        assert made["settings_id"] == unit["settings_id"]


def test_no_change_gives_the_table_of_the_run(tiny_out):
    pd.testing.assert_frame_equal(variant_rows(tiny_out), load_results(tiny_out).measures)


def test_a_variant_is_the_run_with_these_settings(study, done, tmp_path):
    (tmp_path / "two.toml").write_text("[detect]\nactivity_ratio = 2.0\n")
    run_study(study, tmp_path / "two", jobs=1, settings=tmp_path / "two.toml")
    before = stamps(done)
    made = variant_rows(done, RATIO, jobs=1)
    pd.testing.assert_frame_equal(made, load_results(tmp_path / "two").measures)
    assert not made.equals(load_results(done).measures)
    assert stamps(done) == before


def test_a_variant_with_a_reference_elsewhere_is_decided_twice_as_a_run_does(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.toml").write_text(HEAD)
    for seed, (name, segment) in enumerate({"rest": ("rest", 32.0), "mvc": ("reference", 20.0)}.items()):
        write_recording(
            study / f"{name}.edf", seed, (12.0, 6.0), annotations=(Annotation(0.0, segment[1], segment[0]),)
        )
    rows = [row_of("P01_V1", file="rest.edf"), row_of("P01_V1", file="mvc.edf", task="push")]
    write_manifest(study, rows)
    (tmp_path / "long.toml").write_text("[measure]\nleast_reference_s = 25.0\n")
    run_study(study, tmp_path / "out", jobs=1)
    run_study(study, tmp_path / "long", jobs=1, settings=tmp_path / "long.toml")
    made = variant_rows(tmp_path / "out", {"measure": {"least_reference_s": 25.0}}, jobs=1)
    pd.testing.assert_frame_equal(made, load_results(tmp_path / "long").measures)
    refers = made[(made["measure"] == "cc_fw_pct") & (made["segment"] == "rest")]
    assert set(refers["status"]) == {"not_measured"}
    assert load_results(tmp_path / "out").measures.loc[refers.index, "value"].notna().all()


def test_processes_give_the_rows_of_one(tiny_out):
    wanted = (Wanted(0, RATIO), Wanted(1, {"detect": {"activity_ratio": 1.3}}))
    todo = list(tasks(tiny_out, wanted).values())
    alone, apart = (dict(decided_units(tiny_out, todo, workers)) for workers in (1, 2))
    assert {name: apart[name] for name in alone} == alone


def test_an_offset_changes_rows_of_the_subject_alone(tiny_out):
    base = load_results(tiny_out).measures
    made = variant_tables(tiny_out, [Variant("half", "", {}, 0.5)])["half"]
    by_hand = variant_rows(tiny_out, index_offset_uv=0.25)
    pd.testing.assert_frame_equal(made, by_hand)
    changed = (made["value"] != base["value"]) & made["value"].notna()
    assert set(made[changed]["measure"]) == {"rigidity_index_log"}
    p10 = base[(base["measure"] == "apdf_p10_uv") & (base["segment"] == "rest") & (base["subject"] == "P01")]
    index = made[(made["measure"] == "rigidity_index_log") & (made["subject"] == "P01")]["value"]
    expected = np.log(p10["value"] + 0.25).groupby(p10["visit"]).mean()
    np.testing.assert_allclose(index.to_numpy(), expected.to_numpy(), rtol=1e-12)


def test_a_unit_of_an_earlier_version_asks_the_header_of_its_recording(study, done):
    path = done / "units" / "P01_V1_supine.jsonl"
    unit = read_unit(path)
    digest = unit.pop("digest")
    muscles = [{name: value for name, value in one.items() if name != "prefilter"} for one in unit["muscles"]]
    save_unit(path, unit | {"muscles": muscles})
    old = read_unit(path)
    assert old["digest"] != digest
    task = Task("P01_V1_supine", old["digest"], study / "P01_V1.edf", (Wanted(0, {}),))
    ((_, made),) = decided(done, task)
    assert json.loads(json.dumps(made["rows"])) == unit["rows"]
    write_recording(study / "P01_V1.edf", 99)
    for file in (None, study / "none.edf", study / "P01_V1.edf"):
        with pytest.raises(EmgpipeError, match="RECORDING_NEEDED"):
            decided(done, task._replace(file=file))


def test_a_stated_low_pass_is_recalled(study, done, tmp_path):
    uv = [muscle_uv(np.random.default_rng(5), level, 1.5) for level in (12.0, 0.0)]
    write_edf(study / "P01_V1.edf", uv, LABELS, 1000.0, annotations=MARKS, prefilter="HP:10Hz LP:300Hz")
    run_study(study, done, jobs=1)
    assert any("BAND_LIMITED" in str(reason) for reason in load_results(done).measures["reason"])
    ((_, made),) = decided(done, tasks(done, (Wanted(0, {}),))["P01_V1_supine"])
    assert json.loads(json.dumps(made["rows"])) == read_unit(done / "units" / "P01_V1_supine.jsonl")["rows"]


@pytest.mark.parametrize("gone", ["frames", "pairs"])
def test_a_cache_that_is_not_whole_is_refused_and_runs_mend_it(study, done, gone):
    expected = variant_rows(done, RATIO, jobs=1)
    for path in (done / "cache" / gone).rglob("*.npy"):
        path.unlink()
    for _ in NAMES:  # one recording is found out at a time
        with pytest.raises(EmgpipeError, match=r"FRAMES_.*run the study again"):
            variant_rows(done, RATIO, jobs=1)
        assert run_study(study, done, jobs=1).computed == 1
    pd.testing.assert_frame_equal(variant_rows(done, RATIO, jobs=1), expected)


def test_settings_that_do_not_exist_and_results_that_are_not_as_written_are_refused(done):
    with pytest.raises(EmgpipeError, match="SETTING_UNKNOWN"):
        variant_rows(done, {"detect": {"activty_ratio": 2.0}})
    (done / "units" / "P01_V1_supine.jsonl").unlink()
    with pytest.raises(EmgpipeError, match="RESULTS_UNREADABLE"):
        variant_rows(done, RATIO)


def test_exclusions_off_leaves_no_second_out_by_itself(tmp_path):
    rng = np.random.default_rng(3)
    uv, time_s = muscle_uv(rng, 6.0, 1.5), np.arange(36_000) / 1000.0
    uv += 900 * np.exp(-0.5 * ((time_s[:, None] - np.arange(9.1, 11.0, 0.2)) / 0.015) ** 2).sum(1)  # a cable is pulled
    uv += np.where(time_s >= 20.3, 900 * np.exp(-(time_s - 20.3) / 0.3), 0.0)  # an electrode jumps
    folder = tmp_path / "study"
    folder.mkdir()
    write_edf(folder / "P01_V1.edf", [uv, muscle_uv(rng, 0.0, 1.5)], LABELS, 1000.0, annotations=MARKS)
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, [row_of("P01_V1")])
    run_study(folder, tmp_path / "out", jobs=1)
    head = read_unit(tmp_path / "out" / "units" / "P01_V1_supine.jsonl")
    job = Job.from_told(head["job"], tmp_path / "out")
    frames = load_frames(job.frames_folder(head["sha256"])).channels[0]
    off = check_settings(EXCLUSIONS_OFF, base=job.settings)
    assert judge_quality(frames, job.settings.detect).reasons.any()
    assert not judge_quality(frames, off.detect).reasons.any()
    wild = replace(frames, slow_power=np.full_like(frames.slow_power, np.finfo(np.float32).max))
    assert not judge_quality(wild, off.detect).reasons.any()
    rows = {excluded: table.query("target == 'TA_R' and measure == 'rest_rms_uv' and segment == 'rest'").iloc[0]
            for excluded, table in ((True, load_results(tmp_path / "out").measures),
                                    (False, variant_rows(tmp_path / "out", EXCLUSIONS_OFF)))}  # fmt: skip
    assert rows[True]["excluded_s"] >= 2.0
    assert rows[False]["excluded_s"] == 0.0


def test_the_common_band_is_the_narrowest_and_is_computed_from_the_recordings(study, done, tmp_path):
    assert upper_edges_hz(done) == (450.0,)
    assert common_band((450.0,)).changes == {}
    rng = np.random.default_rng(8)
    slow = [muscle_uv(rng, level, 1.5)[: 36 * 900] for level in (12.0, 0.0)]
    write_edf(study / "P01_V1.edf", slow, LABELS, 900.0, annotations=MARKS)
    run_study(study, done, jobs=1)
    before = stamps(done)
    band = common_band(upper_edges_hz(done))
    assert band.changes == {"condition": {"high_hz": 405.0}}
    made = variant_rows(done, band.changes, jobs=1)
    assert stamps(done) == before
    (tmp_path / "band.toml").write_text("[condition]\nhigh_hz = 405.0\n")
    run_study(study, tmp_path / "band", jobs=1, settings=tmp_path / "band.toml")
    pd.testing.assert_frame_equal(made, load_results(tmp_path / "band").measures)
    (study / "P02_V1.edf").unlink()
    with pytest.raises(EmgpipeError, match="RECORDING_NEEDED"):
        variant_rows(done, band.changes, jobs=1)


def test_the_variants_of_a_plan_come_in_one_order_with_fixed_names(tiny_out):
    found = sensitivity_variants(tiny_out, parse_plan(PLAN))
    names = [one.name for one in found]
    assert names == ["activity_ratio_1.3", "activity_ratio_1.5", "activity_ratio_1.75", "activity_ratio_2",
                     "exclusions_off", "common_band", "index_offset_x0.5", "index_offset_x2"]  # fmt: skip
    assert found[0].changes == {"detect": {"activity_ratio": 1.3}}
    told = []
    tables = variant_tables(tiny_out, found, jobs=1, progress=lambda done, total: told.append((done, total)))
    assert list(tables) == names
    assert told == [(n, 4) for n in range(1, 5)]
    base = load_results(tiny_out).measures
    for name in ("activity_ratio_1.5", "common_band"):  # what the run was made with
        pd.testing.assert_frame_equal(tables[name], base)
    ids = {name: tables[name]["settings_id"].iloc[0] for name in names}
    assert len(set(ids.values())) == 5
    with (tiny_out / "measures.csv").open() as stream:
        assert next(csv.reader(stream)) == list(tables["exclusions_off"].columns)
