"""Pages of a results folder: drawn from units, tables and cached frames, the recordings are not read again."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from emgpipe.batch.engine import usable_cores
from emgpipe.batch.problems import refuse_no_results
from emgpipe.batch.verify_pages import DRAWN_FROM, pages_digest, results_key
from emgpipe.errors import ResultsError, StoreError
from emgpipe.reports.names import patient_file_name, visit_file_name
from emgpipe.settings import Settings, fingerprint, load_settings
from emgpipe.store import (
    OutputLock,
    content_key,
    file_digest,
    read_csv,
    read_json,
    refuse_links,
    write_json,
    write_text,
)
from emgpipe.store.atomic import storing
from emgpipe.store.lock import LOCK_NAME
from emgpipe.study.model import ID_PATTERN

if TYPE_CHECKING:
    from emgpipe.reports.course import Stop

PAGES_VERSION = 6
"""Raised whenever the same results would give other pages."""
LEAST_PAGES = 10
"""So many pages are worth the start of a process, which imports for two seconds."""
INDEX = "index.html"
PAGES = "pages.json"
"""What the pages were drawn from: where it says so and all stand as written, nothing is read."""

Row = Mapping[str, str]
Visit = tuple[str, str]


class _Page(NamedTuple):
    """What a page was drawn from, and the hash of its file."""

    key: str
    sha256: str


class _Known(NamedTuple):
    """Pages as they were written last; `drawn_from`: from which results, empty where some could not be drawn."""

    drawn_from: str
    pages: Mapping[str, _Page]


class Source(NamedTuple):
    """What pages are drawn from, as `run.json` says: study, conditions, hashes of tables, and of all this."""

    study: str
    conditions: Mapping[str, Row]
    tables: Mapping[str, str]
    results: str

    @classmethod
    def of(cls, folder: Path) -> "Source":
        """Read it; tables that are not as the run wrote them would be drawn as if they had been measured."""
        outputs, study, conditions = _record(folder)
        for name in DRAWN_FROM:
            try:
                written = file_digest(folder / name)
            except OSError as problem:
                raise _unreadable(folder, f"{name}: {problem.strerror}") from None
            if outputs.get(name) != written:
                raise _unreadable(folder, f"{name} is not as it was written")
        results = results_key({"outputs": outputs, "study": study, "conditions": conditions})
        return cls(study, conditions, {name: outputs[name] for name in DRAWN_FROM}, results)

    def key(self) -> str:
        """Hash of all that pages are drawn from."""
        return content_key(pages=PAGES_VERSION, version=version("emgpipe"), **self._asdict())


@dataclass(frozen=True)
class Told:
    """What pages are drawn from, as read from a results folder."""

    study: str
    settings: Settings
    conditions: Mapping[str, Row]
    inputs: Sequence[Row]
    visits: Mapping[Visit, Sequence[Row]]
    measures: Mapping[Visit, Sequence[Row]]

    def conditions_of(self, visit: Visit) -> dict[str, Row]:
        """Conditions of the recordings of a visit."""
        return {row["recording"]: self.conditions.get(row["recording"], {}) for row in self.visits[visit]}

    def subjects(self) -> list[str]:
        """Subjects in the order of the study."""
        return list(dict.fromkeys(subject for subject, _ in self.visits))

    def measures_of(self, subject: str) -> list[Row]:
        """Lines of `measures.csv` of all visits of a subject."""
        return [row for visit, rows in self.measures.items() if visit[0] == subject for row in rows]

    def all_measures(self) -> list[Row]:
        """All lines of `measures.csv`, visit by visit."""
        return [row for rows in self.measures.values() for row in rows]

    @cached_property
    def stops(self) -> "dict[str, tuple[Stop, ...]]":
        """Visits of the study as each subject has them; those that it lacks come from the others."""
        from emgpipe.reports.course import stops_of

        return {subject: stops_of(subject, self.inputs, self.conditions) for subject in self.subjects()}

    def beside(self, visit: Visit) -> tuple[str, str]:
        """Names of the visits of the subject before and after one, empty where there is none."""
        subject, name = visit
        own = [stop.visit for stop in self.stops[subject] if (subject, stop.visit) in self.visits]
        around = ["", *own, ""]
        return around[own.index(name)], around[own.index(name) + 2]

    def keys(self) -> dict[str, str]:
        """What each page depends on, by its file name."""
        made_by = {"pages": PAGES_VERSION, "version": version("emgpipe"), "study": self.study}
        settings = fingerprint(self.settings)
        measured = {visit: content_key(measures=rows) for visit, rows in self.measures.items()}
        told = {
            visit: content_key(inputs=rows, measures=measured.get(visit, ""), conditions=self.conditions_of(visit))
            for visit, rows in self.visits.items()
        }
        keys = {
            visit_file_name(*visit): content_key(**made_by, told=key, beside=self.beside(visit))
            for visit, key in told.items()
        }
        for subject, stops in self.stops.items():
            own = [key for visit, key in told.items() if visit[0] == subject]
            keys[patient_file_name(subject)] = content_key(**made_by, settings=settings, stops=stops, told=own)
        keys[INDEX] = content_key(**made_by, settings=settings, inputs=self.inputs, measures=list(measured.values()))
        return keys


def write_reports(
    out: str | Path, *, jobs: int | None = None, wait: bool = False, waiting: Callable[[], object] = lambda: None
) -> list[Path]:
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

    Returns
    -------
    list of Path
        Pages drawn now; a page whose data did not change is left as it is.

    Raises
    ------
    StoreError
        RESULTS_UNREADABLE: no results here, or not as written; FRAMES_MISSING, FRAMES_DAMAGED: run the
        study again; STORE_LOCKED, STORE_UNWRITABLE.

    Notes
    -----
    Pages of visits and subjects that left the study are removed; other files in `reports` are left alone.
    """
    folder = Path(out)
    refuse_links(folder)
    if not (folder / LOCK_NAME).exists():
        refuse_no_results(folder)  # before a lock is made where no results are
    with OutputLock(folder, wait=wait, waiting=waiting):
        refuse_no_results(folder)
        return _write_locked(folder, jobs)


