"""The bridge to and from MNE: the only place where volts are used."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError, SettingsError
from emgpipe.muscles import is_muscle, kind_of_label, muscle_of_label, nearest_muscles
from emgpipe.readers.files import file_name
from emgpipe.readers.mne_files import judge_raw, mne_at_work, open_by_mne, told_by_mne
from emgpipe.recording import Annotation, Finding, Kind, Recording, Run, Signal, finite_samples

if TYPE_CHECKING:
    from mne.io import BaseRaw

UV_PER_V = 1e6
GAP_TEXT = "BAD_ACQ_SKIP"
"""MNE's annotation of a stretch that was not recorded."""

_VOLTAGE_TYPES = ("emg", "ecg", "eeg", "eog", "bio")
_SAMPLES_AT_ONCE = 100_000
_LARGEST_V = float(np.finfo(np.float32).max) / UV_PER_V
_LAST_SECOND = 2**31 - 1  # MNE keeps the start in 32 bits: until January 2038


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
        Volts, of type `emg`, `ecg` or `bio`; channels named by label, or `label-position` where
        a label is blank or stands twice. Gaps are 0 V under an annotation `BAD_ACQ_SKIP`, to
        the sample. `meas_date` is the start, None from 2038 on. MNE holds no annotation that
        begins before the first or after the last sample, cuts those that end later, and knows no
        difference between no duration and 0 s. Written to FIF by MNE 1.13, some gaps come out
        shorter than they were; `from_mne` refuses such a file.

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
    start = recording.start and recording.start.replace(tzinfo=UTC)
    if start and start.timestamp() <= _LAST_SECOND:
        info.set_meas_date(start)
    raw = mne.io.RawArray(np.nan_to_num(data_v, nan=0.0), info, verbose="ERROR")
    marks = [mark for mark in recording.annotations if 0 <= mark.onset_s < recording.duration_s]
    marks += _gaps(recording, signals[0])
    onsets, durations = [m.onset_s for m in marks], [m.duration_s or 0.0 for m in marks]
    return raw.set_annotations(mne.Annotations(onsets, durations, [m.text for m in marks]), emit_warning=False)


