"""Moments of hops and runs of stuck samples, against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.kernels.hops import hop_moments, stuck_runs
from tests import naive
from tests.strategies import seeds


def moments(x, hop):
    out = np.empty((4, len(x) // hop), np.float32)
    hop_moments(x, hop, *out)
    return out


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 30), st.integers(0, 90))
def test_moments_of_whole_hops_are_those_of_plain_numpy(seed, hop, n):
    x = np.random.default_rng(seed).normal(0, 20, n).astype(np.float32)
    # sums in float64, stored in float32: half a quantum of 2^-23, and one more for another order
    assert moments(x, hop) == pytest.approx(naive.hop_moments(x, hop).reshape(4, -1), rel=2**-22)


def test_a_nan_spoils_its_own_hop_only():
    x = np.ones(12, np.float32)
    x[5] = np.nan
    assert np.isnan(moments(x, 4)[:2]).tolist() == [[False, True, False]] * 2


def test_large_samples_do_not_overflow():
    # 100 mV to the fourth power is 1e20 µV^4: within float32
    assert moments(np.full(8, 1e5, np.float32), 4)[1] == pytest.approx([1e20, 1e20], rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-5.0, -4.0, 0.0, 3.0, 5.0]), max_size=40), st.integers(1, 4), st.integers(1, 8))
def test_stuck_runs_are_those_of_groupby(values, clip_run, flat_run):
    x = np.array(values, np.float32)
    clipped, flat = np.zeros(len(x), bool), np.zeros(len(x), bool)
    stuck_runs(x, -4.5, 4.5, clip_run, flat_run, clipped, flat)
    plain_clipped, plain_flat = naive.stuck_runs(x, -4.5, 4.5, clip_run, flat_run)
    assert np.array_equal(clipped, plain_clipped)
    assert np.array_equal(flat, plain_flat)


def test_nan_is_never_stuck():
    x = np.full(10, np.nan, np.float32)
    clipped, flat = np.zeros(10, bool), np.zeros(10, bool)
    stuck_runs(x, -1.0, 1.0, 3, 5, clipped, flat)
    assert not clipped.any()
    assert not flat.any()
