"""Units on disk: the result of one recording, whole or absent."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.jobs import Job, stat_of
from emgpipe.measures.rows import MeasureRow
from emgpipe.settings import fingerprint
from emgpipe.store import json_text, write_text
from emgpipe.summary import StudyRow

Units = Mapping[str, Mapping[str, Any] | None]
"""By recording; None: not selected and never run."""


def read_unit(path: Path) -> dict[str, Any] | None:
    """Unit as written; None where it is absent or not as it was written."""
    try:
        told = json.loads(path.read_text("utf-8"))
        body: dict[str, Any] = told["unit"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return body if told.get("digest") == _digest(body) else None


def is_current(job: Job, unit: Mapping[str, Any] | None) -> bool:
    """Whether a unit still says what this job would: same file (size and time), same key, frames at hand."""
    if unit is None or unit["stat"] != stat_of(job.entry.path):  # of a file that is missing still: None
        return False
    # pages need the frames of a measured recording
    whole = unit["status"] != "ok" or (job.frames_folder(unit["sha256"]) / "meta.json").is_file()
    return bool(unit["key"] == job.key(unit["sha256"])) and whole


def save_unit(job: Job, body: Mapping[str, Any]) -> None:
    """Write a unit whole, with its digest."""
    plain = json.loads(json_text(body))
    write_text(job.unit_path, json_text({"digest": _digest(plain), "unit": plain}))


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
        "rows": [],
        "intervals": [],
    }
    return {"status": "failed", "code": code, "message": " ".join(message.split()), **empty}


def recording_rows(jobs: Sequence[Job], units: Units) -> list[StudyRow]:
    """Rows of recordings, in the order of the study."""
    rows: list[StudyRow] = []
    for job in jobs:
        unit = units[job.entry.recording] or {}
        e = job.entry
        whose = (e.subject, e.visit, e.task, e.run, e.recording, unit.get("sha256", ""))
        rows += [StudyRow(*whose, MeasureRow(**cells)) for cells in unit.get("rows", ())]
    return rows


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
