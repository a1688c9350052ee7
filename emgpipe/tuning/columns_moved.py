"""Columns of the tables without marks: how measures move, and specification curves."""

from emgpipe.batch.dictionary import COLUMNS, Column
from emgpipe.tuning.columns import POINT, axis_columns
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.stability import STABILITY_COLUMNS, SUMMARY_COLUMNS, Group

_GROUP = {name: COLUMNS[name] for name in Group._fields}
_CODE = Column("", "VISITS_FEW, SPREAD_ZERO, RANKS_CONSTANT: why there is no number; see the table of codes.")
MOVED = {
    **_GROUP,
    "n_visits": Column("1", "Visits with a value at the declared settings."),
    "spread": Column("see unit", "Standard deviation between these."),
    "n_both": Column("1", "Visits with a value at both settings."),
    "n_lost": Column("1", "Visits that have no value any more."),
    "n_gained": Column("1", "Visits that have a value now."),
    "n_status": Column("1", "Visits whose status is another one."),
    "shift": Column("see unit", "Median change of the visits with both."),
    "median_change": Column("see unit", "Median size of these changes."),
    "largest_change": Column("see unit", "Largest size of these changes."),
    "median_share": Column("1", "median_change over spread."),
    "largest_share": Column("1", "largest_change over spread."),
    "median_ratio": Column("1", "Median ratio to the declared settings; of amplitudes and logarithms."),
    "largest_ratio": Column("1", "The ratio farthest from 1, up or down, as a number above 1."),
    "rank": Column("1", "Spearman's rank correlation of the visits with those at the declared settings."),
    "code": _CODE,
    "rank_median": Column("1", "Median of rank over all other points."),
    "rank_least": Column("1", "Least of rank over all other points."),
    "moved": Column("1", "Median of median_share over all other points."),
    "moved_most": Column("1", "Largest of largest_share over all other points."),
    "n_lost_most": Column("1", "Most visits that lose their value at one point."),
    "n_gained_most": Column("1", "Most visits that gain a value at one point."),
    "n_status_most": Column("1", "Most visits whose status is another one at one point."),
    "moved_by": Column("", "The setting that explains most of how the visits vary."),
}
CURVE = {
    "outcome": Column("", "Endpoint of the curve."),
    "place": Column("1", "Place in the order of the effects, from 0; without an effect last."),
    **POINT,
    "effect": Column("see unit", "Blinded: mean change within patients. Unblinded: treatment effect."),
    "low": Column("see unit", "Blinded: one standard deviation between patients below. Unblinded: of the interval."),
    "high": Column("see unit", "Upper end of the same."),
    "spread": Column("see unit", "Blinded: standard deviation between patients. Unblinded: standard error."),
    "ratio": Column("1", "exp(effect), where values are logarithms."),
    "ratio_low": Column("1", "exp(low)."),
    "ratio_high": Column("1", "exp(high)."),
    "unit": Column("", "Of effect, low, high and spread."),
    "log": Column("", "true where values are natural logarithms."),
    "n": Column("1", "Patients behind the effect."),
    "code": Column("", "Why there is no effect; see the table of codes."),
    "post_hoc": Column(
        "",
        "Of `tuning_curve_unblinded` alone: true where the settings are not those that were locked before arms were"
        " opened.",
    ),
}


def stability_columns(grid: Grid) -> dict[str, Column]:
    """Columns of `tuning_stability.csv`."""
    rest = {name: MOVED[name] for name in STABILITY_COLUMNS if name != "point"}
    return {"point": POINT["point"], **axis_columns(grid), **rest}


def summary_columns(grid: Grid) -> dict[str, Column]:
    """Columns of `tuning_stability_summary.csv`."""
    own = {}
    for axis in grid.axes:
        share = "Share of the variance of the visits over all points that this setting explains by itself."
        own[f"{axis.title}.share"] = Column("1", share)
    for axis in grid.axes:
        alone = "Largest median change, over spread, where this setting alone is another one."
        own[f"{axis.title}.alone"] = Column("1", alone)
    return {**{name: MOVED[name] for name in SUMMARY_COLUMNS}, **own}


def curve_columns(grid: Grid) -> dict[str, Column]:
    """Columns of `tuning_curve.csv`; `post_hoc` of the unblinded one alone."""
    names = list(CURVE)
    place = names.index("point") + 1
    before, behind = ({name: CURVE[name] for name in part} for part in (names[:place], names[place:]))
    return {**before, **axis_columns(grid), **behind}
