"""Files that appear whole or not at all, also when the power fails."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from emgpipe.errors import EngineError, StoreError

TEMPORARY = ".tmp-"
"""Names that begin so are leftovers of a killed run; nobody reads them."""
_LEFTOVER = re.compile(re.escape(TEMPORARY) + "[a-z0-9_]{8}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _umask()
"""Rights that new files of this process do not get, read once: the reading itself is a race between threads."""


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn any failure to write into one coded line.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE with the reason: disk full, no permission, not a folder.
    """
    try:
        yield
    except OSError as problem:
        message = f"{problem.strerror or problem}; free the place or choose another folder, then run again"
        raise StoreError("STORE_UNWRITABLE", message, where=str(path)) from problem


def refuse_exhausted(problem: BaseException) -> None:
    """Raise where a file could not be opened for want of handles: that says nothing of the file.

    Raises
    ------
    EngineError
        OPEN_FILES.
    """
    if isinstance(problem, OSError) and problem.errno in (errno.EMFILE, errno.ENFILE):
        message = f"{problem.strerror}; raise the limit (`ulimit -n`), or use fewer workers, then run again"
        raise EngineError("OPEN_FILES", message) from None


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that is either the old one or the new one, never a part.

    Parameters
    ----------
    path : Path
        Its folder is made where missing.
    data : bytes
        Whole content.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE; the old file, if any, stands as it was.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(0o666 & ~_UMASK)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def put_file(made: Path, path: Path) -> None:
    """Put a file that lies whole elsewhere on this disk in its place; what stood there is gone.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.
    """
    with storing(path):
        made.replace(path)
        sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with LF as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def replace_folder(made: Path, path: Path) -> None:
    """Put a folder that was made beside `path` in its place, with ordinary rights.

    What stood there is removed. Of two writers that meet, each with the same content, the first one stays.
    """
    with storing(path):
        made.chmod(0o777 & ~_UMASK)
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=path.parent))
            with suppress(FileNotFoundError):  # another writer has taken it away
                path.replace(old / path.name)
            _place_folder(made, path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            _place_folder(made, path)
        sync_folder(path.parent)


def _place_folder(made: Path, path: Path) -> None:
    """Rename a folder, or drop it where another writer's stands."""
    while made.exists():
        try:
            made.replace(path)
        except OSError as problem:
            if path.is_dir():
                shutil.rmtree(made, ignore_errors=True)
            elif problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # that one was just taken away: once more
                raise


def sweep(folder: Path) -> int:
    """Remove what killed runs left half written; only for who holds the `OutputLock` of the folder alone.

    Parameters
    ----------
    folder : Path
        Results folder; links are not followed.

    Returns
    -------
    int
        Files and folders removed.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.
    """
    with storing(folder):
        found = list(leftovers(folder)) if folder.is_dir() else []
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    return len(found)


def leftovers(folder: Path, depth: int = 3) -> Iterator[Path]:
    """What killed runs left in a results folder: in it, in `units`, in `cache/frames`; not in the folders of frames."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _LEFTOVER.fullmatch(entry.name):
                yield Path(entry.path)
            elif depth > 1 and entry.is_dir(follow_symlinks=False):
                yield from leftovers(Path(entry.path), depth - 1)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk; systems that cannot open folders do it on their own."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
