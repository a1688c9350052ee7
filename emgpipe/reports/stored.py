"""A visit as a results folder holds it: units, rows and cached frames, nothing decided anew."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.jobs import Job
from emgpipe.batch.units import read_unit
from emgpipe.batch.work import stored_frames
from emgpipe.detectors.floor import Floor
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.recording import Annotation, Finding
from emgpipe.reports.model import Measured, Muscle, RecordingReport, VisitReport
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


def unit_path(folder: Path, row: Row) -> Path:
    """Unit of a recording, whether it is there or not."""
    return folder / "units" / f"{row['recording']}.jsonl"


def told_findings(unit: Mapping[str, Any] | None) -> tuple[Finding, ...]:
    """Findings as the run has stored them."""
    return tuple(Finding(**finding) for finding in (unit or {}).get("findings", ()))


def stored_visit(
    study: str, subject: str, visit: str, inputs: Sequence[Row], measures: Sequence[Row], folder: Path,
    settings: Settings, conditions: Mapping[str, Row],
) -> VisitReport:  # fmt: skip
    """One visit from its units, its rows and cached frames.

    Parameters
    ----------
    study, subject, visit : str
        Identifiers.
    inputs, measures : sequence of mapping of str to str
        Rows of `inputs.csv` and `measures.csv` of this visit, as text.
    folder : Path
        Results folder.
    settings : Settings
        Of the last run; those of the run that measured this visit are taken where its units tell them.
    conditions : mapping of str to mapping
        Recording -> column of `recordings.csv` -> cell; every recording of `inputs` has an entry.

    Returns
    -------
    VisitReport
        With all recordings of `inputs`, in their order; those that failed have no result.

    Raises
    ------
    StoreError
        FRAMES_MISSING, FRAMES_DAMAGED: run the study again.
    """
    units = [read_unit(unit_path(folder, row)) for row in inputs]
    # settings of the run that measured this visit; a later run may have left it out
    job = next((Job.from_told(unit["job"], folder) for unit in units if unit), None)
    settings = job.settings if job else settings
    of_visit = [r for r in measures if r["target_kind"] == "subject" and not r["recording"]]
    return VisitReport(
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
        subject_rows=tuple(measure_row(r) for r in of_visit),
        simulated=is_simulated(study),
        subject_tasks=tuple(r["task"] for r in of_visit),
        mains_hz=job.mains_hz if job else None,
    )


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
