"""What each second says about noise or muscle: band power, kurtosis, densities, tilt, stillness."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.settings import DetectSettings
from emgpipe.frames.model import (
    BAD,
    CLIPPED,
    EDGE,
    ELECTRODE_OFF,
    FLAT,
    GAP,
    MAINS_JUMP,
    MOVEMENT,
    QRS,
    STEP,
    ChannelFrames,
)  # fmt: skip

Floats = NDArray[np.float64]

TILT_RATE_HZ = 850.0
"""Below this sampling rate 350-425 Hz is not recorded and there is no tilt."""
LOW_BAND_HZ = (50, 200)
HIGH_BAND_HZ = (350, 425)
SPOILT = GAP | CLIPPED | FLAT | MAINS_JUMP | BAD | MOVEMENT | STEP | ELECTRODE_OFF
UNUSABLE = SPOILT | QRS | EDGE


@dataclass(frozen=True, eq=False)
class Witnesses:
    """Per second, shape (n_seconds,); NaN in seconds that are not usable.

    Attributes
    ----------
    usable : ndarray of bool
        At least half of the hops usable, none clipped, flat or missing.
    power : ndarray
        Mean square of the conditioned signal over usable hops, µV².
    kurtosis : ndarray
        Excess kurtosis of the conditioned signal.
    low_density, high_density : ndarray
        Density of the raw signal in 50-200 and 350-425 Hz, µV²/Hz; the latter NaN below 850 Hz sampling.
    tilt : ndarray
        Their ratio.
    """

    usable: NDArray[np.bool_]
    power: Floats
    kurtosis: Floats
    low_density: Floats
    high_density: Floats
    tilt: Floats

    def still(self, settings: DetectSettings) -> NDArray[np.bool_]:
        """Seconds without muscle activity by shape alone: flat spectrum and no impulses."""
        with np.errstate(invalid="ignore"):
            return (self.tilt < settings.still_tilt) & (self.kurtosis < settings.still_kurtosis)


def usable_hops(frames: ChannelFrames) -> NDArray[np.bool_]:
    """Hops that may enter a number, shape (n_hops,)."""
    return np.asarray((frames.reasons & UNUSABLE) == 0, np.bool_)


def second_edges(frames: ChannelFrames) -> NDArray[np.int64]:
    """Hop at which each second starts, and the end of the last: shape (n_seconds + 1,)."""
    times_s = np.arange(len(frames.psd) + 1, dtype=np.float64)
    return np.minimum(frames.hops_of(times_s), len(frames.mean_square))


def band_density(psd: NDArray[np.float32], low_hz: float, high_hz: float) -> Floats:
    """Mean density of the 25 Hz bands in `[low_hz, high_hz)`, one value a second.

    Examples
    --------
    >>> band_density(np.array([[1.0, 3.0, 5.0]], np.float32), 25, 75).tolist()
    [4.0]
    """
    inside: Floats = psd[:, round(low_hz / 25) : round(high_hz / 25)].astype(np.float64)
    return np.asarray(inside.mean(1), np.float64)


def witness_seconds(frames: ChannelFrames) -> Witnesses:
    """Collect the witnesses of a channel.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.

    Returns
    -------
    Witnesses
    """
    edges = second_edges(frames)
    good = usable_hops(frames)
    bad = (frames.reasons & SPOILT) != 0
    n_good, n_bad = _sums(good.astype(np.float64), edges), _sums(bad.astype(np.float64), edges)
    usable = (n_bad == 0) & (n_good >= 0.5 * np.diff(edges)) & (n_good > 0) & np.isfinite(frames.psd).all(1)
    count = np.where(usable, n_good, np.nan)
    m2 = _sums(np.where(good, frames.mean_square, 0.0), edges) / count
    m4 = _sums(np.where(good, frames.mean_fourth, 0.0), edges) / count
    masked = np.where(usable[:, None], frames.psd, np.nan).astype(np.float32)
    low = band_density(masked, *LOW_BAND_HZ)
    high = band_density(masked, *HIGH_BAND_HZ) if frames.rate_hz >= TILT_RATE_HZ else np.full(len(low), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Witnesses(usable, m2, m4 / m2**2 - 3, low, high, low / high)


def running_sum(values: NDArray[np.floating] | NDArray[np.bool_]) -> Floats:
    """Sum before each value and of all: shape (n + 1,), in float64, as hours of float32 sums lose a quiet second."""
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _sums(values: NDArray[np.floating], edges: NDArray[np.int64]) -> Floats:
    return np.diff(running_sum(values)[edges])


def degrees_of_freedom(frames: ChannelFrames, length_s: float, psd: Floats | None = None) -> float:
    """Effective degrees of freedom of the mean square of noise over a window.

    Parameters
    ----------
    frames : ChannelFrames
        Gives the power gain of the conditioning by 25 Hz band.
    length_s : float > 0
        Window length, seconds.
    psd : ndarray, shape (n_bands,), optional
        Spectrum of the noise, any unit; white where left out.

    Returns
    -------
    float
        2 T (sum p)^2 / sum p^2 with p the density after conditioning.
    """
    shaped = frames.band_gain * (1.0 if psd is None else psd)
    return float(2 * length_s * 25 * shaped.sum() ** 2 / (shaped**2).sum())
