"""Runs of the intake: malformed files in worker processes under limits, some through the command line, fuzzed calls."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from pebble import ProcessExpired, ProcessPool

from emgpipe.readers import check_file
from stress.compose import PRIVATE
from stress.judge import Offence, judge
from stress.malformed import case
from stress.memory import forget_peak, peak_rss_mb, status_kb

LIMIT_S = 10.0
LIMIT_MB = 100.0
ALLOWANCE_BYTES = 4 * 2**30
"""Address space a worker may win: enough for threads and compiled code, too little for a lying header."""

THROUGH = 20
"""Every so many files also go through frames and measures."""

COMMAND = 40
"""Every so many files also go through `emgpipe check`."""


class Judged(NamedTuple):
    """One file: what was wrong, and the peak of memory above the idle worker."""

    family: str
    verdict: str
    offences: list[Offence]
    peak_mb: float


@dataclass
class Intake:
    """What a run over many files found."""

    seed: int
    files: int = 0
    families: Counter[tuple[str, str]] = field(default_factory=Counter)
    offences: list[Offence] = field(default_factory=list)
    peak_mb: float = 0.0
    commands: int = 0
    seconds: float = 0.0

    def add(self, judged: Judged) -> None:
        """Count one file."""
        self.files += 1
        self.families[judged.family, judged.verdict] += 1
        self.offences += judged.offences
        self.peak_mb = max(self.peak_mb, judged.peak_mb)


_IDLE_MB = 0.0
"""Of this worker, once it has judged a first file."""


def run_files(seed: int, n_files: int, workers: int = 2) -> Intake:
    """Judge files `0..n_files-1` of a seed.

    Parameters
    ----------
    seed, n_files : int
        As in `malformed.case`.
    workers : int
        Processes, each under a limit of time a file and of address space.

    Returns
    -------
    Intake
    """
    begun, out = time.perf_counter(), Intake(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for judged in _judged(seed, n_files, workers, folder):
            out.add(judged)
        for number in range(0, n_files, COMMAND):
            out.offences += command(seed, number, folder)
            out.commands += 1
    out.seconds = time.perf_counter() - begun
    return out


def _judged(seed: int, n_files: int, workers: int, folder: Path) -> Iterator[Judged]:
    with ProcessPool(workers, context=get_context("spawn"), initializer=_ready, initargs=[str(folder)]) as pool:
        asked = [pool.schedule(_judge_one, args=[seed, k, str(folder)], timeout=LIMIT_S) for k in range(n_files)]
        for number, future in enumerate(asked):
            try:
                yield future.result()
            except LateError:
                yield _lost(seed, number, "hang", f"no answer after {LIMIT_S:g} s")
            except ProcessExpired as error:
                yield _lost(seed, number, "signal", str(error))
            except Exception as error:
                yield _lost(seed, number, "uncontrolled", repr(error))


def _lost(seed: int, number: int, kind: str, told: str) -> Judged:
    made = case(seed, number)
    return Judged(made.family, made.expected.verdict, [Offence(kind, number, f"{made.name}: {told}")], 0.0)


def _ready(folder: str) -> None:
    """Limit the worker, and let it do everything once, so that what it loads is not counted as a file's."""
    global _IDLE_MB
    first = next(k for k in range(1000) if case(0, k).family == "whole" and len(case(0, k).data) > 40_000)
    judge(case(0, first), Path(folder) / f"ready{os.getpid()}.edf", through=True)
    held = status_kb("VmSize") * 1024
    if held:
        resource.setrlimit(resource.RLIMIT_AS, (held + ALLOWANCE_BYTES, held + ALLOWANCE_BYTES))
    _IDLE_MB = status_kb("VmRSS") / 1024


def _judge_one(seed: int, number: int, folder: str) -> Judged:
    made = case(seed, number)
    forget_peak()
    path = Path(folder) / f"{number}.edf"
    offences = judge(made, path, through=number % THROUGH == 0)
    peak_mb = peak_rss_mb() - _IDLE_MB if _IDLE_MB else 0.0
    path.unlink()
    if peak_mb > LIMIT_MB:
        offences.append(Offence("memory", number, f"{made.name}: {peak_mb:.0f} MB"))
    return Judged(made.family, made.expected.verdict, offences, peak_mb)


def command(seed: int, number: int, folder: Path) -> list[Offence]:
    """Judge one file through `emgpipe check`: the exit code, a line a finding, no traceback, nothing private."""
    made = case(seed, number)
    path = folder / "command.edf"
    path.write_bytes(made.data)
    said = subprocess.run(
        [sys.executable, "-m", "emgpipe", "check", path], capture_output=True, timeout=60, check=False
    )
    findings = check_file(path)
    text = (said.stdout + said.stderr).decode()
    wrong = []
    if said.returncode != (3 if any(f.severity == "error" for f in findings) else 0):
        wrong.append(f"exit code {said.returncode}")
    if sum(line.startswith("  ") for line in said.stdout.decode().splitlines()) != len(findings):
        wrong.append(f"not {len(findings)} lines of findings: {text!r}")
    if not all(line.isprintable() for line in text.split("\n")) or "Traceback" in text:
        wrong.append(f"a traceback or control characters: {text!r}")
    kinds = [Offence("command", number, f"{made.name}: {what}") for what in wrong]
    return [*kinds, *([Offence("private", number, f"{made.name}: {text!r}")] if PRIVATE in text else [])]
