"""Disks that are full or cannot be written: one coded line, nothing torn, and a rerun that completes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stress import processes, results
from stress.kills import Bench, verified

LIMITS_BYTES = (1_000, 3_000, 8_000, 20_000, 30_000)
"""Of a single file: too little for a few lines of the log, frames, units, tables."""

SHARES = (0.02, 0.2, 0.5, 0.8, 0.95)
"""Sizes of the small disk, of what an undisturbed run needs."""

ROOM = "size=512m"
REASONS = ("No space left", "File too large", "Read-only file system", "quota")


class NotMountedError(Exception):
    """A disk could not be mounted here; the words say why."""


def limited(bench: Bench, limit_bytes: int) -> list[str]:
    """Run under a limit on the size of a file, then without.

    Parameters
    ----------
    bench : Bench
        Of `kills.bench`.
    limit_bytes : int
        `RLIMIT_FSIZE`.

    Returns
    -------
    list of str
        What was wrong.
    """
    out = bench.folder / f"limit_{limit_bytes}"
    code = (
        "import os, resource, sys;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2);"
        "os.execv(sys.argv[2], sys.argv[2:])"
    )
    ended = processes.run(*_command(bench, out), before=(sys.executable, "-c", code, str(limit_bytes)))
    return _refused(ended, out, bench) + _completed(bench, out)


def small_disk(bench: Bench, share: float) -> list[str]:
    """Run on a disk that holds a share of what is needed, then give it room."""
    # a file takes whole blocks
    n_bytes = sum(-(-path.stat().st_size // 4096) * 4096 for path in (bench.folder / "plain").rglob("*"))
    with _disk(bench.folder / f"disk_{share:g}", f"size={int(n_bytes * share)}") as disk:
        ended = processes.run(*_command(bench, disk / "out"))
        wrong = _refused(ended, disk / "out", bench)
        _mount("-o", f"remount,{ROOM}", disk)
        return wrong + _completed(bench, disk / "out")


def read_only(bench: Bench) -> list[str]:
    """Run into a folder of a read-only disk, then make it writable."""
    with _disk(bench.folder / "read_only", ROOM) as disk:
        _mount("-o", "remount,ro", disk)
        ended = processes.run(*_command(bench, disk / "out"))
        wrong = _refused(ended, disk / "out", bench)
        _mount("-o", "remount,rw", disk)
        return wrong + _completed(bench, disk / "out")


def read_only_results(bench: Bench) -> list[str]:
    """Run again, with another setting, into results that became read-only: they stay as they are."""
    with _disk(bench.folder / "read_only_results", ROOM) as disk:
        shutil.copytree(bench.folder / "plain", disk / "out")
        _mount("-o", "remount,ro", disk)
        settings = bench.folder / "other.toml"
        settings.write_text("[detect]\nactivity_ratio = 3.0\n", encoding="utf-8")
        ended = processes.run(*_command(bench, disk / "out"), "--settings", settings)
        wrong = _refused(ended, disk / "out", bench)
        wrong += results.differences(disk / "out", bench.plain.contents)
        _mount("-o", "remount,rw", disk)
        return wrong + _completed(bench, disk / "out")


def read_only_study(bench: Bench) -> list[str]:
    """Run a study that lies on a read-only disk: nothing is written beside an input."""
    with _disk(bench.folder / "read_only_study", ROOM) as disk:
        shutil.copytree(bench.study.parent, disk / "study")
        _mount("-o", "remount,ro", disk)
        out = bench.folder / "of_read_only_study"
        ended = processes.run("run", disk / "study", "-o", out, "-j", "2", "--no-report")
        wrong = [f"exit code {ended.code}: {ended.err}"] if ended.code else []
        return wrong + results.table_differences(out, bench.plain.contents)


def _command(bench: Bench, out: Path) -> tuple[str | Path, ...]:
    return ("--quiet", "run", bench.study, "-o", out, "-j", "2", "--no-report")


def _refused(ended: processes.Ended, out: Path, bench: Bench) -> list[str]:
    """Anything but an exit code and one coded line with path and reason, and torn files."""
    wrong, lines = list(ended.troubles), ended.err.splitlines()
    if ended.code <= 0:
        wrong.append(f"exit code {ended.code}")
    told = lines[0] if len(lines) == 1 else ""
    if "STORE_UNWRITABLE" not in told or str(out) not in told or not any(reason in told for reason in REASONS):
        wrong.append(f"refused with {ended.err[-500:]!r}")
    return wrong + (results.torn(out, bench.plain.contents) if out.exists() else [])


def _completed(bench: Bench, out: Path) -> list[str]:
    ended = processes.run(*_command(bench, out))
    wrong = [f"the rerun: exit code {ended.code}: {ended.err[-300:]}"] if ended.code else []
    return wrong + ended.troubles + results.differences(out, bench.plain.contents) + verified(out)


@contextmanager
def _disk(folder: Path, options: str) -> Iterator[Path]:
    """Mount a small disk in memory; it goes again whatever happens."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", options, "tmpfs", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=False, capture_output=True)


def _mount(*arguments: str | Path) -> None:
    if os.name != "posix" or os.geteuid() != 0:
        raise NotMountedError("mounting a disk needs root")
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise NotMountedError(" ".join(done.stderr.split()))
