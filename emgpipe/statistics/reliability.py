"""Reliability of a measure between visits without a change: intraclass correlations, SEM, MDC95, CV."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics.inputs import LARGEST, ROUNDING, Floats, checked_level, checked_numbers

TWO_VISITS = float(special.ndtri(0.975)) * 2**0.5
"""1.96 standard errors of a difference of two visits."""


class Coefficient(NamedTuple):
    """An intraclass correlation with its interval.

    Below 0 where visits of a subject differ more than subjects do; NaN where the variance below the fraction comes out
    at 0 or less. Ends are NaN where the approximation of ICC(2,1) and (2,k) fails: it does not hold the value.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Repeatability:
    """Error of one visit, and the smallest change between two visits that is more than error.

    Attributes
    ----------
    sem : float
        Standard error of measurement, in the unit of the values (of their logarithm where `log`).
    mdc95, mdc95_low, mdc95_high : float
        `1.96 x sqrt(2) x sem` and its interval, by chi-square on `df`.
    df : float
        Degrees of freedom of the variance behind `sem`.
    sem_ratio, mdc95_ratio, mdc95_ratio_low, mdc95_ratio_high : float or None
        `exp` of them where `log`: a visit above that multiple of the other, or below its inverse, is a change; None
        without `log`. With an offset they are ratios of value plus offset.
    """

    sem: float
    mdc95: float
    mdc95_low: float
    mdc95_high: float
    df: float
    sem_ratio: float | None
    mdc95_ratio: float | None
    mdc95_ratio_low: float | None
    mdc95_ratio_high: float | None


@dataclass(frozen=True)
class Reliability:
    """What one table of subjects and visits says.

    Attributes
    ----------
    n_subjects, k_visits, n_dropped : int
        Complete subjects, visits, subjects with a missing visit.
    level : float
        Of all intervals.
    log : bool
        Analysed as `ln(value + offset)`.
    offset : float
        In the unit of the values.
    mean : float
        Of all values, as analysed.
    ms_subjects, ms_visits, ms_error, ms_within : float
        Mean squares between subjects, between visits, of what is left, and within subjects (BMS, JMS, EMS, WMS).
    icc : mapping of str to Coefficient
        `ICC(1,1)`, `ICC(2,1)`, `ICC(3,1)` of one visit, `ICC(1,k)`, `ICC(2,k)`, `ICC(3,k)` of the mean of k: one-way;
        two-way, agreement; two-way, consistency.
    consistency : Repeatability
        From `ms_error`: a shift common to all subjects between visits does not count.
    agreement : Repeatability
        From `ms_error + max(0, ms_visits - ms_error) / n`: it counts.
    cv_pct : float or None
        Within subjects, of consistency: `100 sqrt(exp(ms_error) - 1)` where `log`, else `100 sem / mean`; None where
        the mean is not above 0.
    """

    n_subjects: int
    k_visits: int
    n_dropped: int
    level: float
    log: bool
    offset: float
    mean: float
    ms_subjects: float
    ms_visits: float
    ms_error: float
    ms_within: float
    icc: Mapping[str, Coefficient]
    consistency: Repeatability
    agreement: Repeatability
    cv_pct: float | None


class _Squares(NamedTuple):
    n: int
    k: int
    subjects: float
    visits: float
    error: float
    within: float


