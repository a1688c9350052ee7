"""Draws of a trial follow its model: effect, period, carryover, spread, rescue, absence. No signals are made."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.errors import SettingsError
from emgpipe.simulate import SimulatedPatient, TrialModel, crossover_visits, draw_patients, draw_trial
from emgpipe.simulate.patients import PATIENTS
from emgpipe.simulate.trial_model import model_told

VISITS = crossover_visits()
STILL = TrialModel(1.0, 1.0, drive_log_sd=0.0, gain_log_sd=0.0)
ONE = replace(PATIENTS[0], sequence="AB", spasms_per_h=30.0)


def log_drives(model, patient=ONE, seeds=range(1)):
    """ln of the drive factor, shape (seeds, visits)."""
    return np.array([[np.log(v.drive_factor) for v in draw_trial(s, [patient], VISITS, model)] for s in seeds])


def test_months_are_baseline_and_then_treatment():
    assert [v.name for v in VISITS] == ["P1M1", "P1M2", "P1M3", "P2M1", "P2M2", "P2M3"]
    assert [v.treated for v in VISITS] == [False, True, True] * 2
    assert [v.day for v in VISITS] == [0, 28, 56, 84, 112, 140]
    treatments = [v.treatment for v in draw_trial(1, [replace(ONE, sequence="BA")], VISITS, STILL)]
    assert treatments == ["", "B", "B", "", "A", "A"]
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        crossover_visits(1)


def test_effect_is_there_under_a_alone_and_carryover_in_all_of_the_next_period():
    effect = np.log(0.5)
    model = replace(STILL, treatment_a_factor=0.5, carryover=0.25)
    np.testing.assert_allclose(log_drives(model)[0] / effect, [0, 1, 1, 0.25, 0.25, 0.25], atol=1e-12)
    np.testing.assert_allclose(
        log_drives(model, replace(ONE, sequence="BA"))[0] / effect, [0, 0, 0, 0, 1, 1], atol=1e-12
    )


def test_the_effect_on_spasms_is_one_of_its_own():
    rates = [v.spasms_per_h for v in draw_trial(1, [ONE], VISITS, replace(STILL, spasm_a_factor=0.4, carryover=0.5))]
    assert rates == pytest.approx([30, 12, 12, 30 * 0.4**0.5, 30 * 0.4**0.5, 30 * 0.4**0.5])


def test_expectation_over_seeds_is_effect_period_and_carryover_and_the_spread_is_as_asked():
    model = TrialModel(0.7, 1.1, drive_log_sd=0.2, carryover=0.3)
    drives = log_drives(model, seeds=range(2000))
    effect, period = np.log(0.7), np.log(1.1)
    expected = np.array([0, 1, 1, 0.3, 0.3, 0.3]) * effect + np.array([1, 1, 1, 2, 2, 2]) * period
    # 2000 draws of SD 0.2: the mean has an SD of 0.0045, the SD one of 0.0032; four of them
    np.testing.assert_allclose(drives.mean(axis=0), expected, atol=0.018)
    np.testing.assert_allclose(drives.std(axis=0), 0.2, atol=0.013)
    # visits are drawn on their own: SD of r is 0.022
    assert np.abs(np.corrcoef(drives.T)[np.triu_indices(6, 1)]).max() < 0.1


def test_gains_and_floors_move_by_their_spread_and_drive_reaches_every_muscle():
    model = replace(STILL, treatment_a_factor=0.5, gain_log_sd=0.3, floor_log_sd=0.2)
    drawn = [v for s in range(500) for v in draw_trial(s, [ONE], VISITS[1:2], model)]
    gains = np.log([[m.gain for m in v.muscles] for v in drawn])
    pairs = [zip(v.muscles, ONE.muscles, strict=True) for v in drawn]
    floors = np.log([[now.noise_uv / before.noise_uv for now, before in pair] for pair in pairs])
    # 2000 values: SD of an SD 1.6 %; four of them
    assert gains.std() == pytest.approx(0.3, rel=0.065)
    assert floors.std() == pytest.approx(0.2, rel=0.065)
    for visit in drawn[:3]:
        for now, before in zip(visit.muscles, ONE.muscles, strict=True):
            assert now.excitation == pytest.approx(before.excitation * 0.5)


def test_rescue_lowers_the_drive_and_is_told():
    model = replace(STILL, rescue_probability=0.3, rescue_factor=0.6)
    drawn = [v for s in range(300) for v in draw_trial(s, [ONE], VISITS, model)]
    rescued = [v for v in drawn if v.rescued]
    # binomial of 1800 at 0.3: four SD are 0.043
    assert len(rescued) / len(drawn) == pytest.approx(0.3, abs=0.043)
    assert {round(v.drive_factor, 9) for v in rescued} == {0.6}
    assert {v.drive_factor for v in drawn if not v.rescued} == {1.0}
    assert all(1 <= v.hours_since_benzodiazepine <= 6 and v.benzodiazepine_mg_day == 40 for v in rescued)
    others = [v for v in drawn if not v.rescued]
    assert all(v.hours_since_benzodiazepine is None and v.benzodiazepine_mg_day == 20 for v in others)
    assert all(v.benzodiazepine_mg_day is None for v in draw_trial(1, [ONE], VISITS, STILL))


def test_visits_are_missed_at_their_rate_and_the_others_do_not_notice():
    model = replace(STILL, drive_log_sd=0.1)
    whole = [v for s in range(300) for v in draw_trial(s, [ONE], VISITS, model)]
    holed = [v for s in range(300) for v in draw_trial(s, [ONE], VISITS, replace(model, missing_probability=0.1))]
    # binomial of 1800 at 0.1: four SD are 0.028
    assert np.mean([v.missing for v in holed]) == pytest.approx(0.1, abs=0.028)
    assert [replace(v, missing=False) for v in holed] == whole


def test_what_is_switched_on_leaves_the_draws_of_the_rest_as_they_are():
    more = {
        "floor_log_sd": 0.1,
        "carryover": 0.5,
        "spasm_a_factor": 0.5,
        "rescue_probability": 0.5,
        "rescue_factor": 1.0,
    }
    model = TrialModel(1.0)
    for before, after in zip(
        draw_trial(3, PATIENTS, VISITS, model), draw_trial(3, PATIENTS, VISITS, replace(model, **more)), strict=True
    ):
        assert before.drive_factor == after.drive_factor
        assert [m.gain for m in before.muscles] == [m.gain for m in after.muscles]


def test_a_truth_file_tells_what_was_moved_off_its_default():
    assert set(model_told(TrialModel())) == {"treatment_a_factor", "period_factor", "drive_log_sd", "gain_log_sd"}
    assert model_told(TrialModel(carryover=0.2))["carryover"] == 0.2


def test_drive_never_exceeds_the_largest():
    strong = SimulatedPatient("S01", "AB", tuple(replace(m, excitation=0.9) for m in ONE.muscles))
    drawn = draw_trial(1, [strong], VISITS, replace(STILL, period_factor=2.0))
    assert all(m.excitation <= 1.0 for v in drawn for m in v.muscles)


@pytest.mark.parametrize(
    "wrong",
    [
        {"treatment_a_factor": 0.0},
        {"carryover": 1.1},
        {"carryover": float("nan")},
        {"floor_log_sd": -0.1},
        {"spasm_a_factor": -1.0},
        {"rescue_probability": 2.0},
        {"rescue_factor": 0.0},
        {"missing_probability": -0.1},
    ],
)
def test_a_model_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        draw_trial(1, draw_patients(1, 1), VISITS, replace(STILL, **wrong))
