"""Holm's step-down adjustment over a family that was declared before."""

from collections.abc import Sequence
from math import isnan, nan

from emgpipe.errors import SettingsError


def holm(p: Sequence[float | None]) -> list[float]:
    """Adjust the p of a family so that the chance of any false rejection stays at the level.

    Parameters
    ----------
    p : sequence of float or None
        Of each member, 0 to 1; NaN or None where a test has no answer.

    Returns
    -------
    list of float
        In the same order: adjusted p, at most 1; NaN where there was none.

    Raises
    ------
    SettingsError
        ARGUMENT_INVALID: a p outside 0 to 1, or no number.

    Notes
    -----
    The k-th smallest of m is multiplied by m - k + 1 and is never below the one before it (Holm 1979, Scandinavian
    Journal of Statistics 6:65-70). A member without an answer **counts in m**: the family was declared before anybody
    knew which of its tests would have one.

    Examples
    --------
    >>> [round(x, 3) for x in holm([0.01, 0.04, None, 0.03])]
    [0.04, 0.09, nan, 0.09]
    """
    known = [(x, i) for i, x in enumerate(map(_checked, p)) if not isnan(x)]
    out, least = [nan] * len(p), 0.0
    for rank, (x, i) in enumerate(sorted(known)):
        least = out[i] = max(least, min(1.0, (len(p) - rank) * x))
    return out


def _checked(x: float | None) -> float:
    if x is None:
        return nan
    if isinstance(x, bool) or not isinstance(x, int | float) or x < 0 or x > 1:
        raise SettingsError("ARGUMENT_INVALID", f"p is {x!r}; a number from 0 to 1, NaN or None where there is none")
    return float(x)
