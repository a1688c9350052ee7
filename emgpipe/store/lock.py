"""One run at a time in a results folder, or shares side by side; the kernel frees the lock when a run dies."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from emgpipe.errors import StoreError
from emgpipe.store.atomic import storing
from emgpipe.store.places import refuse_links

LOCK_NAME = ".emgpipe.lock"


class OutputLock:
    """Hold a results folder for this process, as a context manager.

    Parameters
    ----------
    folder : Path
        Made where missing.
    wait : bool
        Wait for another run to end, instead of refusing.
    waiting : callable, optional
        Called once before it waits.
    shared : bool
        Beside others that share it. Windows knows no such lock: there it is not taken.
    name : str
        File in the folder that is locked.

    Raises
    ------
    StoreError
        STORE_LOCKED: another run, or a check, holds the folder. STORE_UNWRITABLE: it cannot be made or written.
        STORE_LINKED: a link in it could lead what is written elsewhere.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out, OutputLock(Path(out)):
    ...     pass
    """

    def __init__(
        self,
        folder: Path,
        *,
        wait: bool = False,
        waiting: Callable[[], object] = lambda: None,
        shared: bool = False,
        name: str = LOCK_NAME,
    ) -> None:
        self.folder, self.waiting = folder, waiting
        self.wait, self.shared, self.name = wait, shared, name
        self._handle = -1

    def __enter__(self) -> Self:
        """Take the lock."""
        path = self.folder / self.name
        refuse_links(self.folder)
        with storing(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            with storing(path):
                taken = _take(self._handle, wait=False, shared=self.shared)
            if not taken and self.wait:
                self.waiting()
                with storing(path):
                    taken = _take(self._handle, wait=True, shared=self.shared)
        except BaseException:
            self._close()
            raise
        if not taken:
            self._close()
            message = "a run or a check is at work here; wait for it, add --wait, or choose another -o"
            raise StoreError("STORE_LOCKED", message, where=str(self.folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back; the file stays, so that no second run can lock another one of that name."""
        self._close()

    def _close(self) -> None:
        os.close(self._handle)
        self._handle = -1


@contextmanager
def read_lock(folder: Path) -> Iterator[None]:
    """Hold a results folder for reading: no run may write tables meanwhile; nothing is made or written.

    Raises
    ------
    StoreError
        STORE_LOCKED: a run is at work here.
    """
    try:
        handle = os.open(folder / LOCK_NAME, os.O_RDONLY)
    except OSError:  # a copy of results, or one that may not be looked into: nobody runs here
        yield
        return
    try:
        if not _take(handle, wait=False, shared=True):
            message = "a run is at work here; wait for it"
            raise StoreError("STORE_LOCKED", message, where=str(folder))
        yield
    finally:
        os.close(handle)


def _take(handle: int, *, wait: bool, shared: bool) -> bool:
    if sys.platform == "win32":
        import msvcrt

        if shared:
            return True
        try:
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
