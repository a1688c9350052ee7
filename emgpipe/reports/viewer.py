"""The interactive view: recordings packed small for the script of a page, and that script.

Columns of a muscle go into the page as base64: least and largest sample one byte each on a scale that is
linear near 0 and logarithmic far from it, RMS two bytes on a log scale. Both scales are stated beside the data.
"""

import base64
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.measures.events import GENERALISED
from emgpipe.measures.rows import IntervalRow
from emgpipe.measures.views import RELAX, WHOLE
from emgpipe.reports.columns import FLAT_UV, Columns, Floats, columns_between, trace_reach_uv
from emgpipe.reports.figures import pairs_drawn
from emgpipe.reports.looks import PAIR_LOOKS, SPASMS, STATE_LOOKS, VIEW_COLOURS
from emgpipe.reports.model import Measured, Muscle, RecordingReport
from emgpipe.reports.traces import level_limits_uv, level_ticks_uv, pair_stretches
from emgpipe.reports.words import visible

VIEW_BYTES = 500_000
"""Most that the packed recordings of a page take together; columns get at least half of it."""
COLUMN_BYTES = 4
"""Least and largest sample a byte each, RMS two."""
MOST_STEP = 127
"""Steps of a sample on each side of 0."""
MISSING = -128
"""A column without a sample."""
FINEST = 2000.0
"""The largest sample is so many times the unit of its scale: below the unit it is linear."""
MOST_LEVEL = 65_535
"""Largest code of a level; 0 is missing, 1 is 0 µV, 2 the least level."""
PAIR_WORDS = {"coactive": "both active", "undeterminable": "one undeterminable", "excluded": "one excluded"}


class Samples(NamedTuple):
    """Samples a byte each: `unit_uv` x sinh(`step` x code); code -128 is missing.

    Attributes
    ----------
    codes : ndarray of int8
        -127 to 127, and -128.
    unit_uv, step : float
        A decoded sample is off by at most exp(`step` / 2) - 1 of sqrt(sample² + unit²), 4 % or less.
    """

    codes: NDArray[np.int8]
    unit_uv: float
    step: float


class Levels(NamedTuple):
    """Levels two bytes each: `least_uv` x exp(`step` x (code - 2)); 0 is missing, 1 is 0 µV.

    Attributes
    ----------
    codes : ndarray of uint16
        0 to 65535.
    least_uv, step : float
        A decoded level is off by at most the share exp(`step` / 2) - 1.
    """

    codes: NDArray[np.uint16]
    least_uv: float
    step: float


def pack_samples(samples_uv: Floats, most_uv: float) -> Samples:
    """Pack samples of magnitude up to `most_uv`; NaN stays missing.

    Examples
    --------
    >>> pack_samples(np.array([-80.0, 0.0, np.nan, 80.0]), 80.0).codes.tolist()
    [-127, 0, -128, 127]
    """
    unit_uv = _rounded(most_uv / FINEST) if most_uv > 0 else 1.0
    step = _rounded(float(np.arcsinh(most_uv / unit_uv)) / MOST_STEP) or 1.0
    codes = np.rint(np.arcsinh(samples_uv / unit_uv) / step)
    return Samples(np.where(np.isnan(codes), MISSING, codes).astype(np.int8), unit_uv, step)


def unpack_samples(packed: Samples) -> Floats:
    """Samples as the script of the page sees them, µV.

    Examples
    --------
    >>> unpack_samples(pack_samples(np.array([-80.0, np.nan]), 80.0)).round(1)
    array([-80.,  nan])
    """
    codes = packed.codes.astype(np.float64)
    return np.where(codes == MISSING, np.nan, packed.unit_uv * np.sinh(packed.step * codes))


def pack_levels(rms_uv: Floats) -> Levels:
    """Pack levels; NaN stays missing and 0 stays 0.

    Examples
    --------
    >>> pack_levels(np.array([np.nan, 0.0, 1.0, 10.0])).codes.tolist()
    [0, 1, 2, 65535]
    """
    above = rms_uv[rms_uv > 0]
    least_uv, most_uv = (float(above.min()), float(above.max())) if len(above) else (1.0, 1.0)
    least_uv = _rounded(least_uv)
    step = _rounded(float(np.log(most_uv / least_uv)) / (MOST_LEVEL - 2)) if most_uv > least_uv else 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        codes = 2 + np.clip(np.rint(np.log(rms_uv / least_uv) / step), 0, MOST_LEVEL - 2)
    codes = np.where(rms_uv > 0, codes, np.where(np.isnan(rms_uv), 0, 1))
    return Levels(codes.astype(np.uint16), least_uv, step)


