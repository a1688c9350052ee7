"""The log of a results folder: appended to and never changed, each line carrying the hash of the one before."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from emgpipe.store.atomic import storing, sync_folder

FIRST = "0" * 64
"""`before` of the first line."""


class LogProblem(NamedTuple):
    """A line of the log that is not as it was written: its number from 1, and what is wrong."""

    line: int
    message: str


def append_event(path: Path, event: str, **fields: object) -> None:
    """Append one line to the log.

    A line that a killed run left unfinished stays as it is and is closed; the chain goes on from it.
    Call this while holding the `OutputLock` of the folder.

    Parameters
    ----------
    path : Path
        `log.jsonl`.
    event : str
        Such as `run_started`.
    **fields : object
        Text, numbers, and lists or mappings of these.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.
    """
    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        last, torn = _last_line(path)
        entry = {
            "time": _now(),
            "event": event,
            **fields,
            "before": hashlib.sha256(last).hexdigest() if last else FIRST,
        }
        line = json.dumps(entry, ensure_ascii=True, allow_nan=False).encode() + b"\n"
        with path.open("ab") as stream:
            stream.write((b"\n" if torn else b"") + line)
            stream.flush()
            os.fsync(stream.fileno())
        sync_folder(path.parent)


def check_log(path: Path) -> list[LogProblem]:
    """Check the chain of a log.

    Parameters
    ----------
    path : Path
        `log.jsonl`.

    Returns
    -------
    list of LogProblem
        Empty for a log that is as it was written. A changed, removed or inserted line shows
        at the line after it; the last line is vouched for by nothing but itself.
    """
    if not path.exists():
        return [LogProblem(0, "there is no log")]
    with storing(path):
        data = path.read_bytes()
    problems = []
    expected = FIRST
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n"), start=1):
        before = _before(line)
        if before is None:
            problems.append(LogProblem(number, "the line is not whole; a run was killed while writing it"))
        elif before != expected:
            problems.append(LogProblem(number, "the line before it was changed, removed or inserted"))
        expected = hashlib.sha256(line).hexdigest()
    return problems


def _before(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return str(entry.get("before")) if isinstance(entry, dict) else None


def _last_line(path: Path) -> tuple[bytes, bool]:
    """Last line without its end, and whether that end is missing."""
    if not path.exists():
        return b"", False
    data = path.read_bytes()
    return data.removesuffix(b"\n").rpartition(b"\n")[2], bool(data) and not data.endswith(b"\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
