"""Rows of measures arranged for reading: an overview of the main numbers, and every row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.views import REST, WHOLE, Segment
from emgpipe.muscles import name_of
from emgpipe.reports.model import Measured
from emgpipe.reports.words import (
    DIRECTIONS,
    MEASURES,
    NOT_ON_PAGES,
    STATUS_WORDS,
    Reason,
    heading,
    number,
    reasons,
    unit_of,
    unit_words,
)

OVERVIEW = {
    "muscle": ("apdf_p10_uv", "rest_rms_uv", "apdf_p90_uv", "act_frac", "cmua_frac", "longest_silence_s"),
    "pair": ("cc_overlap_uv", "coact_frac", "coact_excess", "xt_r0"),
    "subject": (),
}


@dataclass(frozen=True)
class Cell:
    """A value as printed: text, interval, status; `reasons` where there is something to say."""

    text: str
    interval: str
    status: str
    word: str
    reasons: tuple[Reason, ...]


MISSING = Cell("–", "", "not_measured", STATUS_WORDS["not_measured"], ())
"""Where a target has no such row."""


@dataclass(frozen=True)
class Line:
    """One line of a table: a target, or one or several measures of it in a segment, and its cells."""

    name: str
    words: str
    cells: tuple[Cell, ...]
    segment: str = ""


class Heading(NamedTuple):
    """Heading of the cells of a measure: words, name, unit as printed, direction in words."""

    words: str
    name: str
    unit: str
    direction: str


@dataclass(frozen=True)
class Table:
    """A titled table with the headings of its cells."""

    title: str
    kind: str
    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]


def cell(row: MeasureRow) -> Cell:
    """Print a row: a value below its limit says the limit and keeps its estimate.

    Examples
    --------
    >>> cell(MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", 0.2, "uV", limit=0.75, status="below_limit")).text
    'below 0.75 (estimate 0.20)'
    """
    unit = unit_of(row.measure, row.unit)
    text = number(row.value, unit)
    if row.status == "below_limit":
        text = f"below {number(row.limit, unit)} (estimate {text})"
    interval = ""
    if row.low is not None and row.high is not None:
        interval = f"{number(row.low, unit)} to {number(row.high, unit)}"
    return Cell(text, interval, row.status, STATUS_WORDS[row.status], reasons(row.reason))


def main_segment(segments: Sequence[Segment]) -> Segment | None:
    """Segment of the overview: the first rest, else the whole recording, else the first."""
    order = sorted(segments, key=lambda s: (s.kind != REST, s.kind != WHOLE))
    return order[0] if order else None


def overview(result: Measured) -> list[Table]:
    """Tables of the main numbers of the main segment, targets by line; muscles, then pairs."""
    segment = main_segment(result.segments)
    shown = [r for r in result.rows if segment and r.segment == segment.name]
    tables = [_overview_of(kind, names, shown) for kind, names in OVERVIEW.items()]
    return [table for table in tables if table.lines]


def _overview_of(kind: str, names: Sequence[str], rows: Sequence[MeasureRow]) -> Table:
    found = {(r.target, r.measure): r for r in rows if r.target_kind == kind and r.measure in names}
    units = {r.measure: r.unit for r in found.values()}
    measures = [name for name in names if name in units]
    lines = []
    for target in dict.fromkeys(r.target for r in found.values()):
        cells = [cell(found[target, m]) if (target, m) in found else MISSING for m in measures]
        lines.append(Line(target, words_of(target), tuple(cells)))
    headings = tuple(heading_of(m, units[m]) for m in measures)
    return Table({"muscle": "Muscles", "pair": "Pairs"}.get(kind, ""), kind, headings, tuple(lines))


def heading_of(measure: str, unit: str) -> Heading:
    """Heading of a measure of the registry.

    Examples
    --------
    >>> heading_of("apdf_p10_uv", "uV").direction
    '↑ higher = more activity'
    """
    direction = MEASURES[measure].direction if measure in MEASURES else "none"
    return Heading(heading(measure), measure, unit_words(unit), DIRECTIONS[direction])


def all_tables(rows: Iterable[MeasureRow]) -> list[Table]:
    """Every row, a table a target and in it its segments; measures without a value and with one reason share a line."""
    shown = [r for r in rows if r.measure not in NOT_ON_PAGES]
    by_target: dict[str, dict[str, list[MeasureRow]]] = {}
    for row in shown:
        by_target.setdefault(row.target, {}).setdefault(row.segment, []).append(row)
    return [
        Table(target, next(r.target_kind for r in shown if r.target == target), (), tuple(_target_lines(segments)))
        for target, segments in by_target.items()
    ]


def _target_lines(segments: Mapping[str, Sequence[MeasureRow]]) -> Iterable[Line]:
    for segment, rows in segments.items():
        yield from (replace(line, segment=segment) for line in _long_lines(rows))


def _long_lines(rows: Sequence[MeasureRow]) -> Iterable[Line]:
    given = [r for r in rows if r.value is not None]
    for row in given:
        yield Line(row.measure, unit_words(row.unit), (cell(row),))
    withheld = [r for r in rows if r.value is None]
    for _, group in groupby(sorted(withheld, key=_why), key=_why):
        alike = list(group)
        yield Line(", ".join(r.measure for r in alike), "", (cell(alike[0]),))


def _why(row: MeasureRow) -> tuple[str, str]:
    return row.status, row.reason


def words_of(target: str) -> str:
    """Names of the muscles of a target, for people; empty where the catalogue has none."""
    names = [name_of(muscle) for muscle in target.split("/")]
    return " / ".join(names) if names != target.split("/") else ""


def reasons_met(tables: Iterable[Table]) -> dict[Reason, str]:
    """Each reason of tables -> the targets or measures it stands at."""
    met: dict[Reason, dict[str, None]] = {}
    for table in tables:
        for line in table.lines:
            for one in line.cells:
                for reason in one.reasons:
                    met.setdefault(reason, {})[line.name] = None
    return {reason: ", ".join(names) for reason, names in met.items()}
