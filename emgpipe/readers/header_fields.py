"""The text grammar of an EDF or BDF header: fixed-width fields; the only place that turns their text into numbers.

Python's own `int()` and `float()` take `nan`, `1_000` and Arabic digits; here a number is
what the format says, in ASCII.
"""

import math
import re
import unicodedata
from datetime import date, time

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_REAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LIKE_NUMBER = re.compile(rb"[+-]?(?:[0-9]+,[0-9]+|nan|inf|infinity)", re.IGNORECASE)
_TRIPLE = re.compile(rb"([0-9]{2})\.([0-9]{2})\.([0-9]{2})")
_START = re.compile(rb"([0-9]{2})-([A-Z]{3})-([0-9]{4})")
_MONTHS = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
_PLAIN = re.compile(rb"[\x20-\x7e]*")
_DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
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


def is_like_number(field: bytes) -> bool:
    """Tell a number, or what a program writes in place of one, from a text that should not be there.

    Examples
    --------
    >>> [is_like_number(field) for field in (b"-3276.8 ", b"1,5", b"nan", b"", b"SN 4711")]
    [True, True, True, False, False]
    """
    return parse_real(field) is not None or _LIKE_NUMBER.fullmatch(field.strip(b" ")) is not None


def decimals(field: bytes) -> int:
    """Count the digits behind the point of a decimal number.

    Examples
    --------
    >>> decimals(b"0.333333"), decimals(b"1")
    (6, 0)
    """
    return len(field.strip(b" ").partition(b".")[2])


def decode_text(field: bytes) -> tuple[str, str]:
    r"""Read a text field, without the blanks and zero bytes around it.

    Parameters
    ----------
    field : bytes
        A fixed-width field; each is judged on its own, so that one in Latin-1 spoils no other.

    Returns
    -------
    text : str
        As written.
    encoding : str
        `ascii`, else `utf-8`, else `latin-1`, which decodes anything.

    Examples
    --------
    >>> decode_text(b"EMG RF  "), decode_text(b"\xc2\xb5V     "), decode_text(b"\xb5V      ")
    (('EMG RF', 'ascii'), ('µV', 'utf-8'), ('µV', 'latin-1'))
    """
    if field.isascii():
        return field.decode("ascii").strip(" \0"), "ascii"
    try:
        return field.decode("utf-8").strip(" \0"), "utf-8"
    except UnicodeDecodeError:
        return field.decode("latin-1").strip(" \0"), "latin-1"


def odd_letter(field: bytes) -> str:
    r"""Find the first letter of a text field that is no text but a command to a screen.

    Parameters
    ----------
    field : bytes
        A fixed-width field.

    Returns
    -------
    str
        A control character (C0, DEL, C1), a line or paragraph separator, a direction mark; or `""`.

    Examples
    --------
    >>> odd_letter(b"EMG\x1b[1m"), odd_letter("EMG \u202eFR".encode()), odd_letter("Größe".encode())
    ('\x1b', '\u202e', '')
    """
    if _PLAIN.fullmatch(field):
        return ""
    try:
        text = field.decode("utf-8")
    except UnicodeDecodeError:
        text = field.decode("latin-1")
    return next((letter for letter in text if _is_odd(letter)), "")


def _is_odd(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in _DIRECTION_MARKS


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


def parse_startdate(recording: bytes) -> tuple[bool, date | None]:
    """Read the four-digit start date of an EDF+ recording field.

    Returns
    -------
    is_stated : bool
        False where the field states none: `Startdate X`, or a text of another form.
    date : datetime.date or None
        None where none is stated, or what is stated is no real date.

    Examples
    --------
    >>> parse_startdate(b"Startdate 02-MAR-2002 X X X"), parse_startdate(b"Startdate X X X X")
    ((True, datetime.date(2002, 3, 2)), (False, None))
    >>> parse_startdate(b"Startdate 30-FEB-2002 X X X")
    (True, None)
    """
    words = recording.split()
    if words[:1] != [b"Startdate"] or words[1:2] in ([], [b"X"]):
        return False, None
    match = _START.fullmatch(words[1].upper())
    if not match or match[2] not in _MONTHS:
        return True, None
    return True, _date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
