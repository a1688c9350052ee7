"""Surface potentials of single motor units: a travelling source in an unbounded conductor.

The transmembrane potential of Rosenfalck (1969) runs from the end plate to both tendons of every
fibre; its gradient is the dipole density, cut off at the tendons, so that end effects are in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from emgpipe.simulate.band import Floats

FINE_HZ = 40_000.0  # at 4 m/s: 0.1 mm of fibre, fine enough that the front does not alias
LENGTH_S = 0.040
LEAD_S = 0.004  # the zero-phase low-pass rings before the discharge
INTER_ELECTRODE_MM = 20.0


@dataclass(frozen=True)
class UnitShapes:
    """Where the fibres of some motor units lie; the axis runs along the muscle, electrodes are around 0.

    Attributes
    ----------
    velocity_m_s : ndarray, shape (n_units,)
        Conduction velocity.
    depth_mm, end_plate_mm : ndarray, shape (n_units, n_fibres)
        Below the electrodes; along the muscle.
    tendon_mm : ndarray, shape (2, n_units, n_fibres)
        Distance of both tendons from the end plate.
    strength : ndarray, shape (n_units,)
        Factor for the number and thickness of the fibres that are not drawn one by one.
    """

    velocity_m_s: Floats
    depth_mm: Floats
    end_plate_mm: Floats
    tendon_mm: Floats
    strength: Floats


def draw_shapes(
    n_units: int,
    rng: np.random.Generator,
    *,
    depth_mm: tuple[float, float] = (4.0, 15.0),
    strength_range: float = 30.0,
    n_fibres: int = 8,
) -> UnitShapes:
    """Draw the fibres of a motor-unit pool.

    Parameters
    ----------
    n_units : int
        Units, from the first to the last recruited.
    rng : Generator
        Source.
    depth_mm : (float, float)
        Range of depths of unit centres.
    strength_range : float
        Strength of the last unit relative to the first; grows exponentially with the index, log-SD 0.3.
    n_fibres : int
        Fibres that are computed; end plates spread over +-6 mm, depths over +-1.5 mm.

    Returns
    -------
    UnitShapes
    """
    shape = (n_units, n_fibres)
    centre_mm = rng.uniform(-45.0, -25.0, (n_units, 1))
    index = np.arange(n_units) / max(n_units - 1, 1)
    return UnitShapes(
        velocity_m_s=np.clip(rng.normal(4.0, 0.3, n_units), 3.2, 4.8),
        depth_mm=np.maximum(rng.uniform(*depth_mm, (n_units, 1)) + rng.uniform(-1.5, 1.5, shape), 2.0),
        end_plate_mm=centre_mm + rng.uniform(-6.0, 6.0, shape),
        tendon_mm=rng.normal(70.0, 4.0, (2, *shape)),
        strength=strength_range**index * rng.lognormal(0.0, 0.3, n_units),
    )


@dataclass(frozen=True)
class Templates:
    """Unit potentials on a fine grid, free of what the sampling rate cannot hold.

    Attributes
    ----------
    rate_hz : float
        Samples per second of the recording they are meant for.
    oversampling : int
        Fine steps in one sample.
    lead_samples : int
        Samples of the recording before the discharge.
    fine_uv : ndarray, shape (n_units, n_samples * oversampling)
        Arbitrary scale, common to all units.
    """

    rate_hz: float
    oversampling: int
    lead_samples: int
    fine_uv: Floats


def unit_templates(shapes: UnitShapes, rate_hz: float) -> Templates:
    """Bipolar surface potential of each unit.

    Parameters
    ----------
    shapes : UnitShapes
        Fibres.
    rate_hz : float
        Samples per second.

    Returns
    -------
    Templates

    Notes
    -----
    Rosenfalck: V(z) = 96 z^3 exp(-z) - 90 (mV, mm behind the front). The wave to one tendon gives
    phi(t) = integral over u in [0, tendon] of V'(v t - u) d/du k(u), with k the lead field of two point
    electrodes 20 mm apart: a convolution along the fibre. Deviations: the conductor has no skin, fat
    or bone and is isotropic, fibres of a unit share one velocity.
    """
    oversampling = int(np.ceil(FINE_HZ / rate_hz))
    lead, total = round(LEAD_S * rate_hz), round((LEAD_S + LENGTH_S) * rate_hz)
    n_fine = (total - lead) * oversampling
    step_mm = shapes.velocity_m_s[:, None] * 1000 / (rate_hz * oversampling)
    along_mm = np.arange(n_fine) * step_mm
    gradient = 96 * (3 * along_mm**2 - along_mm**3) * np.exp(-along_mm)
    field = _field_along(shapes, along_mm, step_mm)
    n_fft = fft.next_fast_len(2 * n_fine, real=True)
    wave = fft.irfft(fft.rfft(gradient, n_fft) * fft.rfft(field, n_fft), n_fft)[:, :n_fine]
    fine = np.pad(wave * shapes.strength[:, None], ((0, 0), (lead * oversampling, 0)))
    return Templates(rate_hz, oversampling, lead, _without_images(fine, rate_hz, oversampling))


def _field_along(shapes: UnitShapes, along_mm: Floats, step_mm: Floats) -> Floats:
    """Change of the lead field over each fine step, summed over fibres and both directions; (n_units, n_fine)."""
    total = np.zeros(along_mm.shape)
    edges_mm = np.concatenate([along_mm, along_mm[:, -1:] + step_mm], axis=1)
    for fibre in range(shapes.depth_mm.shape[1]):
        for direction, tendons_mm in zip((1.0, -1.0), shapes.tendon_mm, strict=True):
            # a wave goes no further than the tendon: the field stands still there
            reach_mm = np.minimum(edges_mm, tendons_mm[:, fibre, None])
            place_mm = shapes.end_plate_mm[:, fibre, None] + direction * reach_mm
            total += np.diff(_lead_field(place_mm, shapes.depth_mm[:, fibre, None]), axis=1)
    mean: Floats = total / shapes.depth_mm.shape[1]
    return mean


def _lead_field(place_mm: Floats, depth_mm: Floats) -> Floats:
    half = INTER_ELECTRODE_MM / 2
    near_mm, far_mm = (np.sqrt((place_mm + side) ** 2 + depth_mm**2) for side in (-half, half))
    return 1 / near_mm - 1 / far_mm


def _without_images(fine: Floats, rate_hz: float, oversampling: int) -> Floats:
    """Zero-phase low-pass with a cosine edge from 0.45 to 0.5 x rate."""
    frequency = fft.rfftfreq(fine.shape[1], 1 / oversampling)  # in sampling rates
    gain = 0.5 * (1 + np.cos(np.pi * np.clip((frequency - 0.45) / 0.05, 0, 1)))
    return np.asarray(fft.irfft(fft.rfft(fine) * gain, fine.shape[1]), np.float64)


def add_discharges(
    samples_uv: Floats, templates: Templates, unit: int, discharges_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum of one unit's potentials, placed more exactly than the sampling grid.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        What is there already; not changed.
    templates : Templates
        As `unit_templates` makes them.
    unit : int
        Row of the templates.
    discharges_s : ndarray, shape (n_discharges,)
        Seconds from the first sample; what reaches over an end is cut.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV.

    Notes
    -----
    Linear between fine steps of 25 µs: at 450 Hz an error of (2 pi 450 x 25e-6)^2 / 8 = 0.06 %.
    """
    fold, fine = templates.oversampling, templates.fine_uv[unit]
    phases = np.concatenate([[0.0], fine]).reshape(-1)  # one step of zero before: phase -1
    length = len(fine) // fold
    steps = np.floor(discharges_s * templates.rate_hz * fold).astype(np.int64)
    beyond = discharges_s * templates.rate_hz * fold - steps
    first = -(-steps // fold)  # first sample at or after the discharge
    offset = first * fold - steps
    inside = offset[:, None] + fold * np.arange(length)[None, :]
    inside = np.minimum(inside, len(fine) - 1)
    rows = (1 - beyond[:, None]) * phases[inside + 1] + beyond[:, None] * phases[inside]
    place = first[:, None] - templates.lead_samples + np.arange(length)[None, :]
    kept = (place >= 0) & (place < len(samples_uv))
    added: Floats = np.bincount(place[kept], rows[kept], minlength=len(samples_uv)).astype(np.float64)
    return samples_uv + added
