"""What a floor can be told from: the noise above the band, and bounds that activity can only raise."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from emgpipe.detectors.witnesses import Floats, Witnesses, band_density, degrees_of_freedom, usable_hops
from emgpipe.frames.model import ChannelFrames

OUT_OF_BAND_RATE_HZ = 1900.0
"""From this sampling rate on, 600-850 Hz is clean of EMG and recorded."""
ROLLED_OFF = 0.2
"""PSD(750-850)/PSD(600-700) below this: a hardware low-pass has taken the noise too."""
FAST_RATE_HZ = 4000.0
CLEAN_HZ, FAST_CLEAN_HZ = (600, 850), (1200, 1800)
"""Bands without EMG; the second from 4 kHz on."""
STEEP_HZ, FLAT_HZ = (750, 850), (600, 700)
"""Noise alone is as dense in the first as in the second."""
REGRESSION_SECONDS = 400
FLAT_RATIO = (0.85, 1.2)
LEAST_STILL_S = 3.0
"""Where out_of_band could answer as well: five quiet seconds of coloured noise show three that pass (decision 0011)."""
CLEAN_TO_HZ = 900.0
"""A stated low-pass below this takes the noise at 600-850 Hz."""
HIGH_BAND_TO_HZ = 450.0
"""A stated low-pass below this takes noise at 350-425 Hz: what is left there is no bound."""
NOISE_SHARE = 0.05
"""Density in 600-700 over that in 50-200 Hz in the quietest seconds: above, it is noise; EMG leaves less."""
NOISE_ROLLED_OFF = 0.75
"""Roll-off of such noise: a converter at 2048 Hz leaves 0.52; weak EMG beside white noise 0.8 and more."""
QUIETEST = 0.1
"""Share of the seconds that count as the quietest."""
BAND_SCATTER = 0.3
"""Relative standard deviation of the density of a 25 Hz band in one second, and of what a median makes of it."""


def out_of_band(
    frames: ChannelFrames, seconds: Witnesses, still: NDArray[np.bool_], lowpass_hz: float | None = None
) -> tuple[float | None, float]:
    """Level from the highest clean band, and its roll-off; no level where a low-pass has taken the noise.

    The roll-off is PSD(750-850)/PSD(600-700), from 4 kHz on also PSD(1200-1800)/PSD(600-850), the lower one. Noise
    alone is flat there, so in still seconds a small fall is told; EMG reaches 600-700 Hz, so elsewhere only a deep one.
    """
    if frames.rate_hz < OUT_OF_BAND_RATE_HZ:
        return None, np.nan
    psd = frames.psd[seconds.usable]
    fast = frames.rate_hz >= FAST_RATE_HZ
    density = float(np.median(band_density(psd, *(FAST_CLEAN_HZ if fast else CLEAN_HZ))))
    ratio = roll_off(psd, fast=False)
    if lowpass_hz is not None and lowpass_hz < CLEAN_TO_HZ:
        return None, min(ratio, ROLLED_OFF)
    deep = min(ratio, roll_off(psd, fast=fast))
    quiet = min(_at_most(frames.psd[still], fast=f) for f in {False, fast}) if still.sum() >= LEAST_STILL_S else 1.0
    quiet = min(quiet, _noise_roll_off(frames, seconds))
    if density <= 0 or deep < ROLLED_OFF or quiet < FLAT_RATIO[0]:
        return None, min(deep, quiet)
    return float(np.sqrt(density * frames.bandwidth_hz)), ratio


def _is_cut(frames: ChannelFrames, seconds: Witnesses, lowpass_hz: float | None) -> bool:
    """Whether a low-pass may have taken noise at 350-425 Hz: stated below, or seen above the band and not stated."""
    if lowpass_hz is not None:
        return lowpass_hz < HIGH_BAND_TO_HZ
    return frames.rate_hz >= OUT_OF_BAND_RATE_HZ and _noise_roll_off(frames, seconds) < FLAT_RATIO[0]


def _noise_roll_off(frames: ChannelFrames, seconds: Witnesses) -> float:
    """Roll-off of the quietest seconds, where it is noise and no EMG that falls; 1 where that cannot be told."""
    power = np.where(seconds.usable, seconds.power, np.inf)
    count = max(int(QUIETEST * seconds.usable.sum()), 1)
    psd = frames.psd[np.argsort(power, kind="stable")[:count]]
    low, high = (float(np.median(band_density(psd, *hz))) for hz in ((50, 200), (600, 700)))
    if count < LEAST_STILL_S or not high > NOISE_SHARE * low:
        return 1.0
    ratio = _at_most(psd, fast=False)
    return ratio if ratio < NOISE_ROLLED_OFF else 1.0


def _at_most(psd: NDArray[np.float32], *, fast: bool) -> float:
    """Roll-off that so few seconds may stand for: four seconds of white noise read below 0.85 in one case of nine."""
    scatter = np.sqrt(1 / 24 + 1 / 10) if fast else np.sqrt(1 / 4 + 1 / 4)
    return roll_off(psd, fast=fast) + float(BAND_SCATTER * scatter / np.sqrt(len(psd)))


def roll_off(psd: NDArray[np.float32], *, fast: bool) -> float:
    """Density of a higher band over that of a lower one, medians over seconds."""
    high_hz, low_hz = (FAST_CLEAN_HZ, CLEAN_HZ) if fast else (STEEP_HZ, FLAT_HZ)
    low = float(np.median(band_density(psd, *low_hz)))
    return float(np.median(band_density(psd, *high_hz))) / low if low > 0 else 0.0


def plain_bound(bounds: dict[str, float]) -> float:
    """Tightest bound that is no extrapolation, µV."""
    return min(value for name, value in bounds.items() if name != "regression")


def in_signal_bounds(
    frames: ChannelFrames, seconds: Witnesses, tilt: float, lowpass_hz: float | None = None
) -> dict[str, float]:
    """Upper bounds that activity can only raise, µV: high band, its regression on the low band, low quantiles."""
    bounds = {}
    level_uv = high_band_uv(frames, seconds)
    if level_uv is not None and not _is_cut(frames, seconds, lowpass_hz):
        high = seconds.high_density[np.isfinite(seconds.high_density)]
        bounds["high_band"] = level_uv
        intercept = _regression(seconds.low_density[seconds.usable], high)
        if intercept is not None:
            bounds["regression"] = float(np.sqrt(intercept * frames.bandwidth_hz))
    psd = np.nanmedian(frames.psd, axis=0).astype(np.float64) if tilt < 2 else None
    for name, hops in (("quantile_12ms", 1), ("quantile_25ms", 2)):
        bounds[name] = _low_quantile(frames, hops, psd)
    return bounds


def high_band_uv(frames: ChannelFrames, seconds: Witnesses) -> float | None:
    """Level of white noise of the median density in 350-425 Hz; None where that band is not recorded."""
    high = seconds.high_density[np.isfinite(seconds.high_density)]
    return float(np.sqrt(np.median(high) * frames.bandwidth_hz)) if len(high) else None


def _regression(low: Floats, high: Floats) -> float | None:
    """Density at no activity from high = b0 + rho x low (Theil-Sen); None where activity does not vary."""
    pick = np.linspace(0, len(high) - 1, min(REGRESSION_SECONDS, len(high))).astype(int)
    a, h = low[pick], high[pick]
    if not np.quantile(a, 0.9) > 2 * np.quantile(a, 0.1):
        return None
    i, j = np.triu_indices(len(a), 1)
    apart = np.abs(a[j] - a[i]) > 0.01 * np.ptp(a)
    rho = float(np.median((h[j] - h[i])[apart] / (a[j] - a[i])[apart]))
    if rho >= 0.5:
        return None
    density = float(np.median(h - rho * a)) / (1 - rho)
    return density if density > 0 else None


def _low_quantile(frames: ChannelFrames, hops: int, psd: Floats | None) -> float:
    """Level from the 2 % quantile of the power of `hops` neighbouring usable hops."""
    power = np.where(usable_hops(frames), frames.mean_square, np.nan).astype(np.float64)
    power = power[: len(power) // hops * hops].reshape(-1, hops).mean(1)
    power = power[np.isfinite(power)]
    if not len(power):
        return np.inf
    nu = degrees_of_freedom(frames, hops * frames.hop_s, psd)
    return float(np.sqrt(np.quantile(power, 0.02) / (chi2.ppf(0.02, nu) / nu)))
