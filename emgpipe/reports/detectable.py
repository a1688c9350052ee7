"""Minimal detectable change of the primary endpoint, from visits between which the locked plan declares no change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from emgpipe.batch.load import load_results
from emgpipe.batch.locks import read_history
from emgpipe.batch.verify_pages import plan_of_pages
from emgpipe.errors import EmgpipeError, StatisticsError
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.reports.estimates import places_of, signed
from emgpipe.reports.words import heading, unit_words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Row = Mapping[str, str]


@dataclass(frozen=True)
class Detectable:
    """MDC95 of one series of a subject, or why there is none.

    Attributes
    ----------
    targets : tuple of str
        Of the endpoint; of several the change is that of their mean, which no page draws.
    measure, segment, task : str
        Of the series; an empty task is any.
    log : bool
        The change is a ratio of value plus `offset_uv`.
    offset_uv : float
        As the endpoint adds before its logarithm.
    visits : tuple of str
        Visits without a change, as the plan names them.
    mdc95, low, high, df : float
        Change and its interval, in the unit of the measure, or as ratios; degrees of freedom. NaN where there is none.
    level : float
        Of the interval.
    n_subjects, n_incomplete, n_below : int
        Subjects behind it; left out for a visit without a value; left out since all these visits are below the limit.
    code, why : str
        Why there is none; empty where there is one.
    """

    targets: tuple[str, ...]
    measure: str
    segment: str
    task: str
    log: bool
    offset_uv: float
    visits: tuple[str, ...]
    mdc95: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    df: float = float("nan")
    level: float = 0.95
    n_subjects: int = 0
    n_incomplete: int = 0
    n_below: int = 0
    code: str = ""
    why: str = ""

    @property
    def drawn(self) -> bool:
        """Whether a page has the series that it is a change of."""
        return not self.code and len(self.targets) == 1


def detectable(out: Path) -> Detectable | None:
    """Minimal detectable change of the primary endpoint of a locked results folder; blind.

    Parameters
    ----------
    out : Path
        Results folder.

    Returns
    -------
    Detectable or None
        None where nothing is locked, or the plan declares no visits without a change; with a code where the lock
        cannot be read or the visits do not tell an error.

    Notes
    -----
    From `ms_error` of all subjects with a value at each of these visits (`emgpipe.statistics.reliability`, consistency:
    a shift common to all does not count). A subject whose visits are all below their limits is left out and counted:
    such visits agree whatever the error is.
    """
    if not plan_of_pages(out):
        return None
    try:
        plan = read_history(out).locks[-1].analysis_plan()
        return change_of(plan, *_tables(out, plan.endpoint))
    except EmgpipeError as problem:
        return Detectable((), "", "", "", log=False, offset_uv=0.0, visits=(), code=problem.code, why=problem.message)


def _tables(out: Path, endpoint: Endpoint) -> "tuple[pd.DataFrame, pd.DataFrame, dict[str, Row]]":
    """Rows of the endpoint, all inputs, and conditions of the recordings."""
    from emgpipe.store import read_json

    results = load_results(out)
    rows = results.measures
    own = (rows["measure"] == endpoint.measure) & (rows["segment"] == endpoint.segment)
    return rows[own & rows["target"].isin(endpoint.targets)], results.inputs, read_json(out / "run.json")["conditions"]


def change_of(
    plan: AnalysisPlan, measures: "pd.DataFrame", inputs: "pd.DataFrame", conditions: "dict[str, Row]"
) -> Detectable:
    """The same from a plan and tables.

    Parameters
    ----------
    plan : AnalysisPlan
        With `reliability.no_change`.
    measures, inputs : DataFrame
        Columns of `measures.csv`, at least the rows of the primary endpoint, and of `inputs.csv`.
    conditions : mapping
        By recording, as in `run.json`.
    """
    import numpy as np

    from emgpipe.outcomes.periods import period_values
    from emgpipe.outcomes.rules import apply_rules
    from emgpipe.outcomes.schedule import scheduled
    from emgpipe.statistics import reliability

    endpoint, names = plan.endpoint, plan.reliability.no_change
    told = Detectable(endpoint.targets, endpoint.measure, endpoint.segment, endpoint.task, endpoint.log,
                      endpoint.offset_uv, names, level=plan.analysis.level)  # fmt: skip
    if endpoint.task:
        measures = measures[measures["task"] == endpoint.task]
    alone = _alone(plan)
    ruled = apply_rules(scheduled(measures, conditions, alone, inputs=inputs), alone)
    found = period_values(ruled, endpoint, alone)
    table = found.visit_values[:, [stage.role == "baseline" for stage in found.stages]]
    below = _all_below(ruled, found.subjects, names)
    there = np.isfinite(table).all(1)
    told = replace(told, n_subjects=int((there & ~below).sum()), n_below=int((there & below).sum()),
                   n_incomplete=int((~there).sum()))  # fmt: skip
    try:
        error = reliability(table[there & ~below], level=plan.analysis.level).consistency
    except StatisticsError as problem:
        return replace(told, code=problem.code, why=problem.message)
    ends = (error.mdc95, error.mdc95_low, error.mdc95_high)
    mdc95, low, high = map(float, np.exp(ends)) if endpoint.log else ends
    return replace(told, mdc95=mdc95, low=low, high=high, df=error.df)


def change_words(change: Detectable, unit: str) -> str:
    """Say what a minimal detectable change is and what it rests on, or why there is none.

    Parameters
    ----------
    change : Detectable
        Of a page.
    unit : str
        Of the measure, as in the tables.

    Examples
    --------
    >>> change_words(Detectable((), "", "", "", False, 0.0, (), code="LOCK_CHANGED", why="not as it was written"), "")
    'Minimal detectable change: not given. LOCK_CHANGED: not as it was written.'
    """
    if not change.measure:
        return f"Minimal detectable change: not given. {change.code}: {change.why}."
    of_targets = "" if change.targets == ("subject",) else f" of {', '.join(change.targets)}"
    what = heading(change.measure) + of_targets
    of = (
        f"from {change.n_subjects} subjects at {', '.join(change.visits)}, between which the plan declares no change."
        f" Left out: {change.n_incomplete} without a value at each of them, {change.n_below} with all of them below the"
        " limit."
    )
    if change.code:
        return f"Minimal detectable change of {what}: not given, {of} {change.code}: {change.why}."
    return (
        f"Minimal detectable change (MDC95) of {what}: {_size_words(change, unit)}, {of} It is for two single visits; a"
        " shift common to all subjects is not in it."
    ) + ("" if change.drawn else " It is that of their mean, which is not drawn here.")


def _size_words(change: Detectable, unit: str) -> str:
    places = max(places_of((change.high - change.low) / 2), 2 if change.log else 0)
    mdc95, low, high = (signed(one, places) for one in (change.mdc95, change.low, change.high))
    unit_shown = "" if change.log or not unit_words(unit) else f" {unit_words(unit)}"
    offset = f" of value plus {change.offset_uv:g} µV" if change.log and change.offset_uv else ""
    factor = f"a factor{offset} of " if change.log else ""
    level = f"{100 * change.level:.6g} % interval"
    return f"{factor}{mdc95}{unit_shown} ({level} {low} to {high}, {change.df:g} degrees of freedom)"


def _alone(plan: AnalysisPlan) -> AnalysisPlan:
    """The plan with the visits without a change as the only ones that count, whatever their role."""
    names = plan.reliability.no_change
    roles = ("baseline" if visit.avisit in names else "other" for visit in plan.visits)
    visits = tuple(visit.model_copy(update={"role": role}) for visit, role in zip(plan.visits, roles, strict=True))
    return plan.model_copy(update={"visits": visits})


def _all_below(ruled: "pd.DataFrame", subjects: tuple[str, ...], visits: tuple[str, ...]) -> "NDArray[np.bool_]":
    """Which subjects have nothing but values below their limits at these visits."""
    import numpy as np

    rows = ruled[ruled["avisit"].isin(visits) & ruled["measure"].ne("")]
    over = set(rows.loc[rows["status"] != "below_limit", "subject"])
    there = set(rows["subject"])
    return np.array([subject in there and subject not in over for subject in subjects], np.bool_)
