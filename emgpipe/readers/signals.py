"""Signals as a header states them: muscle, kind, scale to µV, and what forbids a number."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from emgpipe.muscles import is_muscle, kind_of_label, likely_muscles, muscle_of_label, nearest_muscles
from emgpipe.readers.findings import MOST_OF_A_KIND, Findings, capped, listed, places
from emgpipe.readers.header import Header, SignalHeader
from emgpipe.readers.samples import Scale
from emgpipe.readers.units import is_other_quantity, known_voltages, scale_in_text, uv_per_unit
from emgpipe.recording import Finding, Kind, Severity, Signal

_DIGITS = re.compile(r"\d+")
_MOST_ALIKE = 3  # more labels that differ in their number are told together
_TELL_APART = "give each its own label and export again"
_ONE_MUSCLE = "one muscle of the catalogue (docs/muscles.md)"
_A_MUSCLE = "a muscle such as TA_R (docs/muscles.md), or ECG"
_NAME_IT = "name it in [channels] of a study.toml"
_MOST_UV = 1e9
_LEAST_STEP_UV = 1e-9
_ROUNDING_UV = 0.05  # from here on a rounding counts beside the noise of the best electrode
_DIGITAL_LIMIT = {2: 2**15, 3: 2**23}


class Described(NamedTuple):
    """Signals in file order, annotation signals left out, the scale of each readable one by position, and findings."""

    signals: tuple[Signal, ...]
    scales: dict[int, Scale]
    findings: list[Finding]


class _Limits(NamedTuple):
    """Limits of a signal, all of them numbers."""

    physical_min: float
    physical_max: float
    digital_min: int
    digital_max: int


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
    signals, scales, findings = [], {}, Findings()
    named = places([stated.label for stated in header.signals])
    unknown: list[tuple[str, str]] = []
    for index, stated in enumerate(header.signals):
        if header.is_annotations(index):
            continue
        kind, muscle, is_unknown = _meaning(stated.label, channels)
        is_volts = not math.isnan(uv_per_unit(stated.unit))
        if is_unknown or (kind == "other" and is_volts and _likely(stated.label)):
            unknown.append((named[index], stated.label))
        unit = _unit_used(stated.unit, units.get(stated.label))
        refused = _judge(
            found := Findings(), named[index], stated, unit, units.get(stated.label), kind, header.sample_bytes
        )
        if not refused and (limits := _limits(stated)):
            scales[index] = _scale(limits, uv_per_unit(unit))
        signals.append(_signal(header, index, unit, kind, muscle, refused))
        findings += found
    _tell_unknown(findings, unknown, channels)
    _tell_repeats(findings, signals)
    return Described(tuple(signals), scales, capped(findings))


def _meaning(label: str, channels: Mapping[str, str]) -> tuple[Kind, str, bool]:
    """Kind and muscle of a label, `channels` before the catalogue, and whether it should be a muscle and is none."""
    given = channels.get(label)
    if given is not None and given.upper() == "ECG":
        return "ecg", "", False
    if given is not None and is_muscle(given):
        return "emg", given, False
    kind, muscle = _read_label(label)
    if given is not None:
        muscle = ""
    return kind, muscle, given is not None or (kind == "emg" and not muscle)


@lru_cache(maxsize=4096)
def _read_label(label: str) -> tuple[Kind, str]:
    """Kind and muscle by the catalogue; the files of a study carry the same few labels."""
    return kind_of_label(label), muscle_of_label(label)


@lru_cache(maxsize=4096)
def _likely(label: str) -> tuple[str, ...]:
    """Muscles that a voltage of no known kind seems to mean; most likely none."""
    return tuple(likely_muscles(label))


@lru_cache(maxsize=4096)
def _nearest(label: str) -> str:
    near = _likely(label) or nearest_muscles(label)
    return f"did you mean {', '.join(near)}?" if near else ""


def _tell_unknown(found: Findings, unknown: Sequence[tuple[str, str]], channels: Mapping[str, str]) -> None:
    """Labels and names that are no muscle; many labels that differ in a number only are one finding."""
    alike: dict[str, list[str]] = {}
    for place, label in unknown:
        alike.setdefault(_DIGITS.sub("", label) if label not in channels else place, []).append(place)
    told: set[str] = set()
    for place, label in unknown:
        if label in channels:
            found.warn(
                "MUSCLE_UNKNOWN",
                place,
                f"{channels[label]!r} in [channels]",
                _A_MUSCLE,
                _nearest_few(found, channels[label]),
            )
            continue
        stem = _DIGITS.sub("", label)
        if len(alike[stem]) <= _MOST_ALIKE:
            wheres = place
        elif stem not in told:
            wheres = f"{', '.join(alike[stem][:2])}, ... ({len(alike[stem])} labels)"
        else:
            continue
        told.add(stem)
        hint = "; ".join(part for part in (_NAME_IT, _nearest_few(found, label)) if part)
        found.warn("MUSCLE_UNKNOWN", wheres, "a label that names no single muscle", _ONE_MUSCLE, hint)


def _nearest_few(found: Findings, name: str) -> str:
    """Nearest muscles, slow to find: only for what is read by a person."""
    n_told = sum(finding.code == "MUSCLE_UNKNOWN" for finding in found)
    return _nearest(name) if n_told < MOST_OF_A_KIND else ""


def _unit_used(stated: str, given: str | None) -> str:
    """Unit of the file, that of [units] where the file states none or the same in other letters."""
    if given is None or not math.isnan(uv_per_unit(stated)):
        return stated
    return stated if _is_stated(stated) and scale_in_text(stated) != uv_per_unit(given) else given


def _is_stated(unit: str) -> bool:
    return is_other_quantity(unit) or not math.isnan(scale_in_text(unit))


def _judge(
    found: Findings, place: str, stated: SignalHeader, unit: str, given: str | None, kind: Kind, sample_bytes: int
) -> str:
    """Say everything against numbers from a signal; return the code that forbids them, or `""`."""
    limits, factor = _limits(stated), uv_per_unit(unit)
    if kind != "other" or not math.isnan(factor):
        _judge_unit(found, place, stated.unit, unit, given)
    if limits:
        _judge_range(found, place, limits, factor, _DIGITAL_LIMIT[sample_bytes])
    errors = [finding.code for finding in found if finding.severity == "error"]
    if not limits:  # said with the header
        return "HEADER_NUMBER"
    if not errors and math.isnan(factor):  # an angle is no defect
        return "NOT_A_VOLTAGE"
    return errors[0] if errors else ""


def _judge_unit(found: Findings, place: str, stated: str, unit: str, given: str | None) -> None:
    """Judge the unit that is used against those of the file and of [units]."""
    factor = uv_per_unit(unit)
    if given not in (None, stated) and _is_stated(stated) and scale_in_text(stated) != uv_per_unit(str(given)):
        both = f"unit {stated!r} in the file and {given!r} in [units]"
        found.error("UNIT_CONFLICT", place, both, "one of them", "[units] is for what the file does not state")
    elif is_other_quantity(unit):
        found.error(
            "NOT_A_VOLTAGE", place, f"unit {unit!r}", known_voltages(), "a muscle or a heart is measured in volts"
        )
    elif math.isnan(factor):
        found.error("UNIT_UNKNOWN", place, f"unit {unit!r}", known_voltages(), "state it in [units] of a study.toml")
    elif stated and math.isnan(uv_per_unit(stated)):
        hint = f"{unit!r} of [units] is used in its place"
        found.note("info", "UNIT_OVERRIDDEN", place, f"unit {stated!r} in the file", known_voltages(), hint)


def _judge_range(found: Findings, place: str, limits: _Limits, factor: float, digital_limit: int) -> None:
    digital = f"digital minimum {limits.digital_min} and maximum {limits.digital_max}"
    physical = f"physical minimum {limits.physical_min!r} and maximum {limits.physical_max!r}"
    is_digital = -digital_limit <= limits.digital_min < limits.digital_max < digital_limit
    if not is_digital:
        allowed = f"minimum < maximum within {-digital_limit} to {digital_limit - 1}"
        found.error("DIGITAL_RANGE", place, digital, allowed, "export the file again")
    if limits.physical_min == limits.physical_max:
        found.error("SCALE_DEGENERATE", place, physical, "two numbers that differ", "there is no scale to microvolts")
        return
    if limits.physical_min > limits.physical_max and not math.isnan(factor):
        hint = "used with the sign it means: the polarity is inverted"
        found.warn("SCALE_INVERTED", place, physical, "minimum < maximum", hint)
    if is_digital and not math.isnan(factor):
        _judge_step(found, place, limits, factor, physical)


def _judge_step(found: Findings, place: str, limits: _Limits, factor: float, physical: str) -> None:
    step_uv = abs(_scale(limits, factor).gain_uv)
    most_uv = max(abs(limits.physical_min), abs(limits.physical_max)) * factor
    rounding_uv = _rounding_uv(limits, factor)
    if step_uv < _LEAST_STEP_UV or most_uv > _MOST_UV:
        stated = f"{physical}, steps of {step_uv:.3g} microvolts"
        allowed = f"steps from {_LEAST_STEP_UV:g} and a range to {_MOST_UV:g} microvolts"
        found.error("SCALE_DEGENERATE", place, stated, allowed, "no amplifier has them; export the file again")
    elif step_uv < rounding_uv:
        stated = f"{physical}, steps of {step_uv:.3g} microvolts on a large offset"
        allowed = f"steps that single precision can hold at the limits, {rounding_uv:.3g} microvolts"
        severity: Severity = "warning" if rounding_uv > _ROUNDING_UV else "info"
        hint = f"values are rounded to {rounding_uv:.3g} microvolts"
        found.note(severity, "SCALE_COARSE", place, stated, allowed, hint)


def _rounding_uv(limits: _Limits, factor: float) -> float:
    """Distance of neighbouring float32 values near the limit that is farthest from 0, µV."""
    most_uv = max(abs(limits.physical_min), abs(limits.physical_max)) * factor
    # a little inside: 24 bits around 0 fit, though an end may stand on a power of two or just beyond
    return math.ulp(0.999 * most_uv) * 2**29  # float32 has 29 bits less


def _limits(stated: SignalHeader) -> _Limits | None:
    """Limits of a signal, None where one of them is no number."""
    low, high, bottom, top = stated.physical_min, stated.physical_max, stated.digital_min, stated.digital_max
    if low is None or high is None or bottom is None or top is None:
        return None
    return _Limits(low, high, bottom, top)


def _scale(limits: _Limits, factor: float) -> Scale:
    gain = (limits.physical_max - limits.physical_min) / (limits.digital_max - limits.digital_min)
    return Scale(gain * factor, (limits.physical_min - limits.digital_min * gain) * factor)


def _signal(header: Header, index: int, unit: str, kind: Kind, muscle: str, refused: str) -> Signal:
    stated = header.signals[index]
    limits, factor = _limits(stated), uv_per_unit(unit)
    low_uv = high_uv = step_uv = math.nan
    if limits and not refused:
        low_uv, high_uv = sorted((limits.physical_min * factor, limits.physical_max * factor))
        step_uv = max(abs(_scale(limits, factor).gain_uv), _rounding_uv(limits, factor))
    return Signal(
        index=index,
        label=stated.label,
        muscle=muscle if kind == "emg" else "",
        kind=kind,
        unit=unit,
        rate_hz=stated.samples_per_record / header.record_s,
        n_samples=stated.samples_per_record * header.n_records,
        lsb_uv=step_uv,
        clip_low_uv=low_uv,
        clip_high_uv=high_uv,
        uv_per_unit=factor,
        prefilter=stated.prefilter,
        transducer=stated.transducer,
        refused=refused,
    )


def _tell_repeats(found: Findings, signals: Sequence[Signal]) -> None:
    """Labels and muscles that several signals carry: readable by position only."""
    labels: dict[str, list[int]] = {}
    for signal in signals:
        labels.setdefault(signal.label, []).append(signal.index)
    for label, at in labels.items():
        if len(at) > 1:
            stated = f"{len(at)} signals of this label, at positions {listed([i + 1 for i in at])}"
            found.warn("LABEL_DUPLICATE", repr(label), stated, "one", f"{_TELL_APART}; in Python name them by position")
    muscles: dict[str, list[str]] = {}
    for signal in signals:
        if signal.muscle:
            muscles.setdefault(signal.muscle, []).append(repr(signal.label))
    for muscle, named in muscles.items():
        if len(named) > 1:
            stated = f"{listed(_counted(named))} for one muscle"
            hint = "tell them apart in [channels] of a study.toml" if len(set(named)) > 1 else _TELL_APART
            found.warn("MUSCLE_DUPLICATE", muscle, stated, "one signal", hint)


def _counted(names: Sequence[str]) -> list[str]:
    """Each name once, with how often it stands where that is more than once."""
    return [f"{name} ({n} signals)" if n > 1 else name for name, n in Counter(names).items()]
