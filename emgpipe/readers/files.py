"""Opening files: regular ones only, every failure a coded refusal."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from emgpipe.errors import ReadError


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, unbuffered; only a regular file, so that no pipe can hang the run.

    Parameters
    ----------
    path : path-like
        The file.

    Yields
    ------
    binary file

    Raises
    ------
    ReadError
        FILE_UNREADABLE: no such file, no permission, a folder, a device, an error while reading.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("this is no regular file")
            yield file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReadError("FILE_UNREADABLE", f"{reason}; a readable file is needed", where=file_name(path)) from error


def file_name(path: str | os.PathLike[str]) -> str:
    """Last part of a path, for messages."""
    return Path(os.fsdecode(path)).name or os.fsdecode(path)
