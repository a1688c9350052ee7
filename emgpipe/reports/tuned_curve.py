"""Picture of a specification curve: an effect under all settings, sorted, and below it which settings these are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emgpipe.reports.estimates import Scale
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.forest import ticks
from emgpipe.reports.sheets import FRAME, INK, Panel, Sheet, few_ticks
from emgpipe.reports.tuned_model import Floats, Tuned, TunedCurve
from emgpipe.reports.tuned_scores import axis_words

MOST_DRAWN = 400
"""Points of one picture; of more, evenly many of the sorted ones and the declared one are drawn."""
MOST_VALUES = 9
"""Values of an axis that get a row each; of more the axis is drawn as a scatter."""
FEW = 60
"""Points that are drawn as large dots."""
BAR, ZERO, DECLARED, ON = "#c3d0de", "#55606c", "#b45309", "#0b3c6f"
_LEFT_IN, _TALL_IN, _ROW_IN, _TITLE_IN, _SCATTER_IN = 2.1, 2.3, 0.135, 0.1, 0.75


class Drawn(NamedTuple):
    """Points in the order of their effects, those that are drawn, and which of these is the declared one, if any."""

    order: NDArray[np.intp]
    shown: NDArray[np.intp]
    declared: int | None


def drawn_points(effect: Floats, most: int = MOST_DRAWN) -> Drawn:
    """Order points by effect, equal ones by number, and thin them; those without an effect are left out.

    Examples
    --------
    >>> drawn_points(np.array([0.3, 0.1, np.nan, 0.2]))
    Drawn(order=array([1, 3, 0]), shown=array([1, 3, 0]), declared=2)
    >>> len(drawn_points(np.arange(5000.0), 400).shown)
    400
    """
    order = np.argsort(effect, kind="stable")
    order = order[np.isfinite(effect[order])]
    keep = np.unique(np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(np.intp))
    place = np.flatnonzero(order == 0)
    if len(place) and place[0] not in keep:
        nearest = np.abs(keep[1:-1] - place[0]).argmin() + 1 if len(keep) > 2 else len(keep) - 1
        keep[nearest] = place[0]
    shown = order[keep]
    at = np.flatnonzero(shown == 0)
    return Drawn(order, shown, int(at[0]) if len(at) else None)


def curve_figure(curve: TunedCurve, tuned: Tuned) -> Figure:
    """Draw a specification curve.

    Returns
    -------
    Figure
        Above: effects in ascending order with their bars; the triangle is the declared point, the dashed line its
        effect, the upright 0 no difference. Below: a row for each value of each setting, marked where a point has it; a
        setting with more than `MOST_VALUES` values as a scatter of its values.
    """
    points = drawn_points(curve.effect)
    heights = [_height_in(tuned.values[:, axis]) for axis in range(len(tuned.axes))]
    below = sum(heights) + 0.15
    sheet = Sheet(WIDTH_IN, below + _TALL_IN + 0.45)
    width = WIDTH_IN - _LEFT_IN - 0.2
    x_limits = (-0.7, max(len(points.shown), 1) - 0.3)
    panel = Panel(_LEFT_IN, below + 0.12, width, _TALL_IN, x_limits, _limits(curve, points.shown))
    _draw_effects(sheet, panel, curve, points)
    top = below
    for axis, height in enumerate(heights):
        part = Panel(_LEFT_IN, top - height + _TITLE_IN, width, height - _TITLE_IN, x_limits, (0.0, 1.0))
        _draw_axis(sheet, part, axis_words(tuned.axes[axis]), tuned.values[:, axis], points)
        top -= height
    if points.declared is not None:
        x = panel.x(points.declared)
        sheet.stroke(DECLARED, [(x, 0.1), (x, panel.bottom + panel.height)], 0.7, dashed=True)
    return sheet.figure()


def _height_in(values: Floats) -> float:
    n = len(np.unique(values))
    return _TITLE_IN + (n * _ROW_IN if n <= MOST_VALUES else _SCATTER_IN)


def _limits(curve: TunedCurve, shown: NDArray[np.intp]) -> tuple[float, float]:
    """All effects and no difference; bars as far as three times the spread of effects and the shortest bar."""
    if not len(shown):
        return (-1.0, 1.0)
    effect, low, high = (edge[shown] for edge in (curve.effect, curve.low, curve.high))
    least, most = min(0.0, float(effect.min())), max(0.0, float(effect.max()))
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        reach = 3 * max(float((high - low)[known].min()), most - least)
        least = min(least, max(float(low[known].min()), least - reach))
        most = max(most, min(float(high[known].max()), most + reach))
    room = 0.06 * (most - least) or 1.0
    return least - room, most + room


def _draw_effects(sheet: Sheet, panel: Panel, curve: TunedCurve, points: Drawn) -> None:
    scale = Scale(curve.unit, curve.log)
    sheet.frame(panel, *ticks(*panel.y_limits, log=curve.log)) if curve.log else sheet.frame(
        panel, few_ticks(*panel.y_limits, 5)
    )
    sheet.stroke(ZERO, [(panel.left, panel.y(0.0)), (panel.left + panel.width, panel.y(0.0))], 0.8)
    words = "ratio, log scale" if curve.log else f"difference{f', {scale.words}' if scale.words else ''}"
    top = panel.bottom + panel.height
    sheet.say(0.06, top + 0.12, curve.title, 8.5, INK, va="bottom", fontweight="bold")
    sheet.say(0.06, panel.bottom + panel.height / 2, words, 7, va="center")
    sheet.say(0.06, top - 0.08, "↑ higher", 7, va="top")
    sheet.say(0.06, panel.bottom + 0.05, "↓ lower", 7, va="bottom")
    low, high = panel.y_limits
    others = "run" if len(points.shown) > FEW else "ok"
    for i, point in enumerate(points.shown):
        x, ends = panel.x(i), (curve.low[point], curve.high[point])
        declared = i == points.declared
        if np.isfinite(ends).all():
            bar = [(x, panel.y(max(ends[0], low))), (x, panel.y(min(ends[1], high)))]
            sheet.stroke(DECLARED if declared else BAR, bar, 1.2 if declared else min(1.1, 300 / len(points.shown)))
        sheet.mark("declared" if declared else others, x, panel.y(curve.effect[point]))
    if points.declared is not None:
        y = panel.y(curve.effect[0])
        sheet.stroke(DECLARED, [(panel.left, y), (panel.left + panel.width, y)], 0.7, dashed=True)


def _draw_axis(sheet: Sheet, panel: Panel, title: str, values: Floats, points: Drawn) -> None:
    found = np.unique(values)
    step = panel.width / (panel.x_limits[1] - panel.x_limits[0])
    wide = max(0.72 * step, 0.012) if len(points.shown) < 200 else step
    sheet.say(0.06, panel.bottom + panel.height, title, 7, INK, va="top", fontweight="bold")
    sheet.stroke(FRAME, [(panel.left, panel.bottom), (panel.left + panel.width, panel.bottom)], 0.3)
    if len(found) > MOST_VALUES:
        _draw_scatter(sheet, panel, found, values, points)
        return
    for row, value in enumerate(found):
        y = panel.bottom + row * _ROW_IN
        sheet.say(panel.left - 0.06, y + _ROW_IN / 2, f"{value:g}", 6.5, INK, ha="right", va="center_baseline")
        for start, stop in _runs(values[points.shown] == value):
            left = panel.x(start) - wide / 2
            sheet.area(ON, left, y + 0.025, (stop - 1 - start) * step + wide, _ROW_IN - 0.05)


def _draw_scatter(sheet: Sheet, panel: Panel, found: Floats, values: Floats, points: Drawn) -> None:
    room = 0.08 * (found[-1] - found[0])
    inner = panel._replace(y_limits=(found[0] - room, found[-1] + room))
    for tick in few_ticks(found[0], found[-1], 3):
        sheet.say(panel.left - 0.06, inner.y(tick), f"{tick:g}", 6.5, INK, ha="right", va="center_baseline")
    for i, point in enumerate(points.shown):
        sheet.mark("tried", inner.x(i), inner.y(values[point]))


def _runs(on: Sequence[bool] | NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of neighbours that are on: fewer shapes to draw.

    Examples
    --------
    >>> _runs([True, True, False, True])
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(on, np.int8), [0]))))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
