"""The same bytes under two rows: refused before the run, as one of the two visits must be wrong."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

from emgpipe.batch.jobs import Job, stat_of
from emgpipe.batch.units import read_unit
from emgpipe.errors import EmgpipeError, StudyError

ENDS_BYTES = 2**16
"""Files of one size are told apart by so many bytes of both ends before they are read whole."""


def refuse_same_bytes(jobs: Sequence[Job], chosen: Sequence[Job], where: str) -> None:
    """Refuse a study in which a file that is to be computed has a copy.

    Parameters
    ----------
    jobs : sequence of Job
        All of the study.
    chosen : sequence of Job
        Those to be computed; copies among the others are left alone.
    where : str
        The study file, for the message.

    Raises
    ------
    StudyError
        BYTES_TWICE.

    Notes
    -----
    Only files of one size are looked into: hashes of earlier runs are taken while size and time of the file are
    theirs, else 64 KiB of both ends decide whether whole files are hashed. A file that is empty or cannot be read is
    no copy: it becomes a failed row.
    """
    wanted = {job.entry.recording for job in chosen}
    for group in _same(jobs, _size):
        if wanted.isdisjoint(job.entry.recording for job in group):
            continue
        alike = [group] if all(map(_stored_sha256, group)) else _same(group, _ends)
        for candidates in alike:
            for copies in _same(candidates, lambda job: _stored_sha256(job) or _sha256(job)):
                if not wanted.isdisjoint(job.entry.recording for job in copies):
                    raise StudyError("BYTES_TWICE", _message(copies), where=where)


def _same(jobs: Sequence[Job], key: Callable[[Job], object]) -> Iterator[list[Job]]:
    """Groups of two and more with the same key; without a key a job is in no group."""
    groups: dict[object, list[Job]] = {}
    for job in jobs:
        told = key(job)
        if told:
            groups.setdefault(told, []).append(job)
    return (group for group in groups.values() if len(group) > 1)


def _size(job: Job) -> int:
    told = stat_of(job.entry.path)
    return int(told["size"]) if told and job.entry.path.is_file() else 0


def _stored_sha256(job: Job) -> str:
    unit = read_unit(job.unit_path)
    return str(unit["sha256"]) if unit and unit["stat"] == stat_of(job.entry.path) else ""


def _ends(job: Job) -> bytes:
    """First and last bytes, hashed; empty where the file cannot be read."""
    try:
        with job.entry.path.open("rb") as stream:
            digest = hashlib.sha256(stream.read(ENDS_BYTES))
            stream.seek(max(job.entry.path.stat().st_size - ENDS_BYTES, 0))
            digest.update(stream.read(ENDS_BYTES))
    except OSError:
        return b""
    return digest.digest()


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
