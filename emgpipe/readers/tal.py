"""Time-stamped annotation lists of EDF+ and BDF+: their grammar."""

import re
from typing import NamedTuple

MOST_TEXTS = 200_000
"""Texts of one file, and of one list. A mark a second for two days; all of them take about 50 MB."""

MOST_DIGITS = 15
"""Before the point: thirty million years."""

# +onset [0x15 duration]; no two parts can match the same byte, so that matching is linear
_TIMES = re.compile(rb"([+-])0*([0-9]+)(?:\.([0-9]*))?(?:\x150*([0-9]+)(?:\.([0-9]*))?)?")
_KEPT_DECIMALS = 30  # far below the last bit of a float; the time that `float` takes grows with the square of digits


class Tal(NamedTuple):
    """One list: an onset on the clock of the header's start, a duration or None, and texts as written."""

    onset_s: float
    duration_s: float | None
    texts: tuple[bytes, ...]


class TooManyTextsError(ValueError):
    """A list is of the grammar so far, but has more than `MOST_TEXTS` texts."""


def parse_tals(field: bytes) -> list[Tal] | None:
    r"""Read the bytes of one annotation signal in one record, or whole lists of it.

    Parameters
    ----------
    field : bytes
        `+onset [0x15 duration] 0x14 text 0x14 text 0x14 ... 0x00` and so on, padded with zero
        bytes. Numbers may have any number of decimals.

    Returns
    -------
    list of Tal or None
        None where any byte is not of the grammar: a damaged list is not half read.

    Raises
    ------
    TooManyTextsError
        Before memory is taken for them.

    Examples
    --------
    >>> parse_tals(b"+0.25\x14\x14\x00+3\x152.5\x14rest\x14\x00\x00")
    [Tal(onset_s=0.25, duration_s=None, texts=(b'',)), Tal(onset_s=3.0, duration_s=2.5, texts=(b'rest',))]
    >>> print(parse_tals(b"\xff\xff+0\x14\x14\x00"))
    None
    """
    out = []
    for part in field.strip(b"\0").split(b"\0"):
        if not part:
            continue
        tal = _parse(part)
        if tal is None:
            return None
        out.append(tal)
    return out


def _parse(part: bytes) -> Tal | None:
    """Read one list without its zero byte."""
    end = part.find(b"\x14")
    times = _TIMES.fullmatch(part, 0, end) if 0 < end < len(part) - 1 and part.endswith(b"\x14") else None
    if times is None:
        return None
    sign, onset, onset_decimals, duration, duration_decimals = times.groups()
    if max(len(onset), len(duration or b"")) > MOST_DIGITS:
        return None
    if part.count(b"\x14") - 1 > MOST_TEXTS:
        raise TooManyTextsError
    onset_s = _seconds(onset, onset_decimals)
    return Tal(
        -onset_s if sign == b"-" else onset_s,
        _seconds(duration, duration_decimals) if duration else None,
        tuple(part[end + 1 : -1].split(b"\x14")),
    )


def _seconds(whole: bytes, decimals: bytes | None) -> float:
    return float(whole + b"." + (decimals or b"")[:_KEPT_DECIMALS])


def onset_digits(field: bytes) -> int:
    r"""Count the digits behind the point of the first onset of a field that `parse_tals` has read.

    Examples
    --------
    >>> onset_digits(b"+0.25\x14\x14\x00+3.1234\x14rest\x14\x00"), onset_digits(b"+12\x14\x14\x00")
    (2, 0)
    """
    times = _TIMES.match(field.lstrip(b"\0"))
    return len(times[3] or b"") if times else 0


def decode(text: bytes) -> tuple[str, bool]:
    r"""Decode an annotation: UTF-8 as the format says, else Latin-1; and say whether it was UTF-8.

    Examples
    --------
    >>> decode("Ruhe für 30 s".encode()), decode(b"f\xfcr")
    (('Ruhe für 30 s', True), ('für', False))
    """
    try:
        return text.decode("utf-8"), True
    except UnicodeDecodeError:
        return text.decode("latin-1"), False
