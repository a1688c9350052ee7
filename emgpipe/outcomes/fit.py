"""Whether a plan can be applied to results: a slip of the pen in it must not be found after unblinding."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from emgpipe.errors import SettingsError
from emgpipe.outcomes.placing import appointments, placed
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.recording import Finding
from emgpipe.study.blinding import text_tells

Rows = Sequence[Mapping[str, str]]
TOLD = 8
"""Known names that a refusal tells where none is near."""


def refuse_unfit(plan: AnalysisPlan, rows: Rows, *, where: str = "analysis.toml") -> None:
    """Refuse a plan that names what results do not have, or tells an arm.

    Parameters
    ----------
    plan : AnalysisPlan
        Checked by itself.
    rows : sequence of mapping of str to str
        Lines of `measures.csv`.
    where : str
        File of the plan, for messages.

    Raises
    ------
    SettingsError
        PLAN_UNFIT: measure, target, task or segment of an endpoint, names of a visit or a subject, with the nearest
        known name; an endpoint without a task where there are several. ARM_CELL: the reason of an exclusion or an event
        may give an arm away.

    Notes
    -----
    An endpoint fits where any visit of any subject has a row of it, with or without a value; a visit where any of its
    names is one of the results.
    """
    for endpoint in plan.endpoints:
        for target in endpoint.targets:
            _refuse_endpoint(endpoint, target, rows, where)
        _refuse_tasks(endpoint, rows, where)
    known = {column: list(dict.fromkeys(row[column] for row in rows)) for column in ("subject", "visit")}
    for visit in plan.visits:
        if visit.names and not set(visit.names) & set(known["visit"]):
            found = f"visit {visit.avisit!r} is called {_told(visit.names)} in the plan; no visit of the results is"
            raise _unfit(f"{found}: {_nearest(visit.names[0], known['visit'])}", where)
    for subject, text in _of_subjects(plan):
        if subject not in known["subject"]:
            raise _unfit(f"subject {subject!r} has no results; {_nearest(subject, known['subject'])}", where)
        if rule := text_tells(text):
            message = f"a text on subject {subject!r}, not shown here, may give an arm away by {rule}; lock the plan"
            raise SettingsError("ARM_CELL", f"{message} in words that do not", where=where)


def refuse_empty_visits(
    plan: AnalysisPlan,
    recordings: Iterable[tuple[str, str, str]],
    conditions: Mapping[str, Mapping[str, str]],
    *,
    where: str = "analysis.toml",
) -> None:
    """Refuse a plan with a visit that nobody has within its window.

    Parameters
    ----------
    plan : AnalysisPlan
        Checked by itself.
    recordings : iterable of (recording, subject, visit)
        Of the results.
    conditions : mapping
        By recording, as in `run.json`.
    where : str
        File of the plan, for messages.

    Raises
    ------
    SettingsError
        PLAN_UNFIT, with the window and the days that visits of these names have.
    """
    seen = appointments(recordings, conditions, plan)
    met = {place.avisitn for place in placed(seen, plan).values() if place.why in ("", "VISIT_OTHER")}
    for n, visit in enumerate(plan.visits, 1):
        if n not in met:
            days = sorted({one.day for (_, name), one in seen.items() if name in visit.names and one.day == one.day})
            there = f"; they have days {days[0]:g} to {days[-1]:g}" if days else ""
            window = f" within days {visit.days[0]} to {visit.days[1]}" if visit.days else ""
            called = f" called {_told(visit.names)}" if visit.names else ""
            raise _unfit(f"visit {visit.avisit!r}: no recording{called} is{window}{there}; mend the plan", where)


def empty_endpoints(plan: AnalysisPlan, rows: Rows) -> Iterator[Finding]:
    """Endpoints without a value anywhere.

    Parameters
    ----------
    plan, rows
        As in `refuse_unfit`.

    Yields
    ------
    Finding
        ENDPOINT_EMPTY, with the reasons.
    """
    for endpoint in plan.endpoints:
        of_it = [row for row in rows if row["target"] in endpoint.targets and _is_of(endpoint)(row)]
        if not any(row["value"] for row in of_it):
            reasons = dict.fromkeys(part for row in of_it for part in row["reason"].split(";") if part)
            message = f"{endpoint.name}: no row of {len(of_it)} has a value ({', '.join(reasons) or 'no reason'})"
            yield Finding("ENDPOINT_EMPTY", "warning", "", f"{message}; its analysis will give no number")


def _is_of(endpoint: Endpoint) -> Callable[[Mapping[str, str]], bool]:
    wanted = {"measure": endpoint.measure, "segment": endpoint.segment, **_task(endpoint)}
    return lambda row: all(row[column] == name for column, name in wanted.items())


def _task(endpoint: Endpoint) -> dict[str, str]:
    return {"task": endpoint.task} if endpoint.task else {}


def _refuse_endpoint(endpoint: Endpoint, target: str, rows: Rows, where: str) -> None:
    """Narrow rows down column by column; where none is left, that column holds the slip."""
    wanted = {"measure": endpoint.measure, "target": target, **_task(endpoint), "segment": endpoint.segment}
    left, so_far = rows, ""
    for column, name in wanted.items():
        there = [row for row in left if row[column] == name]
        if not there:
            known = dict.fromkeys(row[column] for row in left if row[column])
            found = f"{column} {name!r} of endpoint {endpoint.name!r} is in no row{so_far}"
            raise _unfit(f"{found}; {_nearest(name, known)}", where)
        left, so_far = there, f"{so_far or ' of'} {column} {name!r}"


def _refuse_tasks(endpoint: Endpoint, rows: Rows, where: str) -> None:
    tasks = list(
        dict.fromkeys(row["task"] for row in rows if row["target"] in endpoint.targets and _is_of(endpoint)(row))
    )
    if len(tasks) > 1:
        message = (
            f"endpoint {endpoint.name!r} names no task, and rows of it are of {', '.join(map(repr, tasks[:TOLD]))}"
        )
        raise _unfit(f"{message}; name one by `task`", where)


def _nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name, large and small letters alike, else the first ones: a trial may have thousands."""
    by_small = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), by_small, n=1, cutoff=0.5)
    if close:
        return f"did you mean {by_small[close[0]]!r}?"
    names = list(by_small.values())
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return f"known are {', '.join(names[:TOLD])}{more}" if names else "there is none"


def _of_subjects(plan: AnalysisPlan) -> Iterator[tuple[str, str]]:
    """Subjects that the plan names, and what it says of them."""
    yield from plan.population.exclude.items()
    yield from ((one.subject, one.event) for one in plan.intercurrent)


def _told(names: Iterable[str]) -> str:
    return " or ".join(map(repr, names))


def _unfit(message: str, where: str) -> SettingsError:
    return SettingsError("PLAN_UNFIT", message, where=where)
