"""One visit of one patient: muscles at rest, a reference contraction, what is done to them, with exact truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import SettingsError
from emgpipe.intervals import Intervals
from emgpipe.recording import Annotation
from emgpipe.simulate.band import Floats, band_rms_uv, band_share
from emgpipe.simulate.checks import require_between, require_positive
from emgpipe.simulate.contamination import PLAIN_AMPLIFIER, Amplifier, amplified, check_amplifier
from emgpipe.simulate.drive import STEP_S, Timing, bouts, excitation_course, slow_drives, spasm_drive
from emgpipe.simulate.events import spasm_course
from emgpipe.simulate.generated import generated_truth
from emgpipe.simulate.lead import record_lead, visit_heart
from emgpipe.simulate.motor_units import (
    MotorUnitPool,
    discharge_rates_hz,
    draw_pool,
    pool_discharges_s,
    surface_emg,
    unit_energies,
)
from emgpipe.simulate.muscle import SimulatedMuscle, check_muscle
from emgpipe.simulate.noise import electrode_noise, mains, pink_above_white
from emgpipe.simulate.plan import NOTHING_PLANNED, VisitPlan, check_plan
from emgpipe.simulate.provoked import Provoked, provoked_course
from emgpipe.simulate.scenarios import SimulatedChannel
from emgpipe.simulate.truth import active_stretches, muscle_truth, pair_truth


@dataclass(frozen=True)
class SimulatedVisit:
    """Channels of one simulated recording and what is true of them.

    Attributes
    ----------
    channels : tuple of SimulatedChannel
        In the order of the muscles; `events` are spasms.
    annotations : tuple of Annotation
        `rest`, and where they are part of the visit `reference`, `stimulus`, `relax_cue`.
    discharges_s : tuple of list of ndarray
        For each muscle, the discharges of each unit, seconds.
    truth : dict
        `{"muscles": {name: ...}, "pairs": {"A/B": ...}}`; see `simulate_visit`.
    excitation : tuple of ndarray, each shape (n_steps,)
        For each muscle, the true drive in steps of 10 ms, 0 to 1.
    tonic : tuple of float
        For each muscle, the mean drive in rest without spasms.
    generated : dict
        What was put in, of what was asked for: `spasms`, `stimuli`, `relax`, `beats_s`, `crosstalk`, `movement`,
        `flat_s`, `clipped`, `gaps_s`.
    plan : VisitPlan
        As asked for.
    amplifier : Amplifier
        As asked for.
    ecg_uv : ndarray, shape (n_samples,), or None
        An ECG channel, µV.
    """

    channels: tuple[SimulatedChannel, ...]
    annotations: tuple[Annotation, ...]
    discharges_s: tuple[list[NDArray[np.float64]], ...]
    truth: dict[str, Any]
    excitation: tuple[Floats, ...] = ()
    tonic: tuple[float, ...] = ()
    generated: dict[str, Any] = field(default_factory=dict)
    plan: VisitPlan = NOTHING_PLANNED
    amplifier: Amplifier = PLAIN_AMPLIFIER
    ecg_uv: Floats | None = None


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
    plan: VisitPlan = NOTHING_PLANNED,
    amplifier: Amplifier = PLAIN_AMPLIFIER,
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
        Mean rate of spasms in rest, common to all muscles and without delay; `plan.spasms` has others.
    patient_seed : int or sequence of int, optional
        Motor-unit pools; the same at all visits of a patient. `seed` where left out.
    plan : VisitPlan
        Spasms one by one, stimuli, relax cues, heart, crosstalk, gaps. What is left out leaves the samples of the
        rest as they are: each has random numbers of its own.
    amplifier : Amplifier
        Low-pass, rails and digital step of all channels.

    Returns
    -------
    SimulatedVisit
        Truth of a muscle: `floor_uv`; in rest `active_fraction` (discharges of any unit up to 0.3 s apart
        joined), `rms_on_uv` (clean, while on), `rest_rms_uv` (median), `apdf_p10_uv`, `apdf_p50_uv`,
        `apdf_p90_uv` (clean RMS of 1 s windows stepped 0.5 s), `units`; `reference_rms_uv`. Of a pair:
        `cc_overlap_uv` (mean of the smaller clean RMS of 100 ms windows). All in the analysis band, of the muscle's own
        EMG behind the low-pass, over the whole rest: in gaps, on flat electrodes and where samples are clipped, too.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID: numbers out of range, muscles that are not there, names that repeat.

    Examples
    --------
    >>> muscles = [SimulatedMuscle("TA_R", tonic_uv=20.0), SimulatedMuscle("GM_R", excitation=0.0)]
    >>> visit = simulate_visit(1, muscles, [("TA_R", "GM_R")], rest_s=12.0, reference_s=0.0, rate_hz=1000.0)
    >>> [round(c.active_fraction, 1) for c in visit.channels], visit.truth["pairs"]["TA_R/GM_R"]["cc_overlap_uv"]
    ([1.0, 0.0], 0.0)
    """
    require_between(100.0, 1e5, rate_hz=rate_hz)
    require_between(1.0, 86_400.0, rest_s=rest_s)
    require_between(1.0 if reference_s else 0.0, 3600.0, reference_s=reference_s)
    names = [m.name for m in muscles]
    _check_names(names, pairs)
    timing, rng = plan.timing(rest_s, reference_s), np.random.default_rng(seed)
    check_plan(plan, names, timing)
    check_amplifier(amplifier, rate_hz)
    for muscle in muscles:
        check_muscle(muscle)
    slow = slow_drives(len(muscles), timing.rest_steps, drive_correlation, rng)
    spasms = spasm_drive(timing.rest_steps, spasms_per_h, rng)
    provoked = provoked_course(muscles, plan, timing, seed, drive_correlation)
    made: list[_Made] = []
    for muscle, slow_one in zip(muscles, slow, strict=True):
        who = np.atleast_1d(seed if patient_seed is None else patient_seed).tolist()
        pool = draw_pool(np.random.default_rng([*who, *muscle.name.encode()]))
        tonic = muscle.excitation * (1 + muscle.drive_depth * slow_one)
        tonic = tonic * bouts(timing.rest_steps, muscle.active_share, rng)
        own = spasm_course(plan.spasms, muscle.name, timing.rest_steps)
        excitation = excitation_course(tonic, np.maximum(spasms[0], own[0]), timing, muscle.reference_excitation)
        excitation = np.concatenate([excitation, provoked.excitation[muscle.name]])
        channel, trains_s = _record(muscle, pool, excitation, spasms[1].union(own[1]), timing, rate_hz, rng)
        made.append(_Made(muscle, channel, trains_s, excitation, float(np.clip(tonic, 0.0, 1.0).mean())))
    return _recorded_visit(made, pairs, plan, amplifier, timing, provoked, seed)


