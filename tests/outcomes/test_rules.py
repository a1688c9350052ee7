"""What the rules of a plan do to rows."""

import math

import pytest

from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.schedule import scheduled
from tests.outcomes.measured import VISITS, days, plan, row, table

EVENT = '[[intercurrent]]\nsubject = "S1"\nevent = "infection"\nstrategy = "{}"\n'


def ruled(text: str, *rows):
    made = plan(text)
    return apply_rules(scheduled(table(*rows), {**days("S1"), **days("S2")}, made), made)


def all_visits(subject="S1", **cells):
    return [row(subject, visit, **cells) for visit in VISITS]


@pytest.mark.parametrize(
    ("rule", "aval", "dtype", "why"),
    [("estimate", 0.4, "", ""), ("limit", 1.0, "LIMIT", ""), ("half_limit", 0.5, "HALF LIMIT", ""),
     ("missing", math.nan, "", "BELOW_LIMIT_OUT")],
)  # fmt: skip
def test_a_value_below_its_limit_becomes_what_the_plan_says(rule, aval, dtype, why):
    rows = [row(visit="P1M1", value=0.4, limit=1.0, status="below_limit"), row(visit="P1M2", value=4.0, limit=1.0)]
    made = ruled(f'[rules]\nbelow_limit = "{rule}"\n', *rows)
    below, above = made[made["measure"] != ""].to_dict("records")
    assert below["aval"] == pytest.approx(aval, nan_ok=True, rel=0)
    assert (below["dtype"], below["why"], below["analysed"]) == (dtype, why, not why)
    assert (below["value"], below["status"]) == (0.4, "below_limit"), "the estimate stays"
    assert (above["aval"], above["dtype"], above["why"]) == (4.0, "", "")


def test_a_row_without_a_value_is_not_analysed_and_says_so():
    made = ruled("", row(visit="P1M1", value=math.nan, status="undeterminable", reason="NOISY_ELECTRODE"))
    one = made[made["measure"] != ""].iloc[0]
    assert (one["why"], one["analysed"]) == ("VALUE_MISSING", False)
    assert math.isnan(one["aval"])


@pytest.mark.parametrize(
    ("strategy", "where", "left"),
    [
        ("keep", "", VISITS),
        ("exclude_visit", 'visit = "Period 1 Month 2"\n', ("P1M1", "P1M3", "P2M1", "P2M2", "P2M3")),
        ("exclude_period", "period = 2\n", ("P1M1", "P1M2", "P1M3")),
        ("exclude_period", 'visit = "Period 1 Month 2"\n', ("P2M1", "P2M2", "P2M3")),
        ("exclude_subject", "", ()),
    ],
)
def test_an_intercurrent_event_leaves_out_its_visit_period_or_subject(strategy, where, left):
    made = ruled(EVENT.format(strategy) + where, *all_visits(), *all_visits("S2"))
    own = made[made["subject"] == "S1"]
    assert tuple(own.loc[own["analysed"], "visit"]) == left
    assert set(own.loc[~own["analysed"], "why"]) <= {"INTERCURRENT"}
    assert own["aval"].notna().all(), "what is left out keeps its value"
    assert made.loc[made["subject"] == "S2", "analysed"].all()


def test_a_subject_left_out_of_the_population_keeps_its_rows():
    made = ruled('[population.exclude]\nS1 = "no consent"\n', *all_visits(), *all_visits("S2"))
    assert set(made.loc[made["subject"] == "S1", "why"]) == {"SUBJECT_EXCLUDED"}
    assert made.loc[made["subject"] == "S2", "analysed"].all()


def test_what_is_no_visit_of_the_plan_stays_so_under_every_rule():
    made = ruled(EVENT.format("exclude_period") + "period = 1\n", row(visit="X"), row(visit="P1M1"))
    assert made.loc[made["visit"] == "X", "why"].tolist() == ["VISIT_UNPLANNED"]
    assert made.loc[made["visit"] == "P1M1", "why"].tolist() == ["INTERCURRENT"]


def test_without_a_plan_values_stand_and_nothing_is_analysed():
    made = apply_rules(scheduled(table(row(value=2.0)), {}), None)
    assert made[["aval", "dtype", "why"]].values.tolist() == [[2.0, "", "PLAN_ABSENT"]]
    assert not made["analysed"].any()
