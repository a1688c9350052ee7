"""One channel, run by run and block by block, into `ChannelFrames`."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emgpipe.filters.bandpass import BLOCK_S, Band, design_band
from emgpipe.filters.beats import learn_run
from emgpipe.filters.mains import FoundLine, find_lines, track_lines
from emgpipe.filters.quality import SPREAD_S, unusable_samples
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.heart import Heartbeats, mark_qrs, run_beats, told_heart
from emgpipe.frames.model import CLIPPED, EDGE, FLAT, GAP, MAINS_JUMP, OUT_OF_RANGE, ChannelFrames, Line
from emgpipe.frames.runs import Conditioner, RunSamples
from emgpipe.frames.spectra import n_bands, second_spectra
from emgpipe.kernels.hops import hop_moments

HOP_S = 0.0125
OTHER_MAINS_HZ = {50: 60, 60: 50}
OTHER_STRETCHES = 8
"""A wrong mains frequency is wrong all along: a few stretches tell it."""
REMAINDER = 1e-3
"""Share of a removed line that may be left, and be mirrored to the other mains frequency."""
EDGE_S = 0.1
"""Where lines were removed, the ends of a run keep part of them for about 60 ms."""


def hop_length(rate_hz: float) -> int:
    """Samples a hop: floor(0.0125 x rate + 0.5).

    Examples
    --------
    >>> hop_length(2000.0), hop_length(1000.0)
    (25, 13)
    """
    return int(HOP_S * rate_hz + 0.5)


def prepare_runs(
    runs: Sequence[RunSamples],
    rate_hz: float,
    mains_hz: float,
    settings: ConditionSettings,
    heart: Heartbeats | None = None,
) -> tuple[list[Conditioner], tuple[FoundLine, ...], Band]:
    """Design the band, find the lines in the longest run, track them and learn the heart beats in each run.

    Parameters
    ----------
    runs : sequence of RunSamples
        Contiguous runs of one channel.
    rate_hz, mains_hz : float
        Sampling rate and nominal mains frequency, Hz.
    settings : ConditionSettings
        Band and line search.
    heart : Heartbeats, optional
        Beats to look for in this channel.

    Returns
    -------
    conditioners, lines, band
        One conditioner a run.

    Raises
    ------
    SettingsError
        RATE_TOO_LOW.
    """
    band = design_band(rate_hz, settings)
    if not runs:
        return [], (), band
    longest = max(runs, key=lambda run: run.n_samples)
    lines = find_lines(Conditioner(longest, band, None).stretch, longest.n_samples, rate_hz, mains_hz, settings)
    conditioners = []
    for run in runs:
        plain = Conditioner(run, band, None)
        tracked = Conditioner(run, band, track_lines(plain.blocks, run.n_samples, rate_hz, mains_hz, lines))
        conditioners.append(_with_beats(tracked, heart) if heart is not None else tracked)
    return conditioners, lines, band


def _with_beats(conditioner: Conditioner, heart: Heartbeats) -> Conditioner:
    run, rate_hz = conditioner.run, conditioner.band.rate_hz
    beats = run_beats(heart, run, rate_hz)
    return replace(conditioner, beats=learn_run(conditioner.blocks(), beats, run.n_samples, rate_hz))


def reduce_channel(
    runs: Sequence[RunSamples],
    duration_samples: int,
    rate_hz: float,
    mains_hz: float,
    settings: ConditionSettings,
    *,
    index: int = 0,
    label: str = "",
    muscle: str = "",
    clip_uv: tuple[float, float] = (-np.inf, np.inf),
    lsb_uv: float = np.nan,
    heart: Heartbeats | None = None,
) -> ChannelFrames:
    """Reduce one channel to frames.

    Parameters
    ----------
    runs : sequence of RunSamples
        Contiguous runs, sorted, in samples of the gap-aware time line.
    duration_samples : int
        Length of the time line.
    rate_hz, mains_hz : float
        Sampling rate and nominal mains frequency, Hz.
    settings : ConditionSettings
        Conditioning.
    index, label, muscle : int, str, str
        As in `ChannelFrames`.
    clip_uv : (float, float)
        µV at the digital minimum and maximum.
    lsb_uv : float
        One digital step, µV.
    heart : Heartbeats, optional
        Beats to look for; where the channel shows them they are subtracted and marked QRS.

    Returns
    -------
    ChannelFrames
        Hops and seconds that touch a gap hold NaN and GAP. Lines of the other mains frequency are told and left in.

    Raises
    ------
    SettingsError
        RATE_TOO_LOW.

    Examples
    --------
    >>> x = np.random.default_rng(1).standard_normal(5000).astype(np.float32)
    >>> run = RunSamples(0, 5000, lambda first, stop: x[first:stop])
    >>> frames = reduce_channel([run], 5000, 1000.0, 50, ConditionSettings())
    >>> frames.mean_square.shape, frames.psd.shape, round(float(frames.mean_square.mean()), 1)
    ((384,), (5, 20), 0.8)
    """
    conditioners, lines, band = prepare_runs(runs, rate_hz, mains_hz, settings, heart)
    hop = hop_length(rate_hz)
    count = n_bands(rate_hz)
    moments = np.full((4, duration_samples // hop), np.nan, np.float32)
    reasons = np.full(duration_samples // hop, GAP, np.uint16)
    lines_hz = tuple(line.frequency_hz for line in lines)
    seconds = np.full((int(duration_samples / rate_hz), count + 3), np.nan, np.float32)
    for conditioner in conditioners:
        _reduce_hops(conditioner, hop, moments, reasons)
        _mark_unusable(conditioner, hop, rate_hz, (*clip_uv, lsb_uv), reasons)
        _reduce_seconds(conditioner, rate_hz, lines_hz, seconds)
    if heart is not None:
        mark_qrs(reasons, heart, _shown(conditioners), rate_hz, hop)
    chunks = [chunk for conditioner in conditioners for chunk in conditioner.beats]
    duration_s = duration_samples / rate_hz
    told = None if heart is None else told_heart(heart, chunks, moments[0], reasons, duration_s)
    bandwidth_hz = band.bandwidth_hz() - sum(float(g) for g in _line_widths(conditioners, band, lines))
    return ChannelFrames(
        index=index,
        label=label,
        muscle=muscle,
        rate_hz=rate_hz,
        hop_samples=hop,
        mean_square=moments[0],
        mean_fourth=moments[1],
        low_uv=moments[2],
        high_uv=moments[3],
        reasons=reasons,
        psd=seconds[:, :count].copy(),
        line_power=seconds[:, count].copy(),
        slow_power=seconds[:, count + 1].copy(),
        largest_step_uv=seconds[:, count + 2].copy(),
        bandwidth_hz=bandwidth_hz,
        band_gain=band.gain_by_band(count),
        band_hz=(band.low_hz, band.high_hz),
        lines=_told(lines),
        lsb_uv=lsb_uv,
        other_lines=_told(_other_lines(conditioners, lines, rate_hz, mains_hz, settings)),
        heart=told,
    )


def _shown(conditioners: Sequence[Conditioner]) -> list[tuple[float, float]]:
    """Seconds from the first to the last beat of each chunk that shows in the channel, a beat wider."""
    out = []
    for one in conditioners:
        for chunk in one.beats:
            places = (chunk.places + one.run.place) / one.band.rate_hz
            out.append((float(places[0]) - 1.5, float(places[-1]) + 1.5))
    return out


def _told(lines: Sequence[FoundLine]) -> tuple[Line, ...]:
    return tuple(Line(line.frequency_hz, line.rms_uv, line.ratio) for line in lines)


def _other_lines(
    conditioners: Sequence[Conditioner],
    lines: Sequence[FoundLine],
    rate_hz: float,
    mains_hz: float,
    settings: ConditionSettings,
) -> tuple[FoundLine, ...]:
    """Lines of the mains frequency that was not stated, looked for where the stated ones are gone."""
    if mains_hz not in OTHER_MAINS_HZ or not conditioners:
        return ()
    one = max(conditioners, key=lambda c: c.run.n_samples)
    other_hz = OTHER_MAINS_HZ[int(mains_hz)]
    found = find_lines(one.stretch, one.run.n_samples, rate_hz, other_hz, settings, OTHER_STRETCHES)
    least_uv = REMAINDER * max((line.rms_uv for line in lines), default=0.0)
    return found if any(line.harmonic <= 3 and line.rms_uv > least_uv for line in found) else ()


def _reduce_hops(conditioner: Conditioner, hop: int, moments: NDArray[np.float32], reasons: NDArray[np.uint16]) -> None:
    """Fill the whole hops of a run; blocks are cut at hop boundaries of the time line."""
    run = conditioner.run
    skip = -run.place % hop
    next_hop = (run.place + skip) // hop
    rest = np.empty(0, np.float32)
    for first, y in conditioner.blocks():
        x = np.concatenate([rest, y.astype(np.float32)])
        x = x[skip:] if first == 0 else x
        n = min(len(x) // hop, moments.shape[1] - next_hop)
        hop_moments(x, hop, *moments[:, next_hop : next_hop + n])
        reasons[next_hop : next_hop + n] = 0
        rest = x[n * hop :]
        next_hop += n


def _mark_unusable(
    conditioner: Conditioner,
    hop: int,
    rate_hz: float,
    scale_uv: tuple[float, float, float],
    reasons: NDArray[np.uint16],
) -> None:
    """Set CLIPPED, FLAT, OUT_OF_RANGE with the spread of the filter, MAINS_JUMP, EDGE where lines were removed."""
    run, block = conditioner.run, round(BLOCK_S * rate_hz)
    spread, lap = round(SPREAD_S * rate_hz), round(rate_hz)
    for first in range(0, run.n_samples, block):
        # blocks overlap by a second, so that a run of equal samples is seen whole or long enough
        start = max(first - lap, 0)
        x = run.read(start, min(first + block, run.n_samples))
        masks = unusable_samples(x, rate_hz, *scale_uv)
        for bit, mask in zip((CLIPPED, FLAT, OUT_OF_RANGE), masks, strict=True):
            for a, b in _stretches(mask):
                _set_bit(reasons, bit, run.place + start + a - spread, run.place + start + b + spread, hop)
    if conditioner.track is not None:
        cell = conditioner.track.cell_samples
        for a, b in _stretches(conditioner.track.jumps):
            _set_bit(reasons, MAINS_JUMP, run.place + a * cell, run.place + b * cell, hop)
        edge = round(EDGE_S * rate_hz)
        _set_bit(reasons, EDGE, run.place, run.place + edge, hop)
        _set_bit(reasons, EDGE, run.place + run.n_samples - edge, run.place + run.n_samples, hop)


def _stretches(mask: NDArray[np.bool_]) -> list[list[int]]:
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return edges.reshape(-1, 2).tolist()


def _set_bit(reasons: NDArray[np.uint16], bit: int, start: int, stop: int, hop: int) -> None:
    """Set a bit in every hop that touches samples `[start, stop)`."""
    reasons[max(start, 0) // hop : max(-(-stop // hop), 0)] |= bit


def _reduce_seconds(
    conditioner: Conditioner, rate_hz: float, lines_hz: tuple[float, ...], seconds: NDArray[np.float32]
) -> None:
    """Fill the whole seconds of a run, a block of seconds at a time."""
    run = conditioner.run
    n = int(rate_hz)
    first = int(np.ceil(run.place / rate_hz))
    last = min(int((run.place + run.n_samples) / rate_hz), len(seconds))
    for start in range(first, last, int(BLOCK_S)):
        stop = min(start + int(BLOCK_S), last)
        places = np.array([round(t * rate_hz) - run.place for t in range(start, stop)])
        x = conditioner.raw_without_beats(int(places[0]), int(places[-1]) + n)
        rows = x[(places - places[0])[:, None] + np.arange(n)]
        seconds[start:stop] = np.column_stack(second_spectra(rows, rate_hz, lines_hz))


def _line_widths(conditioners: Sequence[Conditioner], band: Band, lines: tuple[FoundLine, ...]) -> NDArray[np.float64]:
    """Noise bandwidth that the removal of each line takes, Hz: what its smoothing window lets through."""
    tracks = [c.track for c in conditioners if c.track is not None]
    if not tracks:
        return np.zeros(0)
    gain = band.power_gain(np.array([line.frequency_hz for line in lines]))
    return gain * tracks[0].width_hz(band.rate_hz)
