"""What pages are drawn from: tables, conditions and units of a results folder, and what each page depends on."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from emgpipe.batch.conditions import Conditions, differing_conditions
from emgpipe.batch.problems import refuse_no_results
from emgpipe.batch.verify_pages import DRAWN_FROM, plan_of_pages, results_key
from emgpipe.errors import ResultsError
from emgpipe.recording import Finding
from emgpipe.reports.names import patient_file_name, visit_file_name
from emgpipe.settings import Settings, fingerprint, load_settings
from emgpipe.store import content_key, file_digest, read_csv, read_json, refuse_links
from emgpipe.study.model import ID_PATTERN

if TYPE_CHECKING:
    from emgpipe.reports.course import Stop
    from emgpipe.reports.detectable import Detectable

PAGES_VERSION = 7
"""Raised whenever the same results would give other pages."""
INDEX = "index.html"

Row = Mapping[str, str]
Visit = tuple[str, str]


class Source(NamedTuple):
    """What pages are drawn from, as `run.json` says: study, conditions, digests of units, hashes of tables and all."""

    study: str
    conditions: Mapping[str, Row]
    units: Mapping[str, str]
    tables: Mapping[str, str]
    results: str

    @classmethod
    def of(cls, folder: Path) -> "Source":
        """Read it; tables that are not as the run wrote them would be drawn as if they had been measured."""
        outputs, study, conditions, units = _record(folder)
        for name in DRAWN_FROM:
            try:
                written = file_digest(folder / name)
            except OSError as problem:
                raise _unreadable(folder, f"{name}: {problem.strerror}") from None
            if outputs.get(name) != written:
                raise _unreadable(folder, f"{name} is not as it was written")
        record = {"outputs": outputs, "study": study, "conditions": conditions, "units": units}
        results = results_key(record, plan_of_pages(folder))
        return cls(study, conditions, units, {name: outputs[name] for name in DRAWN_FROM}, results)

    def key(self) -> str:
        """Hash of all that pages are drawn from."""
        return content_key(pages=PAGES_VERSION, version=version("emgpipe"), **self._asdict())


@dataclass(frozen=True)
class Told:
    """What pages are drawn from, as read from a results folder; of units only their digests, by recording."""

    study: str
    settings: Settings
    conditions: Mapping[str, Row]
    units: Mapping[str, str]
    inputs: Sequence[Row]
    visits: Mapping[Visit, Sequence[Row]]
    measures: Mapping[Visit, Sequence[Row]]
    detectable: "Detectable | None" = None

    def conditions_of(self, visit: Visit) -> dict[str, Row]:
        """Conditions of the recordings of a visit."""
        return {row["recording"]: self.conditions.get(row["recording"], {}) for row in self.visits[visit]}

    @cached_property
    def differing(self) -> dict[tuple[str, str], list[Finding]]:
        """Findings on conditions that differ between visits, by subject and task."""
        found = differing_conditions(
            Conditions(row["subject"], row["visit"], row["task"], self.conditions.get(row["recording"], {}))
            for row in self.inputs
        )
        return {who: findings for who, findings in found.items() if findings}

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
            visit_file_name(*visit): content_key(**made_by, told=key, **self._beyond(visit))
            for visit, key in told.items()
        }
        change = repr(self.detectable)
        for subject, stops in self.stops.items():  # drawn from tables alone
            own = [key for visit, key in told.items() if visit[0] == subject]
            keys[patient_file_name(subject)] = content_key(
                **made_by, settings=settings, stops=stops, told=own, detectable=change
            )
        keys[INDEX] = content_key(
            **made_by, settings=settings, inputs=self.inputs, measures=list(measured.values()),
            units=self.units, differing=list(self.differing.items()),
        )  # fmt: skip
        return keys

    def _beyond(self, visit: Visit) -> dict[str, object]:
        """What the page of a visit depends on beyond its rows and conditions: units, and other visits."""
        rows = self.visits[visit]
        units = [self.units.get(row["recording"], "") for row in rows]
        differing = [self.differing.get((row["subject"], row["task"]), []) for row in rows]
        return {"units": units, "differing": differing, "beside": self.beside(visit)}


def versions_of(measures: Iterable[Row]) -> tuple[str, ...]:
    """Versions of emgpipe that measured, as lines of `measures.csv` say: each once, in their order.

    Examples
    --------
    >>> versions_of([{"version": "0.1.0"}, {"version": "0.0.9"}, {"version": "0.1.0"}, {"version": ""}])
    ('0.1.0', '0.0.9')
    """
    return tuple(dict.fromkeys(row["version"] for row in measures if row["version"]))


def read_results(folder: Path) -> Told:
    """What pages and figures are drawn from; raises ResultsError (RESULTS_UNREADABLE) where it is not as written."""
    refuse_links(folder)
    refuse_no_results(folder)
    return read_told(folder, Source.of(folder))


def read_told(folder: Path, source: Source) -> Told:
    """The same for who has refused folders that are none; raises as `read_results`."""
    inputs, measures = read_csv(folder / "inputs.csv"), read_csv(folder / "measures.csv")
    for row in inputs:  # they become names of files
        if not all(re.fullmatch(ID_PATTERN, row.get(name) or "") for name in ("subject", "visit")):
            raise _unreadable(folder, "inputs.csv has a subject or a visit that no study has")
        if not re.fullmatch(r"[A-Za-z0-9_-]+", row.get("recording") or ""):
            raise _unreadable(folder, "inputs.csv has a recording that no study has")
    settings = load_settings(folder / "settings.toml")
    from emgpipe.reports.detectable import detectable

    visits, rows = _by_visit(inputs), _by_visit(measures)
    return Told(source.study, settings, source.conditions, source.units, inputs, visits, rows, detectable(folder))


def _record(folder: Path) -> tuple[dict[str, str], str, dict[str, dict[str, str]], dict[str, str]]:
    """Hashes of the tables, study, conditions and digests of units of `run.json`."""
    try:
        run = read_json(folder / "run.json")
        conditions = {name: dict(cells) for name, cells in dict(run["conditions"]).items()}
        return dict(run["outputs"]), str(run["study"]), conditions, dict(run["units"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise _unreadable(folder, f"run.json cannot be read ({type(problem).__name__})") from None


def _unreadable(folder: Path, found: str) -> ResultsError:
    return ResultsError("RESULTS_UNREADABLE", f"{found}; run the study again", where=str(folder))


def _by_visit(rows: Sequence[Row]) -> dict[Visit, list[Row]]:
    out: dict[Visit, list[Row]] = {}
    for row in rows:
        out.setdefault((row["subject"], row["visit"]), []).append(row)
    return out
