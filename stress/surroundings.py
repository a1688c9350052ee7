"""The same study in other surroundings and on other engines: the same tables and pages, byte for byte."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from stress import processes, results, studies
from stress.kills import Outcome, in_pairs
from stress.rivals import N_SHARDS

LOCAL_CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
READ_ONLY_PACKAGE = (
    "unshare", "-m", "sh", "-c",
    'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"', str(processes.ROOT),
)  # fmt: skip
NOWHERE = "/proc/nowhere"
"""A place that nobody can make, not even root."""


class Surrounding(NamedTuple):
    """What is different: environment, a command in front, the working folder, the way study and results are named."""

    environment: Mapping[str, str | None] = {}
    before: Sequence[str] = ()
    folder: str = ""
    study: str = ""
    out: str = ""


SURROUNDINGS = {
    "hash seed 0": Surrounding({"PYTHONHASHSEED": "0"}),
    "hash seed 1": Surrounding({"PYTHONHASHSEED": "1"}),
    "hash seed 4294967295": Surrounding({"PYTHONHASHSEED": "4294967295"}),
    "time zone of Nepal (+5:45)": Surrounding({"TZ": "Asia/Kathmandu"}),
    "time zone of Newfoundland": Surrounding({"TZ": "America/St_Johns"}),
    "a time zone that is none": Surrounding({"TZ": "Nowhere/Nothing"}),
    "locale C": Surrounding({"LC_ALL": "C", "LANG": "C"}),
    "locale C without UTF-8 mode": Surrounding({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "locale tr_TR.UTF-8": Surrounding({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}),
    "locale de_DE.UTF-8": Surrounding({"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}),
    "OMP_NUM_THREADS 2": Surrounding({"OMP_NUM_THREADS": "2"}),
    "OPENBLAS_NUM_THREADS 2": Surrounding({"OMP_NUM_THREADS": None, "OPENBLAS_NUM_THREADS": "2"}),
    "NUMBA_NUM_THREADS 2": Surrounding({"NUMBA_NUM_THREADS": "2"}),
    "no thread counts": Surrounding({"OMP_NUM_THREADS": None}),
    "one core": Surrounding(before=("taskset", "-c", "0")),
    "working folder of the study, `.`": Surrounding(folder="study", study="."),
    "working folder /": Surrounding(folder="/"),
    "relative paths": Surrounding(folder=".", study="study", out="{name}"),
    "study through a link": Surrounding(study="link_to_study"),
    "results through a link": Surrounding(out="links/{name}"),
    "study.toml named itself": Surrounding(study="study/study.toml"),
    "study folder under another name": Surrounding(study="Another name (2) µ"),
    "cold numba cache": Surrounding({"NUMBA_CACHE_DIR": "{name}_cache"}),
    "numba cache that cannot be written": Surrounding({"NUMBA_CACHE_DIR": NOWHERE}),
    "package, home and caches that cannot be written": Surrounding(
        {"NUMBA_CACHE_DIR": NOWHERE, "HOME": NOWHERE, "XDG_CACHE_HOME": None, "MPLCONFIGDIR": NOWHERE},
        before=READ_ONLY_PACKAGE,
    ),
    "no HOME": Surrounding({"HOME": None, "XDG_CACHE_HOME": None}),
    "HOME that is not there": Surrounding({"HOME": NOWHERE, "XDG_CACHE_HOME": None}),
    "stdout closed": Surrounding(before=("sh", "-c", 'exec "$@" >&-', "sh")),
    "stderr closed": Surrounding(before=("sh", "-c", 'exec "$@" 2>&-', "sh")),
    "stdin, stdout and stderr closed": Surrounding(before=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")),
    "umask 077": Surrounding(before=("sh", "-c", 'umask 077; exec "$@"', "sh")),
    "umask 000": Surrounding(before=("sh", "-c", 'umask 000; exec "$@"', "sh")),
    "128 open files": Surrounding(before=("sh", "-c", 'ulimit -n 128; exec "$@"', "sh")),
    "COLUMNS 20": Surrounding({"COLUMNS": "20", "LINES": "3"}),
    "NO_COLOR": Surrounding({"NO_COLOR": "1"}),
    "FORCE_COLOR, no terminal type": Surrounding({"FORCE_COLOR": "1", "TERM": None}),
    "PYTHONOPTIMIZE 2": Surrounding({"PYTHONOPTIMIZE": "2"}),
    "another matplotlib backend": Surrounding({"MPLBACKEND": "TkAgg"}),
}


class Same(NamedTuple):
    """A small study and its results, for comparison."""

    folder: Path
    study: Path
    whole: results.Contents


def reference(folder: Path, n_recordings: int = 4) -> Same:
    """Write a study and run it in this process's surroundings, one worker."""
    study = studies.small_study(folder / "study", n_recordings).parent
    processes.run("run", study, "-o", folder / "whole", "-j", "1")
    return prepared(folder, study, results.contents(folder / "whole"))


