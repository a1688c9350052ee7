"""Figures: a recording with a trace, a level and a ribbon for each muscle, and a strip for each pair.

Figures are made without pyplot and shown by nobody here; `figure_png` gives the same bytes for the same figure.
"""

import io
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from emgpipe.intervals import Intervals
from emgpipe.measures.rows import IntervalRow
from emgpipe.measures.views import RELAX, WHOLE
from emgpipe.reports.columns import Columns, picture_columns, trace_reach_uv
from emgpipe.reports.model import Measured, Muscle, RecordingReport
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
SPASMS = {
    "spasm": Look("#c4314b", "", "#c4314b"),
    "possible_spasm": Look("#fbe4e8", "/////", "#c4314b"),
}
"""A bar over the ribbon: full, and striped where a spasm may hide in excluded time."""
KEY = (*STATE_LOOKS.values(), COACTIVE, *SPASMS.values())
"""Swatches of `state_key`, in their order."""
RELAXED, STIMULUS_TICK = "#8fb0a3", "#222b36"
TRACE, LEVEL, FLOOR, GRID = "#5b6675", "#222b36", "#c2410c", "#d5dae0"
WIDTH_IN, DPI = 10.0, 120

_STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#8a94a0",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7,
    "hatch.linewidth": 0.6,
    "path.simplify": True,
}
_PAPER = {"fc": "white", "ec": "none", "pad": 1, "alpha": 0.85}
_TOP_IN, _BOTTOM_IN, _SEGMENTS_IN, _GAP_IN = 0.06, 0.42, 0.2, 0.14
_TRACE_IN, _LEVEL_IN, _RIBBON_IN, _STRIP_IN, _CUES_IN = 0.62, 0.46, 0.17, 0.16, 0.14
_LEFT, _RIGHT = 0.118, 0.985


def recording_figure(report: RecordingReport) -> Figure:
    """Draw one recording.

    Parameters
    ----------
    report : RecordingReport
        With a result; muscles without frames get no panel (the page names them and says why).

    Returns
    -------
    Figure
        From the top: one strip of segments, and one of cues and stimuli where there are any; for each muscle
        its trace (least and largest sample, with ± floor), its level (RMS on a log scale over the floor
        bracket) and its ribbon of states and spasms; for each pair a strip of the time in which both are
        active. Axes carry labels `segments`, `cues`, `trace TA_R`, `level TA_R`, `ribbon TA_R`,
        `pair TA_R/GM_R`.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames, measure
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("silent_bursts", seed=1, duration_s=20.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> result = Measured.of(measure(recording, compute_frames(recording, mains_hz=50), rest=True))
    >>> figure = recording_figure(RecordingReport("S1_V1_rest", "rest", "a.edf", "", result))
    >>> [axes.get_label() for axes in figure.axes]
    ['segments', 'trace TA_R', 'level TA_R', 'ribbon TA_R']
    """
    result = report.result
    muscles = dict(result.muscles) if result else {}
    pairs = pairs_drawn(result) if result else []
    cued = bool(result and result.cues)
    rows_in = [
        _SEGMENTS_IN,
        *([_CUES_IN] * cued),
        *([_GAP_IN, _TRACE_IN, _LEVEL_IN, _RIBBON_IN] * len(muscles)),
        _GAP_IN / 2,
    ]
    rows_in += [_STRIP_IN] * len(pairs)
    height_in = _TOP_IN + sum(rows_in) + _BOTTOM_IN
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI)
        FigureCanvasAgg(figure)
        places = iter(_places(rows_in, height_in))
        span_s = max(report.duration_s, 1e-3)
        _draw_segments(_axes(figure, next(places), span_s, "segments"), result)
        if result and cued:
            _draw_cues(_axes(figure, next(places), span_s, "cues"), result)
        for name, one in muscles.items():
            next(places)
            panels = [_axes(figure, next(places), span_s, f"{what} {name}") for what in ("trace", "level", "ribbon")]
            _draw_muscle(panels, name, one, result)
        next(places)
        for pair in pairs:
            _draw_pair(_axes(figure, next(places), span_s, f"pair {pair}"), pair, result)
        _time_axis(figure.axes[-1], span_s)
    return figure


