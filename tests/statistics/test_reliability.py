"""Reliability: against definitions worked out another way, coverage of its intervals, its laws, what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics import reliability

NAMES = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")


def visits(seed, n=12, k=3, subject=1.0, shift=0.2, error=0.5):
    rng = np.random.default_rng(seed)
    return 5 + subject * rng.normal(0, 1, (n, 1)) + shift * rng.normal(0, 1, (1, k)) + error * rng.normal(0, 1, (n, k))


def squares(x):
    """Mean squares by residual sums of regressions on columns of zeros and ones."""
    n, k = x.shape
    one = np.ones((n * k, 1))
    subject, visit = np.repeat(np.eye(n), k, axis=0), np.tile(np.eye(k), (n, 1))

    def left(*columns):
        design = np.column_stack(columns)
        return float(((x.ravel() - design @ np.linalg.lstsq(design, x.ravel())[0]) ** 2).sum())

    whole, by_subject, by_visit, by_both = left(one), left(subject), left(visit), left(subject, visit)
    error = by_both / ((n - 1) * (k - 1))
    return (whole - by_subject) / (n - 1), (whole - by_visit) / (k - 1), error, by_subject / (n * (k - 1))


@pytest.mark.parametrize(("n", "k"), [(2, 2), (6, 4), (16, 2), (5, 9)])
def test_mean_squares_are_those_of_regressions(n, k):
    x = visits(1, n, k)
    found = reliability(x)
    got = (found.ms_subjects, found.ms_visits, found.ms_error, found.ms_within)
    assert got == pytest.approx(squares(x), rel=1e-9)


def f_ends(between, error, df1, df2, k, level):
    """Values of the coefficient at which the observed F is just not surprising: solved, not inverted by formula."""
    tail = (1 - level) / 2

    def excess(icc, p):
        # F is (1 + (k - 1) icc + ...) / (1 - icc) times a central one
        return stats.f.cdf(between / error * (1 - icc) / (1 + (k - 1) * icc), df1, df2) - p

    least = -1 / (k - 1) + 1e-9
    return [optimize.brentq(excess, least, 1 - 1e-12, args=(p,), xtol=1e-14) for p in (1 - tail, tail)]


@pytest.mark.parametrize(("n", "k", "level"), [(6, 4, 0.95), (16, 2, 0.9), (10, 3, 0.5)])
def test_intervals_of_one_way_and_consistency_solve_the_test_of_f(n, k, level):
    for seed in range(3):
        found = reliability(visits(seed, n, k), level=level)
        one = f_ends(found.ms_subjects, found.ms_within, n - 1, n * (k - 1), k, level)
        two = f_ends(found.ms_subjects, found.ms_error, n - 1, (n - 1) * (k - 1), k, level)
        assert found.icc["ICC(1,1)"][1:] == pytest.approx(one, rel=1e-8)
        assert found.icc["ICC(3,1)"][1:] == pytest.approx(two, rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 20), k=st.integers(2, 5))
def test_the_mean_of_k_follows_spearman_and_brown_and_ends_hold_the_value(seed, n, k):
    found = reliability(visits(seed, n, k)).icc
    for single, mean in zip(NAMES[:3], NAMES[3:], strict=True):
        for one, several in zip(found[single], found[mean], strict=True):
            below = 1 + (k - 1) * one
            if below > 1e-6 and math.isfinite(several):
                assert several == pytest.approx(k * one / below, rel=1e-7, abs=1e-9)
        if math.isfinite(found[single].low):
            assert found[single].low <= found[single].value <= found[single].high


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-100, 100), factor=st.floats(1e-3, 1e3))
def test_units_and_zero_do_not_count_in_icc_and_scale_the_error(seed, shift, factor):
    x = visits(seed)
    order = np.random.default_rng(seed).permutation(12)
    was, found = reliability(x), reliability(factor * (x[order] + shift))
    for name in NAMES:
        assert found.icc[name] == pytest.approx(was.icc[name], rel=1e-6, abs=1e-9)
    for one, other in ((was.consistency, found.consistency), (was.agreement, found.agreement)):
        assert other.mdc95 / factor == pytest.approx(one.mdc95, rel=1e-7)
        assert other.mdc95_low / factor == pytest.approx(one.mdc95_low, rel=1e-7)
        assert other.df == pytest.approx(one.df, rel=1e-6)


def test_a_shift_between_visits_costs_agreement_and_not_consistency():
    x = visits(2, shift=0.0)
    was, found = reliability(x), reliability(x + np.arange(3.0))
    assert found.icc["ICC(3,1)"] == pytest.approx(was.icc["ICC(3,1)"], rel=1e-9)
    assert found.consistency.sem == pytest.approx(was.consistency.sem, rel=1e-9)
    assert found.icc["ICC(2,1)"].value < was.icc["ICC(2,1)"].value
    assert found.agreement.sem > 1.5 * was.agreement.sem


def test_of_two_visits_the_error_is_that_of_differences():
    x = visits(3, n=14, k=2)
    found = reliability(x)
    d = x[:, 0] - x[:, 1]
    assert found.consistency.mdc95 == pytest.approx(stats.norm.ppf(0.975) * d.std(ddof=1), rel=1e-9)
    assert found.consistency.df == 13
    ends = found.consistency.mdc95 * np.sqrt(13 / stats.chi2.ppf([0.975, 0.025], 13))
    assert (found.consistency.mdc95_low, found.consistency.mdc95_high) == pytest.approx(tuple(ends), rel=1e-9)


def test_where_visits_differ_no_more_than_error_both_errors_are_one():
    x = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 4.0], [4.0, 3.0], [7.0, 7.0]])
    found = reliability(x)
    assert found.ms_visits < found.ms_error
    assert found.agreement == found.consistency


def test_logarithms_give_ratios():
    x = np.exp(visits(4))
    plain, logged = reliability(np.log(x + 0.5)), reliability(x, log=True, offset=0.5)
    assert logged.icc == plain.icc
    assert logged.consistency.mdc95 == plain.consistency.mdc95
    assert plain.consistency.mdc95_ratio is None
    told = logged.agreement
    ratios = (told.sem_ratio, told.mdc95_ratio, told.mdc95_ratio_low, told.mdc95_ratio_high)
    assert ratios == pytest.approx(tuple(map(math.exp, (told.sem, told.mdc95, told.mdc95_low, told.mdc95_high))))
    assert logged.cv_pct == pytest.approx(100 * math.sqrt(math.exp(logged.ms_error) - 1), rel=1e-12)


def test_the_cv_is_that_of_the_mean_and_none_where_that_is_not_above_0():
    x = visits(5)
    found = reliability(x)
    assert found.cv_pct == pytest.approx(100 * found.consistency.sem / x.mean(), rel=1e-12)
    assert reliability(x - 5 - abs(x).max()).cv_pct is None


def test_small_errors_of_logarithms_have_the_same_cv_as_the_values():
    # of an error of 2 % the logarithm differs in the fourth digit
    x = 100 * np.exp(visits(6, n=40, subject=0.01, shift=0.0, error=0.02) - 5)
    assert reliability(x).cv_pct == pytest.approx(reliability(x, log=True).cv_pct, rel=0.02)


@pytest.mark.parametrize(
    ("shift", "name", "truth"), [(0.0, "ICC(3,1)", 0.8), (0.0, "ICC(1,1)", 0.8), (0.3, "ICC(2,1)", 1 / 1.34)]
)
def test_intervals_of_icc_hold_the_truth_as_often_as_they_say(shift, name, truth):
    n = 1500
    ends = np.array([reliability(visits(s, 14, 6, shift=shift), level=0.9).icc[name][1:] for s in range(n)])
    held = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    # four standard errors; that of ICC(2,1) is an approximation, good to some per cent
    room = 4 * math.sqrt(0.09 / n) + (0.03 if name == "ICC(2,1)" else 0.0)
    assert abs(held - 0.9) < room


def test_the_interval_of_mdc_holds_the_truth_as_often_as_it_says():
    n, truth = 2000, stats.norm.ppf(0.975) * math.sqrt(2) * 0.5
    found = [reliability(visits(s, 14, 2)).consistency for s in range(n)]
    held = np.mean([f.mdc95_low <= truth <= f.mdc95_high for f in found])
    assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / n)


def test_subjects_with_a_missing_visit_are_dropped_and_counted():
    x = visits(7)
    holed = x.copy()
    holed[3, 1] = holed[8, 0] = np.nan
    found = reliability(holed)
    assert (found.n_subjects, found.n_dropped) == (10, 2)
    assert found.icc == reliability(np.delete(x, [3, 8], axis=0)).icc
    assert reliability(np.ma.masked_invalid(holed)).icc == found.icc


def test_where_subjects_do_not_differ_coefficients_are_below_0_or_none_and_never_a_crash():
    # no spread between subjects, none between visits: the least table there is
    found = reliability([[1.0, 0.0], [0.0, 1.0]]).icc
    assert (found["ICC(1,1)"].value, found["ICC(3,1)"].value) == (-1.0, -1.0)
    assert math.isnan(found["ICC(2,1)"].value)
    assert math.isnan(found["ICC(3,k)"].value)
    # a negative variance below the fraction would make 6 of it
    low = reliability([[1.0, -1.0], [-1.0, 1.0], [0.2, 0.0], [0.0, -0.2]]).icc["ICC(2,k)"].value
    assert math.isnan(low) or low < 1


@pytest.mark.parametrize(
    ("values", "more", "error", "code"),
    [
        ([[1.0, 2.0], [math.nan, 3.0]], {}, StatisticsError, "SUBJECTS_TOO_FEW"),
        ([[1.0], [2.0]], {}, StatisticsError, "VISITS_TOO_FEW"),
        # visits that differ by a common shift alone; in binary by 1e-17 more
        ([[0.1, 0.3], [0.2, 0.4], [0.7, 0.9]], {}, StatisticsError, "RESIDUALS_ZERO"),
        (np.ones((5, 3)), {}, StatisticsError, "RESIDUALS_ZERO"),
        ([[0.0, 2.0], [1.0, 3.0]], {"log": True}, StatisticsError, "VALUE_NOT_POSITIVE"),
        ([[-1.0, 2.0], [1.0, 3.0]], {"log": True, "offset": 1.0}, StatisticsError, "VALUE_NOT_POSITIVE"),
        ([[1.0, math.inf], [1.0, 3.0]], {}, StatisticsError, "VALUE_OUT_OF_RANGE"),
        ([1.0, 2.0], {}, SettingsError, "ARGUMENT_INVALID"),
        ([["a", "b"]], {}, SettingsError, "ARGUMENT_INVALID"),
        ([[1.0, 2.0], [2.0, 5.0]], {"level": 1}, SettingsError, "ARGUMENT_INVALID"),
        ([[1.0, 2.0], [2.0, 5.0]], {"offset": 1.0}, SettingsError, "ARGUMENT_INVALID"),
        ([[1.0, 2.0], [2.0, 5.0]], {"offset": -1.0, "log": True}, SettingsError, "ARGUMENT_INVALID"),
        ([[1.0, 2.0], [2.0, 5.0]], {"offset": math.nan, "log": True}, SettingsError, "ARGUMENT_INVALID"),
    ],
)
def test_what_allows_no_answer_is_refused_with_a_code(values, more, error, code):
    with pytest.raises(error) as caught:
        reliability(values, **more)
    assert caught.value.code == code


def test_a_shift_that_is_all_the_error_rests_on_the_visits_alone():
    x = visits(8, n=10, k=4, error=1e-3)
    found = reliability(x + 100 * np.arange(4.0))
    assert found.agreement.df == pytest.approx(3, rel=1e-6)
    assert found.consistency.df == 27


def test_an_interval_that_would_not_hold_its_value_is_not_given():
    # visits that differ much and subjects that do not: the approximate degrees of freedom come near 0
    found = reliability([[5.65155817, 4.37504247], [5.56463981, 4.54224375]]).icc["ICC(2,1)"]
    assert math.isfinite(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_the_largest_numbers_that_are_taken_make_no_overflow():
    x = visits(9)
    found = reliability(1e98 * (x + np.arange(3.0)))
    assert found.agreement.df == pytest.approx(reliability(x + np.arange(3.0)).agreement.df, rel=1e-9)
