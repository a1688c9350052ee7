"""Signals as a header states them: muscle, kind, scale to µV, and what forbids a number."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from emgpipe.muscles import is_muscle, kind_of_label, muscle_of_label, nearest_muscles
from emgpipe.readers.header import Header, SignalHeader
from emgpipe.readers.samples import Scale
from emgpipe.readers.units import is_other_quantity, known_voltages, uv_per_unit
from emgpipe.recording import Finding, Kind, Signal

_MOST_UV = 1e9
_LEAST_STEP_UV = 1e-9
_DIGITAL_LIMIT = {2: 2**15, 3: 2**23}


class Described(NamedTuple):
    """Signals in file order, annotation signals left out, the scale of each readable one by position, and findings."""

    signals: tuple[Signal, ...]
    scales: dict[int, Scale]
    findings: list[Finding]


class _Doubt(NamedTuple):
    """Why a signal gives no number; an empty message is not told."""

    code: str
    message: str


def describe_signals(header: Header, channels: Mapping[str, str], units: Mapping[str, str]) -> Described:
    """Give every signal its muscle, kind and scale.

    Parameters
    ----------
    header : Header
        A checked header.
    channels : mapping
        Label to muscle or `"ECG"`, before the catalogue's reading of the label.
    units : mapping
        Label to unit, for labels whose unit the file does not state.

    Returns
    -------
    Described
    """
    signals, scales, findings = [], {}, []
    for index, stated in enumerate(header.signals):
        if header.is_annotations(index):
            continue
        kind, muscle, named = _meaning(stated.label, channels)
        unit = units[stated.label] if stated.label in units and not _is_stated(stated.unit) else stated.unit
        doubt = _doubt(stated, unit, units.get(stated.label, unit), kind, _DIGITAL_LIMIT[header.sample_bytes])
        signal = _signal(header, index, stated, unit, kind, muscle, doubt)
        if not signal.refused:
            scales[index] = _scale(stated, signal.uv_per_unit)
        signals.append(signal)
        findings += named
        if doubt and doubt.message:
            findings.append(
                Finding(doubt.code, "warning" if kind == "other" else "error", repr(stated.label), doubt.message)
            )
    return Described(tuple(signals), scales, findings + _repeats(signals))


def _meaning(label: str, channels: Mapping[str, str]) -> tuple[Kind, str, list[Finding]]:
    """Kind and muscle of a label; a name given in `channels` counts before the catalogue."""
    given = channels.get(label)
    if given is not None and given.upper() == "ECG":
        return "ecg", "", []
    if given is not None and is_muscle(given):
        return "emg", given, []
    kind, muscle = kind_of_label(label), muscle_of_label(label)
    if given is not None:
        message = f"is named {given!r} in [channels]; a muscle such as TA_R, or ECG, is needed{_hint(given)}"
        return kind, "", [Finding("MUSCLE_UNKNOWN", "warning", repr(label), message)]
    if kind == "emg" and not muscle:
        message = f"names no single muscle; name it in [channels]{_hint(label)}"
        return kind, "", [Finding("MUSCLE_UNKNOWN", "warning", repr(label), message)]
    return kind, muscle, []


def _hint(label: str) -> str:
    nearest = nearest_muscles(label)
    return f"; did you mean {', '.join(nearest)}?" if nearest else ""


def _is_stated(unit: str) -> bool:
    return is_other_quantity(unit) or not math.isnan(uv_per_unit(unit))


def _doubt(stated: SignalHeader, unit: str, given: str, kind: Kind, digital_limit: int) -> _Doubt | None:
    """First reason against a number from this signal."""
    factor = uv_per_unit(unit)
    if kind == "other" and math.isnan(factor):
        return _Doubt("NOT_A_VOLTAGE", "")
    return _unit_doubt(unit, given, factor) or _range_doubt(stated, factor, digital_limit)


def _unit_doubt(unit: str, given: str, factor: float) -> _Doubt | None:
    if is_other_quantity(unit):
        return _Doubt("NOT_A_VOLTAGE", f"unit {unit!r} is no voltage; one of {known_voltages()} is needed")
    if math.isnan(factor):
        message = f"unit {unit!r} is unknown; one of {known_voltages()} is needed, state it in [units]"
        return _Doubt("UNIT_UNKNOWN", message)
    if uv_per_unit(given) != factor:
        message = f"the file states {unit!r} and [units] {given!r}; [units] is for what the file does not state"
        return _Doubt("UNIT_CONFLICT", message)
    return None


def _range_doubt(stated: SignalHeader, factor: float, digital_limit: int) -> _Doubt | None:
    low, high = stated.physical_min, stated.physical_max
    digital = f"digital minimum {stated.digital_min} and maximum {stated.digital_max}"
    physical = f"physical minimum {low!r} and maximum {high!r}"
    if not -digital_limit <= stated.digital_min < stated.digital_max < digital_limit:
        message = f"{digital}; minimum < maximum within {-digital_limit} to {digital_limit - 1} is needed"
        return _Doubt("DIGITAL_RANGE", message)
    if low == high:
        return _Doubt("SCALE_DEGENERATE", f"{physical} are equal; a range is needed to scale to microvolts")
    if low > high:
        return _Doubt("SCALE_INVERTED", f"{physical}: the polarity is inverted; minimum < maximum is needed")
    step_uv = (high - low) * factor / (stated.digital_max - stated.digital_min)
    if step_uv < _LEAST_STEP_UV or max(abs(low), abs(high)) * factor > _MOST_UV:
        return _Doubt("SCALE_DEGENERATE", f"{physical} make steps of {step_uv:.3g} microvolts; no amplifier has them")
    return None


def _scale(stated: SignalHeader, factor: float) -> Scale:
    gain = (stated.physical_max - stated.physical_min) / (stated.digital_max - stated.digital_min)
    return Scale(gain * factor, (stated.physical_min - stated.digital_min * gain) * factor)


def _signal(
    header: Header, index: int, stated: SignalHeader, unit: str, kind: Kind, muscle: str, doubt: _Doubt | None
) -> Signal:
    factor = uv_per_unit(unit)
    scale = math.nan if doubt else factor
    return Signal(
        index=index,
        label=stated.label,
        muscle=muscle if kind == "emg" else "",
        kind=kind,
        unit=unit,
        rate_hz=stated.samples_per_record / header.record_s,
        n_samples=stated.samples_per_record * header.n_records,
        lsb_uv=math.nan if doubt else _scale(stated, factor).gain_uv,
        clip_low_uv=stated.physical_min * scale,
        clip_high_uv=stated.physical_max * scale,
        uv_per_unit=factor,
        prefilter=stated.prefilter,
        transducer=stated.transducer,
        refused=doubt.code if doubt else "",
    )


def _repeats(signals: list[Signal]) -> list[Finding]:
    """Labels and muscles that several signals carry: readable by position only."""
    findings = []
    for label, n in Counter(signal.label for signal in signals).items():
        if n > 1:
            places = ", ".join(str(s.index) for s in signals if s.label == label)
            message = f"{n} signals carry this label, at positions {places}; name them by position"
            findings.append(Finding("LABEL_DUPLICATE", "warning", repr(label), message))
    muscles = Counter(s.muscle for s in {s.label: s for s in signals}.values() if s.muscle)
    for muscle, n in muscles.items():
        if n > 1:
            labels = ", ".join(repr(s.label) for s in signals if s.muscle == muscle)
            message = f"{labels} name the same muscle; tell them apart in [channels]"
            findings.append(Finding("MUSCLE_DUPLICATE", "warning", muscle, message))
    return findings
