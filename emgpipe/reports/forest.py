"""Forest plot: estimates with their intervals below each other, a panel a scale, their numbers beside them."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from emgpipe.outcomes.model import Line
from emgpipe.reports.estimates import Scale, estimate_words, p_words
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import shortened
from emgpipe.reports.sheets import FRAME, INK, Panel, Sheet, few_ticks

ZERO, HEADLINE, TINT = "#55606c", "#b45309", "#f3f5f7"
REACH = 3.0
"""An interval may reach so many lengths of the shortest headline beyond the estimates; longer ones end in an arrow."""
ONE_TWO_FIVE = tuple(digit * 10.0**power for power in range(-6, 7) for digit in (1, 2, 5))
LONGEST_NAME = 52

_NAME_IN, _TOLD_IN, _ROW_IN, _HEAD_IN, _FOOT_IN, _GROUP_IN = 3.35, 3.05, 0.215, 0.34, 0.44, 0.26
_P_IN, _N_IN = 1.96, 2.52
"""Columns of p and n, from the right edge of the panel."""


class Estimated(NamedTuple):
    """One row: what it is, and its estimate."""

    name: str
    line: Line


class Forest(NamedTuple):
    """One panel.

    Attributes
    ----------
    title : str
        Above it.
    scale : Scale
        One for all its rows.
    groups : tuple of (str, tuple of Estimated)
        Rows under a heading each; an empty heading takes no room.
    sides : (str, str)
        What lies left and right of no difference, for people.
    """

    title: str
    scale: Scale
    groups: tuple[tuple[str, tuple[Estimated, ...]], ...]
    sides: tuple[str, str]


def forest_figure(forests: Sequence[Forest]) -> Figure:
    """Draw estimates with their intervals.

    Parameters
    ----------
    forests : sequence of Forest
        Panels from top to bottom, each with an axis of its own: logarithmic with ratios where its scale is.

    Returns
    -------
    Figure
        A square is an estimate, a filled one a headline; its bar the interval, with an arrow where it goes on beyond
        the panel. The upright is no difference, the dashed one the first headline of the panel. A row
        without an estimate has its code in place of numbers.

    Examples
    --------
    >>> one = Line("headline", "headline", "", effect=-0.3, low=-0.5, high=-0.1, p=0.01, n_first=8, n_second=8)
    >>> forest = Forest("Index", Scale("1", log=False), (("", (Estimated("ANCOVA", one),)),), ("B more", "A more"))
    >>> [line.get_label() for line in forest_figure([forest]).axes[0].lines]
    ['headline']
    """
    heights_in = [_height_in(one) for one in forests]
    sheet = Sheet(WIDTH_IN, max(sum(heights_in), 0.2))
    top_in = sheet.size_in[1]
    for one, height_in in zip(forests, heights_in, strict=True):
        _draw(sheet, one, top_in, height_in)
        top_in -= height_in
    return sheet.figure()


def _height_in(one: Forest) -> float:
    rows_in = sum(_ROW_IN * len(rows) + (_GROUP_IN if title else 0.0) for title, rows in one.groups)
    return _HEAD_IN + rows_in + _FOOT_IN


def limits(lines: Iterable[Line]) -> tuple[float, float]:
    """Limits of an axis: no difference, all estimates, and their intervals as far as `REACH` lets them.

    Examples
    --------
    >>> limits([Line("headline", "headline", "", effect=1.0, low=0.5, high=1.5)])
    (-0.09, 1.59)
    >>> limits([])
    (-1.0, 1.0)
    """
    found = [one for one in lines if one.effect is not None]
    effects = [0.0, *(one.effect for one in found if one.effect is not None)]
    ends = [(one.low, one.high, one.kind) for one in found if one.low is not None and one.high is not None]
    lengths = [high - low for low, high, kind in ends if kind == "headline"] or [high - low for low, high, _ in ends]
    reach = REACH * min((length for length in lengths if length > 0), default=0.0)
    least, most = min(effects), max(effects)
    low = min([least, *(max(low, least - reach) for low, _, _ in ends)])
    high = max([most, *(min(high, most + reach) for _, high, _ in ends)])
    if low == high:
        return (low - 1.0, high + 1.0)
    room = 0.06 * (high - low)
    return (round(low - room, 12), round(high + room, 12))


def ticks(low: float, high: float, *, log: bool) -> tuple[list[float], list[str]]:
    """Places of ticks and what they say: of a log scale round ratios at their logarithms.

    Examples
    --------
    >>> ticks(-0.75, 0.3, log=True)[1], ticks(-0.75, 0.3, log=False)[1]
    (['0.6', '0.8', '1', '1.2'], ['−0.6', '−0.4', '−0.2', '0', '0.2'])
    >>> ticks(-2.4, 2.4, log=True)[1]
    ['0.1', '0.2', '0.5', '1', '2', '5', '10']
    """
    if not log:
        at = few_ticks(low, high, 6)
        return at, [f"{tick:g}".replace("-", "−") for tick in at]
    wide = high - low > math.log(4)
    ratios = [r for r in ONE_TWO_FIVE if low <= math.log(r) <= high] if wide else few_ticks(
        math.exp(low), math.exp(high), 6)  # fmt: skip
    return [math.log(ratio) for ratio in ratios], [f"{ratio:g}" for ratio in ratios]


def _draw(sheet: Sheet, one: Forest, top_in: float, height_in: float) -> None:
    lines = [row.line for _, rows in one.groups for row in rows]
    bottom_in, tall_in = top_in - height_in + _FOOT_IN, height_in - _HEAD_IN - _FOOT_IN
    panel = Panel(_NAME_IN, bottom_in, WIDTH_IN - _NAME_IN - _TOLD_IN, tall_in, limits(lines), (0.0, tall_in))
    _draw_axis(sheet, panel, one, lines)
    y_in = tall_in
    for title, rows in one.groups:
        if title:
            y_in -= _GROUP_IN
            sheet.say(0.04, bottom_in + y_in + 0.07, title, 7.5, INK, va="bottom", fontweight="bold")
        for i, row in enumerate(rows):
            y_in -= _ROW_IN
            if i % 2 == 0:
                sheet.area(TINT, 0.02, bottom_in + y_in, WIDTH_IN - 0.04, _ROW_IN)
            _draw_row(sheet, panel, row, bottom_in + y_in + _ROW_IN / 2, one.scale)


def _draw_axis(sheet: Sheet, panel: Panel, one: Forest, lines: Sequence[Line]) -> None:
    top, right = panel.bottom + panel.height, panel.left + panel.width
    sheet.say(0.04, top + 0.1, one.title, 8.5, INK, va="bottom", fontweight="bold")
    for at, word in ((0.08, "estimate (interval)"), (_P_IN, "p"), (_N_IN, "n")):
        sheet.say(right + at, top + 0.1, word, 7, va="bottom")
    sheet.stroke(FRAME, [(panel.left, panel.bottom), (right, panel.bottom)])
    for at, name in zip(*ticks(*panel.x_limits, log=one.scale.log), strict=True):
        x = panel.x(at)
        sheet.stroke(FRAME, [(x, panel.bottom), (x, panel.bottom - 0.03)])
        sheet.say(x, panel.bottom - 0.05, name, 7, INK, ha="center", va="top")
    sheet.stroke(ZERO, [(panel.x(0.0), panel.bottom), (panel.x(0.0), top)], 0.9)
    first = next((line.effect for line in lines if line.kind == "headline" and line.effect is not None), None)
    if first is not None and len(lines) > 1:
        sheet.stroke(HEADLINE, [(panel.x(first), panel.bottom), (panel.x(first), top)], 0.8, dashed=True)
    unit = one.scale.words
    said = "ratio, log scale" if one.scale.log else f"difference{f', {unit}' if unit else ''}"
    for x, word, how in (
        (panel.left, f"← {one.sides[0]}", "left"), ((panel.left + right) / 2, said, "center"),
        (right, f"{one.sides[1]} →", "right"),
    ):  # fmt: skip
        sheet.say(x, panel.bottom - 0.2, word, 7, ha=how, va="top")


def _draw_row(sheet: Sheet, panel: Panel, row: Estimated, y: float, scale: Scale) -> None:
    line, right = row.line, panel.left + panel.width
    kind = "headline" if line.kind == "headline" else "estimate"
    sheet.say(0.1, y, shortened(row.name, LONGEST_NAME), 7, INK, va="center_baseline")
    if line.effect is not None:
        if line.low is not None and line.high is not None:
            _draw_interval(sheet, panel, (line.low, line.high), y, 1.8 if kind == "headline" else 1.1)
        sheet.mark(kind, panel.x(line.effect), y)
    counts = f"{line.n_first} + {line.n_second}"
    told = [(0.08, line.code or estimate_words(line, scale)), (_P_IN, p_words(line.p)), (_N_IN, counts)]
    for at, text in told if not line.code else told[:1] + told[2:]:
        sheet.say(right + at, y, text, 7.5, INK, va="center_baseline")


def _draw_interval(sheet: Sheet, panel: Panel, ends: tuple[float, float], y: float, width_pt: float) -> None:
    """A bar; where it goes on beyond the panel it ends in an arrow."""
    least, most = panel.x_limits
    low, high = panel.x(max(ends[0], least)), panel.x(min(ends[1], most))
    colour = "#0b3c6f"
    sheet.stroke(colour, [(low, y), (high, y)], width_pt)
    for beyond, x, way in ((ends[0] < least, low, 1), (ends[1] > most, high, -1)):
        if beyond:
            sheet.stroke(colour, [(x + way * 0.06, y + 0.045), (x, y), (x + way * 0.06, y - 0.045)], width_pt)
