"""Files that hold the same bytes, told apart without reading more than is needed."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from emgpipe.errors import ReadError

ENDS_BYTES = 2**16
"""Files of one size are told apart by so many bytes of both ends before they are read whole."""

Item = TypeVar("Item")


def alike(items: Iterable[Item], key: Callable[[Item], object]) -> list[list[Item]]:
    """Groups of two and more with the same key; what has no key is in no group.

    Examples
    --------
    >>> alike(["a", "b", "", "A"], str.lower)
    [['a', 'A']]
    """
    groups: dict[object, list[Item]] = {}
    for item in items:
        told = key(item)
        if told:
            groups.setdefault(told, []).append(item)
    return [group for group in groups.values() if len(group) > 1]


def ends_digest(path: Path) -> bytes:
    """First and last bytes, hashed; empty where the file cannot be read."""
    from emgpipe.readers.files import opened

    try:
        with opened(path) as stream:
            digest = hashlib.sha256(stream.read(ENDS_BYTES))
            stream.seek(max(path.stat().st_size - ENDS_BYTES, 0))
            digest.update(stream.read(ENDS_BYTES))
    except (OSError, ReadError):
        return b""
    return digest.digest()


def copies(paths: Sequence[Path]) -> dict[Path, Path]:
    """Each file that has the bytes of an earlier one, with the first of them; files that can be read.

    Parameters
    ----------
    paths : sequence of Path
        Regular files.

    Returns
    -------
    dict of Path to Path

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     one, other = Path(folder) / "a.edf", Path(folder) / "b.edf"
    ...     _ = one.write_bytes(b"same"), other.write_bytes(b"same")
    ...     [(copy.name, first.name) for copy, first in copies([one, other]).items()]
    [('b.edf', 'a.edf')]
    """
    from emgpipe.readers import file_sha256

    groups = alike(paths, lambda path: path.stat().st_size)
    for key in (ends_digest, file_sha256):
        groups = [part for group in groups for part in alike(group, key)]
    return {other: group[0] for group in groups for other in group[1:]}
