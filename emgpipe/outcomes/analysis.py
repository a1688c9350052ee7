"""The analysis of a trial: scheduled rows and arms in, every estimate that the plan asks for out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from emgpipe.outcomes.lines import endpoint_lines
from emgpipe.outcomes.mixed import mixed_line
from emgpipe.outcomes.model import EndpointAnalysis, Listed, PeriodValues, TrialAnalysis
from emgpipe.outcomes.periods import ANALYSED_ROLES, endpoint_rows, period_values
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.outcomes.plan_checks import LOGARITHMS, UNITS
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.sensitivity import Choice, of_arms, sample_of, sensitivity_lines
from emgpipe.statistics import holm
from emgpipe.study.order import natural

OUTSIDE = {
    "VISIT_UNPLANNED": "is no visit of the plan",
    "VISIT_OUT_OF_WINDOW": "is outside its window",
    "VISIT_TWICE": "is the same visit of the plan as another one",
}
"""Why a visit of the study is listed."""


class MadeWith(NamedTuple):
    """What an analysis was made with; hashes and names for its page."""

    study: str = ""
    plan_sha256: str = ""
    lock_sha256: str = ""
    settings_id: str = ""
    version: str = ""
    simulated: bool = False
    post_hoc: tuple[str, ...] = ()


def analyse_trial(
    scheduled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan, *, choices: Sequence[Choice] = (),
    index: Endpoint | None = None, made: MadeWith | None = None,
) -> TrialAnalysis:  # fmt: skip
    """Analyse all endpoints of a plan.

    Parameters
    ----------
    scheduled : DataFrame
        From `scheduled`, with this plan.
    sequences : mapping of str to str
        Two letters a subject, in the order of the periods; from `read_arms`.
    plan : AnalysisPlan
        As it was locked.
    choices : sequence of Choice
        Further scheduled rows, made under other settings, for the sensitivities of the primary endpoint.
    index : Endpoint, optional
        The rigidity index as an endpoint of its muscles: what is left of it without doubtful floors.
    made : MadeWith, optional
        For the page.

    Returns
    -------
    TrialAnalysis
        Complete whatever the data are: a line without an answer has its code.

    Raises
    ------
    SettingsError
        PLAN_INVALID: see `period_values`.
    """
    made = made or MadeWith()
    ruled = apply_rules(scheduled, plan)
    values = [of_arms(period_values(ruled, endpoint, plan), sequences) for endpoint in plan.endpoints]
    found = [
        analyse_endpoint(one, sequences, endpoint, plan) for one, endpoint in zip(values, plan.endpoints, strict=True)
    ]
    found = [replace(found[0], primary=True), *_with_holm(found[1:])]
    first = min(sequences.values())
    return TrialAnalysis(
        study=made.study, treatments=(first[0], first[1]), sequences=dict(sequences), level=plan.analysis.level,
        endpoints=tuple(found), sensitivities=tuple(sensitivity_lines(scheduled, sequences, plan, choices, index)),
        undeterminable=tuple(_undeterminable(ruled, sequences, plan)), listed=tuple(_listed(ruled, sequences)),
        post_hoc=made.post_hoc, plan_sha256=made.plan_sha256 or plan.sha256, lock_sha256=made.lock_sha256,
        settings_id=made.settings_id, version=made.version, simulated=made.simulated,
    )  # fmt: skip


def analyse_endpoint(
    values: PeriodValues, sequences: Mapping[str, str], endpoint: Endpoint, plan: AnalysisPlan
) -> EndpointAnalysis:
    """Make all lines of one endpoint.

    Parameters
    ----------
    values : PeriodValues
        From `period_values`; subjects without a sequence are left out.
    sequences : mapping of str to str
        Two letters a subject.
    endpoint : Endpoint
        Of the plan.
    plan : AnalysisPlan
        The same.

    Returns
    -------
    EndpointAnalysis
        Secondary, without an adjusted p: see `analyse_trial`.
    """
    own = of_arms(values, sequences)
    lines = list(endpoint_lines(sample_of(own, sequences, plan), plan.analysis.estimator))
    beside = sum(line.kind != "descriptive" for line in lines)
    lines.insert(beside, mixed_line(own, sequences, plan))
    return EndpointAnalysis(
        name=endpoint.name, words=_words(endpoint), unit=UNITS[endpoint.measure], log=is_log(endpoint), primary=False,
        lines=tuple(lines), values=own,
    )  # fmt: skip


def is_log(endpoint: Endpoint) -> bool:
    """Whether values are logarithms: by the plan, or by the measure itself."""
    return endpoint.log or endpoint.measure in LOGARITHMS


def _words(endpoint: Endpoint) -> str:
    of = "" if endpoint.targets == ("subject",) else f" of {', '.join(endpoint.targets)}"
    where = "" if endpoint.segment == "rest" else f", {endpoint.segment}"
    return f"{endpoint.measure}{of}{where}{f', {endpoint.task}' if endpoint.task else ''}"


def _with_holm(secondary: Sequence[EndpointAnalysis]) -> Iterator[EndpointAnalysis]:
    adjusted = holm([one.lines[0].p for one in secondary])
    for one, p in zip(secondary, adjusted, strict=True):
        yield replace(one, holm_p=None if math.isnan(p) else p)


def _undeterminable(
    ruled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan
) -> Iterator[Mapping[str, str | int]]:
    """Count visits without a value by endpoint, treatment and period; of several targets, each target of each visit."""
    there = set(ruled.loc[(ruled["avisit"] != "") & (ruled["why"] != "SUBJECT_EXCLUDED"), "subject"])
    letters = {subject: sequence for subject, sequence in sequences.items() if subject in there}
    for endpoint in plan.endpoints:
        status = {(row.subject, row.avisit, row.target): row.status for row in endpoint_rows(ruled, endpoint)}
        for treatment in sorted(set("".join(sequences.values()))):
            for period in (1, 2):
                own = [subject for subject, sequence in letters.items() if sequence[period - 1] == treatment]
                visits = [v.avisit for v in plan.visits if v.period == period and v.role in ANALYSED_ROLES]
                said = [status.get((s, v, t), "missing") for s in own for v in visits for t in endpoint.targets]
                n_none = sum(one in ("undeterminable", "not_measured") for one in said)
                yield {
                    "endpoint": endpoint.name, "treatment": treatment, "period": period, "visits": len(said),
                    "undeterminable": n_none, "below_limit": said.count("below_limit"),
                    "missing": said.count("missing"),
                }  # fmt: skip


def _listed(ruled: pd.DataFrame, sequences: Mapping[str, str]) -> Iterator[Listed]:
    """Subjects without arms, arms without results, visits that are not of the plan."""
    subjects = list(dict.fromkeys(ruled["subject"]))
    for subject in subjects:
        if subject not in sequences:
            yield Listed(subject, 0, "", "ARM_MISSING", "has results and is not in the table of arms")
    for subject in sorted(set(sequences) - set(subjects), key=lambda name: (natural(name), name)):
        yield Listed(subject, 0, "", "RESULTS_MISSING", "is in the table of arms and has no results")
    rows = zip(ruled["subject"], ruled["visit"], ruled["avisit"], ruled["period"], ruled["why"], strict=True)
    for subject, visit, avisit, period, why in dict.fromkeys(rows):
        if why in OUTSIDE:
            yield Listed(subject, int(period), avisit, why, f"visit {visit} {OUTSIDE[why]}")
