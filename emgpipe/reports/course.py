"""The course of a subject: every measure over the visits, with what is missing and what changed between them."""

import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from emgpipe.batch.conditions import COMPARED_CONDITIONS, Change, Conditions, changed_conditions
from emgpipe.measures.rows import VALUED, MeasureRow, Status
from emgpipe.measures.views import WHOLE
from emgpipe.reports.completeness import visit_state
from emgpipe.reports.tables import OVERVIEW
from emgpipe.reports.told import versions_of
from emgpipe.reports.words import NOT_ON_PAGES
from emgpipe.study.order import natural
from emgpipe.summary.subject import RESTS

Row = Mapping[str, str]

MAIN = {**OVERVIEW, "subject": ("rigidity_index_log", "axial_limb_ln_ratio", "lr_ln_ratio")}
"""Measures that are drawn, by kind of target."""


class Run(NamedTuple):
    """One of several rows behind a point, with its value, or the estimate where that is below its limit."""

    value: float
    limit: float | None = None
    status: Status = "ok"


class Point(NamedTuple):
    """One measure of one target at one visit.

    Attributes
    ----------
    value : float or None
        Median of the runs that have one.
    low, high : float or None
        Sampling precision within the segment; None for several runs.
    limit : float or None
        Smallest value told from 0; median of the runs.
    status, reason : str
        Of the row; of several runs `ok` where all are, see `point_of`.
    runs : tuple of Run
        Those that have a value where there are several rows, else empty.
    n_runs : int
        Rows.
    """

    value: float | None
    low: float | None
    high: float | None
    limit: float | None
    status: Status
    reason: str
    runs: tuple[Run, ...]
    n_runs: int


class Series(NamedTuple):
    """One measure of one target over the visits: a point each, None where a visit has no row of it."""

    target: str
    target_kind: str
    measure: str
    unit: str
    points: tuple[Point | None, ...]


class Block(NamedTuple):
    """All series of one task and segment, in the order of the tables."""

    task: str
    segment: str
    series: tuple[Series, ...]


class Stop(NamedTuple):
    """One visit of the study as the subject has it.

    Attributes
    ----------
    visit : str
        Identifier.
    state : str
        Key of `STATE_OF_VISIT`; `missing`: no recording of this subject is listed.
    day : float or None
        As recorded; of a missing visit the median day of the other subjects.
    when : str
        Day or date as recorded; may be empty.
    n_listed, n_measured : int
        Recordings.
    grade : str
        Worst letter of its recordings; empty where nothing was measured.
    changes : tuple of Change
        Compared conditions that are not what they were before.
    """

    visit: str
    state: str
    day: float | None = None
    when: str = ""
    n_listed: int = 0
    n_measured: int = 0
    grade: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, eq=False)
class PatientReport:
    """What the page of a subject is made from.

    Attributes
    ----------
    study, subject : str
        Identifiers.
    stops : tuple of Stop
        All visits of the study, in the order of this subject.
    blocks : tuple of Block
        Every measure of every task and segment.
    failures : tuple of mapping
        Rows of `inputs.csv` of recordings that failed or were not run.
    made_with : mapping of str to tuple of str
        Settings and version -> visits measured with them; more than one: visits are not fully comparable.
    conditions_recorded : bool
        Whether any compared condition is recorded at all.
    version, settings_id : str
        Of emgpipe; fingerprint of the settings.
    simulated : bool
        The study says that it is simulated.
    measured_with : tuple of str
        Versions of emgpipe that measured; empty where not told.
    """

    study: str
    subject: str
    stops: tuple[Stop, ...]
    blocks: tuple[Block, ...]
    failures: tuple[Row, ...]
    made_with: Mapping[str, tuple[str, ...]]
    conditions_recorded: bool
    version: str
    settings_id: str
    simulated: bool = False
    measured_with: tuple[str, ...] = ()


WORST_FIRST: tuple[Status, ...] = ("failed", "undeterminable", "not_measured", "below_limit", "flagged", "ok")
"""Of runs without a value: what was tried in vain says more than what nobody asked for."""


def place_of(one: Point | Run) -> float | None:
    """Where a point or run is drawn: at its value, or at the limit that it is below; None where there is neither.

    Examples
    --------
    >>> place_of(Run(3.0)), place_of(Run(0.1, 0.6, "below_limit"))
    (3.0, 0.6)
    """
    if one.status not in VALUED:
        return None
    return one.limit if one.status == "below_limit" and one.limit is not None else one.value


