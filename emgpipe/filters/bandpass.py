"""The analysis band: a zero-phase Butterworth band-pass, whole or streamed in blocks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from emgpipe.errors import SettingsError
from emgpipe.filters.settings import ConditionSettings
from emgpipe.kernels.sections import cascade

Samples = NDArray[np.float32] | NDArray[np.float64]
ReadRun = Callable[[int, int], NDArray[np.float32]]
"""`(first, stop) -> samples in µV` of one contiguous run."""

BLOCK_S = 60.0
"""Seconds a block: fixed, so that results do not depend on the machine."""
EDGE_TOLERANCE = 1e-12
"""What is left of a start-up transient after `edge_samples`."""
GRID_HZ = 0.25
"""Resolution at which the response is integrated."""
PSD_BAND_HZ = 25.0
"""Width of the bands of the frames' spectra."""


@dataclass(frozen=True, eq=False)
class Band:
    """A designed analysis band.

    Attributes
    ----------
    rate_hz : float
        Sampling rate.
    low_hz, high_hz : float
        Edges.
    sos : ndarray, shape (n_sections, 6)
        Second-order sections of one direction.
    steady : ndarray, shape (n_sections, 2)
        State of the sections after a constant input of 1.
    edge_samples : int
        Length of the odd padding, and of the warm-up of a block.
    """

    rate_hz: float
    low_hz: float
    high_hz: float
    sos: NDArray[np.float64]
    steady: NDArray[np.float64]
    edge_samples: int

    def power_gain(self, frequency_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Power gain |H|^2 of the whole zero-phase response (both directions)."""
        _, response = signal.sosfreqz(self.sos, frequency_hz, fs=self.rate_hz)
        return np.abs(response) ** 4

    def bandwidth_hz(self) -> float:
        """Noise bandwidth: integral of `power_gain` from 0 to half the rate."""
        grid = np.arange(0, self.rate_hz / 2, GRID_HZ)
        return float(self.power_gain(grid).sum() * GRID_HZ)

    def gain_by_band(self, n_bands: int) -> NDArray[np.float64]:
        """Mean power gain in each of `n_bands` bands of 25 Hz from 0."""
        per_band = round(PSD_BAND_HZ / GRID_HZ)
        grid = np.arange(n_bands * per_band) * GRID_HZ
        gain = np.where(grid < self.rate_hz / 2, self.power_gain(np.minimum(grid, self.rate_hz / 2)), 0.0)
        return np.asarray(gain.reshape(n_bands, per_band).mean(1), np.float64)


def design_band(rate_hz: float, settings: ConditionSettings) -> Band:
    """Design the analysis band for a sampling rate.

    Parameters
    ----------
    rate_hz : float > 0
        Sampling rate.
    settings : ConditionSettings
        Edges and order; the upper edge is lowered to 0.45 x rate.

    Returns
    -------
    Band

    Raises
    ------
    SettingsError
        RATE_TOO_LOW below `settings.least_rate_hz`.

    Examples
    --------
    >>> band = design_band(1000.0, ConditionSettings())
    >>> band.high_hz, round(band.bandwidth_hz())
    (450.0, 420)
    """
    if not rate_hz >= settings.least_rate_hz:
        message = f"sampling rate {rate_hz!r} Hz; the analysis band needs at least {settings.least_rate_hz:g} Hz"
        raise SettingsError("RATE_TOO_LOW", message)
    high_hz = min(settings.high_hz, 0.45 * rate_hz)
    sos = signal.butter(settings.order, [settings.low_hz, high_hz], "band", fs=rate_hz, output="sos")
    radius = max(np.abs(np.roots(section[3:])).max() for section in sos)
    edge = int(np.ceil(np.log(EDGE_TOLERANCE) / np.log(radius)))
    return Band(rate_hz, settings.low_hz, high_hz, sos, signal.sosfilt_zi(sos), edge)


def zero_phase(x: Samples, band: Band) -> NDArray[np.float64]:
    """Filter one whole run forward and backward.

    Parameters
    ----------
    x : ndarray of float32 or float64, shape (n_samples,)
        µV, finite; a NaN spoils the whole run (readers deliver none).
    band : Band
        From `design_band`.

    Returns
    -------
    ndarray of float64, same shape
        µV.

    Notes
    -----
    Equal to `scipy.signal.sosfiltfilt` with odd padding of `edge_samples` (of n - 1
    samples where the run is shorter); arithmetic is float64 inside.

    Examples
    --------
    >>> import numpy as np
    >>> band = design_band(1000.0, ConditionSettings())
    >>> tone = np.sin(2 * np.pi * 100 * np.arange(3000) / 1000)
    >>> bool(abs(zero_phase(tone, band)[1500:1600] - tone[1500:1600]).max() < 1e-3)
    True
    """
    blocks = zero_phase_blocks(lambda first, stop: x[first:stop], len(x), band, block_samples=max(len(x), 1))
    return np.concatenate([np.empty(0), *(y for _, y in blocks)])


def zero_phase_blocks(
    read: Callable[[int, int], Samples], n_samples: int, band: Band, block_samples: int | None = None
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Filter one run forward and backward, block by block.

    Parameters
    ----------
    read : callable
        `(first, stop) -> µV` of the run.
    n_samples : int
        Length of the run.
    band : Band
        From `design_band`.
    block_samples : int, optional
        Length of a block; `BLOCK_S` where left out.

    Yields
    ------
    (first, y)
        First sample of the block and the conditioned block, µV, float64.

    Notes
    -----
    The forward pass carries its state, so it is exact. The backward pass of a block
    starts `edge_samples` to the right of it: what is left of its transient is below
    `EDGE_TOLERANCE`.
    """
    if n_samples == 0:
        return
    block = block_samples or round(BLOCK_S * band.rate_hz)
    pad = min(band.edge_samples, n_samples - 1)
    state = band.steady * _padded(read, n_samples, pad, -pad, -pad + 1)[0]
    pending = np.empty(0)
    done = -pad
    for first in range(0, n_samples, block):
        stop = min(first + block, n_samples)
        until = min(stop + band.edge_samples, n_samples + pad)
        ahead = _padded(read, n_samples, pad, done, until)
        cascade(band.sos, state, ahead, ahead, 0, 1)
        forward = np.concatenate([pending, ahead])[-(until - first) :]
        done = until
        pending = forward[stop - first :].copy()
        back = band.steady * forward[-1]
        cascade(band.sos, back, forward, forward, len(forward) - 1, -1)
        yield first, forward[: stop - first]


def _padded(
    read: Callable[[int, int], Samples], n_samples: int, pad: int, first: int, stop: int
) -> NDArray[np.float64]:
    """Samples `[first, stop)` of the run with odd extension by `pad` on both sides, float64."""
    parts = []
    if first < 0:
        head = read(0, pad + 1).astype(np.float64)
        parts.append((2 * head[0] - head[pad:0:-1])[pad + first : pad + min(stop, 0)])
    a, b = max(first, 0), min(stop, n_samples)
    if a < b:
        parts.append(read(a, b).astype(np.float64))
    if stop > n_samples:
        tail = read(n_samples - pad - 1, n_samples).astype(np.float64)
        mirrored = 2 * tail[-1] - tail[-2::-1]
        parts.append(mirrored[max(first - n_samples, 0) : stop - n_samples])
    return np.concatenate(parts)
