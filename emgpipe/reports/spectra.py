"""Figure of spectra, a thumbnail a muscle: where the noise floor stands in them and what was taken out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
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
from emgpipe.reports.looks import FLOOR, GRID, LEVEL, QUIET_INK, house_style, new_figure, plain, say, shortened
from emgpipe.reports.model import Measured, Muscle, RecordingReport
from emgpipe.reports.words import SOURCE_WORDS

IN_BAND, OUT_OF_BAND, SPREAD, CUT_LINE = "#ece8dc", "#d3e5dc", "#b9c2cc", "#7b2d5b"
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
        Ticks on top: lines that were removed. A thumbnail without usable seconds says so. Axes carry labels
        `spectrum TA_R`.

    Notes
    -----
    Spectra are those of the file: what a decimating converter takes is put back for the floor and not here.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames, measure
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("silent_bursts", seed=1, duration_s=20.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> result = Measured.of(measure(recording, compute_frames(recording, mains_hz=50), rest=True))
    >>> figure = spectra_figure(RecordingReport("S1_V1_rest", "rest", "a.edf", "", result))
    >>> [axes.get_label() for axes in figure.axes]
    ['spectrum TA_R']
    """
    result = report.result or Measured()
    n_rows = max(-(-len(result.muscles) // A_ROW), 1)
    step_in = _HEAD_IN + _PANEL_IN + _TICKS_IN
    height_in = n_rows * step_in + _FOOT_IN
    width_in = (WIDTH_IN - _LEFT_IN - (A_ROW - 1) * _GAP_IN - 0.15) / A_ROW
    with house_style():
        figure = new_figure(WIDTH_IN, height_in)
        for i, (name, one) in enumerate(result.muscles.items()):
            row, column = divmod(i, A_ROW)
            left_in = _LEFT_IN + column * (width_in + _GAP_IN)
            bottom_in = height_in - (row + 1) * step_in + _TICKS_IN
            place = (left_in / WIDTH_IN, bottom_in / height_in, width_in / WIDTH_IN, _PANEL_IN / height_in)
            axes = figure.add_axes(place, label=f"spectrum {name}")
            _draw(axes, name, one, spectrum(one.frames, result.intervals, name))
            if not column:
                axes.set_ylabel("µV²/Hz", fontsize=6.5, color=QUIET_INK, labelpad=2)
            if i + A_ROW >= len(result.muscles):
                axes.set_xlabel("frequency, Hz", fontsize=6.5, color=QUIET_INK, labelpad=1)
    return figure


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


def _draw(axes: Axes, name: str, one: Muscle, seen: Spectrum) -> None:
    edges_hz = np.arange(one.frames.psd.shape[1] + 1) * float(BAND_HZ)
    top_hz = max(edges_hz[-1], 500.0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0.0, top_hz)
    axes.tick_params(labelsize=6.5, length=2, pad=2)
    axes.set_xticks(np.arange(0.0, top_hz + 1, 250.0 if top_hz <= 1000 else 600.0))
    _write_head(axes, name, one)
    if not seen.n_seconds or not seen.middle.max() > 0:
        say(axes, 0.5, 0.5, "no usable second" if not seen.n_seconds else "nothing but zero", ha="center", va="center",
            fontsize=7.5, color=QUIET_INK)  # fmt: skip
        axes.set_yticks([])
        return
    axes.set_yscale("log")
    axes.set_ylim(*_limits(seen, one))
    axes.yaxis.set_minor_locator(NullLocator())
    ticks = _decades(*axes.get_ylim())
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.hlines(ticks, 0.0, 1.0, transform=axes.get_yaxis_transform(), color=GRID, lw=0.4, zorder=0.5)
    _shade(axes, one.frames, seen)
    axes.stairs(seen.high, edges_hz, baseline=seen.low, fill=True, color=SPREAD, lw=0, zorder=1.5)
    axes.stairs(seen.middle, edges_hz, baseline=None, color=LEVEL, lw=1.1, zorder=3)
    if one.floor.known and one.frames.bandwidth_hz > 0:
        low, middle, high = (
            v**2 / one.frames.bandwidth_hz for v in (one.floor.lo_uv, one.floor.floor_uv, one.floor.hi_uv)
        )
        axes.axhspan(low, high, color=FLOOR, alpha=0.35, lw=0, zorder=2)
        axes.axhline(middle, color=FLOOR, lw=0.8, zorder=2.5)
    _draw_lines(axes, one.frames)


def _write_head(axes: Axes, name: str, one: Muscle) -> None:
    floor = one.floor
    words = "no noise floor can be told", ""
    if floor.known:
        words = (
            f"floor {floor.floor_uv:.2f} µV ({floor.lo_uv:.2f}–{floor.hi_uv:.2f})",
            f"{SOURCE_WORDS.get(floor.source, floor.source)}; {floor.confidence}",
        )
    say(axes, 0.0, 1.15, shortened(name, 12), ha="left", va="baseline", fontsize=8.5, fontweight="bold")
    say(axes, 1.0, 1.15, words[0], ha="right", va="baseline", fontsize=6.5, color=FLOOR)
    say(axes, 1.0, 1.045, words[1], ha="right", va="baseline", fontsize=6.5, color=QUIET_INK)


def _limits(seen: Spectrum, one: Muscle) -> tuple[float, float]:
    """Limits that hold the bracket and all densities over 0."""
    shown = np.concatenate([seen.low, seen.middle, seen.high])
    values = shown[shown > 0].tolist()
    if one.floor.known and one.frames.bandwidth_hz > 0:
        values += [v**2 / one.frames.bandwidth_hz for v in (one.floor.lo_uv, one.floor.hi_uv)]
    low, high = min(values), max(values)
    return max(low, high / 1e6) / 2, max(high * 6, low * LEAST_SPAN)


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten inside the limits, at most four or so."""
    first, last = int(np.ceil(np.log10(low))), int(np.floor(np.log10(high)))
    step = 1 + (last - first) // 4
    return [float(f"1e{decade}") for decade in range(first, last + 1, step)]


def _shade(axes: Axes, frames: ChannelFrames, seen: Spectrum) -> None:
    """Shade the analysis band and the band without EMG, and name them at the top."""
    axes.axvspan(*frames.band_hz, color=IN_BAND, lw=0, zorder=0)
    axes.text(sum(frames.band_hz) / 2, 0.97, "analysis band", transform=axes.get_xaxis_transform(), ha="center",
              va="top", fontsize=6, color=QUIET_INK)  # fmt: skip
    if frames.rate_hz < OUT_OF_BAND_RATE_HZ:
        return
    clean_hz = FAST_CLEAN_HZ if frames.rate_hz >= FAST_RATE_HZ else CLEAN_HZ
    axes.axvspan(*clean_hz, color=OUT_OF_BAND, lw=0, zorder=0)
    words = "out of band" + ("" if np.isnan(seen.flatness) else f"\n×{seen.flatness:.2f}")
    axes.text(sum(clean_hz) / 2, 0.97, words, transform=axes.get_xaxis_transform(), ha="center", va="top",
              fontsize=6, color=QUIET_INK)  # fmt: skip


def _draw_lines(axes: Axes, frames: ChannelFrames) -> None:
    """Tick each removed line, and name them."""
    lines_hz = sorted(line.frequency_hz for line in frames.lines)
    if not lines_hz:
        return
    across = axes.get_xaxis_transform()
    axes.vlines(lines_hz, 0.0, 0.09, transform=across, color=CUT_LINE, lw=1.0, zorder=4, label="removed lines")
    named = lines_hz if len(lines_hz) <= MOST_LINES else lines_hz[:1]
    more = "" if len(named) == len(lines_hz) else f" and {len(lines_hz) - 1} more"
    words = "cut: " + ", ".join(f"{hz:.4g}" for hz in named) + " Hz" + more
    say(axes, 0.99, 0.04, plain(words), ha="right", va="bottom", fontsize=6, color=CUT_LINE)
