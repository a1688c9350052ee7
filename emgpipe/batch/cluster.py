"""A running Dask cluster: recordings are its tasks, a digest comes back, units go through the shared file system.

Every try of a recording leaves a mark in a folder of the run. A worker that finds the mark of a process that has ended
leaves the recording alone; such recordings are tried once more at the end, one at a time, so that each death is laid
to one recording and none to its neighbours.
"""

import dataclasses
import logging
import math
import secrets
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from emgpipe.batch.engine import scheduler_at, unreachable
from emgpipe.batch.jobs import Job
from emgpipe.batch.pool import save_lost
from emgpipe.batch.remote import SEE_S, TOKEN, Order, Witness, refuse_unfit, versions, witness, work_on
from emgpipe.batch.units import read_head
from emgpipe.errors import EmgpipeError, EngineError
from emgpipe.store import put_file
from emgpipe.store.atomic import TEMPORARY, storing

CONNECT_S = 10.0
"""A scheduler that does not answer by then is not there."""

WORKERS_S = 120.0
"""A cluster without a single worker for so long has none."""

UNIT_S = 90.0
"""What another machine has written is seen here by then: network file systems keep names for up to a minute."""

GREETING_BYTES = 1 << 20
"""More than any scheduler says at first."""

LOOK_S = 2.0
"""So often a silent cluster is looked at."""

GRACE_S = 60.0
"""A worker process ends itself at the limit; one that has not by then stands still."""

WINDOW = 1000
"""Tasks that a scheduler holds at a time."""

ONE_PLACE = "look at the log of the worker, install one environment on all machines"

NOISY = ("distributed", "tornado", "asyncio")
"""Loggers that tell what is told here in one line."""


def clustered(jobs: Sequence[Job], address: str, limit_s: float) -> Generator[Job, None, None]:
    """Write units on a running cluster.

    Parameters
    ----------
    jobs : sequence of Job
        Recordings, one at least.
    address : str
        Of the scheduler, as `tcp://host:port`.
    limit_s : float
        Time for one recording; a worker process that takes longer ends itself, one that stands still is given up.

    Yields
    ------
    Job
        When its unit lies on disk and is seen here, in the order of completion. A job that has ended two processes,
        the second one with nothing else at work, has a failed unit, WORKER_LOST or TIMEOUT.

    Raises
    ------
    EngineError
        EXTRA_ABSENT, SCHEDULER_UNREACHABLE, SCHEDULER_LOST, CLUSTER_EMPTY, CLUSTER_DIFFERS, CLUSTER_BLIND,
        CLUSTER_FAILS.
    StoreError
        A worker, or this process, cannot write to the results folder.
    """
    with _client(address) as client, _order(jobs[0].out, limit_s) as order:
        _refuse_unfit_workers(client, order, jobs)
        suspects: list[Job] = []
        yield from _written(client, jobs, order, suspects)
        alone = order._replace(alone=True)
        for job in suspects:
            lost: list[Job] = []
            yield from _written(client, [job], alone, lost)
            if lost:
                save_lost(job, _read_mark(alone.mark(job)), limit_s)
                yield job


def _written(client: Any, jobs: Sequence[Job], order: Order, suspects: list[Job]) -> Generator[Job, None, None]:
    """Jobs whose units are written; those that have ended a process are added to `suspects`."""
    todo, sent = iter(jobs), _Sent(client, order)
    try:
        while True:
            while len(sent.flying) < WINDOW and (job := next(todo, None)) is not None:
                sent.submit(job)
            if not sent.flying:
                return
            job, digest = sent.next_ended()
            if digest:
                _take(job, order, digest)
                yield job
            else:
                suspects.append(job)
    finally:
        with suppress(Exception):  # a scheduler that is gone has nothing to cancel
            client.cancel([flight.future for flight in sent.flying.values()])


@dataclasses.dataclass
class _Flight:
    """A job that is out; `deadline` in monotonic seconds of this machine, once its mark has been seen."""

    job: Job
    future: Any
    deadline: float = math.inf


class _Sent:
    """Jobs that are out, by the keys of their tasks."""

    def __init__(self, client: Any, order: Order) -> None:
        self.client, self.order = client, order
        self.flying: dict[str, _Flight] = {}
        self.ended: Queue[Any] = Queue()
        self.looked = time.monotonic()

    def submit(self, job: Job) -> None:
        """Send a job out with absolute paths; its future comes into `ended` once it has ended in any way."""
        path = job.entry.path.absolute()
        sent = dataclasses.replace(job, out=job.out.absolute(), entry=dataclasses.replace(job.entry, path=path))
        key = f"emgpipe-{job.entry.recording}-{secrets.token_hex(8)}"
        future = self.client.submit(work_on, sent, self.order, path.is_file(), key=key, pure=False, retries=0)
        self.flying[key] = _Flight(job, future)
        future.add_done_callback(self.ended.put)

    def next_ended(self) -> tuple[Job, str]:
        """Wait for a job to end: the digest of its unit, or `""` where it has ended a process, or its worker stands."""
        while True:
            late = self._late()
            if late:
                return self._give_up(late), ""
            try:
                future = self.ended.get(timeout=LOOK_S)
            except Empty:
                _refuse_gone(self.client)
                continue
            if future.key in self.flying:  # what was given up comes back, too
                return self.flying.pop(future.key).job, _result(future)

    def _late(self) -> str:
        """Key of a job that was begun longer ago than the limit and a grace allow."""
        now = time.monotonic()
        if now < self.looked + LOOK_S:
            return ""
        with storing(self.order.room):
            begun = {path.name for path in self.order.room.iterdir()}
        self.looked = now
        for flight in self.flying.values():
            if self.order.mark(flight.job).name in begun:
                flight.deadline = min(flight.deadline, now + self.order.limit_s + GRACE_S)
        return next((key for key, flight in self.flying.items() if flight.deadline < now), "")

    def _give_up(self, key: str) -> Job:
        """Have the scheduler drop the worker of a job, so that others do what else it holds; the mark says why."""
        flight = self.flying.pop(key)
        with storing(self.order.room):
            self.order.mark(flight.job).write_text("TIMEOUT", "utf-8")
        with suppress(Exception):  # a scheduler that is gone is told of at the next look
            held = self.client.processing()
            self.client.cancel([flight.future])
            for worker in (name for name, keys in held.items() if key in keys):
                self.client.sync(self.client.scheduler.unregister, address=worker, stimulus_id=f"late-{key}")
        return flight.job


