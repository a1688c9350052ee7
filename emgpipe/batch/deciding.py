"""Recordings decided anew under other settings; nothing is written into the results."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.apart import answers_apart
from emgpipe.batch.jobs import Job
from emgpipe.batch.recalled import recalled
from emgpipe.batch.units import read_unit
from emgpipe.batch.work import computed_unit
from emgpipe.errors import ResultsError
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.pipeline import Prepared
from emgpipe.settings import check_settings, fingerprint

Changes = Mapping[str, Mapping[str, Any]]
"""Settings by table, laid over those of each recording."""
Unit = Mapping[str, Any]
Levels = tuple[tuple[str, ReferenceLevel], ...]


class Wanted(NamedTuple):
    """One decision about a recording: the place of its variant, and the reference levels elsewhere, None: as stored."""

    variant: int
    changes: Changes
    levels: Levels | None = None


class Task(NamedTuple):
    """A measured recording, the digest of its unit, where its file should be, and the decisions that are wanted."""

    recording: str
    digest: str
    file: Path | None
    wanted: tuple[Wanted, ...]


Answer = list[tuple[int, Unit]]
"""Unit under each variant, by the place of that."""


def decided_units(out: Path, tasks: Sequence[Task], workers: int) -> Iterator[tuple[str, Answer]]:
    """Decide recordings anew; nothing is written into the results.

    Parameters
    ----------
    out : Path
        Results folder, held by the caller.
    tasks : sequence of Task
        One a recording.
    workers : int
        Processes; 1 works in this one.

    Yields
    ------
    (str, list of (int, unit))
        By recording, in the order of completion.

    Raises
    ------
    EmgpipeError
        The first that a recording meets: a variant of some of the recordings is none.
    """
    for place, answer in answers_apart(partial(decided, out), tasks, workers):
        yield tasks[place].recording, answer


def decided(out: Path, task: Task) -> Answer:
    """Unit of a recording under each variant that is wanted; raises as `decided_units`."""
    unit = read_unit(out / "units" / f"{task.recording}.jsonl")
    if unit is None or unit["digest"] != task.digest:
        message = f"the unit of {task.recording!r} is not as written; run the study again"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(out))
    job = Job.from_told(unit["job"], out)
    there: Prepared | None = None
    answer = []
    for one in task.wanted:
        settings = check_settings(one.changes, base=job.settings)
        now = replace(job, settings=settings, levels=job.levels if one.levels is None else one.levels)
        if settings.condition != job.settings.condition:
            made = _computed(unit, now, task.file)
        else:
            there = there or recalled(unit, job, task.file).prepared()
            made = _recalled_unit(unit, there, now)
        answer.append((one.variant, made))
    return answer


def _recalled_unit(unit: Unit, there: Prepared, job: Job) -> Unit:
    result = there.with_references(dict(job.levels)).result(job.settings)
    rows = [asdict(row) for row in result.rows]
    return {**_made_with(unit, job), "rows": rows}


def _made_with(unit: Unit, job: Job) -> dict[str, Any]:
    told = {**job.told(), "entry": unit["job"]["entry"]}
    made = {"settings_id": fingerprint(job.settings), "version": version("emgpipe")}
    return {**unit, "job": told, "intervals": [], "annotations": [], **made}


def _computed(unit: Unit, job: Job, file: Path | None) -> Unit:
    """The same where conditioning changes: from the recording, in an empty folder that is removed."""
    if file is None or not file.is_file():
        message = "another band needs frames of its own, and the recording is gone; bring it back"
        raise ResultsError("RECORDING_NEEDED", message, where=job.entry.file)
    with tempfile.TemporaryDirectory(prefix="emgpipe-variant-") as empty:
        made = computed_unit(replace(job, out=Path(empty), entry=replace(job.entry, path=file.resolve())))
    if made["sha256"] != unit["sha256"]:
        message = "it is another one than was measured; bring the one back that was"
        raise ResultsError("RECORDING_NEEDED", message, where=job.entry.file)
    if made["status"] != "ok":
        raise ResultsError("RECORDING_NEEDED", f"{made['code']}: {made['message']}", where=job.entry.file)
    return {**_made_with(unit, job), "rows": made["rows"]}
