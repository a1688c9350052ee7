"""How figures look: colours and hatches of states, type and text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from emgpipe.reports.words import visible


class Look(NamedTuple):
    """Fill and hatch of a state: told apart by lightness and hatch alone, without colour."""

    fill: str
    hatch: str
    ink: str


STATE_LOOKS = {
    "active": Look("#0b3c6f", "", "#0b3c6f"),
    "silent": Look("#dbe9f6", "", "#dbe9f6"),
    "undeterminable": Look("#f0a839", "//////", "#6b4300"),
    "excluded": Look("#8a8a8a", "xxxx", "#e4e4e4"),
}
"""Dark, light, middle with stripes, grey with crosses."""
COACTIVE = Look("#7b2d5b", "", "#7b2d5b")
PAIR_LOOKS = {"coactive": COACTIVE, **{kind: STATE_LOOKS[kind] for kind in ("undeterminable", "excluded")}}
"""Of the strip of a pair, which is blank elsewhere."""
SPASMS = {
    "spasm": Look("#e8604c", "", "#e8604c"),
    "possible_spasm": Look("#fbe4e8", "/////", "#c4314b"),
}
"""A bar over the ribbon: full, and striped where a spasm may hide in excluded time."""
KEY = (*STATE_LOOKS.values(), COACTIVE, *SPASMS.values())
"""Swatches of `state_key`, in their order."""
RELAXED, STIMULUS_TICK = "#8fb0a3", "#222b36"
TRACE, RMS, LEVEL, UNDER_LEVEL = "#a9b3be", "#5b6675", "#222b36", "#dfe4e9"
FLOOR, GRID, FRAME = "#c2410c", "#d5dae0", "#8a94a0"
VIEW_COLOURS = {
    "trace": TRACE, "rms": RMS, "level": LEVEL, "under_level": UNDER_LEVEL, "floor": FLOOR, "grid": GRID,
    "relaxed": RELAXED, "stimulus": STIMULUS_TICK,
}  # fmt: skip
"""Colours that the interactive view takes over."""
DPI = 120
PAPER = {"fc": "white", "ec": "none", "pad": 1, "alpha": 0.85}
"""Box behind words that stand on data."""
QUIET_INK = "#55606c"
"""Words that name an axis."""

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.edgecolor": FRAME,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7,
    "hatch.linewidth": 0.6,
    "path.simplify": True,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the style of the house, whatever the style of the process is."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """Empty figure that can be saved without a window; for use in `house_style`."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def fill(
    axes: Axes,
    stretches: Sequence[tuple[float, float]],
    look: Look,
    span: tuple[float, float] = (0.0, 1.0),
    label: str = "",
) -> None:
    """Draw stretches `(start, stop)` in the look of a state; `span` is their lower edge and height."""
    if stretches:
        low, high = span[0], span[0] + span[1]
        corners = [[(start, low), (stop, low), (stop, high), (start, high), (start, low)] for start, stop in stretches]
        codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(corners)
        # one path: each with a hatch would be drawn with a hatch of its own, ten times as long
        path = Path(np.reshape(corners, (-1, 2)), codes)
        hatch = look.hatch or None
        axes.add_artist(PathPatch(path, fc=look.fill, ec=look.ink, hatch=hatch, lw=0, label=label, snap=True))


def say(axes: Axes, x: float, y: float, text: str, **kwargs: Any) -> None:
    """Write into axes coordinates; a `$` in a label is no formula."""
    axes.text(x, y, plain(text), transform=axes.transAxes, parse_math=False, **kwargs)


def plain(text: str) -> str:
    """Text that the font of the figures can draw: one line, other characters as `?`."""
    known = _glyphs()
    return "".join(char if ord(char) in known else "?" for char in visible(text).replace("\n", " "))


def shortened(text: str, most: int) -> str:
    """Text of at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


@cache
def _glyphs() -> frozenset[int]:
    with house_style():
        return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
