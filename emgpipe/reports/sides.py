"""Numbers side by side: left against right of a visit, and rest, after-stimulus and after-relax of a recording."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.views import RELAX, REST, STIMULUS
from emgpipe.muscles import name_of, side_of
from emgpipe.reports.model import Measured, RecordingReport, VisitReport
from emgpipe.reports.tables import MISSING, Cell, Heading, Line, Table, cell, heading_of, main_segment, words_of

LEVEL, RATIO = "apdf_p10_uv", "lr_ln_ratio"
AFTER: dict[str, tuple[str, ...]] = {
    STIMULUS: ("stim_auc_uvs", "stim_lat_ms", "stim_habituation"),
    RELAX: ("relax_resid_uv",),
}
"""Kind of a stretch that a cue makes -> its measures."""
RESTING = "rest_rms_uv"


class SideLine(NamedTuple):
    """A muscle that was recorded on both sides: static level of each, and their logarithmic ratio at rest."""

    muscle: str
    words: str
    recording: str
    left: Cell
    right: Cell
    ratio: Cell


def sides(visit: VisitReport) -> list[SideLine]:
    """Left against right of each muscle with both sides, a line a recording.

    The ratio is that of the visit and task (`lr_ln_ratio`), over all its rests; it is not made from the two cells
    beside it where a task has repeats.
    """
    return [line for report in visit.recordings if report.result for line in _of_recording(report, visit)]


def _of_recording(report: RecordingReport, visit: VisitReport) -> Iterator[SideLine]:
    result = report.result or Measured()
    segment = main_segment(result.segments)
    levels = {r.target: r for r in result.rows if segment and (r.segment, r.measure) == (segment.name, LEVEL)}
    for name, left in levels.items():
        bare = name.removesuffix("_L")
        right = levels.get(f"{bare}_R")
        if side_of(name) == "L" and right is not None:
            ratio = _ratio(visit, report.task, bare) if segment and segment.kind == REST else None
            words = name_of(name).removeprefix("left ")
            yield SideLine(bare, words, report.name, cell(left), cell(right), cell(ratio) if ratio else MISSING)


def _ratio(visit: VisitReport, task: str, bare: str) -> MeasureRow | None:
    tasks = visit.subject_tasks or (task,) * len(visit.subject_rows)
    for row, of in zip(visit.subject_rows, tasks, strict=True):
        if (row.target, row.measure, of) == (bare, RATIO, task):
            return row
    return None


def phases(result: Measured) -> Table | None:
    """Level at rest beside what stimuli and cues to relax leave, a line a muscle; None without such marks."""
    kinds = {cue.name: cue.kind for cue in result.cues}
    rows = {(r.target, r.segment, r.measure): r for r in result.rows if r.target_kind == "muscle"}
    columns = [(name, measure) for kind in AFTER for name in kinds if kinds[name] == kind for measure in AFTER[kind]]
    columns = [column for column in columns if any(key[1:] == column for key in rows)]
    if not columns:
        return None
    segment = main_segment(result.segments)
    if segment is not None:
        columns.insert(0, (segment.name, RESTING))
    headings = tuple(_heading(rows, *column) for column in columns)
    lines = tuple(_line(rows, name, columns) for name in dict.fromkeys(target for target, _, _ in rows))
    return Table("Level at rest, and what stimuli and cues to relax leave", "muscle", headings, lines)


_Rows = Mapping[tuple[str, str, str], MeasureRow]


def _heading(rows: _Rows, segment: str, measure: str) -> Heading:
    unit = next((r.unit for (_, s, m), r in rows.items() if (s, m) == (segment, measure)), "")
    made = heading_of(measure, unit)
    return made._replace(words=f"{segment}: {made.words}")


def _line(rows: _Rows, name: str, columns: list[tuple[str, str]]) -> Line:
    found = [rows.get((name, *column)) for column in columns]
    return Line(name, words_of(name), tuple(cell(row) if row else MISSING for row in found))
