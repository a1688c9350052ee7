"""Simulated rests with spasms, and what the program says about them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe import array_recording, compute_frames, measure
from emgpipe.pipeline import Result
from emgpipe.simulate import (
    MotorUnitPool,
    band_passed,
    band_rms_uv,
    discharge_rates_hz,
    draw_pool,
    electrode_noise,
    heart_train,
    mains,
    pool_discharges_s,
    surface_emg,
    windowed_rms_uv,
)
from emgpipe.simulate.drive import bouts
from emgpipe.simulate.motor_units import unit_energies
from emgpipe.simulate.noise import slow_noise
from emgpipe.simulate.scenarios import gaussian_emg

Floats = NDArray[np.float64]

STEP_S = 0.01
NOISE_UV = 1.5
TOLERANCE_S = 0.25
LENGTH_SHARE = 0.2
SLOW_HZ = 2.0
LEAST_FLOORS = 2.0
CLAIMED_DB = 10.0


@dataclass(frozen=True)
class Rest:
    """A rest that is drawn: kind of muscle, tonic level in floors, depth of the slow drive, rate, minutes, seed.

    `db` is the height of the plateaus over the tonic level, or over 2 floors where that is more. Kinds: `gaussian`,
    `pool` (motor units) and `units` (one to three of them). `shaken`: the slow drive moves the plateaus too.
    """

    kind: str
    tonic: float
    depth: float
    db: float
    rate_hz: float
    minutes: float
    seed: int
    shaken: bool = False


@dataclass(frozen=True)
class Planned:
    """Corners of one spasm, seconds: start of the ramp, start and end of the plateau, end of the decay."""

    corners_s: tuple[float, float, float, float]

    @property
    def decay_s(self) -> float:
        """Length of the decay."""
        return self.corners_s[3] - self.corners_s[2]


@dataclass(frozen=True)
class Found:
    """What was found in a rest against truth.

    Attributes
    ----------
    true_s, found_s : ndarray, shape (n, 2)
        Starts and ends.
    decays_s, plateaus_s : ndarray
        Of the true ones.
    area_ratio : float
        `spasm_auc_uvs_min` over that of the noise-free signal between the true ends.
    """

    rest: Rest
    true_s: Floats
    found_s: Floats
    decays_s: Floats
    plateaus_s: Floats
    area_ratio: float


def planned(seconds: float, rng: np.random.Generator) -> list[Planned]:
    """Draw spasms: ramp 0.1-0.5 s, plateau 1-60 s, decay 0.5-20 s (both even in their logarithm), pauses 10-60 s."""
    out, t = [], rng.uniform(10, 40)
    while True:
        plateau_s, decay_s = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in ((1.0, 60.0), (0.5, 20.0)))
        corners = t + np.cumsum([0.0, rng.uniform(0.1, 0.5), plateau_s, decay_s])
        if corners[-1] > seconds - 10:
            return out
        out.append(Planned((corners[0], corners[1], corners[2], corners[3])))
        t = corners[-1] + rng.uniform(10, 60)


def course(plan: list[Planned], seconds: float) -> Floats:
    """Height of the spasms, 0 to 1, in steps of 10 ms."""
    t = np.arange(round(seconds / STEP_S)) * STEP_S
    out = np.zeros(len(t))
    for one in plan:
        out = np.maximum(out, np.interp(t, one.corners_s, [0.0, 1.0, 1.0, 0.0], left=0.0, right=0.0))
    return out


def simulated(rest: Rest, plan: list[Planned], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """EMG without noise, µV, and the RMS that its drive makes, µV in steps of 10 ms."""
    seconds = rest.minutes * 60
    n = round(seconds * rest.rate_hz)
    slow = 1 + rest.depth * slow_noise(round(seconds / STEP_S), 1 / STEP_S, SLOW_HZ, rng)
    high = 10 ** (rest.db / 20)
    if rest.kind == "gaussian":
        tonic_uv = rest.tonic * NOISE_UV
        plateau_uv = high * max(tonic_uv, LEAST_FLOORS * NOISE_UV)
        spasms_uv = (tonic_uv + (plateau_uv - tonic_uv) * course(plan, seconds)) * (slow if rest.shaken else 1.0)
        envelope_uv = np.maximum(np.maximum(tonic_uv * slow, spasms_uv * (course(plan, seconds) > 0)), 0.0)
        emg = gaussian_emg(n, rest.rate_hz, rng)
        emg /= band_rms_uv(emg, rest.rate_hz)
        return emg * np.interp(np.arange(n) / rest.rate_hz, np.arange(len(slow)) * STEP_S, envelope_uv), envelope_uv
    pool = draw_pool(rng)
    energies = unit_energies(pool.shapes, rest.rate_hz)
    base, number = float(rng.uniform(0.02, 0.1)), len(energies)
    if rest.kind == "units":  # alone, at a drive whose slow changes stop none of them
        number = int(rng.integers(1, 4))
        base = float(pool.threshold[number - 1]) / (1 - 4 * rest.depth)
        energies[number:] = 0.0
    scale = rest.tonic * NOISE_UV / _rms(pool, energies, np.array([base]))[0]
    steps = np.linspace(base, 1.0, 400)
    top = float(np.interp(high * max(rest.tonic, LEAST_FLOORS) * NOISE_UV, scale * _rms(pool, energies, steps), steps))
    spasms = (base + (top - base) * course(plan, seconds)) * (slow if rest.shaken else 1.0)
    drive = np.clip(np.maximum(base * slow, spasms * (course(plan, seconds) > 0)), 0.0, 1.0)
    emg = scale * surface_emg(pool.shapes, pool_discharges_s(pool, drive, STEP_S, rng)[:number], n, rest.rate_hz)
    return emg, scale * _rms(pool, energies, drive)


def _rms(pool: MotorUnitPool, energies: Floats, drive: Floats) -> Floats:
    return np.concatenate(
        [np.sqrt((energies[:, None] * discharge_rates_hz(pool, part)).sum(0)) for part in np.array_split(drive, 20)
         if len(part)]
    )  # fmt: skip


def recorded(emg_uv: Floats, rate_hz: float, rng: np.random.Generator) -> Result:
    """What the program says of a trunk lead with noise, mains and heart beats."""
    n = len(emg_uv)
    x = emg_uv + electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0)
    x += mains(n, rate_hz, rng, rms_uv=10.0, harmonics=(1.0, 0.0, 0.3), wander=0.05)
    x += heart_train(n, rate_hz, rng, peak_uv=100.0).samples_uv
    recording = array_recording([x], ["PSP_L"], rate_hz)
    return measure(recording, compute_frames(recording, mains_hz=50), rest=True)


def truth_s(plan: list[Planned], envelope_uv: Floats) -> Floats:
    """Starts and ends of the noise-free course, by the words of the definition: shape (n, 2), seconds.

    One that never passes the level of the definition counts from the start of its ramp: it was drawn.
    """
    t = np.arange(len(envelope_uv)) * STEP_S
    tonic_uv = float(np.quantile(envelope_uv, 0.25))
    between = course(plan, len(envelope_uv) * STEP_S) == 0
    mad_uv = float(np.median(np.abs(envelope_uv[between] - np.median(envelope_uv[between]))))
    out = []
    for one in plan:
        ramp_s, top_s, down_s, last_s = one.corners_s
        peak_uv = float(np.median(envelope_uv[(t >= top_s) & (t < down_s)]))
        end_uv = tonic_uv + 0.2 * (peak_uv - tonic_uv)
        rising = t[(t >= ramp_s) & (envelope_uv > max(tonic_uv + 5 * mad_uv, min(5 * NOISE_UV, end_uv)))]
        falling = t[(t >= down_s) & (envelope_uv < end_uv)]
        out.append((rising[0] if len(rising) else ramp_s, min(falling[0], last_s)))
    return np.array(out).reshape(-1, 2)


def spasm_case(rest: Rest) -> Found:
    """Draw a rest, measure it, and put truth beside it."""
    rng = np.random.default_rng([rest.seed, len(rest.kind), int(rest.tonic * 10), int(rest.depth * 100),
                                 int(rest.db * 10), int(rest.rate_hz)])  # fmt: skip
    plan = planned(rest.minutes * 60, rng)
    emg_uv, envelope_uv = simulated(rest, plan, rng)
    result = recorded(emg_uv, rest.rate_hz, rng)
    true_s = truth_s(plan, envelope_uv)
    area = next(r.value for r in result.rows if r.measure == "spasm_auc_uvs_min")
    return Found(
        rest, true_s, spasms_of(result), np.array([p.decay_s for p in plan]),
        np.array([p.corners_s[2] - p.corners_s[1] for p in plan]),
        (np.nan if area is None else area) / _area(emg_uv, rest.rate_hz, true_s),
    )  # fmt: skip


def spasms_of(result: Result, target: str = "PSP_L") -> Floats:
    """Starts and ends of the spasms of a muscle: shape (n, 2)."""
    found = [(r.start_s, r.stop_s) for r in result.intervals if (r.target, r.kind) == (target, "spasm")]
    return np.array(found).reshape(-1, 2)


def _area(emg_uv: Floats, rate_hz: float, true_s: Floats) -> float:
    """Area a minute of the noise-free RMS of 250 ms above its P25, between the true ends, µV s."""
    step_s, window_s = 0.025, 0.25
    rms_uv = windowed_rms_uv(band_passed(emg_uv, rate_hz), rate_hz, window_s, step_s)
    middles_s = np.arange(len(rms_uv)) * round(step_s * rate_hz) / rate_hz + window_s / 2
    inside = np.zeros(len(rms_uv), bool)
    for start_s, stop_s in true_s:
        inside |= (middles_s >= start_s) & (middles_s < stop_s)
    return float((rms_uv[inside] - np.quantile(rms_uv, 0.25)).sum() * step_s / (len(emg_uv) / rate_hz / 60))


def long_case(rest_s: float, rate_hz: float, seed: int) -> tuple[int, float]:
    """Number of spasms found in a rest with one of 60 s, and the largest error of its two ends, seconds."""
    rng = np.random.default_rng([seed, int(rest_s), int(rate_hz)])
    rest = Rest("gaussian", 4.0, 0.15, CLAIMED_DB, rate_hz, rest_s / 60, seed)
    start_s = (rest_s - 62.0) * float(rng.uniform(0.2, 0.8))
    plan = [Planned((start_s, start_s + 0.3, start_s + 60.3, start_s + 61.3))]
    emg_uv, envelope_uv = simulated(rest, plan, rng)
    found_s = spasms_of(recorded(emg_uv, rate_hz, rng))
    errors = np.abs(found_s - truth_s(plan, envelope_uv)) if len(found_s) == 1 else np.array([np.nan])
    return len(found_s), float(errors.max())


def tonic_case(kind: str, tonic: float, depth: float, minutes: float, seed: int) -> int:
    """Number of spasms found in a tonic muscle."""
    rng = np.random.default_rng([seed, len(kind), int(tonic * 10), int(depth * 100)])
    rest = Rest(kind, tonic, depth, 0.0, 1000.0, minutes, seed)
    emg_uv, _ = simulated(rest, [], rng)
    return len(spasms_of(recorded(emg_uv, rest.rate_hz, rng)))


def bouts_case(share: float, minutes: float, seed: int) -> int:
    """Number of spasms found in a muscle of 8 floors that is on and off, in bouts of about 6 s."""
    rng = np.random.default_rng([seed, int(share * 100)])
    n = round(minutes * 60 * 1000)
    on = np.interp(np.arange(n) / 1000, np.arange(n // 10) * STEP_S, bouts(n // 10, share, rng))
    emg = gaussian_emg(n, 1000.0, rng)
    return len(spasms_of(recorded(8 * NOISE_UV * on * emg / band_rms_uv(emg, 1000.0), 1000.0, rng)))


def matched(true_s: Floats, found_s: Floats, *, ends: str = "start") -> int:
    """Spasms that agree, each with one of the other: in their start to 250 ms, and in their end as `ends` says.

    `start`: not at all; `both`: to 250 ms; `length`: to 250 ms or 20 % of the length.
    """
    left = list(range(len(found_s)))
    count = 0
    for start_s, stop_s in true_s:
        allowed_s = {"start": np.inf, "both": TOLERANCE_S}.get(
            ends, max(TOLERANCE_S, LENGTH_SHARE * (stop_s - start_s))
        )
        fit = [
            k for k in left if abs(found_s[k, 0] - start_s) <= TOLERANCE_S and abs(found_s[k, 1] - stop_s) <= allowed_s
        ]
        if fit:
            left.remove(fit[0])
            count += 1
    return count


def f1(group: list[Found], ends: str = "start") -> float:
    """F1 of a group of rests; NaN without a spasm."""
    hits = sum(matched(one.true_s, one.found_s, ends=ends) for one in group)
    said = sum(len(one.true_s) + len(one.found_s) for one in group)
    return 2 * hits / said if said else np.nan


def end_errors_s(group: list[Found]) -> tuple[Floats, Floats]:
    """Decays of the true spasms whose start is found, and the error of their ends, seconds."""
    decays, errors = [], []
    for one in group:
        for (start_s, stop_s), decay_s in zip(one.true_s, one.decays_s, strict=True):
            near = one.found_s[np.abs(one.found_s[:, 0] - start_s) <= TOLERANCE_S]
            if len(near):
                decays.append(decay_s)
                errors.append(near[0, 1] - stop_s)
    return np.array(decays), np.array(errors)
