"""Worker processes on this machine: a dead one is replaced, and its recording is tried once more."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from types import ModuleType
from typing import Any

from pebble import ProcessExpired, ProcessPool

from emgpipe.batch.jobs import Job
from emgpipe.batch.units import failed_body, save_unit, unit_head
from emgpipe.batch.work import write_unit

TRIES = 2
"""A recording whose worker dies is tried once more in a fresh process."""


def pooled(jobs: Sequence[Job], workers: int) -> Iterator[Job]:
    """Write units in worker processes.

    Parameters
    ----------
    jobs : sequence of Job
        Recordings.
    workers : int
        Processes.

    Yields
    ------
    Job
        When its unit lies on disk.
    """
    pool: Any = ProcessPool(max_workers=workers, context=get_context("spawn"))
    with _bare_main(), pool:
        futures = [(job, pool.schedule(write_unit, args=[job])) for job in jobs]
        try:
            for job, future in futures:
                _finished(job, future, pool)
                yield job
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


def _finished(job: Job, future: Any, pool: Any) -> None:
    """Wait for a job; a dead worker is replaced and the job tried once more."""
    for tries_left in reversed(range(TRIES)):
        try:
            future.result()
            return
        except ProcessExpired:
            if tries_left:
                future = pool.schedule(write_unit, args=[job])
    body = failed_body("WORKER_LOST", "the worker process died twice; look at memory and at the file")
    save_unit(job, unit_head(job, None) | body)
