"""The page of a subject: every measure over its visits, what is missing and what changed."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from emgpipe.measures.rows import VALUED
from emgpipe.reports.completeness import STATE_OF_VISIT, SYMBOLS
from emgpipe.reports.course import Block, PatientReport, Point, Run, Series, Stop, is_main_segment, main_series
from emgpipe.reports.detectable import Detectable, change_words
from emgpipe.reports.figures import inline_png
from emgpipe.reports.names import visit_file_name
from emgpipe.reports.pages import render
from emgpipe.reports.tables import words_of
from emgpipe.reports.trails import trail
from emgpipe.reports.trajectories import Band, Ratio, band_around, joined, trajectory_figure
from emgpipe.reports.words import (
    NOT_ON_PAGES,
    STATUS_WORDS,
    heading,
    number,
    reasons,
    unit_of,
    unit_words,
    versions_differ,
)

KINDS = {"muscle": "Muscles", "pair": "Pairs", "subject": "Whole visit"}


class _Cell(NamedTuple):
    """A point as printed."""

    text: str
    small: str
    status: str
    word: str


class _Line(NamedTuple):
    """A measure over the visits; a cell each, None where a visit has no row."""

    measure: str
    unit: str
    cells: tuple[_Cell | None, ...]


class _Table(NamedTuple):
    """Every measure of a target; `idle`: those that no visit has."""

    target: str
    words: str
    lines: tuple[_Line, ...]
    idle: str


class _Picture(NamedTuple):
    """Small multiples of a kind of target."""

    title: str
    source: str
    alt: str
    banded: bool


class _Shown(NamedTuple):
    """What the template shows of a task and segment."""

    title: str
    main: bool
    pictures: tuple[_Picture, ...]
    tables: tuple[_Table, ...]
    change: str


def patient_page(report: PatientReport, *, detectable: Detectable | None = None) -> str:
    """Write the page of a subject.

    Parameters
    ----------
    report : PatientReport
        Visits and measures; with no measure at all the page says so.
    detectable : Detectable, optional
        Minimal detectable change of the primary endpoint: a band around the first visit, a word at each visit beyond
        it, and what it rests on; named "not given" where absent.

    Returns
    -------
    str
        One HTML document without any outside reference or time of making; nothing in it depends on an arm.

    Examples
    --------
    >>> from emgpipe.reports.course import patient_report
    >>> row = {"recording": "S1_V1_rest", "subject": "S1", "visit": "V1", "task": "rest", "status": "ok", "grade": "A"}
    >>> others = [{**row, "subject": "S2", "visit": visit} for visit in ("V1", "V2")]
    >>> page = patient_page(patient_report("DEMO", "S1", [row, *others], [], {}, version="0.1.0", settings_id=""))
    >>> "1 of 2 visits measured. Missing: V2." in page
    True
    """
    blocks = sorted(report.blocks, key=lambda block: not is_main_segment(block.segment))
    return render(
        "patient.html.j2",
        report=report,
        trail=trail(report.study, report.subject),
        said=_sentence(report.stops),
        stops=[(stop, SYMBOLS[stop.state], STATE_OF_VISIT[stop.state], _link(report.subject, stop), _changed(stop))
               for stop in report.stops],
        failures=[(row, reasons(row["code"])) for row in report.failures],
        n_changes=sum(len(stop.changes) for stop in report.stops),
        shown=[_shown(block, report.stops, detectable) for block in blocks],
        versions=versions_differ(report.measured_with, report.version),
        study=report.study, version=report.version, settings_id=report.settings_id, simulated=report.simulated,
    )  # fmt: skip


def _sentence(stops: Sequence[Stop]) -> str:
    """Say which visits are there.

    Examples
    --------
    >>> _sentence([Stop("V1", "complete", n_listed=1, n_measured=1), Stop("V2", "missing"), Stop("V3", "failed")])
    '1 of 3 visits measured. Missing: V2. Without a result: V3.'
    """
    measured = [stop for stop in stops if stop.n_measured]
    said = [f"{len(measured)} of {len(stops)} visit{'' if len(stops) == 1 else 's'} measured."]
    for word, states in (
        ("Missing", ("missing",)),
        ("Without a result", ("failed", "unrun")),
        ("In part", ("partly",)),
    ):
        named = [stop.visit for stop in stops if stop.state in states]
        said += [f"{word}: {', '.join(named)}."] if named else []
    changed = [stop.visit for stop in stops if stop.changes]
    said += [f"Conditions changed at {', '.join(changed)}."] if changed else []
    return " ".join(said)


def _link(subject: str, stop: Stop) -> str:
    return "" if stop.state == "missing" else quote(visit_file_name(subject, stop.visit))


def _changed(stop: Stop) -> list[str]:
    several = len({change.task for change in stop.changes}) > 1
    return [
        f"{c.name}: {c.before!r} at {c.since}, {c.now!r} here{f' (task {c.task})' if several else ''}"
        for c in stop.changes
    ]


def _shown(block: Block, stops: Sequence[Stop], detectable: Detectable | None) -> _Shown:
    title = f"Task {block.task}, segment {block.segment}"
    meant = detectable if detectable and _is_of(detectable, block) else None
    mdc95 = _band(meant)
    drawn = [[one for one in main_series(block, kind) if _said_at(one)] for kind in KINDS]
    pictures = tuple(_picture(title, series, stops, mdc95) for title, series in zip(KINDS.values(), drawn, strict=True)
                     if series)  # fmt: skip
    tables = tuple(_table(series, stops, mdc95) for series in _by_target(block.series))
    return _Shown(title, is_main_segment(block.segment), pictures, tables, _change_words(meant, block))


def _is_of(detectable: Detectable, block: Block) -> bool:
    """Whether a change is one of this task and segment; one that is not known is told at every main segment."""
    if detectable.measure in NOT_ON_PAGES:
        return False
    if not detectable.segment:
        return is_main_segment(block.segment)
    return detectable.segment == block.segment and detectable.task in ("", block.task)


def _band(detectable: Detectable | None) -> Band:
    if detectable is None or not detectable.drawn:
        return {}
    log, mdc95 = detectable.log, detectable.mdc95
    key = (detectable.targets[0], detectable.measure)
    return {key: Ratio(mdc95, detectable.offset_uv) if log else mdc95}


def _change_words(detectable: Detectable | None, block: Block) -> str:
    if detectable is None:
        return ""
    return change_words(detectable, next((o.unit for o in block.series if o.measure == detectable.measure), ""))


def _by_target(series: Sequence[Series]) -> list[list[Series]]:
    targets: dict[str, list[Series]] = {}
    for one in series:
        targets.setdefault(one.target, []).append(one)
    return list(targets.values())


def _said_at(one: Series) -> bool:
    """Whether any visit has more to say of it than that it was not asked for."""
    return any(point is not None and point.status != "not_measured" for point in one.points)


def _picture(title: str, series: Sequence[Series], stops: Sequence[Stop], mdc95: Band) -> _Picture:
    source = inline_png(trajectory_figure(series, stops, mdc95=mdc95))
    banded = any((one.target, one.measure) in mdc95 for one in series)
    return _Picture(title, source, _alt(series, stops), banded)


def _alt(series: Sequence[Series], stops: Sequence[Stop]) -> str:
    """Say in words what the picture shows; the values stand in the table."""
    measures = list(dict.fromkeys(heading(one.measure) for one in series))
    targets = list(dict.fromkeys(one.target for one in series))
    gaps = [stop.visit for stop in stops if not stop.n_measured]
    said = [f"{', '.join(measures)} of {', '.join(targets)} at the visits {', '.join(stop.visit for stop in stops)}."]
    said += [f"No result at {', '.join(gaps)}."] if gaps else []
    for status in ("below_limit", "undeterminable"):
        found = [f"{one.target} {heading(one.measure)} at {', '.join(at)}" for one in series
                 if (at := _visits_with(one, stops, status))]  # fmt: skip
        said += [f"{STATUS_WORDS[status].capitalize()}: {'; '.join(found)}."] if found else []
    return " ".join([*said, "All values stand in the tables below."])


def _visits_with(one: Series, stops: Sequence[Stop], status: str) -> list[str]:
    return [stop.visit for stop, point in zip(stops, one.points, strict=True) if point and point.status == status]


def _table(series: Sequence[Series], stops: Sequence[Stop], mdc95: Band) -> _Table:
    lines = tuple(
        _Line(one.measure, unit_words(one.unit), tuple(_cell(point, one, *beyond) for point, beyond in
                                                       zip(one.points, _beyond(one, stops, mdc95), strict=True)))
        for one in series if _said_at(one)
    )  # fmt: skip
    target = series[0].target
    return _Table(target, words_of(target), lines, ", ".join(one.measure for one in series if not _said_at(one)))


def _beyond(one: Series, stops: Sequence[Stop], mdc95: Band) -> list[list[str]]:
    """A word at each visit whose value is further from that of the first visit than the minimal detectable change."""
    change, values = mdc95.get((one.target, one.measure)), [joined(point) for point in one.points]
    if change is None or not values or values[0] is None:
        return [[] for _ in values]
    low, high = band_around(values[0], change)
    word = f"beyond MDC95 of {stops[0].visit}"
    return [[word] if value is not None and not low <= value <= high else [] for value in values]


def _cell(point: Point | None, one: Series, *words: str) -> _Cell | None:
    """Print a point; below its limit it says the limit, and no estimate that could be read as a value."""
    if point is None:
        return None
    unit = unit_of(one.measure, one.unit)
    small = []
    text = _value(point, unit) if point.status in VALUED else ""
    if point.status != "below_limit" and point.low is not None and point.high is not None:
        small.append(f"{number(point.low, unit)} to {number(point.high, unit)}")
    if point.n_runs > 1:
        small.append(_runs(point, unit))
    small += words
    return _Cell(text, ", ".join(small), point.status, STATUS_WORDS[point.status])


def _value(one: Point | Run, unit: str) -> str:
    below = one.status == "below_limit" and one.limit is not None
    return f"< {number(one.limit, unit)}" if below else number(one.value, unit)


def _runs(point: Point, unit: str) -> str:
    """Runs behind a median, each as it would stand alone."""
    values = ", ".join(_value(run, unit) for run in point.runs)
    without = point.n_runs - len(point.runs)
    return f"runs: {values or 'none'}" + (f"; {without} without a value" if without else "")
