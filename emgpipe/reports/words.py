"""Digits and words of the pages: numbers to sensible places, statuses, reasons and sources in plain English."""

import math
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from emgpipe.errors.codes import CODES
from emgpipe.frames.model import Heart
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES

NOT_ON_PAGES = frozenset({"imc_low_z"})
"""Exploratory: kept in the tables, not shown beside a patient."""

CAVEATS = (
    "Measurements only. Surface EMG alone cannot tell continuous activity from voluntary contraction, anxiety, pain,"
    " cold or posture.",
    "It is an EMG correlate of rigidity; no torque is measured.",
    "No normative values exist: compare within the patient.",
    "Not a medical device.",
)
SIMULATED = "Simulated data: no patient was recorded."

STATUS_WORDS = {
    "ok": "ok",
    "flagged": "flagged",
    "below_limit": "below limit",
    "undeterminable": "undeterminable",
    "not_measured": "not measured",
    "failed": "failed",
}
SOURCE_WORDS = {
    "device": "stated for the amplifier or channel",
    "calibration": "annotated calibration segment",
    "still": "still seconds of this recording",
    "out_of_band": "noise above the EMG band",
    "in_signal": "bounds within the signal itself",
}
STATE_WORDS = {
    "active": "active",
    "silent": "silent",
    "undeterminable": "undeterminable",
    "excluded": "excluded",
}
SEVERITY_WORDS = {"error": "refused", "warning": "warning", "info": "info"}
"""What a page calls a finding, in the order of the page."""
SEVERITY_MARKS = {"error": "✕", "warning": "▲", "info": "·"}
"""Told apart without colour."""
NO_FAULT = frozenset({"QRS", "EDGE"})
"""Reasons to leave time out that are part of the method: shown as a share, not as a remark."""
HEADINGS = {
    "rest_rms_uv": "Median level",
    "apdf_p10_uv": "Static level (P10)",
    "apdf_p50_uv": "P50",
    "apdf_p90_uv": "Peak level (P90)",
    "act_frac": "Active share",
    "cmua_frac": "Epochs of continuous activity",
    "longest_silence_s": "Longest silence",
    "gaps_per_min": "Gaps",
    "cc_overlap_uv": "Overlap",
    "cc_fw_pct": "Common area",
    "coact_frac": "Both active",
    "coact_excess": "Both active, over chance",
    "xt_r0": "Correlation within ±2 ms",
    "rigidity_index_log": "Rigidity index (log)",
    "lr_ln_ratio": "Left over right (ln)",
    "axial_limb_ln_ratio": "Axial over limb (ln)",
    "relax_resid_uv": "Level left",
    "stim_auc_uvs": "Response area",
    "stim_lat_ms": "Latency",
    "stim_habituation": "Habituation slope",
}
DIRECTIONS = {"up": "↑ higher = more activity", "down": "↓ lower = more activity", "none": "no direction"}
"""Direction of the registry -> words; an arrow is never alone."""
UNITS = {"uV": "µV", "1": "", "uV s": "µV s", "uV s/min": "µV s/min"}

LEAST_HIDDEN = 0.005
"""Share of time in which EMG hides beats that is worth a word."""

COUNTS = frozenset({"active_regions_emg", "regions_measured", "spasm_generalised_n", "possible_spasm_n"})
"""Measures that are whole numbers."""
SHARES = frozenset({"act_frac", "act_frac_lo", "act_frac_hi", "cmua_frac", "coact_frac"})
"""Measures from none (0) to all (1) of the time."""
CORRELATION = "xt_r0"
_PLACES = {"count": 0, "1": 3, "share": 3, "correlation": 3, "s": 2, "1/min": 1, "1/h": 1, "%": 1, "ms": 0}
MEASURES = {measure.name: measure for measure in (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES)}


class Reason(NamedTuple):
    """A code and what it means."""

    code: str
    meaning: str


def number(value: float | None, unit: str) -> str:
    """Write a value with the digits that it deserves.

    Parameters
    ----------
    value : float or None
        None and NaN are `"–"`.
    unit : str
        As in the tables, or of `unit_of`; µV get three digits and at most two places, fractions three places,
        other units fixed places. A share or correlation is never rounded onto 0 or 1; a correlation is cut after its
        third place, so that it prints as a threshold only from there on.

    Returns
    -------
    str

    Examples
    --------
    >>> [number(v, "uV") for v in (0.123456, 12.3456, 123.456, 4321.0, None)]
    ['0.12', '12.3', '123', '4321', '–']
    >>> number(0.99951, "1"), number(-0.0001, "1"), number(12.345, "s")
    ('1.000', '0.000', '12.35')
    >>> number(0.99951, "share"), number(0.0001, "share"), number(0.2996, "correlation")
    ('>0.999', '<0.001', '0.299')
    """
    if value is None or not math.isfinite(value):
        return "–"
    places = _PLACES.get(unit)
    if places is None or (unit == "1" and abs(value) >= 9.995):
        size = abs(value)
        places = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    text = f"{value:.{places}f}"
    if unit == "correlation":
        text = str(Decimal(repr(float(value))).quantize(Decimal("0.001"), ROUND_DOWN))
    if unit in ("share", "correlation") and float(text) in (0, 1) and value != float(text):
        return "<0.001" if value < 0.5 else ">0.999"
    return text.removeprefix("-") if not float(text) else text.replace("-", "−")


