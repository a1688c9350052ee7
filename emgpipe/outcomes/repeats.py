"""Reliability of any table: one row a subject and visit in, intraclass correlations and MDC95 out."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emgpipe.errors import EmgpipeError, TableError
from emgpipe.outcomes.given import distinct_columns, each_once, given_table
from emgpipe.outcomes.model import Listed
from emgpipe.statistics import Reliability, reliability
from emgpipe.study.order import natural

if TYPE_CHECKING:
    import pandas as pd

MOST_CELLS = 10_000_000
"""Subjects times visits; more is a column that names no visits."""


@dataclass(frozen=True, eq=False)
class ReliabilityAnalysis:
    """The reliability of a table.

    Attributes
    ----------
    where, value : str
        File and column.
    visits : tuple of str
        That are compared, in natural order.
    found : Reliability
        The numbers.
    listed : tuple of Listed
        Subjects that are left out, a row for each visit without a value.
    """

    where: str
    value: str
    visits: tuple[str, ...]
    found: Reliability
    listed: tuple[Listed, ...]


def analyse_reliability(
    table: "str | Path | pd.DataFrame", *, subject: str, visit: str, value: str, log: bool = False, level: float = 0.95
) -> ReliabilityAnalysis:
    """Tell how well visits without a change repeat, from a table of its own.

    Parameters
    ----------
    table : str, Path or DataFrame
        CSV or TSV with a header, or the same in memory: one row a subject and visit.
    subject, visit, value : str
        Names of columns; empty, NA, NaN and n/a are missing values.
    log : bool
        Analyse natural logarithms: SEM and MDC95 are ratios, too.
    level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    ReliabilityAnalysis
        Of subjects with a value at every visit of the table; the others are listed.

    Raises
    ------
    TableError
        TABLE_UNREADABLE, TABLE_EMPTY, TABLE_COLUMN, TABLE_CELL, TABLE_TWICE.
    StatisticsError
        SUBJECTS_TOO_FEW, VISITS_TOO_FEW, RESIDUALS_ZERO.
    SettingsError
        ARGUMENT_INVALID: a level outside 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"id": [1, 1, 2, 2, 3, 3], "visit": ["V1", "V2"] * 3, "y": [4, 5, 6, 6, 9, 8]})
    >>> found = analyse_reliability(table, subject="id", visit="visit", value="y")
    >>> found.visits, round(found.found.icc["ICC(2,1)"].value, 3), round(found.found.agreement.mdc95, 2)
    (('V1', 'V2'), 0.92, 1.96)
    """
    given = given_table(table)
    distinct_columns({"subject": subject, "visit": visit, "value": value})
    rows = list(zip(given.names(subject), given.names(visit), strict=True))
    each_once(given, rows, (subject, visit))
    cells = dict(zip(rows, given.numbers(value, above_zero=log), strict=True))
    subjects, visits = (sorted(set(names), key=lambda name: (natural(name), name)) for names in zip(*rows, strict=True))
    if len(subjects) * len(visits) > MOST_CELLS:
        found = f"{len(visits)} {visit!r} beside {len(subjects)} {subject!r}; a few visits of each subject are needed"
        raise TableError("TABLE_COLUMN", found, where=given.where)
    values = np.array([[cells.get((one, other), math.nan) for other in visits] for one in subjects])
    listed = tuple(
        Listed(one, 0, other, "VALUE_MISSING" if (one, other) in cells else "VISIT_MISSING",
               "no value" if (one, other) in cells else "no row")
        for one, row in zip(subjects, values, strict=True)
        for other, number in zip(visits, row, strict=True) if math.isnan(number)
    )  # fmt: skip
    try:
        told = reliability(values, level=level, log=log)
    except EmgpipeError as error:
        error.where = given.where
        raise
    return ReliabilityAnalysis(given.where, value, tuple(visits), told, listed)


def reliability_told(analysis: ReliabilityAnalysis) -> Mapping[str, Any]:
    """All of it, for JSON."""
    found = analysis.found
    icc = {name: one._asdict() for name, one in found.icc.items()}
    # a read-only mapping cannot be copied
    cells = {name: getattr(found, name) for name in found.__dataclass_fields__ if name != "icc"}
    parts = {name: asdict(cells[name]) for name in ("consistency", "agreement")}
    return {"value": analysis.value, "visits": list(analysis.visits), **cells, "icc": icc, **parts,
            "listed": [one._asdict() for one in analysis.listed]}  # fmt: skip
