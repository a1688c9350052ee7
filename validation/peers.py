"""Other packages side by side: their detectors at their defaults, and a finder of heart beats (decisions 0017, 0018).

Each is optional (`pip install emgpipe[peers]`). Where one is absent or raises, its cell says so.
"""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emgpipe.filters.bandpass import design_band, zero_phase
from emgpipe.filters.heart import lead_beats
from emgpipe.filters.settings import ConditionSettings
from emgpipe.simulate import SCENARIOS, band_rms_uv, electrode_noise, heart_train, scenario
from emgpipe.simulate.scenarios import gaussian_emg
from validation.cases import Floats, judged
from validation.checks import Check, Each
from validation.heart import HEARTLESS, heartless_signal
from validation.leads import Lead, dead_leads, hands, needle, said

RATE_HZ, DURATION_S = 2000.0, 40.0
REST_S = 5.0
"""Detectors that must be told a rest take the first seconds, as a protocol would."""
BEAT_RATE_HZ, BEAT_DURATION_S, TOLERANCE_S = 500.0, 120.0, 0.08
BEAT_LEADS = [(level_uv, peak_uv, bpm) for level_uv in (0.0, 10.0, 20.0, 50.0) for peak_uv in (100.0, 300.0)
              for bpm in (50.0, 70.0, 100.0, 130.0)]  # fmt: skip

Mask = NDArray[np.bool_]


def neurokit(method: str) -> Callable[[Floats, float], Mask]:
    """neurokit2's chain: clean, amplitude, activation."""

    def detect(samples_uv: Floats, rate_hz: float) -> Mask:
        """Mask of the samples that are called active."""
        import neurokit2

        clean = np.asarray(neurokit2.emg_clean(samples_uv, sampling_rate=int(rate_hz)))
        amplitude = neurokit2.emg_amplitude(clean)
        table, _ = neurokit2.emg_activation(
            emg_amplitude=amplitude, emg_cleaned=clean, sampling_rate=int(rate_hz), method=method
        )
        return table["EMG_Activity"].to_numpy() > 0

    return detect


def biosppy_default(samples_uv: Floats, rate_hz: float) -> Mask:
    """`biosppy.signals.emg.emg` as it is."""
    from biosppy.signals import emg

    found = emg.emg(signal=samples_uv, sampling_rate=rate_hz, show=False)
    return louder(found["onsets"], np.asarray(found["filtered"]))


def biosppy_onsets(name: str, **lengths: float) -> Callable[[Floats, float], Mask]:
    """One of biosppy's onset detectors in our band; lengths in s become samples, thresholds stay."""

    def detect(samples_uv: Floats, rate_hz: float) -> Mask:
        """Mask of the samples that are called active."""
        from biosppy.signals import emg

        banded = zero_phase(samples_uv, design_band(rate_hz, ConditionSettings()))
        told = {k.removesuffix("_s"): int(v * rate_hz) if k.endswith("_s") else v for k, v in lengths.items()}
        rest = [0, int(REST_S * rate_hz)]
        found = getattr(emg, f"{name}_onset_detector")(signal=banded, rest=rest, sampling_rate=rate_hz, **told)
        return louder(found["onsets"], banded)

    return detect


def louder(changes: NDArray[np.int64], samples_uv: Floats) -> Mask:
    """Change points carry no sign: on is where it is louder, in the package's favour."""
    on = np.zeros(len(samples_uv), bool)
    places = [*np.asarray(changes, int).tolist(), len(on)]
    for start, stop in zip(places[::2], places[1::2], strict=False):
        on[start:stop] = True
    if len(places) == 1:
        return on
    size = np.abs(samples_uv)
    return on if on.all() or size[on].mean() >= size[~on].mean() else ~on


