"""Values of visits under each point: repeats pooled as the tables of visits and of outcomes pool them."""

import statistics
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.measures.rows import VALUED
from emgpipe.outcomes.schedule import pooled_status
from emgpipe.tuning.merged import patterns, taken
from emgpipe.tuning.model import STATUSES, Floats, Key, Values


class VisitKey(NamedTuple):
    """Whose value a column of `Visits` is: columns of `visits.csv`."""

    subject: str
    visit: str
    task: str
    segment: str
    target: str
    target_kind: str
    measure: str
    unit: str

    @classmethod
    def of(cls, key: Key) -> "VisitKey":
        """Key of a row without its recording and run."""
        return cls(*(getattr(key, name) for name in cls._fields))


class Visits(NamedTuple):
    """Values of visits under each point.

    Attributes
    ----------
    keys : tuple of VisitKey
        A column each.
    value, limit : ndarray, shape (n_points, n_keys)
        Median of the repeats that have a value, their largest limit; NaN where there is none.
    status : ndarray of uint8, shape (n_points, n_keys)
        Place in `STATUSES`.
    """

    keys: tuple[VisitKey, ...]
    value: Floats
    status: NDArray[np.uint8]
    limit: Floats


def pooled_visits(values: Values) -> Visits:
    """Pool repeats.

    Parameters
    ----------
    values : Values
        From `merged_values`.

    Returns
    -------
    Visits
        In the order in which visits first come. What was measured once stays as it is; of repeats the median, with the
        status that `emgpipe.outcomes.schedule` gives it.
    """
    groups: dict[VisitKey, list[int]] = {}
    for n, key in enumerate(values.keys):
        groups.setdefault(VisitKey.of(key), []).append(n)
    first = [columns[0] for columns in groups.values()]
    out = Visits(tuple(groups), values.value[:, first], values.status[:, first], values.limit[:, first])
    for n, columns in enumerate(groups.values()):
        if len(columns) > 1:
            own = taken(values, columns)
            for point, points in patterns(own):
                value, limit, status = _pooled(own, point)
                out.value[points, n], out.limit[points, n], out.status[points, n] = value, limit, status
    return out


def _pooled(values: Values, point: int) -> tuple[float, float, int]:
    """Value, limit and place of the status of the repeats in all columns under one point."""
    cells = zip(values.value[point].tolist(), values.limit[point].tolist(), values.status[point].tolist(), strict=True)
    runs: list[dict[str, Any]] = [
        {"value": value, "limit": limit, "status": STATUSES[status]} for value, limit, status in cells
    ]
    valued = [run for run in runs if run["status"] in VALUED and not np.isnan(run["value"])]
    value = statistics.median([run["value"] for run in valued]) if valued else np.nan
    limit = max((run["limit"] for run in runs if not np.isnan(run["limit"])), default=np.nan)
    return value, limit, STATUSES.index(pooled_status(runs, valued))
