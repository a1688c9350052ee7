"""One row a visit: columns, medians of repeats, and what stands behind them."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.summary import visit_tables
from tests.summary.rows import row


def test_columns_are_target_and_measure_in_the_order_of_the_rows():
    rows = [row("TA_R", "apdf_p10_uv", 1.0), row("TA_R/GM_R", "cc_overlap_uv", 2.0), row("GM_R", "apdf_p10_uv", 3.0)]
    columns, visits, repeats = visit_tables(rows)
    names = ["TA_R.apdf_p10_uv", "TA_R/GM_R.cc_overlap_uv", "GM_R.apdf_p10_uv"]
    assert columns == ["subject", "visit", "task", "segment", *names]
    assert [[v[c] for c in columns] for v in visits] == [["P01", "V1", "rest", "rest", 1.0, 2.0, 3.0]]
    assert repeats == []


def test_a_muscle_that_a_visit_does_not_have_is_blank_there():
    columns, visits, _ = visit_tables([row("TA_R", "tilt", 1.0), row("GM_R", "tilt", 2.0, visit="V2")])
    assert [(v["TA_R.tilt"], v["GM_R.tilt"]) for v in visits] == [(1.0, None), (None, 2.0)]
    assert all(set(v) == set(columns) for v in visits)


def test_tasks_and_segments_are_rows_of_their_own():
    rows = [row("TA_R", "tilt", 1.0), row("TA_R", "tilt", 2.0, segment="mvc"), row("TA_R", "tilt", 3.0, task="sitting")]
    assert [(v["task"], v["segment"]) for v in visit_tables(rows)[1]] == [
        ("rest", "rest"), ("rest", "mvc"), ("sitting", "rest"),
    ]  # fmt: skip


def test_repeats_are_pooled_by_their_median_with_number_and_spread():
    rows = [row("TA_R", "apdf_p10_uv", value, run=str(n)) for n, value in enumerate([1.0, 2.0, 9.0])]
    _, visits, repeats = visit_tables(rows)
    assert visits[0]["TA_R.apdf_p10_uv"] == 2.0
    told = repeats[0]
    assert (told["target"], told["measure"], told["value"], told["n"]) == ("TA_R", "apdf_p10_uv", 2.0, 3)
    assert math.isclose(told["sd"], math.sqrt((3**2 + 2**2 + 5**2) / 2), rel_tol=1e-15)


def test_a_repeat_without_a_value_is_not_counted_and_one_value_has_no_spread():
    rows = [row("TA_R", "tilt", 4.0, run="1"), row("TA_R", "tilt", None, run="2")]
    _, visits, repeats = visit_tables(rows)
    assert visits[0]["TA_R.tilt"] == 4.0
    assert (repeats[0]["n"], repeats[0]["sd"]) == (1, None)


def test_no_repeat_with_a_value_is_missing_and_never_zero():
    rows = [row("TA_R", "tilt", None, run=n) for n in "12"]
    _, visits, repeats = visit_tables(rows)
    assert visits[0]["TA_R.tilt"] is None
    assert (repeats[0]["value"], repeats[0]["n"], repeats[0]["sd"]) == (None, 0, None)


def test_a_value_below_its_limit_counts_with_its_estimate():
    _, visits, _ = visit_tables([row("TA_R", "apdf_p10_uv", 0.2, status="below_limit", limit=0.5)])
    assert visits[0]["TA_R.apdf_p10_uv"] == 0.2


@settings(max_examples=30)
@given(
    st.permutations(
        [row(t, "tilt", v, run=r) for t in ("TA_R", "GM_R") for r, v in (("a", 3.0), ("b", 1.0), ("c", 2.5))]
    )
)
def test_the_order_of_rows_changes_no_number(rows):
    _, visits, repeats = visit_tables(rows)
    assert (visits[0]["TA_R.tilt"], visits[0]["GM_R.tilt"]) == (2.5, 2.5)
    assert {told["sd"] for told in repeats} == {1.0408329997330663}
