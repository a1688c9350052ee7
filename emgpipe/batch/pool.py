"""Worker processes on this machine: each on a pipe of its own, a dead or late one is replaced, its job tried once more.

No lock and no queue is shared between workers, so that the death of one can neither stop another nor be laid to it.
"""

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType

import emgpipe.kernels  # noqa: F401 (names the cache of kernels: workers inherit it)
from emgpipe.batch.jobs import Job
from emgpipe.batch.units import failed_body, save_unit, unit_head
from emgpipe.batch.worker import serve
from emgpipe.errors import EngineError

TRIES = 2
"""A recording whose worker dies or is late is tried once more in a fresh process."""

STARTS = 5
"""So many workers in a row that die before they take up work: it is the machine, not a recording."""

START_S = 300.0
"""A worker that has not taken up work by then counts as dead: importing from a slow disk takes seconds."""

END_S = 10.0
"""A killed process that has not gone by then waits for a disk; nobody waits for it."""

ALONE = "look at memory and limits, or use -j 1"

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Set to 1 in workers: there are as many of them as there are cores."""


@dataclass
class _Worker:
    """One process, the pipe to it, and what it is at."""

    process: BaseProcess
    pipe: Connection
    deadline: float
    """Of its start or of its job, in monotonic seconds."""
    job: Job | None = None
    tries: int = 0
    """Processes that the job has ended."""
    ready: bool = False

    def hear(self) -> str:
        """Code of what became of a worker that has spoken, died or is late; empty: it has done what it was at."""
        if not self.pipe.poll():
            return "TIMEOUT"
        try:
            word = self.pipe.recv()
        except (EOFError, OSError):
            return "WORKER_LOST"
        if word is not None:
            raise word
        return ""

    def end(self) -> None:
        """End the process, whatever it is at: units appear whole or not at all."""
        self.pipe.close()
        self.process.kill()
        self.process.join(END_S)


def pooled(jobs: Sequence[Job], workers: int, limit_s: float = math.inf) -> Generator[Job, None, None]:
    """Write units in worker processes.

    Parameters
    ----------
    jobs : sequence of Job
        Recordings.
    workers : int
        Processes.
    limit_s : float
        Time for one recording; a worker that takes longer is ended.

    Yields
    ------
    Job
        When its unit lies on disk, in the order of completion. A job that has ended two processes has a failed unit,
        WORKER_LOST or TIMEOUT.

    Raises
    ------
    StoreError
        A worker cannot write its unit.
    EngineError
        WORKERS_FAIL: processes cannot be started, or end before they take up work.
    """
    crew = _Crew(jobs, limit_s)
    try:
        crew.start(min(workers, len(jobs)))
        while crew.members:
            for worker in crew.spoken():
                done = crew.turn(worker)
                if done is not None:
                    yield done
    finally:  # also after Ctrl-C or a full disk: what waits is given up
        crew.end()


class _Crew:
    """The workers and the jobs that wait for one."""

    def __init__(self, jobs: Sequence[Job], limit_s: float) -> None:
        self.todo = iter(jobs)
        self.limit_s = limit_s
        self.members: list[_Worker] = []
        self.failed_starts = 0

    def start(self, workers: int) -> None:
        """Start this many workers."""
        for _ in range(workers):
            self.members.append(_started())

    def end(self) -> None:
        """End all workers."""
        for worker in self.members:
            worker.process.kill()
        for worker in self.members:
            worker.end()

    def spoken(self) -> list[_Worker]:
        """Wait for workers that have something to say, have died or are late."""
        left_s = min(worker.deadline for worker in self.members) - time.monotonic()
        heard = wait([worker.pipe for worker in self.members], min(max(left_s, 0.0), START_S))
        now = time.monotonic()
        return [worker for worker in self.members if worker.pipe in heard or worker.deadline <= now]

    def turn(self, worker: _Worker) -> Job | None:
        """Hear a worker and give it the next job; return the job that has ended."""
        lost = worker.hear()
        if lost:
            return self._replace(worker, lost)
        done = None
        if worker.ready:
            done, worker.job, worker.tries = worker.job, None, 0
        worker.ready, self.failed_starts = True, 0
        worker.job = worker.job or next(self.todo, None)
        if worker.job is None:
            self._dismiss(worker)
        else:
            worker.deadline = time.monotonic() + self.limit_s
            with suppress(OSError):  # it has died: told at its next turn
                worker.pipe.send(worker.job)
        return done

    def _dismiss(self, worker: _Worker) -> None:
        self.members.remove(worker)
        worker.end()

    def _replace(self, worker: _Worker, lost: str) -> Job | None:
        """Put a fresh process in the place of a lost one; return its job if that was the last try."""
        self._dismiss(worker)
        if not worker.ready:
            self._count_failed_start(worker.process.exitcode)
            self.members.append(_started(worker.job, worker.tries))
            return None
        if worker.job is not None and worker.tries + 1 < TRIES:
            self.members.append(_started(worker.job, worker.tries + 1))
            return None
        following = next(self.todo, None)
        if following is not None:
            self.members.append(_started(following))
        if worker.job is not None:
            save_lost(worker.job, lost, self.limit_s)
        return worker.job

    def _count_failed_start(self, exit_code: int | None) -> None:
        self.failed_starts += 1
        if self.failed_starts >= STARTS:
            message = f"{STARTS} worker processes in a row ended while starting, the last with {exit_code}; {ALONE}"
            raise EngineError("WORKERS_FAIL", message)


def save_lost(job: Job, code: str, limit_s: float) -> None:
    """Write the unit of a job whose worker died or was late; it says nothing of the file, so the next run tries again.

    Parameters
    ----------
    job : Job
        Of the recording.
    code : str
        WORKER_LOST or TIMEOUT.
    limit_s : float
        That was in force.
    """
    told = {
        "WORKER_LOST": "the worker process died twice; look at memory and at the file, the next run tries again",
        "TIMEOUT": f"no result in {_limit(limit_s)}, twice; raise --limit-min or look at the file,"
        " the next run tries again",
    }
    save_unit(job.unit_path, unit_head(job, None) | failed_body(code, told[code]))


def _limit(limit_s: float) -> str:
    """A limit as people say it.

    Examples
    --------
    >>> _limit(0.01), _limit(90.0), _limit(3600.0)
    ('0.01 s', '1.5 min', '60 min')
    """
    return f"{limit_s / 60:g} min" if limit_s >= 60 else f"{limit_s:g} s"


def _started(job: Job | None = None, tries: int = 0) -> _Worker:
    """Start a worker, with a job for it or none yet."""
    process, pipe = start_process(serve)
    return _Worker(process, pipe, time.monotonic() + START_S, job, tries)


def start_process(target: Callable[..., None], *args: object) -> tuple[BaseProcess, Connection]:
    """Start a process that computes in one thread, runs nothing of the caller's script and never sees Ctrl-C.

    Parameters
    ----------
    target : callable
        Of a module, called with its end of a pipe and `args`; it calls `follow_leader`.
    *args : object
        What can be pickled.

    Returns
    -------
    process, pipe
        To be ended and closed by the caller.

    Raises
    ------
    EngineError
        WORKERS_FAIL: it cannot be started.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *args), daemon=True)
    try:
        with _bare_main(), _one_thread(), _held_interrupts():
            process.start()
    except OSError as problem:
        message = f"a worker process cannot be started: {problem.strerror or problem}; {ALONE}"
        raise EngineError("WORKERS_FAIL", message) from None
    finally:
        there.close()
    return process, here


@contextmanager
def _bare_main() -> Iterator[None]:
    """Keep workers from running the caller's script once more: they need nothing of it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that start now compute in one thread each; libraries read this when they are imported."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _held_interrupts() -> Iterator[None]:
    """Let processes that start now never see Ctrl-C; the one that comes meanwhile reaches this process after it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the first start of a process would start it, and with it let interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
