"""The end of a run: tables, settings, `run.json` and its seal, unless the folder already holds exactly these."""

import json
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.audit import RUN_RECORD, machine, shard_logs
from emgpipe.batch.jobs import Job
from emgpipe.batch.units import Heads, whole_unit
from emgpipe.recording import Finding
from emgpipe.settings import fingerprint, to_toml
from emgpipe.store import (
    SEAL_NAME,
    AuditLog,
    Seal,
    content_key,
    file_digest,
    json_text,
    last_line,
    read_json,
    read_seal,
    replaced_together,
    write_seal,
    write_text,
)
from emgpipe.study import Study

TABLES = (
    "measures.csv", "measures.parquet", "visits.csv", "visits.parquet", "visits_repeats.csv", "inputs.csv",
    "intervals.csv", "data_dictionary.json", "settings.toml",
)  # fmt: skip


def finish(
    study: Study, jobs: Sequence[Job], heads: Heads, out: Path, findings: Sequence[Finding], log: AuditLog
) -> None:
    """Write tables from the units on disk, and say in `run.json` what they are; touch nothing that is so already.

    Parameters
    ----------
    study : Study
        Gives the order.
    jobs : sequence of Job
        All of the study.
    heads : mapping of str to head or None
        Of the units, by recording.
    out : Path
        Results folder, locked.
    findings : sequence of Finding
        On the study.
    log : AuditLog
        Gets an event `tables` where anything was written.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE; UNIT_LOST.

    Notes
    -----
    All files are written under other names first and take their places together, seal and `run.json` last. An interrupt
    comes before or behind that. After a kill between two of them the hashes in `run.json` are not those of the tables.
    """
    state = _state(study, jobs, heads, findings)
    before, outputs = _record_before(out), _digests(out)
    stand = bool(outputs) and before.get("state") == state and before.get("outputs") == outputs
    # tables that stand were made with the versions that are written there
    made_by = {name: before[name] for name in ("versions", "platform")} if stand else machine()
    record = _run_record(study, jobs, heads, out, findings) | made_by | {"state": state, "outputs": outputs}
    if stand and json.loads(json_text(record)) == before:
        return
    with replaced_together(out, last=(SEAL_NAME, RUN_RECORD)) as made:
        if not stand:
            _write_tables(study, jobs, heads, made)
            record["outputs"] = _digests(made)
        write_text(made / RUN_RECORD, json_text(record))
        digest = file_digest(made / RUN_RECORD)
        log.append("tables", state=state, outputs={**record["outputs"], RUN_RECORD: digest})
        log.sync()
        write_seal(made, Seal(digest, last_line(log.path)))


def _write_tables(study: Study, jobs: Sequence[Job], heads: Heads, folder: Path) -> None:
    from emgpipe.batch.tables import write_tables

    units = {job.entry.recording: whole_unit(job, heads[job.entry.recording]) for job in jobs}
    write_tables(study, jobs, units, folder)
    write_text(folder / "settings.toml", to_toml(study.settings))


def units_in_tables(out: Path) -> frozenset[str]:
    """Recordings whose units the tables were made from, as `run.json` says; none where it cannot be believed."""
    units = _record_before(out).get("units")
    return frozenset(name for name, digest in units.items() if digest) if isinstance(units, dict) else frozenset()


def was_finished(study: Study, jobs: Sequence[Job], heads: Heads, out: Path, findings: Sequence[Finding]) -> bool:
    """Whether the last run that came to its end wrote tables from exactly these units."""
    return bool(_record_before(out).get("state") == _state(study, jobs, heads, findings))


def _state(study: Study, jobs: Sequence[Job], heads: Heads, findings: Sequence[Finding]) -> str:
    """Hash of all that tables are made from."""
    return content_key(
        study=[study.id, list(study.index_muscles), study.index_offset_uv, study.reference],
        entries=[[job.entry.recording, job.entry.file, dict(job.entry.conditions)] for job in jobs],
        units=[_unit_state(heads[job.entry.recording]) for job in jobs],
        settings=fingerprint(study.settings),
        # under its first name: another one would have the tables of every study written anew
        names=[finding.message for finding in findings],
        version=version("emgpipe"),
    )


def _unit_state(head: Mapping[str, Any] | None) -> list[str]:
    # the digest: two units of one key may differ, as by a fault of the disk or a hand
    return [head["key"], head["sha256"], head["status"], head["code"], head.get("digest", "")] if head else []


def _record_before(out: Path) -> dict[str, Any]:
    """`run.json` as it was sealed, else nothing."""
    try:
        sealed = read_seal(out)
        if sealed is None or sealed.run_json != file_digest(out / RUN_RECORD):
            return {}
        record: dict[str, Any] = read_json(out / RUN_RECORD)
    except (OSError, ValueError):
        return {}
    return record


def _digests(out: Path) -> dict[str, str]:
    """Hash of every table; nothing where one is missing."""
    try:
        return {name: file_digest(out / name) for name in TABLES}
    except OSError:
        return {}


def _run_record(
    study: Study, jobs: Sequence[Job], heads: Heads, out: Path, findings: Sequence[Finding]
) -> dict[str, Any]:
    return {
        "study": study.id,
        "study_path": _relative(study.path, out),
        "settings_id": fingerprint(study.settings),
        "subject": [list(study.index_muscles), study.index_offset_uv, study.reference],
        "conditions": {job.entry.recording: {k: v for k, v in job.entry.conditions.items() if v} for job in jobs},
        "findings": [finding._asdict() for finding in findings],
        "inputs": {job.entry.recording: (heads[job.entry.recording] or {}).get("sha256", "") for job in jobs},
        "logs": {name: list(last) for name, last in shard_logs(out).items()},
        "units": {job.entry.recording: (heads[job.entry.recording] or {}).get("digest", "") for job in jobs},
    }


def _relative(path: Path, out: Path) -> str:
    """Way from the results to the study; `""` where it leads over the root, which would tell of this machine."""
    here, there = out.resolve(), path.resolve()
    try:
        common = Path(os.path.commonpath([here, there]))
    except ValueError:  # another drive
        return ""
    return "" if common == Path(common.anchor) else Path(os.path.relpath(there, here)).as_posix()
