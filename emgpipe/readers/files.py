"""Opening files: regular ones only, every failure a coded refusal."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from emgpipe.readers.findings import refusal
from emgpipe.recording import Finding


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
        try:  # a file object of a folder cannot be made, and would leave the handle open
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                raise OSError("a folder" if stat.S_ISDIR(mode) else "a pipe or a device")
            with os.fdopen(handle, "rb", buffering=0, closefd=False) as file:
                yield file
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        raise refusal([unreadable(error)], file_name(path)) from error


def unreadable(error: BaseException | None) -> Finding:
    """Say why a file could not be opened or read.

    Examples
    --------
    >>> unreadable(FileNotFoundError(2, "No such file or directory")).message
    'found No such file or directory; allowed: a file that can be read; give one, or mend its path or its rights'
    """
    reason = getattr(error, "strerror", None) or str(error)
    hint = "give one, or mend its path or its rights"
    return Finding.composed(
        "FILE_UNREADABLE", "error", "file", found=reason, allowed="a file that can be read", hint=hint
    )


def file_name(path: str | os.PathLike[str]) -> str:
    """Last part of a path, for messages."""
    return Path(os.fsdecode(path)).name or os.fsdecode(path)
