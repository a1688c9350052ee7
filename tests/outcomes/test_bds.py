"""The long outcome table: baselines, changes, means and what is missing, computed by hand."""

import math
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import TableError
from emgpipe.outcomes.bds import bds_table, with_arms
from emgpipe.outcomes.columns import BDS_COLUMNS
from emgpipe.outcomes.periods import period_values
from emgpipe.outcomes.plan import AnalysisPlan
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.schedule import scheduled
from tests.outcomes.measured import VISITS, days, inputs, plan, row, table

HAND = dict(zip(VISITS, (10.0, 8.0, 6.0, 12.0, 15.0, 9.0), strict=True))
INDEX = {"target": "subject", "target_kind": "subject", "measure": "rigidity_index_log", "unit": "1"}
TWO_BASELINES = (
    '[[visits]]\navisit = "Screening"\nnames = ["P1M1"]\nperiod = 1\nrole = "baseline"\n'
    '[[visits]]\navisit = "Day 28"\nnames = ["P1M2"]\nperiod = 1\nrole = "baseline"\n'
    '[[visits]]\navisit = "Day 56"\nnames = ["P1M3"]\nperiod = 1\nrole = "treatment"\n'
    '[[visits]]\navisit = "Day 84"\nnames = ["P2M1"]\nperiod = 2\nrole = "baseline"\n'
    '[[visits]]\navisit = "Day 112"\nnames = ["P2M2"]\nperiod = 2\nrole = "treatment"\n'
    '[[visits]]\navisit = "Late"\nnames = ["P2M3"]\nperiod = 2\nrole = "other"\n'
)


def made(*rows, chosen: AnalysisPlan | None = None, text="", told=None, listed=None) -> pd.DataFrame:
    chosen = chosen or plan(text)
    told = told if told is not None else {**days("S1"), **days("S2")}
    return bds_table(apply_rules(scheduled(table(*rows), told, chosen, inputs=listed), chosen), chosen)


def of_subject(subject="S1", values=HAND, **cells):
    return [row(subject, visit, value, **cells) for visit, value in values.items()]


def cells(found: pd.DataFrame, *names: str) -> list[tuple[object, ...]]:
    """Rows as tuples, missing numbers as None."""
    plain = found[list(names)].astype(object)
    return [tuple(None if pd.isna(cell) else cell for cell in line) for line in plain.to_numpy().tolist()]


def test_base_change_and_means_are_those_computed_by_hand():
    found = made(*of_subject())
    assert [*found.columns] == [column.name for column in BDS_COLUMNS]
    numbers, flags = ("AVISITN", "APERIOD", "AVAL", "BASE", "CHG", "PCHG"), ("ABLFL", "ANL01FL", "ANL02FL", "DTYPE")
    assert cells(found, *numbers, *flags) == [
        (1, 1, 10.0, 10.0, 0.0, 0.0, "Y", "Y", "", ""),
        (2, 1, 8.0, 10.0, -2.0, -20.0, "", "Y", "", ""),
        (3, 1, 6.0, 10.0, -4.0, -40.0, "", "Y", "", ""),
        (4, 2, 12.0, 12.0, 0.0, 0.0, "Y", "Y", "", ""),
        (5, 2, 15.0, 12.0, 3.0, 25.0, "", "Y", "", ""),
        (6, 2, 9.0, 12.0, -3.0, -25.0, "", "Y", "", ""),
        (951, 1, 7.0, 10.0, -3.0, -30.0, "", "", "Y", "AVERAGE"),
        (952, 2, 12.0, 12.0, 0.0, 0.0, "", "", "Y", "AVERAGE"),
    ]  # fmt: skip
    assert set(found["BASETYPE"]) == {"PERIOD 1 BASELINE", "PERIOD 2 BASELINE"}
    assert found["PARAM"].unique().tolist() == ["Static level P10, TA_R, rest, task rest (uV)"]
    assert cells(found.iloc[:1], "STUDYID", "USUBJID", "SUBJID", "MUSCLE", "LAT", "AVALU", "ADY", "APERIODC") == [
        ("HAND", "HAND-S1", "S1", "right tibialis anterior", "RIGHT", "uV", 1.0, "Period 1")]  # fmt: skip


def test_several_baseline_visits_are_a_mean_that_carries_the_flag():
    chosen = plan(TWO_BASELINES)
    found = made(*of_subject(), chosen=chosen)
    flagged = found[found["ABLFL"] == "Y"]
    assert cells(flagged, "AVISIT", "AVISITN", "AVAL", "DTYPE", "NOBS") == [
        ("Day 84", 4, 12.0, "", 1), ("Period 1 Baseline Mean", 901, 9.0, "AVERAGE", 2)]  # fmt: skip
    assert cells(found[found["AVISIT"] == "Day 56"], "BASE", "CHG") == [(9.0, -3.0)]
    assert cells(found[found["AVISIT"] == "Late"], "CHG", "ANL01FL", "NOTANL") == [(-3.0, "", "VISIT_OTHER")]