def point_of(rows: Sequence[MeasureRow]) -> Point | None:
    """One point of the rows of a measure at a visit; None without rows.

    Parameters
    ----------
    rows : sequence of MeasureRow
        One a run.

    Notes
    -----
    One row is told as it is. Several are pooled as in `visits.csv`: median of the values. The point is then
    `below_limit` where the median is below the median limit, `ok` where every run is, else `flagged`; without any value
    it has the worst status of its runs: undeterminable before not measured.

    Examples
    --------
    >>> rows = [MeasureRow("rest", "TA_R", "muscle", "apdf_p10_uv", v, "uV", 1.0, 9.0, limit=0.6) for v in (3.0, 5.0)]
    >>> point_of(rows).value, point_of(rows).n_runs, point_of(rows).low, point_of(rows[:1]).low
    (4.0, 2, None, 1.0)
    """
    if not rows:
        return None
    if len(rows) == 1:
        one = rows[0]
        return Point(one.value, one.low, one.high, one.limit, one.status, one.reason, (), 1)
    runs = tuple(Run(r.value, r.limit, r.status) for r in rows if r.value is not None and r.status in VALUED)
    limits = [row.limit for row in rows if row.limit is not None and row.status in VALUED]
    value = statistics.median(run.value for run in runs) if runs else None
    limit = statistics.median(limits) if limits else None
    codes = dict.fromkeys(code for row in rows for code in row.reason.split(";") if code)
    status = _pooled_status(rows, value, limit)
    return Point(value, None, None, limit, status, ";".join(codes), runs, len(rows))


def _pooled_status(rows: Sequence[MeasureRow], value: float | None, limit: float | None) -> Status:
    if value is None:
        return min((row.status for row in rows), key=WORST_FIRST.index)
    if limit is not None and value < limit:
        return "below_limit"
    return "ok" if all(row.status == "ok" for row in rows) else "flagged"


def blocks_of(rows: Iterable[tuple[str, str, MeasureRow]], visits: Sequence[str]) -> tuple[Block, ...]:
    """Arrange rows of one subject by task, segment, target and measure.

    Parameters
    ----------
    rows : iterable of (visit, task, MeasureRow)
        In the order of the tables; exploratory measures that no page shows are left out.
    visits : sequence of str
        In the order of the points.

    Returns
    -------
    tuple of Block
        Subject-level rows stand at the end of their task and segment.
    """
    found: dict[tuple[str, str], dict[tuple[str, str, str, str], dict[str, list[MeasureRow]]]] = {}
    for visit, task, row in rows:
        if row.measure and row.measure not in NOT_ON_PAGES:
            series = found.setdefault((task, row.segment), {})
            of_visits = series.setdefault((row.target, row.target_kind, row.measure, row.unit), {})
            of_visits.setdefault(visit, []).append(row)
    return tuple(
        Block(task, segment, tuple(
            Series(*name, tuple(point_of(of_visits.get(visit, ())) for visit in visits))
            for name, of_visits in series.items()
        ))
        for (task, segment), series in found.items()
    )  # fmt: skip


def is_main_segment(segment: str) -> bool:
    """Whether a segment is rest, or a recording without a declared one: what visits are compared by.

    Examples
    --------
    >>> [is_main_segment(name) for name in ("rest", "rest_2", "whole", "mvc")]
    [True, True, True, False]
    """
    return segment == WHOLE or bool(re.fullmatch(RESTS, segment))


def main_series(block: Block, kind: str) -> list[Series]:
    """Series of the main measures of a kind of target, measures in the order of `MAIN`."""
    order = MAIN[kind]
    found = [one for one in block.series if one.target_kind == kind and one.measure in order]
    return sorted(found, key=lambda one: order.index(one.measure))


def stops_of(subject: str, inputs: Sequence[Row], conditions: Mapping[str, Row]) -> tuple[Stop, ...]:
    """All visits of a study as one subject has them, in order.

    Parameters
    ----------
    subject : str
        Identifier.
    inputs : sequence of mapping
        Rows of `inputs.csv`, of all subjects.
    conditions : mapping of str to mapping
        Recording -> column of `recordings.csv` -> cell.

    Returns
    -------
    tuple of Stop
        In the order of `day`, else of `visit_date` where each visit of the subject has one, else of the names. A visit
        that is missing stands at the median day of the other subjects, else behind the visit that its name follows.
    """
    names = sorted({row["visit"] for row in inputs}, key=natural)
    own: dict[str, list[Row]] = {}
    for row in inputs:
        if row["subject"] == subject:
            own.setdefault(row["visit"], []).append(row)
    days = _days(subject, names, own, inputs, conditions)
    order = _order(names, own, days, {visit: _recorded(rows, conditions, "visit_date") for visit, rows in own.items()})
    changes = changed_conditions(
        Conditions(subject, visit, row["task"], conditions.get(row["recording"], {}))
        for visit in order
        for row in own.get(visit, ())
    )
    return tuple(
        _stop(visit, own.get(visit, []), days.get(visit), conditions, [c for c in changes if c.visit == visit])
        for visit in order
    )


