"""The seal of a results folder: hashes of `run.json` and of the end of the log, which stand for all the rest."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from emgpipe.store.atomic import write_text
from emgpipe.store.log import LastLine

SEAL_NAME = "run.json.sha256"
_SEAL = re.compile(
    r"([0-9a-f]{64})  run\.json\n# log\.jsonl: ([0-9]{1,15}) bytes, last line ([0-9a-f]{64})\n", re.ASCII
)


class Seal(NamedTuple):
    """SHA-256 of `run.json`, and where the log ended when it was written."""

    run_json: str
    log: LastLine


def write_seal(folder: Path, seal: Seal) -> None:
    """Write `run.json.sha256`, which `sha256sum -c` reads too; raises StoreError STORE_UNWRITABLE."""
    text = f"{seal.run_json}  run.json\n# log.jsonl: {seal.log.n_bytes} bytes, last line {seal.log.sha256}\n"
    write_text(folder / SEAL_NAME, text)


def read_seal(folder: Path) -> Seal | None:
    """Read the seal; None where there is none, or a byte of it is not of its form."""
    try:
        found = _SEAL.fullmatch((folder / SEAL_NAME).read_bytes().decode("ascii"))
    except (OSError, ValueError):
        return None
    return Seal(found[1], LastLine(int(found[2]), found[3])) if found else None


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file; raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