def _refuse_gone(client: Any) -> None:
    if client.status not in ("running", "connecting"):
        raise _scheduler_lost()
    if client.status == "running":
        _await_workers(client)


def _scheduler_lost() -> EngineError:
    return EngineError("SCHEDULER_LOST", "the scheduler has gone; what was finished is kept, run again to go on")


def _await_workers(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        message = f"the cluster has had no worker for {WORKERS_S:g} s; start workers, then run again"
        raise EngineError("CLUSTER_EMPTY", message) from None
    except (OSError, RuntimeError):
        raise _scheduler_lost() from None


def _result(future: Any) -> str:
    """Digest of the unit, or `""` for a job that has ended a process."""
    from distributed import CancelledError, KilledWorker

    try:
        return str(future.result())
    except KilledWorker:
        return ""
    except CancelledError:
        raise _scheduler_lost() from None
    except EmgpipeError:
        raise
    except Exception as problem:
        raise EngineError(
            "CLUSTER_FAILS", f"a worker answers {type(problem).__name__}: {problem}; {ONE_PLACE}"
        ) from None


def _take(job: Job, order: Order, digest: str) -> None:
    """Wait until a unit is seen here as it was written there, and put it in its place."""
    last = time.monotonic() + UNIT_S
    while True:
        head = read_head(order.unit(job))
        if head is not None and head["digest"] == digest:
            return put_file(order.unit(job), job.unit_path)
        if time.monotonic() > last:
            message = f"what a worker has written is not seen here after {UNIT_S:g} s; is {job.out.name!r} on a file"
            raise EngineError("CLUSTER_BLIND", f"{message} system that all machines share?")
        time.sleep(0.2)
        list(order.room.iterdir())  # makes a network file system ask its server


def _read_mark(mark: Path) -> str:
    """Why a process ended, as far as it could tell."""
    try:
        return "TIMEOUT" if mark.read_text("utf-8") == "TIMEOUT" else "WORKER_LOST"
    except OSError:
        return "WORKER_LOST"


def _refuse_unfit_workers(client: Any, order: Order, jobs: Sequence[Job]) -> None:
    """Refuse a cluster of which any worker would write other numbers or to another place."""
    _await_workers(client)
    found = next((path for job in jobs if (path := job.entry.path.absolute()).is_file()), None)
    last = time.monotonic() + SEE_S
    while True:
        told = client.run(witness, order, [found] if found else [], on_error="return")
        try:
            for where, answer in told.items():
                if not isinstance(answer, Witness):
                    message = f"a worker answers {type(answer).__name__}: {answer}; {ONE_PLACE}"
                    raise EngineError("CLUSTER_DIFFERS", message, where=where)
                refuse_unfit(answer, order, where)
            return
        except EngineError as problem:
            if problem.code != "CLUSTER_BLIND" or time.monotonic() > last:
                raise
        time.sleep(0.5)


@contextmanager
def _order(out: Path, limit_s: float) -> Iterator[Order]:
    """Make the folder of a run, which every worker must see; its token goes with the run."""
    out = out.absolute()
    with storing(out):
        room = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=out))
    try:
        order = Order(room, secrets.token_hex(16), versions(), limit_s)
        with storing(out):
            (room / TOKEN).write_text(order.token, "utf-8")
        yield order
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """Connect to a scheduler."""
    try:
        from distributed import Client
    except ImportError:
        message = 'Dask is not installed; pip install "emgpipe[cluster]"'
        raise EngineError("EXTRA_ABSENT", message) from None
    _refuse_silent(address)
    with _silent():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # versions that matter are compared by us
                client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as problem:
            raise unreachable(address, problem) from None
        try:
            yield client
        finally:
            client.close(timeout=CONNECT_S)


def _refuse_silent(address: str) -> None:
    """Refuse an address at which nobody listens, at once: a client would ask for long, and leave threads behind."""
    protocol, host, port = scheduler_at(address)
    try:
        with socket.create_connection((host, port), CONNECT_S) as line:
            if protocol == "tcp":
                _refuse_stranger(line)
    except (OSError, ValueError) as problem:
        raise unreachable(address, problem) from None


def _refuse_stranger(line: socket.socket) -> None:
    """Refuse a server that is no scheduler: those of Dask speak first, with the small length of a greeting."""
    with line.makefile("rb") as heard:
        length = heard.read(8)
    if len(length) < 8 or int.from_bytes(length, "little") > GREETING_BYTES:
        raise ValueError("what answers is no Dask scheduler")


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the cluster's own talk off stderr: what matters is told in one coded line."""
    named = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [(logger, logger.level) for logger in named if logger.name.split(".")[0] in NOISY]
    for logger, _ in before:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
