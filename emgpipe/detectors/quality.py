"""Seconds that cannot be believed though every sample can: movement, electrode steps, a lead that came off."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import Floats, band_density, running_sum, second_edges, witness_seconds
from emgpipe.frames.model import CLIPPED, ELECTRODE_OFF, MOVEMENT, STEP, ChannelFrames
from emgpipe.intervals import Intervals

FELT = 1.2
"""Band power over its median below which slow power does no harm: an odd heart beat, a slow drift."""

ODD_BEAT = 10.0
"""A beat of another shape holds up to this much more slow power than the others."""

SLOPE_HZ, HUMP_HZ = (25, 50), (75, 150)
ARTEFACT_SHAPE = 0.25
"""Excess density in 75-150 Hz over that in 25-50 Hz: steps and movement leave 0.1, muscle 0.5 and more."""
SHOWN = 0.1
"""Share of the band's excess power that the excess in 25-50 Hz must hold to have a shape."""
NO_HUMP = 0.05
"""Share of it in 75-150 Hz below which no muscle speaks: smooth movement ends below 25 Hz, EMG holds 0.3 there."""


class Quality(NamedTuple):
    """Reason bits of each second, shape (n_seconds,), and the stretches of whole seconds in which a spasm may hide."""

    reasons: NDArray[np.uint16]
    possible_spasms: Intervals


def judge_quality(frames: ChannelFrames, settings: DetectSettings) -> Quality:
    """Look for seconds in which something else than muscle or noise speaks.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel, over the whole recording.
    settings : DetectSettings
        `movement_ratio`, `step_ratio`, `line_surge`, `possible_spasm_ratio`.

    Returns
    -------
    Quality
        MOVEMENT: raw power in 1-15 Hz above `movement_ratio` times that of the band and above as many times its own
        median, where the band feels it and what it feels has no hump of muscle. STEP: such a second with a step of
        samples above `step_ratio` times the median one. ELECTRODE_OFF: power of the removed lines above `line_surge`
        times its median and above that of the band. Such a second, or a clipped one, with more than
        `possible_spasm_ratio` times the typical band power may hide a spasm.

    Notes
    -----
    Thresholds relative to the recording itself find events, not a state: a lead that is bad from end to end is told
    by its floor. Deviation from common practice (power ratio alone): muscles that fire in bursts carry slow power
    of their own, and trunk leads that of the heart; their median is that of every second.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import reduce_channel
    >>> from emgpipe.frames.runs import RunSamples
    >>> x = np.random.default_rng(1).standard_normal(40000).astype(np.float32)
    >>> x[20000:22000] += 500 * np.sin(np.arange(2000) / 2000 * 2 * np.pi * 3).astype(np.float32)
    >>> frames = reduce_channel([RunSamples(0, 40000, lambda a, b: x[a:b])], 40000, 2000.0, 50, ConditionSettings())
    >>> np.flatnonzero(judge_quality(frames, DetectSettings()).reasons & MOVEMENT).tolist()
    [10]
    """
    seconds = witness_seconds(frames)
    band = _band_power(frames)
    slow, step, line = (x.astype(np.float64) for x in (frames.slow_power, frames.largest_step_uv, frames.line_power))
    with np.errstate(invalid="ignore"):
        felt = ~(seconds.power <= FELT * _median(seconds.power))
        usual = _median(slow) * (ODD_BEAT if frames.heart is not None and frames.heart.n_beats else 1.0)
        moved = (
            felt
            & _is_artefact_shaped(frames, band)
            & (slow > settings.movement_ratio * band)
            & (slow > settings.movement_ratio * usual)
        )
        stepped = moved & (step > settings.step_ratio * _median(step))
        off = (line > settings.line_surge * _median(line)) & (line > band)
        loud = band > settings.possible_spasm_ratio * _median(seconds.power)
    reasons = np.zeros(len(slow), np.uint16)
    reasons[moved & ~stepped] |= MOVEMENT
    reasons[stepped] |= STEP
    reasons[off] |= ELECTRODE_OFF
    clipped = _any_in_seconds(frames, CLIPPED)
    return Quality(reasons, Intervals.from_mask(loud & ((reasons != 0) | clipped)))


def _is_artefact_shaped(frames: ChannelFrames, band: Floats) -> NDArray[np.bool_]:
    """Whether what a second has more than the typical one falls like a step, with no hump as of muscle."""
    excess = []
    for hz in (SLOPE_HZ, HUMP_HZ):
        density = band_density(frames.psd, *hz)
        excess.append(np.maximum(density - _median(density), 0.0))
    slope, hump = (x * (hz[1] - hz[0]) for x, hz in zip(excess, (SLOPE_HZ, HUMP_HZ), strict=True))
    whole = np.maximum(band - _median(band), 0.0)
    falls = (slope > SHOWN * whole) & (excess[1] < ARTEFACT_SHAPE * excess[0])
    return np.asarray(falls | (hump < NO_HUMP * whole), np.bool_)


def _median(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else np.inf


def _band_power(frames: ChannelFrames) -> Floats:
    """Mean square of the conditioned signal a second, whatever its hops are good for; NaN where it has a gap."""
    edges = second_edges(frames)
    there = np.isfinite(frames.mean_square)
    sums = [np.diff(running_sum(x)[edges]) for x in (np.where(there, frames.mean_square, 0.0), there)]
    whole = sums[1] == np.diff(edges)
    return np.where(whole & (sums[1] > 0), sums[0] / np.maximum(sums[1], 1), np.nan)


def _any_in_seconds(frames: ChannelFrames, bit: int) -> NDArray[np.bool_]:
    edges = second_edges(frames)
    return np.asarray(np.diff(running_sum((frames.reasons & bit) != 0)[edges]) > 0, np.bool_)
