"""Spasms on a muscle at rest: which are found, how well ends and area agree with the drive, and what is none."""

from itertools import pairwise, product

import numpy as np

from validation.checks import Check, Each
from validation.spasm_cases import (
    CLAIMED_DB,
    TOLERANCE_S,
    Found,
    Rest,
    bouts_case,
    end_errors_s,
    f1,
    long_case,
    spasm_case,
    tonic_case,
)

LEVELS_DB = (6.0, 8.0, 10.0, 15.0, 20.0)
MUSCLES = (
    ("gaussian", 0.0, 0.0),
    ("gaussian", 2.0, 0.3),
    ("gaussian", 8.0, 0.15),
    ("pool", 2.0, 0.15),
    ("pool", 8.0, 0.3),
)
TONIC_MUSCLES = (("gaussian", 2.0, 0.0), ("gaussian", 8.0, 0.3), ("units", 2.0, 0.1), ("units", 8.0, 0.1),
                 ("pool", 2.0, 0.3), ("pool", 8.0, 0.1))  # fmt: skip
"""Kind, tonic level in floors, depth of the slow drive."""
MINUTES, MOST_MINUTES = 10.0, 30.0
SHARP_S = 2.0
DECAYS_S = (0.5, 2.0, 5.0, 10.0, 20.1)


def spasm_checks(each: Each, seeds: int) -> list[Check]:
    """All claims about spasms."""
    rests = [
        Rest(
            *muscle,
            db,
            (1000.0, 2000.0)[seed % 2],
            MOST_MINUTES if (db, seed % 4) == (CLAIMED_DB, 3) else MINUTES,
            seed,
            shaken,
        )
        for muscle, db, seed, shaken in product(MUSCLES, LEVELS_DB, range(seeds), (False, True))
        if not shaken or (db in (CLAIMED_DB, 20.0) and muscle[2] > 0)
    ]
    found: list[Found] = each(spasm_case, [(rest,) for rest in rests])
    plain = [one for one in found if not one.rest.shaken]
    return [
        _found_check(plain, [one for one in found if one.rest.shaken]),
        _ends_check([one for one in plain if one.rest.db >= CLAIMED_DB]),
        _area_check(found),
        _long_check(each, seeds),
        _tonic_check(each),
    ]


def _found_check(plain: list[Found], shaken: list[Found]) -> Check:
    claimed = [one for one in plain if one.rest.db >= CLAIMED_DB]
    rows = []
    for title, group in (("", plain), (", plateaus that vary with the slow drive", shaken)):
        for muscle, db in product(MUSCLES, LEVELS_DB):
            part = [
                one for one in group if (one.rest.kind, one.rest.tonic, one.rest.depth, one.rest.db) == (*muscle, db)
            ]
            if part:
                rows.append((f"{muscle[0]}, {muscle[1]:g} floors, depth {muscle[2]:g}{title}", f"{db:g}",
                             str(sum(len(one.true_s) for one in part)), str(sum(len(one.found_s) for one in part)),
                             *(f"{f1(part, ends):.3f}" for ends in ("start", "length", "both"))))  # fmt: skip
    curve = ", ".join(f"{db:g} dB {f1([one for one in plain if one.rest.db == db]):.3f}" for db in LEVELS_DB)
    start, length = f1(claimed), f1(claimed, "length")
    return Check(
        "Spasms found, by their height over the tonic level",
        "F1 >= 0.95 at >= 10 dB over the tonic level (over 2 floors in a muscle quieter than these): starts to 250 ms,"
        " ends to 250 ms or 20 % of the length",
        f"F1 {start:.3f} by starts, {length:.3f} with ends, {f1(claimed, 'both'):.3f} with ends to 250 ms whatever the"
        f" decay; by starts at {curve}; plateaus that vary at 10 and 20 dB: {f1(shaken):.3f}",
        min(start, length) >= 0.95,
        ("muscle", "dB", "spasms", "found", "F1 by start", "and end to 250 ms or 20 %", "and end to 250 ms"),
        tuple(rows),
    )


