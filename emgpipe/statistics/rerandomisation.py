"""Re-randomisation of a crossover: every way in which the sequences could have been given, and how many are as far."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.errors import SettingsError
from emgpipe.statistics.ancova import ancova_contrasts
from emgpipe.statistics.inputs import (
    LARGEST,
    MOST_SUBJECTS,
    ROUNDING,
    Bools,
    Floats,
    checked_numbers,
    checked_table,
    refusal,
    two_sequences,
)

DRAWS = 100_000
"""Of a Monte Carlo p: a standard error of 0.0007 at p = 0.05."""
MOST_ARRANGEMENTS = 5_000_000
"""They are held in memory."""
BLOCK = 1 << 13
"""Arrangements of a block."""
CELLS = 1 << 21
"""Numbers of one block of arrangements and data sets."""


@dataclass(frozen=True)
class Rerandomised:
    """The p of one trial.

    Attributes
    ----------
    p : float
        Two-sided: `n_extreme / n_arrangements`; of Monte Carlo (k + 1) / (m + 1), never 0.
    n_extreme : int
        Arrangements at least as far from 0 as the trial, itself among them; of Monte Carlo the draws that are.
    n_arrangements : int
        Ways to give the sequences to the complete subjects, as many of each as there are; of Monte Carlo the draws.
    exact : bool
        All arrangements were looked at.
    """

    p: float
    n_extreme: int
    n_arrangements: int
    exact: bool


class Rerandomisations(NamedTuple):
    """The p of many data sets; arrays of shape (n_sets,), as in `Rerandomised`.

    `refused` is the code why there is no p (then it is NaN), `""` where there is one.
    """

    p: Floats
    n_extreme: NDArray[np.int64]
    n_arrangements: NDArray[np.int64]
    exact: Bools
    refused: NDArray[np.str_]


class _Statistic(NamedTuple):
    """What the statistic of an arrangement needs, of complete subjects; shapes (n_sets, n) and (n_sets, 1).

    `value`: differences less their mean, or what baselines leave of them. `lever`: differences of baselines less their
    mean, over the root of their sum of squares; 0 without baselines. `slack`, `lever_slack`: rounding of a sum of them.
    """

    value: Floats
    lever: Floats
    slack: Floats
    lever_slack: Floats


def rerandomisation_p(
    values: ArrayLike, sequences: Sequence[str], *, baselines: ArrayLike | None = None, most: int = 1_000_000,
    seed: int = 1,
) -> Rerandomised:  # fmt: skip
    """Test the treatment effect by giving the sequences to the subjects in every other way.

    Parameters
    ----------
    values : array_like, shape (n_subjects, 2)
        Period values, period 1 first; NaN or masked where missing: such subjects are left out.
    sequences : sequence of str
        Two letters a subject, in the order of the periods, such as `AB`.
    baselines : array_like, shape (n_subjects, 2), optional
        Of each period. With them the statistic is |t| of `crossover_ancova`, without them the treatment contrast of
        `hills_armitage`, which orders arrangements as its |t| does.
    most : int
        Arrangements up to which all are looked at; of more, 100,000 are drawn.
    seed : int
        Of the draws.

    Returns
    -------
    Rerandomised

    Raises
    ------
    StatisticsError
        SEQUENCES_INVALID, VALUE_OUT_OF_RANGE, SEQUENCE_EMPTY, SUBJECTS_TOO_MANY (above 2000); with baselines
        SUBJECTS_TOO_FEW (fewer than 4), BASELINES_CONSTANT.
    SettingsError
        ARGUMENT_INVALID: shapes that do not fit, `most` or `seed` that are no whole number, `most` above 5,000,000.

    Notes
    -----
    Valid whatever the errors look like, as long as each complete subject might have got either sequence and nothing but
    the treatment depends on it: its error is at most 5 % at p <= 0.05, on the grid of `1 / n_arrangements`. Groups keep
    their sizes; strata and blocks of the allocation are not known here. Values that are equal but for rounding tie, and
    ties count as extreme. An arrangement that baselines tell apart wholly has no t and counts as 0. Fisher 1935; Monte
    Carlo p as in Phipson and Smyth 2010 (doi:10.2202/1544-6115.1585).

    Examples
    --------
    >>> fs = [[310, 270], [310, 260], [370, 300], [410, 390], [250, 210], [380, 350], [330, 365]]
    >>> sf = [[370, 385], [310, 400], [380, 410], [290, 320], [260, 340], [90, 220]]
    >>> found = rerandomisation_p(fs + sf, ["FS"] * 7 + ["SF"] * 6)
    >>> found.n_extreme, found.n_arrangements, found.exact
    (5, 1716, True)
    """
    pair, first = two_sequences(sequences)
    y = checked_table("values", values, len(first))
    base = None if baselines is None else checked_table("baselines", baselines, len(first))
    found = rerandomisation_ps(y[None], sequences, baselines=None if base is None else base[None], most=most, seed=seed)
    if found.refused[0]:
        used = np.isfinite(y if base is None else y + base).all(-1)
        raise refusal(str(found.refused[0]), pair, int((used & first).sum()), int((used & ~first).sum()))
    return Rerandomised(float(found.p[0]), int(found.n_extreme[0]), int(found.n_arrangements[0]), bool(found.exact[0]))


def rerandomisation_ps(
    values: ArrayLike, sequences: Sequence[str], *, baselines: ArrayLike | None = None, most: int = 1_000_000,
    seed: int = 1,
) -> Rerandomisations:  # fmt: skip
    """Test many measures of one trial as `rerandomisation_p` tests one; each has the answer it has alone.

    Parameters
    ----------
    values, baselines : array_like, shape (n_sets, n_subjects, 2)
        A data set a measure.
    sequences, most, seed
        As in `rerandomisation_p`; every data set has the same draws.

    Returns
    -------
    Rerandomisations

    Raises
    ------
    StatisticsError
        SEQUENCES_INVALID, VALUE_OUT_OF_RANGE. What allows no answer for one data set stands in `refused`.
    SettingsError
        ARGUMENT_INVALID.

    Examples
    --------
    >>> values = np.array([[[4.0, 6.0], [3.0, 5.0], [6.0, 4.0], [5.0, 3.5]], [[1.0, 1.0]] * 4])
    >>> rerandomisation_ps(values, ["AB", "AB", "BA", "BA"]).p.round(3).tolist()
    [0.333, 1.0]
    """
    _, first = two_sequences(sequences)
    _checked_counts(most, seed)
    y = _sets("values", values, len(first))
    base = None if baselines is None else _sets("baselines", baselines, len(first))
    if base is not None and base.shape != y.shape:
        raise SettingsError("ARGUMENT_INVALID", f"baselines have shape {base.shape}; that of values, {y.shape}")
    used = np.asarray(np.isfinite(y if base is None else y + base).all(-1))
    refused = _refused(y, base, used, first)
    n = len(y)
    out = Rerandomisations(np.full(n, np.nan), np.zeros(n, np.int64), np.zeros(n, np.int64), np.ones(n, bool), refused)
    for mask in np.unique(used[refused == ""], axis=0):
        which = np.flatnonzero((refused == "") & (used == mask).all(-1))
        statistic = _statistic(y[which][:, mask], None if base is None else base[which][:, mask])
        far, total, exact = _counted(statistic, first[mask], most, seed)
        out.n_extreme[which], out.n_arrangements[which], out.exact[which] = far, total, exact
        out.p[which] = far / total if exact else (far + 1) / (total + 1)
    return out


def arrangements(n: int, k: int) -> Iterator[NDArray[np.int32]]:
    """Every choice of `k` of `n` subjects, in blocks of shape (<= 8192, k), in alphabetical order.

    Examples
    --------
    >>> [block.tolist() for block in arrangements(4, 2)]
    [[[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]]
    """
    rows = np.arange(n - k + 1, dtype=np.int32)[:, None]
    for j in range(1, k):
        last = rows[:, -1].astype(np.int64)
        counts = n - k + j - last
        starts = np.cumsum(counts) - counts
        step = np.arange(counts.sum()) - np.repeat(starts, counts) + 1
        added = (np.repeat(last, counts) + step).astype(np.int32)
        rows = np.column_stack([np.repeat(rows, counts, axis=0), added])
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]


def _draws(n: int, k: int, seed: int) -> Iterator[NDArray[np.int32]]:
    """Choices of `k` of `n` subjects by chance, `DRAWS` of them."""
    rng = np.random.default_rng(seed)
    rows = max(1, min(BLOCK, CELLS // n))
    for start in range(0, DRAWS, rows):
        order = np.argsort(rng.random((min(rows, DRAWS - start), n)), axis=1, kind="stable")
        yield order[:, :k].astype(np.int32)


def _refused(y: Floats, base: Floats | None, used: Bools, first: Bools) -> NDArray[np.str_]:
    told = np.select(
        [np.minimum((used & first).sum(-1), (used & ~first).sum(-1)) == 0, used.sum(-1) > MOST_SUBJECTS],
        ["SEQUENCE_EMPTY", "SUBJECTS_TOO_MANY"],
        "",
    )
    if base is None:
        return told
    fitted = ancova_contrasts(y, base, first).refused
    return np.where((told == "") & (fitted != "RESIDUALS_ZERO"), fitted, told)


def _statistic(y: Floats, base: Floats | None) -> _Statistic:
    """Parts of the statistic; with baselines after Frisch and Waugh: t grows with (sum of e)^2 / what b leaves of g."""
    d, slack = _centred(y)
    if base is None:
        return _Statistic(d, np.zeros_like(d), slack, np.zeros_like(slack))
    b, b_slack = _centred(base)
    root = np.sqrt((b**2).sum(-1, keepdims=True))
    lever = b / root
    slope = (lever * d).sum(-1, keepdims=True)
    return _Statistic(d - slope * lever, lever, slack + np.abs(slope) * b_slack / root, b_slack / root)


def _centred(pairs: Floats) -> tuple[Floats, Floats]:
    """Differences of the periods less their mean, and the rounding of a sum of them."""
    d = pairs[..., 0] - pairs[..., 1]
    size = np.abs(pairs).sum((-2, -1))[..., None]
    return d - d.mean(-1, keepdims=True), ROUNDING * size + 1 / LARGEST


def _counted(statistic: _Statistic, first: Bools, most: int, seed: int) -> tuple[NDArray[np.int64], int, bool]:
    """How many arrangements are as far as the trial, of how many, and whether these are all."""
    n, few = len(first), int(min(first.sum(), (~first).sum()))
    exact = comb(n, few) <= most
    total = comb(n, few) if exact else DRAWS
    own = np.flatnonzero(first == (first.sum() == few))[None].astype(np.int32)
    sets = len(statistic.value)
    far = np.zeros(sets, np.int64)
    height = max(1, CELLS // BLOCK)
    parts = [_Statistic(*(x[i : i + height] for x in statistic)) for i in range(0, sets, height)]
    told = [_far(part, own) for part in parts]
    for block in arrangements(n, few) if exact else _draws(n, few, seed):
        for i, (part, (here, _)) in enumerate(zip(parts, told, strict=True)):
            there, slack = _far(part, block)
            far[i * height : (i + 1) * height] += (there >= here - slack - told[i][1]).sum(-1)
    return far, total, exact


def _far(statistic: _Statistic, chosen: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """How far each arrangement is from 0, and the rounding of that; shape (n_sets, n_arrangements)."""
    far = np.abs(_sums(statistic.value, chosen))
    if not statistic.lever.any():
        return far, statistic.slack
    n, k = statistic.value.shape[-1], chosen.shape[1]
    lever = _sums(statistic.lever, chosen)
    whole = k * (n - k) / n
    left = whole - lever**2
    blur = 2 * np.abs(lever) * statistic.lever_slack + ROUNDING * whole
    told = left > 2 * blur
    root = np.sqrt(np.where(told, left, 1.0))
    far = np.where(told, far / root, 0.0)
    return far, np.where(told, statistic.slack / root + far * blur / root**2, 0.0)


def _sums(x: Floats, chosen: NDArray[np.int32]) -> Floats:
    """Sums of the chosen, added one by one: shape (n_sets, n_arrangements)."""
    out = np.take(x, chosen[:, 0], axis=-1)
    for j in range(1, chosen.shape[1]):
        out += np.take(x, chosen[:, j], axis=-1)
    return out


def _sets(name: str, given: ArrayLike, n: int) -> Floats:
    x = checked_numbers(name, given)
    if x.ndim != 3 or x.shape[1:] != (n, 2):
        message = f"{name} have shape {x.shape}; (data sets, {n}, 2): a row a sequence, period 1 and 2"
        raise SettingsError("ARGUMENT_INVALID", message)
    return x


def _checked_counts(most: int, seed: int) -> None:
    for name, given, least, largest in (("most", most, 1, MOST_ARRANGEMENTS), ("seed", seed, 0, 2**63)):
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= largest:
            message = f"{name} is {given!r}; a whole number from {least} to {largest}"
            raise SettingsError("ARGUMENT_INVALID", message)
