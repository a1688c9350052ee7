"""Values of periods: means within a period and a role, on the scale of the endpoint; what is left out is said."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.outcomes.periods import period_values
from emgpipe.outcomes.rules import apply_rules
from tests.outcomes.trials import VISITS, plan_of, row, rows_of, scheduled_of, six


def values_of(rows, plan, days=None):
    return period_values(apply_rules(scheduled_of(rows, plan, days), plan), plan.endpoint, plan)


def said(found, subject):
    return [(one.period, one.visit, one.code) for one in found.listed if one.subject == subject]


def test_values_and_baselines_are_means_of_their_own_period():
    found = values_of(rows_of({"P10": six(1, 2, 4, 8, 16, 32), "P2": six(3, 3, 3, 5, 5, 5)}), plan_of())
    assert found.subjects == ("P2", "P10")
    assert found.values.tolist() == [[3.0, 5.0], [3.0, 24.0]]
    assert found.baselines.tolist() == [[3.0, 5.0], [1.0, 8.0]]
    assert found.n_visits.tolist() == [[2, 2], [2, 2]]
    assert found.visit_values[1].tolist() == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert found.listed == ()


def test_logarithms_are_taken_before_means_and_with_the_offset():
    plan = plan_of(more="log = true\noffset_uv = 0.5")
    found = values_of(rows_of({"P1": six(1, 2, 4, 8, 16, 32)}), plan)
    assert found.values[0, 0] == pytest.approx((math.log(2.5) + math.log(4.5)) / 2, rel=1e-15)


def test_what_has_no_logarithm_is_missing_and_said():
    found = values_of(rows_of({"P1": six(1, 0, 4, 8, 16, 32)}), plan_of(more="log = true"))
    assert found.values[0, 0] == math.log(4)
    assert said(found, "P1") == [(1, "Period 1 Month 2", "LOG_UNDEFINED")]


def test_a_missing_visit_is_said_and_the_mean_is_of_the_other_or_none_by_the_plan():
    rows = [one for one in rows_of({"P1": six(1, 2, 4, 8, 16, 32)}) if one["visit"] != "P1M2"]
    found = values_of(rows, plan_of())
    assert (found.values[0, 0], found.n_visits[0, 0]) == (4.0, 1)
    assert said(found, "P1") == [(1, "Period 1 Month 2", "VISIT_MISSING")]
    strict = values_of(rows, plan_of(after='[rules]\nmissing_visit = "complete"\n'))
    assert math.isnan(strict.values[0, 0])
    assert said(strict, "P1")[-1] == (1, "", "PERIOD_MISSING")


def test_a_baseline_of_the_other_period_never_stands_in():
    rows = [one for one in rows_of({"P1": six(1, 2, 4, 8, 16, 32)}) if one["visit"] != "P2M1"]
    found = values_of(rows, plan_of())
    assert found.baselines[0, 0] == 1.0
    assert math.isnan(found.baselines[0, 1])
    assert said(found, "P1")[-1] == (2, "", "PERIOD_MISSING")
    raw = values_of(rows, plan_of(estimator="raw"))
    assert (2, "", "PERIOD_MISSING") not in said(raw, "P1")


def test_an_undeterminable_visit_is_missing_with_its_reason_and_never_0():
    rows = rows_of({"P1": six(1, 2, 4, 8, 16, 32)})
    rows[1] |= {"value": None, "status": "undeterminable", "reason": "NOISY_ELECTRODE"}
    found = values_of(rows, plan_of())
    assert found.values[0, 0] == 4.0
    (one,) = found.listed
    assert (one.code, one.words) == ("VALUE_MISSING", "undeterminable (NOISY_ELECTRODE)")


@pytest.mark.parametrize(
    ("rule", "value", "code"),
    [("estimate", 0.2, ""), ("limit", 0.5, "LIMIT_TAKEN"), ("half_limit", 0.25, "LIMIT_TAKEN"),
     ("missing", math.nan, "BELOW_LIMIT_OUT")],
)  # fmt: skip
def test_a_value_below_its_limit_is_what_the_plan_says(rule, value, code):
    rows = rows_of({"P1": six(1, 0.2, 4, 8, 16, 32)})
    rows[1] |= {"status": "below_limit"}
    found = values_of(rows, plan_of(after=f'[rules]\nbelow_limit = "{rule}"\n'))
    assert found.visit_values[0, 1] == pytest.approx(value, nan_ok=True)
    assert said(found, "P1") == ([(1, "Period 1 Month 2", code)] if code else [])


def test_a_visit_outside_its_window_is_none_of_the_plan():
    found = values_of(rows_of({"P1": six(1, 2, 4, 8, 16, 32)}), plan_of(), {"P1M2": 39})
    assert found.values[0, 0] == 4.0
    assert said(found, "P1") == [(1, "Period 1 Month 2", "VISIT_MISSING")]


def test_the_excluded_are_no_subjects_and_are_named():
    event = '[[intercurrent]]\nsubject = "P2"\nevent = "steroids"\nstrategy = "exclude_subject"\n'
    plan = plan_of(after=f'[population.exclude]\nP1 = "withdrew"\n{event}')
    found = values_of(rows_of({name: six(1, 2, 4, 8, 16, 32) for name in ("P1", "P2", "P3")}), plan)
    assert found.subjects == ("P3",)
    assert [(one.subject, one.code, one.words) for one in found.listed] == [
        ("P1", "SUBJECT_EXCLUDED", "withdrew"),
        ("P2", "INTERCURRENT", "steroids"),
    ]


def test_an_event_takes_its_visit_or_its_period_out():
    event = '[[intercurrent]]\nsubject = "P1"\nevent = "cold"\nstrategy = "{}"\nvisit = "Period 1 Month 2"\n'
    rows = rows_of({"P1": six(1, 2, 4, 8, 16, 32)})
    assert values_of(rows, plan_of(after=event.format("exclude_visit"))).values[0].tolist() == [4.0, 24.0]
    found = values_of(rows, plan_of(after=event.format("exclude_period")))
    assert math.isnan(found.values[0, 0])
    assert found.values[0, 1] == 24.0
    assert values_of(rows, plan_of(after=event.format("keep"))).values[0].tolist() == [3.0, 24.0]


FOUR = '["TA_R", "GM_R", "PSP_L", "RA_L"]'


def four(numbers, **other):
    return [one for target in ("TA_R", "GM_R", "PSP_L", "RA_L")
            for one in rows_of({"P1": numbers}, target=target, **other)]  # fmt: skip


def test_of_several_targets_the_mean_counts():
    rows = four(six(1, 2, 4, 8, 16, 32))
    for one in rows:
        one["value"] *= {"TA_R": 1, "GM_R": 2, "PSP_L": 3, "RA_L": 6}[one["target"]]
    assert values_of(rows, plan_of(targets=FOUR)).values[0].tolist() == [9.0, 72.0]


def test_a_target_without_a_value_at_one_visit_counts_at_none():
    rows = four(six(1, 2, 4, 8, 16, 32))
    for one in rows:
        one["value"] = 100.0 if one["target"] == "RA_L" else one["value"]
    rows[-1] |= {"value": None, "status": "undeterminable"}
    found = values_of(rows, plan_of(targets=FOUR))
    assert found.values[0].tolist() == [3.0, 24.0]
    assert (0, "", "TARGET_LEFT_OUT") in said(found, "P1")


def test_less_than_three_quarters_of_the_targets_are_no_endpoint():
    rows = [one for one in four(six(1, 2, 4, 8, 16, 32)) if (one["target"], one["visit"]) not in
            {("RA_L", "P1M1"), ("PSP_L", "P2M3")}]  # fmt: skip
    found = values_of(rows, plan_of(targets=FOUR))
    assert np.isnan(found.values).all()
    assert (0, "", "TARGETS_FEW") in said(found, "P1")


def test_a_visit_without_three_quarters_of_the_targets_is_missing_and_spares_the_others():
    rows = [one for one in four(six(1, 2, 4, 8, 16, 32)) if one["visit"] != "P1M2" or one["target"] == "TA_R"]
    found = values_of(rows, plan_of(targets=FOUR))
    assert found.values[0].tolist() == [4.0, 24.0]


def test_rows_of_two_tasks_are_refused_unless_the_plan_names_one():
    rows = rows_of({"P1": six(1, 2, 4, 8, 16, 32)})
    rows.append(row("P1", "P1M1", 9.0, task="sitting", recording="P1_P1M1_sitting"))
    with pytest.raises(SettingsError, match="names no task, and there are rows of 'sitting', 'supine'"):
        values_of(rows, plan_of())
    assert values_of(rows, plan_of(more='task = "supine"')).baselines[0, 0] == 1.0


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(18)), st.lists(st.floats(0.1, 100.0), min_size=18, max_size=18))
def test_the_order_of_rows_moves_no_bit(order, numbers):
    rows = [row(f"P{n % 3}", VISITS[n // 3], number) for n, number in enumerate(numbers)]
    one, other = (values_of(rows, plan_of()), values_of([rows[n] for n in order], plan_of()))
    assert one.subjects == other.subjects
    assert one.values.tobytes() == other.values.tobytes()
    assert one.listed == other.listed
