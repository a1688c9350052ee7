"""The 2x2 analysis of any table: one row a subject and period in, all lines of an analysis out."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgpipe.errors import EmgpipeError, StatisticsError
from emgpipe.outcomes.crossover_table import CrossoverColumns, crossover_values
from emgpipe.outcomes.given import given_table
from emgpipe.outcomes.lines import Sample, endpoint_lines
from emgpipe.outcomes.model import EndpointAnalysis, PeriodValues

if TYPE_CHECKING:
    import pandas as pd


class CellMean(NamedTuple):
    """Mean and standard deviation of a sequence in a period, of subjects with a value; NaN where too few.

    Of a log scale, of the logarithms.
    """

    sequence: str
    period: int
    n: int
    mean: float
    sd: float


@dataclass(frozen=True, eq=False)
class CrossoverAnalysis:
    """The analysis of a table.

    Attributes
    ----------
    where : str
        File.
    treatments : (str, str)
        `("A", "B")`: effects are A minus B.
    sequences : mapping of str to str
        Subject -> two letters.
    level : float
        Of all intervals.
    estimator : str
        Of the headline: `ancova` with baselines, else `raw`.
    endpoint : EndpointAnalysis
        All lines, the headline first.
    cells : tuple of CellMean
        Both sequences in both periods.
    """

    where: str
    treatments: tuple[str, str]
    sequences: Mapping[str, str]
    level: float
    estimator: str
    endpoint: EndpointAnalysis
    cells: tuple[CellMean, ...]


def analyse_crossover(
    table: "str | Path | pd.DataFrame", *, subject: str, sequence: str, period: str, value: str, treatment: str = "",
    baseline: str = "", log: bool = False, level: float = 0.95, seed: int = 1,
) -> CrossoverAnalysis:  # fmt: skip
    """Analyse a two-period, two-sequence crossover in a table of its own.

    Parameters
    ----------
    table : str, Path or DataFrame
        CSV or TSV with a header, or the same in memory: one row a subject and period.
    subject, sequence, period, value : str
        Names of columns: who, two letters in the order of the periods, 1 or 2, a number (empty, NA, NaN and n/a are
        missing).
    treatment : str
        Column that must agree with sequence and period; `""`: none.
    baseline : str
        Column of period baselines: with it the headline is the ANCOVA, without it the raw contrast.
    log : bool
        Analyse natural logarithms; `exp` of an effect is a ratio.
    level : float
        Of the intervals, between 0 and 1.
    seed : int
        Of re-randomisation beyond a million arrangements.

    Returns
    -------
    CrossoverAnalysis
        Subjects without a value in a period are listed, and count in the first period alone.

    Raises
    ------
    TableError
        TABLE_UNREADABLE, TABLE_EMPTY, TABLE_COLUMN, TABLE_CELL, TABLE_TWICE, TABLE_SEQUENCE, each with file, line and
        column.
    StatisticsError
        The headline has no answer: SEQUENCE_EMPTY, SUBJECTS_TOO_FEW, BASELINES_CONSTANT, RESIDUALS_ZERO.
    SettingsError
        ARGUMENT_INVALID: a level outside 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"id": [1, 1, 2, 2, 3, 3, 4, 4], "seq": ["AB"] * 4 + ["BA"] * 4, "per": [1, 2] * 4})
    >>> table["y"] = [3.0, 5.0, 2.0, 5.0, 6.0, 4.0, 7.0, 4.5]
    >>> found = analyse_crossover(table, subject="id", sequence="seq", period="per", value="y")
    >>> found.treatments, found.endpoint.lines[0].effect, found.endpoint.lines[0].df
    (('A', 'B'), -2.375, 2.0)
    """
    given = given_table(table)
    columns = CrossoverColumns(subject, sequence, period, value, treatment, baseline)
    values, sequences = crossover_values(given, columns, log=log)
    letters = tuple(sequences[name] for name in values.subjects)
    estimator = "ancova" if baseline else "raw"
    try:
        sample = Sample(values.values, values.baselines, letters, level, seed)
        lines = endpoint_lines(sample, "ancova" if baseline else "raw", with_baselines=bool(baseline))
        if lines[0].code:
            raise StatisticsError(lines[0].code, lines[0].note)
    except EmgpipeError as error:
        error.where = given.where
        raise
    pair = min(letters)
    endpoint = EndpointAnalysis(value, value, "", log, True, lines, values)  # noqa: FBT003
    return CrossoverAnalysis(given.where, (pair[0], pair[1]), sequences, level, estimator, endpoint,
                             cell_means(values, letters))  # fmt: skip


def cell_means(values: PeriodValues, letters: tuple[str, ...]) -> tuple[CellMean, ...]:
    """Mean of each sequence in each period.

    Parameters
    ----------
    values : PeriodValues
        Values of both periods.
    letters : tuple of str
        Sequence of each subject.

    Returns
    -------
    tuple of CellMean
        Alphabetically first sequence first.
    """
    out = []
    for sequence in sorted(set(letters)):
        own = np.array([one == sequence for one in letters])
        for p in (0, 1):
            x = values.values[own, p]
            there = [float(one) for one in x if not math.isnan(one)]
            mean = math.fsum(there) / len(there) if there else math.nan
            spread = math.fsum((one - mean) ** 2 for one in there)
            sd = math.sqrt(spread / (len(there) - 1)) if len(there) > 1 else math.nan
            out.append(CellMean(sequence, p + 1, len(there), mean, sd))
    return tuple(out)
