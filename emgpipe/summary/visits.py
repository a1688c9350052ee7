"""One row a visit, task and segment; repeats by their median."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from emgpipe.measures.rows import VALUED, MeasureRow

VISIT_COLUMNS = ("subject", "visit", "task", "segment")
REPEAT_COLUMNS = (*VISIT_COLUMNS, "target", "measure", "value", "n", "sd")


class StudyRow(NamedTuple):
    """A measure row and whose it is.

    Attributes
    ----------
    subject, visit, task, run, recording : str
        `run` may be `""`; `recording` is `""` on visit-level rows.
    sha256 : str
        Of the input; `""` on visit-level rows.
    row : MeasureRow
        The measure.
    """

    subject: str
    visit: str
    task: str
    run: str
    recording: str
    sha256: str
    row: MeasureRow

    @property
    def valued(self) -> bool:
        """Whether there is a number."""
        return self.row.status in VALUED and self.row.value is not None


def pooled(rows: Sequence[StudyRow]) -> float | None:
    """Median of the values of repeats; None where no repeat has a value."""
    values = [r.row.value for r in rows if r.valued and r.row.value is not None]
    return float(statistics.median(values)) if values else None


def grouped(rows: Iterable[StudyRow]) -> dict[tuple[str, str, str, str, str, str], list[StudyRow]]:
    """Rows by subject, visit, task, segment, target and measure, in the order they come."""
    out: dict[tuple[str, str, str, str, str, str], list[StudyRow]] = {}
    for r in rows:
        key = (r.subject, r.visit, r.task, r.row.segment, r.row.target, r.row.measure)
        out.setdefault(key, []).append(r)
    return out


def visit_tables(rows: Sequence[StudyRow]) -> tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]:
    """Wide table of visits, and the repeats behind it.

    Parameters
    ----------
    rows : sequence of StudyRow
        All rows of a study, visit-level ones too, in table order.

    Returns
    -------
    columns : list of str
        `subject, visit, task, segment`, then `{target}.{measure}` in the order of the rows.
    visits : list of dict
        One a subject, visit, task and segment; None where there is no value.
    repeats : list of dict
        `REPEAT_COLUMNS` for what was measured more than once: median, number and
        between-run standard deviation.
    """
    columns: dict[str, None] = {}
    visits: dict[tuple[str, ...], dict[str, Any]] = {}
    repeats = []
    for key, group in grouped(rows).items():
        if not key[5]:
            continue
        column = f"{key[4]}.{key[5]}"
        columns[column] = None
        visit = visits.setdefault(key[:4], dict(zip(VISIT_COLUMNS, key[:4], strict=True)))
        visit[column] = pooled(group)
        if len(group) > 1:
            values = [r.row.value for r in group if r.valued and r.row.value is not None]
            sd = statistics.stdev(values) if len(values) > 1 else None
            repeats.append(dict(zip(REPEAT_COLUMNS, (*key, visit[column], len(values), sd), strict=True)))
    wide = [{**dict.fromkeys(columns), **visit} for visit in visits.values()]
    return [*VISIT_COLUMNS, *columns], wide, repeats
