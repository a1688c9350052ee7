"""Tables of a results folder, merged from units in the order of the study."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from emgpipe.batch.conditions import differing_conditions
from emgpipe.batch.dictionary import data_dictionary
from emgpipe.batch.jobs import Job
from emgpipe.batch.units import Units, recording_rows
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.store import json_text, write_bytes, write_csv, write_json
from emgpipe.study import Study
from emgpipe.summary import StudyRow, reference_rows, subject_rows, visit_tables
from emgpipe.summary.visits import REPEAT_COLUMNS, VISIT_COLUMNS

_IDS = ("study", "subject", "visit", "task", "run", "recording")
_ROW = tuple(f.name for f in fields(MeasureRow))
_NUMBERS = {f.name for f in fields(MeasureRow) if "float" in str(f.type)}
_LAST = ("lines_hz",)
MEASURE_COLUMNS = (
    *_IDS, *(c for c in _ROW if c not in _LAST), "settings_id", "input_sha256", "version", *_LAST,
)  # fmt: skip
INPUT_COLUMNS = (
    "recording", "subject", "visit", "task", "run", "file", "sha256", "status", "code", "message",
    "duration_s", "rates_hz", "grade", "findings",
)  # fmt: skip
INTERVAL_COLUMNS = ("subject", "visit", "recording", *(f.name for f in fields(IntervalRow)))

MadeWith = Mapping[tuple[str, ...], tuple[str, ...]]
"""Settings ids and versions, joined by ";" where recordings differ: of a recording, of a visit or of a task."""

TABLE_COLUMNS = {
    "measures.csv": MEASURE_COLUMNS,
    "visits.csv": (*VISIT_COLUMNS, "{target}.{measure}"),
    "visits_repeats.csv": REPEAT_COLUMNS,
    "inputs.csv": INPUT_COLUMNS,
    "intervals.csv": INTERVAL_COLUMNS,
}


def write_tables(study: Study, jobs: Sequence[Job], units: Units, out: Path) -> list[StudyRow]:
    """Write every table of a results folder.

    Parameters
    ----------
    study : Study
        Gives the order.
    jobs : sequence of Job
        One a recording, in the order of the study.
    units : mapping of str to unit or None
        By recording; None: not selected and never run.
    out : Path
        Results folder.

    Returns
    -------
    list of StudyRow
        Rows of `measures.csv` but those of failed recordings.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.
    """
    rows = study_rows(study, jobs, units)
    _write_table(out / "measures", MEASURE_COLUMNS, measure_lines(study, jobs, units, rows))
    columns, visits, repeats = visit_tables(rows)
    _write_table(out / "visits", columns, visits)
    write_csv(out / "visits_repeats.csv", REPEAT_COLUMNS, repeats)
    write_csv(out / "inputs.csv", INPUT_COLUMNS, _input_cells(jobs, units))
    write_csv(out / "intervals.csv", INTERVAL_COLUMNS, _interval_cells(jobs, units))
    write_json(out / "data_dictionary.json", data_dictionary(TABLE_COLUMNS))
    return rows


def study_rows(study: Study, jobs: Sequence[Job], units: Units) -> list[StudyRow]:
    """All rows that have a target: recordings in the order of the study, `_pct` twins, then visits."""
    rows = recording_rows(jobs, units)
    rows += list(reference_rows(rows, study.reference))
    rows += list(subject_rows(rows, study.index_muscles, study.index_offset_uv))
    return rows


def measure_lines(study: Study, jobs: Sequence[Job], units: Units, rows: Sequence[StudyRow]) -> list[dict[str, Any]]:
    """Lines of `measures.csv`: of `study_rows`, then one a failed recording."""
    made = _made_with(jobs, units)
    lines = [_measure_cells(study, r, made) for r in rows]
    return lines + [_failed_cells(study, job, units, made) for job in _failed(jobs, units)]


def _failed(jobs: Sequence[Job], units: Units) -> list[Job]:
    return [job for job in jobs if (units[job.entry.recording] or {}).get("status") == "failed"]


def _measure_cells(study: Study, r: StudyRow, made: MadeWith) -> dict[str, Any]:
    settings_id, made_by = made[_place(r)]
    return {
        "study": study.id, "subject": r.subject, "visit": r.visit, "task": r.task, "run": r.run,
        "recording": r.recording, **asdict(r.row),
        "settings_id": settings_id, "input_sha256": r.sha256, "version": made_by,
    }  # fmt: skip


def _made_with(jobs: Sequence[Job], units: Units) -> MadeWith:
    """Ids of settings and versions: a recording that was not selected keeps its rows, and what they were made with."""
    out: dict[tuple[str, ...], dict[tuple[str, str], None]] = {}
    for job in jobs:
        unit, e = units[job.entry.recording], job.entry
        if not unit:
            continue
        # an index compares all visits of a task, all other rows of a visit are of it alone
        visits = [(e.subject, e.task), (e.subject, e.task, e.visit)] if unit["status"] == "ok" else []
        for place in [(e.recording,), *visits]:
            out.setdefault(place, {})[str(unit["settings_id"]), str(unit["version"])] = None
    return {
        place: tuple(";".join(dict.fromkeys(texts)) for texts in zip(*told, strict=True)) for place, told in out.items()
    }


def _place(r: StudyRow) -> tuple[str, ...]:
    """What says which recordings a row was made from, as in `MadeWith`."""
    if r.recording:
        return (r.recording,)
    return (r.subject, r.task) if r.row.measure == "rigidity_index_log" else (r.subject, r.task, r.visit)


def _failed_cells(study: Study, job: Job, units: Units, made: MadeWith) -> dict[str, Any]:
    """One row without a measure for a recording that has none."""
    unit, e = units[job.entry.recording] or {}, job.entry
    row = MeasureRow("", "", "muscle", "", None, "", status="failed", reason=unit["code"])
    cells = _measure_cells(study, StudyRow(e.subject, e.visit, e.task, e.run, e.recording, unit["sha256"], row), made)
    return {**cells, "target_kind": ""}


def _input_cells(jobs: Sequence[Job], units: Units) -> Iterable[dict[str, Any]]:
    differing = differing_conditions(job.conditions for job in jobs)
    for job in jobs:
        e = job.entry
        unit = units[e.recording] or {"status": "not_measured", "code": "NOT_SELECTED"}
        findings = [f"{f['code']}: {f['where']}: {f['message']}" for f in unit.get("findings", ())]
        findings += [f"{f.code}: {f.message}" for f in differing.get((e.subject, e.task), ())]
        yield {
            "recording": e.recording, "subject": e.subject, "visit": e.visit, "task": e.task, "run": e.run,
            "file": e.file, "sha256": unit.get("sha256", ""), "status": unit["status"], "code": unit["code"],
            "message": unit.get("message", ""), "duration_s": unit.get("duration_s"),
            "rates_hz": ";".join(f"{rate:g}" for rate in unit.get("rates_hz", ())), "grade": unit.get("grade", ""),
            "findings": " | ".join(findings),
        }  # fmt: skip


def _interval_cells(jobs: Sequence[Job], units: Units) -> Iterable[dict[str, Any]]:
    for job in jobs:
        e = job.entry
        for cells in (units[e.recording] or {}).get("intervals", ()):
            yield {"subject": e.subject, "visit": e.visit, "recording": e.recording, **cells}


def _write_table(stem: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a table as CSV and as Parquet, with the same values."""
    write_csv(stem.with_suffix(".csv"), columns, rows)
    write_bytes(stem.with_suffix(".parquet"), parquet_bytes(columns, rows))


def parquet_bytes(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Parquet file of rows: float64 where a column holds numbers, else text; None is missing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name in columns:
        numeric = name in _NUMBERS or "." in name  # {target}.{measure}
        arrays[name] = pa.array([row[name] for row in rows], pa.float64() if numeric else pa.string())
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out)
    return out.getvalue()


def rows_text(rows: Iterable[StudyRow]) -> str:
    """Text of rows, for keys of pages."""
    return json.dumps([json.loads(json_text({**r._asdict(), "row": asdict(r.row)})) for r in rows], sort_keys=True)
