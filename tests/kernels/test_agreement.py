"""Onsets matched one to one, against trying all matchings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.kernels.agreement import match_onsets, match_windows
from tests import naive

QUARTERS = st.lists(st.integers(0, 12), max_size=5, unique=True).map(sorted)


def matched(found, found_counts, true, true_counts, tolerance):
    pairs, errors = np.zeros(2, np.int64), np.zeros(2)
    arrays = [np.array(found), np.array(found_counts, bool), np.array(true), np.array(true_counts, bool)]
    match_onsets(*arrays, tolerance, pairs, errors)
    return (*pairs.tolist(), *errors.tolist())


@settings(max_examples=150, deadline=None)
@given(QUARTERS, QUARTERS, st.integers(0, 31), st.integers(0, 31), st.sampled_from([0.1, 0.3, 0.6, 1.1]))
def test_the_matching_is_the_best_of_all(found, true, found_bits, true_bits, tolerance):
    # powers of two make sums exact in any order, and no two matchings of one error
    found = [one / 4 + 2.0 ** -(8 + i) for i, one in enumerate(found)]
    true = [one / 4 + 2.0 ** -(16 + j) for j, one in enumerate(true)]
    found_counts = [bool(found_bits >> i & 1) for i in range(len(found))]
    true_counts = [bool(true_bits >> i & 1) for i in range(len(true))]
    arguments = found, found_counts, true, true_counts, tolerance
    assert matched(*arguments) == naive.match_onsets(*arguments)


def test_an_onset_goes_to_the_nearer_of_two_marks():
    assert matched([1.25], [True], [0.75, 1.5], [True, True], 0.5) == (1, 0, -0.25, 0.25)


def test_two_onsets_share_two_marks_where_the_nearest_would_leave_one_out():
    # 1.0 lies nearest to 1.25, which 1.5 needs
    assert matched([1.0, 1.5], [True, True], [0.5, 1.25], [True, True], 0.5) == (2, 0, 0.75, 0.75)


def test_one_mark_takes_one_onset():
    assert matched([1.0, 1.25, 1.5], [True] * 3, [1.25], [True], 0.5) == (1, 0, 0.0, 0.0)


def test_a_chain_of_onsets_each_in_reach_of_the_next_is_matched_whole():
    times = np.arange(400) * 0.25
    assert matched(times + 0.25, np.ones(400), times, np.ones(400), 0.25)[0] == 400


@pytest.mark.parametrize(("states", "counts"), [([0, 0, 1, 1, 0, 1], [1, 2, 1]), ([0, 0, 0, -2, 0, 1], [0, 0, 0])])
def test_a_window_holds_its_onsets_unless_something_in_it_is_excluded(states, counts):
    states = np.array(states, np.int8)
    onsets = np.flatnonzero((states[1:] == 1) & (states[:-1] == 0)) + 1
    out = np.zeros(3, np.int64)
    match_windows(states, onsets, np.array([[1, 6]], np.int64), out)
    assert out.tolist() == counts
