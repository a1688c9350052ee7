"""What people marked, read from tables in the form of `intervals.csv` and from annotations."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

from emgpipe.errors import TableError
from emgpipe.intervals import Intervals
from emgpipe.outcomes.given import GivenTable, read_given
from emgpipe.recording import Annotation
from emgpipe.tuning.model import Marks
from emgpipe.tuning.scores import BEGIN_S

KINDS = ("active", "cmua", "spasm", "coactive")
"""What of the program can be held against marks."""
SILENT, ONSET = "silent", "onset"
NOT_JUDGED = ("excluded", "undeterminable")
PASSED, SUBJECT = "possible_spasm", "subject"
"""Kind and target of rows of `intervals.csv` that are no truth of a muscle or pair."""
SAME_TARGET = frozenset({"active", SILENT, ONSET})
"""A muscle cannot be two of these at once."""
ROUNDING_S = 0.001
"""Times of marks are rounded: they may end this much after the recording."""
TOUCHING_S = 1e-6
SMALL_GAP_S = 0.015
"""Marks of a screen leave gaps of a sample or a hop (12.5 ms): up to here active and silent rows are neighbours."""
SHOWN = 4

_NOTHING = Intervals.of([])


class KnownRecording(NamedTuple):
    """What marks can be about.

    Attributes
    ----------
    duration_s : float
        Length of the recording.
    targets : tuple of str
        Muscles `TA_R` and pairs `TA_R/GM_R` of the results.
    """

    duration_s: float
    targets: tuple[str, ...]


class _Row(NamedTuple):
    """A row that can be used, and its place in the table."""

    row: int
    recording: str
    target: str
    kind: str
    start_s: float
    stop_s: float


def read_truth(
    paths: Sequence[str | Path],
    recordings: Mapping[str, KnownRecording],
    tell: Callable[[str], object] = lambda _message: None,
    taken: Collection[str] = (),
) -> list[Marks]:
    """Read the marks of several sources, a file each; see `read_marks` and `source_names`."""
    names, out = source_names(paths, taken), []
    for name, path in zip(names, paths, strict=True):
        if name != Path(path).stem:
            tell(f"{path}: marks of this file are called {name!r} here, as another source has its name")
        out += [replace(one, source=name) for one in read_marks(path, recordings, tell)]
    return out


def source_names(paths: Sequence[str | Path], taken: Collection[str] = ()) -> list[str]:
    """Name each file of marks by its stem; files that share one, or have one that is taken, are numbered.

    Parameters
    ----------
    paths : sequence of path
        Of files, in the order in which they are numbered.
    taken : collection of str
        Names that are none of files: of the annotation.

    Returns
    -------
    list of str
        All different, and none of `taken`.

    Examples
    --------
    >>> source_names(["a.csv", "other/a.csv", "a_1.csv", "burst.csv"], {"burst"})
    ['a_2', 'a_3', 'a_1', 'burst_1']
    """
    stems = [Path(path).stem for path in paths]
    n_of = Counter([*stems, *taken])
    used, out = {*stems, *taken}, []
    for stem in stems:
        free = (f"{stem}_{n}" for n in count(1) if f"{stem}_{n}" not in used)
        out.append(stem if n_of[stem] == 1 else next(free))
        used.add(out[-1])
    return out


def read_marks(
    path: str | Path,
    recordings: Mapping[str, KnownRecording],
    tell: Callable[[str], object] = lambda _message: None,
) -> list[Marks]:
    """Read marks from a table.

    Parameters
    ----------
    path : str or Path
        CSV with the columns `recording, target, kind, start_s, stop_s`, as `intervals.csv` has them; others are
        passed over. Seconds from the start of the recording, gaps included.
    recordings : mapping of str to KnownRecording
        Of the results.
    tell : callable
        Called with one line where rows are passed over, and where onsets are not scored.

    Returns
    -------
    list of Marks
        One a recording, target and kind, in this order; `source` is the name of the file.

    Raises
    ------
    TableError
        With the line: TRUTH_UNKNOWN: a recording, target or kind that the results do not have. TRUTH_INVALID: a
        reversed or empty stretch, one outside the recording, two that overlap, a pair that is `active`, a muscle that
        is `coactive`. TRUTH_EMPTY. TABLE_UNREADABLE, TABLE_EMPTY, TABLE_COLUMN, TABLE_CELL.

    Notes
    -----
    Kinds. `active`, `cmua`, `spasm`, `coactive`: on. `silent`: judged, and not active. `onset`: one activity begins
    somewhere in this stretch. `excluded`, `undeterminable`: not judged, for any kind; of a pair where one of its
    muscles is. `possible_spasm`, and what is of the `subject`, are passed over and told.

    What is scored. Only what the file names. `active`: muscles with rows `active`, `silent` or `onset`; all of their
    time, or only what is active or silent where there are silent rows. A gap of up to 15 ms between an active and a
    silent row counts as silent; an onset after a longer one is not scored, and told. Where there are onsets and no
    silent rows, no second is scored, since nobody said when these activities end, but onsets are, in all of the time.
    `cmua`, `spasm`, `coactive`: if the file has the kind at all, every muscle that it names, every pair that it or
    whose two muscles it names: without a row of the kind, there was none. Who looked for spasms in some recordings only
    gives these a file of their own.
    """
    table = read_given(path)
    rows = [row for row in _rows(table, recordings) if row.kind != PASSED and row.target != SUBJECT]
    n_passed = len(table.rows) - len(rows)
    if n_passed:
        tell(f"{table.where}: {n_passed} of {len(table.rows)} rows are {PASSED} or of {SUBJECT}, no truth: passed over")
    _refuse_overlaps(table, rows)
    marks = list(_marks(rows, recordings, Path(path).stem))
    if not marks:
        message = f"no row of {', '.join((*KINDS, SILENT, ONSET))} among {len(table.rows)}; one is needed"
        raise TableError("TRUTH_EMPTY", message, where=table.where)
    begins = [begin for one in marks for begin in _begins(one)]
    n_cut = begins.count(False)
    if n_cut:
        tell(f"{table.where}: {n_cut} of {len(begins)} onsets have unjudged time beside them and are not scored")
    return marks


def _begins(marks: Marks) -> list[bool]:
    """Whether there is judged time on both sides of the begin of each stretch; but of those of the first `BEGIN_S`."""
    searched = (marks.scored if marks.searched is None else marks.searched).merge(TOUCHING_S)
    starts = [start for start, _ in marks.stretches.merge() if start > BEGIN_S]
    return [any(a < start < b for a, b in searched) for start in starts]


def _rows(table: GivenTable, recordings: Mapping[str, KnownRecording]) -> list[_Row]:
    names = (table.names(column) for column in ("recording", "target", "kind"))
    times = (table.numbers(column) for column in ("start_s", "stop_s"))
    out = list(map(_Row, range(len(table.rows)), *names, *times))
    for row in out:
        _refuse_unknown(table, row, recordings)
        _refuse_impossible(table, row, recordings[row.recording].duration_s)
    return out


def _refuse_unknown(table: GivenTable, row: _Row, recordings: Mapping[str, KnownRecording]) -> None:
    if row.recording not in recordings:
        message = f"recording = {row.recording!r}, which the results do not have; {_advice(row.recording, recordings)}"
        raise table.refusal(row.row, "TRUTH_UNKNOWN", message)
    targets = recordings[row.recording].targets
    if row.target not in (*targets, SUBJECT):
        message = f"target = {row.target!r}, which {row.recording} does not have; {_advice(row.target, targets)}"
        raise table.refusal(row.row, "TRUTH_UNKNOWN", message)
    kinds = (*KINDS, SILENT, ONSET, *NOT_JUDGED, PASSED)
    if row.kind not in kinds:
        raise table.refusal(row.row, "TRUTH_UNKNOWN", f"kind = {row.kind!r}; {_advice(row.kind, kinds, len(kinds))}")


def _refuse_impossible(table: GivenTable, row: _Row, duration_s: float) -> None:
    start_s, stop_s = row.start_s, row.stop_s
    if not start_s < stop_s:  # NaN too
        message = f"start_s = {start_s!r}, stop_s = {stop_s!r}; a number each, the start before the stop, is needed"
        raise table.refusal(row.row, "TRUTH_INVALID", message)
    if start_s < 0 or stop_s > duration_s + ROUNDING_S:
        message = f"{start_s!r}-{stop_s!r} s; {row.recording} goes from 0 to {duration_s!r} s"
        raise table.refusal(row.row, "TRUTH_INVALID", message)
    if row.target != SUBJECT and row.kind not in NOT_JUDGED and ("/" in row.target) != (row.kind == "coactive"):
        needed = "a pair such as TA_R/GM_R" if row.kind == "coactive" else "a muscle such as TA_R"
        message = f"target = {row.target!r} of kind {row.kind!r}; {needed} is needed"
        raise table.refusal(row.row, "TRUTH_INVALID", message)


def _refuse_overlaps(table: GivenTable, rows: Iterable[_Row]) -> None:
    groups: dict[tuple[str, str, str], list[_Row]] = {}
    for row in rows:
        kind = "state" if row.kind in SAME_TARGET else row.kind
        groups.setdefault((row.recording, row.target, kind), []).append(row)
    for group in groups.values():
        for one, other in pairwise(sorted(group, key=lambda row: (row.start_s, row.stop_s, row.row))):
            if other.start_s < one.stop_s - TOUCHING_S:
                first, last = sorted((one, other), key=lambda row: row.row)
                found = f"{last.kind} {last.start_s!r}-{last.stop_s!r} s of {last.recording} {last.target} overlaps"
                found += f" {first.kind} {first.start_s!r}-{first.stop_s!r} s on line {table.lines[first.row]}"
                raise table.refusal(last.row, "TRUTH_INVALID", f"{found}; stretches must not overlap")


def _advice(name: str, known: Collection[str], shown: int = SHOWN) -> str:
    """The nearest known name in any letters, else some of them."""
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), sorted(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    more = f" and {len(known) - shown} more" if len(known) > shown else ""
    return f"known are {', '.join(sorted(known)[:shown])}{more}" if known else "there are none"


def _marks(rows: Sequence[_Row], recordings: Mapping[str, KnownRecording], source: str) -> Iterable[Marks]:
    """Marks of each recording, target and kind that the rows let be scored."""
    told: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        stop_s = min(row.stop_s, recordings[row.recording].duration_s)
        told.setdefault((row.recording, row.target), {}).setdefault(row.kind, []).append((row.start_s, stop_s))
    kinds = {row.kind for row in rows}
    for recording in dict.fromkeys(row.recording for row in rows):
        duration_s, targets = recordings[recording]
        named = {target: told[recording, target] for target in targets if (recording, target) in told}
        for target in targets:
            for kind in KINDS:
                if _is_scored(target, kind, named, kinds):
                    parts = [named.get(one, {}) for one in (target, *(target.split("/") if "/" in target else ()))]
                    yield _one(source, recording, target, kind, parts, duration_s)


def _is_scored(target: str, kind: str, named: Mapping[str, Mapping[str, object]], kinds: Collection[str]) -> bool:
    if kind == "active":
        return bool(SAME_TARGET & named.get(target, {}).keys())
    if kind not in kinds or ("/" in target) != (kind == "coactive"):
        return False
    return target in named or (kind == "coactive" and all(muscle in named for muscle in target.split("/")))


def _one(
    source: str,
    recording: str,
    target: str,
    kind: str,
    parts: Sequence[Mapping[str, Sequence[tuple[float, float]]]],
    duration_s: float,
) -> Marks:
    """Marks of one kind; `parts` are the stretches of the target by kind, then of the muscles of a pair."""
    own = {name: _joined(stretches) for name, stretches in parts[0].items()}
    not_judged = _joined([pair for part in parts for name in NOT_JUDGED for pair in part.get(name, ())])
    judged = _outside(not_judged, duration_s)
    on, off = own.get(kind, _NOTHING), own.get(SILENT, _NOTHING)
    onsets = own.get(ONSET, _NOTHING) if kind == "active" else _NOTHING
    whole = judged.overlap(on.union(off).union(_small_gaps(on, off))) if kind == "active" and len(off) else judged
    kept = Intervals.of([pair for pair in onsets if not len(not_judged.overlap(Intervals.of([pair])))])
    scored = whole if len(off) or not len(onsets) else _NOTHING
    return Marks(source, recording, target, kind, on, kept, scored, whole)


def _small_gaps(on: Intervals, off: Intervals) -> Intervals:
    """Gaps between a stretch that is on and one that is off, too small to mean that nothing was judged there."""
    rows = sorted([(*pair, True) for pair in on] + [(*pair, False) for pair in off])
    gaps = [(one[1], other[0]) for one, other in pairwise(rows) if one[2] != other[2] and one[1] < other[0]]
    return Intervals.of([(a, b) for a, b in gaps if b - a <= SMALL_GAP_S + TOUCHING_S])


def _joined(stretches: Sequence[tuple[float, float]]) -> Intervals:
    """Stretches in any order as intervals, touching ones joined."""
    return _NOTHING.union(_rising(stretches))


def _rising(stretches: Sequence[tuple[float, float]]) -> Intervals:
    out: list[tuple[float, float]] = []
    for start_s, stop_s in sorted(stretches):
        if out and start_s < out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], stop_s))
        else:
            out.append((start_s, stop_s))
    return Intervals.of(out)


def _outside(intervals: Intervals, duration_s: float) -> Intervals:
    """What of the recording lies in no interval."""
    edges = [0.0, *intervals.pairs.ravel().tolist(), duration_s]
    return Intervals.of([(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b])


def annotation_marks(
    name: str, annotations: Mapping[str, Sequence[Annotation]], recordings: Mapping[str, KnownRecording]
) -> list[Marks]:
    """Marks of activity from annotations.

    Parameters
    ----------
    name : str
        Text of the annotations, in any letters. `NAME TA_R` is of this muscle; `NAME` alone is of every muscle of the
        recording.
    annotations : mapping of str to sequence of Annotation
        By recording. One with a duration is a stretch that is on, one of 0 s or without any an onset.
    recordings : mapping of str to KnownRecording
        Of the results.

    Returns
    -------
    list of Marks
        One a recording and muscle with marks; `source` is `name`. Recordings without such an annotation are not
        scored. Without onsets all time of a recording is scored; with some, no second is, but onsets in all of it.

    Raises
    ------
    TableError
        TRUTH_UNKNOWN: no recording has the annotation; names those there are. TRUTH_INVALID: marks of one muscle
        overlap, or lie outside the recording.

    Examples
    --------
    >>> marks = {"S01_V1_rest": [Annotation(2.0, 1.5, "burst TA_R")]}
    >>> (one,) = annotation_marks("burst", marks, {"S01_V1_rest": KnownRecording(9.0, ("TA_R", "GM_R"))})
    >>> one.target, one.stretches.pairs.tolist()
    ('TA_R', [[2.0, 3.5]])
    """
    out = []
    for recording, known in recordings.items():
        for target in known.targets:
            texts = (_folded(name), _folded(f"{name} {target}"))
            found = [mark for mark in annotations.get(recording, ()) if _folded(mark.text) in texts]
            if found and "/" not in target:
                out.append(_annotated(name, recording, target, found, known.duration_s))
    if not out:
        there = sorted({mark.text for marks in annotations.values() for mark in marks})
        message = f"no recording has an annotation {name!r}; {_advice(name, there)}"
        raise TableError("TRUTH_UNKNOWN", message, where="--truth-annotation")
    return out


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _annotated(name: str, recording: str, target: str, found: Sequence[Annotation], duration_s: float) -> Marks:
    ends = sorted((mark.onset_s, mark.onset_s + (mark.duration_s or 0.0)) for mark in found)
    for start_s, stop_s in ends:
        if start_s < 0 or stop_s > duration_s + ROUNDING_S:
            message = f"annotation {name!r} at {start_s!r}-{stop_s!r} s; the recording goes from 0 to {duration_s!r} s"
            raise TableError("TRUTH_INVALID", message, where=recording)
    for one, other in pairwise(ends):
        if other[0] < one[1] - TOUCHING_S or one == other:
            message = f"annotations {name!r} of {target} at {one[0]!r}-{one[1]!r} s and {other[0]!r}-{other[1]!r} s"
            raise TableError("TRUTH_INVALID", f"{message}; marks of a muscle must not overlap", where=recording)
    points = tuple(start_s for start_s, stop_s in ends if start_s == stop_s)
    whole = Intervals.of([(0.0, duration_s)])
    stretches = whole.overlap(_rising([pair for pair in ends if pair[0] < pair[1]]))
    scored = _NOTHING if points else whole
    return Marks(name, recording, target, "active", stretches, _NOTHING, scored, whole, points)
