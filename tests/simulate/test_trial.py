"""A simulated trial is whole, blind, the same each time, and moves as it was told."""

import csv
import hashlib
import importlib.util
import json
import tomllib
from pathlib import Path

import pytest

from emgpipe.errors import SettingsError
from emgpipe.recording import Annotation
from emgpipe.simulate import PlannedVisit, TrialModel, draw_patients, simulate_trial
from emgpipe.simulate.patients import PATIENTS
from emgpipe.simulate.trial_model import VISITS

pyedflib = pytest.importorskip("pyedflib", reason="no wheel of pyedflib for this Python")

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data"
SHORT = {"rest_s": 6.0, "reference_s": 2.0, "rate_hz": 1000.0}
PERIODS = (PlannedVisit("V1", 0, 0), PlannedVisit("V2", 1, 30), PlannedVisit("V3", 2, 60))


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    simulate_trial(folder, 5, patients=PATIENTS[:2], **SHORT)
    return folder


def test_the_same_seed_gives_the_same_bytes(trial, tmp_path):
    assert simulate_trial(tmp_path, 5, patients=PATIENTS[:2], **SHORT) == tmp_path / "study.toml"
    assert files(tmp_path) == files(trial)


def test_another_seed_gives_other_recordings(trial, tmp_path):
    simulate_trial(tmp_path, 6, patients=PATIENTS[:1], visits=PERIODS[:1], **SHORT)
    name = "recordings/S01_V1.edf"
    assert files(tmp_path)[name] != files(trial)[name]


def test_every_recording_is_listed_and_nothing_names_an_arm(trial):
    rows = read_csv(trial / "recordings.csv")
    assert [(r["subject"], r["visit"]) for r in rows] == [(s, v) for s in ("S01", "S02") for v in ("V1", "V2", "V3")]
    assert all((trial / r["file"]).is_file() for r in rows)
    assert rows[0].keys() == {"subject", "visit", "file", "task", "day"}
    assert read_csv(trial / "arms.csv") == [
        {"subject": "S01", "sequence": "AB"},
        {"subject": "S02", "sequence": "BA"},
    ]


def test_the_study_file_names_pairs_mains_and_reference(trial):
    study = tomllib.loads((trial / "study.toml").read_text(encoding="utf-8"))
    assert study["study"]["mains_hz"] == 50
    assert study["study"]["recordings"] == "recordings.csv"
    assert study["pairs"] == [
        {"agonist": "TA_R", "antagonist": "GM_R"},
        {"agonist": "PSP_L", "antagonist": "RA_L"},
    ]
    assert study["subject"]["reference"] == "same visit: reference"
    assert study["subject"]["index_muscles"] == ["TA_R", "GM_R", "PSP_L", "RA_L"]


def test_sums_cover_every_file(trial):
    lines = (trial / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    contents = files(trial)
    assert sums.keys() == contents.keys() - {"SHA256SUMS"}
    assert all(sums[name] == hashlib.sha256(contents[name]).hexdigest() for name in sums)


def test_recordings_declare_rest_and_reference(trial):
    with pyedflib.EdfReader(str(trial / "recordings" / "S02_V3.edf")) as edf:
        assert edf.getSignalLabels() == ["EMG TA_R", "EMG GM_R", "EMG PSP_L", "EMG RA_L"]
        marks = [Annotation(*mark) for mark in zip(*(x.tolist() for x in edf.readAnnotations()), strict=True)]
        assert marks == [Annotation(0.0, 6.0, "rest"), Annotation(6.0, 2.0, "reference")]


def test_drive_moves_by_treatment_and_period_and_nothing_else(tmp_path):
    model = TrialModel(treatment_a_factor=0.5, period_factor=1.1, drive_log_sd=0.0, gain_log_sd=0.0)
    simulate_trial(tmp_path, 1, patients=PATIENTS[:2], model=model, **SHORT)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert truth["simulated"] is True
    for patient, factors in ((PATIENTS[0], (1, 0.5 * 1.1, 1.21)), (PATIENTS[1], (1, 1.1, 0.5 * 1.21))):
        for visit, factor in zip(VISITS, factors, strict=True):
            found = truth["recordings"][f"{patient.subject}_{visit.name}"]
            for muscle in patient.muscles:
                # truth is kept to six decimals
                assert found["excitation"][muscle.name] == pytest.approx(muscle.excitation * factor, abs=5e-7)
    treatments = [truth["recordings"][f"S02_{v}"]["treatment"] for v in ("V1", "V2", "V3")]
    assert treatments == ["", "B", "A"]


def test_a_patient_does_not_hang_on_the_others(trial, tmp_path):
    simulate_trial(tmp_path, 5, patients=PATIENTS[:1], visits=PERIODS[:2], **SHORT)
    for name in ("recordings/S01_V1.edf", "recordings/S01_V2.edf"):
        assert files(tmp_path)[name] == files(trial)[name]


def test_drawn_patients_differ_and_alternate():
    patients = draw_patients(4, seed=2)
    assert [p.sequence for p in patients] == ["AB", "BA", "AB", "BA"]
    assert len({p.muscles[0].excitation for p in patients}) == 4
    assert draw_patients(4, seed=2) == patients
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        draw_patients(0, seed=2)


def test_a_model_that_cannot_be_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID: treatment_a_factor"):
        simulate_trial(tmp_path / "new", model=TrialModel(treatment_a_factor=0.0))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("wrong", [{"model": TrialModel(missing_probability=1.0)}, {"visits": ()}, {"patients": ()}])
def test_a_trial_without_a_visit_is_refused(tmp_path, wrong):
    with pytest.raises(SettingsError, match=r"SIMULATION_INVALID: missing_probability = .*visits is left"):
        simulate_trial(tmp_path / "new", **wrong)
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="sample_data is not in this copy")
def test_the_script_makes_the_sample_data_again_byte_for_byte(tmp_path, capsys):
    path = ROOT / "scripts" / "make_sample_data.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main([str(tmp_path)])
    assert capsys.readouterr().out.strip() == str(tmp_path / "study.toml")
    assert files(tmp_path) == files(SAMPLE)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="sample_data is not in this copy")
def test_sample_data_is_as_its_sums_say_and_small():
    contents = files(SAMPLE)
    for line in contents["SHA256SUMS"].decode().splitlines():
        assert hashlib.sha256(contents[line[66:]]).hexdigest() == line[:64]
    assert sum(map(len, contents.values())) <= 16_000_000
    assert len([name for name in contents if name.endswith(".edf")]) == 9


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="sample_data is not in this copy")
def test_patients_of_the_sample_data_differ_as_told():
    found = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["recordings"]
    assert all(m["active_fraction"] > 0.99 for m in found["S01_V1"]["muscles"].values())
    assert all(m["active_fraction"] < 0.4 for m in found["S03_V1"]["muscles"].values())
    treated, untreated = (
        [m["apdf_p50_uv"] for m in found[f"S02_{visit}"]["muscles"].values()] for visit in ("V3", "V2")
    )
    assert all(a < 0.7 * b for a, b in zip(treated, untreated, strict=True))


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"SIMULATION_UNWRITABLE: .*choose a folder"):
        simulate_trial(tmp_path / place)
