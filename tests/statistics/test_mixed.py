"""The mixed model: against the classical analysis and a likelihood written out, missing visits, what it refuses."""

import math
import sys

import numpy as np
import pytest
from scipy import optimize, stats

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics import hills_armitage, mixed_model
from emgpipe.statistics.mixed import ANTI_CONSERVATIVE, NO_PERIODS

pytest.importorskip("statsmodels", reason="needs the extra `stats`")
SEQUENCES = ["AB"] * 6 + ["BA"] * 6


def visits(seed, period=0.8, n=12, k=2):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 2, (n, 1, 1)) + rng.normal(0, period, (n, 2, 1)) + rng.normal(0, 0.5, (n, 2, k))


def restricted_likelihood(y, first):
    """The naive twin: REML written out with full matrices, its estimate and standard error at the maximum."""
    there = np.isfinite(y)
    subject, period, visit = np.nonzero(there)
    x = np.column_stack([np.ones(len(subject)), np.where(first[subject] == (period == 0), 0.5, -0.5), period]
                        + [visit == v for v in range(1, y.shape[2])]).astype(float)  # fmt: skip
    same = subject[:, None] == subject
    both = same & (period[:, None] == period)

    def parts(logs):
        v = np.exp(logs[0]) * same + np.exp(logs[1]) * both + np.exp(logs[2]) * np.eye(len(subject))
        inverse = np.linalg.inv(v)
        a = x.T @ inverse @ x
        beta = np.linalg.solve(a, x.T @ inverse @ y[there])
        r = y[there] - x @ beta
        minus_two_log = np.linalg.slogdet(v)[1] + np.linalg.slogdet(a)[1] + r @ inverse @ r
        return minus_two_log, beta[1], math.sqrt(np.linalg.inv(a)[1, 1])

    best = optimize.minimize(lambda q: parts(q)[0], np.zeros(3), method="Nelder-Mead",
                             options={"xatol": 1e-6, "fatol": 1e-10, "maxiter": 4000})  # fmt: skip
    return parts(best.x)[1:]


@pytest.mark.parametrize("missing", [0, 3])
def test_it_is_the_maximum_of_the_restricted_likelihood(missing):
    y = visits(2)
    for i in range(missing):
        y[2 * i, i % 2, :] = np.nan
        y[2 * i + 1, 0, 1] = np.nan
    found = mixed_model(y, SEQUENCES)
    first = np.array(SEQUENCES) == "AB"
    # both stop where the likelihood is flat
    assert (found.estimate.effect, found.estimate.se) == pytest.approx(
        restricted_likelihood(y, first), rel=1e-3, abs=1e-4
    )
    assert found.n_values == np.isfinite(y).sum()


def test_of_complete_pairs_the_estimate_is_the_classical_one_and_the_interval_narrower():
    for seed in range(5):
        y = visits(seed)
        classical = hills_armitage(y.mean(axis=2), SEQUENCES).treatment
        found = mixed_model(y, SEQUENCES)
        assert found.estimate.effect == pytest.approx(classical.effect, abs=1e-6)
        assert found.estimate.high - found.estimate.low < classical.high - classical.low
        assert found.estimate.df == math.inf
        assert found.estimate.p == pytest.approx(2 * stats.norm.sf(abs(found.estimate.t)), rel=1e-9)
        assert found.notes[0] == ANTI_CONSERVATIVE


def test_letters_turn_the_sign_and_units_scale():
    y = visits(1)
    was = mixed_model(y, SEQUENCES)
    found = mixed_model(1000 * y + 5e4, [s[::-1] for s in SEQUENCES])
    got = found.estimate.effect / 1000, found.estimate.se / 1000
    assert got == pytest.approx((-was.estimate.effect, was.estimate.se), rel=1e-3)
    sds = (found.subject_sd / 1000, found.period_sd / 1000, found.residual_sd / 1000)
    assert sds == pytest.approx((was.subject_sd, was.period_sd, was.residual_sd), rel=2e-2)


def test_periods_that_differ_no_more_than_visits_are_said():
    y = np.random.default_rng(8).normal(0, 1, (12, 2, 3))
    # visits of a period that repel each other leave nothing to the component of periods
    y -= 0.9 * y.mean(axis=2, keepdims=True)
    found = mixed_model(y, SEQUENCES)
    assert (found.period_sd, found.notes) == (0.0, (ANTI_CONSERVATIVE, NO_PERIODS))


def test_of_one_visit_periods_cannot_be_told_and_need_no_note():
    found = mixed_model(visits(3)[..., :1], SEQUENCES)
    assert (found.period_sd, found.notes) == (0.0, (ANTI_CONSERVATIVE,))


def test_subjects_with_one_period_count():
    y = visits(4)
    y[[1, 7, 8], 1] = np.nan
    y[0] = np.nan
    found = mixed_model(y, SEQUENCES)
    assert (found.n_first, found.n_second, found.n_values) == (5, 6, 38)


@pytest.mark.parametrize(
    ("values", "sequences", "error", "code"),
    [
        (np.ones((12, 2, 2)), SEQUENCES, StatisticsError, "MODEL_FAILS"),
        (visits(1), ["AB"] * 12, StatisticsError, "SEQUENCE_EMPTY"),
        (np.full((12, 2, 2), np.nan), SEQUENCES, StatisticsError, "SEQUENCE_EMPTY"),
        (np.where(np.arange(2)[:, None] == 1, np.nan, visits(1)), SEQUENCES, StatisticsError, "MODEL_FAILS"),
        (visits(1)[[0, 6], :, :1], ["AB", "BA"], StatisticsError, "SUBJECTS_TOO_FEW"),
        (np.full((12, 2, 2), np.inf), SEQUENCES, StatisticsError, "VALUE_OUT_OF_RANGE"),
        (np.ones((12, 2)), SEQUENCES, SettingsError, "ARGUMENT_INVALID"),
        (np.ones((11, 2, 2)), SEQUENCES, SettingsError, "ARGUMENT_INVALID"),
        (np.ones((12, 2, 0)), SEQUENCES, SettingsError, "ARGUMENT_INVALID"),
    ],
)
def test_what_allows_no_answer_is_refused_with_a_code(values, sequences, error, code):
    with pytest.raises(error) as caught:
        mixed_model(values, sequences)
    assert caught.value.code == code


def test_without_statsmodels_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.regression", None)
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    with pytest.raises(SettingsError, match=r"emgpipe\[stats\]") as caught:
        mixed_model(visits(1), SEQUENCES)
    assert caught.value.code == "EXTRA_ABSENT"
