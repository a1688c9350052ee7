"""The analysis of a trial: complete whatever the data are, the same for any order of rows, nothing left unsaid."""

import json
import math

import numpy as np
import pytest

from emgpipe.errors import ResultsError
from emgpipe.errors.codes import CODES
from emgpipe.outcomes.analysis import analyse_trial
from emgpipe.outcomes.plan import Endpoint
from emgpipe.outcomes.sensitivity import Choice
from emgpipe.outcomes.told import TRIAL_COLUMNS, trial_rows, trial_told
from emgpipe.statistics import crossover_ancova, hills_armitage
from emgpipe.store import csv_text, json_text
from tests.outcomes.trials import plan_of, rows_of, scheduled_of, six

ALWAYS = ["headline", "change", "raw", "first_period", "rerandomisation", "hodges_lehmann", "mixed", "period",
          "carryover"]  # fmt: skip
EFFECT = -2.0
SECONDARY = '[[secondary]]\nmeasure = "cmua_frac"\ntargets = ["TA_R"]\n' \
            '[[secondary]]\nmeasure = "act_frac"\ntargets = ["TA_R"]\n'  # fmt: skip


def arms_of(n: int) -> dict[str, str]:
    return {f"P{k}": "AB" if k % 2 else "BA" for k in range(1, n + 1)}


