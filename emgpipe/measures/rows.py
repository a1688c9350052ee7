"""The rows that a recording ends in: measures and intervals. Column order is the promise of `measures.csv`."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "flagged", "below_limit", "undeterminable", "not_measured", "failed"]
TargetKind = Literal["muscle", "pair", "subject"]
VALUED = ("ok", "flagged", "below_limit")
"""A value is given with these statuses and no others."""
NOTES = frozenset({"SEGMENT_SHORT", "REFERENCES_POOLED"})
"""Codes that stand in `reason` and are no doubt about the value: they flag nothing."""


@dataclass(frozen=True)
class MeasureRow:
    """One number, or why there is none.

    Attributes
    ----------
    segment : str
        `rest`, `reference`, `mvc`, ... or `whole`.
    target, target_kind : str
        Muscle `TA_R`, pair `TA_R/GM_R`, or `subject`.
    measure, unit : str
        A name of the registry and its unit.
    value, low, high : float or None
        The value and the sampling precision of this segment; None where not given. Both ends are None
        where the segment is too short (SEGMENT_SHORT) or nothing in it changes.
    limit : float or None
        Smallest value told from 0; only for µV.
    status, reason : str
        See definitions, 7; reasons are codes joined by `;`.
    used_s, excluded_s : float or None
        Seconds that entered and that were left out.
    floor_uv, floor_lo_uv, floor_hi_uv : float or None
        The noise floor and its bracket, µV.
    floor_source, floor_confidence : str
        Where the floor is from; `high`, `medium`, `low` or `""`.
    lines_hz : str
        Mains lines that were removed, Hz, joined by `;`.
    """

    segment: str
    target: str
    target_kind: TargetKind
    measure: str
    value: float | None
    unit: str
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    status: Status = "ok"
    reason: str = ""
    used_s: float | None = None
    excluded_s: float | None = None
    floor_uv: float | None = None
    floor_lo_uv: float | None = None
    floor_hi_uv: float | None = None
    floor_source: str = ""
    floor_confidence: str = ""
    lines_hz: str = ""


@dataclass(frozen=True)
class IntervalRow:
    """A stretch of one target, `[start_s, stop_s)`; `cut_start`, `cut_stop`: the recording or segment cuts it."""

    target: str
    kind: str
    start_s: float
    stop_s: float
    cut_start: bool = False
    cut_stop: bool = False
    reason: str = ""
