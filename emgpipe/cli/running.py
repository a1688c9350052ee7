"""`emgpipe run` and `emgpipe demo`: a study to tables and pages, said in a few lines."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emgpipe.batch import RunReport, run_study
from emgpipe.batch.events import Event
from emgpipe.cli import talk
from emgpipe.cli.talk import note, table_text
from emgpipe.errors import StoreError, printable
from emgpipe.recording import Finding
from emgpipe.store import read_csv

INDEX = Path("reports", "index.html")
DAMAGED = ("FRAMES_MISSING", "FRAMES_DAMAGED")
"""Codes of a cache that is not as written; what was damaged has been removed when they come up."""
DEMO_COLUMNS = ("TA_R.apdf_p10_uv", "TA_R.cmua_frac", "TA_R/GM_R.cc_overlap_uv", "PSP_L.apdf_p10_uv", "PSP_L.cmua_frac")


def run_told(study: Path, out: Path, *, report: bool = True, **options: Any) -> tuple[str, int]:
    """Run a study and draw its pages; return what to say and the exit code.

    Names of study.toml that no recording has go to stderr before the run; warnings and failed recordings after it.

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
    said: set[tuple[str, Finding]] = set()

    def warn(where: str, finding: Finding) -> None:
        if (where, finding) not in said:
            note("warning", finding.code, f"{finding.where}: {finding.message}".removeprefix(": "), where)
        said.add((where, finding))

    progress = _Progress()

    def watch(event: Event) -> None:
        if event.finding is not None:
            warn(event.where, event.finding)
        elif event.recording:
            progress(event.recording, event.status)

    done = run_study(study, out, watch=watch, **options)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    for where, finding in done.warnings:
        warn(where, finding)
    for row in read_csv(out / "inputs.csv"):
        if row["status"] == "failed":
            note("error", row["code"], row["message"], row["file"])
    text = _summary(done)
    if report:
        _draw(study, out, options)
        text += f"pages: {printable(str(out / INDEX))}\n"
    return text, done.exit_code


def _draw(study: Path, out: Path, options: Mapping[str, Any]) -> None:
    """Draw the pages; what is damaged in the cache is computed anew, once."""
    from emgpipe.reports.write import write_reports

    wait = options.get("wait", False)
    try:
        write_reports(out, wait=wait)
    except StoreError as problem:
        if problem.code not in DAMAGED:
            raise
        run_study(study, out, **options)
        write_reports(out, wait=wait)


class _Progress:
    """One line on a terminal that is written over; nothing elsewhere."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, recording: str, status: str) -> None:
        """Say how far the run is."""
        self.n += 1
        if sys.stderr.isatty() and not talk.MANNER.quiet:
            sys.stderr.write(f"\r\x1b[K{self.n} done, last {recording}: {status}")
            sys.stderr.flush()


def _summary(done: RunReport) -> str:
    fresh = f"{done.computed} computed now" if done.computed else "nothing to compute"
    failed = f", {done.failed} failed (named in inputs.csv)" if done.failed else ""
    return f"{done.total} recordings, {fresh}{failed}; tables in {printable(str(done.out))}\n"


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
