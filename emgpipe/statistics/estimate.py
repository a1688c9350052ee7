"""One estimate with its interval and test, and the p of Student's t."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """One estimate.

    Attributes
    ----------
    effect, se, low, high : float
        Estimate, standard error and interval, in the unit of the values.
    t, df, p : float
        Student's t, its degrees of freedom (infinite where the test is by the normal distribution), two-sided p.
    """

    effect: float
    se: float
    low: float
    high: float
    t: float
    df: float
    p: float


def estimated(effect: float, se: float, df: float, level: float) -> Estimate:
    """Interval and test of an effect with a standard error above 0.

    Examples
    --------
    >>> found = estimated(46.607142857, 10.776559645, 11, 0.95)
    >>> round(found.low, 3), round(found.high, 3), round(found.p, 4)
    (22.888, 70.326, 0.0012)
    """
    half = float(special.stdtrit(df, 0.5 + level / 2)) * se
    p = float(two_sided_p(np.float64(effect / se), np.float64(df)))
    return Estimate(effect, se, effect - half, effect + half, effect / se, df, p)


def two_sided_p(t: Floats | np.float64, df: NDArray[np.int64] | np.float64) -> Floats:
    """Probability of a Student's t at least this far from 0; NaN stays NaN."""
    return np.asarray(2 * special.stdtr(df, -np.abs(t)), np.float64)
