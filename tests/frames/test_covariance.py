"""Lagged correlation of a pair, against plain sums."""

import tracemalloc

import numpy as np
import pytest

from emgpipe.filters.bandpass import design_band
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.covariance import pair_covariance
from emgpipe.frames.model import PairCovariance
from emgpipe.frames.reduce import prepare_runs
from tests import naive
from tests.strategies import noise_of, run_of

CONDITION = ConditionSettings()


def covariance(x, y, rate_hz, *, place=0, total_s=None):
    return pair_covariance([paired(x, y, rate_hz, place)], int(total_s or len(x) / rate_hz), (0, 1))


def paired(x, y, rate_hz, place):
    """One run of two channels."""
    return tuple(prepare_runs([run_of(z, place)], rate_hz, 50, CONDITION)[0][0] for z in (x, y))


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 2144.57])
def test_each_second_and_lag_is_the_plain_correlation(rate_hz):
    x = noise_of(1, 6.5, rate_hz, 5.0).astype(np.float32)
    y = (0.5 * np.roll(x, 2) + noise_of(2, 6.5, rate_hz, 3.0)).astype(np.float32)
    band = design_band(rate_hz, CONDITION)
    a, b = (naive.zero_phase(z, band.sos, band.edge_samples) for z in (x, y))
    found = covariance(x, y, rate_hz)
    lag, n = round(0.002 * rate_hz), int(rate_hz)
    assert found.lags_samples.tolist() == list(range(-lag, lag + 1))
    # the first second has no samples before it
    assert np.isnan(found.r[:, 0]).tolist() == [True, False, False, False, False, False]
    for t in range(1, 6):
        start = round(t * rate_hz)
        plain = [
            naive.correlation_at(a[start : start + n], b[start - lag : start + n + lag], k) for k in found.lags_samples
        ]
        assert found.r[t] == pytest.approx(plain, abs=1e-6)


def test_blocks_do_not_show():
    x, y = noise_of(1, 64, 500.0), noise_of(2, 64, 500.0)
    whole = covariance(x, y, 500.0).r
    late = covariance(x[500 * 50 :], y[500 * 50 :], 500.0, place=500 * 50, total_s=64).r
    assert np.isfinite(whole[1:63]).all()
    # the second after the cut still hears its filter's start
    assert late[53:63] == pytest.approx(whole[53:63], abs=1e-4)


def test_seconds_outside_the_run_are_nan():
    found = covariance(noise_of(1, 3, 1000.0), noise_of(2, 3, 1000.0), 1000.0, place=2500, total_s=8)
    assert np.isfinite(found.r).all(1).tolist() == [False, False, False, True, True, False, False, False]


def test_a_constant_channel_has_no_correlation():
    found = covariance(noise_of(1, 4, 1000.0), np.zeros(4000), 1000.0)
    assert np.isnan(found.r).all()
    assert not found.identical(np.ones(4, bool))


@pytest.mark.parametrize("factor", [1.0, -3.0])
def test_one_signal_twice_is_identical_whatever_its_gain(factor):
    x = noise_of(1, 6, 1000.0, 5.0)
    assert covariance(x, factor * x, 1000.0).identical(np.ones(6, bool))


@pytest.mark.parametrize("share", [0.0, 0.9, 0.99])
def test_two_signals_with_common_parts_are_not_identical(share):
    x = noise_of(1, 6, 1000.0, 5.0)
    y = share * x + np.sqrt(1 - share**2) * noise_of(2, 6, 1000.0, 5.0)
    assert not covariance(x, y, 1000.0).identical(np.ones(6, bool))


def test_a_fifth_of_the_usable_seconds_makes_two_channels_one():
    found = PairCovariance(0, 1, np.arange(1), np.array([[1.0]] * 2 + [[0.1]] * 9, np.float32))
    usable = np.ones(11, bool)
    assert not found.identical(usable)
    usable[-1] = False
    assert found.identical(usable)
    usable[0] = False
    assert not found.identical(usable)
    assert not found.identical(~np.ones(11, bool))


def test_each_second_comes_from_the_run_that_holds_it():
    parts = [
        (noise_of(1, 3, 1000.0), noise_of(2, 3, 1000.0), 0),
        (noise_of(3, 3, 1000.0), noise_of(4, 3, 1000.0), 4000),
    ]
    one, other = (covariance(x, y, 1000.0, place=place, total_s=8) for x, y, place in parts)
    both = pair_covariance([paired(x, y, 1000.0, place) for x, y, place in parts], 8, (0, 1))
    assert np.array_equal(both.r[:4], one.r[:4], equal_nan=True)
    assert np.array_equal(both.r[4:], other.r[4:], equal_nan=True)
    assert pair_covariance([], 8, (0, 1)) is None


def test_memory_does_not_grow_with_runs_times_seconds():
    x, y = noise_of(1, 2, 1000.0), noise_of(2, 2, 1000.0)
    runs = [paired(x, y, 1000.0, 20_000 * k) for k in range(40)]
    pair_covariance(runs[:1], 10, (0, 1))  # what is made once
    tracemalloc.start()
    found = pair_covariance(runs, 100_000, (0, 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * found.r.nbytes


def test_the_longer_of_two_runs_is_cut():
    x, y = noise_of(1, 63, 1000.0), noise_of(2, 63, 1000.0)
    for n in (2500, 61_000):
        found, whole = covariance(x, y[:n], 1000.0, total_s=63), covariance(x, y, 1000.0)
        seen = n // 1000 - 1
        assert np.isfinite(found.r[1:seen]).all()
        assert np.isnan(found.r[seen + 1 :]).all()
        # the filter hears the end of the shorter one for a while
        assert found.r[1 : seen - 1] == pytest.approx(whole.r[1 : seen - 1], abs=1e-4)