DETECTORS: dict[str, Callable[[Floats, float], Mask]] = {
    "neurokit2 threshold": neurokit("threshold"),
    "neurokit2 mixture": neurokit("mixture"),
    "neurokit2 biosppy": neurokit("biosppy"),
    "neurokit2 silva": neurokit("silva"),
    "biosppy emg()": biosppy_default,
    "biosppy hodges_bui": biosppy_onsets("hodges_bui", size_s=0.05, threshold=3),
    "biosppy bonato": biosppy_onsets(
        "bonato", threshold=7.8, active_state_duration_s=0.025, samples_above_fail=3, fail_size_s=0.005
    ),
    "biosppy lidierth": biosppy_onsets(
        "lidierth", size_s=0.05, threshold=3, active_state_duration_s=0.03, fail_size_s=0.015
    ),
    "biosppy londral": biosppy_onsets("londral", size_s=0.05, threshold=3, active_state_duration_s=0.025),
}


def says(name: str, samples_uv: Floats, rate_hz: float) -> str:
    """Active fraction by a peer, or why there is none."""
    if find_spec(name.split()[0]) is None:
        return "absent"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f"{np.mean(DETECTORS[name](samples_uv, rate_hz)):.3f}"
        except Exception as fault:  # a peer may raise what it likes
            return type(fault).__name__


def scenario_row(name: str, asked: tuple[str, ...] = tuple(DETECTORS)) -> tuple[str, ...]:
    """Active fraction of a scenario: true, ours, and that of each peer that is asked."""
    channel = scenario(name, 0, DURATION_S, RATE_HZ)
    ours = judged(channel.samples_uv, RATE_HZ, "PSP_L" if name == "silent_ecg" else "TA_R").value("act_frac")
    peers = (says(peer, channel.samples_uv, RATE_HZ) for peer in asked)
    return (name, f"{channel.active_fraction:.3f}", _given(ours), *peers)


def lead_row(lead: Lead) -> tuple[str, ...]:
    """The same on a real lead."""
    value = said(lead).row.value
    peers = (says(peer, lead.samples_uv, lead.rate_hz) for peer in DETECTORS)
    return (lead.name, lead.known, _given(np.nan if value is None else value), *peers)


