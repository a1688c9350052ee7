"""Rows of a study decided anew under other settings: the same recordings, from cached frames, no result changed."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from emgpipe.batch.deciding import Changes, Task, Unit, Wanted, decided_units
from emgpipe.batch.engine import usable_cores
from emgpipe.batch.jobs import Job
from emgpipe.batch.load import load_results, reading_results
from emgpipe.batch.recompute import Kept, kept_results
from emgpipe.batch.referring import referring_jobs
from emgpipe.batch.tables import MEASURE_COLUMNS, measure_lines, parquet_bytes, study_rows
from emgpipe.batch.units import told_file
from emgpipe.batch.verify import sealed_record
from emgpipe.batch.verify_inputs import recording_path, study_folder
from emgpipe.errors import ResultsError
from emgpipe.outcomes.plan import AnalysisPlan
from emgpipe.settings import check_settings
from emgpipe.store import OutputLock, load_frames

if TYPE_CHECKING:
    import pandas as pd

NEVER = 1e30
"""A ratio that nothing recorded reaches: what it is the threshold of is switched off."""
EXCLUSIONS_OFF: Changes = {"detect": {"movement_ratio": NEVER, "step_ratio": NEVER, "line_surge": NEVER}}
"""No second is left out as MOVEMENT, STEP or ELECTRODE_OFF; gaps, clipped, flat and marked time stays out."""
LEAST_RECORDINGS = 8
"""To one process: starting one costs as much as deciding these."""


class Variant(NamedTuple):
    """Other settings for all recordings.

    Attributes
    ----------
    name : str
        Short and fixed, such as `activity_ratio_1.3`.
    words : str
        For people, in one line.
    changes : mapping
        `{"detect": {"activity_ratio": 1.3}}`, laid over the settings of each recording.
    offset_factor : float
        On the offset of the rigidity index.
    """

    name: str
    words: str
    changes: Changes
    offset_factor: float = 1.0


def variant_rows(
    out: str | Path,
    changes: Changes | None = None,
    *,
    index_offset_uv: float | None = None,
    study: str | Path | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> "pd.DataFrame":
    """Rows of `measures.csv` as they would be under other settings; see `variant_tables`.

    Parameters
    ----------
    out : str or Path
        Results folder.
    changes : mapping, optional
        `{"detect": {"activity_ratio": 1.3}}`, laid over the settings of each recording.
    index_offset_uv : float > 0, optional
        Offset of the rigidity index instead of the study's.
    study, jobs, progress
        As in `variant_tables`.

    Returns
    -------
    DataFrame
        As `load_results(out).measures`; without changes equal to it, cell by cell.
    """
    folder = Path(out)
    with OutputLock(_results(folder)):
        kept, place = settled_results(folder, study)
        if index_offset_uv is not None:
            kept = kept._replace(study=replace(kept.study, index_offset_uv=index_offset_uv))
        return _tables(folder, kept, place, [Variant("", "", changes or {})], jobs, progress)[0]


def variant_tables(
    out: str | Path,
    variants: Sequence[Variant],
    *,
    study: str | Path | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> dict[str, "pd.DataFrame"]:
    """Rows of `measures.csv` as they would be under each of several settings.

    Parameters
    ----------
    out : str or Path
        Results folder, as it was written; nothing in it is changed.
    variants : sequence of Variant
        Each recording is recalled once and decided for all of them.
    study : str or Path, optional
        The study, or its folder, where it does not lie any more where it was; needed only for another band.
    jobs : int, optional
        Processes; the cores of the machine where left out. The rows do not depend on it.
    progress : callable
        Called with the recordings done and all of them.

    Returns
    -------
    dict of str to DataFrame
        By name of the variant; columns, types and order as in `load_results(out).measures`. `settings_id` is that of
        the variant.

    Raises
    ------
    SettingsError
        SETTING_UNKNOWN, SETTING_INVALID.
    ResultsError
        RESULTS_UNREADABLE: no results, or not as written. RECORDING_NEEDED: another band, and a recording is gone.
    StoreError
        STORE_LOCKED; FRAMES_MISSING, FRAMES_DAMAGED: run the study again.

    Notes
    -----
    Floor, activity, segments, measures, twins and rows of visits are all made anew. Frames are those of the cache, but
    where a setting of `condition` changes: then they are computed from the recordings and not kept.
    """
    folder = Path(out)
    with OutputLock(_results(folder)):
        kept, place = settled_results(folder, study)
        tables = _tables(folder, kept, place, variants, jobs, progress)
    return {variant.name: table for variant, table in zip(variants, tables, strict=True)}


def sensitivity_variants(out: str | Path, plan: AnalysisPlan) -> tuple[Variant, ...]:
    """Variants that a plan asks for, and those of every analysis.

    Parameters
    ----------
    out : str or Path
        Results folder.
    plan : AnalysisPlan
        Gives thresholds of activity and factors on the offset.

    Returns
    -------
    tuple of Variant
        `activity_ratio_K` each, `exclusions_off`, `common_band`, `index_offset_xF` each; always in this order.
    """
    told = plan.sensitivity
    ratios = [
        Variant(f"activity_ratio_{k:g}", f"activity above {k:g} floors", {"detect": {"activity_ratio": k}})
        for k in told.activity_ratios
    ]
    off = Variant("exclusions_off", "nothing left out as movement, step or lost contact", EXCLUSIONS_OFF)
    offsets = [
        Variant(f"index_offset_x{factor:g}", f"offset of the rigidity index times {factor:g}", {}, factor)
        for factor in told.offset_factors
    ]
    return (*ratios, off, common_band(upper_edges_hz(out)), *offsets)


def common_band(edges_hz: Sequence[float]) -> Variant:
    """The variant in which all channels have the narrowest band of any.

    Examples
    --------
    >>> common_band([427.5, 450.0]).changes
    {'condition': {'high_hz': 427.5}}
    >>> common_band([450.0])
    Variant(name='common_band', words='all have one band to 450 Hz: nothing changes', changes={}, offset_factor=1.0)
    """
    if len(edges_hz) < 2:
        band = f"one band to {edges_hz[0]:g} Hz" if edges_hz else "no band"
        return Variant("common_band", f"all have {band}: nothing changes", {})
    words = f"all in the narrowest band, to {edges_hz[0]:g} Hz (others to {edges_hz[-1]:g} Hz)"
    return Variant("common_band", words, {"condition": {"high_hz": edges_hz[0]}})


def upper_edges_hz(out: str | Path) -> tuple[float, ...]:
    """Upper edges of the analysis band of all measured channels, each once, rising; raises as `variant_tables`."""
    folder = Path(out)
    with OutputLock(_results(folder)):
        kept, _ = settled_results(folder, None)
        edges = set()
        for unit in _measured(kept).values():
            frames = load_frames(Job.from_told(unit["job"], folder).frames_folder(unit["sha256"]), verify=False)
            edges |= {channel.band_hz[1] for channel in frames.channels if not channel.refused}
    return tuple(sorted(edges))


def _results(folder: Path) -> Path:
    """The folder, refused where no run has come to its end in it."""
    return load_results(folder).folder


def settled_results(folder: Path, study: str | Path | None = None) -> tuple[Kept, Path | None]:
    """Units of a finished run and the folder of its study, which is None where it is gone; hold the results alone.

    Raises
    ------
    ResultsError
        RESULTS_UNREADABLE: units or tables are not as the last finished run wrote them.
    """
    with reading_results(folder):
        record, problems = sealed_record(folder)
        kept = None if problems else kept_results(folder, record)
    if kept is None or kept.others:
        message = "units or tables are not as the last finished run wrote them; run the study again"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(folder))
    return kept, study_folder(folder, record, study)


def _measured(kept: Kept) -> dict[str, Unit]:
    return {name: unit for name, unit in kept.units.items() if unit["status"] == "ok"}


def _tables(
    folder: Path,
    kept: Kept,
    place: Path | None,
    variants: Sequence[Variant],
    jobs: int | None,
    progress: Callable[[int, int], object],
) -> list["pd.DataFrame"]:
    """Decide, decide once more where the level of a reference changed, merge."""
    units = [dict(kept.units) for _ in variants]
    first = [Wanted(n, variant.changes) for n, variant in enumerate(variants)]
    tasks = [_task(name, unit, place, _needed(unit, first)) for name, unit in _measured(kept).items()]
    _decide(folder, tasks, units, jobs, progress)
    again: dict[str, list[Wanted]] = {}
    for n, variant in enumerate(variants):
        for job in _referring(kept, units[n]):
            again.setdefault(job.entry.recording, []).append(Wanted(n, variant.changes, job.levels))
    tasks = [_task(name, kept.units[name], place, wanted) for name, wanted in again.items()]
    _decide(folder, tasks, units, jobs, progress)
    return [_table(kept, made, variant) for made, variant in zip(units, variants, strict=True)]


def _needed(unit: Unit, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Those that are other settings than the ones it was decided with."""
    job = Job.from_told(unit["job"], Path())
    return [one for one in wanted if check_settings(one.changes, base=job.settings) != job.settings]


