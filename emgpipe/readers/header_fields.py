"""The text grammar of an EDF or BDF header: fixed-width fields; the only place that turns their text into numbers.

Python's own `int()` and `float()` take `nan`, `1_000` and Arabic digits; here a number is
what the format says, in ASCII.
"""

import math
import re
from datetime import date, time

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_REAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TRIPLE = re.compile(rb"([0-9]{2})\.([0-9]{2})\.([0-9]{2})")
_START = re.compile(rb"Startdate ([0-9]{2})-([A-Z]{3})-([0-9]{4})(?: |$)")
_MONTHS = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
_PIVOT_YEAR = 85  # yy from 85 on is 19yy


def parse_integer(field: bytes) -> int | None:
    """Read a whole number.

    Parameters
    ----------
    field : bytes
        A fixed-width field; blanks around the number are allowed.

    Returns
    -------
    int or None
        None for anything else.

    Examples
    --------
    >>> parse_integer(b"256     "), parse_integer(b"1_000"), parse_integer(b"")
    (256, None, None)
    """
    text = field.strip(b" ")
    return int(text) if _INTEGER.fullmatch(text) else None


def parse_real(field: bytes) -> float | None:
    """Read a decimal number.

    Parameters
    ----------
    field : bytes
        A fixed-width field; blanks around the number are allowed.

    Returns
    -------
    float or None
        None for anything else: a decimal comma, `nan`, `inf`, a number too large to hold.

    Examples
    --------
    >>> parse_real(b"-3276.8 "), parse_real(b"1,5"), parse_real(b"1e400"), parse_real(b"0x10")
    (-3276.8, None, None, None)
    """
    text = field.strip(b" ")
    value = float(text) if _REAL.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def decimals(field: bytes) -> int:
    """Count the digits behind the point of a decimal number.

    Examples
    --------
    >>> decimals(b"0.333333"), decimals(b"1")
    (6, 0)
    """
    return len(field.strip(b" ").partition(b".")[2])


def parse_text(field: bytes, encoding: str) -> str:
    r"""Read a text field, without the blanks and zero bytes around it.

    Examples
    --------
    >>> parse_text(b"\xb5V      ", "latin-1")
    'µV'
    """
    return field.decode(encoding).strip(" \0")


def text_encoding(fields: list[bytes]) -> str:
    r"""Name the encoding of a header's text fields.

    Parameters
    ----------
    fields : list of bytes
        All text fields; one encoding holds for all.

    Returns
    -------
    str
        `ascii`, else `utf-8`, else `latin-1`, which decodes anything.

    Examples
    --------
    >>> text_encoding([b"EMG RF", b"uV"]), text_encoding([b"\xc2\xb5V"]), text_encoding([b"\xb5V"])
    ('ascii', 'utf-8', 'latin-1')
    """
    for encoding in ("ascii", "utf-8"):
        if all(_decodes(field, encoding) for field in fields):
            return encoding
    return "latin-1"


def parse_date(field: bytes) -> date | None:
    """Read `dd.mm.yy`, years 1985 to 2084; None for anything else.

    Examples
    --------
    >>> parse_date(b"24.01.20"), parse_date(b"32.01.00")
    (datetime.date(2020, 1, 24), None)
    """
    match = _TRIPLE.fullmatch(field)
    if not match:
        return None
    day, month, year = (int(part) for part in match.groups())
    return _date(year + (1900 if year >= _PIVOT_YEAR else 2000), month, day)


def parse_time(field: bytes) -> time | None:
    """Read `hh.mm.ss`; None for anything else.

    Examples
    --------
    >>> parse_time(b"04.05.56"), parse_time(b"10:00:00")
    (datetime.time(4, 5, 56), None)
    """
    match = _TRIPLE.fullmatch(field)
    if not match:
        return None
    hour, minute, second = (int(part) for part in match.groups())
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def parse_startdate(recording: bytes) -> date | None:
    """Read the four-digit start date of an EDF+ recording field.

    Returns
    -------
    datetime.date or None
        None where the field states none, e.g. `Startdate X`.

    Examples
    --------
    >>> parse_startdate(b"Startdate 02-MAR-2002 X X X"), parse_startdate(b"Startdate X X X X")
    (datetime.date(2002, 3, 2), None)
    """
    match = _START.match(recording)
    if not match or match[2] not in _MONTHS:
        return None
    return _date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _decodes(field: bytes, encoding: str) -> bool:
    try:
        field.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
