"""A mixed model of the visits of a crossover, by statsmodels: beside the headline, never instead of it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics.estimate import Estimate, estimated
from emgpipe.statistics.inputs import ROUNDING, Bools, Floats, checked_level, checked_numbers, two_sequences

Ints = NDArray[np.int64]

LEAST_SUBJECTS = 4
ANTI_CONSERVATIVE = "test by the normal distribution: in small trials p is too small and the interval too narrow"
NO_PERIODS = (
    "the periods of a subject differ no more than visits do, so visits count as independent: more anti-conservative"
)
NO_MAXIMUM = "no maximum with periods of a subject; without them visits count as independent: more anti-conservative"
METHODS = ["bfgs", "lbfgs", "powell"]
SMALLEST = 1e-6
"""Variance over the residual's, below which a component is 0."""


@dataclass(frozen=True)
class MixedModel:
    """What the mixed model says.

    Attributes
    ----------
    treatments : (str, str)
        `("A", "B")`: the effect is A minus B.
    estimate : Estimate
        Its `df` is infinite: the test is by the normal distribution.
    subject_sd, period_sd, residual_sd : float
        Of subjects, of periods within subjects (0 where none was found or none can be told), of visits.
    level : float
        Of the interval.
    n_first, n_second : int
        Subjects with any value, of the alphabetically first sequence and of the other.
    n_values : int
        Visits that are there.
    notes : tuple of str
        What must be said beside the number.
    """

    treatments: tuple[str, str]
    estimate: Estimate
    subject_sd: float
    period_sd: float
    residual_sd: float
    level: float
    n_first: int
    n_second: int
    n_values: int
    notes: tuple[str, ...]


class _Fit(NamedTuple):
    """Treatment effect, its standard error, and variances of subjects, periods and visits; values in their SD."""

    effect: float
    se: float
    variances: Sequence[float]


def mixed_model(values: ArrayLike, sequences: Sequence[str], *, level: float = 0.95) -> MixedModel:
    """Estimate the treatment effect from all visits that are there, by restricted maximum likelihood.

    Parameters
    ----------
    values : array_like, shape (n_subjects, 2, n_visits)
        On-treatment visits of both periods; NaN or masked where missing. Of changes from period baselines, pass values
        minus baselines.
    sequences : sequence of str
        Two letters a subject, in the order of the periods, such as `AB`.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    MixedModel

    Raises
    ------
    StatisticsError
        SEQUENCES_INVALID, VALUE_OUT_OF_RANGE, SEQUENCE_EMPTY, SUBJECTS_TOO_FEW (fewer than 4); MODEL_FAILS: values
        that do not tell treatment, period and visit apart, or no maximum.
    SettingsError
        ARGUMENT_INVALID: shapes that do not fit, a level outside 0 to 1. EXTRA_ABSENT: statsmodels is not installed.

    Notes
    -----
    Fixed effects: treatment, period, visit within the period; random intercepts of subjects and of periods within
    subjects (the latter with two visits or more). Unlike the paired analyses it uses subjects with one period. The test
    is Wald's by the normal distribution, without Kenward and Roger's or Satterthwaite's degrees of freedom: of null
    trials with 16 subjects it rejects 6 to 7 % at 5 % (docs/validation_trial.md). Where the component of periods comes
    out at 0 the model is fitted without it, which is worse still, and `notes` says so.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> values = rng.normal(0, 1, (12, 1, 1)) + rng.normal(0, 0.5, (12, 2, 1)) + rng.normal(0, 0.5, (12, 2, 2))
    >>> found = mixed_model(values, ["AB"] * 6 + ["BA"] * 6)
    >>> whole = values.mean(axis=2)
    >>> d = whole[:, 0] - whole[:, 1]
    >>> bool(abs(found.estimate.effect - (d[:6].mean() - d[6:].mean()) / 2) < 1e-6)
    True
    """
    pair, first = two_sequences(sequences)
    checked_level(level)
    y = checked_numbers("values", values)
    if y.ndim != 3 or y.shape[:2] != (len(first), 2) or y.shape[2] < 1:
        message = f"values have shape {y.shape}; ({len(first)}, 2, visits): a row a sequence, period 1 and 2"
        raise SettingsError("ARGUMENT_INVALID", message)
    there = np.isfinite(y)
    n1, n2 = (int((there.any((1, 2)) & who).sum()) for who in (first, ~first))
    if min(n1, n2) == 0 or n1 + n2 < LEAST_SUBJECTS:
        code = "SUBJECTS_TOO_FEW" if min(n1, n2) else "SEQUENCE_EMPTY"
        said = f"{n1} subjects with values in {pair[0]}, {n2} in {pair[1]}"
        raise StatisticsError(code, f"{said}; both are needed, and {LEAST_SUBJECTS} together")
    middle, spread = _scale(y, there)
    fitted, notes = _fitted((y - middle) / spread, there, first)
    estimate = estimated(fitted.effect * spread, fitted.se * spread, np.inf, level)
    subject_sd, period_sd, residual_sd = (spread * float(np.sqrt(v)) for v in fitted.variances)
    return MixedModel(
        treatments=(pair[0][0], pair[0][1]), estimate=estimate, subject_sd=subject_sd, period_sd=period_sd,
        residual_sd=residual_sd, level=level, n_first=n1, n_second=n2, n_values=int(there.sum()),
        notes=(ANTI_CONSERVATIVE, *notes),
    )  # fmt: skip


