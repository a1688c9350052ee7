"""How far the visits of a study move when settings do; no truth is needed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.measures.rows import VALUED
from emgpipe.outcomes.plan_checks import LOGARITHMS
from emgpipe.statistics import rank_correlation
from emgpipe.tuning.axes import AxisEffect, Laid, axis_effects, laid_out
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import STATUSES, Floats
from emgpipe.tuning.patterns import first_alike
from emgpipe.tuning.visits import Visits

LEAST_VISITS = 3
"""Of fewer nothing is said."""
_VALUED = np.array([name in VALUED for name in STATUSES])
Ints = NDArray[np.int64]


class Group(NamedTuple):
    """One measure of one target: what visits are compared in."""

    task: str
    segment: str
    target: str
    target_kind: str
    measure: str
    unit: str

    @property
    def name(self) -> str:
        """`TA_R.apdf_p10_uv`."""
        return f"{self.target}.{self.measure}"


@dataclass(frozen=True, eq=False)
class Stability:
    """Visits under each point against the same visits under point 0.

    Attributes
    ----------
    group : Group
        Measure and target.
    n_visits : int
        With a value under point 0.
    spread : float
        Standard deviation between these; NaN where fewer than 3.
    n_both, n_lost, n_gained, n_status : ndarray of int, shape (n_points,)
        Visits with a value under both; that have none any more, or have one now; whose status is another one.
    shift : ndarray, shape (n_points,)
        Median change of visits with a value under both.
    median_change, largest_change : ndarray, shape (n_points,)
        Of the sizes of these changes, in the unit of the measure.
    median_share, largest_share : ndarray, shape (n_points,)
        The same over `spread`.
    median_ratio, largest_ratio : ndarray, shape (n_points,)
        Median of the ratios to point 0, and the one farthest from 1, up or down, as a number above 1: of µV and of
        logarithms; NaN of others, and the largest also where a value is 0.
    rank : ndarray, shape (n_points,)
        Rank correlation of the visits with those under point 0.
    code : tuple of str, one a point
        VISITS_FEW: no number; SPREAD_ZERO: no share, and no rank; RANKS_CONSTANT: no rank.
    axes : tuple of AxisEffect
        What each setting does by itself.
    """

    group: Group
    n_visits: int
    spread: float
    n_both: Ints
    n_lost: Ints
    n_gained: Ints
    n_status: Ints
    shift: Floats
    median_change: Floats
    largest_change: Floats
    median_share: Floats
    largest_share: Floats
    median_ratio: Floats
    largest_ratio: Floats
    rank: Floats
    code: tuple[str, ...]
    axes: tuple[AxisEffect, ...]


_COUNTS = ("n_both", "n_lost", "n_gained", "n_status")
_NUMBERS = (
    "shift", "median_change", "largest_change", "median_share", "largest_share", "median_ratio", "largest_ratio",
    "rank",
)  # fmt: skip
STABILITY_COLUMNS = ("point", *Group._fields, "n_visits", "spread", *_COUNTS, *_NUMBERS, "code")
"""Of `tuning_stability.csv`, a row a point and group."""
SUMMARY_COLUMNS = (
    *Group._fields, "n_visits", "spread", "rank_median", "rank_least", "moved", "moved_most", "n_lost_most",
    "n_gained_most", "n_status_most", "moved_by", "code",
)  # fmt: skip
"""Of the summary, a row a group; behind them `{setting}.share` and `{setting}.alone`."""


def stability_of(visits: Visits, grid: Grid) -> tuple[Stability, ...]:
    """Compare the visits under each point with those under point 0.

    Parameters
    ----------
    visits : Visits
        From `pooled_visits`.
    grid : Grid
        Whose points these are.

    Returns
    -------
    tuple of Stability
        One a task, segment, target and measure, in the order in which they come.

    Notes
    -----
    A visit that loses its value counts as lost and in no change: both must be read together.
    """
    groups: dict[Group, list[int]] = {}
    for n, key in enumerate(visits.keys):
        groups.setdefault(Group(*(getattr(key, name) for name in Group._fields)), []).append(n)
    laid = laid_out(grid)
    return tuple(_stability(visits, group, columns, laid) for group, columns in groups.items())


def _stability(visits: Visits, group: Group, columns: Sequence[int], laid: Laid) -> Stability:
    every, status = visits.value[:, columns], visits.status[:, columns]
    value = np.where(_VALUED[status], every, np.nan)
    first = first_alike(value, status)
    kept, back = np.unique(first, return_inverse=True)  # point 0 is the first of them
    told = _told(group, value[kept], status[kept])
    code = [told.code[n] for n in back]
    arrays = {name: getattr(told, name)[back] for name in (*_COUNTS, *_NUMBERS)}
    axes = axis_effects(value, arrays["median_share"], laid)
    return replace(told, **arrays, code=tuple(code), axes=axes)


def _told(group: Group, value: Floats, status: NDArray[np.uint8]) -> Stability:
    """Stability over points that differ; `value` is NaN where there is none."""
    there = ~np.isnan(value)
    n_both = (there & there[0]).sum(1)
    few = n_both < LEAST_VISITS
    change = np.where(few[:, None], np.nan, value - value[0])
    logs = np.where(few[:, None], np.nan, _log_ratios(group, value))
    spread = _sd(value[0, there[0]])
    share = spread if spread > 0 else math.nan
    median, largest = _medians(np.abs(change)), _largest(np.abs(change))
    rank = rank_correlation(value, value[0])
    return Stability(
        group=group, n_visits=int(there[0].sum()), spread=spread, n_both=n_both, n_lost=(there[0] & ~there).sum(1),
        n_gained=(there & ~there[0]).sum(1), n_status=(status != status[0]).sum(1), shift=_medians(change),
        median_change=median, largest_change=largest, median_share=median / share, largest_share=largest / share,
        median_ratio=_ratio(_medians(logs)), largest_ratio=_ratio(_largest(np.abs(logs))), rank=rank,
        code=tuple(_code(one, spread, float(r)) for one, r in zip(few, rank, strict=True)), axes=(),
    )  # fmt: skip


def _sd(values: Floats) -> float:
    """Standard deviation; 0 where all are the same, whatever rounding says; NaN of fewer than 3."""
    if len(values) < LEAST_VISITS:
        return math.nan
    return 0.0 if (values == values[0]).all() else float(values.std(ddof=1))


def _medians(values: Floats) -> Floats:
    """Median of the numbers of each row; NaN where there are none."""
    ordered, n = np.sort(values, axis=1), (~np.isnan(values)).sum(1)
    rows = np.arange(len(values))
    with np.errstate(invalid="ignore"):  # of two infinities there is no middle
        return np.asarray((ordered[rows, np.maximum(n - 1, 0) // 2] + ordered[rows, n // 2 * (n > 0)]) / 2)


def _largest(values: Floats) -> Floats:
    return np.asarray(np.fmax.reduce(values, axis=1))


def _ratio(logs: Floats) -> Floats:
    """Ratios of logarithms; NaN where one is infinite."""
    return np.asarray(np.exp(np.where(np.isfinite(logs), logs, np.nan)), np.float64)


def _log_ratios(group: Group, value: Floats) -> Floats:
    """Logarithms of the ratios to point 0; infinite where one of both is 0, NaN where ratios say nothing."""
    if group.measure in LOGARITHMS:
        return np.asarray(value - value[0])
    if not group.unit.startswith("uV"):
        return np.full(value.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(value == value[0], 0.0, np.log(value) - np.log(value[0]))


def _code(few: bool, spread: float, rank: float) -> str:  # noqa: FBT001
    if few:
        return "VISITS_FEW"
    if spread == 0:
        return "SPREAD_ZERO"
    return "RANKS_CONSTANT" if math.isnan(rank) else ""


def summary_rows(found: Sequence[Stability]) -> Iterator[dict[str, Any]]:
    """One row a group over all points but the declared one: `SUMMARY_COLUMNS`, and two columns a setting.

    `moved` and `moved_most` are the median over points of the median, and the largest of the largest change of a visit,
    as shares of the spread; `moved_by` is the setting that explains most of how the visits vary. `code` is VISITS_FEW
    or SPREAD_ZERO where nothing can be said under any point, RANKS_CONSTANT where ranks say nothing under any.
    """
    for one in found:
        tried = slice(1, None) if len(one.code) > 1 else slice(None)
        most = {f"{name}_most": int(getattr(one, name)[tried].max()) for name in _COUNTS[1:]}
        ranks, shares, largest = (getattr(one, name)[tried] for name in ("rank", "median_share", "largest_share"))
        by = max((axis for axis in one.axes if axis.share > 0), key=lambda axis: axis.share, default=None)
        yield {
            **one.group._asdict(), "n_visits": one.n_visits, "spread": _cell(one.spread),
            "rank_median": _cell(float(_medians(ranks[None])[0])), "rank_least": _cell(float(np.fmin.reduce(ranks))),
            "moved": _cell(float(_medians(shares[None])[0])), "moved_most": _cell(float(np.fmax.reduce(largest))),
            **most, "moved_by": by.title if by else "",
            "code": one.code[0] if len(set(one.code)) == 1 else "",
            **{f"{axis.title}.share": _cell(axis.share) for axis in one.axes},
            **{f"{axis.title}.alone": _cell(axis.alone) for axis in one.axes},
        }  # fmt: skip


class Moves(NamedTuple):
    """Measures by what can be said of them.

    Attributes
    ----------
    moved : tuple of dict
        Rows of `summary_rows` of those that move, over the spread between visits; first those that change the order of
        visits most, then those that move furthest.
    unspread : int
        That move, while visits do not differ under the declared settings.
    changed : int
        Of which no value is seen to move, and visits lose or gain a value, or change status.
    few : int
        With too few visits to say anything.
    still : int
        That do not move.
    """

    moved: tuple[dict[str, Any], ...]
    unspread: int
    changed: int
    few: int
    still: int


def moves_of(found: Sequence[Stability]) -> Moves:
    """Sort measures by what can be said of them."""
    moved, counts = [], dict.fromkeys(("unspread", "changed", "few", "still"), 0)
    for one, row in zip(found, summary_rows(found), strict=True):
        if row["moved_most"]:
            moved.append(row)
        elif (one.largest_change > 0).any():
            counts["unspread"] += 1
        elif any(row[f"{name}_most"] for name in _COUNTS[1:]):
            counts["changed"] += 1
        else:
            counts["few" if row["code"] == "VISITS_FEW" else "still"] += 1
    moved.sort(key=lambda row: (1.0 if row["rank_least"] is None else row["rank_least"], -row["moved_most"]))
    return Moves(tuple(moved), **counts)


def _cell(value: float) -> float | int | None:
    return None if isinstance(value, float) and math.isnan(value) else value
