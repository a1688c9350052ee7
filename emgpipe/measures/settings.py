"""What the measures may be told: how much usable time a number needs."""

from dataclasses import dataclass, field


def _m(unit: str, doc: str, source: str) -> dict[str, str]:
    return {"unit": unit, "doc": doc, "source": source}


@dataclass(frozen=True)
class MeasureSettings:
    """Usable time that a number needs. See `emgpipe settings`."""

    least_usable_s: float = field(
        default=10.0, metadata=_m("s", "Usable time for amplitudes and act_frac.", "definitions, 7")
    )
    least_continuity_s: float = field(
        default=30.0, metadata=_m("s", "Usable time for apdf_p10_uv and cmua_frac.", "definitions, 7")
    )
    least_reference_s: float = field(
        default=3.0, metadata=_m("s", "Usable time of a reference contraction, and of a floor.", "own choice")
    )
    short_s: float = field(
        default=60.0, metadata=_m("s", "Below this a row of rest or whole is flagged SHORT.", "definitions, 7")
    )
    least_usable_share: float = field(
        default=0.5, metadata=_m("1", "Usable share of the segment below which nothing is given.", "definitions, 7")
    )
    least_spasm_s: float = field(default=600.0, metadata=_m("s", "Usable time for spasm_rate_h.", "definitions, 7"))
    least_trials: int = field(default=3, metadata=_m("1", "Stimuli that evoked measures need.", "own choice"))
    least_response_share: float = field(
        default=0.5,
        metadata=_m("1", "Share of the trials that respond, below which no latency is given.", "own choice"),
    )
