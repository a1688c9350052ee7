"""Draw the pages that are stale: everything that is heavy to import is imported here, and this module only then."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.conditions import Conditions, differing_conditions
from emgpipe.batch.jobs import Job
from emgpipe.batch.units import read_head, read_unit
from emgpipe.batch.work import stored_result
from emgpipe.errors import StoreError
from emgpipe.measures.rows import MeasureRow
from emgpipe.recording import Annotation, Finding, Recording, Run
from emgpipe.reports.index import index_page
from emgpipe.reports.model import RecordingReport, VisitReport
from emgpipe.reports.visit import visit_page
from emgpipe.settings import Settings, fingerprint, to_toml
from emgpipe.store import cell, cell_text

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
    job = Job.from_told(unit["job"], folder)
    recording = _without_samples(unit)
    result = stored_result(job, recording, unit["sha256"])
    # tables write hidden characters of a label out; the frames name their channels as the file does
    names = {cell_text(cell(told["target"])): told["target"] for told in unit["rows"]}
    rows = tuple(
        _measure_row({**r, "target": names.get(r["target"], r["target"])})
        for r in measures
        if r["recording"] == row["recording"]
    )
    # deciding anew finds again what the unit has already
    return replace(report, result=replace(result, rows=rows, findings=_told(unit)))


def _without_samples(unit: Mapping[str, Any]) -> Recording:
    """What a decision needs of a recording when its frames are cached."""

    def refuse(index: int, first: int, stop: int) -> Any:
        """Raise StoreError: samples are asked for where frames should be."""
        message = f"frames of {unit['recording']!r} are not in the cache any more; run the study again"
        raise StoreError("FRAMES_MISSING", message)

    return Recording(
        name=unit["recording"],
        start=None,
        duration_s=unit["duration_s"],
        signals=(),
        runs=(Run(0.0, unit["duration_s"]),),
        annotations=tuple(Annotation(*mark) for mark in unit["annotations"]),
        findings=(),
        sha256=unit["sha256"],
        read_samples=refuse,
    )


_NUMBERS = tuple(f.name for f in fields(MeasureRow) if "float" in str(f.type))
_TEXTS = tuple(f.name for f in fields(MeasureRow) if f.name not in _NUMBERS)


def _measure_row(row: Row) -> MeasureRow:
    cells: dict[str, Any] = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    cells |= {name: row[name] for name in _TEXTS}
    return MeasureRow(**cells)
