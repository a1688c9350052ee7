"""Panels of one recording: the trace and the level of a muscle; strips of states, pairs, segments and cues."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import FigureBase
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from emgpipe.intervals import Intervals
from emgpipe.measures.rows import IntervalRow
from emgpipe.measures.views import RELAX, WHOLE, Segment
from emgpipe.reports.columns import FLAT_UV, Columns, picture_columns, trace_reach_uv
from emgpipe.reports.looks import (
    FLOOR,
    FRAME,
    GRID,
    LEVEL,
    PAIR_LOOKS,
    PAPER,
    QUIET_INK,
    RELAXED,
    RMS,
    SPASMS,
    STATE_LOOKS,
    STIMULUS_TICK,
    TRACE,
    UNDER_LEVEL,
    fill,
    plain,
    say,
    shortened,
)
from emgpipe.reports.model import Measured, Muscle

COLUMNS = 1040
"""A column a pixel."""

Span = tuple[float, float]
"""Lower edge and height of a strip, inches from the bottom of the figure."""


def time_axes(
    figure: FigureBase, place: tuple[float, float, float, float], window_s: tuple[float, float], label: str
) -> Axes:
    """Axes over a window of time, in fractions of the figure, without ticks of time: they cost most of the making."""
    axes = figure.add_axes(place, label=label)
    axes.set_xlim(window_s)
    axes.xaxis.set_major_locator(NullLocator())
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    return axes


def strip_axes(
    figure: FigureBase, place: tuple[float, float, float, float], window_s: tuple[float, float], heights_in: Span
) -> Axes:
    """Axes behind all panels in which strips are drawn, heights in inches, with the times below."""
    axes = time_axes(figure, place, window_s, "strips")
    axes.set_ylim(*heights_in)
    axes.yaxis.set_major_locator(NullLocator())
    axes.spines["left"].set_visible(False)
    _time_axis(axes)
    return axes


def draw_muscle(panels: Sequence[Axes], name: str, one: Muscle, segments: Sequence[Segment]) -> None:
    """Draw the trace and the level of a muscle, each into axes of its own."""
    columns = picture_columns(one.frames, COLUMNS, window_s=panels[0].get_xlim())
    _draw_trace(panels[0], name, one, columns)
    _draw_level(panels[1], one, columns)
    for axes in panels:
        for segment in segments:
            if segment.kind != WHOLE:
                axes.axvspan(segment.start_s, segment.stop_s, color="#f3f1ea", lw=0, zorder=0)


def _draw_trace(axes: Axes, name: str, one: Muscle, columns: Columns) -> None:
    reach_uv, peak_uv = trace_reach_uv(columns)
    axes.fill_between(columns.time_s, columns.low_uv, columns.high_uv, color=TRACE, lw=0.35, zorder=2)
    axes.fill_between(columns.time_s, -columns.rms_uv, columns.rms_uv, color=RMS, lw=0.2, zorder=2.5)
    if one.floor.known:
        for sign in (-1, 1):
            axes.axhspan(sign * one.floor.lo_uv, sign * one.floor.hi_uv, color=FLOOR, alpha=0.35, lw=0, zorder=3)
            axes.axhline(sign * one.floor.floor_uv, color=FLOOR, lw=0.6, zorder=4)
    axes.set_ylim(-reach_uv, reach_uv)
    step_uv = round_down(0.7 * reach_uv)
    axes.set_yticks([-step_uv, 0.0, step_uv], [f"−{step_uv:g}", "0", f"{step_uv:g}"])
    size = 9 if len(name) <= 8 else 6.5
    say(axes, -0.134, 0.68, shortened(plain(name), 12), ha="left", va="center", fontsize=size, fontweight="bold")
    say(axes, -0.134, 0.28, "EMG, µV", ha="left", va="center", fontsize=7, color=QUIET_INK)
    if peak_uv:
        say(axes, 0.998, 0.97, f"peaks cut; largest {peak_uv:.0f} µV", ha="right", va="top", fontsize=6.5,
            bbox=PAPER, zorder=5)  # fmt: skip


def _draw_level(axes: Axes, one: Muscle, columns: Columns) -> None:
    rms_uv = np.where(columns.rms_uv > FLAT_UV, columns.rms_uv, np.nan)
    low, high = level_limits_uv(rms_uv, one)
    axes.fill_between(columns.time_s, low, rms_uv, color=UNDER_LEVEL, lw=0, zorder=0.5)
    axes.plot(columns.time_s, rms_uv, color=LEVEL, lw=0.6, zorder=3)
    if one.floor.known:
        axes.axhspan(one.floor.lo_uv, one.floor.hi_uv, color=FLOOR, alpha=0.3, lw=0, zorder=1)
        axes.axhline(one.floor.floor_uv, color=FLOOR, lw=0.8, zorder=2)
        axes.axhline(one.threshold_uv, color=FLOOR, lw=0.7, ls=(0, (4, 3)), zorder=2)
    else:
        say(axes, 0.998, 0.9, "no noise floor can be told", ha="right", va="top", fontsize=7, color=FLOOR, bbox=PAPER)
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.yaxis.set_minor_locator(NullLocator())
    ticks_uv = level_ticks_uv(low, high)
    axes.set_yticks(ticks_uv, [f"{tick:g}" for tick in ticks_uv])
    axes.hlines(ticks_uv, 0.0, 1.0, transform=axes.get_yaxis_transform(), color=GRID, lw=0.5, zorder=0.7)
    say(axes, -0.134, 0.5, "RMS, µV", ha="left", va="center", fontsize=7, color=QUIET_INK)


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


def draw_ribbon(axes: Axes, span_in: Span, name: str, intervals: Sequence[IntervalRow]) -> None:
    """Draw the states of a muscle, and its spasms as a bar over them."""
    label, (low, height) = f"ribbon {name}", span_in
    own = [i for i in intervals if i.target == name]
    for kind, look in STATE_LOOKS.items():
        fill(axes, [(i.start_s, i.stop_s) for i in own if i.kind == kind], look, span_in, label)
    for kind, look in SPASMS.items():
        found = [(i.start_s, i.stop_s) for i in own if i.kind == kind]
        fill(axes, found, look, (low + 0.6 * height, 0.4 * height), label)
        if found:
            axes.hlines([low + 0.58 * height] * len(found), *zip(*found, strict=True), color="white", lw=0.8)


def draw_pair(axes: Axes, span_in: Span, pair: str, result: Measured) -> None:
    """Draw the time in which both are active, and where that cannot be told."""
    for kind, stretches in pair_stretches(result.intervals, pair).items():
        fill(axes, list(stretches), PAIR_LOOKS[kind], span_in, f"pair {pair}")
    _name(axes, span_in, -0.012, shortened(plain(pair), 20), ha="right", fontsize=6.5)


def pair_stretches(rows: Sequence[IntervalRow], pair: str) -> dict[str, Intervals]:
    """What the strip of a pair shows, seconds by kind of `PAIR_LOOKS`, for still pictures and views alike.

    `coactive` as in the rows. Where either muscle is excluded and the other is not silent the pair is `excluded`; where
    one is undeterminable, and the other neither silent nor excluded, it is `undeterminable`.
    """

    def of(target: str, *kinds: str) -> Intervals:
        """Stretches of these kinds of one target."""
        return Intervals.of(sorted((i.start_s, i.stop_s) for i in rows if i.target == target and i.kind in kinds))

    def either(kind: str, *others: str) -> Intervals:
        """Where one muscle is of a kind, and the other of it or of others."""
        first, second = pair.split("/")
        one = of(first, kind).overlap(of(second, kind, *others))
        return one.union(of(first, kind, *others).overlap(of(second, kind)))

    return {
        "coactive": of(pair, "coactive"),
        "undeterminable": either("undeterminable", "active"),
        "excluded": either("excluded", "undeterminable", "active"),
    }


def draw_segments(axes: Axes, span_in: Span, result: Measured) -> None:
    """Draw the declared segments with their names where these fit."""
    start_s, stop_s = axes.get_xlim()
    low, height = span_in
    for segment in result.segments:
        first_s, last_s = max(segment.start_s, start_s), min(segment.stop_s, stop_s)
        if not first_s < last_s:
            continue
        bar, inside = [(first_s, last_s - first_s)], (low + 0.05 * height, 0.9 * height)
        axes.broken_barh(bar, inside, facecolor="#e9e5d8", edgecolor="white", lw=1, label="segments")
        if last_s - first_s > 0.009 * (stop_s - start_s) * len(segment.name):
            name, middle = shortened(plain(segment.name), 24), ((first_s + last_s) / 2, low + 0.48 * height)
            axes.text(*middle, name, ha="center", va="center", fontsize=7.5, parse_math=False)


def draw_cues(axes: Axes, span_in: Span, result: Measured) -> None:
    """Draw the stretches after cues to relax, and a tick at each stimulus."""
    low, height = span_in
    relaxed = [(cue.start_s, cue.stop_s - cue.start_s) for cue in result.cues if cue.kind == RELAX]
    # an edge, so that a stretch that other marks have cut to nothing is seen
    bar = (low + 0.1 * height, 0.8 * height)
    axes.broken_barh(relaxed, bar, facecolor=RELAXED, edgecolor=RELAXED, lw=0.8, label="relaxed")
    axes.vlines(result.stimuli_s, low, low + height, color=STIMULUS_TICK, lw=0.8, label="stimuli")
    _name(axes, span_in, -0.134, "cues, stimuli", ha="left", fontsize=7, color=QUIET_INK)


def frame_strips(axes: Axes, spans_in: Sequence[Span]) -> None:
    """Draw a thin frame around each strip."""
    start_s, stop_s = axes.get_xlim()
    corners = [
        [(start_s, low), (stop_s, low), (stop_s, low + height), (start_s, low + height)] for low, height in spans_in
    ]
    axes.add_collection(
        PolyCollection(corners, facecolor="none", edgecolor=FRAME, lw=0.6, label="frames", clip_on=False),
        autolim=False,
    )


def _name(axes: Axes, span_in: Span, x: float, text: str, **kwargs: Any) -> None:
    """Name a strip left of it."""
    middle_in, across = span_in[0] + span_in[1] / 2, axes.get_yaxis_transform()
    axes.text(x, middle_in, plain(text), transform=across, va="center", parse_math=False, **kwargs)


def _time_axis(axes: Axes) -> None:
    """Times below the last panel: seconds, or minutes where 5 min or more are shown."""
    start_s, stop_s = axes.get_xlim()
    minutes = stop_s - start_s >= 300
    if minutes:
        step_s = 60 * max(round((stop_s - start_s) / 60 / 10), 1)
        axes.set_xticks(np.arange(np.ceil(start_s / step_s) * step_s, stop_s + 1e-9, step_s))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 60:g}"))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 2, 3, 5, 6, 10]))
    axes.set_xlabel("time, min" if minutes else "time, s", fontsize=8)
