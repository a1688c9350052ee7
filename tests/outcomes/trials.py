"""Small trials made by hand, as scheduled rows: numbers in, no recording."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from emgpipe.outcomes.plan import AnalysisPlan, parse_plan
from emgpipe.outcomes.schedule import scheduled

PLAN = """[analysis]
preset = "sps-crossover"
estimator = "{estimator}"
[endpoint]
measure = "apdf_p10_uv"
targets = {targets}
{more}
"""
VISITS = ("P1M1", "P1M2", "P1M3", "P2M1", "P2M2", "P2M3")
DAYS = (0, 28, 56, 84, 112, 140)
ROW = {
    "study": "HAND", "task": "supine", "run": "", "segment": "rest", "target_kind": "muscle",
    "measure": "apdf_p10_uv", "unit": "uV", "status": "ok", "reason": "", "limit": 0.5, "floor_confidence": "high",
    "settings_id": "s", "input_sha256": "f", "version": "0.1.0",
}  # fmt: skip


def plan_of(*, estimator: str = "ancova", targets: str = '["TA_R"]', more: str = "", after: str = "") -> AnalysisPlan:
    """The plan of the published trial, of one muscle."""
    return parse_plan(PLAN.format(estimator=estimator, targets=targets, more=more) + after)


def row(subject: str, visit: str, value: float | None, **other: Any) -> dict[str, Any]:
    """One row of measures."""
    given = {"recording": f"{subject}_{visit}_supine", "target": "TA_R"}
    return {**ROW, **given, "subject": subject, "visit": visit, "value": value, **other}


def rows_of(values: Mapping[str, Mapping[str, float | None]], **other: Any) -> list[dict[str, Any]]:
    """Rows of subjects: by visit, a number."""
    return [row(subject, visit, value, **other) for subject, own in values.items() for visit, value in own.items()]


def scheduled_of(rows: list[dict[str, Any]], plan: AnalysisPlan, days: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Scheduled rows, on the days of the plan."""
    table = pd.DataFrame(rows)
    told = {**dict(zip(VISITS, DAYS, strict=True)), **(days or {})}
    conditions = {
        name: {"day": str(told[visit])} for name, visit in zip(table["recording"], table["visit"], strict=True)
    }
    return scheduled(table.astype({"value": "float64"}), conditions, plan)


def six(*numbers: float | None) -> dict[str, float | None]:
    """The visits of a subject, in their order."""
    return dict(zip(VISITS, numbers, strict=True))
