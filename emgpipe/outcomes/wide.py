"""The wide outcome table: one row a subject, visit, task and segment, one column a target and measure. Blind."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from emgpipe.errors import TableError
from emgpipe.outcomes.bds import records, typed, visit_cells, visit_why
from emgpipe.outcomes.columns import WIDE_COLUMNS, columns_of
from emgpipe.outcomes.schedule import measure_order

Row = dict[str, Any]


def wide_table(ruled: pd.DataFrame) -> pd.DataFrame:
    """Make the wide outcome table.

    Parameters
    ----------
    ruled : DataFrame
        From `apply_rules`.

    Returns
    -------
    DataFrame
        `WIDE_COLUMNS`, then `{target}.{measure}` by muscles, pairs and subject: AVAL of the long table, NaN where there
        is none; status and reasons stand there. A recording without rows and a visit of the plan that is not there
        have a row, its segment blank. ANL01FL is of the visit.

    Raises
    ------
    TableError
        OUTCOMES_EMPTY: no row has a measure. PARAMETER_UNKNOWN.
    """
    rows = records(ruled)
    columns = _value_columns(rows)
    measured = {(row["subject"], row["visit"], row["task"]) for row in rows if row["measure"]}
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row["measure"] or (row["subject"], row["visit"], row["task"]) not in measured:
            key = tuple(row[name] for name in ("subject", "visit", "avisit", "task", "segment"))
            groups.setdefault(key, []).append(row)
    return typed([_wide_row(group) for group in groups.values()], (*WIDE_COLUMNS, *columns_of(columns)))


def _value_columns(rows: Sequence[Row]) -> list[str]:
    firsts = {f"{row['target']}.{row['measure']}": row for row in rows if row["measure"]}
    if not firsts:
        message = "no row of the results has a measure: every recording failed or was not run; see inputs.csv"
        raise TableError("OUTCOMES_EMPTY", message)
    return sorted(firsts, key=lambda name: measure_order(firsts[name]))


def _wide_row(group: Sequence[Row]) -> Row:
    first, analysed = group[0], any(row["analysed"] for row in group)
    cells = visit_cells({**first, "analysed": analysed, "why": "" if analysed else visit_why(first["why"])})
    later = "Y" if any(row.get("post_hoc", False) for row in group) else ""
    values = {f"{row['target']}.{row['measure']}": row["aval"] for row in group if row["measure"]}
    return {**cells, "TASK": first["task"], "SEGMENT": first["segment"], "POSTHOC": later, **values}
