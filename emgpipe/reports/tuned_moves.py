"""Pictures of a sweep without marks: how measures move over the settings, and which setting moves them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import shortened
from emgpipe.reports.sheets import FRAME, INK, Panel, Sheet, few_ticks
from emgpipe.reports.tuned_model import TunedAxis, TunedMeasure
from emgpipe.reports.tuned_scores import TINT, shade

MOST_MEASURES = 30
"""Of the picture: those that move most; all stand in the table."""
_ROW_IN, _NAME_IN, _HEAD_IN, _FOOT_IN = 0.22, 2.75, 0.98, 0.42


def most_moved(measures: Sequence[TunedMeasure], most: int = MOST_MEASURES) -> list[TunedMeasure]:
    """The measures whose visits change places most, then those that move furthest; the ones without a number go last.

    Examples
    --------
    >>> one = TunedMeasure("a", 5, 1.0, 0.9, 0.0, 0.1, 0, (), "")
    >>> [m.name for m in most_moved([one, one._replace(name="b", rank_least=0.2)])]
    ['b', 'a']
    """

    def _turn(one: TunedMeasure) -> tuple[float, float]:
        rank = one.rank_least if np.isfinite(one.rank_least) else 2.0
        return rank, -one.moved_most if np.isfinite(one.moved_most) else 0.0

    return sorted(measures, key=_turn)[:most]


def moves_figure(measures: Sequence[TunedMeasure], axes: Sequence[TunedAxis]) -> Figure:
    """Draw how each measure moves over all points; a row a measure.

    Returns
    -------
    Figure
        Left: rank correlation of the visits with those at the declared settings, the median over points as a dot, a bar
        to the least. Middle: the same of the change of a visit, as share of the spread between visits, a bar to the
        largest. Right: which setting moves it, a deeper colour: more; a cell says the share in percent.
    """
    shown = most_moved(measures)
    sheet = Sheet(WIDTH_IN, max(len(shown) * _ROW_IN, 0.01) + _HEAD_IN + _FOOT_IN)
    tall = max(len(shown) * _ROW_IN, 0.01)
    least = min([0.5, *(one.rank_least for one in shown if np.isfinite(one.rank_least))])
    furthest = max([0.1, *(one.moved_most for one in shown if np.isfinite(one.moved_most))])
    rows = (0.0, float(max(len(shown), 1)))
    ranks = Panel(_NAME_IN, _FOOT_IN, 1.7, tall, (least - 0.03, 1.03), rows)
    moved = Panel(_NAME_IN + 2.0, _FOOT_IN, 1.7, tall, (-0.02 * furthest, 1.03 * furthest), rows)
    wide = min(0.5, (WIDTH_IN - _NAME_IN - 4.55) / max(len(axes), 1))
    cells = Panel(_NAME_IN + 4.0, _FOOT_IN, wide * len(axes), tall, (0.0, float(max(len(axes), 1))), rows)
    for i, one in enumerate(shown):
        y = ranks.y(len(shown) - i - 0.5)
        if i % 2 == 0:
            sheet.area(TINT, 0.02, y - _ROW_IN / 2, _NAME_IN + 3.8, _ROW_IN)
        sheet.say(0.08, y, shortened(one.name, 40), 7, INK, va="center_baseline")
        _draw_row(sheet, ranks, moved, one, y)
        _draw_shares(sheet, cells, one, y)
    _draw_heads(sheet, ranks, moved, cells, axes)
    return sheet.figure()


def _draw_row(sheet: Sheet, ranks: Panel, moved: Panel, one: TunedMeasure, y: float) -> None:
    for panel, middle, end in ((ranks, one.rank, one.rank_least), (moved, one.moved, one.moved_most)):
        if np.isfinite(middle) and np.isfinite(end):
            sheet.stroke(FRAME, [(panel.x(middle), y), (panel.x(end), y)], 1.6)
            sheet.mark("ok", panel.x(middle), y)
    if one.code:
        sheet.say(ranks.left, y, shortened(one.code, 30), 6, va="center_baseline")


def _draw_shares(sheet: Sheet, cells: Panel, one: TunedMeasure, y: float) -> None:
    wide = cells.width / max(len(one.shares), 1)
    for i, share in enumerate(one.shares):
        if np.isfinite(share):
            sheet.area(shade(share), cells.left + i * wide, y - _ROW_IN / 2, wide - 0.02, _ROW_IN - 0.02)
            x = cells.left + (i + 0.5) * wide
            sheet.say(x, y, f"{100 * share:.0f}", 6, INK, ha="center", va="center_baseline")


def _draw_heads(sheet: Sheet, ranks: Panel, moved: Panel, cells: Panel, axes: Sequence[TunedAxis]) -> None:
    top = ranks.bottom + ranks.height
    for panel, words in (
        (ranks, "rank correlation of visits\nwith the declared settings"),
        (moved, "change of a visit,\nin spreads between visits"),
    ):
        sheet.x_frame(panel, few_ticks(*panel.x_limits, 4))
        sheet.say(panel.left, top + 0.08, words, 7, INK, va="bottom", fontweight="bold")
    for i, axis in enumerate(axes):
        x = cells.left + (i + 0.5) * cells.width / len(axes)
        sheet.say(x, top + 0.06, axis.title.partition(".")[2], 6.5, INK, rotation=40, va="bottom", ha="left",
                  rotation_mode="anchor")  # fmt: skip
    sheet.say(cells.left, cells.bottom - 0.1, "share of what moves it, %", 6.5, va="top")
