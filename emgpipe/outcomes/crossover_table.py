"""A 2x2 crossover in a table of its own: one row a subject and period, checked row by row."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import TableError
from emgpipe.outcomes.given import GivenTable, distinct_columns, each_once
from emgpipe.outcomes.model import Listed, PeriodValues
from emgpipe.study.order import natural

PERIODS = {"1": 1, "2": 2, "1.0": 1, "2.0": 2}
"""Cells that tell a period."""


@dataclass(frozen=True)
class CrossoverColumns:
    """Names of the columns of a crossover; `treatment` and `baseline` may be empty: there is none."""

    subject: str
    sequence: str
    period: str
    value: str
    treatment: str = ""
    baseline: str = ""


def crossover_values(
    table: GivenTable, columns: CrossoverColumns, *, log: bool = False
) -> tuple[PeriodValues, dict[str, str]]:
    r"""Values of both periods, and the sequence of each subject.

    Parameters
    ----------
    table : GivenTable
        One row a subject and period, in any order.
    columns : CrossoverColumns
        Names as in the header. `treatment` is only compared with the letters of the sequence.
    log : bool
        Natural logarithms of values and baselines.

    Returns
    -------
    values : PeriodValues
        Subjects sorted by name; without a baseline column all baselines are NaN. `listed` names who has no value or
        baseline in a period.
    sequences : dict of str to str
        Subject -> two letters.

    Raises
    ------
    TableError
        TABLE_COLUMN; TABLE_CELL: a subject or sequence that is missing, a sequence that is not two letters, a period
        that is not 1 or 2, a treatment that is not the letter of its period, a value that is no number or, with `log`,
        not above 0; TABLE_TWICE; TABLE_SEQUENCE: two sequences of a subject, no second sequence, a third one.

    Examples
    --------
    >>> from emgpipe.outcomes.given import parse_given
    >>> table = parse_given("id,seq,per,y\n1,AB,2,5\n1,AB,1,4\n2,BA,1,3\n", where="t.csv")
    >>> found, sequences = crossover_values(table, CrossoverColumns("id", "seq", "per", "y"))
    >>> found.values.tolist(), sequences, found.listed[0].words
    ([[4.0, 5.0], [3.0, nan]], {'1': 'AB', '2': 'BA'}, 'no row of period 2')
    """
    _check_columns(columns)
    rows = _rows(table, columns)
    sequences = _sequences(table, columns.sequence, rows)
    if columns.treatment:
        _check_treatments(table, columns.treatment, [sequences[row.subject][row.period - 1] for row in rows])
    order = {name: n for n, name in enumerate(sorted(sequences, key=lambda name: (natural(name), name)))}
    there = np.zeros((len(order), 2), np.bool_)
    for subject, period in rows:
        there[order[subject], period - 1] = True
    values = _pairs(rows, order, table.numbers(columns.value, above_zero=log), log=log)
    found = table.numbers(columns.baseline, above_zero=log) if columns.baseline else [math.nan] * len(rows)
    baselines = _pairs(rows, order, found, log=log)
    n_visits = (~np.isnan(values)).astype(np.int64)
    listed = tuple(_listed(tuple(order), values, baselines, there, columns))
    return PeriodValues(tuple(order), values, baselines, n_visits, listed), sequences


class _Row(NamedTuple):
    subject: str
    period: int


def _check_columns(columns: CrossoverColumns) -> None:
    distinct_columns(
        {
            "subject": columns.subject,
            "sequence": columns.sequence,
            "period": columns.period,
            "value": columns.value,
            "treatment": columns.treatment,
            "baseline": columns.baseline,
        }
    )


def _rows(table: GivenTable, columns: CrossoverColumns) -> list[_Row]:
    """Subject and period of each row, no two alike."""
    subjects = table.names(columns.subject)
    texts = table.names(columns.period)
    rows = []
    for n, (subject, text) in enumerate(zip(subjects, texts, strict=True)):
        if text not in PERIODS:
            message = f"{columns.period} = {text[:60]!r}; 1 or 2 is allowed: the design has two periods"
            raise table.refusal(n, "TABLE_CELL", message)
        rows.append(_Row(subject, PERIODS[text]))
    each_once(table, [(row.subject, str(row.period)) for row in rows], (columns.subject, columns.period))
    return rows


def _sequences(table: GivenTable, column: str, rows: Sequence[_Row]) -> dict[str, str]:
    """Sequence of each subject; two of them in all, one the other turned round."""
    cells = table.names(column)
    first, lines = cells[0], dict[str, int]()
    found: dict[str, str] = {}
    for n, (row, cell) in enumerate(zip(rows, cells, strict=True)):
        if len(cell) != 2 or cell[0] == cell[1]:
            message = f"{column} = {cell[:60]!r}; two different letters are needed in the order of the periods, as 'AB'"
            raise table.refusal(n, "TABLE_CELL", message)
        if cell not in (first, first[::-1]):
            told = f"{column} = {cell!r}, and {first!r} on line {table.lines[0]}; {first!r} and {first[::-1]!r} are"
            raise table.refusal(n, "TABLE_SEQUENCE", f"{told} the two sequences of one design")
        if found.setdefault(row.subject, cell) != cell:
            told = f"{column} = {cell!r}, but {found[row.subject]!r} on line {table.lines[lines[row.subject]]}"
            message = f"{told} of the same subject {row.subject[:60]!r}; a subject has one sequence"
            raise table.refusal(n, "TABLE_SEQUENCE", message)
        lines.setdefault(row.subject, n)
    if len(set(cells)) < 2:
        told = f"all {len(found)} subjects have {column} = {first!r}" if len(found) > 1 else "one subject"
        message = f"{told}; subjects with {first!r} and with {first[::-1]!r} are needed"
        raise TableError("TABLE_SEQUENCE", message, where=table.where)
    return found


def _check_treatments(table: GivenTable, column: str, letters: Sequence[str]) -> None:
    for n, (cell, letter) in enumerate(zip(table.names(column), letters, strict=True)):
        if cell != letter:
            message = f"{column} = {cell[:60]!r}; {letter!r} follows from sequence and period of this row"
            raise table.refusal(n, "TABLE_CELL", message)


def _pairs(
    rows: Sequence[_Row], order: Mapping[str, int], numbers: Sequence[float], *, log: bool
) -> NDArray[np.float64]:
    """Values of shape (n_subjects, 2); NaN where no row is, or none with a number."""
    pairs = np.full((len(order), 2), np.nan)
    for (subject, period), value in zip(rows, numbers, strict=True):
        pairs[order[subject], period - 1] = math.log(value) if log else value
    return pairs


def _listed(
    subjects: Sequence[str],
    values: NDArray[np.float64],
    baselines: NDArray[np.float64],
    there: NDArray[np.bool_],
    columns: CrossoverColumns,
) -> Iterator[Listed]:
    """Who has no value, or no baseline where one was asked for."""
    for n, subject in enumerate(subjects):
        for p in (0, 1):
            if not there[n, p]:
                words = f"no row of period {p + 1}"
            elif np.isnan(values[n, p]):
                words = f"no {columns.value} in period {p + 1}"
            elif columns.baseline and np.isnan(baselines[n, p]):
                words = f"no {columns.baseline} in period {p + 1}"
            else:
                continue
            yield Listed(subject, p + 1, "", "PERIOD_MISSING", words)
