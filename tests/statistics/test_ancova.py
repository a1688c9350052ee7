"""ANCOVA of a crossover: against plain least squares, its laws, published data, and what it refuses."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics import ancova_contrasts, crossover_ancova, period_means

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "real" / "reference" / "crossover"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/data/real, beside the repository")


def draw(seed, n_first=8, n_second=8, effect=-0.4):
    rng = np.random.default_rng(seed)
    n = n_first + n_second
    level = rng.normal(0, 0.6, (n, 1))
    baselines = level + rng.normal(0, 0.2, (n, 2))
    values = level + rng.normal(0, 0.2, (n, 2)) + [0.0, 0.1]
    first = np.arange(n) < n_first
    values[first, 0] += effect
    values[~first, 1] += effect
    return values, baselines, ["AB" if f else "BA" for f in first]


def least_squares(values, baselines, sequences, level=0.95):
    """The naive twin: one regression by `lstsq`, its covariance by the inverse of X'X."""
    d, b = values[:, 0] - values[:, 1], baselines[:, 0] - baselines[:, 1]
    whole = np.isfinite(d) & np.isfinite(b)
    first = np.array(sequences) == min(sequences)
    x = np.column_stack([np.ones(len(d)), np.where(first, 1.0, -1.0), b])[whole]
    beta, rss, _, _ = np.linalg.lstsq(x, d[whole])
    df = len(x) - 3
    se = math.sqrt(rss[0] / df * np.linalg.inv(x.T @ x)[1, 1])
    half = stats.t.ppf(0.5 + level / 2, df) * se
    return beta[1], se, beta[1] - half, beta[1] + half, 2 * stats.t.sf(abs(beta[1] / se), df), df, beta[2]


@pytest.mark.parametrize(("n_first", "n_second", "level"), [(8, 8, 0.95), (2, 3, 0.9), (1, 3, 0.5), (20, 7, 0.99)])
def test_it_is_the_regression_of_least_squares(n_first, n_second, level):
    for seed in range(5):
        data = draw(seed, n_first, n_second)
        got = crossover_ancova(*data, level=level)
        told = (got.effect, got.se, got.low, got.high, got.p, got.df, got.slope)
        assert told == pytest.approx(least_squares(*data, level=level), rel=1e-9)
        assert (got.n_first, got.n_second, got.n_dropped, got.treatments) == (n_first, n_second, 0, ("A", "B"))


def test_masked_cells_are_missing():
    values, baselines, sequences = draw(3)
    holed = np.where(np.arange(32).reshape(16, 2) == 5, np.nan, values)
    masked = np.ma.masked_equal(np.where(np.isnan(holed), -999.0, holed), -999.0)
    assert crossover_ancova(masked, baselines, sequences) == crossover_ancova(holed, baselines, sequences)
    assert period_means(np.ma.masked_equal([[1.0, -999.0]], -999.0)).tolist() == [1.0]


def test_subjects_with_a_missing_cell_are_dropped_and_counted():
    values, baselines, sequences = draw(3)
    values[2, 1] = baselines[5, 0] = baselines[12, 1] = np.nan
    got = crossover_ancova(values, baselines, sequences)
    keep = [i for i in range(16) if i not in (2, 5, 12)]
    alone = crossover_ancova(values[keep], baselines[keep], [sequences[i] for i in keep])
    assert (got.n_first, got.n_second, got.n_dropped, got.df) == (6, 7, 3, 10)
    assert (got.effect, got.se, got.p) == pytest.approx((alone.effect, alone.se, alone.p), rel=1e-12)


def test_many_data_sets_at_once_are_each_alone():
    sets = [draw(seed) for seed in range(20)]
    sets[4][0][3, 0] = np.nan
    values, baselines = (np.array([s[i] for s in sets]) for i in (0, 1))
    first = np.array(sets[0][2]) == "AB"
    many = ancova_contrasts(values.reshape(4, 5, 16, 2), baselines.reshape(4, 5, 16, 2), first)
    alone = [crossover_ancova(*s) for s in sets]
    assert many.effect.shape == (4, 5)
    assert many.effect.ravel().tolist() == [a.effect for a in alone]
    assert many.se.ravel().tolist() == [a.se for a in alone]
    assert many.df.ravel().tolist() == [a.df for a in alone]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.floats(1e-3, 1e3), shift=st.floats(-50, 50), period=st.floats(-5, 5))
