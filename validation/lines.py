"""Mains that wander: what is left of them, what they hide, and where no line is found."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from emgpipe import array_recording, compute_frames, measure
from emgpipe.detectors.witnesses import usable_hops
from emgpipe.filters.bandpass import zero_phase
from emgpipe.filters.mains import subtract, track_lines
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import ChannelFrames
from emgpipe.frames.reduce import prepare_runs
from emgpipe.frames.runs import RunSamples
from emgpipe.simulate import band_rms_uv, electrode_noise, mains, single_unit
from emgpipe.simulate.scenarios import gaussian_emg
from validation.cases import Floats, random_bursts
from validation.checks import Check, Each

RATES_HZ = (1000.0, 2000.0, 2048.0, 4000.0)
NOISE_UV = 1.5
LINE_UV = 40.0
HARMONICS = (1.0, 0.10, 0.30, 0.05, 0.15, 0.08)
DURATION_S = 60.0
BLOCKS_S = 150.0
"""Long enough for three blocks of the reduction."""
UNCLAIMED = "tonic 5 uV"
"""EMG of an eighth of the line: measured, outside the claim."""
KINDS = ("silent", "bursts of 40 uV", "tonic 20 uV", "tonic 5 uV")
BIASES = ("activity_error", "total_bias", "rms_bias")
LINE_FREE = ("noise", "tonic", "bursts", "units")


@dataclass(frozen=True)
class Hum:
    """A record with a line against the same record without: activity, RMS, lines found, share of time excluded.

    `total_bias` is that of the conditioned signal in hops usable in both; `rms_bias`, of `rest_rms_uv`, moves with the
    floor as well.
    """

    kind: str
    activity_error: float
    total_bias: float
    rms_bias: float
    n_lines: int
    excluded: float


def hum_case(kind: str, mains_hz: float, rate_hz: float, seed: int) -> Hum:
    """Judge one record with and without its line."""
    rng = np.random.default_rng([seed, KINDS.index(kind), int(mains_hz), int(rate_hz)])
    n = int(DURATION_S * rate_hz)
    plain = electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0) + _muscle(kind, n, rate_hz, rng)
    hum = mains(n, rate_hz, rng, rms_uv=LINE_UV, line_hz=mains_hz + rng.uniform(-0.1, 0.1), harmonics=HARMONICS,
                drift_hz=0.2, wander=0.1)  # fmt: skip
    values, seen = [], []
    for x in (plain + hum, plain):
        recording = array_recording([x], ["TA_R"], rate_hz)
        result = measure(recording, compute_frames(recording, mains_hz=mains_hz), rest=True)
        rows = {r.measure: r.value for r in result.rows}
        frames = result.judged["TA_R"].frames
        seen.append(frames)
        values.append((rows["act_frac"], rows["rest_rms_uv"], len(frames.lines), float((frames.reasons != 0).mean())))
    with_line, without = values
    known = with_line[0] is not None and without[0] is not None
    tonic = kind.startswith("tonic")
    return Hum(
        kind,
        abs(with_line[0] - without[0]) if known else np.nan,
        _total_bias(*seen) if tonic else 0.0,
        with_line[1] / without[1] - 1 if tonic else 0.0,
        with_line[2],
        with_line[3],
    )


def _total_bias(with_line: ChannelFrames, without: ChannelFrames) -> float:
    both = usable_hops(with_line) & usable_hops(without)
    power = [frames.mean_square[both].mean(dtype=np.float64) for frames in (with_line, without)]
    return float(np.sqrt(power[0] / power[1])) - 1


def _muscle(kind: str, n: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    if kind == "silent":
        return np.zeros(n)
    emg = gaussian_emg(n, rate_hz, rng)
    emg *= float(kind.split()[-2]) / band_rms_uv(emg, rate_hz)
    return emg * random_bursts(n, rate_hz, rng) if kind.startswith("bursts") else emg


def line_free_case(kind: str, mains_hz: float, rate_hz: float, seed: int) -> int:
    """Lines found in two minutes without any."""
    rng = np.random.default_rng([seed, 5, LINE_FREE.index(kind), int(mains_hz), int(rate_hz)])
    n = int(120 * rate_hz)
    x = electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0)
    if kind == "units":
        for unit in range(3):
            hz = rng.uniform(6.0, 12.0)
            x = x + single_unit(seed * 10 + unit, 120.0, rate_hz, discharge_hz=hz, rms_uv=20.0).samples_uv
    elif kind != "noise":
        x = x + _muscle("tonic 20 uV" if kind == "tonic" else "bursts of 40 uV", n, rate_hz, rng)
    return len(compute_frames(array_recording([x], ["TA_R"], rate_hz), mains_hz=mains_hz).channels[0].lines)


def hums(each: Each, seeds: int) -> list[Check]:
    """Lines that are there, and lines that are not."""
    keys = list(product(KINDS, (50.0, 60.0), RATES_HZ, range(seeds)))
    found: list[Hum] = each(hum_case, keys)
    rows = []
    for kind in KINDS:
        group = [h for h in found if h.kind == kind]
        rows.append((kind, str(len(group)), *(f"{largest(group, name):.4f}" for name in BIASES), str(withheld(group)),
                     f"{min(h.n_lines for h in group)}", f"{max(h.excluded for h in group):.3f}",
                     "no" if kind == UNCLAIMED else "yes"))  # fmt: skip
    claimed, beyond = ([h for h in found if (h.kind == UNCLAIMED) is out] for out in (False, True))
    wrong, total, rest = (largest(claimed, name) for name in BIASES)
    free_keys = list(product(LINE_FREE, (50.0, 60.0), RATES_HZ, range(max(seeds, 4))))
    finds = each(line_free_case, free_keys)
    return [
        Check(
            "Mains of 40 µV, drifting by 0.2 Hz in a minute, six harmonics, 50 and 60 Hz",
            "activity error < 0.01 against the same record without the line, RMS bias of tonic EMG of 20 µV"
            " <= 1.5 %",
            f"largest activity error {wrong:.4f}, bias of the total RMS {total:.4f}, of rest_rms_uv {rest:.4f},"
            f" {withheld(claimed)} values withheld in {len(claimed)} recordings; outside the claim, tonic 5 µV: "
            f"{', '.join(f'{largest(beyond, name):.4f}' for name in BIASES)}, {withheld(beyond)} withheld",
            wrong < 0.01 and max(total, rest) <= 0.015 and not withheld(claimed),
            ("muscle", "recordings", "largest activity error", "bias of total RMS", "bias of rest_rms_uv", "withheld",
             "fewest lines found", "most excluded", "in the claim"),
            tuple(rows),
        ),
        Check(
            "Recordings without a line",
            "0 lines found in 200 minutes",
            f"{sum(finds)} lines in {2 * len(finds)} minutes",
            sum(finds) == 0,
            ("signal", "minutes", "lines found"),
            tuple(
                (kind, str(2 * sum(k[0] == kind for k in free_keys)),
                 str(sum(f for k, f in zip(free_keys, finds, strict=True) if k[0] == kind)))
                for kind in LINE_FREE
            ),
        ),
        _blocks(each),
    ]  # fmt: skip


def largest(group: list[Hum], name: str) -> float:
    """Largest magnitude; recordings without a value are counted beside it."""
    return float(np.nanmax([abs(getattr(h, name)) for h in group]))


def withheld(group: list[Hum]) -> int:
    """Recordings whose active fraction is not given with the line or without it."""
    return sum(np.isnan(h.activity_error) for h in group)


def block_case(kind: str, mains_hz: float, rate_hz: float) -> tuple[int, float, float]:
    """Number of blocks; how far they are from the whole run, µV: with the same track, and with its own."""
    rng = np.random.default_rng([8, KINDS.index(kind), int(mains_hz), int(rate_hz)])
    n = int(BLOCKS_S * rate_hz)
    x = electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0) + _muscle(kind, n, rate_hz, rng)
    x = x + mains(n, rate_hz, rng, rms_uv=LINE_UV, line_hz=mains_hz, harmonics=HARMONICS, drift_hz=0.2, wander=0.1)
    samples_uv = x.astype(np.float32)
    run = RunSamples(0, n, lambda first, stop: samples_uv[first:stop])
    (conditioner,), lines, band = prepare_runs([run], rate_hz, mains_hz, ConditionSettings())
    parts = [y for _, y in conditioner.blocks()]
    banded = zero_phase(samples_uv, band)
    learnt = track_lines(lambda: iter([(0, banded.copy())]), n, rate_hz, mains_hz, lines)
    far = []
    for track in (conditioner.track, learnt):
        assert track is not None
        whole = banded.copy()
        subtract(whole, 0, track)
        far.append(float(np.abs(np.concatenate(parts) - whole).max()))
    return len(parts), far[0], far[1]


def _blocks(each: Each) -> Check:
    keys = list(product(("silent", "bursts of 40 uV"), (50.0, 60.0), (1000.0, 2048.0)))
    said = each(block_case, keys)
    worst = max(max(same, learnt) for _, same, learnt in said)
    return Check(
        "Mains taken out in blocks against the whole run",
        "equal within 0.02 µV",
        f"largest difference {worst:.1e} µV in {len(keys)} recordings of {BLOCKS_S:g} s",
        worst <= 0.02,
        ("muscle", "mains, Hz", "rate, Hz", "blocks", "same track, µV", "track learnt from the whole run, µV"),
        tuple(
            (kind, f"{mains_hz:g}", f"{rate_hz:g}", str(n), f"{same:.1e}", f"{learnt:.1e}")
            for (kind, mains_hz, rate_hz), (n, same, learnt) in zip(keys, said, strict=True)
        ),
    )