def figure_png(figure: Figure) -> bytes:
    """PNG bytes of a figure: the same figure gives the same bytes (no time, no program name)."""
    out = io.BytesIO()
    with matplotlib.style.context(["default", _STYLE]):
        figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def state_key() -> bytes:
    """PNG of one swatch a look of `KEY`, for the key of a page."""
    with matplotlib.style.context(["default", _STYLE]):
        figure = Figure(figsize=(0.36 * len(KEY), 0.16), dpi=DPI)
        FigureCanvasAgg(figure)
        for i, look in enumerate(KEY):
            axes = figure.add_axes((i / len(KEY), 0.0, 1 / len(KEY), 1.0))
            axes.set_axis_off()
            _fill(axes, [(0.0, 1.0)], look)
            axes.set(xlim=(0, 1), ylim=(0, 1))
    return figure_png(figure)


def _places(rows_in: Sequence[float], height_in: float) -> list[tuple[float, float, float, float]]:
    """Rectangles of rows from the top, as fractions of the figure."""
    tops = height_in - _TOP_IN - np.concatenate([[0.0], np.cumsum(rows_in)])
    return [
        (_LEFT, float(bottom) / height_in, _RIGHT - _LEFT, row / height_in)
        for bottom, row in zip(tops[1:], rows_in, strict=True)
    ]


