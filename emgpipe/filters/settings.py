"""What conditioning may be told: band and mains."""

from dataclasses import dataclass, field


def _m(unit: str, doc: str, source: str) -> dict[str, str]:
    return {"unit": unit, "doc": doc, "source": source}


@dataclass(frozen=True)
class ConditionSettings:
    """Settings that change samples; frames are recomputed when one changes. See `emgpipe settings`."""

    low_hz: float = field(default=20.0, metadata=_m("Hz", "Lower edge of the analysis band.", "SENIAM: 10-20 Hz"))
    high_hz: float = field(
        default=450.0,
        metadata=_m("Hz", "Upper edge of the analysis band; 0.45 x rate where that is lower.", "definitions, 1"),
    )
    order: int = field(default=4, metadata=_m("1", "Order of the Butterworth prototype.", "definitions, 1"))
    least_rate_hz: float = field(
        default=400.0, metadata=_m("Hz", "Below this sampling rate nothing is measured.", "definitions, 1")
    )
    line_search_max_hz: float = field(
        default=600.0, metadata=_m("Hz", "Mains lines are looked for up to here.", "definitions, 1")
    )
    line_ratio: float = field(
        default=12.0,
        metadata=_m("1", "A line is removed when its power stands this far out of its surroundings.", "prototype"),
    )
    line_share: float = field(
        default=5e-4, metadata=_m("1", "A line with a smaller share of the weighted power is left alone.", "prototype")
    )
    blank_before_s: float = field(
        default=0.002,
        metadata=_m("s", "Left out before a stimulus mark, for its artefact.", "own choice"),
    )
    blank_after_s: float = field(
        default=0.012,
        metadata=_m("s", "Left out after a stimulus mark, for its artefact; shorter than any reflex.", "own choice"),
    )
