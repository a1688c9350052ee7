"""The headline of the primary endpoint under other choices; by default, whatever the plan says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from emgpipe.errors import EmgpipeError
from emgpipe.outcomes.lines import Sample, estimate_line
from emgpipe.outcomes.model import Line, PeriodValues
from emgpipe.outcomes.periods import period_values
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.outcomes.plan_checks import LOGARITHMS, WITH_LIMIT
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.told import ratio

BelowLimit = Literal["estimate", "limit", "half_limit", "missing"]
BELOW_LIMIT: dict[BelowLimit, str] = {
    "estimate": "below the limit: the estimate",
    "limit": "below the limit: the limit",
    "half_limit": "below the limit: half the limit",
    "missing": "below the limit: missing",
}
INDEX = "rigidity_index_log"


class Choice(NamedTuple):
    """Scheduled rows of all visits under another choice.

    Attributes
    ----------
    name, words : str
        As in `Line`.
    rows : DataFrame or EmgpipeError
        From `scheduled`, or why there are none.
    """

    name: str
    words: str
    rows: pd.DataFrame | EmgpipeError


def sensitivity_lines(
    scheduled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan, choices: Sequence[Choice] = (),
    index: Endpoint | None = None,
) -> Iterator[Line]:  # fmt: skip
    """Estimate the primary endpoint under other choices.

    Parameters
    ----------
    scheduled : DataFrame
        From `scheduled`, with this plan.
    sequences : mapping of str to str
        Two letters a subject.
    plan : AnalysisPlan
        Gives the endpoint, the estimator and the rules of the headline.
    choices : sequence of Choice
        Rows made under other settings.
    index : Endpoint, optional
        The rigidity index as an endpoint of its muscles.

    Yields
    ------
    Line
        In a fixed order: complete visits only, floors that are not doubtful, other rules for values below a limit,
        other offsets of a logarithm, the given choices, without each subject in turn and the range of these.
    """
    yield _line("complete_pairs", "subjects with every visit of both periods", scheduled, sequences, _complete(plan))
    yield _confident(scheduled, sequences, plan, index)
    yield from _below_limit(scheduled, sequences, plan)
    yield from _offsets(scheduled, sequences, plan)
    for choice in choices:
        if isinstance(choice.rows, EmgpipeError):
            error = choice.rows
            yield Line(choice.name, "sensitivity", choice.words, code=error.code, note=error.message)
        else:
            yield _line(choice.name, choice.words, choice.rows, sequences, plan)
    yield from _without_each(scheduled, sequences, plan)


def of_arms(values: PeriodValues, sequences: Mapping[str, str]) -> PeriodValues:
    """Values of the subjects that have a sequence."""
    own = [n for n, subject in enumerate(values.subjects) if subject in sequences]
    return replace(
        values, subjects=tuple(values.subjects[n] for n in own), values=values.values[own],
        baselines=values.baselines[own], n_visits=values.n_visits[own],
        visit_values=values.visit_values[own] if values.visit_values.size else values.visit_values,
    )  # fmt: skip


def sample_of(values: PeriodValues, sequences: Mapping[str, str], plan: AnalysisPlan) -> Sample:
    """What lines are made from; all subjects have a sequence."""
    letters = tuple(sequences[subject] for subject in values.subjects)
    return Sample(values.values, values.baselines, letters, plan.analysis.level, plan.analysis.seed)


def _line(name: str, words: str, rows: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan) -> Line:
    """Headline of the primary endpoint of a plan, from these rows."""
    values = of_arms(period_values(apply_rules(rows, plan), plan.endpoint, plan), sequences)
    line = estimate_line(sample_of(values, sequences, plan), plan.analysis.estimator)
    return replace(line, name=name, kind="sensitivity", words=words, note=line.note if line.code else "")


def _complete(plan: AnalysisPlan) -> AnalysisPlan:
    return plan.model_copy(update={"rules": plan.rules.model_copy(update={"missing_visit": "complete"})})


def _confident(
    scheduled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan, index: Endpoint | None
) -> Line:
    """Without rows whose floor is doubtful; an index is made anew from its muscles."""
    name, words = "confidence_medium", "noise floors of medium confidence at least"
    endpoint = plan.endpoint
    if endpoint.targets == ("subject",) or endpoint.measure in LOGARITHMS:
        if endpoint.measure != INDEX or index is None:
            note = "rows of this measure have no floor of their own"
            return Line(name, "sensitivity", words, code="CONFIDENCE_UNKNOWN", note=note)
        # the index takes estimates below the limit as they are, whatever the plan says of other measures
        rules = plan.rules.model_copy(update={"below_limit": "estimate"})
        plan = plan.model_copy(update={"endpoint": index.model_copy(update={"task": endpoint.task}), "rules": rules})
    return _line(name, words, scheduled[scheduled["floor_confidence"] != "low"], sequences, plan)


def _below_limit(scheduled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan) -> Iterator[Line]:
    if plan.endpoint.measure not in WITH_LIMIT:
        return
    for rule in get_args(BelowLimit):
        if rule != plan.rules.below_limit:
            other = plan.model_copy(update={"rules": plan.rules.model_copy(update={"below_limit": rule})})
            yield _line(f"below_limit_{rule}", BELOW_LIMIT[rule], scheduled, sequences, other)


def _offsets(scheduled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan) -> Iterator[Line]:
    """Other offsets of an endpoint that the plan takes logarithms of; of an index they are choices of their own."""
    offset_uv = plan.endpoint.offset_uv
    for factor in plan.sensitivity.offset_factors if offset_uv else ():
        endpoint = plan.endpoint.model_copy(update={"offset_uv": offset_uv * factor})
        words = f"offset of the logarithm {offset_uv * factor:g} uV"
        yield _line(f"offset_x{factor:g}", words, scheduled, sequences, plan.model_copy(update={"endpoint": endpoint}))


def _without_each(scheduled: pd.DataFrame, sequences: Mapping[str, str], plan: AnalysisPlan) -> Iterator[Line]:
    """The range of the headline without one subject, then without each."""
    values = of_arms(period_values(apply_rules(scheduled, plan), plan.endpoint, plan), sequences)
    whole = sample_of(values, sequences, plan)
    lines = []
    for n, subject in enumerate(values.subjects):
        rest = np.arange(len(values.subjects)) != n
        letters = tuple(letter for letter, kept in zip(whole.letters, rest, strict=True) if kept)
        sample = whole._replace(values=whole.values[rest], baselines=whole.baselines[rest], letters=letters)
        line = estimate_line(sample, plan.analysis.estimator)
        note = line.note if line.code else ""
        lines.append(
            replace(line, name=f"without_{subject}", kind="sensitivity", words=f"without {subject}", note=note)
        )
    yield _range(lines, plan)
    yield from lines


def _range(lines: Sequence[Line], plan: AnalysisPlan) -> Line:
    line = Line("leave_one_out", "sensitivity", "without any one subject")
    effects = [one.effect for one in lines if one.effect is not None]
    refused = sum(bool(one.code) for one in lines)
    if not effects:
        return replace(line, code="SUBJECTS_TOO_FEW", note="no answer without any one subject")
    low, high = min(effects), max(effects)
    log = plan.endpoint.log or plan.endpoint.measure in LOGARITHMS
    ends = [f"{ratio(end) if log else end:.4g}" for end in (low, high)]
    some = f", no answer without {refused} of them" if refused else ""
    note = f"{'ratios' if log else 'effects'} from {ends[0]} to {ends[1]}, a range and no interval{some}"
    return replace(line, note=note)  # in no column: it would be read as an interval
