"""The classical analysis of a two-period crossover: two-sample t on differences and sums of the periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.statistics.estimate import Estimate, estimated
from emgpipe.statistics.inputs import LARGEST, ROUNDING, Bools, Floats, checked_level, checked_table, two_sequences


@dataclass(frozen=True)
class PairedAnalysis:
    """Treatment, period, carryover and first period of one trial.

    Attributes
    ----------
    treatments : (str, str)
        `("A", "B")`: effects are A minus B.
    treatment : Estimate or None
        Half the contrast of the differences period 1 minus period 2.
    period : Estimate or None
        Period 1 minus period 2: half the sum of both mean differences.
    carryover : Estimate or None
        Mean of the sum of both periods, first sequence minus the other: estimates carryover of A minus that of B. The
        effect of the sequence on the *mean* of a subject is half of it. Descriptive: never a gate.
    first_period : Estimate or None
        A minus B from period 1 alone, of all subjects that have it.
    refused : mapping of str to str
        Name of each of the four that is None -> code why.
    mse, sigma_w : float
        Variance within subjects (half the pooled variance of the differences) and its root; NaN without an answer. Of
        logarithms, the coefficient of variation within subjects is `sqrt(exp(mse) - 1)`.
    level : float
        Of all intervals.
    n_first, n_second : int
        Subjects with both periods, of the alphabetically first sequence and of the other.
    n_first_period : (int, int)
        The same with period 1.
    n_dropped : int
        Subjects without one of the periods.
    """

    treatments: tuple[str, str]
    treatment: Estimate | None
    period: Estimate | None
    carryover: Estimate | None
    first_period: Estimate | None
    refused: Mapping[str, str]
    mse: float
    sigma_w: float
    level: float
    n_first: int
    n_second: int
    n_first_period: tuple[int, int]
    n_dropped: int


class TwoSamples(NamedTuple):
    """Two-sample t for many data sets; arrays of one shape, 0-dimensional for one.

    Attributes
    ----------
    apart, se : ndarray
        Mean of the first sample minus mean of the second and its standard error; NaN where refused.
    variance : ndarray
        Pooled, NaN where refused.
    df : ndarray of int
        Members minus 2.
    n_first, n_second : ndarray of int
        Members that are there.
    refused : ndarray of str
        Code why there is no answer; `""` where there is one.
    """

    apart: Floats
    se: Floats
    variance: Floats
    df: NDArray[np.int64]
    n_first: NDArray[np.int64]
    n_second: NDArray[np.int64]
    refused: NDArray[np.str_]


def hills_armitage(values: ArrayLike, sequences: Sequence[str], *, level: float = 0.95) -> PairedAnalysis:
    """Analyse a two-period, two-sequence crossover by two-sample t of differences and sums.

    Parameters
    ----------
    values : array_like, shape (n_subjects, 2)
        Period values, period 1 first; NaN or masked where missing. Of changes from period baselines, pass values minus
        baselines.
    sequences : sequence of str
        Two letters a subject, in the order of the periods, such as `AB`.
    level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    PairedAnalysis
        Estimates without an answer are None, with SEQUENCE_EMPTY, SUBJECTS_TOO_FEW (fewer than 3) or RESIDUALS_ZERO in
        `refused`.

    Raises
    ------
    StatisticsError
        SEQUENCES_INVALID: not two orders of the same two letters. VALUE_OUT_OF_RANGE: infinite or beyond 1e100.
    SettingsError
        ARGUMENT_INVALID: shapes that do not fit, a level outside 0 to 1.

    Notes
    -----
    Hills and Armitage 1979, British Journal of Clinical Pharmacology 8:7-20. Subjects without period 2 count in the
    first period alone. Carryover that differs between treatments biases treatment (`carryover_bias`) and no test of it
    decides anything: choosing the first period by such a test errs more often than it says (Freeman 1989, Statistics in
    Medicine 8:1421-1432).

    Examples
    --------
    Peak flow of 13 children under formoterol (F) and salbutamol (S), Senn 2002:

    >>> fs = [[310, 270], [310, 260], [370, 300], [410, 390], [250, 210], [380, 350], [330, 365]]
    >>> sf = [[370, 385], [310, 400], [380, 410], [290, 320], [260, 340], [90, 220]]
    >>> found = hills_armitage(fs + sf, ["FS"] * 7 + ["SF"] * 6)
    >>> found.treatments, round(found.treatment.effect, 3), round(found.treatment.se, 3), found.treatment.df
    (('F', 'S'), 46.607, 10.777, 11)
    >>> round(found.period.effect, 3), round(found.carryover.effect, 3), round(found.mse, 3)
    (-15.893, 14.405, 750.406)
    """
    pair, first = two_sequences(sequences)
    checked_level(level)
    y = checked_table("values", values, len(first))
    d, total = y[:, 0] - y[:, 1], y[:, 0] + y[:, 1]
    size = np.abs(y).max(-1, initial=0.0)
    found = {
        "treatment": (two_samples(d, size, first), 0.5),
        # with the second sequence turned round, the means add
        "period": (two_samples(np.where(first, d, -d), size, first), 0.5),
        "carryover": (two_samples(total, size, first), 1.0),
        "first_period": (two_samples(y[:, 0], np.abs(y[:, 0]), first), 1.0),
    }
    told = {name: _estimate(x, factor, level) for name, (x, factor) in found.items()}
    pairs, alone = found["treatment"][0], found["first_period"][0]
    mse = float(pairs.variance) / 2
    return PairedAnalysis(
        treatments=(pair[0][0], pair[0][1]), **told, mse=mse, sigma_w=float(np.sqrt(mse)), level=level,
        refused=MappingProxyType({name: str(x.refused) for name, (x, _) in found.items() if x.refused}),
        n_first=int(pairs.n_first), n_second=int(pairs.n_second),
        n_first_period=(int(alone.n_first), int(alone.n_second)),
        n_dropped=len(first) - int(pairs.n_first) - int(pairs.n_second),
    )  # fmt: skip


def two_samples(x: Floats, size: Floats, in_first: Bools) -> TwoSamples:
    """Compare two samples by Student's t with a pooled variance, for many data sets at once; nothing is raised.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        NaN where missing: not counted.
    size : ndarray, shape (..., n)
        Largest number that each `x` was made from: rounding of it is no spread.
    in_first : ndarray of bool, shape (n,)
        Who is of the first sample.

    Returns
    -------
    TwoSamples
        Of shape (...).

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 4.0, 6.0], [1.0, 1.0, 4.0, 4.0]])
    >>> found = two_samples(x, np.abs(x), np.arange(4) < 2)
    >>> found.apart.tolist(), found.refused.tolist()
    ([-3.5, nan], ['', 'RESIDUALS_ZERO'])
    """
    used = np.isfinite(x)
    first, second = used & in_first, used & ~in_first
    n1, n2 = first.sum(-1), second.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (np.sum(x, axis=-1, where=who) / n for who, n in ((first, n1), (second, n2)))
        deviation = np.where(first, x - one[..., None], np.where(second, x - other[..., None], 0.0))
        df = n1 + n2 - 2
        variance = (deviation**2).sum(-1) / df
        se = np.sqrt(variance * (1 / n1 + 1 / n2))
    largest = np.max(np.where(used, size, 0.0), axis=-1, initial=0.0)
    exact = np.abs(deviation).max(-1, initial=0.0) <= ROUNDING * largest + 1 / LARGEST
    refused = np.select(
        [np.minimum(n1, n2) == 0, df < 1, exact], ["SEQUENCE_EMPTY", "SUBJECTS_TOO_FEW", "RESIDUALS_ZERO"], ""
    )
    apart, se, variance = (np.where(refused == "", v, np.nan) for v in (one - other, se, variance))
    return TwoSamples(apart, se, variance, df, n1, n2, refused)


def carryover_bias(carryover: float, *, slope: float = 0.0, baseline_share: float = 0.0) -> float:
    """Expected error of the treatment effect where one treatment lasts into the next period.

    Parameters
    ----------
    carryover : float
        What the values of period 2 still hold of A given in period 1, minus what they hold of B given there.
    slope : float
        By which the estimator takes differences of baselines off: 0 raw period values, 1 change from period baseline,
        the fitted slope of `crossover_ancova`.
    baseline_share : float
        Carryover in the baseline of period 2, as a share of that in the values of period 2. Above 1 where it fades
        within the period, as the baseline comes first.

    Returns
    -------
    float
        Expectation of the estimate minus the treatment effect.

    Notes
    -----
    With carryover `a` after A and `b` after B, differences of the periods (1 minus 2) hold -a in AB and -b in BA, those
    of the baselines -share a and -share b. Half the contrast of `d - slope x b`, less the effect, is therefore
    `-(1 - slope x share) (a - b) / 2`. The first period alone has none. Equal carryover (a = b) biases nothing. A drug
    that lasts makes raw period values understate (share x slope < 1), and change from baseline overstate as soon as
    the baseline holds more of it than the values do (share > 1). It is exact for Gaussian errors and carryover that is
    alike in all patients of a sequence; then it does not move the slope within the sequences.

    Examples
    --------
    A lowers by 1 and a fifth of it lasts, in the baseline twice as much:

    >>> [round(carryover_bias(-0.2, slope=s, baseline_share=2.0), 3) for s in (0.0, 0.5, 1.0)]
    [0.1, 0.0, -0.1]
    """
    return -(1 - slope * baseline_share) * carryover / 2


def _estimate(found: TwoSamples, factor: float, level: float) -> Estimate | None:
    if found.refused:
        return None
    return estimated(factor * float(found.apart), factor * float(found.se), int(found.df), level)
