"""A signal carried on: tones in phase, lines straight, noise as loud."""

import numpy as np
import pytest

from emgpipe.filters.carry import carry_on, predictor
from tests.strategies import noise_of

RATE = 2000.0


def carried(x, count=40):
    return carry_on(x[:2000], predictor(x[:2000], RATE), count, RATE)


def test_a_tone_in_noise_goes_on_in_phase():
    tone = 5 * np.sin(2 * np.pi * 733 * np.arange(2040) / RATE)
    more = carried(tone + noise_of(1, 1.02, RATE, 0.3))
    assert np.corrcoef(more, tone[2000:])[0, 1] > 0.95


@pytest.mark.parametrize(("offset_uv", "slope_uv"), [(1e4, 0.0), (-300.0, 2.0)])
def test_a_straight_line_goes_straight_on(offset_uv, slope_uv):
    line = offset_uv + slope_uv * np.arange(2040)
    assert carried(line) == pytest.approx(line[2000:], rel=1e-6)


def test_noise_goes_on_as_loud():
    powers = [np.mean(carried(noise_of(seed, 1, RATE), 200) ** 2) for seed in range(100)]
    whole = [np.mean(noise_of(seed, 1, RATE) ** 2) for seed in range(100)]
    # 200 samples of white noise: SE of a mean of 100 is 0.01; what a line through 100 ms holds comes on top
    assert np.mean(powers) == pytest.approx(np.mean(whole), rel=0.15)


def test_a_signal_of_nothing_and_a_short_one_are_carried_on():
    assert not carried(np.zeros(2000)).any()
    assert np.isfinite(carry_on(np.ones(3), predictor(np.ones(3), RATE), 5, RATE)).all()
