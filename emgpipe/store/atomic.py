"""Files that appear whole or not at all, also when the power fails."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emgpipe.errors import StoreError

TEMPORARY = ".tmp-"
"""Names that begin so are leftovers of a killed run; nobody reads them."""


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
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with LF as `write_bytes` does."""
    write_bytes(path, text.encode("utf-8"))


def replace_folder(made: Path, path: Path) -> None:
    """Put a folder that was made beside `path` in its place; what stood there is removed."""
    with storing(path):
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=path.parent))
            path.replace(old / path.name)
            made.replace(path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            made.replace(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk; systems that cannot open folders do it on their own."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    """Rights that new files of this process do not get; temporary files are private by default."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
