"""Mean power of windows of hops, counting usable hops only."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.witnesses import Floats, running_sum, usable_hops
from emgpipe.frames.model import ChannelFrames


class WindowPower(NamedTuple):
    """Windows of hops.

    Attributes
    ----------
    start_hop : ndarray of int, shape (n_windows,)
        First hop of each window.
    power : ndarray, shape (n_windows,)
        Mean square over the usable hops, µV²; NaN where fewer than half are usable.
    n_usable : ndarray of int, shape (n_windows,)
        Usable hops in each window.
    """

    start_hop: NDArray[np.int64]
    power: Floats
    n_usable: NDArray[np.int64]


def window_power(
    frames: ChannelFrames, start_hops: NDArray[np.int64], length_hops: int, skip: NDArray[np.bool_] | None = None
) -> WindowPower:
    """Mean power of windows that start at given hops.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.
    start_hops : ndarray of int
        First hop of each window; windows lie inside the recording.
    length_hops : int
        Hops a window.
    skip : ndarray of bool, shape (n_hops,), optional
        More hops to leave out.

    Returns
    -------
    WindowPower
    """
    good = usable_hops(frames) if skip is None else usable_hops(frames) & ~skip
    power = running_sum(np.where(good, frames.mean_square, 0.0))
    count = np.concatenate([[0], np.cumsum(good)])
    n = count[start_hops + length_hops] - count[start_hops]
    total = power[start_hops + length_hops] - power[start_hops]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(2 * n >= length_hops, total / n, np.nan)
    return WindowPower(start_hops, mean, n)


def windows_of_seconds(
    frames: ChannelFrames, start_s: float, stop_s: float, length_s: float, step_s: float,
    skip: NDArray[np.bool_] | None = None,
) -> WindowPower:  # fmt: skip
    """Windows of `length_s` every `step_s` that fit in `[start_s, stop_s)`.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.
    start_s, stop_s : float
        Gap-aware seconds.
    length_s, step_s : float > 0
        Seconds; each start is mapped to the nearest hop by itself, so that no drift adds up.
    skip : ndarray of bool, shape (n_hops,), optional
        More hops to leave out.

    Returns
    -------
    WindowPower
    """
    length = max(frames.hops(length_s), 1)
    last = min(frames.hops(stop_s), len(frames.mean_square)) - length
    count = max(int((stop_s - start_s - length_s) / step_s + 1e-9) + 1, 0)
    starts = frames.hops_of(start_s + np.arange(count, dtype=np.float64) * step_s)
    # start and length are rounded to hops each: together they may pass the end by one
    return window_power(frames, np.minimum(starts[starts <= last + 1], last) if last >= 0 else starts[:0], length, skip)


def corrected_rms(power: Floats, floor_uv: float) -> Floats:
    """Amplitude above the floor: sqrt(max(0, RMS² - floor²)), µV; NaN stays NaN (Clancy et al. 2019).

    Examples
    --------
    >>> corrected_rms(np.array([25.0, 4.0]), 3.0).tolist()
    [4.0, 0.0]
    """
    return np.sqrt(np.maximum(power - floor_uv**2, 0.0))
