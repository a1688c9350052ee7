"""Which visits are there: the state of a visit by its recordings, and its symbol."""

from collections.abc import Mapping, Sequence

SYMBOLS = {"complete": "●", "partly": "◐", "failed": "✕", "unrun": "○", "missing": "–"}
STATE_OF_VISIT = {
    "complete": "all recordings measured",
    "partly": "some recordings failed or were not run",
    "failed": "no recording measured",
    "unrun": "not run",
    "missing": "no recording listed",
}

Row = Mapping[str, str]


def visit_state(rows: Sequence[Row]) -> str:
    """State of a visit by the rows of `inputs.csv` of its recordings: a key of `STATE_OF_VISIT`.

    Examples
    --------
    >>> visit_state([{"status": "ok"}, {"status": "failed"}]), visit_state([]), visit_state([{"status": "failed"}])
    ('partly', 'missing', 'failed')
    """
    if not rows:
        return "missing"
    n_measured = n_of(rows, "ok")
    if n_measured:
        return "complete" if n_measured == len(rows) else "partly"
    return "failed" if n_of(rows, "failed") else "unrun"


def n_of(rows: Sequence[Row], status: str) -> int:
    """Recordings with this status."""
    return sum(row["status"] == status for row in rows)
