"""Every code that emgpipe prints or writes: errors, findings, and reasons in rows.

`docs/codes.md` is written from this table; a test refuses a code that is not here.
"""

from typing import NamedTuple


class Code(NamedTuple):
    """What a code stands for.

    Attributes
    ----------
    kind : str
        `error` (no number is given), `finding` (the file is usable, said) or
        `reason` (why a row is not a plain value).
    meaning : str
        One sentence.
    """

    kind: str
    meaning: str


_E, _F, _R = "error", "finding", "reason"

CODES: dict[str, Code] = {
    # calls and settings
    "CHANNEL_UNKNOWN": Code(_E, "A channel was asked for that the recording does not have."),
    "CHANNEL_AMBIGUOUS": Code(_E, "A channel was asked for by a name that several signals carry."),
    "INTERVALS_INVALID": Code(_E, "Pairs of start and stop are unsorted, overlapping, reversed, empty or not numbers."),
    # verdicts
    "RATE_TOO_LOW": Code(_R, "The sampling rate is too low for the analysis band; nothing is measured."),
}