def reliability(values: ArrayLike, *, level: float = 0.95, log: bool = False, offset: float = 0.0) -> Reliability:
    """Estimate how well visits without a change repeat.

    Parameters
    ----------
    values : array_like, shape (n_subjects, k_visits)
        NaN or masked where missing: such subjects are left out and counted.
    level : float
        Of the intervals, between 0 and 1.
    log : bool
        Analyse `ln(values + offset)`, as is right for amplitudes, whose error grows with them.
    offset : float
        In the unit of the values, with `log` only.

    Returns
    -------
    Reliability

    Raises
    ------
    StatisticsError
        SUBJECTS_TOO_FEW (fewer than 2 complete), VISITS_TOO_FEW (fewer than 2), VALUE_NOT_POSITIVE, VALUE_OUT_OF_RANGE;
        RESIDUALS_ZERO: all visits of a subject are alike but for a common shift, so that nothing tells their error.
    SettingsError
        ARGUMENT_INVALID: no table of numbers, a level outside 0 to 1, an offset without `log` or below 0.

    Notes
    -----
    Shrout and Fleiss 1979 (doi:10.1037/0033-2909.86.2.420), names and intervals; of ICC(2,1) the interval of McGraw and
    Wong 1996 (doi:10.1037/1082-989X.1.1.30). ICC compares the error with the spread of **these** subjects; SEM and MDC
    do not depend on it. Interval of the consistency MDC: exact for Gaussian errors, on (n - 1)(k - 1) degrees of
    freedom. That of agreement is rough: Satterthwaite's degrees of freedom, of which a large shift between two visits
    leaves little more than one. MDC95 is for a change between two single visits; of means of r visits it is smaller by
    sqrt(r).

    Examples
    --------
    Six subjects and four judges, Shrout and Fleiss 1979:

    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> found = reliability(table)
    >>> [f"{name} {x.value:.3f}" for name, x in found.icc.items()]
    ['ICC(1,1) 0.166', 'ICC(2,1) 0.290', 'ICC(3,1) 0.715', 'ICC(1,k) 0.443', 'ICC(2,k) 0.620', 'ICC(3,k) 0.909']
    >>> round(found.agreement.sem, 3), round(found.consistency.sem, 3), round(found.consistency.mdc95, 3)
    (2.503, 1.01, 2.799)
    """
    x, n_dropped = _analysed(values, level, log=log, offset=offset)
    squares = _mean_squares(x)
    n, k, _, visits, error, _ = squares
    shift = max(0.0, visits - error) / n
    mean = float(x.mean())
    return Reliability(
        n_subjects=n, k_visits=k, n_dropped=n_dropped, level=level, log=log, offset=float(offset), mean=mean,
        ms_subjects=squares.subjects, ms_visits=visits, ms_error=error, ms_within=squares.within,
        icc=MappingProxyType(_coefficients(squares, 0.5 + level / 2)),
        consistency=_repeatability(error, (n - 1) * (k - 1), level, log=log),
        agreement=_repeatability(error + shift, _agreement_df(squares), level, log=log),
        cv_pct=_cv(error, mean, log=log),
    )  # fmt: skip


def _analysed(values: ArrayLike, level: float, *, log: bool, offset: float) -> tuple[Floats, int]:
    """Complete rows on the scale of the analysis, and how many were dropped."""
    checked_level(level)
    if isinstance(offset, bool) or not isinstance(offset, int | float) or not 0 <= offset <= LARGEST:
        raise SettingsError("ARGUMENT_INVALID", f"offset is {offset!r}; a number from 0")
    if offset and not log:
        raise SettingsError("ARGUMENT_INVALID", f"offset is {offset!r} without log; it is added before a logarithm")
    table = checked_numbers("values", values)
    if table.ndim != 2:
        raise SettingsError("ARGUMENT_INVALID", f"values have shape {table.shape}; (subjects, visits) is needed")
    if table.shape[1] < 2:
        raise StatisticsError("VISITS_TOO_FEW", f"{table.shape[1]} visits; two or more are needed")
    x = table[np.isfinite(table).all(-1)]
    if len(x) < 2:
        raise StatisticsError("SUBJECTS_TOO_FEW", f"{len(x)} of {len(table)} subjects have all visits; 2 are needed")
    n_dropped = len(table) - len(x)
    if not log:
        return x, n_dropped
    if x.min() + offset <= 0:
        message = f"value {float(x.min())!r} with offset {offset!r}; a logarithm needs more than 0"
        raise StatisticsError("VALUE_NOT_POSITIVE", message)
    return np.log(x + offset), n_dropped


def _mean_squares(x: Floats) -> _Squares:
    n, k = x.shape
    centred = x - x.mean()
    rows, columns = centred.mean(1, keepdims=True), centred.mean(0, keepdims=True)
    left = centred - rows - columns
    if np.abs(left).max() <= ROUNDING * np.abs(x).max() + 1 / LARGEST:
        message = f"all visits of {n} subjects are alike but for a common shift; no error to judge by"
        raise StatisticsError("RESIDUALS_ZERO", message)
    return _Squares(
        n, k, subjects=float(k * (rows**2).sum() / (n - 1)), visits=float(n * (columns**2).sum() / (k - 1)),
        error=float((left**2).sum() / ((n - 1) * (k - 1))), within=float(((centred - rows) ** 2).sum() / (n * (k - 1))),
    )  # fmt: skip


