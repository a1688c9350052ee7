"""An effect over all settings: point 0 is the result, each other point that of a run with these settings."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emgpipe.batch import run_study
from emgpipe.batch.locking import lock_results
from emgpipe.batch.trial import analyse_results
from emgpipe.errors import EmgpipeError, SettingsError
from emgpipe.outcomes.plan import Endpoint, load_plan, parse_plan
from emgpipe.tuning.curve import Course, course_of, curve_of, curve_rows, curve_told, treatment_curve_of
from emgpipe.tuning.merged import merged_values
from emgpipe.tuning.model import STATUSES
from emgpipe.tuning.outcome import outcome_endpoints, outcome_measures
from emgpipe.tuning.study import Wish, try_settings
from emgpipe.tuning.unblinded import treatment_curves
from emgpipe.tuning.visits import VisitKey, Visits, pooled_visits
from tests.batch.plans import PLAN, arms_file, plan_file
from tests.tuning.conftest import SEQUENCES

AXES = ("detect.still_kurtosis=0.2,1", "detect.activity_ratio=1.5,2.5")
ARMS = "subject,sequence\n" + "".join(f"{subject},{sequence}\n" for subject, sequence in SEQUENCES.items())
OTHERS = (
    PLAN.replace('targets = ["TA_R"]', 'targets = ["TA_R", "GM_R"]\nlog = true\noffset_uv = 0.1')
    + """