def _given(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "undeterminable"


def side_by_side(each: Each, real: Path | None) -> Check:
    """All detectors on the eight scenarios and on real leads."""
    rows: list[tuple[str, ...]] = each(scenario_row, [(name,) for name in SCENARIOS])
    if real is not None:
        leads = [needle(real), *dead_leads(real)[:2], *hands(real, ".edf").values()]
        rows += each(lead_row, [(lead,) for lead in leads])
    names = ("emgpipe", *DETECTORS)
    always, silent = (next(row for row in rows if row[0] == name)[2:] for name in ("always_active", "silent"))
    youden = [f"{name} {_youden(a, s)}" for name, a, s in zip(names, always, silent, strict=True)]
    ours = [_youden(always[0], silent[0]), *(_off(row[1], row[2]) for row in rows[: len(SCENARIOS)])]
    return Check(
        "Peers at their defaults, side by side: active fraction",
        "emgpipe: J >= 0.98 and each scenario of 40 s within 0.02; no goal for the others",
        f"J = active(always) - active(silent): {', '.join(youden)}",
        bool(float(ours[0]) >= 0.98 and all(float(off) <= 0.02 for off in ours[1:])),
        ("signal", "true", *names),
        tuple(rows),
    )


def _youden(always: str, silent: str) -> str:
    try:
        return f"{float(always) - float(silent):.2f}"
    except ValueError:
        return "nan" if "undeterminable" in (always, silent) else "none"


def _off(truth: str, value: str) -> float:
    """Error of a value; NaN, which meets no goal, where it is withheld."""
    return abs(float(truth) - float(value)) if value != "undeterminable" else np.nan


def matched(found_s: Floats, truth_s: Floats) -> tuple[float, float]:
    """Sensitivity and positive predictive value within `TOLERANCE_S`; NaN where nothing was found."""
    if not len(found_s):
        return 0.0, np.nan
    apart = np.abs(np.subtract.outer(truth_s, found_s))
    return float((apart.min(1) <= TOLERANCE_S).mean()), float((apart.min(0) <= TOLERANCE_S).mean())


def sleepecg_beats(samples_uv: Floats) -> Floats | None:
    """Beats by sleepecg, s; None where it is absent."""
    if find_spec("sleepecg") is None:
        return None
    import sleepecg

    return np.asarray(sleepecg.detect_heartbeats(samples_uv, BEAT_RATE_HZ), np.float64) / BEAT_RATE_HZ


def beats_case(level_uv: float, peak_uv: float, per_minute: float) -> list[tuple[float, float]]:
    """Sensitivity and predictive value of both finders on a lead with a heart; none for an absent one."""
    rng = np.random.default_rng([17, int(level_uv), int(peak_uv), int(per_minute)])
    n = int(BEAT_DURATION_S * BEAT_RATE_HZ)
    emg = gaussian_emg(n, BEAT_RATE_HZ, rng)
    heart = heart_train(n, BEAT_RATE_HZ, rng, beats_per_min=per_minute, peak_uv=peak_uv)
    x = electrode_noise(n, BEAT_RATE_HZ, rng, band_rms_uv=1.3, corner_hz=10.0) + heart.samples_uv
    x = x + emg * level_uv / band_rms_uv(emg, BEAT_RATE_HZ)
    ours, theirs = lead_beats(x, BEAT_RATE_HZ), sleepecg_beats(x)
    own_s = np.sort(np.concatenate([ours.times_s, ours.others_s]))
    return [matched(found, heart.beats_s) for found in (own_s, theirs) if found is not None]


def no_beats_case(kind: str) -> tuple[float, str, float]:
    """Beats a minute that both finders see where there is no heart, and what ours says."""
    rng = np.random.default_rng([17, len(kind)])
    n = int(BEAT_DURATION_S * BEAT_RATE_HZ)
    x = electrode_noise(n, BEAT_RATE_HZ, rng, band_rms_uv=1.3, corner_hz=10.0)
    x = x + heartless_signal(kind, n, BEAT_RATE_HZ, rng, seed=1)
    ours, theirs = lead_beats(x, BEAT_RATE_HZ), sleepecg_beats(x)
    minutes = BEAT_DURATION_S / 60
    return len(ours.times_s) / minutes, ours.refused, np.nan if theirs is None else len(theirs) / minutes


def beat_finders(each: Each) -> Check:
    """Our finder of beats beside sleepecg's, with a heart and without."""
    found = dict(zip(BEAT_LEADS, each(beats_case, BEAT_LEADS), strict=True))
    rows = []
    for level_uv, peak_uv in dict.fromkeys(key[:2] for key in BEAT_LEADS):
        group = [v for key, v in found.items() if key[:2] == (level_uv, peak_uv)]
        said_of = [" / ".join(f"{v:.3f}" for v in np.mean(pairs, axis=0)) for pairs in zip(*group, strict=True)]
        rows.append((f"QRS {peak_uv:g} µV on EMG of {level_uv:g} µV", *said_of, *["absent"] * (2 - len(said_of))))
    without = each(no_beats_case, [(kind,) for kind in HEARTLESS])
    for kind, (ours, why, theirs) in zip(HEARTLESS, without, strict=True):
        other = "absent" if np.isnan(theirs) else f"{theirs:.0f} a minute"
        rows.append((f"no heart: {kind}", f"{ours:.0f} a minute ({why})", other))
    most, least = max(ours for ours, *_ in without), float(np.nanmin([f[0][0] for f in found.values()]))
    others = [theirs for *_, theirs in without]
    return Check(
        "Heart beats: our finder beside sleepecg",
        "nothing found without a heart; sensitivity >= 0.95 up to EMG of 20 µV under QRS of 100 µV (means over rates)",
        f"ours without a heart {most:.0f} a minute, sleepecg {min(others):.0f}-{max(others):.0f}; least"
        f" sensitivity of ours on one lead {least:.3f}",
        most == 0 and all(float(r[1].split(" / ")[0]) >= 0.95 for r in rows[:6]),
        ("lead", "ours: sensitivity / predictive value", "sleepecg"),
        tuple(rows),
    )
