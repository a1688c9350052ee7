"""Draw the pages that are stale: everything that is heavy to import is imported here, and this module only then."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.conditions import Conditions, differing_conditions
from emgpipe.batch.jobs import Job
from emgpipe.batch.units import read_head, read_unit
from emgpipe.batch.work import stored_frames
from emgpipe.detectors.floor import Floor
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.recording import Annotation, Finding
from emgpipe.reports.index import index_page
from emgpipe.reports.model import Measured, Muscle, RecordingReport, VisitReport
from emgpipe.reports.visit import visit_page
from emgpipe.settings import Settings, fingerprint, to_toml
from emgpipe.store import cell, cell_text
from emgpipe.study.timeline import recording_segments

SIMULATED_ID = "SIMULATED"
"""A study whose id begins so says on every page that nobody was recorded."""

Row = Mapping[str, str]


def is_simulated(study: str) -> bool:
    """Whether nobody was recorded.

    Examples
    --------
    >>> is_simulated("SIMULATED-20"), is_simulated("SPS-IVIG")
    (True, False)
    """
    return study.startswith(SIMULATED_ID)


def index_html(
    study: str, inputs: Sequence[Row], settings: Settings, folder: Path, conditions: Mapping[str, Row]
) -> str:
    """Page of the study; findings from its units, and on conditions that differ between visits."""
    visits = list(dict.fromkeys((row["subject"], row["visit"]) for row in inputs))
    return index_page(
        study, inputs, visits, findings=_findings(inputs, folder, conditions), version=version("emgpipe"),
        settings_id=fingerprint(settings), simulated=is_simulated(study),
    )  # fmt: skip


def _findings(inputs: Sequence[Row], folder: Path, conditions: Mapping[str, Row]) -> dict[str, list[Finding]]:
    differing = differing_conditions(
        Conditions(row["subject"], row["visit"], row["task"], conditions.get(row["recording"], {})) for row in inputs
    )
    return {
        row["recording"]: [
            *_told(read_head(_unit_path(folder, row))),
            *differing.get((row["subject"], row["task"]), ()),
        ]
        for row in inputs
    }


def _unit_path(folder: Path, row: Row) -> Path:
    return folder / "units" / f"{row['recording']}.jsonl"


def _told(unit: Mapping[str, Any] | None) -> tuple[Finding, ...]:
    """Findings as the run has stored them."""
    return tuple(Finding(**finding) for finding in (unit or {}).get("findings", ()))


def visit_html(
    study: str, subject: str, visit: str, inputs: Sequence[Row], measures: Sequence[Row], folder: Path,
    settings: Settings, conditions: Mapping[str, Row],
) -> str:  # fmt: skip
    """Page of one visit from its units, its rows and cached frames; raises StoreError where frames are not there."""
    units = [read_unit(_unit_path(folder, row)) for row in inputs]
    # settings of the run that measured this visit; a later run may have left it out
    settings = next((Job.from_told(unit["job"], folder).settings for unit in units if unit), settings)
    rows = [_measure_row(r) for r in measures if r["target_kind"] == "subject" and not r["recording"]]
    report = VisitReport(
        study=study,
        subject=subject,
        visit=visit,
        recordings=tuple(
            _recording_report(row, unit, measures, folder, conditions[row["recording"]])
            for row, unit in zip(inputs, units, strict=True)
        ),
        settings_toml=to_toml(settings),
        settings_id=fingerprint(settings),
        version=version("emgpipe"),
        subject_rows=tuple(rows),
        simulated=is_simulated(study),
    )
    return visit_page(report)


def _recording_report(
    row: Row, unit: Mapping[str, Any] | None, measures: Sequence[Row], folder: Path, conditions: Row
) -> RecordingReport:
    """One recording from its unit; without a result where it failed or was never run."""
    report = RecordingReport(
        name=row["recording"], task=row["task"], file=row["file"], sha256=row["sha256"], result=None,
        failure=Finding(row["code"], "error", "", row["message"]) if row["code"] else None,
        run=row["run"], conditions=conditions,
    )  # fmt: skip
    if unit is None or unit["status"] != "ok":
        return report
    # tables write hidden characters of a label out; the frames name their channels as the file does
    names = {cell_text(cell(told["target"])): told["target"] for told in unit["rows"]}
    rows = tuple(
        _measure_row({**r, "target": names.get(r["target"], r["target"])})
        for r in measures
        if r["recording"] == row["recording"]
    )
    return replace(report, result=_measured(unit, rows, folder))


def _measured(unit: Mapping[str, Any], rows: tuple[MeasureRow, ...], folder: Path) -> Measured:
    """What a recording said, from its unit and its cached frames: nothing is decided anew."""
    job = Job.from_told(unit["job"], folder)
    marks = [Annotation(*mark) for mark in unit["annotations"]]
    plan = recording_segments(marks, unit["duration_s"], job.meanings, rest=job.declared_rest)
    frames = stored_frames(job, unit["sha256"])
    channels = {channel.index: channel for channel in frames.channels}
    muscles = {told["name"]: _muscle(told, channels[told["index"]]) for told in unit["muscles"]}
    intervals = tuple(IntervalRow(**told) for told in unit["intervals"])
    return Measured(rows, intervals, muscles, plan.segments, _told(unit), plan.cues, plan.stimuli_s)


def _muscle(told: Mapping[str, Any], channel: ChannelFrames) -> Muscle:
    floor_uv, lo_uv, hi_uv, threshold_uv = (
        math.nan if told[name] is None else told[name] for name in ("floor_uv", "lo_uv", "hi_uv", "threshold_uv")
    )
    floor = Floor(floor_uv, lo_uv, hi_uv, told["source"], told["confidence"], told["reason"])
    return Muscle(channel, floor, threshold_uv)


_NUMBERS = tuple(f.name for f in fields(MeasureRow) if "float" in str(f.type))
_TEXTS = tuple(f.name for f in fields(MeasureRow) if f.name not in _NUMBERS)


def _measure_row(row: Row) -> MeasureRow:
    cells: dict[str, Any] = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    cells |= {name: row[name] for name in _TEXTS}
    return MeasureRow(**cells)
