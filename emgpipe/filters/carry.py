"""Carry a signal on beyond where it is cut, so that a filter finds no jump there."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]

ORDER_S = 0.005
"""Neighbours that a sample is told from."""
MEAN_S = 0.05
"""A running mean over this is what is slow: one period of 20 Hz."""
LINE_S = 0.1
"""Time at a cut whose straight line is the slow part there."""


def predictor(x: Floats, rate_hz: float) -> Floats:
    """Learn how a sample follows from those of the 5 ms before it (Burg).

    Parameters
    ----------
    x : ndarray of float64, shape (n_samples,)
        µV, finite; what is slower than 20 Hz is taken out first.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    ndarray of float64, shape (order + 1,)
        Prediction-error filter, 1 first; all its roots lie inside the unit circle. Of a signal that is 0: 1 alone.

    Notes
    -----
    J. P. Burg, Maximum Entropy Spectral Analysis, Stanford 1975.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 100 * np.arange(1000) / 1000)
    >>> error = signal.lfilter(predictor(tone, 1000.0), 1, tone)
    >>> bool(error[50:].std() < 0.01)
    True
    """
    length = round(MEAN_S * rate_hz)
    rest = signal.detrend(x, type="constant")
    if len(x) > 2 * length:
        sums = np.cumsum(np.concatenate([[0.0], rest]))
        middle = length // 2
        rest = rest[middle : middle + len(x) - length + 1] - (sums[length:] - sums[:-length]) / length
    found = np.ones(1)
    forward, backward = rest[1:], rest[:-1]
    for _ in range(min(round(ORDER_S * rate_hz), len(rest) // 3)):
        power = float((forward**2).sum() + (backward**2).sum())
        if power <= 0:
            break
        reflected = -2 * float((forward * backward).sum()) / power
        found = np.append(found, 0.0) + reflected * np.append(found, 0.0)[::-1]
        forward, backward = (forward + reflected * backward)[1:], (backward + reflected * forward)[:-1]
    return found


def carry_on(x: Floats, error_filter: Floats, count: int, rate_hz: float) -> Floats:
    """Samples that could follow the last one: as loud and of the same spectrum, tones in phase, lines straight.

    Parameters
    ----------
    x : ndarray of float64, shape (n_samples,)
        µV, finite; not empty.
    error_filter : ndarray of float64
        From `predictor`.
    count : int
        Samples asked for.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    ndarray of float64, shape (count,)

    Notes
    -----
    What could not be predicted goes on as the mirror image of what it was before the cut; nothing is drawn.

    Examples
    --------
    >>> x = 5.0 + np.sin(2 * np.pi * 100 * np.arange(2000) / 1000)
    >>> more = carry_on(x[:1003], predictor(x[:1003], 1000.0), 20, 1000.0)
    >>> bool(abs(more - x[1003:1023]).max() < 0.1)
    True
    """
    order = len(error_filter) - 1
    last = x[-round(LINE_S * rate_hz) :]
    place = np.arange(len(last)) - (len(last) - 1) / 2
    slope = float((place * last).sum() / max(float((place**2).sum()), 1.0))
    line = float(last.mean()) + slope * (np.arange(len(x) + count) - len(x) + 1 + place[-1])
    rest = x - line[: len(x)]
    unforeseen = signal.lfilter(error_filter, np.ones(1), rest)[order:][::-1][:count]
    unforeseen = np.pad(unforeseen, (0, count - len(unforeseen)))
    state = signal.lfiltic(np.ones(1), error_filter, rest[::-1][:order])
    return np.asarray(line[len(x) :] + signal.lfilter(np.ones(1), error_filter, unforeseen, zi=state)[0], np.float64)
