"""Time-stamped annotation lists of EDF+ and BDF+: their grammar."""

import re
from typing import NamedTuple

# +onset [0x15 duration] 0x14 text 0x14 text 0x14 ... 0x00; no two parts can match the same byte, so matching is linear
_TAL = re.compile(
    rb"\x00*([+-][0-9]{1,15}(?:\.[0-9]{0,15})?)(?:\x15([0-9]{1,15}(?:\.[0-9]{0,15})?))?\x14((?:[^\x00\x14]*\x14)+)\x00"
)


class Tal(NamedTuple):
    """One list: an onset on the clock of the header's start, a duration or None, and texts as written."""

    onset_s: float
    duration_s: float | None
    texts: tuple[bytes, ...]


def parse_tals(field: bytes) -> list[Tal] | None:
    r"""Read the bytes of one annotation signal in one record.

    Parameters
    ----------
    field : bytes
        Padded with zero bytes.

    Returns
    -------
    list of Tal or None
        None where any byte is not of the grammar: a damaged list is not half read.

    Examples
    --------
    >>> parse_tals(b"+0.25\x14\x14\x00+3\x152.5\x14rest\x14\x00\x00")
    [Tal(onset_s=0.25, duration_s=None, texts=(b'',)), Tal(onset_s=3.0, duration_s=2.5, texts=(b'rest',))]
    >>> print(parse_tals(b"\xff\xff+0\x14\x14\x00"))
    None
    """
    text = field.rstrip(b"\0") + b"\0"
    out, at = [], 0
    while at < len(text) - 1:
        match = _TAL.match(text, at)
        if not match:
            return None
        onset, duration, texts = match.groups()
        out.append(Tal(float(onset), float(duration) if duration else None, tuple(texts[:-1].split(b"\x14"))))
        at = match.end()
    return out


def onset_digits(field: bytes) -> int:
    r"""Count the digits behind the point of the first onset of a field that `parse_tals` has read.

    Examples
    --------
    >>> onset_digits(b"+0.25\x14\x14\x00+3.1234\x14rest\x14\x00"), onset_digits(b"+12\x14\x14\x00")
    (2, 0)
    """
    onset = _TAL.match(field)
    return len(onset[1].partition(b".")[2]) if onset else 0


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
