"""Pages of a results folder: drawn from units, tables and cached frames, the recordings are not read again."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.jobs import Job
from emgpipe.batch.units import read_unit
from emgpipe.batch.work import measured, stored_frames
from emgpipe.errors import StoreError
from emgpipe.measures.rows import MeasureRow
from emgpipe.recording import Annotation, Finding, Recording, Run
from emgpipe.reports.index import index_page
from emgpipe.reports.model import RecordingReport, VisitReport, visit_file_name
from emgpipe.reports.visit import visit_page
from emgpipe.settings import Settings, fingerprint, load_settings, to_toml
from emgpipe.store import OutputLock, content_key, write_json, write_text

PAGES_VERSION = 1
"""Raised whenever the same results would give other pages."""
SIMULATED_ID = "SIMULATED"
"""A study whose id begins so says on every page that nobody was recorded."""

Row = Mapping[str, str]


def write_reports(out: str | Path, *, wait: bool = False) -> list[Path]:
    """Draw the pages of a results folder: one a visit, and the study page.

    Parameters
    ----------
    out : str or Path
        Results folder of `run_study`.
    wait : bool
        Wait for another run on the same folder instead of refusing.

    Returns
    -------
    list of Path
        Pages drawn now; a page whose data did not change is left as it is.

    Raises
    ------
    StoreError
        RESULTS_UNREADABLE: no results here; FRAMES_MISSING, FRAMES_DAMAGED: run the study again;
        STORE_LOCKED, STORE_UNWRITABLE.
    """
    folder = Path(out)
    if not (folder / "run.json").is_file():
        message = "no run.json; give a folder that `emgpipe run` has written"
        raise StoreError("RESULTS_UNREADABLE", message, where=str(out))
    with OutputLock(folder, wait=wait):
        return _write_locked(folder)


def _write_locked(folder: Path) -> list[Path]:
    run = json.loads((folder / "run.json").read_text("utf-8"))
    study, conditions = str(run["study"]), run["conditions"]
    settings = load_settings(folder / "settings.toml")
    inputs, measures = _read_csv(folder / "inputs.csv"), _read_csv(folder / "measures.csv")
    known = _known_pages(folder)
    drawn, keys = [], {}
    problems: list[StoreError] = []
    visits, measured_at = _by_visit(inputs), _by_visit(measures)
    for (subject, visit), rows in visits.items():
        name = visit_file_name(subject, visit)
        told = measured_at.get((subject, visit), [])
        noted = {row["recording"]: conditions.get(row["recording"], {}) for row in rows}
        keys[name] = content_key(
            pages=PAGES_VERSION, version=version("emgpipe"), inputs=rows, measures=told, conditions=noted
        )
        path = folder / "reports" / name
        if known.get(name) == keys[name] and path.is_file():
            continue
        try:
            report = _visit_report(study, subject, visit, rows, told, folder, settings, noted)
        except StoreError as problem:  # the other pages are drawn all the same
            problems.append(problem)
            del keys[name]
            continue
        write_text(path, visit_page(report))
        drawn.append(path)
    index = folder / "reports" / "index.html"
    keys["index.html"] = content_key(
        pages=PAGES_VERSION, version=version("emgpipe"), study=study, inputs=inputs, settings=fingerprint(settings)
    )
    if known.get("index.html") != keys["index.html"] or not index.is_file():
        page = index_page(
            study, inputs, list(visits), version=version("emgpipe"), settings_id=fingerprint(settings),
            simulated=study.startswith(SIMULATED_ID),
        )  # fmt: skip
        write_text(index, page)
        drawn.append(index)
    if drawn or known != keys:
        write_json(folder / "reports" / "pages.json", keys)
    if problems:
        raise problems[0]
    return drawn


def _by_visit(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    out: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        out.setdefault((row["subject"], row["visit"]), []).append(row)
    return out


def _known_pages(folder: Path) -> dict[str, str]:
    try:
        told = json.loads((folder / "reports" / "pages.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return dict(told) if isinstance(told, dict) else {}


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _visit_report(
    study: str, subject: str, visit: str, inputs: Sequence[Row], measures: Sequence[Row], folder: Path,
    settings: Settings, conditions: Mapping[str, Row],
) -> VisitReport:  # fmt: skip
    units = [read_unit(folder / "units" / f"{row['recording']}.json") for row in inputs]
    # settings of the run that measured this visit; a later run may have left it out
    settings = next((Job.from_told(unit["job"], folder).settings for unit in units if unit), settings)
    rows = [_measure_row(r) for r in measures if r["target_kind"] == "subject"]
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
        subject_rows=tuple(rows),
        simulated=study.startswith(SIMULATED_ID),
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
    job = Job.from_told(unit["job"], folder)
    recording = _without_samples(unit)
    result = measured(job, recording, *stored_frames(job, unit["sha256"]))
    rows = tuple(_measure_row(r) for r in measures if r["recording"] == row["recording"])
    return replace(report, result=replace(result, rows=rows))


def _without_samples(unit: Mapping[str, Any]) -> Recording:
    """What a decision needs of a recording when its frames are cached."""

    def refuse(index: int, first: int, stop: int) -> Any:
        message = f"frames of {unit['recording']!r} are not in the cache any more; run the study again"
        raise StoreError("FRAMES_MISSING", message)

    return Recording(
        name=unit["recording"],
        start=None,
        duration_s=unit["duration_s"],
        signals=(),
        runs=(Run(0.0, unit["duration_s"]),),
        annotations=tuple(Annotation(*mark) for mark in unit["annotations"]),
        findings=tuple(Finding(**finding) for finding in unit["findings"]),
        sha256=unit["sha256"],
        read_samples=refuse,
    )


_NUMBERS = tuple(f.name for f in fields(MeasureRow) if "float" in str(f.type))
_TEXTS = tuple(f.name for f in fields(MeasureRow) if f.name not in _NUMBERS)


def _measure_row(row: Row) -> MeasureRow:
    cells: dict[str, Any] = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    cells |= {name: row[name] for name in _TEXTS}
    return MeasureRow(**cells)