def _axes(figure: Figure, place: tuple[float, float, float, float], span_s: float, label: str) -> Axes:
    axes = figure.add_axes(place, label=label)
    axes.set_xlim(0.0, span_s)
    axes.tick_params(bottom=False, labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _draw_muscle(panels: Sequence[Axes], name: str, one: Muscle, result: Measured | None) -> None:
    columns = picture_columns(one.frames)
    _draw_trace(panels[0], name, one, columns)
    _draw_level(panels[1], one, columns)
    _draw_ribbon(panels[2], name, result.intervals if result else ())
    for axes in panels[:2]:
        for segment in result.segments if result else ():
            if segment.kind != WHOLE:
                axes.axvspan(segment.start_s, segment.stop_s, color="#f3f1ea", lw=0, zorder=0)


def _draw_trace(axes: Axes, name: str, one: Muscle, columns: Columns) -> None:
    reach_uv, peak_uv = trace_reach_uv(columns)
    axes.fill_between(columns.time_s, columns.low_uv, columns.high_uv, color=TRACE, lw=0.35, zorder=2)
    if one.floor.known:
        for sign in (-1, 1):
            axes.axhspan(sign * one.floor.lo_uv, sign * one.floor.hi_uv, color=FLOOR, alpha=0.35, lw=0, zorder=3)
            axes.axhline(sign * one.floor.floor_uv, color=FLOOR, lw=0.6, zorder=4)
    axes.set_ylim(-reach_uv, reach_uv)
    step_uv = round_down(0.7 * reach_uv)
    axes.set_yticks([-step_uv, 0.0, step_uv], [f"−{step_uv:g}", "0", f"{step_uv:g}"])
    axes.spines["bottom"].set_visible(False)
    size = 9 if len(name) <= 8 else 6.5
    _say(axes, -0.134, 0.5, shortened(plain(name), 12), ha="left", va="center", fontsize=size, fontweight="bold")
    if peak_uv:
        _say(axes, 0.998, 0.97, f"peaks cut; largest {peak_uv:.0f} µV", ha="right", va="top", fontsize=6.5,
             bbox=_PAPER, zorder=5)  # fmt: skip


def _draw_level(axes: Axes, one: Muscle, columns: Columns) -> None:
    rms_uv = np.where(columns.rms_uv > 0, columns.rms_uv, np.nan)
    axes.plot(columns.time_s, rms_uv, color=LEVEL, lw=0.6, zorder=3)
    low, high = level_limits_uv(rms_uv, one)
    if one.floor.known:
        axes.axhspan(one.floor.lo_uv, one.floor.hi_uv, color=FLOOR, alpha=0.3, lw=0, zorder=1)
        axes.axhline(one.floor.floor_uv, color=FLOOR, lw=0.8, zorder=2)
        axes.axhline(one.threshold_uv, color=FLOOR, lw=0.7, ls=(0, (4, 3)), zorder=2)
    else:
        _say(axes, 0.998, 0.9, "no noise floor can be told", ha="right", va="top", fontsize=7, color=FLOOR, bbox=_PAPER)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_minor_locator(NullLocator())
    ticks_uv = level_ticks_uv(low, high)
    axes.set_yticks(ticks_uv, [f"{tick:g}" for tick in ticks_uv])
    axes.grid(axis="y", color=GRID, lw=0.5)
    axes.spines["bottom"].set_visible(False)
    _say(axes, -0.134, 0.5, "RMS, µV", ha="left", va="center", fontsize=7, color="#55606c")


def level_limits_uv(rms_uv: Any, one: Muscle) -> tuple[float, float]:
    """Limits that hold the bracket, the threshold and the RMS; what drops far below the floor is not followed."""
    known = [one.floor.lo_uv, one.threshold_uv] if one.floor.known else []
    seen = [*rms_uv[np.isfinite(rms_uv)].tolist(), *known]
    low, high = (min(seen), max(seen)) if seen else (1.0, 10.0)
    low = max(low, high / 1000, 0.4 * known[0] if known else 0.0)
    return low / 1.25, max(high * 1.25, low * 4)


def level_ticks_uv(low_uv: float, high_uv: float) -> list[float]:
    """Round numbers inside the limits of a log axis, powers of ten first, clear of its ends and of each other.

    Examples
    --------
    >>> level_ticks_uv(0.9, 8.0), level_ticks_uv(1.3, 70.0), level_ticks_uv(0.5, 900.0)
    ([2.0, 5.0], [2.0, 10.0, 50.0], [1.0, 10.0, 100.0])
    """
    decades = range(int(np.floor(np.log10(low_uv))), int(np.ceil(np.log10(high_uv))) + 1)
    ticks: list[float] = []
    for tick in (float(f"{digit}e{decade}") for digit in (1, 2, 5) for decade in decades):
        inside = 1.15 * low_uv <= tick <= high_uv / 1.15
        if inside and all(abs(np.log(tick / other)) >= 0.25 * np.log(high_uv / low_uv) for other in ticks):
            ticks.append(tick)
    return sorted(ticks)


def round_down(value: float) -> float:
    """Largest 1, 2 or 5 times a power of ten that does not exceed a value > 0.

    Examples
    --------
    >>> round_down(3.9), round_down(0.07), round_down(1000.0)
    (2.0, 0.05, 1000.0)
    """
    decade = int(np.floor(np.log10(value)))
    fitting = [
        c for c in (float(f"{d}e{e}") for e in (decade, decade + 1) for d in (1, 2, 5)) if c <= value * (1 + 1e-9)
    ]
    return max(fitting)


def _draw_ribbon(axes: Axes, name: str, intervals: Sequence[IntervalRow]) -> None:
    for kind, look in STATE_LOOKS.items():
        _fill(axes, [(i.start_s, i.stop_s) for i in intervals if i.target == name and i.kind == kind], look)
    for kind, look in SPASMS.items():
        found = [(i.start_s, i.stop_s) for i in intervals if (i.target, i.kind) == (name, kind)]
        _fill(axes, found, look, (0.6, 0.4))
        axes.hlines([0.58] * len(found), [a for a, _ in found], [b for _, b in found], color="white", lw=0.8)
    _strip(axes)


def _draw_pair(axes: Axes, pair: str, result: Measured | None) -> None:
    """Draw the time in which both are active, and where that cannot be told."""
    rows = result.intervals if result else ()
    _fill(axes, [(i.start_s, i.stop_s) for i in rows if i.target == pair and i.kind == "coactive"], COACTIVE)
    _fill(axes, list(untold(rows, *pair.split("/"))), STATE_LOOKS["undeterminable"])
    _strip(axes)
    _say(axes, -0.012, 0.5, shortened(plain(pair), 20), ha="right", va="center", fontsize=6.5)


def untold(rows: Sequence[IntervalRow], first: str, second: str) -> Intervals:
    """Stretches in which one of a pair has no verdict while the other is not silent, seconds."""

    def of(target: str, *kinds: str) -> Intervals:
        """Stretches of these kinds of one muscle."""
        found = sorted((i.start_s, i.stop_s) for i in rows if i.target == target and i.kind in kinds)
        return Intervals.of(found)

    no_verdict = ("undeterminable", "excluded")
    not_silent = ("active", *no_verdict)
    one = of(first, *no_verdict).overlap(of(second, *not_silent))
    return one.union(of(first, *not_silent).overlap(of(second, *no_verdict)))


def _draw_segments(axes: Axes, result: Measured | None) -> None:
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    span_s = axes.get_xlim()[1]
    for segment in result.segments if result else ():
        length_s = segment.stop_s - segment.start_s
        axes.broken_barh([(segment.start_s, length_s)], (0.05, 0.9), facecolor="#e9e5d8", edgecolor="white", lw=1)
        if length_s > 0.009 * span_s * len(segment.name):
            middle_s = segment.start_s + length_s / 2
            axes.text(
                middle_s,
                0.48,
                shortened(plain(segment.name), 24),
                ha="center",
                va="center",
                fontsize=7.5,
                parse_math=False,
            )


def _draw_cues(axes: Axes, result: Measured) -> None:
    """Draw the stretches after cues to relax, and a tick at each stimulus."""
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    relaxed = [(cue.start_s, cue.stop_s - cue.start_s) for cue in result.cues if cue.kind == RELAX]
    # an edge, so that a stretch that other marks have cut to nothing is seen
    axes.broken_barh(relaxed, (0.1, 0.8), facecolor=RELAXED, edgecolor=RELAXED, lw=0.8)
    axes.vlines(result.stimuli_s, 0.0, 1.0, color=STIMULUS_TICK, lw=0.8)
    _say(axes, -0.134, 0.5, "cues, stimuli", ha="left", va="center", fontsize=7, color="#55606c")


def _fill(
    axes: Axes, stretches: Sequence[tuple[float, float]], look: Look, span: tuple[float, float] = (0.0, 1.0)
) -> None:
    if stretches:
        bars = [(start, stop - start) for start, stop in stretches]
        axes.broken_barh(bars, span, facecolor=look.fill, edgecolor=look.ink, hatch=look.hatch or None, lw=0)


def _strip(axes: Axes) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)


def _time_axis(axes: Axes, span_s: float) -> None:
    """Times below the last panel: seconds, or minutes from 5 min on."""
    axes.tick_params(bottom=True, labelbottom=True)
    minutes = span_s >= 300
    axes.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 2, 3, 5, 6, 10]))
    if minutes:
        step_s = 60 * max(round(span_s / 60 / 10), 1)
        axes.set_xticks(np.arange(0, span_s + 1e-9, step_s))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 60:g}"))
    axes.set_axis_on()
    axes.set_xlabel("time, min" if minutes else "time, s", fontsize=8)


def pairs_drawn(result: Measured) -> list[str]:
    """Pairs of the rows whose muscles both have verdicts, in the order of the rows."""
    named = dict.fromkeys(row.target for row in result.rows if row.target_kind == "pair")
    return [pair for pair in named if all(muscle in result.muscles for muscle in pair.split("/"))]


def _say(axes: Axes, x: float, y: float, text: str, **kwargs: Any) -> None:
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
    with matplotlib.style.context(["default", _STYLE]):
        return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
