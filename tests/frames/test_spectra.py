"""Spectra of seconds: levels of white noise, cut lines, slow power, steps."""

import numpy as np
import pytest

from emgpipe.frames.spectra import MEDIAN_OVER_MEAN, n_bands, second_spectra
from emgpipe.simulate import mains
from tests import naive
from tests.strategies import RATES_HZ, frames_of, noise_of


def simulated_median_over_mean(n_draws, rate_hz=2000):
    """Median over mean of the Hann periodogram bins of white noise that a line at 8/25 of a band leaves."""
    rng, window = np.random.default_rng(1), np.hanning(rate_hz + 1)[:-1]
    sums, draws = dict.fromkeys(MEDIAN_OVER_MEAN, 0.0), 0
    for _ in range(n_draws):
        power = np.abs(np.fft.rfft(rng.standard_normal((40, rate_hz)) * window, axis=1)) ** 2
        power = power[:, 25:975].reshape(-1, 25) / power[:, 25:975].mean()
        for n in sums:
            left = np.delete(power, slice(8, 8 + 25 - n), axis=1)
            sums[n] += float(np.median(left, axis=1).sum())
        draws += len(power)
    return {n: total / draws for n, total in sums.items()}


def test_the_bias_of_the_median_is_that_of_a_simulation():
    again = simulated_median_over_mean(150)
    # 228 000 medians of 10 bins or more, SD of one about 0.3: five SD are 0.4 %; the table is rounded to 0.1 %
    assert list(again.values()) == pytest.approx(list(MEDIAN_OVER_MEAN.values()), rel=0.005)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_level_of_white_noise_is_right_in_every_band(rate_hz):
    density = 0.01
    x = np.random.default_rng(2).normal(0, np.sqrt(density * rate_hz / 2), round(120 * rate_hz))
    psd = frames_of(x, rate_hz).psd
    # a band of one second has an SD of about 0.3; 120 s and 20 or more bands: 0.6 %
    assert psd[:, 1:-1].mean() == pytest.approx(density, rel=0.02)
    assert psd.mean(0) == pytest.approx(np.full(psd.shape[1], density), rel=0.16)


def test_bands_are_those_of_plain_scipy():
    x = noise_of(3, 60, 2000.0, 3.0, corner_hz=100.0)
    psd = frames_of(x, 2000.0).psd
    for low_hz, high_hz in ((50, 200), (350, 425), (600, 850)):
        ours = psd[:, low_hz // 25 : high_hz // 25].mean()
        # each density rests on 60 s x 75 bins or more: SD 1.5 %; the slope within a band adds 1 %
        assert ours == pytest.approx(naive.band_density(x, 2000.0, low_hz, high_hz), rel=0.04)


@pytest.mark.parametrize(("rate_hz", "count"), [(400.0, 8), (1000.0, 20), (2000.0, 40), (3999.0, 40), (4000.0, 72)])
def test_bands_end_at_half_the_rate_at_1_khz_or_at_1_8_khz(rate_hz, count):
    assert n_bands(rate_hz) == count


def test_a_removed_line_stands_in_the_line_power_and_not_in_the_bands():
    rate_hz = 2000.0
    noise = noise_of(1, 60, rate_hz, 2.0)
    line = mains(len(noise), rate_hz, np.random.default_rng(1), rms_uv=40, line_hz=50.0)
    frames, plain = frames_of(noise + line, rate_hz), frames_of(noise, rate_hz)
    assert np.sqrt(np.median(frames.line_power)) == pytest.approx(40, rel=0.02)
    assert frames.psd.mean(0)[1:4] == pytest.approx(plain.psd.mean(0)[1:4], rel=0.1)


def test_slow_power_is_that_of_a_slow_tone_and_not_of_a_fast_one():
    t = np.arange(2000) / 1000
    for hertz, wanted in ((5, 18.0), (40, 0.0)):
        rows = (6 * np.sin(2 * np.pi * hertz * t)).reshape(2, 1000).astype(np.float32)
        assert second_spectra(rows, 1000.0, ()).slow_power == pytest.approx([wanted, wanted], abs=1e-6 + 0.01 * wanted)


def test_the_largest_step_is_that_of_neighbours():
    rows = np.zeros((1, 1000), np.float32)
    rows[0, 500:] = -7.0
    assert second_spectra(rows, 1000.0, ()).largest_step_uv.tolist() == [7.0]


def test_a_second_with_nan_is_nan_and_spoils_no_other():
    rows = np.random.default_rng(1).standard_normal((3, 1000)).astype(np.float32)
    rows[1, 7] = np.nan
    spectra = second_spectra(rows, 1000.0, ())
    assert np.isnan(spectra.psd).all(1).tolist() == [False, True, False]
    assert np.isnan(spectra.slow_power).tolist() == [False, True, False]
