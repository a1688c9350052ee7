"""Heart beats found on a lead: all of them, in time, and none where there is no heart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.filters.heart import (
    CONFIRMED,
    LEAST_BEATS,
    QRS_HZ,
    RR_S,
    confirmed,
    find_beats,
    lead_beats,
    shape_energy,
)
from emgpipe.simulate import electrode_noise, heart_train, single_unit
from emgpipe.simulate.scenarios import gaussian_emg

RATE = 500.0


def noise(seed, seconds=60, rate_hz=RATE, rms_uv=2.0):
    rng = np.random.default_rng([seed, 1])
    return electrode_noise(round(seconds * rate_hz), rate_hz, rng, full_rms_uv=rms_uv, corner_hz=10.0)


def heart(seed, seconds=60, rate_hz=RATE, **more):
    return heart_train(round(seconds * rate_hz), rate_hz, np.random.default_rng([seed, 2]), **more)


def emg(seed, seconds=60, rate_hz=RATE):
    return gaussian_emg(round(seconds * rate_hz), rate_hz, np.random.default_rng([seed, 3]))


def hits(found_s, truth_s, within_s):
    """Beats of the truth that were found, and found ones that are true."""
    near = np.abs(np.asarray(found_s)[:, None] - np.asarray(truth_s)) <= within_s
    return near.any(0).sum(), near.any(1).sum()


@pytest.mark.parametrize("beats_per_min", [50.0, 70.0, 100.0, 130.0])
@pytest.mark.parametrize("emg_uv", [0.0, 10.0])
def test_beats_are_found_at_every_rate_of_the_heart(beats_per_min, emg_uv):
    train = heart(1, beats_per_min=beats_per_min, peak_uv=150.0, ectopic_share=0.0)
    beats = lead_beats(train.samples_uv + noise(1) + emg_uv * emg(1), RATE)
    assert beats.refused == ""
    found, true = hits(beats.times_s, train.beats_s, 0.02)
    # the ends are shorter than a beat and its surroundings
    assert found >= len(train.beats_s) - max(2, 0.02 * len(train.beats_s))
    assert true >= 0.98 * len(beats.times_s)
    assert np.median(np.diff(beats.times_s)) == pytest.approx(60 / beats_per_min, rel=0.03)


def test_ectopic_beats_are_told_apart_from_the_others():
    train = heart(2, 180, ectopic_share=0.08)
    beats = lead_beats(train.samples_uv + noise(2, 180), RATE)
    odd_s = train.beats_s[train.ectopic]
    assert len(odd_s) > 8
    assert hits(beats.others_s, odd_s, 0.06)[0] >= 0.8 * len(odd_s)
    assert hits(beats.times_s, odd_s, 0.06)[0] <= 0.1 * len(odd_s)


def test_beats_under_strong_emg_are_hidden_and_not_guessed():
    train = heart(3, 120, peak_uv=150.0, ectopic_share=0.0)
    x = train.samples_uv + noise(3, 120)
    loud = slice(round(60 * RATE), round(80 * RATE))
    x[loud] += 300 * emg(3, 20)
    beats = lead_beats(x, RATE)
    assert beats.refused == ""
    inside = (beats.times_s > 62) & (beats.times_s < 78)
    assert not inside.any()
    assert beats.hidden[round(63 * RATE) : round(77 * RATE)].all()
    assert beats.hidden.mean() == pytest.approx(20 / 120, abs=0.05)
    apart_s = train.beats_s[(train.beats_s < 57) | (train.beats_s > 83)]
    assert hits(beats.times_s, apart_s, 0.02)[0] >= 0.98 * len(apart_s)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["noise", "emg", "unit 6", "unit 8", "unit 10", "tremor", "bursts", "mains", "steps"])
def test_no_heart_is_found_where_there_is_none(kind, seed):
    t = np.arange(round(60 * RATE)) / RATE
    beat = np.sin(2 * np.pi * (4.0 if kind == "tremor" else 1.2) * t + 0.5 * np.sin(t))
    if kind.startswith("unit"):
        x = single_unit(seed, 60.0, RATE, discharge_hz=float(kind[5:]), rms_uv=20.0).samples_uv
    else:
        x = {
            "noise": np.zeros(len(t)),
            "emg": 20 * emg(seed),
            "tremor": 40 * emg(seed) * (beat > 0.5),
            "bursts": 40 * emg(seed) * (beat > 0.8),
            "mains": 40 * np.sqrt(2) * np.sin(2 * np.pi * 50 * t),
            "steps": 300 * np.sign(np.sin(2 * np.pi * 0.1 * t)),
        }[kind]
    beats = lead_beats(x + noise(seed), RATE)
    assert beats.refused
    assert len(beats.times_s) == len(beats.others_s) == 0


@pytest.mark.parametrize("level_uv", [0.0, 100.0, -3e3])
def test_a_lead_that_holds_nothing_has_no_heart(level_uv):
    beats = lead_beats(np.full(30_000, level_uv), RATE)
    assert beats.refused
    assert not beats.doubtful


@pytest.mark.parametrize("n", [0, 1, 10, 499, round(LEAST_BEATS * RATE * RR_S[1]) - 1])
def test_a_lead_of_a_few_beats_is_too_short_to_tell(n):
    beats = lead_beats(heart(4).samples_uv[:n], RATE)
    assert beats.refused == "too short to tell"
    assert len(beats.hidden) == n


@pytest.mark.parametrize("interval_cv", [0.25, 0.35])
def test_a_heart_that_beats_unevenly_is_found_or_doubted(interval_cv):
    for seed in range(3):
        train = heart(seed, 120, interval_cv=interval_cv, beats_per_min=90.0, ectopic_share=0.0)
        beats = lead_beats(train.samples_uv + noise(seed, 120), RATE)
        assert beats.refused == "" or beats.doubtful


def test_a_heart_faster_than_150_a_minute_is_refused_and_doubted():
    x = heart(5, 60, beats_per_min=170.0, ectopic_share=0.0).samples_uv + noise(5)
    beats = lead_beats(x, RATE)
    assert beats.refused == "rate"
    assert beats.doubtful


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.sampled_from([1e-3, 0.1, 30.0, 1e3]), st.booleans())
def test_beats_do_not_depend_on_gain_or_sign(seed, gain, flipped):
    x = heart(seed, 30).samples_uv + noise(seed, 30)
    one, other = lead_beats(x, RATE), lead_beats((-gain if flipped else gain) * x, RATE)
    assert one.refused == other.refused == ""
    np.testing.assert_array_equal(one.times_s, other.times_s)
    np.testing.assert_array_equal(one.hidden, other.hidden)


def test_beats_of_a_lead_are_those_of_its_stretches_of_five_minutes():
    x = heart(6, 600).samples_uv + noise(6, 600)
    whole = lead_beats(x, RATE)
    halves = [find_beats(part, RATE) for part in (x[:150_000], x[150_000:])]
    np.testing.assert_array_equal(whole.times_s, np.concatenate([halves[0].times_s, halves[1].times_s + 300]))
    assert (np.diff(whole.times_s) > 0).all()


def test_a_heart_that_turns_over_half_way_is_found_in_both_halves():
    train = heart(7, 600)
    x = np.where(np.arange(len(train.samples_uv)) < 150_000, 1.0, -0.5) * train.samples_uv + noise(7, 600)
    beats = lead_beats(x, RATE)
    common = train.beats_s[~train.ectopic]
    assert hits(beats.times_s, common, 0.02)[0] >= 0.98 * len(common)


def test_a_stretch_without_a_heart_is_hidden_where_most_have_one():
    x = heart(8, 900).samples_uv + noise(8, 900)
    x[150_000:300_000] = noise(9, 300) + 60 * emg(9, 300)
    beats = lead_beats(x, RATE)
    assert beats.refused == ""
    assert not ((beats.times_s > 300) & (beats.times_s < 600)).any()
    assert beats.hidden[150_000:300_000].all()
    x[:150_000] = x[150_000:300_000]
    assert lead_beats(x, RATE).refused


def test_a_second_lead_confirms_a_heart_and_no_motor_unit():
    train = heart(10)
    assert confirmed(-0.2 * train.samples_uv + noise(11), train.beats_s, RATE)
    assert not confirmed(noise(11), train.beats_s, RATE)
    assert not confirmed(20 * emg(11), train.beats_s, RATE)
    assert not confirmed(noise(11), np.zeros(0), RATE)


def test_stretches_that_have_nothing_in_common_have_a_shape_energy_of_one():
    beats = np.arange(200, 29_000, 400)
    drawn = [shape_energy(noise(seed), beats, RATE, *QRS_HZ, 0.08) for seed in range(40)]
    assert np.mean(drawn) == pytest.approx(1, abs=0.25)
    # one in forty at most by chance
    assert np.sum(np.array(drawn) >= CONFIRMED) <= 1


def test_stretches_that_are_all_alike_have_a_shape_energy_of_their_number():
    x = np.zeros(30_000)
    beats = np.arange(200, 29_000, 400)
    x[beats] = 100.0
    x[beats[3]] = 1e5  # one loud stretch counts as the others do
    assert shape_energy(x, beats, RATE, *QRS_HZ, 0.08) == pytest.approx(len(beats), rel=0.01)
