"""Crosstalk: how much of one conditioned signal stands in the other without delay."""

import numpy as np
from numpy.typing import NDArray

from emgpipe.frames.model import PairCovariance


def crosstalk_r0(covariance: PairCovariance, usable: NDArray[np.bool_], start_s: float, stop_s: float) -> float:
    """Largest |correlation| within +-2 ms, median over the usable whole seconds of a segment.

    Parameters
    ----------
    covariance : PairCovariance
        Of two conditioned channels.
    usable : ndarray of bool, shape (n_seconds,)
        Seconds usable in both; an artefact common to both is no crosstalk.
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
    >>> r = np.array([[0.1, -0.4, 0.2]], np.float32)
    >>> round(crosstalk_r0(PairCovariance(0, 1, np.arange(-1, 2), r), np.ones(1, bool), 0.0, 1.0), 3)
    0.4
    """
    inside = told_seconds(covariance, usable, start_s, stop_s)
    return float(np.median(np.abs(inside).max(1))) if len(inside) else np.nan


def told_seconds(
    covariance: PairCovariance, usable: NDArray[np.bool_], start_s: float, stop_s: float
) -> NDArray[np.float64]:
    """Correlations of the whole seconds of a segment that are usable and defined: shape (n_told, n_lags)."""
    whole = slice(int(np.ceil(start_s - 1e-9)), int(stop_s + 1e-9))
    inside = covariance.r[whole].astype(np.float64)[usable[whole]]
    return np.asarray(inside[np.isfinite(inside).all(1)], np.float64)
