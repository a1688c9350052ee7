"""What is not as it was written: one line each, by path and code."""

from dataclasses import dataclass
from pathlib import Path

from emgpipe.batch.audit import LOG, NO_RECORD, RUN_RECORD
from emgpipe.errors import ResultsError
from emgpipe.errors.codes import CODES
from emgpipe.store import SEAL_NAME, read_seal

AGAIN = "run the study again"


@dataclass(frozen=True)
class Problem:
    """One thing that is not as a run has written it, or that a reader of the results should know.

    Attributes
    ----------
    path : str
        Below the results folder, `log.jsonl:12` for a line; of a recording: as `recordings.csv` names it.
    code : str
        A key of `errors.codes.CODES`.
    found, advice : str
        What was found; what to do.

    Examples
    --------
    >>> problem = Problem("measures.csv", "RESULT_CHANGED", "other bytes than run.json says", "run the study again")
    >>> problem.is_error, str(problem)
    (True, 'measures.csv: RESULT_CHANGED: other bytes than run.json says; run the study again')
    """

    path: str
    code: str
    found: str
    advice: str

    @property
    def is_error(self) -> bool:
        """Whether the results are not as written; else it is worth a word and harms nothing."""
        return CODES[self.code].kind == "error"

    def __str__(self) -> str:
        """Return one line; hidden characters are left to who prints it."""
        return f"{self.path}: {self.code}: {self.found}; {self.advice}"


def absent_or(path: Path, found: str) -> tuple[str, str]:
    """Code and what was found of a file that is not as written: it is not there, or something else."""
    return ("RESULT_CHANGED", found) if path.exists() else ("RESULT_MISSING", "there is none")


def refuse_no_results(folder: Path) -> None:
    """Refuse a folder in which no run has come to its end; hold its lock, or a run may be at work.

    Raises
    ------
    ResultsError
        RESULTS_UNREADABLE.
    """
    sealed = read_seal(folder)
    was_sealed = sealed.run_json != NO_RECORD if sealed else (folder / SEAL_NAME).exists()
    if was_sealed or any((folder / name).exists() for name in (RUN_RECORD, "measures.csv")):
        return
    begun = any((folder / name).exists() for name in ("units", "logs", LOG))
    message = (
        f"no tables yet; {AGAIN}, without --shard"
        if begun
        else "no results; give a folder that `emgpipe run` has written"
    )
    raise ResultsError("RESULTS_UNREADABLE", message, where=str(folder))
