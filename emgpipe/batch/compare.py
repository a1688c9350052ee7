"""What differs between two results: settings, versions, recordings, values, findings, intervals."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.errors import ResultsError, StoreError
from emgpipe.settings import TABLES, Settings, load_settings
from emgpipe.store import SEAL_NAME, file_digest, read_csv, read_json, read_lock, read_seal, refuse_links

USED = ("measures.csv", "inputs.csv", "intervals.csv", "settings.toml")
"""Files that are compared; each must be the one that `run.json` names."""
PLACE = ("subject", "visit", "task", "run", "recording", "segment", "target", "measure")
"""What says which row is which."""
MADE_BY = ("study", "settings_id", "input_sha256", "version")
"""Columns that say what a row was made from: compared as settings, recordings and versions, not in each row."""

Row = Mapping[str, str]


class Difference(NamedTuple):
    """One thing that differs; `""` for what one side does not have."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class RowChange:
    """A row of `measures.csv` of which cells differ.

    Attributes
    ----------
    place : mapping of str to str
        Subject, visit, task, run, recording, segment, target and measure.
    cells : mapping of str to (str, str)
        By column: text before and after.
    relative : float
        Change of the value, 1 for twice as much; infinite from 0, or where a value came or went; 0 where it stayed.
    """

    place: Row
    cells: Mapping[str, tuple[str, str]]
    relative: float


@dataclass(frozen=True)
class MeasureSummary:
    """One measure in both results.

    Attributes
    ----------
    measure : str
        Name.
    compared, changed, status_changed : int
        Rows that both have, rows of these with another value, and with another status.
    largest : float
        Relative change of the largest size, among rows that have a value in both; 0 where none changed.
    """

    measure: str
    compared: int
    changed: int
    largest: float
    status_changed: int


@dataclass(frozen=True)
class Comparison:
    """Two results side by side.

    Attributes
    ----------
    settings, versions, recordings, findings : tuple of Difference
        By name of the setting, the package, the recording (with the condition that `recordings.csv` says otherwise).
    added, removed : tuple of mapping
        Rows of `measures.csv` that only the second, only the first results have.
    changed : tuple of RowChange
        By measure; within one, the largest change of the value first.
    measures : tuple of MeasureSummary
        In the order of the table.
    intervals_added, intervals_removed : int
        Lines of `intervals.csv` that only one of both has.
    """

    settings: tuple[Difference, ...]
    versions: tuple[Difference, ...]
    recordings: tuple[Difference, ...]
    findings: tuple[Difference, ...]
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[RowChange, ...]
    measures: tuple[MeasureSummary, ...]
    intervals_added: int
    intervals_removed: int

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        lists = (self.settings, self.versions, self.recordings, self.findings, self.added, self.removed, self.changed)
        return not (any(lists) or self.intervals_added or self.intervals_removed)


class _Side(NamedTuple):
    """One of the two results."""

    record: Mapping[str, Any]
    settings: Settings
    inputs: Mapping[str, Row]
    measures: Mapping[tuple[str, ...], Row]
    intervals: Counter[tuple[str, ...]]


def compare_results(first: str | Path, second: str | Path) -> Comparison:
    r"""Say what differs between two results folders.

    Parameters
    ----------
    first, second : str or Path
        Results folders of `run_study`: before and after.

    Returns
    -------
    Comparison

    Raises
    ------
    StoreError
        RESULTS_UNREADABLE: no results, or a table is not as it was written; a comparison would blame settings for it.
        STORE_LOCKED: a run is writing in one of them. STORE_LINKED.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     compare_results(folder, folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    emgpipe.errors.ResultsError: ...: RESULTS_UNREADABLE: run.json.sha256 is not there ...; ...
    """
    with ExitStack() as held:
        sides = []
        for folder in map(Path, (first, second)):
            refuse_links(folder)
            held.enter_context(read_lock(folder))
            sides.append(_side(folder))
    try:
        return _compared(*sides)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:  # hashes hold, but no run writes such cells
        raise _unreadable(Path(second), f"results cannot be compared ({type(problem).__name__})") from None


def _compared(old: _Side, new: _Side) -> Comparison:
    added, removed = _only(new.measures, old.measures), _only(old.measures, new.measures)
    both = [(row, new.measures[key]) for key, row in old.measures.items() if key in new.measures]
    changes = [change for one, other in both if (change := _row_change(one, other))]
    order = list(dict.fromkeys(row["measure"] for row, _ in both))
    changes.sort(key=lambda change: (order.index(change.place["measure"]), -abs(change.relative)))
    return Comparison(
        settings=tuple(_pairs(_flat(old), _flat(new))),
        versions=tuple(_pairs(_versions(old), _versions(new))),
        recordings=(*_recordings(old, new), *_conditions(old, new)),
        findings=tuple(_findings(old, new)),
        added=added,
        removed=removed,
        changed=tuple(changes),
        measures=tuple(_summaries(order, both, changes)),
        intervals_added=(new.intervals - old.intervals).total(),
        intervals_removed=(old.intervals - new.intervals).total(),
    )


