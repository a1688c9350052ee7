"""Engines: who writes the units of jobs, and in how many processes. Results come back through the store."""

import os
from collections.abc import Callable, Generator, Sequence
from urllib.parse import urlsplit

from emgpipe.batch.jobs import Job
from emgpipe.errors import EngineError, SettingsError

Engine = Callable[[Sequence[Job]], Generator[Job, None, None]]
"""Writes the unit of each job and yields it when the unit lies on disk, in any order; closing it stops the work."""


LIMIT_S = 3600.0
"""Time for one recording; a day of four channels takes minutes."""


def engine_of(workers: int | None = None, *, scheduler: str | None = None, limit_s: float = LIMIT_S) -> Engine:
    """Engine: a cluster, worker processes of this machine, or this process where one worker is asked for.

    Parameters
    ----------
    workers : int or None
        Worker processes; None: the cores that this process may use. 1 works in this process.
    scheduler : str, optional
        Address of a running Dask scheduler, as `tcp://host:port`; its workers do all, `workers` is not looked at.
    limit_s : float
        Time for one recording, of worker processes and clusters only.

    Returns
    -------
    Engine

    Raises
    ------
    SettingsError
        ARGUMENT_INVALID: a limit that is not positive.
    EngineError
        SCHEDULER_UNREACHABLE: `scheduler` is no address.
    """
    if scheduler is not None:
        scheduler_at(scheduler)
    if not limit_s > 0:
        raise SettingsError("ARGUMENT_INVALID", f"limit_s is {limit_s!r}; a positive number of seconds is needed")

    def engine(jobs: Sequence[Job]) -> Generator[Job, None, None]:
        """Yield each job when its unit is written."""
        if not jobs or (workers == 1 and scheduler is None):
            return serial(jobs)
        if scheduler is not None:
            from emgpipe.batch.cluster import clustered

            return clustered(jobs, scheduler, limit_s)
        from emgpipe.batch.pool import pooled

        return pooled(jobs, workers or usable_cores(), limit_s)

    return engine


def scheduler_at(address: str) -> tuple[str, str, int]:
    """Protocol, host and port of a scheduler; nobody is asked yet.

    Raises
    ------
    EngineError
        SCHEDULER_UNREACHABLE: that is no address.

    Examples
    --------
    >>> scheduler_at("tcp://node-17:8786")
    ('tcp', 'node-17', 8786)
    """
    try:
        told = urlsplit(address)
        if told.scheme not in ("tcp", "tls"):
            raise ValueError(f"{told.scheme or 'no'} protocol")
        if not told.hostname or not told.port:
            raise ValueError("no host or no port")
        return told.scheme, told.hostname, told.port
    except ValueError as problem:
        raise unreachable(address, problem) from None


def unreachable(address: str, problem: Exception) -> EngineError:
    """Why a scheduler cannot be used."""
    told = getattr(problem, "strerror", None) or str(problem).partition("\n")[0] or type(problem).__name__
    message = f"no scheduler answers at {address!r} ({told}); give the address that it prints, tcp://host:port"
    return EngineError("SCHEDULER_UNREACHABLE", message)


def usable_cores() -> int:
    """Cores that this process may use; on a cluster fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def serial(jobs: Sequence[Job]) -> Generator[Job, None, None]:
    """Write units in this process, one after another."""
    for job in jobs:
        from emgpipe.batch.work import write_unit

        write_unit(job)
        yield job
