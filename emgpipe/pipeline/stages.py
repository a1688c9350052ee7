"""From channels to verdicts in stages: excluded seconds, floor, doubts, responses, levels, states.

Each stage is kept by the settings that it reads (`measures.reads`) and by what the stage before has made; where that is
the same whatever was set, what follows is kept, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import Activity, Levels, activity_levels, decide_activity
from emgpipe.detectors.evoked import Evoked, judge_evoked
from emgpipe.detectors.floor import Floor, estimate_floor
from emgpipe.detectors.quality import judge_quality
from emgpipe.detectors.settings import DetectSettings
from emgpipe.filters.decimation import decimation_gain
from emgpipe.filters.prefilter import Prefilter, stated_filters
from emgpipe.frames.model import ChannelFrames, Frames
from emgpipe.frames.stimuli import Stretches
from emgpipe.intervals import Intervals
from emgpipe.measures import reads
from emgpipe.measures.doubts import Doubt, codes_by_target
from emgpipe.measures.grounds import Grounds
from emgpipe.measures.kept import Kept
from emgpipe.measures.levels import believed_floor
from emgpipe.measures.plausibility import doubts
from emgpipe.recording import Recording

FEW = 4
"""Results of a stage that are kept a channel; a sweep changes early stages last."""


@dataclass(frozen=True, eq=False)
class Channel:
    """One channel that is judged, before any setting.

    Attributes
    ----------
    name : str
        Target.
    frames : ChannelFrames
        With marks of people, and less what a converter takes.
    lowpass_hz, device_uv : float or None
        Low-pass of the amplifier and its noise, where stated.
    calibration : ndarray of bool, shape (n_seconds,), or None
        Whole seconds of calibration.
    """

    name: str
    frames: ChannelFrames
    lowpass_hz: float | None
    device_uv: float | None
    calibration: NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class Seen:
    """A channel with its excluded seconds, and the stretches of them in which a spasm may hide."""

    channel: Channel
    frames: ChannelFrames
    possible_spasms: Intervals


@dataclass(frozen=True, eq=False)
class Grounded:
    """A channel with its floor."""

    seen: Seen
    grounds: Grounds

    @property
    def name(self) -> str:
        """Target."""
        return self.seen.channel.name


@dataclass(frozen=True, eq=False)
class Verdict:
    """Activity of a channel, and digests that are equal where states are; `same`: an earlier one of the same states."""

    activity: Activity
    same: "Verdict | None" = None

    @cached_property
    def states_key(self) -> bytes:
        """Stands for the states."""
        return _digest(self.activity.states.tobytes()) if self.same is None else self.same.states_key

    @cached_property
    def ends_key(self) -> bytes:
        """Stands for the states of both ends of the bracket."""
        return _digest(self.activity.active_if_high.tobytes(), self.activity.active_if_low.tobytes())


Found = tuple[dict[str, tuple[str, ...]], list[Doubt]]
"""Codes by target, and what is said of them."""


class Stages:
    """The channels of a recording that are judged, and what was made of them lately.

    Parameters
    ----------
    channels : sequence of Channel
        In file order.
    recording : Recording
        Signals and their prefilter texts; no sample is read.
    hardware : Prefilter
        Edges of the amplifier's filters as stated beside the file.
    """

    def __init__(self, channels: Sequence[Channel], recording: Recording, hardware: Prefilter) -> None:
        self.channels = tuple(channels)
        self._recording = recording
        self._hardware = hardware
        most = FEW * max(len(self.channels), 1)
        self._quality, self._seen = Kept[Seen](most), Kept[Seen](most)
        self._floors, self._grounded = Kept[Grounded](most), Kept[Grounded](most)
        self._levels, self._verdicts = Kept[Levels](most), Kept[Verdict](most)
        self._last: dict[str, Verdict] = {}
        self._doubts, self._evoked = Kept[Found](FEW), Kept[Evoked](most)

    def grounded(self, detect: DetectSettings) -> tuple[Grounded, ...]:
        """Excluded seconds and floor of each channel."""
        return tuple(self._floor_of(self._quality_of(channel, detect), detect) for channel in self.channels)

    def _quality_of(self, channel: Channel, detect: DetectSettings) -> Seen:
        def make() -> Seen:
            """The one that is there already where nothing else is excluded."""
            quality = judge_quality(channel.frames, detect)
            key = channel.name, _digest(quality.reasons.tobytes(), quality.possible_spasms.pairs.tobytes())
            frames = channel.frames.marked_seconds(quality.reasons)
            return self._seen.get(key, lambda: Seen(channel, frames, quality.possible_spasms))

        return self._quality.get((channel.name, *values_of(detect, reads.QUALITY)), make)

    def _floor_of(self, seen: Seen, detect: DetectSettings) -> Grounded:
        def make() -> Grounded:
            """The one that is there already where the floor is the same."""
            floor = _floor(seen, detect)
            spectrum = b"" if floor.noise_psd is None else floor.noise_psd.tobytes()
            key = seen, repr(replace(floor, noise_psd=None)), _digest(spectrum)
            return self._grounded.get(key, lambda: Grounded(seen, Grounds(seen.frames, floor)))

        return self._floors.get((seen, *values_of(detect, reads.FLOOR)), make)

    def doubted(self, grounded: Sequence[Grounded], full_band_hz: float) -> Found:
        """Codes that make the numbers of each channel doubtful, and what is to be said of it."""

        def make() -> Found:
            """Look at all channels together."""
            channels = {one.name: (one.grounds.frames, one.grounds.floor) for one in grounded}
            found = doubts(channels, self._recording.signals, self._hardware, full_band_hz=full_band_hz)
            return codes_by_target(found), found

        return self._doubts.get((tuple(one.grounds.number for one in grounded), full_band_hz), make)

    def evoked(self, one: Grounded, stretches: Stretches, detect: DetectSettings) -> Evoked:
        """Responses to stimuli."""
        grounds = one.grounds
        floor_uv = grounds.floor.floor_uv if grounds.floor.known else np.nan
        key = grounds.number, stretches, *values_of(detect, reads.EVOKED)
        return self._evoked.get(key, lambda: judge_evoked(stretches, grounds.frames, floor_uv, detect))

    def verdict(self, one: Grounded, detect: DetectSettings) -> Verdict:
        """Activity."""
        grounds = one.grounds
        key = grounds.number, *values_of(detect, reads.LEVELS)
        levels = self._levels.get(key, lambda: activity_levels(grounds.heard, grounds.frames, grounds.floor, detect))
        key = *key, *values_of(detect, reads.STATES)
        return self._verdicts.get(key, lambda: self._told(one, decide_activity(levels, grounds.floor, detect)))

    def _told(self, one: Grounded, activity: Activity) -> Verdict:
        """Verdict with the very states of the last one where both are equal: who counts them does it once."""
        last = self._last.get(one.name)
        if last is not None and np.array_equal(last.activity.states, activity.states):
            first = last if last.same is None else last.same
            verdict = Verdict(replace(activity, states=first.activity.states), first)
        else:
            verdict = Verdict(activity)
        self._last[one.name] = verdict
        return verdict


def values_of(detect: DetectSettings, names: Sequence[str]) -> tuple[float, ...]:
    """Values of these settings."""
    return tuple(getattr(detect, name) for name in names)


def _digest(*parts: bytes) -> bytes:
    """Stand for bytes that need not be kept."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()


