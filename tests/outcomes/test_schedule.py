"""Which visit of the plan each row is, and what becomes of repeats, failures and absent visits."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.outcomes.plan import parse_plan
from emgpipe.outcomes.schedule import SCHEDULED_COLUMNS, scheduled
from tests.outcomes.measured import DAYS, VISITS, days, inputs, plan, row, table

BY_DAY = (
    '[endpoint]\nmeasure = "apdf_p10_uv"\ntargets = ["TA_R"]\n'
    '[[visits]]\navisit = "Start"\nperiod = 1\nrole = "baseline"\ndays = [-10, 10]\n'
    '[[visits]]\navisit = "Week 4"\nperiod = 1\nrole = "treatment"\ndays = [18, 38]\n'
    '[[visits]]\navisit = "Week 12"\nperiod = 2\nrole = "baseline"\ndays = [74, 94]\n'
    '[[visits]]\navisit = "Week 16"\nperiod = 2\nrole = "treatment"\ndays = [102, 122]\n'
)


def only(made: pd.DataFrame, **cells) -> pd.Series:
    for name, value in cells.items():
        made = made[made[name] == value]
    assert len(made) == 1
    return made.iloc[0]


def test_every_visit_of_the_plan_gets_its_number_period_and_role():
    made = scheduled(table(*(row(visit=v, value=float(n)) for n, v in enumerate(VISITS))), days(), plan())
    assert list(made.columns) == list(SCHEDULED_COLUMNS)
    assert made["avisitn"].tolist() == [1, 2, 3, 4, 5, 6]
    assert made["period"].tolist() == [1, 1, 1, 2, 2, 2]
    assert made["role"].tolist() == ["baseline", "treatment", "treatment"] * 2
    assert made["avisit"].tolist()[3] == "Period 2 Month 1"
    assert (made["value"].tolist(), made["day"].tolist()) == ([0, 1, 2, 3, 4, 5], list(map(float, DAYS.values())))
    assert made["analysed"].all()
    assert set(made["why"]) == {""}


@pytest.mark.parametrize(
    ("visit", "day", "avisit", "why"),
    [
        ("P1M2", 18, "Period 1 Month 2", ""),
        ("P1M2", 38, "Period 1 Month 2", ""),
        ("P1M2", 39, "", "VISIT_OUT_OF_WINDOW"),
        ("P1M2", 17.5, "", "VISIT_OUT_OF_WINDOW"),
        ("EXTRA", 28, "", "VISIT_UNPLANNED"),
        ("P1M2", "", "Period 1 Month 2", ""),
    ],
)
def test_a_visit_is_of_the_plan_by_name_and_day_and_kept_where_it_is_not(visit, day, avisit, why):
    made = scheduled(table(row(visit=visit)), days(told={visit: day}), plan())
    found = only(made, visit=visit)
    assert (found["avisit"], found["why"], found["analysed"]) == (avisit, why, not why)
    assert found["value"] == 1.0
    assert (found["avisitn"] == 0) == (avisit == "")


def test_a_plan_without_names_goes_by_the_day_alone_and_by_nothing_where_no_day_is_recorded():
    rows = table(*(row(visit=v) for v in ("A", "B", "C")))
    made = scheduled(rows, days(told={"A": 3, "B": 25}), parse_plan(BY_DAY))
    assert {r.visit: (r.avisit, r.why) for r in made.itertuples() if r.visit} == {
        "A": ("Start", ""), "B": ("Week 4", ""), "C": ("", "VISIT_UNPLANNED")}  # fmt: skip


def test_of_two_visits_in_one_window_the_nearer_to_its_middle_is_analysed():
    made = scheduled(table(*(row(visit=v) for v in "ABC")), days(told={"A": 0, "B": 20, "C": 27}), parse_plan(BY_DAY))
    assert only(made, visit="B")[["avisit", "why", "analysed"]].tolist() == ["Week 4", "VISIT_TWICE", False]
    assert only(made, visit="C")[["avisit", "why", "analysed"]].tolist() == ["Week 4", "", True]


def test_days_are_counted_from_the_date_of_the_first_visit():
    dates = {"P1M1": "2026-02-25", "P1M2": "2026-03-25", "P1M3": "2026-06-30"}
    told = {f"S1_{visit}_rest": {"visit_date": text} for visit, text in dates.items()}
    made = scheduled(table(*(row(visit=v) for v in dates)), told, plan())
    there = made[made["visit"] != ""]
    assert dict(zip(there["visit"], there["day"], strict=True)) == {"P1M1": 0.0, "P1M2": 28.0, "P1M3": 125.0}
    assert only(made, visit="P1M3")["why"] == "VISIT_OUT_OF_WINDOW"


def test_dates_tell_no_day_where_the_first_visit_is_missing():
    dates = {"P1M2": "2026-03-25", "P1M3": "2026-04-22"}
    told = {f"S1_{visit}_rest": {"visit_date": text} for visit, text in dates.items()}
    made = scheduled(table(*(row(visit=v) for v in dates)), told, plan())
    assert made.loc[made["visit"] != "", "day"].isna().all(), "day 0 would be a month late"
    assert only(made, visit="P1M3")["avisit"] == "Period 1 Month 3"


def test_a_day_told_once_dates_the_visits_that_have_a_date_alone():
    told = {"S1_P1M2_rest": {"visit_date": "2026-03-25", "day": "28"}, "S1_P1M3_rest": {"visit_date": "2026-04-20"}}
    made = scheduled(table(row(visit="P1M2"), row(visit="P1M3")), told, plan())
    assert only(made, visit="P1M3")["day"] == 54.0


def test_a_visit_that_a_subject_does_not_have_is_a_row_of_its_own():
    made = scheduled(table(*(row(visit=v) for v in VISITS if v != "P2M2")), days(), plan())
    absent = only(made, avisit="Period 2 Month 2")
    assert absent[["visit", "measure", "status", "reason", "why"]].tolist() == [
        "", "", "not_measured", "VISIT_MISSING", "VISIT_MISSING"]  # fmt: skip
    assert math.isnan(absent["value"])
    assert not absent["analysed"]


def test_without_a_plan_every_visit_is_itself_and_nothing_is_analysed():
    made = scheduled(table(row(visit="V2"), row(visit="V10")), {})
    assert made[["visit", "avisit", "period", "why"]].values.tolist() == [
        ["V2", "V2", 0, "PLAN_ABSENT"], ["V10", "V10", 0, "PLAN_ABSENT"]]  # fmt: skip


def test_repeats_are_their_median_with_all_reasons_and_the_least_confidence():
    runs = [row(run=str(n), value=v, limit=lim, status=s, reason=r, floor_confidence=c) for n, v, lim, s, r, c in (
        (1, 3.0, 1.0, "ok", "", "high"), (2, 7.0, 1.5, "flagged", "SHORT", "low"),
        (3, 4.0, 1.2, "ok", "", "medium"))]  # fmt: skip
    one = scheduled(table(*runs), days(), None).iloc[0]
    assert one[["value", "limit", "status", "reason", "n_runs", "floor_confidence"]].tolist() == [
        4.0, 1.5, "flagged", "SHORT", 3, "low"]  # fmt: skip
    assert one["recordings"] == "S1_P1M1_rest_1;S1_P1M1_rest_2;S1_P1M1_rest_3"
    assert one["input_sha256"].count("sha-") == 3


@pytest.mark.parametrize(
    ("values", "statuses", "expected"),
    [
        ((0.8, 2.0), ("below_limit", "ok"), (1.4, "flagged", 2)),  # 1.4 is above the limit of 1
        ((0.8, 0.9), ("below_limit", "below_limit"), (0.85, "below_limit", 2)),
        ((0.8, 1.1), ("below_limit", "ok"), (0.95, "below_limit", 2)),
        ((math.nan, 2.0), ("undeterminable", "ok"), (2.0, "flagged", 1)),
        ((math.nan, math.nan), ("undeterminable", "not_measured"), (math.nan, "undeterminable", 0)),
        ((2.0, 3.0), ("ok", "ok"), (2.5, "ok", 2)),
    ],
)
def test_the_status_of_repeats_is_true_of_their_median(values, statuses, expected):
    runs = [
        row(run=str(n), value=v, limit=1.0, status=s) for n, (v, s) in enumerate(zip(values, statuses, strict=True))
    ]
    one = scheduled(table(*runs), days(), None).iloc[0]
    assert one["value"] == pytest.approx(expected[0], nan_ok=True, rel=1e-15)
    assert (one["status"], one["n_runs"]) == expected[1:]


def test_a_repeat_that_failed_flags_what_is_left_of_its_visit():
    failed = row(run="2", value=math.nan, segment="", target="", target_kind="", measure="", status="failed",
                 reason="FILE_EMPTY")  # fmt: skip
    made = scheduled(table(row(run="1"), failed, row(visit="P1M2")), days(), None)
    assert only(made, visit="P1M1", measure="apdf_p10_uv")[["value", "status", "reason", "n_runs"]].tolist() == [
        1.0, "flagged", "FILE_EMPTY", 1]  # fmt: skip
    assert only(made, visit="P1M2")["status"] == "ok"


def test_a_recording_that_no_run_has_reached_is_a_row_without_a_measure():
    made = scheduled(table(row()), days(), None, inputs=inputs(("S1", "P1M1", "rest"), ("S1", "P1M2", "rest"),
                     status="not_measured", code="NOT_SELECTED"))  # fmt: skip
    found = only(made, visit="P1M2")
    assert found[["measure", "status", "reason", "files"]].tolist() == [
        "", "not_measured", "NOT_SELECTED", "S1_P1M2_rest.edf"]  # fmt: skip


def test_rows_of_a_visit_as_a_whole_carry_all_its_recordings():
    whole = row(recording="", input_sha256="", target="subject", target_kind="subject", measure="rigidity_index_log")
    made = scheduled(table(row(), whole), days(), None, inputs=inputs(("S1", "P1M1", "rest"), ("S1", "P1M2", "rest")))
    found = only(made, measure="rigidity_index_log")
    assert found[["recordings", "files"]].tolist() == ["S1_P1M1_rest", "S1_P1M1_rest.edf"]
    assert found["input_sha256"] == "sha-S1_P1M1_rest"


@settings(max_examples=25)
@given(st.permutations(range(12)))
def test_the_order_of_the_input_changes_nothing(order):
    rows = [row(subject, visit, value=float(n), **cells) for n, (subject, visit, cells) in enumerate(
        (s, v, c) for s in ("S2", "S10") for v in ("P1M1", "X", "P1M2")
        for c in ({}, {"target": "TA_R/GM_R", "target_kind": "pair", "measure": "cc_overlap_uv"}))]  # fmt: skip
    told = {**days("S2"), **days("S10")}
    expected, made = (scheduled(table(*(rows[n] for n in ns)), told, plan()) for ns in (range(12), order))
    pd.testing.assert_frame_equal(made, expected)
    assert expected["subject"].drop_duplicates().tolist() == ["S2", "S10"]
