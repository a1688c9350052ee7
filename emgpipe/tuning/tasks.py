"""Parts of a sweep: which recording under which points; each is kept on disk, so that a stopped sweep goes on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emgpipe.batch.apart import answers_apart
from emgpipe.batch.jobs import MEASURES_VERSION, Job
from emgpipe.batch.recalled import recalled
from emgpipe.batch.units import read_unit
from emgpipe.errors import ResultsError
from emgpipe.intervals import Intervals
from emgpipe.settings import fingerprint
from emgpipe.store import content_key, read_hashed, write_hashed
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import Marks, Swept
from emgpipe.tuning.sweep import Identity, in_turn, joined, sweep_recording, swept_bytes, swept_from

POINTS_A_PART = 2000
"""Enough that recalling a recording costs little beside them, few enough that a stopped sweep loses seconds."""
SWEEP_VERSION = 2
"""Raised whenever the same recording, marks and settings would give other scores."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """What is tried on every recording.

    Attributes
    ----------
    out : Path
        Results folder.
    kept : Path
        Folder of finished parts.
    grid : Grid
        Settings.
    measures : frozenset of str
        Whose values are wanted.
    tolerance_s : float
        Of onsets.
    """

    out: Path
    kept: Path
    grid: Grid
    measures: frozenset[str]
    tolerance_s: float


@dataclass(frozen=True, eq=False)
class Part:
    """One recording under some points.

    Attributes
    ----------
    recording, digest : str
        Name, and digest of its unit.
    file : Path or None
        Where the recording should be.
    marks : tuple of Marks
        Of this recording.
    points : tuple of int
        Neighbours share early settings.
    """

    recording: str
    digest: str
    file: Path | None
    marks: tuple[Marks, ...]
    points: tuple[int, ...]


def swept_recordings(
    sweep: Sweep,
    recordings: Sequence[tuple[Mapping[str, Any], Path | None, tuple[Marks, ...]]],
    jobs: int,
    progress: Callable[[int, int], object],
) -> list[Swept]:
    """Decide recordings under all points; what was kept by an earlier, stopped sweep is not decided again.

    Parameters
    ----------
    sweep : Sweep
        What is tried.
    recordings : sequence of (unit, file, marks)
        Measured ones, in the order of the answer.
    jobs : int
        Processes.
    progress : callable
        Called with the parts done and all of them.

    Returns
    -------
    list of Swept
        One a recording; the same bits whatever `jobs` is and wherever an earlier sweep was stopped.

    Raises
    ------
    ResultsError
        RESULTS_UNREADABLE, RECORDING_NEEDED.
    StoreError
        FRAMES_MISSING, FRAMES_DAMAGED, STORE_UNWRITABLE.
    """
    turns = in_turn(sweep.grid)
    blocks = [tuple(turns[n : n + POINTS_A_PART]) for n in range(0, len(turns), POINTS_A_PART)]
    parts = [
        Part(str(unit["recording"]), str(unit["digest"]), file, marks, block)
        for unit, file, marks in recordings
        for block in blocks
    ]
    places = [_place(sweep, part) for part in parts]
    todo = [part for part, place in zip(parts, places, strict=True) if read_hashed(place) is None]
    progress(len(parts) - len(todo), len(parts))
    workers = min(jobs, max(len(todo), 1))
    for done, _ in enumerate(answers_apart(partial(sweep_part, sweep), todo, workers), len(parts) - len(todo) + 1):
        progress(done, len(parts))
    return list(_read(parts, places, len(blocks)))


def sweep_part(sweep: Sweep, part: Part) -> None:
    """Decide a recording under some points and keep what comes of it."""
    unit = read_unit(sweep.out / "units" / f"{part.recording}.jsonl")
    if unit is None or unit["digest"] != part.digest:
        message = f"the unit of {part.recording!r} is not as written; run the study again"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(sweep.out))
    prepared = recalled(unit, Job.from_told(unit["job"], sweep.out), part.file).prepared()
    swept = sweep_recording(
        prepared, identity(unit), sweep.grid, part.points,
        marks=part.marks, measures=sweep.measures, tolerance_s=sweep.tolerance_s,
    )  # fmt: skip
    write_hashed(_place(sweep, part), swept_bytes(swept))


def identity(unit: Mapping[str, Any]) -> Identity:
    """Recording, subject, visit, task and run of a unit."""
    entry = unit["job"]["entry"]
    return (unit["recording"], entry["subject"], entry["visit"], entry["task"], entry["run"])


def _place(sweep: Sweep, part: Part) -> Path:
    """Where a part is kept: named by all that it depends on."""
    marks = [[m.source, m.target, m.kind, m.points_s, *map(_pairs, (m.stretches, m.onsets, m.scored, m.searched))]
             for m in part.marks]  # fmt: skip
    key = content_key(
        unit=part.digest, base=fingerprint(sweep.grid.base), grid=sweep.grid.told(), marks=marks,
        points=part.points, measures=sorted(sweep.measures),
        tolerance_s=sweep.tolerance_s, versions=[SWEEP_VERSION, MEASURES_VERSION, version("emgpipe")],
    )  # fmt: skip
    return sweep.kept / f"{key}.npz"


def _pairs(intervals: Intervals | None) -> list[list[float]] | None:
    return None if intervals is None else intervals.pairs.tolist()


def _read(parts: Sequence[Part], places: Sequence[Path], n_blocks: int) -> Iterator[Swept]:
    for first in range(0, len(parts), n_blocks):
        there = []
        for part, place in zip(parts[first : first + n_blocks], places[first : first + n_blocks], strict=True):
            data = read_hashed(place)
            if data is None:
                message = "a finished part of the sweep is gone or damaged; tune again to go on"
                raise ResultsError("RESULTS_UNREADABLE", message, where=str(place.parent))
            there.append((part.points, swept_from(data)))
        yield joined(there)
