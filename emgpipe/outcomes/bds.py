"""The long outcome table in the form of CDISC ADaM BDS: one row a subject, parameter and visit, and derived means.

Names are those of the Basic Data Structure; the table is made to be like it, no conformance is claimed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from emgpipe.errors import TableError
from emgpipe.measures.rows import VALUED
from emgpipe.muscles import name_of, side_of
from emgpipe.outcomes.columns import ARM_COLUMNS, BDS_COLUMNS, OutcomeColumn
from emgpipe.outcomes.parameters import RATIO_UNITS, Parameter, category, codes_of, param
from emgpipe.outcomes.plan import AnalysisPlan, Rules
from emgpipe.outcomes.rules import period_mean
from emgpipe.outcomes.schedule import measure_order
from emgpipe.study.order import natural

BASELINE_MEAN, TREATMENT_MEAN = 900, 950
"""AVISITN of means is this plus the period."""
_SIDES = {"L": "LEFT", "R": "RIGHT"}

Row = dict[str, Any]


class _Series(NamedTuple):
    """Rows of one subject and parameter: what a baseline belongs to."""

    subject: str
    parameter: Parameter
    kind: str
    rows: list[Row]


def bds_table(ruled: pd.DataFrame, plan: AnalysisPlan | None = None) -> pd.DataFrame:
    """Make the long outcome table.

    Parameters
    ----------
    ruled : DataFrame
        From `apply_rules`; a column `post_hoc` (bool) may be beside.
    plan : AnalysisPlan or None
        The same; None: no baseline, no period, no mean.

    Returns
    -------
    DataFrame
        `BDS_COLUMNS`: float64, Int64, text, and dates as `datetime.date`. Each parameter that a subject has at any
        visit has a row at every visit of the plan and at every visit of which a recording failed: without a value where
        there is none, with STATUS and REASON. A subject without any parameter gets those of all others.

    Raises
    ------
    TableError
        OUTCOMES_EMPTY: no row has a measure. PARAMCD_TWICE, PARAMETER_UNKNOWN.
    """
    series = _all_series(records(ruled))
    codes = codes_of(one.parameter for one in series)
    numbers = {one: n for n, one in enumerate(_in_order(series), 1)}
    rows = [
        _bds_row(row, one, codes[one.parameter], numbers[one.parameter])
        for one in series for row in [*_with_base(one.rows, plan), *_means(one, plan)]
    ]  # fmt: skip
    rows.sort(key=lambda row: (natural(row["SUBJID"]), row["SUBJID"], row["PARAMN"], row["sort"]))
    return typed(rows, BDS_COLUMNS)


def records(table: pd.DataFrame) -> list[Row]:
    """Rows of a table."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def typed(rows: Iterable[Mapping[str, Any]], columns: Sequence[OutcomeColumn]) -> pd.DataFrame:
    """Rows as a table with one type a column: text is never missing, numbers, integers and dates may be."""
    kinds: Mapping[str, Any] = {"text": "str", "number": "float64", "integer": "Int64", "date": "object"}
    table = pd.DataFrame(list(rows), columns=[column.name for column in columns], dtype="object")
    return table.astype({column.name: kinds[column.kind] for column in columns})


def _all_series(rows: Sequence[Row]) -> list[_Series]:
    """Every subject with all its parameters, rows of absent ones made."""
    found: dict[tuple[str, Parameter], _Series] = {}
    for row in (row for row in rows if row["measure"]):
        one = Parameter(row["measure"], row["target"], row["segment"], row["task"], row["unit"])
        found.setdefault((row["subject"], one), _Series(row["subject"], one, row["target_kind"], [])).rows.append(row)
    if not found:
        message = "no row of the results has a measure: every recording failed or was not run; see inputs.csv"
        raise TableError("OUTCOMES_EMPTY", message)
    everything = {one.parameter: one.kind for one in found.values()}
    with_any = {subject for subject, _ in found}
    for subject in dict.fromkeys(row["subject"] for row in rows if row["subject"] not in with_any):
        for one, kind in everything.items():
            found[subject, one] = _Series(subject, one, kind, [])
    visits = _visits(rows)
    for made in found.values():
        made.rows.extend(_absent(made, visits.get(made.subject, {})))
    return list(found.values())


_VISIT_CELLS = ("study", "subject", "visit", "visit_date", "day", "avisit", "avisitn", "period", "role", "why")
_RUN_CELLS = ("status", "reason", "recordings", "files", "input_sha256", "settings_id", "version")