def prepared(folder: Path, study: Path, whole: results.Contents) -> Same:
    """Give the study of a folder its other names."""
    (folder / "link_to_study").symlink_to(study)
    (folder / "links").mkdir()
    shutil.copytree(study, folder / "Another name (2) µ")
    return Same(folder, study, whole)


def locale_here(folder: Path, name: str) -> dict[str, str] | None:
    """What makes a locale known to programs: nothing where the machine has it, else one made by `localedef`, else None.

    Parameters
    ----------
    folder : Path
        To make it in.
    name : str
        As `tr_TR.UTF-8`.

    Returns
    -------
    dict of str to str, or None
        Environment; None: it cannot be had here, and a program would fall back to C.
    """
    language, _, charset = name.partition(".")
    has = subprocess.run(["locale", "-a"], check=False, capture_output=True, text=True).stdout.split()
    if f"{language}.{charset.replace('-', '').lower()}" in has:
        return {}
    made = folder / "locales"
    made.mkdir(exist_ok=True)
    tool = shutil.which("localedef")
    if tool:
        subprocess.run([tool, "-i", language, "-f", charset, made / name], check=False, capture_output=True)
    return {"LOCPATH": str(made)} if (made / name).is_dir() else None


def surrounded(same: Same, name: str) -> Outcome:
    """Run in one surrounding and compare.

    Parameters
    ----------
    same : Same
        Of `reference`.
    name : str
        Of `SURROUNDINGS`.

    Returns
    -------
    Outcome
        Named by the surrounding.
    """
    told, plain = SURROUNDINGS[name], f"out_{list(SURROUNDINGS).index(name)}"
    wanted = told.environment.get("LC_ALL") or "C"
    known = {} if wanted == "C" else locale_here(same.folder, wanted)
    if known is None:
        return Outcome(name, 0, "", [], unmeasured="this machine has no such locale and cannot make it")
    out = same.folder / plain
    if told.out.startswith("links"):
        out.mkdir()
        (same.folder / "links" / plain).symlink_to(out)
    study = _named(same, told, told.study, same.study)
    result = _named(same, told, told.out.format(name=plain), out)
    environment = {**known, **{key: text and _placed(text, same, plain) for key, text in told.environment.items()}}
    ended = processes.run(
        "run", study, "-o", result, "-j", "2",
        surroundings=environment, before=told.before, folder=same.folder / told.folder,
    )  # fmt: skip
    wrong = [f"exit code {ended.code}: {ended.err[-300:]}"] if ended.code else []
    return Outcome(name, 0, "", wrong + ended.troubles + results.table_differences(out, same.whole))


def _named(same: Same, told: Surrounding, given: str, usual: Path) -> str:
    """How a path is given on the command line."""
    if not given:
        return str(usual)
    return given if told.folder else str(same.folder / given)


def _placed(text: str, same: Same, name: str) -> str:
    return str(same.folder / text.format(name=name)) if "{name}" in text else text


def engine(same: Same, name: str) -> Outcome:
    """Run on one engine and compare; the study of `reference` ran on the serial one."""
    out = same.folder / f"engine_{list(ENGINES).index(name)}"
    wrong = ENGINES[name](same, out)
    return Outcome(name, 0, "", wrong + results.table_differences(out, same.whole))


def _local(n_workers: int, same: Same, out: Path) -> list[str]:
    return _ran(same, out, "-j", str(n_workers))


def _ran(same: Same, out: Path, *options: str) -> list[str]:
    ended = processes.run("run", same.study, "-o", out, *options)
    return [f"exit code {ended.code}: {ended.err[-300:]}"] if ended.code else ended.troubles


def _sharded(same: Same, out: Path) -> list[str]:
    shards = [["-j", "1", "--shard", f"{number}/{N_SHARDS}"] for number in range(1, N_SHARDS + 1)]
    return [told for options in [*shards, ["-j", "2"]] for told in _ran(same, out, *options)]


def _dask(same: Same, out: Path) -> list[str]:
    with local_cluster() as address:
        return _ran(same, out, "--scheduler", address)


@contextmanager
def local_cluster() -> Iterator[str]:
    """A Dask cluster of two workers on the loopback address; it ends with the context."""
    command = [sys.executable, "-c", LOCAL_CLUSTER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=processes.ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(60)


ENGINES = {
    "serial (`-j 1`)": partial(_local, 1),
    "two worker processes": partial(_local, 2),
    "four worker processes": partial(_local, 4),
    "Dask, two workers": _dask,
    "four shards, merged": _sharded,
}


def cases(same: Same) -> list[Outcome]:
    """Every surrounding and every engine."""
    surroundings = [partial(surrounded, same, name) for name in SURROUNDINGS]
    return [*in_pairs(surroundings), *in_pairs([partial(engine, same, name) for name in ENGINES])]
