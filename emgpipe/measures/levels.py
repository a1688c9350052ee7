"""Levels that cannot be: microvolts that are volts or millivolts, or the other way round."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from emgpipe.detectors.floor import Floor
from emgpipe.detectors.witnesses import usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.doubts import Said

MOST_PEAK_UV = 20_000.0
"""Surface EMG stays below about 10 mV, a needle in a muscle below about 20 mV."""
MOST_RMS_UV = 3000.0
"""Half of all hops above this: three times the strongest contraction that a surface electrode sees."""
MOST_FLOOR_UV = 100.0
"""Electrode and amplifier leave some microvolts of noise; a silent muscle read 1000 times too high shows here."""
LEAST_RMS_UV = 0.1
"""The best amplifiers leave 5 nV per root Hz, 0.1 microvolts in the band, and skin adds to it; real quiet ones 0.6."""
QUIET_SHARE = 0.05
"""Share of the seconds that are as quiet or quieter."""
PEAK_SHARE = 0.01
"""Share of the hops that may hold a higher peak: a lead that is touched, a stimulus."""
LEVEL_HOPS = 20_000
"""Hops, evenly spaced, that levels are taken from."""


def amplitude_doubts(name: str, frames: ChannelFrames, floor: Floor) -> Iterator[Said]:
    """Say where microvolts are none that muscle or electrode make: a wrong unit or scale.

    Parameters
    ----------
    name : str
        Target of the channel.
    frames, floor : ChannelFrames, Floor
        Of the channel.

    Yields
    ------
    Said
        AMPLITUDE_IMPLAUSIBLE.
    """
    step = max(len(frames.reasons) // LEVEL_HOPS, 1)
    usable = np.flatnonzero(usable_hops(frames)[::step]) * step
    if not len(usable):
        return
    rms_uv = float(np.sqrt(np.median(frames.mean_square[usable])))
    peaks_uv = np.maximum(-frames.low_uv[usable], frames.high_uv[usable])
    peak_uv = float(np.quantile(peaks_uv, 1 - PEAK_SHARE))
    figure = ""
    if rms_uv > MOST_RMS_UV or peak_uv > MOST_PEAK_UV:
        figure = f"{rms_uv:.3g} and {peak_uv:.3g}"
        message = f"RMS and peaks are {{}} microvolts; muscle stays below {MOST_RMS_UV:g} and {MOST_PEAK_UV:g}"
    elif floor.known and floor.floor_uv > MOST_FLOOR_UV:
        figure = f"{floor.floor_uv:.3g}"
        message = f"the noise floor is {{}} microvolts; electrodes stay below {MOST_FLOOR_UV:g}"
    elif reads_too_low(frames):
        figure = f"{_quiet_uv(frames):.2g}"
        message = f"the quietest seconds are {{}} microvolts; no electrode on skin is below {LEAST_RMS_UV:g}"
    if figure:
        message += ": check unit and scale of the file"
        yield Said("AMPLITUDE_IMPLAUSIBLE", "warning", name, message, figure)


def reads_too_low(frames: ChannelFrames) -> bool:
    """Whether a channel is quieter than any electrode on skin: volts or millivolts that are called microvolts.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.

    Returns
    -------
    bool
        False where no second is usable (dead, clipped), or where the levels times 1000 could be no muscle either.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import RunSamples, reduce_channel
    >>> x = 0.01 * np.random.default_rng(1).standard_normal(20000).astype(np.float32)
    >>> reads_too_low(
    ...     reduce_channel([RunSamples(0, 20000, lambda a, b: x[a:b])], 20000, 2000.0, 50, ConditionSettings())
    ... )
    True
    """
    power = frames.mean_square[usable_hops(frames)]
    if not len(power) or np.median(power) > (MOST_RMS_UV / 1000) ** 2:
        return False
    return 0 < _quiet_uv(frames) < LEAST_RMS_UV


def believed_floor(frames: ChannelFrames, floor: Floor) -> Floor:
    """Give no floor, and with it no verdict, to a channel that reads too low; `floor` as it is to any other."""
    if not reads_too_low(frames):
        return floor
    nan, code = np.nan, "AMPLITUDE_IMPLAUSIBLE"
    return replace(floor, floor_uv=nan, lo_uv=nan, hi_uv=nan, source="", confidence="", reason=code)


def _quiet_uv(frames: ChannelFrames) -> float:
    """RMS of the quietest seconds of usable hops, µV; NaN where there is no second of them."""
    power = frames.mean_square[usable_hops(frames)]
    hops = frames.hops(1.0)
    seconds = power[: len(power) // hops * hops].reshape(-1, hops).mean(axis=1, dtype=np.float64)
    return float(np.sqrt(np.quantile(seconds, QUIET_SHARE))) if len(seconds) else np.nan
