"""Subjects of a crossover over its periods and visits: each a thin line, their mean a bold one."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import wrap
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emgpipe.outcomes.model import PeriodValues, Stage
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import shortened
from emgpipe.reports.sheets import INK, Panel, Sheet, few_ticks

FIRST, SECOND, PERIOD_2 = "#5d86b3", "#c98a3c", "#f1f3f5"
"""Lines of the alphabetically first sequence, full; of the other, dashed; behind the second period."""
MOST_NAMED = 24
"""So many subjects of a panel are named at its edge."""

_TICKS_IN, _HEAD_IN, _FOOT_IN, _TALL_IN, _EDGE_IN, _STEP_IN = 0.55, 0.42, 0.5, 2.5, 0.5, 0.098

Floats = NDArray[np.float64]


class Group(NamedTuple):
    """Subjects of one sequence, in their order."""

    sequence: str
    rows: tuple[int, ...]


def groups_of(subjects: Sequence[str], sequences: Mapping[str, str]) -> tuple[Group, ...]:
    """Rows of the subjects of each sequence; who has none is in no group.

    Examples
    --------
    >>> groups_of(["S1", "S2", "S3"], {"S1": "BA", "S2": "AB"})
    (Group(sequence='AB', rows=(1,)), Group(sequence='BA', rows=(0,)))
    """
    found = sorted({sequences[subject] for subject in subjects if subject in sequences})
    return tuple(Group(one, tuple(i for i, s in enumerate(subjects) if sequences.get(s) == one)) for one in found)


def paired_figure(values: PeriodValues, sequences: Mapping[str, str], axis: str) -> Figure:
    """Draw the value of each subject in both periods, by sequence and by treatment.

    Parameters
    ----------
    values : PeriodValues
        Of one endpoint.
    sequences : mapping of str to str
        Subject -> two letters; subjects without one are not drawn.
    axis : str
        What the values are, with their unit.

    Returns
    -------
    Figure
        A panel a sequence, from period 1 to period 2, and one of all subjects from the alphabetically first treatment
        to the other; lines of the second sequence are dashed. Bold, with diamonds: mean of the
        subjects with both periods. An open disc is a subject with one period alone.

    Examples
    --------
    >>> two = PeriodValues(("S1", "S2"), np.array([[1.0, 2.0], [3.0, 1.0]]), np.ones((2, 2)), np.ones((2, 2), int))
    >>> figure = paired_figure(two, {"S1": "AB", "S2": "BA"}, "index")
    >>> [(line.get_label(), len(line.get_xdata())) for line in figure.axes[0].lines]
    [('mean', 6)]
    """
    groups = groups_of(values.subjects, sequences)
    looks = {row: i for i, group in enumerate(groups) for row in group.rows}
    shown = [(f"Sequence {one.sequence}", _period_names(one.sequence), values.values, one.rows) for one in groups]
    if groups:
        turned = np.array([looks.get(row, 0) > 0 for row in range(len(values.subjects))])
        by_treatment = np.where(turned[:, None], values.values[:, ::-1], values.values)
        letters = (groups[0].sequence[0], groups[0].sequence[1])
        if groups[0].sequence[0] > groups[0].sequence[1]:  # the second sequence alone has subjects
            letters, by_treatment = letters[::-1], by_treatment[:, ::-1]
        shown.append(("By treatment", letters, by_treatment, tuple(sorted(looks))))
    sheet, panels = _sheet(len(shown), _span(values.values[sorted(looks)]), (-0.25, 1.25))
    for panel, (title, names, table, rows) in zip(panels, shown, strict=True):
        _frame(sheet, panel, title, axis if panel is panels[0] else "")
        for at, name in enumerate(names):
            sheet.say(panel.x(at), panel.bottom - 0.06, name, 7, INK, ha="center", va="top")
        for row in rows:
            _draw_course(sheet, panel, (0.0, 1.0), table[row], looks[row], lone="single")
        complete = table[list(rows)][np.isfinite(table[list(rows)]).all(1)]
        if len(complete):
            _draw_mean(sheet, panel, (0.0, 1.0), [_mean(complete[:, 0]), _mean(complete[:, 1])])
        if panel is not panels[-1]:
            ends = {values.subjects[row]: float(table[row, 1]) for row in rows if math.isfinite(table[row, 1])}
            _name_ends(sheet, panel, ends)
    return sheet.figure()


def course_figure(values: PeriodValues, sequences: Mapping[str, str], axis: str) -> Figure:
    """Draw the visits of all subjects, a panel a sequence.

    Parameters
    ----------
    values : PeriodValues
        With `stages` and `visit_values`.
    sequences : mapping of str to str
        Subject -> two letters; subjects without one are not drawn.
    axis : str
        What the values are, with their unit.

    Returns
    -------
    Figure
        Visits in the order of the plan, at equal steps; a line joins neighbouring visits that both have a
        value. Bold, with diamonds: mean of the subjects that have the visit, whose number stands below it: where it
        changes the mean may change for that alone. Grey lies behind the second period.

    Examples
    --------
    >>> stages = (Stage("M1", 1, "baseline"), Stage("M2", 1, "treatment"))
    >>> none = np.full((1, 2), np.nan)
    >>> one = PeriodValues(("S1",), none, none, np.zeros((1, 2), int), (), stages, np.array([[1.0, 2.0]]))
    >>> [(line.get_label(), len(line.get_xdata())) for line in course_figure(one, {"S1": "AB"}, "index").axes[0].lines]
    [('mean', 2)]
    """
    groups, n = groups_of(values.subjects, sequences), len(values.stages)
    drawn = [row for group in groups for row in group.rows]
    sheet, panels = _sheet(len(groups), _span(values.visit_values[drawn]), (-0.4, n - 0.6))
    steps = [float(step) for step in range(n)]
    for look, (panel, group) in enumerate(zip(panels, groups, strict=True)):
        _frame(sheet, panel, f"Sequence {group.sequence}", axis if not look else "")
        _draw_periods(sheet, panel, values.stages, group.sequence)
        table = values.visit_values[list(group.rows)]
        for course in table:
            _draw_course(sheet, panel, steps, course, look)
        there = np.isfinite(table)
        _draw_mean(sheet, panel, steps, [_mean(table[there[:, i], i]) for i in range(n)])
        for step, stage in enumerate(values.stages):
            name = "\n".join([*wrap(stage.avisit, 9, max_lines=3), f"n {int(there[:, step].sum())}"])
            sheet.say(panel.x(step), panel.bottom - 0.06, name, 6, INK, ha="center", va="top")
    return sheet.figure()


def _period_names(sequence: str) -> tuple[str, str]:
    return f"Period 1\n{sequence[0]}", f"Period 2\n{sequence[1]}"


def _mean(values: Floats) -> float:
    return float(values.sum() / len(values)) if len(values) else math.nan


def _span(values: Floats) -> tuple[float, float]:
    """Limits that hold all values."""
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    room = 0.07 * (high - low) or 0.5
    return low - room, high + room


def _sheet(n: int, y: tuple[float, float], x: tuple[float, float]) -> tuple[Sheet, list[Panel]]:
    """A sheet with panels beside each other, all of one scale; there are always places for two."""
    sheet = Sheet(WIDTH_IN, _HEAD_IN + _TALL_IN + _FOOT_IN)
    wide_in = WIDTH_IN / max(n, 2)
    return sheet, [
        Panel(i * wide_in + _TICKS_IN, _FOOT_IN, wide_in - _TICKS_IN - _EDGE_IN, _TALL_IN, x, y) for i in range(n)
    ]


def _frame(sheet: Sheet, panel: Panel, title: str, axis: str) -> None:
    sheet.frame(panel, few_ticks(*panel.y_limits, 5))
    top = panel.bottom + panel.height
    sheet.say(panel.left, top + 0.2, title, 8.5, INK, va="bottom", fontweight="bold")
    sheet.say(panel.left - 0.5, panel.bottom + panel.height / 2, axis, 7, va="center", ha="left", rotation=90)


def _draw_course(
    sheet: Sheet, panel: Panel, steps: Sequence[float], values: Floats, look: int, *, lone: str = ""
) -> None:
    """One subject: lines between neighbours that both have a value; `lone`: mark of a value that no line reaches."""
    colour, joined = (FIRST, SECOND)[look > 0], set()
    for (i, start), (j, stop) in pairwise(enumerate(steps)):
        if math.isfinite(values[i]) and math.isfinite(values[j]):
            ends = [(panel.x(start), panel.y(float(values[i]))), (panel.x(stop), panel.y(float(values[j])))]
            sheet.stroke(colour, ends, 0.8, dashed=look > 0)
            joined |= {i, j}
    for i, step in enumerate(steps):
        if i not in joined and math.isfinite(values[i]):
            sheet.mark(lone or "run", panel.x(step), panel.y(float(values[i])))


def _draw_mean(sheet: Sheet, panel: Panel, steps: Sequence[float], means: Sequence[float]) -> None:
    places = [(panel.x(step), panel.y(mean)) for step, mean in zip(steps, means, strict=True) if math.isfinite(mean)]
    if places:
        sheet.stroke(INK, places, 2.2)
    for place in places:
        sheet.mark("mean", *place)


def _draw_periods(sheet: Sheet, panel: Panel, stages: Sequence[Stage], sequence: str) -> None:
    """Grey behind the second period, and above each what was given."""
    for period, letter in zip((1, 2), sequence, strict=True):
        at = [i for i, stage in enumerate(stages) if stage.period == period]
        if at:
            left, right = panel.x(min(at) - 0.4), panel.x(max(at) + 0.4)
            if period == 2:
                sheet.area(PERIOD_2, left, panel.bottom, right - left, panel.height)
            top = panel.bottom + panel.height
            sheet.say((left + right) / 2, top + 0.04, f"period {period}: {letter}", 7, INK, ha="center", va="bottom")


def _name_ends(sheet: Sheet, panel: Panel, ends: Mapping[str, float]) -> None:
    """Names of subjects beside the ends of their lines, as near as they can stand without touching."""
    if len(ends) > MOST_NAMED:
        return
    named = sorted(ends.items(), key=lambda end: end[1])
    for (name, _), y in zip(named, spread([panel.y(value) for _, value in named], _STEP_IN), strict=True):
        sheet.say(panel.x(1.0) + 0.09, y, shortened(name, 10), 5.5, va="center_baseline")


def spread(places: Sequence[float], step: float) -> list[float]:
    """Places moved apart to at least `step`: those that meet stand around their mean.

    Examples
    --------
    >>> spread([0.25, 0.75, 9.0], 1.0)
    [0.0, 1.0, 9.0]
    """
    heaps: list[list[float]] = []
    for place in places:
        heaps.append([place])
        while len(heaps) > 1 and _first(heaps[-1], step) < _first(heaps[-2], step) + len(heaps[-2]) * step:
            last = heaps.pop()
            heaps[-1] += last
    return [_first(heap, step) + i * step for heap in heaps for i in range(len(heap))]


def _first(heap: Sequence[float], step: float) -> float:
    return sum(heap) / len(heap) - (len(heap) - 1) * step / 2
