"""Reduction of samples to hops, and runs of stuck samples."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def hop_moments(
    x: NDArray[np.float32],
    hop: int,
    mean_square: NDArray[np.float32],
    mean_fourth: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
) -> None:
    """Mean square, mean fourth power, least and largest sample of each whole hop of `x`."""
    for k in range(mean_square.size):
        s2 = 0.0
        s4 = 0.0
        lo = x[k * hop]
        hi = lo
        for i in range(k * hop, (k + 1) * hop):
            v = np.float64(x[i])
            q = v * v
            s2 += q
            s4 += q * q
            lo = min(lo, x[i])
            hi = max(hi, x[i])
        mean_square[k] = s2 / hop
        mean_fourth[k] = s4 / hop
        low[k] = lo
        high[k] = hi


@njit(cache=True, nogil=True)
def stuck_runs(
    x: NDArray[np.float32],
    clip_low: float,
    clip_high: float,
    clip_run: int,
    flat_run: int,
    clipped: NDArray[np.bool_],
    flat: NDArray[np.bool_],
) -> None:
    """Mark samples in runs of equal values: `clip_run` or more at a rail, `flat_run` or more anywhere."""
    start = 0
    for i in range(1, x.size + 1):
        if i < x.size and x[i] == x[start]:
            continue
        n = i - start
        rail = x[start] <= clip_low or x[start] >= clip_high
        if rail and n >= clip_run:
            clipped[start:i] = True
        if n >= flat_run:
            flat[start:i] = True
        start = i
