"""Figure of the course of a subject: small multiples, a row a target, a column a measure, visits from left to right."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import NamedTuple

from matplotlib.figure import Figure

from emgpipe.measures.rows import VALUED
from emgpipe.reports.course import Point, Series, Stop, place_of
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import shortened
from emgpipe.reports.sheets import FRAME, INK, MARKS, Panel, Sheet, few_ticks, span
from emgpipe.reports.words import heading, unit_words


class Ratio(NamedTuple):
    """A change of `value + offset` by a factor of at least 1: a band of a logarithm."""

    factor: float
    offset: float


Change = float | Ratio
Band = Mapping[tuple[str, str], Change]
"""Minimal detectable change (95 %) by target and measure: in the unit of the measure, or as a ratio."""

BAND, GAP, CHANGE, LINE = "#d9e2ec", "#ebedf0", "#b45309", "#7c93ad"
LEAST_COLUMNS, MOST_COLUMNS = 4, 6
BOTTOM = 0.07
"""Height of the marks of what has no value, as a share of the panel."""
GAP_WORDS = {"missing": "missing", "failed": "failed", "unrun": "not run"}

_NAME_IN, _TICKS_IN, _PANEL_IN, _HEAD_IN, _FOOT_IN = 0.85, 0.36, 0.72, 0.42, 0.38
_STEP_IN, _FLOWING_STEP_IN = 0.94, 1.5
_HALF = 0.45
"""Room before the first and behind the last visit, in mean steps."""


def trajectory_figure(series: Sequence[Series], stops: Sequence[Stop], *, mdc95: Band | None = None) -> Figure:
    """Draw measures over visits.

    Parameters
    ----------
    series : sequence of Series
        One point a stop each. A target a row and a measure a column; series of target kind `subject` follow each other.
    stops : sequence of Stop
        Visits from left to right: by day where each has one of its own, else at equal steps.
    mdc95 : mapping of (target, measure) to float or Ratio, optional
        Minimal detectable change, in the unit of the measure or as a ratio: a band around the first visit, where that
        has a value.

    Returns
    -------
    Figure
        A disc is a value, with its interval as a bar; an open diamond a flagged
        one; an open triangle stands at the limit that a value is below; a cross at the bottom is undeterminable, a dash
        not measured; small dots are single runs beside their median. A grey stretch is a visit without a recording or
        a result. Lines join neighbouring visits that both have a value; a dashed upright is a visit with changed
        conditions.

    Examples
    --------
    >>> from emgpipe.measures.rows import MeasureRow
    >>> from emgpipe.reports.course import point_of
    >>> rows = [MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", value, "uV") for value in (9.0, 3.0)]
    >>> one = Series("TA_R", "muscle", "apdf_p10_uv", "uV", tuple(point_of([row]) for row in rows))
    >>> figure = trajectory_figure([one], [Stop("V1", "complete"), Stop("V2", "complete")])
    >>> [(line.get_label(), len(line.get_xdata())) for line in figure.axes[0].lines]
    [('ok', 2)]
    """
    places = _places(series)
    step_in = _FLOWING_STEP_IN if _flowing(series) else _STEP_IN
    n_columns = max(1 + max((place.column for place in places), default=0), LEAST_COLUMNS)
    n_rows = 1 + max((place.row for place in places), default=0)
    width_in = (WIDTH_IN - _NAME_IN) / n_columns
    sheet = Sheet(WIDTH_IN, _HEAD_IN + (n_rows - 1) * step_in + _PANEL_IN + _FOOT_IN)
    x, names = _positions(stops)
    taken = {(place.column, place.row) for place in places}
    for place in places:
        one, band = place.series, (mdc95 or {}).get((place.series.target, place.series.measure))
        panel = Panel(
            _NAME_IN + place.column * width_in + _TICKS_IN,
            sheet.size_in[1] - _HEAD_IN - place.row * step_in - _PANEL_IN,
            width_in - _TICKS_IN - 0.08,
            _PANEL_IN,
            (min(x, default=0.0) - _HALF, max(x, default=0.0) + _HALF),
            _limits(one, band),
        )
        _title(sheet, panel, place)
        _draw_stops(sheet, panel, stops, x)
        _draw_series(sheet, panel, one, x, band)
        if (place.column, place.row + 1) not in taken:
            _name_stops(sheet, panel, x, names)
    return sheet.figure()


class _Place(NamedTuple):
    """A series and its place; `title` above it, `name` of the target on its left."""

    row: int
    column: int
    series: Series
    title: tuple[str, str]
    name: str


def _flowing(series: Sequence[Series]) -> bool:
    """Whether targets share no measures, so that panels follow each other."""
    return bool(series) and series[0].target_kind == "subject"


def _places(series: Sequence[Series]) -> list[_Place]:
    """Targets by row and measures by column; of subject measures one behind the other."""
    if _flowing(series):
        return [
            _Place(*divmod(i, MOST_COLUMNS), one, (heading(one.measure), one.target), "")
            for i, one in enumerate(series)
        ]
    targets = list(dict.fromkeys(one.target for one in series))
    measures = list(dict.fromkeys(one.measure for one in series))
    first_row = {m: min(targets.index(one.target) for one in series if one.measure == m) for m in measures}
    return [
        _Place(
            row := targets.index(one.target),
            column := measures.index(one.measure),
            one,
            (heading(one.measure), unit_words(one.unit)) if row == first_row[one.measure] else ("", ""),
            one.target if not column else "",
        )
        for one in series
    ]


def _positions(stops: Sequence[Stop]) -> tuple[list[float], list[str]]:
    """Place of each visit, 0 for the first and 1 a mean step, and the name below it; by days where each has its own."""
    days = [stop.day for stop in stops if stop.day is not None]
    steps = list(range(len(stops)))
    if len(set(days)) < len(stops) or len(stops) < 2:
        return [float(step) for step in steps], [stop.visit for stop in stops]
    mean_step = (max(days) - min(days)) / (len(stops) - 1)
    return [(day - min(days)) / mean_step for day in days], [f"{s.visit}\n{s.day:g}" for s in stops]


def _title(sheet: Sheet, panel: Panel, place: _Place) -> None:
    top = panel.bottom + panel.height
    words, unit = place.title
    title = "\n".join(wrap(words, int((panel.width + _TICKS_IN) / 0.058)))
    sheet.say(panel.left, top + (0.17 if unit else 0.06), title, 7, INK, va="bottom")
    sheet.say(panel.left, top + 0.04, unit, va="bottom")
    if place.name:
        name = shortened(place.name, 16)
        sheet.say(0.02, panel.bottom + 0.5 * panel.height, name, 8.5 if len(name) <= 7 else 6.5, INK, va="center",
                  fontweight="bold")  # fmt: skip


def _draw_stops(sheet: Sheet, panel: Panel, stops: Sequence[Stop], x: Sequence[float]) -> None:
    """Grey where a visit has no result, with the word; an upright where conditions changed."""
    top = panel.bottom + panel.height
    for stop, at in zip(stops, x, strict=True):
        place = panel.x(at)
        sheet.stroke(FRAME, [(place, panel.bottom), (place, panel.bottom - 0.025)])
        if stop.changes:
            sheet.stroke(CHANGE, [(place, panel.bottom), (place, top)], 0.8, dashed=True)
        if not stop.n_measured:
            half = panel.x(at + 0.28) - place
            sheet.area(GAP, place - half, panel.bottom, 2 * half, panel.height)
            sheet.say(place, panel.bottom + 0.5 * panel.height, GAP_WORDS.get(stop.state, ""), 5.5, rotation=90,
                      ha="center", va="center")  # fmt: skip


def band_around(value: float, change: Change) -> tuple[float, float]:
    """Least and largest value that is no more than a change away.

    Examples
    --------
    >>> band_around(5.0, 2.0), band_around(7.5, Ratio(2.0, 0.5))
    ((3.0, 7.0), (3.5, 15.5))
    """
    if isinstance(change, Ratio):
        shifted = value + change.offset
        return shifted / change.factor - change.offset, shifted * change.factor - change.offset
    return value - change, value + change


def _draw_series(sheet: Sheet, panel: Panel, series: Series, x: Sequence[float], mdc95: Change | None) -> None:
    values = [joined(point) for point in series.points]
    if mdc95 is not None and values and values[0] is not None:
        least, most = panel.y_limits  # of a share it may reach beyond
        start, stop = band_around(values[0], mdc95)
        low, high = panel.y(max(start, least)), panel.y(min(stop, most))
        sheet.area(BAND, panel.left, low, panel.width, high - low)
    for (left, one), (right, other) in pairwise(zip(x, values, strict=True)):
        if one is not None and other is not None:
            sheet.stroke(LINE, [(panel.x(left), panel.y(one)), (panel.x(right), panel.y(other))], 1.0)
    for at, point in zip(x, series.points, strict=True):
        if point is not None:
            _draw_point(sheet, panel, panel.x(at), point)
    scaled = any(point is not None and point.status in VALUED for point in series.points)
    sheet.frame(panel, few_ticks(*panel.y_limits) if scaled else ())


def joined(point: Point | None) -> float | None:
    """Value that a line may join; None below the limit and without a value."""
    return point.value if point is not None and point.status in ("ok", "flagged") else None


def _draw_point(sheet: Sheet, panel: Panel, x: float, point: Point) -> None:
    kind = point.status if point.status in MARKS else "undeterminable"
    height = place_of(point)
    if height is not None and point.status != "below_limit" and point.low is not None and point.high is not None:
        sheet.stroke(MARKS[kind].edge, [(x, panel.y(point.low)), (x, panel.y(point.high))], 1.0)
    for at in _places_of_runs(point):
        sheet.mark("run", x, panel.y(at))
    sheet.mark(kind, x, panel.bottom + BOTTOM * panel.height if height is None else panel.y(height))


def _places_of_runs(point: Point) -> list[float]:
    return [at for run in point.runs if (at := place_of(run)) is not None]


def _limits(series: Series, mdc95: Change | None) -> tuple[float, float]:
    """Limits that hold all that is drawn, the band too."""
    shown = [v for p in series.points if p for v in (place_of(p), p.low, p.high, p.limit, *_places_of_runs(p))]
    seen = [v for v in shown if v is not None]
    first = joined(series.points[0]) if series.points else None
    if mdc95 is not None and first is not None:
        seen += band_around(first, mdc95)
    return span(seen, series.measure, series.unit)


def _name_stops(sheet: Sheet, panel: Panel, x: Sequence[float], names: Sequence[str]) -> None:
    """Names below the panel, as many as fit."""
    free_from = -math.inf
    for at, name in zip(x, names, strict=True):
        half_in = 0.03 * max(map(len, name.split("\n")))
        place = panel.x(at)
        if place - half_in >= free_from:
            sheet.say(place, panel.bottom - 0.06, name, 6.5, INK, ha="center", va="top")
            free_from = place + half_in + 0.04
