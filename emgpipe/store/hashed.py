"""Arrays in one file behind a hash of name and content: no part of another one, and no other one, is ever used."""

import hashlib
from pathlib import Path

from emgpipe.store.atomic import refuse_exhausted, write_bytes

_LENGTH = 32


def write_hashed(path: Path, data: bytes) -> None:
    """Write data behind its hash; raises StoreError STORE_UNWRITABLE."""
    write_bytes(path, _hash(path, data) + data)


def read_hashed(path: Path) -> bytes | None:
    """Read data as written under this name; None where it is absent, damaged, or was written under another name.

    Raises
    ------
    EngineError
        OPEN_FILES: this process may not open as many files.
    """
    try:
        stored = path.read_bytes()
    except OSError as problem:
        refuse_exhausted(problem)
        return None
    data = stored[_LENGTH:]
    return data if _hash(path, data) == stored[:_LENGTH] else None


def _hash(path: Path, data: bytes) -> bytes:
    return hashlib.sha256(path.name.encode() + b"\0" + data).digest()
