"""Which samples cannot be believed: clipped at a rail or beyond it, or stuck at one value."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.kernels.hops import stuck_runs

CLIP_RUN_SAMPLES = 3
"""Equal neighbours at a rail that count as clipping."""
RAIL_SHARE = 0.995
"""Share of the digital range beyond which a value is at a rail."""
FLAT_S = 0.05
"""Equal neighbours for this long are a dropped or dead signal, not a quiet one."""
SPREAD_S = 0.1
"""A bad stretch spoils the band-pass this far on both sides (20 Hz edge)."""


class Unusable(NamedTuple):
    """Sample masks of one run, bool, shape (n_samples,)."""

    clipped: NDArray[np.bool_]
    flat: NDArray[np.bool_]
    beyond: NDArray[np.bool_]


def unusable_samples(
    x: NDArray[np.float32], rate_hz: float, clip_low_uv: float, clip_high_uv: float, lsb_uv: float = np.nan
) -> Unusable:
    """Mark clipped and flat samples of a contiguous stretch.

    Parameters
    ----------
    x : ndarray of float32, shape (n_samples,)
        Raw µV.
    rate_hz : float
        Sampling rate.
    clip_low_uv, clip_high_uv : float
        µV at the digital minimum and maximum.
    lsb_uv : float
        One digital step, µV; NaN (unknown): nothing is beyond the rails.

    Returns
    -------
    Unusable
        `clipped`: at least 3 equal samples within 0.5 % of a rail, and all of `beyond`; `flat`: equal samples for
        50 ms or more; `beyond`: more than half a step beyond a rail, where no scale is stated. NaN is none of them.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0, 5, 5, 5, 1, 2], np.float32)
    >>> unusable_samples(x, 1000.0, -5.0, 5.0).clipped.astype(int).tolist()
    [0, 1, 1, 1, 0, 0]
    >>> unusable_samples(x, 1000.0, -5.0, 4.0, 0.5).beyond.astype(int).tolist()
    [0, 1, 1, 1, 0, 0]
    """
    beyond = (x < clip_low_uv - lsb_uv / 2) | (x > clip_high_uv + lsb_uv / 2)
    masks = Unusable(beyond.copy(), np.zeros(len(x), bool), beyond)
    if len(x):
        margin = (1 - RAIL_SHARE) / 2 * (clip_high_uv - clip_low_uv)
        flat_run = max(round(FLAT_S * rate_hz), 2)
        stuck_runs(x, clip_low_uv + margin, clip_high_uv - margin, CLIP_RUN_SAMPLES, flat_run, *masks[:2])
    return masks
