"""Ranks of the differences of periods: rank-sum test, Hodges-Lehmann estimate and its interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from emgpipe.statistics.inputs import (
    LARGEST,
    MOST_SUBJECTS,
    ROUNDING,
    Floats,
    checked_level,
    checked_table,
    refusal,
    two_sequences,
)

MOST_EXACT = 100
"""Subjects up to which the distribution of rank sums is counted out; above, the normal distribution is near."""


@dataclass(frozen=True)
class RankEstimate:
    """Treatment effect by ranks.

    Attributes
    ----------
    treatments : (str, str)
        `("A", "B")`: the effect is A minus B.
    effect, low, high : float
        Half the median of all differences between the sequences, and its interval; `low` and `high` are NaN where so
        few subjects allow none of this level.
    p : float
        Two-sided, of the rank sum among all ways to give these (mid)ranks to the sequences.
    p_untied : float
        The same rank sum in the tables of ranks without ties; it equals `p` where nothing ties.
    exact : bool
        Counted out; else by the normal distribution (above 100 subjects), with the variance of the ties.
    level : float
        Of the interval; it covers at least as often.
    n_first, n_second : int
        Complete subjects of the alphabetically first sequence and of the other.
    n_dropped : int
        Subjects without one of the periods.
    """

    treatments: tuple[str, str]
    effect: float
    low: float
    high: float
    p: float
    p_untied: float
    exact: bool
    level: float
    n_first: int
    n_second: int
    n_dropped: int


def hodges_lehmann(values: ArrayLike, sequences: Sequence[str], *, level: float = 0.95) -> RankEstimate:
    """Estimate the treatment effect of a crossover by ranks of the differences of periods.

    Parameters
    ----------
    values : array_like, shape (n_subjects, 2)
        Period values, period 1 first; NaN or masked where missing: such subjects are left out.
    sequences : sequence of str
        Two letters a subject, in the order of the periods, such as `AB`.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    RankEstimate

    Raises
    ------
    StatisticsError
        SEQUENCES_INVALID, VALUE_OUT_OF_RANGE, SEQUENCE_EMPTY, SUBJECTS_TOO_MANY (above 2000).
    SettingsError
        ARGUMENT_INVALID: shapes that do not fit, a level outside 0 to 1.

    Notes
    -----
    Koch 1972, Biometrics 28:577-584; Hodges and Lehmann 1963 (doi:10.1214/aoms/1177704172). The interval takes the k-th
    smallest and largest of all differences between the sequences, k from the distribution of rank sums without ties:
    with ties it still covers at least as often as it says, and need not agree with `p` at its edge. Differences that
    are equal but for rounding tie. p counts rank sums at least as far from their mean as the trial's, on both sides.

    Examples
    --------
    >>> fs = [[310, 270], [310, 260], [370, 300], [410, 390], [250, 210], [380, 350], [330, 365]]
    >>> sf = [[370, 385], [310, 400], [380, 410], [290, 320], [260, 340], [90, 220]]
    >>> found = hodges_lehmann(fs + sf, ["FS"] * 7 + ["SF"] * 6)
    >>> found.effect, round(found.p, 5), round(found.p_untied, 5)
    (45.0, 0.00641, 0.00816)
    """
    pair, first = two_sequences(sequences)
    checked_level(level)
    y = checked_table("values", values, len(first))
    used = np.isfinite(y).all(-1)
    n1, n2 = int((used & first).sum()), int((used & ~first).sum())
    if min(n1, n2) == 0 or n1 + n2 > MOST_SUBJECTS:
        raise refusal("SUBJECTS_TOO_MANY" if n1 + n2 > MOST_SUBJECTS else "SEQUENCE_EMPTY", pair, n1, n2)
    d = y[used, 0] - y[used, 1]
    doubled = _doubled_ranks(d, ROUNDING * float(np.abs(y[used]).max()) + 1 / LARGEST)
    exact, own = n1 + n2 <= MOST_EXACT, int(doubled[first[used]].sum())
    apart = np.sort(np.subtract.outer(d[first[used]], d[~first[used]]).ravel()) / 2
    low, high = _interval(apart, n1, n2, level, exact=exact)
    untied = 2 * np.arange(1, n1 + n2 + 1)
    return RankEstimate(
        treatments=(pair[0][0], pair[0][1]), effect=float(np.median(apart)), low=low, high=high,
        p=_p(doubled, n1, own, exact=exact), p_untied=_p(untied, n1, own, exact=exact), exact=exact, level=level,
        n_first=n1, n_second=n2, n_dropped=len(first) - n1 - n2,
    )  # fmt: skip


def _doubled_ranks(x: Floats, slack: float) -> NDArray[np.int64]:
    """Twice the midranks, whole numbers; values within `slack` of the smallest of a tie belong to it."""
    order = np.argsort(x, kind="stable")
    out = np.empty(len(x), np.int64)
    start = 0
    for stop in range(1, len(x) + 1):
        if stop == len(x) or x[order[stop]] - x[order[start]] > slack:
            out[order[start:stop]] = start + 1 + stop
            start = stop
    return out


def _sums(doubled: NDArray[np.int64], k: int) -> Floats:
    """Probability of each sum of `k` of these whole numbers, from 0 on; adding positives costs no digits."""
    total = int(doubled.sum())
    ways = np.zeros((k + 1, total + 1))
    ways[0, 0] = 1.0
    for rank in doubled:
        for j in range(k, 0, -1):
            ways[j, rank:] += ways[j - 1, : total + 1 - rank]
    return np.asarray(ways[k] / ways[k].sum())


def _p(doubled: NDArray[np.int64], n1: int, own: int, *, exact: bool) -> float:
    """Two-sided p of a doubled rank sum: sums at least as far from their mean."""
    n = len(doubled)
    if exact:
        chance = _sums(doubled, n1)
        # n times the distance from the mean, in whole numbers
        off = np.abs(n * np.arange(len(chance)) - n1 * int(doubled.sum()))
        return min(1.0, float(chance[off >= abs(n * own - n1 * int(doubled.sum()))].sum()))
    mean = doubled.mean()
    variance = n1 * (n - n1) / n * ((doubled - mean) ** 2).sum() / (n - 1)
    if variance == 0:
        return 1.0
    # half a step towards the mean: of 1 in ranks, 2 in doubled ones
    off_mean = max(0.0, abs(own - n1 * mean) - 1)
    return float(2 * special.ndtr(-off_mean / np.sqrt(variance)))


def _interval(apart: Floats, n1: int, n2: int, level: float, *, exact: bool) -> tuple[float, float]:
    """The k-th smallest and largest: the most that leave (1 - level) / 2 outside, each side."""
    alpha = (1 - level) / 2
    if exact:
        below = np.cumsum(_sums(2 * np.arange(1, n1 + n2 + 1), n1)[n1 * (n1 + 1) :: 2])
        k = int(np.count_nonzero(below <= alpha * (1 + ROUNDING)))
    else:
        spread = np.sqrt(n1 * n2 * (n1 + n2 + 1) / 12)
        k = int(np.floor(n1 * n2 / 2 + special.ndtri(alpha) * spread))
    return (float(apart[k - 1]), float(apart[-k])) if k >= 1 else (np.nan, np.nan)
