"""From annotations to segments: what is rest, what is a reference, what is left out."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from emgpipe.intervals import Intervals
from emgpipe.measures.views import REST, WHOLE, Segment
from emgpipe.recording import Annotation, Finding
from emgpipe.study.segments import EXCLUDE_PREFIX, segment_of

CUES = ("relax_cue", "stimulus", "calibration")
"""Meanings that are no segment of their own."""


class Timeline(NamedTuple):
    """What the annotations of a recording mean.

    Attributes
    ----------
    segments : tuple of Segment
        In order of time; `whole` alone where none is declared.
    bad, calibration : Intervals
        Seconds that people excluded; seconds annotated as calibration.
    findings : tuple of Finding
        Marks that could not be used.
    """

    segments: tuple[Segment, ...]
    bad: Intervals
    calibration: Intervals
    findings: tuple[Finding, ...]


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
        outside all other segments is.

    Returns
    -------
    Timeline

    Notes
    -----
    A segment without duration lasts to the next segment or to the end. A second rest is
    `rest_2`. A BAD mark without duration excludes nothing and is a finding.

    Examples
    --------
    >>> marks = [Annotation(5.0, None, "rest"), Annotation(60.0, 10.0, "reference")]
    >>> [(s.name, s.start_s, s.stop_s) for s in recording_segments(marks, 80.0).segments]
    [('rest', 5.0, 60.0), ('reference', 60.0, 70.0)]
    """
    known = [(mark, segment_of(mark.text, meanings)) for mark in annotations]
    bad = [(mark, meaning) for mark, meaning in known if meaning.startswith(EXCLUDE_PREFIX)]
    calibration = [mark for mark, meaning in known if meaning == "calibration"]
    marked = [(m, what) for m, what in known if what and what not in CUES and not what.startswith(EXCLUDE_PREFIX)]
    spans = _spans(marked, duration_s)
    if rest and REST not in {kind for kind, *_ in spans}:
        spans = sorted([*spans, (REST, *_longest_free(spans, duration_s))], key=lambda span: span[1])
    if not spans:
        spans = [(WHOLE, 0.0, duration_s)]
    findings = tuple(
        Finding(
            "BAD_WITHOUT_DURATION", "warning", mark.text, f"mark {mark.text!r} at {mark.onset_s:g} s has no duration"
        )
        for mark, _ in bad
        if not mark.duration_s
    )
    return Timeline(_numbered(spans), _cut([m for m, _ in bad], duration_s), _cut(calibration, duration_s), findings)


def _spans(marked: Sequence[tuple[Annotation, str]], duration_s: float) -> list[tuple[str, float, float]]:
    onsets = sorted(mark.onset_s for mark, _ in marked)
    spans = []
    for mark, meaning in marked:
        following = next((onset for onset in onsets if onset > mark.onset_s), duration_s)
        stop_s = mark.onset_s + mark.duration_s if mark.duration_s else following
        start_s, stop_s = max(mark.onset_s, 0.0), min(stop_s, duration_s)
        if start_s < stop_s:
            spans.append((meaning, start_s, stop_s))
    return spans


def _longest_free(spans: Sequence[tuple[str, float, float]], duration_s: float) -> tuple[float, float]:
    best, end = (0.0, 0.0), 0.0
    for _, start_s, stop_s in [*sorted(spans, key=lambda span: span[1]), ("", duration_s, duration_s)]:
        best = max(best, (end, start_s), key=lambda free: free[1] - free[0])
        end = max(end, stop_s)
    return best


def _numbered(spans: Sequence[tuple[str, float, float]]) -> tuple[Segment, ...]:
    seen: dict[str, int] = {}
    out = []
    for kind, start_s, stop_s in spans:
        seen[kind] = seen.get(kind, 0) + 1
        name = kind if seen[kind] == 1 else f"{kind}_{seen[kind]}"
        out.append(Segment(name, kind, start_s, stop_s))
    return tuple(out)


def _cut(marks: Sequence[Annotation], duration_s: float) -> Intervals:
    pairs = [(max(m.onset_s, 0.0), min(m.onset_s + (m.duration_s or 0.0), duration_s)) for m in marks]
    joined = Intervals.of([])
    for pair in sorted(p for p in pairs if p[0] < p[1]):
        joined = joined.union(Intervals.of([pair]))
    return joined
