"""Locks of a results folder: `lock.json` and the log, which alone says what was locked and when arms were opened."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import LOG, RUN_RECORD
from emgpipe.batch.locked import AGAIN, LOCK_FILE, frozen_of
from emgpipe.errors import ResultsError
from emgpipe.outcomes.lock import Lock
from emgpipe.outcomes.plan import AnalysisPlan
from emgpipe.store import file_digest, json_text, log_events, read_csv, read_json

MEND = "find out who changed it, and bring it back from a copy; without one, run into a new folder and lock that"


class History(NamedTuple):
    """Locks of a results folder, and when arms were opened.

    Attributes
    ----------
    locks : tuple of Lock
        In their order.
    events : tuple of mapping
        Event `lock` of each.
    before : int or None
        Locks before the first unblinding; None: nobody has unblinded.
    """

    locks: tuple[Lock, ...]
    events: tuple[Mapping[str, Any], ...]
    before: int | None

    @property
    def binding(self) -> Lock | None:
        """The last lock before the first unblinding, or of all."""
        n = len(self.locks) if self.before is None else self.before
        return self.locks[n - 1] if n else None


def read_history(out: Path, *, unlogged: bool = False) -> History:
    """Locks as the log and `lock.json` tell them; hold the folder meanwhile.

    Parameters
    ----------
    out : Path
        Results folder; its log is as it was written.
    unlogged : bool
        Leave out a lock that a killed command has written and not logged: it never was one.

    Raises
    ------
    ResultsError
        LOCK_CHANGED: the log tells other locks than the file holds.
    """
    events, before = list[Mapping[str, Any]](), None
    for event in _lock_events(out):
        if event["event"] == "lock":
            events.append(event)
        elif before is None:
            before = len(events)
    locks = _stored(out) if (out / LOCK_FILE).exists() else ()
    told = [event.get("sha256") for event in events]
    if unlogged:
        locks = locks[: len(told)]
    here = [lock.sha256 for lock in locks]
    if len(here) > len(told) and here[: len(told)] == told:
        found = "it holds a lock that the log does not tell of: a command was killed, or somebody has added it"
        raise changed(out, found, AGAIN)
    if here != told:
        found = f"{len(locks)} locks, {len(told)} in the log: not the same ones"
        raise changed(out, found)
    return History(tuple(locks), tuple(events), before)


def _lock_events(out: Path) -> Iterator[Mapping[str, Any]]:
    for _, _, event in log_events(out / LOG) if (out / LOG).exists() else ():
        if event["event"] in ("lock", "unblind"):
            yield event


def changed(out: Path, found: str, advice: str = MEND) -> ResultsError:
    """Why `lock.json` cannot be believed."""
    message = f"{found}; {advice}"
    return ResultsError("LOCK_CHANGED", message, where=str(out / LOCK_FILE))


def _stored(out: Path) -> tuple[Lock, ...]:
    try:
        told = read_json(out / LOCK_FILE)
        locks = tuple(Lock.from_told(one) for one in told["locks"])
        same = file_text(locks).encode() == (out / LOCK_FILE).read_bytes()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise changed(out, f"not as it was written ({type(problem).__name__})") from None
    if not same or [lock.number for lock in locks] != list(range(1, len(locks) + 1)):
        raise changed(out, "not as it was written")
    return locks


def file_text(locks: Sequence[Lock]) -> str:
    """Text of `lock.json`."""
    return json_text({"locks": [lock.told() for lock in locks]})


def lock_of(out: Path, record: Mapping[str, Any], plan: AnalysisPlan, plan_text: str, number: int) -> Lock:
    """Lock of results as they are.

    Parameters
    ----------
    out : Path
        Results folder, as it was written.
    record : mapping
        `run.json`.
    plan, plan_text : AnalysisPlan, str
        Read, and as it stands in its file.
    number : int
        Of the lock.
    """
    rows = read_csv(out / "measures.csv")
    made = {name: _parts(rows, name) for name in ("settings_id", "input_sha256", "version")}
    return Lock(
        number=number, study=str(record["study"]), plan_text=plan_text, plan=plan.model_dump(mode="json"),
        plan_sha256=plan.sha256, run_json=file_digest(out / RUN_RECORD), settings_ids=made["settings_id"],
        inputs=made["input_sha256"], made_by=made["version"], version=version("emgpipe"), **frozen_of(record),
    )  # fmt: skip


def _parts(rows: Sequence[Mapping[str, str]], column: str) -> tuple[str, ...]:
    """Distinct texts of a column of `measures.csv`, in order; several in a cell are joined by `;`."""
    cells = {row[column] for row in rows}
    return tuple(sorted({part for cell in cells for part in cell.split(";") if part}))
