"""Simulated pairs of known crosstalk, overlap and common drive, and what the program says of them."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from emgpipe import array_recording, compute_frames, measure
from emgpipe.measures.rows import MeasureRow
from emgpipe.simulate import (
    band_passed,
    band_rms_uv,
    discharge_times_s,
    draw_pool,
    electrode_noise,
    mains,
    surface_emg,
    windowed_rms_uv,
)
from emgpipe.simulate.muap import draw_shapes
from emgpipe.simulate.noise import slow_noise
from emgpipe.simulate.scenarios import gaussian_emg
from validation.cases import Floats

NOISE_UV = 1.5
MUSCLES = ("TA_R", "GM_R")
COPIES = ("plain", "low-pass", "end effect")
COURSES = ("tonic", "bursts", "spasms")
SOURCES = ("gaussian", "one unit", "five units", "forty units")
STEP_S = 0.01


@dataclass(frozen=True)
class Muscle:
    """EMG of one muscle: source, RMS while on in floors (0: silent), course, and the share of slow common drive."""

    source: str = "gaussian"
    floors: float = 20.0
    course: str = "tonic"
    common: float = 0.0


@dataclass(frozen=True)
class Pair:
    """A pair to simulate: both muscles, what of the first stands in the second, and how it is recorded.

    Attributes
    ----------
    first, second : Muscle
        Agonist and antagonist.
    copy : float
        RMS of the copy over that of the first muscle.
    way : str
        One of `COPIES`.
    rates_hz : (float, float)
        Sampling rates.
    device : bool
        The device floor is stated.
    mains_uv : float
        RMS of mains in both.
    duration_s : float
        Seconds.
    common_hz : float
        Upper edge of the common drive.
    """

    first: Muscle
    second: Muscle
    copy: float = 0.0
    way: str = "plain"
    rates_hz: tuple[float, float] = (2000.0, 2000.0)
    device: bool = False
    mains_uv: float = 0.0
    duration_s: float = 60.0
    common_hz: float = 2.0


@dataclass(frozen=True)
class Said:
    """Rows of a pair and its muscles by (target, measure), the noise-free overlap, the RMS of the copy in floors."""

    rows: dict[tuple[str, str], MeasureRow]
    overlap_uv: float
    copy_floors: float

    def value(self, name: str) -> float:
        """Value of a measure of the pair; NaN where there is none."""
        value = self.rows["/".join(MUSCLES), name].value
        return np.nan if value is None else value

    def coded(self, target: str, name: str) -> bool:
        """Whether a row says that crosstalk is possible."""
        return "CROSSTALK_POSSIBLE" in self.rows[target, name].reason.split(";")

    @property
    def flagged(self) -> bool:
        """Whether the pair says that crosstalk is possible."""
        return self.coded("/".join(MUSCLES), "xt_r0")


def pair_case(pair: Pair, seed: int) -> Said:
    """Simulate a pair and judge it, declared rest."""
    rng = np.random.default_rng([seed, 24])
    common = slow_noise(round(pair.duration_s / STEP_S), 1 / STEP_S, pair.common_hz, rng)
    clean = [
        emg_uv(muscle, rate_hz, pair.duration_s, common, np.random.default_rng([seed, 25, i]))
        for i, (muscle, rate_hz) in enumerate(zip((pair.first, pair.second), pair.rates_hz, strict=True))
    ]
    heard = list(clean)
    level_uv = 0.0
    if pair.copy:
        over = copied(clean[0], pair.rates_hz[0], pair.way)
        level_uv = pair.copy * band_rms_uv(clean[0], pair.rates_hz[0])
        heard[1] = clean[1] + over * level_uv / band_rms_uv(over, pair.rates_hz[0])
    for i, rate_hz in enumerate(pair.rates_hz):
        own = np.random.default_rng([seed, 26, i])
        heard[i] = heard[i] + electrode_noise(len(heard[i]), rate_hz, own, band_rms_uv=NOISE_UV)
        if pair.mains_uv:
            heard[i] += mains(len(heard[i]), rate_hz, own, rms_uv=pair.mains_uv)
    return Said(_rows(pair, heard), overlap_uv(clean, pair.rates_hz), level_uv / NOISE_UV)


def _rows(pair: Pair, heard_uv: list[Floats]) -> dict[tuple[str, str], MeasureRow]:
    recording = array_recording(heard_uv, list(MUSCLES), list(pair.rates_hz))
    device = dict.fromkeys(MUSCLES, NOISE_UV) if pair.device else None
    frames = compute_frames(recording, mains_hz=50)
    result = measure(recording, frames, pairs=["/".join(MUSCLES)], rest=True, device_uv=device)
    return {(row.target, row.measure): row for row in result.rows}


def overlap_uv(clean_uv: list[Floats], rates_hz: tuple[float, float]) -> float:
    """Noise-free overlap of 100 ms envelopes."""
    envelopes = [
        windowed_rms_uv(band_passed(x, rate_hz), rate_hz, 0.1, 0.05)
        for x, rate_hz in zip(clean_uv, rates_hz, strict=True)
    ]
    n = min(map(len, envelopes))
    return float(np.minimum(envelopes[0][:n], envelopes[1][:n]).mean())


def emg_uv(muscle: Muscle, rate_hz: float, duration_s: float, common: Floats, rng: np.random.Generator) -> Floats:
    """EMG of a muscle, its RMS while on as stated; `common` is shared drive of unit SD every 10 ms."""
    n = round(duration_s * rate_hz)
    if not muscle.floors:
        return np.zeros(n)
    own = slow_noise(len(common), 1 / STEP_S, 2.0, rng)
    drive = np.clip(1 + muscle.common * common + 0.1 * own, 0.05, None)
    gate = course_of(muscle.course, len(drive), rng)
    at = np.minimum((np.arange(n) / rate_hz / STEP_S).astype(int), len(drive) - 1)
    if muscle.source == "gaussian":
        emg = gaussian_emg(n, rate_hz, rng) * (drive * gate)[at]
        steady = emg if muscle.course == "tonic" else emg[(gate == gate.max())[at]]
        return emg * muscle.floors * NOISE_UV / float(np.sqrt(np.mean(steady**2)))
    count = {"one unit": 1, "five units": 5, "forty units": 40}[muscle.source]
    shapes = draw_shapes(count, rng) if count < 40 else draw_pool(rng, n_units=count).shapes
    rates = rng.uniform(6.0, 12.0, count)
    trains = [discharge_times_s(np.clip(r * drive, 0.0, 45.0), STEP_S, 0.15, rng) for r in rates]
    emg = surface_emg(shapes, trains, n, rate_hz)
    emg *= muscle.floors * NOISE_UV / band_rms_uv(emg, rate_hz)
    return emg * gate[at]


def course_of(course: str, n_steps: int, rng: np.random.Generator) -> Floats:
    """Factor of a muscle: 1 all the time, in bursts for a fifth of it, or a tenth with three spasms of 3 s."""
    if course == "tonic":
        return np.ones(n_steps)
    gate = np.zeros(n_steps) if course == "bursts" else np.full(n_steps, 0.1)
    t_s = rng.uniform(1.0, 4.0)
    while t_s < n_steps * STEP_S - 4:
        length_s = rng.uniform(0.5, 1.5) if course == "bursts" else 3.0
        gate[round(t_s / STEP_S) : round((t_s + length_s) / STEP_S)] = 1.0
        t_s += length_s + (rng.uniform(3.0, 5.0) if course == "bursts" else rng.uniform(12.0, 18.0))
    return gate


def copied(emg: Floats, rate_hz: float, way: str) -> Floats:
    """What arrives over another muscle: as it is, damped by distance, or of end effects, 0.5 ms later."""
    if way == "plain":
        return emg
    if way == "low-pass":
        return np.asarray(signal.sosfilt(signal.butter(2, 150.0, fs=rate_hz, output="sos"), emg), np.float64)
    sharp = signal.sosfilt(signal.butter(1, 150.0, "highpass", fs=rate_hz, output="sos"), emg)
    f = np.fft.rfftfreq(len(emg), 1 / rate_hz)
    return np.asarray(np.fft.irfft(np.fft.rfft(sharp) * np.exp(-2j * np.pi * f * 0.0005), len(emg)), np.float64)
