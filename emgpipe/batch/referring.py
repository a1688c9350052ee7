"""Recordings whose reference contraction lies in another one: decided once more when its level is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from emgpipe.batch.jobs import Job, told_levels
from emgpipe.batch.units import Units, recording_rows
from emgpipe.measures.reference import ReferenceLevel, reference_level
from emgpipe.study import Study
from emgpipe.summary import StudyRow
from emgpipe.summary.references import Levels, Reference, level_for, reference_rows_by_muscle


def as_last_decided(study: Study, job: Job, unit: Mapping[str, Any] | None) -> Job:
    """Job with the reference levels that its unit was decided with, where the study has a reference."""
    return replace(job, levels=told_levels(unit["job"])) if study.reference and unit else job


def referring_jobs(study: Study, jobs: Sequence[Job], current: Sequence[Job], units: Units) -> list[Job]:
    """Jobs whose rows rest on levels of other recordings that are not those they were decided with.

    Parameters
    ----------
    study : Study
        Names the reference.
    jobs, current : sequence of Job
        All of the study; those whose unit is current, with the levels that it was decided with.
    units : mapping of str to unit or None
        By recording.

    Returns
    -------
    list of Job
        With the levels of now; empty where every reference lies in the recording itself.

    Notes
    -----
    Levels are rows of the reference contractions, which rest on no reference themselves: one more
    decision is enough. Frames are in the cache, so it costs little.
    """
    if not study.reference:
        return []
    wanted = Reference.parse(study.reference)
    levels = reference_rows_by_muscle(recording_rows(jobs, units), wanted)
    out = []
    for job in current:
        unit = units[job.entry.recording]
        if unit is not None and unit["status"] == "ok":
            now = replace(job, levels=levels_elsewhere(recording_rows([job], units), levels, wanted))
            out += [now] if now.levels != job.levels else []
    return out


def levels_elsewhere(
    rows: Sequence[StudyRow], levels: Levels, wanted: Reference
) -> tuple[tuple[str, ReferenceLevel], ...]:
    """Levels of the muscles of pairs that other recordings give, by muscle."""
    muscles = {m for r in rows if r.row.measure == "cc_fw_pct" for m in r.row.target.split("/")}
    out = {}
    for r in rows:
        muscle = r.row.target
        if muscle in muscles and muscle not in out:
            there = levels.get((r.subject, wanted.visit or r.visit, muscle), [])
            own = reference_level([one.row for one in there if one.recording == r.recording])
            if own.level_uv is None and any(one.recording != r.recording for one in there):
                out[muscle] = level_for(r, levels, wanted)
    return tuple(sorted(out.items()))
