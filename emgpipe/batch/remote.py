"""What a worker of a cluster does with one recording; it knows nothing of who sent it."""

import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from emgpipe.batch.jobs import MEASURES_VERSION, Job
from emgpipe.batch.units import read_head, save_unit
from emgpipe.errors import EngineError
from emgpipe.frames.model import FRAMES_VERSION

TOKEN = "token"
SEE_S = 10.0
"""A folder made a moment ago may take this long to be seen on another machine."""


class Order(NamedTuple):
    """What travels out with every job of a run.

    Attributes
    ----------
    room : Path
        Folder below the results that this run has made: the token lies in it, a mark of every try, and the units that
        workers have written. It goes with the run, so that who comes late writes over nothing.
    token : str
        What the token file must hold: the folder is seen here, and the run still goes on.
    versions : mapping of str to str
        What numbers come from, where the run was started.
    limit_s : float
        Time for one recording.
    alone : bool
        Whether nothing else of this run is at work meanwhile.
    """

    room: Path
    token: str
    versions: Mapping[str, str]
    limit_s: float
    alone: bool = False

    def unit(self, job: Job) -> Path:
        """Where a worker writes a unit; the run itself puts it in its place."""
        return self.room / job.unit_path.name

    def mark(self, job: Job) -> Path:
        """Where a try of a job is marked; one among others and one alone are two."""
        return self.room / f"{job.entry.recording}.{'alone' if self.alone else 'first'}"


class Witness(NamedTuple):
    """What a worker sees: its versions, whether it reads the token, and the recordings that it does not find."""

    versions: Mapping[str, str]
    reads_token: bool
    unseen: Sequence[str]


def work_on(job: Job, order: Order, seen: bool) -> str:  # noqa: FBT001 (it travels as data)
    """Write the unit of a job into the folder of the run.

    Parameters
    ----------
    job : Job
        Its paths are absolute.
    order : Order
        Of the run.
    seen : bool
        Whether the recording is there, seen from where the run was started.

    Returns
    -------
    str
        Digest of the unit; `""` where a process has ended at this job before, or the run is over: nothing was written.

    Raises
    ------
    EngineError
        CLUSTER_DIFFERS, CLUSTER_BLIND: what this worker writes would be worth nothing.
    StoreError
        The results folder cannot be written.
    """
    refuse_unfit(witness(order, [job.entry.path] if seen else [], patience_s=SEE_S), order, platform.node())
    try:
        order.mark(job).touch(exist_ok=False)
    except FileExistsError:
        return ""
    from emgpipe.batch.work import computed_unit

    with _limited(order.mark(job), order.limit_s):
        unit = computed_unit(job)
        if not _reads(order.room / TOKEN, order.token):
            return ""
        save_unit(order.unit(job), unit)
    head = read_head(order.unit(job))
    return str(head["digest"]) if head else ""


def versions() -> dict[str, str]:
    """What the numbers in a unit come from; it must be one on all machines of a run."""
    python = ".".join(platform.python_version_tuple()[:2])
    packages = {name: version(name) for name in ("emgpipe", "numpy", "scipy", "numba")}
    return {"Python": python, **packages, "frames": str(FRAMES_VERSION), "measures": str(MEASURES_VERSION)}


def witness(order: Order, recordings: Sequence[Path], patience_s: float = 0.0) -> Witness:
    """Tell what is seen here; `patience_s`: how long to look again for what is not seen yet."""
    last = time.monotonic() + patience_s
    while True:
        told = Witness(
            versions(),
            _reads(order.room / TOKEN, order.token),
            [path.name for path in recordings if not path.is_file()],
        )
        if (told.reads_token and not told.unseen) or time.monotonic() >= last:
            return told
        time.sleep(0.5)


def refuse_unfit(told: Witness, order: Order, where: str) -> None:
    """Refuse a worker that would write other numbers, or to another place.

    Raises
    ------
    EngineError
        CLUSTER_DIFFERS, CLUSTER_BLIND.
    """
    differing = [
        f"{name} {told.versions.get(name)!r} (here {wanted!r})"
        for name, wanted in order.versions.items()
        if told.versions.get(name) != wanted
    ]
    if differing:
        message = f"a worker has {', '.join(differing)}; install one environment on all machines"
        raise EngineError("CLUSTER_DIFFERS", message, where=where)
    if not told.reads_token or told.unseen:
        missed = f"the recording {told.unseen[0]!r}" if told.reads_token else "the results folder"
        message = f"a worker does not see {missed}; both must lie on a file system that all machines share"
        raise EngineError("CLUSTER_BLIND", message, where=where)


def _reads(path: Path, text: str) -> bool:
    try:
        return path.read_text("utf-8") == text
    except (OSError, ValueError):
        return False


@contextmanager
def _limited(mark: Path, limit_s: float) -> Iterator[None]:
    """End this process when the time is over: nothing else ends a loop in compiled code."""
    timer = Timer(min(limit_s, 1e6), _give_up, [mark])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up(mark: Path) -> None:
    with suppress(OSError):
        mark.write_text("TIMEOUT", "utf-8")
    os._exit(1)
