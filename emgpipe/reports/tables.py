"""Rows of measures arranged for reading: an overview of the main numbers, and every row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from emgpipe.frames.model import QRS
from emgpipe.measures.events import SUBJECT
from emgpipe.measures.grade import LETTERS
from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.views import REST, WHOLE, Segment
from emgpipe.muscles import name_of
from emgpipe.reports.model import Measured, Muscle
from emgpipe.reports.words import (
    COUNTS,
    NO_FAULT,
    NOT_ON_PAGES,
    SOURCE_WORDS,
    STATE_WORDS,
    STATUS_WORDS,
    Reason,
    clock,
    heading,
    heart_words,
    number,
    reasons,
    unit_words,
)

MOST_SPASMS = 60
"""A page lists so many; `intervals.csv` holds all."""
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


@dataclass(frozen=True)
class Line:
    """One line of a table: a target, or one or several measures of it, and its cells."""

    name: str
    words: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A titled table with the headings of its cells (words, name, unit)."""

    title: str
    kind: str
    headings: tuple[tuple[str, str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Channel:
    """What a muscle's numbers rest on."""

    name: str
    words: str
    grade: str
    grade_words: str
    floor: str
    bracket: str
    source: str
    confidence: str
    lines: str
    shares: tuple[str, ...]
    reasons: tuple[Reason, ...]


def cell(row: MeasureRow) -> Cell:
    """Print a row: a value below its limit says the limit and keeps its estimate.

    Examples
    --------
    >>> cell(MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", 0.2, "uV", limit=0.75, status="below_limit")).text
    'below 0.75 (estimate 0.20)'
    """
    unit = "count" if row.measure in COUNTS else row.unit
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
        cells = [cell(found[target, m]) if (target, m) in found else _missing() for m in measures]
        lines.append(Line(target, words_of(target), tuple(cells)))
    headings = tuple((heading(m), m, unit_words(units[m])) for m in measures)
    return Table({"muscle": "Muscles", "pair": "Pairs"}.get(kind, ""), kind, headings, tuple(lines))


def _missing() -> Cell:
    return Cell("–", "", "not_measured", STATUS_WORDS["not_measured"], ())


def all_tables(rows: Iterable[MeasureRow]) -> list[Table]:
    """Every row, a table for each segment and target; neighbours without a value and with one reason share a line."""
    shown = [r for r in rows if r.measure not in NOT_ON_PAGES]
    tables = []
    for (segment, target), group in groupby(shown, key=lambda r: (r.segment, r.target)):
        of_target = list(group)
        lines = tuple(_long_lines(of_target))
        title = f"{segment}: {target}" if segment else target
        tables.append(Table(title, of_target[0].target_kind, (), lines))
    return tables


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


def channels(result: Measured) -> list[Channel]:
    """Floor, removed lines and states of each muscle, over the whole recording."""
    return [_channel(name, one, result) for name, one in result.muscles.items()]


def _channel(name: str, one: Muscle, result: Measured) -> Channel:
    floor, known = one.floor, one.floor.known
    lines = ", ".join(f"{line.frequency_hz:.1f} Hz ({number(line.rms_uv, 'uV')} µV)" for line in one.frames.lines)
    out = (i for i in result.intervals if i.target == name and i.kind in ("excluded", "possible_spasm"))
    why = {code: None for i in out for code in i.reason.split(";") if code}
    grade = result.grades[name]
    codes = [*grade.codes, floor.reason, *(code for code in why if code not in NO_FAULT)]
    return Channel(
        name=name,
        words=words_of(name),
        grade=grade.letter,
        grade_words=LETTERS[grade.letter],
        floor=number(floor.floor_uv, "uV") if known else "cannot be told",
        bracket=f"{number(floor.lo_uv, 'uV')} to {number(floor.hi_uv, 'uV')}" if known else "",
        source=SOURCE_WORDS.get(floor.source, ""),
        confidence=floor.confidence,
        lines=lines or "none",
        shares=tuple(f"{100 * share:.1f} %" for share in state_shares(name, result).values()),
        reasons=reasons(";".join(codes)),
    )


def hearts(result: Measured) -> list[tuple[str, tuple[str, ...]]]:
    """Muscles in which heart beats were looked for, and what was done about them."""
    return [
        (name, heart_words(heart, _share_at_beats(one)))
        for name, one in result.muscles.items()
        if (heart := one.frames.heart) is not None
    ]


def _share_at_beats(one: Muscle) -> float:
    """Share of the hops that are left out for a heart beat and for no other fault of the signal."""
    return float((one.frames.reasons == QRS).mean()) if len(one.frames.reasons) else 0.0


def state_shares(name: str, result: Measured) -> dict[str, float]:
    """Share of the recording in each state of `STATE_WORDS`; all 0 where nothing was seen."""
    lengths = dict.fromkeys(STATE_WORDS, 0.0)
    for row in result.intervals:
        if row.target == name and row.kind in lengths:
            lengths[row.kind] += row.stop_s - row.start_s
    total = sum(lengths.values())
    return {kind: length / total if total else 0.0 for kind, length in lengths.items()}


def spasms_together(result: Measured) -> tuple[list[str], int]:
    """Generalised spasms in words, at most `MOST_SPASMS`, and how many more there are."""
    found = [i for i in result.intervals if (i.target, i.kind) == (SUBJECT, "spasm")]
    told = [f"{clock(i.start_s)}: {i.reason.replace(';', ', ')}" for i in found[:MOST_SPASMS]]
    return told, len(found) - len(told)


def spasm_count(name: str, result: Measured, kind: str = "spasm") -> int:
    """Spasms of a muscle, or stretches in which one may hide (`possible_spasm`)."""
    return sum((i.target, i.kind) == (name, kind) for i in result.intervals)


def untraced(result: Measured) -> list[tuple[str, tuple[Reason, ...]]]:
    """Muscles that have rows and no trace, with the reasons; each that was not excluded by name is a D."""
    found: dict[str, str] = {}
    for row in result.rows:
        if row.target_kind == "muscle" and row.target not in result.muscles:
            found.setdefault(row.target, row.reason)
    return [(name, reasons(codes)) for name, codes in found.items()]


def reasons_met(tables: Iterable[Table]) -> dict[Reason, str]:
    """Each reason of tables -> the targets or measures it stands at."""
    met: dict[Reason, dict[str, None]] = {}
    for table in tables:
        for line in table.lines:
            for one in line.cells:
                for reason in one.reasons:
                    met.setdefault(reason, {})[line.name] = None
    return {reason: ", ".join(names) for reason, names in met.items()}
