"""Hills and Armitage: against a regression of all cells, its laws, missing periods, carryover, what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics import ancova_contrasts, carryover_bias, hills_armitage, two_samples
from tests.statistics.trials import drawn, told


def regression(values, sequences, level):
    """The naive twin: treatment, period and subjects as columns of one regression of all cells."""
    n = len(values)
    first = np.array(sequences) == min(sequences)
    subject = np.repeat(np.eye(n), 2, axis=0)
    period = np.tile([0.5, -0.5], n)
    treatment = np.where(np.repeat(first, 2), period, -period)
    x = np.column_stack([treatment, period, subject])
    beta, rss, _, _ = np.linalg.lstsq(x, values.ravel())
    df = n - 2
    mse = float(rss[0]) / df
    out = []
    for k in (0, 1):
        se = math.sqrt(mse * np.linalg.inv(x.T @ x)[k, k])
        half = stats.t.ppf(0.5 + level / 2, df) * se
        t = beta[k] / se
        out.append((beta[k], se, beta[k] - half, beta[k] + half, t, df, 2 * stats.t.sf(abs(t), df)))
    return out, mse


@pytest.mark.parametrize(("n_first", "n_second", "level"), [(8, 8, 0.95), (2, 3, 0.9), (1, 2, 0.5), (20, 7, 0.99)])
def test_treatment_and_period_are_those_of_the_regression_of_all_cells(n_first, n_second, level):
    for seed in range(5):
        values, _, sequences = drawn(seed, n_first, n_second)
        found = hills_armitage(values, sequences, level=level)
        (treatment, period), mse = regression(values, sequences, level)
        assert told(found.treatment) == pytest.approx(treatment, rel=1e-9)
        assert told(found.period) == pytest.approx(period, rel=1e-9)
        assert (found.mse, found.sigma_w) == pytest.approx((mse, math.sqrt(mse)), rel=1e-9)


@pytest.mark.parametrize(("name", "part"), [("carryover", lambda y: y.sum(1)), ("first_period", lambda y: y[:, 0])])
def test_carryover_and_first_period_are_two_sample_t(name, part):
    values, _, sequences = drawn(3, 5, 9)
    x, first = part(values), np.array(sequences) == "AB"
    theirs = stats.ttest_ind(x[first], x[~first])
    interval = theirs.confidence_interval(0.95)
    found = getattr(hills_armitage(values, sequences), name)
    ours = (found.effect, found.t, found.df, found.p, found.low, found.high)
    apart = x[first].mean() - x[~first].mean()
    assert ours == pytest.approx((apart, theirs.statistic, theirs.df, theirs.pvalue, *interval), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(1e-3, 1e3), shift=st.floats(-50, 50), period=st.floats(-5, 5))
def test_levels_of_patients_count_in_no_paired_contrast_and_a_period_moves_period_alone(seed, factor, shift, period):
    values, _, sequences = drawn(seed, 5, 6)
    own = shift * np.random.default_rng(seed).standard_normal((11, 1))
    was = hills_armitage(values, sequences)
    found = hills_armitage(factor * (values + own - [0, period]), sequences)
    near = {"rel": 1e-7, "abs": 1e-10}
    assert (found.treatment.effect / factor, found.treatment.se / factor, found.treatment.p) == pytest.approx(
        (was.treatment.effect, was.treatment.se, was.treatment.p), **near
    )
    assert (found.period.effect / factor, found.period.se / factor) == pytest.approx(
        (was.period.effect + period, was.period.se), **near
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_swapped_letters_turn_the_sign_and_the_order_of_subjects_does_not_count(seed):
    values, _, sequences = drawn(seed, 6, 5)
    was = hills_armitage(values, sequences)
    swapped = hills_armitage(values, [s[::-1] for s in sequences])
    order = np.random.default_rng(seed).permutation(11)
    mixed = hills_armitage(values[order], [sequences[i] for i in order])
    for name, sign in (("treatment", -1), ("period", 1), ("carryover", -1), ("first_period", -1)):
        one, other, same = (getattr(x, name) for x in (was, swapped, mixed))
        assert (other.effect, other.se, other.p) == pytest.approx((sign * one.effect, one.se, one.p), rel=1e-9)
        assert told(same) == pytest.approx(told(one), rel=1e-9)


def test_equal_baselines_change_nothing_and_a_slope_of_one_is_the_change():
    values, baselines, sequences = drawn(4)
    flat = np.full_like(values, 3.0)
    near = pytest.approx(told(hills_armitage(values, sequences).treatment), rel=1e-9)
    assert told(hills_armitage(values - flat, sequences).treatment) == near
    change = hills_armitage(values - baselines, sequences).treatment
    d = (values - baselines)[:, 0] - (values - baselines)[:, 1]
    assert change.effect == pytest.approx((d[:8].mean() - d[8:].mean()) / 2, rel=1e-12)


def test_who_misses_period_two_counts_in_the_first_period_alone():
    values, _, sequences = drawn(5)
    values[[1, 9, 10], 1] = np.nan
    values[3, 0] = np.nan
    found = hills_armitage(values, sequences)
    assert (found.n_first, found.n_second, found.n_dropped, found.n_first_period) == (6, 6, 4, (7, 8))
    assert (found.treatment.df, found.first_period.df) == (10, 13)
    whole = np.isfinite(values).all(1)
    alone = hills_armitage(values[whole], [s for s, w in zip(sequences, whole, strict=True) if w])
    assert told(found.treatment) == pytest.approx(told(alone.treatment), rel=1e-12)
    masked = hills_armitage(np.ma.masked_invalid(values), sequences)
    assert told(masked.treatment) == told(found.treatment)


def test_where_nobody_finished_period_two_the_first_still_has_an_answer():
    values, _, sequences = drawn(6)
    values[:8, 1] = np.nan
    found = hills_armitage(values, sequences)
    assert dict(found.refused) == dict.fromkeys(("treatment", "period", "carryover"), "SEQUENCE_EMPTY")
    assert (found.treatment, found.period, found.carryover) == (None, None, None)
    assert found.first_period.df == 14
    assert math.isnan(found.mse)
    assert math.isnan(found.sigma_w)


ALL = ("treatment", "period", "carryover", "first_period")


@pytest.mark.parametrize(
    ("values", "code", "names"),
    [
        ([[1.0, 2.0], [math.nan, math.nan], [2.0, 1.0]], "SUBJECTS_TOO_FEW", ALL),
        # 0.1 + 0.2 - 0.3 is not 0: rounding is no spread
        ([[0.1 + 0.2, 0.2], [0.3, 0.2], [1.3, 1.1], [1.3, 1.1]], "RESIDUALS_ZERO", ALL),
        ([[1.0, 2.0], [2.0, 3.0], [1.0, 3.0], [2.0, 4.0]], "RESIDUALS_ZERO", ("treatment", "period")),
    ],
)
def test_what_allows_no_answer_has_a_code_and_no_number(values, code, names):
    found = hills_armitage(values, ["AB", "AB", "BA", "BA"][: len(values)])
    assert dict(found.refused) == dict.fromkeys(names, code)
    for name in ALL:
        assert (getattr(found, name) is None) is (name in names)


@pytest.mark.parametrize(
    ("values", "sequences", "level", "error", "code"),
    [
        (np.ones((4, 2)), ["AB", "BA", "CA", "AB"], 0.95, StatisticsError, "SEQUENCES_INVALID"),
        ([[1.0, math.inf]] * 4, ["AB", "BA"] * 2, 0.95, StatisticsError, "VALUE_OUT_OF_RANGE"),
        (np.ones((4, 3)), ["AB", "BA"] * 2, 0.95, SettingsError, "ARGUMENT_INVALID"),
        ([["1,5", "2"]] * 4, ["AB", "BA"] * 2, 0.95, SettingsError, "ARGUMENT_INVALID"),
        (np.ones((4, 2)), ["AB", "BA"] * 2, 95, SettingsError, "ARGUMENT_INVALID"),
    ],
)
def test_what_cannot_be_meant_is_refused(values, sequences, level, error, code):
    with pytest.raises(error) as caught:
        hills_armitage(values, sequences, level=level)
    assert caught.value.code == code


def test_many_data_sets_at_once_are_each_alone():
    sets = np.array([drawn(seed)[0] for seed in range(12)])
    sets[4, 3, 0] = np.nan
    first = np.arange(16) < 8
    d = sets[..., 0] - sets[..., 1]
    many = two_samples(d.reshape(3, 4, 16), np.abs(sets).max(-1).reshape(3, 4, 16), first)
    alone = [hills_armitage(s, ["AB" if f else "BA" for f in first]).treatment for s in sets]
    assert (many.apart / 2).ravel().tolist() == [a.effect for a in alone]
    assert (many.se / 2).ravel().tolist() == [a.se for a in alone]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 2.0])
def test_carryover_biases_as_the_formula_says(share):
    rng, n, sets = np.random.default_rng(11), 16, 4000
    first = np.arange(n) < 8
    level = rng.normal(0, 0.6, (sets, n, 1))
    baselines, values = (level + rng.normal(0, 0.3, (sets, n, 2)) for _ in range(2))
    effect, lasts = -1.0, -0.5
    values[:, first, 0] += effect
    values[:, ~first, 1] += effect
    values[:, first, 1] += lasts
    baselines[:, first, 1] += share * lasts
    size = np.abs(values).max(-1)
    ancova = ancova_contrasts(values, baselines, first)
    for found, slope in (
        (two_samples(values[..., 0] - values[..., 1], size, first).apart / 2, 0.0),
        (two_samples((values - baselines) @ [1.0, -1.0], size, first).apart / 2, 1.0),
        (ancova.effect, float(ancova.slope.mean())),
    ):
        bias = carryover_bias(lasts, slope=slope, baseline_share=share)
        # four standard errors of a mean of 4000
        assert found.mean() - effect == pytest.approx(bias, abs=4 * found.std() / math.sqrt(sets))
    alone = two_samples(values[..., 0], size, first).apart
    assert alone.mean() == pytest.approx(effect, abs=4 * alone.std() / math.sqrt(sets))
