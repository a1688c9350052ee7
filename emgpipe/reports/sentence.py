"""One plain sentence of a recording: levels, activity and overlap with their uncertainty, and what is in doubt."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from emgpipe.measures.events import SUBJECT
from emgpipe.measures.rows import NOTES, VALUED, MeasureRow
from emgpipe.measures.views import REST, WHOLE, Segment
from emgpipe.reports.model import Measured
from emgpipe.reports.tables import main_segment
from emgpipe.reports.words import clock, number

STATIC, MEDIAN, ACTIVE, TOGETHER, SPASMS = (
    "apdf_p10_uv", "rest_rms_uv", "act_frac", "coact_frac", "spasm_generalised_n",
)  # fmt: skip
TOLD = {
    STATIC: "static level (P10)",
    MEDIAN: "median level",
    ACTIVE: "active share",
    TOGETHER: "time active together",
    SPASMS: "generalised spasms",
}
"""Measures of the sentence, and what it calls them."""
DOUBTS = {
    "flagged": "flagged",
    "undeterminable": "undeterminable",
    "not_measured": "not measured",
    "failed": "failed",
}
FEW = 3
"""So many pairs are named one by one; of more, the least and the most."""
LEAST_USED = 0.9
"""A smaller usable share of the segment is worth a word."""

PHRASES = {
    "SHORT": "less than a minute usable",
    "TOO_SHORT": "too little usable time",
    "TOO_MUCH_EXCLUDED": "less than half usable",
    "NO_USABLE_SIGNAL": "no usable signal",
    "RATE_TOO_LOW": "sampling rate too low",
    "NOISY_ELECTRODE": "electrode too noisy for a floor",
    "FLOOR_CAPPED": "floor capped, a lower bound",
    "FLOOR_LOW_CONFIDENCE": "floor of low confidence",
    "FLOOR_CHANGES": "noise changes",
    "FLOOR_IMPLAUSIBLE": "floor implausible",
    "DEVICE_DISAGREES": "stated floor disagrees with the recording",
    "CALIBRATION_NOT_QUIET": "calibration not quiet",
    "LOWER_BOUND": "a lower bound",
    "PARTLY_UNDETERMINABLE": "part of the time undeterminable",
    "MOSTLY_UNDETERMINABLE": "most of the time undeterminable",
    "REST_NOT_DECLARED": "rest is not declared",
    "MUSCLE_MISSING": "not in the recording",
    "CHANNEL_EXCLUDED": "excluded by name",
    "IDENTICAL_CHANNELS": "two channels are one signal",
    "UNEQUAL_RATES": "unequal sampling rates",
    "CROSSTALK_POSSIBLE": "possible crosstalk",
    "ECG_NOT_REMOVED": "a heart may be left in",
    "ECG_HIDDEN": "heart beats hidden by EMG",
    "ECG_UNCONFIRMED": "heart told by one lead alone",
    "ECG_RESIDUAL": "heart beats may be left in part",
    "MAINS_DOMINATES": "mains was nearly all of the signal",
    "MAINS_JUMP": "mains jumps",
    "AMPLITUDE_IMPLAUSIBLE": "implausible amplitude",
    "QUANTISATION_COARSE": "digital step above the floor",
    "OUT_OF_RANGE": "samples beyond the stated range",
    "BAND_LIMITED": "hardware filter within the band, reads low",
    "CLIPPED": "clipped",
    "FLAT": "flat",
    "GAP": "gaps",
    "MOVEMENT": "movement",
    "STEP": "electrode steps",
    "ELECTRODE_OFF": "electrode off",
    "POSSIBLE_SPASMS": "excluded time may hide spasms",
    "FLOOR_MEDIUM_CONFIDENCE": "floor of medium confidence",
    "LOW_PASS": "no noise recorded above the band",
    "TILT_UNDEFINED": "upper band not recorded",
    "BAND_NARROWED": "band narrowed by the sampling rate",
    "MAINS_OTHER": "lines of the other mains frequency left in",
    "BAD": "marked by people",
    "QRS": "time at heart beats",
    "EDGE": "ends of runs",
    "SPASMS_UNSURE": "number of spasms depends on the floor",
    "MUSCLES_TOO_FEW": "fewer than two muscles measured",
    "GENERALISED": "part of a generalised spasm",
    "NO_REFERENCE": "no reference contraction",
    "REFERENCE_BELOW_LIMIT": "reference below its limit",
    "REFERENCE_UNDETERMINABLE": "reference undeterminable",
    "REFERENCE_LOWER_BOUND": "reference is a lower bound",
    "REFERENCE_BELOW_REST": "reference below this segment",
    "BOTH_NEAR_FLOOR": "both near the floor",
    "STIMULI_CLOSE": "stimuli too close",
    "STIMULUS_ARTEFACT": "artefact of the stimulus",
    "TRIALS_FEW": "too few stimuli",
    "NO_RESPONSE": "response to fewer than half of the stimuli",
    "AREA_CUT": "areas cut by the next stimulus",
    "HABITUATION_CENSORED": "trials without a positive area left out",
    "INDEX_NOT_DECLARED": "index not declared",
    "INDEX_INCOMPLETE": "too few muscles of the index",
    "INDEX_PARTIAL": "some muscles of the index left out",
    "BELOW_LIMIT": "a muscle below its limit",
    "NO_REGION": "no region with both measures",
    "CONTRAST_INCOMPLETE": "one side without a value",
    "NOT_SELECTED": "not selected",
    "NOT_REACHED": "run stopped before it",
    "HEADER_NUMBER": "scale of the file unreadable",
    "UNIT_UNKNOWN": "unit unknown",
    "UNIT_CONFLICT": "two units stated",
    "NOT_A_VOLTAGE": "no voltage",
    "DIGITAL_RANGE": "digital range invalid",
    "SCALE_DEGENERATE": "no scale to microvolts",
    "MUSCLE_DUPLICATE": "several signals of one muscle",
}
"""Short words for codes; one that is not here (of another version) is printed in small letters."""


def sentence(result: Measured) -> str:
    """Say what a recording shows in its main segment, with the sampling precision of each number.

    Parameters
    ----------
    result : Measured
        Rows and segments of one recording.

    Returns
    -------
    str
        One sentence. Lowest and highest value over the muscles or pairs that have one, each with low and high
        ("no interval" where the rows give none). What is below its limit is named with the limit alone, what is
        undeterminable or not measured with the reason and no number; what is flagged keeps its number and is named.

    Examples
    --------
    >>> rest = Segment("rest", "rest", 0.0, 90.0)
    >>> rows = [
    ...     MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", 3.31, "uV", 3.14, 3.42, floor_uv=1.2),
    ...     MeasureRow("rest", "TA_R", "muscle", "act_frac", 0.991, "1", 0.982, 0.996),
    ...     MeasureRow("rest", "GM_R", "muscle", "act_frac", None, "1", status="undeterminable", reason="TOO_SHORT"),
    ... ]
    >>> print(sentence(Measured(tuple(rows), segments=(rest,))))
    At rest over 1 min 30 s: static level (P10) 3.31 µV (TA_R, 3.14 to 3.42) over a noise floor of 1.20 µV; active for \