def _floor(seen: Seen, detect: DetectSettings) -> Floor:
    channel = seen.channel
    floor = estimate_floor(
        seen.frames,
        detect,
        device_uv=channel.device_uv,
        calibration=channel.calibration,
        lowpass_hz=channel.lowpass_hz,
    )
    return believed_floor(seen.frames, floor)


def judged_channels(
    recording: Recording,
    frames: Frames,
    bad: Intervals,
    calibration: Intervals,
    device_uv: Mapping[str, float],
    exclude: set[str],
    hardware: Prefilter,
) -> tuple[tuple[Channel, ...], dict[str, str]]:
    """Tell channels that are judged from those that are not.

    Parameters
    ----------
    recording, frames : Recording, Frames
        Filters that are stated, and what is judged.
    bad, calibration : Intervals
        Seconds that people excluded, seconds of calibration.
    device_uv : mapping
        Device floor by target, µV.
    exclude : set of str
        Muscles or labels to leave out.
    hardware : Prefilter
        Edges as stated beside the file.

    Returns
    -------
    (tuple of Channel, dict of str to str)
        The code of each channel that is not judged, by target.
    """
    lowpass = _lowpass(recording, hardware)
    left = [c for c in frames.channels if not {c.muscle, c.label} & exclude]
    refused = {c.muscle or c.label: "CHANNEL_EXCLUDED" for c in frames.channels if c not in left}
    made: list[Channel] = []
    for channel in left:
        name = channel.muscle or channel.label
        twins = sum((c.muscle or c.label) == name for c in left)
        if channel.refused or twins > 1:
            refused[name] = channel.refused or "MUSCLE_DUPLICATE"
            continue
        known = _seconds_inside(calibration, len(channel.psd))
        made.append(_channel(name, channel, bad, lowpass.get(channel.index), device_uv.get(name), known))
    return tuple(made), refused


def _channel(
    name: str,
    frames: ChannelFrames,
    bad: Intervals,
    lowpass_hz: float | None,
    device_uv: float | None,
    calibration: NDArray[np.bool_] | None,
) -> Channel:
    gain = decimation_gain(lowpass_hz, frames.rate_hz, frames.psd.shape[1])
    # what a converter takes is known and put back; of other low-passes only the edge is
    frames, lowpass_hz = (frames, lowpass_hz) if gain is None else (frames.without_decimation(gain), None)
    return Channel(name, frames.marked_bad(bad) if len(bad) else frames, lowpass_hz, device_uv, calibration)


def _lowpass(recording: Recording, hardware: Prefilter) -> dict[int, float]:
    """Low-pass of the amplifier by signal, Hz, as `recordings.csv` or the signal's own text states it: the lower."""
    out = {}
    for signal in recording.signals:
        stated = [hardware.lowpass_hz, stated_filters(signal.prefilter).lowpass_hz]
        if known := [hz for hz in stated if hz is not None]:
            out[signal.index] = min(known)
    return out


def _seconds_inside(stretches: Intervals, n_seconds: int) -> NDArray[np.bool_] | None:
    """Whole seconds inside stretches; None where there are no stretches."""
    if not len(stretches):
        return None
    inside = np.zeros(n_seconds, bool)
    for start_s, stop_s in stretches:
        inside[int(np.ceil(start_s - 1e-9)) : int(stop_s + 1e-9)] = True
    return inside