def _visits(rows: Sequence[Row]) -> dict[str, dict[tuple[str, str], list[Row]]]:
    """By subject and visit all rows without a measure, or the first row."""
    out: dict[str, dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        found = out.setdefault(row["subject"], {}).setdefault((row["visit"], row["avisit"]), [])
        if not row["measure"] or not found:
            found.append(row)
    return out


def _absent(series: _Series, visits: Mapping[tuple[str, str], Sequence[Row]]) -> list[Row]:
    """Rows without a value, for visits at which the parameter has none."""
    there = {(row["visit"], row["avisit"]) for row in series.rows}
    out = []
    for key, found in visits.items():
        lost = [row for row in found if not row["measure"] and row["task"] in ("", series.parameter.task)]
        if key not in there and (lost or found[0]["avisitn"]):
            run = lost[0] if lost else {"status": "not_measured", "reason": "PARAMETER_ABSENT"}
            visit = {name: found[0][name] for name in _VISIT_CELLS}
            out.append({**visit, **{name: run.get(name, "") for name in _RUN_CELLS}, "aval": math.nan, "dtype": "",
                        "limit": math.nan, "n_runs": 0, "floor_confidence": "", "analysed": False,
                        "why": visit_why(found[0]["why"])})  # fmt: skip
    return out


def visit_why(why: str) -> str:
    """Why no row of a visit is analysed, taken from one of its rows; else that another one has no value."""
    return "VALUE_MISSING" if why in ("", "BELOW_LIMIT_OUT") else why


def _in_order(series: Iterable[_Series]) -> list[Parameter]:
    """Parameters by task, segment, target and measure."""
    kinds = {one.parameter: one.kind for one in series}
    return sorted(kinds, key=lambda one: (natural(one.task), natural(one.segment), *_target_order(one, kinds), one))


def _target_order(one: Parameter, kinds: Mapping[Parameter, str]) -> tuple[Any, ...]:
    return measure_order({"target_kind": kinds[one], "target": one.target, "measure": one.measure})


def _with_base(rows: Sequence[Row], plan: AnalysisPlan | None) -> list[Row]:
    """Rows with `base` and, where one visit is the baseline, its flag."""
    bases = {period: _mean(rows, plan, period, "baseline") for period in (1, 2)}
    single = {period for period in (1, 2) if _n_planned(plan, period, "baseline") == 1}
    out = []
    for row in rows:
        period = row["period"]
        flagged = period in single and row["role"] == "baseline" and row["analysed"]
        out.append({**row, "base": bases.get(period, math.nan), "ablfl": "Y" if flagged else ""})
    return out


def _n_planned(plan: AnalysisPlan | None, period: int, role: str) -> int:
    return sum(visit.period == period and visit.role == role for visit in plan.visits) if plan else 0


def _behind(rows: Iterable[Row], period: int, role: str) -> list[Row]:
    """Analysed rows of the visits of one role of a period, in the order of the plan."""
    own = (row for row in rows if row["analysed"] and row["period"] == period and row["role"] == role)
    return sorted(own, key=lambda row: int(row["avisitn"]))


def _mean(rows: Iterable[Row], plan: AnalysisPlan | None, period: int, role: str) -> float:
    values = [row["aval"] for row in _behind(rows, period, role)]
    return period_mean(values, _n_planned(plan, period, role), plan.rules if plan else Rules())


def _means(series: _Series, plan: AnalysisPlan | None) -> list[Row]:
    """Derived rows: the mean of treatment visits of each period, and of baseline visits where there are several."""
    out = []
    for period in (1, 2):
        for role, number, words in (("baseline", BASELINE_MEAN, "Baseline Mean"),
                                    ("treatment", TREATMENT_MEAN, "On-Treatment Mean")):  # fmt: skip
            if _n_planned(plan, period, role) > (role == "baseline"):
                row = _mean_row(series, plan, period, role)
                out.append({**row, "avisit": f"Period {period} {words}", "avisitn": number + period})
    return out


def _mean_row(series: _Series, plan: AnalysisPlan | None, period: int, role: str) -> Row:
    behind = _behind(series.rows, period, role)
    aval = _mean(series.rows, plan, period, role)
    there = not math.isnan(aval)
    plain = all(row["status"] == "ok" for row in behind)
    reasons = dict.fromkeys(code for row in behind for code in row["reason"].split(";") if code)
    settings, versions = ({row[name]: None for row in behind if row[name]} for name in ("settings_id", "version"))
    return {
        **dict.fromkeys((*_VISIT_CELLS, *_RUN_CELLS, "floor_confidence"), ""),
        "study": series.rows[0]["study"], "subject": series.subject, "period": period, "role": role, "day": math.nan,
        "aval": aval, "dtype": "AVERAGE", "limit": math.nan, "n_runs": len(behind),
        "status": ("ok" if plain else "flagged") if there else "not_measured", "reason": ";".join(reasons),
        "settings_id": ";".join(settings), "version": ";".join(versions),
        "base": _mean(series.rows, plan, period, "baseline"), "ablfl": "Y" if role == "baseline" and there else "",
        "analysed": False, "anl02fl": "Y" if role == "treatment" and there else "",
        "why": "" if there else "VALUE_MISSING", "post_hoc": any(row.get("post_hoc", False) for row in behind),
    }  # fmt: skip


def _bds_row(row: Row, series: _Series, code: str, number: int) -> Row:
    one, aval, base = series.parameter, row["aval"], row["base"]
    day = row["day"]
    return {
        **visit_cells(row),
        "PARAMCD": code, "PARAM": param(one), "PARAMN": number, "PARCAT1": category(one),
        "AVAL": aval, "AVALC": _avalc(row), "AVALU": one.unit, "BASE": base,
        "BASETYPE": "" if math.isnan(base) else f"PERIOD {row['period']} BASELINE", "ABLFL": row["ablfl"],
        "CHG": aval - base, "PCHG": _pchg(aval, base, one.unit), "DTYPE": row["dtype"],
        "ANL02FL": row.get("anl02fl", ""), "TARGET": one.target, "MUSCLE": muscle(one.target, series.kind),
        "LAT": laterality(one.target, series.kind), "MEASURE": one.measure, "TASK": one.task, "SEGMENT": one.segment,
        "STATUS": row["status"], "REASON": row["reason"], "LIMIT": row["limit"], "NOBS": row["n_runs"],
        "FLOORCNF": row["floor_confidence"], "SETTID": row["settings_id"], "EMGVER": row["version"],
        "RECORDID": row["recordings"], "SRCFILE": row["files"], "SRCSHA": row["input_sha256"],
        "POSTHOC": "Y" if row.get("post_hoc", False) else "",
        "sort": (row["avisitn"] or math.inf, math.inf if math.isnan(day) else day, natural(row["visit"]), row["visit"]),
    }  # fmt: skip


def visit_cells(row: Mapping[str, Any]) -> Row:
    """Cells of subject, visit and flags, alike in both shapes."""
    day, period = row["day"], row["period"]
    return {
        "STUDYID": row["study"], "USUBJID": f"{row['study']}-{row['subject']}", "SUBJID": row["subject"],
        "VISIT": row["visit"], "AVISIT": row["avisit"], "AVISITN": row["avisitn"] or None,
        "ADT": date.fromisoformat(row["visit_date"]) if row["visit_date"] else None,
        "ADY": day if math.isnan(day) or day < 0 else day + 1.0,
        "APERIOD": period or None, "APERIODC": f"Period {period}" if period else "",
        "ANL01FL": "Y" if row["analysed"] else "", "NOTANL": row["why"],
    }  # fmt: skip


def _avalc(row: Row) -> str:
    """Text where the number alone would mislead."""
    if row["dtype"] == "AVERAGE":
        return ""
    if row["status"] == "below_limit" and not math.isnan(row["limit"]):
        return f"<{float(row['limit'])!r}"
    return "" if row["status"] in VALUED else row["status"].replace("_", " ").upper()


def _pchg(aval: float, base: float, unit: str) -> float:
    """Change in per cent; NaN where it has no meaning."""
    return 100.0 * (aval - base) / base if unit in RATIO_UNITS and base > 0 else math.nan


def muscle(target: str, kind: str) -> str:
    """Muscles of a target, written out; blank for `subject`.

    Examples
    --------
    >>> muscle("TA_R/GM_R", "pair"), muscle("subject", "subject")
    ('right tibialis anterior/right gastrocnemius medialis', '')
    """
    return "" if target == "subject" else "/".join(map(name_of, _parts(target, kind)))


def laterality(target: str, kind: str) -> str:
    """Side of a target, where it has one side.

    Examples
    --------
    >>> laterality("TA_R", "muscle"), laterality("PSP_L/PSP_R", "pair"), laterality("RF", "muscle")
    ('RIGHT', '', '')
    """
    sides = {side_of(part) for part in _parts(target, kind)} if target != "subject" else {""}
    return _SIDES.get(sides.pop(), "") if len(sides) == 1 else ""


def _parts(target: str, kind: str) -> list[str]:
    return target.split("/") if kind == "pair" else [target]


def with_arms(table: pd.DataFrame, sequences: Mapping[str, str]) -> pd.DataFrame:
    """Put sequence and treatment behind an outcome table of either shape; the table itself is not changed.

    Parameters
    ----------
    table : DataFrame
        Has SUBJID and APERIOD.
    sequences : mapping of str to str
        Two letters in the order of the periods, by subject.

    Returns
    -------
    DataFrame
        The table and `ARM_COLUMNS`; blank for a subject without a sequence, TRTP also on rows of no period.
    """
    planned = [sequences.get(subject, "") for subject in table["SUBJID"]]
    periods = [0 if pd.isna(period) else int(period) for period in table["APERIOD"]]
    given = [sequence[period - 1 : period] if period else "" for sequence, period in zip(planned, periods, strict=True)]
    arms = pd.DataFrame(dict(zip((c.name for c in ARM_COLUMNS), (planned, given), strict=True)), index=table.index)
    return pd.concat([table, arms.astype("str")], axis=1)
