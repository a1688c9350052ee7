"""EDF+ files of simulated recordings, the same bytes for the same samples."""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import EmgpipeError, SettingsError
from emgpipe.recording import Annotation
from emgpipe.simulate.band import Floats
from emgpipe.simulate.checks import require_between, require_positive
from emgpipe.simulate.discontinuous import Gaps, kept_seconds, state_times, without

START = datetime(2000, 1, 1)  # EDF knows no time zone
RANGE_UV = (-3276.8, 3276.7)  # 16 bit: a step of 0.1 µV exactly
BITS = 16
MOST_MARKS = 64  # one annotation in each of at most 64 annotation signals of a record
LONGEST_TEXT = 40  # bytes that the writer keeps of an annotation


def write_edf(
    path: Path,
    samples_uv: Sequence[Floats],
    labels: Sequence[str],
    rate_hz: float | Sequence[float],
    *,
    annotations: Sequence[Annotation] = (),
    range_uv: tuple[float, float] = RANGE_UV,
    prefilter: str = "",
    bits: int = BITS,
    gaps_s: Gaps = (),
) -> None:
    """Write an EDF+ file: records of 1 s, µV, no names, a fixed date; EDF+C, with gaps EDF+D.

    Parameters
    ----------
    path : Path
        File to write; replaced where it exists.
    samples_uv : sequence of ndarray, each shape (n_samples,)
        µV, one array a signal, all of the same whole number of seconds.
    labels : sequence of str
        One a signal, e.g. `EMG TA_R`, at most 16 ASCII characters.
    rate_hz : float or sequence of float
        Whole samples per second, common or one a signal.
    annotations : sequence of Annotation
        Marks; onsets and durations are kept to 0.1 ms.
    range_uv : (float, float)
        µV at the digital minimum and maximum. Samples are rounded to the nearest step (half to even).
    prefilter : str
        Header field of every signal.
    bits : int
        Of the digital values, 2 to 16.
    gaps_s : sequence of (float, float)
        Whole seconds whose records are left out; marks in them stay, at their own time.

    Raises
    ------
    SettingsError
        SIMULATION_UNWRITABLE: NaN, samples outside the range, parts of a second, a header field or an
        annotation that does not fit, gaps of parts of seconds. SIMULATION_INVALID: bits.
    EmgpipeError
        WRITER_ABSENT: pyedflib is not installed.

    Notes
    -----
    pyedflib cuts off the fraction when it scales; here samples are scaled first and written as integers.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_edf(Path(folder) / "a.edf", [np.zeros(1000)], ["EMG TA_R"], 1000.0)
    ...     (Path(folder) / "a.edf").read_bytes()[192:197]
    b'EDF+C'
    """
    writer = _pyedflib(path)
    _check_fields(path, {16: labels, 8: [f"{x}" for x in range_uv], 80: [prefilter]})
    rates = [float(rate_hz)] * len(labels) if isinstance(rate_hz, int | float) else [float(r) for r in rate_hz]
    seconds = _whole_seconds(path, samples_uv, rates)
    marks = _checked_marks(path, annotations, seconds)
    kept = kept_seconds(gaps_s, seconds, str(path))
    if gaps_s:
        samples_uv = [without(x, int(r), kept) for x, r in zip(samples_uv, rates, strict=True)]
    stored = [_digital(path, label, x, range_uv, bits) for label, x in zip(labels, samples_uv, strict=True)]
    headers = [_header(x, r, range_uv, prefilter, bits) for x, r in zip(labels, rates, strict=True)]
    with writer.EdfWriter(str(path), len(labels), file_type=writer.FILETYPE_EDFPLUS) as edf:
        edf.setStartdatetime(START)
        edf.setEquipment("simulated")
        edf.set_number_of_annotation_signals(max(1, math.ceil(len(marks) / max(len(kept), 1))))
        edf.setSignalHeaders(headers)
        edf.writeSamples(stored, digital=True)
        for mark in marks:
            edf.writeAnnotation(mark.onset_s, -1 if mark.duration_s is None else mark.duration_s, mark.text)
    if gaps_s:
        state_times(path, kept)


