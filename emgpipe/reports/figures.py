"""Figures: a recording with a trace, a level and a ribbon for each muscle, and a strip for each pair.

Figures are made without pyplot and shown by nobody here; `figure_png` gives the same bytes for the same figure.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from numpy.typing import NDArray
from PIL import Image

from emgpipe.reports.looks import DPI, KEY, fill, house_style, new_figure, plain
from emgpipe.reports.model import Measured, RecordingReport
from emgpipe.reports.traces import (
    Span,
    draw_cues,
    draw_muscle,
    draw_pair,
    draw_ribbon,
    draw_segments,
    frame_strips,
    strip_axes,
    time_axes,
)

WIDTH_IN = 10.0
MOST_MUSCLES = 3
"""Of one picture on a page: printed on A4 there is room for it below the head of the page."""
MOST_COLOURS = 256
"""Of a picture: with a palette it takes half the bytes."""
COMPRESSION = 7

_TOP_IN, _BOTTOM_IN, _SEGMENTS_IN, _GAP_IN, _TITLE_IN = 0.06, 0.42, 0.2, 0.14, 0.3
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
        its trace (least and largest sample, RMS within, ± floor), its level (RMS on a log scale over the floor
        bracket) and its ribbon of states and spasms; for each pair a strip of the time in which both are
        active. Axes carry labels `trace TA_R`, `level TA_R`, and `strips` for all strips; what is drawn there
        carries labels `segments`, `relaxed`, `stimuli`, `ribbon TA_R`, `pair TA_R/GM_R`.

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
    ['strips', 'trace TA_R', 'level TA_R']
    """
    result = report.result or Measured()
    with house_style():
        figure = new_figure(WIDTH_IN, height_in(result))
        draw_result(figure, result, (0.0, report.duration_s))
    return figure


def recording_figures(report: RecordingReport) -> list[tuple[tuple[str, ...], Figure]]:
    """Draw one recording in pictures of a few muscles each, for a page that may be printed.

    Parameters
    ----------
    report : RecordingReport
        As for `recording_figure`.

    Returns
    -------
    list of (tuple of str, Figure)
        Muscles of each picture, about as many in each and at most `MOST_MUSCLES`, and the picture, as
        `recording_figure` draws it. Pairs stand in the last one.
    """
    result = report.result or Measured()
    parts = -(-len(result.muscles) // MOST_MUSCLES) or 1
    names = [tuple(map(str, part)) for part in np.array_split(np.array(list(result.muscles), dtype=object), parts)]
    drawn = []
    with house_style():
        for i, muscles in enumerate(names, 1):
            part = replace(result, muscles={name: result.muscles[name] for name in muscles})
            pairs = pairs_drawn(result) if i == parts else []
            figure = new_figure(WIDTH_IN, height_in(part, pairs=pairs))
            draw_result(figure, part, (0.0, report.duration_s), pairs=pairs)
            drawn.append((muscles, figure))
    return drawn


def height_in(result: Measured, title: str = "", scale: float = 1.0, pairs: Sequence[str] | None = None) -> float:
    """Height that `draw_result` takes, inches."""
    return _TOP_IN + sum(_rows_in(result, title, scale, pairs)) + _BOTTOM_IN


def draw_result(
    figure: FigureBase,
    result: Measured,
    window_s: tuple[float, float],
    *,
    title: str = "",
    scale: float = 1.0,
    pairs: Sequence[str] | None = None,
) -> None:
    """Draw what was measured into a figure or a part of one; for use in `house_style`.

    Parameters
    ----------
    figure : FigureBase
        Of the height that `height_in` tells.
    result : Measured
        All its muscles are drawn.
    window_s : tuple of float
        Start and stop of the time axis, seconds of the recording.
    title : str
        Written on top where given.
    scale : float
        Height of traces and levels over that on pages.
    pairs : sequence of str, optional
        Those to draw; left out, the pairs of the rows whose muscles are both there.
    """
    start_s, stop_s = window_s
    window_s = (start_s, max(stop_s, start_s + 1e-3))
    pairs = pairs_drawn(result) if pairs is None else pairs
    whole_in, spans = height_in(result, title, scale, pairs), iter(_spans_in(result, title, scale, pairs))

    def place(span_in: Span) -> tuple[float, float, float, float]:
        """Rectangle of a row as fractions of the figure."""
        return _LEFT, span_in[0] / whole_in, _RIGHT - _LEFT, span_in[1] / whole_in

    if title:
        low = (next(spans)[0] + 0.07) / whole_in
        figure.text(0.002, low, plain(title), va="bottom", fontsize=9.5, fontweight="bold", parse_math=False)
    inside_in = (_BOTTOM_IN, whole_in - _TOP_IN)
    strips = strip_axes(figure, place((_BOTTOM_IN, inside_in[1] - _BOTTOM_IN)), window_s, inside_in)
    draw_segments(strips, next(spans), result)
    if result.cues:
        draw_cues(strips, next(spans), result)
    framed = []
    for muscle, one in result.muscles.items():
        _, trace, level, ribbon = (next(spans) for _ in range(4))
        panels = [
            time_axes(figure, place(span), window_s, f"{what} {muscle}")
            for what, span in (("trace", trace), ("level", level))
        ]
        draw_muscle(panels, muscle, one, result.segments)
        draw_ribbon(strips, ribbon, muscle, result.intervals)
        framed.append(ribbon)
    next(spans)
    for pair, span in zip(pairs, spans, strict=True):
        draw_pair(strips, span, pair, result)
        framed.append(span)
    frame_strips(strips, framed)


def figure_png(figure: Figure) -> bytes:
    """PNG bytes of a figure, with a palette: the same figure gives the same bytes (no time, no program name)."""
    out = io.BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    with house_style():
        figure.set_dpi(DPI)
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())  # of the size that the canvas counts, which rounds in its own way
    with_palette(pixels).save(out, format="png", compress_level=COMPRESSION)
    return out.getvalue()


