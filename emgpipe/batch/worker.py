"""A worker process: takes jobs from its pipe, writes their units, and leaves when its leader is gone."""

import os
import signal
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from threading import Thread

from emgpipe.errors import StoreError


def serve(pipe: Connection) -> None:
    """Write the unit of every job that comes, until the pipe ends.

    Parameters
    ----------
    pipe : Connection
        None goes out once when the process can work, and after each job that is done; a `StoreError` instead where
        nothing can be kept. Jobs come in.
    """
    follow_leader()
    from emgpipe.batch.work import write_unit

    word: StoreError | None = None
    while True:
        try:
            pipe.send(word)
            job = pipe.recv()
        except (EOFError, OSError):  # the leader has nothing more, or is gone
            return
        try:
            write_unit(job)
            word = None
        except StoreError as problem:
            word = problem


def follow_leader() -> None:
    """Leave Ctrl-C to the process that started this one, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it stops its workers
    Thread(target=_leave_with_leader, daemon=True).start()


def _leave_with_leader() -> None:
    """End this process when the one that started it has ended, whatever the main thread is at."""
    leader = parent_process()
    if leader is not None:
        leader.join()
        os._exit(1)
