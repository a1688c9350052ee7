"""`run`: units for every recording that has none, then tables."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from emgpipe.batch.audit import audited, run_facts, unit_facts
from emgpipe.batch.conditions import differing_conditions
from emgpipe.batch.engine import LIMIT_S, Engine, engine_of
from emgpipe.batch.events import Event, Watch, unwatched
from emgpipe.batch.finish import finish
from emgpipe.batch.jobs import Job, study_jobs
from emgpipe.batch.names import unmatched_names
from emgpipe.batch.plan import planned
from emgpipe.batch.twins import refuse_same_bytes
from emgpipe.batch.units import is_current, read_unit
from emgpipe.errors import NoInputError
from emgpipe.recording import Finding
from emgpipe.store import AuditLog, OutputLock, sweep
from emgpipe.study import Study, load_study


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
    limit_s: float = LIMIT_S,
    watch: Watch = unwatched,
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
    limit_s : float
        Time for one recording in a worker process; it is tried twice, then it is a failed row (TIMEOUT).
    watch : callable
        Called with an `Event` whenever something is known.

    Returns
    -------
    RunReport

    Raises
    ------
    SettingsError, StudyError, NoInputError
        Before any work is done; BYTES_TWICE where a file is a copy of another one.
    StoreError
        STORE_LOCKED, STORE_UNWRITABLE.
    EngineError
        WORKERS_FAIL: worker processes cannot be started.

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
        for finding in names:
            watch(Event("finding", where=str(loaded.path), finding=finding))
        sweep(folder)
        with audited(folder) as log:
            return _run_locked(loaded, todo, chosen, folder, engine_of(jobs, limit_s=limit_s), watch, names, log)


def _selected(job: Job, subjects: Sequence[str], visits: Sequence[str]) -> bool:
    return (not subjects or job.entry.subject in subjects) and (not visits or job.entry.visit in visits)


def _run_locked(
    study: Study,
    todo: Sequence[Job],
    chosen: Sequence[Job],
    out: Path,
    engine: Engine,
    watch: Watch,
    names: Sequence[Finding],
    log: AuditLog,
) -> RunReport:
    from emgpipe.batch.referring import as_last_decided, referring_jobs

    units = {job.entry.recording: read_unit(job.unit_path) for job in todo}
    plan = planned([as_last_decided(study, job, units[job.entry.recording]) for job in chosen], units)
    stale = [one.job for one in plan if one.why]
    watch(Event("plan", total=len(stale), cached=len(plan) - len(stale)))
    if stale:
        (out / "units").mkdir(parents=True, exist_ok=True)
        why = Counter(one.why for one in plan if one.why)
        log.append("run", study=study.id, recordings=len(todo), why=dict(sorted(why.items())), **run_facts())
    done = {job.entry.recording for job in stale}
    with closing(_worked("recording", stale, engine, units, log)) as events:
        for event in events:
            watch(event)
    # a level that changed is one for all who take it, selected or not; what is out of date anyway stays so
    last = [as_last_decided(study, job, units[job.entry.recording]) for job in todo]
    current = [job for job in last if is_current(job, units[job.entry.recording])]
    referring = referring_jobs(study, todo, current, units)
    with closing(_worked("reference", referring, engine, units, log)) as events:
        for event in events:
            watch(event)
            done.add(event.recording)
    finish(study, todo, units, out, names, log)
    watch(Event("tables"))
    failed = sum((unit or {}).get("status") == "failed" for unit in units.values())
    return RunReport(out, len(done), failed, len(todo), tuple(_warnings(study, todo, units, names)))


def _worked(
    kind: Literal["recording", "reference"], jobs: Sequence[Job], engine: Engine, units: dict[str, Any], log: AuditLog
) -> Generator[Event, None, None]:
    """Let an engine write units; read each, log it and tell of it. Closing it stops the engine."""
    with closing(engine(jobs)) as written:
        for n, job in enumerate(written, 1):
            name = job.entry.recording
            units[name] = unit = read_unit(job.unit_path) or {}
            status, code, message = (str(unit.get(key, "")) for key in ("status", "code", "message"))
            log.append(kind, **unit_facts(unit))
            yield Event(kind, name, status, code, message, done=n, total=len(jobs))


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