def inline_png(picture: Figure | bytes) -> Markup:
    """Data URI of a figure or a PNG; marked as safe, so that its million characters are not looked through."""
    png = picture if isinstance(picture, bytes) else figure_png(picture)
    return Markup("data:image/png;base64," + base64.b64encode(png).decode("ascii"))


def with_palette(pixels: NDArray[np.uint8]) -> Image.Image:
    """Picture in at most 256 of its own colours, without dither.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 4)
        Red, green, blue, and an alpha that is not looked at.

    Returns
    -------
    Image
        Each pixel in the nearest colour that is kept: first the most frequent of each cube of 32 levels a side, then
        the most frequent of all. A fill stays exactly as drawn, and no hue is lost to a frequent one.

    Examples
    --------
    >>> image = with_palette(np.full((4, 4, 4), (200, 30, 2, 255), np.uint8))
    >>> image.mode, image.convert("RGB").getpixel((0, 0))
    ('P', (200, 30, 2))
    """
    codes = pixels.view("<u4")[:, :, 0] & 0xFFFFFF
    seen = np.zeros(1 << 24, np.bool_)
    seen[codes] = True
    colours = np.flatnonzero(seen)
    ranks = np.zeros(1 << 24, np.uint32)  # of colours that are not there nothing is touched
    ranks[colours] = np.arange(len(colours))
    drawn = ranks[codes]
    levels = np.stack([colours & 255, colours >> 8 & 255, colours >> 16], axis=1).astype(np.int32)
    by_count = np.argsort(-np.bincount(drawn.ravel()), kind="stable")
    _, first = np.unique(levels[by_count] // 32 @ [64, 8, 1], return_index=True)
    kept = levels[list(dict.fromkeys([*by_count[np.sort(first)], *by_count]))[:MOST_COLOURS]]
    # nearest by squares; whole numbers, so exact
    slots = ((kept**2).sum(1) - 2 * levels @ kept.T).argmin(1).astype(np.uint8)
    image = Image.fromarray(slots[drawn])
    image.putpalette(kept.astype(np.uint8).tobytes())
    return image


@cache
def state_key() -> bytes:
    """PNG of one swatch a look of `KEY`, for the key of a page: the same each time, drawn once."""
    with house_style():
        figure = new_figure(0.36 * len(KEY), 0.16)
        for i, look in enumerate(KEY):
            axes = figure.add_axes((i / len(KEY), 0.0, 1 / len(KEY), 1.0))
            axes.set_axis_off()
            fill(axes, [(0.0, 1.0)], look)
            axes.set(xlim=(0, 1), ylim=(0, 1))
    return figure_png(figure)


def pairs_drawn(result: Measured) -> list[str]:
    """Pairs of the rows whose muscles both have verdicts, in the order of the rows."""
    named = dict.fromkeys(row.target for row in result.rows if row.target_kind == "pair")
    return [pair for pair in named if all(muscle in result.muscles for muscle in pair.split("/"))]


def _rows_in(result: Measured, title: str, scale: float, pairs: Sequence[str] | None) -> list[float]:
    """Heights of all rows from the top, gaps included."""
    panels_in = [_GAP_IN, scale * _TRACE_IN, scale * _LEVEL_IN, _RIBBON_IN] * len(result.muscles)
    head_in = [_TITLE_IN] * bool(title) + [_SEGMENTS_IN] + [_CUES_IN] * bool(result.cues)
    return [*head_in, *panels_in, _GAP_IN / 2, *([_STRIP_IN] * len(pairs_drawn(result) if pairs is None else pairs))]


def _spans_in(result: Measured, title: str, scale: float, pairs: Sequence[str]) -> list[Span]:
    """Lower edge and height of each row from the top, inches from the bottom of the figure."""
    rows_in = _rows_in(result, title, scale, pairs)
    lows = height_in(result, title, scale, pairs) - _TOP_IN - np.cumsum(rows_in)
    return list(zip(lows.tolist(), rows_in, strict=True))
