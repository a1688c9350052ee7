"""Treatment effect of a two-period crossover: ANCOVA on the difference of period baselines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.statistics.estimate import estimated
from emgpipe.statistics.inputs import (
    LARGEST,
    ROUNDING,
    Floats,
    checked_level,
    checked_table,
    numbers_of,
    refusal,
    two_sequences,
)


class Contrasts(NamedTuple):
    """Answers for many data sets; arrays of one shape, 0-dimensional for one data set.

    Attributes
    ----------
    effect, se : ndarray
        Half the contrast of both sequences and its standard error, in the unit of the values; NaN where refused.
    slope : ndarray
        Change of the difference of periods for one unit of difference of baselines.
    df : ndarray of int
        Complete subjects minus 3.
    n_first, n_second : ndarray of int
        Complete subjects of each sequence.
    refused : ndarray of str
        Code why there is no answer; `""` where there is one.
    """

    effect: Floats
    se: Floats
    slope: Floats
    df: NDArray[np.int64]
    n_first: NDArray[np.int64]
    n_second: NDArray[np.int64]
    refused: NDArray[np.str_]


@dataclass(frozen=True)
class TreatmentEffect:
    """The treatment effect of one trial.

    Attributes
    ----------
    treatments : tuple of str
        `("A", "B")`: the effect is A minus B.
    effect, se, low, high : float
        Estimate, standard error and interval, in the unit of the values.
    t, df, p : float, int, float
        Student's t, its degrees of freedom, two-sided p.
    level : float
        Of the interval.
    slope : float
        Of the difference of periods on the difference of baselines.
    n_first, n_second : int
        Complete subjects of the alphabetically first sequence and of the other.
    n_dropped : int
        Subjects with a missing value or baseline.
    """

    treatments: tuple[str, str]
    effect: float
    se: float
    low: float
    high: float
    t: float
    df: int
    p: float
    level: float
    slope: float
    n_first: int
    n_second: int
    n_dropped: int


def period_means(visits: ArrayLike) -> Floats:
    """Mean of the visits of a period that are there.

    Parameters
    ----------
    visits : array_like, shape (..., n_visits)
        Values of the on-treatment visits; NaN where missing.

    Returns
    -------
    ndarray, shape (...)
        NaN where no visit is there.

    Examples
    --------
    >>> period_means([[1.0, 2.0], [3.0, np.nan], [np.nan, np.nan]]).tolist()
    [1.5, 3.0, nan]
    """
    values = numbers_of(visits)
    return _mean(values, ~np.isnan(values))


def crossover_ancova(
    values: ArrayLike, baselines: ArrayLike, sequences: Sequence[str], *, level: float = 0.95
) -> TreatmentEffect:
    """Estimate the treatment effect of a two-period, two-sequence crossover.

    Parameters
    ----------
    values : array_like, shape (n_subjects, 2)
        Period means of the on-treatment visits, period 1 first; NaN or masked where missing.
    baselines : array_like, shape (n_subjects, 2)
        Baseline of each period, same unit; NaN or masked where missing.
    sequences : sequence of str
        Two letters a subject, in the order of the periods, such as `AB`.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    TreatmentEffect
        First letter of the alphabetically first sequence minus the other.

    Raises
    ------
    StatisticsError
        SEQUENCES_INVALID: not two orders of the same two letters. VALUE_OUT_OF_RANGE: infinite or beyond 1e100.
        SEQUENCE_EMPTY, SUBJECTS_TOO_FEW (fewer than 4), counted after subjects with NaN are dropped.
        BASELINES_CONSTANT: the difference of baselines does not vary within the sequences. RESIDUALS_ZERO: nothing
        is left around the model.
    SettingsError
        ARGUMENT_INVALID: shapes that do not fit, a level outside 0 to 1.

    Notes
    -----
    The difference of a subject's periods is regressed on the sequence and on the difference of its baselines; half
    the adjusted contrast of the sequences is the effect (Kenward and Roger 2010, doi:10.1093/biostatistics/kxp046;
    Senn 2002, Cross-over Trials in Clinical Research, chapter 3). Carryover that differs between treatments biases
    it, and no test of carryover is made.

    Examples
    --------
    >>> values = [[4.1, 6.0], [3.2, 5.4], [5.0, 6.1], [6.3, 4.0], [5.2, 3.9], [6.4, 5.1]]
    >>> baselines = [[6.0, 6.3], [5.1, 5.0], [6.2, 6.0], [6.1, 5.8], [5.0, 5.3], [6.5, 6.4]]
    >>> found = crossover_ancova(values, baselines, ["AB", "AB", "AB", "BA", "BA", "BA"])
    >>> found.treatments, round(found.effect, 3), round(found.se, 3), found.df, round(found.p, 4)
    (('A', 'B'), -1.663, 0.215, 3, 0.0045)
    """
    pair, first = two_sequences(sequences)
    checked_level(level)
    y, base = (checked_table(name, x, len(first)) for name, x in (("values", values), ("baselines", baselines)))
    found = ancova_contrasts(y, base, first)
    n_first, n_second = int(found.n_first), int(found.n_second)
    if found.refused:
        raise refusal(str(found.refused), pair, n_first, n_second)
    told = estimated(float(found.effect), float(found.se), int(found.df), level)
    return TreatmentEffect(
        treatments=(pair[0][0], pair[0][1]), effect=told.effect, se=told.se, low=told.low, high=told.high, t=told.t,
        df=int(found.df), p=told.p, level=level, slope=float(found.slope), n_first=n_first, n_second=n_second,
        n_dropped=len(first) - n_first - n_second,
    )  # fmt: skip


def ancova_contrasts(values: Floats, baselines: Floats, in_first: NDArray[np.bool_]) -> Contrasts:
    """Estimate `crossover_ancova` for many data sets at once; nothing is raised.

    Parameters
    ----------
    values, baselines : ndarray, shape (..., n_subjects, 2)
        As in `crossover_ancova`; a subject with a NaN is dropped from its data set.
    in_first : ndarray of bool, shape (n_subjects,)
        Whose sequence is the alphabetically first.

    Returns
    -------
    Contrasts
        Of shape (...).

    Notes
    -----
    Closed form: with deviations from the means of each sequence, slope = sum(b d) / sum(b b), contrast =
    (d1 - d2) - slope (b1 - b2), variance = s2 (1/n1 + 1/n2 + (b1 - b2)^2 / sum(b b)), s2 = residual sum / (n - 3).

    Examples
    --------
    >>> values = np.array([[4.1, 6.0], [3.2, 5.4], [6.3, 4.0], [5.2, 3.9]])
    >>> found = ancova_contrasts(np.array([values, -values]), np.array([values**2, values**2]), np.arange(4) < 2)
    >>> found.effect.shape, bool(found.effect[0] == -found.effect[1]), found.df.tolist()
    ((2,), True, [1, 1])
    """
    d, b = values[..., 0] - values[..., 1], baselines[..., 0] - baselines[..., 1]
    used = np.isfinite(d) & np.isfinite(b)
    first, second = used & in_first, used & ~in_first
    n1, n2 = first.sum(-1), second.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        d_dev, d_apart = _within(d, first, second)
        b_dev, b_apart = _within(b, first, second)
        b_size, y_size = _largest(baselines, used), _largest(values, used)
        flat = np.abs(b_dev).max(-1) <= ROUNDING * b_size + 1 / LARGEST
        b_sum = (b_dev**2).sum(-1)
        slope = (b_dev * d_dev).sum(-1) / b_sum
        residual = d_dev - slope[..., None] * b_dev
        exact = np.abs(residual).max(-1) <= ROUNDING * (y_size + np.abs(slope) * b_size) + 1 / LARGEST
        df = n1 + n2 - 3
        spread = (residual**2).sum(-1) / df * (1 / n1 + 1 / n2 + b_apart**2 / b_sum)
        effect, se = (d_apart - slope * b_apart) / 2, np.sqrt(np.maximum(spread, 0.0)) / 2
    refused = np.select(
        [np.minimum(n1, n2) == 0, df < 1, flat, exact],
        ["SEQUENCE_EMPTY", "SUBJECTS_TOO_FEW", "BASELINES_CONSTANT", "RESIDUALS_ZERO"],
        "",
    )
    effect, se, slope = (np.where(refused == "", x, np.nan) for x in (effect, se, slope))
    return Contrasts(effect, se, slope, df, n1, n2, refused)


def _mean(x: Floats, used: NDArray[np.bool_]) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sum(x, axis=-1, where=used) / used.sum(-1), np.float64)


def _within(x: Floats, first: NDArray[np.bool_], second: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Deviations from the means of both sequences (0 for the dropped), and how far the means are apart."""
    one, other = _mean(x, first), _mean(x, second)
    deviation = np.where(first, x - one[..., None], np.where(second, x - other[..., None], 0.0))
    return deviation, one - other


def _largest(pairs: Floats, used: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.abs(np.where(used[..., None], pairs, 0.0)).max((-2, -1)), np.float64)
