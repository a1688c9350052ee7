"""The wide outcome table."""

import math

import pandas as pd

from emgpipe.outcomes.columns import WIDE_COLUMNS
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.schedule import scheduled
from emgpipe.outcomes.wide import wide_table
from tests.outcomes.measured import days, plan, row, table


def made(*rows, text="") -> pd.DataFrame:
    chosen = plan(text)
    return wide_table(apply_rules(scheduled(table(*rows), days(), chosen), chosen))


def test_a_row_is_a_visit_and_a_column_a_target_and_measure():
    pair = {"target": "TA_R/GM_R", "target_kind": "pair", "measure": "cc_overlap_uv"}
    found = made(
        row(visit="P1M2", value=3.0), row(value=2.0), row(value=0.5, **pair), row(segment="reference", value=9.0)
    )
    assert [*found.columns] == [*(c.name for c in WIDE_COLUMNS), "TA_R.apdf_p10_uv", "TA_R/GM_R.cc_overlap_uv"]
    there = found[found["VISIT"] != ""]
    assert there[["VISIT", "SEGMENT", "ANL01FL"]].to_numpy().tolist() == [
        ["P1M1", "reference", "Y"], ["P1M1", "rest", "Y"], ["P1M2", "rest", "Y"]]  # fmt: skip
    assert there["TA_R.apdf_p10_uv"].tolist() == [9.0, 2.0, 3.0]
    assert there["TA_R/GM_R.cc_overlap_uv"].fillna(-1).tolist() == [-1, 0.5, -1]


def test_visits_that_are_not_there_and_recordings_that_failed_are_rows():
    failed = row(visit="P1M3", value=math.nan, segment="", target="", target_kind="", measure="", status="failed")
    found = made(row(), failed)
    assert dict(zip(found["AVISIT"], found["NOTANL"], strict=True)) == {
        "Period 1 Month 1": "", "Period 1 Month 2": "VISIT_MISSING", "Period 1 Month 3": "VALUE_MISSING",
        "Period 2 Month 1": "VISIT_MISSING", "Period 2 Month 2": "VISIT_MISSING", "Period 2 Month 3": "VISIT_MISSING",
    }  # fmt: skip
    assert found["TA_R.apdf_p10_uv"].count() == 1


def test_values_are_those_of_the_long_table_after_the_rules():
    below = row(value=0.4, limit=1.0, status="below_limit")
    found = made(below, text='[rules]\nbelow_limit = "limit"\n')
    assert found["TA_R.apdf_p10_uv"].dropna().tolist() == [1.0]


def test_a_target_with_dots_has_its_column_and_a_post_hoc_row_makes_its_visit_post_hoc():
    chosen = plan("")
    ruled = apply_rules(scheduled(table(row(target="EMG.3"), row(visit="P1M2")), days(), chosen), chosen)
    found = wide_table(ruled.assign(post_hoc=ruled["visit"] == "P1M2"))
    assert found["EMG.3.apdf_p10_uv"].count() == 1
    assert dict(zip(found["VISIT"], found["POSTHOC"], strict=True))["P1M2"] == "Y"
    assert set(found.loc[found["VISIT"] == "P1M1", "POSTHOC"]) == {""}
