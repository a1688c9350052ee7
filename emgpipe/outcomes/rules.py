"""What the plan does to a row: who and what is left out, and what becomes of a value below its limit. Blind."""

import math
from collections.abc import Sequence

import pandas as pd

from emgpipe.outcomes.plan import AnalysisPlan, Intercurrent, Rules

DTYPES = {"limit": "LIMIT", "half_limit": "HALF LIMIT"}
"""Rule for a value below its limit -> what `dtype` says of the value in its place."""


def apply_rules(scheduled: pd.DataFrame, plan: AnalysisPlan | None) -> pd.DataFrame:
    """Apply population, intercurrent events and the rule for values below their limit.

    Parameters
    ----------
    scheduled : DataFrame
        From `scheduled`.
    plan : AnalysisPlan or None
        The same; None changes nothing.

    Returns
    -------
    DataFrame
        The rows with `aval` (the value that counts, in the unit of the measure; NaN where there is none), `dtype`
        (`""`, or what the rule put in its place), `analysed` (enters the analysis) and `why` (code where it does not).
        The first of these decides: SUBJECT_EXCLUDED, the code of the visit, INTERCURRENT, BELOW_LIMIT_OUT,
        VALUE_MISSING. `aval` stands also where a row is left out for its visit or subject.
    """
    out = scheduled.copy()
    below = (out["status"] == "below_limit") & out["limit"].notna()
    aval, dtype, out_rule = out["value"].copy(), pd.Series("", index=out.index), False
    if plan is not None and plan.rules.below_limit != "estimate":
        factor = {"limit": 1.0, "half_limit": 0.5, "missing": math.nan}[plan.rules.below_limit]
        aval[below] = out["limit"][below] * factor
        dtype[below] = DTYPES.get(plan.rules.below_limit, "")
        out_rule = plan.rules.below_limit == "missing"
    why = out["why"].copy()
    _say(why, _left_out(out, plan.intercurrent if plan else ()), "INTERCURRENT")
    _say(why, below & out_rule, "BELOW_LIMIT_OUT")
    _say(why, aval.isna(), "VALUE_MISSING")
    why[out["subject"].isin(list(plan.population.exclude) if plan else [])] = "SUBJECT_EXCLUDED"
    return out.assign(analysed=why == "", why=why, aval=aval, dtype=dtype)


def _say(why: pd.Series, rows: pd.Series, code: str) -> None:
    """Give rows a code that have none."""
    why[rows & (why == "")] = code


def _left_out(rows: pd.DataFrame, events: Sequence[Intercurrent]) -> pd.Series:
    out = pd.Series(data=False, index=rows.index)
    for event in events:
        own = rows["subject"] == event.subject
        if event.strategy == "exclude_subject":
            out |= own
        elif event.strategy == "exclude_visit":
            out |= own & (rows["avisit"] == event.visit) & (rows["avisit"] != "")
        elif event.strategy == "exclude_period":
            out |= own & rows["period"].isin(_periods(rows, event))
    return out


def _periods(rows: pd.DataFrame, event: Intercurrent) -> list[int]:
    """The period of an event: as told, else that of its visit."""
    if event.period:
        return [event.period]
    return sorted({int(p) for p in rows.loc[(rows["avisit"] == event.visit), "period"] if p})


def period_mean(values: Sequence[float], n_planned: int, rules: Rules) -> float:
    """Mean of the visits of a period that are analysed; the one way to a baseline and to a period value.

    Parameters
    ----------
    values : sequence of float
        Values that are there, in the order of the plan, NaN left out by the caller.
    n_planned : int
        Visits of the plan.
    rules : Rules
        `missing_visit`: `complete` needs all of them.

    Returns
    -------
    float
        NaN where there is none, or fewer than the rule needs.

    Examples
    --------
    >>> period_mean([1.0, 3.0], 2, Rules()), period_mean([1.0], 2, Rules(missing_visit="complete"))
    (2.0, nan)
    """
    if not values or (rules.missing_visit == "complete" and len(values) < n_planned):
        return math.nan
    return math.fsum(values) / len(values)
