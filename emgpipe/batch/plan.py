"""What a run has to do for each recording, and why: told before anything is computed."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from emgpipe.batch.jobs import Job
from emgpipe.batch.units import is_current


class Planned(NamedTuple):
    """A recording of a run, and why it must be computed; `""` where it need not."""

    job: Job
    why: str


def planned(jobs: Sequence[Job], units: Mapping[str, Mapping[str, Any] | None]) -> list[Planned]:
    """Plan of a run.

    Parameters
    ----------
    jobs : sequence of Job
        Chosen recordings.
    units : mapping of str to unit or None
        By recording, as they lie on disk.

    Returns
    -------
    list of Planned
        In the order of `jobs`.
    """
    return [Planned(job, _why(job, units[job.entry.recording])) for job in jobs]


def _why(job: Job, unit: Mapping[str, Any] | None) -> str:
    if unit is None:
        return "new"
    return "" if is_current(job, unit) else "changed"
