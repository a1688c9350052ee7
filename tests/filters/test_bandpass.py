"""The band-pass: scipy's numbers, whole or in blocks, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.filters.bandpass import design_band, zero_phase, zero_phase_blocks
from emgpipe.filters.settings import ConditionSettings
from tests import naive
from tests.strategies import RATES_HZ, noise_of, seeds

CONDITION = ConditionSettings()
BAND = design_band(2000.0, CONDITION)


def streamed(x, band, block):
    parts = list(zero_phase_blocks(lambda a, b: x[a:b], len(x), band, block))
    assert [first for first, _ in parts] == list(range(0, len(x), block))
    return np.concatenate([y for _, y in parts])


def largest(values):
    return np.abs(values).max(initial=0.0)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_whole_run_is_sosfiltfilt_with_the_same_padding(rate_hz):
    band = design_band(rate_hz, CONDITION)
    x = noise_of(1, 5, rate_hz, 20.0) + 20_000.0  # 20 mV of electrode offset
    plain = naive.zero_phase(x, band.sos, band.edge_samples)
    assert largest(zero_phase(x, band) - plain) <= 1e-9 * largest(plain)


@pytest.mark.parametrize("n", [1, 2, 3, 50, BAND.edge_samples, BAND.edge_samples + 1])
def test_a_run_shorter_than_the_edge_is_padded_with_what_it_has(n):
    x = np.random.default_rng(n).normal(0, 20, n)
    plain = naive.zero_phase(x, BAND.sos, BAND.edge_samples)
    assert largest(zero_phase(x, BAND) - plain) <= 1e-9 * max(largest(x), 1.0)


def test_no_samples_give_no_samples():
    assert len(zero_phase(np.empty(0), BAND)) == 0
    assert list(zero_phase_blocks(lambda a, b: np.empty(b - a), 0, BAND)) == []


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(1, 6000), st.integers(1, 6000), st.sampled_from([np.float32, np.float64]))
def test_blocks_of_any_length_are_the_whole_run(seed, n, block, dtype):
    block = max(block, n // 40)
    x = (np.random.default_rng(seed).normal(0, 20, n) + 500).astype(dtype)
    whole = zero_phase(x, BAND)
    assert largest(streamed(x, BAND, block) - whole) <= 1e-6 * max(largest(whole), 1e-3)


def test_an_offset_of_20_mv_leaves_nothing_behind():
    quiet = noise_of(2, 3, 2000.0)
    # float64 keeps 2^-52 x 20 mV = 4e-12 µV; a thousand roundings later still below 1e-6
    assert largest(zero_phase(quiet + 20_000.0, BAND) - zero_phase(quiet, BAND)) < 1e-6


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 2000.0, 2144.57])
def test_the_bandwidth_is_that_which_white_noise_shows(rate_hz):
    band = design_band(rate_hz, CONDITION)
    x = np.random.default_rng(5).standard_normal(round(120 * rate_hz))
    measured_hz = (zero_phase(x, band) ** 2).mean() * rate_hz / 2
    # 120 s x 2 x 200..400 Hz degrees of freedom: SD of the mean square 0.5 % to 0.7 %
    assert band.bandwidth_hz() == pytest.approx(measured_hz, rel=0.025)


def test_the_gain_by_band_holds_the_whole_bandwidth():
    assert BAND.gain_by_band(40).sum() * 25 == pytest.approx(BAND.bandwidth_hz(), rel=1e-9)
    assert BAND.gain_by_band(40)[[6, 39]] == pytest.approx([1.0, 0.0], abs=1e-3)


@pytest.mark.parametrize("rate_hz", [399.9, 200.0, 0.0, -1.0, float("nan")])
def test_a_rate_too_low_for_the_band_is_refused(rate_hz):
    with pytest.raises(SettingsError, match="RATE_TOO_LOW"):
        design_band(rate_hz, CONDITION)


def test_the_upper_edge_follows_a_low_rate():
    assert design_band(400.0, CONDITION).high_hz == 180.0
    assert design_band(5000.0, CONDITION).high_hz == 450.0


@settings(max_examples=10, deadline=None)
@given(seeds, st.floats(-1e3, 1e3))
def test_the_filter_is_linear(seed, factor):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 1500))
    together = zero_phase(x + factor * y, BAND)
    apart = zero_phase(x, BAND) + factor * zero_phase(y, BAND)
    assert largest(together - apart) <= 1e-10 * (1 + abs(factor))


def test_time_backwards_is_filtered_backwards():
    x = noise_of(3, 3, 2000.0)
    assert largest(zero_phase(x[::-1].copy(), BAND)[::-1] - zero_phase(x, BAND)) < 1e-9
