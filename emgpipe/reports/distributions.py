"""Distribution of the main measures over all visits of a study: a strip of marks a target, a panel a measure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from emgpipe.measures.rows import MeasureRow
from emgpipe.reports.course import MAIN, Point, is_main_segment, place_of, point_of
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import shortened
from emgpipe.reports.sheets import INK, Panel, Sheet, few_ticks, span
from emgpipe.reports.words import heading, unit_words

Line = tuple[str, str, str, MeasureRow]
"""Subject, visit, task and row."""

MOST_COLUMNS, COLUMNS = 4, 3
"""Up to four panels stand beside each other, more in rows of three."""
GOLDEN = 0.6180339887
"""Neighbours in value stand apart in height: steps of the golden section fill a strip evenly, the same each time."""
TINT = "#f3f5f7"

_NAME_IN, _STRIP_IN, _HEAD_IN, _FOOT_IN, _EDGE_IN = 0.62, 0.22, 0.3, 0.24, 0.12


class Strip(NamedTuple):
    """One measure of one target at all visits: its points, and how many visits of the task have no row of it."""

    target: str
    points: tuple[Point, ...]
    n_without: int

    def n(self, *statuses: str) -> int:
        """Visits with these statuses."""
        return sum(point.status in statuses for point in self.points)


class Spread(NamedTuple):
    """One measure of all its targets, in the order of the tables."""

    measure: str
    unit: str
    strips: tuple[Strip, ...]


class SpreadBlock(NamedTuple):
    """Main measures of one task and segment by kind of target; kinds without a row are left out."""

    task: str
    segment: str
    kinds: Mapping[str, tuple[Spread, ...]]


def spread_blocks(lines: Iterable[Line], inputs: Sequence[Mapping[str, str]]) -> tuple[SpreadBlock, ...]:
    """Arrange the main measures of all subjects.

    Parameters
    ----------
    lines : iterable of (subject, visit, task, MeasureRow)
        Of the whole study; measures that are not in `MAIN`, and segments by which visits are not compared, are passed
        over.
    inputs : sequence of mapping
        Rows of `inputs.csv`: how many visits each task has.

    Returns
    -------
    tuple of SpreadBlock
        Runs of a visit are one point, as on the page of the subject.
    """
    found: dict[tuple[str, str], dict[tuple[str, str, str], dict[str, dict[tuple[str, str], list[MeasureRow]]]]] = {}
    for subject, visit, task, row in lines:
        if row.measure in MAIN.get(row.target_kind, ()) and is_main_segment(row.segment):
            series = found.setdefault((task, row.segment), {})
            targets = series.setdefault((row.target_kind, row.measure, row.unit), {})
            targets.setdefault(row.target, {}).setdefault((subject, visit), []).append(row)
    n_visits: dict[str, set[tuple[str, str]]] = {}
    for told in inputs:
        n_visits.setdefault(told["task"], set()).add((told["subject"], told["visit"]))
    return tuple(
        SpreadBlock(task, segment, _by_kind(series, len(n_visits.get(task, ()))))
        for (task, segment), series in found.items()
    )


def _by_kind(
    series: Mapping[tuple[str, str, str], Mapping[str, Mapping[tuple[str, str], Sequence[MeasureRow]]]], n_visits: int
) -> dict[str, tuple[Spread, ...]]:
    kinds = {}
    for kind, measures in MAIN.items():
        of_kind = sorted((name for name in series if name[0] == kind), key=lambda name: measures.index(name[1]))
        spreads = tuple(
            Spread(name[1], name[2], tuple(_strip(target, rows, n_visits) for target, rows in series[name].items()))
            for name in of_kind
        )
        if spreads:
            kinds[kind] = spreads
    return kinds


def _strip(target: str, rows: Mapping[tuple[str, str], Sequence[MeasureRow]], n_visits: int) -> Strip:
    points = tuple(point for of_visit in rows.values() if (point := point_of(of_visit)) is not None)
    return Strip(target, points, n_visits - len(points))


def distribution_figure(spreads: Sequence[Spread]) -> Figure:
    """Draw measures of one kind of target over all visits.

    Parameters
    ----------
    spreads : sequence of Spread
        A panel each, with a strip a target.

    Returns
    -------
    Figure
        Along a strip lies the value; its height says nothing, it keeps marks apart. A disc is a value, an open diamond
        a flagged one, an open triangle stands at the limit that a value is below. What has no value is not drawn.

    Examples
    --------
    >>> rows = [MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", value, "uV") for value in (9.0, 3.0)]
    >>> lines = [(subject, "V1", "supine", row) for subject, row in zip(("S1", "S2"), rows)]
    >>> [block] = spread_blocks(lines, [])
    >>> figure = distribution_figure(block.kinds["muscle"])
    >>> [(line.get_label(), len(line.get_xdata())) for line in figure.axes[0].lines]
    [('ok', 2)]
    """
    n_columns = max(len(spreads), 2) if len(spreads) <= MOST_COLUMNS else COLUMNS
    rows = [spreads[i : i + n_columns] for i in range(0, len(spreads), n_columns)]
    heights_in = [_HEAD_IN + _FOOT_IN + _STRIP_IN * max(len(one.strips) for one in row) for row in rows]
    longest = max((len(strip.target) for one in spreads for strip in one.strips), default=0)
    name_in = max(_NAME_IN, 0.075 * min(longest, 16))
    width_in = WIDTH_IN / n_columns
    sheet = Sheet(WIDTH_IN, sum(heights_in), shrink=0.75)
    top_in = sheet.size_in[1]
    for row, height_in in zip(rows, heights_in, strict=True):
        for column, one in enumerate(row):
            left_in, tall_in = column * width_in + name_in, _STRIP_IN * len(one.strips)
            panel = Panel(left_in, top_in - _HEAD_IN - tall_in, width_in - name_in - _EDGE_IN, tall_in,
                          _limits(one), (len(one.strips), 0.0))  # fmt: skip
            _draw_spread(sheet, panel, one)
        top_in -= height_in
    return sheet.figure()


def _limits(one: Spread) -> tuple[float, float]:
    return span([place for strip in one.strips for point in strip.points if (place := place_of(point)) is not None],
                one.measure, one.unit)  # fmt: skip


def _draw_spread(sheet: Sheet, panel: Panel, one: Spread) -> None:
    unit = unit_words(one.unit)
    title = heading(one.measure) + (f", {unit}" if unit else "")
    sheet.say(panel.left, panel.bottom + panel.height + 0.06, title, 7.5, INK, va="bottom")
    scaled = any(place_of(point) is not None for strip in one.strips for point in strip.points)
    sheet.x_frame(panel, few_ticks(*panel.x_limits, 5) if scaled else ())
    for row, strip in enumerate(one.strips):
        if row % 2 == 0:
            sheet.area(TINT, panel.left, panel.y(row + 1), panel.width, _STRIP_IN)
        sheet.say(panel.left - 0.06, panel.y(row + 0.5), shortened(strip.target, 16), 6.5, INK, ha="right",
                  va="center_baseline")  # fmt: skip
        placed = sorted((place, point.status) for point in strip.points if (place := place_of(point)) is not None)
        for i, (place, status) in enumerate(placed):
            sheet.mark(status, panel.x(place), panel.y(row + 0.18 + 0.64 * ((i * GOLDEN + 0.5) % 1.0)))
