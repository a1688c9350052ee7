"""Runs of emgpipe as processes of their own, each known by a mark in its environment: nothing else is touched."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[1]
MARK = "EMGPIPE_STRESS"
GUARD_S = 180.0
"""A run of the small study that takes longer hangs."""

ORPHANS_S = 3.0
"""Time that processes of a dead run have to leave."""

POLL_S = 0.01


class Ended(NamedTuple):
    """A run that is over: exit code (minus the signal), what it said, seconds, whether it hung, who stayed behind."""

    code: int
    out: str
    err: str
    seconds: float
    hung: bool
    orphans: int

    @property
    def troubles(self) -> list[str]:
        """Hangs and orphans, in words."""
        hung = [f"hung for {self.seconds:.0f} s"] if self.hung else []
        return hung + ([f"{self.orphans} orphans after {ORPHANS_S:g} s"] if self.orphans else [])


@dataclass
class Running:
    """A run under way."""

    process: "subprocess.Popen[bytes]"
    mark: str
    said: tuple[IO[bytes], IO[bytes]]
    begun: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.begun

    @property
    def is_over(self) -> bool:
        """Whether the leader has ended."""
        return self.process.poll() is not None


def start(
    *arguments: str | Path,
    surroundings: Mapping[str, str | None] | None = None,
    folder: Path | None = None,
    before: Sequence[str] = (),
) -> Running:
    """Start `emgpipe` in a session of its own.

    Parameters
    ----------
    *arguments : str or Path
        Of the command line.
    surroundings : mapping of str to str or None
        Environment laid over this one; None takes a name away.
    folder : Path
        To work in.
    before : sequence of str
        Command that starts the command.

    Returns
    -------
    Running
    """
    mark, said = uuid.uuid4().hex, (tempfile.TemporaryFile(), tempfile.TemporaryFile())  # noqa: SIM115
    told = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **(surroundings or {}), MARK: mark}
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "emgpipe", *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=said[0], stderr=said[1], cwd=folder or ROOT, start_new_session=True,
        env={name: text for name, text in told.items() if text is not None},
    )  # fmt: skip
    return Running(process, mark, said)


def end(running: Running, guard_s: float = GUARD_S) -> Ended:
    """Wait until a run is over and its processes are gone; what hangs or stays is killed and counted."""
    hung = False
    try:
        code = running.process.wait(guard_s)
    except subprocess.TimeoutExpired:
        hung, code = True, 0
    seconds = running.seconds
    late = time.perf_counter() + ORPHANS_S
    while not hung and (left := processes(running)) and time.perf_counter() < late:
        time.sleep(POLL_S * len(left))
    left = processes(running)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    running.process.wait()
    return Ended(code, *map(_text, running.said), seconds, hung, 0 if hung else len(left))


def run(*arguments: str | Path, guard_s: float = GUARD_S, **options: object) -> Ended:
    """`start` and `end`."""
    return end(start(*arguments, **options), guard_s)  # type: ignore[arg-type]


def kill_group(running: Running) -> None:
    """SIGKILL to every process of a run at once."""
    with suppress(ProcessLookupError):
        os.killpg(running.process.pid, signal.SIGKILL)


def processes(running: Running) -> list[int]:
    """Living processes that carry the mark of a run, its leader too."""
    wanted = f"{MARK}={running.mark}".encode()
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if wanted in _proc(folder / "environ")]


def workers(running: Running) -> list[int]:
    """Worker processes of a run; the helper that multiprocessing starts for itself is none."""
    lists = [_proc(task) for task in Path(f"/proc/{running.process.pid}/task").glob("*/children")]
    children = [int(pid) for told in lists for pid in told.split()]
    return [pid for pid in children if b"spawn_main" in _proc(Path(f"/proc/{pid}/cmdline"))]


def _proc(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended meanwhile, or is not ours
        return b""


def _text(stream: IO[bytes]) -> str:
    with stream:
        stream.seek(0)
        return stream.read().decode("utf-8", "replace")
