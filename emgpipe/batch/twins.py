"""The same bytes under two rows: refused before the run, as one of the two visits must be wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from emgpipe.batch.jobs import Job, stat_of
from emgpipe.batch.units import Heads, is_of_file
from emgpipe.errors import EmgpipeError, StudyError
from emgpipe.study.copies import alike, ends_digest


def refuse_same_bytes(jobs: Sequence[Job], chosen: Sequence[Job], heads: Heads, where: str) -> None:
    """Refuse a study in which a file that is to be computed has a copy.

    Parameters
    ----------
    jobs : sequence of Job
        All of the study.
    chosen : sequence of Job
        Those to be computed; copies among the others are left alone.
    heads : mapping of str to head or None
        Of units of earlier runs, by recording.
    where : str
        The study file, for the message.

    Raises
    ------
    StudyError
        BYTES_TWICE.

    Notes
    -----
    Only files of one size are looked into: hashes of earlier runs are taken while name, size and time of the file
    are theirs, else 64 KiB of both ends decide whether whole files are hashed. A file that is empty or cannot be read
    is no copy: it becomes a failed row.
    """
    wanted = {job.entry.recording for job in chosen}
    known = {job.entry.recording: _stored_sha256(job, heads[job.entry.recording]) for job in jobs}
    for group in alike(jobs, _size):
        if wanted.isdisjoint(job.entry.recording for job in group):
            continue
        near = (
            [group]
            if all(known[job.entry.recording] for job in group)
            else alike(group, lambda job: ends_digest(job.entry.path))
        )
        for candidates in near:
            for copies in alike(candidates, lambda job: known[job.entry.recording] or _sha256(job)):
                if not wanted.isdisjoint(job.entry.recording for job in copies):
                    raise StudyError("BYTES_TWICE", _message(copies), where=where)


def _size(job: Job) -> int:
    told = stat_of(job.entry.path)
    return int(told["size"]) if told and job.entry.path.is_file() else 0


def _stored_sha256(job: Job, head: Mapping[str, Any] | None) -> str:
    return str(head["sha256"]) if head and is_of_file(job, head) else ""


def _sha256(job: Job) -> str:
    from emgpipe.readers import file_sha256

    try:
        return file_sha256(job.entry.path)
    except EmgpipeError:
        return ""


def _message(copies: Sequence[Job]) -> str:
    first, second = (job.entry for job in copies[:2])
    more = f" and {len(copies) - 2} more" if len(copies) > 2 else ""
    return (
        f"{second.file!r} of {second.recording!r} (line {second.line}) has the same bytes as {first.file!r} of"
        f" {first.recording!r} (line {first.line}){more}; a recording is of one visit: correct recordings.csv"
    )
