"""The folder `unblinded` of results, the only one that may depend on arms, and what the log vouches for in it."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from emgpipe.batch.audit import LOG, audited
from emgpipe.batch.problems import Problem
from emgpipe.errors import ResultsError
from emgpipe.store import OutputLock, file_digest, log_events, write_text

UNBLINDED = "unblinded"
KEY = "key"
"""File of the key with which the log names what depends on arms: so few arms are possible that a bare hash of a file
could be searched through, and the log is read by people who are blind."""
DRAW_AGAIN = "make it anew with --unblind"


def unblinded_key(out: Path) -> str:
    """Key of a results folder, made where there is none; hold the folder alone.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE; LOCK_CHANGED: it is not of its form, and would hide nothing.
    """
    path = out / UNBLINDED / KEY
    if not path.is_file() and opened_arms(out):
        message = "gone, and arms were opened with it; bring it back from a copy"
        raise ResultsError("LOCK_CHANGED", message, where=str(path))
    if not path.is_file():
        write_text(path, secrets.token_hex(32) + "\n")
    key = path.read_text(encoding="utf-8", errors="replace").strip()
    if not re.fullmatch("[0-9a-f]{64}", key):
        message = "not as it was written; bring it back from a copy"
        raise ResultsError("LOCK_CHANGED", message, where=str(path))
    return key


def opened_arms(out: Path) -> str:
    """Keyed hash of the table of arms that was opened first; empty where none was."""
    path = out / LOG
    events = (told for _, _, told in log_events(path)) if path.exists() else iter(())
    return next((str(told.get("arms")) for told in events if told["event"] == "unblind"), "")


def keyed(key: str, digest: str) -> str:
    """SHA-256 of a key and a hash: it tells nothing to who has not the key."""
    return hashlib.sha256(f"{key} {digest}".encode()).hexdigest()


def tell_unblinded(out: str | Path) -> None:
    """Log what lies in `unblinded` now, for `verify`; call it after writing there, without holding the folder.

    Parameters
    ----------
    out : str or Path
        Results folder.

    Raises
    ------
    StoreError
        STORE_LOCKED, STORE_UNWRITABLE.
    """
    folder = Path(out)
    with OutputLock(folder):
        key = unblinded_key(folder)
        outputs = {path.name: keyed(key, file_digest(path)) for path in _files(folder)}
        if outputs != _told(folder):
            with audited(folder) as log:
                log.append("unblinded", outputs=outputs)


def unblinded_problems(folder: Path) -> Iterator[Problem]:
    """What in `unblinded` is not as the log says; its log is as it was written.

    Yields
    ------
    Problem
        RESULT_CHANGED, RESULT_MISSING.
    """
    told, there = _told(folder), {path.name: path for path in _files(folder)}
    key_path = folder / UNBLINDED / KEY
    if told and not key_path.is_file():
        found = "there is none: nothing vouches for what depends on arms"
        yield Problem(f"{UNBLINDED}/{KEY}", "RESULT_MISSING", found, "bring it back from a copy")
        return
    key = key_path.read_text(encoding="utf-8", errors="replace").strip() if key_path.is_file() else ""
    for name in sorted(told.keys() | there.keys()):
        shown = f"{UNBLINDED}/{name}"
        if name not in there:
            yield Problem(shown, "RESULT_MISSING", "there is none", DRAW_AGAIN)
        elif name not in told:
            yield Problem(shown, "RESULT_CHANGED", "the log does not tell of it", f"remove it, or {DRAW_AGAIN}")
        elif keyed(key, file_digest(there[name])) != told[name]:
            yield Problem(shown, "RESULT_CHANGED", "other bytes than the log says", DRAW_AGAIN)


def _files(folder: Path) -> list[Path]:
    below = folder / UNBLINDED
    found = sorted(below.iterdir()) if below.is_dir() else []
    return [path for path in found if path.is_file() and path.name != KEY and not path.name.startswith(".tmp-")]


def _told(folder: Path) -> dict[str, str]:
    """Files of `unblinded` as the last event says."""
    events = log_events(folder / LOG) if (folder / LOG).exists() else ()
    told = [event.get("outputs") for _, _, event in events if event["event"] == "unblinded"]
    return {str(name): str(digest) for name, digest in told[-1].items()} if told and isinstance(told[-1], dict) else {}
