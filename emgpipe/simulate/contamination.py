"""What spoils a recording on its way into the file: movement, electrode steps, filter, rails and digital steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import signal

from emgpipe.intervals import Intervals
from emgpipe.simulate.band import Floats, band_gain
from emgpipe.simulate.checks import require_between, require_not_negative, require_positive
from emgpipe.simulate.noise import hardware_lowpass, pink_above_white, shaped_noise

MOVED_HZ = (0.5, 10.0)
STEP_DECAY_S = 0.3
"""Electrode steps decay so, as behind an amplifier's high-pass of about 0.5 Hz."""


@dataclass(frozen=True)
class Amplifier:
    """What every channel passes on its way into the file.

    Attributes
    ----------
    lowpass_hz : float or None
        Butterworth low-pass of order 4, once forward; None is none.
    range_uv : float or None
        Samples beyond plus or minus this stand at the rail, µV; None leaves them as they are.
    bits : int
        Of the converter: with `range_uv`, samples are rounded to 2 range / (2^bits - 1) µV.
    """

    lowpass_hz: float | None = None
    range_uv: float | None = None
    bits: int = 16

    @property
    def lsb_uv(self) -> float:
        """Digital step, µV; 0 without a range."""
        return 0.0 if self.range_uv is None else 2 * self.range_uv / (2**self.bits - 1)

    @property
    def prefilter(self) -> str:
        """Header text of EDF+: `LP:200Hz`, or `none`."""
        return "none" if self.lowpass_hz is None else f"LP:{self.lowpass_hz:g}Hz"


PLAIN_AMPLIFIER = Amplifier()
"""16 bit at whatever range the file has, no filter."""


def check_amplifier(amplifier: Amplifier, rate_hz: float) -> None:
    """Refuse an amplifier that cannot be.

    Parameters
    ----------
    amplifier : Amplifier
        Of a visit.
    rate_hz : float
        Samples per second.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    if amplifier.lowpass_hz is not None:
        require_between(1.0, 0.49 * rate_hz, lowpass_hz=amplifier.lowpass_hz)
    if amplifier.range_uv is not None:
        require_between(1.0, 1e6, range_uv=amplifier.range_uv)
    require_between(2, 16, bits=amplifier.bits)


def amplified(samples_uv: Floats, rate_hz: float, amplifier: Amplifier) -> Floats:
    """Filter, clip and round samples as an amplifier does.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        At the electrodes, µV.
    rate_hz : float
        Samples per second.
    amplifier : Amplifier
        Checked.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.

    Examples
    --------
    >>> amplified(np.array([-900.0, 0.4, 900.0]), 1000.0, Amplifier(range_uv=500.0, bits=2)).round(1).tolist()
    [-500.0, 166.7, 500.0]
    """
    if amplifier.lowpass_hz is not None:
        samples_uv = hardware_lowpass(samples_uv, rate_hz, amplifier.lowpass_hz)
    if amplifier.range_uv is None:
        return samples_uv
    low_uv = -amplifier.range_uv
    steps = np.rint((np.clip(samples_uv, low_uv, amplifier.range_uv) - low_uv) / amplifier.lsb_uv)
    return np.clip(low_uv + steps * amplifier.lsb_uv, low_uv, amplifier.range_uv)


def noise_behind_lowpass(corner_hz: float, rate_hz: float, lowpass_hz: float | None) -> tuple[float, float]:
    """Share of electrode noise that an amplifier's low-pass leaves.

    Parameters
    ----------
    corner_hz : float
        PSD ~ 1 + corner / f.
    rate_hz : float
        Samples per second.
    lowpass_hz : float or None
        As in `Amplifier`.

    Returns
    -------
    full, band : float
        Factors of the RMS over all frequencies and in the analysis band, 0 to 1.

    Examples
    --------
    >>> noise_behind_lowpass(0.0, 2000.0, None)
    (1.0, 1.0)
    """
    if lowpass_hz is None:
        return 1.0, 1.0
    frequency_hz = np.arange(0.125, rate_hz / 2, 0.25)
    density = pink_above_white(corner_hz)(frequency_hz)
    sections = signal.butter(4, lowpass_hz, fs=rate_hz, output="sos")
    left = np.abs(signal.freqz_sos(sections, frequency_hz, fs=rate_hz)[1]) ** 2
    in_band = density * band_gain(frequency_hz, rate_hz)
    full, band = (float(np.sqrt((d * left).sum() / d.sum())) for d in (density, in_band))
    return full, band


def movement(
    n_samples: int, rate_hz: float, rng: np.random.Generator, *, per_min: float, rms_uv: float
) -> tuple[Floats, Intervals]:
    """Movements of a lead: slow noise of 1-4 s that swells and fades.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Starts, lengths and noise.
    per_min : float
        Mean rate; starts are spread at random.
    rms_uv : float
        RMS in the middle of a movement, µV.

    Returns
    -------
    samples_uv : ndarray, shape (n_samples,)
        µV, nothing outside 0.5-10 Hz but what the swelling adds.
    moved : Intervals
        Seconds; overlapping ones are one.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    require_not_negative(per_min=per_min, rms_uv=rms_uv)
    samples_uv, moved, end_s = np.zeros(n_samples), Intervals.of([]), n_samples / rate_hz
    for start_s in _starts_s(per_min, end_s, rng):
        stop_s = min(start_s + rng.uniform(1.0, 4.0), end_s)
        first, stop = round(start_s * rate_hz), round(stop_s * rate_hz)
        if stop - first < 2:
            continue
        swell = np.sin(np.pi * (np.arange(stop - first) + 0.5) / (stop - first)) ** 2
        samples_uv[first:stop] += rms_uv * swell * shaped_noise(stop - first, rate_hz, _slow, rng)
        moved = moved.union(Intervals.of([(first / rate_hz, stop / rate_hz)]))
    return samples_uv, moved


