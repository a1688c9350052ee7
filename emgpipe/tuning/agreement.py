"""Agreement of sources of marks with each other, and with the program."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from emgpipe.intervals import Intervals
from emgpipe.kernels.agreement import match_onsets
from emgpipe.tuning.model import SCORES, Floats, Marks
from emgpipe.tuning.scores import BEGIN_S, TOLERANCE_S, agreement_of


class AgreementRow(NamedTuple):
    """How well two sources agree: a row of `tuning_agreement.csv`.

    Attributes
    ----------
    first, second : str
        Names of the sources; `program declared`, `program chosen` or the like for the program.
    is_program : bool
        The second is the program, and no source of a name that sounds like it.
    kind : str
        `active`, `cmua`, `spasm` or `coactive`.
    n_recordings, n_targets : int
        That both have scored; a target counts once a recording.
    scored_s : float
        Seconds that both have judged on or off.
    kappa, f1, iou : float
        Of seconds, as in `Agreement`; NaN where there is nothing to tell them from.
    n_first, n_second, n_matched : int
        Onsets of each, and pairs within the tolerance.
    event_f1, onset_bias_s, onset_error_s : float
        Of onsets; the bias is second minus first.
    """

    first: str
    second: str
    is_program: bool
    kind: str
    n_recordings: int
    n_targets: int
    scored_s: float
    kappa: float
    f1: float
    iou: float
    n_first: int
    n_second: int
    n_matched: int
    event_f1: float
    onset_bias_s: float
    onset_error_s: float


def agreement_rows(
    marks: Sequence[Marks],
    program: Mapping[str, Mapping[tuple[str, str], Floats]],
    tolerance_s: float = TOLERANCE_S,
) -> tuple[AgreementRow, ...]:
    """Agreement of each two sources of one kind, and of each source with the program.

    Parameters
    ----------
    marks : sequence of Marks
        Of all sources.
    program : mapping of str to mapping of (source, kind) to ndarray, shape (len(SCORES),)
        By words for the point, such as `declared` and `chosen`: sums over all recordings.
    tolerance_s : float
        How far two onsets may be apart and be one.

    Returns
    -------
    tuple of AgreementRow
        By kind; sources in the order of the marks, then the program. Sources with nothing in common have a row with
        0 targets and NaN.
    """
    return tuple(
        row for kind in sorted({one.kind for one in marks}) for row in _of_kind(kind, marks, program, tolerance_s)
    )


def _of_kind(
    kind: str, marks: Sequence[Marks], program: Mapping[str, Mapping[tuple[str, str], Floats]], tolerance_s: float
) -> Iterator[AgreementRow]:
    sources: dict[str, dict[tuple[str, str], Marks]] = {}
    for one in marks:
        if one.kind == kind:
            sources.setdefault(one.source, {})[one.recording, one.target] = one
    for (first, own), (second, theirs) in combinations(sources.items(), 2):
        common = [place for place in own if place in theirs]
        sums = [agree(own[place], theirs[place], tolerance_s) for place in common]
        yield _row((first, second, False), kind, common, np.sum(sums, axis=0) if sums else np.zeros(len(SCORES)))
    for source, own in sources.items():
        for words, scores in program.items():
            if (source, kind) in scores:
                yield _row((source, f"program {words}", True), kind, list(own), scores[source, kind])


def _row(whose: tuple[str, str, bool], kind: str, places: Sequence[tuple[str, str]], sums: Floats) -> AgreementRow:
    told, found = dict(zip(SCORES, sums.tolist(), strict=True)), agreement_of(sums)
    n_recordings = len({recording for recording, _ in places})
    scored_s = sum(told[name] for name in ("both_s", "found_only_s", "true_only_s", "neither_s"))
    return AgreementRow(
        *whose,
        kind=kind,
        n_recordings=n_recordings,
        n_targets=len(places),
        scored_s=scored_s,
        kappa=float(found.kappa),
        f1=float(found.f1),
        iou=float(found.iou),
        n_first=int(told["n_true"]),
        n_second=int(told["n_found"]),
        n_matched=int(told["n_matched"]),
        event_f1=float(found.event_f1),
        onset_bias_s=float(found.onset_bias_s),
        onset_error_s=float(found.onset_error_s),
    )


def agree(first: Marks, second: Marks, tolerance_s: float = TOLERANCE_S) -> Floats:
    """Hold the marks of one source against those of another one.

    Parameters
    ----------
    first, second : Marks
        Of one recording, target and kind.
    tolerance_s : float
        How far two onsets may be apart and be one.

    Returns
    -------
    ndarray, shape (len(SCORES),)
        As the program is scored, with the second in its place. Seconds are exact, not of hops.

    Notes
    -----
    Only time counts that both have judged. An onset counts where both have searched on both sides of it, and not in the
    first `BEGIN_S`. The time of a bounded onset is the middle of its stretch, and no error is told of pairs with one.

    Examples
    --------
    >>> whole = Intervals.of([(0.0, 10.0)])
    >>> one = Marks("A", "S01_V1_rest", "TA_R", "active", Intervals.of([(2.0, 4.0)]), scored=whole)
    >>> other = Marks("B", "S01_V1_rest", "TA_R", "active", Intervals.of([(2.1, 5.0)]), scored=whole)
    >>> agree(one, other)[:4].round(2).tolist()
    [1.9, 1.0, 0.1, 7.0]
    """
    scored = first.scored.overlap(second.scored)
    on, found = first.stretches.overlap(scored), second.stretches.overlap(scored)
    both_s = on.overlap(found).duration
    found_s, true_s = found.duration - both_s, on.duration - both_s
    seconds = [both_s, found_s, true_s, scored.duration - both_s - found_s - true_s, 0.0]
    return np.array([*seconds, *_matched(first, second, tolerance_s)])


def _matched(first: Marks, second: Marks, tolerance_s: float) -> list[float]:
    searched = _searched(first).overlap(_searched(second)).merge()
    (true_s, true), (found_s, found) = (_onsets(marks, searched) for marks in (first, second))
    pairs, errors_s = np.zeros(2, np.int64), np.zeros(2)
    match_onsets(found_s, found, true_s, true, tolerance_s, pairs, errors_s)
    is_timed = not len(first.onsets) and not len(second.onsets)
    timed = [pairs[0], *errors_s] if is_timed else [0.0, 0.0, 0.0]
    return [float(n) for n in (true.sum(), found.sum() - pairs[1], pairs[0], *timed)]


def _searched(marks: Marks) -> Intervals:
    return marks.scored if marks.searched is None else marks.searched


def _onsets(marks: Marks, searched: Intervals) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Rising times of onsets, and whether each is inside of what both have searched, behind `BEGIN_S`."""
    starts_s = marks.stretches.merge().pairs[:, 0]
    times_s = np.sort(np.concatenate([starts_s, marks.onsets.pairs.mean(axis=1), marks.points_s]))
    starts_s = np.maximum(searched.pairs[:, 0], BEGIN_S)
    inside = [bool(((starts_s < t) & (t < searched.pairs[:, 1])).any()) for t in times_s]
    return times_s, np.array(inside, bool)
