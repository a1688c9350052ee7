"""Figure of the course of a subject: small multiples, a row a target, a column a measure, visits from left to right."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import NamedTuple

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emgpipe.measures.rows import VALUED
from emgpipe.reports.course import Point, Series, Stop
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import DPI, plain, shortened
from emgpipe.reports.words import heading, unit_words

Band = Mapping[tuple[str, str], float]
"""Minimal detectable change (95 %) by target and measure, in the unit of the measure."""


class Mark(NamedTuple):
    """How a status is marked: told apart by shape and fill, without colour."""

    shape: str
    fill: str
    edge: str
    size_pt: float


MARKS = {
    "ok": Mark("o", "#0b3c6f", "#0b3c6f", 4.0),
    "flagged": Mark("D", "#ffffff", "#b45309", 4.2),
    "below_limit": Mark("v", "#ffffff", "#0b3c6f", 5.2),
    "undeterminable": Mark("x", "#6b4300", "#6b4300", 4.5),
    "not_measured": Mark("_", "#8a94a0", "#8a94a0", 4.5),
}
BAND, GAP, CHANGE, LINE, RUN = "#d9e2ec", "#ebedf0", "#b45309", "#7c93ad", "#5b6675"
SHARES = frozenset({"act_frac", "act_frac_lo", "act_frac_hi", "cmua_frac", "coact_frac", "xt_r0"})
"""Measures from 0 to 1: drawn so, that panels can be compared."""
BOTTOM = 0.07
"""Height of the marks of what has no value, as a share of the panel."""
LEAST_SPANS = {"uV": 1.0, "s": 1.0, "1": 0.2}
"""A panel spans so much at least: small differences are not blown up."""
LEAST_COLUMNS, MOST_COLUMNS = 4, 6

_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#8a94a0",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "ytick.major.size": 2.0,
    "xtick.major.size": 2.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
}
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
    mdc95 : mapping of (target, measure) to float, optional
        Minimal detectable change, in the unit of the measure: a band around the first visit, where that has a value.

    Returns
    -------
    Figure
        Axes carry labels `TA_R apdf_p10_uv`. A disc is a value, with its interval as a bar; an open diamond a flagged
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
    >>> [axes.get_label() for axes in figure.axes]
    ['TA_R apdf_p10_uv']
    """
    panels = _panels(series)
    n_columns = max(1 + max((panel.column for panel in panels), default=0), LEAST_COLUMNS)
    n_rows = 1 + max((panel.row for panel in panels), default=0)
    step_in = _FLOWING_STEP_IN if _flowing(series) else _STEP_IN
    height_in = _HEAD_IN + (n_rows - 1) * step_in + _PANEL_IN + _FOOT_IN
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI)
        FigureCanvasAgg(figure)
        x, names = _positions(stops)
        for panel in panels:
            bottom_in = height_in - _HEAD_IN - panel.row * step_in - _PANEL_IN
            axes = _axes(figure, panel, n_columns, (bottom_in, height_in))
            _draw_stops(axes, stops, x)
            _draw_series(axes, panel.series, x, (mdc95 or {}).get((panel.series.target, panel.series.measure)))
            axes.set_xlim(min(x, default=0.0) - _HALF, max(x, default=0.0) + _HALF)
            lowest = not any((one.column, one.row) == (panel.column, panel.row + 1) for one in panels)
            _name_stops(axes, x, names if lowest else ())
    return figure


class _Panel(NamedTuple):
    """A series and its place; `title` above it, `name` of the target on its left."""

    row: int
    column: int
    series: Series
    title: tuple[str, str]
    name: str


def _flowing(series: Sequence[Series]) -> bool:
    """Whether targets share no measures, so that panels follow each other."""
    return bool(series) and series[0].target_kind == "subject"


