"""Stretches around stimuli: nothing leaks to before, no gap is crossed, what the artefact clips is no loss."""

import numpy as np
import pytest

from emgpipe.filters.bandpass import design_band, zero_phase
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import CLIPPED, FLAT, GAP
from emgpipe.frames.reduce import prepare_runs
from emgpipe.frames.stimuli import stimulus_stretches
from emgpipe.simulate import mains, stimulus_artefact
from tests.strategies import RATES_HZ, noise_of, run_of

STIMULI_S = (2.0, 8.0, 14.0)
SECONDS = 20
SETTINGS = ConditionSettings()


def stretches_of(samples_uv, rate_hz=2000.0, stimuli_s=STIMULI_S, runs=None, settings=SETTINGS, **more):
    conditioners, *_ = prepare_runs(runs or [run_of(samples_uv)], rate_hz, 50, settings)
    return stimulus_stretches(conditioners, stimuli_s, settings, **more)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_stretch_reaches_from_half_a_second_before_to_five_seconds_after(rate_hz):
    made = stretches_of(noise_of(1, SECONDS, rate_hz), rate_hz)
    for k in range(len(STIMULI_S)):
        t = made.times_s(k)
        assert -0.5 <= t[0] < -0.5 + 1.01 / rate_hz
        assert 5 - 1.01 / rate_hz <= t[-1] < 5
        blanked = t[np.isnan(made.samples_uv[k])]
        assert (blanked.min(), blanked.max()) == pytest.approx((-0.002, 0.012), abs=1.01 / rate_hz)


@pytest.mark.parametrize(
    ("rate_hz", "tone_uv", "drift_uv"),
    [(1000.0, 0.0, 0.0), (2000.0, 5.0, 0.0), (4000.0, 0.0, 0.0), (4000.0, 5.0, 100.0)],
)
def test_the_signal_is_as_loud_at_the_blanked_time_as_elsewhere(rate_hz, tone_uv, drift_uv):
    stimuli_s = tuple(1.0 + 0.8 * k for k in range(300))
    plain = noise_of(8, 242, rate_hz, corner_hz=10.0)
    t = np.arange(len(plain)) / rate_hz
    outside = tone_uv * np.sin(2 * np.pi * 733 * t) + drift_uv * np.sin(2 * np.pi * 0.5 * t)
    made = stretches_of(plain + outside, rate_hz, stimuli_s)
    bulk = power_between(made, -0.3, -0.05)
    # 5 ms of 430 Hz have 4.3 degrees of freedom a stimulus: SE 0.04 of 300; three of them and 0.06 by measure
    for first_s, stop_s in ((-0.007, -0.002), (0.012, 0.017), (0.786, 0.798)):
        assert power_between(made, first_s, stop_s) == pytest.approx(bulk, rel=0.18)


def power_between(made, first_s, stop_s):
    squares = []
    for k, x in enumerate(made.samples_uv):
        t = made.times_s(k)
        squares.append(x[(t >= first_s) & (t < stop_s) & np.isfinite(x)].astype(float) ** 2)
    return np.concatenate(squares).mean()


@pytest.mark.parametrize("peak_uv", [1000.0, 5000.0, 50_000.0])
def test_no_sample_before_the_stimulus_knows_its_artefact(peak_uv):
    plain = noise_of(2, SECONDS, 2000.0)
    loud = plain + stimulus_artefact(len(plain), 2000.0, STIMULI_S, peak_uv=peak_uv)
    one, other = stretches_of(plain), stretches_of(loud)
    for k in range(len(STIMULI_S)):
        before = one.times_s(k) < -0.002
        assert np.array_equal(one.samples_uv[k][before], other.samples_uv[k][before], equal_nan=True)


def test_far_from_the_blanked_time_a_stretch_is_the_conditioned_signal():
    plain = noise_of(3, SECONDS, 2000.0).astype(np.float32)
    whole = zero_phase(plain, design_band(2000.0, SETTINGS))
    made = stretches_of(plain)
    t = made.times_s(0)
    # what is carried on beyond a piece's end is gone after five periods of the lower edge
    far = (t < -0.25) | (t > 0.27)
    at = round(1.5 * 2000)
    assert made.samples_uv[0][far] == pytest.approx(whole[at : at + len(t)][far], abs=1e-3)


def test_hum_is_taken_out_up_to_the_blanked_time():
    rng = np.random.default_rng(4)
    plain = noise_of(4, 40, 2000.0)
    hum = mains(len(plain), 2000.0, rng, rms_uv=40.0, harmonics=(1.0, 0.1, 0.3))
    without, with_it = (stretches_of(x, stimuli_s=(5.0, 15.0, 25.0)) for x in (plain, plain + hum))
    for k in range(3):
        t = without.times_s(k)
        near = ((t > -0.06) | (t < 0.08)) & np.isfinite(without.samples_uv[k])
        left = (with_it.samples_uv[k] - without.samples_uv[k])[near]
        # of 40 µV; the tracked line takes some of the noise with it
        assert np.sqrt((left.astype(float) ** 2).mean()) < 0.4


def test_gaps_and_ends_refuse_their_trials_alone():
    plain = noise_of(5, SECONDS, 2000.0)
    cut = 9 * 2000
    runs = [run_of(plain[:cut]), run_of(plain[cut + 400 :], cut + 400)]
    made = stretches_of(plain, runs=runs, stimuli_s=(0.3, 2.0, 8.0, 10.0, 16.0))
    assert made.reasons.tolist() == [GAP, 0, GAP, 0, GAP]
    assert [len(x) > 0 for x in made.samples_uv] == [False, True, False, True, False]


def test_a_clipped_artefact_is_no_loss_and_a_clipped_response_is_said():
    plain = noise_of(6, SECONDS, 2000.0)
    samples_uv = plain + stimulus_artefact(len(plain), 2000.0, STIMULI_S, peak_uv=5000.0)
    samples_uv[round(14.3 * 2000) : round(14.31 * 2000)] = 4000.0
    samples_uv[round(9.0 * 2000) : round(9.2 * 2000)] = 1.0
    clipped = np.clip(samples_uv, -1000.0, 1000.0)
    made = stretches_of(clipped, rails=(-1000.0, 1000.0, 0.1))
    assert made.reasons.tolist() == [0, FLAT, CLIPPED]


def test_stretches_end_at_the_next_stimulus_and_hold_nothing_of_it():
    plain = noise_of(7, SECONDS, 2000.0)
    loud = plain + stimulus_artefact(len(plain), 2000.0, [4.0], peak_uv=5000.0)
    one, other = (stretches_of(x, stimuli_s=(2.0, 4.0)) for x in (plain, loud))
    assert one.times_s(0)[-1] == pytest.approx(2 - 0.002, abs=0.001)
    assert np.array_equal(one.samples_uv[0], other.samples_uv[0], equal_nan=True)


def test_a_channel_without_samples_has_stretches_of_none():
    made = stimulus_stretches([], STIMULI_S, SETTINGS, rate_hz=2000.0)
    assert made.reasons.tolist() == [GAP] * 3
    assert sum(len(x) for x in made.samples_uv) == 0
