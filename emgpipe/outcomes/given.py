"""Tables that people give: CSV or TSV with a header, read strictly; every refusal names the line and the column."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emgpipe.errors import TableError
from emgpipe.settings import nearest
from emgpipe.settings.places import read_small
from emgpipe.store import cell_text

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 50_000_000
"""A larger file is something else than the values of a trial."""
MOST_COLUMNS = 2_000
MISSING = ("", "na", "nan", "n/a")
"""Cells without a value, in small letters."""
LARGEST = 1e100
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SHOWN = 60


@dataclass(frozen=True, eq=False)
class GivenTable:
    """A table as text.

    Attributes
    ----------
    where : str
        File, for messages.
    columns : tuple of str
        Names as they stand in the header, blanks around them taken off.
    lines : tuple of int
        Line of each row in the file; the header is line 1.
    rows : tuple of tuple of str
        Cells, blanks around them taken off.
    """

    where: str
    columns: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """Cells of a column, row by row.

        Raises
        ------
        TableError
            TABLE_COLUMN: it is not there, with the nearest name; it stands twice.
        """
        n = self.columns.count(name)
        if n == 1:
            place = self.columns.index(name)
            return [row[place] for row in self.rows]
        found = f"column {name!r} stands {n} times; name it once" if n else self._no_column(name)
        raise TableError("TABLE_COLUMN", found, where=f"{self.where}:1")

    def _no_column(self, name: str) -> str:
        return f"no column {name[:_SHOWN]!r}; {nearest(name, self.columns)}"

    def refusal(self, row: int, code: str, message: str) -> TableError:
        """An error at the line of a row."""
        return TableError(code, message, where=f"{self.where}:{self.lines[row]}")

    def names(self, column: str) -> list[str]:
        """Cells of a column that must all be filled, as of subjects.

        Raises
        ------
        TableError
            TABLE_COLUMN, TABLE_CELL.
        """
        cells = self.column(column)
        for row, text in enumerate(cells):
            if text.casefold() in MISSING:
                raise self.refusal(row, "TABLE_CELL", f"{column} = {text!r}; every row needs one")
        return cells

    def numbers(self, column: str, *, above_zero: bool = False) -> list[float]:
        """Numbers of a column; NaN where the cell is empty, NA, NaN or n/a.

        Parameters
        ----------
        column : str
            Name.
        above_zero : bool
            Refuse 0 and less, which have no logarithm.

        Raises
        ------
        TableError
            TABLE_COLUMN; TABLE_CELL: text, a decimal comma, an infinite number, one beyond 1e100.
        """
        found = []
        for row, text in enumerate(self.column(column)):
            value = math.nan if text.casefold() in MISSING else _number(text)
            if value is None or abs(value) > LARGEST:
                message = f"{column} = {text[:_SHOWN]!r}; {_allowed(text)}"
                raise self.refusal(row, "TABLE_CELL", message)
            if above_zero and value <= 0:
                message = f"{column} = {text!r}; above 0 is needed for a logarithm"
                raise self.refusal(row, "TABLE_CELL", message)
            found.append(value)
        return found


def read_given(path: str | Path) -> GivenTable:
    """Read a table from a file; see `parse_given`.

    Raises
    ------
    TableError
        TABLE_UNREADABLE: missing, a folder, a pipe, larger than 50 MB, not UTF-8; and what `parse_given` raises.
    """
    try:
        data = read_small(Path(path), MOST_BYTES)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        message = f"byte {problem.object[problem.start]:#04x} at {problem.start} is not UTF-8; save the table as CSV"
        raise TableError("TABLE_UNREADABLE", f"{message} in UTF-8", where=str(path)) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        message = f"{reason}; give the path of a CSV or TSV file of at most {MOST_BYTES // 1_000_000} MB"
        raise TableError("TABLE_UNREADABLE", message, where=str(path)) from None
    return parse_given(text, where=str(path))


def parse_given(text: str, *, where: str) -> GivenTable:
    r"""Read a table from text.

    Parameters
    ----------
    text : str
        A header and rows; tabs, `;` or `,` between the cells, whichever the header has most of.
    where : str
        File, for messages.

    Returns
    -------
    GivenTable
        Rows without any filled cell are left out.

    Raises
    ------
    TableError
        TABLE_UNREADABLE: a byte 0, or a quote that is not closed. TABLE_EMPTY. TABLE_CELL: a row has more or fewer
        cells than the header.

    Examples
    --------
    >>> table = parse_given("subject;AUC 0-24\nP1;2.5\n\nP2;n/a\n", where="auc.csv")
    >>> table.numbers("AUC 0-24"), table.lines
    ([2.5, nan], (2, 4))
    """
    if "\0" in text:
        raise TableError("TABLE_UNREADABLE", "a byte 0; it is no text: save the table as CSV", where=where)
    lines = list(_lines(text, where))
    if len(lines) < 2:
        found = "a header and no rows" if lines else "no header"
        raise TableError("TABLE_EMPTY", f"{found}; one row a subject and period or visit is needed", where=where)
    (_, header), *rows = lines
    return GivenTable(where, tuple(header), tuple(n for n, _ in rows), tuple(tuple(cells) for _, cells in rows))


def given_table(table: "str | Path | pd.DataFrame", *, where: str = "table") -> GivenTable:
    """Table of a file, or of a data frame in memory (its rows count from line 2, as in a file)."""
    if isinstance(table, str | Path):
        return read_given(table)
    return parse_given(table.to_csv(index=False, lineterminator="\n"), where=where)


def distinct_columns(named: Mapping[str, str]) -> None:
    """Refuse one column for two things.

    Parameters
    ----------
    named : mapping of str to str
        What a column is for -> its name; `""` is not asked for.

    Raises
    ------
    TableError
        TABLE_COLUMN.

    Examples
    --------
    >>> distinct_columns({"value": "auc", "baseline": "auc"})
    Traceback (most recent call last):
    ...
    emgpipe.errors.TableError: TABLE_COLUMN: column 'auc' for value and baseline; name two columns
    """
    used: dict[str, str] = {}
    for purpose, name in named.items():
        if name and name in used:
            raise TableError("TABLE_COLUMN", f"column {name!r} for {used[name]} and {purpose}; name two columns")
        used[name] = purpose


def _lines(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Line and stripped cells of every row with a filled cell, the header first."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    width, line = 0, 1
    try:
        for cells in reader:
            found = [cell_text(cell.strip()) for cell in cells]
            if any(found):
                _check_width(len(found), width, f"{where}:{line}")
                width = width or len(found)
                yield line, found
            line = reader.line_num + 1
    except csv.Error as problem:
        raise TableError("TABLE_UNREADABLE", f"{problem}; the file must be CSV", where=f"{where}:{line}") from None


def _delimiter(text: str) -> str:
    first: str = text.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _check_width(n: int, width: int, where: str) -> None:
    if width and n != width:
        raise TableError("TABLE_CELL", f"{n} cells; the header has {width}", where=where)
    if n > MOST_COLUMNS:
        raise TableError("TABLE_UNREADABLE", f"{n} columns; at most {MOST_COLUMNS} are allowed", where=where)


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _allowed(text: str) -> str:
    if _number(text.replace(",", ".")) is not None and "," in text:
        return "write a decimal point, and nothing between thousands"
    if _number(text) is not None or text.casefold().lstrip("+-") in ("inf", "infinity"):
        return f"finite numbers up to {LARGEST:g} are allowed"
    return "a number is needed; empty, NA, NaN and n/a are missing"


def each_once(table: GivenTable, keys: Sequence[tuple[str, ...]], names: Sequence[str]) -> None:
    """Refuse two rows with the same key.

    Parameters
    ----------
    table : GivenTable
        Where the rows stand.
    keys : sequence of tuple of str
        One a row.
    names : sequence of str
        What the parts of a key are, as `("subject", "period")`.

    Raises
    ------
    TableError
        TABLE_TWICE, naming both lines.
    """
    seen: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(keys):
        before = seen.setdefault(key, row)
        if before != row:
            told = ", ".join(f"{name} = {part!r}" for name, part in zip(names, key, strict=True))
            message = f"{told} is also on line {table.lines[before]}; one row each is needed"
            raise table.refusal(row, "TABLE_TWICE", message)
