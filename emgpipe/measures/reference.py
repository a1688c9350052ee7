"""The level of a reference contraction, and the doubts that everything divided by it inherits."""

import re
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from emgpipe.measures.rows import NOTES, MeasureRow

LEVEL = "rest_rms_uv"
"""Level of a reference segment: median floor-corrected 1 s RMS."""
NOT_REFERENCES = r"(rest|whole)(_[0-9]+)?"
"""Segments that are measured: a level of the measured stretch itself removes the effect."""


class ReferenceLevel(NamedTuple):
    """Level of one muscle in its reference contractions.

    Attributes
    ----------
    level_uv : float or None
        None where there is none.
    codes : tuple of str
        Doubts that a value divided by it inherits, and notes.
    refused : str
        Code why there is no level.
    """

    level_uv: float | None
    codes: tuple[str, ...] = ()
    refused: str = ""


NO_REFERENCE = ReferenceLevel(None, (), "NO_REFERENCE")


def is_own_reference(segment: str) -> bool:
    """Whether a segment would be its own reference.

    Examples
    --------
    >>> [is_own_reference(name) for name in ("rest", "rest_2", "whole", "mvc")]
    [True, True, True, False]
    """
    return re.fullmatch(NOT_REFERENCES, segment.strip()) is not None


def is_reference(segment: str, wanted: str) -> bool:
    """Whether a segment is the wanted one or a repeat of it.

    Examples
    --------
    >>> [is_reference(name, "mvc") for name in ("mvc", "mvc_2", "mvc_left", "rest")]
    [True, True, False, False]
    """
    return bool(wanted) and re.fullmatch(re.escape(wanted) + "(_[0-9]+)?", segment) is not None


def reference_level(rows: Sequence[MeasureRow]) -> ReferenceLevel:
    """Median level of the reference contractions of one muscle.

    Parameters
    ----------
    rows : sequence of MeasureRow
        `rest_rms_uv` of the muscle in each of them, with any status.

    Returns
    -------
    ReferenceLevel
        Of the contractions that have a level above their limit. A doubt about any of them is one about the level; of
        those that are a lower bound it is said as REFERENCE_LOWER_BOUND.

    Examples
    --------
    >>> told = MeasureRow("mvc", "TA_R", "muscle", "rest_rms_uv", 80.0, "uV", status="flagged", reason="LOWER_BOUND")
    >>> reference_level([told])
    ReferenceLevel(level_uv=80.0, codes=('REFERENCE_LOWER_BOUND',), refused='')
    """
    rows = [row for row in rows if row.status != "not_measured"]
    clear = [row for row in rows if row.status in ("ok", "flagged") and row.value is not None and row.value > 0]
    weak = any(row.status == "below_limit" or row.value == 0 for row in rows)
    if not clear:
        why = "REFERENCE_BELOW_LIMIT" if weak else "REFERENCE_UNDETERMINABLE" if rows else "NO_REFERENCE"
        return ReferenceLevel(None, (), why)
    codes = ["REFERENCE_BELOW_LIMIT"] if weak else []
    doubts = (code for row in clear for code in row.reason.split(";") if code and code not in NOTES)
    codes += ["REFERENCE_LOWER_BOUND" if code == "LOWER_BOUND" else code for code in doubts]
    codes += ["REFERENCES_POOLED"] if len(clear) > 1 else []
    level_uv = float(statistics.median(row.value for row in clear if row.value is not None))
    return ReferenceLevel(level_uv, tuple(dict.fromkeys(codes)))
