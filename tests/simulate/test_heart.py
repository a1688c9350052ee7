"""Simulated heart beats: as many, as high and as even as asked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.simulate import heart_train
from tests.strategies import seeds

RATE = 1000.0


def train_of(seed=1, seconds=200, rate_hz=RATE, **more):
    return heart_train(round(seconds * rate_hz), rate_hz, np.random.default_rng(seed), **more)


@pytest.mark.parametrize("beats_per_min", [50.0, 70.0, 130.0])
def test_the_rate_is_the_one_asked_for(beats_per_min):
    train = train_of(beats_per_min=beats_per_min, ectopic_share=0.0)
    intervals_s = np.diff(train.beats_s)
    # 150 intervals or more with an SD of 4 %
    assert intervals_s.mean() == pytest.approx(60 / beats_per_min, rel=0.015)
    assert intervals_s.std() / intervals_s.mean() == pytest.approx(0.034, rel=0.25)


def test_the_r_wave_is_as_high_as_asked_and_moves_with_breathing():
    train = train_of(peak_uv=200.0, ectopic_share=0.0)
    tops = [train.samples_uv[round(t * RATE) - 5 : round(t * RATE) + 6].max() for t in train.beats_s]
    # a tenth by breathing, 3 % at random; S begins before R has ended
    assert np.mean(tops) == pytest.approx(200, rel=0.03)
    assert np.std(tops) / np.mean(tops) == pytest.approx(np.hypot(0.1 / np.sqrt(2), 0.03), rel=0.25)


def test_ectopic_beats_are_early_and_a_pause_follows():
    train = train_of(seconds=600, ectopic_share=0.1, interval_cv=0.0)
    assert train.ectopic.mean() == pytest.approx(0.1, abs=0.04)
    place = np.flatnonzero(train.ectopic[:-1])
    intervals_s = np.diff(train.beats_s)
    usual_s = 60 / 70
    assert intervals_s[place - 1] == pytest.approx(0.75 * usual_s, rel=1e-6)
    assert (intervals_s[place] > 1.4 * usual_s).all()
    assert not (train.ectopic[1:] & train.ectopic[:-1]).any()


@settings(max_examples=15, deadline=None)
@given(seeds, st.floats(30, 200), st.floats(0, 0.2), st.floats(0, 1), st.integers(0, 20_000))
def test_any_train_is_finite_ascending_and_within_its_length(seed, beats_per_min, cv, share, n):
    rng = np.random.default_rng(seed)
    train = heart_train(n, RATE, rng, beats_per_min=beats_per_min, interval_cv=cv, ectopic_share=share)
    assert len(train.samples_uv) == n
    assert len(train.beats_s) == len(train.ectopic)
    assert np.isfinite(train.samples_uv).all()
    assert (np.diff(train.beats_s) > 0).all()
    assert ((train.beats_s >= 0) & (train.beats_s * RATE < max(n, 1))).all()


def test_the_same_seed_gives_the_same_heart_and_silence_has_none():
    one, other = train_of(3), train_of(3)
    assert one.samples_uv.tobytes() == other.samples_uv.tobytes()
    assert not train_of(peak_uv=0.0).samples_uv.any()


@pytest.mark.parametrize(
    "wrong", [{"beats_per_min": 0.0}, {"beats_per_min": np.nan}, {"peak_uv": -1.0}, {"interval_cv": -0.1},
              {"ectopic_share": np.inf}],
)  # fmt: skip
def test_a_heart_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        train_of(**wrong)
