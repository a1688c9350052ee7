"""How well two orders of the same things agree."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.errors import SettingsError
from emgpipe.statistics.inputs import Floats, checked_numbers

LEAST_PAIRS = 3
"""Of two, ranks agree or do not: that is no correlation."""


def rank_correlation(x: ArrayLike, y: ArrayLike) -> Floats:
    """Spearman rank correlation of each row with one row.

    Parameters
    ----------
    x : array_like, shape (n_rows, n)
        Values; NaN or masked where missing.
    y : array_like, shape (n,)
        What each row is compared with, over the places where both have a value.

    Returns
    -------
    ndarray, shape (n_rows,)
        -1 to 1; ties have the mean of their ranks. NaN where fewer than 3 pairs are left, or one side is constant in
        them: then it has no order.

    Raises
    ------
    SettingsError
        ARGUMENT_INVALID: shapes that do not fit.
    StatisticsError
        VALUE_OUT_OF_RANGE.

    Notes
    -----
    Spearman 1904, Am J Psychol 15:72-101 (doi:10.2307/1412159); the product-moment correlation of midranks, reckoned in
    whole numbers: 1 where the orders are the same, and the same bits on every machine.

    Examples
    --------
    >>> rank_correlation([[1.0, 5.0, 9.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0]], [0.1, 0.2, 0.3]).tolist()
    [1.0, -1.0, nan]
    """
    rows, one = checked_numbers("x", x), checked_numbers("y", y)
    if rows.ndim != 2 or one.shape != rows.shape[1:]:
        message = f"x has shape {rows.shape}, y {one.shape}; (n_rows, n) and (n,) are needed"
        raise SettingsError("ARGUMENT_INVALID", message)
    return np.array([_correlation(row, one) for row in rows])


def _correlation(x: Floats, y: Floats) -> float:
    both = ~(np.isnan(x) | np.isnan(y))
    n = int(both.sum())
    if n < LEAST_PAIRS:
        return math.nan
    a, b = _doubled_midranks(x[both]), _doubled_midranks(y[both])
    mean = n + 1
    within_a, within_b = int(((a - mean) ** 2).sum()), int(((b - mean) ** 2).sum())
    if not (within_a and within_b):
        return math.nan
    shared = int(((a - mean) * (b - mean)).sum())
    if within_a == within_b:
        return shared / within_a
    return max(-1.0, min(1.0, shared / math.sqrt(within_a * within_b)))


def _doubled_midranks(x: Floats) -> NDArray[np.int64]:
    """Twice the midranks: whole numbers, their mean n + 1."""
    ordered = np.sort(x)
    return np.searchsorted(ordered, x, "left") + np.searchsorted(ordered, x, "right") + 1