def _ends_check(group: list[Found]) -> Check:
    decays_s, errors_s = end_errors_s(group)
    rows, least = [], 1.0
    for low_s, high_s in pairwise(DECAYS_S):
        part = errors_s[(decays_s >= low_s) & (decays_s < high_s)]
        if not len(part):
            continue
        inside = float((np.abs(part) <= TOLERANCE_S).mean())
        least = min(least, inside) if high_s <= SHARP_S else least
        rows.append((f"{low_s:g}-{high_s:g}", str(len(part)), f"{inside:.3f}", f"{np.median(part):+.3f}",
                     f"{np.quantile(np.abs(part), 0.9):.3f}"))  # fmt: skip
    return Check(
        "Ends of spasms at >= 10 dB, by the time of decay",
        f">= 0.95 within 250 ms where the decay takes up to {SHARP_S:g} s; the curve beyond is printed",
        f"{least:.3f}",
        least >= 0.95,
        ("decay, s", "spasms", "within 250 ms", "median error, s", "90 % of errors below, s"),
        tuple(rows),
    )


def _area_check(found: list[Found]) -> Check:
    rows, worst = [], 0.0
    for shaken, db in product((False, True), LEVELS_DB):
        ratios = np.array([one.area_ratio for one in found if (one.rest.shaken, one.rest.db) == (shaken, db)])
        if len(ratios):
            worst = max(worst, float(np.abs(ratios - 1).max())) if db >= CLAIMED_DB and not shaken else worst
            rows.append((f"{db:g}{', plateaus that vary' if shaken else ''}", str(len(ratios)),
                         f"{ratios.min():.3f}-{ratios.max():.3f}", f"{np.median(ratios):.3f}"))  # fmt: skip
    return Check(
        "Area of spasms a minute",
        "spasm_auc_uvs_min within 10 % of the noise-free signal at >= 10 dB",
        f"largest error {worst:.3f}",
        worst <= 0.10,
        ("dB", "rests", "estimate / truth", "median"),
        tuple(rows),
    )


def _long_check(each: Each, seeds: int) -> Check:
    keys = list(product((90.0, 300.0), (1000.0, 2000.0), range(seeds)))
    said = dict(zip(keys, each(long_case, keys), strict=True))
    rows = []
    for rest_s in (90.0, 300.0):
        group = [v for k, v in said.items() if k[0] == rest_s]
        rows.append((f"{rest_s:g}", str(len(group)), str(sum(n == 1 for n, _ in group)),
                     f"{max(error for _, error in group):.3f}"))  # fmt: skip
    alone = sum(n == 1 for n, _ in said.values())
    worst = max(error for _, error in said.values())
    return Check(
        "A spasm of 60 s in a rest of 90 s and of 300 s",
        "found, as one, both ends within 250 ms",
        f"{alone} of {len(said)}, largest error {worst:.3f} s",
        alone == len(said) and worst <= TOLERANCE_S,
        ("rest, s", "recordings", "found as one", "largest error of an end, s"),
        tuple(rows),
    )


def _tonic_check(each: Each) -> Check:
    keys = [(*muscle, 20.0, seed) for muscle, seed in product(TONIC_MUSCLES, range(5))]
    counts = dict(zip(keys, each(tonic_case, keys), strict=True))
    rows = []
    for muscle in TONIC_MUSCLES:
        group = [n for k, n in counts.items() if k[:3] == muscle]
        rows.append(
            (f"{muscle[0]}, {muscle[1]:g} floors, depth {muscle[2]:g}", f"{len(group) / 3:.1f}", str(sum(group)))
        )
    shares = (0.3, 0.7)
    on_off = each(bouts_case, [(share, 20.0, seed) for share in shares for seed in range(2)])
    for i, share in enumerate(shares):
        title = f"not tonic: on {share:g} of the time in bouts of 6 s"
        rows.append((title, "0.7", str(sum(on_off[2 * i : 2 * i + 2]))))
    total = sum(counts.values())
    return Check(
        "Spasms in tonic muscles",
        "none in 10 h, with mains and heart beats; bouts of voluntary kind are told apart by nobody, and printed",
        f"{total} in {len(keys) / 3:g} h",
        total == 0,
        ("muscle", "hours", "spasms"),
        tuple(rows),
    )
