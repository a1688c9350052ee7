"""Spasms on a muscle at rest: which are found, how well ends and area agree with the drive, and what is none."""

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
from emgpipe.simulate.motor_units import unit_energies
from emgpipe.simulate.noise import slow_noise
from emgpipe.simulate.scenarios import gaussian_emg

Floats = NDArray[np.float64]

STEP_S = 0.01
NOISE_UV = 1.5
TOLERANCE_S = 0.25
SLOW_HZ = 2.0


@dataclass(frozen=True)
class Rest:
    """A rest that is drawn: kind of muscle, tonic level in floors, depth of the slow drive, rate, minutes, seed.

    `db` is the height of the plateaus over the tonic level, or over 2 floors where that is more. Kinds: `gaussian`
    and `pool` (motor units).
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
        plateau_uv = high * max(tonic_uv, 2 * NOISE_UV)
        spasms_uv = (tonic_uv + (plateau_uv - tonic_uv) * course(plan, seconds)) * (slow if rest.shaken else 1.0)
        envelope_uv = np.maximum(np.maximum(tonic_uv * slow, spasms_uv * (course(plan, seconds) > 0)), 0.0)
        emg = gaussian_emg(n, rest.rate_hz, rng)
        emg /= band_rms_uv(emg, rest.rate_hz)
        return emg * np.interp(np.arange(n) / rest.rate_hz, np.arange(len(slow)) * STEP_S, envelope_uv), envelope_uv
    pool = draw_pool(rng)
    energies = unit_energies(pool.shapes, rest.rate_hz)
    base = float(rng.uniform(0.02, 0.1))
    scale = rest.tonic * NOISE_UV / _rms(pool, energies, np.array([base]))[0]
    steps = np.linspace(base, 1.0, 400)
    top = float(np.interp(high * max(rest.tonic, 2.0) * NOISE_UV, scale * _rms(pool, energies, steps), steps))
    spasms = (base + (top - base) * course(plan, seconds)) * (slow if rest.shaken else 1.0)
    drive = np.clip(np.maximum(base * slow, spasms * (course(plan, seconds) > 0)), 0.0, 1.0)
    emg = scale * surface_emg(pool.shapes, pool_discharges_s(pool, drive, STEP_S, rng), n, rest.rate_hz)
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
    """Starts and ends of the noise-free course, by the words of the definition: shape (n, 2), seconds."""
    t = np.arange(len(envelope_uv)) * STEP_S
    tonic_uv = float(np.quantile(envelope_uv, 0.25))
    between = course(plan, len(envelope_uv) * STEP_S) == 0
    mad_uv = float(np.median(np.abs(envelope_uv[between] - np.median(envelope_uv[between]))))
    level_uv = max(tonic_uv + 5 * mad_uv, 5 * NOISE_UV)
    out = []
    for one in plan:
        ramp_s, top_s, down_s, last_s = one.corners_s
        peak_uv = float(np.median(envelope_uv[(t >= top_s) & (t < down_s)]))
        rising = t[(t >= ramp_s) & (envelope_uv > level_uv)]
        falling = t[(t >= down_s) & (envelope_uv < tonic_uv + 0.2 * (peak_uv - tonic_uv))]
        out.append((rising[0], min(falling[0], last_s)))
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
