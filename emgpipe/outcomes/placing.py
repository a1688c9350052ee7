"""Which visit of the plan each visit of a study is: by its name, by its day, or none."""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from emgpipe.outcomes.plan import AnalysisPlan, Visit
from emgpipe.study.order import natural

Key = tuple[str, str]
"""Subject and visit."""


class Appointment(NamedTuple):
    """When a visit was.

    Attributes
    ----------
    visit_date : str
        ISO date; `""` where not recorded.
    day : float
        Counted from the subject's first visit, which is day 0; NaN where it is not recorded and dates do not tell it.
    """

    visit_date: str = ""
    day: float = math.nan


class Place(NamedTuple):
    """What a visit is in the plan.

    Attributes
    ----------
    avisit : str
        Visit of the plan; `""` where it is none.
    avisitn : int
        Its number in the plan, from 1; 0 where it is none.
    period : int
        1 or 2; 0 where it is of none.
    role : str
        `baseline`, `treatment`, `other` or `""`.
    why : str
        Code why it is not analysed; `""` where it is.
    """

    avisit: str = ""
    avisitn: int = 0
    period: int = 0
    role: str = ""
    why: str = ""


def appointments(
    recordings: Iterable[tuple[str, str, str]], conditions: Mapping[str, Mapping[str, str]], plan: AnalysisPlan | None
) -> dict[Key, Appointment]:
    """Date and day of every visit; of several recordings the earliest.

    Parameters
    ----------
    recordings : iterable of (recording, subject, visit)
        All of a study.
    conditions : mapping
        `visit_date` and `day` by recording, as in `recordings.csv`; both may be absent.
    plan : AnalysisPlan or None
        Tells whether the first dated visit of a subject may be its first visit: where the plan puts a visit of its name
        later than day 0, dates alone tell no day.

    Returns
    -------
    dict of (subject, visit) to Appointment
        A recorded `day` stands; else it is counted from the dates.
    """
    told: dict[Key, Appointment] = {}
    for recording, subject, visit in recordings:
        values, before = conditions.get(recording, {}), told.get((subject, visit), Appointment())
        dates = [text for text in (values.get("visit_date", ""), before.visit_date) if text]
        days = [day for day in (float(values.get("day") or math.nan), before.day) if not math.isnan(day)]
        told[subject, visit] = Appointment(min(dates, default=""), min(days, default=math.nan))
    origins = {subject: _origin(told, subject, plan) for subject in {subject for subject, _ in told}}
    return {key: _with_day(one, origins[key[0]]) for key, one in told.items()}


def _with_day(one: Appointment, origin: float) -> Appointment:
    if math.isnan(one.day) and one.visit_date and not math.isnan(origin):
        return one._replace(day=date.fromisoformat(one.visit_date).toordinal() - origin)
    return one


def _origin(told: Mapping[Key, Appointment], subject: str, plan: AnalysisPlan | None) -> float:
    """Ordinal of the date of day 0; NaN where dates do not tell it."""
    dated = sorted((one.visit_date, visit) for (who, visit), one in told.items() if who == subject and one.visit_date)
    for text, visit in dated:
        day = told[subject, visit].day
        if not math.isnan(day):
            return date.fromisoformat(text).toordinal() - day
    if not dated or any(dated[0][1] in v.names and v.days and not v.days[0] <= 0 <= v.days[1] for v in _visits(plan)):
        return math.nan
    return float(date.fromisoformat(dated[0][0]).toordinal())


def _visits(plan: AnalysisPlan | None) -> tuple[Visit, ...]:
    return plan.visits if plan else ()


def placed(seen: Mapping[Key, Appointment], plan: AnalysisPlan | None) -> dict[Key, Place]:
    r"""Find the visit of the plan for every visit of a study.

    Parameters
    ----------
    seen : mapping of (subject, visit) to Appointment
        All visits.
    plan : AnalysisPlan or None
        None: each visit is itself, of no period, PLAN_ABSENT.

    Returns
    -------
    dict of (subject, visit) to Place
        A name in the plan counts before a day alone. A visit without a day fits by its name. Of several visits that fit
        one visit of the plan the nearest to the middle of its window is analysed, then the first name in the plan; the
        others are VISIT_TWICE.

    Examples
    --------
    >>> from emgpipe.outcomes.plan import parse_plan
    >>> plan = parse_plan('[analysis]\npreset = "sps-crossover"')
    >>> seen = {("S1", "P1M2"): Appointment(day=30.0), ("S1", "P1M3"): Appointment(day=90.0)}
    >>> [place.avisit or place.why for place in placed(seen, plan).values()]
    ['Period 1 Month 2', 'VISIT_OUT_OF_WINDOW']
    """
    if plan is None:
        return {key: Place(avisit=key[1], why="PLAN_ABSENT") for key in seen}
    out = {key: _place(key[1], one.day, plan.visits) for key, one in seen.items()}
    rivals: dict[tuple[str, int], list[Key]] = {}
    for key, place in out.items():
        if place.avisitn:
            rivals.setdefault((key[0], place.avisitn), []).append(key)
    for (_, number), keys in rivals.items():
        planned = plan.visits[number - 1]
        for key in sorted(keys, key=lambda key: _distance(key[1], seen[key].day, planned))[1:]:
            out[key] = out[key]._replace(why="VISIT_TWICE")
    return out


def _place(visit: str, day: float, planned: tuple[Visit, ...]) -> Place:
    named = [n for n, one in enumerate(planned) if visit in one.names]
    by_day = [n for n, one in enumerate(planned) if not one.names and one.days]
    for n in [*named, *by_day]:
        if _in_window(day, planned[n], unknown=n in named):
            one = planned[n]
            return Place(one.avisit, n + 1, one.period, one.role, "VISIT_OTHER" if one.role == "other" else "")
    return Place(why="VISIT_OUT_OF_WINDOW" if named else "VISIT_UNPLANNED")


def _in_window(day: float, planned: Visit, *, unknown: bool) -> bool:
    if planned.days is None:
        return True
    return unknown if math.isnan(day) else planned.days[0] <= day <= planned.days[1]


def _distance(visit: str, day: float, planned: Visit) -> tuple[float, int, tuple[tuple[int, int, str], ...]]:
    """From the middle of the window; then by the order of names in the plan."""
    off = math.inf if planned.days is None or math.isnan(day) else abs(day - sum(planned.days) / 2.0)
    return off, planned.names.index(visit) if visit in planned.names else 0, natural(visit)
