"""Subject-level measures: which muscles count, denominators, signs, and laws of the index."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.summary import SUBJECT_MEASURES, subject_rows
from tests.summary.rows import resting

LIST = ("TA_R", "GM_R", "PSP_L", "RA_L")
OFFSET_UV = 0.5


def measured(rows, muscles=LIST, offset_uv=OFFSET_UV):
    """By visit, target and measure."""
    return {(r.visit, r.row.target, r.row.measure): r.row for r in subject_rows(rows, muscles, offset_uv)}


def index(rows, visit="V1", **options):
    return measured(rows, **options)[visit, "subject", "rigidity_index_log"]


def visit_of(levels, visit="V1", **cells):
    return [r for name, p10 in zip(LIST, levels, strict=True) for r in resting(name, p10, visit=visit, **cells)]


def test_the_index_is_the_mean_log_level_over_the_fixed_list():
    got = index([*visit_of([1.0, 2.0, 4.0, 8.0]), *resting("SOL_R", 1000.0)])
    expected = sum(math.log(v + OFFSET_UV) for v in (1.0, 2.0, 4.0, 8.0)) / 4
    assert got.value == pytest.approx(expected, rel=1e-14)
    assert (got.status, got.unit, got.segment, got.target_kind) == ("ok", "1", "rest", "subject")


def test_without_a_list_the_index_is_not_measured():
    got = index(visit_of([1.0, 2.0, 4.0, 8.0]), muscles=())
    assert (got.value, got.status, got.reason) == (None, "not_measured", "INDEX_NOT_DECLARED")


def test_a_muscle_that_one_visit_cannot_tell_counts_at_no_visit():
    rows = [*visit_of([1.0, 2.0, 4.0, 8.0]), *visit_of([1.0, 2.0, 4.0, None], "V2")]
    first, second = index(rows), index(rows, "V2")
    assert first.value == second.value == pytest.approx(sum(math.log(v + OFFSET_UV) for v in (1, 2, 4)) / 3, rel=1e-14)
    assert (first.status, first.reason) == (second.status, second.reason) == ("flagged", "INDEX_PARTIAL")


def test_a_new_visit_changes_earlier_ones():
    old = visit_of([1.0, 2.0, 4.0, 8.0])
    alone, later = index(old), index([*old, *visit_of([1.0, 2.0, 4.0, None], "V2")])
    assert alone.value > later.value


def test_below_three_quarters_of_the_list_there_is_no_index():
    rows = [*visit_of([1.0, 2.0, 4.0, None]), *visit_of([None, 2.0, 4.0, 8.0], "V2")]
    got = index(rows)
    assert (got.value, got.status, got.reason) == (None, "undeterminable", "INDEX_INCOMPLETE")


def test_a_muscle_that_is_not_in_the_recording_does_not_count():
    assert index(visit_of([1.0, 2.0, 4.0, 8.0])[:6]).reason == "INDEX_PARTIAL"


def test_other_subjects_and_other_tasks_are_not_compared():
    rows = [
        *visit_of([1.0, 2.0, 4.0, 8.0]),
        *visit_of([None] * 4, subject="P02"),
        *visit_of([None] * 4, task="standing"),
    ]
    made = [r.row for r in subject_rows(rows, LIST, OFFSET_UV) if r.subject == "P01" and r.task == "rest"]
    assert made[0].status == "ok"


def test_a_level_below_its_limit_counts_with_its_estimate():
    rows = visit_of([0.1, 0.1, 0.1, 0.1], status="below_limit", limit=0.5)
    assert index(rows).value == pytest.approx(math.log(0.6), rel=1e-14)


def test_a_level_of_zero_has_an_index():
    assert index(visit_of([0.0] * 4)).value == pytest.approx(math.log(OFFSET_UV), rel=1e-14)


levels = st.lists(st.floats(0.5, 500.0), min_size=4, max_size=4)


@settings(max_examples=50)
@given(levels, st.floats(0.1, 10.0))
def test_a_common_gain_shifts_the_index_by_its_logarithm_where_the_offset_is_negligible(p10_uv, gain):
    tiny_uv = 1e-9  # at most 1e-9 / 0.05 of a level: 2e-8 of the logarithm
    shift = (
        index(visit_of([gain * v for v in p10_uv]), offset_uv=tiny_uv).value
        - index(visit_of(p10_uv), offset_uv=tiny_uv).value
    )
    assert shift == pytest.approx(math.log(gain), abs=5e-8)


@settings(max_examples=50)
@given(levels, st.floats(1.5, 10.0))
def test_the_offset_takes_part_of_a_gain_away_and_never_adds_to_it(p10_uv, gain):
    shift = index(visit_of([gain * v for v in p10_uv])).value - index(visit_of(p10_uv)).value
    assert 0 < shift < math.log(gain)


@settings(max_examples=30)
@given(st.permutations(visit_of([1.0, 2.0, 4.0, 8.0])))
def test_the_order_of_rows_changes_no_number(rows):
    expected = {key: row.value for key, row in measured(visit_of([1.0, 2.0, 4.0, 8.0])).items()}
    got = {key: row.value for key, row in measured(rows).items()}
    assert got == pytest.approx(expected, rel=1e-14)


def regions(rows):
    got = measured(rows)
    return [got["V1", "subject", name] for name in ("active_regions_emg", "regions_measured")]


def test_a_region_counts_once_however_many_of_its_muscles_are_active():
    active, there = regions([*resting("TA_R", 5.0), *resting("GM_L", 5.0), *resting("PSP_L", 5.0, 0.2)])
    assert (active.value, there.value, active.status) == (1.0, 2.0, "ok")


def test_a_region_that_cannot_be_told_is_missing_and_not_inactive():
    active, there = regions([*resting("TA_R", 5.0), *resting("PSP_L", None), *resting("RA_L", 5.0, None)])
    assert (active.value, there.value) == (1.0, 1.0)


def test_without_any_region_the_count_is_missing_and_the_denominator_zero():
    active, there = regions(resting("TA_R", None))
    assert (active.value, active.status, active.reason) == (None, "not_measured", "NO_REGION")
    assert (there.value, there.status) == (0.0, "ok")


@pytest.mark.parametrize(("cmua", "limit_uv", "expected"), [(0.5, 1.0, 0.0), (0.51, 5.0, 1.0), (1.0, 5.1, 0.0)])
def test_active_needs_more_than_half_of_the_epochs_and_a_level_above_the_limit(cmua, limit_uv, expected):
    assert regions(resting("TA_R", 5.0, cmua, limit=limit_uv))[0].value == expected


def repeats(*levels_uv, limit_uv=1.0):
    return [
        r
        for run, level_uv in enumerate(levels_uv)
        for r in resting(
            "TA_R", level_uv, run=str(run), limit=limit_uv, status="ok" if level_uv >= limit_uv else "below_limit"
        )
    ]


@pytest.mark.parametrize(("levels_uv", "expected"), [((0.1, 0.2, 5.0), 0.0), ((0.1, 5.0, 5.0), 1.0)])
def test_the_pooled_level_is_compared_with_the_limit_and_not_the_best_repeat(levels_uv, expected):
    assert regions(repeats(*levels_uv))[0].value == expected


def test_doubts_of_the_parts_that_count_go_into_every_subject_row():
    rows = visit_of([1.0, 2.0, 4.0, 8.0], status="flagged", reason="SHORT;FLOOR_CAPPED")
    got = measured([*rows, *resting("TA_L", 3.0)])
    names = ("rigidity_index_log", "active_regions_emg", "axial_limb_ln_ratio")
    told = [got["V1", "subject", name] for name in names] + [got["V1", "TA", "lr_ln_ratio"]]
    assert {(r.status, r.reason) for r in told} == {("flagged", "FLOOR_CAPPED;SHORT")}
    assert got["V1", "subject", "regions_measured"].status == "ok"


def test_doubts_of_muscles_that_do_not_count_are_left_out():
    rows = [*visit_of([1.0, 2.0, 4.0, 8.0]), *resting("SOL_R", 1.0, status="flagged", reason="SHORT")]
    assert index(rows).status == "ok"
    rows = [*visit_of([1.0, 2.0, 4.0, 8.0])[:6], *resting("RA_L", None, reason="TOO_SHORT")]
    assert index(rows).reason == "INDEX_PARTIAL"


def test_a_partial_index_keeps_the_doubts_of_its_muscles():
    rows = visit_of([1.0, 2.0, 4.0, 8.0], status="flagged", reason="SHORT")[:6]
    assert (index(rows).status, index(rows).reason) == ("flagged", "INDEX_PARTIAL;SHORT")


def test_doubts_of_one_visit_stay_there():
    rows = [*visit_of([1.0, 2.0, 4.0, 8.0]), *visit_of([1.0, 2.0, 4.0, 8.0], "V2", status="flagged", reason="SHORT")]
    assert (index(rows).status, index(rows, "V2").status) == ("ok", "flagged")


def test_a_level_below_its_limit_is_said_in_the_index_and_is_an_answer_in_the_regions():
    rows = visit_of([0.1, 2.0, 4.0, 8.0])
    rows[0] = rows[0]._replace(row=replace(rows[0].row, status="below_limit", limit=0.5))
    assert (index(rows).status, index(rows).reason) == ("flagged", "BELOW_LIMIT")
    assert regions(rows)[0].status == "ok"


def test_all_rests_of_a_visit_count_alike_by_their_median():
    rows = [r for name, level in (("rest", 1.0), ("rest_2", 3.0), ("rest_3", 50.0)) for m in LIST
            for r in resting(m, level, segment=name)]  # fmt: skip
    assert index(rows).value == pytest.approx(math.log(3.5), rel=1e-14)
    assert index(rows[len(LIST) * 2 : len(LIST) * 4]).value == pytest.approx(math.log(3.5), rel=1e-14)


def test_a_segment_whose_name_only_begins_like_rest_is_no_rest():
    assert list(subject_rows(resting("TA_R", 5.0, segment="rest_after"), LIST, OFFSET_UV)) == []


def test_left_louder_than_right_is_positive_and_names_the_bare_muscle():
    got = measured([*resting("TA_L", 9.5), *resting("TA_R", 4.5), *resting("GM_L", 3.0)])
    assert got["V1", "TA", "lr_ln_ratio"].value == pytest.approx(math.log(2), rel=1e-14)
    assert [target for _, target, name in got if name == "lr_ln_ratio"] == ["TA"]


def test_trunk_louder_than_leg_is_positive():
    got = measured([*resting("PSP_L", 19.5), *resting("TA_R", 4.5)])["V1", "subject", "axial_limb_ln_ratio"]
    assert got.value == pytest.approx(math.log(4), rel=1e-14)


@pytest.mark.parametrize("rows", [resting("PSP_L", 5.0), [*resting("PSP_L", 5.0), *resting("TA_R", None)]])
def test_a_contrast_with_one_side_is_missing(rows):
    got = measured(rows)["V1", "subject", "axial_limb_ln_ratio"]
    assert (got.value, got.reason) == (None, "CONTRAST_INCOMPLETE")


def test_a_side_that_cannot_be_told_is_a_missing_ratio():
    got = measured([*resting("TA_L", None), *resting("TA_R", 5.0)])["V1", "TA", "lr_ln_ratio"]
    assert (got.value, got.status, got.reason) == (None, "undeterminable", "CONTRAST_INCOMPLETE")


def test_visit_rows_name_no_recording_and_every_subject_measure_is_described():
    rows = list(subject_rows([*resting("TA_L", 5.0), *resting("TA_R", 5.0)], LIST, OFFSET_UV))
    assert {(r.recording, r.sha256, r.run) for r in rows} == {("", "", "")}
    assert {r.row.measure for r in rows} == {m.name for m in SUBJECT_MEASURES}


def test_a_study_without_declared_rest_has_no_subject_rows():
    assert list(subject_rows(resting("TA_R", 5.0, segment="whole"), LIST, OFFSET_UV)) == []