[[secondary]]
measure = "act_frac"
targets = ["GM_R"]
[[secondary]]
measure = "rigidity_index_log"
targets = ["subject"]
[sensitivity]
activity_ratios = []
offset_factors = []
"""
)
MEASURES = frozenset({"apdf_p50_uv", "act_frac", "rigidity_index_log"})


class Place:
    """A locked results folder, and its sweep."""

    def __init__(self, folder: Path):
        """Sweep it."""
        self.folder, self.out, self.arms = folder, folder / "out", folder / "arms.csv"
        self.plan = load_plan(folder / "analysis.toml")
        bases = frozenset({"apdf_p50_uv", "act_frac", "apdf_p10_uv"})
        tried = try_settings(self.out, folder / "tuned", Wish(grid=AXES), measures=bases, jobs=1)
        self.grid = tried.grid
        merged = merged_values([one.values for one in tried.sweeps], tried.kept.study, MEASURES)
        self.visits, self.course = pooled_visits(merged.values), course_of(self.out)


@pytest.fixture(scope="module")
def place(crossover_study, crossover_out, tmp_path_factory) -> Place:
    folder = tmp_path_factory.mktemp("locked")
    shutil.copytree(crossover_study, folder / "study")
    shutil.copytree(crossover_out, folder / "out")
    plan_file(folder, OTHERS)
    arms_file(folder, ARMS)
    lock_results(folder / "out", folder / "analysis.toml")
    return Place(folder)


@pytest.fixture(scope="module")
def curves(place):
    """Unblinded, by name of the endpoint."""
    names = ("apdf_p50_uv", "act_frac", "rigidity_index_log")
    made = [treatment_curves(place.out, place.arms, one, place.visits, place.grid) for one in names]
    return {curve.name: curve for one in made for curve in one}


def test_the_declared_point_is_the_headline_of_the_trial_bit_for_bit(place, curves):
    analysis = analyse_results(place.out, None, place.arms)
    assert [one.name for one in analysis.endpoints] == list(curves)
    for one, curve in zip(analysis.endpoints, curves.values(), strict=True):
        line = one.lines[0]
        assert (curve.effect[0], curve.low[0], curve.high[0], curve.spread[0]) == (
            line.effect, line.low, line.high, line.se,
        )  # fmt: skip
        assert curve.n[0] == line.n_first + line.n_second == 4
        assert (curve.log, curve.unit, curve.code[0]) == (one.log, one.unit, "")


def test_each_point_is_the_analysis_of_a_run_with_these_settings(place, curves, tmp_path):
    (tmp_path / "other.toml").write_text("[detect]\nactivity_ratio = 2.5\nstill_kurtosis = 0.2\n")
    run_study(place.folder / "study", tmp_path / "out", jobs=1, settings=tmp_path / "other.toml")
    lock_results(tmp_path / "out", place.folder / "analysis.toml")
    point = next(n for n in range(len(place.grid)) if place.grid.values(n) == (0.2, 2.5))
    course = course_of(tmp_path / "out")
    for one in analyse_results(tmp_path / "out", None, place.arms).endpoints:
        effect = curves[one.name].effect[point]
        assert effect == one.lines[0].effect
        endpoint = next(e for e in place.plan.endpoints if e.name == one.name)
        blind = curve_of(place.visits, place.course, endpoint, place.plan)
        values = one.values.values[:, 1] - one.values.values[:, 0]
        assert blind.effect[point] == pytest.approx(np.nanmean(values), rel=1e-14)
        assert blind.spread[point] == pytest.approx(np.nanstd(values, ddof=1), rel=1e-14)
    assert course.measures["settings_id"].iloc[0] != place.course.measures["settings_id"].iloc[0]
    assert curves["GM_R.act_frac"].effect[point] != curves["GM_R.act_frac"].effect[0]


def test_points_that_were_not_locked_are_post_hoc_and_no_p_is_told(place, curves):
    for curve in curves.values():
        assert curve.post_hoc.tolist() == [point != 0 for point in range(len(place.grid))]
        assert any("3 of 4 settings" in note for note in curve.notes)
        assert curve.notes[0].startswith("descriptive")
        rows = list(curve_rows(curve))
        assert not {"p", "p_value", "holm_p"} & set(rows[0])
        assert [row["point"] for row in rows if not row["post_hoc"]] == [0]
    (other,) = treatment_curves(place.out, place.arms, "GM_R.apdf_p50_uv", place.visits, place.grid, place.plan)
    assert other.post_hoc.all()
    assert any("is no endpoint of the plan" in note for note in other.notes)


def test_arms_are_opened_only_where_the_outcome_is_known_and_then_logged(place):
    def opened():
        return [json.loads(line) for line in (place.out / "log.jsonl").read_bytes().splitlines()]

    before = len(opened())
    with pytest.raises(SettingsError, match="OUTCOME_UNKNOWN"):
        treatment_curves(place.out, place.arms, "TA_L.act_frac", place.visits, place.grid)
    assert len(opened()) == before
    treatment_curves(place.out, place.arms, "act_frac", place.visits, place.grid)
    assert [(one["event"], one["what"]) for one in opened()[before:]] == [("unblind", "tune")]


def test_results_without_a_lock_are_not_unblinded(place, crossover_out):
    with pytest.raises(EmgpipeError, match="LOCK_MISSING"):
        treatment_curves(crossover_out, place.arms, "act_frac", place.visits, place.grid, place.plan)


def test_other_arms_change_no_blinded_number_and_turn_the_effect_round(place, curves):
    endpoint = place.plan.endpoints[0]
    blind = [
        list(curve_rows(curve_of(place.visits, place.course, endpoint, plan))) for plan in (place.plan, place.plan)
    ]
    assert blind[0] == blind[1]
    swapped = {subject: letters[::-1] for subject, letters in SEQUENCES.items()}
    turned = treatment_curve_of(
        place.visits, place.course, endpoint, place.plan, swapped, post_hoc=np.zeros(len(place.grid), bool)
    )
    curve = curves[endpoint.name]
    np.testing.assert_allclose(turned.effect, -curve.effect, rtol=1e-12)


def course(days=(0.0, 28.0, 56.0), subjects=("S1", "S2", "S3")) -> Course:
    """Rows of one muscle at three visits of each subject; later ones are named before earlier ones."""
    visits = ("V3", "V2", "V1")
    names = [(subject, visit) for subject in subjects for visit in visits]
    ids = {name: f"{name[0]}_{name[1]}" for name in names}
    rows = [
        {"study": "SIMULATED", "subject": subject, "visit": visit, "task": "t", "run": "", "recording": ids[name],
         "segment": "rest", "target": "TA_R", "target_kind": "muscle", "measure": "apdf_p50_uv", "unit": "uV",
         "value": 1.0, "limit": np.nan, "status": "ok", "reason": "", "floor_confidence": "high", "settings_id": "a",
         "input_sha256": "b", "version": "c"}
        for name in names for subject, visit in [name]
    ]  # fmt: skip
    inputs = pd.DataFrame([{**row, "file": row["recording"], "sha256": "b", "code": ""} for row in rows])
    conditions = {ids[name]: {"day": str(days[visits.index(name[1])])} if days else {} for name in names}
    return Course(pd.DataFrame(rows), inputs, conditions)


def visits_of(made: Course, value) -> Visits:
    rows = made.measures
    keys = tuple(VisitKey(*cells) for cells in rows[list(VisitKey._fields)].itertuples(index=False))
    value = np.asarray(value, float)
    return Visits(keys, value, np.where(np.isnan(value), 3, 0).astype(np.uint8), np.full(value.shape, np.nan))


ENDPOINT = Endpoint(measure="apdf_p50_uv", targets=("TA_R",))
ROWS = [[1, 0, 4, 2, 0, 3, 5, 0, 8], [4, 0, 1, 3, 0, 2, 8, 0, 5], [1, 9, np.nan, 2, 9, 3, 5, 9, 9]]


@pytest.mark.parametrize(("days", "sign"), [((0.0, 28.0, 56.0), 1), (None, -1)])
def test_without_a_plan_the_change_is_from_the_first_day_to_the_last_one_else_by_name(days, sign):
    made = course(days)
    curve = curve_of(visits_of(made, ROWS), made, ENDPOINT)
    sd = np.std([3, 1, 3], ddof=1)
    np.testing.assert_allclose(curve.effect, sign * np.array([7 / 3, -7 / 3, 2.5]), rtol=1e-15)
    np.testing.assert_allclose(curve.spread, [sd, sd, np.std([1, 4], ddof=1)], rtol=1e-15)
    np.testing.assert_allclose(curve.high - curve.low, 2 * curve.spread, rtol=1e-14)
    assert curve.n.tolist() == [3, 3, 2]
    assert curve.order.tolist() == ([1, 0, 2] if sign > 0 else [2, 0, 1])
    told = curve_told(curve)
    assert (told.n_points, told.n_effects, told.n_different, told.same_sign) == (3, 3, 3, pytest.approx(2 / 3))
    assert (told.declared, told.lowest, told.median, told.highest) == (
        curve.effect[0], curve.effect.min(), curve.effect[0], curve.effect.max(),
    )  # fmt: skip


def test_one_patient_with_both_visits_is_no_mean_and_stands_last_with_its_code():
    made = course()
    rows = [[1, 0, 4, np.nan, 0, 3, 5, 0, np.nan], *ROWS[:1]]
    curve = curve_of(visits_of(made, rows), made, ENDPOINT)
    assert curve.code == ("SUBJECTS_TOO_FEW", "")
    assert np.isnan([curve.effect[0], curve.low[0], curve.spread[0], curve_told(curve).same_sign]).all()
    lines = list(curve_rows(curve))
    assert [(row["point"], row["declared"], row["effect"] is None) for row in lines] == [
        (1, False, False),
        (0, True, True),
    ]


def test_the_rules_of_the_plan_hold_under_every_point():
    """A value that falls below its limit counts as half the limit, where the plan says so."""
    made = course()
    plan = parse_plan(
        '[analysis]\nestimator = "raw"\n[endpoint]\nmeasure = "apdf_p50_uv"\ntargets = ["TA_R"]\n'
        '[rules]\nbelow_limit = "half_limit"\n'
        + "".join(f'[[visits]]\navisit = "{n}"\nnames = ["V{n}"]\nperiod = {n}\nrole = "treatment"\n' for n in (1, 2))
    )
    visits = visits_of(made, [ROWS[0], ROWS[0]])
    visits.status[1, [2, 5]], visits.limit[1] = STATUSES.index("below_limit"), 6.0
    curve = curve_of(visits, made, ENDPOINT, plan)
    first, second = np.array([4.0, 3.0, 8.0]), np.array([0.0, 0.0, 0.0])
    assert curve.effect[0] == pytest.approx((second - first).mean(), rel=1e-15)
    first[:2] = 3.0
    assert curve.effect[1] == pytest.approx((second - first).mean(), rel=1e-15)


def test_a_curve_of_one_point_is_its_own_range():
    made = course()
    told = curve_told(curve_of(visits_of(made, ROWS[:1]), made, ENDPOINT))
    assert told.lowest == told.median == told.highest == told.declared
    assert curve_told(curve_of(visits_of(made, [ROWS[0]] * 3), made, ENDPOINT))[:3] == (3, 3, 1)
    assert told.same_sign == 1.0


def test_an_outcome_is_an_endpoint_of_the_plan_or_a_measure_of_each_target(place):
    keys = place.visits.keys
    first, second, third = place.plan.endpoints
    assert outcome_endpoints("apdf_p50_uv", place.plan, keys) == (first,)
    assert outcome_endpoints(first.name, place.plan, keys) == (first,)
    assert outcome_endpoints("TA_R.act_frac", place.plan, keys) == (second.model_copy(update={"targets": ("TA_R",)}),)
    assert [one.name for one in outcome_endpoints("apdf_p50_uv", None, keys)] == [
        "TA_R.apdf_p50_uv",
        "GM_R.apdf_p50_uv",
    ]
    assert [one.name for one in outcome_endpoints("TA_R@reference.apdf_p50_uv", None, keys)] == [
        "TA_R@reference.apdf_p50_uv"
    ]
    assert outcome_endpoints("rigidity_index_log", None, keys) == (third,)
    assert outcome_measures(first.name, place.plan) == {"apdf_p50_uv"}


@pytest.mark.parametrize(
    "outcome", ["apdf_p51_uv", "TA_L.apdf_p50_uv", "TA_R@walk.apdf_p50_uv", "tilt", "", "subject."]
)
def test_an_outcome_that_is_not_there_is_refused_in_one_line(place, outcome):
    with pytest.raises(SettingsError, match=r"^--outcome: OUTCOME_UNKNOWN: .*(known|did you mean)") as caught:
        outcome_endpoints(outcome, None, place.visits.keys)
    assert "\n" not in str(caught.value)
