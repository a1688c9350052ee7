"""Twins in % of a reference: which level they take, and what they say without one."""

from dataclasses import replace

import pytest

from emgpipe.errors import SettingsError
from emgpipe.summary import reference_rows
from emgpipe.summary.references import TWINS, Reference
from tests.summary.rows import row

SAME = "same visit: mvc"


def mvc(level_uv, target="TA_R", **cells):
    return row(target, "rest_rms_uv", level_uv, segment="mvc", **cells)


def p10_pct(rows, reference=SAME, **place):
    made = [r for r in reference_rows(rows, reference) if r.row.measure == "apdf_p10_pct"]
    found = [r.row for r in made if all(getattr(r, k) == v for k, v in place.items())]
    assert len(found) == 1
    return found[0]


def test_a_twin_is_the_share_of_the_reference_level_in_percent():
    got = p10_pct([row("TA_R", "apdf_p10_uv", 5.0, low=4.0, high=6.0, limit=0.5, floor_uv=1.0), mvc(50.0)])
    assert (got.value, got.low, got.high, got.limit, got.unit, got.status) == (10.0, 8.0, 12.0, 1.0, "%", "ok")
    assert got.floor_uv == 1.0  # the floor stays in µV


def test_every_amplitude_of_a_muscle_has_a_twin_and_nothing_else_has():
    rows = [row("TA_R", name, 5.0) for name in (*TWINS, "floor_uv", "act_frac")]
    rows += [row("TA_R/GM_R", "cc_overlap_uv", 5.0), mvc(50.0)]
    names = [r.row.measure for r in reference_rows(rows, SAME)]
    assert names == [name.removesuffix("_uv") + "_pct" for name in TWINS]


def test_the_own_recording_comes_before_the_rest_of_the_visit():
    rows = [
        row("TA_R", "apdf_p10_uv", 5.0, run="1"), mvc(50.0, run="1"),
        row("TA_R", "apdf_p10_uv", 5.0, run="2"), mvc(100.0, run="2"),
    ]  # fmt: skip
    assert p10_pct(rows, run="1").value == 10.0
    assert p10_pct(rows, run="2").value == 5.0


def test_a_reference_in_another_recording_of_the_visit_is_found_and_repeats_are_pooled():
    rows = [row("TA_R", "apdf_p10_uv", 5.0), mvc(40.0, task="mvc", run="1"), mvc(60.0, task="mvc", run="2")]
    assert p10_pct(rows).value == 10.0


def test_same_visit_never_takes_the_level_of_another_visit_subject_or_muscle():
    rows = [row("TA_R", "apdf_p10_uv", 5.0), mvc(50.0, visit="V2"), mvc(50.0, subject="P02"), mvc(50.0, target="GM_R")]
    got = p10_pct(rows)
    assert (got.value, got.low, got.high, got.limit) == (None, None, None, None)
    assert (got.status, got.reason) == ("not_measured", "NO_REFERENCE")


def test_a_named_visit_serves_all_visits_of_the_subject():
    rows = [
        row("TA_R", "apdf_p10_uv", 5.0), mvc(50.0),
        row("TA_R", "apdf_p10_uv", 5.0, visit="V2"), mvc(500.0, visit="V2"),
    ]  # fmt: skip
    assert [p10_pct(rows, "visit V1: mvc", visit=v).value for v in ("V1", "V2")] == [10.0, 10.0]


@pytest.mark.parametrize(
    ("status", "level_uv", "reason"),
    [
        ("below_limit", 0.3, "REFERENCE_BELOW_LIMIT"),
        ("ok", 0.0, "REFERENCE_BELOW_LIMIT"),
        ("undeterminable", None, "REFERENCE_UNDETERMINABLE"),
        ("not_measured", None, "NO_REFERENCE"),
    ],
)
def test_a_reference_that_is_no_clear_level_is_none_and_the_row_says_why(status, level_uv, reason):
    got = p10_pct([row("TA_R", "apdf_p10_uv", 5.0), mvc(level_uv, status=status)])
    assert (got.value, got.status, got.reason) == (None, "not_measured", reason)


def test_doubts_of_the_reference_are_those_of_the_share():
    clipped = mvc(50.0, status="flagged", reason="LOWER_BOUND;CLIPPED")
    got = p10_pct([row("TA_R", "apdf_p10_uv", 5.0), clipped])
    assert (got.value, got.status, got.reason) == (10.0, "flagged", "REFERENCE_LOWER_BOUND;CLIPPED")
    got = p10_pct([row("TA_R", "apdf_p10_uv", 5.0, status="flagged", reason="SHORT;CLIPPED"), clipped])
    assert got.reason == "SHORT;CLIPPED;REFERENCE_LOWER_BOUND"
    got = p10_pct([row("TA_R", "apdf_p10_uv", 0.2, status="below_limit"), clipped])
    assert (got.status, got.reason) == ("below_limit", "REFERENCE_LOWER_BOUND;CLIPPED")


def test_a_reference_below_the_level_of_rest_is_no_contraction():
    rows = [row("TA_R", "apdf_p10_uv", 5.0), row("TA_R", "rest_rms_uv", 8.0), mvc(7.9)]
    assert (p10_pct(rows).status, p10_pct(rows).reason) == ("flagged", "REFERENCE_BELOW_REST")
    assert p10_pct([*rows[:2], mvc(8.0)]).reason == ""


def test_repeats_in_one_recording_are_pooled_and_said():
    second = row("TA_R", "rest_rms_uv", 60.0, segment="mvc_2")
    rows = [row("TA_R", "apdf_p10_uv", 5.0), mvc(40.0), second]
    got = p10_pct(rows)
    assert (got.value, got.status, got.reason) == (10.0, "ok", "REFERENCES_POOLED")  # a note, no doubt
    assert [r.row.segment for r in reference_rows(rows, SAME)] == ["rest"]  # mvc_2 is no rest
    weak = second._replace(row=replace(second.row, value=0.2, status="below_limit"))
    got = p10_pct([*rows[:2], weak])
    assert (got.value, got.reason) == (12.5, "REFERENCE_BELOW_LIMIT")


def test_an_own_reference_without_a_level_gives_way_to_one_of_the_visit():
    rows = [row("TA_R", "apdf_p10_uv", 5.0), mvc(None), mvc(50.0, task="mvc")]
    assert p10_pct(rows).value == 10.0


def test_a_twin_without_amplitude_keeps_the_reason_of_the_amplitude():
    got = p10_pct([row("TA_R", "apdf_p10_uv", None, reason="TOO_SHORT"), mvc(50.0)])
    assert (got.value, got.status, got.reason) == (None, "undeterminable", "TOO_SHORT")


def test_the_reference_itself_has_no_twin_and_without_a_reference_there_is_none():
    rows = [mvc(50.0), row("TA_R", "apdf_p10_uv", 5.0)]
    assert [r.row.segment for r in reference_rows(rows, SAME)] == ["rest"]
    assert list(reference_rows(rows, "")) == []


@pytest.mark.parametrize("segment", ["rest", "whole", "rest_2"])
@pytest.mark.parametrize("place", ["same visit", "visit V1"])
def test_rest_is_refused_as_its_own_reference(place, segment):
    with pytest.raises(SettingsError, match="REFERENCE_IS_REST"):
        Reference.parse(f"{place}: {segment}")
