"""Values of the periods: one number a subject and period of an endpoint, and a list of all that is missing in them."""

import math
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emgpipe.errors import SettingsError
from emgpipe.errors.codes import CODES
from emgpipe.outcomes.model import Listed, PeriodValues, Stage
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.outcomes.rules import period_mean
from emgpipe.study.order import natural
from emgpipe.summary.subject import LEAST_INDEX_SHARE

Floats = NDArray[np.float64]
ANALYSED_ROLES = ("baseline", "treatment")


class EndpointRow(NamedTuple):
    """One target at one visit."""

    subject: str
    avisit: str
    target: str
    aval: float
    dtype: str
    why: str
    status: str
    reason: str


class _Said(NamedTuple):
    """`Listed` without its subject."""

    period: int
    visit: str
    code: str
    words: str


def period_values(ruled: pd.DataFrame, endpoint: Endpoint, plan: AnalysisPlan) -> PeriodValues:
    """Make the values of both periods of one endpoint; blind.

    Parameters
    ----------
    ruled : DataFrame
        From `apply_rules`.
    endpoint : Endpoint
        Of the plan.
    plan : AnalysisPlan
        The same.

    Returns
    -------
    PeriodValues
        `values` and `baselines` are means of the visits of their role in their own period, never over periods, of
        logarithms where the endpoint is one. NaN where no visit is left, or fewer than the rule for missing visits
        needs. `listed` names every visit without a value and why, values put in place of one below its limit, targets
        that do not count, periods without a number, and subjects left out.

    Raises
    ------
    SettingsError
        PLAN_INVALID: the endpoint names no task, and there are rows of several.

    Notes
    -----
    An endpoint of several targets: a visit counts where three quarters of the targets have a value, a target where it
    has one at every visit of the subject that counts, and three quarters of the targets must count; the value of a
    visit is the mean over the same targets at all visits of a subject.
    """
    stages = tuple(Stage(visit.avisit, visit.period, visit.role) for visit in plan.visits)
    subjects, left_out = _population(ruled, plan)
    own: dict[str, list[EndpointRow]] = {}
    for row in endpoint_rows(ruled, endpoint):
        own.setdefault(row.subject, []).append(row)
    missing = _missing_visits(ruled)
    by_visit, listed = np.full((len(subjects), len(stages)), np.nan), list(left_out)
    for n, subject in enumerate(subjects):
        by_visit[n], said = _visit_values(own.get(subject, []), missing.get(subject, set()), endpoint, stages)
        listed += [Listed(subject, *place) for place in said]
    baselines, _ = _means(by_visit, stages, "baseline", plan)
    values, n_visits = _means(by_visit, stages, "treatment", plan)
    listed += _without_number(subjects, values, baselines, plan)
    return PeriodValues(subjects, values, baselines, n_visits, tuple(listed), stages, by_visit)


def _population(ruled: pd.DataFrame, plan: AnalysisPlan) -> tuple[tuple[str, ...], tuple[Listed, ...]]:
    """Subjects that are analysed, in natural order, and who is not."""
    out = {event.subject: ("INTERCURRENT", event.event) for event in plan.intercurrent
           if event.strategy == "exclude_subject"}  # fmt: skip
    out |= {subject: ("SUBJECT_EXCLUDED", why) for subject, why in plan.population.exclude.items()}
    there = sorted(set(ruled.loc[ruled["avisit"] != "", "subject"]), key=lambda name: (natural(name), name))
    left_out = tuple(Listed(subject, 0, "", *out[subject]) for subject in there if subject in out)
    return tuple(subject for subject in there if subject not in out), left_out


def endpoint_rows(ruled: pd.DataFrame, endpoint: Endpoint) -> list[EndpointRow]:
    """Rows of an endpoint at visits of the plan; those that are analysed last, so that they stand in a mapping.

    Raises
    ------
    SettingsError
        PLAN_INVALID: the endpoint names no task, and there are rows of several.
    """
    own = ruled[
        (ruled["measure"] == endpoint.measure)
        & (ruled["segment"] == endpoint.segment)
        & ruled["target"].isin(endpoint.targets)
        & (ruled["avisit"] != "")
    ]
    if endpoint.task:
        own = own[own["task"] == endpoint.task]
    tasks = sorted(set(own["task"]))
    if len(tasks) > 1:
        message = f"endpoint {endpoint.name!r} names no task, and there are rows of {', '.join(map(repr, tasks))}"
        raise SettingsError("PLAN_INVALID", f"{message}; name one by `task`")
    rows = [EndpointRow(*cells) for cells in zip(*(own[name].tolist() for name in EndpointRow._fields), strict=True)]
    return sorted(rows, key=lambda row: row.why in ("", "VALUE_MISSING", "BELOW_LIMIT_OUT"))