@pytest.mark.parametrize("lost", ["value", "row", "recording"])
def test_a_missing_baseline_leaves_change_missing_and_a_row_that_says_why(lost):
    rows = [one for one in of_subject() if one["visit"] != "P2M1"]
    if lost == "value":
        rows.append(row(visit="P2M1", value=math.nan, status="undeterminable", reason="NOISY_ELECTRODE"))
    if lost == "recording":
        rows.append(row(visit="P2M1", value=math.nan, segment="", target="", target_kind="", measure="", unit="",
                        status="failed", reason="FILE_EMPTY", floor_confidence=""))  # fmt: skip
    second = made(*rows).query("APERIOD == 2")
    expected = {
        "value": ("undeterminable", "NOISY_ELECTRODE", "UNDETERMINABLE", "VALUE_MISSING"),
        "row": ("not_measured", "VISIT_MISSING", "NOT MEASURED", "VISIT_MISSING"),
        "recording": ("failed", "FILE_EMPTY", "FAILED", "VALUE_MISSING"),
    }[lost]
    base = second[second["AVISITN"] == 4]
    assert cells(base, "AVAL", "CHG", "STATUS", "REASON", "AVALC", "NOTANL") == [(None, None, *expected)]
    assert second["BASE"].isna().all()
    assert second["CHG"].isna().all()
    assert set(second["BASETYPE"]) == {""}
    assert set(second["ABLFL"]) == {""}
    assert cells(second[second["AVISITN"] == 952], "AVAL", "ANL02FL") == [(12.0, "Y")]


def test_a_parameter_that_one_visit_lacks_has_a_row_there():
    more = [row(visit="P1M1", target="GM_R", value=3.0), row(visit="P1M2", target="GM_R", value=4.0)]
    found = made(*of_subject(), *more).query("TARGET == 'GM_R' and DTYPE == ''")
    assert cells(found, "VISIT", "AVAL", "REASON")[2:] == [(v, None, "PARAMETER_ABSENT") for v in VISITS[2:]]


def test_a_subject_whose_every_recording_failed_has_rows_for_all_parameters():
    listed = inputs(*(("S2", visit, "rest") for visit in VISITS), status="failed", code="FILE_EMPTY")
    found = made(*of_subject(), listed=listed).query("SUBJID == 'S2' and DTYPE == ''")
    assert cells(found, "VISIT", "AVAL", "STATUS", "REASON") == [(v, None, "failed", "FILE_EMPTY") for v in VISITS]


def test_results_without_any_measure_are_refused():
    with pytest.raises(TableError, match="OUTCOMES_EMPTY"):
        made(row(measure="", segment="", target="", target_kind="", unit="", status="failed", reason="FILE_EMPTY"))


@pytest.mark.parametrize(
    ("base", "cell", "expected"),
    [(0.0, {}, None), (-1.0, {}, None), (2.0, {}, 100.0), (2.0, INDEX, None), (2.0, {"unit": "%"}, None)],
)
def test_a_change_in_per_cent_needs_a_base_above_zero_and_a_unit_with_a_zero(base, cell, expected):
    found = made(*of_subject(values={"P1M1": base, "P1M2": base + 2.0}, **cell))
    assert cells(found[found["AVISITN"] == 2], "CHG", "PCHG") == [(2.0, expected)]


def test_a_value_below_its_limit_is_told_by_the_limit_and_kept():
    rows = [row(visit="P1M1", value=0.7, limit=1.2, status="below_limit"), row(visit="P1M2", value=3.0, limit=1.2)]
    assert cells(made(*rows).iloc[:2], "AVAL", "AVALC", "LIMIT", "DTYPE") == [
        (0.7, "<1.2", 1.2, ""), (3.0, "", 1.2, "")]  # fmt: skip
    half = made(*rows, text='[rules]\nbelow_limit = "half_limit"\n')
    assert cells(half.iloc[:2], "AVAL", "AVALC", "BASE", "DTYPE") == [
        (0.6, "<1.2", 0.6, "HALF LIMIT"), (3.0, "", 0.6, "")]  # fmt: skip


def test_an_unscheduled_visit_is_kept_and_not_analysed():
    found = made(*of_subject(), row(visit="EXTRA", value=99.0))
    extra = found[found["VISIT"] == "EXTRA"]
    assert cells(extra, "AVAL", "AVISIT", "AVISITN", "APERIOD", "BASE", "CHG", "ANL01FL", "NOTANL") == [
        (99.0, "", None, None, None, None, "", "VISIT_UNPLANNED")]  # fmt: skip
    assert found.loc[found["AVISITN"] == 951, "AVAL"].tolist() == [7.0], "it enters no mean"