def unit_of(measure: str, unit: str) -> str:
    """What `number` is to print a measure of such a unit as.

    Examples
    --------
    >>> unit_of("spasm_generalised_n", "1"), unit_of("act_frac", "1"), unit_of("tilt", "1")
    ('count', 'share', '1')
    """
    if measure in COUNTS:
        return "count"
    return "share" if measure in SHARES else "correlation" if measure == CORRELATION else unit


def unit_words(unit: str) -> str:
    """Unit as printed: µV for `uV`, nothing for a fraction."""
    return UNITS.get(unit, unit)


def heading(measure: str) -> str:
    """Short words for a measure; its name where there are none."""
    return HEADINGS.get(measure, measure)


def reasons(codes: str) -> tuple[Reason, ...]:
    """Codes joined by `;` with their meanings, each once.

    Examples
    --------
    >>> reasons("SHORT;SHORT")[0].code, len(reasons("SHORT;SHORT")), reasons("")
    ('SHORT', 1, ())
    """
    found = dict.fromkeys(code.strip() for code in codes.split(";") if code.strip())
    return tuple(Reason(code, CODES[code].meaning if code in CODES else "") for code in found)


def heart_words(heart: Heart, share_at_beats: float) -> tuple[str, ...]:
    """What was done about heart beats in a channel, in short sentences; a lead is named as the file labels it.

    Parameters
    ----------
    heart : Heart
        Of the frames of the channel.
    share_at_beats : float
        Share of the time that is left out at beats, 0 to 1.

    Examples
    --------
    >>> for line in heart_words(Heart("ECG", n_beats=104, per_minute=69.3, hidden_share=0.0, residual=1.02), 0.15):
    ...     print(line)
    104 beats removed, 69 a minute, told by ECG.
    15.0 % of the time, at the beats, does not enter the numbers.
    What is left at beats: RMS 1.02 times that between them.
    >>> heart_words(Heart("PSP_L", 0, 0.0, 0.0, math.nan, "few peaks"), 0.0)
    ('None found (few peaks); nothing was removed.',)
    """
    if heart.why:
        doubt = ("Something of one shape recurs, and may be a heart.",) if heart.doubtful else ()
        return (f"None found ({heart.why}); nothing was removed.", *doubt)
    if not heart.n_beats:
        return (f"{heart.source} shows {heart.per_minute:.0f} a minute, this lead none; nothing was removed.",)
    said = [
        f"{heart.n_beats} beats removed, {heart.per_minute:.0f} a minute, told by {heart.source}.",
        f"{100 * share_at_beats:.1f} % of the time, at the beats, does not enter the numbers.",
    ]
    if math.isfinite(heart.residual):
        said.append(f"What is left at beats: RMS {heart.residual:.2f} times that between them.")
    if heart.hidden_share >= LEAST_HIDDEN:
        said.append(f"EMG hides beats for {100 * heart.hidden_share:.0f} % of the time.")
    return tuple(said)


def clock(time_s: float) -> str:
    """Seconds as minutes and seconds.

    Examples
    --------
    >>> clock(9.5), clock(92.0), clock(1800.0)
    ('9.5 s', '1 min 32 s', '30 min 00 s')
    """
    if time_s < 60:
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(round(time_s), 60)
    return f"{minutes} min {seconds:02d} s"


def visible(text: str) -> str:
    r"""Text with control, direction and unpaired characters written out, so that nothing hides or turns around.

    Examples
    --------
    >>> visible("TA\u202eR\x07")
    'TA\\u202eR\\x07'
    """
    # most texts are plain, and a picture in a page is a long one
    return text if text.isprintable() else "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and char != "\n"
    return char.encode("unicode_escape", "surrogatepass").decode("ascii") if hidden else char


def versions_differ(measured: Sequence[str], drawn: str) -> str:
    """Say with which versions of emgpipe numbers were measured where it was not the one that draws them; else empty.

    Examples
    --------
    >>> versions_differ(["0.0.9"], "0.1.0"), versions_differ(["0.1.0"], "0.1.0"), versions_differ([], "0.1.0")
    ('measured with 0.0.9, page drawn with 0.1.0', '', '')
    """
    others = set(measured) - {drawn}
    return f"measured with {', '.join(measured)}, page drawn with {drawn}" if others else ""
