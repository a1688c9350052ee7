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
from emgpipe.simulate.checks import require_positive

START = datetime(2000, 1, 1)  # EDF knows no time zone
RANGE_UV = (-3276.8, 3276.7)  # 16 bit: a step of 0.1 µV exactly
DIGITAL = (-32768, 32767)
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
) -> None:
    """Write a continuous EDF+ file: 16 bit, records of 1 s, µV, no names, a fixed date.

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

    Raises
    ------
    SettingsError
        SIMULATION_UNWRITABLE: NaN, samples outside the range, parts of a second, a header field or an
        annotation that does not fit.
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
    stored = [_digital(path, label, x, range_uv) for label, x in zip(labels, samples_uv, strict=True)]
    with writer.EdfWriter(str(path), len(labels), file_type=writer.FILETYPE_EDFPLUS) as edf:
        edf.setStartdatetime(START)
        edf.setEquipment("simulated")
        edf.set_number_of_annotation_signals(max(1, math.ceil(len(marks) / max(seconds, 1))))
        edf.setSignalHeaders([_header(x, r, range_uv, prefilter) for x, r in zip(labels, rates, strict=True)])
        edf.writeSamples(stored, digital=True)
        for mark in marks:
            edf.writeAnnotation(mark.onset_s, -1 if mark.duration_s is None else mark.duration_s, mark.text)


def _pyedflib(path: Path) -> ModuleType:
    try:
        import pyedflib  # absent on Pythons without a wheel
    except ImportError:
        message = "pyedflib is not installed; install it (Python 3.13 or earlier has a wheel)"
        raise EmgpipeError("WRITER_ABSENT", message, where=str(path)) from None
    module: ModuleType = pyedflib
    return module


def _header(label: str, rate_hz: float, range_uv: tuple[float, float], prefilter: str) -> dict[str, Any]:
    return {
        "label": label,
        "dimension": "uV",
        "sample_frequency": int(rate_hz),
        "physical_min": range_uv[0],
        "physical_max": range_uv[1],
        "digital_min": DIGITAL[0],
        "digital_max": DIGITAL[1],
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


def _digital(path: Path, label: str, samples_uv: Floats, range_uv: tuple[float, float]) -> NDArray[np.int32]:
    low, high = range_uv
    if not (np.isfinite(samples_uv).all() and samples_uv.min() >= low and samples_uv.max() <= high):
        found = f"{float(np.min(samples_uv))!r} to {float(np.max(samples_uv))!r} µV"
        message = f"signal {label!r} runs from {found}; {low:g} to {high:g} µV are needed"
        raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(path))
    steps_per_uv = (DIGITAL[1] - DIGITAL[0]) / (high - low)
    return np.rint((samples_uv - low) * steps_per_uv + DIGITAL[0]).astype(np.int32)


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
