"""Coverage of `low, high`: how often the interval of one segment holds the value of the process behind it."""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import norm

from emgpipe import array_recording, compute_frames, measure
from emgpipe.detectors.activity import ACTIVE, SILENT, Activity
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.frames.model import ChannelFrames
from emgpipe.measures import muscle, pair
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import Judged, MuscleView, PairView, Segment
from emgpipe.simulate import band_rms_uv, electrode_noise
from emgpipe.simulate.scenarios import gaussian_emg
from validation.checks import Check, Each

Floats = NDArray[np.float64]

TIMES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Correlation times of the drive."""
LENGTHS = (10, 30, 100, 300, 1000)
"""Lengths of a segment in correlation times of its drive."""
LONGEST_S = 6000.0
"""Longer segments are not drawn."""
BLOCK = 20
"""Segments a task of the pool."""
SEGMENTS = 100
"""Segments a cell and seed of the bench."""
FEWEST = 50
"""Intervals below which a cell has no coverage to speak of."""
HOP_S, FLOOR_UV, LEVEL_UV, THRESHOLD, REFERENCE_UV = 0.1, 1.5, 10.0, -0.5, 25.0
LOOKS = 10.0
"""Independent looks at the power in a hop: EMG of 100 Hz bandwidth."""
PIECES = 400_000

LEVELS = (muscle.rest_rms_uv, muscle.apdf_p10_uv, muscle.apdf_p50_uv, muscle.apdf_p90_uv)
SHARES = (muscle.act_frac, muscle.cmua_frac, muscle.gaps_per_min)
PAIRS = (pair.cc_overlap_uv, pair.cc_rudolph_uv, pair.cc_fw_pct, pair.coact_frac, pair.coact_excess)
SLOW = {"cmua_frac": 4}
"""Measured in every so many segments only."""
LEAST_S = {"apdf_p10_uv": 30.0, "cmua_frac": 30.0}
SIGNALS = ((0.5, 60.0), (2.0, 200.0))
"""Correlation time of the drive and length of a segment, s, of whole recordings."""
OF_SIGNALS = ("rest_rms_uv", "apdf_p50_uv", "apdf_p90_uv", "act_frac", "gaps_per_min", "cc_overlap_uv", "coact_frac")


class Told(NamedTuple):
    """What one segment says of one measure; NaN where there is no value or no interval."""

    value: float
    low: float
    high: float


Cell = tuple[str, float, int]
"""Measure, correlation time, length in correlation times."""


def drive(shape: tuple[int, ...], step_s: float, time_s: float, rng: np.random.Generator) -> Floats:
    """Stationary Gaussian drives of variance 1 along the last axis, correlation exp(-t / time_s)."""
    kept = np.exp(-step_s / time_s)
    noise = rng.standard_normal(shape)
    noise[..., 1:] *= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], noise), np.float64)


def _power(g: Floats, rng: np.random.Generator) -> Floats:
    """Power of hops of a muscle of this drive, with that of the noise."""
    level = LEVEL_UV**2 * np.exp(g) + FLOOR_UV**2
    return level * rng.gamma(LOOKS, 1 / LOOKS, g.shape)


def _muscle(name: str, g: Floats, rng: np.random.Generator) -> Judged:
    """Frames and states of a muscle: on where its drive is above the threshold."""
    none, n = np.empty(0, np.float32), len(g)
    frames = ChannelFrames(
        0, name, name, 1000.0, round(1000 * HOP_S), _power(g, rng).astype(np.float32), none, none, none,
        np.zeros(n, np.uint16), np.empty((0, 0), np.float32), none, none, none, 430.0, np.empty(0), (20.0, 450.0),
        (), 0.01,
    )  # fmt: skip
    states = np.where(g > THRESHOLD, ACTIVE, SILENT).astype(np.int8)
    floor = Floor(FLOOR_UV, FLOOR_UV, FLOOR_UV, "device", "high")
    return Judged(frames, floor, Activity(states, lambda: states == ACTIVE, lambda: states == ACTIVE, 1.5))


def frames_case(time_s: float, first: int, count: int) -> dict[Cell, list[Told]]:
    """Every measure of `count` pairs of independent muscles, from the frames on; shorter segments begin longer ones."""
    out: dict[Cell, list[Told]] = {}
    longest_s = min(LENGTHS[-1] * time_s, LONGEST_S)
    for seed in range(first, first + count):
        rng = np.random.default_rng([seed, round(time_s * 1000)])
        g = drive((2, round(longest_s / HOP_S)), HOP_S, time_s, rng)
        judged = [_muscle(name, one, rng) for name, one in zip(("TA_R", "GM_R"), g, strict=True)]
        for length in LENGTHS:
            if 10 <= length * time_s <= longest_s:
                for name, said in _segment(judged, length * time_s, seed).items():
                    out.setdefault((name, time_s, length), []).append(said)
    return out


def _segment(judged: Sequence[Judged], length_s: float, seed: int) -> dict[str, Told]:
    segment = Segment("rest", "rest", 0.0, length_s)
    views = [MuscleView(one, segment, DetectSettings(), MeasureSettings()) for one in judged]
    level = ReferenceLevel(REFERENCE_UV, ())
    both = PairView(views[0], views[1], None, {"TA_R": level, "GM_R": level})
    wanted = [f for f in (*LEVELS, *SHARES) if length_s >= LEAST_S.get(f.__name__, 0.0)]
    readings = [(f, f(views[0])) for f in wanted if seed % SLOW.get(f.__name__, 1) == 0]
    readings += [(f, f(both)) for f in PAIRS]
    return {f.__name__: Told(*(np.nan if x is None else x for x in (r.value, r.low, r.high))) for f, r in readings}


def truth_case(time_s: float) -> dict[str, float]:
    """Values of the process behind `frames_case`, from independent seconds and independent windows."""
    rng = np.random.default_rng([7, round(time_s * 1000)])
    second = _power(drive((PIECES, round(1 / HOP_S)), HOP_S, time_s, rng), rng).mean(axis=1)
    level = np.sqrt(np.maximum(second - FLOOR_UV**2, 0.0))
    p10, p50, p90 = np.quantile(level, [0.1, 0.5, 0.9]).tolist()
    one, other = (_windows(time_s, rng) for _ in range(2))
    low, high = np.minimum(one, other), np.maximum(one, other)
    on = float(norm.sf(THRESHOLD))
    rudolph = np.divide(low, high, out=np.zeros_like(low), where=high > 0) * (low + high)
    return {
        "rest_rms_uv": p50, "apdf_p10_uv": p10, "apdf_p50_uv": p50, "apdf_p90_uv": p90, "act_frac": on,
        "cc_overlap_uv": float(low.mean()), "cc_rudolph_uv": float(rudolph.mean()),
        "cc_fw_pct": float(200 * low.sum() / (low + high).sum()), "coact_frac": on**2, "coact_excess": 0.0,
    }  # fmt: skip


def _windows(time_s: float, rng: np.random.Generator) -> Floats:
    """Envelope of independent windows: half lie on a hop, half on two halves, and have the state of the second."""
    g = drive((PIECES, 2), HOP_S, time_s, rng)
    power = _power(g, rng)
    power[::2, 1] = power[::2].mean(axis=1)
    return np.where(g[:, 1] > THRESHOLD, np.sqrt(np.maximum(power[:, 1] - FLOOR_UV**2, 0.0)), 0.0)


def signal_case(time_s: float, length_s: float, seed: int) -> dict[str, Told]:
    """Every measure of a simulated recording of two independent muscles, samples to rows, 1000 Hz."""
    rng = np.random.default_rng([seed, round(time_s * 1000), round(length_s)])
    n, rate_hz = round(length_s * 1000), 1000.0
    samples = []
    for _ in range(2):
        slow = drive((round(length_s / 0.05) + 1,), 0.05, time_s, rng)
        level = np.interp(np.arange(n) / rate_hz, 0.05 * np.arange(len(slow)), np.maximum(slow - THRESHOLD, 0.0))
        emg = gaussian_emg(n, rate_hz, rng)
        emg *= level * LEVEL_UV / band_rms_uv(emg, rate_hz)
        samples.append(emg + electrode_noise(n, rate_hz, rng, band_rms_uv=FLOOR_UV))
    recording = array_recording(samples, ["TA_R", "GM_R"], rate_hz)
    result = measure(recording, compute_frames(recording, mains_hz=50), pairs=["TA_R/GM_R"], rest=True)
    return {
        row.measure: Told(*(np.nan if x is None else x for x in (row.value, row.low, row.high)))
        for row in result.rows
        if row.target != "GM_R" and row.measure in OF_SIGNALS
    }


def coverage(told: Sequence[Told], truth: float) -> tuple[float, float, int]:
    """Share of the intervals that hold the truth, share of the segments that have one, and their number."""
    given = [t for t in told if np.isfinite(t.low)]
    inside = float(np.mean([t.low <= truth <= t.high for t in given])) if given else np.nan
    return inside, len(given) / len(told), len(given)


def precision_checks(each: Each, seeds: int) -> list[Check]:
    """Coverage by correlation time and length of the segment, and of whole recordings; 100 segments a seed."""
    firsts = range(0, SEGMENTS * seeds, BLOCK)
    # the long ones first, so that no worker is left with one
    cases = [(t, first, BLOCK) for t, first in product(reversed(TIMES_S), firsts)]
    told: dict[Cell, list[Told]] = {}
    for part in each(frames_case, cases):
        for cell, said in part.items():
            told.setdefault(cell, []).extend(said)
    truths = dict(zip(TIMES_S, each(truth_case, [(t,) for t in TIMES_S]), strict=True))
    for time_s, f in product(TIMES_S, SHARES[1:]):
        longest = max(length for name, t, length in told if (name, t) == (f.__name__, time_s))
        truths[time_s][f.__name__] = float(np.nanmean([s.value for s in told[f.__name__, time_s, longest]]))
    groups = (("levels", LEVELS), ("shares of time and gaps", SHARES), ("pairs", PAIRS))
    return [*(_check(title, functions, told, truths) for title, functions in groups), _signals(each, seeds)]


def _check(title: str, functions: Sequence[Any], told: dict[Cell, list[Told]], truths: dict[float, Any]) -> Check:
    found = {
        (f.__name__, t, length): coverage(told[f.__name__, t, length], truths[t][f.__name__])
        for f, t, length in product(functions, TIMES_S, LENGTHS)
        if (f.__name__, t, length) in told
    }
    rows = [
        (f.__name__, f"{t:g}", *(_cell(found.get((f.__name__, t, length))) for length in LENGTHS))
        for f, t in product(functions, TIMES_S)
    ]
    claimed = [(inside, n) for (_, _, length), (inside, _, n) in found.items() if length >= 100 and n >= FEWEST]
    return Check(
        f"Sampling precision of {title}: coverage of low, high (simulated frames)",
        "90-98 % of the intervals hold the value of the process where the segment is >= 100 correlation times of the"
        " drive long (time after which the correlation of the drive, a Gaussian Markov process, is 1/e); no cell of"
        f" {FEWEST} and more intervals further out than two standard errors of its count",
        _measured(claimed),
        _holds(claimed),
        ("measure", "correlation time, s", *(f"{length} correlation times" for length in LENGTHS)),
        tuple(rows),
    )


def _cell(found: tuple[float, float, int] | None) -> str:
    """Coverage, and the share of segments that have an interval where that is not all."""
    if found is None:
        return "–"
    inside, share, n = found
    text = f"{inside:.3f}" if n >= FEWEST else "few"
    return text if share > 0.995 else f"{text} ({share:.2f} given)"


def _measured(claimed: Sequence[tuple[float, int]]) -> str:
    if not claimed:
        return "no cell with enough intervals"
    shares = np.array([inside for inside, _ in claimed])
    within = ((shares >= 0.90) & (shares <= 0.98)).sum()
    pooled = float(np.average(shares, weights=[n for _, n in claimed]))
    return (
        f"{within} of {len(shares)} cells within 90-98 %; {shares.min():.3f} to {shares.max():.3f}, all together"
        f" {pooled:.3f}"
    )


def _holds(claimed: Sequence[tuple[float, int]]) -> bool:
    return bool(claimed) and all(
        0.90 - 2 * (0.09 / n) ** 0.5 <= inside <= 0.98 + 2 * (0.02 / n) ** 0.5 for inside, n in claimed
    )


def _signals(each: Each, seeds: int) -> Check:
    """Whole recordings; the value of the process is the mean of six recordings of half an hour."""
    segments = range(SEGMENTS * seeds // 4)
    rows, claimed = [], []
    for time_s, length_s in SIGNALS:
        long = each(signal_case, [(time_s, 1800.0, seed) for seed in range(6)])
        told = each(signal_case, [(time_s, length_s, seed) for seed in segments])
        for name in OF_SIGNALS:
            truth = float(np.mean([one[name].value for one in long]))
            found = coverage([one[name] for one in told], truth)
            claimed += [(found[0], found[2])] if found[2] >= FEWEST else []
            rows.append((name, f"{time_s:g}", f"{length_s / time_s:g}", f"{truth:.3g}", _cell(found)))
    return Check(
        "Sampling precision from samples to rows: coverage of low, high",
        "90-98 % at >= 100 correlation times of the drive, within two standard errors of the count",
        _measured(claimed),
        _holds(claimed),
        ("measure", "correlation time, s", "correlation times a segment", "value of the process", "coverage"),
        tuple(rows),
    )
