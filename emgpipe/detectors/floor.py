"""The noise floor: a bracket in µV with a source and a confidence."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.bounds import FLAT_RATIO, LEAST_STILL_S, high_band_uv, in_signal_bounds, out_of_band, plain_bound
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import (
    Floats,
    Witnesses,
    witness_seconds,
)
from emgpipe.frames.model import ChannelFrames

Source = Literal["device", "calibration", "still", "out_of_band", "in_signal", ""]
Confidence = Literal["high", "medium", "low", ""]

STILL_OVER_HIGH_BAND = 1.3
"""Noise of corner 150 Hz stands at 1.25; steady EMG of 0.83 floors, below any verdict, at 1.3 (decision 0004)."""
STILL_OVER_OUT_OF_BAND = 1.6
STILL_SPREAD = 1.5
"""P95 over P5 of the RMS of still seconds above which the noise itself changes; 1.1 in steady noise."""
OUT_OF_BAND_OVER_BOUNDS = 1.25
"""Noise above the band may be louder than in it; above bounds that activity only raises it is no floor."""
DEVICE_OVER_KNOWN = 1.25
CALIBRATION_OVER_KNOWN = 1.25
COLOURED = 1.05
"""Still seconds this far above out_of_band are coloured noise, or steady EMG of less than a floor: see the shape."""
SLOPE_HZ, HUMP_HZ, WHITE_HZ = (25, 50), (75, 150), (600, 850)
SLOPE_OF_NOISE, SLOPE_OVER_HUMP = 3.3, 2.4
"""Excess in 25-50 Hz over that in 75-150 Hz: 3.3 for 1/f noise of any corner, below 1.5 for EMG (decision 0010)."""
LEAST_SLOPE = 0.15
"""Excess in 25-50 Hz over the white part below which its scatter is not reckoned relative to itself."""
BAND_SCATTER, SCATTERS = 0.25, 2.0
"""Relative standard deviation of the median density of 25 bins, and how many of it the limit gives way."""
BRACKET = {
    ("high", True): (0.9, 1.10),
    ("high", False): (0.9, 1.15),
    ("medium", True): (0.85, 1.10),
    ("medium", False): (0.75, 1.25),
}
"""(confidence, rests on still seconds or a device) -> factors of the best value."""
LOW_MARGIN = 1.1


@dataclass(frozen=True)
class Floor:
    """The noise floor of one channel, µV RMS in the analysis band.

    Attributes
    ----------
    floor_uv, lo_uv, hi_uv : float
        Best value and bracket; NaN where nothing is known.
    source : str
        `device`, `calibration`, `still`, `out_of_band`, `in_signal` or `""`.
    confidence : str
        `high`, `medium`, `low` or `""`.
    reason : str
        Codes joined by `;`: NOISY_ELECTRODE (undeterminable), FLOOR_CAPPED, FLOOR_CHANGES, FLOOR_IMPLAUSIBLE,
        DEVICE_DISAGREES,
        CALIBRATION_NOT_QUIET, LOW_PASS, NO_USABLE_SIGNAL (undeterminable).
    tilt, kurtosis : float
        Medians over usable seconds; NaN where undefined.
    still_s : int
        Seconds that count as still.
    noise_psd : ndarray or None
        Median spectrum of the still seconds.
    """

    floor_uv: float
    lo_uv: float
    hi_uv: float
    source: Source
    confidence: Confidence
    reason: str = ""
    tilt: float = np.nan
    kurtosis: float = np.nan
    still_s: int = 0
    noise_psd: Floats | None = None

    @property
    def known(self) -> bool:
        """Whether a verdict can rest on this floor."""
        return bool(np.isfinite(self.floor_uv))


def estimate_floor(
    frames: ChannelFrames,
    settings: DetectSettings,
    *,
    device_uv: float | None = None,
    calibration: NDArray[np.bool_] | None = None,
    lowpass_hz: float | None = None,
) -> Floor:
    """Bracket the noise floor of a channel.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel, over the whole recording.
    settings : DetectSettings
        Cap, least value, what counts as still.
    device_uv : float > 0, optional
        Stated noise of the amplifier or channel, µV RMS in the band.
    calibration : ndarray of bool, shape (n_seconds,), optional
        Seconds of an annotated calibration segment.
    lowpass_hz : float, optional
        Low-pass of the amplifier where it is stated: noise above it is no witness.

    Returns
    -------
    Floor
        With NaN values and a reason where no floor can be told.

    Notes
    -----
    A choice in order of trust (definitions, section 2), not a minimum over estimators:
    a minimum drifts low with the length of the recording. Deviation from the correction
    of Clancy et al. (2019, root difference of squares): the floor is a bracket.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import reduce_channel
    >>> from emgpipe.frames.runs import RunSamples
    >>> x = np.random.default_rng(1).standard_normal(40000).astype(np.float32)
    >>> frames = reduce_channel([RunSamples(0, 40000, lambda a, b: x[a:b])], 40000, 2000.0, 50, ConditionSettings())
    >>> floor = estimate_floor(frames, DetectSettings())  # 394 Hz of 1000 Hz pass
    >>> floor.source, floor.confidence, round(floor.floor_uv, 2)
    ('still', 'high', 0.62)
    """
    seconds = witness_seconds(frames)
    if not seconds.usable.any() or not np.nanmax(seconds.power) > 0:
        return Floor(np.nan, np.nan, np.nan, "", "", "NO_USABLE_SIGNAL")
    facts = _Facts.gather(frames, seconds, settings, lowpass_hz)
    found, notes = _choose(facts, settings, device_uv, calibration)
    if found.source not in ("device", "calibration") and found.floor_uv < facts.least_uv:
        notes.append("FLOOR_IMPLAUSIBLE")
    reason = ";".join(dict.fromkeys(c for c in [*notes, found.reason] if c))
    psd = np.nanmedian(frames.psd[facts.still], axis=0).astype(np.float64) if facts.still.any() else None
    return replace(
        found,
        reason=reason,
        tilt=_median(seconds.tilt),
        kurtosis=_median(seconds.kurtosis),
        still_s=int(facts.still.sum()),
        noise_psd=psd,
    )


@dataclass(frozen=True, eq=False)
class _Facts:
    """What the choice of a floor is made from: levels in µV, None where a witness has nothing to say."""

    seconds: Witnesses
    tilt: float
    kurtosis: float
    still: NDArray[np.bool_]
    still_uv: float | None
    out_of_band_uv: float | None
    band_ratio: float
    bounds_uv: dict[str, float]
    least_uv: float

    @classmethod
    def gather(
        cls, frames: ChannelFrames, seconds: Witnesses, settings: DetectSettings, lowpass_hz: float | None
    ) -> "_Facts":
        """Ask every witness."""
        tilt, kurtosis = _median(seconds.tilt), _median(seconds.kurtosis)
        still = seconds.still(settings)
        bounds = in_signal_bounds(frames, seconds, tilt, lowpass_hz)
        outside_uv, ratio = out_of_band(frames, seconds, still, lowpass_hz)
        if outside_uv is not None and outside_uv > OUT_OF_BAND_OVER_BOUNDS * plain_bound(bounds):
            outside_uv = None
        still_uv = _still_level(seconds, still, high_band_uv(frames, seconds), outside_uv)
        if still_uv is not None and outside_uv is not None and still_uv > COLOURED * outside_uv:
            still_uv = None if _muscle_shaped(frames.psd[still]) else still_uv
        if still_uv is None:
            still = np.zeros_like(still)
        lsb = frames.lsb_uv / np.sqrt(12) if np.isfinite(frames.lsb_uv) else 0.0
        least = max(lsb, settings.floor_min_uv)
        return cls(seconds, tilt, kurtosis, still, still_uv, outside_uv, ratio, bounds, least)


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else np.nan


def _choose(
    facts: _Facts, settings: DetectSettings, device_uv: float | None, calibration: NDArray[np.bool_] | None
) -> tuple[Floor, list[str]]:
    """Most trusted source that has something to say, and codes about those passed over."""
    notes = []
    if facts.out_of_band_uv is None and facts.band_ratio < FLAT_RATIO[0]:
        notes.append("LOW_PASS")
    if device_uv is not None:
        known = facts.still_uv or facts.out_of_band_uv
        if known is not None and not 1 / DEVICE_OVER_KNOWN <= device_uv / known <= DEVICE_OVER_KNOWN:
            notes.append("DEVICE_DISAGREES")
        return _bracketed(device_uv, "device", "high", rests=True), notes
    if calibration is not None and (calibration & facts.seconds.usable).any():
        level = _calibration_level(facts, settings, calibration)
        if level is not None:
            return _bracketed(level, "calibration", "high", rests=True), notes
        notes.append("CALIBRATION_NOT_QUIET")
    if facts.still_uv is not None:
        confidence: Confidence = "high" if facts.out_of_band_uv is not None else "medium"
        return _still_floor(facts, confidence), notes
    if facts.out_of_band_uv is not None:
        confidence = "high" if FLAT_RATIO[0] <= facts.band_ratio <= FLAT_RATIO[1] else "medium"
        return _bracketed(facts.out_of_band_uv, "out_of_band", confidence, rests=False), notes
    return _in_signal(facts, settings), notes


def _bracketed(level_uv: float, source: Source, confidence: Confidence, *, rests: bool) -> Floor:
    low, high = BRACKET[confidence, rests]
    return Floor(level_uv, low * level_uv, high * level_uv, source, confidence)


def _still_floor(facts: _Facts, confidence: Confidence) -> Floor:
    """Floor from still seconds; where they are of several levels, one bracket around all, of low confidence."""
    assert facts.still_uv is not None
    floor = _bracketed(facts.still_uv, "still", confidence, rests=True)
    low, high = np.sqrt(np.quantile(facts.seconds.power[facts.still], [0.05, 0.95]))
    if high <= STILL_SPREAD * low:
        return floor
    lo, hi = BRACKET[confidence, True]
    return replace(floor, lo_uv=lo * float(low), hi_uv=hi * float(high), confidence="low", reason="FLOOR_CHANGES")


def _calibration_level(facts: _Facts, settings: DetectSettings, calibration: NDArray[np.bool_]) -> float | None:
    """Median RMS of a calibration segment if it is still and not above what else is known."""
    inside = calibration & facts.seconds.usable
    level = float(np.sqrt(np.median(facts.seconds.power[inside])))
    still = facts.seconds.still(settings)
    if not np.isfinite(facts.tilt):  # no tilt below 850 Hz: impulses are all that can speak against it
        still = facts.seconds.kurtosis < settings.still_kurtosis
    quiet = np.median(still[inside]) == 1
    known = facts.out_of_band_uv
    if not np.isfinite(facts.tilt):
        known = min(facts.bounds_uv["quantile_12ms"], facts.bounds_uv["quantile_25ms"])
    return level if quiet and (known is None or level <= CALIBRATION_OVER_KNOWN * known) else None


def _still_level(
    seconds: Witnesses, still: NDArray[np.bool_], high_band_uv: float | None, outside_uv: float | None
) -> float | None:
    """Median RMS of the still seconds, unless they are too few or only look still (steady EMG of one floor)."""
    needed = max(2.0, 0.01 * seconds.usable.sum(), LEAST_STILL_S if outside_uv is not None else 0.0)
    if high_band_uv is None or still.sum() < needed:
        return None
    level = float(np.sqrt(np.median(seconds.power[still])))
    if level > STILL_OVER_HIGH_BAND * high_band_uv:
        return None
    if outside_uv is not None and level > STILL_OVER_OUT_OF_BAND * outside_uv:
        return None
    return level


def _muscle_shaped(psd: NDArray[np.float32]) -> bool:
    """Whether what stands above the white part of still seconds has the hump of EMG, beyond doubt not the slope of 1/f.

    Rows of `psd` are seconds. The limit gives way by the scatter of so few seconds.
    """
    mean = psd.astype(np.float64).mean(0)
    low, hump, white = (mean[a // 25 : b // 25].mean() for a, b in (SLOPE_HZ, HUMP_HZ, WHITE_HZ))
    if not hump > white:
        return False
    bands = np.array([(b - a) / 25 for a, b in (SLOPE_HZ, HUMP_HZ)])
    excess = np.array([max(low - white, LEAST_SLOPE * white), hump - white])
    scatter = np.sqrt(((BAND_SCATTER * np.array([low, hump]) / excess) ** 2 / (bands * len(psd))).sum())
    limit = min(SLOPE_OVER_HUMP, SLOPE_OF_NOISE * (1 - SCATTERS * scatter))
    return bool(low - white < limit * (hump - white))


def _in_signal(facts: _Facts, settings: DetectSettings) -> Floor:
    """Tightest in-signal bound, its confidence, and the cap."""
    # quantisation and electrodes leave no less: a smaller bound is no floor
    tight = max(min(facts.bounds_uv.values()), facts.least_uv)
    quantiles = facts.bounds_uv["quantile_12ms"] / facts.bounds_uv["quantile_25ms"]
    quiet = facts.tilt < 2 and facts.kurtosis < 1
    sparse = abs(quantiles - 1) < 0.15 and facts.kurtosis > 1
    tilt_known = np.isfinite(facts.tilt)
    if tight > settings.floor_max_uv:
        if quiet:
            return Floor(np.nan, np.nan, np.nan, "in_signal", "low", "NOISY_ELECTRODE")
        hi = LOW_MARGIN * tight
        return Floor(settings.floor_max_uv, facts.least_uv, hi, "in_signal", "low", "FLOOR_CAPPED")
    if tilt_known and (quiet or sparse):
        return _bracketed(tight, "in_signal", "medium", rests=False)
    hi = LOW_MARGIN * tight
    return Floor(tight, facts.least_uv, hi, "in_signal", "low", "FLOOR_LOW_CONFIDENCE")
