"""Recordings of a results folder under the settings of a grid, beside the marks of people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.engine import usable_cores
from emgpipe.batch.load import load_results
from emgpipe.batch.recompute import Kept
from emgpipe.batch.units import told_file
from emgpipe.batch.variants import settled_results
from emgpipe.batch.verify_inputs import recording_path
from emgpipe.errors import NoInputError, ResultsError, SettingsError, TableError
from emgpipe.recording import Annotation
from emgpipe.settings import Settings, fingerprint, load_settings
from emgpipe.store import OutputLock, file_digest, read_json
from emgpipe.tuning.grid import Grid, parse_grid
from emgpipe.tuning.marks import KnownRecording, annotation_marks, read_truth
from emgpipe.tuning.model import Marks, Swept
from emgpipe.tuning.scores import TOLERANCE_S
from emgpipe.tuning.tasks import Sweep, swept_recordings

CACHE = "cache"
"""Folder of finished parts, below that of the sweep."""
MOST_CELLS = 400_000_000
"""Values of all points and rows that are held at once: some 7 GB."""
MOST_SCORED = 4_000_000
"""Rows of `tuning_recordings.csv`: some 2 GB."""
ANY_LENGTH_S = 1e9
"""Stands for the length of a recording that could not be read."""
SHOWN = 8
"""Names that are told; the others are counted."""
SOURCES = ("measures.csv", "inputs.csv")
"""Tables of results whose hashes are kept: the second one names the bytes of every recording."""

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


class Origin(NamedTuple):
    """What a sweep rests on, as it lay there while the results were held.

    Attributes
    ----------
    study : str
        Identifier.
    n_recordings : int
        Of the results.
    tables : mapping of str to str
        SHA-256 of `SOURCES`, as the run wrote them.
    truth : tuple of (str, str)
        Name and SHA-256 of each table of marks.
    """

    study: str
    n_recordings: int
    tables: Mapping[str, str]
    truth: tuple[tuple[str, str], ...]


Ready = Callable[[Grid, Sequence[Marks], Origin], object]


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
    origin : Origin
        The bytes behind it.
    """

    out: Path
    kept: Kept
    grid: Grid
    marks: tuple[Marks, ...]
    sweeps: tuple[Swept, ...]
    tolerance_s: float
    left_out: tuple[tuple[str, str], ...]
    wish: Wish
    origin: Origin


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
    ready: Ready = lambda _grid, _marks, _origin: None,
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
    ready : callable
        Called before anything is swept, with what will be tried, against which marks and on what; what it raises is
        raised.

    Returns
    -------
    Tried

    Raises
    ------
    SettingsError
        Of the grid, as `parse_grid`; GRID_TOO_LARGE where so many values of measures do not fit into memory.
    TableError
        Of the marks, as `read_marks`; TABLE_UNREADABLE: changed while they were read.
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
        measured = {name: unit for name, unit in kept.units.items() if _is_measured(unit)}
        grid = parse_grid(wish.grid, _declared(place, measured))
        before = _digests(wish.truth)
        marks = tuple(_marks(wish, kept, tell))
        origin = _origin(place, wish.truth, before)
        _refuse_large(grid, measured, measures, marks)
        ready(grid, marks, origin)
        wanted = measured if measures else {m.recording: measured[m.recording] for m in marks}
        recordings = [
            (unit, study_place and recording_path(study_place, told_file(unit)), _own(marks, name))
            for name, unit in measured.items()
            if name in wanted
        ]
        sweep = Sweep(place.resolve(), Path(folder).resolve() / CACHE, grid, measures, wish.tolerance_s)
        sweeps = swept_recordings(sweep, recordings, jobs or usable_cores(), progress)
    left_out = tuple((name, str(unit["code"])) for name, unit in kept.units.items() if name not in measured)
    return Tried(place, kept, grid, marks, tuple(sweeps), wish.tolerance_s, left_out, wish, origin)


def _digests(paths: Sequence[Path]) -> list[str]:
    """SHA-256 of each file; empty where there is none, which who reads it tells."""
    out = [""] * len(paths)
    for n, path in enumerate(paths):
        with suppress(OSError):
            out[n] = file_digest(path) if path.is_file() else ""
    return out


def _origin(place: Path, truth: Sequence[Path], before: Sequence[str]) -> Origin:
    """What is swept; refuses tables of marks that are not the ones that were read."""
    for path, first, now in zip(truth, before, _digests(truth), strict=True):
        if first != now:
            message = "it changed while it was read; tune again"
            raise TableError("TABLE_UNREADABLE", message, where=str(path))
    run, outputs = read_json(place / RUN_RECORD), load_results(place).outputs
    names = [path.name for path in truth]
    return Origin(
        str(run["study"]), len(run["inputs"]), {name: outputs[name] for name in SOURCES},
        tuple(zip(names, before, strict=True)),
    )  # fmt: skip


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


def _marks(wish: Wish, kept: Kept, tell: Callable[[str], object]) -> Iterator[Marks]:
    """Marks of all sources, each of a name of its own; of what was not judged they are passed over, and told."""
    units = kept.units
    every = dict.fromkeys(target for unit in units.values() for target in _targets(unit))
    known = {
        name: KnownRecording(unit["duration_s"], _targets(unit)) if _is_measured(unit) else
        KnownRecording(ANY_LENGTH_S, tuple(every)) for name, unit in units.items()
    }  # fmt: skip
    found = read_truth(wish.truth, known, tell, {wish.truth_annotation})
    if wish.truth_annotation:
        annotations = {name: [Annotation(*mark) for mark in unit["annotations"]] for name, unit in units.items()}
        found += annotation_marks(wish.truth_annotation, annotations, known)
    judged = {name: _judged(unit) for name, unit in units.items()}
    passed = [one for one in found if one.target not in judged[one.recording]]
    if passed:
        names = [f"{name} {target}" for name, target in dict.fromkeys((m.recording, m.target) for m in passed)]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        tell(f"marks of what was not judged are not used: {', '.join(names[:SHOWN])}{more}; measures.csv says why")
    yield from (one for one in found if one.target in judged[one.recording])


def _is_measured(unit: Unit) -> bool:
    return bool(unit["status"] == "ok")


def _targets(unit: Unit) -> tuple[str, ...]:
    """Muscles and pairs that a recording has rows of."""
    return tuple(dict.fromkeys(row["target"] for row in unit["rows"] if row["target_kind"] != "subject"))


def _judged(unit: Unit) -> frozenset[str]:
    """Muscles that have verdicts, and pairs of them."""
    muscles = {muscle["name"] for muscle in unit["muscles"]}
    return frozenset(target for target in (*muscles, *_targets(unit)) if set(target.split("/")) <= muscles)


def _refuse_large(grid: Grid, measured: Mapping[str, Unit], measures: frozenset[str], marks: Sequence[Marks]) -> None:
    """Refuse a sweep of which not everything fits into memory."""
    n_values = sum(row["measure"] in measures for unit in measured.values() for row in unit["rows"])
    n_scores = len(dict.fromkeys((one.recording, one.source, one.kind) for one in marks))
    for n, most, what in ((n_values, MOST_CELLS, "values"), (n_scores, MOST_SCORED, "scores")):
        if n * len(grid) > most:
            message = f"{len(grid)} settings of {len(measured)} recordings, {n * len(grid)} {what}; at most {most // n}"
            raise SettingsError("GRID_TOO_LARGE", f"{message} settings are tried here: take fewer", where="--grid")