class _Made(NamedTuple):
    """A muscle and its signal, before anything but electrode noise and mains is added."""

    muscle: SimulatedMuscle
    channel: SimulatedChannel
    trains_s: list[NDArray[np.float64]]
    excitation: Floats
    tonic: float


def _recorded_visit(
    made: Sequence[_Made],
    pairs: Sequence[tuple[str, str]],
    plan: VisitPlan,
    amplifier: Amplifier,
    timing: Timing,
    provoked: Provoked,
    seed: int | Sequence[int],
) -> SimulatedVisit:
    muscles, sources = {m.muscle.name: m.muscle for m in made}, {m.muscle.name: m.channel for m in made}
    n_samples, rate_hz = len(made[0].channel.samples_uv), made[0].channel.rate_hz
    heart = visit_heart(list(muscles.values()), plan, n_samples, rate_hz, seed)
    leads = {n: record_lead(m, sources, plan, amplifier, timing, heart, seed) for n, m in muscles.items()}
    channels = tuple(lead.channel for lead in leads.values())
    truth = {
        "muscles": {m.muscle.name: muscle_truth(c, m.trains_s, timing) for m, c in zip(made, channels, strict=True)},
        "pairs": {f"{a}/{b}": pair_truth(channels, a, b, timing) for a, b in pairs},
    }
    return SimulatedVisit(
        channels=channels,
        annotations=plan.marks(timing),
        discharges_s=tuple(m.trains_s for m in made),
        truth=truth,
        excitation=tuple(m.excitation for m in made),
        tonic=tuple(m.tonic for m in made),
        generated=generated_truth(muscles, leads, plan, amplifier, timing, provoked, heart),
        plan=plan,
        amplifier=amplifier,
        ecg_uv=amplified(plan.ecg_uv * heart.one_uv, rate_hz, amplifier) if plan.ecg_uv else None,
    )


def _check_names(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    absent = [name for pair in pairs for name in pair if name not in names]
    if absent or not names or len(set(names)) < len(names):
        found = f"muscles {list(names)!r}, pairs {list(pairs)!r}"
        raise SettingsError("SIMULATION_INVALID", f"{found}; each muscle once, and pairs of these, are needed")


def _record(
    muscle: SimulatedMuscle,
    pool: MotorUnitPool,
    excitation: Floats,
    spasms: Intervals,
    timing: Timing,
    rate_hz: float,
    rng: np.random.Generator,
) -> tuple[SimulatedChannel, list[NDArray[np.float64]]]:
    n_samples = round(timing.duration_s * rate_hz)
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
    line = {"rms_uv": muscle.mains_uv, "line_hz": muscle.mains_hz, "wander": muscle.mains_wander}
    line["drift_hz"] = muscle.mains_drift_hz
    return noise_uv + mains(n_samples, rate_hz, rng, harmonics=harmonics, **line)
