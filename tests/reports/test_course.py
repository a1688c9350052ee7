"""The course of a subject: points of repeats, the order of visits, what is missing and what changed."""

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.measures.rows import MeasureRow
from emgpipe.reports.course import Run, blocks_of, main_series, patient_report, point_of, stops_of


def row(value=None, status="ok", measure="apdf_p10_uv", **cells):
    told = {"segment": "rest", "target": "TA_R", "target_kind": "muscle", "unit": "uV"} | cells
    return MeasureRow(measure=measure, value=value, status=status, **told)


def listed(*visits, subject="S1", status="ok", task="supine"):
    return [
        {"recording": f"{subject}_{visit}_{task}", "subject": subject, "visit": visit, "task": task,
         "status": status, "grade": "A", "code": "", "message": ""}
        for visit in visits
    ]  # fmt: skip


def told(inputs, **columns):
    """Conditions: column -> cells in the order of the inputs."""
    return {
        one["recording"]: {name: cells[i] for name, cells in columns.items() if cells[i]}
        for i, one in enumerate(inputs)
    }


def test_a_single_row_is_told_as_it_is():
    one = row(3.0, "flagged", low=2.0, high=4.0, limit=0.6, reason="SHORT")
    assert point_of([one]) == (3.0, 2.0, 4.0, 0.6, "flagged", "SHORT", (), 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 100.0), min_size=2, max_size=6), st.floats(0.1, 50.0))
def test_repeats_are_their_median_without_an_interval_and_below_the_limit_where_that_is(values, limit):
    point = point_of([row(value, low=0.0, high=200.0, limit=limit) for value in values])
    assert (point.value, point.low, point.high, point.n_runs) == (statistics.median(values), None, None, len(values))
    assert (point.status == "below_limit") == (point.value < limit)


@pytest.mark.parametrize("status", ["undeterminable", "not_measured"])
def test_repeats_without_a_value_are_no_number_and_one_of_them_makes_the_median_doubtful(status):
    assert point_of([row(None, status), row(None, status)])[:5] == (None, None, None, None, status)
    mixed = point_of([row(5.0), row(None, status)])
    assert (mixed.value, mixed.status, mixed.runs, mixed.n_runs) == (5.0, "flagged", (Run(5.0),), 2)


@pytest.mark.parametrize("order", [1, -1])
def test_runs_that_all_lack_a_value_have_the_worst_status_whichever_comes_first(order):
    rows = [row(None, "not_measured"), row(None, "undeterminable")]
    assert point_of(rows[::order]).status == "undeterminable"
    assert point_of([*rows, row(None, "failed")][::order]).status == "failed"


def test_a_run_keeps_its_own_limit_and_status():
    point = point_of([row(0.1, "below_limit", limit=0.6), row(5.0, limit=0.8), row(None, "undeterminable")])
    assert point.runs == (Run(0.1, 0.6, "below_limit"), Run(5.0, 0.8, "ok"))


def test_a_value_beside_a_status_without_one_is_never_taken():
    assert point_of([row(7.0, "undeterminable"), row(None, "undeterminable")]).value is None


def test_visits_stand_in_the_order_of_their_days_where_all_have_one():
    inputs = listed("V1", "V2", "V3")
    stops = stops_of("S1", inputs, told(inputs, day=["30", "0", "14"]))
    assert [(stop.visit, stop.day) for stop in stops] == [("V2", 0.0), ("V3", 14.0), ("V1", 30.0)]


def test_visits_stand_in_the_order_of_their_dates_else_of_their_names():
    inputs = listed("V10", "V2", "V1")
    dates = told(inputs, visit_date=["2026-01-01", "2026-03-01", "2026-02-01"])
    assert [stop.visit for stop in stops_of("S1", inputs, dates)] == ["V10", "V1", "V2"]
    one_blank = told(inputs, visit_date=["2026-01-01", "", "2026-02-01"])
    assert [stop.visit for stop in stops_of("S1", inputs, one_blank)] == ["V1", "V2", "V10"]


