"""Units on disk: the result of one recording, whole or absent."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.jobs import Job, stat_of
from emgpipe.errors import StoreError
from emgpipe.measures.rows import MeasureRow
from emgpipe.settings import fingerprint
from emgpipe.settings.places import read_small
from emgpipe.store import json_line, write_bytes
from emgpipe.store.places import MOST_JSON_BYTES
from emgpipe.summary import StudyRow

Units = Mapping[str, Mapping[str, Any] | None]
"""By recording; None: not selected and never run."""
Heads = Units
"""The same, of units without their body."""
BODY = ("annotations", "rows", "intervals", "muscles")
"""What only tables and pages need; all else is the head of a unit."""
HEAD = ("recording", "stat", "sha256", "key", "status", "code", "message", "findings", "job")
"""What a unit cannot be without."""


def read_head(path: Path) -> dict[str, Any] | None:
    """All of a unit but annotations, rows and intervals; None where it is absent or a byte of it is not as written.

    `digest` is that of the unit: what its first line says of all that follows.
    """
    return _parsed(path, 1)


def read_unit(path: Path) -> dict[str, Any] | None:
    """Unit as written; None where it is absent or a byte of it is not as written."""
    return _parsed(path, 2)


def whole_unit(job: Job, head: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Unit of a head that was read from disk; any other head stands for itself.

    Raises
    ------
    StoreError
        UNIT_LOST: the unit that was there a moment ago is gone, damaged or another one.
    """
    if head is None or "digest" not in head:
        return head
    unit = read_unit(job.unit_path)
    if unit is None or unit["digest"] != head["digest"]:
        raise unit_lost(job)
    return unit


def unit_lost(job: Job) -> StoreError:
    """Why a unit that was written a moment ago cannot be used."""
    message = "the unit that was there a moment ago is gone or another one; look at the disk and for other writers"
    message += ", then run again"
    return StoreError("UNIT_LOST", message, where=str(job.unit_path))


def _parsed(path: Path, n_lines: int) -> dict[str, Any] | None:
    """Fields of the first lines behind the digest, which is that of all lines."""
    try:
        first, _, told = read_small(path, MOST_JSON_BYTES).partition(b"\n")
        if first + b"\n" != _digest_line(told):
            return None
        fields: dict[str, Any] = {}
        for line in [first, *told.split(b"\n")[:n_lines]]:
            fields |= json.loads(line)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return fields if fields.keys() >= set(HEAD) else None


def is_current(job: Job, unit: Mapping[str, Any] | None) -> bool:
    """Whether a unit still says what this job would: same file (name, size, time), same key, frames at hand."""
    if unit is None or unit["recording"] != job.entry.recording or not is_of_file(job, unit):
        return False
    # pages need the frames of a measured recording
    whole = unit["status"] != "ok" or (job.frames_folder(unit["sha256"]) / "meta.json").is_file()
    return bool(unit["key"] == job.key(unit["sha256"])) and whole


def is_of_file(job: Job, unit: Mapping[str, Any]) -> bool:
    """Whether a unit is of the file of a job: the same name in `recordings.csv`, size and time.

    Size and time alone do not tell two recordings of one length apart: copying tools can give many files one time.
    """
    return told_file(unit) == job.entry.file and bool(unit["stat"] == stat_of(job.entry.path))  # None: missing still


def told_file(unit: Mapping[str, Any]) -> str:
    """File of a unit as `recordings.csv` named it; `""` where it is no unit of ours."""
    try:
        return str(unit["job"]["entry"]["file"])
    except (KeyError, TypeError):
        return ""


def save_unit(path: Path, unit: Mapping[str, Any]) -> None:
    """Write a unit whole."""
    write_bytes(path, unit_bytes(unit))


def unit_bytes(unit: Mapping[str, Any]) -> bytes:
    """File of a unit: a line with the digest of all that follows, one with its head, one with its body."""
    head = {name: value for name, value in unit.items() if name not in ("digest", *BODY)}
    body = {name: unit[name] for name in BODY}
    told = f"{json_line(head)}\n{json_line(body)}\n".encode()
    return _digest_line(told) + told


def unit_head(job: Job, stat: Mapping[str, Any] | None) -> dict[str, Any]:
    """Fields that every unit has, measured or failed: whose it is, and what it was made with."""
    return {
        "recording": job.entry.recording, "stat": stat, "sha256": "", "key": "", "job": job.told(),
        "settings_id": fingerprint(job.settings), "version": version("emgpipe"),
    }  # fmt: skip


def failed_body(code: str, message: str) -> dict[str, Any]:
    """Fields of a failed unit."""
    empty: dict[str, Any] = {
        "duration_s": None,
        "rates_hz": [],
        "grade": "",
        "findings": [],
        "annotations": [],
        "rows": [],
        "intervals": [],
        "muscles": [],
    }
    return {"status": "failed", "code": code, "message": " ".join(message.split()), **empty}


def unreached_unit(job: Job) -> dict[str, Any]:
    """Stand-in for the unit of a recording that a run was to compute and did not: for the tables, never on disk."""
    body = failed_body("NOT_REACHED", "the run was stopped at the first failure; run again to go on")
    return {**unit_head(job, None), **body, "status": "not_measured"}


def recording_rows(jobs: Sequence[Job], units: Units) -> list[StudyRow]:
    """Rows of recordings, in the order of the study."""
    rows: list[StudyRow] = []
    for job in jobs:
        unit = units[job.entry.recording] or {}
        e = job.entry
        whose = (e.subject, e.visit, e.task, e.run, e.recording, unit.get("sha256", ""))
        rows += [StudyRow(*whose, MeasureRow(**cells)) for cells in unit.get("rows", ())]
    return rows


def _digest_line(told: bytes) -> bytes:
    return f'{{"digest": "{hashlib.sha256(told).hexdigest()}"}}\n'.encode()