def _scale(y: Floats, there: Bools) -> tuple[float, float]:
    """Mean and SD, so that the fit sees numbers near 1."""
    middle, spread = float(y[there].mean()), float(y[there].std())
    if spread <= ROUNDING * float(np.abs(y[there]).max()):
        raise StatisticsError("MODEL_FAILS", f"{there.sum()} values do not vary; no error to judge by")
    return middle, spread


def _fitted(y: Floats, there: Bools, first: Bools) -> tuple[_Fit, tuple[str, ...]]:
    """The model with periods where they can be told and are not 0, else without; and what must be said of that."""
    notes: tuple[str, ...] = ()
    if (there.sum(-1) > 1).any():
        full = _fit(y, there, first, periods=True)
        if full is not None and full.variances[1] > SMALLEST * full.variances[2]:
            return full, ()
        notes = (NO_MAXIMUM if full is None else NO_PERIODS,)
    plain = _fit(y, there, first, periods=False)
    if plain is None:
        raise StatisticsError("MODEL_FAILS", f"no maximum of the likelihood of {there.sum()} values")
    return plain, notes


def _fit(y: Floats, there: Bools, first: Bools, *, periods: bool) -> _Fit | None:
    """Fit by statsmodels; None where it finds no maximum."""
    models = _statsmodels()
    x, subject, period = _design(there, first)
    components = None
    if periods:
        of = [period[subject == i] for i in np.unique(subject)]
        mats = [np.column_stack([p == k for k in np.unique(p)]).astype(float) for p in of]
        components = models.VCSpec(["period"], [[[str(k) for k in np.unique(p)] for p in of]], [mats])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # convergence and bounds are looked at here
        try:
            one = np.ones((len(subject), 1))
            model = models.MixedLM(y[there], x, groups=subject, exog_re=one, exog_vc=components)
            found = model.fit(reml=True, method=METHODS)
        except (np.linalg.LinAlgError, ValueError):
            return None
    told = [found.cov_re[0, 0], *(found.vcomp if periods else [0.0]), found.scale]
    if not found.converged or not np.isfinite(told).all() or found.scale <= ROUNDING**2:
        return None
    variances = [max(0.0, float(v)) for v in told]
    return _Fit(float(found.fe_params[1]), _standard_error(x, subject, period, variances), variances)


def _standard_error(x: Floats, subject: Ints, period: Ints, variances: Sequence[float]) -> float:
    """Of the treatment effect by generalised least squares, the variances taken as known, as R and SAS tell it."""
    whole = np.zeros((x.shape[1], x.shape[1]))
    for i in np.unique(subject):
        rows, own = x[subject == i], period[subject == i]
        v = variances[0] + variances[1] * (own[:, None] == own) + variances[2] * np.eye(len(own))
        whole += rows.T @ np.linalg.solve(v, rows)
    return float(np.sqrt(np.linalg.inv(whole)[1, 1]))


def _design(there: Bools, first: Bools) -> tuple[Floats, Ints, Ints]:
    """Columns of the fixed effects (1, treatment, period, visits), and subject and period of each value."""
    subject, period, visit = np.nonzero(there)
    columns = [np.ones(len(subject)), np.where(first[subject] == (period == 0), 0.5, -0.5), period - 0.5]
    columns += [(visit == v) - 0.5 for v in np.unique(visit)[1:]]
    x = np.column_stack(columns).astype(np.float64)
    if len(x) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise StatisticsError("MODEL_FAILS", f"{len(x)} values do not tell treatment, period and visit apart")
    return x, subject, period


def _statsmodels() -> Any:
    try:
        from statsmodels.regression import mixed_linear_model
    except ImportError:
        message = 'the mixed model needs statsmodels; pip install "emgpipe[stats]"'
        raise SettingsError("EXTRA_ABSENT", message) from None
    return mixed_linear_model