def patients(n: int, seed: int = 5, visits: int = 6) -> dict[str, dict[str, float | None]]:
    """Patients whose value is 10 by themselves, and 2 less on A at the visits on treatment."""
    rng = np.random.default_rng(seed)
    out = {}
    for subject, sequence in arms_of(n).items():
        own = 10 + rng.normal()
        numbers = [own + rng.normal(scale=0.3) + EFFECT * (m % 3 > 0 and sequence[m // 3] == "A") for m in range(6)]
        out[subject] = dict(list(six(*numbers).items())[:visits])
    return out


def analysed(values, arms, plan=None, **other):
    plan = plan or plan_of()
    return analyse_trial(scheduled_of(rows_of(values), plan), arms, plan, **other)


def test_the_headline_is_the_ancova_of_the_values_of_the_periods_and_all_else_stands_beside():
    found = analysed(patients(8), arms_of(8))
    (endpoint,) = found.endpoints
    letters = [found.sequences[one] for one in endpoint.values.subjects]
    known = crossover_ancova(endpoint.values.values, endpoint.values.baselines, letters)
    head = endpoint.lines[0]
    assert (head.effect, head.se, head.p, head.df) == (known.effect, known.se, known.p, known.df)
    assert [line.name for line in endpoint.lines] == ALWAYS
    assert {line.kind for line in endpoint.lines} == {"headline", "beside", "descriptive"}
    assert found.treatments == ("A", "B")
    assert abs(head.effect - EFFECT) < 4 * head.se


@pytest.mark.parametrize("estimator", ["change", "raw"])
def test_the_plan_chooses_the_estimator_and_the_others_stay_beside(estimator):
    found = analysed(patients(8), arms_of(8), plan_of(estimator=estimator))
    values = found.endpoints[0].values
    letters = [found.sequences[one] for one in values.subjects]
    x = values.values - values.baselines if estimator == "change" else values.values
    assert found.endpoints[0].lines[0].effect == hills_armitage(x, letters).treatment.effect
    beside = {"ancova", "change", "raw"} - {estimator}
    assert beside <= {line.name for line in found.endpoints[0].lines}
    assert estimator not in {line.name for line in found.endpoints[0].lines}


def test_who_lacks_a_period_counts_in_the_first_alone_and_in_the_mixed_model_which_is_named_anti_conservative():
    values = patients(8)
    for visit in ("P2M1", "P2M2", "P2M3"):
        del values["P1"][visit]
    found = {line.name: line for line in analysed(values, arms_of(8)).endpoints[0].lines}["mixed"]
    assert "anti-conservative" in found.words
    assert "p is too small" in found.note
    assert (found.n_first, found.n_second) == (4, 4)
    alone = {line.name: line for line in analysed(values, arms_of(8)).endpoints[0].lines}["first_period"]
    assert (alone.n_first, alone.n_second) == (4, 4)
    assert abs(found.effect - EFFECT) < 5 * found.se


def test_reversing_the_letters_of_all_reverses_the_sign():
    turned = {subject: sequence[::-1] for subject, sequence in arms_of(8).items()}
    one, other = (analysed(patients(8), arms).endpoints[0].lines[0] for arms in (arms_of(8), turned))
    assert other.effect == pytest.approx(-one.effect, rel=1e-12)
    assert other.p == pytest.approx(one.p, rel=1e-9)


DEGENERATE = {
    "three patients": (patients(3), arms_of(3), "SUBJECTS_TOO_FEW"),
    "one sequence has no results": ({k: v for k, v in patients(8).items() if arms_of(8)[k] == "AB"}, arms_of(8),
                                    "SEQUENCE_EMPTY"),
    "baselines are constant": ({k: {**v, "P1M1": 5.0, "P2M1": 5.0} for k, v in patients(8).items()}, arms_of(8),
                               "BASELINES_CONSTANT"),
    "nobody came to period 2": (patients(8, visits=3), arms_of(8), "SEQUENCE_EMPTY"),
    "nobody has arms": (patients(4), {"X1": "AB", "X2": "BA"}, "SEQUENCE_EMPTY"),
    "everything is one number": ({k: dict.fromkeys(v, 5.0) for k, v in patients(8).items()}, arms_of(8),
                                 "BASELINES_CONSTANT"),
    "no value at all": ({k: dict.fromkeys(v) for k, v in patients(4).items()}, arms_of(4), "SEQUENCE_EMPTY"),
}  # fmt: skip


@pytest.mark.parametrize("name", DEGENERATE)
def test_a_trial_without_an_answer_still_gives_every_line_with_its_code(name):
    values, arms, code = DEGENERATE[name]
    found = analysed(values, arms)
    lines = found.endpoints[0].lines
    assert [line.name for line in lines] == ALWAYS
    assert lines[0].code == code
    for line in (*lines, *found.sensitivities):
        assert (line.effect is None and line.p is None) or not line.code
        assert not line.code or (line.code in CODES and line.note)
        assert line.effect != 0 or line.p is not None
    json.loads(json_text(trial_told(found)))
    assert csv_text(TRIAL_COLUMNS, trial_rows(found)).count("\n") == 1 + len(lines) + len(found.sensitivities)


def test_subjects_without_arms_and_arms_without_results_are_named_and_not_counted():
    arms = {**arms_of(8), "P99": "AB"}
    del arms["P3"]
    found = analysed(patients(8), arms)
    assert [(one.subject, one.code) for one in found.listed] == [("P3", "ARM_MISSING"), ("P99", "RESULTS_MISSING")]
    assert "P3" not in found.endpoints[0].values.subjects
    assert found.endpoints[0].lines[0].n_first == 3


def test_visits_outside_their_window_are_listed():
    plan = plan_of()
    found = analyse_trial(scheduled_of(rows_of(patients(4)), plan, {"P1M2": 39}), arms_of(4), plan)
    assert [one.subject for one in found.listed if one.code == "VISIT_OUT_OF_WINDOW"] == ["P1", "P2", "P3", "P4"]


def test_the_secondary_family_is_adjusted_after_holm_and_the_primary_is_not():
    values = patients(8)
    plan = plan_of(after=SECONDARY)
    rows = [one for name, seed in (("apdf_p10_uv", 5), ("cmua_frac", 6), ("act_frac", 7))
            for one in rows_of(patients(8, seed), measure=name, limit=None)]  # fmt: skip
    found = analyse_trial(scheduled_of(rows, plan), arms_of(len(values)), plan)
    first, *secondary = found.endpoints
    assert (first.primary, first.holm_p) == (True, None)
    raw = sorted(one.lines[0].p for one in secondary)
    assert sorted(one.holm_p for one in secondary) == pytest.approx([2 * raw[0], max(2 * raw[0], raw[1])])


def test_a_secondary_without_an_answer_counts_in_the_family():
    plan = plan_of(after=SECONDARY)
    rows = [one for name in ("apdf_p10_uv", "cmua_frac") for one in rows_of(patients(8), measure=name, limit=None)]
    found = analyse_trial(scheduled_of(rows, plan), arms_of(8), plan)
    answered, silent = found.endpoints[1:]
    assert (silent.holm_p, silent.lines[0].code) == (None, "SEQUENCE_EMPTY")
    assert answered.holm_p == pytest.approx(2 * answered.lines[0].p)


def by_name(found):
    return {line.name: line for line in found.sensitivities}


def test_sensitivities_come_by_default_and_in_a_fixed_order():
    names = [line.name for line in analysed(patients(4), arms_of(4)).sensitivities]
    assert names == ["complete_pairs", "confidence_medium", "below_limit_limit", "below_limit_half_limit",
                     "below_limit_missing", "leave_one_out", *(f"without_P{n}" for n in range(1, 5))]  # fmt: skip


def test_complete_pairs_leave_out_who_lacks_a_visit():
    values = patients(8)
    del values["P1"]["P1M2"]
    found = analysed(values, arms_of(8))
    assert found.endpoints[0].lines[0].n_first == 4
    assert by_name(found)["complete_pairs"].n_first == 3


def test_without_each_is_the_headline_of_the_others():
    values = patients(8)
    without = {subject: own for subject, own in values.items() if subject != "P2"}
    expected = analysed(without, arms_of(8)).endpoints[0].lines[0]
    found = by_name(analysed(values, arms_of(8)))
    assert (found["without_P2"].effect, found["without_P2"].p) == (expected.effect, expected.p)
    effects = [line.effect for name, line in found.items() if name.startswith("without_")]
    note = found["leave_one_out"].note
    assert note.startswith(f"effects from {min(effects):.4g} to {max(effects):.4g}, a range and no interval")
    assert found["leave_one_out"].low is None


def test_doubtful_floors_can_be_left_out():
    plan = plan_of()
    rows = rows_of(patients(8))
    for one in rows:
        one["floor_confidence"] = "low" if one["subject"] == "P1" else "medium"
    found = by_name(analyse_trial(scheduled_of(rows, plan), arms_of(8), plan))
    assert found["confidence_medium"].effect == found["without_P1"].effect


def test_an_index_without_doubtful_floors_is_made_anew_from_its_muscles():
    plan = plan_of()
    index = plan.model_copy(update={"endpoint": Endpoint(measure="rigidity_index_log", targets=("subject",))})
    rows = [*rows_of(patients(8)), *rows_of(
        {k: {visit: math.log(x + 0.5) for visit, x in v.items()} for k, v in patients(8).items()},
        measure="rigidity_index_log", target="subject", target_kind="subject", limit=None, floor_confidence="",
    )]  # fmt: skip
    muscles = Endpoint(measure="apdf_p10_uv", targets=("TA_R",), log=True, offset_uv=0.5)
    found = analyse_trial(scheduled_of(rows, index), arms_of(8), index, index=muscles)
    assert found.endpoints[0].log
    assert by_name(found)["confidence_medium"].effect == found.endpoints[0].lines[0].effect
    silent = analyse_trial(scheduled_of(rows, index), arms_of(8), index)
    assert by_name(silent)["confidence_medium"].code == "CONFIDENCE_UNKNOWN"


def test_other_offsets_and_given_rows_are_estimated_and_a_choice_that_fails_has_its_code():
    plan = plan_of(more="log = true\noffset_uv = 0.5")
    other = scheduled_of(rows_of(patients(8, seed=9)), plan)
    lost = ResultsError("RECORDING_NEEDED", "the recording is gone")
    found = analysed(patients(8), arms_of(8), plan, choices=[Choice("a", "A.", other), Choice("b", "B.", lost)])
    lines = by_name(found)
    assert lines["a"].effect == analysed(patients(8, seed=9), arms_of(8), plan).endpoints[0].lines[0].effect
    assert (lines["b"].effect, lines["b"].code) == (None, "RECORDING_NEEDED")
    small = plan_of(more="log = true\noffset_uv = 0.25")
    assert lines["offset_x0.5"].effect == analysed(patients(8), arms_of(8), small).endpoints[0].lines[0].effect


def test_what_has_no_value_is_counted_by_treatment_and_period():
    plan = plan_of()
    rows = [one for one in rows_of(patients(4)) if (one["subject"], one["visit"]) != ("P1", "P2M1")]
    for one in rows:
        if (one["subject"], one["visit"]) == ("P1", "P1M2"):
            one |= {"value": None, "status": "undeterminable"}
        if (one["subject"], one["visit"]) == ("P2", "P1M2"):
            one |= {"status": "below_limit", "limit": 99.0}
    found = analyse_trial(scheduled_of(rows, plan), arms_of(4), plan)
    table = {(one["treatment"], one["period"]): one for one in found.undeterminable}
    assert [tuple(one[name] for name in ("visits", "undeterminable", "below_limit", "missing"))
            for one in (table["A", 1], table["B", 1], table["A", 2], table["B", 2])] == [
        (6, 1, 0, 0), (6, 0, 1, 0), (6, 0, 0, 0), (6, 0, 0, 1)
    ]  # fmt: skip


def test_visits_of_an_excluded_subject_are_not_counted_as_visits_without_a_value():
    plan = plan_of(after='[population]\nexclude = {P1 = "moved away"}\n')
    found = analyse_trial(scheduled_of(rows_of(patients(4)), plan), arms_of(4), plan)
    assert sorted(one["visits"] for one in found.undeterminable) == [3, 3, 6, 6]


def test_an_analysis_is_the_same_bytes_whatever_the_order_of_rows_and_arms():
    plan = plan_of(after=SECONDARY)
    rows = rows_of(patients(8))
    one = analyse_trial(scheduled_of(rows, plan), arms_of(8), plan)
    arms = dict(reversed(arms_of(8).items()))
    other = analyse_trial(scheduled_of(rows[::-1], plan), arms, plan)
    assert json_text(trial_told(one)) == json_text(trial_told(other))
    assert csv_text(TRIAL_COLUMNS, trial_rows(one)) == csv_text(TRIAL_COLUMNS, trial_rows(other))
