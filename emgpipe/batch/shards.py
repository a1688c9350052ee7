"""Shares of a study for the jobs of an array: each writes units only, a run without a share merges them."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from emgpipe.batch.audit import LOG, SHARD_LOGS
from emgpipe.batch.jobs import Job
from emgpipe.errors import SettingsError
from emgpipe.store import TORN, AuditLog, OutputLock, check_log, log_events

MOST_SHARDS = 10_000
_NAME = re.compile(r"shard-[0-9]{1,5}-of-[0-9]{1,5}", re.ASCII)
_OWN = ("event", "time", "before", "shard", "line", "line_sha256", "at")
"""What the log of the results says itself of an event that it has taken over."""


class Shard(NamedTuple):
    """Share `number` (from 1) of `total`."""

    number: int
    total: int

    @classmethod
    def parsed(cls, text: str) -> "Shard":
        """Share that a text names.

        Parameters
        ----------
        text : str
            `I/N`.

        Raises
        ------
        SettingsError
            SHARD_INVALID.

        Examples
        --------
        >>> Shard.parsed("2/3")
        Shard(number=2, total=3)
        >>> Shard.parsed("0/3")
        Traceback (most recent call last):
        emgpipe.errors.SettingsError: SHARD_INVALID: shard '0/3'; I/N is needed, I from 1 to N, N up to 10000
        """
        found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text, re.ASCII)
        shard = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= shard.number <= shard.total <= MOST_SHARDS:
            message = f"shard {text!r}; I/N is needed, I from 1 to N, N up to {MOST_SHARDS}"
            raise SettingsError("SHARD_INVALID", message)
        return shard

    @property
    def name(self) -> str:
        """Name in files of its own."""
        return f"shard-{self.number}-of-{self.total}"

    def share(self, jobs: Sequence[Job], chosen: Sequence[Job]) -> tuple[Job, ...]:
        """Every so many of all jobs, by their place, as far as they are chosen: shares of one count hold each once."""
        names = {job.entry.recording for job in chosen}
        return tuple(job for job in jobs[self.number - 1 :: self.total] if job.entry.recording in names)


@contextmanager
def shard_log(
    out: Path, shard: Shard, *, wait: bool = False, waiting: Callable[[], object] = lambda: None
) -> Iterator[AuditLog]:
    """Hold a results folder beside other shares, and write the log of this one; see `OutputLock`.

    Raises
    ------
    StoreError
        STORE_LOCKED: a run that merges, or another one of this share, is at work.
    """
    with (
        OutputLock(out, wait=wait, waiting=waiting, shared=True),
        OutputLock(out / "logs", wait=wait, waiting=waiting, name=f".{shard.name}.lock"),
        AuditLog(out / "logs" / f"{shard.name}.jsonl") as log,
    ):
        yield log


def take_over(out: Path, log: AuditLog) -> int:
    """Append the events of shares that the log of the results does not have yet, in the order of the shares.

    Parameters
    ----------
    out : Path
        Results folder; its lock is held alone.
    log : AuditLog
        Its log. An event of a share says which one, its line there with its hash, and `at`, its own time. Where the log
        of a share is not as written, or is gone with lines that were taken over, an event `broken` says so, once.

    Returns
    -------
    int
        Events taken over: 0 where this was done before, also by a run that was killed while doing so.
    """
    paths = {path.stem: path for path in sorted((out / "logs").glob(SHARD_LOGS))}
    taken = _taken(out / LOG)
    n_taken = 0
    for name in sorted(taken.lines.keys() | paths.keys()):
        number, digest = taken.lines.get(name, (0, ""))
        path = paths.get(name)
        found = _breaks(path, number, digest) if path else [f"gone, {number} lines were taken over"]
        for text in found:
            if (name, text) not in taken.breaks:
                log.append("broken", shard=name, found=f"logs/{name}.jsonl: {text}")
        start = 0 if path and number and not _has(path, number, digest) else number  # another log: all of it is new
        n_taken += _append_from(path, start, name, log) if path else 0
    return n_taken


class _Taken(NamedTuple):
    """What a log has of shares: last line with its hash of each, and breaks that were told."""

    lines: dict[str, tuple[int, str]]
    breaks: set[tuple[str, str]]


def _taken(path: Path) -> _Taken:
    taken = _Taken({}, set())
    for _, _, told in log_events(path) if path.exists() else ():
        name, number, found = told.get("shard"), told.get("line"), told.get("found")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        if told["event"] == "broken" and isinstance(found, str):
            taken.breaks.add((name, found.removeprefix(f"logs/{name}.jsonl: ")))
        elif type(number) is int and number > 0:
            taken.lines[name] = number, str(told.get("line_sha256"))
    return taken


def _breaks(path: Path, number: int, digest: str) -> list[str]:
    """What is wrong with the log of a share, of which lines up to a number were taken over."""
    found = [f"line {line}: {message}" for line, message in check_log(path) if message != TORN]
    if number and not _has(path, number, digest):
        found.append(f"line {number} was taken over as {digest[:12]} and is not there any more")
    return found


def _has(path: Path, number: int, digest: str) -> bool:
    return any(n == number and hashlib.sha256(line).hexdigest() == digest for n, line, _ in log_events(path))


def _append_from(path: Path, start: int, name: str, log: AuditLog) -> int:
    """Append the events of a share behind a line; what a killed run left unfinished is not one."""
    n_taken = 0
    for number, line, told in log_events(path):
        if number > start and "time" in told:
            facts = {key: value for key, value in told.items() if key not in _OWN}
            digest = hashlib.sha256(line).hexdigest()
            log.append(told["event"], shard=name, line=number, line_sha256=digest, at=told["time"], **facts)
            n_taken += 1
    return n_taken


def remove_share_locks(out: Path) -> None:
    """Remove the lock files of shares; only for who holds the lock of the folder alone: then no share is at work.

    A share takes the lock of the folder before its own, and the one of its own anew.
    """
    for path in (out / "logs").glob(".shard-*.lock"):
        if _NAME.fullmatch(path.stem.removeprefix(".")):
            with suppress(OSError):  # not ours to remove: harmless
                path.unlink()
