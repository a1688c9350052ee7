"""`emgpipe verify` and `emgpipe diff`: what is not as written, and what differs between two results."""

from pathlib import Path
from typing import Literal

from emgpipe.batch.compare import compare_results
from emgpipe.batch.problems import Problem
from emgpipe.batch.verify import verify_results
from emgpipe.cli.differing import difference_text, json_form
from emgpipe.cli.talk import write, write_json
from emgpipe.errors import printable

Form = Literal["table", "json"]
SHOWN = 10
"""Lines of one code; of more the number is told."""


def verify_told(out: Path, *, study: Path | None, inputs: bool, recompute: int, form: Form) -> int:
    """Say what is not as written; exit code 0: all is, 1: something is not.

    Parameters
    ----------
    out : Path
        Results folder.
    study, inputs, recompute
        As in `verify_results`.
    form : str
        Lines, or JSON.

    Returns
    -------
    int
    """
    problems = verify_results(out, study=study, inputs=inputs, recompute=recompute)
    if form == "json":
        write_json({"results": str(out), "as_written": not _errors(problems), "problems": [*map(_told, problems)]})
    else:
        write(_lines(out, problems, recompute))
    return 1 if _errors(problems) else 0


def _errors(problems: list[Problem]) -> int:
    return sum(problem.is_error for problem in problems)


def _told(problem: Problem) -> dict[str, str]:
    severity = "error" if problem.is_error else "warning"
    return {"path": problem.path, "code": problem.code, "severity": severity,
            "found": problem.found, "advice": problem.advice}  # fmt: skip


def _lines(out: Path, problems: list[Problem], recompute: int) -> str:
    """One line a problem, errors first, and one that sums up."""
    lines = []
    by_code: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: not problem.is_error):
        by_code.setdefault(problem.code, []).append(problem)
    for code, of_it in by_code.items():
        level = "error" if of_it[0].is_error else "warning"
        lines += [printable(f"{level}: {problem}") for problem in of_it[:SHOWN]]
        if len(of_it) > SHOWN:
            lines.append(f"{level}: {code}: {len(of_it) - SHOWN} more; --format json names all")
    n_errors = _errors(problems)
    computed = f", {recompute} rows computed anew" if recompute else ""
    state = f"{n_errors} not as written" if n_errors else "all as written"
    warned = f", {len(problems) - n_errors} to know of" if len(problems) > n_errors else ""
    return "\n".join([*lines, printable(f"{out}: {state}{warned}{computed}")])


def diff_told(first: Path, second: Path, *, everything: bool, form: Form) -> int:
    """Say what differs between two results; exit code 0: nothing, 1: something.

    Parameters
    ----------
    first, second : Path
        Results folders.
    everything : bool
        Name every row that changed, not only the most changed ones of each measure.
    form : str
        Lines, or JSON, which always holds everything.

    Returns
    -------
    int
    """
    found = compare_results(first, second)
    if form == "json":
        write_json({"old": str(first), "new": str(second), "equal": found.equal, **json_form(found)})
    else:
        write(difference_text(found, everything=everything))
    return 0 if found.equal else 1
