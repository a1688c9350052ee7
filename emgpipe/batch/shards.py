"""Shares of a study for the jobs of an array: each writes units only, a run without a share merges them."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import LOG, SHARD_LOGS
from emgpipe.batch.jobs import Job
from emgpipe.errors import SettingsError
from emgpipe.store import AuditLog, OutputLock

MOST_SHARDS = 10_000


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
def shard_log(out: Path, shard: Shard, *, wait: bool = False) -> Iterator[AuditLog]:
    """Hold a results folder beside other shares, and write the log of this one.

    Raises
    ------
    StoreError
        STORE_LOCKED: a run that merges, or another one of this share, is at work.
    """
    with (
        OutputLock(out, wait=wait, shared=True),
        OutputLock(out / "logs", wait=wait, name=f".{shard.name}.lock"),
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
        Its log. An event of a share says which one, its line there, and `at`, its own time.

    Returns
    -------
    int
        Events taken over: 0 where this was done before, also by a run that was killed while doing so.
    """
    paths = sorted((out / "logs").glob(SHARD_LOGS))
    taken = _taken_lines(out / LOG) if paths else {}
    n_taken = 0
    for path in paths:
        for number, told in _events(path):
            if number > taken.get(path.stem, 0):
                facts = {name: value for name, value in told.items() if name not in ("event", "time", "before")}
                log.append(str(told["event"]), shard=path.stem, line=number, at=told["time"], **facts)
                n_taken += 1
    return n_taken


def _taken_lines(path: Path) -> dict[str, int]:
    """Last line of each share that a log has."""
    found: dict[str, int] = {}
    for _, told in _events(path) if path.exists() else ():
        if "shard" in told:
            found[told["shard"]] = max(found.get(told["shard"], 0), told["line"])
    return found


def _events(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Whole lines of a log, with their numbers from 1; what a killed run left unfinished is not one."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(told, dict) and line.endswith(b"\n") and {"event", "time"} <= set(told):
                yield number, told