def _side(folder: Path) -> _Side:
    """Results as the run wrote them."""
    try:
        sealed = read_seal(folder)
        if sealed is None:
            raise _unreadable(folder, f"{SEAL_NAME} is not there or not as it was written")
        if file_digest(folder / RUN_RECORD) != sealed.run_json:
            raise _unreadable(folder, f"{RUN_RECORD} is not as it was written")
        record = read_json(folder / RUN_RECORD)
        for name in USED:
            if file_digest(folder / name) != record["outputs"][name]:
                raise _unreadable(folder, f"{name} is not as it was written")
        inputs = {row["recording"]: row for row in read_csv(folder / "inputs.csv")}
        intervals = Counter(tuple(row.values()) for row in read_csv(folder / "intervals.csv"))
        measures = _by_place(read_csv(folder / "measures.csv"))
        return _Side(record, load_settings(folder / "settings.toml"), inputs, measures, intervals)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        said = getattr(problem, "strerror", None) or type(problem).__name__
        raise _unreadable(folder, f"results cannot be read ({said})") from None


def _unreadable(folder: Path, found: str) -> StoreError:
    advice = "give a folder that `emgpipe run` has written; `emgpipe verify` says what is wrong with it"
    return ResultsError("RESULTS_UNREADABLE", f"{found}; {advice}", where=str(folder))


def _by_place(rows: Iterable[Row]) -> dict[tuple[str, ...], Row]:
    """Rows by what says which is which; a second one of the same place counts on."""
    seen: Counter[tuple[str, ...]] = Counter()
    out = {}
    for row in rows:
        place = tuple(row[name] for name in PLACE)
        out[*place, str(seen[place])] = row
        seen[place] += 1
    return out


def _only(rows: Mapping[tuple[str, ...], Row], others: Mapping[tuple[str, ...], Row]) -> tuple[Row, ...]:
    return tuple(row for place, row in rows.items() if place not in others)


def _pairs(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*old, *new]):
        if old.get(name, "") != new.get(name, ""):
            yield Difference(name, old.get(name, ""), new.get(name, ""))


def _flat(side: _Side) -> dict[str, str]:
    """Settings and what the study states for tables, by dotted name."""
    index_muscles, offset_uv, reference = side.record["subject"]
    told = {"study.id": side.record["study"], "subject.index_muscles": index_muscles,
            "subject.index_offset_uv": offset_uv, "subject.reference": reference}  # fmt: skip
    tables = {name: asdict(getattr(side.settings, name)) for name in TABLES}
    told |= {f"{name}.{key}": value for name, table in tables.items() for key, value in table.items()}
    return {name: str(value) for name, value in told.items()}


def _versions(side: _Side) -> dict[str, str]:
    return {**side.record["versions"], "platform": side.record["platform"]}


def _recordings(old: _Side, new: _Side) -> Iterator[Difference]:
    """Recordings that came, went, have other bytes or another status."""
    for name in dict.fromkeys([*old.inputs, *new.inputs]):
        one, other = old.inputs.get(name), new.inputs.get(name)
        before, after = (_status(row) if row else "" for row in (one, other))
        if one and other and before == after and one["sha256"] != other["sha256"]:
            before, after = (f"{row['sha256'][:12]}..." for row in (one, other))
        if before != after:
            yield Difference(name, before, after)


def _conditions(old: _Side, new: _Side) -> Iterator[Difference]:
    """What `recordings.csv` says otherwise of recordings that both have."""
    before, after = (side.record["conditions"] for side in (old, new))
    for name in filter(after.__contains__, before):
        for cell, one, other in _pairs(before[name], after[name]):
            yield Difference(f"{name}: {cell}", one, other)


def _status(row: Row) -> str:
    return f"{row['status']} {row['code']}".strip()


def _findings(old: _Side, new: _Side) -> Iterator[Difference]:
    """Findings that only one of both has, of recordings that both have, and of the study."""
    told = {name: (_split(old.inputs[name]), _split(new.inputs[name])) for name in old.inputs if name in new.inputs}
    told["study"] = (_of_study(old), _of_study(new))
    for name, (before, after) in told.items():
        yield from (Difference(name, text, "") for text in before if text and text not in after)
        yield from (Difference(name, "", text) for text in after if text and text not in before)


def _split(row: Row) -> list[str]:
    return row["findings"].split(" | ")


def _of_study(side: _Side) -> list[str]:
    return [f"{told['code']}: {told['message']}" for told in side.record["findings"]]


def _row_change(old: Row, new: Row) -> RowChange | None:
    columns = [c for c in dict.fromkeys([*old, *new]) if c not in MADE_BY]
    cells = {c: (old.get(c, ""), new.get(c, "")) for c in columns if old.get(c, "") != new.get(c, "")}
    place = {name: old[name] for name in PLACE}
    return RowChange(place, cells, _relative(old["value"], new["value"])) if cells else None


def _relative(old: str, new: str) -> float:
    """Change of a value against its size.

    Examples
    --------
    >>> _relative("2.0", "3.0"), _relative("-2.0", "-3.0"), _relative("0.0", "1.0"), _relative("", "1.0")
    (0.5, -0.5, inf, inf)
    """
    if old == new:
        return 0.0
    if not old or not new or float(old) == 0:
        return math.inf
    return (float(new) - float(old)) / abs(float(old))


def _summaries(
    order: Sequence[str], both: Sequence[tuple[Row, Row]], changes: Sequence[RowChange]
) -> Iterator[MeasureSummary]:
    compared = Counter(row["measure"] for row, _ in both)
    for name in filter(None, order):
        of_it = [change for change in changes if change.place["measure"] == name]
        valued = [change.relative for change in of_it if math.isfinite(change.relative)]
        yield MeasureSummary(
            name,
            compared[name],
            sum("value" in change.cells for change in of_it),
            max(valued, key=abs, default=0.0),
            sum("status" in change.cells for change in of_it),
        )
