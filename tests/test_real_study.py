"""The real study: six people, walking, standing knee flexion and seated knee extension, three muscles pairs of a leg.

Every level is told again by a plain script with scipy alone.
"""

import csv
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from emgpipe.batch import load_results, run_study
from emgpipe.readers import read_recording

DATA = Path(__file__).parents[1].parent / "shared" / "data" / "real" / "edf_converted"
pytestmark = pytest.mark.skipif(
    not (DATA / "uci_3Npie.edf").exists(), reason="needs ../shared/data/real/edf_converted, kept beside the repository"
)
PEOPLE = ("2A", "6A", "8A", "3N", "4N", "7N")
SWAPPED = "A2"
"""Files `pie` and `sen` of this subject hold each other's signals."""
QUADRICEPS, HAMSTRINGS = ("RF", "VM"), ("BF", "ST")
PRIME_MOVERS = {"sen": "RF;VM", "pie": "BF;ST", "mar": ""}
STUDY = """
[study]
id = "UCI-LOWER-LIMB"
mains_hz = 50
[measure]
least_usable_s = 3.0
least_continuity_s = 5.0
short_s = 10.0
"""
MUSCLES = (*QUADRICEPS, *HAMSTRINGS)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    study = tmp_path_factory.mktemp("real") / "study"
    study.mkdir()
    rows = ["subject,visit,file,task,prime_mover"]
    for person in PEOPLE:
        for task, movers in PRIME_MOVERS.items():
            name = f"uci_{person}{task}.edf"
            shutil.copy(DATA / name, study / name)
            rows.append(f"{person[::-1]},V1,{name},{task},{movers}")
    (study / "recordings.csv").write_text("\n".join(rows) + "\n")
    (study / "study.toml").write_text(STUDY)
    results = study.parent / "out"
    report = run_study(study, results, jobs=1)
    assert (report.computed, report.failed, report.total) == (18, 0, 18)
    return results


@pytest.fixture(scope="module")
def levels(out):
    """Rows of `rest_rms_uv` by recording and muscle."""
    with (out / "measures.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["measure"] == "rest_rms_uv"]
    return {(row["recording"], row["target"]): row for row in rows}


def plain_level_uv(path, muscle, lines_hz):
    """Median 1 s RMS in 20-450 Hz: band-pass and notches of 2 Hz, all forwards and backwards."""
    recording = read_recording(path)
    one = next(s for s in recording.signals if s.muscle == muscle)
    rate_hz, n = one.rate_hz, round(recording.duration_s * one.rate_hz)
    samples = recording.read_samples(one.index, 0, n).astype(float)
    sections = signal.butter(4, [20.0, min(450.0, 0.45 * rate_hz)], "bandpass", fs=rate_hz, output="sos")
    clean = signal.sosfiltfilt(sections, samples)
    for line_hz in lines_hz:
        clean = signal.filtfilt(*signal.iirnotch(line_hz, line_hz / 2.0, fs=rate_hz), clean)
    seconds = clean[: n // int(rate_hz) * int(rate_hz)].reshape(-1, int(rate_hz))
    return float(np.median(np.sqrt((seconds**2).mean(axis=1))))


def test_every_recording_and_muscle_has_a_level_or_a_code(levels):
    expected = {(f"{p[::-1]}_V1_{task}", m) for p in PEOPLE for task in PRIME_MOVERS for m in MUSCLES}
    assert set(levels) == expected
    assert all(row["value"] or row["reason"] for row in levels.values())


def test_levels_are_those_of_a_plain_script(levels):
    far, withheld = {}, []
    for person in PEOPLE:
        for task in PRIME_MOVERS:
            for muscle in MUSCLES:
                row = levels[f"{person[::-1]}_V1_{task}", muscle]
                if not row["value"]:
                    withheld.append((row["recording"], muscle, row["reason"]))
                    continue
                told_uv = math.hypot(float(row["value"]), float(row["floor_uv"]))
                lines_hz = [float(line) for line in row["lines_hz"].split(";") if line]
                plain_uv = plain_level_uv(DATA / f"uci_{person}{task}.edf", muscle, lines_hz)
                if abs(told_uv / plain_uv - 1) > 0.03:
                    far[row["recording"], muscle] = (told_uv, plain_uv, row["lines_hz"])
    assert far == {}
    assert withheld == []


def louder(levels, recording):
    """Whether each quadriceps is louder than each hamstring (1), the other way round (-1), or neither (0)."""
    front = [float(levels[recording, m]["value"]) for m in QUADRICEPS]
    back = [float(levels[recording, m]["value"]) for m in HAMSTRINGS]
    return 1 if min(front) > max(back) else -1 if min(back) > max(front) else 0


@pytest.mark.parametrize(("task", "sign"), [("sen", 1), ("pie", -1)])
def test_the_muscles_of_the_task_are_the_loudest_but_in_the_swapped_files(levels, task, sign):
    signs = {person[::-1]: louder(levels, f"{person[::-1]}_V1_{task}") for person in PEOPLE}
    assert signs == {subject: -sign if subject == SWAPPED else sign for subject in signs}


def test_a_finding_points_at_the_swapped_files_and_at_no_other(out):
    inputs = load_results(out).inputs.fillna({"findings": ""})
    pointed = inputs["recording"][inputs["findings"].str.contains("PRIME_MOVER_NOT_LOUDEST")]
    assert sorted(pointed) == [f"{SWAPPED}_V1_pie", f"{SWAPPED}_V1_sen"]


def test_of_what_cannot_be_only_the_one_clipped_channel_is_said(out):
    inputs = load_results(out).inputs.fillna({"findings": ""})
    codes = {
        (recording, finding.split(":")[0])
        for recording, told in zip(inputs["recording"], inputs["findings"], strict=True)
        for finding in told.split(" | ")
        if finding
    }
    known = {"PRIME_MOVER_NOT_LOUDEST", "MUSCLE_UNKNOWN", "MAINS_OTHER"}
    assert {(recording, code) for recording, code in codes if code not in known} == {("A8_V1_pie", "CLIPPED")}


def test_a_task_that_is_not_rest_says_so_in_rest_measures_and_gives_amplitudes(out):
    measures = load_results(out).measures
    assert set(measures["segment"]) == {"whole"}
    active = measures[measures["measure"] == "act_frac"]
    assert set(active["reason"]) == {"REST_NOT_DECLARED"}
    assert set(active["status"]) == {"not_measured"}


def test_pairs_of_the_thigh_are_measured(out):
    pairs = load_results(out).measures.query("measure == 'cc_overlap_uv'")
    assert pairs.groupby("recording").size().eq(len(set(pairs["target"]))).all()
    assert len(pairs) >= 18
    assert pairs["value"].notna().mean() > 0.5


def test_a_second_run_computes_nothing(out):
    assert run_study(out.parent / "study", out, jobs=1).computed == 0
