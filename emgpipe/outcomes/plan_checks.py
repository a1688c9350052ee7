"""What of a plan contradicts itself, though each of its keys may stand alone."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.settings import nearest
from emgpipe.summary.references import TWINS
from emgpipe.summary.subject import SUBJECT_MEASURES

if TYPE_CHECKING:
    from emgpipe.outcomes.plan import AnalysisPlan, Endpoint

LOGARITHMS = frozenset(m.name for m in SUBJECT_MEASURES if m.name.endswith(("_log", "_ln_ratio")))
"""Measures that are natural logarithms already."""
PAIRED = frozenset(m.name for m in PAIR_MEASURES)
LIMITED = frozenset(m.name for m in (*MUSCLE_MEASURES, *PAIR_MEASURES) if m.limited)
UNITS = {
    **{m.name: m.unit for m in (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES)},
    **{m.name: m.unit for m in SUBJECT_MEASURES},
    **{f"{name.removesuffix('_uv')}_pct": "%" for name in TWINS},
}
"""Unit of every measure of a table."""
WITH_LIMIT = LIMITED | {f"{name.removesuffix('_uv')}_pct" for name in TWINS if name in LIMITED}
"""Measures whose values may be below a limit."""

Key = tuple[str | int, ...]


class Contradiction(NamedTuple):
    """Where in the plan, what was found, what is allowed."""

    key: Key
    found: str


def contradictions(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    """Find what cannot be meant, in the order of the plan.

    Parameters
    ----------
    plan : AnalysisPlan
        Each key of it is valid by itself.

    Yields
    ------
    Contradiction
    """
    yield from _endpoints(plan)
    yield from _visits(plan)
    yield from _periods(plan)
    yield from _events(plan)
    yield from _names(plan)
    yield from _numbers(plan)


def _endpoints(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    seen: dict[tuple[str, frozenset[str], str, str, bool], str] = {}
    for n, endpoint in enumerate(plan.endpoints):
        key: Key = ("secondary", n - 1) if n else ("endpoint",)
        yield from _endpoint(endpoint, key)
        place = "endpoint" if not n else f"secondary[{n}]"
        what = (endpoint.measure, frozenset(endpoint.targets), endpoint.task, endpoint.segment, endpoint.log)
        twin = seen.setdefault(what, place)
        if twin != place:
            yield Contradiction(key, f"{endpoint.name!r} is {twin} already; an endpoint is analysed once")
    if plan.rules.below_limit != "estimate" and not any(e.measure in WITH_LIMIT for e in plan.endpoints):
        found = f"rules.below_limit = {plan.rules.below_limit!r}, and no endpoint has a limit; leave it out"
        yield Contradiction(("rules", "below_limit"), found)


def _endpoint(endpoint: "Endpoint", key: Key) -> Iterator[Contradiction]:
    name = endpoint.measure
    if name not in UNITS:
        yield Contradiction((*key, "measure"), f"measure {name!r} does not exist; {nearest(name, UNITS)}")
        return
    for target in endpoint.targets:
        if ("/" in target) != (name in PAIRED):
            needed = "a pair, as TA_R/GM_R" if name in PAIRED else "no pair"
            yield Contradiction((*key, "targets"), f"target {target!r} of {name}; {needed} is needed")
    if endpoint.log and name in LOGARITHMS:
        yield Contradiction((*key, "log"), f"log = true of {name}, which is a logarithm already; leave it out")
    if endpoint.offset_uv and not endpoint.log:
        found = f"offset_uv = {endpoint.offset_uv!r} without log = true; it is added before a logarithm only"
        yield Contradiction((*key, "offset_uv"), found)


def _visits(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    for (n, one), (m, other) in combinations(enumerate(plan.visits), 2):
        if one.avisit == other.avisit:
            yield Contradiction(
                ("visits", m, "avisit"), f"avisit {other.avisit!r} is visits[{n + 1}] already; name each once"
            )
        for name in set(one.names) & set(other.names):
            found = f"names holds {name!r}, which is visits[{n + 1}] already; a visit of the study is one of the plan"
            yield Contradiction(("visits", m, "names"), found)
        # by the name where there is one: windows then only judge
        by_day = not one.names or not other.names
        if by_day and one.days and other.days and max(one.days[0], other.days[0]) <= min(one.days[1], other.days[1]):
            found = (
                f"days {list(other.days)} overlap {list(one.days)} of visits[{n + 1}]; a day is one visit, or name both"
            )
            yield Contradiction(("visits", m, "days"), found)
    for n, visit in enumerate(plan.visits):
        if not visit.names and visit.days is None:
            found = f"visits[{n + 1}] has neither names nor days; one of both tells which visit it is"
            yield Contradiction(("visits", n), found)
        if visit.role != "other" and visit.period == 0:
            found = f'period = 0 of a {visit.role} visit; 1 or 2 is allowed, 0 with role = "other" only'
            yield Contradiction(("visits", n, "period"), found)


def _periods(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    there = {(visit.period, visit.role) for visit in plan.visits}
    for period in (1, 2):
        if (period, "treatment") not in there:
            yield Contradiction(("visits",), f'period {period} has no visit with role = "treatment"; it needs one')
        if plan.analysis.estimator != "raw" and (period, "baseline") not in there:
            found = f'estimator = {plan.analysis.estimator!r}, and period {period} has no visit with role = "baseline"'
            yield Contradiction(("analysis", "estimator"), f"{found}; declare one, or take 'raw'")


def _events(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    known = _avisits(plan)
    for n, event in enumerate(plan.intercurrent):
        if event.visit and event.visit not in known:
            yield Contradiction(("intercurrent", n, "visit"), f"visit {event.visit!r}; {nearest(event.visit, known)}")
        if event.strategy == "exclude_visit" and not event.visit:
            yield Contradiction(("intercurrent", n), "strategy = 'exclude_visit' without a visit; name its avisit")
        if event.strategy == "exclude_period" and not (event.period or event.visit):
            yield Contradiction(("intercurrent", n), "strategy = 'exclude_period' without a period or visit; name one")
        own = next((one.period for one in plan.visits if one.avisit == event.visit), 0)
        if event.strategy == "exclude_period" and event.visit in known and own != (event.period or own or -1):
            found = f"visit {event.visit!r} is of period {own or 'none'}, period = {event.period}; name the one period"
            yield Contradiction(("intercurrent", n), found)


def _names(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    known = _avisits(plan)
    for name in plan.reliability.no_change:
        if name not in known:
            yield Contradiction(("reliability", "no_change"), f"no_change holds {name!r}; {nearest(name, known)}")
    if len(plan.reliability.no_change) == 1:
        yield Contradiction(("reliability", "no_change"), "no_change names one visit; two or more are compared")


def _numbers(plan: "AnalysisPlan") -> Iterator[Contradiction]:
    for name in ("activity_ratios", "offset_factors"):
        values = getattr(plan.sensitivity, name)
        for value in values:
            if not 0 < value <= 1000:
                yield Contradiction(("sensitivity", name), f"{name} holds {value!r}; above 0, at most 1000")
        if len(set(values)) < len(values):
            yield Contradiction(("sensitivity", name), f"{name} names a number twice")


def _avisits(plan: "AnalysisPlan") -> tuple[str, ...]:
    return tuple(visit.avisit for visit in plan.visits)
