"""Time-stamped annotation lists of EDF+ and BDF+: their grammar, and the clock that their record onsets make."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from emgpipe.errors import ReadError

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


def check_clock(onsets_s: ArrayLike, record_s: float, tolerance_s: float, quantum_s: float, where: str) -> None:
    """Prove by every record's onset that a recording has no gap.

    Parameters
    ----------
    onsets_s : array_like, shape (n_records,)
        Stated onsets, seconds.
    record_s : float
        Duration of a record, seconds.
    tolerance_s : float
        Largest deviation that is no gap: half a sample.
    quantum_s : float
        Largest error of `record_s` itself where its field cut its digits; it adds up over records.
    where : str
        The file's name.

    Raises
    ------
    ReadError
        FIRST_ONSET (not within the first second), RECORDS_OVERLAP, DISCONTINUOUS.

    Examples
    --------
    >>> check_clock([0.0, 1.0, 2.0], 1.0, 0.0005, 0.0, "a.edf")
    >>> check_clock([0.0, 1.0, 9.5], 1.0, 0.0005, 0.0, "a.edf")
    Traceback (most recent call last):
    emgpipe.errors.ReadError: a.edf: DISCONTINUOUS: record 2 begins at 9.5 s, expected 2 s; ...
    """
    onsets = np.asarray(onsets_s, np.float64)
    if not 0 <= onsets[0] < 1:
        message = f"the first record begins at {onsets[0]:.9g} s; 0 to 1 s after the start of the header is needed"
        raise ReadError("FIRST_ONSET", message, where=where)
    index = np.arange(len(onsets))
    expected = onsets[0] + index * record_s
    # the float noise of hours in seconds stays far below a nanosecond
    off = np.abs(onsets - expected) > tolerance_s + index * quantum_s + 1e-9
    if not off.any():
        return
    bad = int(np.argmax(off))
    early = onsets[bad] < expected[bad]
    message = (
        f"record {bad} begins at {onsets[bad]:.9g} s, expected {expected[bad]:.9g} s; "
        "records without a gap are needed, export each stretch as a file of its own"
    )
    raise ReadError("RECORDS_OVERLAP" if early else "DISCONTINUOUS", message, where=where)
