"""Parameters of outcome tables: a short stable code, words, a category, and which units allow a change in per cent."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from emgpipe.errors import TableError


class Parameter(NamedTuple):
    """What is measured, of what, when: one PARAMCD."""

    measure: str
    target: str
    segment: str
    task: str
    unit: str


class _Told(NamedTuple):
    letters: str
    category: str
    words: str


# Three letters a measure, never given to another one; words in ASCII, at most 60 letters.
_MEASURES = {
    "floor_uv": _Told("FLR", "QC", "Noise floor"),
    "tilt": _Told("TLT", "QC", "Spectral tilt 50-200 over 350-425 Hz"),
    "rest_rms_uv": _Told("RMS", "LEVEL", "Median RMS"),
    "apdf_p10_uv": _Told("P10", "LEVEL", "Static level P10"),
    "apdf_p50_uv": _Told("P50", "LEVEL", "Median level P50"),
    "apdf_p90_uv": _Told("P90", "LEVEL", "Peak level P90"),
    "act_frac": _Told("ACT", "CMUA", "Active share of time"),
    "act_frac_lo": _Told("ACL", "CMUA", "Active share, floor at its upper end"),
    "act_frac_hi": _Told("ACH", "CMUA", "Active share, floor at its lower end"),
    "cmua_frac": _Told("CMU", "CMUA", "Share of epochs with continuous activity"),
    "longest_silence_s": _Told("SIL", "CMUA", "Longest silence"),
    "gaps_per_min": _Told("GPM", "CMUA", "Gaps a minute"),
    "rest_third1_uv": _Told("RT1", "LEVEL", "Median RMS, first third"),
    "rest_third2_uv": _Told("RT2", "LEVEL", "Median RMS, middle third"),
    "rest_third3_uv": _Told("RT3", "LEVEL", "Median RMS, last third"),
    "possible_spasm_n": _Told("SPP", "SPASM", "Possible spasms, excluded"),
    "spasm_rate_h": _Told("SPR", "SPASM", "Spasms an hour"),
    "spasm_auc_uvs_min": _Told("SPA", "SPASM", "Spasm area a minute"),
    "relax_resid_uv": _Told("REL", "LEVEL", "Level after a cue to relax"),
    "stim_lat_ms": _Told("STL", "EVOKED", "Latency of the response to a stimulus"),
    "stim_auc_uvs": _Told("STA", "EVOKED", "Area of the response to a stimulus"),
    "stim_habituation": _Told("STH", "EVOKED", "Habituation of the response"),
    "cc_overlap_uv": _Told("CCO", "CO-CONTRACTION", "Common level of both muscles"),
    "cc_overlap_xt_uv": _Told("CCX", "CO-CONTRACTION", "Common level without shared signal"),
    "cc_fw_pct": _Told("CCF", "CO-CONTRACTION", "Common area, Falconer-Winter"),
    "cc_rudolph_uv": _Told("CCR", "CO-CONTRACTION", "Co-contraction, Rudolph"),
    "coact_frac": _Told("COF", "CO-CONTRACTION", "Share of time with both active"),
    "coact_excess": _Told("COE", "CO-CONTRACTION", "Coactivity beyond chance"),
    "xt_r0": _Told("XTR", "QC", "Shared signal, largest correlation"),
    "imc_low_z": _Told("IMC", "CO-CONTRACTION", "Intermuscular coherence 2-15 Hz, z"),
    "spasm_generalised_n": _Told("SPG", "SPASM", "Generalised spasms"),
    "rigidity_index_log": _Told("RIX", "INDEX", "Rigidity index, mean ln of static levels"),
    "active_regions_emg": _Told("ARE", "INDEX", "Body regions with continuous activity"),
    "regions_measured": _Told("RGM", "QC", "Body regions measured"),
    "axial_limb_ln_ratio": _Told("AXL", "INDEX", "Axial over limb level, ln ratio"),
    "lr_ln_ratio": _Told("LRR", "INDEX", "Left over right level, ln ratio"),
    "rest_rms_pct": _Told("RMP", "LEVEL", "Median RMS in % of reference"),
    "apdf_p10_pct": _Told("P1P", "LEVEL", "Static level P10 in % of reference"),
    "apdf_p50_pct": _Told("P5P", "LEVEL", "Median level P50 in % of reference"),
    "apdf_p90_pct": _Told("P9P", "LEVEL", "Peak level P90 in % of reference"),
    "relax_resid_pct": _Told("REP", "LEVEL", "Level after a cue to relax in % of reference"),
}
RATIO_UNITS = frozenset({"uV", "uV s", "uV s/min", "s", "ms", "1/h", "1/min"})
"""Units with a true zero and no upper end: those of a PCHG."""
_DIGITS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters that nobody takes for one another."""


def paramcd(one: Parameter) -> str:
    """Eight letters: three of the measure, five of a hash of measure, target, segment and task.

    Parameters
    ----------
    one : Parameter
        Its unit does not count.

    Returns
    -------
    str
        Depends on nothing else in a table or study.

    Raises
    ------
    TableError
        PARAMETER_UNKNOWN: no such measure.

    Examples
    --------
    >>> paramcd(Parameter("apdf_p10_uv", "TA_R", "rest", "supine", "uV"))
    'P107HBB4'
    """
    text = "\x1f".join((one.measure, one.target, one.segment, one.task))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    return _told(one).letters + "".join(_DIGITS[number >> 5 * place & 31] for place in range(5))


def param(one: Parameter) -> str:
    """Words with the unit in brackets, ASCII.

    Examples
    --------
    >>> param(Parameter("apdf_p10_uv", "TA_R", "rest", "supine", "uV"))
    'Static level P10, TA_R, rest, task supine (uV)'
    """
    return f"{_told(one).words}, {one.target}, {one.segment}, task {one.task} ({one.unit})"


def category(one: Parameter) -> str:
    """PARCAT1: LEVEL, CMUA, CO-CONTRACTION, SPASM, EVOKED, INDEX or QC."""
    return _told(one).category


def codes_of(parameters: Iterable[Parameter]) -> dict[Parameter, str]:
    """PARAMCD of each parameter of a table.

    Raises
    ------
    TableError
        PARAMETER_UNKNOWN. PARAMCD_TWICE: two parameters of one code; a table of 500 has one with a chance below 1e-4.
    """
    codes = {one: paramcd(one) for one in parameters}
    first: dict[str, Parameter] = {}
    for one, code in codes.items():
        if first.setdefault(code, one) != one:
            found = f"{param(first[code])!r} and {param(one)!r} have both the code {code!r}"
            raise TableError("PARAMCD_TWICE", f"{found}; rename the segment or task of one of them")
    return codes


def _told(one: Parameter) -> _Told:
    if one.measure not in _MEASURES:
        message = f"measure {one.measure[:60]!r}; results of a newer version? install that one to make their tables"
        raise TableError("PARAMETER_UNKNOWN", message)
    return _MEASURES[one.measure]
