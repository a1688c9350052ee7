"""Whether a recording can be what it says: findings from frames and floors, and the rows that they make doubtful."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from emgpipe.detectors.floor import Floor
from emgpipe.detectors.witnesses import usable_hops
from emgpipe.filters.prefilter import NOT_STATED, Prefilter, stated_filters
from emgpipe.frames.model import CLIPPED, FLAT, GAP, OUT_OF_RANGE, ChannelFrames
from emgpipe.measures.doubts import Doubt, Said, joined
from emgpipe.measures.levels import amplitude_doubts
from emgpipe.measures.steps import data_step_uv
from emgpipe.recording import Finding, Severity, Signal

TOLD_SHARE = 0.01
"""Clipped or flat share from which on it is a warning; rows call a value a lower bound from here on, too."""
ALL_SHARE = 0.99
"""Flat share from which on a channel is called dead."""
SAME_HOPS = 2000
"""Hops, evenly spaced, on which channels are compared."""
SAME_LEVEL, SAME_PEAK = 0.03, 0.05
"""Relative difference of power, and of peaks over RMS, up to which hops agree: most do at r = 0.999, 5 % at 0.99."""
SAME_SHARE = 0.5
"""Share of the hops that agree in one signal; 0.2 % do in two of one level."""
MAINS_SHARE, MAINS_FLOORS = 0.95, 20.0
"""Lines that hold this share of the power and are this many floors: of 50 floors, a remainder of 2 % is a floor."""
NARROWED = 0.99
"""A rate of 999.7 Hz leaves the band as it is."""
FALL_DB = 20.0
"""Fall over an octave above 75 Hz: EMG and noise 18 dB at most in real recordings, order 4 below 250 Hz 21 and more."""
FALL_FROM_HZ, FALL_TO_HZ = 75, 400
FALL_SECONDS, LEAST_SECONDS = 400, 3
"""Most and least seconds, evenly spaced, whose median spectrum is looked at."""


Channels = Mapping[str, tuple[ChannelFrames, Floor]]
"""Frames and floor by target."""


def doubts(
    channels: Channels,
    signals: Sequence[Signal],
    hardware: Prefilter = NOT_STATED,
    *,
    full_band_hz: float = 450.0,
) -> list[Doubt]:
    """Everything about a recording that cannot be, or that makes its numbers mean something else.

    Parameters
    ----------
    channels : mapping of str to (ChannelFrames, Floor)
        Those with verdicts, by target.
    signals : sequence of Signal
        Of the recording: prefilter texts and rails.
    hardware : Prefilter
        Edges stated in `recordings.csv`.
    full_band_hz : float
        Upper edge of the band at a sufficient rate.

    Returns
    -------
    list of Doubt
        AMPLITUDE_IMPLAUSIBLE, CLIPPED, OUT_OF_RANGE, FLAT, QUANTISATION_COARSE, IDENTICAL_CHANNELS,
        MAINS_DOMINATES, BAND_LIMITED, BAND_NARROWED, NOTCH_STATED; channels that differ only in figures share one
        finding.

    Notes
    -----
    From frames alone: no sample is read. Hops with gaps count nowhere. Limits: a hardware low-pass is seen in
    the spectrum up to 200 Hz (250 Hz under activity); one signal in two channels only where it is at least half
    of the time, at one rate and without delay; a digital step coarser than the stated one only where ten or so
    seconds differ in their largest step.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import RunSamples, reduce_channel
    >>> x = 1e6 * np.random.default_rng(1).standard_normal(20000).astype(np.float32)
    >>> frames = reduce_channel([RunSamples(0, 20000, lambda a, b: x[a:b])], 20000, 2000.0, 50, ConditionSettings())
    >>> floor = Floor(1.0, 0.9, 1.1, "device", "high")
    >>> [(d.finding.code, d.targets) for d in doubts({"TA_R": (frames, floor)}, [])]
    [('AMPLITUDE_IMPLAUSIBLE', ('TA_R',))]
    """
    by_index = {signal.index: signal for signal in signals}
    found: list[Said] = []
    for name, (frames, floor) in channels.items():
        signal = by_index.get(frames.index)
        found += [*_excluded(name, frames), *amplitude_doubts(name, frames, floor), *_quantisation(name, frames, floor)]
        found += [*_mains(name, frames, floor), *_band(name, frames, full_band_hz, hardware)]
        found += _prefilter(name, frames, signal.prefilter if signal else "")
    return [*joined(found), *_identical(channels)]


def _share(frames: ChannelFrames, bit: int) -> float:
    """Share of the recorded hops that carry a reason bit."""
    recorded = frames.reasons[(frames.reasons & GAP) == 0]
    return float((recorded & bit != 0).mean()) if len(recorded) else 0.0


def _excluded(name: str, frames: ChannelFrames) -> Iterator[Said]:
    """Clipped and flat time; the rows name both themselves."""
    clipped, flat, beyond = (_share(frames, bit) for bit in (CLIPPED, FLAT, OUT_OF_RANGE))
    if beyond:
        message = "{} of the time is left out around samples beyond the range that is stated; check scale and export"
        yield Said("OUT_OF_RANGE", "warning", name, message, _percent(beyond))
    if clipped > beyond:
        message = "{} of the time is left out around samples at a rail of the amplifier; lower the gain"
        yield Said("CLIPPED", _severity(clipped), name, message, _percent(clipped), flags=False)
    if flat >= ALL_SHARE:
        message = "dead: the signal stands at one value all along; look at the lead and at the label"
        yield Said("FLAT", "warning", name, message, flags=False)
    elif flat:
        message = "{} of the time is left out around samples that stand at one value; look at the lead"
        yield Said("FLAT", _severity(flat), name, message, _percent(flat), flags=False)


def _severity(share: float) -> Severity:
    return "warning" if share >= TOLD_SHARE else "info"


def _percent(share: float) -> str:
    """Two digits, rounded up where little.

    Examples
    --------
    >>> _percent(0.00001), _percent(0.0263), _percent(1.0)
    ('0.01 %', '2.6 %', '100 %')
    """
    return f"{max(100 * share, 0.01):.2g} %" if share < 0.995 else "100 %"


def _quantisation(name: str, frames: ChannelFrames, floor: Floor) -> Iterator[Said]:
    """A digital step above the noise floor."""
    steps_uv = [frames.lsb_uv, data_step_uv(frames.largest_step_uv, frames.lsb_uv)]
    step_uv = max((s for s in steps_uv if np.isfinite(s)), default=0.0)
    if floor.known and step_uv > floor.floor_uv:
        whose = "the digital step" if step_uv == frames.lsb_uv else "the step that the samples really have"
        message = f"{whose} is coarser than the noise floor, {{}} microvolts; a smaller one is needed: raise the gain"
        figure = f"{step_uv:.3g} against {floor.floor_uv:.3g}"
        yield Said("QUANTISATION_COARSE", "warning", name, message, figure)


def _mains(name: str, frames: ChannelFrames, floor: Floor) -> Iterator[Said]:
    """Removed lines that were nearly all there was."""
    usable = usable_hops(frames)
    power = sum(line.rms_uv**2 for line in frames.lines)
    if not power or not usable.any():
        return
    share = power / (power + float(frames.mean_square[usable].mean(dtype=np.float64)))
    if share >= MAINS_SHARE and not (floor.known and np.sqrt(power) < MAINS_FLOORS * floor.floor_uv):
        message = (
            "mains is nearly all of the power in the band, {}; what is left of it when removed may count as muscle:"
            " look at electrodes and ground"
        )
        figure = f"{np.sqrt(power):.3g} microvolts ({_percent(share)})"
        yield Said("MAINS_DOMINATES", "warning", name, message, figure)


def _band(name: str, frames: ChannelFrames, full_band_hz: float, hardware: Prefilter) -> Iterator[Said]:
    """Edges that the rate, the amplifier or the spectrum set inside the band."""
    low_hz, high_hz = frames.band_hz
    if high_hz < NARROWED * full_band_hz:
        message = "{}; levels compare with those of the same band only"
        figure = f"{frames.rate_hz:g} Hz sampling leaves the band {low_hz:g}-{high_hz:g} Hz"
        yield Said("BAND_NARROWED", "warning", name, message, figure, flags=False)
    yield from _edges(name, frames, hardware, "recordings.csv states")
    fall = _steepest_fall(frames)
    if fall is not None and fall[0] >= FALL_DB:
        message = (
            "the spectrum falls by {}, at most 18 dB an octave are of muscle: a filter cuts the band; record with an"
            " open band to 450 Hz"
        )
        figure = f"{fall[0]:.0f} dB from {fall[1]:g} to {2 * fall[1]:g} Hz"
        yield Said("BAND_LIMITED", "warning", name, message, figure)


def _prefilter(name: str, frames: ChannelFrames, text: str) -> Iterator[Said]:
    """Edges and notch that the header states."""
    told = stated_filters(text)
    yield from _edges(name, frames, told, "the prefilter text states")
    if told.notch_hz is not None:
        message = "the prefilter text states a notch at {}; EMG around it is missing, bursts ring"
        yield Said("NOTCH_STATED", "info", name, message, f"{told.notch_hz:g} Hz", flags=False)


def _edges(name: str, frames: ChannelFrames, stated: Prefilter, who: str) -> Iterator[Said]:
    low_hz, high_hz = frames.band_hz
    cuts = []
    if stated.highpass_hz is not None and stated.highpass_hz > low_hz:
        cuts.append(f"a high-pass of {stated.highpass_hz:g} Hz")
    if stated.lowpass_hz is not None and 0 < stated.lowpass_hz < high_hz:
        cuts.append(f"a low-pass of {stated.lowpass_hz:g} Hz")
    if cuts:
        message = f"{who} {{}}; the analysis band is {low_hz:g}-{high_hz:g} Hz: levels read too low"
        yield Said("BAND_LIMITED", "warning", name, message, " and ".join(cuts))


def _steepest_fall(frames: ChannelFrames) -> tuple[float, float] | None:
    """Largest fall over an octave inside the band, dB, and the frequency it begins at; None without usable seconds."""
    n = len(frames.psd)
    seconds = np.unique(np.linspace(0, n - 1, min(n, FALL_SECONDS)).astype(int)) if n else np.empty(0, int)
    bad = (frames.reasons & (CLIPPED | FLAT | GAP)) != 0
    whole = [not bad[frames.hops(float(t)) : frames.hops(t + 1.0)].any() for t in seconds]
    psd = frames.psd[seconds[np.array(whole, bool)]]
    psd = psd[np.isfinite(psd).all(1)]
    if len(psd) < LEAST_SECONDS:
        return None
    bands = np.median(psd, axis=0).astype(np.float64)
    pairs = (bands[:-1] + bands[1:]) / 2  # 50 Hz wide, so that one band does not decide
    falls = []
    for k in range(FALL_FROM_HZ // 25, len(pairs) // 2 + 1):
        top_hz = 25 * (2 * k + 2)
        if 2 * k < len(pairs) and top_hz <= min(FALL_TO_HZ, frames.band_hz[1]) and pairs[k] > 0:
            falls.append((10 * np.log10(pairs[k] / max(pairs[2 * k], 1e-12 * pairs[k])), 25.0 * (k + 1)))
    return max(falls, default=None)


def _identical(channels: Channels) -> Iterator[Doubt]:
    """One signal in two channels, also scaled or inverted: the second one is told with the first it equals."""
    told: set[str] = set()
    for one, other in combinations(channels, 2):
        if other in told:
            continue
        factor = same_signal(channels[one][0], channels[other][0])
        if factor is None:
            continue
        told.add(other)
        how = "" if abs(factor - 1) < SAME_LEVEL else f", times {factor:.3g}" if factor > 0 else ", inverted"
        if factor < 0 and abs(factor + 1) >= SAME_LEVEL:
            how += f" and times {-factor:.3g}"
        labels = f"{channels[one][0].label!r} and {channels[other][0].label!r}"
        message = f"{labels} are one signal{how}; two muscles never are: check leads and export"
        yield Doubt(Finding("IDENTICAL_CHANNELS", "warning", f"{one}, {other}", message), (one, other))


def same_signal(one: ChannelFrames, other: ChannelFrames) -> float | None:
    """Factor by which the second channel is the first one; None where they are two signals.

    Parameters
    ----------
    one, other : ChannelFrames
        Of one recording.

    Returns
    -------
    float or None
        Negative where inverted.

    Notes
    -----
    In at least half of the hops that are usable in both, power and both peaks agree.
    """
    if one.rate_hz != other.rate_hz or len(one.reasons) != len(other.reasons):
        return None
    step = max(len(one.reasons) // SAME_HOPS, 1)
    both = np.flatnonzero(usable_hops(one)[::step] & usable_hops(other)[::step]) * step
    power, level = one.mean_square[both].astype(np.float64), other.mean_square[both].astype(np.float64)
    if not len(both) or min(power.min(), level.min()) <= 0:  # equal samples, though not for 50 ms
        return None
    factor = float(np.sqrt(np.median(level / power)))
    close = np.abs(level / power / factor**2 - 1) < SAME_LEVEL
    if close.mean() < SAME_SHARE:
        return None
    rms = np.sqrt(power)
    low, high = one.low_uv[both], one.high_uv[both]
    for sign, (a, b) in ((1, (low, high)), (-1, (-high, -low))):
        near = [np.abs(other_uv[both] / factor - uv) < SAME_PEAK * rms for other_uv, uv in
                ((other.low_uv, a), (other.high_uv, b))]  # fmt: skip
        if (close & near[0] & near[1]).mean() >= SAME_SHARE:
            return sign * factor
    return None
