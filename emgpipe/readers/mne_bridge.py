"""The bridge to and from MNE: the only place where volts are used."""

import hashlib
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import SettingsError
from emgpipe.muscles import kind_of_label, muscle_of_label
from emgpipe.recording import Annotation, Kind, Recording, Run, Signal, finite_samples

if TYPE_CHECKING:
    from mne.io import BaseRaw

UV_PER_V = 1e6
GAP_TEXT = "BAD_ACQ_SKIP"
"""MNE's annotation of a stretch that was not recorded."""

_VOLTAGE_TYPES = ("emg", "ecg", "eeg", "eog", "bio")
_SAMPLES_AT_ONCE = 100_000
_LARGEST_V = float(np.finfo(np.float32).max) / UV_PER_V


def to_mne(recording: Recording, *, channels: Sequence[str | int] | None = None) -> "BaseRaw":
    """Give a recording to MNE.

    Parameters
    ----------
    recording : Recording
        Any.
    channels : sequence of str or int, optional
        Muscles, labels or positions, of one rate; all signals that can be read where left out.

    Returns
    -------
    mne.io.RawArray
        Volts; channels named by label, or `label-position` where a label stands twice. Gaps
        are 0 V under an annotation `BAD_ACQ_SKIP`. MNE drops annotations that begin after the
        last sample, and knows no difference between no duration and 0 s.

    Raises
    ------
    SettingsError
        CHANNEL_UNKNOWN, CHANNEL_AMBIGUOUS, RATES_DIFFER.
    ReadError
        The code of a signal that was asked for and is refused.

    Examples
    --------
    >>> import numpy as np
    >>> from emgpipe.recording import array_recording
    >>> raw = to_mne(array_recording([np.full(1000, 5.0)], ["TA_R"], 1000.0))
    >>> raw.ch_names, raw.get_channel_types(), f"{raw.get_data()[0, 0]:.1e}"
    (['TA_R'], ['emg'], '5.0e-06')
    """
    import mne  # a second to import, wanted by few

    if channels is None:
        signals = [signal for signal in recording.signals if not signal.refused]
    else:
        signals = [recording.signal(channel) for channel in channels]
    rate_hz = _common_rate(recording, signals)
    data_v = np.array([recording.read(s.index, 0.0, recording.duration_s) for s in signals], np.float64) / UV_PER_V
    types = [signal.kind if signal.kind in ("emg", "ecg") else "bio" for signal in signals]
    info = mne.create_info(_unique_names(signals), rate_hz, types)
    if recording.start is not None:
        info.set_meas_date(recording.start.replace(tzinfo=UTC))
    raw = mne.io.RawArray(np.nan_to_num(data_v, nan=0.0), info, verbose="ERROR")
    marks = [mark for mark in recording.annotations if 0 <= mark.onset_s < recording.duration_s] + _gaps(recording)
    onsets, durations = [m.onset_s for m in marks], [m.duration_s or 0.0 for m in marks]
    return raw.set_annotations(mne.Annotations(onsets, durations, [m.text for m in marks]), emit_warning=False)