def test_a_visit_that_only_others_have_is_missing_and_stands_at_their_median_day():
    inputs = [*listed("V1", "V3"), *listed("V1", "V2", "V3", subject="S2"), *listed("V2", subject="S3")]
    stops = stops_of("S1", inputs, told(inputs, day=["0", "50", "0", "20", "50", "30"]))
    assert [(stop.visit, stop.state, stop.day, stop.when) for stop in stops] == [
        ("V1", "complete", 0.0, "day 0"), ("V2", "missing", 25.0, ""), ("V3", "complete", 50.0, "day 50"),
    ]  # fmt: skip


def test_a_visit_of_the_subject_never_takes_the_day_of_others():
    inputs = [*listed("V1", "V2"), *listed("V1", "V2", subject="S2")]
    stops = stops_of("S1", inputs, told(inputs, day=["0", "", "0", "20"]))
    assert [(stop.visit, stop.day) for stop in stops] == [("V1", 0.0), ("V2", None)]


def test_a_missing_visit_without_days_stands_behind_the_one_that_its_name_follows():
    inputs = [*listed("V1", "V3"), *listed("V0", "V2", "V4", subject="S2")]
    dates = told(inputs, visit_date=["2026-01-01", "2026-02-01", "", "", ""])
    assert [stop.visit for stop in stops_of("S1", inputs, dates)] == ["V0", "V1", "V2", "V3", "V4"]


def test_a_visit_says_how_many_recordings_have_a_result_and_the_worst_grade_of_those():
    inputs = [*listed("V1"), *listed("V1", task="sitting"), *listed("V1", task="mvc", status="failed")]
    inputs[1]["grade"], inputs[2]["grade"] = "C", "D"
    [stop] = stops_of("S1", inputs, {})
    assert (stop.state, stop.n_measured, stop.n_listed, stop.grade) == ("partly", 2, 3, "C")


def test_a_condition_that_changes_is_told_once_at_the_visit_where_it_does_and_by_task():
    inputs = [*listed("V1", "V2", "V3"), *listed("V1", "V2", task="sitting")]
    conditions = told(inputs, posture=["supine", "prone", "prone", "chair", "chair"], pain_0_10=["1", "7", "2", "", ""])
    stops = stops_of("S1", inputs, conditions)
    assert [[(c.name, c.before, c.since, c.now, c.task) for c in stop.changes] for stop in stops] == [
        [], [("posture", "supine", "V1", "prone", "supine")], [],
    ]  # fmt: skip


def test_points_stand_at_their_visits_and_gaps_are_no_points():
    rows = [("V3", "supine", row(3.0)), ("V1", "supine", row(1.0)), ("V1", "supine", row(2.0, measure="rest_rms_uv"))]
    [block] = blocks_of(rows, ["V1", "V2", "V3"])
    values = {one.measure: [point and point.value for point in one.points] for one in block.series}
    assert values == {"apdf_p10_uv": [1.0, None, 3.0], "rest_rms_uv": [2.0, None, None]}
    assert [one.measure for one in main_series(block, "muscle")] == ["apdf_p10_uv", "rest_rms_uv"]


def test_a_measure_that_is_kept_off_pages_is_in_no_series():
    rows = [("V1", "supine", row(3.0, measure="imc_low_z", target="TA_R/GM_R", target_kind="pair"))]
    assert blocks_of(rows, ["V1"]) == ()


def test_visits_measured_with_different_settings_are_told_apart():
    inputs = listed("V1", "V2")
    lines = [{**one, "settings_id": key, "version": "1"} for one, key in zip(inputs, ("aa", "bb"), strict=True)]
    report = patient_report("X", "S1", inputs, [(line, row(1.0)) for line in lines], {}, version="", settings_id="")
    assert report.made_with == {"settings aa, emgpipe 1": ("V1",), "settings bb, emgpipe 1": ("V2",)}
