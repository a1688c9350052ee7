"""Second-order sections: the same numbers as scipy, in both directions, cut anywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from emgpipe.kernels.sections import cascade
from tests import naive
from tests.strategies import seeds

SOS = signal.butter(4, [20, 450], "band", fs=2000.0, output="sos")
STEADY = signal.sosfilt_zi(SOS)


def filtered(x, state, first=0, step=1, dtype=np.float64):
    y = np.empty(len(x), dtype)
    cascade(SOS, state, x, y, first, step)
    return y


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(0, 60))
def test_a_pass_forward_is_the_difference_equation_and_scipy(seed, n):
    rng = np.random.default_rng(seed)
    x, state = rng.standard_normal(n), rng.standard_normal((4, 2))
    ours = state.copy()
    y = filtered(x, ours)
    plain, ends = naive.cascade(SOS, state, x)
    # a few additions in float64 each: 1e-12 is thousands of quanta
    assert y == pytest.approx(plain, rel=1e-12, abs=1e-12)
    assert ours == pytest.approx(ends, rel=1e-12, abs=1e-12)
    if n:
        assert y == pytest.approx(signal.sosfilt(SOS, x, zi=state)[0], rel=1e-12, abs=1e-12)


def test_a_pass_backward_is_a_pass_forward_over_the_reversed_samples():
    x = np.random.default_rng(1).standard_normal(50)
    y = filtered(x, STEADY.copy(), first=49, step=-1)
    assert np.array_equal(y[::-1], filtered(x[::-1].copy(), STEADY.copy()))


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(0, 40))
def test_the_state_carries_from_block_to_block(seed, cut):
    x = np.random.default_rng(seed).standard_normal(40)
    state = STEADY.copy()
    parts = [filtered(x[:cut], state), filtered(x[cut:], state)]
    assert np.array_equal(np.concatenate(parts), filtered(x, STEADY.copy()))


def test_the_output_may_be_the_input():
    x = np.random.default_rng(2).standard_normal(30)
    inside = x.copy()
    cascade(SOS, STEADY.copy(), inside, inside, 0, 1)
    assert np.array_equal(inside, filtered(x, STEADY.copy()))


def test_float32_samples_are_filtered_in_float64():
    x = np.random.default_rng(3).standard_normal(30).astype(np.float32)
    exact = filtered(x.astype(np.float64), STEADY.copy())
    assert np.array_equal(filtered(x, STEADY.copy(), dtype=np.float32), exact.astype(np.float32))


def test_a_nan_is_not_swallowed():
    x = np.ones(20)
    x[5] = np.nan
    y = filtered(x, STEADY.copy())
    assert np.isfinite(y[:5]).all()
    assert np.isnan(y[5:]).all()