def _panels(series: Sequence[Series]) -> list[_Panel]:
    """Targets by row and measures by column; of subject measures one behind the other."""
    if _flowing(series):
        return [
            _Panel(*divmod(i, MOST_COLUMNS), one, (heading(one.measure), one.target), "")
            for i, one in enumerate(series)
        ]
    targets = list(dict.fromkeys(one.target for one in series))
    measures = list(dict.fromkeys(one.measure for one in series))
    first_row = {m: min(targets.index(one.target) for one in series if one.measure == m) for m in measures}
    return [
        _Panel(
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


def _axes(figure: Figure, panel: _Panel, n_columns: int, heights_in: tuple[float, float]) -> Axes:
    bottom_in, height_in = heights_in
    width_in = (WIDTH_IN - _NAME_IN) / n_columns
    left_in = _NAME_IN + panel.column * width_in + _TICKS_IN
    place = (left_in / WIDTH_IN, bottom_in / height_in, (width_in - _TICKS_IN - 0.08) / WIDTH_IN, _PANEL_IN / height_in)
    axes = figure.add_axes(place, label=f"{panel.series.target} {panel.series.measure}")
    axes.spines[["top", "right"]].set_visible(False)
    title = "\n".join(wrap(plain(panel.title[0]), int((width_in - 0.1) / 0.058)))
    unit = plain(panel.title[1])
    for text, above, size, colour in ((title, 12.0 if unit else 5.0, 7.0, "#1b2430"), (unit, 3.5, 6.5, "#55606c")):
        axes.annotate(text, (0.0, 1.0), (0.0, above), xycoords="axes fraction", textcoords="offset points",
                      fontsize=size, color=colour, parse_math=False)  # fmt: skip
    if panel.name:
        name = shortened(plain(panel.name), 16)
        size = 8.5 if len(name) <= 7 else 6.5
        figure.text(0.002, bottom_in / height_in + 0.5 * _PANEL_IN / height_in, name, fontsize=size, fontweight="bold",
                    va="center", parse_math=False)  # fmt: skip
    return axes


def _draw_stops(axes: Axes, stops: Sequence[Stop], x: Sequence[float]) -> None:
    """Grey where a visit has no result, with the word; an upright where conditions changed."""
    across = axes.get_xaxis_transform()
    for stop, at in zip(stops, x, strict=True):
        if stop.changes:
            axes.axvline(at, color=CHANGE, lw=0.8, ls=(0, (3, 2)), zorder=1)
        if not stop.n_measured:
            axes.axvspan(at - 0.28, at + 0.28, color=GAP, lw=0, zorder=0)
            word = "missing" if stop.state == "missing" else "failed" if stop.state == "failed" else "not run"
            axes.text(at, 0.5, word, transform=across, rotation=90, ha="center", va="center", fontsize=5.5,
                      color="#55606c")  # fmt: skip


def _draw_series(axes: Axes, series: Series, x: Sequence[float], mdc95: float | None) -> None:
    values = [_joined(point) for point in series.points]
    if mdc95 is not None and values and values[0] is not None:
        axes.axhspan(values[0] - mdc95, values[0] + mdc95, color=BAND, lw=0, zorder=0)
    for (start, one), (stop, other) in pairwise(zip(x, values, strict=True)):
        if one is not None and other is not None:
            axes.plot([start, stop], [one, other], color=LINE, lw=1.0, zorder=2)
    for at, point in zip(x, series.points, strict=True):
        if point is not None:
            _draw_point(axes, at, point)
    _limits(axes, series, mdc95)


def _joined(point: Point | None) -> float | None:
    """Value that a line may join; None below the limit and without a value."""
    return point.value if point is not None and point.status in ("ok", "flagged") else None


def _draw_point(axes: Axes, at: float, point: Point) -> None:
    mark = MARKS.get(point.status, MARKS["undeterminable"])
    below = point.status == "below_limit" and point.limit is not None
    height = (point.limit if below else point.value) if point.status in VALUED else None
    if height is not None and not below and point.low is not None and point.high is not None:
        axes.vlines(at, point.low, point.high, color=mark.edge, lw=1.0, zorder=3)
    axes.plot([at] * len(point.runs), point.runs, ls="", marker=".", ms=3.0, color=RUN, alpha=0.7, zorder=3)
    axes.plot(
        [at], [BOTTOM if height is None else height], ls="", marker=mark.shape, ms=mark.size_pt, mfc=mark.fill,
        mec=mark.edge, mew=1.0, zorder=4, clip_on=False,
        transform=axes.get_xaxis_transform() if height is None else axes.transData,
    )  # fmt: skip


def _limits(axes: Axes, series: Series, mdc95: float | None) -> None:
    """Shares from 0 to 1; else all that is drawn, from 0 where nothing can be less, and never less than a span."""
    if series.measure in SHARES:
        axes.set(ylim=(-0.04, 1.06), yticks=[0, 0.5, 1])
        return
    seen = [v for p in series.points if p for v in (p.value, p.low, p.high, p.limit, *p.runs) if v is not None]
    if not seen:
        axes.set_yticks([])
        return
    first = series.points[0]
    if mdc95 is not None and first is not None and first.value is not None:
        seen += [first.value - mdc95, first.value + mdc95]
    low, high = min(seen), max(seen)
    lacking = max(LEAST_SPANS.get(series.unit, 1.0) - (high - low), 0.0)
    if low >= 0 and series.unit != "1":
        low, high = 0.0, max(high, LEAST_SPANS.get(series.unit, 1.0))
    else:
        low, high = low - lacking / 2, high + lacking / 2
    axes.set_ylim(low - (0.12 if low else 0.04) * (high - low), high + 0.12 * (high - low))
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))


def _name_stops(axes: Axes, x: Sequence[float], names: Sequence[str]) -> None:
    """Names below the panel, as many as fit."""
    axes.set_xticks(x, [""] * len(x))
    if not names:
        return
    per_step_in = axes.get_position().width * WIDTH_IN / (max(x) - min(x) + 2 * _HALF)
    free_from = -math.inf
    for at, name in zip(x, names, strict=True):
        lines = [plain(line) for line in name.split("\n")]
        half = 0.03 * max(map(len, lines)) / per_step_in
        if at - half >= free_from:
            axes.text(at, -0.1, "\n".join(lines), transform=axes.get_xaxis_transform(), ha="center", va="top",
                      fontsize=6.5, parse_math=False)  # fmt: skip
            free_from = at + half + 0.04 / per_step_in
