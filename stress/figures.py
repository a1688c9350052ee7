"""Figures of the intake: a huge sparse file, a thousand small ones, the time that a header takes."""

import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emgpipe.readers import check_file, read_recording
from stress.bases import BASES, base
from stress.compose import File, Signal, compose, header
from stress.memory import peak_rss_mb

HUGE_BYTES = 3 * 2**30
BLOCK_S = 60.0


class Figure(NamedTuple):
    """One claim: what was measured, and the goal beside it; `holds` is None where it could not be measured."""

    title: str
    goal: str
    measured: str
    holds: bool | None


def all_figures(folder: Path) -> list[Figure]:
    """Measure everything in a folder that may hold a sparse file of 3 GiB."""
    return [*huge(folder), thousand(folder), header_time(folder)]


def rounded(value: float) -> str:
    """Write a figure to one digit, so that only a real change shows: `0.03`, `2`, `400`."""
    if value <= 0:
        return "0"
    digits = -math.floor(math.log10(value))
    return f"{round(value, digits):.{max(digits, 0)}f}"


def huge(folder: Path) -> list[Figure]:
    """A legal sparse EDF of 3 GiB: `emgpipe check`, and all samples of all signals by blocks."""
    path = folder / "huge.edf"
    sparse(path, HUGE_BYTES)
    check_s = min(_timed("check", path).processor_s for _ in range(5))
    told = json.loads(_run("-m", "stress.figures", path).stdout)
    path.unlink()
    over_mb = told["peak_mb"] - told["bare_mb"]
    samples = f"{told['samples'] / 1e9:.1f} thousand million samples"
    return [
        Figure(
            "`emgpipe check` of a legal sparse file of 3 GiB, processor time, the start of Python included",
            "<= 0.5 s",
            f"{rounded(check_s)} s",
            check_s <= 0.5,
        ),
        Figure(
            f"Opening it and reading {samples} by blocks of a minute, peak memory above a bare interpreter",
            "<= 150 MB",
            f"{rounded(over_mb)} MB",
            over_mb <= 150,
        ),
    ]


def sparse(path: Path, size: int) -> None:
    """Write a legal plain EDF of at least `size` bytes: 8 signals of 2000 Hz, a header, and a hole behind it."""
    signals = tuple(Signal(f"EMG {name}", 2000, digital=np.zeros((0, 0), np.int32)) for name in _NAMES)
    file = File("huge", signals, ())
    n_records = -(-size // file.record_bytes)
    with path.open("wb") as out:
        out.write(header(file, {("number of records", -1): str(n_records).encode()}))
        out.truncate(file.header_bytes + n_records * file.record_bytes)


_NAMES = ("TA_R", "TA_L", "GM_R", "GM_L", "RF_R", "RF_L", "BF_R", "BF_L")


def thousand(folder: Path) -> Figure:
    """`emgpipe check` of a folder of 1,000 small legal files, in one process."""
    below = folder / "thousand"
    below.mkdir()
    rng = np.random.default_rng(1)
    for number in range(1000):
        file = base(rng, *(kind for kind in BASES if kind != "other quantities"))
        (below / f"{number:04d}.edf").write_bytes(compose(file))
    seconds = _timed("check", below).wall_s
    return Figure(
        "`emgpipe check` of 1,000 small files in one process", "<= 10 s", f"{rounded(seconds)} s", seconds <= 10
    )


def header_time(folder: Path) -> Figure:
    """Median time of `check_file`: opening a file, its header, all findings."""
    path = folder / "small.edf"
    path.write_bytes(compose(BASES["mixed rates"](np.random.default_rng(1))))
    spent_ms = []
    for _ in range(300):
        begun = time.perf_counter()
        check_file(path)
        spent_ms.append(1000 * (time.perf_counter() - begun))
    middle = float(np.median(spent_ms))
    return Figure("Opening and checking a header of six signals", "<= 5 ms", f"{rounded(middle)} ms", middle <= 5)


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


class _Spent(NamedTuple):
    wall_s: float
    processor_s: float


def _timed(*arguments: str | Path) -> _Spent:
    """Run a command of ours; processor time does not count what else the machine does."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    _run("-m", "emgpipe", *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return _Spent(time.perf_counter() - begun, processor_s)


def read_by_blocks(path: Path) -> dict[str, float]:
    """Open a file and read every signal by blocks, all signals of a stretch before the next; memory in MB."""
    bare = json.loads(_run("-c", "from stress.memory import peak_rss_mb; print(peak_rss_mb())").stdout)
    recording, samples = read_recording(path), 0
    for start_s in np.arange(0, recording.duration_s, BLOCK_S):
        for signal in recording.signals:
            samples += len(recording.read(signal.index, start_s, start_s + BLOCK_S))
    return {"bare_mb": bare, "peak_mb": peak_rss_mb(), "samples": samples}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read_by_blocks(Path(sys.argv[1]))))
