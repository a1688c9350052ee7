"""`emgpipe run` and `emgpipe demo`: a study to tables and pages, said in a few lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emgpipe.batch import Planned, RunReport, plan_study, run_study
from emgpipe.batch.engine import scheduler_at
from emgpipe.batch.plan import WHYS
from emgpipe.batch.verify_pages import pages_are_older
from emgpipe.cli import talk
from emgpipe.cli.progress import SHOWN, note_waiting, telling
from emgpipe.cli.talk import note, table_text
from emgpipe.errors import EmgpipeError, printable
from emgpipe.store import read_csv

INDEX = Path("reports", "index.html")
DAMAGED = ("FRAMES_MISSING", "FRAMES_DAMAGED")
"""Codes of a cache that is not as written; what was damaged has been removed when they come up."""
NAMED = 3
"""Recordings of a code that the summary names."""
DEMO_COLUMNS = ("TA_R.apdf_p10_uv", "TA_R.cmua_frac", "TA_R/GM_R.cc_overlap_uv", "PSP_L.apdf_p10_uv", "PSP_L.cmua_frac")


def run_told(study: Path, out: Path, *, report: bool = True, **options: Any) -> tuple[str, int]:
    """Run a study and draw its pages; return what to say and the exit code.

    Warnings and failures of recordings that are computed now go to stderr; those of earlier runs are counted.

    Parameters
    ----------
    study, out : Path
        As in `run_study`.
    report : bool
        Draw the pages.
    **options
        As in `run_study`.

    Returns
    -------
    tuple of str and int
    """
    with telling() as told:
        done = run_study(study, out, watch=told, **options)
        for where, finding in done.warnings:
            told.warn(where, finding)
    text = _summary(done, options.get("shard"))
    if report:
        _draw(study, out, options)
        text += f"pages: {printable(str(out / INDEX))}\n"
    elif not options.get("shard") and pages_are_older(out):
        text += "pages are of earlier results; emgpipe report draws them anew\n"
    if talk.MANNER.log_format == "jsonl":
        talk.note_event("info", {"event": "done", **_totals(done)})
    return text, done.exit_code


def plan_told(study: Path, out: Path, *, scheduler: str | None = None, **options: Any) -> str:
    """Tell what a run would do, and why; nothing is written.

    Parameters
    ----------
    study, out : Path
        As in `plan_study`.
    scheduler : str, optional
        Its form is looked at; nobody is asked.
    **options
        As in `plan_study`.

    Returns
    -------
    str
        A line a recording that would be computed, and how many for each reason.
    """
    if scheduler is not None:
        scheduler_at(scheduler)
    with telling() as told:
        plan = plan_study(study, out, watch=told, **options)
    todo = [one for one in plan if one.why]
    rows = [[one.job.entry.recording, _would(one), one.why] for one in todo]
    table = table_text(["recording", "would", "why"], rows) + "\n" if todo else ""
    text = f"{len(todo)} of {len(plan)} recordings to compute; nothing was written\n"
    counts = Counter(one.why for one in todo)
    return table + text + "".join(f"{why} {counts[why]}: {told}\n" for why, told in WHYS.items() if counts[why])


def _would(one: Planned) -> str:
    if not one.job.entry.path.is_file():
        return "fail: no such file"
    return "decide again" if one.why in ("decision", "reference") else "compute"


def _draw(study: Path, out: Path, options: Mapping[str, Any]) -> None:
    """Draw the pages; what is damaged in the cache is computed anew, once."""
    from emgpipe.reports.write import write_reports

    how = {"jobs": options.get("jobs"), "wait": options.get("wait", False)}
    how["waiting"] = lambda: note_waiting(str(out))
    others: list[EmgpipeError] = []
    try:
        write_reports(out, failing=others.append, **how)
    except EmgpipeError as problem:
        if problem.code not in DAMAGED:
            for other in others:
                talk.note_error(other)
            raise
        run_study(study, out, **options)
        write_reports(out, failing=talk.note_error, **how)


def _summary(done: RunReport, shard: str | None) -> str:
    """Counts, where the results are, then why recordings failed, by code."""
    fresh = f"{done.computed} computed now" if done.computed else "nothing to compute"
    fresh += f", {done.failed} failed{'' if shard else ' (named in inputs.csv)'}" if done.failed else ""
    fresh += f", {len(done.unreached)} not reached" if done.unreached else ""
    fresh += f", {done.not_selected} not selected" if done.not_selected else ""
    where = f"shard {shard} in {{}}, tables by a run without --shard" if shard else "tables in {}"
    text = f"{done.total} recordings, {fresh}; {where.format(printable(str(done.out)))}\n"
    codes: dict[str, list[str]] = {}
    for failure in done.failures:
        codes.setdefault(failure.code, []).append(failure.recording)
    most = sorted(codes.items(), key=lambda told: -len(told[1]))
    text += "".join(f"{code} {len(names)}: {_some(names, NAMED)}\n" for code, names in most[:SHOWN])
    text += f"and {len(most) - SHOWN} more codes\n" if len(most) > SHOWN else ""
    if done.earlier_warnings:
        text += f"{done.earlier_warnings} warnings of earlier runs, in inputs.csv\n"
    return text


def _totals(done: RunReport) -> dict[str, int]:
    return {
        "total": done.total, "computed": done.computed, "cached": done.cached, "failed": done.failed,
        "not_reached": len(done.unreached), "not_selected": done.not_selected, "exit_code": done.exit_code,
    }  # fmt: skip


def _some(names: Sequence[str], n: int) -> str:
    """First names of a list, and how many more there are.

    Examples
    --------
    >>> _some(["a", "b", "c"], 2), _some(["a", "b"], 2)
    ('a, b and 1 more', 'a, b')
    """
    more = f" and {len(names) - n} more" if len(names) > n else ""
    return ", ".join(map(printable, names[:n])) + more


def demo(folder: Path) -> tuple[str, int]:
    """Simulate a small crossover, run it, and return its table and where the pages are.

    Parameters
    ----------
    folder : Path
        `data` and `results` are made in it; what is there is used again.

    Returns
    -------
    tuple of str and int
        Text and exit code.
    """
    from emgpipe.simulate import SAMPLE_SEED, simulate_trial

    study = folder / "data" / "study.toml"
    if not _is_there(study):
        note("info", "", f"simulating a crossover of 3 patients in {study.parent}; nobody was recorded")
        simulate_trial(study.parent, SAMPLE_SEED)
    out = folder / "results"
    said, code = run_told(study, out)
    rows = [r for r in read_csv(out / "measures.csv") if r["segment"] == "rest"]
    return f"{_demo_table(rows)}\n{said}", code


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be looked into: the simulator says so
        return False


def _demo_table(rows: Sequence[dict[str, str]]) -> str:
    """One line a visit, one column a measure; below its limit a value is told as such, no value by its status."""
    there = {f"{r['target']}.{r['measure']}" for r in rows}
    columns = [c for c in DEMO_COLUMNS if c in there]
    visits: dict[tuple[str, str], dict[str, str]] = {}
    for r in rows:
        visits.setdefault((r["subject"], r["visit"]), {})[f"{r['target']}.{r['measure']}"] = _demo_cell(r)
    cells = [[*visit, *(told.get(c, "") for c in columns)] for visit, told in visits.items()]
    return table_text(["subject", "visit", *columns], cells, right=columns)


def _demo_cell(row: dict[str, str]) -> str:
    if row["status"] == "below_limit":
        return f"<{float(row['limit']):.2f}"
    return f"{float(row['value']):.2f}" if row["value"] else row["status"]
