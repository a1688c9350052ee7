"""A trial made by hand: every kind of line, endpoint and gap that its page may have to show."""

from dataclasses import replace

import numpy as np

from emgpipe.outcomes.model import EndpointAnalysis, Line, Listed, PeriodValues, Stage, TrialAnalysis

HOSTILE = "<b>$\\q$\u202e{{ 7*7 }}"
STAGES = tuple(
    Stage(f"Period {period} Month {month}", period, "baseline" if month == 1 else "treatment")
    for period in (1, 2)
    for month in (1, 2, 3)
)


def subjects_of(n):
    return tuple(f"S{i:02}" for i in range(1, n + 1))


def arms(n=8):
    return {subject: ("BA", "AB")[i % 2] for i, subject in enumerate(subjects_of(n))}


def period_values(n=8, seed=3, effect=-0.35):
    """A lowers every on-treatment visit; the third subject has no second period, the fifth misses a visit."""
    rng, sequences = np.random.default_rng(seed), arms(n)
    visits = rng.normal(1.5, 0.6, (n, 1)) + rng.normal(0.0, 0.2, (n, 6))
    for row, sequence in zip(visits, sequences.values(), strict=True):
        first = 1 if sequence == "AB" else 4
        row[first : first + 2] += effect
    visits[2, 3:] = np.nan
    visits[4, 1] = np.nan
    pairs = visits.reshape(n, 2, 3)
    n_there = np.isfinite(pairs[:, :, 1:]).sum(2)
    values = np.where(n_there, np.nansum(pairs[:, :, 1:], 2) / np.maximum(n_there, 1), np.nan)
    listed = (Listed("S03", 2, "", "VISIT_MISSING", "no visit of period 2"),)
    return PeriodValues(subjects_of(n), values, pairs[:, :, 0], n_there, listed, STAGES, visits)


def line(name, kind="beside", effect=-0.34, se=0.09, p=0.0012, **values):
    low, high = (None, None) if effect is None else (effect - 2.2 * se, effect + 2.2 * se)
    told = {"effect": effect, "se": se, "low": low, "high": high, "p": p, "df": 4.0, "n_first": 4, "n_second": 3}
    return Line(name, kind, f"{name} in words", **(told | values))


def without(name, code, kind="beside"):
    return Line(name, kind, f"{name} in words", n_first=4, n_second=0, code=code)


LINES = (
    line("headline", "headline"),
    line("change", effect=-0.4, note="overstates where a treatment lasts"),
    line("first_period", effect=-0.5, se=0.9, p=0.4),
    Line("rerandomisation", "beside", "rerandomisation in words", p=0.00291, n_first=4, n_second=3),
    without("mixed", "SEQUENCE_EMPTY"),
    line("period", "descriptive", effect=0.05),
    line("carryover", "descriptive", effect=0.2, se=0.7),
)


def endpoint(name="subject.rigidity_index_log", words="rigidity_index_log", unit="1", **values):
    told = {"log": True, "primary": True, "lines": LINES, "values": period_values()}
    return EndpointAnalysis(name, words, unit, **(told | values))


def secondary(name, words, unit, **values):
    told = {"log": False, "primary": False, "holm_p": 0.09, "lines": (line("headline", "headline", p=0.03),)}
    return endpoint(name, words, unit, **(told | values))


def trial(**values):
    """Primary on a log scale, three secondary endpoints of two units, sensitivities with one that has no answer."""
    endpoints = (
        endpoint(),
        secondary("TA_R.apdf_p10_uv", "apdf_p10_uv of TA_R", "uV"),
        secondary("TA_R.act_frac", "act_frac of TA_R", "1"),
        secondary("GM_R.apdf_p10_uv", "apdf_p10_uv of GM_R", "uV", log=True),
    )
    under = [line(f"activity_ratio_{k}", "sensitivity", effect=-0.3) for k in (1.3, 2.0)]
    missing = {"endpoint": "subject.rigidity_index_log", "period": 1, "visits": 12, "undeterminable": 3,
               "below_limit": 2, "missing": 1}  # fmt: skip
    told = {
        "study": "SIMULATED-TRIAL", "treatments": ("A", "B"), "sequences": arms(), "level": 0.95,
        "endpoints": endpoints, "sensitivities": (*under, without("complete_pairs", "SEQUENCE_EMPTY", "sensitivity"),
                          Line("leave_one_out", "sensitivity", "range without one", note="0.6 to 0.8, no interval")),
        "undeterminable": ({**missing, "treatment": "A"}, {**missing, "treatment": "B"}),
        "listed": (Listed("S99", 0, "", "SUBJECT_UNKNOWN", "in the arms, without results"),), "post_hoc": (),
        "plan_sha256": "ab" * 32, "lock_sha256": "cd" * 32, "settings_id": "0a1b", "version": "0.1.0",
        "simulated": True,
    }  # fmt: skip
    return TrialAnalysis(**(told | values))


def hostile_trial():
    """Names of everything are markup, formulas and turns of direction."""
    listed = (Listed(HOSTILE, 1, HOSTILE, "VISIT_MISSING", HOSTILE),)
    lines = (replace(LINES[0], words=HOSTILE, note=HOSTILE), *LINES[1:])
    one = endpoint(name=f"{HOSTILE}.{HOSTILE}", words=HOSTILE, unit=HOSTILE, lines=lines)
    return trial(study=HOSTILE, endpoints=(one,), listed=listed, post_hoc=(HOSTILE,), sensitivities=())
