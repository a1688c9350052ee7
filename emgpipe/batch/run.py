"""`run`: units for every recording that has none, then tables."""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from emgpipe.batch.conditions import differing_conditions
from emgpipe.batch.jobs import Job, study_jobs
from emgpipe.batch.names import unmatched_names
from emgpipe.batch.twins import refuse_same_bytes
from emgpipe.batch.units import failed_body, is_current, read_unit, save_unit, unit_head
from emgpipe.errors import NoInputError
from emgpipe.recording import Finding
from emgpipe.settings import fingerprint, to_toml
from emgpipe.store import OutputLock, append_event, content_key, write_json, write_text
from emgpipe.study import Study, load_study

TABLES = (
    "measures.csv", "measures.parquet", "visits.csv", "visits.parquet", "visits_repeats.csv", "inputs.csv",
    "intervals.csv", "data_dictionary.json", "settings.toml",
)  # fmt: skip
PACKAGES = ("emgpipe", "numpy", "scipy", "numba", "mne", "pandas", "pyarrow", "pydantic", "matplotlib", "jinja2")
TRIES = 2
"""A recording whose worker dies is tried once more in a fresh process."""

Progress = Callable[[str, str], None]
"""Called with (recording, status) whenever a unit is finished."""
Notice = Callable[[str, Finding], None]
"""Called with (study.toml, finding) before the work begins."""


@dataclass(frozen=True)
class RunReport:
    """What a run did.

    Attributes
    ----------
    out : Path
        Results folder.
    computed, failed, total : int
        Recordings computed now, failed (now or earlier), and of the study.
    warnings : tuple of (str, Finding)
        File (subject and task, or study.toml) and what leaves it usable, but must be said; in the order of the study.
    """

    out: Path
    computed: int
    failed: int
    total: int
    warnings: tuple[tuple[str, Finding], ...] = ()

    @property
    def exit_code(self) -> int:
        """0: all well; 1: some recordings failed, the tables name them."""
        return 1 if self.failed else 0


