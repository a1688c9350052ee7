"""SIGKILL at random moments: of a whole run, of its leader, of a worker, and twenty times on one output."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from emgpipe.batch import verify_results
from emgpipe.errors import EmgpipeError
from stress import processes, results, studies
from stress.results import Contents

KINDS = ("group", "leader", "worker", "chain")
PAGES_EACH = 5
"""Every so many runs draw pages, too."""

REDRAWS = 5
"""A run that had ended when its moment came is started again with another moment, so often."""

Case = TypeVar("Case")


class Undisturbed(NamedTuple):
    """A run that nothing disturbs: what it leaves behind, how long it takes, and when it has workers."""

    contents: Contents
    seconds: float
    workers_s: tuple[float, float]


class Bench(NamedTuple):
    """A small study and its undisturbed runs, without and with pages."""

    folder: Path
    study: Path
    plain: Undisturbed
    paged: Undisturbed

    def options(self, number: int) -> tuple[list[str], Undisturbed]:
        """Options of run `number`, and the undisturbed run to compare it with."""
        paged = number % PAGES_EACH == PAGES_EACH - 1
        return (["-j", "2"], self.paged) if paged else (["-j", "2", "--no-report"], self.plain)


class Outcome(NamedTuple):
    """One case of the bench and what was wrong after it; `hit`: where a kill fell; `unmeasured`: why not tried."""

    kind: str
    number: int
    hit: str
    offences: list[str]
    unmeasured: str = ""


def bench(folder: Path, n_recordings: int = 8, *, warm: bool = True) -> Bench:
    """Write the small study and run it undisturbed, twice at once as the cases run; once before, to compile code."""
    study = studies.small_study(folder / "study", n_recordings)
    if warm:
        processes.run("run", study, "-o", folder / "warm", "-j", "1")
        shutil.rmtree(folder / "warm", ignore_errors=True)
    wanted = [(folder / "plain", ["-j", "2", "--no-report"]), (folder / "paged", ["-j", "2"])]
    plain, paged = in_pairs([partial(_undisturbed, study, *one) for one in wanted])
    return Bench(folder, study, plain, paged)


def _undisturbed(study: Path, out: Path, options: list[str]) -> Undisturbed:
    running = processes.start("run", study, "-o", out, *options)
    seen = []
    while not running.is_over:
        if processes.workers(running):
            seen.append(running.seconds)
        time.sleep(processes.POLL_S)
    ended = processes.end(running)
    if ended.code or not seen:
        message = f"the undisturbed run failed: {ended.code}, {ended.err}"
        raise RuntimeError(message)
    return Undisturbed(results.contents(out), ended.seconds, (seen[0], seen[-1]))


def in_pairs(cases: Iterable[Callable[[], Case]]) -> Iterator[Case]:
    """Two cases at once; results in their order."""
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda case: case(), cases)


def kill_case(bench: Bench, seed: int, kind: str, number: int) -> Outcome:
    """Kill a run at a moment drawn from the seed, look at what it left, run again, compare.

    Parameters
    ----------
    bench : Bench
        Of `bench`.
    seed, number : int
        The moment follows from them.
    kind : str
        `group`, `leader` or `worker`.

    Returns
    -------
    Outcome
    """
    rng = np.random.default_rng([seed, KINDS.index(kind), number])
    out = bench.folder / f"{kind}_{number}"
    options, whole = bench.options(number)
    command = ("run", bench.study, "-o", out, *options)
    for _ in range(REDRAWS):
        shutil.rmtree(out, ignore_errors=True)
        running = processes.start(*command)
        if KILLS[kind](running, whole, rng):
            break
        processes.end(running)
    hit = phase(out)
    ended = processes.end(running)
    offences = list(ended.troubles)
    if kind == "worker":
        offences += _said(ended, 0)
    else:
        offences += results.torn(out, whole.contents)
        again = processes.run(*command)
        offences += again.troubles + _said(again, 0)
    offences += results.differences(out, whole.contents) + verified(out)
    if not offences:
        shutil.rmtree(out)
    return Outcome(kind, number, hit, offences)


def _kill_group(running: processes.Running, whole: Undisturbed, rng: np.random.Generator) -> bool:
    wait_until(running, rng.uniform(0.0, whole.seconds))
    processes.kill_group(running)
    return running.process.wait() == -signal.SIGKILL


def _kill_leader(running: processes.Running, whole: Undisturbed, rng: np.random.Generator) -> bool:
    wait_until(running, rng.uniform(0.0, whole.seconds))
    running.process.kill()
    return running.process.wait() == -signal.SIGKILL


def _kill_worker(running: processes.Running, whole: Undisturbed, rng: np.random.Generator) -> bool:
    wait_until(running, rng.uniform(*whole.workers_s))
    while not running.is_over:
        for pid in rng.permutation(processes.workers(running)):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
                return True
        time.sleep(processes.POLL_S)
    return False


KILLS = {"group": _kill_group, "leader": _kill_leader, "worker": _kill_worker}


def wait_until(running: processes.Running, moment_s: float) -> None:
    """Wait for a moment of a run, or for its end."""
    while running.seconds < moment_s and not running.is_over:
        time.sleep(processes.POLL_S / 10)


def phase(out: Path) -> str:
    """Where in its work a run is, from what lies on disk."""
    if (out / "reports").is_dir():
        return "pages"
    if (out / "run.json").exists():
        return "end"
    if any((out / name).exists() for name in results.TABLES):
        return "tables"
    return "recordings" if (out / "units").is_dir() else "start"


def chain(bench: Bench, seed: int, n_kills: int) -> Outcome:
    """Kill runs on one output, one after another, each at a random moment; then let one run end."""
    rng = np.random.default_rng([seed, KINDS.index("chain")])
    out, offences, hit = bench.folder / "chain", [], []
    command = ("run", bench.study, "-o", out, "-j", "2")
    for number in range(n_kills):
        running = processes.start(*command)
        # what a killed run has finished is not done again: moments of a whole run would soon come too late
        wait_until(running, rng.uniform(0.0, bench.paged.seconds / 2))
        processes.kill_group(running)
        ended = processes.end(running)
        hit.append(phase(out))
        troubles = ended.troubles + results.torn(out, bench.paged.contents)
        offences += [f"kill {number}: {told}" for told in troubles]
    last = processes.run(*command)
    offences += last.troubles + _said(last, 0) + results.differences(out, bench.paged.contents) + verified(out)
    return Outcome("chain", n_kills, ", ".join(dict.fromkeys(hit)), offences)


def _said(ended: processes.Ended, code: int) -> list[str]:
    """A wrong exit code, or a traceback."""
    wrong = [f"exit code {ended.code} for {code}: {ended.err[-300:]}"] if ended.code != code else []
    return wrong + (["a traceback"] if "Traceback" in ended.err else [])


def verified(out: Path) -> list[str]:
    """What `emgpipe verify` finds wrong; lines of the log that a kill tore are told, and no fault."""
    try:
        return [f"verify: {problem}" for problem in verify_results(out) if problem.is_error]
    except EmgpipeError as error:
        return [f"verify: {error}"]
