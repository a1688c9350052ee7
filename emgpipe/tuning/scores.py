"""How well the program agrees with marks: sums that add up over recordings, and scores made from sums."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, EXCLUDED, SILENT, UNDETERMINABLE, States
from emgpipe.intervals import Intervals
from emgpipe.kernels.agreement import match_onsets, match_windows
from emgpipe.tuning.model import SCORES, Floats, Marks

Mask = NDArray[np.bool_]

TOLERANCE_S = 0.25
"""Onsets no further apart are one, where nothing else is said."""
BEGIN_S = 0.25
"""Onsets this near to the begin of a recording are neither right nor false: whoever is on from the begin has none, and
a first discharge comes a little later."""


@dataclass(frozen=True, eq=False)
class MarkedHops:
    """Marks on the hops of one target: all that does not depend on settings.

    Attributes
    ----------
    hop_s, tolerance_s : float
        Length of a hop; how far two onsets may be apart and be one, seconds.
    on, scored, searched, in_window : ndarray of bool, shape (n_hops,)
        Marked on and scored; on or off is told; every onset is marked (not in the first `BEGIN_S`); the hop begins in
        a bounded onset's stretch.
    n_on, n_scored : int
        Hops that are.
    onset_s : ndarray, shape (n_onsets,)
        Begin of each marked stretch, and onsets without an end.
    onset_hops : ndarray of int64, shape (n_onsets,)
        The hop that begins nearest to it.
    is_seen : ndarray of bool, shape (n_onsets,)
        It was judged before and after: the stretch is not cut there.
    windows : ndarray of int64, shape (n_windows, 2)
        Hops that begin in the stretch of a bounded onset, half-open.
    """

    hop_s: float
    tolerance_s: float
    on: Mask
    scored: Mask
    searched: Mask
    in_window: Mask
    n_on: int
    n_scored: int
    onset_s: Floats
    onset_hops: NDArray[np.int64]
    is_seen: Mask
    windows: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Scores of program and marks; NaN where there is nothing to tell them from.

    Attributes
    ----------
    f1, iou, kappa, precision, recall : ndarray
        Of seconds. 2 x both / (program + marks), the Dice coefficient; both / either, the Jaccard index; agreement
        beyond chance (Cohen 1960, doi:10.1177/001316446002000104); share of the program's and of the marks' seconds
        that both have.
    event_f1, event_precision, event_recall : ndarray
        The same of onsets, matched one to one within the tolerance.
    onset_bias_s, onset_error_s : ndarray
        Mean of program minus marks, and of its absolute value, over the matched onsets of which the time is known.
    undeterminable_share : ndarray
        Share of the scored seconds that the program leaves undeterminable; they count as not on.
    """

    f1: Floats
    iou: Floats
    kappa: Floats
    precision: Floats
    recall: Floats
    event_f1: Floats
    event_precision: Floats
    event_recall: Floats
    onset_bias_s: Floats
    onset_error_s: Floats
    undeterminable_share: Floats


