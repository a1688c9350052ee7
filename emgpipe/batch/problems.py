"""What is not as it was written: one line each, by path and code."""

from dataclasses import dataclass

from emgpipe.errors.codes import CODES


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
