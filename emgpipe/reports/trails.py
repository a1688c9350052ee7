"""Where a page stands among the others: the pages above it, and the visits beside it."""

from typing import NamedTuple
from urllib.parse import quote

from emgpipe.reports.names import patient_file_name, visit_file_name


class Step(NamedTuple):
    """One step of a trail: its words, and the page it leads to; this page leads nowhere."""

    words: str
    link: str = ""


def trail(study: str, subject: str, visit: str = "") -> tuple[Step, ...]:
    """Steps from the study down to a subject, or to a visit of it.

    Examples
    --------
    >>> trail("DEMO", "S01")
    (Step(words='Study DEMO', link='index.html'), Step(words='Subject S01', link=''))
    >>> [step.link for step in trail("DEMO", "S01", "V2")]
    ['index.html', 'patient.S01.html', '']
    """
    top = Step(f"Study {study}", "index.html")
    if not visit:
        return top, Step(f"Subject {subject}")
    return top, Step(f"Subject {subject}", quote(patient_file_name(subject), safe="")), Step(f"Visit {visit}")


def beside(subject: str, before: str, after: str) -> tuple[Step, ...]:
    """Links to the visits before and after one; an empty name is no visit.

    Examples
    --------
    >>> beside("S01", "", "V2")
    (Step(words='Visit V2 →', link='visit.S01.V2.html'),)
    """
    found = [(before, f"← Visit {before}"), (after, f"Visit {after} →")]
    return tuple(Step(words, quote(visit_file_name(subject, visit), safe="")) for visit, words in found if visit)