def _coefficients(s: _Squares, tail: float) -> dict[str, Coefficient]:
    n, k = s.n, s.k
    one_way = _by_f(s.subjects, s.within, n - 1, n * (k - 1), k, tail)
    two_way = _by_f(s.subjects, s.error, n - 1, (n - 1) * (k - 1), k, tail)
    agreement = _agreement(s, tail)
    return {
        "ICC(1,1)": one_way[0], "ICC(2,1)": agreement[0], "ICC(3,1)": two_way[0],
        "ICC(1,k)": one_way[1], "ICC(2,k)": agreement[1], "ICC(3,k)": two_way[1],
    }  # fmt: skip


def _by_f(between: float, error: float, df1: int, df2: int, k: int, tail: float) -> tuple[Coefficient, Coefficient]:
    """One-way and consistency: of one visit and of the mean of k; their intervals follow that of F."""
    f = between / error
    ends = (f, f / _f_quantile(df1, df2, tail), f * _f_quantile(df2, df1, tail))
    one = [(x - 1) / (x + k - 1) for x in ends]
    mean = [_over(x - 1, x) for x in ends]
    return Coefficient(*one), Coefficient(*mean)


def _agreement(s: _Squares, tail: float) -> tuple[Coefficient, Coefficient]:
    """ICC(2,1) and (2,k); degrees of freedom by Satterthwaite."""
    n, k = s.n, s.k
    icc = _over(s.subjects - s.error, s.subjects + (k - 1) * s.error + k * (s.visits - s.error) / n)
    f = s.visits / s.error
    rest = n * (1 + (k - 1) * icc) - k * icc
    df = (k - 1) * (n - 1) * (k * icc * f + rest) ** 2 / ((n - 1) * k**2 * icc**2 * f**2 + rest**2)
    up, down = _f_quantile(n - 1, df, tail), _f_quantile(df, n - 1, tail)
    other = k * s.visits + (k * n - k - n) * s.error
    low = _over(n * (s.subjects - up * s.error), up * other + n * s.subjects)
    high = _over(n * (down * s.subjects - s.error), other + n * down * s.subjects)
    if not low <= icc <= high:
        low = high = np.nan
    mean = _over(s.subjects - s.error, s.subjects + (s.visits - s.error) / n)
    return Coefficient(icc, low, high), Coefficient(mean, _of_mean(low, k), _of_mean(high, k))


def _of_mean(icc: float, k: int) -> float:
    """Spearman and Brown: from one visit to the mean of k."""
    return _over(k * icc, 1 + (k - 1) * icc)


def _over(part: float, whole: float) -> float:
    """Share of a variance; NaN where that is not above 0, as it has no meaning then."""
    return part / whole if whole > 0 else np.nan


def _f_quantile(df1: float, df2: float, tail: float) -> float:
    return float(special.fdtri(df1, df2, tail))


def _agreement_df(s: _Squares) -> float:
    """Satterthwaite's, of `error + (visits - error) / n`; those of the error where visits differ no more than it."""
    error_df = (s.n - 1) * (s.k - 1)
    if s.visits <= s.error:
        return error_df
    own, shift = s.error * (1 - 1 / s.n), s.visits / s.n
    share = own / (own + shift)
    return 1 / (share**2 / error_df + (1 - share) ** 2 / (s.k - 1))


def _repeatability(variance: float, df: float, level: float, *, log: bool) -> Repeatability:
    sem = float(np.sqrt(variance))
    mdc = TWO_VISITS * sem
    tail = (1 - level) / 2
    low, high = (mdc * float(np.sqrt(df / special.chdtri(df, p))) for p in (tail, 1 - tail))
    ratios = [_ratio(x) for x in (sem, mdc, low, high)] if log else [None] * 4
    return Repeatability(sem, mdc, low, high, float(df), *ratios)


def _ratio(x: float) -> float:
    """`exp`, infinite where it overflows."""
    return float(np.exp(x)) if x < 700 else np.inf


def _cv(error: float, mean: float, *, log: bool) -> float | None:
    if log:
        return 100 * float(np.sqrt(np.expm1(error))) if error < 700 else np.inf
    return 100 * float(np.sqrt(error)) / mean if mean > 0 else None
