"""`emgpipe outcomes`: what was written."""

from pathlib import Path

from emgpipe.batch.outcome_tables import Shape, write_outcome_tables
from emgpipe.errors import printable


def outcomes_told(out: Path, file: Path, *, plan: Path | None, shape: Shape, arms: Path | None) -> str:
    """Write the table, and with arms the unblinded one beside it; say what lies where.

    Parameters
    ----------
    out, file, plan, shape, arms
        As `write_outcome_tables`.

    Returns
    -------
    str
        A line a file.
    """
    done = write_outcome_tables(out, file, plan=plan, shape=shape, arms=arms)
    lines = [f"{done.file}: {done.n_rows} rows, {done.n_columns} columns, blind; {done.plan}"]
    if done.unblinded:
        lines.append(f"{done.unblinded}: the same with arms")
    return "\n".join(map(printable, lines))
