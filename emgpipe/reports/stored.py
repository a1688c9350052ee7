"""A visit as a results folder holds it: units, rows and cached frames, nothing decided anew."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.jobs import Job
from emgpipe.batch.units import BODY, read_unit
from emgpipe.batch.work import stored_frames
from emgpipe.detectors.floor import Floor
from emgpipe.errors import ResultsError
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.recording import Annotation, Finding
from emgpipe.reports.model import Measured, Muscle, RecordingReport, VisitReport
from emgpipe.reports.told import Row, Told, Visit, versions_of
from emgpipe.settings import fingerprint, to_toml
from emgpipe.store import cell, cell_text
from emgpipe.study.timeline import recording_segments

SIMULATED_ID = "SIMULATED"
"""A study whose id begins so says on every page that nobody was recorded."""


def is_simulated(study: str) -> bool:
    """Whether nobody was recorded.

    Examples
    --------
    >>> is_simulated("SIMULATED-20"), is_simulated("SPS-IVIG")
    (True, False)
    """
    return study.startswith(SIMULATED_ID)


def unit_path(folder: Path, row: Row) -> Path:
    """Unit of a recording, whether it is there or not."""
    return folder / "units" / f"{row['recording']}.jsonl"


def told_findings(unit: Mapping[str, Any] | None) -> tuple[Finding, ...]:
    """Findings as the run has stored them."""
    return tuple(Finding(**finding) for finding in (unit or {}).get("findings", ()))


def stored_visit(told: Told, visit: Visit, folder: Path, inputs: Sequence[Row] | None = None) -> VisitReport:
    """One visit from its units, its rows and cached frames.

    Parameters
    ----------
    told : Told
        Tables, conditions and findings of the results folder. Its settings are those of the last run; those of the run
        that measured this visit are taken where its units tell them.
    visit : (subject, visit)
        Identifiers; one of `told.visits`.
    folder : Path
        Results folder.
    inputs : sequence of mapping of str to str, optional
        Rows of `inputs.csv` of this visit; all of them where left out.

    Returns
    -------
    VisitReport
        With all recordings of `inputs`, in their order; those that failed have no result.

    Raises
    ------
    StoreError
        FRAMES_MISSING, FRAMES_DAMAGED, RESULTS_UNREADABLE (a unit that is damaged, gone or of an earlier form): run
        the study again.
    """
    inputs = told.visits[visit] if inputs is None else inputs
    measures = told.measures.get(visit, [])
    units = [_known_unit(row, folder) for row in inputs]
    # settings of the run that measured this visit; a later run may have left it out
    job = next((Job.from_told(unit["job"], folder) for unit in units if unit), None)
    settings = job.settings if job else told.settings
    of_visit = [r for r in measures if r["target_kind"] == "subject" and not r["recording"]]
    return VisitReport(
        study=told.study,
        subject=visit[0],
        visit=visit[1],
        recordings=tuple(
            _recording_report(row, unit, measures, folder, told) for row, unit in zip(inputs, units, strict=True)
        ),
        settings_toml=to_toml(settings),
        settings_id=fingerprint(settings),
        version=version("emgpipe"),
        measured_with=versions_of(measures),
        subject_rows=tuple(measure_row(r) for r in of_visit),
        simulated=is_simulated(told.study),
        beside=told.beside(visit),
        subject_tasks=tuple(r["task"] for r in of_visit),
        mains_hz=job.mains_hz if job else None,
    )


def _known_unit(row: Row, folder: Path) -> dict[str, Any] | None:
    """Unit of a recording; one that is lost though it was measured, or of another form, is refused."""
    unit = read_unit(path := unit_path(folder, row))
    if unit is None and row["status"] == "ok":
        message = f"the unit of {row['recording']!r} is not as written; run the study again"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(path))
    if unit is None or unit.keys() >= set(BODY):
        return unit
    lacking = ", ".join(name for name in BODY if name not in unit)
    message = f"the unit of {row['recording']!r} is of another form, without {lacking}; run the study again"
    raise ResultsError("RESULTS_UNREADABLE", message, where=str(path))


def _recording_report(
    row: Row, unit: Mapping[str, Any] | None, measures: Sequence[Row], folder: Path, told: Told
) -> RecordingReport:
    """One recording from its unit; without a result where it failed or was never run."""
    report = RecordingReport(
        name=row["recording"], task=row["task"], file=row["file"], sha256=row["sha256"], result=None,
        failure=Finding(row["code"], "error", "", row["message"]) if row["code"] else None,
        run=row["run"], conditions=told.conditions.get(row["recording"], {}),
        findings=tuple(told.differing.get((row["subject"], row["task"]), ())),
    )  # fmt: skip
    if unit is None or unit["status"] != "ok":
        return report
    # tables write hidden characters of a label out; the frames name their channels as the file does
    names = {cell_text(cell(one["target"])): one["target"] for one in unit["rows"]}
    rows = tuple(
        measure_row({**r, "target": names.get(r["target"], r["target"])})
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
    return Measured(rows, intervals, muscles, plan.segments, told_findings(unit), plan.cues, plan.stimuli_s)


def _muscle(told: Mapping[str, Any], channel: ChannelFrames) -> Muscle:
    floor_uv, lo_uv, hi_uv, threshold_uv = (
        math.nan if told[name] is None else told[name] for name in ("floor_uv", "lo_uv", "hi_uv", "threshold_uv")
    )
    floor = Floor(floor_uv, lo_uv, hi_uv, told["source"], told["confidence"], told["reason"])
    return Muscle(channel, floor, threshold_uv)


_NUMBERS = tuple(f.name for f in fields(MeasureRow) if "float" in str(f.type))
_TEXTS = tuple(f.name for f in fields(MeasureRow) if f.name not in _NUMBERS)


def measure_row(row: Row) -> MeasureRow:
    """A line of `measures.csv` as a row."""
    cells: dict[str, Any] = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    cells |= {name: row[name] for name in _TEXTS}
    return MeasureRow(**cells)
