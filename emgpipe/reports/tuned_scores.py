"""Pictures of a sweep against marks: scores over each setting, two settings at once, precision and recall, patients."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import shortened
from emgpipe.reports.sheets import FRAME, INK, Panel, Sheet, few_ticks
from emgpipe.reports.tuned_model import Floats, Tuned, TunedAxis, TunedChoice, TunedScore

BAND, SLICE, FRONTIER, EVEN, TINT = "#dfe8f2", "#0b3c6f", "#0b3c6f", "#b9c1ca", "#f3f5f7"
MOST_DRAWN = 2000
"""Points of one cloud; of more every n-th is drawn."""
MOST_PATIENTS = 30
"""Of one picture: a taller one does not fit a printed page."""
MOST_TOLD = 12
"""Cells a side up to which a map carries numbers."""

_PANEL_IN, _TALL_IN, _LEFT_IN, _GAP_IN, _FOOT_IN, _HEAD_IN = 2.55, 1.45, 0.55, 0.75, 0.52, 0.34


class Profile(NamedTuple):
    """Scores over the values of one axis.

    Attributes
    ----------
    values : ndarray, shape (n_values,)
        Ascending.
    low, high : ndarray, shape (n_values,)
        Least and best score, all other settings free.
    held : ndarray, shape (n_values,)
        Score where the other settings are those of one point; NaN where that was not tried.
    """

    values: Floats
    low: Floats
    high: Floats
    held: Floats


def profile(values: Floats, score: Floats, axis: int, point: int) -> Profile:
    """Scores over one axis.

    Parameters
    ----------
    values : ndarray, shape (n_points, n_axes)
        Settings of each point.
    score : ndarray, shape (n_points,)
        NaN counts for nothing.
    axis, point : int
        Which axis; whose other settings are held.

    Examples
    --------
    >>> values = np.array([[1.0, 5.0], [2.0, 5.0], [1.0, 6.0], [2.0, 6.0]])
    >>> profile(values, np.array([0.1, 0.4, 0.2, 0.3]), 0, 0)
    Profile(values=array([1., 2.]), low=array([0.1, 0.3]), high=array([0.2, 0.4]), held=array([0.1, 0.4]))
    """
    found, where = np.unique(values[:, axis], return_inverse=True)
    low, high, held = (np.full(len(found), np.nan) for _ in range(3))
    np.fmin.at(low, where, score)
    np.fmax.at(high, where, score)
    same = (np.delete(values, axis, 1) == np.delete(values[point], axis)).all(1)
    held[where[same]] = score[same]
    return Profile(found, low, high, held)


def axis_words(axis: TunedAxis) -> str:
    """Name and unit of a setting."""
    return axis.title if axis.unit in ("", "1") else f"{axis.title}, {axis.unit}"


def axes_figure(tuned: Tuned, score: TunedScore, choice: TunedChoice) -> Figure:
    """Draw the score over each setting that was tried: a panel an axis.

    Returns
    -------
    Figure
        Band: from the least to the best score that the other settings allow; line: the others as chosen. Triangle: the
        declared settings, star: the chosen ones.
    """
    kept = [axis for axis in range(len(tuned.axes)) if len(np.unique(tuned.values[:, axis])) > 1]
    profiles = {axis: profile(tuned.values, score.score, axis, choice.point) for axis in kept}
    n_rows = -(-len(kept) // 3)
    row_in = _HEAD_IN + _TALL_IN + _FOOT_IN
    sheet = Sheet(WIDTH_IN, max(n_rows * row_in, 0.2))
    limits = _limits(score.score)
    for i, axis in enumerate(kept):
        left = _LEFT_IN + i % 3 * (_PANEL_IN + _GAP_IN)
        bottom = sheet.size_in[1] - (i // 3 + 1) * row_in + _FOOT_IN
        one = profiles[axis]
        room = 0.06 * (one.values[-1] - one.values[0])
        panel = Panel(left, bottom, _PANEL_IN, _TALL_IN, (one.values[0] - room, one.values[-1] + room), limits)
        _draw_profile(sheet, panel, one, tuned, axis, choice.score_name)
        for kind, point in (("declared", 0), ("chosen", choice.point)):
            if np.isfinite(score.score[point]):
                sheet.mark(kind, panel.x(tuned.values[point, axis]), panel.y(score.score[point]))
    return sheet.figure()


def _draw_profile(sheet: Sheet, panel: Panel, one: Profile, tuned: Tuned, axis: int, name: str) -> None:
    sheet.say(panel.left, panel.bottom + panel.height + 0.1, axis_words(tuned.axes[axis]), 7.5, INK, fontweight="bold")
    sheet.frame(panel, _ticks(panel.y_limits, 4))
    sheet.x_frame(panel, few_ticks(*panel.x_limits, 5))
    if axis == 0 or panel.left == _LEFT_IN:
        sheet.say(panel.left - 0.5, panel.bottom + panel.height / 2, name, 7, rotation=90, va="center", ha="left")
    there = np.isfinite(one.low)
    at = [panel.x(value) for value in one.values[there]]
    low, high = ([panel.y(value) for value in edge[there]] for edge in (one.low, one.high))
    if len(at) > 1:
        sheet.shape(BAND, [*zip(at, high, strict=True), *reversed([*zip(at, low, strict=True)])])
    held = np.isfinite(one.held)
    if held.sum() > 1:
        pairs = zip(one.values[held], one.held[held], strict=True)
        sheet.stroke(SLICE, [(panel.x(x), panel.y(y)) for x, y in pairs], 1.1)


def _limits(score: Floats) -> tuple[float, float]:
    """Limits of an axis of scores: all that is seen, with some room, never beyond 0 and 1 by much."""
    seen = score[np.isfinite(score)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    room = max(0.08 * (high - low), 0.002)
    return max(low - room, -0.02), min(high + room, 1.0 + min(room, 0.02))


def _ticks(limits: tuple[float, float], most: int) -> list[float]:
    """Round scores within limits, none that cannot be."""
    return [tick for tick in few_ticks(*limits, most) if 0.0 <= tick <= 1.0]


def strongest(tuned: Tuned, score: Floats) -> list[int]:
    """The axes by how far the mean score moves over their values, the one that moves it most first.

    Examples
    --------
    >>> axes = (TunedAxis("a", "", ""), TunedAxis("b", "", ""))
    >>> values = np.array([[1.0, 5.0], [2.0, 5.0], [1.0, 6.0], [2.0, 6.0]])
    >>> strongest(Tuned("S", "0", "", True, axes, values), np.array([0.1, 0.2, 0.5, 0.6]))
    [1, 0]
    """
    spans = []
    known = np.isfinite(score)
    for axis in range(len(tuned.axes)):
        _, where = np.unique(tuned.values[known, axis], return_inverse=True)
        n = np.bincount(where)
        means = np.bincount(where, score[known]) / np.maximum(n, 1)
        spans.append(float(np.ptp(means)) if len(means) else 0.0)
    return sorted(range(len(spans)), key=lambda axis: -spans[axis])


def map_figure(tuned: Tuned, score: TunedScore, choice: TunedChoice) -> Figure | None:
    """Draw the best score for each two values of the two settings that move it most; None with fewer than two.

    Returns
    -------
    Figure or None
        A deeper colour: higher. Other settings are free: each cell is the best that they allow. Declared and chosen as
        in `axes_figure`; a cell that was not tried is blank.
    """
    pair = strongest(tuned, score.score)[:2]
    if len(pair) < 2 or any(len(np.unique(tuned.values[:, axis])) < 2 for axis in pair):
        return None
    (x_values, x_at), (y_values, y_at) = (np.unique(tuned.values[:, axis], return_inverse=True) for axis in pair)
    best = np.full((len(y_values), len(x_values)), np.nan)
    np.fmax.at(best, (y_at, x_at), score.score)
    wide = min(0.62 * len(x_values), 7.6)
    tall = min(0.3 * len(y_values), 4.5)
    sheet = Sheet(WIDTH_IN, tall + _HEAD_IN + _FOOT_IN)
    panel = Panel(1.0, _FOOT_IN, wide, tall, (0.0, len(x_values)), (0.0, len(y_values)))
    _draw_cells(sheet, panel, best)
    _name_cells(sheet, panel, [axis_words(tuned.axes[axis]) for axis in pair], x_values, y_values)
    for kind, point, aside in (("declared", 0, 0.3), ("chosen", choice.point, 0.7)):
        both = point == choice.point == 0
        sheet.mark(kind, panel.x(x_at[point] + (0.5 if not both else aside)), panel.y(y_at[point] + 0.22))
    return sheet.figure()


def _draw_cells(sheet: Sheet, panel: Panel, best: Floats) -> None:
    seen = best[np.isfinite(best)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    n_rows, n_columns = best.shape
    wide, tall = panel.width / n_columns, panel.height / n_rows
    told = max(n_rows, n_columns) <= MOST_TOLD
    for row, column in np.argwhere(np.isfinite(best)):
        share = (best[row, column] - low) / (high - low) if high > low else 1.0
        sheet.area(shade(share), panel.left + column * wide, panel.bottom + row * tall, wide, tall)
        if told:
            x, y = panel.left + (column + 0.5) * wide, panel.bottom + (row + 0.62) * tall
            sheet.say(x, y, f"{best[row, column]:.3f}", 6, INK, ha="center", va="center_baseline")


def shade(share: float) -> str:
    """Colour of a share from 0 (near white) to 1 (a blue on which marks and words are still seen), in 32 steps.

    Examples
    --------
    >>> shade(0.0), shade(1.0)
    ('#f3f6fa', '#76a5d2')
    """
    step = round(31 * min(max(share, 0.0), 1.0)) / 31
    ends = ((0xF3, 0x76), (0xF6, 0xA5), (0xFA, 0xD2))
    return "#" + "".join(f"{round(low + step * (high - low)):02x}" for low, high in ends)


def _name_cells(sheet: Sheet, panel: Panel, titles: Sequence[str], x_values: Floats, y_values: Floats) -> None:
    every = -(-len(x_values) // 14)
    for i, value in enumerate(x_values):
        if i % every == 0:
            sheet.say(panel.x(i + 0.5), panel.bottom - 0.06, f"{value:g}", 6.5, INK, ha="center", va="top")
    every = -(-len(y_values) // 20)
    for i, value in enumerate(y_values):
        if i % every == 0:
            sheet.say(panel.left - 0.06, panel.y(i + 0.5), f"{value:g}", 6.5, INK, ha="right", va="center_baseline")
    sheet.say(panel.left, panel.bottom - 0.25, titles[0], 7.5, INK, va="top", fontweight="bold")
    sheet.say(0.04, panel.bottom + panel.height + 0.1, titles[1], 7.5, INK, va="bottom", fontweight="bold")


def frontier(precision: Floats, recall: Floats) -> NDArray[np.intp]:
    """Points of which no other one has both more precision and more recall, by recall.

    Examples
    --------
    >>> frontier(np.array([0.9, 0.5, 0.8, 0.4]), np.array([0.5, 0.9, 0.4, 0.9])).tolist()
    [0, 1]
    """
    known = np.flatnonzero(np.isfinite(precision) & np.isfinite(recall))
    order = known[np.lexsort((-precision[known], -recall[known]))]
    best = np.maximum.accumulate(precision[order]) if len(order) else precision[order]
    first = np.append(True, best[1:] > best[:-1]) if len(order) else np.zeros(0, np.bool_)
    found: NDArray[np.intp] = order[first][::-1]
    return found


def precision_figure(scores: Sequence[TunedScore], chosen: int) -> Figure:
    """Draw precision over recall of all points, a panel a source, up to three beside each other.

    Returns
    -------
    Figure
        Dots: points tried (every n-th of more than `MOST_DRAWN`); line: the frontier, of which no point is better in
        both; thin lines: equal scores. Triangle: declared, star: chosen.
    """
    side, gap = 2.45, 0.85
    n_rows = -(-len(scores) // 3)
    row_in = side + _HEAD_IN + _FOOT_IN
    sheet = Sheet(WIDTH_IN, max(n_rows * row_in, 0.2))
    for i, one in enumerate(scores):
        left = 0.6 + i % 3 * (side + gap)
        bottom = sheet.size_in[1] - (i // 3 + 1) * row_in + _FOOT_IN
        panel = Panel(left, bottom, side, side, _limits(one.recall), _limits(one.precision))
        _draw_cloud(sheet, panel, one, chosen)
    return sheet.figure()


def _draw_cloud(sheet: Sheet, panel: Panel, one: TunedScore, chosen: int) -> None:
    sheet.say(panel.left, panel.bottom + panel.height + 0.1, shortened(one.name, 40), 7.5, INK, fontweight="bold")
    sheet.frame(panel, _ticks(panel.y_limits, 4))
    sheet.x_frame(panel, _ticks(panel.x_limits, 4))
    sheet.say(panel.left + panel.width / 2, panel.bottom - 0.27, "recall", 7, ha="center", va="top")
    sheet.say(panel.left - 0.52, panel.bottom + panel.height / 2, "precision", 7, rotation=90, va="center")
    _draw_even(sheet, panel)
    known = np.flatnonzero(np.isfinite(one.precision) & np.isfinite(one.recall))
    for point in known[:: max(-(-len(known) // MOST_DRAWN), 1)]:
        sheet.mark("tried", panel.x(one.recall[point]), panel.y(one.precision[point]))
    edge = frontier(one.precision, one.recall)
    if len(edge) > 1:
        sheet.stroke(FRONTIER, [(panel.x(one.recall[p]), panel.y(one.precision[p])) for p in edge], 1.0)
    for kind, point in (("declared", 0), ("chosen", chosen)):
        if point in known:
            sheet.mark(kind, panel.x(one.recall[point]), panel.y(one.precision[point]))


def _draw_even(sheet: Sheet, panel: Panel) -> None:
    """Lines of equal F1: 2 p r / (p + r)."""
    (least_x, most_x), (least_y, most_y) = panel.x_limits, panel.y_limits
    recall = np.linspace(max(least_x, 0.01), min(most_x, 1.0), 120)
    for f1 in (0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99):
        with np.errstate(divide="ignore"):
            precision = f1 * recall / (2 * recall - f1)
        seen = (precision > max(least_y, 0.0)) & (precision < min(most_y, 1.0)) & (2 * recall > f1)
        if seen.sum() > 1:
            line = [(panel.x(x), panel.y(y)) for x, y in zip(recall[seen], precision[seen], strict=True)]
            sheet.stroke(EVEN, line, 0.5, dashed=True)
            sheet.say(line[-1][0], line[-1][1] + 0.02, f"F1 {f1:g}", 5.5, ha="right", va="bottom")


def patients_figures(choice: TunedChoice) -> list[Figure]:
    """Draw the scores of each patient: declared, chosen, and chosen by the other patients; a row a patient.

    Returns
    -------
    list of Figure
        Of `MOST_PATIENTS` at most each. Small dots: recordings of the patient at the chosen settings.
    """
    n_parts = -(-len(choice.patients) // MOST_PATIENTS)
    parts = np.array_split(np.arange(len(choice.patients)), n_parts) if n_parts else []
    every = [
        score for one in choice.patients for score in (one.declared, one.chosen, one.left_out, *one.recordings)
    ]  # fmt: skip
    return [_patients(choice, [int(i) for i in part], _limits(np.array(every))) for part in parts]


def _patients(choice: TunedChoice, rows: Sequence[int], limits: tuple[float, float]) -> Figure:
    row_in = 0.22
    sheet = Sheet(WIDTH_IN, len(rows) * row_in + 0.5)
    panel = Panel(1.5, 0.42, WIDTH_IN - 1.8, len(rows) * row_in, limits, (0.0, float(len(rows))))
    sheet.x_frame(panel, _ticks(limits, 8))
    sheet.say(panel.left + panel.width / 2, 0.16, choice.score_name, 7, ha="center", va="top")
    for i, row in enumerate(rows):
        one, y = choice.patients[row], panel.y(len(rows) - i - 0.5)
        if i % 2 == 0:
            sheet.area(TINT, 0.02, y - row_in / 2, WIDTH_IN - 0.04, row_in)
        sheet.say(0.1, y, shortened(one.name, 22), 7, INK, va="center_baseline")
        ends = [score for score in (one.declared, one.chosen, one.left_out) if np.isfinite(score)]
        if len(ends) > 1:
            sheet.stroke(FRAME, [(panel.x(min(ends)), y), (panel.x(max(ends)), y)], 0.7)
        for score in one.recordings:
            if np.isfinite(score):
                sheet.mark("run", panel.x(score), y)
        for kind, score in (("declared", one.declared), ("left_out", one.left_out), ("chosen", one.chosen)):
            if np.isfinite(score):
                sheet.mark(kind, panel.x(score), y)
    return sheet.figure()
