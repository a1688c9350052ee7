"""Figure of spectra, a thumbnail a muscle: where the noise floor stands in them and what was taken out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from emgpipe.detectors.bounds import (
    CLEAN_HZ,
    FAST_CLEAN_HZ,
    FAST_RATE_HZ,
    OUT_OF_BAND_RATE_HZ,
    roll_off,
)
from emgpipe.detectors.witnesses import Floats, witness_seconds
from emgpipe.frames.model import ChannelFrames
from emgpipe.frames.spectra import BAND_HZ
from emgpipe.intervals import Intervals
from emgpipe.measures.rows import IntervalRow
from emgpipe.reports.figures import WIDTH_IN
from emgpipe.reports.looks import FLOOR, LEVEL, shortened
from emgpipe.reports.model import Measured, Muscle, RecordingReport
from emgpipe.reports.sheets import FRAME, INK, Panel, Sheet
from emgpipe.reports.words import SOURCE_WORDS

IN_BAND, OUT_OF_BAND, SPREAD, BRACKET, CUT_LINE = "#ece8dc", "#d3e5dc", "#b9c2cc", "#ecb79d", "#7b2d5b"
A_ROW = 4
"""Thumbnails beside each other."""
MOST_LINES = 3
"""Removed lines that are named each; of more the first, and how many."""
LEAST_SPAN = 30.0
"""An axis of density spans so much at least, largest over smallest."""

_PANEL_IN, _HEAD_IN, _TICKS_IN, _FOOT_IN, _LEFT_IN, _GAP_IN = 1.15, 0.34, 0.22, 0.2, 0.52, 0.36


class Spectrum(NamedTuple):
    """Density of the raw signal in 25 Hz bands, µV²/Hz, over the usable seconds; each of shape (n_bands,).

    Attributes
    ----------
    low, middle, high : ndarray
        Quantiles 10, 50 and 90 % over seconds.
    n_seconds : int
        Usable seconds; the arrays are empty where there are none.
    flatness : float
        Density in 750-850 over that in 600-700 Hz, medians; NaN where these are not recorded.
    """

    low: Floats
    middle: Floats
    high: Floats
    n_seconds: int
    flatness: float


def spectra_figure(report: RecordingReport) -> Figure:
    """Draw the spectrum of each muscle of a recording, with the floor in it.

    Parameters
    ----------
    report : RecordingReport
        With a result; muscles without frames get no thumbnail.

    Returns
    -------
    Figure
        Thumbnails, four a row, in the order of the file. Dark: median density of the raw signal over its usable
        seconds, in 25 Hz bands; grey around it: from the 10 % to the 90 % quantile of the seconds. Orange: density of
        white noise that has the level of the floor in the band, as bracket and best value. Shaded and named: the
        analysis band, and the band without EMG where it was recorded (600-850 Hz, from 4 kHz on 1200-1800 Hz); below
        its name the density in 750-850 over that in 600-700 Hz, 1 for noise alone, less where a low-pass has taken it.
        Ticks on top: lines that were removed. A thumbnail without usable seconds says so.

    Notes
    -----
    Spectra are those of the file: what a decimating converter takes is put back for the floor and not here.

    Examples
    --------
    >>> from emgpipe import array_recording, compute_frames, measure
    >>> recording = array_recording([np.random.default_rng(1).standard_normal(40_000)], ["TA_R"], 2000.0)
    >>> result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    >>> figure = spectra_figure(RecordingReport("S1_V1_rest", "rest", "a.edf", "", Measured.of(result)))
    >>> [text.get_text() for text in figure.axes[0].texts if "band" in text.get_text()][0]
    'analysis band'
    """
    muscles = (report.result or Measured()).muscles
    intervals = report.result.intervals if report.result else ()
    n_rows = max(-(-len(muscles) // A_ROW), 1)
    step_in = _HEAD_IN + _PANEL_IN + _TICKS_IN
    height_in = n_rows * step_in + _FOOT_IN
    width_in = (WIDTH_IN - _LEFT_IN - (A_ROW - 1) * _GAP_IN - 0.15) / A_ROW
    sheet = Sheet(WIDTH_IN, height_in)
    for i, (name, one) in enumerate(muscles.items()):
        row, column = divmod(i, A_ROW)
        left, bottom = _LEFT_IN + column * (width_in + _GAP_IN), height_in - (row + 1) * step_in + _TICKS_IN
        seen = spectrum(one.frames, intervals, name)
        reach_hz = (0.0, max(BAND_HZ * one.frames.psd.shape[1], 500.0))
        panel = Panel(left, bottom, width_in, _PANEL_IN, reach_hz, _limits(seen, one))
        _draw(sheet, panel, one, seen)
        _write_head(sheet, panel, name, one)
        if not column:
            sheet.say(0.02, bottom + _PANEL_IN / 2, "µV²/Hz", rotation=90, ha="left", va="center")
        if i + A_ROW >= len(muscles):
            sheet.say(left + width_in / 2, bottom - 0.22, "frequency, Hz", ha="center", va="top")
    return sheet.figure()


def spectrum(frames: ChannelFrames, intervals: Sequence[IntervalRow] = (), target: str = "") -> Spectrum:
    """Density over the usable seconds of a channel.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel, with or without the marks made by people.
    intervals : sequence of IntervalRow
        Of the recording; seconds that are `excluded` by half or more are left out.
    target : str
        Muscle of the intervals.

    Returns
    -------
    Spectrum
    """
    seconds = np.flatnonzero(_usable(frames, intervals, target))
    if not len(seconds):
        none = np.empty(0)
        return Spectrum(none, none, none, 0, np.nan)
    psd = frames.psd[seconds]
    low, middle, high = np.quantile(psd.astype(np.float64), [0.1, 0.5, 0.9], axis=0)
    flatness = np.nan
    if frames.rate_hz >= OUT_OF_BAND_RATE_HZ:
        flatness = roll_off(psd, fast=False)
    return Spectrum(low, middle, high, len(seconds), flatness)


def _usable(frames: ChannelFrames, intervals: Sequence[IntervalRow], target: str) -> NDArray[np.bool_]:
    """Whole seconds that may speak, shape (n_seconds,)."""
    if not len(frames.psd):
        return np.zeros(0, np.bool_)
    excluded = sorted((i.start_s, i.stop_s) for i in intervals if (i.target, i.kind) == (target, "excluded"))
    left_out_s = np.zeros(len(frames.psd))
    for start_s, stop_s in Intervals.of(excluded):
        first, last = int(start_s), min(int(np.ceil(stop_s)), len(left_out_s))
        edges_s = np.arange(first, last)
        left_out_s[first:last] += np.minimum(stop_s, edges_s + 1) - np.maximum(start_s, edges_s)
    return np.asarray(witness_seconds(frames).usable & (left_out_s < 0.5), np.bool_)


def _draw(sheet: Sheet, panel: Panel, one: Muscle, seen: Spectrum) -> None:
    """Draw a panel; its limits are those of the logarithm of density."""
    for tick_hz in np.arange(0.0, panel.x_limits[1] + 1, 250.0 if panel.x_limits[1] <= 1000 else 600.0).tolist():
        sheet.stroke(FRAME, [(panel.x(tick_hz), panel.bottom), (panel.x(tick_hz), panel.bottom - 0.03)])
        sheet.say(panel.x(tick_hz), panel.bottom - 0.05, f"{tick_hz:g}", 6.5, INK, ha="center", va="top")
    if not seen.n_seconds or not seen.middle.max() > 0:
        words = "no usable second" if not seen.n_seconds else "nothing but zero"
        sheet.say(panel.left + panel.width / 2, panel.bottom + panel.height / 2, words, 7.5, ha="center", va="center")
        sheet.frame(panel, ())
        return
    decades = _decades(*panel.y_limits)
    sheet.frame(panel, decades, [f"{10.0**decade:g}" for decade in decades])
    _shade(sheet, panel, one.frames, seen)
    steps_hz = np.repeat(np.arange(len(seen.middle) + 1) * float(BAND_HZ), 2)[1:-1]
    low, middle, high = (_stairs(panel, steps_hz, density) for density in (seen.low, seen.middle, seen.high))
    sheet.shape(SPREAD, [*low, *reversed(high)])
    bracket = _floor_density(one)
    if bracket is not None:
        low_y, middle_y, high_y = (panel.y(float(np.log10(density))) for density in bracket)
        right = panel.left + panel.width
        sheet.shape(BRACKET, [(panel.left, low_y), (right, low_y), (right, high_y), (panel.left, high_y)])
        sheet.stroke(FLOOR, [(panel.left, middle_y), (right, middle_y)], 0.9)
    sheet.stroke(LEVEL, middle, 1.1)
    _draw_lines(sheet, panel, one.frames)


def _stairs(panel: Panel, steps_hz: Floats, density: Floats) -> list[tuple[float, float]]:
    """Corners of a staircase, inside the panel."""
    low, high = panel.y_limits
    with np.errstate(divide="ignore"):
        heights = np.clip(np.log10(np.repeat(density, 2)), low, high)
    return [(panel.x(hz), panel.y(y)) for hz, y in zip(steps_hz.tolist(), heights.tolist(), strict=True)]


def _floor_density(one: Muscle) -> tuple[float, float, float] | None:
    """Density of white noise with the level of the floor: low, best, high; None where no floor is known."""
    bandwidth_hz = one.frames.bandwidth_hz
    if not (one.floor.known and bandwidth_hz > 0 and one.floor.lo_uv > 0):
        return None
    low, middle, high = (v**2 / bandwidth_hz for v in (one.floor.lo_uv, one.floor.floor_uv, one.floor.hi_uv))
    return low, middle, high


def _write_head(sheet: Sheet, panel: Panel, name: str, one: Muscle) -> None:
    floor, top, right = one.floor, panel.bottom + panel.height, panel.left + panel.width
    words = "no noise floor can be told", ""
    if floor.known:
        words = (
            f"floor {floor.floor_uv:.2f} µV ({floor.lo_uv:.2f}–{floor.hi_uv:.2f})",
            f"{SOURCE_WORDS.get(floor.source, floor.source)}; {floor.confidence}",
        )
    sheet.say(panel.left, top + 0.17, shortened(name, 12), 8.5, INK, ha="left", va="baseline", fontweight="bold")
    sheet.say(right, top + 0.17, words[0], 6.5, FLOOR, ha="right", va="baseline")
    sheet.say(right, top + 0.05, words[1], 6.5, ha="right", va="baseline")


def _limits(seen: Spectrum, one: Muscle) -> tuple[float, float]:
    """Logarithms of the limits that hold the bracket and all densities over 0."""
    shown = np.concatenate([seen.low, seen.middle, seen.high])
    values = [*shown[shown > 0].tolist(), *(_floor_density(one) or ())]
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    low = max(low, high / 1e6) / 2
    return float(np.log10(low)), float(np.log10(max(high * 6, low * LEAST_SPAN)))


def _decades(low: float, high: float) -> list[float]:
    """Whole logarithms inside the limits, at most four or so."""
    first, last = int(np.ceil(low)), int(np.floor(high))
    return [float(decade) for decade in range(first, last + 1, 1 + (last - first) // 4)]


def _shade(sheet: Sheet, panel: Panel, frames: ChannelFrames, seen: Spectrum) -> None:
    """Shade the analysis band and the band without EMG, and name them at the top."""
    shaded = [(IN_BAND, frames.band_hz, "analysis band")]
    if frames.rate_hz >= OUT_OF_BAND_RATE_HZ:
        words = "out of band" + ("" if np.isnan(seen.flatness) else f"\n×{seen.flatness:.2f}")
        shaded.append((OUT_OF_BAND, FAST_CLEAN_HZ if frames.rate_hz >= FAST_RATE_HZ else CLEAN_HZ, words))
    for colour, (low_hz, high_hz), words in shaded:
        left, right = panel.x(low_hz), panel.x(high_hz)
        sheet.area(colour, left, panel.bottom, right - left, panel.height)
        sheet.say((left + right) / 2, panel.bottom + 0.97 * panel.height, words, 6, ha="center", va="top")


def _draw_lines(sheet: Sheet, panel: Panel, frames: ChannelFrames) -> None:
    """Tick each removed line, and name them."""
    lines_hz = sorted(line.frequency_hz for line in frames.lines)
    for hz in lines_hz:
        sheet.stroke(CUT_LINE, [(panel.x(hz), panel.bottom), (panel.x(hz), panel.bottom + 0.1)], 1.0)
    if lines_hz:
        named = lines_hz if len(lines_hz) <= MOST_LINES else lines_hz[:1]
        more = "" if len(named) == len(lines_hz) else f" and {len(lines_hz) - 1} more"
        words = "cut: " + ", ".join(f"{hz:.4g}" for hz in named) + " Hz" + more
        sheet.say(panel.left + panel.width, panel.bottom + 0.05, words, 6, CUT_LINE, ha="right", va="bottom")