def test_levels_of_patients_and_periods_do_not_count_and_units_scale(seed, factor, shift, period):
    values, baselines, sequences = draw(seed, 5, 6)
    rng = np.random.default_rng(seed)
    own = shift * rng.standard_normal((11, 1))
    got = crossover_ancova(values, baselines, sequences)
    moved = crossover_ancova(factor * (values + own + [0, period]), factor * (baselines + own), sequences)
    # rounding of values moved by up to 200 is 1e-13 of effects of 0.01 and more
    assert (moved.effect / factor, moved.se / factor) == pytest.approx((got.effect, got.se), rel=1e-9, abs=1e-11)
    assert (moved.slope, moved.p) == pytest.approx((got.slope, got.p), rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_swapped_labels_turn_the_sign_and_order_does_not_count(seed):
    values, baselines, sequences = draw(seed, 6, 5)
    got = crossover_ancova(values, baselines, sequences)
    swapped = crossover_ancova(values, baselines, [s[::-1] for s in sequences])
    order = np.random.default_rng(seed).permutation(11)
    mixed = crossover_ancova(values[order], baselines[order], [sequences[i] for i in order])
    assert (swapped.effect, swapped.t) == pytest.approx((-got.effect, -got.t), rel=1e-10)
    assert (swapped.low, swapped.high) == pytest.approx((-got.high, -got.low), rel=1e-9, abs=1e-12)
    assert (mixed.effect, mixed.se, mixed.p) == pytest.approx((got.effect, got.se, got.p), rel=1e-9)


def test_without_a_trend_on_baselines_it_is_half_the_difference_of_sequence_means():
    # deviations of d and b that are orthogonal within each sequence
    b = np.array([1.0, -1.0, 0.0, 0.0, 2.0, 1.0, 3.0, 2.0])
    d = np.array([-1.5, -1.5, -2.5, -2.5, 0.5, 1.5, 1.5, 0.5])
    zero = np.zeros(8)
    got = crossover_ancova(np.column_stack([d, zero]), np.column_stack([b, zero]), ["AB"] * 4 + ["BA"] * 4)
    assert got.slope == 0.0
    assert got.effect == (-2.0 - 1.0) / 2
    # residual sum 2 on 5 df; 1/4 + 1/4 + (0 - 2)^2 / (2 + 2)
    assert got.se == pytest.approx(math.sqrt(2 / 5 * 1.5) / 2, rel=1e-14)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    n = 4000
    sets = [draw(50_000 + seed, effect=-0.3) for seed in range(n)]
    found = ancova_contrasts(np.array([s[0] for s in sets]), np.array([s[1] for s in sets]), np.arange(16) < 8)
    half = stats.t.ppf(0.95, 13) * found.se
    held = np.mean(np.abs(found.effect + 0.3) <= half)
    # Gaussian errors: exact; three standard errors of a share of 0.9 in 4000
    assert abs(held - 0.9) < 3 * math.sqrt(0.9 * 0.1 / n)


def test_letters_name_the_treatments():
    values, baselines, sequences = draw(1)
    named = [{"AB": "TR", "BA": "RT"}[s] for s in sequences]
    got = crossover_ancova(values, baselines, named)
    assert got.treatments == ("R", "T")
    assert got.effect == pytest.approx(-crossover_ancova(values, baselines, sequences).effect, rel=1e-12)


def published(name):
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    number = lambda text: float(text) if text else math.nan  # noqa: E731
    cells = {(r["subject"], int(r["period"])): (number(r["response"]), number(r["baseline"])) for r in rows}
    sequences = {r["subject"]: r["sequence"] for r in rows}
    table = np.array([[cells.get((s, p), (math.nan, math.nan)) for p in (1, 2)] for s in sequences])
    return table[..., 0], table[..., 1], list(sequences.values())


@needs_reference
@pytest.mark.parametrize("name", ["xover_asthma", "xover_asthma_2"])
def test_published_trials_with_period_baselines_agree_with_least_squares(name):
    values, baselines, sequences = published(name)
    got = crossover_ancova(values, baselines, sequences)
    told = (got.effect, got.se, got.low, got.high, got.p, got.df, got.slope)
    assert told == pytest.approx(least_squares(values, baselines, sequences), rel=1e-9)


@needs_reference
@pytest.mark.parametrize(("name", "effect", "se"), [("xover_asthma_2", 39.286, 8.444), ("xover_asthma", None, None)])
def test_values_less_slope_times_baselines_give_the_classical_contrast(name, effect, se):
    values, baselines, sequences = published(name)
    slope = crossover_ancova(values, baselines, sequences).slope
    whole = np.isfinite(values + baselines).all(1)
    first = (np.array(sequences) == min(sequences))[whole]
    adjusted = (values - slope * baselines)[whole]
    d = adjusted[:, 0] - adjusted[:, 1]
    classical = (d[first].mean() - d[~first].mean()) / 2
    assert crossover_ancova(values, baselines, sequences).effect == pytest.approx(classical, rel=1e-9)
    if effect is not None:
        # with a slope of 1 that is the published change from period baseline (Senn's PEF, F - S)
        change = (values - baselines)[whole]
        d = change[:, 0] - change[:, 1]
        pooled = ((d[first] - d[first].mean()) ** 2).sum() + ((d[~first] - d[~first].mean()) ** 2).sum()
        n1, n2 = first.sum(), (~first).sum()
        assert (d[first].mean() - d[~first].mean()) / 2 == pytest.approx(effect, abs=5e-4)
        assert math.sqrt(pooled / (n1 + n2 - 2) * (1 / n1 + 1 / n2)) / 2 == pytest.approx(se, abs=5e-4)


def constant_baselines(values, baselines, sequences):
    # 0.1 + 0.2 - 0.3 is not 0: rounding is no spread
    return values, baselines[:, :1] + [[0.3, 0.0]], sequences


def exact_values(values, baselines, sequences):
    sign = np.where(np.array(sequences) == "AB", -0.3, 0.4)
    return np.column_stack([0.7 * baselines[:, 0] + sign, 0.7 * baselines[:, 1]]), baselines, sequences


def one_sequence(values, baselines, sequences):
    return values, baselines, ["AB"] * len(sequences)


def emptied(values, baselines, sequences):
    return np.where(np.array(sequences)[:, None] == "BA", np.nan, values), baselines, sequences


def three_subjects(values, baselines, sequences):
    return values[6:9], baselines[6:9], sequences[6:9]


def infinite(values, baselines, sequences):
    return np.where(np.arange(32).reshape(16, 2) == 5, -np.inf, values), baselines, sequences


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (constant_baselines, "BASELINES_CONSTANT", "nothing to adjust for"),
        (exact_values, "RESIDUALS_ZERO", "without error"),
        (one_sequence, "SEQUENCE_EMPTY", "16 complete subjects in AB, 0 in BA"),
        (emptied, "SEQUENCE_EMPTY", "8 complete subjects in AB, 0 in BA"),
        (three_subjects, "SUBJECTS_TOO_FEW", "2 complete subjects in AB, 1 in BA; 3 are needed, 4 with baselines"),
        (infinite, "VALUE_OUT_OF_RANGE", "values hold -inf"),
    ],
)
def test_what_allows_no_answer_is_refused_with_a_code(change, code, said):
    with pytest.raises(StatisticsError, match=said) as caught:
        crossover_ancova(*change(*draw(2)))
    assert caught.value.code == code
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("sequences", [["AA"] * 4, ["AB", "BA", "AC", "AB"], ["A", "B", "A", "B"], ["ABA"] * 4])
def test_sequences_that_are_no_two_orders_are_refused(sequences):
    with pytest.raises(StatisticsError, match="two orders of two letters") as caught:
        crossover_ancova(np.ones((4, 2)), np.ones((4, 2)), sequences)
    assert caught.value.code == "SEQUENCES_INVALID"


