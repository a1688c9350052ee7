"""Scheduled rows: one a subject, visit, task, segment, target and measure, and which visit of the plan it is."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.measures.rows import VALUED
from emgpipe.outcomes.placing import Appointment, Key, Place, appointments, placed
from emgpipe.outcomes.plan import AnalysisPlan
from emgpipe.study.order import natural
from emgpipe.summary.subject import SUBJECT_MEASURES

SCHEDULED_COLUMNS = (
    "study", "subject", "visit", "task", "segment", "target", "target_kind", "measure", "unit", "value", "limit",
    "status", "reason", "n_runs", "floor_confidence", "settings_id", "version", "recordings", "input_sha256", "files",
    "visit_date", "day", "avisit", "avisitn", "period", "role", "analysed", "why",
)  # fmt: skip
IDENTITY = ("subject", "visit", "task", "segment", "target", "measure")
_TYPES = {"value": "float64", "limit": "float64", "day": "float64", "n_runs": "int64", "avisitn": "int64",
          "period": "int64", "analysed": "bool"}  # fmt: skip
_KINDS = ("", "muscle", "pair", "subject")
_MEASURED = (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES)
_ORDER = {name: n for n, name in enumerate([*(m.name for m in _MEASURED), *(s.name for s in SUBJECT_MEASURES)])}
_WORST_LAST = ("ok", "flagged", "below_limit", "not_measured", "undeterminable", "failed")
_LEAST_LAST = ("", "high", "medium", "low")

Row = Mapping[str, Any]


class _Recording(NamedTuple):
    """One input of the study."""

    recording: str
    subject: str
    visit: str
    task: str
    file: str
    sha256: str


def scheduled(
    measures: pd.DataFrame, conditions: Mapping[str, Mapping[str, str]], plan: AnalysisPlan | None = None, *,
    inputs: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Pool repeats, find the visit of the plan of every row, and name what is missing.

    Parameters
    ----------
    measures : DataFrame
        Columns of `measures.csv`.
    conditions : mapping
        By recording, as in `run.json`; `visit_date` and `day` are used.
    plan : AnalysisPlan or None
        None: every visit is itself and of no period, nothing is analysed.
    inputs : DataFrame, optional
        Columns of `inputs.csv`: gives files and digests, and recordings that no run has reached.

    Returns
    -------
    DataFrame
        `SCHEDULED_COLUMNS`, ordered by subject, visit, task, segment, target and measure, whatever the order of the
        input. Repeats (`run`) by their median: `value` is NaN where no run has one, `n_runs` counts those that have,
        `limit` is the largest, `reason` holds the codes of all, `floor_confidence` the least. `status` is the worst of
        all runs without a value; a median is `below_limit` where it is below the limit, else the worst of `ok` and
        `flagged`, and `flagged` too where a run has no value, is below its limit, failed or was not run. Rows of a
        visit as a whole carry all recordings of their visit and task. A recording without a row is a row without a
        measure (`status`, `reason` as in `inputs`), a visit of the plan that a subject does not have one without a
        visit, VISIT_MISSING.
        `analysed` speaks of the visit alone; see `apply_rules`.
    """
    recordings = _recordings(measures, inputs)
    seen = appointments(((r.recording, r.subject, r.visit) for r in recordings), conditions, plan)
    places = placed(seen, plan)
    rows = [*_pooled(measures, recordings), *_without_rows(measures, inputs, recordings)]
    rows = _with_lost_repeats(rows)
    rows = [_scheduled_row(row, seen[_key(row)], places[_key(row)]) for row in rows]
    rows += _missing(rows, places, plan)
    rows.sort(key=_order)
    table = pd.DataFrame(rows, columns=list(SCHEDULED_COLUMNS))
    return table.astype({name: _TYPES.get(name, "str") for name in SCHEDULED_COLUMNS})


def _key(row: Row) -> Key:
    return row["subject"], row["visit"]


