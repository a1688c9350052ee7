"""What a run has to do for each recording, and why: told before anything is computed."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.events import Event, Watch, unwatched
from emgpipe.batch.finish import units_in_tables
from emgpipe.batch.jobs import Job, study_jobs
from emgpipe.batch.locked import change_finding
from emgpipe.batch.names import unmatched_names
from emgpipe.batch.place import refuse_place
from emgpipe.batch.referring import as_last_decided, referring_jobs
from emgpipe.batch.shards import Shard
from emgpipe.batch.twins import refuse_same_bytes
from emgpipe.batch.units import Heads, Units, is_current, is_of_file, read_head, read_unit, whole_unit
from emgpipe.errors import EmgpipeError, NoInputError
from emgpipe.recording import Finding
from emgpipe.study import Study, load_study

WHYS = {
    "new": "it was never computed",
    "damaged": "its unit is not as it was written, or gone though tables hold it",
    "file": "name, size or time of the file changed",
    "conditioning": "a setting of `condition` changed: frames and verdicts",
    "study": "study.toml or recordings.csv tell something else of it: labels, pairs, segments, floors, exclusions",
    "strict": "`--strict` was given or left out",
    "decision": "a threshold changed: verdicts only",
    "version": "another version of emgpipe computed it",
    "frames": "its frames are gone from the cache",
    "retry": "it failed: its worker was lost, too slow or short of open files, or `--retry-failed` was given",
    "reference": "the level that it refers to in another recording changed: verdicts only",
}
"""Why a recording is computed; where several apply, the first."""

_OTHER_SETTINGS = "other settings or another word of the study"
_MIXED = {
    **dict.fromkeys(("conditioning", "study", "strict", "decision", "reference"), _OTHER_SETTINGS),
    "version": "another version of emgpipe",
    "file": "a file that changed or is gone",
}
"""Whys of recordings that were not asked for, as the finding SETTINGS_MIXED names them."""

LOST = ("WORKER_LOST", "TIMEOUT", "OPEN_FILES")
"""Codes of units that say nothing of their file: the next run tries again."""


TOLD = 5
"""Unknown names that a refusal tells."""


class Planned(NamedTuple):
    """A recording of a run, and why it must be computed (see `WHYS`); `""` where it need not."""

    job: Job
    why: str


class Work(NamedTuple):
    """A study, the jobs of all its recordings, and those that were asked for."""

    study: Study
    jobs: tuple[Job, ...]
    chosen: tuple[Job, ...]


def plan_study(
    study: str | Path | Study,
    out: str | Path,
    *,
    settings: str | Path | None = None,
    subjects: Sequence[str] = (),
    visits: Sequence[str] = (),
    allow_outside: bool = False,
    strict: bool = False,
    retry_failed: bool = False,
    shard: str | None = None,
    watch: Watch = unwatched,
) -> list[Planned]:
    r"""Tell what `run_study` would compute, and why; nothing is written, made or locked.

    Parameters
    ----------
    study, out, settings, subjects, visits, allow_outside, strict, retry_failed, shard
        As in `run_study`.
    watch : callable
        Called with the findings on the study, and on results that are locked.

    Returns
    -------
    list of Planned
        Recordings that were asked for, in the order of the study; among them those that were not, where the unit that
        tables hold is damaged or the reference that they rest on changed. References that change in the course of a
        run are not known before it.

    Raises
    ------
    SettingsError, StudyError, NoInputError
        As in `run_study`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "study.toml").write_text('[study]\nid = "SPS"\nmains_hz = 50\n')
    ...     _ = (Path(folder) / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,a.edf,rest\n")
    ...     [(one.job.entry.recording, one.why) for one in plan_study(folder, Path(folder) / "results")]
    [('P01_V1_rest', 'new')]
    """
    part = Shard.parsed(shard) if shard is not None else None
    work = chosen_work(
        study, Path(out), settings, subjects, visits, allow_outside=allow_outside, strict=strict, shard=part
    )
    heads = heads_of(work.jobs)
    if findings := tuple(checked(work, heads)):
        watch(Event("finding", where=str(work.study.path), findings=findings))
    plan = planned(work, heads, retry_failed=retry_failed)
    plan += lost_others(work, heads) if part is None else []
    told = {one.job.entry.recording: one for one in plan}
    for job in referring(work, heads, units_of(work.jobs)) if part is None and work.study.reference else ():
        told[job.entry.recording] = Planned(job, "reference")
    if locked := tuple(change_finding(Path(out), sum(bool(one.why) for one in told.values()))):
        watch(Event("finding", where=str(out), findings=locked))
    return [told[job.entry.recording] for job in work.jobs if job.entry.recording in told]


def chosen_work(
    study: str | Path | Study,
    out: Path,
    settings: str | Path | None,
    subjects: Sequence[str],
    visits: Sequence[str],
    *,
    allow_outside: bool,
    strict: bool,
    shard: Shard | None = None,
) -> Work:
    """Load a study and select recordings; raises what `run_study` raises before any work."""
    loaded = study if isinstance(study, Study) else load_study(study, settings=settings, allow_outside=allow_outside)
    refuse_place(loaded, out)
    jobs = study_jobs(loaded, out, strict=strict)
    chosen = _selected(loaded, jobs, subjects, visits)
    return Work(loaded, jobs, shard.share(jobs, chosen) if shard else chosen)


def heads_of(jobs: Sequence[Job]) -> dict[str, Mapping[str, Any] | None]:
    """Heads of the units as they lie on disk, by recording."""
    return {job.entry.recording: read_head(job.unit_path) for job in jobs}


def checked(work: Work, heads: Heads) -> list[Finding]:
    """Findings on names in study.toml; raises StudyError BYTES_TWICE."""
    refuse_same_bytes(work.jobs, work.chosen, heads, str(work.study.path))
    return unmatched_names(work.study, work.jobs)


def planned(work: Work, heads: Heads, *, retry_failed: bool = False) -> list[Planned]:
    """Plan of the chosen recordings, in the order of the study.

    Parameters
    ----------
    work : Work
        See `chosen_work`.
    heads : mapping of str to head or None
        Of the units on disk, by recording.
    retry_failed : bool
        Compute failed ones though nothing changed.

    Returns
    -------
    list of Planned
        Jobs with the reference levels that their unit was decided with.
    """
    out = []
    for job in work.chosen:
        head = heads[job.entry.recording]
        last = as_last_decided(work.study, job, head)
        out.append(Planned(last, _why(last, head, retry_failed=retry_failed)))
    return out


def units_of(jobs: Sequence[Job]) -> dict[str, Mapping[str, Any] | None]:
    """Units as they lie on disk, by recording; another run may be replacing them."""
    return {job.entry.recording: read_unit(job.unit_path) for job in jobs}


def referring(work: Work, heads: Heads, units: Units | None = None) -> list[Job]:
    """Jobs of current units, chosen or not, whose reference in another recording is not the one they rest on.

    Without `units` they are read, and must be those of the heads.
    """
    if not work.study.reference:
        return []
    last = [as_last_decided(work.study, job, heads[job.entry.recording]) for job in work.jobs]
    current = [job for job in last if is_current(job, heads[job.entry.recording])]
    units = units or {job.entry.recording: whole_unit(job, heads[job.entry.recording]) for job in work.jobs}
    return referring_jobs(work.study, work.jobs, current, units)


def lost_others(work: Work, heads: Heads) -> list[Planned]:
    """Recordings that were not asked for, but whose rows would leave the tables: their unit is damaged or gone."""
    chosen = {job.entry.recording for job in work.chosen}
    lost = [job for job in work.jobs if job.entry.recording not in chosen and heads[job.entry.recording] is None]
    held = units_in_tables(lost[0].out) if lost else frozenset()
    return [Planned(job, "damaged") for job in lost if job.entry.recording in held or job.unit_path.exists()]


def mixed_settings(work: Work, heads: Heads) -> list[Finding]:
    """Say how many recordings that were not asked for have results that a run of the whole study would replace."""
    chosen = {job.entry.recording for job in work.chosen}
    whys = Counter(
        _MIXED.get(_why(as_last_decided(work.study, job, head), head, retry_failed=False), "")
        for job in work.jobs
        if job.entry.recording not in chosen and (head := heads[job.entry.recording]) and "digest" in head
    )
    told = [f"{whys[what]} of {what}" for what in dict.fromkeys(_MIXED.values()) if whys[what]]
    if not told:
        return []
    message = f"results that were kept are not as this study says now: {', '.join(told)}; run without a selection"
    return [Finding("SETTINGS_MIXED", "warning", "", message)]


def _selected(study: Study, jobs: Sequence[Job], subjects: Sequence[str], visits: Sequence[str]) -> tuple[Job, ...]:
    """Jobs of these subjects and visits; every name must be one of the study: a slip of the pen selects nothing."""
    where = str(study.path)
    for what, names in (("subject", subjects), ("visit", visits)):
        known = {getattr(entry, what) for entry in study.entries}
        if unknown := [name for name in dict.fromkeys(names) if name not in known]:
            told = ", ".join(f"{name!r} ({_nearest(name, known)})" for name in unknown[:TOLD])
            more = f" and {len(unknown) - TOLD} more" if len(unknown) > TOLD else ""
            raise NoInputError("NO_MATCH", f"no recording is of {what} {told}{more}; see recordings.csv", where=where)
    chosen = [
        j for j in jobs if (not subjects or j.entry.subject in subjects) and (not visits or j.entry.visit in visits)
    ]
    if not chosen:
        message = f"no recording of subjects {list(subjects)!r} is of visits {list(visits)!r}; see recordings.csv"
        raise NoInputError("NO_MATCH", message, where=where)
    return tuple(chosen)


def _nearest(name: str, known: Iterable[str]) -> str:
    """The nearest known name, large and small letters alike, or the first of them: a trial may have thousands."""
    by_small = {one.casefold(): one for one in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), by_small, n=1, cutoff=0.5)
    return f"nearest is {by_small[close[0]]!r}" if close else f"there is {next(iter(by_small.values()))!r}"


def _why(job: Job, head: Mapping[str, Any] | None, *, retry_failed: bool) -> str:
    if head is None:
        return "damaged" if job.unit_path.exists() else "new"
    if not is_of_file(job, head):
        return "retry" if head["code"] in LOST else "file"
    if head["key"] != job.key(head["sha256"]):
        return _changed(job, head)
    if not is_current(job, head):
        return "frames"
    again = head["code"] in LOST or (retry_failed and head["status"] == "failed")
    return "retry" if again else ""


def _changed(job: Job, head: Mapping[str, Any]) -> str:
    """What a unit of another key was made with, that is not so now."""
    try:
        was = Job.from_told(head["job"], job.out)
    except (EmgpipeError, KeyError, TypeError, ValueError):  # of a version that told other facts
        return "version"
    differs = {
        "conditioning": was.settings.condition != job.settings.condition,
        "study": _of_study(was) != _of_study(job),
        "strict": was.strict != job.strict,
        "decision": was.settings != job.settings,
        "reference": was.levels != job.levels,
    }
    return next((why for why, so in differs.items() if so), "version")


def _of_study(job: Job) -> tuple[object, ...]:
    entry = job.entry
    here = (job.declared_rest, job.hardware, entry.exclude_channels, entry.prime_mover)
    return (job.mains_hz, job.channels, job.units, job.meanings, job.pairs, job.floors, job.reference, *here)
