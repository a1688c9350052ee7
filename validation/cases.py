"""Seeded simulated cases and what the program says about them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe import array_recording, compute_frames, measure
from emgpipe.detectors.floor import Floor
from emgpipe.measures.rows import MeasureRow
from emgpipe.pipeline import Result
from emgpipe.simulate import (
    band_passed,
    band_rms_uv,
    electrode_noise,
    hardware_lowpass,
    scenario,
    single_unit,
    windowed_rms_uv,
)
from emgpipe.simulate.scenarios import gaussian_emg

Floats = NDArray[np.float64]

DURATION_S = 90.0
NOISE_UV = 1.5


@dataclass(frozen=True)
class Verdict:
    """Rows of one muscle by measure, and its floor."""

    rows: dict[str, MeasureRow]
    floor: Floor

    def value(self, name: str) -> float:
        """Value of a measure; NaN where there is none."""
        value = self.rows[name].value
        return np.nan if value is None else value


def judged(samples_uv: NDArray[np.float64], rate_hz: float, muscle: str = "TA_R") -> Verdict:
    """What the program says of one channel, declared rest, no parameter told."""
    recording = array_recording([samples_uv], [muscle], rate_hz)
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    return Verdict({row.measure: row for row in result.rows}, result.floors[muscle])


def scenario_case(name: str, seed: int, rate_hz: float) -> tuple[float, Verdict]:
    """True active fraction and verdict of one of the eight scenarios; the one with a heart is a trunk lead."""
    channel = scenario(name, seed, DURATION_S, rate_hz)
    muscle = "PSP_L" if name == "silent_ecg" else "TA_R"
    return channel.active_fraction, judged(channel.samples_uv, rate_hz, muscle)


def noise_case(level_uv: float, corner_hz: float, seed: int, rate_hz: float) -> Verdict:
    """Verdict on a silent muscle."""
    rng = np.random.default_rng([seed, int(level_uv * 10), int(corner_hz), int(rate_hz)])
    return judged(
        electrode_noise(int(DURATION_S * rate_hz), rate_hz, rng, band_rms_uv=level_uv, corner_hz=corner_hz), rate_hz
    )


@dataclass(frozen=True)
class Draw:
    """A drawn recording: kind of activity, RMS while on over floor, corner of the noise, rate, low-pass."""

    kind: str
    snr: float
    corner_hz: float
    rate_hz: float
    lowpass_hz: float
    seed: int


@dataclass(frozen=True)
class Drawn:
    """Verdict on a draw: floor over its truth, RMS of the EMG over the true floor, P10 over its truth."""

    draw: Draw
    floor_ratio: float
    confidence: str
    source: str
    still_s: int
    rms_over_floor: float
    rms_bias: float


def drawn_case(draw: Draw) -> Drawn:
    """Simulate and judge a draw."""
    rate = draw.rate_hz
    rng = np.random.default_rng([draw.seed, int(draw.snr * 100), int(draw.corner_hz), int(rate), int(draw.lowpass_hz)])
    n = int(DURATION_S * rate)
    noise = electrode_noise(n, rate, rng, band_rms_uv=NOISE_UV, corner_hz=draw.corner_hz)
    emg = _emg(draw, n, rng)
    if draw.lowpass_hz:
        noise, emg = (hardware_lowpass(x, rate, draw.lowpass_hz) for x in (noise, emg))
    verdict = judged(noise + emg, rate)
    true_uv = band_rms_uv(noise, rate)
    clean = windowed_rms_uv(band_passed(emg, rate), rate, 1.0, 1.0)
    truth = float(np.median(clean))
    bias = verdict.value("rest_rms_uv") / truth - 1 if truth > 3 * true_uv else np.nan
    floor = verdict.floor
    return Drawn(
        draw, floor.floor_uv / true_uv, floor.confidence, floor.source, floor.still_s,
        band_rms_uv(emg, rate) / true_uv, bias,
    )  # fmt: skip


def _emg(draw: Draw, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """EMG of a kind, RMS while on `snr` floors."""
    rate, level_uv = draw.rate_hz, draw.snr * NOISE_UV
    if draw.kind == "silent" or draw.snr == 0:
        return np.zeros(n)
    if draw.kind == "unit":
        return single_unit(draw.seed, DURATION_S, rate, discharge_hz=8.0, rms_uv=level_uv).samples_uv
    emg = gaussian_emg(n, rate, rng)
    emg *= level_uv / band_rms_uv(emg, rate)
    t = np.arange(n) / rate
    off = {"dense": t < 0, "bursts": t % 4 >= 2, "rare rest": (t >= 30) & (t < 36)}[draw.kind]
    return np.where(off, 0.0, emg)


def unit_case(discharge_hz: float, snr_db: float, seed: int, rate_hz: float) -> tuple[Verdict, float]:
    """Verdict on one unit that fires without end, and its P10 over that of the noise-free signal."""
    unit = single_unit(
        seed, DURATION_S, rate_hz, discharge_hz=discharge_hz, isi_cv=0.15, rms_uv=NOISE_UV * 10 ** (snr_db / 20)
    )
    rng = np.random.default_rng([seed, 7, int(rate_hz)])
    noise = electrode_noise(len(unit.samples_uv), rate_hz, rng, band_rms_uv=NOISE_UV)
    verdict = judged(unit.samples_uv + noise, rate_hz)
    truth = float(np.quantile(windowed_rms_uv(band_passed(unit.samples_uv, rate_hz), rate_hz), 0.1))
    return verdict, verdict.value("apdf_p10_uv") / truth


def pair_case(levels_uv: tuple[float, float], seed: int, rate_hz: float) -> tuple[Result, float]:
    """Result on a pair of independent muscles, and the noise-free overlap of their 100 ms envelopes."""
    n = int(DURATION_S * rate_hz)
    noisy, clean = [], []
    for i, level_uv in enumerate(levels_uv):
        rng = np.random.default_rng([seed, i, int(rate_hz), int(level_uv)])
        emg = gaussian_emg(n, rate_hz, rng)
        slow = 1 + 0.3 * np.sin(2 * np.pi * 0.2 * np.arange(n) / rate_hz + i)
        emg *= slow * level_uv / band_rms_uv(emg, rate_hz)
        clean.append(windowed_rms_uv(band_passed(emg, rate_hz), rate_hz, 0.1, 0.05))
        noisy.append(emg + electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV))
    recording = array_recording(noisy, ["TA_R", "GM_R"], rate_hz)
    result = measure(recording, compute_frames(recording, mains_hz=50), pairs=["TA_R/GM_R"], rest=True)
    return result, float(np.minimum(*clean).mean())


def length_case(kind: str, minutes: int, corner_hz: float, rate_hz: float) -> Floor:
    """Floor of the same kind of signal over a stated length; made in pieces of 10 minutes."""
    pieces = []
    for piece in range(-(-minutes // 10)):
        n = int(min(minutes * 60, 600) * rate_hz)
        rng = np.random.default_rng([3, piece, int(rate_hz), int(corner_hz)])
        noise = electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=corner_hz)
        emg = gaussian_emg(n, rate_hz, rng) * {"silent": 0.0, "dense": 20.0, "bursts": 20.0}[kind]
        if kind == "bursts":
            emg *= np.arange(n) / rate_hz % 4 < 2
        pieces.append((noise + emg).astype(np.float32))
    recording = array_recording([np.concatenate(pieces)], ["TA_R"], rate_hz)
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    return result.floors["TA_R"]


def random_bursts(n: int, rate_hz: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Where a muscle is on: bursts of 0.5-2 s, 1-4 s apart, none in the first and last 3 s."""
    t, on = 3.0, np.zeros(n, bool)
    while t < n / rate_hz - 5:
        length = rng.uniform(0.5, 2.0)
        on[round(t * rate_hz) : round((t + length) * rate_hz)] = True
        t += length + rng.uniform(1.0, 4.0)
    return on
