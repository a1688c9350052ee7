"""Responses to stimuli of known latency and size: latency, area, habituation, leaks, false responses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from emgpipe import array_recording, compute_frames, measure
from emgpipe.detectors.evoked import habituation
from emgpipe.pipeline import Result, evoked_stretches
from emgpipe.recording import Annotation, Recording
from emgpipe.simulate import (
    band_passed,
    band_rms_uv,
    draw_pool,
    electrode_noise,
    pool_discharges_s,
    reflex_drive,
    single_unit,
    stimulus_artefact,
    surface_emg,
)
from emgpipe.simulate.drive import STEP_S
from emgpipe.simulate.scenarios import gaussian_emg
from validation.cases import Floats
from validation.checks import Check, Each

RATES_HZ = (1000.0, 2000.0, 2048.0)
KINDS = ("Gaussian", "motor units")
LEVELS_DB = (0.0, 5.0, 10.0, 20.0, 30.0)
NOISE_UV = 1.5
TRIALS = 16
PACE_S = 6.0
AREA_DB = 30.0
"""Bursts of 30 dB are a response of about 13 dB from 40 ms to 5 s: its tail begins 10 dB lower and halves in 0.6 s."""
BURST_S = 0.04
TONE_HZ = 733.0
"""Outside the band: of a switching supply."""
ONSET_SHARE = 0.1
"""A response of motor units begins where its noise-free EMG first passes this share of its first peak."""


@dataclass(frozen=True)
class Plan:
    """A simulated recording: EMG of the response, rate, tonic µV, dB over the level before, artefact, habituation."""

    kind: str
    rate_hz: float
    tonic_uv: float = 0.0
    tonic: str = "Gaussian"
    db: float | None = None
    artefact_uv: float = 0.0
    tail_s: float = 0.002
    habituation: float = 1.0
    pace_s: float = PACE_S
    n_trials: int = TRIALS
    tone_uv: float = 0.0

    @property
    def over(self) -> str:
        """What the response stands on, in words."""
        over = f"{self.tonic_uv:g} µV {self.tonic}" if self.tonic_uv else "noise"
        return over + (f", tone of {self.tone_uv:g} µV at {TONE_HZ:g} Hz" if self.tone_uv else "")


@dataclass(frozen=True, eq=False)
class Made:
    """Samples, stimuli, and the truth by trial: latency in s, area in µV s."""

    samples_uv: Floats
    stimuli_s: Floats
    latencies_s: Floats
    areas_uvs: Floats


@dataclass(frozen=True)
class Answer:
    """Errors of one recording; NaN without value."""

    plan: Plan
    errors_ms: tuple[float, ...]
    responds: float
    area_ratio: float
    slope_error: float
    slope_status: str
    lat_ms: float
    said: str


def simulated(plan: Plan, seed: int) -> Made:
    """Draw a recording."""
    rng = np.random.default_rng([seed, 23, int(plan.rate_hz)])
    n = int((2.0 + plan.pace_s * plan.n_trials) * plan.rate_hz)
    stimuli_s = 1.0 + plan.pace_s * np.arange(plan.n_trials) + rng.uniform(0, 0.3, plan.n_trials)
    tonic = _tonic(plan, n, rng, seed)
    noise = electrode_noise(n, plan.rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0)
    response, latencies_s = np.zeros(n), np.full(plan.n_trials, np.nan)
    if plan.db is not None:
        level_uv = np.hypot(NOISE_UV, plan.tonic_uv) * 10 ** (plan.db / 20)
        response, latencies_s = _response(plan, n, stimuli_s, level_uv, rng)
    artefact = stimulus_artefact(n, plan.rate_hz, stimuli_s, peak_uv=plan.artefact_uv, tail_s=plan.tail_s)
    tone = plan.tone_uv * np.sin(2 * np.pi * TONE_HZ * np.arange(n) / plan.rate_hz)
    return Made(
        noise + tonic + response + artefact + tone,
        stimuli_s,
        latencies_s,
        _areas_uvs(tonic + response, stimuli_s, plan.rate_hz),
    )


def _tonic(plan: Plan, n: int, rng: np.random.Generator, seed: int) -> Floats:
    if not plan.tonic_uv:
        return np.zeros(n)
    if plan.tonic == "Gaussian":
        emg = gaussian_emg(n, plan.rate_hz, rng)
        return emg * plan.tonic_uv / band_rms_uv(emg, plan.rate_hz)
    count = int(plan.tonic.split()[0])
    level_uv = plan.tonic_uv / np.sqrt(count)
    trains = [
        single_unit(100 * seed + i, n / plan.rate_hz, plan.rate_hz, discharge_hz=rng.uniform(6, 12), rms_uv=level_uv)
        for i in range(count)
    ]
    return np.asarray(np.sum([train.samples_uv[:n] for train in trains], axis=0), np.float64)


def _response(
    plan: Plan, n: int, stimuli_s: Floats, level_uv: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """EMG of the responses, RMS of the first burst `level_uv` (mean over trials, over gain), and latencies."""
    if plan.kind == "Gaussian":
        step_s = 1 / plan.rate_hz
        drive = reflex_drive(n, stimuli_s, rng, level=1.0, habituation=plan.habituation, step_s=step_s)
        emg = gaussian_emg(n, plan.rate_hz, rng)
        return emg * drive.excitation * level_uv / band_rms_uv(emg, plan.rate_hz), drive.latencies_s
    drive = reflex_drive(round(n / plan.rate_hz / STEP_S) + 1, stimuli_s, rng, level=0.6, habituation=1.0)
    pool = draw_pool(rng, n_units=200)
    emg = surface_emg(pool.shapes, pool_discharges_s(pool, drive.excitation, STEP_S, rng), n, plan.rate_hz)
    seen = band_passed(emg, plan.rate_hz)
    onsets_s, levels = [], []
    for stimulus_s, latency_s in zip(drive.stimuli_s, drive.latencies_s, strict=True):
        first = round((stimulus_s + latency_s - 0.015) * plan.rate_hz)
        burst = np.abs(emg[first : first + round(0.06 * plan.rate_hz)])
        # what a person would call the onset in the noise-free signal: potentials begin slowly
        onset = first + int(np.flatnonzero(burst > ONSET_SHARE * burst.max())[0])
        onsets_s.append(onset / plan.rate_hz - stimulus_s)
        levels.append(float(np.mean(seen[onset : onset + round(BURST_S * plan.rate_hz)] ** 2)))
    return emg * level_uv / np.sqrt(np.mean(levels)), np.array(onsets_s)


def _areas_uvs(clean_uv: Floats, stimuli_s: Floats, rate_hz: float) -> Floats:
    """Area of each trial of the noise-free EMG in the band: rectified minus its mean before the stimulus."""
    seen = np.abs(band_passed(clean_uv, rate_hz))
    at = np.round((stimuli_s[:, None] + [-0.5, 0.0, 0.04, 5.0]) * rate_hz).astype(int)
    return np.array([4.96 * float(seen[c:d].mean() - seen[a:b].mean()) for a, b, c, d in at.tolist()])


def recorded(made: Made, rate_hz: float) -> Recording:
    """Recording whose stimuli are marked."""
    recording = array_recording([made.samples_uv], ["TA_R"], rate_hz)
    return replace(recording, annotations=tuple(Annotation(t, None, "stimulus") for t in made.stimuli_s.tolist()))


def _result(made: Made, rate_hz: float) -> Result:
    recording = recorded(made, rate_hz)
    return measure(recording, compute_frames(recording, mains_hz=50))


def response_case(plan: Plan, seed: int) -> Answer:
    """Simulate and judge one recording with responses, or without."""
    made = simulated(plan, seed)
    result = _result(made, plan.rate_hz)
    rows = {row.measure: row for row in result.rows if row.segment == "stimulus"}
    evoked = result.judged["TA_R"].evoked
    assert evoked is not None
    values = {name: np.nan if row.value is None else row.value for name, row in rows.items()}
    truth = float(np.median(made.areas_uvs))
    off_ms = 1000 * (evoked.latency_s - made.latencies_s)
    slope = values["stim_habituation"] - habituation(made.areas_uvs, 0.95).slope
    told = ";".join(filter(None, dict.fromkeys(f"{row.status} {row.reason}".strip() for row in rows.values())))
    return Answer(
        plan,
        tuple(off_ms[np.isfinite(off_ms)].tolist()),
        evoked.n_responses / max(int(evoked.told.sum()), 1) if evoked.told.any() else np.nan,
        values["stim_auc_uvs"] / truth if plan.db is not None else np.nan,
        float(slope),
        rows["stim_habituation"].status,
        values["stim_lat_ms"],
        told,
    )


def leak_case(plan: Plan, seed: int) -> tuple[float, float]:
    """Largest change of a sample before the stimulus by its artefact, µV, and change of the mean rectified level."""
    stretches = []
    for artefact_uv in (0.0, plan.artefact_uv):
        recording = recorded(simulated(replace(plan, artefact_uv=artefact_uv), seed), plan.rate_hz)
        frames = compute_frames(recording, mains_hz=50)
        stimuli_s = [mark.onset_s for mark in recording.annotations]
        stretches.append(evoked_stretches(recording, frames, stimuli_s)[0])
    largest, levels = 0.0, []
    for k, (without, with_it) in enumerate(zip(*(s.samples_uv for s in stretches), strict=True)):
        before = stretches[0].times_s(k) < -0.002
        a, b = (x[before[: len(x)]].astype(np.float64) for x in (without, with_it))
        if len(a):
            largest = max(largest, float(np.abs(a - b).max()))
            levels.append(float(np.abs(b).mean() / np.abs(a).mean() - 1))
    return largest, float(np.abs(levels).max())


def evoked_checks(each: Each, seeds: int) -> list[Check]:
    """Every claim on responses to stimuli."""
    return [*_curves(each, seeds), _habituation(each, seeds), _leaks(each, seeds), _false(each, seeds)]


def _asked(each: Each, plans: Sequence[Plan], seeds: int) -> dict[Plan, list[Answer]]:
    said: list[Answer] = each(response_case, [(plan, seed) for plan in plans for seed in range(seeds)])
    return {plan: [a for a in said if a.plan == plan] for plan in plans}


def _curves(each: Each, seeds: int) -> list[Check]:
    plans = [Plan(kind, rate, db=db) for kind, rate, db in product(KINDS, RATES_HZ, LEVELS_DB)]
    tonics = (("Gaussian", 5.0), ("Gaussian", 20.0), ("10 units", 5.0))
    plans += [Plan(kind, 2000.0, uv, tonic, db) for kind, (tonic, uv), db in product(KINDS, tonics, (10.0, 20.0, 30.0))]
    plans += [Plan("Gaussian", 4000.0, db=db, tone_uv=uv) for db, uv in product((10.0, 20.0, 30.0), (0.0, 5.0))]
    latency_rows, area_rows, worst_area = [], [], 0.0
    worst_ms = dict.fromkeys(KINDS, 0.0)
    for plan, group in _asked(each, plans, seeds).items():
        errors = np.array([e for answer in group for e in answer.errors_ms])
        ratios = np.array([answer.area_ratio for answer in group])
        responds = float(np.nanmean([answer.responds for answer in group]))
        head = (plan.kind, f"{plan.rate_hz:g}", plan.over, f"{plan.db:g}")
        median = float(np.median(np.abs(errors))) if len(errors) else np.nan
        if plan.db is not None and plan.db >= 10:
            worst_ms[plan.kind] = max(worst_ms[plan.kind], median)
        if plan.db is not None and plan.db >= AREA_DB:
            worst_area = max(worst_area, abs(float(np.median(ratios)) - 1))
        spread = f"{np.median(errors):+.1f} ({np.quantile(np.abs(errors), 0.9):.0f})" if len(errors) else "none"
        latency_rows.append((*head, f"{responds:.2f}", f"{median:.1f}", spread))
        area_rows.append((*head, f"{np.median(ratios):.3f}", f"{ratios.min():.3f}-{ratios.max():.3f}"))
    columns = ("EMG", "rate, Hz", "over", "dB")
    return [
        Check(
            "Latency of responses to a stimulus",
            "median error of a trial <= 3 ms at >= 10 dB over the level before the stimulus, where the response sets in"
            " within 4 ms (Gaussian EMG); beside it units that begin one after another, told from a tenth of the peak",
            f"largest median error {worst_ms['Gaussian']:.1f} ms, of motor units {worst_ms['motor units']:.1f} ms;"
            f" {seeds} recordings of {TRIALS} trials a case",
            worst_ms["Gaussian"] <= 3.0,
            (*columns, "trials that respond", "median error, ms", "bias (90 % of the errors below), ms"),
            tuple(latency_rows),
        ),
        Check(
            "Area of responses to a stimulus",
            "stim_auc_uvs within 10 % of that of the noise-free EMG (median over recordings) where the RMS of the"
            " response from 40 ms to 5 s is >= 10 dB over the level before (bursts of 30 dB); below that beside it",
            f"largest median error {worst_area:.3f}",
            worst_area <= 0.10,
            (*columns, "median of value / truth", "range"),
            tuple(area_rows),
        ),
    ]


def _habituation(each: Each, seeds: int) -> Check:
    plans = [
        Plan("Gaussian", 2000.0, uv, db=30.0, habituation=gain)
        for uv, gain in product((0.0, 5.0), (1.0, 0.95, 0.9, 0.8))
    ]
    rows, worst = [], 0.0
    for plan, group in _asked(each, plans, seeds).items():
        errors = np.array([a.slope_error for a in group])
        told = ", ".join(dict.fromkeys(a.slope_status for a in group))
        median = float(np.median(errors))
        if plan.habituation >= 0.9:
            worst = max(worst, abs(median))
        rows.append((f"{plan.tonic_uv:g}", f"{plan.habituation:g}", f"{np.log(plan.habituation):.3f}", f"{median:+.3f}",
                     f"{errors.min():+.3f} to {errors.max():+.3f}", told))  # fmt: skip
    return Check(
        "Habituation over 16 trials, bursts of the first at 30 dB",
        "stim_habituation within 0.02 of the slope of the noise-free areas down to 0.9 a trial; 0.8 beside it",
        f"largest median error {worst:.3f}",
        worst <= 0.02,
        ("tonic, µV", "gain a trial", "ln gain", "median error", "range", "status"),
        tuple(rows),
    )


def _leaks(each: Each, seeds: int) -> Check:
    plans = [
        Plan("Gaussian", rate, uv, artefact_uv=artefact)
        for rate, uv, artefact in product(RATES_HZ, (0.0, 5.0), (1000.0, 5000.0))
    ]
    keys = [(plan, seed) for plan in plans for seed in range(seeds)]
    said = dict(zip(keys, each(leak_case, keys), strict=True))
    rows = []
    for plan in plans:
        group = [said[plan, seed] for seed in range(seeds)]
        rows.append((f"{plan.rate_hz:g}", f"{plan.tonic_uv:g}", f"{plan.artefact_uv / 1000:g}",
                     f"{max(a for a, _ in group):.2g}", f"{max(b for _, b in group):.1e}"))  # fmt: skip
    worst = max(a for a, _ in said.values())
    return Check(
        "Leak of the stimulus artefact to the time before it",
        "no sample before the stimulus changes by more than 0.01 µV with an artefact of 1 or 5 mV",
        f"largest change {worst:.2g} µV",
        worst <= 0.01,
        ("rate, Hz", "tonic, µV", "artefact, mV", "largest change of a sample, µV", "of the level"),
        tuple(rows),
    )


def _false(each: Each, seeds: int) -> Check:
    tonics = (("Gaussian", 0.0), ("Gaussian", 20.0), ("1 unit", 5.0), ("3 units", 5.0), ("10 units", 5.0))
    plans = [
        Plan("none", rate, uv, tonic, artefact_uv=artefact, pace_s=2.0, n_trials=60)
        for rate, (tonic, uv), artefact in product((1000.0, 2000.0), tonics, (0.0, 1000.0, 5000.0))
    ]
    plans += [Plan("none", 4000.0, tone_uv=uv, pace_s=2.0, n_trials=60) for uv in (0.0, 5.0)]
    long = [Plan("none", 2000.0, artefact_uv=5000.0, tail_s=s, pace_s=2.0, n_trials=60) for s in (0.003, 0.005)]
    rows, shares, latencies = [], [], 0
    for plan, group in _asked(each, [*plans, *long], seeds).items():
        share = (
            float(np.nanmean([a.responds for a in group])) if any(np.isfinite(a.responds) for a in group) else np.nan
        )
        given = sum(bool(np.isfinite(a.lat_ms)) for a in group)
        if plan in plans:
            latencies += given
            shares.append(share)
        told = ", ".join(dict.fromkeys(a.said.split(";")[0] for a in group))
        rows.append((f"{plan.rate_hz:g}", plan.over,
                     f"{plan.artefact_uv / 1000:g}, {1000 * plan.tail_s:g}", f"{share:.3f}", str(given),
                     told))  # fmt: skip
    pooled = float(np.mean(shares))
    return Check(
        "False responses of muscles that do not respond",
        "<= 2.5 % of the trials of all cases together, no stim_lat_ms at all, with an artefact of 0, 1 and 5 mV whose"
        " tail is 2 ms; longer tails beside it",
        f"share {pooled:.3f} of {59 * seeds * len(plans)} trials, largest of a case of {59 * seeds} {max(shares):.3f};"
        f" {latencies} latencies given",
        pooled <= 0.025 and latencies == 0,
        ("rate, Hz", "muscle", "artefact, mV, and its tail, ms", "share of trials", "latencies given", "stim_lat_ms"),
        tuple(rows),
    )
