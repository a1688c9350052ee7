"""From annotations to segments: what is rest, what is a reference, what is left out."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import printable
from emgpipe.intervals import Intervals
from emgpipe.measures.views import RELAX, RELAXED_S, REST, STIMULUS, WHOLE, Segment
from emgpipe.recording import Annotation, Finding
from emgpipe.study.segments import EXCLUDE_PREFIX, nearest_meaning, segment_of

CUES = ("relax_cue", "stimulus", "calibration")
"""Meanings that are no segment of their own."""
BEFORE_STIMULUS_S, AFTER_STIMULUS_S = 0.5, 5.0
"""The stretch of stimuli begins before the first and ends after the last mark."""
ROUNDING_S = 1e-3
"""Segments that overlap by less touch, cues this close are one: times in files are rounded."""
CUT_S = 1.0
"""A segment that loses more than this to the ends of the recording is a finding."""
MOST_LETTERS = 60
"""Of a mark whose text is told; marks may be pages long."""
MOST_NAMED = 5
"""Of the segments that overlap a rest."""

Marks = Sequence[tuple[Annotation, str]]
"""Annotations and their meanings."""


class Timeline(NamedTuple):
    """What the annotations of a recording mean.

    Attributes
    ----------
    segments : tuple of Segment
        In order of time; `whole` alone where none is declared.
    bad, calibration : Intervals
        Seconds that people excluded; seconds annotated as calibration.
    findings : tuple of Finding
        Marks that could not be used, or not as they were written.
    cues : tuple of Segment
        Stretches that cues make: 5-10 s after each `relax_cue`, cut at the next mark with a meaning; and one
        `stimulus` around all stimuli. They end no segment and are part of none.
    stimuli_s : tuple of float
        Onsets of the stimuli, in order.
    """

    segments: tuple[Segment, ...]
    bad: Intervals
    calibration: Intervals
    findings: tuple[Finding, ...]
    cues: tuple[Segment, ...] = ()
    stimuli_s: tuple[float, ...] = ()


class _Span(NamedTuple):
    """A stretch with a meaning; `stated`: its end is written in the file."""

    kind: str
    start_s: float
    stop_s: float
    stated: bool = True

    def __str__(self) -> str:
        return f"{self.kind} {self.start_s:g}-{self.stop_s:g} s"

    @property
    def times(self) -> tuple[float, float]:
        """Start and stop, seconds."""
        return self.start_s, self.stop_s

    def overlaps(self, other: "_Span") -> bool:
        """Whether both share more than the rounding of times."""
        return min(self.stop_s, other.stop_s) - max(self.start_s, other.start_s) > ROUNDING_S


def recording_segments(
    annotations: Sequence[Annotation],
    duration_s: float,
    meanings: Mapping[str, str] | None = None,
    *,
    rest: bool = False,
) -> Timeline:
    """Give annotations their meaning.

    Parameters
    ----------
    annotations : sequence of Annotation
        Of one recording.
    duration_s : float
        Of the recording; marks are cut to it.
    meanings : mapping, optional
        `[segments]` of the study.
    rest : bool
        The recording is declared rest: where no annotation says rest, the longest stretch
        outside all other segments and calibrations is.

    Returns
    -------
    Timeline

    Notes
    -----
    A segment without duration lasts to the next segment or to the end. A second rest is
    `rest_2`; rests that overlap are one. Other segments and calibrations are cut out of rest: its longest
    stretch is kept, or nothing (a rest of 0 s) where they cover it. A BAD mark without duration excludes
    nothing. Findings: SEGMENTS_OVERLAP, SEGMENT_OUT_OF_RANGE, BAD_WITHOUT_DURATION, and ANNOTATION_UNKNOWN for
    a text that begins like a meaning, or that stands in a rest whose end is not written.

    Examples
    --------
    >>> marks = [Annotation(5.0, None, "rest"), Annotation(60.0, 10.0, "reference")]
    >>> [(s.name, s.start_s, s.stop_s) for s in recording_segments(marks, 80.0).segments]
    [('rest', 5.0, 60.0), ('reference', 60.0, 70.0)]
    """
    known = [(mark, segment_of(mark.text, meanings)) for mark in annotations]
    bad = [(mark, what) for mark, what in known if what.startswith(EXCLUDE_PREFIX)]
    calibration = [(mark, what) for mark, what in known if what == "calibration" and mark.duration_s]
    marked = [(m, what) for m, what in known if what and what not in CUES and not what.startswith(EXCLUDE_PREFIX)]
    spans = _spans(marked, duration_s)
    others = [span for span in [*spans, *_spans(calibration, duration_s)] if span.kind != REST]
    rests, findings = _joined([span for span in spans if span.kind == REST])
    if rest and not rests:
        rests = [_Span(REST, *_longest_free(_union(span.times for span in others), 0.0, duration_s), stated=False)]
    unknown = [mark for mark, what in known if not what and mark.text.strip()]
    findings += [*_unknown_findings(unknown, rests, meanings), *_range_findings([*marked, *calibration], duration_s)]
    findings += _bad_findings(bad)
    rests, cuts = _cut_rests(rests, others)
    spans = sorted([*rests, *(s for s in spans if s.kind != REST)], key=lambda span: span.start_s)
    stimuli_s = _stimuli_s(known, duration_s)
    return Timeline(
        _numbered(spans or [_Span(WHOLE, 0.0, duration_s)]),
        _intervals([mark for mark, _ in bad], duration_s),
        _intervals([mark for mark, _ in calibration], duration_s),
        (*findings, *cuts),
        (*_numbered(_relaxations(known, duration_s)), *_stimulation(stimuli_s, duration_s)),
        stimuli_s,
    )


def _relaxations(known: Marks, duration_s: float) -> list[_Span]:
    """5-10 s after each cue to relax, cut at the end and at the next mark that asks for something else."""
    meant = sorted(mark.onset_s for mark, what in known if what and not what.startswith(EXCLUDE_PREFIX))
    spans: list[_Span] = []
    before_s = -math.inf
    for cue_s in sorted(mark.onset_s for mark, what in known if what == RELAX):
        if cue_s <= before_s + ROUNDING_S:
            continue
        before_s = cue_s
        after = bisect_right(meant, cue_s + ROUNDING_S)
        end_s = min(meant[after] if after < len(meant) else duration_s, duration_s)
        start_s, stop_s = (cue_s + reach_s for reach_s in RELAXED_S)
        if 0 <= cue_s < duration_s:
            spans.append(_Span(RELAX, min(start_s, end_s), min(stop_s, end_s)))
    return spans


def _stimuli_s(known: Marks, duration_s: float) -> tuple[float, ...]:
    onsets = {mark.onset_s for mark, what in known if what == STIMULUS}
    return tuple(sorted(onset_s for onset_s in onsets if 0 <= onset_s < duration_s))


def _stimulation(stimuli_s: Sequence[float], duration_s: float) -> tuple[Segment, ...]:
    if not stimuli_s:
        return ()
    start_s = max(stimuli_s[0] - BEFORE_STIMULUS_S, 0.0)
    return (Segment(STIMULUS, STIMULUS, start_s, min(stimuli_s[-1] + AFTER_STIMULUS_S, duration_s)),)


def _spans(marked: Marks, duration_s: float) -> list[_Span]:
    onsets = sorted(mark.onset_s for mark, _ in marked)
    spans = []
    for mark, meaning in marked:
        after = bisect_right(onsets, mark.onset_s)
        following = onsets[after] if after < len(onsets) else duration_s
        stop_s = mark.onset_s + mark.duration_s if mark.duration_s else following
        start_s, stop_s = max(mark.onset_s, 0.0), min(stop_s, duration_s)
        if start_s < stop_s:
            spans.append(_Span(meaning, start_s, stop_s, bool(mark.duration_s)))
    return sorted(spans, key=lambda span: span.start_s)


def _joined(rests: Sequence[_Span]) -> tuple[list[_Span], list[Finding]]:
    """Rests in order of time, those that overlap made one."""
    out: list[_Span] = []
    findings = []
    for span in rests:
        if out and out[-1].overlaps(span):
            last = out.pop()
            one = _Span(REST, last.start_s, max(last.stop_s, span.stop_s), last.stated and span.stated)
            message = f"{last} and {span} overlap; they are measured as one, {one}"
            findings.append(Finding("SEGMENTS_OVERLAP", "warning", REST, message))
            span = one
        out.append(span)
    return out, findings


def _cut_rests(rests: Sequence[_Span], others: Sequence[_Span]) -> tuple[list[_Span], list[Finding]]:
    """Longest stretch of each rest outside the other spans."""
    out, findings = [], []
    times = np.array([span.times for span in others]).reshape(-1, 2)
    taken = _union(span.times for span in others).pairs
    for span in rests:
        covering = taken[_overlapping(taken, span)].tolist()
        left = _Span(REST, *_longest_free(covering, span.start_s, span.stop_s), span.stated)
        if covering:
            cut = f"{span} overlaps {_named(others, _overlapping(times, span))}"
            message = f"{cut}; measured is {left}, mend the marks if it is not"
            findings.append(Finding("SEGMENTS_OVERLAP", "warning", REST, message))
        out.append(left)
    return out, findings


def _overlapping(times: NDArray[np.float64], span: _Span) -> NDArray[np.intp]:
    """Which stretches share more with a span than the rounding of times."""
    shared = np.minimum(times[:, 1], span.stop_s) - np.maximum(times[:, 0], span.start_s)
    return np.flatnonzero(shared > ROUNDING_S)


def _named(spans: Sequence[_Span], chosen: NDArray[np.intp]) -> str:
    more = f" and {len(chosen) - MOST_NAMED} more" if len(chosen) > MOST_NAMED else ""
    return ", ".join(str(spans[i]) for i in chosen[:MOST_NAMED]) + more


def _longest_free(taken: Iterable[Sequence[float]], start_s: float, stop_s: float) -> tuple[float, float]:
    """Longest stretch of `[start_s, stop_s)` outside sorted pairs, the first of equals; empty where they cover it."""
    best, end_s = (start_s, start_s), start_s
    for first_s, last_s in [*taken, (stop_s, stop_s)]:
        best = max(best, (end_s, min(first_s, stop_s)), key=lambda free: free[1] - free[0])
        end_s = max(end_s, last_s)
    return best


def _range_findings(marked: Marks, duration_s: float) -> Iterator[Finding]:
    for mark, _ in marked:
        stop_s = mark.onset_s + (mark.duration_s or 0.0)
        lost_s = max(-mark.onset_s, 0.0) + max(stop_s - duration_s, 0.0)
        outside = mark.onset_s >= duration_s or (mark.duration_s and stop_s <= 0)
        if outside or (mark.duration_s and lost_s > CUT_S):
            done = "left out" if outside else f"cut by {lost_s:g} s"
            ends = f"to {stop_s:g} s" if mark.duration_s else "without duration"
            where = f"mark {_short(mark)!r} from {mark.onset_s:g} s {ends}"
            message = f"{where}; the recording has {duration_s:g} s, it is {done}"
            yield Finding("SEGMENT_OUT_OF_RANGE", "warning", printable(_short(mark)), message)


def _unknown_findings(
    unknown: Sequence[Annotation], rests: Sequence[_Span], meanings: Mapping[str, str] | None
) -> Iterator[Finding]:
    """One finding a text that means nothing and perhaps should."""
    open_rests = _union(rest.times for rest in rests if not rest.stated).pairs.ravel()
    near_texts = {text: nearest_meaning(text, meanings) for text in {mark.text for mark in unknown}}
    said = set()
    for mark in unknown:
        near = near_texts[mark.text]
        inside = np.searchsorted(open_rests, mark.onset_s, side="right") % 2  # an odd number of edges before it
        if (near or inside) and mark.text not in said:
            said.add(mark.text)
            what = f"it begins like {near!r}" if near else "it stands in a rest whose end is not written"
            message = (
                f"mark {_short(mark)!r} at {mark.onset_s:g} s has no meaning, and {what}; give it one in [segments]"
            )
            yield Finding("ANNOTATION_UNKNOWN", "warning", printable(_short(mark)), message)


def _bad_findings(bad: Marks) -> Iterator[Finding]:
    for mark, _ in bad:
        if not mark.duration_s:
            message = f"mark {_short(mark)!r} at {mark.onset_s:g} s has no duration"
            yield Finding("BAD_WITHOUT_DURATION", "warning", printable(_short(mark)), message)


def _short(mark: Annotation) -> str:
    """Text of a mark for a line that people read."""
    return mark.text if len(mark.text) <= MOST_LETTERS else mark.text[:MOST_LETTERS] + "..."


def _numbered(spans: Sequence[_Span]) -> tuple[Segment, ...]:
    seen: dict[str, int] = {}
    out = []
    for kind, start_s, stop_s, _ in spans:
        seen[kind] = seen.get(kind, 0) + 1
        name = kind if seen[kind] == 1 else f"{kind}_{seen[kind]}"
        out.append(Segment(name, kind, start_s, stop_s))
    return tuple(out)


def _intervals(marks: Sequence[Annotation], duration_s: float) -> Intervals:
    return _union((max(m.onset_s, 0.0), min(m.onset_s + (m.duration_s or 0.0), duration_s)) for m in marks)


def _union(pairs: Iterable[tuple[float, float]]) -> Intervals:
    """Stretches in any order, those that overlap or touch made one."""
    out: list[list[float]] = []
    for start_s, stop_s in sorted(pair for pair in pairs if pair[0] < pair[1]):
        if out and start_s <= out[-1][1]:
            out[-1][1] = max(out[-1][1], stop_s)
        else:
            out.append([start_s, stop_s])
    return Intervals.of(out)
