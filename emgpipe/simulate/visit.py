"""One visit of one patient: muscles at rest, then a reference contraction, with exact truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import SettingsError
from emgpipe.intervals import Intervals
from emgpipe.recording import Annotation
from emgpipe.simulate.band import Floats, band_passed, band_rms_uv, band_share, windowed_rms_uv
from emgpipe.simulate.checks import require_between, require_not_negative, require_positive
from emgpipe.simulate.drive import STEP_S, Timing, bouts, excitation_course, slow_drives, spasm_drive
from emgpipe.simulate.motor_units import (
    MotorUnitPool,
    discharge_rates_hz,
    draw_pool,
    pool_discharges_s,
    surface_emg,
    unit_energies,
)
from emgpipe.simulate.noise import electrode_noise, mains, pink_above_white
from emgpipe.simulate.scenarios import SimulatedChannel

POTENTIAL_S = 0.02  # a unit is on for this long after a discharge
JOINED_S = 0.3  # discharges no further apart are one stretch of activity


@dataclass(frozen=True)
class SimulatedMuscle:
    """How one muscle behaves and how it is recorded.

    Attributes
    ----------
    name : str
        Such as `TA_R`.
    excitation : float
        Tonic drive in rest, share of the largest; below about 0.017 nothing fires.
    active_share : float
        Share of the rest in which the drive is on, in bouts of about 6 s; 1 is always.
    drive_depth : float
        SD of the slow relative changes of the drive.
    reference_excitation, reference_uv : float
        Drive of the reference contraction and its RMS in the analysis band with a gain of 1, µV.
    tonic_uv : float or None
        Where given, the whole channel is scaled so that the clean RMS of the rest is this, µV, and
        `reference_uv` and `gain` do not count.
    gain : float
        Of the electrodes at this visit.
    noise_uv, corner_hz : float
        RMS of the electrode noise in the analysis band, µV; PSD ~ 1 + corner / f.
    mains_uv, mains_hz : float
        RMS of the mains line (third harmonic at 0.3 of it), µV; 0 is none.
    """

    name: str
    excitation: float = 0.04
    active_share: float = 1.0
    drive_depth: float = 0.1
    reference_excitation: float = 0.25
    reference_uv: float = 150.0
    tonic_uv: float | None = None
    gain: float = 1.0
    noise_uv: float = 1.5
    corner_hz: float = 20.0
    mains_uv: float = 0.0
    mains_hz: float = 50.0


@dataclass(frozen=True)
class SimulatedVisit:
    """Channels of one simulated recording and what is true of them.

    Attributes
    ----------
    channels : tuple of SimulatedChannel
        In the order of the muscles; `events` are spasms.
    annotations : tuple of Annotation
        `rest` and, unless left out, `reference`.
    discharges_s : tuple of list of ndarray
        For each muscle, the discharges of each unit, seconds.
    truth : dict
        `{"muscles": {name: ...}, "pairs": {"A/B": ...}}`; see `simulate_visit`.
    """

    channels: tuple[SimulatedChannel, ...]
    annotations: tuple[Annotation, ...]
    discharges_s: tuple[list[NDArray[np.float64]], ...]
    truth: dict[str, Any]


def simulate_visit(
    seed: int | Sequence[int],
    muscles: Sequence[SimulatedMuscle],
    pairs: Sequence[tuple[str, str]] = (),
    *,
    rest_s: float = 90.0,
    reference_s: float = 10.0,
    rate_hz: float = 2000.0,
    drive_correlation: float = 0.5,
    spasms_per_h: float = 0.0,
    patient_seed: int | Sequence[int] | None = None,
) -> SimulatedVisit:
    """Simulate one recording of one visit.

    Parameters
    ----------
    seed : int or sequence of int
        Drive, discharges and noise of this visit.
    muscles : sequence of SimulatedMuscle
        One channel each.
    pairs : sequence of (str, str)
        Muscle names, agonist first, for the truth of pairs.
    rest_s, reference_s : float
        Seconds of rest and of the reference contraction after it; 0 leaves the reference out.
    rate_hz : float
        Samples per second.
    drive_correlation : float
        Of the slow drive between muscles, 0 to 1.
    spasms_per_h : float
        Mean rate of spasms in rest, common to all muscles.
    patient_seed : int or sequence of int, optional
        Motor-unit pools; the same at all visits of a patient. `seed` where left out.

    Returns
    -------
    SimulatedVisit
        Truth of a muscle: `floor_uv`; in rest `active_fraction` (discharges of any unit up to 0.3 s apart
        joined), `rms_on_uv` (clean, while on), `rest_rms_uv` (median), `apdf_p10_uv`, `apdf_p50_uv`,
        `apdf_p90_uv` (clean RMS of 1 s windows stepped 0.5 s), `units`; `reference_rms_uv`. Of a pair:
        `cc_overlap_uv` (mean of the smaller clean RMS of 100 ms windows). All in the analysis band.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID: numbers out of range, a pair of muscles that are not there, names that repeat.

    Examples
    --------
    >>> muscles = [SimulatedMuscle("TA_R", tonic_uv=20.0), SimulatedMuscle("GM_R", excitation=0.0)]
    >>> visit = simulate_visit(1, muscles, [("TA_R", "GM_R")], rest_s=12.0, reference_s=0.0, rate_hz=1000.0)
    >>> [round(c.active_fraction, 1) for c in visit.channels], visit.truth["pairs"]["TA_R/GM_R"]["cc_overlap_uv"]
    ([1.0, 0.0], 0.0)
    """
    require_positive(rate_hz=rate_hz, rest_s=rest_s)
    require_not_negative(reference_s=reference_s)
    _check_names([m.name for m in muscles], pairs)
    timing, rng = Timing(rest_s, reference_s), np.random.default_rng(seed)
    slow = slow_drives(len(muscles), timing.rest_steps, drive_correlation, rng)
    spasms = spasm_drive(timing.rest_steps, spasms_per_h, rng)
    made: list[tuple[SimulatedChannel, list[NDArray[np.float64]]]] = []
    for muscle, slow_one in zip(muscles, slow, strict=True):
        _check(muscle)
        who = np.atleast_1d(seed if patient_seed is None else patient_seed).tolist()
        pool = draw_pool(np.random.default_rng([*who, *muscle.name.encode()]))
        tonic = muscle.excitation * (1 + muscle.drive_depth * slow_one)
        tonic = tonic * bouts(timing.rest_steps, muscle.active_share, rng)
        excitation = excitation_course(tonic, spasms[0], timing, muscle.reference_excitation)
        made.append(_record(muscle, pool, excitation, spasms[1], timing, rate_hz, rng))
    channels, discharges_s = tuple(c for c, _ in made), tuple(d for _, d in made)
    truth = {
        "muscles": {c.name: _muscle_truth(c, d, timing) for c, d in made},
        "pairs": {f"{a}/{b}": _pair_truth(channels, a, b, timing) for a, b in pairs},
    }
    return SimulatedVisit(channels, _marks(timing), discharges_s, truth)


def _check_names(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    absent = [name for pair in pairs for name in pair if name not in names]
    if absent or not names or len(set(names)) < len(names):
        found = f"muscles {list(names)!r}, pairs {list(pairs)!r}"
        raise SettingsError("SIMULATION_INVALID", f"{found}; each muscle once, and pairs of these, are needed")


def _check(muscle: SimulatedMuscle) -> None:
    require_between(0.0, 1.0, excitation=muscle.excitation, reference_excitation=muscle.reference_excitation)
    require_not_negative(drive_depth=muscle.drive_depth, noise_uv=muscle.noise_uv, mains_uv=muscle.mains_uv)
    require_positive(reference_uv=muscle.reference_uv, gain=muscle.gain)


def _marks(timing: Timing) -> tuple[Annotation, ...]:
    rest = Annotation(0.0, timing.rest_s, "rest")
    return (rest, Annotation(timing.rest_s, timing.reference_s, "reference")) if timing.reference_s else (rest,)


def _record(
    muscle: SimulatedMuscle,
    pool: MotorUnitPool,
    excitation: Floats,
    spasms: Intervals,
    timing: Timing,
    rate_hz: float,
    rng: np.random.Generator,
) -> tuple[SimulatedChannel, list[NDArray[np.float64]]]:
    n_samples = round((timing.rest_s + timing.reference_s) * rate_hz)
    trains_s = pool_discharges_s(pool, excitation, STEP_S, rng)
    clean = surface_emg(pool.shapes, trains_s, n_samples, rate_hz)
    energies = unit_energies(pool.shapes, rate_hz)
    scale_uv = _scale_uv(muscle, pool, energies, clean[: round(timing.rest_s * rate_hz)], rate_hz)
    envelope_uv = scale_uv * _expected_rms(pool, energies, excitation)
    step = np.minimum((np.arange(n_samples) / rate_hz / STEP_S).astype(np.int64), len(excitation) - 1)
    channel = SimulatedChannel(
        name=muscle.name,
        rate_hz=rate_hz,
        samples_uv=scale_uv * clean + _contamination_uv(muscle, n_samples, rate_hz, rng),
        clean_uv=scale_uv * clean,
        envelope_uv=envelope_uv[step],
        active=active_stretches(trains_s, n_samples / rate_hz),
        noise_rms_uv=muscle.noise_uv / float(np.sqrt(band_share(pink_above_white(muscle.corner_hz), rate_hz))),
        floor_uv=muscle.noise_uv,
        events=spasms,
        beats_s=np.zeros(0),
    )
    return channel, trains_s


def _scale_uv(muscle: SimulatedMuscle, pool: MotorUnitPool, energies: Floats, rest: Floats, rate_hz: float) -> float:
    """Find the µV in one unit of the conductor model."""
    if muscle.tonic_uv is None:
        expected = _expected_rms(pool, energies, np.array([muscle.reference_excitation]))
        require_positive(reference_rms=float(expected[0]))
        return float(muscle.reference_uv * muscle.gain / expected[0])
    rest_rms = band_rms_uv(rest, rate_hz)
    require_positive(rest_rms=rest_rms)
    return muscle.tonic_uv / rest_rms


def _expected_rms(pool: MotorUnitPool, energies: Floats, excitation: Floats) -> Floats:
    return np.asarray(np.sqrt((energies[:, None] * discharge_rates_hz(pool, excitation)).sum(axis=0)), np.float64)


def _contamination_uv(muscle: SimulatedMuscle, n_samples: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    noise_uv = electrode_noise(n_samples, rate_hz, rng, band_rms_uv=muscle.noise_uv, corner_hz=muscle.corner_hz)
    harmonics = (1.0, 0.0, 0.3)
    line = {"rms_uv": muscle.mains_uv, "line_hz": muscle.mains_hz, "wander": 0.05}
    return noise_uv + mains(n_samples, rate_hz, rng, harmonics=harmonics, **line)


def active_stretches(discharges_s: Sequence[NDArray[np.float64]], duration_s: float) -> Intervals:
    """When a muscle is on: discharges of any unit up to 0.3 s apart, joined, and 20 ms after the last.

    Parameters
    ----------
    discharges_s : sequence of ndarray
        Seconds, one array a unit.
    duration_s : float
        Length of the recording; stretches end there.

    Returns
    -------
    Intervals
        Seconds.

    Examples
    --------
    >>> active_stretches([np.array([1.0, 1.5]), np.array([1.25, 4.0])], 10.0).pairs.tolist()
    [[1.0, 1.52], [4.0, 4.02]]
    """
    times_s = np.sort(np.concatenate([np.zeros(0), *discharges_s]))
    if not len(times_s):
        return Intervals.of([])
    breaks = np.flatnonzero(np.diff(times_s) > JOINED_S)
    starts = times_s[np.concatenate([[0], breaks + 1])]
    stops = times_s[np.concatenate([breaks, [len(times_s) - 1]])] + POTENTIAL_S
    return Intervals(np.column_stack([starts, np.minimum(stops, duration_s)]))


def _muscle_truth(channel: SimulatedChannel, trains_s: list[NDArray[np.float64]], timing: Timing) -> dict[str, Any]:
    clean_uv = band_passed(channel.clean_uv, channel.rate_hz)
    n_rest = round(timing.rest_s * channel.rate_hz)
    rest_uv = clean_uv[:n_rest]
    on = channel.active.overlap(Intervals.of([(0.0, timing.rest_s)]))
    inside = Intervals(np.round(on.pairs * channel.rate_hz)).mask(n_rest)
    p10, p50, p90 = np.quantile(windowed_rms_uv(rest_uv, channel.rate_hz), [0.1, 0.5, 0.9]).tolist()
    truth = {
        "floor_uv": channel.floor_uv,
        "active_fraction": on.duration / timing.rest_s,
        "rms_on_uv": float(np.sqrt(np.mean(rest_uv[inside] ** 2))) if inside.any() else 0.0,
        "rest_rms_uv": float(np.median(windowed_rms_uv(rest_uv, channel.rate_hz, 1.0, 1.0))),
        "apdf_p10_uv": p10,
        "apdf_p50_uv": p50,
        "apdf_p90_uv": p90,
        "units": sum(bool((t < timing.rest_s).any()) for t in trains_s),
        "spasms_s": channel.events.pairs.tolist(),
    }
    if timing.reference_s:
        truth["reference_rms_uv"] = float(np.median(windowed_rms_uv(clean_uv[n_rest:], channel.rate_hz, 1.0, 1.0)))
    return truth


def _pair_truth(channels: Sequence[SimulatedChannel], agonist: str, antagonist: str, timing: Timing) -> dict[str, Any]:
    by_name = {c.name: c for c in channels}
    first, second = (_envelope_100_ms_uv(by_name[name], timing) for name in (agonist, antagonist))
    return {"cc_overlap_uv": float(np.mean(np.minimum(first, second)))}


def _envelope_100_ms_uv(channel: SimulatedChannel, timing: Timing) -> Floats:
    rest_uv = band_passed(channel.clean_uv, channel.rate_hz)[: round(timing.rest_s * channel.rate_hz)]
    return windowed_rms_uv(rest_uv, channel.rate_hz, 0.1, 0.05)
