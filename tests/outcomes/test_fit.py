"""A plan that results cannot answer is refused with the nearest name, before anybody is unblinded."""

import pytest

from emgpipe.errors import SettingsError
from emgpipe.outcomes.fit import empty_endpoints, refuse_empty_visits, refuse_unfit
from emgpipe.outcomes.plan import parse_plan

ROWS = [
    {"subject": subject, "visit": visit, "task": "supine", "segment": "rest", "target": target, "measure": measure,
     "value": "1.5" if target == "TA_R" else "", "reason": "" if target == "TA_R" else "NO_REFERENCE;SHORT"}
    for subject in ("P01", "P02") for visit in ("V1", "V2") for target in ("TA_R", "GM_R")
    for measure in ("apdf_p10_uv", "act_frac")
]  # fmt: skip
PLAN = """
[endpoint]
measure = "act_frac"
targets = ["TA_R"]
[[visits]]
avisit = "One"
names = ["V1", "visit1"]
period = 1
role = "treatment"
[[visits]]
avisit = "Two"
names = ["V2"]
period = 2
role = "treatment"
[analysis]
estimator = "raw"
"""
SECOND = '[[secondary]]\nmeasure = "apdf_p10_uv"\ntargets = ["TA_R", "GM_R"]\n'


def test_a_plan_of_what_is_there_fits():
    plan = parse_plan(PLAN + SECOND)
    refuse_unfit(plan, ROWS)
    assert list(empty_endpoints(plan, ROWS)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [('"act_frac"', '"act_frac_lo"', "did you mean 'act_frac'"), ('["TA_R"]', '["TA_L"]', "did you mean 'TA_R'"),
     ('["TA_R"]', '["TA_R", "GM_L"]', "did you mean 'GM_R'"), ('["V2"]', '["V22"]', "did you mean 'V2'"),
     ('["TA_R"]', '["TA_R"]\ntask = "supin"', "did you mean 'supine'"),
     ('["TA_R"]', '["TA_R"]\nsegment = "whole"', "known are rest"),
     ('[analysis]', '[population.exclude]\nP9 = "x"\n[analysis]', "subject 'P9' has no results")],
)  # fmt: skip
def test_a_slip_of_the_pen_is_refused_with_the_nearest_name(old, new, told):
    with pytest.raises(SettingsError, match="PLAN_UNFIT") as refused:
        refuse_unfit(parse_plan(PLAN.replace(old, new)), ROWS)
    assert told in str(refused.value)


def test_an_endpoint_without_a_task_is_refused_where_there_are_several():
    walk = [{**row, "task": "walk"} for row in ROWS if row["target"] == "TA_R"]
    with pytest.raises(SettingsError, match=r"PLAN_UNFIT: endpoint 'TA_R.act_frac' names no task.*'supine', 'walk'"):
        refuse_unfit(parse_plan(PLAN), ROWS + walk)
    refuse_unfit(parse_plan(PLAN.replace('["TA_R"]', '["TA_R"]\ntask = "walk"')), ROWS + walk)


TEXTS = ['[population.exclude]\nP01 = "{}"\n',
         '[[intercurrent]]\nsubject = "P01"\nevent = "{}"\nstrategy = "exclude_subject"\n']  # fmt: skip


@pytest.mark.parametrize("table", TEXTS)
def test_a_reason_that_tells_an_arm_is_refused_without_it(table):
    with pytest.raises(SettingsError, match="ARM_CELL") as refused:
        refuse_unfit(parse_plan(PLAN + table.format("reaction to IVIG")), ROWS)
    assert "IVIG" not in str(refused.value)
    refuse_unfit(parse_plan(PLAN + table.format("moved away")), ROWS)


def test_an_endpoint_without_a_value_is_said_with_its_reasons():
    plan = parse_plan(PLAN + '[[secondary]]\nmeasure = "apdf_p10_uv"\ntargets = ["GM_R"]\n')
    (finding,) = empty_endpoints(plan, ROWS)
    assert (finding.code, finding.severity) == ("ENDPOINT_EMPTY", "warning")
    assert "no row of 4 has a value (NO_REFERENCE, SHORT)" in finding.message


def test_a_visit_that_nobody_has_in_its_window_is_refused_with_the_days_there_are():
    recordings = [(f"{s}_{v}", s, v) for s in ("P01", "P02") for v in ("V1", "V2")]
    conditions = {name: {"day": "0" if visit == "V1" else "28"} for name, _, visit in recordings}
    refuse_empty_visits(parse_plan(PLAN), recordings, conditions)
    late = PLAN.replace('names = ["V2"]', 'names = ["V2"]\ndays = [20, 36]')
    refuse_empty_visits(parse_plan(late), recordings, conditions)
    with pytest.raises(SettingsError, match="PLAN_UNFIT") as refused:
        refuse_empty_visits(parse_plan(late.replace("[20, 36]", "[200, 360]")), recordings, conditions)
    assert "'Two': no recording called 'V2' is within days 200 to 360; they have days 28 to 28" in str(refused.value)