def agreement_of(sums: Floats) -> Agreement:
    """Scores from sums.

    Parameters
    ----------
    sums : ndarray, shape (..., len(SCORES))
        Columns of `SCORES`, summed over whatever belongs together.

    Returns
    -------
    Agreement
        Arrays of shape (...); NaN where the sums that a score is a ratio of are 0.

    Examples
    --------
    >>> sums = np.zeros(len(SCORES))
    >>> sums[:4] = 3.0, 1.0, 1.0, 5.0
    >>> agreement = agreement_of(sums)
    >>> float(agreement.f1), float(agreement.iou), round(float(agreement.kappa), 3), float(agreement.event_f1)
    (0.75, 0.6, 0.583, nan)
    """
    told = dict(zip(SCORES, np.moveaxis(np.asarray(sums, np.float64), -1, 0), strict=True))
    both, found, true, none = (told[name] for name in ("both_s", "found_only_s", "true_only_s", "neither_s"))
    chance = (both + found) * (found + none) + (both + true) * (true + none)
    matched, n_timed = told["n_matched"], told["n_timed"]
    return Agreement(
        f1=_ratio(2 * both, 2 * both + found + true),
        iou=_ratio(both, both + found + true),
        kappa=_ratio(2 * (both * none - found * true), chance),
        precision=_ratio(both, both + found),
        recall=_ratio(both, both + true),
        event_f1=_ratio(2 * matched, told["n_found"] + told["n_true"]),
        event_precision=_ratio(matched, told["n_found"]),
        event_recall=_ratio(matched, told["n_true"]),
        onset_bias_s=_ratio(told["onset_sum_s"], n_timed),
        onset_error_s=_ratio(told["onset_abs_s"], n_timed),
        undeterminable_share=_ratio(told["undeterminable_s"], both + found + true + none),
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    out: Floats = np.full(np.shape(whole), np.nan)
    return np.divide(part, whole, out=out, where=np.asarray(whole) != 0)


def prepare_marks(marks: Marks, n_hops: int, hop_s: float, tolerance_s: float = TOLERANCE_S) -> MarkedHops:
    """Lay marks on hops.

    Parameters
    ----------
    marks : Marks
        Of one target.
    n_hops : int
        Of the target in the recording.
    hop_s : float
        Hop k covers `[k * hop_s, (k + 1) * hop_s)`; it is on where its middle is.
    tolerance_s : float
        How far an onset of the program may be from a marked one.

    Returns
    -------
    MarkedHops

    Examples
    --------
    >>> whole = Intervals.of([(0.0, 4.0)])
    >>> marks = Marks("rater", "S01_V1_rest", "TA_R", "active", Intervals.of([(1.2, 3.0)]), scored=whole)
    >>> prepare_marks(marks, 8, 0.5).onset_hops.tolist()
    [2]
    """
    middles: Floats = (np.arange(n_hops, dtype=np.float64) + 0.5) * hop_s
    edges: Floats = np.arange(n_hops, dtype=np.float64) * hop_s
    scored = _inside(marks.scored, middles)
    on = _inside(marks.stretches, middles) & scored
    searched = (scored if marks.searched is None else _inside(marks.searched, middles)) & (middles >= BEGIN_S)
    in_window = _inside(marks.onsets, edges)
    onset_s: Floats = np.sort(np.concatenate([marks.stretches.merge().pairs[:, 0], marks.points_s]))
    near = np.floor(onset_s / hop_s + 0.5).astype(np.int64)
    within = np.clip(near, 1, max(n_hops - 1, 1))
    is_seen = (near == within) & (searched[within] & searched[within - 1] if n_hops > 1 else False)
    windows = np.searchsorted(edges, marks.onsets.pairs).astype(np.int64)
    n_on, n_scored = int(np.count_nonzero(on)), int(np.count_nonzero(scored))
    return MarkedHops(
        hop_s, tolerance_s, on, scored, searched, in_window, n_on, n_scored, onset_s, near, is_seen, windows
    )


def _inside(intervals: Intervals, times_s: Floats) -> Mask:
    """Whether rising times lie in an interval."""
    starts, stops = (np.searchsorted(times_s, edge) for edge in intervals.pairs.T)
    edges = np.bincount(starts, minlength=len(times_s) + 1) - np.bincount(stops, minlength=len(times_s) + 1)
    return np.asarray(edges.cumsum()[: len(times_s)] > 0)


def score_hops(states: States, marked: MarkedHops) -> Floats:
    """Score states of hops against prepared marks.

    Parameters
    ----------
    states : ndarray of int8, shape (n_hops,)
        `ACTIVE`, `SILENT`, `UNDETERMINABLE` or `EXCLUDED`.
    marked : MarkedHops
        From `prepare_marks`.

    Returns
    -------
    ndarray, shape (len(SCORES),)

    Notes
    -----
    Seconds: hops that marks or program exclude are not scored; undeterminable ones count as not on.

    Events are onsets that are seen. Of the program: where activity begins out of silence or out of undeterminable time,
    so that a setting cannot take a false onset back by saying nothing before it; not out of excluded time, nor at the
    first hop. Of the marks: judged on both sides, and not excluded by the program there. None of the first quarter of a
    second (`BEGIN_S`) counts. They are matched one to one within the tolerance: as many pairs as there can be, of these
    the fewest false onsets, of these the least error. An onset at the cut begin of a marked stretch is neither right
    nor false; one where onsets are not marked counts only where it matches. Of a bounded onset, the first onset of the
    program in its stretch matches, further ones are false, and no error is told.
    """
    active, excluded = states == ACTIVE, states == EXCLUDED
    onsets = np.flatnonzero(active[1:] & ~active[:-1] & ~excluded[:-1]) + 1
    return np.concatenate([_seconds(states, active, excluded, marked), _events(states, onsets, excluded, marked)])


def _seconds(states: States, active: Mask, excluded: Mask, marked: MarkedHops) -> Floats:
    both, found = np.count_nonzero(active & marked.on), np.count_nonzero(active & marked.scored)
    true, scored = marked.n_on, marked.n_scored
    if excluded.any():
        true -= int(np.count_nonzero(excluded & marked.on))
        scored -= int(np.count_nonzero(excluded & marked.scored))
    unsure = np.count_nonzero((states == UNDETERMINABLE) & marked.scored)
    counts = [both, found - both, true - both, scored - found - true + both, unsure]
    return np.array(counts, np.float64) * marked.hop_s


def _events(states: States, onsets: NDArray[np.int64], excluded: Mask, marked: MarkedHops) -> Floats:
    n_windows, pairs, errors_s = np.zeros(3, np.int64), np.zeros(2, np.int64), np.zeros(2)
    match_windows(states, onsets, marked.windows, n_windows)
    free = onsets[~marked.in_window[onsets]]
    counted = marked.searched[free] & marked.searched[free - 1]
    true = marked.is_seen.copy()
    if excluded.any():
        near = marked.onset_hops[true]
        true[true] = ~(excluded[near - 1] | excluded[near])
    found_s: Floats = free * np.float64(marked.hop_s)
    match_onsets(found_s, counted, marked.onset_s, true, marked.tolerance_s, pairs, errors_s)
    n_true, n_found = np.count_nonzero(true) + n_windows[0], np.count_nonzero(counted) - pairs[1] + n_windows[1]
    return np.array([n_true, n_found, pairs[0] + n_windows[2], pairs[0], *errors_s], np.float64)


def score(states: States, hop_s: float, marks: Marks, tolerance_s: float = TOLERANCE_S) -> Floats:
    """Score states of hops against marks of activity; see `prepare_marks` and `score_hops`.

    Examples
    --------
    >>> whole = Intervals.of([(0.0, 4.0)])
    >>> marks = Marks("rater", "S01_V1_rest", "TA_R", "active", Intervals.of([(1.0, 3.0)]), scored=whole)
    >>> sums = score(np.array([0, 0, 0, 1, 1, 1, -1, 0], np.int8), 0.5, marks, tolerance_s=0.5)
    >>> {name: float(one) for name, one in zip(SCORES, sums, strict=True) if one}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'both_s': 1.5, 'true_only_s': 0.5, 'neither_s': 2.0, 'undeterminable_s': 0.5, 'n_true': 1.0, 'n_found': 1.0,
     'n_matched': 1.0, 'n_timed': 1.0, 'onset_sum_s': 0.5, 'onset_abs_s': 0.5}
    """
    return score_hops(states, prepare_marks(marks, len(states), hop_s, tolerance_s))


def interval_states(
    found: Intervals, states: Sequence[States], hops_s: Sequence[float], within: Intervals | None = None
) -> States:
    """Stretches that the program found, as states of the hops of the first muscle, to be scored as these are.

    Parameters
    ----------
    found : Intervals
        Stretches of `cmua` or `spasm` of a muscle, or of `coactive` of a pair, seconds.
    states : sequence of ndarray of int8, shape (n_hops,)
        States of the muscle, or of both muscles of the pair.
    hops_s : sequence of float
        Length of a hop of each.
    within : Intervals, optional
        Where the program looks for them (CMUA: rest segments); everywhere where left out.

    Returns
    -------
    ndarray of int8, shape (n_hops,)
        `ACTIVE` in `found`. Else `EXCLUDED` where a muscle is excluded or the program does not look; `UNDETERMINABLE`
        throughout where a muscle has no verdict at all (its floor is not known), and where one of two muscles is
        undeterminable and the other one is not silent; else `SILENT`.

    Examples
    --------
    >>> one, other = np.array([1, 1, -1, -1], np.int8), np.array([1, 0, 1, 0], np.int8)
    >>> interval_states(Intervals.of([(0.0, 0.5)]), [one, other], [0.5, 0.5]).tolist()
    [1, 0, -1, 0]
    """
    middles: Floats = (np.arange(len(states[0]), dtype=np.float64) + 0.5) * hops_s[0]
    here = [_sampled(one, hop_s, middles) for one, hop_s in zip(states, hops_s, strict=True)]
    silent = np.any([one == SILENT for one in here], axis=0)
    unsure = ~silent & np.any([one == UNDETERMINABLE for one in here], axis=0) if len(here) > 1 else ~silent & silent
    for one in here:
        unsure |= not ((one == ACTIVE) | (one == SILENT)).any()
    excluded = np.any([one == EXCLUDED for one in here], axis=0)
    if within is not None:
        excluded |= ~_inside(within, middles)
    out = np.where(unsure, UNDETERMINABLE, SILENT)
    return np.where(excluded, EXCLUDED, np.where(_inside(found, middles), ACTIVE, out)).astype(np.int8)


def _sampled(states: States, hop_s: float, times_s: Floats) -> States:
    if not len(states):
        return np.full(len(times_s), EXCLUDED, np.int8)
    return states[np.minimum((times_s / hop_s).astype(np.int64), len(states) - 1)]
