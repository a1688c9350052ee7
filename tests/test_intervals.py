"""Laws of intervals, checked against masks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.intervals import Intervals

N = 40
masks = st.lists(st.booleans(), min_size=N, max_size=N).map(np.array)
# touching pairs, which a mask cannot tell apart, come from repeated cuts
cuts = st.lists(st.integers(0, N), max_size=12, unique=True).map(sorted)
intervals = cuts.map(lambda c: Intervals.of([(a, b) for a, b in pairwise(c)])) | masks.map(Intervals.from_mask)


@given(masks)
def test_a_mask_comes_back(mask):
    np.testing.assert_array_equal(Intervals.from_mask(mask).mask(N), mask)


@given(masks, st.integers(0, 100))
def test_an_offset_shifts_every_pair(mask, offset):
    plain, shifted = Intervals.from_mask(mask), Intervals.from_mask(mask, offset)
    np.testing.assert_array_equal(shifted.pairs, plain.pairs + offset)


@given(intervals, intervals)
def test_overlap_and_union_are_and_and_or(a, b):
    np.testing.assert_array_equal(a.overlap(b).mask(N), a.mask(N) & b.mask(N))
    np.testing.assert_array_equal(a.union(b).mask(N), a.mask(N) | b.mask(N))


@given(intervals, intervals)
def test_both_are_symmetric_and_durations_add_up(a, b):
    assert a.union(b) == b.union(a)
    assert a.overlap(b).duration == b.overlap(a).duration
    assert a.union(b).duration + a.overlap(b).duration == a.duration + b.duration


@given(intervals)
def test_duration_is_the_number_of_true_samples(a):
    assert a.duration == a.mask(N).sum()


@given(intervals, st.integers(0, 10))
def test_merging_closes_exactly_the_gaps_up_to_its_limit(a, gap):
    merged = a.merge(gap)
    assert merged.merge(gap) == merged
    assert all(start - stop > gap for (_, stop), (start, _) in zip(merged, list(merged)[1:], strict=False))
    filled = merged.mask(N) & ~a.mask(N)
    assert all(stop - start <= gap for start, stop in Intervals.from_mask(filled))
    assert not (a.mask(N) & ~merged.mask(N)).any()


@given(intervals, st.integers(0, 10))
def test_dropping_keeps_exactly_what_is_long_enough(a, shortest):
    assert list(a.drop(shortest)) == [(start, stop) for start, stop in a if stop - start >= shortest]


@given(intervals, st.floats(1e-6, 1e6))
def test_scaling_scales_the_duration(a, factor):
    assert a.scaled(factor).duration == pytest.approx(a.duration * factor)
    assert len(a.scaled(factor)) == len(a)


def test_always_on_and_always_off_are_ordinary():
    on, off = Intervals.from_mask(np.ones(N, bool)), Intervals.from_mask(np.zeros(N, bool))
    assert (list(on), list(off)) == ([(0, N)], [])
    assert (on.overlap(off), on.union(off), off.merge(5), off.drop(1)) == (off, on, off, off)
    assert (on.duration, off.duration, len(Intervals.of([])), len(Intervals.from_mask([]))) == (N, 0, 0, 0)


def test_masks_are_clipped_to_their_length():
    assert Intervals.of([(-3, 2), (4, 99)]).mask(5).tolist() == [True, True, False, False, True]


@pytest.mark.parametrize(
    "pairs",
    [
        [(1, 1)],
        [(2, 1)],
        [(0, 3), (2, 5)],
        [(4, 5), (0, 1)],
        [(0, np.nan)],
        [(0, np.inf)],
        [1, 2, 3],
        [(1, 2, 3, 4)],
        [[[1, 2]]],
    ],
)
def test_what_is_unsorted_overlapping_empty_or_no_pair_is_refused(pairs):
    with pytest.raises(SettingsError, match="INTERVALS_INVALID"):
        Intervals.of(pairs)


def test_touching_pairs_stay_apart_until_they_are_merged():
    touching = Intervals.of([(0, 1), (1, 2)])
    assert (len(touching), len(touching.merge())) == (2, 1)
    assert list(Intervals.of([(0, 1)]).union(Intervals.of([(1, 2)]))) == [(0, 2)]


def test_comparison_with_anything_else_is_false():
    assert Intervals.of([]) != "nothing"
