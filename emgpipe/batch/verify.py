"""Whether a results folder is as its runs have written it: every byte of tables, units, settings, record and log."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.finish import TABLES
from emgpipe.batch.load import reading_results
from emgpipe.batch.problems import AGAIN, Problem, absent_or, refuse_no_results
from emgpipe.batch.unblinded import unblinded_problems
from emgpipe.batch.units import Heads, read_head
from emgpipe.batch.verify_inputs import input_problems, study_folder, told_inputs
from emgpipe.batch.verify_log import log_problems, share_problems, told_problems
from emgpipe.batch.verify_pages import page_problems
from emgpipe.store import SEAL_NAME, Seal, file_digest, leftovers, read_json, read_lock, read_seal, refuse_links
from emgpipe.store.atomic import TEMPORARY

LOCK_CODES = ("LOCK_CHANGED", "LOCK_DIFFERS")


@dataclass(frozen=True)
class _Results:
    """A results folder and what its record says of it; empty where the record cannot be believed."""

    folder: Path
    record: Mapping[str, Any]
    heads: Heads

    def told(self, name: str) -> dict[str, Any]:
        """A table of the record."""
        return dict(self.record.get(name, {}))


def verify_results(
    folder: str | Path, *, study: str | Path | None = None, inputs: bool = True, recompute: int = 0
) -> list[Problem]:
    r"""Find what is not as it was written in a results folder.

    Parameters
    ----------
    folder : str or Path
        Results folder of `run_study`.
    study : str or Path, optional
        The study, or its folder, where it does not lie any more where it was when the tables were written.
    inputs : bool
        Hash the recordings too: nearly all of the time.
    recompute : int
        Compute this many rows of `measures.csv` anew from the recordings and compare them, cell by cell.

    Returns
    -------
    list of Problem
        Errors (`is_error`) where the results are not as written; and what merely should be known: recordings that
        are gone, files that nothing refers to. Empty where all is as written.

    Raises
    ------
    StoreError
        RESULTS_UNREADABLE (a ResultsError): no results here, or no tables yet. STORE_LOCKED: a run is at work here.
        STORE_LINKED: a link in it leads elsewhere.

    Notes
    -----
    Nothing is written. The folder is held against runs until the recordings are looked at. What is not vouched for: who
    can write here can forge everything, log and seal alike, unless
    `run.json.sha256` was kept elsewhere.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     verify_results(folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    emgpipe.errors.ResultsError: ...: RESULTS_UNREADABLE: no results; give a folder that `emgpipe run` has written
    """
    from emgpipe.batch.recompute import kept_results, recompute_problems

    path = Path(folder)
    with reading_results(folder):
        refuse_links(path)
        with read_lock(path):
            refuse_no_results(path)
            problems, results = _as_written(path)
            told = told_inputs(path, results.record, results.heads)
            kept = kept_results(path, results.record) if recompute else None
        # recordings are looked at for hours, and are not what a run writes
        place = study_folder(path, results.record, study)
        if inputs:
            problems += input_problems(told, place)
        if recompute:
            problems += recompute_problems(kept, results.record, place, recompute)
        return problems


def as_written_problems(folder: Path) -> list[Problem]:
    """What `verify_results` finds in the folder itself, locks left out; for who holds it. Raises OSError."""
    return [problem for problem in _as_written(folder)[0] if problem.code not in LOCK_CODES]


def sealed_record(folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    """`run.json`, empty where it is not as it was sealed, and what is wrong then."""
    problems, record = _record_problems(folder, read_seal(folder))
    return record, problems


def _as_written(folder: Path) -> tuple[list[Problem], _Results]:
    """What is not as written in the folder itself, and what was found there."""
    from emgpipe.batch.verify_cache import cache_problems
    from emgpipe.batch.verify_lock import lock_problems  # plans know the measures, and these what computes them

    seal = read_seal(folder)
    problems, record = _record_problems(folder, seal)
    named = record.get("units") or [path.stem for path in (folder / "units").glob("*.jsonl")]
    units = {name: read_head(folder / "units" / f"{name}.jsonl") for name in _names(named)}
    results = _Results(folder, record, units)
    logged = [*log_problems(folder, seal), *share_problems(folder, record)]
    problems += [*_table_problems(results), *_unit_problems(results), *logged]
    if not any(problem.is_error for problem in logged) and seal is not None:
        problems += told_problems(folder, results.told("units"), units)
        problems += [*lock_problems(folder, record), *unblinded_problems(folder)]
    problems += [*page_problems(folder, record), *cache_problems(folder, units), *_left(folder)]
    return problems, results


def _record_problems(folder: Path, seal: Seal | None) -> tuple[list[Problem], dict[str, Any]]:
    """What is wrong with `run.json` and its seal, and the record, empty where it is not as sealed."""
    if seal is None:
        code, found = absent_or(folder / SEAL_NAME, "not of its form")
        return [Problem(SEAL_NAME, code, found, f"{AGAIN}: run.json is vouched for by nothing else")], {}
    try:
        same = file_digest(folder / RUN_RECORD) == seal.run_json
    except OSError as problem:
        return [_missing(RUN_RECORD, problem)], {}
    if not same:
        found = f"other bytes than {SEAL_NAME} says; tables and units cannot be compared until one of the two is mended"
        return [Problem(RUN_RECORD, "RESULT_CHANGED", found, AGAIN)], {}
    try:
        record = read_json(folder / RUN_RECORD)
        whole = all(isinstance(record[name], dict) for name in ("outputs", "units", "inputs", "logs"))
        whole &= all(isinstance(n_bytes, int) for n_bytes, _ in record["logs"].values())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        whole = False
    if not whole:
        return [Problem(RUN_RECORD, "RESULT_CHANGED", "not a record of this program, though sealed", AGAIN)], {}
    return [], record


def _missing(name: str, problem: OSError) -> Problem:
    return Problem(name, "RESULT_MISSING", str(problem.strerror or problem), AGAIN)


def _names(told: Iterable[str]) -> list[str]:
    """Names that may be parts of a path."""
    return [name for name in told if re.fullmatch(r"[\w-]+", name)]


def _table_problems(results: _Results) -> Iterator[Problem]:
    outputs = results.told("outputs")
    for name in TABLES if results.record else ():
        try:
            if file_digest(results.folder / name) != outputs.get(name):
                yield Problem(name, "RESULT_CHANGED", f"other bytes than {RUN_RECORD} says", AGAIN)
        except OSError as problem:
            yield _missing(name, problem)


def _unit_problems(results: _Results) -> Iterator[Problem]:
    recorded = results.told("units") or dict.fromkeys(results.heads)
    for name, head in results.heads.items():
        path = results.folder / "units" / f"{name}.jsonl"
        shown = f"units/{name}.jsonl"
        if head is None and (recorded[name] or path.exists()):  # neither there nor recorded: never run
            code, found = absent_or(path, "not as it was written")
            yield Problem(shown, code, found, f"{AGAIN}: it is computed anew")
        elif head is not None and head.get("recording") != name:
            yield Problem(shown, "RESULT_CHANGED", f"the unit of {head.get('recording')!r}", AGAIN)
        elif head is not None and recorded[name] == "":
            found = (
                "in no table: of a run that was stopped (by --fail-fast too) or killed, or of a shard not merged yet"
            )
            yield Problem(shown, "UNIT_UNUSED", found, AGAIN)
        elif head is not None and recorded[name] not in (None, head["digest"]):
            found = "whole, but not the one that the tables were made from: a run was interrupted, or shards not merged"
            yield Problem(shown, "UNIT_NEWER", found, AGAIN)
    there = {path.name for path in _listed(results.folder / "units") if not path.name.startswith(TEMPORARY)}
    strangers = sorted(there - {f"{name}.jsonl" for name in results.heads})
    for name in strangers if results.record else ():
        old = name.endswith(".json")
        found = "of an earlier version; nobody reads it" if old else "of no recording of the study; in no table"
        yield Problem(f"units/{name}", "UNIT_UNUSED", found, "it may be deleted")


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _left(folder: Path) -> Iterator[Problem]:
    for path in sorted(leftovers(folder)):
        shown = path.relative_to(folder).as_posix()
        yield Problem(shown, "LEFTOVER", "half written by a killed run; nobody reads it", "the next run removes it")