def run_study(
    study: str | Path | Study,
    out: str | Path,
    *,
    settings: str | Path | None = None,
    jobs: int | None = None,
    subjects: Sequence[str] = (),
    visits: Sequence[str] = (),
    allow_outside: bool = False,
    wait: bool = False,
    strict: bool = False,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> RunReport:
    """Turn a study into tables: the main job. Pages are drawn from the results by `write_reports`.

    Parameters
    ----------
    study : str, Path or Study
        `study.toml`, a folder that holds one, or a loaded study.
    out : str or Path
        Results folder; made where it is not there.
    settings : str or Path, optional
        Settings file laid over the study's.
    jobs : int, optional
        Worker processes; the cores of the machine where left out. 1 works in this process.
    subjects, visits : sequence of str
        Compute only these; results of others are kept as they are, but for rows that rest on a reference of these.
    allow_outside : bool
        Accept recordings outside the study folder.
    wait : bool
        Wait for another run on the same folder instead of refusing.
    strict : bool
        Warnings of the reader refuse a recording: it becomes a failed row with their code.
    progress : callable, optional
        Called with (recording, status) after each recording.
    notice : callable, optional
        Called with (study file, Finding) before the work begins, for each name of study.toml that no recording has.

    Returns
    -------
    RunReport

    Raises
    ------
    SettingsError, StudyError, NoInputError
        Before any work is done; BYTES_TWICE where a file is a copy of another one.
    StoreError
        STORE_LOCKED, STORE_UNWRITABLE.

    Notes
    -----
    A recording whose file (size and time) and settings are those of its unit is not
    computed again. Tables do not depend on the number of workers.
    """
    loaded = study if isinstance(study, Study) else load_study(study, settings=settings, allow_outside=allow_outside)
    folder = Path(out)
    todo = study_jobs(loaded, folder, strict=strict)
    chosen = [j for j in todo if _selected(j, subjects, visits)]
    if not chosen:
        message = f"no recording of subjects {list(subjects)!r} and visits {list(visits)!r}; see recordings.csv"
        raise NoInputError("NO_MATCH", message, where=str(loaded.path))
    refuse_same_bytes(todo, chosen, str(loaded.path))
    names = unmatched_names(loaded, todo)
    with OutputLock(folder, wait=wait):
        if notice is not None:
            for finding in names:
                notice(str(loaded.path), finding)
        return _run_locked(loaded, todo, chosen, folder, jobs, progress, names)


def _selected(job: Job, subjects: Sequence[str], visits: Sequence[str]) -> bool:
    return (not subjects or job.entry.subject in subjects) and (not visits or job.entry.visit in visits)


def _run_locked(
    study: Study,
    todo: Sequence[Job],
    chosen: Sequence[Job],
    out: Path,
    jobs: int | None,
    progress: Progress | None,
    names: Sequence[Finding],
) -> RunReport:
    from emgpipe.batch.referring import as_last_decided, referring_jobs

    units = {job.entry.recording: read_unit(job.unit_path) for job in todo}
    last = [as_last_decided(study, job, units[job.entry.recording]) for job in chosen]
    stale = [job for job in last if not is_current(job, units[job.entry.recording])]
    if stale:
        (out / "units").mkdir(parents=True, exist_ok=True)
        append_event(out / "log.jsonl", "run", study=study.id, recordings=len(todo), to_compute=len(stale))
    done = {job.entry.recording for job in stale}
    for job, status in _worked(stale, jobs):
        append_event(out / "log.jsonl", "recording", recording=job.entry.recording, status=status)
        units[job.entry.recording] = read_unit(job.unit_path)
        if progress is not None:
            progress(job.entry.recording, status)
    # a level that changed is one for all who take it, selected or not; what is out of date anyway stays so
    last = [as_last_decided(study, job, units[job.entry.recording]) for job in todo]
    current = [job for job in last if is_current(job, units[job.entry.recording])]
    for job, status in _worked(referring_jobs(study, todo, current, units), jobs):
        append_event(out / "log.jsonl", "reference", recording=job.entry.recording, status=status)
        units[job.entry.recording] = read_unit(job.unit_path)
        done.add(job.entry.recording)
    _finish(study, todo, units, out, names)
    failed = sum((unit or {}).get("status") == "failed" for unit in units.values())
    return RunReport(out, len(done), failed, len(todo), tuple(_warnings(study, todo, units, names)))


def _warnings(
    study: Study, todo: Sequence[Job], units: dict[str, Any], names: Sequence[Finding]
) -> Iterator[tuple[str, Finding]]:
    for job in todo:
        for told in (units[job.entry.recording] or {}).get("findings", ()):
            if told["severity"] != "info":
                yield job.entry.file, Finding(**told)
    for (subject, task), findings in differing_conditions(job.conditions for job in todo).items():
        yield from ((f"{subject} {task}", finding) for finding in findings)
    yield from ((str(study.path), finding) for finding in names)


def _worked(stale: Sequence[Job], jobs: int | None) -> Iterator[tuple[Job, str]]:
    """Write units, here or in worker processes, in the order they finish submitting."""
    if not stale:
        return
    from emgpipe.batch.work import write_unit

    workers = min(jobs or os.cpu_count() or 1, len(stale))

    if workers <= 1:
        for job in stale:
            yield job, write_unit(job)
        return
    from multiprocessing import get_context

    from pebble import ProcessPool

    pool: Any = ProcessPool(max_workers=workers, context=get_context("spawn"))
    with _bare_main(), pool:
        futures = [(job, pool.schedule(write_unit, args=[job])) for job in stale]
        try:
            for job, future in futures:
                yield job, _outcome(job, future, pool)
        except BaseException:  # Ctrl-C, a full disk: what waits is given up
            pool.stop()
            raise


@contextmanager
def _bare_main() -> Iterator[None]:
    """Keep workers from running the caller's script once more: they need nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _outcome(job: Job, future: Any, pool: Any) -> str:
    """Status of a job; a dead worker is replaced and the job tried once more."""
    from pebble import ProcessExpired

    from emgpipe.batch.work import write_unit

    for tries_left in reversed(range(TRIES)):
        try:
            return str(future.result())
        except ProcessExpired:
            if tries_left:
                future = pool.schedule(write_unit, args=[job])
    body = failed_body("WORKER_LOST", "the worker process died twice; look at memory and at the file")
    save_unit(job, unit_head(job, None) | body)
    return "failed"


def _finish(study: Study, todo: Sequence[Job], units: dict[str, Any], out: Path, names: Sequence[Finding]) -> None:
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
