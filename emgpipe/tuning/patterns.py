"""Points under which the same numbers come out: what rests on these is made once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.intp]


def first_alike(*tables: NDArray[Any]) -> Points:
    """For each point the first one that has the same bytes in all columns.

    Parameters
    ----------
    *tables : ndarray, shape (n_points, n_columns)
        Of any type, with the same number of points.

    Returns
    -------
    ndarray of int, shape (n_points,)

    Examples
    --------
    >>> first_alike(np.array([[1.0], [2.0], [1.0]]), np.array([[True], [True], [True]])).tolist()
    [0, 1, 0]
    """
    n = len(tables[0])
    cells = [np.ascontiguousarray(one).view(np.uint8).reshape(n, -1) for one in tables if one.size]
    seen: dict[bytes, int] = {}
    rows = np.hstack(cells) if cells else np.zeros((n, 0), np.uint8)
    return np.array([seen.setdefault(row.tobytes(), point) for point, row in enumerate(rows)], np.intp)


def alike(first: Points) -> list[tuple[int, Points]]:
    """First point of each pattern and all points of it, from `first_alike`.

    Examples
    --------
    >>> [(first, points.tolist()) for first, points in alike(np.array([0, 1, 0]))]
    [(0, [0, 2]), (1, [1])]
    """
    order = np.argsort(first, kind="stable")
    names, starts = np.unique(first[order], return_index=True)
    return list(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
