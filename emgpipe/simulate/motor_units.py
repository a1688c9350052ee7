"""A pool of motor units: who is recruited, how fast each fires, when it fires, what an electrode sees.

Recruitment and rate coding after Fuglevand, Winter and Patla (1993, doi:10.1152/jn.1993.70.6.2470).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emgpipe.simulate.band import Floats, band_gain, scaled_to_band_rms
from emgpipe.simulate.checks import require_between, require_not_negative, require_positive
from emgpipe.simulate.muap import UnitShapes, add_discharges, draw_shapes, unit_templates

LEAST_INTERVAL_S = 0.020


@dataclass(frozen=True)
class MotorUnitPool:
    """Units from the first to the last recruited.

    Attributes
    ----------
    threshold : ndarray, shape (n_units,)
        Recruitment threshold as a share of the largest excitation, 0 to 1.
    gain_hz : float
        Rate gained from 0 to the largest excitation without the cap, Hz.
    least_hz, peak_hz : ndarray, shape (n_units,)
        Rate at recruitment and cap, discharges per second.
    isi_cv : ndarray, shape (n_units,)
        Coefficient of variation of the intervals.
    shapes : UnitShapes
        Fibres.
    """

    threshold: Floats
    gain_hz: float
    least_hz: Floats
    peak_hz: Floats
    isi_cv: Floats
    shapes: UnitShapes


def draw_pool(
    rng: np.random.Generator,
    *,
    n_units: int = 120,
    recruitment_range: float = 30.0,
    least_hz: tuple[float, float] = (5.0, 8.0),
    isi_cv: tuple[float, float] = (0.10, 0.20),
    depth_mm: tuple[float, float] = (4.0, 15.0),
) -> MotorUnitPool:
    """Draw a pool.

    Parameters
    ----------
    rng : Generator
        Source.
    n_units : int
        Units in the pool.
    recruitment_range : float
        Threshold of the last unit relative to the first: RTE_i = exp(i ln(range) / n).
    least_hz : (float, float)
        Range of the rates at recruitment; Fuglevand has 8 Hz, tonic activity in stiff person syndrome is slower.
    isi_cv : (float, float)
        Range of the coefficients of variation.
    depth_mm : (float, float)
        Range of depths.

    Returns
    -------
    MotorUnitPool

    Notes
    -----
    Peak rate 45 - 10 RTE_i / RTE_n Hz, gain 1 Hz per unit of excitation, as Fuglevand.

    Examples
    --------
    >>> pool = draw_pool(np.random.default_rng(1))
    >>> pool.threshold.shape, bool((np.diff(pool.threshold) > 0).all())
    ((120,), True)
    """
    require_positive(n_units=n_units, recruitment_range=recruitment_range - 1)
    relative = np.exp(np.arange(1, n_units + 1) * np.log(recruitment_range) / n_units)
    peak_hz = 45.0 - 10.0 * relative / relative[-1]
    largest = float(relative[-1] + peak_hz[-1] - least_hz[0])
    return MotorUnitPool(
        threshold=relative / largest,
        gain_hz=largest,
        least_hz=rng.uniform(*least_hz, n_units),
        peak_hz=peak_hz,
        isi_cv=rng.uniform(*isi_cv, n_units),
        shapes=draw_shapes(n_units, rng, depth_mm=depth_mm),
    )


def discharge_rates_hz(pool: MotorUnitPool, excitation: Floats) -> Floats:
    """Rate of each unit at each excitation.

    Parameters
    ----------
    pool : MotorUnitPool
        Units.
    excitation : ndarray, shape (n_times,)
        Share of the largest, 0 to 1.

    Returns
    -------
    ndarray, shape (n_units, n_times)
        Discharges per second; 0 below the threshold.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID: excitation outside 0 to 1.
    """
    require_between(0.0, 1.0, least_excitation=float(excitation.min()), largest_excitation=float(excitation.max()))
    above = excitation[None, :] - pool.threshold[:, None]
    rates_hz = np.minimum(pool.least_hz[:, None] + pool.gain_hz * above, pool.peak_hz[:, None])
    return np.where(above >= 0, rates_hz, 0.0)


def discharge_times_s(rates_hz: Floats, step_s: float, isi_cv: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """When one unit fires while its rate follows a time course.

    Parameters
    ----------
    rates_hz : ndarray, shape (n_steps,)
        Discharges per second, constant within a step; 0 is silence.
    step_s : float
        Length of a step.
    isi_cv : float
        Coefficient of variation of the intervals at constant rate (Gaussian intervals).
    rng : Generator
        Source.

    Returns
    -------
    ndarray, shape (n_discharges,)
        Seconds, rising, none closer than 20 ms to the one before (later ones are put off).

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> times_s = discharge_times_s(np.full(1000, 8.0), 0.1, 0.15, np.random.default_rng(3))
    >>> 780 < len(times_s) < 820
    True
    """
    require_positive(step_s=step_s)
    require_not_negative(isi_cv=isi_cv)
    # intervals are drawn on a clock that runs at the wanted rate, then read on the wall clock
    clock = np.concatenate([[0.0], np.cumsum(rates_hz) * step_s])
    if clock[-1] == 0:
        return np.zeros(0)
    intervals = 1 + isi_cv * rng.standard_normal(int(clock[-1] * 1.1) + 20)
    ticks = rng.uniform(0, 1) + np.cumsum(intervals)
    times_s = np.interp(ticks[ticks < clock[-1]], clock, np.arange(len(clock)) * step_s)
    spacing_s = LEAST_INTERVAL_S * np.arange(len(times_s))
    times_s = np.maximum.accumulate(times_s - spacing_s) + spacing_s
    return np.asarray(times_s[times_s < len(rates_hz) * step_s], np.float64)


def pool_discharges_s(
    pool: MotorUnitPool, excitation: Floats, step_s: float, rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    """When each unit fires while the excitation follows a time course.

    Parameters
    ----------
    pool : MotorUnitPool
        Units.
    excitation : ndarray, shape (n_steps,)
        Share of the largest, 0 to 1.
    step_s : float
        Length of a step.
    rng : Generator
        Source.

    Returns
    -------
    list of ndarray
        Seconds, one array a unit; empty for units that are never recruited.
    """
    rates_hz = discharge_rates_hz(pool, excitation)
    return [discharge_times_s(r, step_s, float(cv), rng) for r, cv in zip(rates_hz, pool.isi_cv, strict=True)]


def surface_emg(
    shapes: UnitShapes, discharges_s: Sequence[NDArray[np.float64]], n_samples: int, rate_hz: float
) -> Floats:
    """Interference EMG: the potentials of all units, summed.

    Parameters
    ----------
    shapes : UnitShapes
        Fibres of the units.
    discharges_s : sequence of ndarray
        Seconds, one array a unit.
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.

    Returns
    -------
    ndarray, shape (n_samples,)
        Arbitrary scale, linear in the units' strengths; `scaled_to_band_rms` gives it µV.
    """
    templates = unit_templates(shapes, rate_hz)
    samples = np.zeros(n_samples)
    for unit, times_s in enumerate(discharges_s):
        if len(times_s):
            samples = add_discharges(samples, templates, unit, times_s)
    return samples


def unit_energies(shapes: UnitShapes, rate_hz: float) -> Floats:
    """Energy of each unit's potential in the analysis band.

    Parameters
    ----------
    shapes : UnitShapes
        Fibres.
    rate_hz : float
        Samples per second.

    Returns
    -------
    ndarray, shape (n_units,)
        Integral of the squared potential, in the scale of `surface_emg`. Campbell's theorem: the mean square
        of the EMG is the sum over units of rate x energy, exact for Poisson trains; regular trains come close,
        as their spectrum is flat above a few times the rate.
    """
    templates = unit_templates(shapes, rate_hz)
    potentials = templates.fine_uv[:, :: templates.oversampling]
    n = fft.next_fast_len(4 * potentials.shape[1], real=True)
    frequency_hz = fft.rfftfreq(n, 1 / rate_hz)
    power = np.abs(fft.rfft(potentials, n)) ** 2 * band_gain(frequency_hz, rate_hz)
    return np.asarray(2 * power.sum(axis=1) / (n * rate_hz), np.float64)  # twice: negative frequencies


@dataclass(frozen=True)
class UnitTrain:
    """One simulated unit, free of noise.

    Attributes
    ----------
    rate_hz : float
        Samples per second.
    samples_uv : ndarray, shape (n_samples,)
        µV.
    discharges_s : ndarray, shape (n_discharges,)
        Seconds.
    """

    rate_hz: float
    samples_uv: Floats
    discharges_s: NDArray[np.float64]


def single_unit(
    seed: int,
    duration_s: float = 90.0,
    rate_hz: float = 2000.0,
    *,
    discharge_hz: float = 8.0,
    isi_cv: float = 0.15,
    rms_uv: float = 10.0,
    depth_mm: tuple[float, float] = (4.0, 15.0),
) -> UnitTrain:
    """Simulate one motor unit that fires without end.

    Parameters
    ----------
    seed : int
        The same seed and arguments give the same samples.
    duration_s : float
        Seconds.
    rate_hz : float
        Samples per second.
    discharge_hz : float
        Mean discharges per second.
    isi_cv : float
        Coefficient of variation of the intervals.
    rms_uv : float
        RMS of the whole in the analysis band, µV.
    depth_mm : (float, float)
        Range from which the depth is drawn.

    Returns
    -------
    UnitTrain

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> from emgpipe.simulate.band import band_rms_uv
    >>> unit = single_unit(seed=1, duration_s=20, discharge_hz=6, rms_uv=5)
    >>> round(band_rms_uv(unit.samples_uv, 2000.0), 6), 110 < len(unit.discharges_s) < 130
    (5.0, True)
    """
    require_positive(duration_s=duration_s, rate_hz=rate_hz, discharge_hz=discharge_hz, rms_uv=rms_uv)
    rng = np.random.default_rng([seed, round(discharge_hz * 1000)])
    shapes = draw_shapes(1, rng, depth_mm=depth_mm)
    times_s = discharge_times_s(np.array([discharge_hz]), duration_s, isi_cv, rng)
    samples = surface_emg(shapes, [times_s], round(duration_s * rate_hz), rate_hz)
    return UnitTrain(rate_hz, scaled_to_band_rms(samples, rate_hz, rms_uv), times_s)
