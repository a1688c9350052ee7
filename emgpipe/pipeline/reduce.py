"""Samples to frames: what is read, which leads tell the heart, and what a pair needs beside its frames."""

from collections.abc import Sequence

from emgpipe.errors import ReadError, SettingsError
from emgpipe.frames.covariance import pair_covariance
from emgpipe.frames.heart import Heartbeats, Lead, find_heart
from emgpipe.frames.model import ChannelFrames, Frames, PairCovariance
from emgpipe.frames.reduce import prepare_runs, reduce_channel
from emgpipe.frames.runs import Conditioner, ReadRun, RunSamples
from emgpipe.frames.stimuli import Stretches, stimulus_stretches
from emgpipe.muscles import part_of
from emgpipe.recording import MOST_GAPS_S, Recording, Signal
from emgpipe.settings import Settings

LEAST_LEAD_HZ = 100.0
"""An ECG lead may be slower than EMG."""


def compute_frames(recording: Recording, *, mains_hz: float, settings: Settings | None = None) -> Frames:
    """Reduce every EMG signal of a recording to frames.

    Parameters
    ----------
    recording : Recording
        From `read_recording`, `from_mne` or `array_recording`.
    mains_hz : float
        Nominal mains frequency, 50 or 60: never guessed.
    settings : Settings, optional
        Conditioning settings; defaults where left out.

    Returns
    -------
    Frames
        A signal that must not be measured holds the code why in `refused`.

    Raises
    ------
    SettingsError
        MAINS_INVALID.
    ReadError
        GAP_TOO_LONG: frames hold gaps, too, and these sum to more than a day. Where samples cannot be read.

    Examples
    --------
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("always_active", seed=1, duration_s=20.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> frames = compute_frames(recording, mains_hz=50)
    >>> frames.channel("TA_R").mean_square.shape
    (1600,)
    """
    if mains_hz not in (50, 60):
        raise SettingsError("MAINS_INVALID", f"mains_hz {mains_hz!r}; 50 or 60", where=recording.name)
    _check_gaps(recording)
    settings = settings or Settings()
    heart = recording_heart(recording)
    channels = tuple(_channel(recording, s, mains_hz, settings, heart) for s in recording.signals if s.kind == "emg")
    return Frames(channels, recording.duration_s, recording.sha256, float(mains_hz))


def _check_gaps(recording: Recording) -> None:
    gaps_s = recording.duration_s - sum(run.stop_s - run.start_s for run in recording.runs)
    if gaps_s > MOST_GAPS_S:
        message = f"gaps of {gaps_s:.9g} s in all, more than {MOST_GAPS_S:.9g}; cut it into files and measure each"
        raise ReadError("GAP_TOO_LONG", message, where=recording.name)


def recording_heart(recording: Recording) -> Heartbeats | None:
    """Beats told by the ECG lead, else by the trunk leads; None where there is neither."""
    leads = [
        Lead(s.label, s.kind == "ecg", _runs(recording, s), s.rate_hz)
        for s in recording.signals
        if not s.refused and s.rate_hz >= LEAST_LEAD_HZ and (s.kind == "ecg" or _is_trunk(s))
    ]
    return find_heart(leads)


def _is_trunk(signal: Signal) -> bool:
    return signal.kind == "emg" and part_of(signal.muscle) == "axial"


def _heart_for(signal: Signal, heart: Heartbeats | None) -> Heartbeats | None:
    """Beats are looked for in trunk leads, and with an ECG lead in all."""
    return heart if heart is not None and (heart.declared or _is_trunk(signal)) else None


def _channel(
    recording: Recording, signal: Signal, mains_hz: float, settings: Settings, heart: Heartbeats | None
) -> ChannelFrames:
    refused = signal.refused
    if not refused and signal.rate_hz < settings.condition.least_rate_hz:
        refused = "RATE_TOO_LOW"
    if refused:
        return ChannelFrames.refusing(signal.index, signal.label, signal.muscle, signal.rate_hz, refused)
    return reduce_channel(
        _runs(recording, signal),
        round(recording.duration_s * signal.rate_hz),
        signal.rate_hz,
        mains_hz,
        settings.condition,
        index=signal.index,
        label=signal.label,
        muscle=signal.muscle,
        clip_uv=(signal.clip_low_uv, signal.clip_high_uv),
        lsb_uv=signal.lsb_uv,
        heart=_heart_for(signal, heart),
    )


def _runs(recording: Recording, signal: Signal) -> list[RunSamples]:
    def reader(offset: int) -> ReadRun:
        """Reader that counts samples from the start of a run."""
        return lambda first, stop: recording.read_samples(signal.index, offset + first, offset + stop)

    return [RunSamples(place, n, reader(offset)) for place, offset, n in recording.placed_runs(signal) if n > 0]


def pair_covariances(
    recording: Recording,
    frames: Frames,
    pairs: Sequence[tuple[str, str]],
    settings: Settings | None = None,
) -> dict[tuple[str, str], PairCovariance | None]:
    """Lagged correlation of each pair from the samples; None where the rates differ.

    Parameters
    ----------
    recording, frames : Recording, Frames
        Samples and what was computed from them.
    pairs : sequence of (agonist, antagonist)
        Muscles; pairs with an absent or refused muscle are left out.
    settings : Settings, optional
        Conditioning settings.

    Returns
    -------
    dict
        By pair.
    """
    settings = settings or Settings()
    out: dict[tuple[str, str], PairCovariance | None] = {}
    heart = recording_heart(recording) if pairs else None
    for pair in pairs:
        one, other = frames.channel(pair[0]), frames.channel(pair[1])
        if one is None or other is None or one.refused or other.refused:
            continue
        if one.rate_hz != other.rate_hz:
            out[pair] = None
            continue
        conditioned = [_conditioned(recording, c.index, frames.mains_hz, settings, heart) for c in (one, other)]
        out[pair] = pair_covariance([*zip(*conditioned, strict=True)], len(one.psd), (one.index, other.index))
    return out


def evoked_stretches(
    recording: Recording, frames: Frames, stimuli_s: Sequence[float], settings: Settings | None = None
) -> dict[int, Stretches]:
    """Full-rate stretches around stimuli of each channel that can be measured.

    Parameters
    ----------
    recording, frames : Recording, Frames
        Samples and what was computed from them.
    stimuli_s : sequence of float
        Onsets, rising, gap-aware seconds; empty: nothing is read.
    settings : Settings, optional
        Conditioning settings.

    Returns
    -------
    dict
        By index of the signal.
    """
    settings = settings or Settings()
    heart = recording_heart(recording) if stimuli_s else None
    signals = {signal.index: signal for signal in recording.signals}
    out = {}
    for channel in frames.channels if stimuli_s else ():
        if not channel.refused:
            signal = signals[channel.index]
            conditioners = _conditioned(recording, channel.index, frames.mains_hz, settings, heart)
            rails = (signal.clip_low_uv, signal.clip_high_uv, signal.lsb_uv)
            out[channel.index] = stimulus_stretches(
                conditioners, stimuli_s, settings.condition, index=channel.index, rate_hz=signal.rate_hz, rails=rails
            )
    return out


def _conditioned(
    recording: Recording, index: int, mains_hz: float, settings: Settings, heart: Heartbeats | None
) -> list[Conditioner]:
    signal = recording.signals[[s.index for s in recording.signals].index(index)]
    runs = _runs(recording, signal)
    return prepare_runs(runs, signal.rate_hz, mains_hz, settings.condition, _heart_for(signal, heart))[0]
