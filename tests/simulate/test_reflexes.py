"""Simulated reflexes: bursts where and as strong as their truth says, artefacts that begin with the stimulus."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.simulate.reflexes import reflex_drive, stimulus_artefact
from tests.strategies import seeds

STIMULI_S = np.arange(1.0, 60.0, 7.0)
RATE = 2000.0


def envelope_of(seed=1, **more):
    return reflex_drive(round(65 * RATE), STIMULI_S, np.random.default_rng(seed), step_s=1 / RATE, **more)


def trial(drive, k, step_s=1 / RATE, length_s=7.0):
    first = round(drive.stimuli_s[k] / step_s)
    return drive.excitation[first : first + round(length_s / step_s)]


def test_the_first_burst_begins_at_the_stated_latency_of_each_trial():
    drive = envelope_of(jitter_s=0.01)
    for k in range(len(STIMULI_S)):
        begins_s = np.flatnonzero(trial(drive, k) > 0)[0] / RATE
        assert begins_s == pytest.approx(drive.latencies_s[k], abs=1 / RATE)


def test_each_trial_is_the_one_before_times_the_habituation():
    drive = envelope_of(habituation=0.8, jitter_s=0.0)
    areas = [trial(drive, k).sum() for k in range(len(STIMULI_S))]
    assert np.diff(np.log(areas)) == pytest.approx(np.log(0.8), abs=1e-5)  # fine steps at the edges
    assert drive.gains == pytest.approx(0.8 ** np.arange(len(STIMULI_S)))


@pytest.mark.parametrize("n_bursts", [1, 2, 3])
def test_as_many_bursts_as_asked_with_silence_between_where_there_is_no_tail(n_bursts):
    one = trial(envelope_of(n_bursts=n_bursts, tail_share=0.0), 0)
    assert (np.diff((one > 0).astype(int)) == 1).sum() == n_bursts


def test_the_tail_halves_in_its_time_and_ends():
    drive = envelope_of(n_bursts=1, tail_share=0.5, tail_half_s=0.5, jitter_s=0.0)
    one = trial(drive, 0)
    at = [round((0.065 + 0.04 + t) * RATE) for t in (1.0, 1.5)]
    assert one[at[1]] / one[at[0]] == pytest.approx(0.5, rel=0.01)
    assert one[round(6.2 * RATE) :].max() == 0.0


def test_coarse_steps_keep_the_area_of_fine_ones():
    fine = reflex_drive(130_000, STIMULI_S, np.random.default_rng(4), step_s=0.0005)
    coarse = reflex_drive(6500, STIMULI_S, np.random.default_rng(4))
    assert coarse.excitation.sum() * 0.01 == pytest.approx(fine.excitation.sum() * 0.0005, rel=0.01)


def test_an_artefact_is_silent_before_its_stimulus_and_gone_after_the_tail():
    at_s = 1.0003
    artefact_uv = stimulus_artefact(4000, RATE, [at_s], peak_uv=5000.0)
    begins = int(at_s * RATE)
    assert np.abs(artefact_uv[:begins]).max() == 0
    assert artefact_uv.max() > 0.3 * 5000 > 0 > artefact_uv.min()
    assert np.abs(artefact_uv[begins + round(0.03 * RATE) :]).max() < 0.01


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(0, 3000), st.floats(0.005, 0.5), st.floats(0, 1), st.integers(1, 4))
def test_any_drive_is_an_excitation(seed, n_steps, latency_s, level, n_bursts):
    rng = np.random.default_rng(seed)
    stimuli_s = rng.uniform(0, 30, 5)
    drive = reflex_drive(n_steps, stimuli_s, rng, level=level, latency_s=latency_s, n_bursts=n_bursts)
    assert drive.excitation.shape == (n_steps,)
    assert ((drive.excitation >= 0) & (drive.excitation <= level + 1e-12)).all()
    assert (drive.latencies_s >= 0.02).all()


@pytest.mark.parametrize("wrong", [{"level": 1.5}, {"rise_s": 0.03}, {"n_bursts": 0}, {"habituation": -0.1}])
def test_numbers_without_meaning_are_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        envelope_of(**wrong)
