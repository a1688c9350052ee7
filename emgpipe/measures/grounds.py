"""What frames and a floor say before any state: made once, however many settings of activity are tried on them."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import Hearing, hear
from emgpipe.detectors.cocontraction import EnvelopePower, envelope_power
from emgpipe.detectors.coherence import Coherence, low_coherence
from emgpipe.detectors.continuity import sustained_uv
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.spasms import Spasms, detect_spasms
from emgpipe.detectors.windows import windows_of_seconds
from emgpipe.detectors.witnesses import Floats, Witnesses, usable_hops, witness_seconds
from emgpipe.frames.model import REASON_BITS, ChannelFrames
from emgpipe.intervals import Intervals
from emgpipe.measures.kept import Kept
from emgpipe.measures.reads import SPASMS

MOST_STRETCHES, MOST_BESIDE, MOST_LENGTHS = 64, 4, 4
"""Segments, partners of a pair, and settings of epochs or spasms, whose grounds are kept."""

_numbers = count()


@dataclass(frozen=True, eq=False)
class Grounds:
    """Frames and floor of one channel; `number` is another one for each, and stands for both in keys."""

    frames: ChannelFrames
    floor: Floor
    number: int = field(default_factory=lambda: next(_numbers))

    @cached_property
    def witnesses(self) -> Witnesses:
        """Per-second witnesses."""
        return witness_seconds(self.frames)

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Hops that may enter a number."""
        return usable_hops(self.frames)

    @cached_property
    def heard(self) -> Hearing:
        """Windows and hops that activity is decided from."""
        return hear(self.frames)

    @cached_property
    def _stretches(self) -> Kept["Stretch"]:
        return Kept(MOST_STRETCHES)

    def stretch(self, start_s: float, stop_s: float) -> "Stretch":
        """Grounds of a segment."""
        return self._stretches.get((start_s, stop_s), lambda: Stretch(self, start_s, stop_s))


@dataclass(frozen=True, eq=False)
class Stretch:
    """Grounds of one channel over `[start_s, stop_s)`."""

    grounds: Grounds
    start_s: float
    stop_s: float

    @cached_property
    def hops(self) -> slice:
        """Hops of the segment."""
        frames = self.grounds.frames
        return slice(frames.hops(self.start_s), frames.hops(self.stop_s))

    def usable_s(self, start_s: float, stop_s: float) -> float:
        """Usable seconds of a part."""
        frames = self.grounds.frames
        return float(self.grounds.usable[frames.hops(start_s) : frames.hops(stop_s)].sum() * frames.hop_s)

    @cached_property
    def used_s(self) -> float:
        """Usable seconds of the segment."""
        return self.usable_s(self.start_s, self.stop_s)

    @cached_property
    def powers(self) -> Floats:
        """Power of 1 s windows every 0.5 s, µV²; NaN where they are not usable."""
        return windows_of_seconds(self.grounds.frames, self.start_s, self.stop_s, 1.0, 0.5).power

    @cached_property
    def reason_shares(self) -> dict[str, float]:
        """Share of the hops that carry each reason bit."""
        reasons = self.grounds.frames.reasons[self.hops]
        shares = {name: (reasons & bit) != 0 for name, bit in REASON_BITS.items()}
        return {name: float(there.mean()) if len(there) else 0.0 for name, there in shares.items()}

    @cached_property
    def envelope(self) -> EnvelopePower:
        """Corrected RMS of the windows of envelopes."""
        return envelope_power(self.grounds.frames, self.grounds.floor, self.start_s, self.stop_s)

    @cached_property
    def _sustained(self) -> Kept[list[float]]:
        return Kept(MOST_LENGTHS)

    def sustained_uv(self, epoch_s: float) -> list[float]:
        """P10 of the 500 ms RMS of each whole epoch."""
        return self._sustained.get(
            epoch_s, lambda: sustained_uv(self.grounds.frames, self.start_s, self.stop_s, epoch_s)
        )

    @cached_property
    def _spasms(self) -> Kept[Spasms]:
        return Kept(MOST_LENGTHS)

    def spasms(self, detect: DetectSettings) -> Spasms:
        """Spasms of the segment; the floor is known."""
        grounds = self.grounds
        return self._spasms.get(
            tuple(getattr(detect, name) for name in SPASMS),
            lambda: detect_spasms(grounds.frames, grounds.floor, self.start_s, self.stop_s, detect),
        )

    @cached_property
    def _beside(self) -> "Kept[Beside]":
        return Kept(MOST_BESIDE)

    def beside(self, other: "Stretch") -> "Beside":
        """Grounds of this channel and another one over the same segment."""
        return self._beside.get(other.grounds.number, lambda: Beside(self, other))


@dataclass(frozen=True, eq=False)
class Beside:
    """Grounds of a pair over a segment."""

    first: Stretch
    second: Stretch

    @cached_property
    def recorded_s(self) -> float:
        """Seconds of the segment whose hops are usable in both muscles."""
        one, other = (
            Intervals.from_mask(s.grounds.usable[s.hops], s.hops.start).scaled(s.grounds.frames.hop_s)
            for s in (self.first, self.second)
        )
        return one.overlap(other).duration

    @cached_property
    def coherence(self) -> Coherence:
        """Of both hop RMS, of one rate."""
        one, other = self.first.grounds.frames, self.second.grounds.frames
        return low_coherence(one, other, self.first.start_s, self.first.stop_s)
