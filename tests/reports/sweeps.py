"""Sweeps of made-up numbers, for their page."""

import itertools

import numpy as np

from emgpipe.reports.tuned_model import (
    Tuned,
    TunedAxis,
    TunedChoice,
    TunedCurve,
    TunedMeasure,
    TunedPatient,
    TunedScore,
)

NAMES = ("detect.activity_ratio", "detect.activity_release", "detect.close_gap_s", "detect.shortest_burst_s")


def sweep(shape=(4, 3), n_sources=1, n_patients=5, **changes):
    """A sweep whose score is best in the middle of each axis; point 0 is declared and lies off the best."""
    rng = np.random.default_rng(len(shape))
    values = [np.round(np.linspace(1 + 0.1 * i, 2 + 0.1 * i, n), 3) for i, n in enumerate(shape)]
    points = np.array(list(itertools.product(*values)))
    declared = np.array([one[0] for one in values])
    points = np.vstack([declared, points[(points != declared).any(1)]])
    off = ((points - [one.mean() for one in values]) ** 2).sum(1)
    f1, best = 0.9 - 0.1 * off, int(np.argmin(off))
    scores = tuple(
        TunedScore(
            f"rater {k}, active", f1 - 0.01 * k, f1 + 0.02, f1 - 0.02, {"kappa": f1 - 0.1}, np.full(len(f1), 3600.0), 7
        )
        for k in range(n_sources)
    )
    patients = tuple(
        TunedPatient(
            f"S{i:02d}", f1[0] - 0.01 * i, f1[best] - 0.01 * i, f1[best] - 0.012 * i, tuple(points[best]), (0.8,)
        )
        for i in range(n_patients)
    )
    choice = TunedChoice(
        "F1", "the largest pooled F1.", best, f1[0], f1[best], f1[best] - 0.004, "", patients, n_patients
    )
    shares = tuple(np.full(len(shape), 1 / len(shape)))
    stability = (
        TunedMeasure("TA_R.act_frac", 12, 0.95, 0.8, 0.1, 0.4, 2, shares, ""),
        TunedMeasure("TA_R.spasm_rate_h", 2, *[np.nan] * 4, 0, (np.nan,) * len(shape), "VISITS_FEW"),
    )
    effect = rng.normal(-0.3, 0.1, len(points))
    curve = TunedCurve("TA_R.apdf_p10_uv: last minus first", effect, effect - 0.2, effect + 0.2, "uV", False, "SD")
    told = {
        "study": "SIMULATED-1", "version": "0.1.0", "settings_id": "ab" * 32, "simulated": True,
        "axes": tuple(TunedAxis(name, "1", "a meaning") for name in NAMES[: len(shape)]), "values": points,
        "scores": scores, "choice": choice, "stability": stability, "curves": (curve,),
        "raters": ({"first": "a", "second": "b", "kind": "active", "kappa": "0.8"},), "facts": {"grid": "SHA-256 x"},
    }  # fmt: skip
    return Tuned(**{**told, **changes})
