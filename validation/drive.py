"""Rank correlation of every measure with the true drive of simulated visits, beside other amplitudes.

A patient keeps motor units and electrodes; drive and everything that spoils a recording are drawn for each visit.
`python -m validation.drive` prints the tables.
"""

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from emgpipe import array_recording, compute_frames, measure
from emgpipe.filters.bandpass import design_band, zero_phase
from emgpipe.filters.settings import ConditionSettings
from emgpipe.measures.rows import VALUED, MeasureRow
from emgpipe.simulate import SimulatedMuscle, SimulatedVisit, simulate_visit
from emgpipe.simulate.plan import VisitPlan
from emgpipe.summary import StudyRow, subject_rows
from validation.alone import run_alone
from validation.cases import Floats
from validation.checks import Check, Each

PATIENTS, REST_S, OFFSET_UV, GOAL, LEAST_DRAWS = 5, 60.0, 0.5, 0.95, 200
MUSCLES = {"TA_R": (1.0, 160.0), "GM_R": (0.8, 140.0), "PSP_L": (1.1, 130.0), "RA_L": (0.9, 110.0)}
"""Share of the drive and RMS of the reference contraction, µV."""
TRUNK = ("PSP_L", "RA_L")
CLAIMED = ("apdf_p10_uv", "rest_rms_uv", "cc_overlap_uv", "rigidity_index_log")
CLASSES = ("high", "medium", "low")
LEAST_GROUP = 5
PLAIN = "plain band-pass RMS"


@dataclass(frozen=True)
class Draw:
    """One visit: its patient and number, and what was drawn for it."""

    patient: int
    number: int
    drive: float
    noise_uv: float
    corner_hz: float
    mains_uv: float
    rate_hz: float
    heart_uv: float
    spasms_per_h: float
    depth: float
    correlation: float


class Value(NamedTuple):
    """One usable number of a visit."""

    draw: Draw
    target: str
    measure: str
    confidence: str
    value: float