def _task(name: str, unit: Unit, place: Path | None, wanted: Sequence[Wanted]) -> Task:
    file = recording_path(place, told_file(unit)) if place else None
    return Task(name, str(unit["digest"]), file, tuple(wanted))


def _decide(
    folder: Path,
    tasks: Sequence[Task],
    units: Sequence[dict[str, Unit]],
    jobs: int | None,
    progress: Callable[[int, int], object],
) -> None:
    todo = [task for task in tasks if task.wanted]
    n_decisions = sum(len(task.wanted) for task in todo)
    workers = min(jobs or usable_cores(), max(n_decisions // LEAST_RECORDINGS, 1))
    for done, (name, answer) in enumerate(decided_units(folder, todo, workers), 1):
        for n, unit in answer:
            units[n][name] = unit
        progress(done, len(todo))


def _referring(kept: Kept, units: Mapping[str, Unit]) -> list[Job]:
    jobs = [Job.from_told(unit["job"], Path()) for unit in units.values()]
    return referring_jobs(kept.study, jobs, jobs, units)


def _table(kept: Kept, units: Mapping[str, Unit], variant: Variant) -> "pd.DataFrame":
    import pandas as pd

    study = replace(kept.study, index_offset_uv=kept.study.index_offset_uv * variant.offset_factor)
    jobs = [Job.from_told(unit["job"], Path()) for unit in units.values()]
    lines = measure_lines(study, jobs, units, study_rows(study, jobs, units))
    return pd.read_parquet(io.BytesIO(parquet_bytes(MEASURE_COLUMNS, lines)))
