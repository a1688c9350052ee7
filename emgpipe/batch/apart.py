"""Tasks in processes of their own: each takes every n-th one, and what one leaves undone the caller does."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from emgpipe.batch.pool import END_S, start_process
from emgpipe.batch.worker import follow_leader
from emgpipe.errors import EmgpipeError, EngineError

T = TypeVar("T")
A = TypeVar("A")


def answers_apart(work: Callable[[T], A], tasks: Sequence[T], workers: int) -> Iterator[tuple[int, A]]:
    """Do tasks that write nothing but whole files.

    Parameters
    ----------
    work : callable
        Of a module, so that a process finds it; called with a task.
    tasks : sequence
        What can be pickled.
    workers : int
        Processes; 1 works in this one.

    Yields
    ------
    (int, answer)
        Place of a task and what `work` returned, in the order of completion.

    Raises
    ------
    EmgpipeError
        The first that a task meets.

    Notes
    -----
    Whatever goes wrong unforeseen in a process, also its death, the caller meets when it does the task in its turn.
    """
    left = dict(enumerate(tasks))
    for place, answer in _crew_answers(work, tasks, workers) if workers > 1 else ():
        if isinstance(answer, EmgpipeError):
            raise answer
        del left[place]
        yield place, answer
    for place, task in left.items():
        yield place, work(task)


def _crew_answers(work: Callable[[Any], Any], tasks: Sequence[Any], workers: int) -> Iterator[tuple[int, Any]]:
    """What processes answer; tasks of one that was lost do not come."""
    numbered = list(enumerate(tasks))
    yield from sent_by(_serve, [(work, numbered[share::workers]) for share in range(workers)])


def sent_by(serve: Callable[..., None], shares: Sequence[tuple[object, ...]]) -> Iterator[Any]:
    """What processes send, each of which works at a share.

    Parameters
    ----------
    serve : callable
        Of a module, called in a process with its end of a pipe and its share; it calls `follow_leader`.
    shares : sequence of tuple
        Further arguments of `serve`, one a process; what can be pickled.

    Yields
    ------
    object
        In the order in which it comes; nothing more of a process that was lost, nothing of one that could not be
        started. All are ended when the caller stops asking.
    """
    crew: list[tuple[BaseProcess, Connection]] = []
    try:
        with suppress(EngineError):
            for share in shares:
                crew.append(start_process(serve, *share))  # noqa: PERF401 (what has started)
        speaking = [pipe for _, pipe in crew]
        while speaking:
            ready = wait(speaking)
            for pipe in [one for one in speaking if one in ready]:
                try:
                    yield pipe.recv()
                except (EOFError, OSError):
                    speaking.remove(pipe)
    finally:  # also after Ctrl-C, an error or a full disk
        for process, pipe in crew:
            pipe.close()
            process.kill()
            process.join(END_S)


def _serve(pipe: Connection, work: Callable[[Any], Any], tasks: Sequence[tuple[int, Any]]) -> None:
    """Do tasks and send the answers."""
    follow_leader()
    with suppress(Exception):
        for place, task in tasks:
            try:
                pipe.send((place, work(task)))
            except EmgpipeError as problem:
                pipe.send((place, problem))
