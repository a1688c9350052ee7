"""What a second of raw signal says: density in 25 Hz bands, line power, slow power, largest step."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BAND_HZ = 25
"""Width of a band: with 1 s windows also its number of bins."""
LINE_REACH_HZ = 2
"""Bins this far on both sides of a removed line are cut out."""
SLOW_HZ = (1, 15)
"""Movement lives here."""
MEDIAN_OVER_MEAN = {
    25: 0.729, 24: 0.730, 23: 0.731, 22: 0.734, 21: 0.734, 20: 0.737, 19: 0.738, 18: 0.742,
    17: 0.743, 16: 0.748, 15: 0.749, 14: 0.755, 13: 0.757, 12: 0.765, 11: 0.767, 10: 0.778,
}  # fmt: skip
"""Median over mean of the n Hann periodogram bins of a band of white noise that a cut line leaves, by simulation."""


class SecondSpectra(NamedTuple):
    """Per second, float32: `psd` (n_seconds, n_bands) µV²/Hz, the others (n_seconds,) µV², µV², µV."""

    psd: NDArray[np.float32]
    line_power: NDArray[np.float32]
    slow_power: NDArray[np.float32]
    largest_step_uv: NDArray[np.float32]


def n_bands(rate_hz: float) -> int:
    """Count the 25 Hz bands that frames keep: to 1 kHz, to 1.8 kHz from 4 kHz on, never beyond half the rate.

    Examples
    --------
    >>> n_bands(1000.0), n_bands(2000.0), n_bands(4000.0)
    (20, 40, 72)
    """
    return min(int(rate_hz / 2 // BAND_HZ), 72 if rate_hz >= 4000 else 40)


def second_spectra(seconds: NDArray[np.float32], rate_hz: float, lines_hz: tuple[float, ...]) -> SecondSpectra:
    """Reduce whole seconds of raw signal.

    Parameters
    ----------
    seconds : ndarray, shape (n_seconds, floor(rate_hz))
        Raw µV, one second a row; a row with NaN gives NaN.
    rate_hz : float
        Sampling rate.
    lines_hz : tuple of float
        Removed lines; bins within 2 Hz of one are cut from the medians.

    Returns
    -------
    SecondSpectra

    Notes
    -----
    Hann periodogram of the second without its mean; the band value is the median of
    its bins (a line between bins, a beat or a spike moves it little), divided by the
    median-to-mean ratio of white noise for the number of bins left.

    Examples
    --------
    >>> noise = np.random.default_rng(1).standard_normal((50, 1000)).astype(np.float32)
    >>> spectra = second_spectra(noise, 1000.0, ())  # variance 1 over 500 Hz: 0.002 µV²/Hz
    >>> round(float(spectra.psd.mean()), 4)
    0.002
    """
    x = seconds.astype(np.float64)
    n = x.shape[1]
    window = np.hanning(n + 1)[:-1]
    power = np.abs(np.fft.rfft((x - x.mean(1, keepdims=True)) * window, axis=1)) ** 2
    power *= 2 / (rate_hz * (window**2).sum())
    bin_hz = rate_hz / n
    frequency = np.arange(power.shape[1]) * bin_hz
    cut = np.zeros(len(frequency), bool)
    for line_hz in lines_hz:
        cut |= np.abs(frequency - line_hz) <= LINE_REACH_HZ
    slow = (frequency >= SLOW_HZ[0] - bin_hz / 2) & (frequency <= SLOW_HZ[1] + bin_hz / 2)
    steps = np.abs(np.diff(x, axis=1)).max(1)
    with np.errstate(over="ignore"):  # beyond 3e38 µV²: infinite, and such samples are left out as OUT_OF_RANGE
        return SecondSpectra(
            _band_medians(power, cut, n_bands(rate_hz)),
            (power[:, cut].sum(1) * bin_hz).astype(np.float32),
            (power[:, slow].sum(1) * bin_hz).astype(np.float32),
            steps.astype(np.float32),
        )


def _band_medians(power: NDArray[np.float64], cut: NDArray[np.bool_], count: int) -> NDArray[np.float32]:
    out = np.empty((len(power), count), np.float32)
    for b in range(count):
        keep = np.flatnonzero(~cut[b * BAND_HZ : (b + 1) * BAND_HZ]) + b * BAND_HZ
        bias = MEDIAN_OVER_MEAN[max(len(keep), 10)]
        out[:, b] = np.median(power[:, keep], axis=1) / bias
    return out
