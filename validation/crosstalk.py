"""Pairs: overlap, crosstalk and common drive as the program tells them apart, on simulated muscles."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from emgpipe.measures.rows import MeasureRow
from validation.checks import Check, Each
from validation.crosstalk_cases import COPIES, COURSES, MUSCLES, NOISE_UV, SOURCES, Muscle, Pair, Said, pair_case

RATES_HZ = (2000.0, 1000.0)
FEW = ("gaussian", "five units")
PAIR = "/".join(MUSCLES)
SHORT_S = 40.0
SILENT = Muscle(floors=0.0)


def crosstalk_checks(each: Each, seeds: int) -> list[Check]:
    """Every check on pairs, `seeds` draws of each case."""
    return [
        overlap_check(each, seeds),
        silent_check(each, seeds),
        copies_check(each, seeds),
        separate_check(each, seeds),
        curve_check(each, seeds),
        calibration_check(each, seeds),
        drive_check(each, seeds),
    ]


def _drawn(each: Each, pairs: Sequence[Pair], seeds: int) -> list[tuple[Pair, list[Said]]]:
    """What is said of `seeds` draws of each pair."""
    said = each(pair_case, [(pair, seed) for pair in pairs for seed in range(seeds)])
    return [(pair, said[i * seeds : (i + 1) * seeds]) for i, pair in enumerate(pairs)]


def _hz(pair: Pair) -> str:
    return " / ".join(f"{rate:g}" for rate in dict.fromkeys(pair.rates_hz))


def overlap_check(each: Each, seeds: int) -> Check:
    """Overlap of two active muscles against its noise-free truth."""
    levels = ((20.0, 20.0), (40.0, 8.0), (8.0, 5.0))
    rates = ((2000.0, 2000.0), (1000.0, 1000.0), (1000.0, 2000.0), (2000.0, 2048.0))
    plain = [
        Pair(Muscle(source, one), Muscle(source, other), rates_hz=rate, device=True)
        for source, (one, other), rate in product(FEW, levels, rates)
    ]
    driven = [
        replace(pair, first=replace(pair.first, common=0.3), second=replace(pair.second, common=0.3))
        for pair in plain if pair.first.floors == 40
    ]  # fmt: skip
    humming = [replace(pair, mains_uv=30.0) for pair in plain if pair.first.floors == 40]
    rows, worst, withheld = [], 0.0, 0
    for pair, said in _drawn(each, [*plain, *driven, *humming], seeds):
        errors = np.array([s.value("cc_overlap_uv") / s.overlap_uv - 1 for s in said])
        known = errors[np.isfinite(errors)]
        withheld += len(errors) - len(known)
        worst = max(worst, float(np.abs(known).max(initial=0.0)))
        kind = "common drive" if pair.first.common else "mains of 30 uV" if pair.mains_uv else "independent"
        spread = f"{known.min():+.3f} to {known.max():+.3f}" if len(known) else "withheld"
        rows.append((_hz(pair), pair.first.source, f"{pair.first.floors:g} / {pair.second.floors:g}", kind, spread))
    return Check(
        "Overlap of two active muscles",
        "within 10 % of noise-free truth, at equal and unequal rates, with mains, with common drive; none withheld",
        f"largest error {worst:.3f}; {withheld} withheld of {seeds * len(rows)}",
        worst <= 0.10 and not withheld,
        ("rates, Hz", "EMG", "levels, floors", "kind", "error"),
        tuple(rows),
    )


def silent_check(each: Each, seeds: int) -> Check:
    """Overlap with a silent antagonist."""
    pairs = [
        Pair(Muscle(source, 40.0, course), SILENT, rates_hz=(rate, rate), device=device)
        for source, course, rate, device in product(FEW, ("tonic", "bursts"), RATES_HZ, (True, False))
    ]
    rows, holds, most = [], True, {True: 0.0, False: 0.0}
    for pair, said in _drawn(each, pairs, seeds):
        told = [s.rows[PAIR, "cc_overlap_uv"] for s in said]
        floors = max((row.value / NOISE_UV for row in told if row.value is not None), default=0.0)
        most[pair.device] = max(most[pair.device], floors)
        holds &= all(_honest(row) for row in told)
        states = ", ".join(dict.fromkeys(row.status for row in told))
        rows.append((_hz(pair), f"{pair.first.source}, {pair.first.course}", "stated" if pair.device else "estimated",
                     f"{floors:.3f}", states))  # fmt: skip
    return Check(
        "Overlap with a silent antagonist beside an agonist of 40 floors",
        "<= 0.2 floors with a device floor, <= 0.45 else; below_limit, or no value",
        f"largest {most[True]:.3f} and {most[False]:.3f} floors",
        holds and most[True] <= 0.2 and most[False] <= 0.45,
        ("rate, Hz", "agonist", "floor", "largest, floors", "status"),
        tuple(rows),
    )


def _honest(row: MeasureRow) -> bool:
    return row.status in ("below_limit", "undeterminable")


def copies_check(each: Each, seeds: int) -> Check:
    """Crosstalk onto a silent antagonist: 0.05 of the agonist, one floor and more while it is on."""
    pairs = [
        Pair(Muscle(source, 40.0 if course == "spasms" else 20.0, course), SILENT, 0.05, way, (rate, rate),
             duration_s=SHORT_S)
        for rate, source, course, way in product(RATES_HZ, SOURCES, COURSES, COPIES)
    ]  # fmt: skip
    rows, hits, right, total = [], 0, 0, 0
    drawn = _drawn(each, pairs, seeds)
    for course, way in product(COURSES, COPIES):
        group = [s for pair, said in drawn if (pair.first.course, pair.way) == (course, way) for s in said]
        r0 = [s.value("xt_r0") for s in group]
        flagged = [s.flagged for s in group]
        hits, total = hits + sum(flagged), total + len(group)
        right += sum(map(_right_muscle, group))
        rows.append((course, way, str(len(group)), f"{np.mean(flagged):.3f}", f"{min(r0):.2f}-{max(r0):.2f}"))
    return Check(
        "Crosstalk onto a silent antagonist: a copy of 0.05 x the agonist's RMS, one floor while on (spasms: two)",
        "flagged in >= 95 %, on the pair and on the antagonist, not on the agonist",
        f"{hits / total:.3f} of {total} flagged; the right muscle in {right / total:.3f}",
        hits >= 0.95 * total and right == total,
        ("agonist (1, 5, 40 units and Gaussian)", "copy", "recordings", "flagged", "xt_r0"),
        tuple(rows),
    )


def _right_muscle(said: Said) -> bool:
    """Whether a verdict is on the antagonist's rows wherever they hold a number, and never on the agonist's."""
    agonist, antagonist = MUSCLES
    told = said.rows[antagonist, "rest_rms_uv"].value is None or said.coded(antagonist, "rest_rms_uv") == said.flagged
    return told and not said.coded(agonist, "rest_rms_uv")


def separate_check(each: Each, seeds: int) -> Check:
    """Pairs without crosstalk: independent, and with common drive."""
    antagonists = (("tonic", 5.0), ("bursts", 20.0), ("spasms", 40.0))
    alone = [
        Pair(Muscle(source, 20.0, course), Muscle(source, floors, other), rates_hz=(rate, rate), duration_s=SHORT_S)
        for rate, source, course, (other, floors) in product(RATES_HZ, SOURCES, COURSES, antagonists)
    ]
    driven = [
        Pair(Muscle(source, 20.0, common=depth), Muscle(source, floors, common=depth), rates_hz=(rate, rate),
             duration_s=SHORT_S, common_hz=hz)
        for rate, source, floors, depth, hz in product(RATES_HZ, SOURCES, (5.0, 20.0), (0.3, 0.6), (2.0, 10.0))
    ]  # fmt: skip
    rows, shares = [], []
    for kind, pairs in (("independent", alone), ("common drive", driven)):
        drawn = _drawn(each, pairs, seeds)
        shares.append(np.mean([s.flagged for _, said in drawn for s in said]))
        for source in SOURCES:
            group = [s for pair, said in drawn if pair.first.source == source for s in said]
            r0 = np.array([s.value("xt_r0") for s in group])
            share = np.mean([s.flagged for s in group])
            rows.append((kind, source, str(len(group)), f"{share:.3f}", f"{np.median(r0):.2f}, {r0.max():.2f}"))
    return Check(
        "Pairs without crosstalk",
        "flagged in <= 2 %, independent or with common drive (0.3 and 0.6 of the level, below 2 and 10 Hz)",
        f"independent {shares[0]:.3f}, common drive {shares[1]:.3f}",
        max(shares) <= 0.02,
        ("kind", "EMG", "recordings", "flagged", "xt_r0: median, largest"),
        tuple(rows),
    )


def curve_check(each: Each, seeds: int) -> Check:
    """What is flagged, and what both overlaps read, by copy and by activity of the antagonist."""
    antagonists, copies = (0.0, 1.0, 3.0, 8.0), (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
    pairs = [
        Pair(Muscle(source, 30.0), Muscle(source, floors), copy, way, device=True, duration_s=SHORT_S)
        for floors, way, copy, source in product(antagonists, COPIES, copies, FEW)
    ]
    drawn = _drawn(each, pairs, max(seeds // 2, 1))
    rows, better, counted = [], 0, 0
    for floors, way, copy in product(antagonists, COPIES, copies):
        group = [
            s for pair, said in drawn for s in said if (pair.second.floors, pair.way, pair.copy) == (floors, way, copy)
        ]
        r0 = np.median([s.value("xt_r0") for s in group])
        bias = [
            np.array([s.value(name) - s.overlap_uv for s in group]) / NOISE_UV
            for name in ("cc_overlap_uv", "cc_overlap_xt_uv")
        ]
        flagged = np.array([s.flagged for s in group])
        better += int((np.abs(bias[1]) <= np.abs(bias[0]) + 0.05)[flagged].sum())
        counted += int(flagged.sum())
        means = ["-" if np.isnan(b).all() else f"{np.nanmean(b):+.2f}" for b in bias]
        rows.append((f"{floors:g}", way, f"{copy:g}", f"{30 * copy:.2g}", f"{r0:.2f}", f"{flagged.mean():.2f}", *means))
    return Check(
        "Crosstalk from an agonist of 30 floors: the curve in between",
        "printed; of those flagged, cc_overlap_xt_uv is no further from the truth than cc_overlap_uv in >= 95 %",
        f"so in {better} of {counted} (within 0.05 floors)",
        better >= 0.95 * counted,
        ("antagonist, floors", "copy", "share", "copy, floors", "xt_r0", "flagged", "bias of cc_overlap_uv, floors",
         "of cc_overlap_xt_uv"),
        tuple(rows),
    )  # fmt: skip


def calibration_check(each: Each, seeds: int) -> Check:
    """Coherence of independent muscles: a standard normal number."""
    kinds = list(product(SOURCES, ("tonic", "bursts")))
    pairs = [
        Pair(Muscle(source, 20.0, course), Muscle(source, 10.0, course), rates_hz=(1000.0, 1000.0), device=True)
        for source, course in kinds
    ]
    rows, every = [], []
    for (source, course), (_, said) in zip(kinds, _drawn(each, pairs, 6 * seeds), strict=True):
        z = np.array([s.value("imc_low_z") for s in said])
        every.append(z)
        rows.append((f"{source}, {course}", str(len(z)), f"{z.mean():+.2f}", f"{z.std(ddof=1):.2f}", f"{z.max():.2f}"))
    z = np.concatenate(every)
    # four standard errors of the mean and of the SD of normal numbers
    margin = 4 / np.sqrt(len(z))
    return Check(
        "imc_low_z of independent muscles, 60 s",
        f"mean 0 and SD 1, within four standard errors of {len(z)} draws",
        f"mean {z.mean():+.3f}, SD {z.std(ddof=1):.3f}; above 1.645: {np.mean(z > 1.645):.3f}",
        bool(abs(z.mean()) <= margin and abs(z.std(ddof=1) - 1) <= margin / np.sqrt(2)),
        ("EMG", "recordings", "mean", "SD", "largest"),
        tuple(rows),
    )


def drive_check(each: Each, seeds: int) -> Check:
    """Coherence with common drive, and what crosstalk makes of it."""
    kinds = [(source, depth, 0.0, 10.0) for source, depth in product(SOURCES, (0.1, 0.2, 0.4))]
    kinds += [(source, 0.0, copy, floors) for source, copy, floors in product(FEW, (0.02, 0.05, 0.2), (0.0, 5.0))]
    pairs = [
        Pair(
            Muscle(source, 20.0, common=depth), Muscle(source, floors, common=depth), copy, device=True, common_hz=10.0
        )
        for source, depth, copy, floors in kinds
    ]
    rows, least, unflagged = [], np.inf, 0
    for (source, depth, copy, floors), (_, said) in zip(kinds, _drawn(each, pairs, 2 * seeds), strict=True):
        z = np.array([s.value("imc_low_z") for s in said])
        flagged = [s.flagged for s in said]
        if depth == 0.4:
            least = min(least, float(np.median(z)))
        unflagged += sum(a > 3 and not f for a, f in zip(z, flagged, strict=True)) if copy else 0
        rows.append((source, f"{depth:g}", f"{copy:g}", f"{floors:g}", f"{np.median(z):.1f}",
                     f"{np.mean(z > 1.645):.2f}", f"{np.mean(flagged):.2f}"))  # fmt: skip
    return Check(
        "imc_low_z with common drive below 10 Hz, and with crosstalk alone",
        "median z > 1.645 where drive swings by 0.4 of the level; crosstalk that looks like drive (z > 3) is flagged",
        f"least median {least:.1f}; crosstalk with z > 3 and no flag: {unflagged}",
        least > 1.645 and not unflagged,
        ("EMG", "drive", "copy", "antagonist, floors", "median z", "z > 1.645", "crosstalk flagged"),
        tuple(rows),
    )
