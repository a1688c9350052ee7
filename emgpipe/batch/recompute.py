"""Rows of a table computed anew from the recordings, and compared as text, cell by cell."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import RUN_RECORD, machine
from emgpipe.batch.jobs import Job
from emgpipe.batch.problems import AGAIN, Problem
from emgpipe.batch.referring import referring_jobs
from emgpipe.batch.tables import MEASURE_COLUMNS, measure_lines, study_rows
from emgpipe.batch.units import read_unit, told_file
from emgpipe.batch.verify_inputs import recording_path
from emgpipe.batch.work import write_unit
from emgpipe.errors import EmgpipeError
from emgpipe.settings import load_settings
from emgpipe.store import cell, cell_text, read_csv
from emgpipe.study import Study
from emgpipe.summary.references import Reference

TABLE = "measures.csv"
PLACE = ("recording", "subject", "visit", "segment", "target", "measure")
SHOWN = 20
"""Differing cells that are named; of more the number is told."""

Row = Mapping[str, str]
Unit = Mapping[str, Any]


class Kept(NamedTuple):
    """What is read of results before their recordings are looked at.

    Attributes
    ----------
    stored : sequence of mapping
        Rows of `measures.csv`.
    study : Study
        As far as tables need it.
    units : mapping of str to unit
        By recording: those that the tables were made from.
    places : mapping of str to mapping
        Entry of each recording of the tables, as in a unit.
    others : frozenset of str
        Recordings in the tables of which the unit is another one now, or none; of these no row can be made anew.
    """

    stored: Sequence[Row]
    study: Study
    units: Mapping[str, Unit]
    places: Mapping[str, Unit]
    others: frozenset[str]

    def compared(self, row: Mapping[str, Any]) -> bool:
        """Whether all that a row rests on is there."""
        there = not row["recording"] or row["recording"] in self.units
        return there and not sources(row, self.places, self.study.reference) & self.others


def kept_results(folder: Path, record: Mapping[str, Any]) -> Kept | None:
    """Read what `recompute_problems` needs; None where tables or units are not as written."""
    try:
        recorded = record["units"]
        read = {name: read_unit(folder / "units" / f"{name}.jsonl") for name in recorded}
        entries = {row["recording"]: {"job": {"entry": row}} for row in read_csv(folder / "inputs.csv")}
        units = {
            name: _of_file(unit, entries[name]["job"]["entry"]["file"])
            for name, unit in read.items()
            if unit and unit["digest"] == recorded[name]
        }
        others = frozenset(name for name, digest in recorded.items() if digest and name not in units)
        study = _study(folder, record, list(units.values()))
        return Kept(read_csv(folder / TABLE), study, units, entries, others)
    except (OSError, EmgpipeError, ValueError, TypeError, LookupError, AttributeError):
        return None


def recompute_problems(kept: Kept | None, record: Mapping[str, Any], place: Path | None, n_rows: int) -> list[Problem]:
    """Compute rows of `measures.csv` anew and say what differs.

    Parameters
    ----------
    kept : Kept or None
        From `kept_results`.
    record : mapping
        `run.json`.
    place : Path or None
        Folder of the study.
    n_rows : int
        Rows to compute.

    Returns
    -------
    list of Problem
        VALUE_DIFFERS a cell; VERSIONS_DIFFER; RECOMPUTE_FEWER where recordings are gone or failed, or their units are
        not the ones that the tables were made from.

    Notes
    -----
    Recordings are computed one after another in a folder of their own, with an empty cache. Then all of the table
    is merged anew, from these and from the units of the others, and compared: so the merge is checked of all rows, the
    measuring of those of the recordings that were computed.
    """
    if kept is None:
        found = "tables or units are not as written: no row can be computed anew"
        return [Problem(TABLE, "RECOMPUTE_FEWER", found, AGAIN)]
    known = dict(kept.units)
    there = {name for name, unit in known.items() if place and recording_path(place, told_file(unit)).is_file()}
    stored = [row for row in kept.stored if kept.compared(row)]
    rows = chosen_rows(stored, kept.places, there, kept.study.reference, n_rows, str(record.get("state")))
    problems = [*_versions(record)] if rows else []
    if kept.others:
        found = f"units of {len(kept.others)} recordings are not those of the tables: their rows are left out"
        problems.append(Problem(TABLE, "RECOMPUTE_FEWER", found, AGAIN))
    if len(rows) < n_rows:
        found = f"{len(rows)} of {n_rows} rows: all others rest on recordings that are gone, or that failed"
        problems.append(Problem(TABLE, "RECOMPUTE_FEWER", found, "give the place of the study with --study"))
    names = sorted(set[str]().union(*(sources(row, kept.places, kept.study.reference) for row in rows)))
    for name in names if place else ():
        known[name], more = _computed(known[name], place or Path())
        problems += more
    same_version = not any(problem.code == "VERSIONS_DIFFER" for problem in problems)
    return problems + list(_differences(kept, known, names, with_version=same_version)) if rows else problems


def chosen_rows(
    rows: Sequence[Row], units: Mapping[str, Unit], there: set[str], reference: str, n_rows: int, state: str
) -> list[Row]:
    """Choose rows that can be computed anew, by the state of the results alone.

    Parameters
    ----------
    rows : sequence of mapping
        Of `measures.csv`.
    units : mapping of str to unit
        By recording.
    there : set of str
        Recordings whose file is there.
    reference : str
        Of the study.
    n_rows : int
        Rows wanted.
    state : str
        Another one gives another choice.

    Returns
    -------
    list of mapping
        In turn a row of a recording, a `_pct` twin, and one of a visit; each kind takes recordings and visits in turn.
    """
    kinds: dict[str, dict[str, list[Row]]] = {"plain": {}, "twin": {}, "visit": {}}
    for row in rows:
        needed = sources(row, units, reference) if row["measure"] else set()
        if needed and needed <= there:
            kind = "visit" if not row["recording"] else "twin" if row["measure"].endswith("_pct") else "plain"
            kinds[kind].setdefault(row["recording"] or f"{row['subject']} {row['visit']}", []).append(row)
    in_turn = zip_longest(*(_in_turn(groups, state) for groups in kinds.values()))
    return list(islice((row for row in chain.from_iterable(in_turn) if row is not None), n_rows))


def _in_turn(groups: Mapping[str, Sequence[Row]], state: str) -> Iterator[Row]:
    """One row of each group, then the second of each, in an order that nobody has chosen."""

    def mixed(text: str) -> bytes:
        """Rank of a text, decided by the state of the results."""
        return hashlib.sha256(f"{state} {text}".encode()).digest()

    shuffled = [
        sorted(groups[name], key=lambda row: mixed(" ".join(row[c] for c in PLACE)))
        for name in sorted(groups, key=mixed)
    ]
    yield from (row for turn in zip_longest(*shuffled) for row in turn if row is not None)


def sources(row: Mapping[str, Any], units: Mapping[str, Unit], reference: str) -> set[str]:
    """Recordings that a row of `measures.csv` is made from."""
    visit = (Reference.parse(reference).visit if reference else "") or row["visit"]
    out = {row["recording"]} if row["recording"] else set()
    for name, unit in units.items():
        e = unit["job"]["entry"]
        if e["subject"] != row["subject"]:
            continue
        if not row["recording"]:  # an index compares all visits of one task
            out |= {name} if e["task"] == row["task"] and e["visit"] in _visits(row, e["visit"]) else set()
        elif row["measure"].endswith("_pct"):
            out |= {name} if e["visit"] == visit else set()
    return out


def _visits(row: Mapping[str, Any], visit: str) -> tuple[str, ...]:
    return (visit,) if row["measure"] == "rigidity_index_log" else (row["visit"],)


def _study(folder: Path, record: Mapping[str, Any], units: Sequence[Unit]) -> Study:
    """Study as far as tables need it, from what results say of themselves."""
    index_muscles, index_offset_uv, reference = record["subject"]
    jobs = [Job.from_told(unit["job"], Path()) for unit in units]
    return Study(
        path=Path(), folder=Path(), id=record["study"], mains_hz=jobs[0].mains_hz, preset="", channels={}, units={},
        pairs=(), floors=(), segments={}, index_muscles=tuple(index_muscles), index_offset_uv=index_offset_uv,
        reference=reference, settings=load_settings(folder / "settings.toml"),
        entries=tuple(job.entry for job in jobs),
    )  # fmt: skip


def _of_file(unit: Unit, file: str) -> Unit:
    """Unit as if it were of the file that the tables name."""
    job = unit["job"]
    return {**unit, "job": {**job, "entry": {**job["entry"], "file": file}}}


def _computed(unit: Unit, place: Path) -> tuple[Unit, list[Problem]]:
    """Unit computed from its recording in an empty folder; the stored one where that fails, and why."""
    with tempfile.TemporaryDirectory(prefix="emgpipe-verify-") as empty:
        job = Job.from_told(unit["job"], Path(empty))
        job = replace(job, entry=replace(job.entry, path=recording_path(place, told_file(unit))))
        write_unit(job)
        made = read_unit(job.unit_path) or unit
    file = job.entry.file
    if made["sha256"] not in ("", unit["sha256"]):
        return unit, [Problem(file, "INPUT_CHANGED", "the recording has changed since it was measured", "run again")]
    if made["status"] != unit["status"]:
        found = f"computed anew it is {made['status']} ({made['code']}: {made['message']}), stored is {unit['status']}"
        return unit, [Problem(file, "VALUE_DIFFERS", found, f"compare versions, then {AGAIN}")]
    return {**made, "version": unit["version"]}, []


def _versions(record: Mapping[str, Any]) -> list[Problem]:
    now, then = machine()["versions"], record.get("versions", {})
    told = [f"{name} {then.get(name)!r} then, {now[name]!r} now" for name in now if then.get(name) != now[name]]
    advice = "differing values may come from these"
    return [Problem(RUN_RECORD, "VERSIONS_DIFFER", ", ".join(told), advice)] if told else []


def _differences(
    kept: Kept, units: Mapping[str, Unit], names: Sequence[str], *, with_version: bool
) -> Iterator[Problem]:
    study, jobs = kept.study, {name: Job.from_told(unit["job"], Path()) for name, unit in units.items()}
    # a level of a recording that is left out cannot be told
    for job in () if kept.others else referring_jobs(study, [*jobs.values()], [jobs[name] for name in names], units):
        found = "levels of reference contractions elsewhere are not those that it was decided with"
        yield Problem(job.entry.file, "VALUE_DIFFERS", found, AGAIN)
    rows = study_rows(study, [*jobs.values()], units)
    made = [cells for cells in measure_lines(study, [*jobs.values()], units, rows) if kept.compared(cells)]
    stored = [(line, row) for line, row in enumerate(kept.stored, 2) if kept.compared(row)]
    if len(made) != len(stored):
        found = f"{len(stored)} rows stored, {len(made)} computed anew"
        yield Problem(TABLE, "VALUE_DIFFERS", found, AGAIN)
    columns = [c for c in MEASURE_COLUMNS if with_version or c != "version"]
    told = 0
    for (line, old), cells in zip(stored, made, strict=False):
        for column in columns:
            new = cell_text(cell(cells[column]))
            if old[column] != new:
                told += 1
                if told <= SHOWN:
                    place = " ".join(old[name] for name in PLACE if old[name])
                    found = f"{column} of {place}: stored {old[column]!r}, computed anew {new!r}"
                    yield Problem(f"{TABLE}:{line}", "VALUE_DIFFERS", found, f"do not use it; {AGAIN}")
    if told > SHOWN:
        yield Problem(TABLE, "VALUE_DIFFERS", f"{told - SHOWN} more cells differ", AGAIN)
