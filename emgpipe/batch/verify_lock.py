"""Whether the lock of an analysis is as it was written, and whether results still are what was locked."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from emgpipe.batch.locked import AGAIN, LOCK_FILE, frozen_of
from emgpipe.batch.locks import read_history
from emgpipe.batch.problems import Problem
from emgpipe.errors import ResultsError
from emgpipe.outcomes.lock import Lock, lock_differences


def lock_problems(folder: Path, record: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with the locks of a results folder; its log is as it was written.

    Parameters
    ----------
    folder : Path
        Results folder.
    record : mapping
        `run.json`; empty where it cannot be believed.

    Yields
    ------
    Problem
        LOCK_CHANGED; LOCK_DIFFERS: the results were written anew since.
    """
    try:
        history = read_history(folder)
    except ResultsError as problem:
        found, _, advice = problem.message.partition("; ")
        yield Problem(LOCK_FILE, problem.code, found, advice)
        return
    if history.locks and record:
        last = history.locks[-1]
        if differing := differing_from(last, record):
            found = f"lock {last.number} is of others than lie there: {', '.join(differing)}"
            yield Problem(LOCK_FILE, "LOCK_DIFFERS", found, f"{AGAIN}, or bring back what was locked")


def differing_from(lock: Lock, record: Mapping[str, Any]) -> list[str]:
    """What of the results, as `run.json` tells them, is not as it was locked."""
    now = replace(lock, study=str(record["study"]), **frozen_of(record))
    return lock_differences(lock, now)
