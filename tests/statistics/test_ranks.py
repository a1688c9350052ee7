"""Ranks of a crossover: against every arrangement, scipy and textbook medians; its laws, ties, what it refuses."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics import hodges_lehmann, ranks
from tests.statistics.trials import drawn


def all_ways(d, n_first):
    """The naive twin: p of the midrank sum among all arrangements."""
    ranks = stats.rankdata(d)
    sums = np.array([ranks[list(c)].sum() for c in combinations(range(len(d)), n_first)])
    middle = n_first * (len(d) + 1) / 2
    return float((np.abs(sums - middle) >= abs(ranks[:n_first].sum() - middle) - 1e-9).mean())


@pytest.mark.parametrize(("n_first", "n_second"), [(4, 4), (3, 7), (6, 5), (1, 5)])
def test_p_is_that_of_all_arrangements_with_and_without_ties(n_first, n_second):
    for seed in range(4):
        values, _, sequences = drawn(seed, n_first, n_second)
        for table in (values, np.round(4 * values)):
            d = table[:, 0] - table[:, 1]
            assert hodges_lehmann(table, sequences).p == pytest.approx(all_ways(d, n_first), rel=1e-12)


@pytest.mark.parametrize(("n_first", "n_second"), [(8, 8), (3, 20), (50, 50)])
def test_without_ties_it_is_the_exact_test_of_scipy(n_first, n_second):
    values, _, sequences = drawn(3, n_first, n_second, effect=-0.1)
    d = values[:, 0] - values[:, 1]
    theirs = stats.mannwhitneyu(d[:n_first], d[n_first:], method="exact").pvalue
    found = hodges_lehmann(values, sequences)
    assert found.exact
    assert (found.p, found.p_untied) == pytest.approx((theirs, theirs), rel=1e-9)


@pytest.mark.parametrize("rounded", [False, True])
def test_above_a_hundred_subjects_it_is_the_normal_test_of_scipy(rounded):
    values, _, sequences = drawn(4, 60, 70, effect=-0.03)
    table = np.round(5 * values) if rounded else values
    d = table[:, 0] - table[:, 1]
    theirs = stats.mannwhitneyu(d[:60], d[60:], method="asymptotic").pvalue
    found = hodges_lehmann(table, sequences)
    assert (found.p, found.exact) == (pytest.approx(theirs, rel=1e-9), False)


def test_exact_and_normal_meet_at_a_hundred(monkeypatch):
    values, _, sequences = drawn(5, 50, 50, effect=-0.03)
    exact = hodges_lehmann(values, sequences)
    monkeypatch.setattr(ranks, "MOST_EXACT", 10)
    normal = hodges_lehmann(values, sequences)
    d = values[:, 0] - values[:, 1]
    apart = np.sort(np.subtract.outer(d[:50], d[50:]).ravel()) / 2
    places = [np.searchsorted(apart, x) for x in (exact.low, normal.low, exact.high, normal.high)]
    # of 2500 differences
    assert abs(places[0] - places[1]) <= 3
    assert abs(places[2] - places[3]) <= 3
    assert normal.p == pytest.approx(exact.p, abs=2e-3)


@pytest.mark.parametrize(
    # k of the tables of Hollander and Wolfe: 8 + 8 at 95 %: 14th; 7 + 6: 7th; 5 + 5: 3rd; 4 + 4: 1st
    ("n_first", "n_second", "k"), [(8, 8, 14), (7, 6, 7), (5, 5, 3), (4, 4, 1)],
)  # fmt: skip
def test_the_interval_takes_the_difference_that_tables_name(n_first, n_second, k):
    values, _, sequences = drawn(6, n_first, n_second)
    d = values[:, 0] - values[:, 1]
    apart = np.sort([(a - b) / 2 for a in d[:n_first] for b in d[n_first:]])
    found = hodges_lehmann(values, sequences)
    assert (found.low, found.high) == pytest.approx((apart[k - 1], apart[-k]), rel=1e-12)
    assert found.effect == pytest.approx(np.median(apart), rel=1e-12)


def test_too_few_for_an_interval_have_an_estimate_and_a_p():
    values, _, sequences = drawn(7, 3, 3)
    found = hodges_lehmann(values, sequences)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert math.isfinite(found.effect)
    assert found.p >= 0.1
    # of 20 arrangements 2 are the farthest: 90 % can be had, exactly
    assert math.isfinite(hodges_lehmann(values, sequences, level=0.9).low)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.integers(-20, 20), factor=st.sampled_from([0.25, 2.0, 64.0]))
def test_letters_turn_the_sign_a_treatment_moves_the_estimate_and_order_does_not_count(seed, shift, factor):
    values, _, sequences = drawn(seed, 6, 5)
    # on a grid sums are exact, and ties stay ties
    values = np.round(64 * values) / 64
    was = hodges_lehmann(values, sequences)
    swapped = hodges_lehmann(values, [s[::-1] for s in sequences])
    assert (swapped.effect, swapped.low, swapped.high, swapped.p) == (-was.effect, -was.high, -was.low, was.p)
    given_a = np.array([[s == "AB", s == "BA"] for s in sequences])
    moved = hodges_lehmann(factor * (values + shift * given_a + [5.0, 1.0]), sequences)
    assert np.array([moved.effect, moved.low, moved.high]) / factor - shift == pytest.approx(
        [was.effect, was.low, was.high], abs=1e-12
    )
    order = np.random.default_rng(seed).permutation(11)
    assert hodges_lehmann(values[order], [sequences[i] for i in order]) == was


def test_the_interval_covers_at_least_as_often_as_it_says_also_with_ties():
    n = 2000
    for rounding in (1e-9, 0.2):
        held = 0
        for seed in range(n):
            values, _, sequences = drawn(seed, 5, 5, effect=-0.4)
            found = hodges_lehmann(np.round(values / rounding) * rounding, sequences)
            held += found.low - 1e-9 <= -0.4 <= found.high + 1e-9
        # three standard errors below 95 %
        assert held / n > 0.95 - 3 * math.sqrt(0.95 * 0.05 / n)


def test_ties_that_decimals_hide_are_ties():
    values = np.array([[0.4, 0.3], [0.8, 0.7], [1.1, 0.9], [0.3, 0.1], [0.7, 0.6], [1.3, 1.1]])
    sequences = ["AB"] * 3 + ["BA"] * 3
    assert hodges_lehmann(values, sequences).p == hodges_lehmann(np.round(10 * values), sequences).p


def test_missing_periods_are_left_out_and_counted():
    values, _, sequences = drawn(8)
    values[2, 1] = values[12, 0] = np.nan
    keep = [i for i in range(16) if i not in (2, 12)]
    found = hodges_lehmann(values, sequences)
    alone = hodges_lehmann(values[keep], [sequences[i] for i in keep])
    assert (found.n_first, found.n_second, found.n_dropped) == (7, 7, 2)
    assert (found.effect, found.low, found.high, found.p) == (alone.effect, alone.low, alone.high, alone.p)


def test_values_all_alike_are_no_evidence():
    for n in (8, 140):
        found = hodges_lehmann(np.ones((n, 2)), ["AB", "BA"] * (n // 2))
        assert (found.effect, found.p) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("values", "sequences", "error", "code"),
    [
        (np.ones((4, 2)), ["AB"] * 4, StatisticsError, "SEQUENCE_EMPTY"),
        (np.ones((2002, 2)), ["AB", "BA"] * 1001, StatisticsError, "SUBJECTS_TOO_MANY"),
        (np.full((4, 2), 1e200), ["AB", "BA"] * 2, StatisticsError, "VALUE_OUT_OF_RANGE"),
        (np.ones((3, 2)), ["AB", "BA"] * 2, SettingsError, "ARGUMENT_INVALID"),
    ],
)
def test_what_allows_no_answer_is_refused(values, sequences, error, code):
    with pytest.raises(error) as caught:
        hodges_lehmann(values, sequences)
    assert caught.value.code == code