def _missing_visits(ruled: pd.DataFrame) -> dict[str, set[str]]:
    """Visits of the plan that a subject does not have."""
    out: dict[str, set[str]] = {}
    own = ruled[ruled["why"] == "VISIT_MISSING"]
    for subject, avisit in zip(own["subject"], own["avisit"], strict=True):
        out.setdefault(subject, set()).add(avisit)
    return out


def _visit_values(
    rows: Sequence[EndpointRow], missing: Collection[str], endpoint: Endpoint, stages: Sequence[Stage]
) -> tuple[Floats, list[_Said]]:
    """Value of each visit of a subject, and what has none or another one."""
    cells = {(row.avisit, row.target): row for row in rows}
    table = np.full((len(stages), len(endpoint.targets)), np.nan)
    said: list[_Said] = []
    for n, stage in enumerate(stages):
        if stage.avisit in missing:
            said += [_Said(stage.period, stage.avisit, "VISIT_MISSING", "no visit")]
            continue
        for m, target in enumerate(endpoint.targets):
            table[n, m], code, words = _value(cells.get((stage.avisit, target)), endpoint)
            of = f"{target}: " if len(endpoint.targets) > 1 else ""
            said += [_Said(stage.period, stage.avisit, code, of + words)] if code else []
    values, left_out = _over_targets(table, endpoint.targets)
    counted = {stage.avisit for stage in stages if stage.role in ANALYSED_ROLES}
    return values, [one for one in said if one.visit in counted] + left_out


def _value(row: EndpointRow | None, endpoint: Endpoint) -> tuple[float, str, str]:
    """Value on the scale of the endpoint with the code and words of what is to be said of it."""
    if row is None:
        return math.nan, "VALUE_MISSING", "no row of this measure"
    if row.why:
        told = f"{row.status} ({row.reason})" if row.reason else row.status
        return math.nan, row.why, told if row.why == "VALUE_MISSING" else CODES[row.why].meaning
    code, words = ("LIMIT_TAKEN", f"below its limit: {row.dtype.lower()} taken") if row.dtype else ("", "")
    if not endpoint.log:
        return row.aval, code, words
    shifted = row.aval + endpoint.offset_uv
    if shifted <= 0:
        return math.nan, "LOG_UNDEFINED", f"{shifted!r} has no logarithm"
    return math.log(shifted), code, words


def _over_targets(table: Floats, targets: Sequence[str]) -> tuple[Floats, list[_Said]]:
    """Mean over the targets that count; `table` has shape (n_stages, n_targets)."""
    if len(targets) == 1:
        return table[:, 0], []
    least = LEAST_INDEX_SHARE * len(targets)
    there = ~np.isnan(table)
    kept = there.sum(1) >= least
    counts = there[kept].all(0)
    said = []
    if kept.any():
        said = [_Said(0, "", "TARGET_LEFT_OUT", f"{target}: not at all visits")
                for target, counted in zip(targets, counts, strict=True) if not counted]  # fmt: skip
    if not kept.any() or counts.sum() < least:
        words = f"{counts.sum() if kept.any() else 0} of {len(targets)} targets at all visits"
        return np.full(len(table), np.nan), [*said, _Said(0, "", "TARGETS_FEW", words)]
    means = [math.fsum(row[counts]) / int(counts.sum()) if keep else math.nan
             for row, keep in zip(table, kept, strict=True)]  # fmt: skip
    return np.array(means), said


def _means(
    by_visit: Floats, stages: Sequence[Stage], role: str, plan: AnalysisPlan
) -> tuple[Floats, NDArray[np.int64]]:
    """Mean of the visits of a role in each period, and how many they are."""
    means = np.full((len(by_visit), 2), np.nan)
    n_visits = np.zeros((len(by_visit), 2), np.int64)
    for p in (0, 1):
        columns = [n for n, stage in enumerate(stages) if (stage.period, stage.role) == (p + 1, role)]
        for n, row in enumerate(by_visit[:, columns]):
            there = [float(value) for value in row if not math.isnan(value)]
            means[n, p], n_visits[n, p] = period_mean(there, len(columns), plan.rules), len(there)
    return means, n_visits


def _without_number(subjects: Sequence[str], values: Floats, baselines: Floats, plan: AnalysisPlan) -> Iterator[Listed]:
    wanted = {"on-treatment value": values}
    if plan.analysis.estimator != "raw":
        wanted["baseline"] = baselines
    for n, subject in enumerate(subjects):
        for p in (0, 1):
            absent = [name for name, table in wanted.items() if math.isnan(table[n, p])]
            if absent:
                yield Listed(subject, p + 1, "", "PERIOD_MISSING", f"no {' and no '.join(absent)} in period {p + 1}")
