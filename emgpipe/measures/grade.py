"""A grade A-D of each channel, read off its rows: how far its numbers can be trusted, and why no further."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from emgpipe.measures.rows import VALUED, MeasureRow

Letter = Literal["A", "B", "C", "D"]

LETTERS: dict[Letter, str] = {
    "A": "nothing to say",
    "B": "usable, with a word",
    "C": "numbers are bounds, or in doubt",
    "D": "no number",
}
"""Grade -> what it means, best first."""

WORD = (
    "FLOOR_MEDIUM_CONFIDENCE", "CALIBRATION_NOT_QUIET",
    "MOVEMENT", "STEP", "ELECTRODE_OFF", "MAINS_JUMP", "FLAT", "GAP", "BAD",
    "ECG_HIDDEN", "ECG_RESIDUAL", "ECG_UNCONFIRMED",
)  # fmt: skip
DOUBT = (
    "FLOOR_LOW_CONFIDENCE", "FLOOR_CAPPED", "FLOOR_CHANGES", "FLOOR_IMPLAUSIBLE", "DEVICE_DISAGREES",
    "TOO_MUCH_EXCLUDED", "CLIPPED", "OUT_OF_RANGE", "QUANTISATION_COARSE", "AMPLITUDE_IMPLAUSIBLE", "BAND_LIMITED",
    "IDENTICAL_CHANNELS", "MAINS_DOMINATES", "MAINS_OTHER", "ECG_NOT_REMOVED",
)  # fmt: skip
RULES: dict[str, Letter] = {**dict.fromkeys(DOUBT, "C"), **dict.fromkeys(WORD, "B")}
"""Code in a row of the channel -> grade that it allows at best; codes that are not here speak of no signal."""
LEVEL = "rest_rms_uv"
"""The measure that every segment has: without a value of it in any segment the grade is D."""


class Grade(NamedTuple):
    """Letter of a channel, and the codes that keep it from a better one, worst first; none for A."""

    letter: Letter
    codes: tuple[str, ...] = ()


def grades(rows: Iterable[MeasureRow]) -> dict[str, Grade]:
    """Grade the channels of a recording.

    Parameters
    ----------
    rows : iterable of MeasureRow
        Of one recording; rows of pairs and subjects are passed over.

    Returns
    -------
    dict of str to Grade
        By muscle, in the order of the rows; one that was excluded by name has no grade.

    Notes
    -----
    The grade says nothing that the rows do not: it is the worst letter of `RULES` over the codes of all rows of the
    channel in all segments, B at best for a floor of medium confidence, and D without a level in any segment. Beats
    that were removed (QRS) and the length of a segment (SHORT) cost nothing.

    Examples
    --------
    >>> row = MeasureRow("rest", "TA_R", "muscle", "rest_rms_uv", 7.0, "uV", reason="MOVEMENT;CLIPPED;LOWER_BOUND")
    >>> grades([row])
    {'TA_R': Grade(letter='C', codes=('CLIPPED', 'MOVEMENT'))}
    """
    by_target: dict[str, list[MeasureRow]] = {}
    for row in rows:
        if row.target_kind == "muscle" and row.reason != "CHANNEL_EXCLUDED":
            by_target.setdefault(row.target, []).append(row)
    return {target: _grade(of_target) for target, of_target in by_target.items()}


def worst(found: Iterable[Grade]) -> Letter:
    """Letter of the worst channel; D where there is none.

    Examples
    --------
    >>> worst([Grade("A"), Grade("C", ("CLIPPED",))]), worst([])
    ('C', 'D')
    """
    return max((grade.letter for grade in found), default="D")


def _grade(rows: Sequence[MeasureRow]) -> Grade:
    levels = [row for row in rows if row.measure == LEVEL]
    if not any(row.status in VALUED for row in levels):
        return Grade("D", tuple(dict.fromkeys(code for row in levels for code in row.reason.split(";") if code)))
    codes = dict.fromkeys(code for row in rows for code in row.reason.split(";") if code in RULES)
    if any(row.floor_confidence == "medium" for row in levels):
        codes["FLOOR_MEDIUM_CONFIDENCE"] = None
    order = sorted(codes, key=[*RULES].index)
    return Grade(max((RULES[code] for code in order), default="A"), tuple(order))
