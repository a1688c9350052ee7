"""`run`: units for every recording that needs one, then tables."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from emgpipe.batch.audit import audited, run_facts, tell_found, unit_facts
from emgpipe.batch.conditions import differing_conditions
from emgpipe.batch.engine import LIMIT_S, Engine, engine_of
from emgpipe.batch.events import Event, Watch, unwatched
from emgpipe.batch.finish import finish, was_finished
from emgpipe.batch.jobs import Job
from emgpipe.batch.locked import change_finding, changed_finding
from emgpipe.batch.plan import (
    Planned,
    Work,
    checked,
    chosen_work,
    heads_of,
    lost_others,
    mixed_settings,
    planned,
    referring,
)
from emgpipe.batch.shards import Shard, remove_share_locks, shard_log, take_over
from emgpipe.batch.units import read_head, unit_lost, unreached_unit
from emgpipe.errors import EngineError
from emgpipe.recording import Finding
from emgpipe.store import AuditLog, OutputLock, sweep
from emgpipe.study import Study


class Failure(NamedTuple):
    """A recording that has no number, and why."""

    recording: str
    file: str
    code: str
    message: str


@dataclass(frozen=True)
class RunReport:
    """What a run did.

    Attributes
    ----------
    out : Path
        Results folder.
    computed, total : int
        Recordings computed now, and of the study.
    failures : tuple of Failure
        Recordings that failed, now or earlier, in the order of the study.
    unreached : tuple of str
        Recordings that were to be computed when `fail_fast` ended the run.
    not_selected : int
        Recordings that `subjects` and `visits` left out, as they were.
    warnings : tuple of (str, Finding)
        File (subject and task, or study.toml) and what leaves it usable, but must be said, of what was computed now and
        of study.toml, in the order of the study; and what leaves the results locked for an analysis no more.
    earlier_warnings : int
        The same of recordings that were computed earlier: counted.
    """

    out: Path
    computed: int
    total: int
    failures: tuple[Failure, ...] = ()
    unreached: tuple[str, ...] = ()
    warnings: tuple[tuple[str, Finding], ...] = ()
    earlier_warnings: int = 0
    not_selected: int = 0

    @property
    def cached(self) -> int:
        """Number of recordings that were selected and needed nothing."""
        return self.total - self.computed - len(self.unreached) - self.not_selected

    @property
    def failed(self) -> int:
        """Number of recordings that failed, now or earlier."""
        return len(self.failures)

    @property
    def exit_code(self) -> int:
        """0: all well; 1: some recordings failed or were not reached, the tables name them."""
        return 1 if self.failures or self.unreached else 0


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
    retry_failed: bool = False,
    fail_fast: bool = False,
    scheduler: str | None = None,
    shard: str | None = None,
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
        Compute only these; results of others are kept as they are (SETTINGS_MIXED says where a run of all would not),
        but for rows that rest on a reference of these, and for units that are damaged or gone: computed anew.
    allow_outside : bool
        Accept recordings outside the study folder.
    wait : bool
        Wait for another run on the same folder instead of refusing.
    strict : bool
        Warnings of the reader refuse a recording: it becomes a failed row with their code.
    retry_failed : bool
        Compute recordings that failed once more, though nothing about them changed.
    fail_fast : bool
        Begin nothing more once a recording has failed in this run; those that were not reached are `not_measured`,
        NOT_REACHED. Failures of earlier runs stop nothing.
    scheduler : str, optional
        Address of a running Dask scheduler, as `tcp://host:port`: its workers do the work, not `jobs` processes here.
    shard : str, optional
        `I/N`: write the units of every N-th recording from the I-th on, and no tables. Shares may be computed at the
        same time, on several machines; a run without it merges them.
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
        Before any work is done; SHARD_INVALID, ARGUMENT_INVALID; BYTES_TWICE where a file is a copy of another one.
    StoreError
        STORE_LOCKED, STORE_UNWRITABLE; OUT_TAKEN, STORE_LINKED: a run would write over files that are not its own.
    EngineError
        WORKERS_FAIL: worker processes cannot be started. SCHEDULER_UNREACHABLE, SCHEDULER_LOST, CLUSTER_EMPTY,
        CLUSTER_DIFFERS, CLUSTER_BLIND, CLUSTER_FAILS, EXTRA_ABSENT: a cluster that cannot do the work.

    Notes
    -----
    A recording whose file (size and time) and settings are those of its unit is not
    computed again. Tables do not depend on the number of workers. After KeyboardInterrupt
    what was finished is kept, and the log says `stopped`.
    """
    part = Shard.parsed(shard) if shard is not None else None
    work = chosen_work(
        study, Path(out), settings, subjects, visits, allow_outside=allow_outside, strict=strict, shard=part
    )
    findings = checked(work, heads_of(work.jobs))
    share = len(part.share(work.jobs, work.jobs)) if part else len(work.jobs)
    work = work._replace(jobs=work.chosen) if part else work
    folder, engine = Path(out), engine_of(jobs, scheduler=scheduler, limit_s=limit_s)
    waits: dict[str, Any] = {"wait": wait, "waiting": lambda: watch(Event("waiting", where=str(out)))}
    with shard_log(folder, part, **waits) if part else _merging_log(folder, **waits) as log:
        if findings:
            watch(Event("finding", where=str(work.study.path), findings=tuple(findings)))
        run = _Run(work, folder, engine, watch, log, total=share, fail_fast=fail_fast, shard=part)
        try:
            return run.finished(findings, retry_failed=retry_failed)
        except KeyboardInterrupt:
            run.stopped("interrupted", computed=len(run.done))
            raise
        except EngineError as problem:
            run.stopped(problem.code, computed=len(run.done))
            raise


