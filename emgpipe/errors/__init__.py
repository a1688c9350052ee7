"""Coded errors and the table of every code: what was found, what is allowed, what to do.

The tree::

    EmgpipeError
    ├── ReadError        a recording that has no honest number (exit code 3)
    ├── SettingsError    a setting, an option or a call that cannot be meant (exit code 2)
    │   └── StudyError   study.toml or recordings.csv (exit code 2)
    ├── StatisticsError  values that allow no honest answer (exit code 3)
    ├── TableError       a table that was given, such as arms.csv (exit code 3)
    ├── NoInputError     nothing matched (exit code 4)
    ├── StoreError       a results folder that is locked, damaged or not ours (exit code 2)
    │   └── ResultsError no results, or none that can be read (exit code 3)
    └── EngineError      the processes or the cluster that should do the work (exit code 2)

Each error carries a code of `codes.CODES`; `str(error)` is one line. Reasons in the
tables and findings on a file use codes of the same table (`emgpipe.errors.codes`).
"""

import re
from typing import ClassVar

MOST_LETTERS = 4000
"""Longer messages are cut: a name of a megabyte is no message."""
_BLANK = re.compile(r"\s")
_QUOTED_OR_BLANK = re.compile(r"""(?<!\w)'[^']*'(?!\w)|"[^"]*"|\s+""")


def printable(text: str) -> str:
    r"""Text on one line: every letter that could move a cursor, turn a line or end it is written out.

    Labels, annotations and file names are data; they reach terminals, tables and logs through this.

    Examples
    --------
    >>> print(printable("TA\x1b[31m\nµV"))
    TA\x1b[31m\nµV
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class EmgpipeError(Exception):
    """Base of all errors that emgpipe raises on purpose.

    Parameters
    ----------
    code : str
        A key of `codes.CODES`.
    message : str
        What was found; what is allowed or what to do. One line.
    where : str
        File, key or column the error is about; may be empty.

    Examples
    --------
    >>> error = EmgpipeError("HEADER_NUMBER", "physical minimum '1,5'; a decimal point is needed", where="a.edf")
    >>> str(error)
    "a.edf: HEADER_NUMBER: physical minimum '1,5'; a decimal point is needed"
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, *, where: str = "") -> None:
        self.code = code
        self.message = _one_line(message)
        self.where = where
        super().__init__(code, message, where)

    def __str__(self) -> str:
        """Return one line without control characters: place, code, message."""
        parts = [self.where] if self.where else []
        return printable(": ".join([*parts, self.code, self.message]))

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process."""
        return (_rebuild, (type(self), self.code, self.message, self.where))


def _one_line(text: str) -> str:
    """Join the lines and blanks of a text; what stands in quotes keeps its blanks.

    Examples
    --------
    >>> _one_line("found '1 2   ';   a number   is needed")
    "found '1 2   '; a number is needed"
    """
    cut = text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + "..."
    return _QUOTED_OR_BLANK.sub(lambda part: _BLANK.sub(" ", part[0]) if part[0].strip() else " ", cut).strip()


def _rebuild(kind: type[EmgpipeError], code: str, message: str, where: str) -> EmgpipeError:
    return kind(code, message, where=where)


class ReadError(EmgpipeError):
    """A recording is refused: it has no honest number."""

    exit_code = 3


class SettingsError(EmgpipeError):
    """A setting, an option or an argument that cannot be meant."""

    exit_code = 2


class StudyError(SettingsError):
    """`study.toml` or `recordings.csv` cannot be used."""


class StatisticsError(EmgpipeError):
    """Values of a trial allow no honest answer."""

    exit_code = 3


class TableError(EmgpipeError):
    """A table that was given for the analysis of a trial is refused: no honest number comes of it."""

    exit_code = 3


class NoInputError(EmgpipeError):
    """Nothing matched: no recording, no channel."""

    exit_code = 4


class StoreError(EmgpipeError):
    """A results folder is locked, damaged or not ours."""

    exit_code = 2


class ResultsError(StoreError):
    """A folder holds no results, or none that can be read: input that is refused."""

    exit_code = 3


class EngineError(EmgpipeError):
    """The worker processes or the cluster that should do the work cannot."""

    exit_code = 2
