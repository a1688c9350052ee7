"""`analysis.toml`: what contradicts itself is refused with its line; its hash is of what it means."""

import pytest

from emgpipe.errors import SettingsError
from emgpipe.outcomes.plan import load_plan, parse_plan

PLAN = """[analysis]
estimator = "raw"
[endpoint]
measure = "apdf_p10_uv"
targets = ["TA_R"]
[[visits]]
avisit = "First"
names = ["V1"]
period = 1
role = "treatment"
[[visits]]
avisit = "Second"
names = ["V2"]
period = 2
role = "treatment"
"""
BASELINE = '[[visits]]\navisit = "Base {n}"\nnames = ["B{n}"]\nperiod = {n}\nrole = "baseline"\n'


def refused(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_plan(text, where="a.toml")
    assert caught.value.code == "PLAN_INVALID"
    return f"{caught.value.where}: {caught.value.message}"


def test_a_plan_of_two_treatment_visits_and_raw_means_needs_nothing_else():
    plan = parse_plan(PLAN)
    assert [visit.avisit for visit in plan.visits] == ["First", "Second"]
    assert plan.endpoint.name == "TA_R.apdf_p10_uv"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Second"', '"First"', "a.toml:12: avisit 'First' is visits[1] already"),
        ('["V2"]', '["V2", "V1"]', "a.toml:13: names holds 'V1', which is visits[1] already"),
        ("period = 2", "period = 1", "a.toml: period 2 has no visit with role = \"treatment\""),
        ("period = 2", "period = 0", "a.toml:14: period = 0 of a treatment visit"),
        ('"raw"', '"ancova"', "a.toml:2: estimator = 'ancova', and period 1 has no visit with role = \"baseline\""),
        ('"apdf_p10_uv"', '"apdf_p10_vu"', "a.toml:4: measure 'apdf_p10_vu' does not exist; did you mean"),
        ('"TA_R"', '"TA_R/GM_R"', "a.toml:5: target 'TA_R/GM_R' of apdf_p10_uv; no pair is needed"),
        ('"apdf_p10_uv"', '"cc_overlap_uv"', "a.toml:5: target 'TA_R' of cc_overlap_uv; a pair, as TA_R/GM_R"),
        ('["TA_R"]', '["TA_R"]\noffset_uv = 0.5', "a.toml:6: offset_uv = 0.5 without log = true"),
        ('names = ["V2"]\n', "", "a.toml:11: visits[2] has neither names nor days"),
    ],
)  # fmt: skip
def test_what_contradicts_another_key_is_refused_with_its_line(old, new, said):
    assert PLAN.count(old) == 1
    assert refused(PLAN.replace(old, new)).startswith(said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[secondary]]\nmeasure = "apdf_p10_uv"\ntargets = ["TA_R"]\n', "'TA_R.apdf_p10_uv' is endpoint already"),
        ('[[secondary]]\nmeasure = "rigidity_index_log"\ntargets = ["subject"]\nlog = true\n', "a logarithm already"),
        ('[[intercurrent]]\nsubject = "P1"\nevent = "x"\nstrategy = "exclude_visit"\nvisit = "Secnd"\n',
         "visit 'Secnd'; did you mean 'Second'?"),
        ('[[intercurrent]]\nsubject = "P1"\nevent = "x"\nstrategy = "exclude_visit"\n', "without a visit"),
        ('[[intercurrent]]\nsubject = "P1"\nevent = "x"\nstrategy = "exclude_period"\n', "without a period"),
        ('[[intercurrent]]\nsubject = "P1"\nevent = "x"\nstrategy = "exclude_period"\nvisit = "Second"\nperiod = 1\n',
         "visit 'Second' is of period 2, period = 1; name the one period"),
        ('[reliability]\nno_change = ["First", "Thrd"]\n', "no_change holds 'Thrd'"),
        ('[reliability]\nno_change = ["First"]\n', "no_change names one visit"),
        ("[sensitivity]\nactivity_ratios = [1.3, 0.0]\n", "activity_ratios holds 0.0"),
        ("[sensitivity]\noffset_factors = [2.0, 2.0]\n", "offset_factors names a number twice"),
    ],
)  # fmt: skip
def test_what_is_added_and_cannot_be_meant_is_refused(more, said):
    assert said in refused(PLAN + more)


def test_endpoints_of_two_segments_have_two_names():
    more = '[[secondary]]\nmeasure = "apdf_p10_uv"\ntargets = ["TA_R"]\nsegment = "rest_2"\n'
    assert [one.name for one in parse_plan(PLAN + more).endpoints] == ["TA_R.apdf_p10_uv", "TA_R@rest_2.apdf_p10_uv"]


def test_a_rule_for_values_below_a_limit_needs_an_endpoint_that_has_one():
    rule = '[rules]\nbelow_limit = "half_limit"\n'
    assert parse_plan(PLAN + rule).rules.below_limit == "half_limit"
    assert "no endpoint has a limit" in refused(PLAN.replace("apdf_p10_uv", "cmua_frac") + rule)


def test_windows_that_overlap_are_refused_where_the_day_alone_decides():
    with_days = PLAN.replace('names = ["V1"]', "days = [0, 20]").replace('names = ["V2"]', "days = [20, 40]")
    assert "days [20, 40] overlap [0, 20] of visits[1]" in refused(with_days)
    assert parse_plan(with_days.replace("[20, 40]", "[21, 40]")).visits[1].days == (21, 40)
    named = PLAN.replace('["V1"]', '["V1"]\ndays = [0, 20]').replace('["V2"]', '["V2"]\ndays = [20, 40]')
    assert parse_plan(named).visits[0].days == (0, 20)


def test_an_ancova_with_a_baseline_in_both_periods_is_a_plan():
    text = PLAN.replace('"raw"', '"ancova"') + BASELINE.format(n=1)
    assert 'period 2 has no visit with role = "baseline"' in refused(text)
    assert parse_plan(text + BASELINE.format(n=2)).analysis.estimator == "ancova"


def test_the_hash_of_a_plan_is_of_what_it_means_and_not_of_how_it_is_written(tmp_path):
    path = tmp_path / "analysis.toml"
    path.write_text("# a comment\n" + PLAN.replace("\n", "\r\n"))
    assert load_plan(path).sha256 == parse_plan(PLAN).sha256
    assert load_plan(path).sha256 == parse_plan(PLAN.replace('"raw"', '"raw"\nlevel = 0.95')).sha256
    assert load_plan(path).sha256 != parse_plan(PLAN.replace('"raw"', '"raw"\nlevel = 0.9')).sha256


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'endpoint' is not given"),
        ('[analysis]\npreset = "sps"', "analysis.preset = 'sps'"),
        (PLAN + "[rulez]\n", "'rulez'; did you mean 'rules'?"),
        (PLAN.replace("period = 1", 'period = "1"'), "visits[1].period = '1'"),
        (PLAN.replace('"raw"', '"rew"'), "analysis.estimator = 'rew'"),
        (PLAN.replace('"raw"', '"raw"\nlevel = 1.0'), "analysis.level = 1.0"),
        (PLAN.replace('"raw"', '"raw"\nseed = 1.5'), "analysis.seed = 1.5"),
        (PLAN.replace('["TA_R"]', "[]"), "endpoint.targets = []"),
        (PLAN.replace('["TA_R"]', '["TA_R", "TA_R"]'), "must name nothing twice"),
        (PLAN.replace('names = ["V2"]', "days = [30, 20]"), "visits[2].days = "),
    ],
)
def test_keys_and_values_that_cannot_be_meant_are_named(text, said):
    assert said in refused(text)
