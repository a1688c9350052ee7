"""What may lie in a results folder before anything is read from it or written to it: plain files and folders."""

import json
import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from emgpipe.errors import StoreError
from emgpipe.settings.places import read_small

FOLDERS = ("units", "cache", "cache/frames", "cache/pairs", "cache/stimuli", "reports", "logs", "unblinded")
FILES = {
    "": ("measures.csv", "measures.parquet", "visits.csv", "visits.parquet", "visits_repeats.csv", "inputs.csv",
         "intervals.csv", "data_dictionary.json", "settings.toml", "run.json", "run.json.sha256", "log.jsonl",
         "lock.json", ".emgpipe.lock"),
    "units": ("*.jsonl",),
    "reports": ("*.html", "pages.json"),
    "logs": ("shard-*.jsonl", ".shard-*.lock"),
    "unblinded": ("*",),
}  # fmt: skip
"""Names of ours by folder. What a user puts beside them is not looked at, read or written."""
MOST_JSON_BYTES = 2**28
"""No record of a run and no unit is as large: half a million rows fit."""


def refuse_links(folder: Path) -> None:
    """Refuse a results folder in which a write or a read could lead elsewhere or hang; it may be a link itself.

    Parameters
    ----------
    folder : Path
        May be missing.

    Raises
    ------
    StoreError
        STORE_LINKED: a folder of ours in it is a link or no folder, or a file with a name of ours in it, in `units`,
        `reports`, `logs` or `unblinded` is a link, a pipe or a device.
    """
    for name in FOLDERS:
        _refuse(folder / name, stat.S_ISDIR, "a folder")
    for name, ours in FILES.items():
        for path in _odd_entries(folder / name):
            if any(fnmatch(path.name, pattern) for pattern in ours):
                _refuse(path, stat.S_ISREG, "a plain file")


def read_json(path: Path) -> Any:
    """Value of a JSON file of a results folder.

    Raises
    ------
    OSError
        It cannot be read, is no plain file, or is larger than any of ours.
    ValueError
        It is no JSON, or nested so deeply that no program of ours has written it.
    """
    try:
        return json.loads(read_small(path, MOST_JSON_BYTES).decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _odd_entries(folder: Path) -> Iterator[Path]:
    """Entries that are neither plain files nor folders."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                    yield Path(entry.path)
    except OSError:  # not there, no folder, or not ours: told by whoever writes
        return


def _refuse(path: Path, is_right: Any, allowed: str) -> None:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return
    if not is_right(mode):
        found = "a link" if stat.S_ISLNK(mode) else "no " + allowed.removeprefix("a ")
        message = f"it is {found}; results are kept in {allowed}: remove it, or choose another folder"
        raise StoreError("STORE_LINKED", message, where=str(path))
