"""What `emgpipe diff` prints of a comparison."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from emgpipe.batch.compare import Comparison, Difference, RowChange
from emgpipe.cli.talk import table_text

MOST_CHANGED = 3
"""Rows of a measure that are named, the most changed ones first."""


def difference_text(found: Comparison, *, everything: bool = False) -> str:
    """Lines for people: what the results were made from, then values by measure, then rows.

    Parameters
    ----------
    found : Comparison
        From `compare_results`.
    everything : bool
        Every row that changed.

    Returns
    -------
    str
    """
    if found.equal:
        return "no difference\n"
    parts = [
        _named("settings", found.settings),
        _named("versions", found.versions),
        _named("recordings", found.recordings),
        _named("findings", found.findings),
        _values(found),
        *_rows(found, everything=everything),
    ]
    return "\n".join(part for part in parts if part)


def json_form(found: Comparison) -> dict[str, Any]:
    """All of a comparison as JSON takes it: an infinite change is null."""
    told = asdict(found)
    for change in told["changed"]:
        change["relative"] = change["relative"] if math.isfinite(change["relative"]) else None
    for name in ("settings", "versions", "recordings", "findings"):
        told[name] = [difference._asdict() for difference in getattr(found, name)]
    return told


def _named(heading: str, differences: Sequence[Difference]) -> str:
    rows = [[f"  {name}", old or "-", "->", new or "-"] for name, old, new in differences]
    return table_text([heading, "", "", ""], rows) if rows else ""


def _values(found: Comparison) -> str:
    compared = sum(one.compared for one in found.measures)
    changed = sum(one.changed for one in found.measures)
    line = (
        f"values: {compared} rows in both, {changed} with another value, {len(found.changed) - changed} with other"
        f" cells only, {len(found.added)} added, {len(found.removed)} removed; intervals: {found.intervals_added}"
        f" added, {found.intervals_removed} removed\n"
    )
    rows = [
        [f"  {one.measure}", str(one.compared), str(one.changed), _share(one.largest), str(one.status_changed)]
        for one in found.measures
        if one.changed or one.status_changed
    ]
    columns = ["  measure", "rows", "changed", "most", "other status"]
    return line + (table_text(columns, rows, right=columns[1:]) if rows else "")


def _rows(found: Comparison, *, everything: bool) -> Iterator[str]:
    """Changed rows by measure, then rows that only one of both has."""
    for measure, group in groupby(found.changed, key=lambda change: change.place["measure"]):
        changes = list(group)
        shown = changes if everything else [c for c in changes if {"value", "status"} & set(c.cells)][:MOST_CHANGED]
        if shown:
            of = f" ({len(shown)} of {len(changes)}; all with --all)" if len(shown) < len(changes) else ""
            rows = [[f"  {_place(change.place)}", *_told(change)] for change in shown]
            yield table_text([f"{measure or 'failed recordings'}{of}", "", "", "", "", ""], rows, right=[])
    for heading, only in (("added", found.added), ("removed", found.removed)):
        shown_rows = only if everything else only[:MOST_CHANGED]
        if shown_rows:
            of = f" ({len(shown_rows)} of {len(only)}; all with --all)" if len(shown_rows) < len(only) else ""
            cells = [[f"  {_place(row)}", row["measure"], row["value"] or row["status"]] for row in shown_rows]
            yield table_text([f"{heading}{of}", "", ""], cells)


def _place(row: Mapping[str, str]) -> str:
    whose = row["recording"] or f"{row['subject']} {row['visit']} {row['task']}"
    return " ".join(part for part in (whose, row["segment"], row["target"]) if part)


def _told(change: RowChange) -> list[str]:
    """Value before and after with its change, then every other cell that differs."""
    old, new = change.cells.get("value", ("", ""))
    if "value" in change.cells:
        old_text, new_text = _short(old, new)
        known = _share(change.relative)
        value = [old_text or "none", "->", new_text or "none", known if old and new else "new" if new else "lost"]
    else:
        value = ["", "", "", ""]
    named = ("status", "reason") if "value" in change.cells else [name for name in change.cells if name != "value"]
    others = [f"{name} {o or 'none'} -> {n or 'none'}" for name in named if name in change.cells
              for o, n in [change.cells[name]]]  # fmt: skip
    return [*value, ", ".join(others)]


def _short(old: str, new: str) -> tuple[str, str]:
    """Six digits of two numbers, all of them where these do not tell them apart.

    Examples
    --------
    >>> _short("1.23456789", "2.0"), _short("1.23456789", "1.23456788")
    (('1.23457', '2'), ('1.23456789', '1.23456788'))
    """
    one, other = (f"{float(text):.6g}" if text else "" for text in (old, new))
    return (one, other) if one != other else (old, new)


def _share(relative: float) -> str:
    """Change in percent.

    Examples
    --------
    >>> _share(0.1234), _share(-3e-7), _share(57.1), _share(0.0), _share(math.inf)
    ('+12.3 %', '-3e-05 %', '+5710 %', '', 'from 0')
    """
    if not math.isfinite(relative):
        return "from 0"
    if relative == 0:
        return ""
    digits = "+.0e" if abs(relative) < 1e-3 else "+.1f" if abs(relative) < 10 else "+.0f"
    return f"{100 * relative:{digits}} %"
