"""The page of a study: who has which visit, what failed and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from emgpipe.errors.codes import CODES
from emgpipe.recording import Finding
from emgpipe.reports.completeness import STATE_OF_VISIT, SYMBOLS, n_of, natural, visit_state
from emgpipe.reports.names import visit_file_name
from emgpipe.reports.pages import render
from emgpipe.reports.words import SEVERITY_MARKS, SEVERITY_WORDS, reasons

COLUMNS = ("recording", "subject", "visit", "task", "run", "file", "status", "code", "message",
           "duration_s", "rates_hz", "grade")  # fmt: skip
"""Columns of `inputs.csv` that the page shows; an absent one is blank."""
MOST_NAMED = 12
"""Recordings that are named beside a finding; the others are counted."""


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

    state: str
    symbol: str
    words: str
    counts: str
    link: str


def index_page(
    study: str,
    inputs: Sequence[Mapping[str, object]],
    pages: Collection[tuple[str, str]],
    *,
    findings: Mapping[str, Sequence[Finding]] | None = None,
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
        Visits that have a page beside this one, named by `visit_file_name`.
    findings : mapping of str to sequence of Finding, optional
        What was noticed, by recording; one that is left out has none.
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
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    visits = sorted({row["visit"] for row in rows}, key=natural)
    linked = set(pages)
    squares = [(s, [_square(s, v, rows, linked) for v in visits]) for s in sorted(subjects, key=natural)]
    failed = [row for row in rows if _failed(row)]
    said = {row["recording"]: (findings or {}).get(row["recording"], ()) for row in rows}
    return render(
        "index.html.j2",
        study=study,
        visits=visits,
        squares=squares,
        key=[(SYMBOLS[state], words, state) for state, words in STATE_OF_VISIT.items()],
        n_recordings=len(rows),
        failed=[(row, reasons(row["code"])) for row in failed],
        findings=_lines(said),
        rows=[(row, _link(row["subject"], row["visit"], linked), _marks(said[row["recording"]])) for row in rows],
        version=version,
        settings_id=settings_id,
        simulated=simulated,
    )


def _failed(row: Mapping[str, str]) -> bool:
    return row["status"] == "failed"


def _square(subject: str, visit: str, rows: Sequence[Mapping[str, str]], linked: set[tuple[str, str]]) -> _Square:
    here = [row for row in rows if (row["subject"], row["visit"]) == (subject, visit)]
    state = visit_state(here)
    counts = f"{n_of(here, 'ok')} of {len(here)}" if here else ""
    return _Square(state, SYMBOLS[state], STATE_OF_VISIT[state], counts, _link(subject, visit, linked))


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
