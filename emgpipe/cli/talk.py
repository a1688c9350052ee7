"""What the command line says to people: results on stdout, errors and warnings on stderr, one line each."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TextIO

from emgpipe.errors import EmgpipeError, StoreError, printable

Level = Literal["error", "warning", "info"]


@dataclass
class Manner:
    """How to talk: chosen once, by the options before or behind the command."""

    debug: bool = False
    quiet: bool = False
    log_format: Literal["text", "jsonl"] = "text"


MANNER = Manner()

ABOVE: list[Callable[[str], None]] = []
"""Who writes lines to stderr while a bar is drawn there, so that they stand above it; see `progress`."""


def set_up_streams() -> None:
    """UTF-8 and LF on stdout whatever the locale; nothing on stderr can fail for its letters, nor for being closed."""
    _fill_closed()
    for stream, errors in ((sys.stdout, "strict"), (sys.stderr, "backslashreplace")):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors=errors, newline="\n")


def _fill_closed() -> None:
    """Put the null device where stdin, stdout or stderr is closed: a file of ours must never get its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # at the lowest free number, which is this one
            os.set_inheritable(opened, True)  # noqa: FBT003
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def write(text: str) -> None:
    """Write a result to stdout, its lines as they are, hidden characters written out."""
    _put(sys.stdout, "\n".join(map(printable, text.removesuffix("\n").split("\n"))) + "\n")


def write_json(value: object) -> None:
    """Write a result to stdout as JSON, in ASCII."""
    _put(sys.stdout, _ascii_json(value, indent=2) + "\n")


def write_traceback(error: Exception) -> None:
    """Write where an error comes from to stderr, for `--debug`."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        _put(sys.stderr, printable(line) + "\n")


def note(level: Level, code: str, message: str, where: str = "") -> None:
    """Write one line to stderr; `--quiet` keeps errors only."""
    if MANNER.quiet and level != "error":
        return
    if MANNER.log_format == "jsonl":
        line = _ascii_json({"time": _now(), "level": level, "code": code, "where": where, "message": message})
    else:
        head = "emgpipe" if level == "error" else level
        line = printable(": ".join(part for part in (head, where, code, message) if part))
    if ABOVE:
        ABOVE[-1](line)
    else:
        _put(sys.stderr, line + "\n")


def note_event(level: Level, fields: Mapping[str, object]) -> None:
    """Write an event to stderr as one JSON object; `--quiet` keeps errors only."""
    if not MANNER.quiet or level == "error":
        _put(sys.stderr, _ascii_json({"time": _now(), "level": level, **fields}) + "\n")


def flush() -> None:
    """Bring results out; raises as `write` does."""
    _put(sys.stdout, "")


def _put(stream: TextIO, text: str) -> None:
    """Write to stdout or stderr at once.

    Raises
    ------
    BrokenPipeError
        Whoever read stdout has seen enough.
    StoreError
        OUTPUT_UNWRITABLE: stdout is on a full disk. What cannot be said on stderr is lost, and the work goes on.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as problem:
        drop(stream)
        if stream is sys.stderr:
            return
        if isinstance(problem, BrokenPipeError):
            raise
        message = f"{problem.strerror or problem}; what was computed is kept, free the place and ask again"
        raise StoreError("OUTPUT_UNWRITABLE", message, where="stdout") from None


def drop(stream: TextIO) -> None:
    """Lead a stream that cannot be written to the null device, with what waits in it: the interpreter flushes it."""
    with suppress(OSError, ValueError):  # no file at all
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ascii_json(value: object, indent: int | None = None) -> str:
    # the one control character that JSON lets stand
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def note_error(error: EmgpipeError) -> None:
    """Write a coded error to stderr."""
    note("error", error.code, error.message, error.where)


def table_text(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Columns of text, two blanks apart, those named in `right` aligned there.

    Examples
    --------
    >>> print(table_text(["name", "n"], [["TA_R", "5"], ["GM", "12"]], right=["n"]), end="")
    name   n
    TA_R   5
    GM    12
    """
    cells = [list(columns), *[[printable(c) for c in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = []
    for row in cells:
        placed = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        lines.append("  ".join(placed).rstrip())
    return "\n".join(lines) + "\n"
