"""From hops to picture columns: extremes are kept, missing hops stay missing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.frames.model import ChannelFrames

Floats = NDArray[np.float64]

MOST_COLUMNS = 2000
"""About the pixels of a page: more cannot be seen."""
FLAT_UV = 1e-3
"""Below the step of any amplifier: what filters leave of a constant by rounding."""


class Columns(NamedTuple):
    """A channel as picture columns, all of shape (n_columns,).

    Attributes
    ----------
    time_s : ndarray
        Middle of each column.
    low_uv, high_uv : ndarray
        Least and largest conditioned sample; NaN where no hop of the column was recorded.
    rms_uv : ndarray
        RMS of the recorded hops of the column, floor included; NaN where there are none.
    """

    time_s: Floats
    low_uv: Floats
    high_uv: Floats
    rms_uv: Floats


def picture_columns(
    frames: ChannelFrames, most: int = MOST_COLUMNS, *, window_s: tuple[float, float] | None = None
) -> Columns:
    """Reduce the hops of a channel to at most `most` columns.

    Parameters
    ----------
    frames : ChannelFrames
        Any number of hops, also none.
    most : int > 0
        Columns of the picture.
    window_s : tuple of float, optional
        Start and stop of what is shown, seconds: hops that touch it; all where left out.

    Returns
    -------
    Columns
        One column a hop where there are fewer hops than `most`.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("always_active", seed=1, duration_s=20.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> frames = compute_frames(recording, mains_hz=50).channels[0]
    >>> columns = picture_columns(frames, 100)
    >>> len(columns.time_s), bool(columns.high_uv.max() == frames.high_uv.max())
    (100, True)
    """
    first, last = 0, len(frames.mean_square)
    if window_s is not None:
        first = min(max(int(window_s[0] / frames.hop_s), first), last)
        last = max(min(int(np.ceil(window_s[1] / frames.hop_s)), last), first)
    return columns_between(frames, np.linspace(first, last, min(last - first, most) + 1).astype(np.int64))


def columns_between(frames: ChannelFrames, edges: NDArray[np.int64]) -> Columns:
    """Reduce the hops between neighbouring edges to a column each.

    Parameters
    ----------
    frames : ChannelFrames
        Any number of hops.
    edges : ndarray of int, shape (n_columns + 1,)
        Hops, strictly increasing, within the recording.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames
    >>> from emgpipe.recording import array_recording
    >>> recording = array_recording([np.ones(1000)], ["TA_R"], 1000.0)
    >>> frames = compute_frames(recording, mains_hz=50).channels[0]
    >>> len(columns_between(frames, np.array([0, 2, len(frames.mean_square)])).rms_uv)
    2
    """
    starts = edges[:-1]
    if not len(starts):
        none = np.empty(0)
        return Columns(none, none, none, none)
    power = frames.mean_square[: edges[-1]].astype(np.float64)
    recorded = np.isfinite(power)  # a power that overflowed is none
    seen = np.add.reduceat(recorded.astype(np.float64), starts)
    total = np.add.reduceat(np.where(recorded, power, 0.0), starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        rms_uv = np.sqrt(total / seen)
    return Columns(
        time_s=(edges[:-1] + edges[1:]) / 2 * frames.hop_s,
        low_uv=np.fmin.reduceat(frames.low_uv[: edges[-1]], starts).astype(np.float64),
        high_uv=np.fmax.reduceat(frames.high_uv[: edges[-1]], starts).astype(np.float64),
        rms_uv=rms_uv,
    )


def trace_reach_uv(columns: Columns) -> tuple[float, float]:
    """Half height of a trace and the largest magnitude it may cut off, µV.

    Rare peaks beyond four times the 99 % quantile would flatten everything else: they are
    cut, and the second number is then the peak (else 0), to be said in the picture. A trace that is flat but for
    rounding is given 1 µV.
    """
    peaks = np.fmax(np.abs(columns.low_uv), np.abs(columns.high_uv))
    peaks = peaks[np.isfinite(peaks)]
    if not len(peaks) or not peaks.max() > FLAT_UV:
        return 1.0, 0.0
    most, usual = float(peaks.max()), float(np.quantile(peaks, 0.99))
    return (1.5 * usual, most) if usual > 0 and most > 4 * usual else (1.08 * most, 0.0)
