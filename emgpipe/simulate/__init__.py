"""Simulated recordings with known truth: motor-unit pools, amplifiers, patients, trials, written as EDF+.

Everything here is made up from a seed and says so. Nothing that will judge the
recordings (filters, detectors) is imported, so that a mistake cannot agree with itself.
"""

from emgpipe.simulate.band import band_passed, band_rms_uv, scaled_to_band_rms, windowed_rms_uv
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
from emgpipe.simulate.noise import electrode_noise, hardware_lowpass, mains, qrs_train
from emgpipe.simulate.scenarios import SCENARIOS, SimulatedChannel, scenario

__all__ = [
    "SCENARIOS",
    "MotorUnitPool",
    "SimulatedChannel",
    "UnitTrain",
    "band_passed",
    "band_rms_uv",
    "discharge_rates_hz",
    "discharge_times_s",
    "draw_pool",
    "electrode_noise",
    "hardware_lowpass",
    "mains",
    "pool_discharges_s",
    "qrs_train",
    "scaled_to_band_rms",
    "scenario",
    "single_unit",
    "surface_emg",
    "windowed_rms_uv",
]
