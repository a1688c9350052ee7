"""Mains lines: found in the recording's own spectrum, tracked, subtracted, named.

A fixed notch rings after bursts and misses a line that drifts. Here each line is
demodulated in cells of one mains cycle; its complex amplitude is smoothed with weights
that are the inverse of the local power, so that the line is learnt between bursts; all
lines are locked to the phase of the strongest one. The smoothing window is chosen once
a recording. Works on conditioned (band-passed) samples of one run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from emgpipe.filters.line_smoothing import kept_share, smooth
from emgpipe.filters.settings import ConditionSettings
from emgpipe.kernels.mains import demodulate, subtract_lines

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Blocks = Callable[[], Iterator[tuple[int, Floats]]]
"""Conditioned blocks of one run, `(first sample, µV)` in order; may be asked for several times."""

SEARCH_S = 10.0
"""Length of a stretch in which lines are looked for."""
MOST_STRETCHES = 64
"""Longer recordings are searched in this many stretches, evenly spread."""
WINDOWS_S = (2.0, 1.0, 0.5, 0.25)
"""Half widths of the smoothing window, the longest preferred."""
ALIAS_HZ = 0.3
LEAK_MARGIN = 4.0
"""A peak where another line is mirrored into the cells must be this far above what that line leaves there."""
JUMP_S = 0.2
JUMP_SHARE = 0.3
"""A line of this share of the power over 0.2 s is left where it jumped; it adds up to 20 % to the RMS of noise."""
SURE = 30.0
"""A line present for a while only: mains stand 1000 and more out of their stretch, a regular unit up to 40."""
LEAST_CELLS = 20
"""A run with fewer mains cycles is left as it is."""


@dataclass(frozen=True)
class FoundLine:
    """A line that stands out: harmonic number, frequency in Hz, RMS in µV, power over surroundings."""

    harmonic: int
    frequency_hz: float
    rms_uv: float
    ratio: float


@dataclass(frozen=True, eq=False)
class LineTrack:
    """Lines of one run, ready to be subtracted.

    Attributes
    ----------
    cell_samples : int
        Length of a cell, one mains cycle.
    phase, slope : ndarray, shape (n_cells,)
        Reference phase at the cell centres, and its advance a sample, radians.
    harmonics : ndarray, shape (n_lines,)
        Multiples of the reference.
    amplitude : ndarray of complex, shape (n_lines, n_cells)
        µV, peak.
    half_cells : int
        Half width of the smoothing window.
    jumps : ndarray of bool, shape (n_cells,)
        Cells in which part of a line is left: it jumped in amplitude or phase.
    """

    cell_samples: int
    phase: Floats
    slope: Floats
    harmonics: Floats
    amplitude: Complexes
    half_cells: int
    jumps: NDArray[np.bool_]

    def width_hz(self, rate_hz: float) -> float:
        """Bandwidth of white noise that the removal of one line takes with it, Hz."""
        return (1 - kept_share(self.half_cells)) * rate_hz / self.cell_samples


def find_lines(
    read: Callable[[int, int], Floats],
    n_samples: int,
    rate_hz: float,
    mains_hz: float,
    settings: ConditionSettings,
    most_stretches: int = MOST_STRETCHES,
) -> tuple[FoundLine, ...]:
    """Look for mains lines that stand out of the recording's own spectrum.

    Parameters
    ----------
    read : callable
        `(first, stop) -> conditioned µV` of the run.
    n_samples : int
        Length of the run.
    rate_hz : float
        Sampling rate.
    mains_hz : float
        50 or 60: nominal, the line may lie up to 0.5 Hz off.
    settings : ConditionSettings
        `line_ratio`, `line_share`, `line_search_max_hz`.
    most_stretches : int
        Longer runs are searched in this many stretches, evenly spread.

    Returns
    -------
    tuple of FoundLine
        Empty where nothing stands out in at least half of the stretches, nor beyond doubt in
        any; where none of the first three harmonics does; or where the run is too
        short to tell (< 2 s).

    Notes
    -----
    A stretch of 10 s is demodulated in cells of one cycle, weighted by the inverse of
    the power outside the lines, and Fourier transformed; a line is a peak within
    +-0.25 (h + 1) Hz, at most 2.5 Hz, of harmonic h, that no other line has left there.

    Examples
    --------
    >>> t = np.arange(20000) / 1000
    >>> x = np.random.default_rng(1).standard_normal(20000) + 10 * np.sin(2 * np.pi * 50.02 * t)
    >>> [
    ...     round(line.frequency_hz, 1)
    ...     for line in find_lines(lambda a, b: x[a:b], 20000, 1000.0, 50, ConditionSettings())
    ... ]
    [50.0]
    """
    cell = round(rate_hz / mains_hz)
    n_cells = n_samples // cell
    length = min(n_cells, round(SEARCH_S * rate_hz / cell))
    if length < 2 * rate_hz / cell:
        return ()
    top = min(settings.line_search_max_hz, 0.47 * rate_hz)
    harmonics = np.arange(1, int(top / mains_hz) + 1, dtype=np.float64)
    count = min(max(1, n_cells // length * 2 - 1), most_stretches)
    starts = np.linspace(0, n_cells - length, count).astype(int)
    seen = [_peaks(read(s * cell, (s + length) * cell), cell, rate_hz, mains_hz, harmonics) for s in starts.tolist()]
    ratio, power, share, frequency = _typical(np.array(seen), settings)
    keep = (ratio > settings.line_ratio) & (power > settings.line_share * share)
    keep &= power > LEAK_MARGIN * _leaked(power, frequency, harmonics * mains_hz, cell, rate_hz)
    if not keep[:3].any():
        return ()
    return tuple(
        FoundLine(int(h), float(f), float(np.sqrt(p)), float(r))
        for h, f, p, r in zip(harmonics[keep], frequency[keep], power[keep], ratio[keep], strict=True)
    )


def _typical(seen: Floats, settings: ConditionSettings) -> Floats:
    """Median over all stretches; over those with the line where it is beyond doubt in any."""
    ratio, power, share = seen[:, 0], seen[:, 1], seen[:, 2]
    sure = (ratio > SURE * settings.line_ratio) & (power > settings.line_share * share)
    out = np.median(seen, axis=0)
    for i in np.flatnonzero(sure.any(0)):
        out[:, i] = np.median(seen[sure[:, i], :, i], axis=0)
    return out


def _peaks(x: Floats, cell: int, rate_hz: float, mains_hz: float, harmonics: Floats) -> Floats:
    """Ratio, mean-square, weighted power and frequency of the peak near each harmonic, shape (4, n)."""
    n = len(x) // cell
    phase, slope = _straight(n, cell, mains_hz, rate_hz)
    power, z = _demodulated(x, cell, phase, slope, harmonics)
    outside = np.maximum(power - 0.5 * (np.abs(z) ** 2).sum(0), 0.05 * power)
    weight = 1 / np.maximum(signal.medfilt(outside, 5), 1e-12)
    window = np.hanning(n)
    offset_hz = np.fft.fftfreq(4 * n, cell / rate_hz)
    out = np.empty((4, len(harmonics)))
    for i, h in enumerate(harmonics):
        reach = min(0.25 * h + 0.25, 2.5)
        spectrum = np.abs(np.fft.fft(weight * window * z[i], 4 * n)) ** 2
        far = (np.abs(offset_hz) > reach + 1) & (np.abs(offset_hz) < reach + 9)
        best = int(np.argmax(np.where(np.abs(offset_hz) <= reach, spectrum, 0)))
        around = np.median(spectrum[far]) / np.log(2)
        total = (weight * window).sum()
        out[:, i] = (
            spectrum[best] / max(around, 1e-300),
            spectrum[best] / 2 / total**2,
            window.sum() / total,
            h * mains_hz + offset_hz[best],
        )
    return out


def _leaked(power: Floats, frequency_hz: Floats, tuned_hz: Floats, cell: int, rate_hz: float) -> Floats:
    """Power that the other lines leave at each peak: a cell is no whole number of cycles (2000 Hz, 60 Hz: 33)."""
    out = np.zeros_like(power)
    for i, tuned in enumerate(tuned_hz.tolist()):
        off_hz = frequency_hz - tuned
        apart_hz = np.abs((frequency_hz - frequency_hz[i] + rate_hz / cell / 2) % (rate_hz / cell) - rate_hz / cell / 2)
        there = (apart_hz < ALIAS_HZ) & (np.arange(len(power)) != i)
        turn = np.pi * off_hz[there] / rate_hz
        out[i] = (power[there] * (np.sin(cell * turn) / (cell * np.sin(turn))) ** 2).sum()
    return out


def _straight(n_cells: int, cell: int, mains_hz: float, rate_hz: float) -> tuple[Floats, Floats]:
    """Phase at cell centres and slope of a line of constant frequency."""
    slope = 2 * np.pi * mains_hz / rate_hz
    centres = np.arange(n_cells, dtype=np.float64) * cell + (cell - 1) / 2
    return slope * centres, np.full(n_cells, slope, np.float64)


def _demodulated(x: Floats, cell: int, phase: Floats, slope: Floats, harmonics: Floats) -> tuple[Floats, Complexes]:
    power = np.empty(len(phase))
    z = np.empty((len(harmonics), len(phase)), np.complex128)
    demodulate(x, cell, phase, slope, harmonics, power, z)
    return power, z


def _demodulate_blocks(
    blocks: Blocks, cell: int, phase: Floats, slope: Floats, harmonics: Floats, track: LineTrack | None = None
) -> tuple[Floats, Complexes]:
    """Demodulate a whole run from its blocks; lines of `track` are taken out first."""
    powers, zs = [np.empty(0)], [np.empty((len(harmonics), 0), np.complex128)]
    rest, done = np.empty(0), 0
    for first, block in blocks():
        if track is not None:
            subtract(block, first, track)
        x = np.concatenate([rest, block])
        n = min(len(x) // cell, len(phase) - done)
        power, z = _demodulated(x, cell, phase[done : done + n], slope[done : done + n], harmonics)
        powers.append(power)
        zs.append(z)
        rest, done = x[n * cell :], done + n
    return np.concatenate(powers), np.concatenate(zs, axis=1)


def track_lines(
    blocks: Blocks, n_samples: int, rate_hz: float, mains_hz: float, lines: tuple[FoundLine, ...]
) -> LineTrack | None:
    """Learn phase and amplitude of found lines over one run.

    Parameters
    ----------
    blocks : callable
        Conditioned blocks of the run; asked for three times.
    n_samples : int
        Length of the run.
    rate_hz, mains_hz : float
        Sampling rate and nominal mains frequency, Hz.
    lines : tuple of FoundLine
        From `find_lines`.

    Returns
    -------
    LineTrack or None
        None where there are no lines or fewer than 20 cycles.

    Notes
    -----
    First the phase of the strongest line is followed with a window of 0.5 s, then all
    lines are demodulated against it and smoothed with the longest window whose quiet
    level (10 % quantile of the 100 ms power) is within 3 % of the lowest; the residual
    is tracked once more (cells are not whole cycles when the line drifts).
    """
    cell = round(rate_hz / mains_hz)
    n_cells = n_samples // cell
    if not lines or n_cells < LEAST_CELLS:
        return None
    base_hz = max(lines, key=lambda line: line.ratio)
    phase, slope = _straight(n_cells, cell, base_hz.frequency_hz / base_hz.harmonic, rate_hz)
    harmonics = np.array([line.harmonic for line in lines], np.float64)
    phase, slope = _locked_phase(blocks, cell, phase, slope, harmonics, rate_hz)
    power, z = _demodulate_blocks(blocks, cell, phase, slope, harmonics)
    half, amplitude, weight = _chosen_window(power, z, rate_hz / cell)
    track = LineTrack(cell, phase, slope, harmonics, amplitude, half, np.zeros(n_cells, bool))
    power, left = _demodulate_blocks(blocks, cell, phase, slope, harmonics, track)
    more = smooth(left, weight, half)
    jumps = _jumps(_residual(power, left, more), left - more, rate_hz / cell)
    return replace(track, amplitude=amplitude + more, jumps=jumps)


def _jumps(power: Floats, z: Complexes, cells_per_s: float) -> NDArray[np.bool_]:
    """Cells around which a steady line makes up more of the residual power than EMG or noise ever does."""
    wide = max(round(JUMP_S * cells_per_s), 1)
    mean = np.ones(wide) / wide
    # quiet cells count most, so that one loud cell at the edge of a burst is no steady line
    weight = 1 / np.maximum(power, 1e-9)
    total = np.convolve(weight, mean, "same")
    steady = [np.abs(np.convolve(weight * row, mean, "same") / total) ** 2 / 2 for row in z]
    found = np.max(steady, axis=0) > JUMP_SHARE / total
    return np.convolve(found, np.ones(wide), "same") > 0.5


def _locked_phase(
    blocks: Blocks, cell: int, phase: Floats, slope: Floats, harmonics: Floats, rate_hz: float
) -> tuple[Floats, Floats]:
    """Reference phase that follows the strongest line."""
    power, z = _demodulate_blocks(blocks, cell, phase, slope, harmonics)
    half = max(5, int(0.5 * rate_hz / cell))
    weight = _weights(power, z, z)
    for _ in range(2):
        amplitude = smooth(z, weight, half)
        weight = _weights(power, z, amplitude)
    strength = np.median(np.abs(amplitude), axis=1) * np.sqrt(harmonics)
    best = int(np.argmax(strength))
    phase = phase + np.unwrap(np.angle(amplitude[best])) / harmonics[best]
    cells = np.arange(len(phase))
    before, after = np.maximum(cells - 1, 0), np.minimum(cells + 1, len(phase) - 1)
    return phase, (phase[after] - phase[before]) / ((after - before) * cell)


def _chosen_window(power: Floats, z: Complexes, cells_per_s: float) -> tuple[int, Complexes, Floats]:
    """Half width in cells, smoothed amplitudes and weights of the window that leaves least behind."""
    tried = []
    for window_s in WINDOWS_S:
        half = max(5, int(window_s * cells_per_s))
        weight = _weights(power, z, z)
        for _ in range(3):
            amplitude = smooth(z, weight, half)
            weight = _weights(power, z, amplitude)
        wide = max(round(0.1 * cells_per_s), 1)
        whole = _residual(power, z, amplitude) + _taken_along(z - amplitude, half)
        left = np.convolve(whole, np.ones(wide) / wide, "valid")
        tried.append((np.sqrt(max(np.quantile(left, 0.1), 0.0)), half, amplitude, weight))
    least = min(level for level, *_ in tried[:-1])
    _, half, amplitude, weight = next((t for t in tried if t[0] <= 1.03 * least), tried[-1])
    return half, amplitude, weight


def _taken_along(rest: Complexes, half: int) -> Floats:
    """Power of EMG and noise that a window takes with the lines, so that a short one does not seem to leave less."""
    kept = kept_share(half)
    return np.asarray(0.5 * (np.abs(rest) ** 2).sum(0) * (1 - kept) / kept, np.float64)


def _residual(power: Floats, z: Complexes, amplitude: Complexes) -> Floats:
    """Power of each cell without the lines."""
    lines: Floats = 0.5 * (2 * (z * amplitude.conj()).real - np.abs(amplitude) ** 2).sum(0)
    return power - lines


def _weights(power: Floats, z: Complexes, amplitude: Complexes) -> Floats:
    """Inverse local power: low in and next to bursts, bounded by the quiet level."""
    q = np.maximum(_residual(power, z, amplitude), 0.02 * power + 1e-9)
    beside = np.maximum(np.append(q[1:], q[-1]), np.insert(q[:-1], 0, q[0]))
    q = np.maximum(q, 0.25 * beside)
    return np.asarray(1 / (q + 0.5 * np.quantile(q, 0.05)), np.float64)


def subtract(block: Floats, first: int, track: LineTrack) -> None:
    """Take tracked lines out of a block in place.

    Parameters
    ----------
    block : ndarray of float64, shape (n_samples,)
        Conditioned µV; changed.
    first : int
        Sample of the run at which the block starts.
    track : LineTrack
        From `track_lines`.

    Examples
    --------
    >>> line = 10 * np.sin(2 * np.pi * 50.02 * np.arange(20000) / 1000)
    >>> x = np.random.default_rng(1).standard_normal(20000) + line
    >>> lines = find_lines(lambda a, b: x[a:b], 20000, 1000.0, 50, ConditionSettings())
    >>> track = track_lines(lambda: iter([(0, x.copy())]), 20000, 1000.0, 50, lines)
    >>> before = x.std()
    >>> subtract(x, 0, track)
    >>> round(float(before), 1), round(float(x.std()), 1)
    (7.1, 1.0)
    """
    subtract_lines(block, first, track.cell_samples, track.phase, track.slope, track.harmonics, track.amplitude)
