"""What lies in a results folder, compared with that of a run that nothing disturbed."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from emgpipe.batch.units import read_unit

TEMPORARY = ".tmp-"
VOLATILE = ("log.jsonl", "run.json", "run.json.sha256")
"""Times, and the hash of times: there or not is compared, bytes are not."""

TABLES = (
    "measures.csv", "measures.parquet", "visits.csv", "visits.parquet", "visits_repeats.csv", "inputs.csv",
    "intervals.csv", "data_dictionary.json", "settings.toml",
)  # fmt: skip
Contents = Mapping[str, str]
"""sha256 by name of every file below a folder; folders end in `/`, volatile files and folders have no hash."""


def contents(out: Path) -> dict[str, str]:
    """Everything below a results folder but locks and the logs of shards."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if not path.name.startswith(".emgpipe") and name.split("/")[0] != "logs":
            found[f"{name}/" if path.is_dir() else name] = _hash(path) if _is_fixed(path, name) else ""
    return found


def _is_fixed(path: Path, name: str) -> bool:
    return path.is_file() and name not in VOLATILE


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def torn(out: Path, whole: Contents) -> list[str]:
    """Files under final names that are not, byte for byte, those of the undisturbed run.

    A unit may still be an earlier one, of a recording that is decided once more as a level elsewhere changes: that it
    is whole is what its digest says.

    Parameters
    ----------
    out : Path
        Of a run that was killed.
    whole : Contents
        Of the undisturbed run.

    Returns
    -------
    list of str
        What is wrong, in words.
    """
    there = {name: told for name, told in contents(out).items() if TEMPORARY not in name}
    other = [name for name, told in there.items() if told != whole.get(name)]
    wrong = [f"torn: {name}" for name in other if name not in whole or not _is_unit(out / name)]
    record = out / "run.json"
    if record.exists() and not _is_json(record):
        wrong.append("torn: run.json")
    return wrong


def _is_unit(path: Path) -> bool:
    return path.parent.name == "units" and read_unit(path) is not None


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text("utf-8"))
    except ValueError:
        return False
    return True


def differences(out: Path, whole: Contents) -> list[str]:
    """What of a results folder is missing, left over or of other bytes than in the undisturbed run."""
    there = contents(out)
    missing = [f"missing: {name}" for name in whole if name not in there]
    left = [f"left over: {name}" for name in there if name not in whole]
    other = [f"other bytes: {name}" for name in there if name in whole and there[name] != whole[name]]
    return missing + left + other


def table_differences(out: Path, whole: Contents) -> list[str]:
    """Tables, settings and pages only: what people read."""
    shown = {name: told for name, told in whole.items() if name in TABLES or name.startswith("reports/")}
    return [told for told in differences(out, whole) if told.split(": ")[1] in shown]
