"""Whether pages are as they were drawn, and from the results that lie there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.locked import LOCK_FILE
from emgpipe.batch.problems import Problem
from emgpipe.store import content_key, file_digest, read_json

PAGES = "reports/pages.json"
DRAWN_FROM = ("inputs.csv", "measures.csv", "settings.toml")
"""Tables that pages are drawn from."""
REDRAW = "emgpipe report draws it anew"


def results_key(record: Mapping[str, Any], plan: str = "") -> str:
    """Hash of what `run.json` says of all that pages are drawn from, and of the locked plan where they are."""
    outputs = dict(record.get("outputs", {}))
    tables = {name: outputs.get(name) for name in DRAWN_FROM}
    told = {name: record.get(name) for name in ("study", "conditions", "units")}
    return content_key(**told, tables=tables, plan=plan)


def plan_of_pages(folder: Path) -> str:
    """Hash of the locked plan where it names visits without a change, from which pages draw a band; else empty."""
    try:
        last = read_json(folder / LOCK_FILE)["locks"][-1]
        return str(last["plan_sha256"]) if last["plan"]["reliability"]["no_change"] else ""
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return "unreadable"


def pages_digest(told: Mapping[str, Any]) -> str:
    """Hash of all that `pages.json` says but this hash itself."""
    return content_key(**{name: value for name, value in told.items() if name != "digest"})


def pages_are_older(folder: Path) -> bool:
    """Whether pages lie there that were not drawn from the results that lie there."""
    try:
        problems = [*page_problems(folder, read_json(folder / RUN_RECORD))]
    except (OSError, ValueError, TypeError, AttributeError):
        return False
    return any(problem.code == "PAGES_STALE" for problem in problems)


def page_problems(folder: Path, record: Mapping[str, Any]) -> Iterator[Problem]:
    """Find pages that are not as drawn, and pages of other results.

    Parameters
    ----------
    folder : Path
        Results folder.
    record : mapping
        `run.json`; empty where it cannot be believed.

    Yields
    ------
    Problem
        RESULT_CHANGED, RESULT_MISSING; PAGES_STALE.
    """
    patterns = ("index.html", "patient.*.html", "visit.*.html")
    there = {path.name for pattern in patterns for path in (folder / "reports").glob(pattern)}
    try:
        told = read_json(folder / PAGES)
        digests = {name: str(page["sha256"]) for name, page in told["pages"].items() if Path(name).name == name}
        whole = told["digest"] == pages_digest(told)
    except FileNotFoundError:
        if there:
            yield Problem(PAGES, "RESULT_MISSING", "there is none: nothing vouches for the pages", REDRAW)
        return
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        whole = False
    if not whole:
        yield Problem(PAGES, "RESULT_CHANGED", "not as it was written", REDRAW)
        return
    yield from _pages_as_drawn(folder / "reports", digests)
    if record and told.get("results") != results_key(record, plan_of_pages(folder)):
        found = "pages of earlier results: tables were written since, or another plan was locked"
        yield Problem("reports", "PAGES_STALE", found, "emgpipe report")
    elif strangers := sorted(there - digests.keys()):
        found = f"{len(strangers)} pages that {PAGES} does not name, such as {strangers[0]}"
        yield Problem("reports", "PAGES_STALE", found, "emgpipe report")


def _pages_as_drawn(pages: Path, digests: Mapping[str, str]) -> Iterator[Problem]:
    for name, digest in digests.items():
        try:
            if file_digest(pages / name) != digest:
                yield Problem(f"reports/{name}", "RESULT_CHANGED", "other bytes than pages.json says", REDRAW)
        except OSError:
            yield Problem(f"reports/{name}", "RESULT_MISSING", "there is none", REDRAW)
