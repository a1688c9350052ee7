"""What an amplifier and a body add to EMG: electrode noise, mains, heart beats, an analogue low-pass."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from emgpipe.simulate.band import Floats, band_share
from emgpipe.simulate.checks import require_not_negative, require_positive


def shaped_noise(n_samples: int, rate_hz: float, psd: Callable[[Floats], Floats], rng: np.random.Generator) -> Floats:
    """Gaussian noise with a wanted spectrum, expected RMS 1 over the full band.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    psd : callable
        Frequencies in Hz (0 left out) to density, any unit.
    rng : Generator
        Source of the white noise that is shaped.

    Returns
    -------
    ndarray, shape (n_samples,)
        Unit RMS in expectation.
    """
    n = fft.next_fast_len(n_samples, real=True)
    frequency_hz = fft.rfftfreq(n, 1 / rate_hz)
    frequency_hz[0] = frequency_hz[1]
    density = np.asarray(psd(frequency_hz), np.float64)
    weight = np.where((np.arange(len(density)) == 0) | (np.arange(len(density)) * 2 == n), 1.0, 2.0)
    gain = np.sqrt(density * n / (weight * density).sum())
    spectrum = fft.rfft(rng.standard_normal(n)) * gain
    return np.asarray(fft.irfft(spectrum, n)[:n_samples], np.float64)


def pink_above_white(corner_hz: float) -> Callable[[Floats], Floats]:
    """Density 1 + corner / f, flat below 1 Hz.

    Parameters
    ----------
    corner_hz : float
        Where the 1/f part equals the white part; 0 is white.

    Returns
    -------
    callable
        Frequencies in Hz to density.

    Examples
    --------
    >>> pink_above_white(20.0)(np.array([20.0, 200.0])).tolist()
    [2.0, 1.1]
    """
    require_not_negative(corner_hz=corner_hz)
    return lambda frequency_hz: 1 + corner_hz / np.maximum(frequency_hz, 1.0)


def electrode_noise(
    n_samples: int,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    band_rms_uv: float | None = None,
    full_rms_uv: float | None = None,
    corner_hz: float = 0.0,
) -> Floats:
    """White noise, or 1/f above white, of a stated level.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Source.
    band_rms_uv, full_rms_uv : float, optional
        Expected RMS in the analysis band or over all frequencies, µV; exactly one.
    corner_hz : float
        PSD ~ 1 + corner / f; 0 is white.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID: a negative level or corner.
    TypeError
        Both levels or none.

    Examples
    --------
    >>> noise = electrode_noise(2000, 1000.0, np.random.default_rng(1), band_rms_uv=2.0, corner_hz=20.0)
    >>> noise.shape
    (2000,)
    """
    psd = pink_above_white(corner_hz)
    if full_rms_uv is not None and band_rms_uv is None:
        level_uv = full_rms_uv
    elif band_rms_uv is not None and full_rms_uv is None:
        level_uv = band_rms_uv / float(np.sqrt(band_share(psd, rate_hz)))
    else:
        raise TypeError("give band_rms_uv or full_rms_uv, one of the two")
    require_not_negative(level_uv=level_uv)
    if corner_hz == 0:
        return level_uv * rng.standard_normal(n_samples)
    return level_uv * shaped_noise(n_samples, rate_hz, psd, rng)


def mains(
    n_samples: int,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    rms_uv: float,
    line_hz: float = 50.0,
    harmonics: Sequence[float] = (1.0,),
    drift_hz: float = 0.0,
    wander: float = 0.0,
) -> Floats:
    """A mains line with harmonics whose frequency drifts and whose amplitude wanders.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Phases and wander.
    rms_uv : float
        RMS of the first harmonic without wander, µV.
    line_hz : float
        Frequency in the middle of the record.
    harmonics : sequence of float
        Amplitude of the 1st, 2nd, ... harmonic relative to `rms_uv`; those at or above rate/2 are left out.
    drift_hz : float
        Linear change of frequency from first to last sample.
    wander : float
        SD of the slow (below about 0.1 Hz) relative change of amplitude.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    require_not_negative(rms_uv=rms_uv, wander=wander)
    require_positive(line_hz=line_hz)
    place = (np.arange(n_samples) - n_samples / 2) / n_samples
    turns = np.cumsum(line_hz + drift_hz * place) / rate_hz
    amplitude_uv = rms_uv * np.sqrt(2) * (1 + wander * slow_noise(n_samples, rate_hz, 0.1, rng))
    phases = rng.uniform(0, 1, len(harmonics))
    kept = [(k, a, p) for k, (a, p) in enumerate(zip(harmonics, phases, strict=True), 1) if k * line_hz < rate_hz / 2]
    return sum((a * amplitude_uv * np.sin(2 * np.pi * (k * turns + p)) for k, a, p in kept), np.zeros(n_samples))


def slow_noise(n_samples: int, rate_hz: float, cutoff_hz: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise of unit expected RMS with nothing above a cutoff.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    cutoff_hz : float
        PSD ~ 1 / (1 + (f/cutoff)^8).
    rng : Generator
        Source.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    require_positive(cutoff_hz=cutoff_hz)
    return shaped_noise(n_samples, rate_hz, lambda f: 1 / (1 + (f / cutoff_hz) ** 8), rng)


def qrs_train(
    n_samples: int, rate_hz: float, rng: np.random.Generator, *, beats_per_min: float = 72.0, peak_uv: float = 100.0
) -> tuple[Floats, NDArray[np.float64]]:
    """Heart beats as three Gaussians each, RR intervals with an SD of 4 %.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        RR intervals.
    beats_per_min : float
        Mean rate.
    peak_uv : float
        Height of the R wave before the other waves are added, µV.

    Returns
    -------
    samples_uv : ndarray, shape (n_samples,)
        µV.
    beats_s : ndarray, shape (n_beats,)
        R waves, seconds.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    require_positive(beats_per_min=beats_per_min)
    rr_s = 60.0 / beats_per_min
    most = int(n_samples / rate_hz / rr_s * 1.5) + 8
    beats_s = 0.36 + np.concatenate([[0.0], np.cumsum(rr_s * (1 + 0.04 * rng.standard_normal(most)))])
    beats_s = beats_s[beats_s < n_samples / rate_hz - 0.3]
    samples_uv, half = np.zeros(n_samples), int(0.06 * rate_hz)
    for beat_s in beats_s:
        index = np.arange(max(round(beat_s * rate_hz) - half, 0), min(round(beat_s * rate_hz) + half, n_samples))
        samples_uv[index] += peak_uv * _qrs(index / rate_hz - beat_s)
    return samples_uv, beats_s


def _qrs(t_s: Floats) -> Floats:
    r, s, q = ((t_s - at) / width for at, width in ((0.0, 0.012), (0.025, 0.010), (-0.022, 0.008)))
    wave: Floats = np.exp(-(r**2)) - 0.35 * np.exp(-(s**2)) - 0.2 * np.exp(-(q**2))
    return wave


def hardware_lowpass(samples_uv: Floats, rate_hz: float, cutoff_hz: float) -> Floats:
    """Low-pass once forward, as an amplifier does: Butterworth, order 4.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV.
    rate_hz : float
        Samples per second.
    cutoff_hz : float
        -3 dB, below rate/2.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.
    """
    require_positive(cutoff_hz=cutoff_hz)
    sections = signal.butter(4, cutoff_hz, fs=rate_hz, output="sos")
    return np.asarray(signal.sosfilt(sections, samples_uv), np.float64)