def read_results(folder: Path) -> Told:
    """What pages and figures are drawn from; raises ResultsError (RESULTS_UNREADABLE) where it is not as written."""
    refuse_links(folder)
    refuse_no_results(folder)
    return _read(folder, Source.of(folder))


def _write_locked(folder: Path, jobs: int | None) -> list[Path]:
    pages = folder / "reports"
    source, known = Source.of(folder), _known_pages(pages)
    if known.drawn_from == source.key() and all(_stands(pages / name, page) for name, page in known.pages.items()):
        return []
    told = _read(folder, source)
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
    if problems:
        raise next(iter(problems.values()))
    return drawn


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


def _drawn(told: Told, folder: Path, stale: set[str], jobs: int | None) -> tuple[list[Path], dict[str, StoreError]]:
    """Pages drawn, and by name why others were not: one bad visit costs one page."""
    todo = {name: draw for name, draw in _drawings(told, folder).items() if name in stale}
    problems = {}
    for name, outcome in _outcomes(todo, folder, min(jobs or usable_cores(), len(todo) // LEAST_PAGES)):
        if isinstance(outcome, StoreError):
            problems[name] = outcome
        else:
            write_text(folder / "reports" / name, outcome)
    return [folder / "reports" / name for name in todo if name not in problems], problems


def _outcomes(
    todo: Mapping[str, Callable[[], str]], folder: Path, workers: int
) -> Iterator[tuple[str, str | StoreError]]:
    """Text of each page, or why there is none."""
    from emgpipe.reports.apart import drawn_apart, outcome_of

    left = dict(todo)
    for name, outcome in drawn_apart(folder, list(todo), workers) if workers > 1 else ():
        del left[name]
        yield name, outcome
    for name, draw in left.items():  # all of them, or what a lost process has left
        yield name, outcome_of(draw)


def drawings(folder: Path) -> dict[str, Callable[[], str]]:
    """How each page of a results folder is drawn, by its file name; raises as `write_reports`."""
    return _drawings(_read(folder, Source.of(folder)), folder)


def _drawings(told: Told, folder: Path) -> dict[str, Callable[[], str]]:
    """How each page is drawn: visits, subjects, the study."""
    from emgpipe.reports.draw import index_html, patient_html, visit_html

    study, settings, conditions = told.study, told.settings, told.conditions
    drawings: dict[str, Callable[[], str]] = {}
    for visit, rows in told.visits.items():
        drawings[visit_file_name(*visit)] = partial(
            visit_html, study, *visit, rows, told.measures.get(visit, []), folder, settings,
            told.conditions_of(visit), told.beside(visit),
        )  # fmt: skip
    for subject in told.subjects():
        drawings[patient_file_name(subject)] = partial(
            patient_html, study, subject, told.inputs, told.measures_of(subject), settings, conditions
        )
    drawings[INDEX] = partial(index_html, study, told.inputs, told.all_measures(), settings, folder, conditions)
    return drawings


def _read(folder: Path, source: Source) -> Told:
    inputs, measures = read_csv(folder / "inputs.csv"), read_csv(folder / "measures.csv")
    for row in inputs:  # they become names of files
        if not all(re.fullmatch(ID_PATTERN, row.get(name) or "") for name in ("subject", "visit")):
            raise _unreadable(folder, "inputs.csv has a subject or a visit that no study has")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", row.get("recording") or ""):
            raise _unreadable(folder, "inputs.csv has a recording that no study has")
    settings = load_settings(folder / "settings.toml")
    return Told(source.study, settings, source.conditions, inputs, _by_visit(inputs), _by_visit(measures))


def _record(folder: Path) -> tuple[dict[str, str], str, dict[str, dict[str, str]]]:
    """Hashes of the tables, study and conditions of `run.json`."""
    try:
        run = read_json(folder / "run.json")
        conditions = {name: dict(cells) for name, cells in dict(run["conditions"]).items()}
        return dict(run["outputs"]), str(run["study"]), conditions
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise _unreadable(folder, f"run.json cannot be read ({type(problem).__name__})") from None


def _unreadable(folder: Path, found: str) -> StoreError:
    return ResultsError("RESULTS_UNREADABLE", f"{found}; run the study again", where=str(folder))


def _by_visit(rows: Sequence[Row]) -> dict[Visit, list[Row]]:
    out: dict[Visit, list[Row]] = {}
    for row in rows:
        out.setdefault((row["subject"], row["visit"]), []).append(row)
    return out


def _known_pages(pages: Path) -> _Known:
    try:
        told = read_json(pages / PAGES)
        if told["digest"] != pages_digest(told):
            return _Known("", {})
        return _Known(str(told["drawn_from"]), {name: _Page(**page) for name, page in told["pages"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Known("", {})
