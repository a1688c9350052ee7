"""Kill, crowd, fill, surround and flip runs, and write docs/reliability.md: `python -m stress.reliability [--seed N]`.

`python -m stress.reliability --seed N --kill group:17` plays one kill again, and `--surrounding NAME` one surrounding.
"""

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from stress import cohort, costs, faults, flips, full_disks, kills, rivals, surroundings
from stress.figures import Figure
from stress.kills import Outcome, in_pairs

ROOT = Path(__file__).parents[1]


class Sizes(NamedTuple):
    """How much is done: kills of the group (of leader, worker and in the chain 0.4 of it), flips, recordings."""

    kills: int = 50
    flips: int = 200
    cohort: int = cohort.N_RECORDINGS
    cached: int = costs.N_CACHED

    def of(self, kind: str) -> int:
        """Kills of a kind."""
        return self.kills if kind == "group" else 2 * self.kills // 5


HOLDS = {True: "yes", False: "**no**", None: "not measured"}
CATALOGUE = "\n## Catalogue of faults\n\n"
HEAD = """\
# Reliability: what becomes of a run that is killed, crowded out, starved of disk or moved elsewhere

Written by `make stress` (`python -m stress.reliability --seed {seed} {options}`),
emgpipe {version}, Python {python}, {machine}. Moments of kills and places of flips come again with the seed; times are
told to one digit. Recordings are simulated.

Every run is `emgpipe run` in a process of its own. *Well* means: no file under a final name that is not whole; after a
plain rerun every table, page, unit and array has the bytes of a run that nothing disturbed, nothing is missing and
nothing left over, `emgpipe verify` finds no fault, and no process of a dead run is there after 3 s.
Volatile, and compared by the chain of hashes only: `log.jsonl`, `run.json`, `run.json.sha256`.
"""
FIGURES = "\n## {title}\n\n| what | goal | measured | holds |\n|---|---|---|---|\n"
TAIL = """
`python -m stress.reliability --seed {seed} --kill group:17` plays one kill again and keeps the folder;
`--surrounding "locale C"` one surrounding. Disks that are mounted need root, locales that the machine
has not need `localedef`; what could not be tried here is *not measured*, which is no yes.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; exit code 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m stress.reliability", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    for name, size in Sizes()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--kill", help="play this kill alone: KIND:NUMBER")
    parser.add_argument("--surrounding", choices=[*surroundings.SURROUNDINGS], metavar="NAME", help="this one alone")
    parser.add_argument("--catalogue", action="store_true", help="write the catalogue of faults alone anew")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reliability.md")
    told = parser.parse_args(arguments)
    if told.catalogue:
        told.out.write_text(told.out.read_text("utf-8").partition(CATALOGUE)[0] + catalogue(), encoding="utf-8")
        return 0
    if told.kill or told.surrounding:
        return _replay(told.seed, told.kill, told.surrounding)
    with tempfile.TemporaryDirectory(prefix="stress_") as name:
        text, missed = page(told.seed, Path(name), Sizes(told.kills, told.flips, told.cohort, told.cached))
    told.out.write_text(text, encoding="utf-8")
    _say(*missed, f"{len(missed)} goals missed")
    return 1 if missed else 0


def _replay(seed: int, kill: str | None, surrounding: str | None) -> int:
    folder = Path(tempfile.mkdtemp(prefix="stress_"))
    if kill:
        kind, _, number = kill.partition(":")
        case = kills.kill_case(kills.bench(folder), seed, kind, int(number))
    else:
        case = surroundings.surrounded(surroundings.reference(folder), surrounding or "")
    _say(f"{folder}: {case.kind} {case.number} {case.hit}", *(case.offences or [case.unmeasured or "well"]))
    return 1 if case.offences else 0


def page(seed: int, folder: Path, sizes: Sizes) -> tuple[str, list[str]]:
    """Measure everything.

    Parameters
    ----------
    seed : int
        Of moments and flips.
    folder : Path
        To work in; some 2 GB.
    sizes : Sizes
        How much is done.

    Returns
    -------
    text : str
        Of docs/reliability.md.
    missed : list of str
        Goals that were missed, and why.
    """
    parts: dict[str, list[Figure]] = {}
    offences: list[str] = []
    with _timed("kills"):
        bench = kills.bench(folder)
        parts["Kills"] = _kills(bench, seed, sizes, offences)
    with _timed("rivals"):
        parts["Several runs at once"] = [_one(case, offences) for case in rivals.cases(bench)]
    with _timed("disks"):
        parts["Disks that are full or cannot be written"] = _disks(bench, offences)
    with _timed("surroundings"):
        same = surroundings.reference(folder / "same")
        parts["The same bytes elsewhere"] = [_one(case, offences) for case in surroundings.cases(same)]
    with _timed("flips"):
        parts["Changed bytes"] = [_flips(bench, seed, sizes.flips, offences)]
    with _timed("cohort"):
        study, figures = cohort.run_cohort(folder, sizes.cohort)
    with _timed("costs"):
        resumed = costs.resumed(folder, study)
        parts["Costs"] = [resumed, costs.overhead(folder), costs.cached(folder, sizes.cached)]
    recordings = f"A simulated cohort: {sizes.cohort} recordings of 120 s, 4 channels, 2000 Hz"
    parts[recordings] = figures
    failed = [f for part in parts.values() for f in part if f.holds is False]
    missed = [f"{f.title}: {f.measured}, goal {f.goal}" for f in failed]
    return _text(seed, sizes, parts, offences), missed + offences


def _text(seed: int, sizes: Sizes, parts: dict[str, list[Figure]], offences: Sequence[str]) -> str:
    options = " ".join(f"--{name} {size}" for name, size in sizes._asdict().items())
    head = HEAD.format(
        seed=seed, options=options, version=version("emgpipe"), python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
    )  # fmt: skip
    body = "".join(FIGURES.format(title=title) + "".join(map(_row, part)) for title, part in parts.items())
    listed = "".join(f"- `{told}`\n" for told in offences)
    return head + body + (f"\n{listed}" if listed else "") + TAIL.format(seed=seed) + catalogue()


def _row(f: Figure) -> str:
    return f"| {f.title} | {f.goal} | {f.measured} | {HOLDS[f.holds]} |\n"


def catalogue() -> str:
    """Last section of the page."""
    return CATALOGUE + faults.table()


def _kills(bench: kills.Bench, seed: int, sizes: Sizes, offences: list[str]) -> list[Figure]:
    cases = [partial(kills.kill_case, bench, seed, kind, n) for kind in kills.KILLS for n in range(sizes.of(kind))]
    done = [*in_pairs(cases), kills.chain(bench, seed, sizes.of("chain"))]
    names = {
        "group": "SIGKILL of the whole process group",
        "leader": "SIGKILL of the leader",
        "worker": "SIGKILL of a worker",
        "chain": f"{sizes.of('chain')} kills of the group on one output, one after another",
    }
    return [_many(title, [case for case in done if case.kind == kind], offences) for kind, title in names.items()]


def _many(title: str, cases: Sequence[Outcome], offences: list[str]) -> Figure:
    """One line of many cases, with where in the work they fell."""
    bad = [case for case in cases if case.offences]
    offences += [f"{case.kind}:{case.number}: {told}" for case in bad for told in case.offences]
    hits = [hit for case in cases for hit in case.hit.split(", ")]
    where = ", ".join(f"{hits.count(hit)} in {hit}" for hit in dict.fromkeys(sorted(hits)))
    n = len(cases)
    return Figure(f"{title} ({where})", f"{n} of {n} well", f"{n - len(bad)} of {n}", not bad)


def _one(case: Outcome, offences: list[str]) -> Figure:
    if case.unmeasured:
        return Figure(case.kind, "well", case.unmeasured, None)
    offences += [f"{case.kind}: {told}" for told in case.offences]
    return Figure(case.kind, "well", "not well" if case.offences else "well", not case.offences)


def _disks(bench: kills.Bench, offences: list[str]) -> list[Figure]:
    limits = {f"files of at most {n:,} bytes": partial(full_disks.limited, bench, n) for n in full_disks.LIMITS_BYTES}
    mounted = {
        **{f"a disk of {s:.0%} of the results": partial(full_disks.small_disk, bench, s) for s in full_disks.SHARES},
        "a read-only disk": partial(full_disks.read_only, bench),
        "results that became read-only": partial(full_disks.read_only_results, bench),
        "a study on a read-only disk": partial(full_disks.read_only_study, bench),
    }
    done = [_one(Outcome(name, 0, "", case()), offences) for name, case in limits.items()]
    for name, case in mounted.items():
        try:
            done.append(_one(Outcome(name, 0, "", case()), offences))
        except full_disks.NotMountedError as problem:
            done.append(_one(Outcome(name, 0, "", [], unmeasured=str(problem)), offences))
    return done


def _flips(bench: kills.Bench, seed: int, n_flips: int, offences: list[str]) -> Figure:
    missed = flips.missed(bench.folder / "plain", seed, n_flips)
    offences += [f"not found: {flip}" for flip in missed]
    n_found = n_flips - len(missed)
    title = f"{n_flips} random byte flips in {', '.join(flips.KINDS)}: `emgpipe verify` exits with 1, names the file"
    return Figure(title, f"{n_flips} found", f"{n_found} found", not missed)


@contextmanager
def _timed(name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    _say(f"{name}: {time.perf_counter() - begun:.0f} s")


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
