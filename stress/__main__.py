"""Stress the intake and write docs/stress.md: `python -m stress [--seed N] [--files N] [--calls N] [--out FILE]`.

`python -m stress --seed N --case K` (or `--call K`) judges one file (or fuzzed call) again and keeps its bytes.
"""

import argparse
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from stress.figures import Figure, all_figures, rounded
from stress.fuzz import Fuzzed, damaged, run_calls
from stress.intake import LIMIT_MB, Intake, run_files
from stress.judge import KINDS, Offence, judge
from stress.malformed import FAMILIES, case

ROOT = Path(__file__).parents[1]
MOST_TOLD = 50
VERDICTS = ("legal", "doubtful", "reject_signal", "reject_file", "any")
HEAD = """\
# Stress: malformed, huge and many files

Written by `make stress` (`python -m stress --seed {seed} --files {files} --calls {calls}`), emgpipe {version},
Python {python}, {machine}. Everything but times and memory, which are told to one digit, comes again with the seed.

Every file is composed byte by byte by `stress/`, which imports neither the reader nor the writer of emgpipe. What must
come of it follows from the change that was made and from the intake policy, not from running emgpipe.
"""
FAMILY_HEAD = """
## {files} files

`legal`: used without a warning. `doubtful`: used, a finding says so. `signal`: that signal refused, the others read.
`refused`: the file refused with the code of the policy. `any`: random damage; only the rules for all files hold.
What is read is compared with the true samples (half a digital step), record times, annotations and start.
Each file goes through `check` and the reader with every sample; one in 20 goes on to frames and measures, one in 40
through the command line. Worker processes have a limit of time and address space.

| change | files | legal | doubtful | signal | refused | any |
|---|---|---|---|---|---|---|
"""
KIND_HEAD = """
| files that were | goal | found |
|---|---|---|
"""
CALL_HEAD = """
## {calls} fuzzed calls

Random bytes, plausible nonsense in fields, fragments of annotation lists, lost and added bytes.

| outcome | calls |
|---|---|
"""
REPLAY = """
`python -m stress --seed {seed} --case K` judges file K again and keeps its bytes; `--call K` a fuzzed call.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; exit code 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m stress", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--case", type=int, help="judge this file alone")
    parser.add_argument("--call", type=int, help="make this fuzzed call alone")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "stress.md")
    told = parser.parse_args(arguments)
    if told.case is not None or told.call is not None:
        return _replay(told.seed, told.case, told.call)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fuzzed = run_calls(told.seed, told.calls, folder)
        intake = run_files(told.seed, told.files)
        figures = [_fuzz_figure(fuzzed), *all_figures(folder), _memory_figure(intake)]
    told.out.write_text(page(intake, fuzzed, figures), encoding="utf-8")
    return _summary(intake, fuzzed, figures)


def _replay(seed: int, number: int | None, call: int | None) -> int:
    folder = Path(tempfile.mkdtemp(prefix="stress_"))
    path = folder / "file.edf"
    if number is None:
        path.write_bytes(damaged(seed, call or 0))
        offences = run_calls(seed, 1, folder, first=call or 0).offences
        _say(f"{path}: fuzzed call {call} of seed {seed}")
    else:
        made = case(seed, number)
        offences = judge(made, path, through=True)
        _say(f"{path}: {made.name}\n{made.expected}")
    _say(*map(_line, offences) if offences else ["as the policy says"])
    return 1 if offences else 0


def _summary(intake: Intake, fuzzed: Fuzzed, figures: Iterable[Figure]) -> int:
    missed = [f"{f.title}: {f.measured}, goal {f.goal}" for f in figures if not f.holds]
    offences = [*intake.offences, *fuzzed.offences]
    _say(*map(_line, offences[:MOST_TOLD]), *missed)
    _say(f"{intake.files} files, {fuzzed.calls} calls, {len(offences)} offences, {len(missed)} goals missed")
    return 1 if offences or missed else 0


def _line(offence: Offence) -> str:
    return f"{offence.kind}: {offence.number}: {offence.told}"


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _fuzz_figure(fuzzed: Fuzzed) -> Figure:
    title = f"{fuzzed.calls:,} calls of `read_recording` on damaged bytes, every sample read, one core"
    return Figure(title, "<= 300 s", f"{rounded(fuzzed.seconds)} s", fuzzed.seconds <= 300)


def _memory_figure(intake: Intake) -> Figure:
    title = "Largest memory of a malformed file above the idle worker"
    return Figure(title, f"<= {LIMIT_MB:g} MB", f"{rounded(intake.peak_mb)} MB", intake.peak_mb <= LIMIT_MB)


def page(intake: Intake, fuzzed: Fuzzed, figures: Sequence[Figure]) -> str:
    """Text of docs/stress.md."""
    machine = f"{platform.system()} {platform.machine()}"
    head = HEAD.format(
        seed=intake.seed, files=intake.files, calls=fuzzed.calls, version=version("emgpipe"),
        python=platform.python_version(), machine=machine,
    )  # fmt: skip
    return head + _files(intake) + _calls(fuzzed) + _figures(figures) + REPLAY.format(seed=intake.seed)


def _files(intake: Intake) -> str:
    rows = [(name, [intake.families[name, verdict] for verdict in VERDICTS]) for name in FAMILIES]
    rows.append(("**all**", [sum(counts[i] for _, counts in rows) for i in range(len(VERDICTS))]))
    table = "".join(f"| {name} | {sum(counts)} | {' | '.join(map(str, counts))} |\n" for name, counts in rows)
    found = Counter(offence.kind for offence in intake.offences)
    kinds = "".join(f"| {KINDS[kind]} | 0 | {found[kind]} |\n" for kind in KINDS)
    listed = "".join(f"- `{_line(o)}`\n" for o in intake.offences[:MOST_TOLD])
    return FAMILY_HEAD.format(files=intake.files) + table + KIND_HEAD + kinds + (f"\n{listed}" if listed else "")


def _calls(fuzzed: Fuzzed) -> str:
    codes = "".join(f"| refused, {code} | {n} |\n" for code, n in sorted(fuzzed.refused.items()))
    wrong = f"| **anything else** (goal 0) | {len(fuzzed.offences)} |\n"
    good = f"| a recording, every sample a number | {fuzzed.read} |\n"
    return CALL_HEAD.format(calls=fuzzed.calls) + good + codes + wrong


def _figures(figures: Sequence[Figure]) -> str:
    rows = "".join(f"| {f.title} | {f.goal} | {f.measured} | {'yes' if f.holds else '**no**'} |\n" for f in figures)
    return f"\n## Time and memory\n\n| what | goal | measured | holds |\n|---|---|---|---|\n{rows}"


if __name__ == "__main__":
    sys.exit(main())