def unpack_levels(packed: Levels) -> Floats:
    """Levels as the script of the page sees them, µV.

    Examples
    --------
    >>> unpack_levels(pack_levels(np.array([np.nan, 0.0, 1.0, 10.0]))).round(3)
    array([nan,  0.,  1., 10.])
    """
    codes = packed.codes.astype(np.float64)
    levels_uv = packed.least_uv * np.exp(packed.step * (codes - 2))
    return np.where(codes == 0, np.nan, np.where(codes == 1, 0.0, levels_uv))


def views(recordings: Sequence[RecordingReport], most_bytes: int = VIEW_BYTES) -> list[str]:
    """Pack recordings for the script of their page.

    Parameters
    ----------
    recordings : sequence of RecordingReport
        All of one page; they share the bytes.
    most_bytes : int
        Most characters of all together; columns get at least half of them, whatever the states need.

    Returns
    -------
    list of str
        JSON for a `<script type="application/json">`, free of `<`, `>` and `&`; empty where nothing is drawn.

    Notes
    -----
    Columns are as short as the bytes allow, and never shorter than a hop. Extremes are kept, what is
    missing stays missing, times are rounded to 1 ms. Nothing is decided here.

    Examples
    --------
    >>> views([RecordingReport("S1_V1_rest", "rest", "a.edf", "", None)])
    ['']
    """
    told = [_told(report) for report in recordings]
    spent = sum(len(_json(one)) for one in told if one)
    hops = hops_a_column(recordings, max(most_bytes - spent, most_bytes // 2))
    for one, report in zip(told, recordings, strict=True):
        for muscle, frames in zip(one["muscles"] if one else (), _muscles(report).values(), strict=True):
            muscle |= _columns(frames, hops)
    return [_json(one) if one else "" for one in told]


def hops_a_column(recordings: Iterable[RecordingReport], most_bytes: int) -> int:
    """Fewest hops a column with which the columns of all recordings fit into `most_bytes` of base64."""
    lengths = [len(one.frames.mean_square) for report in recordings for one in _muscles(report).values()]
    fitting = range(1, max([1, *lengths]) + 1)  # 1 also where no muscle has a whole hop
    # fewer bytes the more hops a column holds
    found = bisect_left(fitting, -most_bytes, key=lambda hops: -sum(_base64_bytes(n, hops) for n in lengths))
    return fitting[min(found, len(fitting) - 1)]


def _base64_bytes(n_hops: int, hops: int) -> int:
    return -(-n_hops // hops) * COLUMN_BYTES * 4 // 3 + 8


def _muscles(report: RecordingReport) -> Mapping[str, Muscle]:
    return report.result.muscles if report.result else {}


def _told(report: RecordingReport) -> dict[str, Any] | None:
    """All of a recording but its columns."""
    result = report.result
    if result is None or not result.muscles:
        return None
    what: dict[tuple[str, str], int] = {}
    muscles = [
        {"name": _label(name), **_states(name, result.intervals, what), **_floor(one)}
        for name, one in result.muscles.items()
    ]
    return {
        "span_s": round(report.duration_s, 3),
        "muscles": muscles,
        "pairs": [_pair(pair, result) for pair in pairs_drawn(result)],
        "segments": [[_label(s.name), _ms(s.start_s), _ms(s.stop_s), s.kind == WHOLE] for s in result.segments],
        "relaxed": _stretches((cue.start_s, cue.stop_s) for cue in result.cues if cue.kind == RELAX),
        "stimuli": [_ms(onset_s) for onset_s in result.stimuli_s],
        "what": [[kind, _said(kind, reason)] for kind, reason in what],
        "looks": _looks(),
    }


def _looks() -> dict[str, Any]:
    """Colours of the still picture."""
    looks = {**STATE_LOOKS, **SPASMS, **PAIR_LOOKS}
    return {"kinds": {kind: look._asdict() for kind, look in looks.items()}, **VIEW_COLOURS}


def _said(kind: str, reason: str) -> str:
    if reason == GENERALISED:
        return f"generalised {kind}"
    words = {"possible_spasm": "a spasm may hide"}.get(kind, kind)
    return f"{words} ({reason.replace(';', ', ')})" if reason else words


def _label(text: str) -> str:
    return visible(text).replace("\n", " ")


def _ms(time_s: float) -> int:
    return round(1000 * time_s)


def _floor(one: Muscle) -> dict[str, Any]:
    floor = one.floor
    if not floor.known:
        return {"floor": None, "threshold_uv": None}
    bracket = [_rounded(value) for value in (floor.lo_uv, floor.floor_uv, floor.hi_uv)]
    return {"floor": bracket, "threshold_uv": _rounded(one.threshold_uv)}


def _states(name: str, intervals: Iterable[IntervalRow], what: dict[tuple[str, str], int]) -> dict[str, list[int]]:
    """States and spasms of a muscle, each stretch with which of `what` it is."""
    found = {"states": STATE_LOOKS, "spasms": SPASMS}
    rows = sorted((row for row in intervals if row.target == name), key=lambda row: row.start_s)
    return {
        key: _stretches(
            (row.start_s, row.stop_s, what.setdefault((row.kind, row.reason), len(what)))
            for row in rows
            if row.kind in kinds
        )
        for key, kinds in found.items()
    }


def _stretches(found: Iterable[tuple[Any, ...]]) -> list[int]:
    """Stretches (start s, stop s, ...) end to end: ms after the one before, ms long, and what else there is."""
    out, last_ms = [], 0
    for start_s, stop_s, *rest in found:
        start_ms, stop_ms = _ms(start_s), _ms(stop_s)
        out += [start_ms - last_ms, stop_ms - start_ms, *rest]
        last_ms = stop_ms
    return out


def _pair(pair: str, result: Measured) -> dict[str, Any]:
    found = pair_stretches(result.intervals, pair)
    kinds = [[kind, PAIR_WORDS[kind], _stretches(iter(stretches))] for kind, stretches in found.items()]
    return {"name": _label(pair), "kinds": kinds}


def _columns(one: Muscle, hops: int) -> dict[str, Any]:
    """Columns of a muscle as base64, and what their axes show."""
    n_hops = len(one.frames.mean_square)
    columns = columns_between(one.frames, np.append(np.arange(0, n_hops, hops), n_hops) if n_hops else np.zeros(1, int))
    reach_uv, peak_uv = trace_reach_uv(columns)
    most_uv = _most_uv(columns)
    low, high = pack_samples(columns.low_uv, most_uv), pack_samples(columns.high_uv, most_uv)
    level = pack_levels(np.where(columns.rms_uv < FLAT_UV, 0.0, columns.rms_uv))
    limits_uv = level_limits_uv(np.where(columns.rms_uv > FLAT_UV, columns.rms_uv, np.nan), one)
    return {
        "column_s": hops * one.frames.hop_s,
        "samples": {"unit_uv": low.unit_uv, "step": low.step, "low": _base64(low.codes), "high": _base64(high.codes)},
        "levels": {"least_uv": level.least_uv, "step": level.step, "codes": _base64(level.codes.astype("<u2"))},
        "reach_uv": _rounded(reach_uv),
        "peak_uv": _rounded(peak_uv),
        "limits_uv": [_rounded(limit) for limit in limits_uv],
        "ticks_uv": level_ticks_uv(*limits_uv),
    }


def _most_uv(columns: Columns) -> float:
    peaks = np.fmax(np.abs(columns.low_uv), np.abs(columns.high_uv))
    return float(np.max(peaks, where=np.isfinite(peaks), initial=0.0))


def _base64(codes: NDArray[Any]) -> str:
    return base64.b64encode(codes.tobytes()).decode("ascii")


def _rounded(value: float) -> float:
    """Six digits: enough for a picture, short in a page."""
    return float(f"{value:.6g}")


def _json(told: Mapping[str, Any]) -> str:
    """JSON in ASCII that cannot end or open an element."""
    text = json.dumps(told, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


OWN_SCRIPTS = ("unpack.js", "words.js", "strokes.js", "view.js")
"""Parts of our script, in the order of the page; names are theirs in common."""


@cache
def view_script() -> str:
    """Script of a page with a view: uPlot under its licence, then ours without comments and needless space."""
    vendored = _text("vendored/uPlot.iife.min.js").split("\n", 1)[1].strip()
    licence = _text("vendored/LICENSE").strip()
    written = "".join(map(_text, OWN_SCRIPTS))
    lines = (line.strip() for line in f'(() => {{\n"use strict";\n{written}}})();'.splitlines())
    own = "\n".join(_squeezed(line) for line in lines if line and not line.startswith("//"))
    own = re.sub(r"(?<=[{;,(])\n|\n(?=})", "", own)
    return f"/* uPlot 1.6.32\n\n{licence}\n*/\n{vendored}\n{own}\n"


def _squeezed(line: str) -> str:
    """Line of our script without spaces around signs, its texts left alone.

    Examples
    --------
    >>> _squeezed('const a = (b, c) => `${b} = ${c}` + " , ";')
    'const a=(b,c)=>`${b} = ${c}`+" , ";'
    """
    parts = re.split(r"""("[^"]*"|'[^']*'|`[^`]*`)""", line)
    parts[::2] = [re.sub(r" *([=,;:?(){}<>&|*/]) *| ([+-]) ", r"\1\2", code) for code in parts[::2]]
    return "".join(parts)


@cache
def view_style() -> str:
    """Style sheet of uPlot, for a page with a view."""
    return _text("vendored/uPlot.min.css").strip()


def _text(name: str) -> str:
    return (files("emgpipe.reports") / "scripts" / name).read_text("utf-8")
