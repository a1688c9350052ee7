"""The page of a visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath

from markupsafe import Markup

from emgpipe.frames.model import FRAMES_VERSION
from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.views import RELAX, Segment
from emgpipe.recording import Finding
from emgpipe.reports.evidence import (
    SPASMS,
    Channel,
    Exclusion,
    GradeLine,
    PairEvidence,
    channels,
    crosstalk,
    exclusions,
    grade_lines,
    hearts,
    spasm_count,
    spasms_together,
    state_shares,
    untraced,
)
from emgpipe.reports.figures import inline_png, recording_figures, state_key
from emgpipe.reports.header import common, in_one_line, own, without_names
from emgpipe.reports.looks import KEY
from emgpipe.reports.method import definitions, method, references
from emgpipe.reports.model import Measured, RecordingReport, VisitReport
from emgpipe.reports.pages import render
from emgpipe.reports.phases import phase_titles, phases_figure
from emgpipe.reports.sentence import percent, sentence
from emgpipe.reports.sides import phases, sides
from emgpipe.reports.spectra import spectra_figure
from emgpipe.reports.tables import Table, all_tables, main_segment, overview, reasons_met
from emgpipe.reports.trails import beside, trail
from emgpipe.reports.viewer import view_script, view_style, views
from emgpipe.reports.words import STATE_WORDS, Reason, clock, versions_differ


@dataclass(frozen=True)
class _Part:
    """What the template shows of one recording."""

    index: int
    report: RecordingReport
    file: str
    duration: str
    conditions: list[str]
    recorded: dict[str, str]
    sentence: str
    pictures: list[tuple[Markup, str]]
    spectra: str
    spectra_alt: str
    segment: str
    segments: list[tuple[str, str, str]]
    cues: list[tuple[str, str, str]]
    stimuli: list[str]
    relaxed: bool
    spasms: frozenset[str]
    together: list[str]
    together_more: int
    overview: list[Table]
    has_interval: bool
    met: dict[Reason, str]
    phases: Table | None
    phases_picture: str
    phases_alt: str
    channels: list[Channel]
    grades: list[GradeLine]
    exclusions: list[Exclusion]
    hearts: list[tuple[str, tuple[str, ...]]]
    crosstalk: list[PairEvidence]
    untraced: list[tuple[str, tuple[Reason, ...]]]
    tables: list[Table]
    all_met: list[Reason]
    warnings: list[tuple[Finding, list[Finding]]]
    infos: list[Finding]

    def numbers(self, reasons: Sequence[Reason]) -> list[int]:
        """Marks of reasons: their places, from 1, in the table that says what they mean."""
        places = {reason: place for place, reason in enumerate(self.met, 1)}
        return sorted(places[reason] for reason in reasons)


def visit_page(visit: VisitReport) -> str:
    """Write the page of a visit.

    Parameters
    ----------
    visit : VisitReport
        Recordings with results or failures.

    Returns
    -------
    str
        One HTML document without any outside reference or time of making; UTF-8. Its own script draws the
        interactive view; without it the page is whole.

    Notes
    -----
    Names, labels and cells are shown as text whatever they hold. Numbers are rounded for
    reading; the tables of the results folder hold them in full.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames, measure
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("always_active", seed=1, duration_s=20.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> result = Measured.of(measure(recording, compute_frames(recording, mains_hz=50), rest=True))
    >>> one = RecordingReport("S1_V1_rest", "rest", "a.edf", "0f", result)
    >>> page = visit_page(VisitReport("DEMO", "S1", "V1", (one,), "", "", "0.1.0", simulated=True))
    >>> "Simulated data" in page, "Not a medical device" in page, "https:" in page
    (True, True, False)
    """
    shared = common(visit.recordings)
    parts = [_part(number, report, shared) for number, report in enumerate(visit.recordings)]
    shown = {r.measure for one in visit.recordings if one.result for r in one.result.rows}
    packed = {one.name: Markup(view) for one, view in zip(visit.recordings, views(visit.recordings), strict=True)}
    defined = definitions(shown | {r.measure for r in visit.subject_rows})
    return render(
        "visit.html.j2",
        scripts=(view_script(),) if any(packed.values()) else (),
        views=packed,
        view_style=Markup(view_style()),
        visit=visit,
        trail=trail(visit.study, visit.subject, visit.visit),
        beside=beside(visit.subject, *visit.beside),
        parts=parts,
        conditions=in_one_line(shared),
        key=inline_png(state_key()),
        key_length=len(KEY),
        sides=sides(visit),
        subject_tables=_subject_tables(visit),
        method=method(visit),
        definitions=defined,
        references=references(defined),
        version=visit.version,
        versions=versions_differ(visit.measured_with, visit.version),
        frames_version=FRAMES_VERSION,
        settings_id=visit.settings_id,
        simulated=visit.simulated,
        study=visit.study,
    )


def _part(index: int, report: RecordingReport, shared: Mapping[str, str]) -> _Part:
    result = report.result or Measured()
    segment = main_segment(result.segments)
    tables, phase_table = overview(result), phases(result)
    met = reasons_met([*tables, phase_table] if phase_table else tables)
    drawn, seen = bool(result.muscles), channels(result)
    phase_figure = phases_figure(report) if drawn else None
    together, together_more = spasms_together(result)
    findings = [*result.findings, *report.findings]
    return _Part(
        index=index,
        report=report,
        # folders may name a person; on any system
        file=PureWindowsPath(PurePath(report.file).name).name,
        duration=clock(report.duration_s),
        conditions=in_one_line(own(report, shared)),
        recorded=without_names(report.conditions),
        sentence=sentence(result) if report.result else "",
        pictures=_pictures(report, result) if drawn else [],
        spectra=inline_png(spectra_figure(report)) if drawn else "",
        spectra_alt=_spectra_alt(seen),
        segment=segment.name if segment else "",
        segments=_times(result.segments),
        cues=_times(result.cues),
        stimuli=[clock(onset_s) for onset_s in result.stimuli_s],
        relaxed=any(cue.kind == RELAX for cue in result.cues),
        spasms=frozenset(i.kind for i in result.intervals if i.kind in SPASMS and i.target in result.muscles),
        together=together,
        together_more=together_more,
        overview=tables,
        has_interval=any(cell.interval for table in tables for line in table.lines for cell in line.cells),
        met=met,
        phases=phase_table,
        phases_picture=inline_png(phase_figure) if phase_figure else "",
        phases_alt=_phases_alt(result, phase_table) if phase_figure else "",
        channels=seen,
        grades=grade_lines(seen),
        exclusions=exclusions(result),
        hearts=hearts(result),
        crosstalk=crosstalk(result, segment),
        untraced=untraced(result),
        tables=(rows := all_tables(result.rows)),
        all_met=list(reasons_met(rows)),
        warnings=_grouped(sorted((f for f in findings if f.severity != "info"), key=_refused_first)),
        infos=[f for f in findings if f.severity == "info"],
    )


def _subject_tables(visit: VisitReport) -> list[tuple[str, list[Table]]]:
    """Rows of the whole visit by task; without a name where the visit has one task."""
    tasks = visit.subject_tasks or ("",) * len(visit.subject_rows)
    by_task: dict[str, list[MeasureRow]] = {}
    for task, row in zip(tasks, visit.subject_rows, strict=True):
        by_task.setdefault(task, []).append(row)
    return [(task if len(by_task) > 1 else "", all_tables(rows)) for task, rows in by_task.items()]


def _refused_first(finding: Finding) -> bool:
    return finding.severity != "error"


def _grouped(findings: Sequence[Finding]) -> list[tuple[Finding, list[Finding]]]:
    """Findings in their order; from the third of a code on, all but the first stand behind the first."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.severity, finding.code), []).append(finding)
    groups: list[tuple[Finding, list[Finding]]] = []
    for same in alike.values():
        groups += [(same[0], same[1:])] if len(same) > 2 else [(one, []) for one in same]
    return groups


def _times(segments: Sequence[Segment]) -> list[tuple[str, str, str]]:
    return [(s.name, clock(s.start_s), clock(s.stop_s)) for s in segments]


def _pictures(report: RecordingReport, result: Measured) -> list[tuple[Markup, str]]:
    """Traces as a picture of a few muscles each, with its words."""
    found = recording_figures(report)
    return [(inline_png(figure), _alt(report, result, muscles)) for muscles, figure in found]


def _alt(report: RecordingReport, result: Measured, muscles: Sequence[str]) -> str:
    """Say in words what a picture shows."""
    said = []
    for name in muscles:
        shares = state_shares(name, result)
        words = [f"{percent(shares[k])} % {word}" for k, word in STATE_WORDS.items()]
        words += [f"{n} {forms[n > 1]}" for kind, forms in SPASMS.items() if (n := spasm_count(name, result, kind))]
        said.append(f"{name}: " + ", ".join(words))
    n_stimuli = len(result.stimuli_s)
    stimuli = f" {n_stimuli} {'stimulus' if n_stimuli == 1 else 'stimuli'}." if n_stimuli else ""
    return (
        f"EMG of {len(said)} muscle{'' if len(said) == 1 else 's'} over {clock(report.duration_s)}.{stimuli} "
        + "; ".join(said)
        + "."
    )


def _spectra_alt(seen: Sequence[Channel]) -> str:
    """Say in words what the spectra show beside their shape."""
    said = [f"{one.name}: floor {one.floor}{' µV' if one.bracket else ''}, lines {one.lines}" for one in seen]
    return f"Density of the signal over frequency, a thumbnail a muscle. {'; '.join(said)}."


def _phases_alt(result: Measured, table: Table | None) -> str:
    """Say in words what the picture of phases shows."""
    said = f"Level over time of {', '.join(result.muscles)}: {', '.join(phase_titles(result).values())}."
    return f"{said} The table tells the numbers." if table else said
