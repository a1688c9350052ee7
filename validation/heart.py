"""Heart beats on trunk leads: what is removed, what is left, and where nothing must be removed."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from emgpipe import array_recording, compute_frames, measure
from emgpipe.detectors.witnesses import usable_hops
from emgpipe.frames.model import QRS, ChannelFrames
from emgpipe.pipeline import Result
from emgpipe.simulate import band_rms_uv, electrode_noise, heart_train, mains, single_unit
from emgpipe.simulate.scenarios import gaussian_emg
from validation.cases import random_bursts
from validation.checks import Check, Each

RATES_HZ = (2048.0, 1000.0)
LEVELS_UV = (0.0, 1.0, 10.0, 20.0)
PEAKS_UV = (100.0, 200.0, 300.0)
PER_MINUTE = (50.0, 70.0, 100.0, 130.0)
NOISE_UV = 1.3
DURATION_S = 120.0


@dataclass(frozen=True)
class Heart:
    """A trunk lead with a heart against the same lead without: bias of RMS, activity, exclusion, silence."""

    level_uv: float
    bursts: bool
    rms_bias: float
    activity_error: float
    excluded_share: float
    allowed_share: float
    silence_error_s: float
    gaps_error: float
    residual: float
    n_beats: int


def heart_case(level_uv: float, bursts: bool, peak_uv: float, per_minute: float, rate_hz: float, seed: int) -> Heart:  # noqa: FBT001
    """Judge one lead with and without its heart."""
    rng = np.random.default_rng([seed, int(level_uv), int(peak_uv), int(per_minute), int(rate_hz), bursts])
    n = int(DURATION_S * rate_hz)
    plain = electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0)
    if level_uv:
        emg = gaussian_emg(n, rate_hz, rng)
        emg *= level_uv / band_rms_uv(emg, rate_hz)
        plain = plain + emg * (random_bursts(n, rate_hz, rng) if bursts else 1.0)
    ecg_uv = heart_train(n, rate_hz, rng, beats_per_min=per_minute, peak_uv=peak_uv).samples_uv
    one, other = _judged(plain + ecg_uv, rate_hz), _judged(plain, rate_hz)
    frames, bare = one.judged["PSP_L"].frames, other.judged["PSP_L"].frames
    return Heart(
        level_uv, bursts, _rms_bias(frames, bare), _difference(one, other, "act_frac"),
        float(((frames.reasons & QRS) != 0).mean()), 0.13 * per_minute / 60 + 0.02,
        _difference(one, other, "longest_silence_s"), _difference(one, other, "gaps_per_min"),
        frames.heart.residual if frames.heart else np.nan, frames.heart.n_beats if frames.heart else 0,
    )  # fmt: skip


def _judged(samples_uv: NDArray[np.float64], rate_hz: float) -> Result:
    recording = array_recording([samples_uv], ["PSP_L"], rate_hz)
    return measure(recording, compute_frames(recording, mains_hz=50), rest=True)


def _rms_bias(frames: ChannelFrames, bare: ChannelFrames) -> float:
    """Total RMS of usable hops with the heart over that of the same hops without it, minus 1."""
    good = usable_hops(frames)
    return (
        float(np.sqrt(frames.mean_square[good].mean(dtype=np.float64) / bare.mean_square[good].mean(dtype=np.float64)))
        - 1
    )


def _difference(one: Result, other: Result, name: str) -> float:
    """Difference of a measure; NaN where either gives none."""
    values = [next(r.value for r in result.rows if r.measure == name) for result in (one, other)]
    known = [np.nan if v is None else v for v in values]
    return float(known[0] - known[1])


def heartless_case(kind: str, seed: int, rate_hz: float) -> tuple[int, float, str]:
    """Beats removed, share of hops marked QRS, and why none, on a trunk lead without a heart."""
    rng = np.random.default_rng([seed, int(rate_hz), len(kind)])
    n = int(DURATION_S * rate_hz)
    x = electrode_noise(n, rate_hz, rng, band_rms_uv=NOISE_UV, corner_hz=10.0) + heartless_signal(
        kind, n, rate_hz, rng, seed
    )
    frames = compute_frames(array_recording([x], ["PSP_L"], rate_hz), mains_hz=50).channels[0]
    assert frames.heart is not None
    return frames.heart.n_beats, float(((frames.reasons & QRS) != 0).mean()), frames.heart.why


HEARTLESS = ("noise", "tonic 20 uV", "bursts 40 uV", "unit 6/s", "unit 8/s", "unit 10/s", "tremor 4 Hz",
             "bursts 1.2 Hz", "mains 40 uV")  # fmt: skip


def heartless_signal(kind: str, n: int, rate_hz: float, rng: np.random.Generator, seed: int) -> NDArray[np.float64]:
    """A signal of a kind that is no heart, without noise, µV."""
    t = np.arange(n) / rate_hz
    if kind == "noise":
        return np.zeros(n)
    if kind.startswith("unit"):
        rate = float(kind.split()[1].split("/")[0])
        return single_unit(seed, DURATION_S, rate_hz, discharge_hz=rate, isi_cv=0.15, rms_uv=20.0).samples_uv
    if kind.startswith("mains"):
        return mains(n, rate_hz, rng, rms_uv=40.0, harmonics=(1, 0.1, 0.3), drift_hz=0.2)
    emg = gaussian_emg(n, rate_hz, rng)
    emg *= (20.0 if kind.startswith("tonic") else 40.0) / band_rms_uv(emg, rate_hz)
    beat = np.sin(2 * np.pi * (4.0 if kind.startswith("tremor") else 1.2) * t + 0.5 * np.sin(t))
    on = {"tonic 20 uV": t >= 0, "bursts 40 uV": random_bursts(n, rate_hz, rng), "tremor 4 Hz": beat > 0.5}.get(
        kind, beat > 0.8
    )
    return np.where(on, emg, 0.0)


def hearts(each: Each, seeds: int) -> list[Check]:
    """Both halves: hearts that are there, hearts that are not."""
    kinds = [(level, False) for level in LEVELS_UV] + [(20.0, True)]
    keys = [(*kind, peak, bpm, rate, s) for kind, peak, bpm, rate, s in
            product(kinds, PEAKS_UV, PER_MINUTE, RATES_HZ, range(seeds))]  # fmt: skip
    found: list[Heart] = each(heart_case, keys)
    rows = [_heart_row(kind, [h for h in found if (h.level_uv, h.bursts) == kind]) for kind in kinds]
    told = [h for h in found if h.bursts or h.level_uv == 0.0]
    over = max(h.excluded_share - h.allowed_share for h in found)
    bias, wrong = _most(found, "rms_bias"), _most(found, "activity_error")
    silence, gaps = _most(told, "silence_error_s"), _most(told, "gaps_error")
    return [
        Check(
            "ECG of 100-300 µV at 50-130 beats a minute on a trunk lead",
            "RMS bias < 2 %, activity error < 0.02, excluded time <= 0.13 s x beats per minute / 60 + 2 %, longest"
            " silence within 0.1 s of the same lead without a heart, gaps a minute within 0.1",
            f"largest bias {bias:.4f}, activity error {wrong:.4f}, excluded {over:+.4f} of the allowance, silence"
            f" {silence:.3f} s, gaps {gaps:.3f}, {_withheld(found)} values withheld in {len(found)} recordings",
            bias < 0.02 and wrong < 0.02 and over <= 0 and silence <= 0.1 and gaps <= 0.1,
            ("EMG, µV", "recordings", "largest RMS bias", "largest activity error", "excluded less allowance",
             "silence, s", "gaps a minute", "largest residual", "withheld"),
            tuple(rows),
        ),
        _heartless_check(each, seeds),
    ]  # fmt: skip


def _heart_row(kind: tuple[float, bool], group: list[Heart]) -> tuple[str, ...]:
    level_uv, bursts = kind
    over = max(h.excluded_share - h.allowed_share for h in group)
    rests = bursts or level_uv == 0.0
    return (
        f"{level_uv:g}{' in bursts' if bursts else ''}",
        str(len(group)),
        f"{_most(group, 'rms_bias'):.4f}",
        f"{_most(group, 'activity_error'):.4f}",
        f"{over:+.4f}",
        f"{_most(group, 'silence_error_s'):.3f}" if rests else "-",
        f"{_most(group, 'gaps_error'):.3f}" if rests else "-",
        f"{np.nanmax([h.residual for h in group]):.2f}",
        str(_withheld(group)),
    )


def _most(group: list[Heart], name: str) -> float:
    """Largest magnitude; recordings without a value are counted beside it."""
    return float(np.nanmax([abs(getattr(h, name)) for h in group]))


def _withheld(group: list[Heart]) -> int:
    """Recordings whose active fraction is not given with the heart or without it."""
    return sum(np.isnan(h.activity_error) for h in group)


def _heartless_check(each: Each, seeds: int) -> Check:
    keys = [(kind, s, rate) for kind, rate, s in product(HEARTLESS, RATES_HZ, range(seeds))]
    said = dict(zip(keys, each(heartless_case, keys), strict=True))
    rows = []
    for kind in HEARTLESS:
        group = [v for k, v in said.items() if k[0] == kind]
        rows.append(
            (kind, str(len(group)), str(max(n for n, _, _ in group)), "; ".join(dict.fromkeys(w for *_, w in group)))
        )
    most = max(n for n, _, _ in said.values())
    return Check(
        "Trunk leads without a heart",
        "nothing removed",
        f"largest number of beats removed {most} in {len(keys)} recordings",
        most == 0,
        ("signal", "recordings", "beats removed", "why none"),
        tuple(rows),
    )
