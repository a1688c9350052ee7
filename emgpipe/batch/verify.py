"""Whether a results folder is as its runs have written it: every byte of tables, units, settings, record and log."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emgpipe.batch.audit import LOG, RUN_RECORD, SHARD_LOGS
from emgpipe.batch.finish import TABLES
from emgpipe.batch.problems import Problem
from emgpipe.batch.units import read_head
from emgpipe.errors import StoreError
from emgpipe.store import (
    SEAL_NAME,
    Seal,
    check_log,
    file_digest,
    last_line,
    leftovers,
    read_json,
    read_lock,
    read_seal,
    refuse_links,
)
from emgpipe.store.atomic import TEMPORARY

AGAIN = "run the study again"
KEEP = "keep this folder as it is and find out who changed it; runs write on, and the log says so from then on"


@dataclass(frozen=True)
class _Results:
    """A results folder and what its record says of it; empty where the record cannot be believed."""

    folder: Path
    record: Mapping[str, Any]
    heads: Mapping[str, Mapping[str, Any] | None]

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
        RESULTS_UNREADABLE: no results here. STORE_LOCKED: a run is writing here. STORE_LINKED: a link in it
        leads elsewhere.

    Notes
    -----
    Nothing is written. What is not vouched for: who can write here can forge everything, log and seal alike, unless
    `run.json.sha256` was kept elsewhere.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     verify_results(folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    emgpipe.errors.StoreError: ...: RESULTS_UNREADABLE: no results; give a folder that `emgpipe run` has written
    """
    path = Path(folder)
    try:
        if not any((path / name).exists() for name in (RUN_RECORD, SEAL_NAME, "measures.csv")):
            message = "no results; give a folder that `emgpipe run` has written"
            raise StoreError("RESULTS_UNREADABLE", message, where=str(folder))
        refuse_links(path)
        with read_lock(path):
            return _verified(path, study, inputs=inputs, recompute=recompute)
    except OSError as problem:
        message = f"it cannot be read ({problem.strerror or problem}); mend its rights, or copy it"
        raise StoreError("RESULTS_UNREADABLE", message, where=str(folder)) from problem


def _verified(folder: Path, study: str | Path | None, *, inputs: bool, recompute: int) -> list[Problem]:
    from emgpipe.batch.verify_cache import cache_problems
    from emgpipe.batch.verify_inputs import input_problems, study_folder

    seal = read_seal(folder)
    problems, record = _record_problems(folder, seal)
    named = record.get("units") or [path.stem for path in (folder / "units").glob("*.jsonl")]
    units = {name: read_head(folder / "units" / f"{name}.jsonl") for name in _names(named)}
    results = _Results(folder, record, units)
    checks: list[Callable[[_Results], Iterable[Problem]]] = [_table_problems, _unit_problems, _shard_problems]
    problems += [problem for check in checks for problem in check(results)]
    problems += [*_log_problems(folder, seal), *_page_problems(folder), *cache_problems(folder, units), *_left(folder)]
    place = study_folder(folder, record, study)
    if inputs:
        problems += input_problems(units, place)
    if recompute:
        from emgpipe.batch.recompute import recompute_problems

        problems += recompute_problems(folder, record, place, recompute)
    return problems


def _record_problems(folder: Path, seal: Seal | None) -> tuple[list[Problem], dict[str, Any]]:
    """What is wrong with `run.json` and its seal, and the record, empty where it is not as sealed."""
    if seal is None:
        code, found = _absent_or(folder / SEAL_NAME, "not of its form")
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


