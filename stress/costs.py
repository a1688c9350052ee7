"""What reliability costs: reruns with nothing to do, the engine around each recording, going on after a kill."""

import dataclasses
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from emgpipe.batch.engine import engine_of
from emgpipe.batch.jobs import Job, study_jobs
from emgpipe.store import write_bytes
from emgpipe.study import load_study
from stress import processes, studies
from stress.figures import Figure, rounded

N_CACHED, CACHED_TASKS = 1000, 100
OVERHEAD_JOBS = (100, 600)
CACHED_GOAL_S, OVERHEAD_GOAL_MS, RESUMED_GOAL = 5.0, 5.0, 0.65
GUARD_S = 1200.0


def cached(folder: Path, n_recordings: int = N_CACHED) -> Figure:
    """Rerun of a study of which everything is done, pages too, through the command line; the middle of three."""
    study = studies.small_study(folder / "thousand", n_recordings, n_tasks=CACHED_TASKS, channels=1)
    command = ("run", study, "-o", folder / "thousand_out", "-j", "2")
    first = processes.run(*command, guard_s=GUARD_S)
    again = [processes.run(*command) for _ in range(3)]
    seconds = statistics.median(one.seconds for one in again)
    good = all(one.code == 0 and "nothing to compute" in one.out for one in again) and first.code == 0
    return Figure(
        f"Rerun of {n_recordings:,} recordings that are done (`emgpipe run` with pages; "
        f"the first run took {rounded(first.seconds)} s)",
        f"<= {CACHED_GOAL_S:g} s",
        f"{rounded(seconds)} s" + ("" if good else ", and a run failed"),
        good and seconds <= CACHED_GOAL_S,
    )


def overhead(folder: Path) -> Figure:
    """Time of the engine around a recording, two workers: jobs that do nothing but write a failed unit.

    Start-up is taken out by the difference of a long and a short run; the work itself, done in this process, and the
    fsync in it are told beside it.
    """
    study = studies.small_study(folder / "one", 1, channels=1)
    job = study_jobs(load_study(study), folder / "one_out")[0]
    few, many = (_missing(job, n) for n in OVERHEAD_JOBS)
    n_more = len(many) - len(few)
    pooled_ms = 1000 * (_seconds(2, many, folder) - _seconds(2, few, folder)) / n_more
    serial_ms = 1000 * (_seconds(1, many, folder) - _seconds(1, few, folder)) / n_more
    over_ms = max(0.0, pooled_ms - serial_ms / 2)
    sync_ms = _write_ms(folder / "synced")
    return Figure(
        f"Engine at `-j 2` around a recording (the unit itself {rounded(serial_ms)} ms in one process, "
        f"of which {rounded(sync_ms)} ms to write a file safely)",
        f"<= {OVERHEAD_GOAL_MS:g} ms",
        f"{rounded(over_ms)} ms",
        over_ms <= OVERHEAD_GOAL_MS,
    )


def _missing(job: Job, n_jobs: int) -> list[Job]:
    """Jobs of files that are not there."""
    names = [f"none_{number:04d}" for number in range(n_jobs)]
    entries = [dataclasses.replace(job.entry, file=f"{n}.edf", path=Path(f"{n}.edf"), task=n) for n in names]
    return [dataclasses.replace(job, entry=entry) for entry in entries]


def _seconds(workers: int, jobs: Sequence[Job], folder: Path) -> float:
    """Middle of three runs of an engine over jobs."""
    taken = []
    for _ in range(3):
        shutil.rmtree(folder / "one_out", ignore_errors=True)
        (folder / "one_out" / "units").mkdir(parents=True)
        begun = time.perf_counter()
        n_done = sum(1 for _ in engine_of(workers)(jobs))
        taken.append(time.perf_counter() - begun)
        if n_done != len(jobs):
            message = f"{n_done} of {len(jobs)} jobs came back"
            raise RuntimeError(message)
    return statistics.median(taken)


def _write_ms(folder: Path) -> float:
    begun = time.perf_counter()
    for number in range(100):
        write_bytes(folder / f"{number}.jsonl", b"x" * 2000)
    return 10 * (time.perf_counter() - begun)


def resumed(folder: Path, study: Path, repeats: int = 3) -> Figure:
    """Rerun after a kill at half of the units, in shares of a whole run; the middle of some repeats.

    Parameters
    ----------
    folder : Path
        To write into.
    study : Path
        Long enough that starting is a small part.
    repeats : int
        Whole runs and killed ones, in turn.

    Returns
    -------
    Figure
    """
    n_half, whole, rest = len(load_study(study).entries) / 2, [], []
    for number in range(repeats):
        command = ("run", study, "-o", folder / f"whole_{number}", "-j", "2", "--no-report")
        whole.append(processes.run(*command, guard_s=GUARD_S).seconds)
        out = folder / f"half_{number}"
        command = ("run", study, "-o", out, "-j", "2", "--no-report")
        running = processes.start(*command)
        while not running.is_over and len(list((out / "units").glob("[!.]*"))) < n_half:
            time.sleep(processes.POLL_S)
        processes.kill_group(running)
        processes.end(running)
        rest.append(processes.run(*command, guard_s=GUARD_S).seconds)
    share = statistics.median(rest) / statistics.median(whole)
    return Figure(
        f"Rerun after a kill at half of {round(2 * n_half)} recordings, in shares of a whole run "
        f"of {rounded(statistics.median(whole))} s",
        f"<= {RESUMED_GOAL:.0%}",
        f"{share:.0%}",
        share <= RESUMED_GOAL,
    )
