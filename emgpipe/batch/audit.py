"""The audit trail of a results folder: its log, opened against its seal and sealed again."""

import getpass
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.store import SEAL_NAME, AuditLog, LastLine, Seal, last_line, read_seal, write_seal

LOG = "log.jsonl"
RUN_RECORD = "run.json"
SHARD_LOGS = "shard-*.jsonl"
"""Names below `logs` that shards write their events to."""
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
        try:
            yield log
        finally:
            log.sync()
            seal(out)


def log_break(out: Path) -> str:
    """What is wrong with the log below its sealed length; `""` where nothing is, or nothing was ever sealed."""
    sealed = read_seal(out)
    if sealed is None:
        return f"{SEAL_NAME} is not as it was written" if (out / SEAL_NAME).exists() else ""
    found = last_line(out / LOG, sealed.log.n_bytes)
    if found.n_bytes < sealed.log.n_bytes:
        return f"{found.n_bytes} bytes, {sealed.log.n_bytes} were sealed"
    return "" if found == sealed.log else f"the line that ends at byte {found.n_bytes} is not the one that was sealed"


def seal(out: Path, run_json: str = "") -> None:
    """Seal the log as it is; `run_json`: hash of `run.json`, else the one that was sealed before."""
    sealed = read_seal(out)
    run_json = run_json or (sealed.run_json if sealed else "")
    now = Seal(run_json, last_line(out / LOG))
    if run_json and now != sealed:
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
