"""Recordings of a results folder under the settings of a grid, beside the marks of people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.engine import usable_cores
from emgpipe.batch.load import load_results
from emgpipe.batch.recompute import Kept
from emgpipe.batch.units import told_file
from emgpipe.batch.variants import settled_results
from emgpipe.batch.verify_inputs import recording_path
from emgpipe.errors import NoInputError, ResultsError, SettingsError
from emgpipe.recording import Annotation
from emgpipe.settings import Settings, fingerprint, load_settings
from emgpipe.store import OutputLock
from emgpipe.tuning.grid import Grid, parse_grid
from emgpipe.tuning.marks import KnownRecording, annotation_marks, read_truth
from emgpipe.tuning.model import Marks, Swept
from emgpipe.tuning.scores import TOLERANCE_S
from emgpipe.tuning.tasks import Sweep, swept_recordings

CACHE = "cache"
"""Folder of finished parts, below that of the sweep."""
MOST_CELLS = 400_000_000
"""Values of all points and rows that are held at once: some 7 GB."""

Progress = Callable[[int, int], object]
Unit = Mapping[str, Any]


class Wish(NamedTuple):
    """What is asked of a sweep.

    Attributes
    ----------
    grid : tuple of str
        As `parse_grid` takes it; empty: the defensible settings.
    truth : tuple of Path
        Tables of marks, one a rater.
    truth_annotation : str
        Text of annotations that are marks; empty: none.
    tolerance_s : float
        Between onsets of one event.
    """

    grid: tuple[str, ...] = ()
    truth: tuple[Path, ...] = ()
    truth_annotation: str = ""
    tolerance_s: float = TOLERANCE_S


@dataclass(frozen=True, eq=False)
class Tried:
    """A study under all points of a grid.

    Attributes
    ----------
    out : Path
        Results folder.
    kept : Kept
        Its units, as they were written.
    grid : Grid
        What was tried.
    marks : tuple of Marks
        Of people, or simulated truth; may be empty.
    sweeps : tuple of Swept
        One a recording, in the order of the study: all measured ones where measures were wanted, else those with marks.
    tolerance_s : float
        Between onsets of one event.
    left_out : tuple of (str, str)
        Recordings of the study that were not measured, and the code why.
    wish : Wish
        What was asked for.
    """

    out: Path
    kept: Kept
    grid: Grid
    marks: tuple[Marks, ...]
    sweeps: tuple[Swept, ...]
    tolerance_s: float
    left_out: tuple[tuple[str, str], ...]
    wish: Wish


def try_settings(
    out: str | Path,
    folder: str | Path,
    wish: Wish,
    *,
    measures: frozenset[str] = frozenset(),
    study: str | Path | None = None,
    jobs: int | None = None,
    progress: Progress = lambda _done, _total: None,
    tell: Callable[[str], object] = lambda _message: None,
) -> Tried:
    """Decide the recordings of a results folder under all points of a grid; no sample is read.

    Parameters
    ----------
    out : str or Path
        Results folder, as a run has written it; nothing in it is changed.
    folder : str or Path
        Where finished parts are kept, so that a stopped sweep goes on.
    wish : Wish
        What is tried, and against which marks.
    measures : frozenset of str
        Whose values are wanted; without any only recordings with marks are decided.
    study : str or Path, optional
        Where the study lies now, for results of earlier versions.
    jobs : int, optional
        Processes; the cores of the machine where left out. Nothing depends on it.
    progress : callable
        Called with the parts done and all of them.
    tell : callable
        Called with what marks hold that is not used.

    Returns
    -------
    Tried

    Raises
    ------
    SettingsError
        Of the grid, as `parse_grid`; GRID_TOO_LARGE where so many values of measures do not fit into memory.
    TableError
        Of the marks, as `read_marks`.
    NoInputError
        MEASURED_NONE.
    ResultsError
        BASE_MIXED: recordings were decided under different settings.
    StoreError
        STORE_LOCKED, RESULTS_UNREADABLE, FRAMES_MISSING, FRAMES_DAMAGED, STORE_UNWRITABLE.
    """
    place = load_results(out).folder
    with OutputLock(place):
        kept, study_place = settled_results(place, study)
        measured = {name: unit for name, unit in kept.units.items() if unit["status"] == "ok"}
        grid = parse_grid(wish.grid, _declared(place, measured))
        marks = tuple(_marks(wish, measured, tell))
        if measures:
            _refuse_large(grid, measured)
        wanted = measured if measures else {m.recording: measured[m.recording] for m in marks}
        recordings = [
            (unit, study_place and recording_path(study_place, told_file(unit)), _own(marks, name))
            for name, unit in measured.items()
            if name in wanted
        ]
        sweep = Sweep(place.resolve(), Path(folder).resolve() / CACHE, grid, measures, wish.tolerance_s)
        sweeps = swept_recordings(sweep, recordings, jobs or usable_cores(), progress)
    left_out = tuple((name, str(unit["code"])) for name, unit in kept.units.items() if name not in measured)
    return Tried(place, kept, grid, marks, tuple(sweeps), wish.tolerance_s, left_out, wish)


def _declared(place: Path, measured: Mapping[str, Unit]) -> Settings:
    """Settings that all measured recordings were decided with."""
    if not measured:
        message = "no recording was measured; inputs.csv says why"
        raise NoInputError("MEASURED_NONE", message, where=str(place))
    base = load_settings(place / "settings.toml")
    others = [name for name, unit in measured.items() if unit["settings_id"] != fingerprint(base)]
    if others:
        message = f"{others[0]!r} and {len(others) - 1} more were decided under other settings than settings.toml"
        raise ResultsError("BASE_MIXED", f"{message}; run the whole study again under one", where=str(place))
    return base


def _own(marks: Sequence[Marks], recording: str) -> tuple[Marks, ...]:
    return tuple(one for one in marks if one.recording == recording)


def _marks(wish: Wish, measured: Mapping[str, Unit], tell: Callable[[str], object]) -> Iterator[Marks]:
    """Marks of all sources, each of a name of its own."""
    known = {name: KnownRecording(unit["duration_s"], _targets(unit)) for name, unit in measured.items()}
    yield from read_truth(wish.truth, known, tell)
    if wish.truth_annotation:
        annotations = {name: [Annotation(*mark) for mark in unit["annotations"]] for name, unit in measured.items()}
        yield from annotation_marks(wish.truth_annotation, annotations, known)


def _targets(unit: Unit) -> tuple[str, ...]:
    """Muscles that were judged, and pairs of them."""
    rows = dict.fromkeys((r["target"], r["target_kind"]) for r in unit["rows"])
    muscles = tuple(muscle["name"] for muscle in unit["muscles"])
    pairs = [target for target, kind in rows if kind == "pair" and set(target.split("/")) <= set(muscles)]
    return (*muscles, *pairs)


def _refuse_large(grid: Grid, measured: Mapping[str, Unit]) -> None:
    """Refuse a sweep whose values do not fit into memory."""
    n = len(grid) * sum(len(unit["rows"]) for unit in measured.values())
    if n > MOST_CELLS:
        most = MOST_CELLS * len(grid) // n
        message = f"{len(grid)} settings of {len(measured)} recordings; at most {most} are tried without marks: take"
        raise SettingsError("GRID_TOO_LARGE", f"{message} fewer values, or one measure by --outcome", where="--grid")
