"""The digital step that samples really have."""

import numpy as np
from numpy.typing import NDArray

STEP_FITS = 6.0
"""Largest steps of all seconds are multiples of one step by chance once in 10 to this power."""


def data_step_uv(largest_steps_uv: NDArray[np.float32], lsb_uv: float) -> float:
    """Step that samples really have where it is coarser than the stated one (a file that was scaled anew).

    Parameters
    ----------
    largest_steps_uv : ndarray, shape (n_seconds,)
        Largest difference of neighbouring samples in each second, µV; NaN in gaps.
    lsb_uv : float
        Stated step; NaN where unknown.

    Returns
    -------
    float
        µV; NaN where nothing coarser is seen.

    Notes
    -----
    All largest steps are multiples of the real one, each to a stated step on both sides. The chance that the
    steps of a continuous signal look like it is held below 10 to the minus `STEP_FITS`.

    Examples
    --------
    >>> steps = 2.44 * np.array([4, 5, 7, 9, 6, 12, 8, 11], np.float32)
    >>> round(data_step_uv(steps, 0.001), 2), data_step_uv(steps + np.arange(8, dtype=np.float32), 0.001)
    (2.44, nan)
    """
    known = np.unique(largest_steps_uv[np.isfinite(largest_steps_uv) & (largest_steps_uv > 0)]).astype(np.float64)
    spread_uv = 2 * lsb_uv + 1e-6 * float(known[-1]) if len(known) else np.nan
    # steps that agree are one witness, however many seconds say it
    known = known[np.diff(known, prepend=-np.inf) > 2 * spread_uv]
    if not (np.isfinite(spread_uv) and len(known) > 2):
        return np.nan
    for parts in range(1, int(known[0] / (4 * spread_uv)) + 1):
        step_uv = known[0] / parts
        chance = np.log10(step_uv / (2 * spread_uv)) * (len(known) - 1) - np.log10(parts)
        if chance < STEP_FITS:
            break
        for value in known[1:]:
            step_uv_here = value / max(round(value / step_uv), 1)
            if abs(value - round(value / step_uv) * step_uv) > spread_uv:
                break
            step_uv = step_uv_here
        else:
            return float(step_uv)
    return np.nan
