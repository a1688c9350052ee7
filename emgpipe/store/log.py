"""The log of a results folder: appended to and never changed, each line carrying the hash of the one before."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from emgpipe.store.atomic import storing, sync_folder
from emgpipe.store.tables import json_line

FIRST = "0" * 64
"""`before` of the first line."""
SYNC_EVERY_S = 1.0
"""A power failure costs the lines of this time at most; a killed run costs none."""
_BLOCK = 1 << 16
MOST_LINE_BYTES = 1 << 20
"""No line of ours is as long; a longer one is none, and is never held in memory as a whole."""
_MOST_TAIL_BYTES = 1 << 23
"""Behind the last whole line a killed run leaves less than a line; a whole one is looked for no further back."""
TORN = "the line is not whole; a run was killed while writing it"


class LogProblem(NamedTuple):
    """A line of the log that is not as it was written: its number from 1, and what is wrong."""

    line: int
    message: str


class LastLine(NamedTuple):
    """Where a log ends: its bytes, and the hash of its last line, which stands for all lines before it.

    What a killed run left unfinished behind the last whole line is hashed with it: it names no line before itself.
    """

    n_bytes: int
    sha256: str


class AuditLog:
    """Append events to a log, as a context manager; hold the `OutputLock` of the folder meanwhile.

    Nothing is opened or made before the first event. A line that a killed run left unfinished stays as it is and is
    closed; the chain goes on from it. One event costs the same however long the log is.

    Parameters
    ----------
    path : Path
        Such as `log.jsonl`.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE, by `append` and at the end.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     with AuditLog(Path(out) / "log.jsonl") as log:
    ...         log.append("run", recordings=3)
    ...     check_log(Path(out) / "log.jsonl")
    []
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream: FileIO | None = None
        self._before = FIRST
        self._synced_s = 0.0

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Force what was appended to disk."""
        try:
            self.sync()
        finally:
            self._close()

    def append(self, event: str, /, **fields: object) -> None:
        """Append one line.

        Parameters
        ----------
        event : str
            Such as `run`.
        **fields : object
            Text, numbers, and lists or mappings of these.
        """
        with storing(self.path), self._closed_on_failure():
            stream = self._stream = self._stream or self._opened()
            line = json_line({"time": _now(), "event": event, **fields, "before": self._before}).encode()
            _write_all(stream, line + b"\n")
        self._before = hashlib.sha256(line).hexdigest()
        if time.monotonic() - self._synced_s > SYNC_EVERY_S:
            self.sync()

    def sync(self) -> None:
        """Force what was appended to disk."""
        if self._stream is not None:
            with storing(self.path):
                os.fsync(self._stream.fileno())
            self._synced_s = time.monotonic()

    def _opened(self) -> FileIO:
        """Open the log at its end, an unfinished line closed, and take up the chain."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        last = last_line(self.path)
        self._before = last.sha256
        stream = self._stream = FileIO(self.path, "a+")
        if last.n_bytes and not _ends_whole(stream):
            _write_all(stream, b"\n")
        sync_folder(self.path.parent)
        return stream

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        """Close the file where a write fails: what is left of the line is looked at when the next one is appended."""
        try:
            yield
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            with storing(self.path):
                stream.close()


def _write_all(stream: FileIO, data: bytes) -> None:
    """Write data, unbuffered: a full disk may take a part of it, and then no more."""
    while data:
        data = data[stream.write(data) or 0 :]


def last_line(path: Path, n_bytes: int | None = None) -> LastLine:
    """Where a log ends, or the first bytes of it; read from the end, without the lines before.

    Parameters
    ----------
    path : Path
        Of the log.
    n_bytes : int, optional
        As if the log ended here.

    Returns
    -------
    LastLine
        Hash without the end of the line; `FIRST` of no log and an empty one. Fewer bytes than asked for where the log
        is shorter.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            end = size if n_bytes is None else min(size, n_bytes)
            told = _last_whole(stream, end)
    except FileNotFoundError:
        return LastLine(0, FIRST)
    return LastLine(end, hashlib.sha256(told).hexdigest() if end else FIRST)


def _last_whole(stream: BinaryIO, end: int) -> bytes:
    """Last whole line before a place and all behind it, without the last end of a line."""
    start, step = end, _BLOCK
    while start:
        start, step = max(0, start - step), 2 * step
        stream.seek(start)
        lines = stream.read(end - start).removesuffix(b"\n").split(b"\n")
        first = 1 if start else 0  # the first one may be cut
        whole = next((n for n in reversed(range(first, len(lines))) if _before(lines[n]) is not None), None)
        if whole is not None or not start or end - start > _MOST_TAIL_BYTES:
            return b"\n".join(lines[whole or 0 :])
    return b""


def _ends_whole(stream: FileIO) -> bool:
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"


def check_log(path: Path) -> list[LogProblem]:
    """Check the chain of a log.

    Parameters
    ----------
    path : Path
        `log.jsonl`.

    Returns
    -------
    list of LogProblem
        Empty for a log that is as it was written. A changed, removed or inserted line shows at the line after it; the
        last line is vouched for by `run.json.sha256`. A line that a killed run left unfinished, and that the next
        one has closed, is in the chain like any other and is no problem.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if not path.exists():
        return [LogProblem(0, "there is no log")]
    problems: list[LogProblem] = []
    number = whole = 0
    since = hashlib.sha256()  # of the last whole line and what a killed run left behind it
    for last, (number, line, is_line) in _numbered(path):
        before = _before(line) if is_line else None
        if before is None:
            since.update(b"\n" * (last < number > 1) + line)
            continue
        if before != (since.hexdigest() if number > 1 else FIRST):
            problems.append(LogProblem(number, "a line before it was changed, removed or inserted"))
        since, whole = hashlib.sha256(line), number
    if whole < number or not number or not _ends_in_newline(path):
        problems.append(LogProblem(number, TORN))
    return problems


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Lines of a log in bounded memory.

    Yields
    ------
    number, line, is_line : int, bytes, bool
        From 1; without its end. Of a line that is longer than any of ours its parts, in turn, with `is_line` False.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as stream:
        number, inside = 1, False
        while part := stream.readline(MOST_LINE_BYTES):
            ends = part.endswith(b"\n")
            yield number, part.removesuffix(b"\n"), not inside and (ends or len(part) < MOST_LINE_BYTES)
            number, inside = number + ends, not ends


def log_events(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Events of a log with their numbers from 1 and their lines, whatever else stands in it; raises OSError."""
    for number, line, is_line in _lines(path):
        told = _parsed(line) if is_line else None
        if told is not None and isinstance(told.get("event"), str):
            yield number, line, told


def _numbered(path: Path) -> Iterator[tuple[int, tuple[int, bytes, bool]]]:
    """Lines, each with the number of the part before it."""
    last = 0
    for told in _lines(path):
        yield last, told
        last = told[0]


def _ends_in_newline(path: Path) -> bool:
    with FileIO(path) as stream:
        return _ends_whole(stream)


def _before(line: bytes) -> str | None:
    """Hash that a whole line names; None of what is no line of a log."""
    told = _parsed(line) if len(line) < MOST_LINE_BYTES else None
    return None if told is None else str(told.get("before"))


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
