"""Low-frequency coherence of two muscles: does something common make both louder and softer at 2-15 Hz."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.witnesses import Floats, usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals

LOW_HZ, HIGH_HZ = 2.0, 15.0
SEGMENT_S = 1.0
"""Longer ones tell less of a drive that wanders, shorter ones do not hold 2 Hz."""
TAKE = 2
"""Every second frequency: neighbours share two thirds of their amplitude under the Hann window, these a sixth."""
LEAST_SEGMENTS = 20
MOST = 1.0 - 1e-12
"""Coherence of two signals that are one; ln(1 - C) stays finite."""


class Coherence(NamedTuple):
    """Coherence of a pair over a segment of the recording.

    Attributes
    ----------
    z : float
        Standard normal where the muscles are independent; NaN below `LEAST_SEGMENTS`.
    n_segments : int
        Stretches of 1 s that entered.
    used_s : float
        Their length together, seconds.
    """

    z: float
    n_segments: int
    used_s: float


def low_coherence(first: ChannelFrames, second: ChannelFrames, start_s: float, stop_s: float) -> Coherence:
    """Coherence of the hop RMS of two channels of one rate in 2-15 Hz, as a standard normal number.

    Parameters
    ----------
    first, second : ChannelFrames
        Of one sampling rate.
    start_s, stop_s : float
        Segment, gap-aware seconds.

    Returns
    -------
    Coherence

    Notes
    -----
    Disjoint stretches of 1 s in which every hop is usable in both channels; the mean taken off, a Hann window,
    each stretch scaled to one power, so that a spasm does not outweigh the rest. Where L stretches are independent, the
    squared coherence C of a frequency has P(C > c) = (1 - c)^(L-1) (Halliday et al. 1995,
    doi:10.1016/0079-6107(96)00009-0), so that -(L-1) ln(1-C) is exponential and its sum over K frequencies is
    Gamma(K), which Wilson and Hilferty (1931, doi:10.1073/pnas.17.12.684) make normal. Deviation from
    atanh(sqrt(C)) sqrt(2L), the usual pooled number: exact for few stretches, and it does not
    saturate.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import reduce_channel
    >>> from emgpipe.frames.runs import RunSamples
    >>> rng = np.random.default_rng(1)
    >>> drive = 1 + 0.5 * np.sin(np.cumsum(rng.normal(0.03, 0.02, 60_000)))
    >>> x, y = (drive * rng.standard_normal(60_000).astype(np.float32) for _ in range(2))
    >>> one, other = (
    ...     reduce_channel([RunSamples(0, 60_000, lambda a, b, s=s: s[a:b])], 60_000, 1000.0, 50, ConditionSettings())
    ...     for s in (x.astype(np.float32), y.astype(np.float32))
    ... )
    >>> said = low_coherence(one, other, 0.0, 60.0)
    >>> said.z > 5, said.n_segments
    (True, 59)
    """
    hops = slice(first.hops(start_s), min(first.hops(stop_s), len(first.mean_square), len(second.mean_square)))
    length = first.hops(SEGMENT_S)
    both = (usable_hops(first)[: hops.stop] & usable_hops(second)[: hops.stop])[hops]
    starts = hops.start + _disjoint(both, length)
    n, used_s = len(starts), len(starts) * length * first.hop_s
    if n < LEAST_SEGMENTS:
        return Coherence(np.nan, n, used_s)
    one, other = (_spectra(channel, starts, length) for channel in (first, second))
    cross = np.abs((one * other.conj()).sum(axis=0)) ** 2
    power = (np.abs(one) ** 2).sum(axis=0) * (np.abs(other) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        c = np.minimum(cross / power, MOST)
    if not np.isfinite(c).all():
        return Coherence(np.nan, n, used_s)
    return Coherence(normal_of_gamma(float(-(n - 1) * np.log1p(-c).sum()), len(c)), n, used_s)


def normal_of_gamma(value: float, shape: int) -> float:
    """Standard normal number of a Gamma(shape, 1) one by the cube root (Wilson & Hilferty 1931).

    Examples
    --------
    >>> round(normal_of_gamma(9.0, 9), 3), round(normal_of_gamma(18.0, 9), 2)
    (0.111, 2.45)
    """
    spread = 1 / (9 * shape)
    return float(((value / shape) ** (1 / 3) - (1 - spread)) / np.sqrt(spread))


def _disjoint(usable: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    """First hops of disjoint stretches of `length` usable hops."""
    starts = [
        start
        for run_start, run_stop in Intervals.from_mask(usable).pairs.astype(int).tolist()
        for start in range(run_start, run_stop - length + 1, length)
    ]
    return np.array(starts, np.int64)


def _spectra(frames: ChannelFrames, starts: NDArray[np.int64], length: int) -> NDArray[np.complex128]:
    """Spectra of the hop RMS in 2-15 Hz, one row a stretch, of one power each."""
    rms = np.sqrt(frames.mean_square[starts[:, None] + np.arange(length)].astype(np.float64))
    hann: Floats = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    spectra = np.fft.rfft((rms - rms.mean(axis=1, keepdims=True)) * hann, axis=1)
    lasting_s = length * frames.hop_s
    first, last = int(np.ceil(LOW_HZ * lasting_s - 1e-9)), int(HIGH_HZ * lasting_s + 1e-9)
    band = spectra[:, first : last + 1 : TAKE]
    total = (np.abs(band) ** 2).sum(axis=1, keepdims=True)
    return np.asarray(np.divide(band, np.sqrt(total), out=np.zeros_like(band), where=total > 0), np.complex128)
