"""Several runs at once on one output, and shards: one output, the same bytes."""

import json
import time
from pathlib import Path

from stress import processes, results
from stress.kills import Bench, Outcome, verified

N_RIVALS = 3
N_SHARDS = 4


def refusing(bench: Bench) -> list[str]:
    """Three runs at once: one ends well, the others are refused with one coded line; tables as ever.

    Parameters
    ----------
    bench : Bench
        Of `kills.bench`.

    Returns
    -------
    list of str
        What was wrong.
    """
    out = bench.folder / "rivals"
    ended = _at_once([("run", bench.study, "-o", out, "-j", "2", "--no-report")] * N_RIVALS)
    wrong = [told for one in ended for told in one.troubles]
    losers = [one for one in ended if one.code]
    if len(losers) != N_RIVALS - 1:
        wrong.append(f"exit codes {[one.code for one in ended]} of {N_RIVALS} rivals")
    for one in losers:
        lines = one.err.splitlines()
        if len(lines) != 1 or "STORE_LOCKED" not in lines[0] or str(out) not in lines[0]:
            wrong.append(f"refused with {one.err!r}")
    return wrong + results.differences(out, bench.plain.contents) + verified(out)


def waiting(bench: Bench) -> list[str]:
    """Three runs that wait for each other: one computes, the others find nothing to do."""
    out = bench.folder / "waiting"
    ended = _at_once([("run", bench.study, "-o", out, "-j", "2", "--no-report", "--wait")] * N_RIVALS)
    wrong = [told for one in ended for told in one.troubles]
    if [one.code for one in ended] != [0] * N_RIVALS:
        wrong.append(f"exit codes {[one.code for one in ended]} of {N_RIVALS} runs that wait: {ended[0].err}")
    idle = sum("nothing to compute" in one.out for one in ended)
    if idle != N_RIVALS - 1:
        wrong.append(f"{idle} of {N_RIVALS} found nothing to compute")
    return wrong + results.differences(out, bench.plain.contents) + verified(out)


def sharded(bench: Bench) -> list[str]:
    """Four shards at once, then a run that merges them and measures nothing, by the log."""
    out = bench.folder / "sharded"
    ended = _at_once([_shard(bench, out, number) for number in range(1, N_SHARDS + 1)])
    wrong = [told for one in ended for told in [*one.troubles, *([one.err] if one.code else [])]]
    tables = [name for name in (*results.TABLES, "run.json") if (out / name).exists()]
    wrong += [f"a shard wrote {name}" for name in tables]
    wrong += _merged(bench, out)
    log = [json.loads(line) for line in (out / "log.jsonl").read_text("utf-8").splitlines()]
    measured = sorted(line["recording"] for line in log if line["event"] == "recording")
    if measured != sorted(path.stem for path in (out / "units").iterdir()):
        wrong.append(f"measured {measured}, each of them once is right")
    return wrong


def shards_killed(bench: Bench) -> list[str]:
    """Four shards at once, two of them killed half way; the merging run computes what is missing."""
    out = bench.folder / "shards_killed"
    running = [processes.start(*_shard(bench, out, number)) for number in range(1, N_SHARDS + 1)]
    while not all(one.is_over for one in running) and len(list((out / "units").glob("[!.]*"))) < 2:
        time.sleep(processes.POLL_S)
    for one in running[:2]:
        processes.kill_group(one)
    wrong = [told for one in running for told in processes.end(one).troubles]
    return wrong + _merged(bench, out)


def _shard(bench: Bench, out: Path, number: int) -> tuple[str | Path, ...]:
    return ("run", bench.study, "-o", out, "-j", "1", "--shard", f"{number}/{N_SHARDS}")


def _merged(bench: Bench, out: Path) -> list[str]:
    ended = processes.run("run", bench.study, "-o", out, "-j", "2", "--no-report")
    wrong = list(ended.troubles)
    if ended.code:
        wrong.append(f"the merging run: exit code {ended.code}: {ended.out}{ended.err}")
    return wrong + results.differences(out, bench.plain.contents) + verified(out)


def _at_once(commands: list[tuple[str | Path, ...]]) -> list[processes.Ended]:
    running = [processes.start(*command) for command in commands]
    return [processes.end(one) for one in running]


CASES = {
    "three runs at once, two refused": refusing,
    "three runs that wait": waiting,
    "four shards at once, then merged": sharded,
    "two of four shards killed, then merged": shards_killed,
}


def cases(bench: Bench) -> list[Outcome]:
    """Every case of this module."""
    return [Outcome(name, 0, "", case(bench)) for name, case in CASES.items()]
