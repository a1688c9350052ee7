"""Results read back from their folder."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgpipe.errors import ResultsError
from emgpipe.store import cell_text, read_json, refuse_links

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """A results folder.

    Attributes
    ----------
    folder : Path
        As given to `run`.
    outputs : mapping of str to str
        SHA-256 of each table, as `run.json` says; a table with other bytes is not read.
    """

    folder: Path
    outputs: Mapping[str, str]

    @cached_property
    def measures(self) -> "pd.DataFrame":
        """`measures.parquet`: one row a measure."""
        return self._table("measures.parquet")

    @cached_property
    def visits(self) -> "pd.DataFrame":
        """`visits.parquet`: one row a visit, task and segment."""
        return self._table("visits.parquet")

    @cached_property
    def inputs(self) -> "pd.DataFrame":
        """`inputs.csv`: one row an input."""
        return self._table("inputs.csv")

    @cached_property
    def intervals(self) -> "pd.DataFrame":
        """`intervals.csv`: stretches of each state."""
        return self._table("intervals.csv")

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        path = self.folder / name
        text: dict[str, Any] = {
            "keep_default_na": False,
            "na_values": [""],
            "dtype": {"visit": str, "subject": str, "run": str},
        }
        try:
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != self.outputs.get(name):
                message = f"{name} is not as the last finished run wrote it; run the study again"
                raise ResultsError("RESULTS_UNREADABLE", message, where=str(self.folder))
            if name.endswith("parquet"):
                return pd.read_parquet(io.BytesIO(data))
            table: pd.DataFrame = pd.read_csv(io.BytesIO(data), **text)
        except (OSError, ValueError) as problem:
            message = f"{name} cannot be read ({type(problem).__name__}); run the study again"
            raise ResultsError("RESULTS_UNREADABLE", message, where=str(self.folder)) from None
        for column in table.select_dtypes(exclude=["number", "bool"]):
            table[column] = table[column].map(cell_text, na_action="ignore")
        return table


@contextmanager
def reading_results(folder: str | Path) -> Iterator[None]:
    """Read what lies in a results folder.

    Raises
    ------
    ResultsError
        RESULTS_UNREADABLE instead of any OSError: rights that are missing, a folder in the place of a file.
    """
    try:
        yield
    except OSError as problem:
        message = f"it cannot be read ({problem.strerror or problem}); mend its rights, or copy it"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(folder)) from problem


def load_results(folder: str | Path) -> Results:
    r"""Open the results of a run.

    Parameters
    ----------
    folder : str or Path
        Results folder.

    Returns
    -------
    Results
        Tables are read on first use.

    Raises
    ------
    ResultsError
        RESULTS_UNREADABLE: no results here; a table that cannot be read, or is not the one that `run.json` names (a run
        was killed while it wrote, or somebody changed it), raises it on first use. STORE_LINKED.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     load_results(folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    emgpipe.errors.ResultsError: ...: RESULTS_UNREADABLE: no run.json; give a folder that `emgpipe run` has written
    """
    path = Path(folder)
    refuse_links(path)
    try:
        outputs = {str(name): str(digest) for name, digest in read_json(path / "run.json")["outputs"].items()}
    except FileNotFoundError:
        message = "no run.json; give a folder that `emgpipe run` has written"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(folder)) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        message = f"run.json cannot be read ({type(problem).__name__}); run the study again"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(folder)) from None
    return Results(path, outputs)