def drawn_visits(draws: int, seed: int = 5) -> list[Draw]:
    """Visits by Latin hypercube, one hypercube a patient: each variable is spread evenly over its range."""
    each = -(-draws // PATIENTS)
    out = []
    for patient in range(PATIENTS):
        rng = np.random.default_rng([seed, patient])
        strata = [(rng.permutation(each) + rng.uniform(size=each)) / each for _ in range(9)]
        out += [_draw(patient, k, [float(s[k]) for s in strata]) for k in range(each)]
    return out


def _draw(patient: int, number: int, u: Sequence[float]) -> Draw:
    """From evenly spread numbers of 0 to 1; half of the visits have a heart, half have spasms."""
    return Draw(
        patient, number, drive=0.012 * 25 ** u[0], noise_uv=0.7 * 5 ** u[1], corner_hz=50 * u[2], mains_uv=20 * u[3],
        rate_hz=(1000.0, 2000.0)[u[4] >= 0.5], heart_uv=max(600 * (u[5] - 0.5), 0.0),
        spasms_per_h=max(80 * (u[6] - 0.5), 0.0), depth=0.3 * u[7], correlation=0.9 * u[8],
    )  # fmt: skip


def visit_of(draw: Draw) -> SimulatedVisit:
    """Simulate a drawn visit."""
    muscles = [
        SimulatedMuscle(
            name, excitation=draw.drive * share, reference_uv=level_uv, drive_depth=draw.depth, noise_uv=draw.noise_uv,
            corner_hz=draw.corner_hz, mains_uv=draw.mains_uv, heart_uv=draw.heart_uv if name in TRUNK else 0.0,
        )
        for name, (share, level_uv) in MUSCLES.items()
    ]  # fmt: skip
    return simulate_visit(
        [5, draw.patient, draw.number], muscles, rest_s=REST_S, reference_s=0.0, rate_hz=draw.rate_hz,
        drive_correlation=draw.correlation, spasms_per_h=draw.spasms_per_h, patient_seed=draw.patient,
        plan=VisitPlan(heart_per_min=50.0 + 10 * (draw.number % 6)),
    )  # fmt: skip


def drive_case(draw: Draw) -> list[Value]:
    """Every usable number of a visit: measures, index, other amplitudes."""
    visit = visit_of(draw)
    values = measured(draw, visit)
    confidence = {v.target: v.confidence for v in values if v.measure == "tilt"}
    for channel in visit.channels:
        said = peer_values(channel.samples_uv, draw.rate_hz)
        values += [Value(draw, channel.name, peer, confidence.get(channel.name, ""), v) for peer, v in said]
    return values


def measured(draw: Draw, visit: SimulatedVisit | None = None) -> list[Value]:
    """Every usable measure of a visit and its index."""
    visit = visit_of(draw) if visit is None else visit
    recording = array_recording([c.samples_uv for c in visit.channels], [c.name for c in visit.channels], draw.rate_hz)
    rows = measure(recording, compute_frames(recording, mains_hz=50), rest=True).rows
    return [
        Value(draw, r.target, r.measure, r.floor_confidence, r.value)
        for r in (*rows, *_index(rows))
        if r.status in VALUED and r.value is not None
    ]


def _index(rows: Sequence[MeasureRow]) -> list[MeasureRow]:
    """`rigidity_index_log` of the visit where all four muscles count; its class is that of the least sure floor."""
    told = [r for r in rows if r.measure == "apdf_p10_uv"]
    study = [StudyRow("P", "V", "rest", "", "", "", r) for r in rows]
    made = [r.row for r in subject_rows(study, tuple(MUSCLES), OFFSET_UV) if r.row.measure == "rigidity_index_log"]
    worst = max((r.floor_confidence for r in told), key=(*CLASSES, "").index)
    return [_with_confidence(r, worst) for r in made if "INDEX_PARTIAL" not in r.reason]


def _with_confidence(row: MeasureRow, confidence: str) -> MeasureRow:
    return MeasureRow(row.segment, row.target, row.target_kind, row.measure, row.value, row.unit,
                      status=row.status, reason=row.reason, floor_confidence=confidence)  # fmt: skip


def peer_values(samples_uv: Floats, rate_hz: float) -> Iterator[tuple[str, float]]:
    """What other amplitudes say of a channel; nothing of those that are absent or raise."""
    yield PLAIN, plain_rms_uv(samples_uv, rate_hz)
    for name, amplitude in PEERS.items():
        if find_spec(name.split()[0]) is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                value = amplitude(samples_uv, rate_hz)
            except Exception:  # a peer may raise what it likes
                continue
        yield name, value


def plain_rms_uv(samples_uv: Floats, rate_hz: float) -> float:
    """RMS of the whole channel in our band, nothing taken off."""
    return float(np.sqrt(np.mean(zero_phase(samples_uv, design_band(rate_hz, ConditionSettings())) ** 2)))


def _neurokit_amplitude(samples_uv: Floats, rate_hz: float) -> float:
    import neurokit2

    clean = neurokit2.emg_clean(samples_uv, sampling_rate=int(rate_hz))
    return float(np.mean(neurokit2.emg_amplitude(clean)))


def _biosppy_amplitude(samples_uv: Floats, rate_hz: float) -> float:
    from biosppy.signals import emg

    filtered = np.asarray(emg.emg(signal=samples_uv, sampling_rate=rate_hz, show=False)["filtered"])
    return float(np.sqrt(np.mean(filtered**2)))


PEERS: dict[str, Callable[[Floats, float], float]] = {
    "neurokit2 mean amplitude": _neurokit_amplitude,
    "biosppy RMS of emg()": _biosppy_amplitude,
}


def rank_correlation(values: Sequence[Value]) -> tuple[float, int]:
    """Spearman with the drive, ranked within patient and target, pooled; NaN where nothing can be ranked."""
    groups: dict[tuple[int, str], list[Value]] = {}
    for v in values:
        groups.setdefault((v.draw.patient, v.target), []).append(v)
    kept = [g for g in groups.values() if len(g) >= LEAST_GROUP]
    if not kept:
        return np.nan, 0
    said = np.concatenate([_ranks([v.value for v in g]) for g in kept])
    drive = np.concatenate([_ranks([v.draw.drive for v in g]) for g in kept])
    if not said.any():
        return np.nan, len(said)
    return float((said * drive).sum() / np.sqrt((said**2).sum() * (drive**2).sum())), len(said)


def _ranks(values: Sequence[float]) -> Floats:
    """Centred ranks as shares of the group, -0.5 to 0.5; ties share theirs."""
    x = np.asarray(values)
    below, same = (x[:, None] > x).sum(1), (x[:, None] == x).sum(1)
    return (below + same / 2) / len(x) - 0.5


def drive_checks(each: Each, draws: int = 260) -> list[Check]:
    """Rank correlation of every measure and of other amplitudes with the drive."""
    visits = drawn_visits(draws)
    return [rank_check([v for found in each(drive_case, [(d,) for d in visits]) for v in found], len(visits))]


def rank_check(values: Sequence[Value], visits: int) -> Check:
    """One row a measure; by class of the floor, and without spasms."""
    rows, claims = [], dict.fromkeys(CLAIMED, (np.nan, 0))
    for name in dict.fromkeys(v.measure for v in values):
        group = [v for v in values if v.measure == name]
        parts = [group, [v for v in group if v.draw.spasms_per_h == 0]]
        parts += [[v for v in group if v.confidence == c] for c in CLASSES]
        usable = len({(v.draw.patient, v.draw.number) for v in group})
        found = [rank_correlation(part) for part in parts]
        claims[name] = (found[0][0], usable)
        rows.append((name, str(usable), *(_cell(*f) for f in found)))
    said = {name: claims[name] for name in CLAIMED}
    return Check(
        "Rank correlation with the true drive",
        f">= {GOAL} for {', '.join(CLAIMED)} over >= {LEAST_DRAWS} visits with a usable value",
        ", ".join(f"{name} {rho:.3f} ({n})" for name, (rho, n) in said.items()) + f" of {visits} visits",
        all(rho >= GOAL and n >= LEAST_DRAWS for rho, n in said.values()),
        ("measure", "visits", "all (numbers)", "without spasms", *(f"floor {c}" for c in CLASSES)),
        tuple(rows),
    )


def _cell(rho: float, n: int) -> str:
    return f"{rho:+.3f} ({n})" if np.isfinite(rho) else "-"


if __name__ == "__main__":
    sys.exit(run_alone(drive_checks))
