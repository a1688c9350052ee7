"""The page of a study: who has which visit, what failed and why."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from emgpipe.errors.codes import CODES
from emgpipe.measures.grade import LETTERS
from emgpipe.measures.rows import VALUED
from emgpipe.recording import Finding
from emgpipe.reports.completeness import STATE_OF_VISIT, SYMBOLS, n_of, visit_state
from emgpipe.reports.distributions import SpreadBlock, Strip, distribution_figure
from emgpipe.reports.figures import inline_png
from emgpipe.reports.names import patient_file_name, visit_file_name
from emgpipe.reports.pages import render
from emgpipe.reports.words import SEVERITY_MARKS, SEVERITY_WORDS, STATUS_WORDS, heading, reasons, versions_differ
from emgpipe.study.order import natural

COLUMNS = ("recording", "subject", "visit", "task", "run", "file", "status", "code", "message",
           "duration_s", "rates_hz", "grade")  # fmt: skip
"""Columns of `inputs.csv` that the page shows; an absent one is blank."""
MOST_NAMED = 12
"""Recordings that are named beside a finding; the others are counted."""
MOST_OPEN = 30
"""Recordings whose table stands open; a longer one is folded."""
SAID = (*VALUED, "undeterminable")
"""Statuses that a measure needs at one visit at least to be drawn."""
KINDS = {"muscle": "Muscles", "pair": "Pairs", "subject": "Whole visit"}


@dataclass(frozen=True)
class _Line:
    """One code of the table of findings."""

    code: str
    meaning: str
    severity: str
    recordings: tuple[str, ...]

    @property
    def which(self) -> str:
        """Recordings by name."""
        more = len(self.recordings) - MOST_NAMED
        return ", ".join(self.recordings[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class _Square:
    """One visit of one subject in the matrix."""

    visit: str
    state: str
    symbol: str
    words: str
    counts: str
    grade: str
    link: str


@dataclass(frozen=True)
class _Spreads:
    """Distributions of one kind of target in one task and segment: the picture, and what it does not show."""

    title: str
    picture: str
    alt: str
    counts: tuple[tuple[str, Strip], ...]
    said: str


def index_page(
    study: str,
    inputs: Sequence[Mapping[str, object]],
    pages: Collection[tuple[str, str]],
    *,
    findings: Mapping[str, Sequence[Finding]] | None = None,
    spreads: Sequence[SpreadBlock] = (),
    made_with: Mapping[str, int] | None = None,
    measured_with: Sequence[str] = (),
    version: str,
    settings_id: str,
    simulated: bool = False,
) -> str:
    """Write the study page.

    Parameters
    ----------
    study : str
        Its identifier.
    inputs : sequence of mapping
        Rows of `inputs.csv`, all of them. With status `ok` a recording is measured, with `failed`
        failed, with any other not run.
    pages : collection of (subject, visit)
        Visits that have a page beside this one, named by `visit_file_name`; their subjects have one, too.
    findings : mapping of str to sequence of Finding, optional
        What was noticed, by recording; one that is left out has none.
    spreads : sequence of SpreadBlock
        Main measures of all subjects, to be drawn.
    made_with : mapping of str to int, optional
        Settings and version -> recordings measured with them; more than one is warned of.
    measured_with : sequence of str
        Versions of emgpipe that measured; another one than `version` is warned of.
    version, settings_id : str
        Of emgpipe; fingerprint of the settings.
    simulated : bool
        The study says that it is simulated.

    Returns
    -------
    str
        One HTML document without any outside reference; links only to the visit pages.

    Examples
    --------
    >>> row = {"recording": "S1_V1_rest", "subject": "S1", "visit": "V1", "status": "ok"}
    >>> page = index_page("DEMO", [row], [("S1", "V1")], version="0.1.0", settings_id="")
    >>> 'href="visit.S1.V1.html"' in page
    True
    """
    rows = [{key: "" if row.get(key) is None else str(row[key]) for key in COLUMNS} for row in inputs]
    visits = sorted({row["visit"] for row in rows}, key=natural)
    linked = set(pages)
    failed = [row for row in rows if row["status"] == "failed"]
    said = {row["recording"]: (findings or {}).get(row["recording"], ()) for row in rows}
    squares = _squares(rows, visits, linked)
    return render(
        "index.html.j2",
        study=study,
        visits=visits,
        squares=squares,
        key=[(SYMBOLS[state], words, state) for state, words in STATE_OF_VISIT.items()],
        said=_sentence(rows, [square for _, _, line in squares for square in line]),
        grades=_grades(rows),
        made_with=made_with or {},
        versions=versions_differ(measured_with, version),
        failed=[(row, reasons(row["code"])) for row in failed],
        spreads=[(f"Task {block.task}, segment {block.segment}", _drawn(block)) for block in spreads],
        findings=_lines(said),
        rows=[(row, _link(row["subject"], row["visit"], linked), _marks(said[row["recording"]])) for row in rows],
        folded=len(rows) > MOST_OPEN,
        version=version,
        settings_id=settings_id,
        simulated=simulated,
    )


def _squares(
    rows: Sequence[Mapping[str, str]], visits: Sequence[str], linked: set[tuple[str, str]]
) -> list[tuple[str, str, list[_Square]]]:
    """Each subject with the link to its page and its visits."""
    by_visit: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in rows:
        by_visit.setdefault((row["subject"], row["visit"]), []).append(row)
    with_page = {subject for subject, _ in linked}
    subjects = sorted(dict.fromkeys(subject for subject, _ in by_visit), key=natural)
    return [
        (
            subject,
            quote(patient_file_name(subject)) if subject in with_page else "",
            [_square(visit, by_visit.get((subject, visit), []), _link(subject, visit, linked)) for visit in visits],
        )
        for subject in subjects
    ]


def _square(visit: str, here: Sequence[Mapping[str, str]], link: str) -> _Square:
    state = visit_state(here)
    counts = f"{n_of(here, 'ok')} of {len(here)}" if here else ""
    grade = max((row["grade"] for row in here if row["status"] == "ok"), default="")
    return _Square(visit, state, SYMBOLS[state], STATE_OF_VISIT[state], counts, grade, link)


def _sentence(rows: Sequence[Mapping[str, str]], squares: Sequence[_Square]) -> str:
    """Say in plain words what is there.

    Examples
    --------
    >>> _sentence([{"subject": "S1", "status": "ok"}, {"subject": "S1", "status": "failed"}], [])
    '2 recordings of 1 subject: 1 measured, 1 failed. No visit is missing.'
    """
    subjects = len({row["subject"] for row in rows})
    unrun = len(rows) - n_of(rows, "ok") - n_of(rows, "failed")
    missing = sum(square.state == "missing" for square in squares)
    text = f"{_several(len(rows), 'recording')} of {_several(subjects, 'subject')}: {n_of(rows, 'ok')} measured,"
    text += f" {n_of(rows, 'failed')} failed" + (f", {unrun} not run" if unrun else "") + "."
    lacking = f"{missing} of {len(squares)} visits {'has' if missing == 1 else 'have'} no recording listed"
    return f"{text} {lacking if missing else 'No visit is missing'}."


def _several(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _grades(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, str, int]]:
    """Letter, meaning and recordings whose worst channel has it."""
    counts = Counter(row["grade"] for row in rows if row["status"] == "ok")
    return [(letter, meaning, counts[letter]) for letter, meaning in LETTERS.items()]


def _drawn(block: SpreadBlock) -> list[_Spreads]:
    """Pictures of a task and segment; measures that nobody was asked for are left out."""
    out = []
    for kind, title in KINDS.items():
        spreads = [one for one in block.kinds.get(kind, ()) if any(strip.n(*SAID) for strip in one.strips)]
        if spreads:
            counts = tuple((one.measure, strip) for one in spreads for strip in one.strips)
            alt = f"A strip of marks, one a visit, for {', '.join(heading(one.measure) for one in spreads)} of "
            alt += (
                ", ".join(dict.fromkeys(strip.target for _, strip in counts)) + ". The numbers stand in measures.csv."
            )
            out.append(_Spreads(title, inline_png(distribution_figure(spreads)), alt, counts, _undrawn(counts)))
    return out


def _undrawn(counts: Sequence[tuple[str, Strip]]) -> str:
    """Say how many points of all strips have which status."""
    strips = [strip for _, strip in counts]
    drawn = sum(strip.n(*VALUED) for strip in strips)
    said = [f"{sum(strip.n(status) for strip in strips)} {STATUS_WORDS[status]}"
            for status in ("flagged", "below_limit", "undeterminable", "not_measured")]  # fmt: skip
    without = sum(strip.n_without for strip in strips)
    drawn_words = f"{drawn} values drawn, of them {said[0]} and {said[1]}"
    return f"{drawn_words}; not drawn: {said[2]}, {said[3]}, {without} without a row."


def _link(subject: str, visit: str, linked: set[tuple[str, str]]) -> str:
    return quote(visit_file_name(subject, visit)) if (subject, visit) in linked else ""


def _lines(said: Mapping[str, Sequence[Finding]]) -> list[_Line]:
    """Each code and severity with the recordings that have it; what is refused first, then warnings."""
    named: dict[tuple[str, str], dict[str, None]] = {}
    for recording, findings in said.items():
        for finding in findings:
            named.setdefault((finding.severity, finding.code), {})[recording] = None
    order = list(SEVERITY_WORDS)
    return [
        _Line(code, CODES[code].meaning if code in CODES else "", severity, tuple(recordings))
        for (severity, code), recordings in sorted(named.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
    ]


def _marks(findings: Sequence[Finding]) -> list[str]:
    """How many refusals and warnings there are, each with its mark.

    Examples
    --------
    >>> _marks([Finding("CLIPPED", "warning", "TA_R", ""), Finding("LOW_PASS", "info", "TA_R", "")])
    ['▲ 1 warning']
    """
    out = []
    for severity, several in (("error", "refused"), ("warning", "warnings")):
        n = sum(finding.severity == severity for finding in findings)
        if n:
            out.append(f"{SEVERITY_MARKS[severity]} {n} {SEVERITY_WORDS[severity] if n == 1 else several}")
    return out