def from_mne(raw: "BaseRaw", *, lsb_uv: float = 0.05, clip_uv: float = 1e6, name: str = "mne") -> Recording:
    """Take a recording from MNE.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        Voltages in volts. For EDF and BDF files `read_recording` is safer: MNE takes a unit that it
        does not know as volts, resamples unequal rates and joins gaps.
    lsb_uv, clip_uv : float
        Digital step and largest recordable magnitude, µV; MNE keeps neither. The default
        limit of 1 V means: none known.
    name : str
        As in `Recording`.

    Returns
    -------
    Recording
        EMG, ECG, EEG, EOG and bio channels in µV, read from `raw` on request; other types are
        listed and refused (NOT_A_VOLTAGE). Stretches annotated `BAD_ACQ_SKIP` are gaps. A
        duration of 0 s is none. `sha256` covers names, rate and samples.

    Raises
    ------
    SettingsError
        SAMPLES_NOT_FINITE: NaN or infinite outside `BAD_ACQ_SKIP`; mark such stretches so.

    Examples
    --------
    >>> import numpy as np
    >>> from emgpipe.recording import array_recording
    >>> raw = to_mne(array_recording([np.full(1000, 5.0)], ["TA_R"], 1000.0))
    >>> from_mne(raw).read("TA_R", 0.0, 0.002).tolist()
    [5.0, 5.0]
    """
    rate_hz, n_times = float(raw.info["sfreq"]), int(raw.n_times)
    marks = [_mark(raw, a) for a in raw.annotations]
    stretches = _stretches(marks, rate_hz, n_times)
    signals = tuple(
        _signal(i, label, kind, rate_hz, sum(s.n for s in stretches), (lsb_uv, clip_uv))
        for i, (label, kind) in enumerate(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    )

    sha256, wrong = _hash(raw, [s.index for s in signals if not s.refused], stretches)
    for index in wrong:
        uv = np.zeros(n_times, np.float32)
        for s in stretches:
            uv[s.place : s.place + s.n] = _read(raw, index, s, s.offset, s.offset + s.n)
        finite_samples(uv, signals[index].label, name)

    def read_samples(index: int, first: int, stop: int) -> NDArray[np.float32]:
        if signals[index].refused:
            message = f"channel {signals[index].label!r} holds no voltage; choose another"
            raise SettingsError(signals[index].refused, message, where=name)
        parts = [_read(raw, index, stretch, first, stop) for stretch in stretches]
        return np.concatenate([np.empty(0, np.float32), *parts])

    start = raw.info["meas_date"]
    return Recording(
        name=name,
        start=start and start.replace(tzinfo=None),
        duration_s=n_times / rate_hz,
        signals=signals,
        runs=tuple(Run(s.place / rate_hz, (s.place + s.n) / rate_hz) for s in stretches),
        annotations=tuple(sorted((m for m in marks if m.text != GAP_TEXT), key=lambda mark: mark.onset_s)),
        findings=(),
        sha256=sha256,
        read_samples=read_samples,
    )


class _Stretch(NamedTuple):
    """A run: its place on MNE's time line, its place with gaps left out, its length; samples."""

    place: int
    offset: int
    n: int


def _common_rate(recording: Recording, signals: Sequence[Signal]) -> float:
    rates = sorted({signal.rate_hz for signal in signals})
    if len(rates) == 1:
        return rates[0]
    if not rates:
        raise SettingsError("CHANNEL_UNKNOWN", "no signal can be read; at least one is needed", where=recording.name)
    stated = ", ".join(f"{signal.label!r} {signal.rate_hz:g} Hz" for signal in signals)
    message = f"the rates are {stated}; nothing is resampled, give channels of one rate"
    raise SettingsError("RATES_DIFFER", message, where=recording.name)


def _unique_names(signals: Sequence[Signal]) -> list[str]:
    labels = [signal.label for signal in signals]
    return [s.label if labels.count(s.label) == 1 else f"{s.label}-{s.index}" for s in signals]


def _gaps(recording: Recording) -> list[Annotation]:
    stops = [0.0, *(run.stop_s for run in recording.runs)]
    starts = [*(run.start_s for run in recording.runs), recording.duration_s]
    return [Annotation(a, b - a, GAP_TEXT) for a, b in zip(stops, starts, strict=True) if b > a]


def _mark(raw: "BaseRaw", annotation: dict[str, Any]) -> Annotation:
    # MNE counts from the measurement's start, which may lie before the first sample it kept
    onset_s = round(float(annotation["onset"]) - float(raw.first_time), 9)
    return Annotation(onset_s, float(annotation["duration"]) or None, str(annotation["description"]))


def _stretches(marks: Sequence[Annotation], rate_hz: float, n_times: int) -> list[_Stretch]:
    recorded = np.ones(n_times, bool)
    for mark in marks:
        if mark.text == GAP_TEXT:
            stop_s = mark.onset_s + (mark.duration_s or 0.0)
            recorded[max(round(mark.onset_s * rate_hz), 0) : max(round(stop_s * rate_hz), 0)] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], recorded, [False]]).astype(np.int8)))
    pairs = edges.reshape(-1, 2)
    offsets = np.concatenate([[0], np.cumsum(pairs[:, 1] - pairs[:, 0])])
    return [_Stretch(int(a), int(at), int(b - a)) for (a, b), at in zip(pairs, offsets, strict=False)]


def _signal(index: int, label: str, mne_type: str, rate_hz: float, n: int, limits: tuple[float, float]) -> Signal:
    is_voltage = mne_type in _VOLTAGE_TYPES
    lsb_uv, clip_uv = limits if is_voltage else (np.nan, np.nan)
    # MNE calls every channel of an EDF file "eeg": then the label says what it is
    kind: Kind = "ecg" if mne_type == "ecg" else "emg" if mne_type == "emg" else kind_of_label(label)
    return Signal(
        index=index,
        label=label,
        muscle=muscle_of_label(label) if kind == "emg" else "",
        kind=kind if is_voltage else "other",
        unit="V" if is_voltage else "",
        rate_hz=rate_hz,
        n_samples=n,
        lsb_uv=lsb_uv,
        clip_low_uv=-clip_uv,
        clip_high_uv=clip_uv,
        uv_per_unit=UV_PER_V if is_voltage else np.nan,
        refused="" if is_voltage else "NOT_A_VOLTAGE",
    )


def _read(raw: "BaseRaw", index: int, stretch: _Stretch, first: int, stop: int) -> NDArray[np.float32]:
    a, b = max(first, stretch.offset), min(stop, stretch.offset + stretch.n)
    if a >= b:
        return np.empty(0, np.float32)
    shift = stretch.place - stretch.offset
    volts: NDArray[np.float64] = raw.get_data(picks=[index], start=a + shift, stop=b + shift)[0]
    with np.errstate(over="ignore"):
        return (volts * UV_PER_V).astype(np.float32)


def _hash(raw: "BaseRaw", voltages: Sequence[int], stretches: Sequence[_Stretch]) -> tuple[str, list[int]]:
    """Hash of names, rate and samples, and the channels with samples outside gaps that are no finite number."""
    digest = hashlib.sha256(repr((list(raw.ch_names), float(raw.info["sfreq"]), int(raw.n_times))).encode())
    recorded = np.zeros(raw.n_times, bool)
    for stretch in stretches:
        recorded[stretch.place : stretch.place + stretch.n] = True
    finite = np.ones(len(voltages), bool)
    for start in range(0, raw.n_times, _SAMPLES_AT_ONCE):
        stop = min(start + _SAMPLES_AT_ONCE, raw.n_times)
        block: NDArray[np.float64] = raw.get_data(start=start, stop=stop)
        digest.update(block.tobytes())
        # NaN compares false
        finite &= (np.abs(block[voltages][:, recorded[start:stop]]) <= _LARGEST_V).all(1)
    return digest.hexdigest(), [index for index, good in zip(voltages, finite, strict=True) if not good]
