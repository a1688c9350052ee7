"""Frames: the small, cached summary of a recording that every verdict is made from."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emgpipe.intervals import Intervals

FRAMES_VERSION = 7
"""Part of the cache key: raised whenever the same file would give other frames."""

GAP, CLIPPED, FLAT, QRS, EDGE, MAINS_JUMP, BAD, OUT_OF_RANGE = 1, 2, 4, 8, 16, 32, 64, 128
"""Reason bits of a hop: any of them makes it unusable. BAD is a mark made by people, set at decision time.
OUT_OF_RANGE stands beside CLIPPED, never alone."""

MOVEMENT, STEP, ELECTRODE_OFF = 256, 512, 1024
"""Reason bits of whole seconds, set at decision time (`detectors.quality`)."""

REASON_BITS = {
    "GAP": GAP,
    "CLIPPED": CLIPPED,
    "FLAT": FLAT,
    "QRS": QRS,
    "EDGE": EDGE,
    "MAINS_JUMP": MAINS_JUMP,
    "BAD": BAD,
    "OUT_OF_RANGE": OUT_OF_RANGE,
    "MOVEMENT": MOVEMENT,
    "STEP": STEP,
    "ELECTRODE_OFF": ELECTRODE_OFF,
}


IDENTICAL_R = 0.999
"""From here on two channels are one signal, not two muscles."""
IDENTICAL_SHARE = 0.2
"""Share of the seconds in which they may not be one signal."""


@dataclass(frozen=True)
class Line:
    """A mains line that was removed: frequency in Hz, its RMS in µV and its power over its surroundings."""

    frequency_hz: float
    rms_uv: float
    ratio: float


@dataclass(frozen=True)
class Heart:
    """What was found of heart beats in one channel.

    Attributes
    ----------
    source : str
        Label of the lead that told the beats.
    n_beats : int
        Beats that were subtracted; 0 where the channel shows none.
    per_minute : float
        Beats a minute of the recording.
    hidden_share : float
        Share of the lead in which EMG hides beats.
    residual : float
        RMS of what subtraction leaves in QRS hops over that of the others; NaN without beats.
    why : str
        Why no beats were told, in words; `""` where they were.
    doubtful : bool
        None were told, and yet something of one shape is there: a heart may be left in.
    n_told : int
        Beats that the lead told; those that this channel does not show or that lie at the ends of runs stay in.
    missed_share : float
        Share of the recorded time that is further from any beat than a heart ever pauses.
    confirmed : bool
        They come from an ECG lead, or from two trunk leads that agree.
    """

    source: str
    n_beats: int
    per_minute: float
    hidden_share: float
    residual: float
    why: str = ""
    doubtful: bool = False
    n_told: int = 0
    missed_share: float = 0.0
    confirmed: bool = True


@dataclass(frozen=True, eq=False)
class ChannelFrames:
    """Frames of one channel. Hop k covers samples `[k*hop, (k+1)*hop)` of the gap-aware time line.

    Attributes
    ----------
    index, label, muscle : int, str, str
        As in `emgpipe.recording.Signal`.
    rate_hz : float
        Samples per second.
    hop_samples : int
        `floor(0.0125 x rate + 0.5)`.
    mean_square, mean_fourth : ndarray of float32, shape (n_hops,)
        Of the conditioned signal, µV² and µV⁴; NaN where a hop has a gap.
    low_uv, high_uv : ndarray of float32, shape (n_hops,)
        Least and largest conditioned sample, µV.
    reasons : ndarray of uint16, shape (n_hops,)
        Bits of `REASON_BITS`.
    psd : ndarray of float32, shape (n_seconds, n_bands)
        Density of the raw signal in 25 Hz bands, µV²/Hz: median over the bins of a 1 s Hann
        periodogram, mains cut out, median bias corrected. NaN where a second has a gap.
    line_power, slow_power, largest_step_uv : ndarray of float32, shape (n_seconds,)
        Per second of the raw signal: µV² at the removed lines, µV² in 1-15 Hz, and the largest
        difference of neighbouring samples in µV.
    bandwidth_hz : float
        Noise bandwidth of the whole zero-phase response, removed lines left out.
    band_gain : ndarray of float64, shape (n_bands,)
        Mean power gain of the conditioning in each 25 Hz band.
    band_hz : tuple of float
        Edges of the analysis band, Hz.
    lines : tuple of Line
        Mains lines that were removed.
    lsb_uv : float
        One digital step, µV.
    refused : str
        Code that forbids any number from this channel, or `""`; the arrays are then empty.
    other_lines : tuple of Line
        Lines of the other mains frequency (60 Hz where 50 is stated), which were left in: a wrong setting?
    heart : Heart or None
        None where no heart was looked for: neither an ECG lead nor a trunk lead.
    """

    index: int
    label: str
    muscle: str
    rate_hz: float
    hop_samples: int
    mean_square: NDArray[np.float32]
    mean_fourth: NDArray[np.float32]
    low_uv: NDArray[np.float32]
    high_uv: NDArray[np.float32]
    reasons: NDArray[np.uint16]
    psd: NDArray[np.float32]
    line_power: NDArray[np.float32]
    slow_power: NDArray[np.float32]
    largest_step_uv: NDArray[np.float32]
    bandwidth_hz: float
    band_gain: NDArray[np.float64]
    band_hz: tuple[float, float]
    lines: tuple[Line, ...]
    lsb_uv: float
    refused: str = ""
    other_lines: tuple[Line, ...] = ()
    heart: Heart | None = None

    @classmethod
    def refusing(cls, index: int, label: str, muscle: str, rate_hz: float, code: str) -> "ChannelFrames":
        """Frames of a channel that must not be measured: empty arrays and the code why."""
        none = np.empty(0, np.float32)
        return cls(
            index, label, muscle, rate_hz, max(int(0.0125 * rate_hz + 0.5), 1), none, none, none, none,
            np.empty(0, np.uint16), np.empty((0, 0), np.float32), none, none, none, np.nan, np.empty(0),
            (np.nan, np.nan), (), np.nan, code,
        )  # fmt: skip

    @property
    def hop_s(self) -> float:
        """Length of a hop in seconds."""
        return self.hop_samples / self.rate_hz

    def hops(self, time_s: float) -> int:
        """Map a time to the nearest hop boundary: the one conversion from seconds to hops."""
        return round(time_s * self.rate_hz / self.hop_samples)

    def hops_of(self, times_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Map many times at once, each as `hops` does."""
        return np.asarray(np.rint(times_s * self.rate_hz / self.hop_samples), np.int64)

    def marked_bad(self, stretches: Intervals) -> "ChannelFrames":
        """Return a copy with BAD set in every hop that touches a stretch (seconds)."""
        reasons = self.reasons.copy()
        for start_s, stop_s in stretches:
            reasons[max(int(start_s / self.hop_s), 0) : max(int(np.ceil(stop_s / self.hop_s)), 0)] |= BAD
        return replace(self, reasons=reasons)

    def without_decimation(self, gain: NDArray[np.float64]) -> "ChannelFrames":
        """Return a copy whose spectra are those before a converter's low-pass of this power gain, shape (n_bands,)."""
        shaped = self.band_gain * gain
        bandwidth_hz = self.bandwidth_hz * float(shaped.sum() / self.band_gain.sum())
        psd = (self.psd / gain).astype(np.float32)
        return replace(self, psd=psd, band_gain=shaped, bandwidth_hz=bandwidth_hz)

    def marked_seconds(self, bits: NDArray[np.uint16]) -> "ChannelFrames":
        """Return a copy with the bits of each second set in every hop that touches it; shape (n_seconds,)."""
        reasons = self.reasons.copy()
        for second in np.flatnonzero(bits).tolist():
            reasons[int(second / self.hop_s) : int(np.ceil((second + 1) / self.hop_s))] |= bits[second]
        return replace(self, reasons=reasons)


