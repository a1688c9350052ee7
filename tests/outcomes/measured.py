"""Rows as a run writes them, by hand."""

import math

import pandas as pd

from emgpipe.batch.tables import INPUT_COLUMNS, MEASURE_COLUMNS
from emgpipe.outcomes.plan import AnalysisPlan, parse_plan

SPS = '[analysis]\npreset = "sps-crossover"\n[endpoint]\nmeasure = "apdf_p10_uv"\ntargets = ["TA_R"]\n'
NUMBERS = ("value", "low", "high", "limit", "used_s", "excluded_s", "floor_uv", "floor_lo_uv", "floor_hi_uv")
VISITS = ("P1M1", "P1M2", "P1M3", "P2M1", "P2M2", "P2M3")
DAYS = dict(zip(VISITS, (0, 28, 56, 84, 112, 140), strict=True))


def row(subject="S1", visit="P1M1", value=1.0, **cells) -> dict[str, object]:
    """One row of `measures.csv`: P10 of TA_R at rest."""
    made = dict.fromkeys(MEASURE_COLUMNS, "") | dict.fromkeys(NUMBERS, math.nan) | {
        "study": "HAND", "subject": subject, "visit": visit, "task": "rest", "segment": "rest", "target": "TA_R",
        "target_kind": "muscle", "measure": "apdf_p10_uv", "value": value, "unit": "uV", "status": "ok",
        "floor_confidence": "high", "settings_id": "s" * 64, "version": "0.1.0",
    } | cells  # fmt: skip
    run = f"_{made['run']}" if made["run"] else ""
    made["recording"] = cells.get("recording", f"{subject}_{visit}_{made['task']}{run}")
    made["input_sha256"] = cells.get("input_sha256", f"sha-{made['recording']}")
    return made


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(MEASURE_COLUMNS))


def inputs(*recordings: tuple[str, str, str], status="ok", code="") -> pd.DataFrame:
    """Rows of `inputs.csv` of (subject, visit, task)."""
    made = [
        dict.fromkeys(INPUT_COLUMNS, "") | {
            "recording": "_".join(one), "subject": one[0], "visit": one[1], "task": one[2],
            "file": f"{'_'.join(one)}.edf", "sha256": f"sha-{'_'.join(one)}", "status": status, "code": code,
        } for one in recordings
    ]  # fmt: skip
    return pd.DataFrame(made, columns=list(INPUT_COLUMNS))


def days(subject="S1", told=DAYS) -> dict[str, dict[str, str]]:
    """Conditions of run.json."""
    return {f"{subject}_{visit}_rest": {"day": str(day)} for visit, day in told.items()}


def plan(text: str = "") -> AnalysisPlan:
    """The plan of the published trial, changed by a text."""
    return parse_plan(SPS + text)
