"""The low-pass of a decimating converter, where the prefilter text names it."""

import numpy as np
import pytest
from scipy import signal

from emgpipe.filters.decimation import BAND_HZ, decimation_gain

MANY = 64


@pytest.mark.parametrize("rate_hz", [2048.0, 4096.0, 8192.0])
def test_the_gain_is_that_of_five_averages_over_one_output_sample(rate_hz):
    n = 40
    average = np.ones(n) / n
    count = int(rate_hz / 2 / BAND_HZ)
    _, response = signal.freqz(average, worN=(np.arange(count) + 0.5) * BAND_HZ, fs=n * rate_hz)
    # the average of 40 samples differs from the integral by (pi f / (40 rate))^2 / 6 each: below 0.003
    np.testing.assert_allclose(decimation_gain(0.2 * rate_hz, rate_hz, count), np.abs(response) ** 10, rtol=0.005)


def test_it_is_three_decibels_down_at_a_fifth_of_the_rate():
    middle = np.arange(MANY) * BAND_HZ + BAND_HZ / 2
    gain = decimation_gain(417.0, 2048.0, MANY)
    assert np.interp(0.2 * 2048, middle, gain) == pytest.approx(0.5, abs=0.02)
    assert gain[0] == pytest.approx(1, abs=1e-3)
    assert (np.diff(gain) < 0).all()


@pytest.mark.parametrize(
    ("lowpass_hz", "rate_hz", "known"),
    [(417.0, 2048.0, True), (410.0, 2048.0, True), (208.0, 1024.0, False), (200.0, 1000.0, False),
     (400.0, 2000.0, False), (834.0, 4096.0, True), (None, 2048.0, False),
     (500.0, 2048.0, False), (250.0, 2048.0, False), (417.0, 2000.0, False), (417.0, 1024.0, False)],
)  # fmt: skip
def test_only_a_text_of_a_fifth_of_the_rate_names_it(lowpass_hz, rate_hz, known):
    assert (decimation_gain(lowpass_hz, rate_hz, 20) is not None) == known
