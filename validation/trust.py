"""Random recordings of known truth: the floor, the bracket of the active fraction, false alarms, edges of bursts."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from emgpipe import array_recording, compute_frames, measure
from emgpipe.detectors.activity import WINDOW_HOPS
from emgpipe.pipeline import Result
from emgpipe.simulate import band_rms_uv, electrode_noise, hardware_lowpass, mains, single_unit
from emgpipe.simulate.scenarios import gaussian_emg
from validation.cases import Floats, random_bursts
from validation.checks import Check, Each

RATES_HZ = (500.0, 1000.0, 2048.0, 4000.0)
KINDS = ("silent", "dense", "bursts", "one unit", "five units", "rare rest")
CORNERS_HZ = (0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 150.0)
LOWPASS_HZ = (0.0, 0.0, 500.0, 1000.0)
DRAWS_A_SEED = 120
DURATION_S = 90.0
ON_FLOORS, OFF_FLOORS = 1.31, 0.75
"""Truth: on from here, silent below here; between, no verdict is scored (definitions, section 3)."""


@dataclass(frozen=True)
class Drawn:
    """A drawn recording and its verdict; NaN where there is none."""

    kind: str
    rate_hz: float
    snr_db: float
    corner_hz: float
    lowpass_hz: float
    on_floors: float
    truth: float
    value: float
    low: float
    high: float
    status: str
    floor_ratio: float
    confidence: str


def draw_case(number: int) -> Drawn:
    """Draw, simulate and judge one recording."""
    rng = np.random.default_rng([77, number])
    rate_hz, kind = RATES_HZ[number % 4], KINDS[number // 4 % 6]
    snr_db, corner_hz = float(rng.uniform(-6, 30)), float(rng.choice(CORNERS_HZ))
    lowpass_hz = float(rng.choice(LOWPASS_HZ))
    lowpass_hz = lowpass_hz if lowpass_hz < 0.45 * rate_hz else 0.0
    noise_uv = float(rng.uniform(0.7, 4.0))
    n = int(DURATION_S * rate_hz)
    noise = electrode_noise(n, rate_hz, rng, band_rms_uv=noise_uv, corner_hz=corner_hz)
    emg, on = _muscle(kind, n, rate_hz, noise_uv * 10 ** (snr_db / 20), rng, number)
    if lowpass_hz:
        noise, emg = (hardware_lowpass(x, rate_hz, lowpass_hz) for x in (noise, emg))
    floor_uv = band_rms_uv(noise, rate_hz)
    on_floors = band_rms_uv(emg, rate_hz) / np.sqrt(on.mean()) / floor_uv if on.any() else 0.0
    truth = 0.0 if on_floors < OFF_FLOORS else float(on.mean()) if on_floors > ON_FLOORS else np.nan
    result = _judged(noise + emg, rate_hz)
    rows = {r.measure: r for r in result.rows}
    value, low, high = (_number(rows[name].value) for name in ("act_frac", "act_frac_lo", "act_frac_hi"))
    floor = result.floors["TA_R"]
    return Drawn(kind, rate_hz, snr_db, corner_hz, lowpass_hz, on_floors, truth, value, low, high,
                 rows["act_frac"].status, floor.floor_uv / floor_uv, floor.confidence)  # fmt: skip


def _muscle(
    kind: str, n: int, rate_hz: float, level_uv: float, rng: np.random.Generator, seed: int
) -> tuple[Floats, np.ndarray]:
    if kind == "silent":
        return np.zeros(n), np.zeros(n, bool)
    if kind.endswith(("unit", "units")):
        count = 5 if kind.startswith("five") else 1
        trains = [
            single_unit(10 * seed + i, DURATION_S, rate_hz, discharge_hz=rng.uniform(5.5, 12.0),
                        rms_uv=level_uv / np.sqrt(count)).samples_uv
            for i in range(count)
        ]  # fmt: skip
        return np.sum(trains, axis=0), np.ones(n, bool)
    emg = gaussian_emg(n, rate_hz, rng)
    emg *= level_uv / band_rms_uv(emg, rate_hz)
    t = np.arange(n) / rate_hz
    on = {"dense": t >= 0, "rare rest": (t < 40) | (t >= 48)}.get(kind)
    on = random_bursts(n, rate_hz, rng) if on is None else on
    return np.where(on, emg, 0.0), on


def _judged(samples_uv: Floats, rate_hz: float) -> Result:
    recording = array_recording([samples_uv], ["TA_R"], rate_hz)
    return measure(recording, compute_frames(recording, mains_hz=50), rest=True)


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def false_alarm_case(rate_hz: float, corner_hz: float, seed: int) -> tuple[int, int]:
    """Active windows and all windows in ten minutes of noise."""
    rng = np.random.default_rng([seed, 3, int(rate_hz), int(corner_hz)])
    x = electrode_noise(int(600 * rate_hz), rate_hz, rng, band_rms_uv=1.5, corner_hz=corner_hz)
    judged = _judged(x, rate_hz).judged["TA_R"]
    active = judged.activity.states == 1
    return int(np.ceil(active.sum() / WINDOW_HOPS)), len(active) // (WINDOW_HOPS // 2)


def edge_case(rate_hz: float, hum: bool, seed: int) -> tuple[list[float], list[float]]:  # noqa: FBT001
    """Errors of the starts and stops of isolated bursts of 40 µV, s."""
    rng = np.random.default_rng([seed, 9, int(rate_hz)])
    n = int(DURATION_S * rate_hz)
    emg = gaussian_emg(n, rate_hz, rng)
    emg *= 40.0 / band_rms_uv(emg, rate_hz)
    on = random_bursts(n, rate_hz, rng)
    x = np.where(on, emg, 0.0) + electrode_noise(n, rate_hz, rng, band_rms_uv=1.5, corner_hz=10.0)
    if hum:
        x = x + mains(n, rate_hz, rng, rms_uv=40.0, harmonics=(1, 0.1, 0.3, 0.05, 0.15, 0.08), drift_hz=0.2)
    found = [(i.start_s, i.stop_s) for i in _judged(x, rate_hz).intervals if i.kind == "active"]
    edges = np.flatnonzero(np.diff(on.astype(int))) + 1
    starts, stops = edges[::2] / rate_hz, edges[1::2] / rate_hz
    near = lambda values, t: float(min((v - t for v in values), key=abs, default=np.inf))  # noqa: E731
    return [near([a for a, _ in found], t) for t in starts], [near([b for _, b in found], t) for t in stops]


def trust(each: Each, seeds: int) -> list[Check]:
    """Every check on random recordings, and those beside them."""
    drawn: list[Drawn] = each(draw_case, [(number,) for number in range(max(DRAWS_A_SEED * seeds, 240))])
    return [_floors(drawn), _brackets(drawn), _withheld(drawn), _false_alarms(each, seeds), _edges(each, seeds)]


def _floors(drawn: list[Drawn]) -> Check:
    weak = [d for d in drawn if d.confidence == "high" and d.on_floors < 3]
    rows = []
    for corner_hz in CORNERS_HZ:
        group = [d.floor_ratio for d in weak if d.corner_hz == corner_hz]
        if group:
            inside = np.mean([0.9 <= r <= 1.1 for r in group])
            rows.append((f"{corner_hz:g}", str(len(group)), f"{min(group):.2f}-{max(group):.2f}", f"{inside:.3f}"))
    claimed = [0.9 <= d.floor_ratio <= 1.1 for d in weak if d.corner_hz <= 20]
    return Check(
        "Random recordings: floor over true floor, confidence high, RMS below 3 floors",
        "0.9-1.1 in >= 95 % where noise is white or 1/f with a corner <= 20 Hz; by corner beyond that",
        f"{np.mean(claimed):.3f} of {len(claimed)}",
        bool(np.mean(claimed) >= 0.95),
        ("corner, Hz", "recordings", "floor / true floor", "share in 0.9-1.1"),
        tuple(rows),
    )


def _brackets(drawn: list[Drawn]) -> Check:
    """Truth within the bracket; noise of the corners that the definitions can tell from EMG."""
    rows, holds, said = [], True, []
    goals = {"high": 0.05, "medium": 0.2, "low": np.inf}
    for confidence, widest in goals.items():
        group = [d for d in drawn if d.confidence == confidence and np.isfinite(d.truth) and np.isfinite(d.value)]
        below = np.mean([d.low - 0.005 <= d.truth for d in group])
        inside = np.mean([d.low - 0.005 <= d.truth <= d.high + 0.005 for d in group])
        width = float(np.median([d.high - d.low for d in group]))
        share = below if confidence == "low" else inside
        holds &= bool(share >= (1.0 if confidence == "low" else 0.95) and width <= widest)
        said.append(f"{confidence} {share:.3f} (width {width:.3f})")
        rows.append((confidence, str(len(group)), f"{inside:.3f}", f"{below:.3f}", f"{width:.3f}"))
    return Check(
        "Random recordings: truth within act_frac_lo .. act_frac_hi (0.005 either side)",
        "high and medium >= 95 %, median width <= 0.05 and <= 0.2; low: the lower bound <= truth",
        ", ".join(said),
        holds,
        ("confidence", "recordings", "truth inside", "lower bound <= truth", "median width"),
        tuple(rows),
    )


def _withheld(drawn: list[Drawn]) -> Check:
    rows = []
    for rate_hz, filtered in product(RATES_HZ, (False, True)):
        group = [d for d in drawn if d.rate_hz == rate_hz and bool(d.lowpass_hz) == filtered]
        if group:
            told = [f"{np.mean([not np.isfinite(d.value) for d in part]):.2f}" if part else "-" for part in (
                [d for d in group if d.snr_db < 6 or d.kind == "silent"],
                [d for d in group if d.snr_db >= 6 and d.kind != "silent"],
            )]  # fmt: skip
            rows.append((f"{rate_hz:g}", "yes" if filtered else "no", str(len(group)), *told))
    clear = [d for d in drawn if d.rate_hz >= 2000 and not d.lowpass_hz and d.snr_db >= 6 and d.kind != "silent"]
    share = float(np.mean([not np.isfinite(d.value) for d in clear]))
    return Check(
        "Random recordings: share undeterminable",
        "<= 5 % with SNR >= 6 dB at >= 2 kHz without hardware low-pass; by class beside it",
        f"{share:.3f} of {len(clear)}",
        share <= 0.05,
        ("rate, Hz", "hardware low-pass", "recordings", "SNR < 6 dB or silent", "SNR >= 6 dB"),
        tuple(rows),
    )


def _false_alarms(each: Each, seeds: int) -> Check:
    kinds = list(product((1000.0, 2000.0), (0.0, 10.0, 20.0)))
    keys = [(*kind, seed) for kind in kinds for seed in range(max(10, 3 * seeds))]
    said = dict(zip(keys, each(false_alarm_case, keys), strict=True))
    rows, worst = [], 0.0
    for rate_hz, corner_hz in kinds:
        group = [v for k, v in said.items() if k[:2] == (rate_hz, corner_hz)]
        share = sum(a for a, _ in group) / sum(n for _, n in group)
        worst = max(worst, share)
        rows.append((f"{rate_hz:g}", f"{corner_hz:g}", f"{len(group) / 6:.1f}", f"{share:.1e}"))
    return Check(
        "False alarms in silence",
        "<= 1e-4 a window on noise, white and 1/f, in 10 h",
        f"largest share {worst:.1e} in {len(keys) / 6:.0f} h",
        worst <= 1e-4,
        ("rate, Hz", "corner, Hz", "hours", "active windows"),
        tuple(rows),
    )


def _edges(each: Each, seeds: int) -> Check:
    kinds = list(product((1000.0, 2000.0), (False, True)))
    rows, worst, bias = [], 0.0, 0.0
    for rate_hz, hum in kinds:
        found = each(edge_case, [(rate_hz, hum, seed) for seed in range(max(seeds, 2))])
        errors = [np.array([e for part in found for e in part[side]]) for side in (0, 1)]
        worst = max(worst, *(float(np.median(np.abs(e))) for e in errors))
        bias = max(bias, *(abs(float(np.median(e))) for e in errors))
        said = [f"{1e3 * np.median(e):+.0f} ({1e3 * np.quantile(e, 0.25):+.0f} to {1e3 * np.quantile(e, 0.75):+.0f})"
                for e in errors]  # fmt: skip
        rows.append((f"{rate_hz:g}", "40 uV, drifting" if hum else "none", str(len(errors[0])), *said))
    return Check(
        "Edges of isolated bursts of 40 µV",
        "median error <= 25 ms; the same with mains: no bias from ringing",
        f"largest median error {1e3 * worst:.0f} ms, largest bias {1e3 * bias:.0f} ms",
        worst <= 0.025,
        ("rate, Hz", "mains", "bursts", "start: median (quartiles), ms", "stop"),
        tuple(rows),
    )
