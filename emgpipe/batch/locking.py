"""`lock` and unblinding: what is frozen before arms are known, who opened them, and that nobody did without a lock."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import audited, run_facts
from emgpipe.batch.finish import TABLES
from emgpipe.batch.load import Results, load_results, reading_results
from emgpipe.batch.locked import AGAIN, LOCK_FILE, frozen_of
from emgpipe.batch.locks import file_text, lock_of, read_history
from emgpipe.batch.problems import Problem
from emgpipe.batch.unblinded import keyed, opened_arms, unblinded_key
from emgpipe.batch.verify import as_written_problems, sealed_record
from emgpipe.batch.verify_log import log_problems
from emgpipe.errors import ResultsError, TableError
from emgpipe.outcomes.arms import read_arms
from emgpipe.outcomes.fit import empty_endpoints, refuse_empty_visits, refuse_unfit
from emgpipe.outcomes.lock import Lock, OpenedLock, lock_differences
from emgpipe.outcomes.plan import AnalysisPlan, parse_plan
from emgpipe.recording import Finding
from emgpipe.settings import read_text
from emgpipe.store import OutputLock, file_digest, read_csv, read_lock, read_seal, write_text


class Locked(NamedTuple):
    """What `lock_results` did.

    Attributes
    ----------
    lock : Lock
        Of the results as they are.
    is_new : bool
        False: the same was locked before, and nothing was written.
    post_hoc : bool
        Somebody had unblinded before it.
    who, time : str
        Of the lock, as the log says.
    findings : tuple of Finding
        What must be said of plan and results.
    """

    lock: Lock
    is_new: bool
    post_hoc: bool
    who: str
    time: str
    findings: tuple[Finding, ...]


class Unblinded(NamedTuple):
    """Arms that were opened under a lock.

    Attributes
    ----------
    opened : OpenedLock
        The lock that holds, and the one that binds.
    sequences : mapping of str to str
        Two letters in the order of the periods, by subject.
    """

    opened: OpenedLock
    sequences: Mapping[str, str]


def lock_results(
    out: str | Path, plan: str | Path, *, wait: bool = False, waiting: Callable[[], object] = lambda: None
) -> Locked:
    """Freeze plan, settings and tables of a results folder by hash: `lock.json` and an event `lock` in its log.

    Parameters
    ----------
    out : str or Path
        Results folder.
    plan : str or Path
        `analysis.toml`.
    wait : bool
        Wait for a run on the same folder instead of refusing.
    waiting : callable
        Called once before it waits.

    Returns
    -------
    Locked
        A lock of the same plan, settings and tables as the last one writes nothing. Another one is kept beside the
        earlier ones; after an unblinding it is post-hoc.

    Raises
    ------
    SettingsError
        Of the plan, as `load_plan`; PLAN_UNFIT, ARM_CELL: see `refuse_unfit`.
    StoreError
        RESULTS_UNREADABLE, LOCK_REFUSED: no results, or not as they were written. LOCK_CHANGED. STORE_LOCKED,
        STORE_UNWRITABLE. In all cases nothing was written.

    Notes
    -----
    Everything below the folder is checked as `verify` does; recordings are not read, their hashes stand in the rows.
    """
    folder, where = Path(out), str(plan)
    text = read_text(Path(plan))
    parsed = parse_plan(text, where=where)
    load_results(folder)
    with reading_results(folder), OutputLock(folder, wait=wait, waiting=waiting):
        record = _sound_record(folder, as_written_problems(folder))
        rows = read_csv(folder / "measures.csv")
        refuse_unfit(parsed, rows, where=where)
        inputs = [(row["recording"], row["subject"], row["visit"]) for row in read_csv(folder / "inputs.csv")]
        refuse_empty_visits(parsed, inputs, record["conditions"], where=where)
        findings = tuple(empty_endpoints(parsed, rows))
        history = read_history(folder, unlogged=True)
        now = lock_of(folder, record, parsed, text, len(history.locks) + 1)
        unblinded = history.before is not None
        if history.locks and not lock_differences(history.locks[-1], now):
            event = history.events[-1]
            late = unblinded and len(history.locks) > (history.before or 0)
            return Locked(history.locks[-1], False, late, _text(event, "who"), _text(event, "time"), findings)  # noqa: FBT003
        write_text(folder / LOCK_FILE, file_text([*history.locks, now]))
        with audited(folder) as log:
            log.append("lock", number=now.number, sha256=now.sha256, plan=now.plan_sha256, post_hoc=unblinded,
                       settings_id=now.settings_id, **run_facts())  # fmt: skip
        event = read_history(folder).events[-1]
        return Locked(now, True, unblinded, _text(event, "who"), _text(event, "time"), findings)  # noqa: FBT003


def opened_lock(out: str | Path, plan: AnalysisPlan | None = None) -> OpenedLock:
    """Lock under which a results folder may be unblinded; call it without holding the folder.

    Parameters
    ----------
    out : str or Path
        Results folder.
    plan : AnalysisPlan, optional
        What is to be done; the plan of the last lock where left out.

    Returns
    -------
    OpenedLock
        With the last lock of this plan and of the tables that lie there, byte for byte.

    Raises
    ------
    ResultsError
        LOCK_MISSING; LOCK_DIFFERS names what is not as locked; LOCK_CHANGED; LOCK_REFUSED: log, seal or `run.json` are
        not as they were written. RESULTS_UNREADABLE.
    StoreError
        STORE_LOCKED: a run is at work there.
    """
    folder = Path(out)
    load_results(folder)
    with reading_results(folder), read_lock(folder):
        return _opened(folder, plan)


def unblind(
    out: str | Path,
    arms: str | Path,
    what: str,
    *,
    plan: AnalysisPlan | None = None,
    wait: bool = False,
    waiting: Callable[[], object] = lambda: None,
) -> Unblinded:
    """Open arms under a lock, and log it: the one way to sequences of subjects; call it without holding the folder.

    Parameters
    ----------
    out : str or Path
        Results folder.
    arms : str or Path
        `arms.csv`.
    what : str
        What for: the name of the command.
    plan : AnalysisPlan, optional
        As in `opened_lock`.
    wait, waiting
        As in `lock_results`.

    Returns
    -------
    Unblinded

    Raises
    ------
    TableError
        As `read_arms`; TABLE_CELL: no subject of it has results.
    StoreError
        As `opened_lock`. In all cases nothing was logged, and no arm told.

    Notes
    -----
    The log gets an event `unblind` before anybody is told anything. It names the file of arms by a hash with a key that
    lies in `unblinded`: a bare hash of so few possible files could be searched through.
    """
    folder = Path(out)
    load_results(folder)
    with reading_results(folder), OutputLock(folder, wait=wait, waiting=waiting):
        opened = _opened(folder, plan)
        sequences = read_arms(arms)
        if not {row["subject"] for row in read_csv(folder / "inputs.csv")} & sequences.keys():
            message = "no subject of it has results; give the arms of this study"
            raise TableError("TABLE_CELL", message, where=str(arms))
        told, first = keyed(unblinded_key(folder), file_digest(Path(arms))), opened_arms(folder)
        opened = opened._replace(other_arms=first not in ("", told))
        with audited(folder) as log:
            log.append("unblind", what=what, arms=told, lock=opened.sha256, number=opened.lock.number,
                       binding=opened.binding.number, **run_facts())  # fmt: skip
    return Unblinded(opened, sequences)


def refuse_other_results(results: Results, opened: OpenedLock) -> None:
    """Refuse results that were written anew since the lock was opened.

    Parameters
    ----------
    results : Results
        Loaded behind `unblind`.
    opened : OpenedLock
        From there.

    Raises
    ------
    ResultsError
        LOCK_DIFFERS.
    """
    if dict(results.outputs) != dict(opened.lock.outputs):
        message = f"a run has written other tables than those of lock {opened.lock.number} just now; {AGAIN}"
        raise ResultsError("LOCK_DIFFERS", message, where=str(results.folder))


def _opened(folder: Path, plan: AnalysisPlan | None) -> OpenedLock:
    problems = [*log_problems(folder, read_seal(folder))]
    record = _sound_record(folder, problems)
    history = read_history(folder)
    if not history.locks or history.binding is None:
        message = "no lock; before arms are opened: emgpipe lock OUT --plan analysis.toml"
        raise ResultsError("LOCK_MISSING", message, where=str(folder))
    last = history.locks[-1]
    for lock in reversed(history.locks):
        now = _as_it_lies(folder, record, lock, plan or last.analysis_plan())
        if not (differing := lock_differences(lock, now)):
            return OpenedLock(lock, history.binding, history.before is not None)
        if lock is last:
            told = differing
    message = f"not as in lock {last.number}: {', '.join(told)}; bring back what was locked, or {AGAIN}"
    raise ResultsError("LOCK_DIFFERS", message, where=str(folder))


def _as_it_lies(folder: Path, record: Mapping[str, Any], lock: Lock, plan: AnalysisPlan) -> Lock:
    """The lock, of the bytes that lie there; a table that is gone has no hash."""
    lying = {name: file_digest(folder / name) for name in TABLES if (folder / name).is_file()}
    frozen = {**frozen_of(record), "outputs": lying}
    return replace(lock, study=str(record["study"]), plan_sha256=plan.sha256, **frozen)


def _sound_record(folder: Path, problems: list[Problem]) -> dict[str, Any]:
    """`run.json` as it was sealed; refuses results that are not as they were written."""
    errors = [problem for problem in problems if problem.is_error]
    record, unsound = sealed_record(folder)
    if errors := [*unsound, *errors]:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        message = f"{errors[0].path}: {errors[0].code}: {errors[0].found}{more}; see emgpipe verify"
        raise ResultsError("LOCK_REFUSED", message, where=str(folder))
    return record


def _text(event: Mapping[str, Any], name: str) -> str:
    return str(event.get(name, ""))
