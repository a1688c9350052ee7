"""The end of a run: tables, settings and `run.json`, unless the folder already holds exactly these."""

import hashlib
import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.jobs import Job
from emgpipe.recording import Finding
from emgpipe.settings import fingerprint, to_toml
from emgpipe.store import append_event, content_key, write_json, write_text
from emgpipe.study import Study

TABLES = (
    "measures.csv", "measures.parquet", "visits.csv", "visits.parquet", "visits_repeats.csv", "inputs.csv",
    "intervals.csv", "data_dictionary.json", "settings.toml",
)  # fmt: skip
PACKAGES = ("emgpipe", "numpy", "scipy", "numba", "mne", "pandas", "pyarrow", "pydantic", "matplotlib", "jinja2")


def finish(study: Study, todo: Sequence[Job], units: dict[str, Any], out: Path, names: Sequence[Finding]) -> None:
    """Write tables, unless the folder already holds exactly these."""
    state = content_key(
        study=[study.id, list(study.index_muscles), study.index_offset_uv, study.reference],
        entries=[[job.entry.recording, job.entry.file, dict(job.entry.conditions)] for job in todo],
        units=[_unit_state(units[job.entry.recording]) for job in todo],
        settings=fingerprint(study.settings),
        names=[finding.message for finding in names],
        version=version("emgpipe"),
    )
    if _is_finished(out, state):
        return
    from emgpipe.batch.tables import write_tables

    write_tables(study, todo, units, out)
    write_text(out / "settings.toml", to_toml(study.settings))
    write_json(out / "run.json", _run_record(study, todo, units, out, state, names))
    append_event(out / "log.jsonl", "tables", state=state)


def _unit_state(unit: dict[str, Any] | None) -> list[str]:
    return [unit["key"], unit["sha256"], unit["status"], unit["code"]] if unit else []


def _is_finished(out: Path, state: str) -> bool:
    """Whether run.json is of this state and every table is as it was written."""
    try:
        record = json.loads((out / "run.json").read_text("utf-8"))
        tables = {name: _digest_of(out / name) for name in TABLES}
    except (OSError, ValueError):
        return False
    return bool(record.get("state") == state and record.get("outputs") == tables)


def _run_record(
    study: Study, todo: Sequence[Job], units: dict[str, Any], out: Path, state: str, names: Sequence[Finding]
) -> dict[str, Any]:
    return {
        "study": study.id,
        "state": state,
        "settings_id": fingerprint(study.settings),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "platform": f"{platform.system()} {platform.machine()}",
        "conditions": {job.entry.recording: {k: v for k, v in job.entry.conditions.items() if v} for job in todo},
        "findings": [finding._asdict() for finding in names],
        "inputs": {job.entry.recording: (units[job.entry.recording] or {}).get("sha256", "") for job in todo},
        "outputs": {name: _digest_of(out / name) for name in TABLES},
    }


def _digest_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
