"""Engines: who writes the units of jobs, and in how many processes. Results come back through the store."""

import os
from collections.abc import Callable, Iterator, Sequence

from emgpipe.batch.jobs import Job

Engine = Callable[[Sequence[Job]], Iterator[Job]]
"""Writes the unit of each job and yields the job when its unit lies on disk, in any order."""


def engine_of(workers: int | None) -> Engine:
    """Engine of this machine: worker processes, or this process where there is one worker or one job.

    Parameters
    ----------
    workers : int or None
        Worker processes; None: the cores of the machine.

    Returns
    -------
    Engine
    """

    def local(jobs: Sequence[Job]) -> Iterator[Job]:
        n_workers = min(workers or os.cpu_count() or 1, len(jobs))
        if n_workers <= 1:
            return serial(jobs)
        from emgpipe.batch.pool import pooled

        return pooled(jobs, n_workers)

    return local


def serial(jobs: Sequence[Job]) -> Iterator[Job]:
    """Write units in this process, one after another."""
    for job in jobs:
        from emgpipe.batch.work import write_unit

        write_unit(job)
        yield job