def _texts(table: pd.DataFrame, names: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Cells of columns as text, missing ones empty."""
    columns = [table[name].map(str, na_action="ignore").astype(object).fillna("").tolist() for name in names]
    return zip(*columns, strict=True)


def _recordings(measures: pd.DataFrame, inputs: pd.DataFrame | None) -> list[_Recording]:
    """All recordings, in natural order: of the inputs, and of rows that these do not have."""
    ids = ("recording", "subject", "visit", "task")
    cells = _texts(measures, (*ids, "input_sha256"))
    found = {_Recording(one, subject, visit, task, "", digest) for one, subject, visit, task, digest in cells}
    if inputs is not None:
        listed = {_Recording(*cells) for cells in _texts(inputs, (*ids, "file", "sha256"))}
        names = {one.recording for one in listed}
        found = listed | {one for one in found if one.recording not in names}
    return sorted(found, key=lambda one: (*map(natural, one), one))


def _pooled(measures: pd.DataFrame, recordings: Sequence[_Recording]) -> list[dict[str, Any]]:
    """One row for what was measured once or more in a visit."""
    names = (*IDENTITY, "recording", "study", "target_kind", "unit", "status", "reason", "floor_confidence",
             "settings_id", "input_sha256", "version")  # fmt: skip
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    numbers = zip(measures["value"].astype("float64"), measures["limit"].astype("float64"), strict=True)
    for cells, (value, limit) in zip(_texts(measures, names), numbers, strict=True):
        row = dict(zip(names, cells, strict=True)) | {"value": value, "limit": limit}
        groups.setdefault(cells[: len(IDENTITY)], []).append(row)
    sources: dict[tuple[str, str, str], list[_Recording]] = {}
    for one in recordings:
        if one.recording:
            sources.setdefault((one.subject, one.visit, one.task), []).append(one)
    return [_one_row(runs, sources) for runs in groups.values()]


def _one_row(
    runs: list[dict[str, Any]], sources: Mapping[tuple[str, str, str], Sequence[_Recording]]
) -> dict[str, Any]:
    runs = sorted(runs, key=lambda run: natural(run["recording"]))
    first, valued = runs[0], [run for run in runs if run["status"] in VALUED and not math.isnan(run["value"])]
    own = {run["recording"] for run in runs}
    there = sources.get((first["subject"], first["visit"], first["task"]), ())
    used = [one for one in there if one.recording in own or "" in own]
    return first | {
        "value": statistics.median([run["value"] for run in valued]) if valued else math.nan,
        "limit": max((run["limit"] for run in runs if not math.isnan(run["limit"])), default=math.nan),
        "status": pooled_status(runs, valued), "n_runs": len(valued),
        "reason": _joined(code for run in runs for code in run["reason"].split(";")),
        "floor_confidence": max((run["floor_confidence"] for run in runs), key=_LEAST_LAST.index),
        "settings_id": _joined(run["settings_id"] for run in runs), "version": _joined(run["version"] for run in runs),
        "recordings": _joined(one.recording for one in used), "input_sha256": _joined(one.sha256 for one in used),
        "files": _joined(one.file for one in used),
    }  # fmt: skip


def pooled_status(runs: Sequence[Row], valued: Sequence[Row]) -> str:
    """Of a median: never one that says there is no value, and below the limit only where the median is."""
    if len(runs) == 1 or not valued:
        return str(max((run["status"] for run in runs), key=_WORST_LAST.index))
    value = statistics.median([run["value"] for run in valued])
    if any(value < run["limit"] for run in runs):
        return "below_limit"
    plain = len(valued) == len(runs) and all(run["status"] == "ok" for run in runs)
    return "ok" if plain else "flagged"


def _joined(texts: Iterable[str]) -> str:
    return ";".join(dict.fromkeys(text for text in texts if text))


def _without_rows(
    measures: pd.DataFrame, inputs: pd.DataFrame | None, recordings: Sequence[_Recording]
) -> list[dict[str, Any]]:
    """A row without a measure for each recording of the inputs that has no row."""
    if inputs is None:
        return []
    there = set(measures["recording"].dropna())
    said = {name: (status, code) for name, status, code in _texts(inputs, ("recording", "status", "code"))}
    study = str(measures["study"].iloc[0]) if len(measures) else ""
    return [
        {"study": study, "subject": one.subject, "visit": one.visit, "task": one.task, "status": said[one.recording][0],
         "reason": said[one.recording][1], "recordings": one.recording, "input_sha256": one.sha256, "files": one.file}
        for one in recordings if one.recording not in there
    ]  # fmt: skip


def _with_lost_repeats(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say on what is left of a visit and task that a repeat of it has failed, or was not run."""
    lost: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if not row.get("measure"):
            lost.setdefault((row["subject"], row["visit"], row["task"]), []).append(row["reason"])
    return [_flagged(row, lost.get((row["subject"], row["visit"], row["task"]), ())) for row in rows]


def _flagged(row: dict[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    if not codes or not row.get("measure"):
        return row
    status = "flagged" if row["status"] == "ok" else row["status"]
    return row | {"status": status, "reason": _joined([*row["reason"].split(";"), *codes])}


_EMPTY = dict.fromkeys(SCHEDULED_COLUMNS, "") | {
    "value": math.nan, "limit": math.nan, "day": math.nan, "n_runs": 0, "avisitn": 0, "period": 0, "analysed": False,
}  # fmt: skip


def _scheduled_row(row: Row, seen: Appointment, place: Place) -> dict[str, Any]:
    return {**_EMPTY, **row, **seen._asdict(), **place._asdict(), "analysed": not place.why}


def _missing(rows: Sequence[Row], places: Mapping[Key, Place], plan: AnalysisPlan | None) -> list[dict[str, Any]]:
    """A row for each visit of the plan that a subject does not have."""
    if plan is None:
        return []
    study = rows[0]["study"] if rows else ""
    there = {(subject, place.avisitn) for (subject, _), place in places.items()}
    planned = [Place(v.avisit, n, v.period, v.role, "VISIT_MISSING") for n, v in enumerate(plan.visits, 1)]
    return [
        {**_EMPTY, "study": study, "subject": subject, "status": "not_measured", "reason": "VISIT_MISSING",
         **place._asdict()}
        for subject in dict.fromkeys(subject for subject, _ in places)
        for place in planned if (subject, place.avisitn) not in there
    ]  # fmt: skip


def _order(row: Row) -> tuple[Any, ...]:
    """Subjects, then visits of the plan before others, then as in the tables of a run."""
    day = math.inf if math.isnan(row["day"]) else row["day"]
    visit = (row["avisitn"] or math.inf, day, natural(row["visit"]))
    names = [row[name] for name in IDENTITY]  # V1 and V01 are one number
    return (natural(row["subject"]), *visit, natural(row["task"]), natural(row["segment"]), *measure_order(row), *names)


def measure_order(row: Row) -> tuple[Any, ...]:
    """Sort key of a target and measure: muscles, pairs, subject; measures as in the registry, `_pct` twins behind."""
    kind = _KINDS.index(row["target_kind"])
    return kind, natural(row["target"]), _ORDER.get(row["measure"], len(_ORDER)), row["measure"]