@pytest.mark.parametrize(
    ("values", "sequences", "level"),
    [
        (np.ones((4, 3)), ["AB"] * 4, 0.95),
        (np.ones((3, 2)), ["AB"] * 4, 0.95),
        ([["x", 1.0]] * 4, ["AB"] * 4, 0.95),
        ([[1.0], [1.0, 2.0]], ["AB"] * 2, 0.95),
        (np.ones((4, 2)), "ABBA", 0.95),
        (np.ones((4, 2)), ["AB", None, 3, "BA"], 0.95),
        (np.ones((4, 2)), ["AB"] * 4, 1.0),
        (np.ones((4, 2)), ["AB"] * 4, math.nan),
        (np.ones((4, 2)), ["AB"] * 4, "0.9"),
        (np.ones((4, 2)), ["AB"] * 4, None),
        (np.ones((4, 2)), [["AB"]] * 4, 0.95),
        (np.ones((4, 2)) * 1j, ["AB"] * 4, 0.95),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(values, sequences, level):
    with pytest.raises(SettingsError) as caught:
        crossover_ancova(values, values, sequences, level=level)
    assert caught.value.code == "ARGUMENT_INVALID"


def test_nobody_is_refused():
    with pytest.raises(StatisticsError, match="of nobody"):
        crossover_ancova(np.empty((0, 2)), np.empty((0, 2)), [])


def test_where_one_set_allows_no_answer_the_others_have_theirs():
    good, bad = draw(1), constant_baselines(*draw(2))
    found = ancova_contrasts(np.array([good[0], bad[0]]), np.array([good[1], bad[1]]), np.arange(16) < 8)
    assert found.refused.tolist() == ["", "BASELINES_CONSTANT"]
    assert np.isfinite(found.effect).tolist() == np.isfinite(found.se).tolist() == [True, False]


def test_a_period_is_the_mean_of_the_visits_that_are_there():
    visits = np.array([[[1.0, 2.0], [3.0, np.nan]], [[np.nan, np.nan], [4.0, 4.0]]])
    assert period_means(visits)[0].tolist() == [1.5, 3.0]
    assert np.isnan(period_means(visits)[1, 0])