def _slow(frequency_hz: Floats) -> Floats:
    low_hz, high_hz = MOVED_HZ
    slow: Floats = 1 / ((1 + (low_hz / frequency_hz) ** 8) * (1 + (frequency_hz / high_hz) ** 8))
    return slow


def electrode_steps(
    n_samples: int, rate_hz: float, rng: np.random.Generator, *, per_min: float, height_uv: float
) -> tuple[Floats, list[float]]:
    """Electrode steps: a jump within one sample, of either sign, that decays with 0.3 s.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Times and heights (0.5 to 1.5 of the mean).
    per_min : float
        Mean rate.
    height_uv : float
        Mean height, µV.

    Returns
    -------
    samples_uv : ndarray, shape (n_samples,)
        µV.
    steps_s : list of float
        Seconds, exact to the sample.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    require_not_negative(per_min=per_min, height_uv=height_uv)
    require_positive(rate_hz=rate_hz)
    samples_uv, steps_s = np.zeros(n_samples), []
    for start_s in _starts_s(per_min, n_samples / rate_hz, rng):
        first = int(start_s * rate_hz)
        height = height_uv * rng.uniform(0.5, 1.5) * rng.choice([-1.0, 1.0])
        stop = min(first + round(20 * STEP_DECAY_S * rate_hz), n_samples)  # gone: 2e-9 of it is left
        samples_uv[first:stop] += height * np.exp(-np.arange(stop - first) / rate_hz / STEP_DECAY_S)
        steps_s.append(first / rate_hz)
    return samples_uv, steps_s


def _starts_s(per_min: float, end_s: float, rng: np.random.Generator) -> list[float]:
    return [float(s) for s in np.sort(rng.uniform(0, end_s, rng.poisson(per_min * end_s / 60)))]


def flattened(samples_uv: Floats, rate_hz: float, stretches_s: Sequence[tuple[float, float]]) -> Floats:
    """Put stretches of a channel to 0, as a dead electrode does.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV; not changed.
    rate_hz : float
        Samples per second.
    stretches_s : sequence of (float, float)
        Seconds; what lies beyond the end is left out.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.

    Examples
    --------
    >>> flattened(np.ones(5), 1.0, [(1.0, 3.0)]).tolist()
    [1.0, 0.0, 0.0, 1.0, 1.0]
    """
    flat_uv = samples_uv.copy()
    for start_s, stop_s in stretches_s:
        flat_uv[round(start_s * rate_hz) : min(round(stop_s * rate_hz), len(flat_uv))] = 0.0
    return flat_uv
