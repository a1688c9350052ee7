"""SAS transport files, version 5: what they cannot hold is refused before anything is written.

Names have 8 letters, labels 40, texts 200, all ASCII. Numbers are IBM floats of 56 bits: every float64 from 1e-78 to
1e74 reads back bit-equal; -0.0 reads as 0.
"""

import re
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emgpipe.errors import TableError
from emgpipe.outcomes.columns import OutcomeColumn

MOST_NAME, MOST_LABEL, MOST_TEXT = 8, 40, 200
LEAST, LARGEST = 1e-78, 1e74
"""Magnitudes that IBM floats hold; 0 is held, too."""
DATASET = "ADEMG"
SAS_EPOCH = date(1960, 1, 1)
_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_TIME = re.compile(rb"[0-9]{2}[A-Z]{3}[0-9]{2}(:[0-9]{2}){3}")
_NO_TIME = b"01JAN60:00:00:00"
_HEADERS = 80 * 8
"""Bytes in front of the columns, where both times stand twice."""
_MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})


def xpt_bytes(table: pd.DataFrame, columns: Sequence[OutcomeColumn], *, label: str = "") -> bytes:
    """Make the bytes of a transport file with one data set, `ADEMG`.

    Parameters
    ----------
    table : DataFrame
        Of `typed` columns.
    columns : sequence of OutcomeColumn
        One a column of the table, in its order.
    label : str
        Of the data set.

    Returns
    -------
    bytes
        The same for the same table: times in it are 1 January 1960. Dates are SAS dates of format DATE9. The micro sign
        becomes `u`; blanks at the end of a text are lost, as XPT pads with them.

    Raises
    ------
    TableError
        XPT_NAME, XPT_TEXT, XPT_NUMBER, each with the column, and the row from 1.

    Examples
    --------
    >>> one = OutcomeColumn("AVAL", "Analysis Value", "number", "")
    >>> made = xpt_bytes(pd.DataFrame({"AVAL": [0.1]}), [one])
    >>> made[:28], len(made)
    (b'HEADER RECORD*******LIBRARY ', 960)
    """
    names = _names(columns)
    cells: dict[str, Any] = {
        name: _cells(table[column.name], column, name) for name, column in zip(names, columns, strict=True)
    }
    labels: dict[str, str | None] = {name: _label(column, name) for name, column in zip(names, columns, strict=True)}
    formats = {name: "DATE9." for name, column in zip(names, columns, strict=True) if column.kind == "date"}
    made = _written(pd.DataFrame(cells, columns=names), _ascii(label[:MOST_LABEL], "label", 0), labels, formats)
    return _TIME.sub(_NO_TIME, made[:_HEADERS]) + made[_HEADERS:]


def _written(frame: pd.DataFrame, label: str, labels: dict[str, str | None], formats: dict[str, str]) -> bytes:
    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.xpt")
        pyreadstat.write_xport(
            frame, path, file_label=label, column_labels=labels, table_name=DATASET, file_format_version=5,
            variable_format=formats,
        )  # fmt: skip
        return path.read_bytes()


def _names(columns: Sequence[OutcomeColumn]) -> list[str]:
    names = [column.short or column.name for column in columns]
    for n, name in enumerate(names):
        if not _NAME.fullmatch(name) or name in names[:n]:
            twice = " a second time" if name in names[:n] else ""
            message = f"column {name[:60]!r}{twice}; at most 8 of A-Z, 0-9 and '_', each name once; write .csv instead"
            raise TableError("XPT_NAME", message)
    return names


def _label(column: OutcomeColumn, name: str) -> str:
    label = _ascii(column.label, name, 0)
    if len(label) > MOST_LABEL:
        message = f"label {label[:60]!r} of column {name!r} has {len(label)} letters; at most 40, or write .csv instead"
        raise TableError("XPT_NAME", message)
    return label


def _cells(cells: pd.Series, column: OutcomeColumn, name: str) -> Any:
    """Cells as XPT takes them: text, or float64 with NaN for missing."""
    if column.kind == "text":
        return pd.Series([_text(text, name, row) for row, text in enumerate(cells, 1)], dtype="str")
    if column.kind == "date":
        days = [np.nan if day is None else float((day - SAS_EPOCH).days) for day in cells]
        return np.array(days, np.float64)
    numbers = np.array(cells.to_numpy(dtype="float64", na_value=np.nan), np.float64)
    size = np.abs(numbers)
    bad = np.flatnonzero(~(np.isnan(numbers) | (numbers == 0.0) | ((size >= LEAST) & (size <= LARGEST))))
    if len(bad):
        row = int(bad[0])
        message = f"{name} = {float(numbers[row])!r} in row {row + 1}; 0, or 1e-78 to 1e74; write .csv instead"
        raise TableError("XPT_NUMBER", message)
    return numbers


def _text(text: str, name: str, row: int) -> str:
    written = _ascii(text, name, row)
    if len(written) > MOST_TEXT:
        message = f"{name} in row {row} has {len(written)} letters; at most 200, or write .csv instead"
        raise TableError("XPT_TEXT", message)
    return written


def _ascii(text: str, name: str, row: int) -> str:
    """Text in printable ASCII, the micro sign as `u`."""
    written = text.translate(_MICRO)
    if not (written.isascii() and written.isprintable()):
        place = f"{name} in row {row}" if row else f"label of {name}"
        message = f"{place} = {text[:60]!r}; printable ASCII, or write .csv instead"
        raise TableError("XPT_TEXT", message)
    return written
