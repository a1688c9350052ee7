"""The page of a trial, unblinded: its headline, everything beside it, its subjects, and what it does not prove."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from emgpipe.batch.unblinded import UNBLINDED
from emgpipe.errors.codes import CODES
from emgpipe.outcomes.model import EndpointAnalysis, Line, Listed, TrialAnalysis
from emgpipe.reports.estimates import Scale, estimate_words, p_words, places_of, signed, told_of
from emgpipe.reports.figures import inline_png
from emgpipe.reports.forest import Estimated, Forest, forest_figure
from emgpipe.reports.pages import render
from emgpipe.reports.paired import course_figure, groups_of, paired_figure
from emgpipe.reports.trails import Step
from emgpipe.reports.words import heading, unit_words
from emgpipe.store import OutputLock, refuse_links, write_text

TRIAL_PAGE = "trial.html"
WITHOUT = "without_"
"""Names of sensitivities without one subject begin so."""
MOST_ROWS = 24
"""Of one forest: a taller picture does not fit a printed page."""
DOUBTS = (
    "An interval that holds no difference does not show that there is none: it says which differences these data leave"
    " open.",
    "What lasts of a treatment into the next period biases every line that is made of both periods, the headline too."
    " Raw period values understate an effect that lasts; change from period baseline overstates it where the baseline"
    " of period 2 still holds more of it than the later visits do. Period 1 alone is free of it, and wide. The expected"
    " error is −(1 − slope × share) × (a − b) / 2: a and b are what lasts of both treatments in the values of period 2,"
    " share is how many times as much of it lies in the baseline, slope is 0 for raw values, 1 for change, and fitted"
    " in the ANCOVA.",
    "That no carryover is seen does not show that there is none: its interval is wide. No line was chosen by a test of"
    " it, since such a choice raises false alarms from 5 to 9 in 100 (simulated, 8 subjects a sequence).",
    "The re-randomisation p rests on random allocation and on no distribution. It says whether anybody differs, not by"
    " how much.",
    "What is missing is taken to be missing for reasons that have nothing to do with its value.",
    "The lines beside the headline and the headline under other choices come from the same data: that they agree is no"
    " further evidence, and their p are not adjusted. Secondary endpoints are judged by the p adjusted after Holm.",
    "These are numbers of surface EMG. How they go with clinical scales, function or well-being is not shown here.",
)


class _Row(NamedTuple):
    """One estimate as printed; `difference`: on the log scale, where the estimate is a ratio."""

    words: str
    kind: str
    estimate: str
    difference: str
    se: str
    p: str
    df: str
    n: str
    code: str
    meaning: str
    note: str


class _Picture(NamedTuple):
    """A picture with its words."""

    source: Markup
    alt: str


class _Part(NamedTuple):
    """One endpoint as printed."""

    words: str
    name: str
    primary: bool
    log: bool
    rows: tuple[_Row, ...]
    said: str
    pictures: tuple[tuple[str, _Picture], ...]


class _Named(NamedTuple):
    """What is listed, and of which endpoints."""

    one: Listed
    meaning: str
    of: str


def trial_page(analysis: TrialAnalysis) -> str:
    """Write the page of a trial.

    Parameters
    ----------
    analysis : TrialAnalysis
        Unblinded; an estimate without an answer is shown with its code.

    Returns
    -------
    str
        One HTML document without any outside reference or time of making: the same analysis gives the same bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from emgpipe.outcomes.model import PeriodValues
    >>> line = Line("headline", "headline", "ANCOVA", -0.3, 0.1, -0.5, -0.1, 0.012, 1.0, 1, 1)
    >>> values = PeriodValues(("S1", "S2"), np.array([[1.0, 2.0], [3.0, 1.0]]), np.ones((2, 2)), np.ones((2, 2), int))
    >>> one = EndpointAnalysis("subject.rigidity_index_log", "Rigidity index", "1", True, True, (line,), values)
    >>> arms = {"S1": "AB", "S2": "BA"}
    >>> page = trial_page(TrialAnalysis("DEMO", ("A", "B"), arms, 0.95, (one,), (), (), (), (), "", "", "", "0.1.0"))
    >>> "A over B 0.74 (95 % interval 0.61 to 0.90), p = 0.012" in page
    True
    """
    primary = analysis.endpoints[0]
    return render(
        "trial.html.j2",
        analysis=analysis,
        trail=(Step(f"Study {analysis.study}", "../reports/index.html"), Step("Trial, unblinded")),
        level=_level(analysis),
        said=_sentence(primary, analysis), titles={one.name: _title(one) for one in analysis.endpoints},
        pairs=[(group.sequence, len(group.rows)) for group in groups_of(primary.values.subjects, analysis.sequences)],
        parts=[_part(one, analysis) for one in analysis.endpoints],
        doubts=DOUBTS,
        headline_forest=_drawn([_primary_forest(primary, analysis)]),
        endpoints_forest=_drawn(_endpoint_forests(analysis)) if len(analysis.endpoints) > 1 else None,
        family=[
            (_title(one), _row(_headline(one), _scale(one)), p_words(one.holm_p)) for one in analysis.endpoints[1:]
        ],
        sensitivity_forests=[_drawn([forest]) for forest in _sensitivity_forests(analysis)],
        sensitivities=[_row(line, _scale(primary)) for line in analysis.sensitivities],
        listed=_listed(analysis),
        study=analysis.study, version=analysis.version, settings_id=analysis.settings_id,
        simulated=analysis.simulated,
    )  # fmt: skip


def write_trial_page(out: str | Path, analysis: TrialAnalysis) -> Path:
    """Write `unblinded/trial.html` of a results folder, beside the blind pages; its path is returned.

    Raises
    ------
    StoreError
        STORE_LOCKED, STORE_UNWRITABLE, or a link in the place of a folder of results.
    """
    folder = Path(out)
    refuse_links(folder)
    path = folder / UNBLINDED / TRIAL_PAGE
    page = trial_page(analysis)
    with OutputLock(folder):
        write_text(path, page)
    return path


def _level(analysis: TrialAnalysis) -> str:
    return f"{100 * analysis.level:.6g} %"


def _title(one: EndpointAnalysis) -> str:
    """Short words of an endpoint, as other pages name its measure."""
    place, _, measure = one.name.rpartition(".")
    targets, _, where = place.partition("@")
    words = heading(measure)
    if words == measure:
        return one.words
    of = "" if targets == "subject" else f" of {targets.replace('+', ', ')}"
    return f"{words}{of}, {where.replace('/', ', ')}" if where else f"{words}{of}"


def _axis(one: EndpointAnalysis) -> str:
    """What its values are, with their unit; of a logarithm that of what it is taken of."""
    unit = unit_words(one.unit)
    return _title(one) + (f", {'ln ' if one.log else ''}{unit}" if unit else "")


def _scale(one: EndpointAnalysis) -> Scale:
    return Scale(one.unit, one.log)


def _headline(one: EndpointAnalysis) -> Line:
    return next(line for line in one.lines if line.kind == "headline")


def _contrast(analysis: TrialAnalysis, *, log: bool) -> str:
    first, second = analysis.treatments
    return f"{first} {'over' if log else 'minus'} {second}"


def _sentence(one: EndpointAnalysis, analysis: TrialAnalysis) -> str:
    """The headline of an endpoint in one plain sentence."""
    line, scale = _headline(one), _scale(one)
    contrast = _contrast(analysis, log=one.log)
    if line.effect is None:
        meaning = CODES[line.code].meaning if line.code in CODES else "No answer."
        return f"{_title(one)}: no estimate of {contrast}. {meaning}"
    told, unit = told_of(line, scale), f" {scale.words}" if scale.words else ""
    interval = f" ({_level(analysis)} interval {told.low} to {told.high})" if told.low else ""
    p = p_words(line.p)
    test = f", p {p.replace('<', '< ') if p.startswith('<') else f'= {p}'}" if line.p is not None else ""
    orders = _orders(analysis)
    n = f"{line.n_first + line.n_second} subjects ({line.n_first} {orders[0]}, {line.n_second} {orders[1]})"
    return f"{_title(one)}: {contrast} {told.effect}{unit}{interval}{test}; {n}."


def _orders(analysis: TrialAnalysis) -> tuple[str, str]:
    first, second = analysis.treatments
    return f"{first}{second}", f"{second}{first}"


def _part(one: EndpointAnalysis, analysis: TrialAnalysis) -> _Part:
    rows = tuple(_row(line, _scale(one)) for line in one.lines)
    return _Part(
        _title(one), one.name, one.primary, one.log, rows, _sentence(one, analysis), _pictures_of(one, analysis)
    )


def _row(line: Line, scale: Scale) -> _Row:
    """Print a line; a code takes the place of an estimate."""
    df = "" if line.df is None else f"{line.df:.1f}".removesuffix(".0").replace("inf", "∞")
    meaning = CODES[line.code].meaning if line.code in CODES else ""
    return _Row(
        line.words, line.kind, estimate_words(line, scale),
        estimate_words(line, scale._replace(log=False)) if scale.log else "",
        "–" if line.se is None else signed(line.se, places_of(line.se)), p_words(line.p), df or "–",
        f"{line.n_first} + {line.n_second}", line.code, meaning, line.note,
    )  # fmt: skip


def _pictures_of(one: EndpointAnalysis, analysis: TrialAnalysis) -> tuple[tuple[str, _Picture], ...]:
    """Subjects over periods and over visits; none where nobody has a sequence or nothing has a value."""
    groups = groups_of(one.values.subjects, analysis.sequences)
    if not groups:
        return ()
    axis = _axis(one)
    who = ", ".join(f"{len(group.rows)} subjects of sequence {group.sequence}" for group in groups)
    found = [
        ("Periods", _Picture(inline_png(paired_figure(one.values, analysis.sequences, axis)), _pairs_alt(one, who)))
    ]
    if one.values.stages and one.values.visit_values.size:
        names = ", ".join(stage.avisit for stage in one.values.stages)
        alt = (
            f"{_title(one)} of {who} at {names}: a thin line a subject, the mean of those that have the visit in bold."
        )
        found.append(("Visits", _Picture(inline_png(course_figure(one.values, analysis.sequences, axis)), alt)))
    return tuple(found)


def _pairs_alt(one: EndpointAnalysis, who: str) -> str:
    complete = int(np.isfinite(one.values.values).all(1).sum())
    return (
        f"{_title(one)} in period 1 and period 2, a line a subject, of {who}; {complete} with both periods. A further"
        " panel shows all of them by treatment."
    )


def _sides(analysis: TrialAnalysis) -> tuple[str, str]:
    first = analysis.treatments[0]
    return f"lower under {first}", f"higher under {first}"


def _primary_forest(one: EndpointAnalysis, analysis: TrialAnalysis) -> Forest:
    rows = {kind: tuple(Estimated(line.words, line) for line in one.lines if line.kind == kind)
            for kind in ("headline", "beside")}  # fmt: skip
    title = f"{_title(one)}: {_contrast(analysis, log=one.log)}"
    groups = (("Headline", rows["headline"]), ("Beside it, always", rows["beside"]))
    return Forest(title, _scale(one), tuple(group for group in groups if group[1]), _sides(analysis))


def _endpoint_forests(analysis: TrialAnalysis) -> list[Forest]:
    """Headlines of all endpoints, a panel a scale: ratios together, differences by their unit."""
    panels: dict[Scale, list[Estimated]] = {}
    for one in analysis.endpoints:
        line = _headline(one)
        scale = Scale("", log=True) if one.log else _scale(one)
        panels.setdefault(scale, []).append(
            Estimated(_title(one), line if one.primary else replace(line, kind="beside"))
        )
    return [
        Forest(f"Ratios: {_contrast(analysis, log=True)}" if scale.log
               else f"Differences{f', {scale.words}' if scale.words else ''}: {_contrast(analysis, log=False)}",
               scale, (("", tuple(rows)),), _sides(analysis))
        for scale, rows in panels.items()
    ]  # fmt: skip


def _sensitivity_forests(analysis: TrialAnalysis) -> list[Forest]:
    """What becomes of the headline under other choices, and without each subject, in pictures that fit a page."""
    one = analysis.endpoints[0]
    title = f"{_title(one)}: {_contrast(analysis, log=one.log)}"
    headline = Estimated("Headline", _headline(one))
    drawn = [line for line in analysis.sensitivities if line.effect is not None or line.code]
    found = []
    for lines in ([line for line in drawn if line.name.startswith(WITHOUT) == without] for without in (False, True)):
        n_parts = -(-len(lines) // MOST_ROWS)
        for rows in np.array_split(np.arange(len(lines)), n_parts) if n_parts else ():
            part = (headline, *(Estimated(lines[row].words, lines[row]) for row in rows))
            found.append(Forest(title, _scale(one), (("", part),), _sides(analysis)))
    return found


def _drawn(forests: Sequence[Forest]) -> _Picture:
    """A picture of panels; its words hold every estimate."""
    said = [
        f"{row.name}: {row.line.code or estimate_words(row.line, one.scale)}"
        for one in forests for _, rows in one.groups for row in rows if row.line.code or row.line.effect is not None
    ]  # fmt: skip
    titles = "; ".join(one.title for one in forests)
    return _Picture(inline_png(forest_figure(forests)), f"Estimates with intervals. {titles}. {'; '.join(said)}.")


def _listed(analysis: TrialAnalysis) -> list[_Named]:
    """What is left out or mended, once each, with the endpoints that it concerns."""
    found: dict[Listed, list[str]] = {one: [] for one in analysis.listed}
    for endpoint in analysis.endpoints:
        for one in endpoint.values.listed:
            found.setdefault(one, []).append(_title(endpoint))
    every = len(analysis.endpoints)
    return [
        _Named(one, CODES[one.code].meaning if one.code in CODES else "",
               "" if len(of) in (0, every) else ", ".join(of))
        for one, of in found.items()
    ]  # fmt: skip
