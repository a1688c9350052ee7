"""What each setting of a grid does by itself: alone around the declared settings, and over the whole grid."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.tuning.grid import Grid, Number
from emgpipe.tuning.model import Floats

LEAST_VISITS = 3
Places = NDArray[np.intp]


class AxisEffect(NamedTuple):
    """One setting.

    Attributes
    ----------
    title : str
        `detect.activity_ratio`.
    share : float
        Of the variance of the visits over all combinations, what this setting explains on the average over the others;
        1 where it alone moves them, NaN where nothing moves or fewer than 3 visits have a value everywhere. What the
        shares leave to 1 is settings that act together.
    alone : float
        Largest median change, over the spread between visits, of the points that differ from the declared one in this
        setting only; NaN where there are none.
    at : float
        Its value there.
    """

    title: str
    share: float
    alone: float
    at: float


class Laid(NamedTuple):
    """Where the points of a grid lie.

    Attributes
    ----------
    titles : tuple of str
        Axes.
    shape : tuple of int
        Values of each axis.
    combinations : ndarray of int, shape (n_combinations,)
        Points in the order of the combinations, the last axis fastest.
    alone : tuple of (ndarray of int, tuple of number)
        By axis: points that differ from the declared one there only, and the values they have.
    """

    titles: tuple[str, ...]
    shape: tuple[int, ...]
    combinations: Places
    alone: tuple[tuple[Places, tuple[Number, ...]], ...]


def laid_out(grid: Grid) -> Laid:
    """Find the points of a grid.

    Examples
    --------
    >>> from emgpipe.settings import Settings
    >>> from emgpipe.tuning.grid import parse_grid
    >>> grid = parse_grid(["detect.activity_ratio=1.3,1.5", "detect.close_gap_s=0.25,0.3"], Settings())
    >>> laid = laid_out(grid)
    >>> laid.combinations.tolist(), [grid.values(n) for n in laid.combinations.tolist()]
    ([1, 2, 0, 3], [(1.3, 0.25), (1.3, 0.3), (1.5, 0.25), (1.5, 0.3)])
    >>> [(points.tolist(), values) for points, values in laid.alone]
    [([1], (1.3,)), ([3], (0.3,))]
    """
    shape = tuple(len(axis.values) for axis in grid.axes)
    declared = grid.values(0)
    own = [axis.values.index(value) if value in axis.values else None
           for axis, value in zip(grid.axes, declared, strict=True)]  # fmt: skip
    n = math.prod(shape)
    points = np.arange(1, n + 1)
    known = [place for place in own if place is not None]
    if len(known) == len(own):
        place = int(np.ravel_multi_index(known, shape))
        points[place], points[place + 1 :] = 0, points[place + 1 :] - 1
    cube = points.reshape(shape)
    alone = []
    for a, axis in enumerate(grid.axes):
        others = own[:a] + own[a + 1 :]
        line = cube[tuple(slice(None) if i == a else one for i, one in enumerate(own))] if None not in others else ()
        pairs = [(point, value) for point, value in zip(np.ravel(line), axis.values, strict=False) if point != 0]
        alone.append((np.array([point for point, _ in pairs], np.intp), tuple(value for _, value in pairs)))
    return Laid(tuple(axis.title for axis in grid.axes), shape, points, tuple(alone))


def axis_effects(value: Floats, moved: Floats, laid: Laid) -> tuple[AxisEffect, ...]:
    """Effects of all settings on the visits of one measure.

    Parameters
    ----------
    value : ndarray, shape (n_points, n_visits)
        NaN where there is none.
    moved : ndarray, shape (n_points,)
        Median change over the spread between visits.
    laid : Laid
        From `laid_out`.

    Returns
    -------
    tuple of AxisEffect
        In the order of the axes.
    """
    shares = _shares(value, laid)
    out = []
    for title, share, (points, values) in zip(laid.titles, shares, laid.alone, strict=True):
        there = [(float(moved[point]), float(one)) for point, one in zip(points, values, strict=True)
                 if not math.isnan(moved[point])]  # fmt: skip
        most = max(there, key=lambda pair: pair[0], default=(math.nan, math.nan))
        out.append(AxisEffect(title, share, *most))
    return tuple(out)


def _shares(value: Floats, laid: Laid) -> list[float]:
    """Main effects over all combinations, pooled over visits that have a value everywhere."""
    own = value[laid.combinations]
    whole = ~np.isnan(own).any(0) & ~np.isnan(value[0])
    # from the declared value: what does not move is then exactly 0
    cube = (own[:, whole] - value[0, whole]).reshape(*laid.shape, -1)
    axes = tuple(range(len(laid.shape)))
    total = float(cube.var(axis=axes).sum())
    if whole.sum() < LEAST_VISITS or not total > 0:
        return [math.nan] * len(axes)
    means = [cube.mean(axis=tuple(other for other in axes if other != axis)) for axis in axes]
    return [min(float(mean.var(axis=0).sum()) / total, 1.0) for mean in means]