@dataclass(frozen=True, eq=False)
class PairCovariance:
    """Lagged correlation of two conditioned signals: `r[t, k]` for second t and lag `lags_samples[k]`."""

    first: int
    second: int
    lags_samples: NDArray[np.int64]
    r: NDArray[np.float32]

    @cached_property
    def largest_r(self) -> NDArray[np.float64]:
        """Largest |correlation| of each second over the lags, shape (n_seconds,); NaN where it is not defined."""
        return np.asarray(np.abs(self.r.astype(np.float64)).max(axis=1), np.float64)

    def identical(self, usable: NDArray[np.bool_]) -> bool:
        """Whether the two channels are one signal: |r| without lag is 1 in a fifth of the usable seconds."""
        middle = np.abs(self.r[:, len(self.lags_samples) // 2])[usable]
        middle = middle[np.isfinite(middle)]
        return bool(len(middle) and (middle > IDENTICAL_R).mean() >= IDENTICAL_SHARE)


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames of a recording: one `ChannelFrames` an EMG signal, its duration, the hash of the file, nominal mains."""

    channels: tuple[ChannelFrames, ...]
    duration_s: float
    sha256: str
    mains_hz: float

    def channel(self, muscle: str) -> ChannelFrames | None:
        """Frames of a muscle, or None."""
        return next((c for c in self.channels if c.muscle == muscle), None)