def _stop(
    visit: str, rows: Sequence[Row], day: float | None, conditions: Mapping[str, Row], changes: Sequence[Change]
) -> Stop:
    measured = [row for row in rows if row["status"] == "ok"]
    told_day, told_date = (_recorded(rows, conditions, name) for name in ("day", "visit_date"))
    when = ", ".join([*([f"day {told_day}"] if told_day else []), *([told_date] if told_date else [])])
    grade = max((row["grade"] for row in measured if row.get("grade")), default="")
    return Stop(visit, visit_state(rows), day, when, len(rows), len(measured), grade, tuple(changes))


def _recorded(rows: Sequence[Row], conditions: Mapping[str, Row], name: str) -> str:
    """First cell of a visit that says it."""
    return next((cell for row in rows if (cell := conditions.get(row["recording"], {}).get(name))), "")


def _days(
    subject: str, names: Sequence[str], own: Mapping[str, Sequence[Row]], inputs: Sequence[Row],
    conditions: Mapping[str, Row],
) -> dict[str, float]:  # fmt: skip
    """Day of each visit; of one that the subject does not have, the median of the others."""
    told: dict[str, dict[str, float]] = {name: {} for name in names}
    for row in inputs:
        day = conditions.get(row["recording"], {}).get("day")
        if day:
            told[row["visit"]].setdefault(row["subject"], float(day))
    days = {}
    for name in names:
        if subject in told[name]:
            days[name] = told[name][subject]
        elif name not in own and told[name]:
            days[name] = statistics.median(told[name].values())
    return days


def _order(
    names: Sequence[str], own: Mapping[str, object], days: Mapping[str, float], dates: Mapping[str, str]
) -> list[str]:
    if all(name in days for name in names):
        return sorted(names, key=lambda name: (days[name], natural(name)))
    if all(name in days for name in own):
        order = sorted(own, key=lambda name: (days[name], natural(name)))
    elif all(dates.values()):
        order = sorted(own, key=lambda name: (date.fromisoformat(dates[name]), natural(name)))
    else:
        return list(names)
    for name in (name for name in names if name not in own):
        before = [place for place, other in enumerate(order) if natural(other) < natural(name)]
        order.insert(before[-1] + 1 if before else 0, name)
    return order


def patient_report(
    study: str, subject: str, inputs: Sequence[Row], rows: Sequence[tuple[Row, MeasureRow]],
    conditions: Mapping[str, Row], *, version: str, settings_id: str, simulated: bool = False,
) -> PatientReport:  # fmt: skip
    """Gather what the page of a subject shows.

    Parameters
    ----------
    study, subject : str
        Identifiers.
    inputs : sequence of mapping
        Rows of `inputs.csv`, of all subjects: they say which visits the study has.
    rows : sequence of (line, MeasureRow)
        Lines of `measures.csv` of the subject, and the same as rows.
    conditions : mapping of str to mapping
        Recording -> column of `recordings.csv` -> cell.
    version, settings_id : str
        Of emgpipe; fingerprint of the settings.
    simulated : bool
        The study says that it is simulated.
    """
    stops = stops_of(subject, inputs, conditions)
    own = [row for row in inputs if row["subject"] == subject]
    made_with: dict[str, dict[str, None]] = {}
    for line, _ in rows:
        if line["recording"]:
            made_with.setdefault(made_by(line), {})[line["visit"]] = None
    return PatientReport(
        study=study,
        subject=subject,
        stops=stops,
        blocks=blocks_of(((line["visit"], line["task"], row) for line, row in rows), [stop.visit for stop in stops]),
        failures=tuple(row for row in own if row["status"] != "ok"),
        made_with={name: tuple(visits) for name, visits in made_with.items()},
        conditions_recorded=_any_compared(own, conditions),
        version=version,
        settings_id=settings_id,
        simulated=simulated,
        measured_with=versions_of(line for line, _ in rows),
    )


def made_by(line: Row) -> str:
    """What a line of `measures.csv` was made with, in words.

    Examples
    --------
    >>> made_by({"settings_id": "8b7df6c59761ec9f", "version": "0.1.0"})
    'settings 8b7df6c59761, emgpipe 0.1.0'
    """
    return f"settings {line['settings_id'][:12]}, emgpipe {line['version']}"


def _any_compared(own: Sequence[Row], conditions: Mapping[str, Row]) -> bool:
    return any(conditions.get(row["recording"], {}).get(name) for row in own for name in COMPARED_CONDITIONS)
