"""Rows and findings of evoked responses: numbers with their trials, or the reason why there are none."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.pipeline import compute_frames, evoked_stretches, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.simulate import reflex_drive
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import noise_of

RATE = 1000.0
STIMULI_S = tuple(2.0 + 6.0 * k for k in range(8))
SECONDS = 60
STIM = ("stim_lat_ms", "stim_auc_uvs", "stim_habituation")


def recording_of(stimuli_s=STIMULI_S, level_uv=30.0, others=(), seed=1, **more):
    rng = np.random.default_rng(seed)
    n = round(SECONDS * RATE)
    drive = reflex_drive(n, STIMULI_S, rng, level=1.0, step_s=1 / RATE, **more)
    samples_uv = level_uv * gaussian_emg(n, RATE, rng) * drive.excitation + noise_of(seed, SECONDS, RATE, 1.5)
    marks = [Annotation(t, None, "stimulus") for t in stimuli_s]
    recording = array_recording([samples_uv, noise_of(seed + 1, SECONDS, RATE, 1.5)], ["TA_R", "GM_R"], RATE)
    return replace(recording, annotations=(*marks, *others)), drive


def rows_of(result, target="TA_R"):
    return {r.measure: r for r in result.rows if r.target == target and r.measure in STIM}


def judged(recording, **more):
    return measure(recording, compute_frames(recording, mains_hz=50), pairs=[], **more)


@pytest.fixture(scope="module")
def answered():
    recording, drive = recording_of(habituation=0.9)
    return judged(recording), drive


def test_a_muscle_that_responds_has_latency_area_and_habituation(answered):
    result, drive = answered
    rows = rows_of(result)
    latency = rows["stim_lat_ms"]
    assert latency.value == pytest.approx(1000 * np.median(drive.latencies_s), abs=3.0)
    assert latency.low <= latency.value <= latency.high
    assert rows["stim_auc_uvs"].value > 3
    assert rows["stim_habituation"].value == pytest.approx(np.log(0.9), abs=0.06)
    assert {r.segment for r in rows.values()} == {"stimulus"}
    # 8 trials of 5.5 s
    assert latency.used_s == pytest.approx(44, abs=0.1)


def test_a_muscle_that_does_not_respond_has_no_latency_and_says_so(answered):
    result, _ = answered
    rows = rows_of(result, "GM_R")
    assert (rows["stim_lat_ms"].value, rows["stim_lat_ms"].reason) == (None, "NO_RESPONSE")
    assert (rows["stim_habituation"].value, rows["stim_habituation"].reason) == (None, "NO_RESPONSE")
    assert rows["stim_auc_uvs"].value < 3


def test_findings_tell_the_trials_of_each_muscle(answered):
    told = {f.where: f.message for f in answered[0].findings if f.code == "EVOKED_TRIALS"}
    assert told["TA_R"] == "8 stimuli, 8 used; 8 of 8 respond; areas of 8 up to 5 s; 0 not above 0"
    assert set(told) == {"TA_R", "GM_R"}


def test_two_stimuli_are_too_few():
    recording, _ = recording_of(STIMULI_S[:2])
    assert {(r.value, r.reason) for r in rows_of(judged(recording)).values()} == {(None, "TRIALS_FEW")}


def test_what_left_trials_out_is_named():
    bad = [Annotation(t + 1.0, 0.5, "BAD_cough") for t in STIMULI_S[:6]]
    recording, _ = recording_of(others=bad)
    assert {(r.value, r.reason) for r in rows_of(judged(recording)).values()} == {(None, "TRIALS_FEW;BAD")}


def test_stimuli_in_a_declared_rest_are_said_once():
    recording, _ = recording_of(others=[Annotation(0.0, 30.0, "rest")])
    (told,) = [f for f in judged(recording).findings if f.code == "STIMULUS_IN_REST"]
    assert "5 of 8 stimuli stand in rest, the first at 2 s" in told.message
    apart, _ = recording_of(others=[Annotation(0.0, 1.0, "rest")])
    assert not [f for f in judged(apart).findings if f.code == "STIMULUS_IN_REST"]


def test_without_stimuli_nothing_is_read_and_nothing_said():
    recording, _ = recording_of(())
    assert evoked_stretches(recording, compute_frames(recording, mains_hz=50), ()) == {}
    result = judged(recording)
    assert not rows_of(result)
    assert not [f for f in result.findings if f.code == "EVOKED_TRIALS"]


def test_given_stretches_are_as_good_as_samples():
    recording, _ = recording_of()
    frames = compute_frames(recording, mains_hz=50)
    stretches = evoked_stretches(recording, frames, STIMULI_S)

    def closed(index, first, stop):
        raise AssertionError

    again = measure(replace(recording, read_samples=closed), frames, pairs=[], stretches=stretches)
    assert again.rows == measure(recording, frames, pairs=[]).rows


def test_areas_not_above_zero_are_said_to_be_censored():
    recording, _ = recording_of(level_uv=12.0, habituation=0.4)
    row = rows_of(judged(recording))
    told = [r.reason for r in row.values()]
    assert any("HABITUATION_CENSORED" in reason or reason == "NO_RESPONSE" for reason in told)
