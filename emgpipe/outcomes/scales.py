"""Clinical scales beside an outcome table: one row of scales a subject and visit, joined to all rows of that visit."""

from collections.abc import Mapping
from pathlib import Path

from emgpipe.errors import SettingsError, TableError
from emgpipe.outcomes.given import GivenTable, each_once, read_given
from emgpipe.outcomes.write import refuse_place
from emgpipe.settings import nearest
from emgpipe.store import write_csv
from emgpipe.study.blinding import column_tells, text_tells

KEYS = ("subject", "visit")
"""Columns that a table of scales must have."""


def join_scales(table: str | Path, scales: str | Path, file: str | Path) -> list[str]:
    """Join clinical scales to an outcome table by subject and visit.

    Parameters
    ----------
    table : str or Path
        Outcome table, long or wide, as CSV.
    scales : str or Path
        CSV or TSV: `subject`, `visit` (as VISIT, or as AVISIT where no VISIT has that name) and a column a scale, one
        row a subject and visit.
    file : str or Path
        CSV to write: all rows of the table in their order, the scales behind them; empty where a visit has none. A long
        table has them on every row of a visit, means of visits (DTYPE = AVERAGE) have none.

    Returns
    -------
    list of str
        Rows of scales whose visit the subject has not in the table: they are left out, a line each.

    Raises
    ------
    TableError
        TABLE_UNREADABLE, TABLE_EMPTY, TABLE_CELL: not a table. TABLE_COLUMN: a column is missing, or a scale has the
        name of a column of the table. TABLE_TWICE: a subject and visit in two rows. SCALE_UNKNOWN: a subject or a visit
        that the table does not have at all. ARM_COLUMN, ARM_CELL: scales that may tell an arm, as the outcome table is
        blind.
    SettingsError
        OUTCOMES_FORMAT, OUTCOMES_PLACE: `file` is no CSV, an input, or stands for something else.
    StoreError
        STORE_UNWRITABLE.
    """
    _refuse_file(Path(file), (Path(table), Path(scales)))
    outcomes, given = read_given(table), read_given(scales)
    names = _scale_names(outcomes, given)
    keys = list(zip(given.names("subject"), given.names("visit"), strict=True))
    each_once(given, keys, KEYS)
    matches = _matches(outcomes, given, keys)
    rows = []
    for n, cells in enumerate(outcomes.rows):
        scale: Mapping[str, str] = {}
        if n in matches:
            scale = dict(zip(given.columns, given.rows[matches[n]], strict=True))
        told = [*zip(outcomes.columns, cells, strict=True), *((name, scale.get(name, "")) for name in names)]
        rows.append({name: _value(text) for name, text in told})
    write_csv(Path(file), (*outcomes.columns, *names), rows)
    return _left_out(given, keys, set(matches.values()))


def _refuse_file(file: Path, inputs: tuple[Path, ...]) -> None:
    if file.suffix.lower() != ".csv":
        raise SettingsError("OUTCOMES_FORMAT", f"{file.name[-60:]!r}; a name that ends with .csv is needed")
    if file.resolve() in [path.resolve() for path in inputs]:
        raise SettingsError(
            "OUTCOMES_PLACE", "the file to write is one that is read; choose another name", where=str(file)
        )
    refuse_place(file)


def _scale_names(outcomes: GivenTable, given: GivenTable) -> list[str]:
    """Columns of the scales that are no key."""
    for name in ("SUBJID", "VISIT", "AVISIT"):
        outcomes.column(name)
    names = [name for name in given.columns if name not in KEYS]
    for place, name in enumerate(names):
        if not name or name in outcomes.columns or name in names[:place]:
            message = f"column {name[:60]!r}; every scale needs a name of its own, none of the outcome table"
            raise TableError("TABLE_COLUMN", message, where=f"{given.where}:1")
        if rule := column_tells(name):
            message = f"a column, not shown here, has {rule}; take it out: the outcome table is blind"
            raise TableError("ARM_COLUMN", message, where=f"{given.where}:1")
        _refuse_cells(given, name)
    return names


def _refuse_cells(given: GivenTable, name: str) -> None:
    for row, text in enumerate(given.column(name)):
        if rule := text_tells(text):
            message = f"{name}: a cell, not shown here, has {rule}; write it without: the outcome table is blind"
            raise given.refusal(row, "ARM_CELL", message)


def _matches(outcomes: GivenTable, given: GivenTable, keys: list[tuple[str, str]]) -> dict[int, int]:
    """Row of the scales for each row of the table that has one."""
    subjects, visits, analysed = (outcomes.column(name) for name in ("SUBJID", "VISIT", "AVISIT"))
    reasons = outcomes.column("NOTANL") if "NOTANL" in outcomes.columns else [""] * len(subjects)
    known = {"subject": set(subjects), "visit": {*visits, *analysed}}
    for row, key in enumerate(keys):
        for name, found in zip(KEYS, key, strict=True):
            if found not in known[name]:
                message = f"{name} {found[:60]!r} is not in the outcome table; {nearest(found, sorted(known[name]))}"
                raise given.refusal(row, "SCALE_UNKNOWN", message)
    by_key = {key: row for row, key in enumerate(keys)}
    by_plan = {key: row for key, row in by_key.items() if key[1] not in set(visits)}
    out = {}
    for n, (subject, visit, avisit, why) in enumerate(zip(subjects, visits, analysed, reasons, strict=True)):
        ways = [(by_key, visit), *([] if why == "VISIT_TWICE" else [(by_plan, avisit)])]
        found_rows = {table[subject, name] for table, name in ways if (subject, name) in table}
        if len(found_rows) > 1:
            first, second = sorted(found_rows)
            message = (
                f"{subject!r}, {visit!r} is also on line {given.lines[first]}, as {avisit!r}; one row each is needed"
            )
            raise given.refusal(second, "TABLE_TWICE", message)
        if found_rows:
            out[n] = found_rows.pop()
    return out


def _left_out(given: GivenTable, keys: list[tuple[str, str]], used: set[int]) -> list[str]:
    return [
        f"{given.where}:{given.lines[row]}: {subject} has no row of visit {visit!r}: left out"
        for row, (subject, visit) in enumerate(keys)
        if row not in used
    ]


def _value(text: str) -> str | int | float:
    """A number with a sign as a number: as text it would be guarded like a formula."""
    if text[:1] not in ("-", "+"):
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
