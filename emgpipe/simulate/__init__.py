"""Simulated recordings with known truth: motor-unit pools, amplifiers, patients, trials, written as EDF+.

Everything here is made up from a seed and says so. Nothing that will judge the
recordings (filters, detectors) is imported, so that a mistake cannot agree with itself.
"""

from emgpipe.simulate.band import band_passed, band_rms_uv, scaled_to_band_rms, windowed_rms_uv
from emgpipe.simulate.contamination import Amplifier
from emgpipe.simulate.crosstalk import CrosstalkPath, crosstalk_uv
from emgpipe.simulate.edf_writer import write_edf
from emgpipe.simulate.events import Spasm, SpasmModel, draw_spasms
from emgpipe.simulate.heart import HeartTrain, heart_train
from emgpipe.simulate.motor_units import (
    MotorUnitPool,
    UnitTrain,
    discharge_rates_hz,
    discharge_times_s,
    draw_pool,
    pool_discharges_s,
    single_unit,
    surface_emg,
)
from emgpipe.simulate.muscle import SimulatedMuscle
from emgpipe.simulate.noise import electrode_noise, hardware_lowpass, mains, qrs_train
from emgpipe.simulate.patients import SimulatedPatient, draw_patients
from emgpipe.simulate.plan import VisitPlan
from emgpipe.simulate.reflexes import ReflexDrive, reflex_drive, stimulus_artefact
from emgpipe.simulate.scenarios import SCENARIOS, SimulatedChannel, scenario
from emgpipe.simulate.trial import SAMPLE_SEED, simulate_trial
from emgpipe.simulate.trial_model import PlannedVisit, TrialModel, TrialVisit, crossover_visits, draw_trial
from emgpipe.simulate.visit import SimulatedVisit, simulate_visit

__all__ = [
    "SAMPLE_SEED",
    "SCENARIOS",
    "Amplifier",
    "CrosstalkPath",
    "HeartTrain",
    "MotorUnitPool",
    "PlannedVisit",
    "ReflexDrive",
    "SimulatedChannel",
    "SimulatedMuscle",
    "SimulatedPatient",
    "SimulatedVisit",
    "Spasm",
    "SpasmModel",
    "TrialModel",
    "TrialVisit",
    "UnitTrain",
    "VisitPlan",
    "band_passed",
    "band_rms_uv",
    "crossover_visits",
    "crosstalk_uv",
    "discharge_rates_hz",
    "discharge_times_s",
    "draw_patients",
    "draw_pool",
    "draw_spasms",
    "draw_trial",
    "electrode_noise",
    "hardware_lowpass",
    "heart_train",
    "mains",
    "pool_discharges_s",
    "qrs_train",
    "reflex_drive",
    "scaled_to_band_rms",
    "scenario",
    "simulate_trial",
    "simulate_visit",
    "single_unit",
    "stimulus_artefact",
    "surface_emg",
    "windowed_rms_uv",
    "write_edf",
]
