"""Pages of a results folder: drawn from units, tables and cached frames, the recordings are not read again."""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from emgpipe.batch.engine import usable_cores
from emgpipe.batch.problems import refuse_no_results
from emgpipe.batch.verify_pages import pages_digest
from emgpipe.errors import EmgpipeError, StoreError
from emgpipe.reports.told import Source, Told, read_told
from emgpipe.store import OutputLock, file_digest, read_json, refuse_links, write_json, write_text
from emgpipe.store.atomic import storing
from emgpipe.store.lock import LOCK_NAME

LEAST_PAGES = 10
"""So many pages are worth the start of a process, which imports for two seconds."""
PAGES = "pages.json"
"""What the pages were drawn from: where it says so and all stand as written, nothing is read."""


class _Page(NamedTuple):
    """What a page was drawn from, and the hash of its file."""

    key: str
    sha256: str


class _Known(NamedTuple):
    """Pages as they were written last; `drawn_from`: from which results, empty where some could not be drawn."""

    drawn_from: str
    pages: Mapping[str, _Page]


def write_reports(
    out: str | Path, *, jobs: int | None = None, wait: bool = False, waiting: Callable[[], object] = lambda: None,
    failing: Callable[[EmgpipeError], object] = lambda problem: None,
) -> list[Path]:  # fmt: skip
    """Draw the pages of a results folder: one a visit, one a subject, and the study page.

    Parameters
    ----------
    out : str or Path
        Results folder of `run_study`.
    jobs : int, optional
        Processes that draw; all cores. The pages are the same bytes; few pages are drawn by this process alone.
    wait : bool
        Wait for another run on the same folder instead of refusing.
    waiting : callable
        Called once before it waits.
    failing : callable
        Called with why a page cannot be drawn, of every such page but the one whose problem is raised.

    Returns
    -------
    list of Path
        Pages drawn now; a page whose data did not change is left as it is.

    Raises
    ------
    StoreError
        RESULTS_UNREADABLE: no results here, or not as written; FRAMES_MISSING, FRAMES_DAMAGED: run the
        study again; STORE_LOCKED, STORE_UNWRITABLE.
    EmgpipeError
        INTERNAL_ERROR: a fault of emgpipe in the drawing of a page.

    Notes
    -----
    A page that cannot be drawn costs no other: all others are written before its problem is raised.
    Pages of visits and subjects that left the study are removed; other files in `reports` are left alone.
    """
    folder = Path(out)
    refuse_links(folder)
    if not (folder / LOCK_NAME).exists():
        refuse_no_results(folder)  # before a lock is made where no results are
    with OutputLock(folder, wait=wait, waiting=waiting):
        refuse_no_results(folder)
        drawn, problems = _write_locked(folder, jobs)
    if problems:
        for problem in problems[1:]:
            failing(problem)
        raise problems[0]
    return drawn


def _write_locked(folder: Path, jobs: int | None) -> tuple[list[Path], list[EmgpipeError]]:
    """Pages drawn, and what is wrong with others: first what a run can mend."""
    pages = folder / "reports"
    source, known = Source.of(folder), _known_pages(pages)
    if known.drawn_from == source.key() and all(_stands(pages / name, page) for name, page in known.pages.items()):
        return [], []
    told = read_told(folder, source)
    keys = told.keys()
    stale = {name for name, key in keys.items() if not _stands(pages / name, known.pages.get(name), key)}
    drawn, problems = _drawn(told, folder, stale, jobs) if stale else ([], {})
    for name in known.pages.keys() - keys.keys():
        _remove(pages, name)
    now = {name: _Page(key, file_digest(pages / name)) for name, key in keys.items() if name not in problems}
    told_of = {
        "drawn_from": "" if problems else source.key(), "results": "" if problems else source.results,
        "pages": {name: page._asdict() for name, page in now.items()},
    }  # fmt: skip
    write_json(pages / PAGES, {**told_of, "digest": pages_digest(told_of)})
    return drawn, sorted(problems.values(), key=lambda problem: not isinstance(problem, StoreError))


def _stands(path: Path, page: _Page | None, key: str = "") -> bool:
    """Whether a page lies there as it was written, and drawn from what the key says where one is given."""
    if page is None or (key and page.key != key):
        return False
    try:
        return file_digest(path) == page.sha256
    except OSError:
        return False


def _remove(pages: Path, name: str) -> None:
    """Remove the page of a visit or subject that left the study; a name that is no page's is left alone."""
    if any(fnmatch(name, f"{kind}.*.html") for kind in ("visit", "patient")) and Path(name).name == name:
        with storing(pages / name):
            (pages / name).unlink(missing_ok=True)


def _drawn(told: Told, folder: Path, stale: set[str], jobs: int | None) -> tuple[list[Path], dict[str, EmgpipeError]]:
    """Pages drawn, and by name why others were not: one bad visit costs one page."""
    from emgpipe.reports.draw import drawings

    todo = {name: draw for name, draw in drawings(told, folder).items() if name in stale}
    problems = {}
    for name, outcome in _outcomes(todo, folder, min(jobs or usable_cores(), len(todo) // LEAST_PAGES)):
        if isinstance(outcome, EmgpipeError):
            problems[name] = outcome
        else:
            write_text(folder / "reports" / name, outcome)
    drawn = [folder / "reports" / name for name in todo if name not in problems]
    return drawn, {name: problems[name] for name in todo if name in problems}


def _outcomes(
    todo: Mapping[str, Callable[[], str]], folder: Path, workers: int
) -> Iterator[tuple[str, str | EmgpipeError]]:
    """Text of each page, or why there is none."""
    from emgpipe.reports.apart import drawn_apart
    from emgpipe.reports.draw import outcome_of

    left = dict(todo)
    for name, outcome in drawn_apart(folder, list(todo), workers) if workers > 1 else ():
        del left[name]
        yield name, outcome
    for name, draw in left.items():  # all of them, or what a lost process has left
        yield name, outcome_of(name, draw)


def _known_pages(pages: Path) -> _Known:
    try:
        told = read_json(pages / PAGES)
        if told["digest"] != pages_digest(told):
            return _Known("", {})
        return _Known(str(told["drawn_from"]), {name: _Page(**page) for name, page in told["pages"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Known("", {})
