"""CSV and JSON with one text for one value: LF, "." decimals, floats as the shortest text that reads back equal.

Text from files is data: no cell can be a formula of a spreadsheet, no hidden character reaches a file as it is.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, SupportsFloat

from emgpipe.errors import printable
from emgpipe.store.atomic import write_text

_FORMULA = re.compile(r"'*(?:[=+@＝＋－＠-]|\\[trn])")
"""Beginnings that spreadsheets take for a formula (tab and line ends written out), guarded ones too, to be undone."""


def cell(value: object) -> str:
    """Text of a CSV cell.

    Parameters
    ----------
    value : object
        None and NaN are empty, truth values `true` and `false`; text that a spreadsheet would take for a formula gets a
        leading `'`, hidden characters are written out. NumPy numbers count as numbers: -2.5 stays -2.5.

    Returns
    -------
    str

    Examples
    --------
    >>> [cell(v) for v in (None, 0.1, float("nan"), -2.5, 3, True, "=1+1", "rest", "-")]
    ['', '0.1', '', '-2.5', '3', 'true', "'=1+1", 'rest', "'-"]
    """
    if isinstance(value, str):
        text = printable(value)
        return "'" + text if _FORMULA.match(text) else text
    plain = _plain(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return repr(plain) if isinstance(plain, float) else str(plain)


def cell_text(written: str) -> str:
    """Text of a cell as it was before `cell` guarded it.

    Examples
    --------
    >>> [cell_text(c) for c in ("'=1+1", "rest", "-2.5", "'twas", "''=1")]
    ['=1+1', 'rest', '-2.5', "'twas", "'=1"]
    """
    return written[1:] if written.startswith("'") and _FORMULA.match(written) else written


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a table that `write_csv` has written, guards taken off; raises OSError and ValueError."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        names = [cell_text(name) for name in next(lines, [])]
        # millions of cells, of which hardly one is guarded
        unguarded = ([cell_text(text) if text[:1] == "'" else text for text in line] for line in lines if line)
        return [dict(zip(names, texts, strict=True)) for texts in unguarded]


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    r"""CSV of rows, columns in the given order.

    Examples
    --------
    >>> csv_text(["a", "b"], [{"a": 1.0, "b": None}])
    'a,b\n1.0,\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([cell(column) for column in columns])
    writer.writerows([cell(row[column]) for column in columns] for row in rows)
    return out.getvalue()


def json_text(value: object) -> str:
    """JSON with two blanks of indent, keys as given, NaN and infinities as null, hidden characters as escapes of JSON.

    Examples
    --------
    >>> print(json_text({"value": float("nan"), "n": 3}), end="")
    {
      "value": null,
      "n": 3
    }
    """
    text = json.dumps(_jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)
    return re.sub(r"[^\x20-\x7e\n]", lambda found: _json_letter(found[0]), text) + "\n"


def json_line(value: object) -> str:
    r"""JSON on one line in ASCII, keys as given, NaN and infinities as null; without an end of line.

    Examples
    --------
    >>> json_line({"value": float("nan"), "unit": "µV"})
    '{"value":null,"unit":"\\u00b5V"}'
    """
    text = json.dumps(_jsonable(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f")  # the one control character that JSON lets stand


def _json_letter(letter: str) -> str:
    """Write a letter as it is, or as an escape where it cannot be seen."""
    if letter.isprintable():
        return letter
    return "\\u007f" if letter == "\x7f" else json.dumps(letter)[1:-1]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write `csv_text` whole or not at all; raises StoreError STORE_UNWRITABLE."""
    write_text(path, csv_text(columns, rows))


def write_json(path: Path, value: object) -> None:
    """Write `json_text` whole or not at all; raises StoreError STORE_UNWRITABLE."""
    write_text(path, json_text(value))


def _plain(value: object) -> Any:
    """A number as Python's own; NaN and infinities as None."""
    if value is None or isinstance(value, bool | int):
        return value
    item = getattr(value, "item", None)
    if item is not None and not isinstance(value, float):
        return _plain(item())
    if isinstance(value, SupportsFloat):
        number = float(value)
        return number if math.isfinite(number) else None
    raise TypeError(f"{value!r} is neither text nor a number")


def _jsonable(value: object) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_jsonable(item) for item in value]
    return _plain(value)
