"""The treatment effect over all settings: arms are opened under the lock; what was not locked is called post-hoc."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emgpipe.batch.load import load_results
from emgpipe.batch.locking import opened_lock, refuse_other_results, unblind
from emgpipe.outcomes.lock import OpenedLock, post_hoc
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.tuning.curve import Curve, course_of, treatment_curve_of
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.outcome import outcome_endpoints
from emgpipe.tuning.record import unlocked
from emgpipe.tuning.visits import Visits

DESCRIPTIVE = "descriptive: it shows what the choice of settings does to the effect, and tests nothing"


def treatment_curves(
    out: str | Path, arms: str | Path, outcome: str, visits: Visits, grid: Grid, plan: AnalysisPlan | None = None
) -> tuple[Curve, ...]:
    """Treatment effect under each point; unblinded, and only for files named so.

    Parameters
    ----------
    out : str or Path
        Results folder, locked; call it without holding the folder.
    arms : str or Path
        `arms.csv`.
    outcome : str
        As in `outcome_endpoints`.
    visits : Visits
        From `pooled_visits`, with its measure.
    grid : Grid
        Whose points these are.
    plan : AnalysisPlan, optional
        As it was locked; None: that of the lock.

    Returns
    -------
    tuple of Curve
        One an endpoint. Under point 0 the effect of an endpoint of the plan is the headline of `crossover OUT`, bit for
        bit. A point is post-hoc where its settings are not those of the lock that was in force at the first unblinding;
        all are where that lock does not have the tables, the plan or the endpoint.

    Raises
    ------
    SettingsError
        OUTCOME_UNKNOWN, before an arm is opened.
    TableError
        Of the arms, as `read_arms`.
    StoreError
        As `unblind`: LOCK_MISSING, LOCK_DIFFERS and others.

    Notes
    -----
    The log of the results gets an event `unblind` before anything is told.
    """
    folder = Path(out)
    agreed = plan or opened_lock(folder).lock.analysis_plan()
    endpoints = outcome_endpoints(outcome, agreed, visits.keys)
    opened, sequences = unblind(folder, arms, "tune", plan=agreed)
    results = load_results(folder)
    refuse_other_results(results, opened)
    course = course_of(folder)
    words = post_hoc(opened, results.measures).words
    others = _other_settings(grid, opened)
    curves = []
    for endpoint in endpoints:
        own = (*words, *_unplanned(endpoint, agreed))
        curves.append(treatment_curve_of(
            visits, course, endpoint, agreed, sequences, post_hoc=others | bool(own),
            notes=(DESCRIPTIVE, *own, *_of_points(others)),
        ))  # fmt: skip
    return tuple(curves)


def _other_settings(grid: Grid, opened: OpenedLock) -> NDArray[np.bool_]:
    """Points whose settings the binding lock does not have."""
    out = np.zeros(len(grid), np.bool_)
    out[unlocked(grid, range(len(grid)), opened.binding)] = True
    return out


def _unplanned(endpoint: Endpoint, plan: AnalysisPlan) -> tuple[str, ...]:
    return () if endpoint in plan.endpoints else (f"post-hoc: {endpoint.name} is no endpoint of the plan",)


def _of_points(others: NDArray[np.bool_]) -> tuple[str, ...]:
    n = int(others.sum())
    return (f"post-hoc: {n} of {len(others)} settings are not those that were locked",) if n else ()
