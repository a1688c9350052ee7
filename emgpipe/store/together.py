"""Files that belong together and appear together."""

import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from emgpipe.store.atomic import TEMPORARY, storing, sync_folder

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals by which a run is stopped."""


@contextmanager
def replaced_together(folder: Path, *, last: Sequence[str] = ()) -> Iterator[Path]:
    """Give a folder to write files into; they take their places in another one when all are written.

    Parameters
    ----------
    folder : Path
        Where the files belong; those that are not written anew stay.
    last : sequence of str
        Names that take their places behind all others, in this order.

    Yields
    ------
    Path
        A folder in it, on the same disk. After an error it is gone, and no file has taken its place.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.

    Notes
    -----
    Signals that stop a run wait while the files are renamed. A process that is killed there leaves some old and some
    new: who reads them compares their hashes.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as name:
    ...     with replaced_together(Path(name)) as made:
    ...         _ = (made / "a").write_text("1")
    ...     [path.name for path in Path(name).iterdir()]
    ['a']
    """
    with storing(folder):
        made = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder))
    try:
        yield made
        with storing(folder), stops_deferred():
            for path in sorted(made.iterdir(), key=lambda path: (_turn(path.name, last), path.name)):
                path.replace(folder / path.name)
            sync_folder(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _turn(name: str, last: Sequence[str]) -> int:
    return last.index(name) if name in last else -1


@contextmanager
def stops_deferred() -> Iterator[None]:
    """Let signals that stop a run wait; each is raised once at the end, as if it came then.

    Handlers are changed, as a mask holds for one thread alone and any other one takes the signal then. They belong to
    the main thread: in another one, which no signal interrupts, this does nothing.
    """
    came: list[int] = []
    before = {}
    try:
        for stop in STOPS if threading.current_thread() is threading.main_thread() else ():
            if signal.getsignal(stop) is not None:  # None: not set from Python, and not to be set back
                before[stop] = signal.signal(stop, lambda number, _frame: came.append(number))
        yield
    finally:
        for stop, handler in before.items():
            signal.signal(stop, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
