"""TOML as text: reading it whole, and finding the line a key stands on."""

import difflib
import errno
import os
import stat
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from emgpipe.errors import SettingsError

MOST_BYTES = 4_000_000
"""A settings file or manifest above this size is refused: it is something else."""
MOST_TOML_LETTERS = 1_000_000
MOST_DOTS = 100
"""In a line of TOML: names of thousands of parts take minutes and gigabytes to parse."""

Key = tuple[str | int, ...]
"""Names of tables and keys from the top; an int counts the tables of an array, from 0."""


def read_text(path: Path, *, error: type[SettingsError] = SettingsError) -> str:
    """Text of a small UTF-8 file, byte order mark and CRLF taken off.

    Parameters
    ----------
    path : Path
        A regular file of at most 4 MB.
    error : type
        Class to raise.

    Returns
    -------
    str

    Raises
    ------
    SettingsError
        TEXT_UNREADABLE: missing, no regular file, too large, or not UTF-8.
    """
    try:
        text = read_small(path, MOST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        message = f"byte {problem.object[problem.start]:#04x} at {problem.start} is not UTF-8; save the file as UTF-8"
        raise error("TEXT_UNREADABLE", message, where=str(path)) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise error("TEXT_UNREADABLE", f"{reason}; give the path of a text file", where=str(path)) from None
    return text.replace("\r\n", "\n")


def read_small(path: Path, most_bytes: int) -> bytes:
    """All bytes of a regular file that should be small; no pipe or device can hang this, no size fill the memory.

    Parameters
    ----------
    path : Path
        Links are followed.
    most_bytes : int
        A larger file is refused.

    Returns
    -------
    bytes

    Raises
    ------
    OSError
        It cannot be read, is no regular file, or is larger.
    ValueError
        A path that no file can have.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a folder" if stat.S_ISDIR(mode) else "it is no plain file")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            data = stream.read(most_bytes + 1)
    finally:
        os.close(handle)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes} bytes")
    return data


def parse_toml(text: str, *, where: str, error: type[SettingsError] = SettingsError) -> dict[str, Any]:
    r"""Parse TOML, any failure as one coded line.

    Parameters
    ----------
    text : str
        TOML.
    where : str
        Name of the file for messages.
    error : type
        Class to raise.

    Returns
    -------
    dict

    Raises
    ------
    SettingsError
        TOML_INVALID.

    Examples
    --------
    >>> parse_toml("[detect]\nactivity_ratio = 2", where="s.toml")
    {'detect': {'activity_ratio': 2}}
    """
    try:
        _refuse_bombs(text)
        return tomllib.loads(text)
    except RecursionError:
        problem = "brackets are nested too deeply"
    except ValueError as caught:  # TOMLDecodeError, and numbers of thousands of digits
        problem = str(caught)
    raise error("TOML_INVALID", f"{problem}; the file must be valid TOML", where=where)


def _refuse_bombs(text: str) -> None:
    if len(text) > MOST_TOML_LETTERS:
        raise ValueError(f"{len(text)} characters, at most {MOST_TOML_LETTERS} are allowed")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            raise ValueError(f"line {number} has {line.count('.')} full stops, at most {MOST_DOTS} are allowed")


def place_of(text: str, key: Key, where: str) -> str:
    r"""Name the place of a key: `file` or `file:line`.

    Parameters
    ----------
    text : str
        TOML as read.
    key : tuple of str and int
        Such as `("detect", "activity_ratio")` or `("pairs", 1, "agonist")`.
    where : str
        Name of the file.

    Returns
    -------
    str
        The line of the key, else of the nearest table around it.

    Examples
    --------
    >>> place_of("[study]\nid = 'A'", ("study", "id"), "study.toml")
    'study.toml:2'
    """
    lines = dict(_keys_with_lines(text))
    for n in range(len(key), 0, -1):
        if key[:n] in lines:
            return f"{where}:{lines[key[:n]]}"
    return where


def _keys_with_lines(text: str) -> Iterator[tuple[Key, int]]:
    """Each header and key with its line; lines inside a multi-line value may look like keys, harmlessly."""
    table: Key = ()
    counts: dict[Key, int] = {}
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if line.startswith("["):
            table = _key_names(line.split("#")[0].strip().strip("[]"))
            if line.startswith("[[") and table:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif "=" in line and (names := _key_names(line.split("=")[0])):
            yield (*table, *names), number


def _key_names(text: str) -> Key:
    """Names of a dotted, perhaps quoted key; empty where the text is none."""
    try:
        found: Any = tomllib.loads(f"{text} = 0")
    except (ValueError, RecursionError):
        return ()
    names: list[str | int] = []
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        names.append(name)
    return tuple(names)


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice for an unknown name: the nearest known one, else all of them.

    Examples
    --------
    >>> nearest("activty_ratio", ["activity_ratio", "silence_s"])
    "did you mean 'activity_ratio'?"
    >>> nearest("x", ["b", "a"])
    'known are a, b'
    """
    names = sorted(known)
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}"
