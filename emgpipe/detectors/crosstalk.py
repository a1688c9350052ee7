"""Crosstalk: how much of one conditioned signal stands in the other without delay."""

import numpy as np

from emgpipe.frames.model import PairCovariance


def crosstalk_r0(covariance: PairCovariance, start_s: float, stop_s: float) -> float:
    """Largest |correlation| within +-2 ms, median over the whole seconds of a segment.

    Parameters
    ----------
    covariance : PairCovariance
        Of two conditioned channels.
    start_s, stop_s : float
        Segment, gap-aware seconds.

    Returns
    -------
    float
        0..1; NaN where no second is defined.

    Notes
    -----
    A high value proves common signal; a low one does not exclude crosstalk (Farina et
    al.): the wording is "no crosstalk shown". Winter, Fuglevand & Archer 1994 use
    +-30 ms; volume conduction has no delay, so +-2 ms is enough.

    Examples
    --------
    >>> import numpy as np
    >>> r = np.array([[0.1, -0.4, 0.2]], np.float32)
    >>> round(crosstalk_r0(PairCovariance(0, 1, np.arange(-1, 2), r), 0.0, 1.0), 3)
    0.4
    """
    inside = np.abs(covariance.r[int(np.ceil(start_s - 1e-9)) : int(stop_s + 1e-9)].astype(np.float64))
    inside = inside[np.isfinite(inside).all(1)]
    return float(np.median(inside.max(1))) if len(inside) else np.nan
