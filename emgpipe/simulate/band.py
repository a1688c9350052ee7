"""The analysis band as plain scipy: what simulated amplitudes are stated in.

Written apart from `filters`, which is judged by what is made here.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from emgpipe.simulate.checks import require_positive

Floats = NDArray[np.float64]
LOW_HZ, HIGH_HZ, ORDER = 20.0, 450.0, 4


def band_sections(rate_hz: float) -> Floats:
    """Second-order sections of the 20-450 Hz Butterworth band-pass, order 4, upper edge at most 0.45 x rate.

    Parameters
    ----------
    rate_hz : float
        Samples per second, above 2 x 20 / 0.9.

    Returns
    -------
    ndarray, shape (4, 6)
    """
    edges = (LOW_HZ, min(HIGH_HZ, 0.45 * rate_hz))
    sections: Floats = signal.butter(ORDER, edges, "bandpass", fs=rate_hz, output="sos")
    return sections


def band_passed(samples_uv: Floats, rate_hz: float) -> Floats:
    """Filter zero-phase (forward and backward) to the analysis band.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV, no NaN.
    rate_hz : float
        Samples per second.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.
    """
    passed: Floats = signal.sosfiltfilt(band_sections(rate_hz), samples_uv)
    return passed


def band_rms_uv(samples_uv: Floats, rate_hz: float) -> float:
    """RMS in the analysis band.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV, no NaN.
    rate_hz : float
        Samples per second.

    Returns
    -------
    float
        µV.

    Examples
    --------
    >>> t = np.arange(20000) / 2000
    >>> round(band_rms_uv(np.sqrt(2) * 3 * np.sin(2 * np.pi * 100 * t), 2000.0), 2)
    3.0
    """
    return float(np.sqrt(np.mean(band_passed(samples_uv, rate_hz) ** 2)))


def scaled_to_band_rms(samples_uv: Floats, rate_hz: float, rms_uv: float) -> Floats:
    """Multiply a signal so that its RMS in the analysis band is `rms_uv`.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV, not silent.
    rate_hz : float
        Samples per second.
    rms_uv : float
        Wanted RMS, µV.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID: the signal is silent in the band.
    """
    now_uv = band_rms_uv(samples_uv, rate_hz)
    require_positive(band_rms_uv=now_uv)
    return samples_uv * (rms_uv / now_uv)


def band_gain(frequency_hz: Floats, rate_hz: float) -> Floats:
    """Factor by which the zero-phase band-pass changes power.

    Parameters
    ----------
    frequency_hz : ndarray
        From 0 to rate/2.
    rate_hz : float
        Samples per second.

    Returns
    -------
    ndarray
        |H|^4 of the one-way filter: 0.25 at the edges of the band.

    Examples
    --------
    >>> band_gain(np.array([0.0, 20.0, 100.0]), 2000.0).round(3).tolist()
    [0.0, 0.25, 1.0]
    """
    _, response = signal.freqz_sos(band_sections(rate_hz), frequency_hz, fs=rate_hz)
    return np.asarray(np.abs(response) ** 4, np.float64)


def band_share(psd: Callable[[Floats], Floats], rate_hz: float) -> float:
    """Share of a noise's power that the zero-phase band-pass lets through.

    Parameters
    ----------
    psd : callable
        Frequencies in Hz to density, any unit.
    rate_hz : float
        Samples per second.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> round(band_share(np.ones_like, 2000.0) * 1000)  # Hz of white noise that pass
    394
    """
    frequency_hz = np.arange(0.125, rate_hz / 2, 0.25)
    density = psd(frequency_hz)
    return float((density * band_gain(frequency_hz, rate_hz)).sum() / density.sum())


def windowed_rms_uv(samples_uv: Floats, rate_hz: float, window_s: float = 1.0, step_s: float = 0.5) -> Floats:
    """RMS of windows that lie wholly inside the signal.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV; band-pass first for an amplitude in the analysis band. A NaN makes its windows NaN.
    rate_hz : float
        Samples per second.
    window_s, step_s : float
        Length and step, rounded to samples.

    Returns
    -------
    ndarray, shape (n_windows,)
        µV; empty where the signal is shorter than one window.

    Examples
    --------
    >>> windowed_rms_uv(np.full(2000, 3.0), 1000.0).tolist()
    [3.0, 3.0, 3.0]
    """
    require_positive(window_s=window_s, step_s=step_s)
    width, step = round(window_s * rate_hz), max(round(step_s * rate_hz), 1)
    if len(samples_uv) < width:
        return np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(samples_uv**2, width)[::step]
    rms_uv: Floats = np.sqrt(windows.mean(axis=1))
    return rms_uv