def test_a_visit_left_out_keeps_its_value_and_enters_no_mean():
    event = (
        '[[intercurrent]]\nsubject = "S1"\nevent = "fever"\nstrategy = "exclude_visit"\nvisit = "Period 1 Month 3"\n'
    )
    found = made(*of_subject(), text=event)
    assert cells(found[found["VISIT"] == "P1M3"], "AVAL", "CHG", "ANL01FL", "NOTANL") == [
        (6.0, -4.0, "", "INTERCURRENT")
    ]
    assert cells(found[found["AVISITN"] == 951], "AVAL", "NOBS") == [(8.0, 1)]


def test_a_mean_of_fewer_visits_than_planned_is_missing_where_the_plan_wants_all():
    few = {visit: value for visit, value in HAND.items() if visit != "P1M3"}
    there = made(*of_subject(values=few))
    complete = made(*of_subject(values=few), text='[rules]\nmissing_visit = "complete"\n')
    assert cells(there[there["AVISITN"] == 951], "AVAL", "ANL02FL", "NOTANL") == [(8.0, "Y", "")]
    assert cells(complete[complete["AVISITN"] == 951], "AVAL", "ANL02FL", "NOTANL") == [(None, "", "VALUE_MISSING")]


def test_dates_are_dates_and_the_first_visit_is_day_1():
    told = {"S1_P1M1_rest": {"visit_date": "2026-02-25"}, "S1_P1M2_rest": {"visit_date": "2026-03-25"}}
    found = made(row(), row(visit="P1M2"), told=told)
    assert found["ADT"].tolist()[:2] == [date(2026, 2, 25), date(2026, 3, 25)]
    assert found["ADY"].tolist()[:2] == [1.0, 29.0]
    before = made(row(visit="P1M1"), told={"S1_P1M1_rest": {"day": "-3"}})
    assert before["ADY"].tolist()[:1] == [-3.0], "there is no day 0"


def test_without_a_plan_rows_stand_as_visits_without_base_or_flag():
    found = bds_table(apply_rules(scheduled(table(row(visit="V2"), row(visit="V1")), {}), None))
    assert cells(found, "AVISIT", "AVISITN", "BASE", "CHG", "ANL01FL", "APERIOD") == [
        ("V1", None, None, None, "", None), ("V2", None, None, None, "", None)]  # fmt: skip


def test_rows_made_after_unblinding_are_marked_and_so_are_means_over_them():
    ruled = apply_rules(scheduled(table(*of_subject()), days(), plan()), plan())
    found = bds_table(ruled.assign(post_hoc=ruled["visit"] == "P1M2"), plan())
    assert found.loc[found["POSTHOC"] == "Y", "AVISITN"].tolist() == [2, 951]


VALUES = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan))


@settings(max_examples=30)
@given(st.lists(VALUES, min_size=6, max_size=6), st.sampled_from(["available", "complete"]))
def test_change_is_value_minus_base_where_both_are_and_missing_elsewhere(values, rule):
    rows = [row(visit=v, value=x, status="undeterminable" if math.isnan(x) else "ok")
            for v, x in zip(VISITS, values, strict=True)]  # fmt: skip
    chosen = plan(f'[rules]\nmissing_visit = "{rule}"\n')
    found = made(*rows, chosen=chosen)
    both = found["AVAL"].notna() & found["BASE"].notna()
    assert found["CHG"].notna().tolist() == both.tolist()
    assert (found.loc[both, "CHG"] == found.loc[both, "AVAL"] - found.loc[both, "BASE"]).all()
    assert not found.loc[~(found["BASE"] > 0), "PCHG"].notna().any()
    analysed = period_values(apply_rules(scheduled(table(*rows), days(), chosen), chosen), chosen.endpoint, chosen)
    means = found[found["AVISITN"] > 900].sort_values("AVISITN")
    pd.testing.assert_series_equal(means["AVAL"], pd.Series(analysed.values[0]), check_names=False, check_index=False,
                                   check_exact=True)  # fmt: skip
    pd.testing.assert_series_equal(means["BASE"], pd.Series(analysed.baselines[0]), check_names=False,
                                   check_index=False, check_exact=True)  # fmt: skip


@settings(max_examples=12)
@given(st.permutations(range(13)))
def test_the_order_of_the_input_changes_no_row(order):
    rows = [*of_subject(), *of_subject("S10"), row(visit="EXTRA")]
    pd.testing.assert_frame_equal(made(*(rows[n] for n in order)), made(*rows))


def test_arms_stand_in_columns_of_their_own_and_change_nothing_else():
    blind = made(*of_subject(), *of_subject("S2"), row(visit="EXTRA"))
    found = with_arms(blind, {"S1": "BA"})
    pd.testing.assert_frame_equal(found[[*blind.columns]], blind)
    assert [*found.columns][-2:] == ["TRTSEQP", "TRTP"]
    told = set(cells(found, "SUBJID", "TRTSEQP", "APERIOD", "TRTP"))
    assert told == {("S1", "BA", 1, "B"), ("S1", "BA", 2, "A"), ("S1", "BA", None, ""),
                    ("S2", "", 1, ""), ("S2", "", 2, "")}  # fmt: skip
