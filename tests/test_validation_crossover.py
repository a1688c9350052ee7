"""The bench of the trial statistics in its short form: 2,000 trials of a kind, what is drawn, what checks refuse."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from emgpipe.statistics import crossover_ancova, hills_armitage, period_means
from validation import crossover, crossover_cases
from validation.crossover_cases import CARRYING, CHUNK, EFFECT, GAUSSIAN, LASTING, NULL, POWERED, SKEWED, WRONG

ROOM = 4 * sqrt(0.05 * 0.95 / CHUNK)
"""Four standard errors of a share of 5 % in 2,000 trials."""


def one_by_one(function, arguments):
    return [function(*a) for a in arguments]


@pytest.mark.parametrize("trial", GAUSSIAN, ids=lambda t: t.name)
def test_the_headline_errs_as_often_as_it_says(trial):
    found = crossover_cases.contrast_case(trial, NULL, 0)
    assert abs((found[0, 3] < 0.05).mean() - 0.05) < ROOM
    effect = crossover.EFFECT_IN_COVERAGE
    found = crossover_cases.contrast_case(replace(trial, effect=effect), EFFECT, 0)
    assert abs(crossover.covered(found[0, 0], crossover_cases.half_width(found)[0]) - 0.95) < ROOM


@pytest.mark.parametrize("trial", [WRONG[0], WRONG[4], WRONG[5]], ids=lambda t: t.name)
def test_re_randomisation_errs_no_more_often_than_it_says_where_errors_are_skewed(trial):
    assert (crossover_cases.exact_case(trial, SKEWED, 0) <= 0.05).mean(axis=-1).max() < 0.05 + ROOM


def test_carryover_biases_as_the_formula_says():
    check = crossover.carryover(one_by_one, CHUNK)
    assert check.holds, check.measured
    assert len(check.rows) == len(CARRYING)


def test_answers_are_those_of_the_package_for_one_trial():
    trial = GAUSSIAN[3]
    drawn = crossover_cases.draw(trial, 3, np.random.default_rng(1))
    found = crossover_cases.analysed(trial, drawn)
    for i in range(3):
        values, baselines = period_means(drawn.visits[i]), drawn.baselines[i]
        headline = crossover_ancova(values, baselines, trial.sequences)
        change = hills_armitage(values - baselines, trial.sequences)
        raw = hills_armitage(values, trial.sequences)
        for name, told in zip(
            crossover_cases.NAMES, (headline, change.treatment, raw.treatment, raw.first_period), strict=True
        ):
            got = (found[name].effect[i], found[name].se[i], found[name].df[i], found[name].p[i])
            assert got == pytest.approx((told.effect, told.se, told.df, told.p), rel=1e-12)


def test_trials_hold_the_effect_and_what_lasts_of_it():
    trial = replace(GAUSSIAN[1], effect=-3.0, lasting=-1.0, share=2.0, period_sd=0.0)
    drawn = crossover_cases.draw(trial, 500, np.random.default_rng(2))
    first = trial.in_first
    visits, baselines = drawn.visits.mean(-1), drawn.baselines
    # means of 4000 patients with an SD of 0.65
    near = {"abs": 4 * 0.65 / sqrt(4000)}
    assert visits[:, first].mean((0, 1)) == pytest.approx([-3.0, 0.1 - 1.0], **near)
    assert visits[:, ~first].mean((0, 1)) == pytest.approx([0.0, 0.1 - 3.0], **near)
    assert baselines[:, first].mean((0, 1)) == pytest.approx([0.0, 0.1 - 2.0], **near)
    assert baselines[:, ~first].mean((0, 1)) == pytest.approx([0.0, 0.1], **near)


def test_visits_are_missed_as_often_as_said_and_errors_are_what_they_are_called():
    rng = np.random.default_rng(3)
    drawn = crossover_cases.draw(GAUSSIAN[2], CHUNK, rng)
    # 84,000 visits
    assert abs(np.isnan(drawn.visits).mean() - 0.1) < 4 * sqrt(0.09 / drawn.visits.size)
    alone = {
        kind: replace(WRONG[0], errors=kind, period_sd=0.0) for kind in ("normal", "lognormal", "course", "scales")
    }
    for kind, trial in alone.items():
        drawn = crossover_cases.draw(trial, CHUNK, rng)
        within = drawn.visits[..., 0] - drawn.visits[..., 1]
        periods = (drawn.visits[:, :, 1] - drawn.visits[:, :, 0]).mean(-1)
        tails = (within**4).mean() / (within**2).mean() ** 2
        lean = ((periods - periods.mean()) ** 3).mean() / periods.std() ** 3
        assert bool(tails > 4) is (kind in ("lognormal", "scales")), kind
        assert bool(lean > 0.5) is (kind == "course"), kind


def test_what_is_fitted_one_by_one_has_three_numbers_a_trial(monkeypatch):
    pytest.importorskip("statsmodels", reason="needs the extra `stats`")
    monkeypatch.setattr(crossover_cases, "SLOW_CHUNK", 3)
    mixed, ranks = crossover_cases.mixed_case(GAUSSIAN[2], 0), crossover_cases.ranks_case(GAUSSIAN[2], 0)
    assert mixed.shape == ranks.shape == (3, 3)
    assert np.isfinite(mixed).all()
    assert (ranks[0] < ranks[1]).all()


def made(shares, effect=0.0, n=1000):
    """Answers of trials of which such shares have p = 0.01, the others 0.5; intervals hold the effect in the others."""
    p = np.where(np.arange(n) < np.array(shares)[:, None] * n, 0.01, 0.5)
    one = np.ones_like(p)
    return np.stack([np.where(p < 0.05, effect + 9.0, effect), one, 10 * one, p, 0 * one], axis=1)


FAIR = [0.05] * 4


@pytest.mark.parametrize(("share", "holds"), [(0.05, True), (0.044, False), (0.056, False)])
def test_type_one_errors_and_coverages_outside_their_bands_are_refused(share, holds):
    mixed = [np.full((3, 100), 0.5)] * len(GAUSSIAN)
    found = [made(FAIR) for _ in GAUSSIAN]
    found[2] = made([share, 0.2, 0.2, 0.2])
    assert crossover.type_one_check(found, mixed).holds is holds
    ranks = [np.full((3, 100), 0.0)] * len(GAUSSIAN)
    effect = crossover.EFFECT_IN_COVERAGE
    found = [made(FAIR, effect) for _ in GAUSSIAN]
    found[1] = made([2 * share - 0.05, 0.2, 0.2, 0.2], effect)
    assert crossover.coverage_check(found, ranks).holds is holds


@pytest.mark.parametrize(("share", "holds"), [(0.05, True), (0.01, True), (0.08, False)])
def test_an_exact_test_that_errs_too_often_is_refused(share, holds):
    p = np.where(np.arange(1000) < 1000 * share, 0.05, 0.06)
    found = [np.array([p * 0 + 1, p])] * len(WRONG)
    assert crossover.exact_check(found, [made(FAIR)] * len(WRONG)).holds is holds


def test_a_bias_that_is_not_the_formulas_is_refused():
    found = [crossover_cases.contrast_case(trial, LASTING, 0) for trial in CARRYING]
    assert crossover.carryover_check(found).holds
    found[3] = found[3] + [[[0.01], [0], [0], [0], [0]]] * np.array([0, 1, 0, 0])[:, None, None]
    assert not crossover.carryover_check(found).holds


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (1.06, True), (1.08, False)])
def test_a_headline_less_precise_than_a_needless_slope_makes_it_is_refused(factor, holds):
    # variances by 1/12, and 3 %: 1.072
    found = [crossover_cases.contrast_case(trial, EFFECT, 0) for trial in POWERED]
    for x in found:
        best = min(x[1:3, 0].std(-1))
        x[0, 0] *= best / x[0, 0].std()
    found[2][0, 0] *= factor
    again = [np.full((2, 100), 0.5)] * len(POWERED)
    assert crossover.power_check(found, again).holds is holds


def test_trials_are_the_same_again_and_differ_between_kinds_and_purposes():
    cases = [(GAUSSIAN[0], NULL), (GAUSSIAN[0], NULL), (GAUSSIAN[1], NULL), (GAUSSIAN[0], EFFECT)]
    first = [crossover_cases.seeded(trial, purpose, 0).random() for trial, purpose in cases]
    assert first[0] == first[1]
    assert len(set(first)) == 3


def test_the_speed_is_that_of_all_arrangements():
    check = crossover.speed(one_by_one, 0)
    assert "12870 arrangements" in check.measured
