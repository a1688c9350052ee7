"""Pages drawn in processes of their own: each takes every n-th page, and what one leaves is drawn by the caller."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from emgpipe.batch.apart import sent_by
from emgpipe.batch.worker import follow_leader
from emgpipe.errors import EmgpipeError
from emgpipe.reports.told import read_results

Outcome = tuple[str, str | EmgpipeError]
"""Name of a page, and its text or why it cannot be drawn."""


def drawn_apart(folder: Path, names: Sequence[str], workers: int) -> Iterator[Outcome]:
    """Draw pages in processes.

    Parameters
    ----------
    folder : Path
        Results folder, locked by the caller.
    names : sequence of str
        File names of pages.
    workers : int
        Processes.

    Yields
    ------
    (str, str or EmgpipeError)
        In the order of completion. Pages of a process that was lost or could not be started do not come.
    """
    yield from sent_by(_serve, [(folder, names[share::workers]) for share in range(workers)])


def _serve(pipe: Connection, folder: Path, names: Sequence[str]) -> None:
    """Draw pages and send their text; whatever goes wrong unforeseen, the caller meets it in its own drawing."""
    follow_leader()
    from emgpipe.reports.draw import drawings, outcome_of

    with suppress(Exception):
        for name, draw in drawings(read_results(folder), folder).items():
            if name in names:
                pipe.send((name, outcome_of(name, draw)))
