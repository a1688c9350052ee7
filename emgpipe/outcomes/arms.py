"""`arms.csv`: who was given what in which order. Opened by `--unblind` alone; no message tells anybody's sequence."""

import re
from collections.abc import Mapping
from pathlib import Path

from emgpipe.errors import TableError
from emgpipe.outcomes.given import GivenTable, parse_given, read_given
from emgpipe.study.columns import CELLS
from emgpipe.study.model import ID_WORDS

COLUMNS = ("subject", "sequence")
MOST_SUBJECTS = 100_000
"""More are no trial."""
_SEQUENCE = re.compile("[A-Z]{2}")


def read_arms(path: str | Path) -> Mapping[str, str]:
    """Read `arms.csv`; see `parse_arms`.

    Raises
    ------
    TableError
        TABLE_UNREADABLE, TABLE_EMPTY, and what `parse_arms` raises.
    """
    return _checked(read_given(path))


def parse_arms(text: str, *, where: str = "arms.csv") -> Mapping[str, str]:
    r"""Sequence of each subject.

    Parameters
    ----------
    text : str
        CSV with `,` or `;` or tabs, and the two columns `subject` and `sequence`, in either order.
    where : str
        File, for messages.

    Returns
    -------
    mapping of str to str
        Two capital letters in the order of the periods, by subject in the order of the file; both orders of two letters
        occur.

    Raises
    ------
    TableError
        TABLE_EMPTY, TABLE_COLUMN, TABLE_CELL, TABLE_TWICE; TABLE_SEQUENCE: a subject in two sequences, a third letter;
        SEQUENCE_EMPTY: all subjects have one. Each names the line and never what stands in the cell.

    Examples
    --------
    >>> parse_arms("subject,sequence\nP01,AB\nP02,BA\n")
    {'P01': 'AB', 'P02': 'BA'}
    """
    return _checked(parse_given(text, where=where))


def _checked(table: GivenTable) -> Mapping[str, str]:
    _check_header(table)
    subjects, sequences = table.column("subject"), table.column("sequence")
    if len(subjects) > MOST_SUBJECTS:
        raise TableError("TABLE_CELL", f"{len(subjects)} rows; at most {MOST_SUBJECTS} subjects", where=table.where)
    arms: dict[str, str] = {}
    lines: dict[str, tuple[int, str]] = {}
    for row, (subject, sequence) in enumerate(zip(subjects, sequences, strict=True)):
        _check_cells(table, row, subject, sequence)
        line, before = lines.setdefault(subject.casefold(), (table.lines[row], sequence))
        if line != table.lines[row]:
            _refuse_again(table, row, subject, line, same=before == sequence)
        arms[subject] = sequence
    _check_sequences(table, sequences)
    return arms


def _check_header(table: GivenTable) -> None:
    """Refuse other columns; they are not shown: a file without a header begins with somebody's sequence."""
    there = [name for name in COLUMNS if name in table.columns]
    if len(table.columns) == len(COLUMNS) == len(there):
        return
    found = f"{len(table.columns)} columns, not shown here, {' and '.join(map(repr, there)) or 'none'} of them known"
    allowed = "the first line must name the columns subject and sequence, and no other"
    raise TableError("TABLE_COLUMN", f"{found}; {allowed}", where=f"{table.where}:1")


def _check_cells(table: GivenTable, row: int, subject: str, sequence: str) -> None:
    if not subject or CELLS["subject"](subject):
        raise table.refusal(row, "TABLE_CELL", f"subject, not shown here; allowed: {ID_WORDS}, as in recordings.csv")
    if not _SEQUENCE.fullmatch(sequence) or sequence[0] == sequence[1]:
        found = "empty" if not sequence else f"{len(sequence)} characters, not shown here"
        allowed = "two different capital letters in the order of the two periods are needed"
        whose = "" if _SEQUENCE.fullmatch(subject) else f" of {subject!r}"  # the columns may stand the wrong way round
        raise table.refusal(row, "TABLE_CELL", f"sequence{whose}: {found}; {allowed}")


def _refuse_again(table: GivenTable, row: int, subject: str, line: int, *, same: bool) -> None:
    if same:
        message = f"subject {subject!r} is also on line {line}; one line a subject"
        raise table.refusal(row, "TABLE_TWICE", message)
    message = f"subject {subject!r} has another sequence on line {line}; a subject has one"
    raise table.refusal(row, "TABLE_SEQUENCE", message)


def _check_sequences(table: GivenTable, sequences: list[str]) -> None:
    """Refuse a third treatment, and a trial of one sequence."""
    first = sequences[0]
    for row, sequence in enumerate(sequences):
        if set(sequence) != set(first):
            message = f"sequence, not shown here: not the two letters of line {table.lines[0]}; two treatments in all"
            raise table.refusal(row, "TABLE_SEQUENCE", message)
    if set(sequences) == {first}:
        message = f"all {len(sequences)} subjects have one sequence; both orders of the two letters are needed"
        raise TableError("SEQUENCE_EMPTY", message, where=table.where)
