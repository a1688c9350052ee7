"""Whether the logs of a results folder are as they were written, and tell of the units that tables rest on."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emgpipe.batch.audit import LOG, SHARD_LOGS, told_digests
from emgpipe.batch.problems import AGAIN, Problem
from emgpipe.batch.units import Heads
from emgpipe.store import SEAL_NAME, Seal, check_log, last_line, log_events

KEEP = "keep this folder as it is and find out who changed it; runs write on, and the log says so from then on"


def log_problems(folder: Path, seal: Seal | None) -> Iterator[Problem]:
    """What is wrong with `log.jsonl`: its chain, breaks that were told, its end against the seal."""
    path = folder / LOG
    if not path.is_file():
        yield Problem(LOG, "RESULT_MISSING", "there is none", KEEP)
        return
    yield from _chain_problems(path, LOG)
    yield from _break_problems(path)
    if seal is None:
        return
    there = last_line(path, seal.log.n_bytes)
    size = path.stat().st_size
    if there.n_bytes < seal.log.n_bytes:
        yield Problem(LOG, "LOG_CHANGED", f"{there.n_bytes} bytes, {seal.log.n_bytes} were sealed: it was cut", KEEP)
    elif there != seal.log:
        found = f"the line that ends at byte {there.n_bytes} is not the one that {SEAL_NAME} says"
        yield Problem(LOG, "LOG_CHANGED", found, KEEP)
    elif size > seal.log.n_bytes:
        found = f"{size - seal.log.n_bytes} bytes behind the seal: a run was killed, or somebody has added them"
        yield Problem(LOG, "LOG_UNSEALED", found, "run the study again, and look at these lines")


def _chain_problems(path: Path, shown: str) -> Iterator[Problem]:
    for line, message in check_log(path):
        yield Problem(f"{shown}:{line}", "LOG_CHANGED", message, KEEP)


def _break_problems(path: Path) -> Iterator[Problem]:
    """Breaks that runs have found and told."""
    for number, _, told in log_events(path):
        if told["event"] == "broken":
            found = f"a run found a log not as it was left, and has said so here: {told.get('found')}"
            advice = "look for a copy of the lines before; start a new folder"
            yield Problem(f"{LOG}:{number}", "LOG_BROKEN", found, advice)


def share_problems(folder: Path, record: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the logs of shares; `record`: `run.json`, empty where it cannot be believed."""
    told = dict(record.get("logs", {}))
    there = {path.name: path for path in sorted((folder / "logs").glob(SHARD_LOGS))}
    for name, path in there.items():
        shown = f"logs/{name}"
        yield from _chain_problems(path, shown)
        n_bytes, digest = told.get(name, (0, ""))
        if n_bytes and tuple(last_line(path, n_bytes)) != (n_bytes, digest):
            yield Problem(shown, "LOG_CHANGED", f"not as it was when the tables were made, {n_bytes} bytes", KEEP)
        elif path.stat().st_size > n_bytes and record:
            yield Problem(shown, "LOG_UNSEALED", "lines that no run has taken over", f"{AGAIN}, without --shard")
    for name in sorted(told.keys() - there.keys()):
        yield Problem(f"logs/{name}", "RESULT_MISSING", "there is none", KEEP)


def told_problems(folder: Path, recorded: Mapping[str, Any], heads: Heads) -> Iterator[Problem]:
    """Units of the tables that the log tells otherwise, and those that a run has merely found.

    Parameters
    ----------
    folder : Path
        Results folder; its log is as it was written.
    recorded : mapping of str to str
        Digest of the unit of each recording, of `run.json`.
    heads : mapping of str to head or None
        Of the units that lie there.
    """
    told = told_digests(folder, recorded.keys())
    for name, digest in recorded.items():
        head, (event, logged) = heads.get(name), told.get(name, ("", ""))
        shown = f"units/{name}.jsonl"
        if not digest or head is None or head["digest"] != digest:  # said already, or in no table
            continue
        if logged != digest:
            found = (
                "unit and tables agree, but the log tells of another unit" if logged else "the log does not tell of it"
            )
            yield Problem(shown, "RESULT_CHANGED", found, f"delete it, then {AGAIN}")
        elif event == "found":
            found = "no run has logged that it wrote it: a run was killed just then, or somebody has put it there"
            yield Problem(shown, "UNIT_FOUND", found, f"where in doubt delete it, then {AGAIN}: it is computed anew")