99.1 % of the time (TA_R, 98.2 to 99.6); undeterminable: GM_R (too little usable time).
    """
    segment = main_segment(result.segments)
    if segment is None:
        return "No segment was measured: nothing is told."
    rows = _rows_told(result.rows, segment)
    said = [clause for clause in (_level(rows), _activity(rows), _together(rows), _spasms(rows)) if clause]
    said = [*said, *_below(rows)] or ["nothing can be told"]
    return f"{_where(segment, rows)}: " + "; ".join([*said, *_doubts(rows)]) + "."


def _rows_told(rows: Iterable[MeasureRow], segment: Segment) -> list[MeasureRow]:
    """Rows that the sentence is made of: the median level stands in only where no static level is given.

    That there were no generalised spasms is said only where it is in doubt.
    """
    own = [r for r in rows if r.segment == segment.name and r.measure in TOLD]
    static = any(r.measure == STATIC and r.status in VALUED for r in own)
    return [
        r for r in own
        if not (r.measure == MEDIAN and (static or r.status not in VALUED))
        and not (r.measure == SPASMS and r.value == 0 and r.status == "ok")
    ]  # fmt: skip


def _where(segment: Segment, rows: Sequence[MeasureRow]) -> str:
    length_s = segment.stop_s - segment.start_s
    name = {REST: "At rest", WHOLE: "In the whole recording"}.get(segment.kind, f"In segment {segment.name}")
    used = [(r.used_s, r.target) for r in rows if r.used_s is not None and r.status in VALUED and r.measure != SPASMS]
    least_s, target = min(used, default=(length_s, ""))
    short = f" (of which {clock(least_s)} usable in {target})" if least_s < LEAST_USED * length_s else ""
    return f"{name} over {clock(length_s)}{short}"


def _given(rows: Sequence[MeasureRow], measure: str) -> list[MeasureRow]:
    """Rows with a value that is told from 0, lowest first."""
    found = [r for r in rows if r.measure == measure and r.status in VALUED and r.status != "below_limit"]
    return sorted(found, key=lambda r: (r.value or 0.0, r.target))


def _level(rows: Sequence[MeasureRow]) -> str:
    for measure in (STATIC, MEDIAN):
        if given := _given(rows, measure):
            return f"{TOLD[measure]} {_span(given, _microvolts, ' µV', first='from ')}{_floors(given)}"
    return ""


def _floors(rows: Sequence[MeasureRow]) -> str:
    floors = sorted(r.floor_uv for r in rows if r.floor_uv is not None)
    if not floors:
        return ""
    low, high = number(floors[0], "uV"), number(floors[-1], "uV")
    return f" over a noise floor of {low} µV" if low == high else f" over noise floors of {low} to {high} µV"


def _activity(rows: Sequence[MeasureRow]) -> str:
    given = _given(rows, ACTIVE)
    return f"active for {_span(given, percent, ' %', ' of the time')}" if given else ""


def _together(rows: Sequence[MeasureRow]) -> str:
    given = _given(rows, TOGETHER)
    if len(given) > FEW:
        return f"muscles of a pair active together for {_span(given, percent, ' %', ' of the time')}"
    return "; ".join(
        f"{' and '.join(r.target.split('/'))} active together for {percent(r.value)} % ({_interval([r], percent)})"
        for r in sorted(given, key=rows.index)
    )


def _spasms(rows: Sequence[MeasureRow]) -> str:
    found = next((r for r in rows if r.measure == SPASMS and r.status in VALUED), None)
    if found is None:
        return ""
    return f"{number(found.value, 'count')} generalised spasm{'' if found.value == 1 else 's'}"


def _span(
    rows: Sequence[MeasureRow], text: Callable[[float | None], str], unit: str, tail: str = "", first: str = ""
) -> str:
    """Least and largest value with whose it is and the interval; one where they print alike."""
    least, most = rows[0], rows[-1]
    if text(least.value) == text(most.value):
        names = ", ".join(r.target for r in rows)
        return f"{text(least.value)}{unit}{tail} ({names}, {_interval(rows, text)})"
    low, high = (f"{text(r.value)}{unit} ({r.target}, {_interval([r], text)})" for r in (least, most))
    return f"{first}{low} to {high}{tail}"


def _interval(rows: Sequence[MeasureRow], text: Callable[[float | None], str]) -> str:
    """From the least low to the largest high; no interval where one of the rows has none."""
    lows = [r.low for r in rows if r.low is not None and r.high is not None]
    highs = [r.high for r in rows if r.low is not None and r.high is not None]
    return f"{text(min(lows))} to {text(max(highs))}" if len(lows) == len(rows) else "no interval"


def _microvolts(value: float | None) -> str:
    return number(value, "uV")


def percent(share: float | None) -> str:
    """Write a share as percent: one decimal, none where it is whole; near 0 and 100 never rounded onto them.

    Examples
    --------
    >>> [percent(x) for x in (0.0, 0.00001, 0.523, 0.99999, 1.0, None)]
    ['0', '<0.1', '52.3', '>99.9', '100', '–']
    """
    if share is None:
        return "–"
    text = f"{100 * share:.1f}"
    if text in ("0.0", "-0.0") and share:
        return "<0.1"
    if text == "100.0" and share < 1:
        return ">99.9"
    return text.removesuffix(".0").removeprefix("-")


def _below(rows: Sequence[MeasureRow]) -> Iterator[str]:
    """Levels below their limit, with the limits; an estimate there is not told from 0."""
    for measure in (STATIC, MEDIAN):
        found = [r for r in rows if r.measure == measure and r.status == "below_limit"]
        if found:
            names = ", ".join(r.target for r in found)
            yield f"{TOLD[measure]} below its limit in {names} ({_limits([r.limit for r in found])})"


def _limits(values: Iterable[float | None]) -> str:
    known = sorted(v for v in values if v is not None)
    if not known:
        return "limit not stated"
    low, high = number(known[0], "uV"), number(known[-1], "uV")
    return f"limit {low} µV" if low == high else f"limits {low} to {high} µV"


def _doubts(rows: Sequence[MeasureRow]) -> Iterator[str]:
    """What is flagged or has no value: targets by reason; with the measures where not all of a target are meant."""
    measures: dict[str, set[str]] = {}
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        measures.setdefault(row.target, set()).add(row.measure)
        status, codes = _doubt(row)
        if status:
            groups.setdefault((status, codes), {}).setdefault(row.target, []).append(row.measure)
    for status, word in DOUBTS.items():
        found = [_named(targets, measures, codes) for (s, codes), targets in groups.items() if s == status]
        if found:
            yield f"{word}: {', '.join(found)}"


def _doubt(row: MeasureRow) -> tuple[str, str]:
    codes = [code for code in row.reason.split(";") if code and code not in NOTES]
    if row.status in VALUED:
        return ("flagged" if codes or row.status == "flagged" else ""), ";".join(codes)
    return row.status, ";".join(codes)


def _named(targets: dict[str, list[str]], measures: dict[str, set[str]], codes: str) -> str:
    why = ", ".join(PHRASES.get(code, code.replace("_", " ").lower()) for code in codes.split(";") if code)
    # all muscles together have no name but that of what is measured
    body = [TOLD[measure] for measure in targets.get(SUBJECT, ())]
    kinds: dict[str, list[str]] = {}
    for target, found in targets.items():
        if target == SUBJECT:
            continue
        whole = set(found) == measures[target]
        kinds.setdefault("" if whole else " and ".join(TOLD[m] for m in found), []).append(target)
    said = [f"{what} of {', '.join(names)}" if what else ", ".join(names) for what, names in kinds.items()]
    return f"{', '.join([*said, *body])} ({why or 'no reason given'})"
