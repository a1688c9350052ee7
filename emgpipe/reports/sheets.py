"""A sheet of many small panels drawn in one axes: an axes for each panel costs five times as long.

Positions are inches from the lower left corner of the sheet. What is alike is drawn together.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.collections import LineCollection, PatchCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from emgpipe.reports.looks import QUIET_INK, house_style, new_figure, plain
from emgpipe.reports.words import CORRELATION, SHARES

INK, FRAME = "#1b2430", "#8a94a0"


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
    "not_measured": Mark("_", "#6b7580", "#6b7580", 4.5),
    "run": Mark(".", "#5b6675", "#5b6675", 3.0),
    "headline": Mark("s", "#0b3c6f", "#0b3c6f", 6.5),
    "estimate": Mark("s", "#ffffff", "#0b3c6f", 4.5),
    "mean": Mark("D", "#0b3c6f", "#0b3c6f", 4.2),
    "single": Mark("o", "#ffffff", "#5b6675", 3.4),
    "declared": Mark("^", "#ffffff", "#b45309", 6.0),
    "chosen": Mark("*", "#0b3c6f", "#0b3c6f", 8.0),
    "left_out": Mark("P", "#ffffff", "#7b2d5b", 5.4),
    "tried": Mark("8", "#7f9dbd", "#7f9dbd", 1.2),
}
"""By status; of a single run beside the median; of a trial: estimates, means, and a subject with one period alone; of
a sweep: settings declared, chosen, chosen by other patients, and tried."""


FROM_0_TO_1 = SHARES | {CORRELATION}
"""Measures from 0 to 1: drawn so, that panels can be compared."""
LEAST_SPANS = {"uV": 1.0, "s": 1.0, "1": 0.2}
"""A panel spans so much at least: small differences are not blown up."""


class Panel(NamedTuple):
    """A rectangle in inches, and the limits of what it shows."""

    left: float
    bottom: float
    width: float
    height: float
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]

    def x(self, value: float) -> float:
        """Place of a value, inches."""
        low, high = self.x_limits
        return self.left + self.width * (value - low) / (high - low)

    def y(self, value: float) -> float:
        """Place of a value, inches."""
        low, high = self.y_limits
        return self.bottom + self.height * (value - low) / (high - low)


class Sheet:
    """Collects what is to be drawn; `figure` draws it."""

    def __init__(self, width_in: float, height_in: float, *, shrink: float = 1.0) -> None:
        self.size_in = (width_in, height_in)
        self.shrink = shrink
        """Size of the marks."""
        self.areas: dict[str, list[Rectangle]] = {}
        self.shapes: dict[str, list[Sequence[tuple[float, float]]]] = {}
        self.strokes: dict[tuple[str, float, bool], list[list[tuple[float, float]]]] = {}
        self.marks: dict[str, list[tuple[float, float]]] = {}
        self.texts: list[tuple[float, float, str, dict[str, Any]]] = []

    def area(self, colour: str, left: float, bottom: float, width: float, height: float) -> None:
        """Fill a rectangle, behind all else."""
        self.areas.setdefault(colour, []).append(Rectangle((left, bottom), width, height))

    def shape(self, colour: str, points: Sequence[tuple[float, float]]) -> None:
        """Fill a polygon, before areas and behind lines; of several colours the first lies lowest."""
        self.shapes.setdefault(colour, []).append(points)

    def stroke(
        self, colour: str, points: Sequence[tuple[float, float]], width_pt: float = 0.6, *, dashed: bool = False
    ) -> None:
        """Draw a line through points; wide ones lie over thin ones."""
        self.strokes.setdefault((colour, width_pt, dashed), []).append(list(points))

    def mark(self, kind: str, x: float, y: float) -> None:
        """Set a mark of `MARKS`."""
        self.marks.setdefault(kind, []).append((x, y))

    def say(self, x: float, y: float, text: str, size_pt: float = 6.5, colour: str = QUIET_INK, **how: Any) -> None:
        """Write text as it is, in characters that the font has; lines are kept."""
        shown = "\n".join(plain(line) for line in text.split("\n"))
        self.texts.append((x, y, shown, {"fontsize": size_pt, "color": colour, "parse_math": False, **how}))

    def frame(self, panel: Panel, y_ticks: Sequence[float], names: Sequence[str] | None = None) -> None:
        """Draw the left and lower edge of a panel, and its ticks with their numbers, or other names."""
        left, bottom = panel.left, panel.bottom
        self.stroke(FRAME, [(left, bottom + panel.height), (left, bottom), (left + panel.width, bottom)])
        for tick, name in zip(y_ticks, names or [f"{tick:g}".replace("-", "−") for tick in y_ticks], strict=True):
            y = panel.y(tick)
            self.stroke(FRAME, [(left - 0.025, y), (left, y)])
            self.say(left - 0.045, y, name, 6.5, INK, ha="right", va="center_baseline")

    def x_frame(self, panel: Panel, x_ticks: Sequence[float]) -> None:
        """Draw the lower edge of a panel, and its ticks with their numbers."""
        left, bottom = panel.left, panel.bottom
        self.stroke(FRAME, [(left, bottom), (left + panel.width, bottom)])
        for tick in x_ticks:
            x = panel.x(tick)
            self.stroke(FRAME, [(x, bottom - 0.025), (x, bottom)])
            self.say(x, bottom - 0.045, f"{tick:g}".replace("-", "−"), 6.5, INK, ha="center", va="top")

    def figure(self) -> Figure:
        """Draw the sheet; lines and marks carry their kind as label."""
        width_in, height_in = self.size_in
        with house_style():
            figure = new_figure(*self.size_in)
            axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
            axes.set_axis_off()
            axes.set(xlim=(0.0, width_in), ylim=(0.0, height_in))
            for colour, areas in self.areas.items():
                axes.add_collection(PatchCollection(areas, facecolor=colour, lw=0, zorder=0), autolim=False)
            for colour, shapes in self.shapes.items():
                axes.add_collection(PolyCollection(shapes, facecolor=colour, lw=0, zorder=0.5), autolim=False)
            for (colour, width_pt, dashed), lines in self.strokes.items():
                style = (0, (3, 2)) if dashed else "solid"
                axes.add_collection(
                    LineCollection(lines, colors=colour, lw=width_pt, ls=style, zorder=1 + width_pt / 10), autolim=False
                )
            for kind, places in self.marks.items():
                look = MARKS[kind]
                axes.plot(
                    *zip(*places, strict=True), ls="", marker=look.shape, ms=self.shrink * look.size_pt,
                    mfc=look.fill, mec=look.edge, mew=self.shrink, zorder=3 if kind == "run" else 4, label=kind,
                )  # fmt: skip
            for x, y, text, how in self.texts:
                axes.text(x, y, text, **how)
        return figure


def span(seen: Sequence[float], measure: str, unit: str) -> tuple[float, float]:
    """Limits of a panel: shares from 0 to 1; else all that is drawn, from 0 where nothing can be less.

    Examples
    --------
    >>> span([0.2], "act_frac", "1"), span([], "apdf_p10_uv", "uV"), span([3.0, 9.0], "apdf_p10_uv", "uV")
    ((-0.04, 1.06), (-0.04, 1.12), (-0.36, 10.08))
    """
    if measure in FROM_0_TO_1:
        return (-0.04, 1.06)
    low, high, least = min(seen, default=0.0), max(seen, default=0.0), LEAST_SPANS.get(unit, 1.0)
    if low >= 0 and unit != "1":
        low, high = 0.0, max(high, least)
    else:
        lacking = max(least - (high - low), 0.0)
        low, high = low - lacking / 2, high + lacking / 2
    return low - (0.12 if low else 0.04) * (high - low), high + 0.12 * (high - low)


def few_ticks(low: float, high: float, most: int = 3) -> list[float]:
    """Round numbers within limits, in about `most` steps.

    Examples
    --------
    >>> few_ticks(-2.0, 53.0), few_ticks(3.1, 3.8)
    ([0.0, 20.0, 40.0], [3.2, 3.4, 3.6, 3.8])
    """
    ticks = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(f"{tick:.6g}") for tick in ticks if low <= tick <= high and math.isfinite(tick)]