@contextmanager
def _merging_log(out: Path, *, wait: bool, waiting: Callable[[], object]) -> Iterator[AuditLog]:
    """Hold a results folder alone and write its log; leftovers are removed, the logs of shares taken over."""
    with OutputLock(out, wait=wait, waiting=waiting):
        sweep(out)
        remove_share_locks(out)
        try:
            with audited(out) as log:
                take_over(out, log)
                yield log
        finally:
            sweep(out)  # of workers that were killed in this run


class _Run:
    """A run under way: heads of the units on disk, recordings done, recordings that were not reached."""

    def __init__(
        self,
        work: Work,
        out: Path,
        engine: Engine,
        watch: Watch,
        log: AuditLog,
        *,
        total: int,
        fail_fast: bool,
        shard: Shard | None,
    ) -> None:
        self.work, self.out, self.engine, self.watch, self.log = work, out, engine, watch, log
        self.total, self.fail_fast, self.shard = total, fail_fast, shard
        self.heads = heads_of(work.jobs)
        self.done: set[str] = set()
        self.unreached: list[str] = []
        self.begun = False

    def finished(self, findings: Sequence[Finding], *, retry_failed: bool) -> RunReport:
        """Do what is to be done, write tables, and tell."""
        plan = planned(self.work, self.heads, retry_failed=retry_failed)
        plan += [] if self.shard else lost_others(self.work, self.heads)
        stale = [one.job for one in plan if one.why]
        self.watch(Event("plan", total=len(stale), cached=len(plan) - len(stale)))
        if locked := change_finding(self.out, len(stale)):
            self.watch(Event("finding", where=str(self.out), findings=tuple(locked)))
        if stale:
            (self.out / "units").mkdir(parents=True, exist_ok=True)
            self._log_plan(plan)
        self._work("recording", stale)
        if self.shard:
            return self._report(findings)
        if mixed := mixed_settings(self.work, self.heads):
            self.watch(Event("finding", where=str(self.work.study.path), findings=tuple(mixed)))
            findings = [*findings, *mixed]
        last = (self.work.study, self.work.jobs, self.heads, self.out, findings)
        # a level that changed is one for all who take it, selected or not; what is out of date anyway stays so
        if stale or len(plan) < len(self.work.jobs) or not was_finished(*last):
            self._work("reference", referring(self.work, self.heads))
        tell_found(self.out, self.heads, self.log)
        finish(*last, self.log)
        report = self._report(findings)
        report = replace(report, warnings=(*report.warnings, *((str(self.out), f) for f in changed_finding(self.out))))
        self.watch(Event("tables", done=report.computed, total=report.total, cached=report.cached))
        return report

    def stopped(self, why: str, **facts: int) -> None:
        """Tell the log that a run ends before its time."""
        if self.begun:
            self.log.append("stopped", why=why, **facts)

    def _log_plan(self, plan: Sequence[Planned]) -> None:
        self.begun = True
        whys = Counter(one.why for one in plan if one.why)
        study = self.work.study.id
        why = dict(sorted(whys.items()))
        self.log.append("run", study=study, recordings=len(self.work.jobs), why=why, **run_facts())

    def _work(self, kind: Literal["recording", "reference"], jobs: Sequence[Job]) -> None:
        """Let the engine write units; read each, log it and tell of it."""
        if not jobs:
            return
        waiting = {job.entry.recording: job for job in jobs}
        with closing(self.engine(jobs)) as written:
            for n, job in enumerate(written, 1):
                event = self._read(kind, job, n, len(jobs))
                del waiting[event.recording]
                self.watch(event)
                if self.fail_fast and kind == "recording" and event.status == "failed":
                    break
        if waiting:
            self.unreached = list(waiting)
            self.heads |= {name: unreached_unit(job) for name, job in waiting.items()}
            self.stopped("failed fast", not_reached=len(waiting))

    def _read(self, kind: Literal["recording", "reference"], job: Job, n: int, total: int) -> Event:
        name = job.entry.recording
        head = read_head(job.unit_path)
        if head is None:
            raise unit_lost(job)
        self.heads[name] = head
        self.done.add(name)
        status, code, message = (str(head[key]) for key in ("status", "code", "message"))
        self.log.append(kind, **unit_facts(head))
        findings = tuple(_told_findings(head))
        return Event(kind, name, status, code, message, job.entry.file, findings, done=n, total=total)

    def _report(self, findings: Sequence[Finding]) -> RunReport:
        """What was done, and what must be said."""
        now, earlier = [], 0
        for job in self.work.jobs:
            told = [(job.entry.file, finding) for finding in _told_findings(self.heads[job.entry.recording])]
            if job.entry.recording in self.done:
                now += told
            else:
                earlier += len(told)
        touched = {(j.entry.subject, j.entry.task) for j in self.work.jobs if j.entry.recording in self.done}
        for who, differing in differing_conditions(job.conditions for job in self.work.jobs).items():
            if who in touched:
                now += [(" ".join(who), finding) for finding in differing]
            else:
                earlier += len(differing)
        now += [(str(self.work.study.path), finding) for finding in findings]
        chosen = {job.entry.recording for job in self.work.chosen}
        left_out = self.total - len(chosen.union(self.done, self.unreached))  # references and lost units count
        facts = (tuple(self._failures()), tuple(self.unreached), tuple(now), earlier, left_out)
        return RunReport(self.out, len(self.done), self.total, *facts)

    def _failures(self) -> Iterator[Failure]:
        for job in self.work.jobs:
            head = self.heads[job.entry.recording]
            if head and head["status"] == "failed":
                yield Failure(job.entry.recording, job.entry.file, head["code"], head["message"])


def _told_findings(head: Mapping[str, Any] | None) -> Iterator[Finding]:
    """What leaves a recording usable, but must be said."""
    for told in (head or {}).get("findings", ()):
        if told["severity"] != "info":
            yield Finding(**told)
