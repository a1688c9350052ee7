"""The page of a visit."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath, PureWindowsPath

from markupsafe import Markup

from emgpipe.measures.grade import LETTERS
from emgpipe.measures.views import RELAX, Segment
from emgpipe.recording import Finding
from emgpipe.reports.figures import figure_png, recording_figure, state_key
from emgpipe.reports.looks import KEY
from emgpipe.reports.model import Measured, RecordingReport, VisitReport
from emgpipe.reports.pages import render
from emgpipe.reports.tables import (
    Channel,
    Table,
    all_tables,
    channels,
    hearts,
    main_segment,
    overview,
    reasons_met,
    spasm_count,
    spasms_together,
    state_shares,
    untraced,
)
from emgpipe.reports.trails import beside, trail
from emgpipe.reports.viewer import view_script, view_style, views
from emgpipe.reports.words import MEASURES, NOT_ON_PAGES, STATE_WORDS, Reason, clock, unit_words
from emgpipe.summary import SUBJECT_MEASURES

SPASMS = {
    "spasm": ("spasm", "spasms"),
    "possible_spasm": ("stretch in which one may hide", "stretches in which one may hide"),
}
"""Kinds of intervals that are drawn over the state: words for one, and for several."""


@dataclass(frozen=True)
class _Part:
    """What the template shows of one recording."""

    report: RecordingReport
    file: str
    duration: str
    picture: str
    alt: str
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
    channels: list[Channel]
    hearts: list[tuple[str, tuple[str, ...]]]
    untraced: list[tuple[str, tuple[Reason, ...]]]
    tables: list[Table]
    warnings: list[Finding]
    infos: list[Finding]


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
    parts = [_part(recording) for recording in visit.recordings]
    results = [one.result for one in visit.recordings if one.result is not None]
    packed = {one.name: Markup(view) for one, view in zip(visit.recordings, views(visit.recordings), strict=True)}
    return render(
        "visit.html.j2",
        scripts=(view_script(),) if any(packed.values()) else (),
        views=packed,
        view_style=Markup(view_style()),
        visit=visit,
        trail=trail(visit.study, visit.subject, visit.visit),
        beside=beside(visit.subject, *visit.beside),
        parts=parts,
        key=_inline(state_key()),
        key_length=len(KEY),
        subject_tables=all_tables(visit.subject_rows),
        measures=_measures({r.measure for r in [*(r for one in results for r in one.rows), *visit.subject_rows]}),
        bands=sorted({_band(one) for one in results} - {""}),
        version=visit.version,
        settings_id=visit.settings_id,
        grade_letters=LETTERS,
        simulated=visit.simulated,
        study=visit.study,
    )


def _part(report: RecordingReport) -> _Part:
    result = report.result or Measured()
    segment = main_segment(result.segments)
    tables = overview(result)
    drawn = bool(result.muscles)
    together, together_more = spasms_together(result)
    return _Part(
        report=report,
        # folders may name a person; on any system
        file=PureWindowsPath(PurePath(report.file).name).name,
        duration=clock(report.duration_s),
        picture=_inline(figure_png(recording_figure(report))) if drawn else "",
        alt=_alt(report, result) if drawn else "",
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
        met=reasons_met(tables),
        channels=channels(result),
        hearts=hearts(result),
        untraced=untraced(result),
        tables=all_tables(result.rows),
        warnings=sorted((f for f in result.findings if f.severity != "info"), key=lambda f: f.severity != "error"),
        infos=[f for f in result.findings if f.severity == "info"],
    )


def _times(segments: Sequence[Segment]) -> list[tuple[str, str, str]]:
    return [(s.name, clock(s.start_s), clock(s.stop_s)) for s in segments]


def _inline(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _alt(report: RecordingReport, result: Measured) -> str:
    """Say in words what the picture shows."""
    said = []
    for name in result.muscles:
        shares = state_shares(name, result)
        words = [f"{100 * shares[k]:.0f} % {word}" for k, word in STATE_WORDS.items()]
        words += [f"{n} {forms[n > 1]}" for kind, forms in SPASMS.items() if (n := spasm_count(name, result, kind))]
        said.append(f"{name}: " + ", ".join(words))
    n_stimuli = len(result.stimuli_s)
    stimuli = f" {n_stimuli} {'stimulus' if n_stimuli == 1 else 'stimuli'}." if n_stimuli else ""
    return f"EMG of {len(said)} muscles over {clock(report.duration_s)}.{stimuli} " + "; ".join(said) + "."


def _measures(shown: set[str]) -> list[tuple[str, str, str, str, str]]:
    """Definitions of the measures that the page shows, in the order of the registries."""
    directions = {"up": "higher = more", "down": "lower = more", "none": "none"}
    known = [(m.name, m.unit, str(m.direction), m.definition, m.reference) for m in MEASURES.values()]
    known += [(m.name, m.unit, m.direction, m.definition, "emgpipe definitions") for m in SUBJECT_MEASURES]
    return [
        (name, unit_words(unit) or "1", directions[direction], definition, reference)
        for name, unit, direction, definition, reference in known
        if name in shown - NOT_ON_PAGES
    ]


def _band(result: Measured) -> str:
    """Analysis bands of a recording, Hz."""
    bands = dict.fromkeys(one.frames.band_hz for one in result.muscles.values())
    return ", ".join(f"{low:.0f}–{high:.0f} Hz" for low, high in bands)
