"""Clipped and flat samples, against plain loops and at their thresholds."""

import numpy as np
import pytest

from emgpipe.filters.quality import unusable_samples
from tests import naive


def quiet(n, rate_hz=1000.0):
    return np.random.default_rng(1).normal(0, 2, n).astype(np.float32)


@pytest.mark.parametrize(("n", "marked"), [(2, 0), (3, 3), (40, 40)])
def test_three_equal_samples_at_a_rail_are_clipped(n, marked):
    for rail in (100.0, -100.0, 99.6):
        x = quiet(500)
        x[100 : 100 + n] = rail
        assert unusable_samples(x, 1000.0, -100.0, 100.0).clipped.sum() == marked


def test_equal_samples_below_the_rail_are_not_clipped():
    x = quiet(500)
    x[100:110] = 99.4
    masks = unusable_samples(x, 1000.0, -100.0, 100.0)
    assert not masks.clipped.any()
    assert not masks.flat.any()


@pytest.mark.parametrize(("n", "marked"), [(49, 0), (50, 50)])
def test_flat_is_50_ms_and_more(n, marked):
    x = quiet(500)
    x[200 : 200 + n] = 1.5
    assert unusable_samples(x, 1000.0, -100.0, 100.0).flat.sum() == marked


def test_a_dead_channel_is_flat_from_end_to_end():
    assert unusable_samples(np.zeros(300, np.float32), 1000.0, -100.0, 100.0).flat.all()


def test_no_samples_give_no_marks():
    assert len(unusable_samples(np.empty(0, np.float32), 1000.0, -1.0, 1.0).flat) == 0


def test_the_masks_are_those_of_plain_loops():
    x = np.clip(np.round(quiet(3000) * 3), -6, 6).astype(np.float32)
    masks = unusable_samples(x, 100.0, -6.0, 6.0)
    clipped, flat = naive.stuck_runs(x, -5.97, 5.97, 3, 5)
    assert np.array_equal(masks.clipped, clipped)
    assert np.array_equal(masks.flat, flat)
    assert clipped.any()


def test_samples_beyond_the_rails_are_clipped_and_told_as_plain_loops_do():
    x = np.round(quiet(3000) * 3).astype(np.float32)
    masks = unusable_samples(x, 100.0, -6.0, 5.0, 1.0)
    beyond = naive.beyond_rails(x, -6.0, 5.0, 1.0)
    clipped, _ = naive.stuck_runs(x, -5.9725, 4.9725, 3, 5)
    assert np.array_equal(masks.beyond, beyond)
    assert np.array_equal(masks.clipped, clipped | beyond)
    assert (beyond & ~clipped).any()


@pytest.mark.parametrize(
    ("value", "marked"), [(100.0, 0), (100.4, 0), (101.0, 1), (-100.4, 0), (-101.0, 1), (np.nan, 0)]
)
def test_half_a_step_beyond_a_rail_is_rounding_and_more_is_not(value, marked):
    x = quiet(500)
    x[100] = value
    assert unusable_samples(x, 1000.0, -100.0, 100.0, 1.0).beyond.sum() == marked
    assert unusable_samples(x, 1000.0, -100.0, 100.0, 1.0).clipped.sum() == marked
    assert not unusable_samples(x, 1000.0, -np.inf, np.inf).beyond.any()
