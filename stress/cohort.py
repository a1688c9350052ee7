"""A simulated cohort end to end: time, memory of leader and workers, size of the results."""

import time
from pathlib import Path
from typing import NamedTuple

from stress import processes, studies
from stress.figures import Figure, rounded

N_RECORDINGS = 200
GUARD_S = 1800.0
WATCH_S = 0.05


class Peaks(NamedTuple):
    """Largest resident memory of the leader, and of any worker, MB."""

    leader_mb: float
    worker_mb: float


def run_cohort(folder: Path, n_recordings: int = N_RECORDINGS) -> tuple[Path, list[Figure]]:
    """Simulate a cohort, run it with two workers, draw its pages, verify it.

    Parameters
    ----------
    folder : Path
        To write into.
    n_recordings : int
        Of 120 s, four channels, 2000 Hz.

    Returns
    -------
    study : Path
        `study.toml`.
    figures : list of Figure
        Told, no goals.
    """
    study = studies.cohort(folder / "cohort", n_recordings)
    out = folder / "cohort_out"
    tables, peaks = _watched("run", study, "-o", out, "-j", "2", "--no-report")
    pages = processes.run("report", out, guard_s=GUARD_S)
    begun = time.perf_counter()
    verified = processes.run("verify", out)
    verify_s = time.perf_counter() - begun
    good = tables.code == pages.code == verified.code == 0
    sizes = {name: _mb(out / name) for name in ("cache", "units", "reports", ".")}
    told = [
        (f"`emgpipe run -j 2 --no-report` of {n_recordings} recordings", f"{rounded(tables.seconds)} s"),
        ("`emgpipe report` of its visits", f"{rounded(pages.seconds)} s"),
        ("`emgpipe verify` of it", f"{rounded(verify_s)} s"),
        ("Peak memory of the leader", f"{rounded(peaks.leader_mb)} MB"),
        ("Peak memory of a worker", f"{rounded(peaks.worker_mb)} MB"),
        ("Size of the recordings", f"{rounded(_mb(study.parent))} MB"),
        (
            "Size of the results, of these frames, units, pages",
            f"{rounded(sizes['.'])} MB, " + ", ".join(rounded(sizes[n]) for n in ("cache", "units", "reports")),
        ),
    ]
    return study, [Figure(title, "told", measured, good) for title, measured in told]


def _watched(*command: str | Path) -> tuple[processes.Ended, Peaks]:
    """Run a command and look at the memory of its processes meanwhile."""
    running, leader_mb, worker_mb = processes.start(*command), 0.0, 0.0
    while not running.is_over:
        for pid in processes.processes(running):
            peak_mb = _peak_mb(pid)
            if pid == running.process.pid:
                leader_mb = max(leader_mb, peak_mb)
            else:
                worker_mb = max(worker_mb, peak_mb)
        time.sleep(WATCH_S)
    return processes.end(running, GUARD_S), Peaks(leader_mb, worker_mb)


def _peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:  # it has ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def _mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