def _absent_or(path: Path, found: str) -> tuple[str, str]:
    return ("RESULT_CHANGED", found) if path.exists() else ("RESULT_MISSING", "there is none")


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
            code, found = _absent_or(path, "not as it was written")
            yield Problem(shown, code, found, f"{AGAIN}: it is computed anew")
        elif head is not None and head.get("recording") != name:
            yield Problem(shown, "RESULT_CHANGED", f"the unit of {head.get('recording')!r}", f"{AGAIN}")
        elif head is not None and recorded[name] == "":
            found = "in no table: written by a run that was stopped or killed, or by a shard that is not merged"
            yield Problem(shown, "UNIT_UNUSED", found, AGAIN)
        elif head is not None and recorded[name] not in (None, head["digest"]):
            found = "whole, but not the one that the tables were made from: a run was interrupted, or shards not merged"
            yield Problem(shown, "UNIT_NEWER", found, AGAIN)
    there = {path.name for path in _listed(results.folder / "units") if not path.name.startswith(TEMPORARY)}
    strangers = sorted(there - {f"{name}.jsonl" for name in results.heads})
    for name in strangers if results.record else ():
        yield Problem(f"units/{name}", "UNIT_UNUSED", "of no recording of the study; in no table", "it may be deleted")


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _log_problems(folder: Path, seal: Seal | None) -> Iterator[Problem]:
    path = folder / LOG
    if not path.is_file():
        yield Problem(LOG, "RESULT_MISSING", "there is none", KEEP)
        return
    yield from _chain_problems(path, LOG)
    yield from _break_problems(path)
    if seal is None:
        return
    there = last_line(path, seal.log.n_bytes)
    size = path.stat().st_size
    if there.n_bytes < seal.log.n_bytes:
        yield Problem(LOG, "LOG_CHANGED", f"{there.n_bytes} bytes, {seal.log.n_bytes} were sealed: it was cut", KEEP)
    elif there != seal.log:
        found = f"the line that ends at byte {there.n_bytes} is not the one that {SEAL_NAME} says"
        yield Problem(LOG, "LOG_CHANGED", found, KEEP)
    elif size > seal.log.n_bytes:
        found = f"{size - seal.log.n_bytes} bytes behind the seal: a run was killed, or somebody has added them"
        yield Problem(LOG, "LOG_UNSEALED", found, "run the study again, and look at these lines")


def _chain_problems(path: Path, shown: str) -> Iterator[Problem]:
    for line, message in check_log(path):
        yield Problem(f"{shown}:{line}", "LOG_CHANGED", message, KEEP)


def _break_problems(path: Path) -> Iterator[Problem]:
    """Breaks that runs have found and told."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if b'"event":"broken"' in line:
            found = "a run found the log cut, replaced or without its seal, and has said so here"
            yield Problem(
                f"{LOG}:{number}", "LOG_BROKEN", found, "look for a copy of the lines before; start a new folder"
            )


def _shard_problems(results: _Results) -> Iterator[Problem]:
    told = results.told("logs")
    for path in sorted((results.folder / "logs").glob(SHARD_LOGS)):
        shown = f"logs/{path.name}"
        yield from _chain_problems(path, shown)
        n_bytes, digest = told.get(path.name, (0, ""))
        if n_bytes and tuple(last_line(path, n_bytes)) != (n_bytes, digest):
            yield Problem(shown, "LOG_CHANGED", f"not as it was when the tables were made, {n_bytes} bytes", KEEP)
        elif path.stat().st_size > n_bytes and results.record:
            yield Problem(shown, "LOG_UNSEALED", "lines that no run has taken over", f"{AGAIN}, without --shard")
    for name in sorted(told.keys() - {p.name for p in _listed(results.folder / "logs")}):
        yield Problem(f"logs/{name}", "RESULT_MISSING", "there is none", KEEP)


def _page_problems(folder: Path) -> Iterator[Problem]:
    """Pages whose bytes are not those that `reports/pages.json` names."""
    shown = "reports/pages.json"
    if not (folder / "reports").is_dir():
        return
    redraw = "emgpipe report draws it anew"
    try:
        pages = dict(read_json(folder / shown).get("pages", {}))
        digests = {name: str(told["sha256"]) for name, told in pages.items() if Path(name).name == name}
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        yield Problem(shown, "RESULT_CHANGED", "not as it was written", redraw)
        return
    for name, digest in digests.items():
        try:
            if file_digest(folder / "reports" / name) != digest:
                yield Problem(f"reports/{name}", "RESULT_CHANGED", "other bytes than pages.json says", redraw)
        except OSError:
            yield Problem(f"reports/{name}", "RESULT_MISSING", "there is none", redraw)


def _left(folder: Path) -> Iterator[Problem]:
    for path in sorted(leftovers(folder)):
        shown = path.relative_to(folder).as_posix()
        yield Problem(shown, "LEFTOVER", "half written by a killed run; nobody reads it", "the next run removes it")