def _pyedflib(path: Path) -> ModuleType:
    try:
        import pyedflib  # absent on Pythons without a wheel
    except ImportError:
        message = "pyedflib is not installed; install it (Python 3.13 or earlier has a wheel)"
        raise EmgpipeError("WRITER_ABSENT", message, where=str(path)) from None
    module: ModuleType = pyedflib
    return module


def _digital_range(bits: int) -> tuple[int, int]:
    require_between(2, BITS, bits=bits)
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _header(label: str, rate_hz: float, range_uv: tuple[float, float], prefilter: str, bits: int) -> dict[str, Any]:
    least, largest = _digital_range(bits)
    return {
        "label": label,
        "dimension": "uV",
        "sample_frequency": int(rate_hz),
        "physical_min": range_uv[0],
        "physical_max": range_uv[1],
        "digital_min": least,
        "digital_max": largest,
        "transducer": "simulated",
        "prefilter": prefilter,
    }


def _check_fields(path: Path, fields: dict[int, Sequence[str]]) -> None:
    for width, texts in fields.items():
        for text in texts:
            if not (text.isascii() and text.isprintable() and len(text) <= width):
                message = f"header field {text!r}; at most {width} printable ASCII characters are needed"
                raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))


def _whole_seconds(path: Path, samples_uv: Sequence[Floats], rates: Sequence[float]) -> int:
    for rate_hz in rates:
        require_positive(rate_hz=rate_hz)
    lengths_s = {len(x) / r for x, r in zip(samples_uv, rates, strict=True)}
    if len(lengths_s) != 1 or any(s != int(s) or s < 1 for s in lengths_s) or any(r != int(r) for r in rates):
        found = f"signals of {sorted(lengths_s)!r} s at {sorted(set(rates))!r} Hz"
        message = f"{found}; one length of whole seconds and whole rates are needed"
        raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))
    return int(lengths_s.pop())


def _checked_marks(path: Path, annotations: Sequence[Annotation], seconds: int) -> list[Annotation]:
    for mark in annotations:
        if not (0 <= mark.onset_s < seconds and (mark.duration_s is None or mark.duration_s >= 0)):
            message = f"annotation {mark!r}; an onset within 0 to {seconds} s and a duration of 0 s or more are needed"
            raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))
        if not 0 < len(mark.text.encode()) <= LONGEST_TEXT:
            message = f"annotation text {mark.text!r}; 1 to {LONGEST_TEXT} bytes are needed"
            raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))
    if len(annotations) > MOST_MARKS * seconds:
        message = f"{len(annotations)} annotations in {seconds} s; at most {MOST_MARKS} a second fit"
        raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))
    return sorted(annotations, key=lambda mark: mark.onset_s)


def _digital(path: Path, label: str, samples_uv: Floats, range_uv: tuple[float, float], bits: int) -> NDArray[np.int32]:
    low, high = range_uv
    if not (np.isfinite(samples_uv).all() and samples_uv.min() >= low and samples_uv.max() <= high):
        found = f"{float(np.min(samples_uv))!r} to {float(np.max(samples_uv))!r} µV"
        message = f"signal {label!r} runs from {found}; {low:g} to {high:g} µV are needed"
        raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))
    least, largest = _digital_range(bits)
    steps_per_uv = (largest - least) / (high - low)
    return np.rint((samples_uv - low) * steps_per_uv + least).astype(np.int32)


def write_truth(path: Path, truth: dict[str, Any]) -> None:
    """Write what is true of a simulation as JSON: sorted keys, numbers to six decimals.

    Parameters
    ----------
    path : Path
        File to write.
    truth : dict
        Nested dicts, lists, texts and numbers; NaN and infinity become null.
    """
    text = json.dumps(_rounded(truth), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_bytes(f"{text}\n".encode())


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    if isinstance(value, float):
        return round(value, 6) + 0.0 if math.isfinite(value) else None
    return value
