"""The audit trail of a results folder: its log, opened against its seal and sealed again."""

import getpass
import os
import platform
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.store import SEAL_NAME, AuditLog, LastLine, Seal, last_line, log_events, read_seal, write_seal

LOG = "log.jsonl"
RUN_RECORD = "run.json"
SHARD_LOGS = "shard-*.jsonl"
"""Names below `logs` that shards write their events to."""
NO_RECORD = "0" * 64
"""Sealed in place of the hash of `run.json` until the first run comes to its end."""
UNIT_EVENTS = ("recording", "reference", "found")
"""Events that name a unit and its digest."""
PACKAGES = ("emgpipe", "numpy", "scipy", "numba", "mne", "pandas", "pyarrow", "pydantic", "matplotlib", "jinja2")


@contextmanager
def audited(out: Path) -> Iterator[AuditLog]:
    """Log of a results folder, for who holds its lock alone.

    A log that is not as it was sealed (cut, replaced, gone) is told in the log itself, by an event `broken`, so that
    what comes after it cannot hide it. At the end the seal is made to say where the log ends now, whatever ended it.
    """
    with AuditLog(out / LOG) as log:
        if found := log_break(out):
            log.append("broken", found=found)
            log.sync()
        if read_seal(out) is None:  # from the first line on: without a seal a cut log could not be told from a new one
            write_seal(out, Seal(NO_RECORD, last_line(out / LOG)))
        try:
            yield log
        finally:
            log.sync()
            seal(out)


def log_break(out: Path) -> str:
    """What is wrong with the log below its sealed length; `""` where nothing is, or no run was here before.

    A run seals before its first line: results or a log without a seal are of a version before there were seals, or
    somebody has removed it.
    """
    sealed = read_seal(out)
    if sealed is None:
        if (out / SEAL_NAME).exists():
            return f"{SEAL_NAME} is not as it was written"
        unsealed = [name for name in (LOG, RUN_RECORD, "measures.csv") if (out / name).exists()]
        return f"{unsealed[0]} is there and {SEAL_NAME} is not" if unsealed else ""
    found = last_line(out / LOG, sealed.log.n_bytes)
    if found.n_bytes < sealed.log.n_bytes:
        return f"{found.n_bytes} bytes, {sealed.log.n_bytes} were sealed"
    return "" if found == sealed.log else f"the line that ends at byte {found.n_bytes} is not the one that was sealed"


def seal(out: Path, run_json: str = "") -> None:
    """Seal the log as it is; `run_json`: hash of `run.json`, else the one that was sealed before."""
    sealed = read_seal(out)
    run_json = run_json or (sealed.run_json if sealed else NO_RECORD)
    now = Seal(run_json, last_line(out / LOG))
    if now != sealed:
        write_seal(out, now)


def run_facts() -> dict[str, Any]:
    """Who runs what on what: for the event `run` and for `run.json`; no host, no folder."""
    return {"who": who(), **machine()}


def machine() -> dict[str, Any]:
    """Versions of what numbers come from, and the kind of machine."""
    versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    return {"versions": versions, "platform": f"{platform.system()} {platform.machine()}"}


def shard_logs(out: Path) -> dict[str, LastLine]:
    """Where the log of each shard ends, by file name."""
    return {path.name: last_line(path) for path in sorted((out / "logs").glob(SHARD_LOGS))}


def unit_facts(head: Mapping[str, Any]) -> dict[str, Any]:
    """What the log says of a unit: `recording, status, code, sha256` (of the file), `key, digest` (of the unit)."""
    return {name: head.get(name, "") for name in ("recording", "status", "code", "sha256", "key", "digest")}


def told_digests(out: Path, names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Last event of the log that names the unit of each of these recordings, and the digest that it tells."""
    path, found = out / LOG, dict[str, tuple[str, str]]()
    for _, _, told in log_events(path) if path.exists() else ():
        name = told.get("recording")
        if told["event"] in UNIT_EVENTS and isinstance(name, str) and name in names:
            found[name] = told["event"], str(told.get("digest"))
    return found


def tell_found(out: Path, heads: Mapping[str, Mapping[str, Any] | None], log: AuditLog) -> None:
    """Append an event `found` for every unit that no line of the log tells of as it is.

    A killed run has left it there, or somebody has put it there: so tables rest on no unit that the log does not name.
    """
    told = told_digests(out, heads.keys())
    for name, head in heads.items():
        if head and "digest" in head and told.get(name, ("", ""))[1] != head["digest"]:
            log.append("found", **unit_facts(head))


def who() -> str:
    """Name for the log: of `EMGPIPE_USER` where it is set (empty: none), else the login name, else the user's number.

    Examples
    --------
    >>> os.environ["EMGPIPE_USER"] = "station 3"
    >>> who()
    'station 3'
    >>> del os.environ["EMGPIPE_USER"]
    """
    if (told := os.environ.get("EMGPIPE_USER")) is not None:
        return told
    with suppress(OSError, KeyError, ImportError):  # no login name and no such user: a container
        return getpass.getuser()
    return str(getattr(os, "getuid", lambda: "")())
