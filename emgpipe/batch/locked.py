"""What a run says of results that are locked for an analysis: it may change them, and tells that it does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.recording import Finding
from emgpipe.store import content_key, read_json

LOCK_FILE = "lock.json"
AGAIN = "lock again, and tell it: emgpipe lock"


def frozen_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What of `run.json` is locked: settings, tables, days and conditions."""
    return {
        "settings_id": str(record["settings_id"]),
        "outputs": {str(name): str(digest) for name, digest in record["outputs"].items()},
        "conditions": content_key(conditions=record["conditions"]),
    }


def change_finding(out: Path, n_recordings: int) -> list[Finding]:
    """Say before the work that locked results may change; nothing where none are locked or nothing is to be done."""
    if not n_recordings or not (last := _last_lock(out)):
        return []
    found = f"the results are locked (lock {last.get('number')}) and {n_recordings} recordings are to be computed"
    message = f"{found}; tables that come out otherwise are not those that were locked, and nobody can unblind them"
    return [Finding("RESULTS_LOCKED", "warning", "", message)]


def changed_finding(out: Path) -> list[Finding]:
    """Say after a run that the tables are not those that were locked."""
    last = _last_lock(out)
    try:
        if not last or all(last[name] == told for name, told in frozen_of(read_json(out / RUN_RECORD)).items()):
            return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # `verify` says so
        return []
    message = f"the tables are not those of lock {last['number']}; bring back what was locked, or {AGAIN}"
    return [Finding("RESULTS_LOCKED", "warning", "", message)]


def _last_lock(out: Path) -> Mapping[str, Any]:
    """Last lock as `lock.json` tells it, unchecked; empty where there is none."""
    try:
        told = read_json(out / LOCK_FILE)["locks"][-1]
    except (OSError, ValueError, TypeError, LookupError):
        return {}
    return told if isinstance(told, dict) else {}