def from_mne(
    raw: "BaseRaw | str | os.PathLike[str]",
    *,
    lsb_uv: float = 0.05,
    clip_uv: float = 1e6,
    channels: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Recording:
    """Take a recording from MNE, or open a file with MNE: BrainVision, GDF, FIF, CNT and more.

    Parameters
    ----------
    raw : mne.io.BaseRaw or path-like
        Voltages in volts. A path is opened by `mne.io.read_raw`, samples stay in the file. EDF and BDF
        files are for `read_recording`: MNE takes a unit that it does not know as volts,
        resamples unequal rates and joins gaps.
    lsb_uv, clip_uv : float
        Digital step and largest recordable magnitude, µV; MNE keeps neither. The default
        limit of 1 V means: none known.
    channels : mapping, optional
        Label to muscle (`"TA_R"`) or `"ECG"`, for labels the catalogue does not know.
    name : str, optional
        As in `Recording`; the file's name, or `mne`, where left out.

    Returns
    -------
    Recording
        EMG, ECG, EEG, EOG and bio channels in µV, read from `raw` on request; other types are
        listed and refused (NOT_A_VOLTAGE). Stretches annotated `BAD_ACQ_SKIP` are gaps. A
        duration of 0 s is none. `start` is that of the first sample there is, also of a cropped
        `raw`. `sha256` covers names, rate and samples. Findings: READ_BY_MNE (warning) for a
        path, and for a `raw` that MNE read from EDF or BDF, since no later look can tell a wrong
        unit for sure; MNE_WARNING for each warning of MNE's own;
        MUSCLE_UNKNOWN and MUSCLE_DUPLICATE (warnings).

    Raises
    ------
    ReadError
        FILE_UNREADABLE, FILE_EMPTY; MNE_NOT_FOR_EDF: the path is an EDF or BDF file;
        MNE_UNREADABLE: MNE cannot read the file, now or later when samples are asked for.
    SettingsError
        SAMPLES_NOT_FINITE: NaN or infinite outside `BAD_ACQ_SKIP`; mark such stretches so.
        ARGUMENT_INVALID: neither a path nor an MNE Raw.

    Examples
    --------
    >>> import numpy as np
    >>> from emgpipe.recording import array_recording
    >>> raw = to_mne(array_recording([np.full(1000, 5.0)], ["TA_R"], 1000.0))
    >>> from_mne(raw).read("TA_R", 0.0, 0.002).tolist()
    [5.0, 5.0]
    """
    if isinstance(raw, str | os.PathLike):
        where = file_name(raw) if name is None else name
        raw, findings = open_by_mne(raw, where)
    else:
        where = "mne" if name is None else name
        findings = judge_raw(raw, where)
    with mne_at_work(where) as told:
        recording = _recording(raw, (lsb_uv, clip_uv), channels or {}, where)
    labels = _label_findings(recording.signals, channels or {})
    return replace(recording, findings=(*findings, *told_by_mne(told), *labels))


def _recording(raw: "BaseRaw", limits: tuple[float, float], channels: Mapping[str, str], name: str) -> Recording:
    rate_hz, n_times = float(raw.info["sfreq"]), int(raw.n_times)
    marks = [_mark(raw, a) for a in raw.annotations]
    _check_skips(marks, rate_hz, name)
    stretches = _stretches(marks, rate_hz, n_times)
    signals = tuple(
        _signal(i, label, _meaning(label, kind, channels), rate_hz, sum(s.n for s in stretches), limits)
        for i, (label, kind) in enumerate(zip(raw.ch_names, raw.get_channel_types(), strict=True))
    )

    sha256, wrong = _hash(raw, [s.index for s in signals if not s.refused], stretches)
    for index in wrong:
        uv = np.zeros(n_times, np.float32)
        for s in stretches:
            uv[s.place : s.place + s.n] = _read(raw, index, s, s.offset, s.offset + s.n)
        finite_samples(uv, signals[index].label, name)

    def read_samples(index: int, first: int, stop: int) -> NDArray[np.float32]:
        """Samples `[first, stop)` of a channel in µV; raises for one that holds no voltage."""
        if signals[index].refused:
            message = f"channel {signals[index].label!r} holds no voltage; choose another"
            raise SettingsError(signals[index].refused, message, where=name)
        with mne_at_work(name):  # what MNE warns of has been told when the samples were hashed
            parts = [_read(raw, index, stretch, first, stop) for stretch in stretches]
        return np.concatenate([np.empty(0, np.float32), *parts])

    return Recording(
        name=name,
        start=_start(raw),
        duration_s=n_times / rate_hz,
        signals=signals,
        runs=tuple(Run(s.place / rate_hz, (s.place + s.n) / rate_hz) for s in stretches),
        annotations=tuple(sorted((m for m in marks if m.text != GAP_TEXT), key=lambda mark: mark.onset_s)),
        findings=(),
        sha256=sha256,
        read_samples=read_samples,
    )


def _start(raw: "BaseRaw") -> datetime | None:
    """Wall clock of the first sample: MNE counts from the measurement's start, which may lie before it."""
    start: datetime | None = raw.info["meas_date"]
    return start and start.replace(tzinfo=None) + timedelta(seconds=float(raw.first_time))


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
    names: list[str] = []
    for signal in signals:
        single = signal.label and labels.count(signal.label) == 1
        name = signal.label if single else f"{signal.label}-{signal.index}"
        while name in names or (not single and name in labels):
            name += "_"
        names.append(name)
    return names


def _gaps(recording: Recording, signal: Signal) -> list[Annotation]:
    """Stretches without samples, on the sample grid of a signal."""
    runs = recording.placed_runs(signal)
    stops = [0, *(place + n for place, _, n in runs)]
    starts = [*(place for place, _, _ in runs), round(recording.duration_s * signal.rate_hz)]
    rate_hz = signal.rate_hz
    return [Annotation(a / rate_hz, (b - a) / rate_hz, GAP_TEXT) for a, b in zip(stops, starts, strict=True) if b > a]


def _mark(raw: "BaseRaw", annotation: dict[str, Any]) -> Annotation:
    # MNE counts from the measurement's start, which may lie before the first sample it kept
    onset_s = round(float(annotation["onset"]) - float(raw.first_time), 9)
    return Annotation(onset_s, float(annotation["duration"]) or None, str(annotation["description"]))


def _check_skips(marks: Sequence[Annotation], rate_hz: float, where: str) -> None:
    """Refuse skips that contradict each other: MNE 1.13 shortens some gaps in FIF, not the mark."""
    stops: dict[int, int] = {}
    for mark in marks:
        if mark.text == GAP_TEXT:
            first, stop = (round(t * rate_hz) for t in (mark.onset_s, mark.onset_s + (mark.duration_s or 0.0)))
            if stops.setdefault(first, stop) != stop:
                ends = f"{stops[first] / rate_hz:g} and {stop / rate_hz:g} s"
                message = (
                    f"two {GAP_TEXT} begin at {mark.onset_s:g} s and end at {ends}; one end is needed, "
                    "keep recordings with gaps in EDF+D rather than FIF"
                )
                raise ReadError("MNE_UNREADABLE", message, where=where)


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


def _meaning(label: str, mne_type: str, channels: Mapping[str, str]) -> tuple[Kind, str] | None:
    """Kind and muscle of a channel, `channels` before MNE's type and the catalogue; None where it is no voltage."""
    if mne_type not in _VOLTAGE_TYPES:
        return None
    given = channels.get(label, "")
    if given.upper() == "ECG":
        return "ecg", ""
    if is_muscle(given):
        return "emg", given
    # MNE calls every channel of many formats "eeg": then the label says what it is
    kind: Kind = "ecg" if mne_type == "ecg" else "emg" if mne_type == "emg" else kind_of_label(label)
    return kind, muscle_of_label(label) if kind == "emg" and not given else ""


def _label_findings(signals: Sequence[Signal], channels: Mapping[str, str]) -> list[Finding]:
    """Labels that name no muscle, and muscles that several labels name."""
    findings = []
    for s in signals:
        given = channels.get(s.label, "")
        if s.refused or s.muscle or s.kind == "ecg" or not (given or s.kind == "emg"):
            continue
        found = f"is named {given!r} in channels" if given else "names no single muscle"
        near = nearest_muscles(given or s.label)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        message = f"{found}; a muscle such as TA_R is needed, name it in channels{hint}"
        findings.append(Finding("MUSCLE_UNKNOWN", "warning", repr(s.label), message))
    for muscle in dict.fromkeys(s.muscle for s in signals if s.muscle):
        labels = [repr(s.label) for s in signals if s.muscle == muscle]
        if len(labels) > 1:
            message = f"{', '.join(labels)} name one muscle; one label is needed, tell them apart in channels"
            findings.append(Finding("MUSCLE_DUPLICATE", "warning", muscle, message))
    return findings


def _signal(
    index: int, label: str, meaning: tuple[Kind, str] | None, rate_hz: float, n: int, limits: tuple[float, float]
) -> Signal:
    is_voltage = meaning is not None
    kind, muscle = meaning or ("other", "")
    lsb_uv, clip_uv = limits if is_voltage else (np.nan, np.nan)
    return Signal(
        index=index,
        label=label,
        muscle=muscle,
        kind=kind,
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
