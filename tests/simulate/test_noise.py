"""Noise has the level and the spectrum that it is asked for."""

import numpy as np
import pytest
from scipy import signal

from emgpipe.errors import SettingsError
from emgpipe.simulate import band_rms_uv, electrode_noise, hardware_lowpass, mains, qrs_train

RATE_HZ = 2000.0
N = 120 * 2000


def density(samples_uv, low_hz, high_hz):
    frequency_hz, psd = signal.welch(samples_uv, RATE_HZ, nperseg=4000)
    return psd[(frequency_hz >= low_hz) & (frequency_hz < high_hz)].mean()


@pytest.mark.parametrize("corner_hz", [0.0, 20.0, 100.0, 150.0])
def test_level_in_the_band_is_the_one_asked_for(corner_hz):
    noise_uv = electrode_noise(N, RATE_HZ, np.random.default_rng(1), band_rms_uv=3.0, corner_hz=corner_hz)
    # at least 2 x 200 Hz x 120 s degrees of freedom: SD 0.33 %, four of them
    assert band_rms_uv(noise_uv, RATE_HZ) == pytest.approx(3.0, rel=0.0132)


@pytest.mark.parametrize("corner_hz", [0.0, 50.0])
def test_level_over_all_frequencies_is_the_one_asked_for(corner_hz):
    noise_uv = electrode_noise(N, RATE_HZ, np.random.default_rng(1), full_rms_uv=3.0, corner_hz=corner_hz)
    # the lowest hertz hold 5 % of the power with few degrees of freedom: below 1 % of the RMS
    assert np.sqrt(np.mean(noise_uv**2)) == pytest.approx(3.0, rel=0.01)


@pytest.mark.parametrize("corner_hz", [0.0, 20.0, 100.0])
def test_density_doubles_at_the_corner_and_follows_theory(corner_hz):
    noise_uv = electrode_noise(N, RATE_HZ, np.random.default_rng(2), full_rms_uv=1.0, corner_hz=corner_hz)
    for low_hz, high_hz in ((10, 20), (40, 60), (90, 110), (300, 400)):
        mean_of_one_over_f = np.log(high_hz / low_hz) / (high_hz - low_hz)
        theory = (1 + corner_hz * mean_of_one_over_f) / (1 + corner_hz * np.log(950 / 850) / 100)
        measured = density(noise_uv, low_hz, high_hz) / density(noise_uv, 850, 950)
        # 10 Hz x 120 s of averages: SD 3 %, and a bin of edge in 20
        assert measured == pytest.approx(theory, rel=0.12)


def test_mains_hold_the_power_of_their_harmonics():
    line_uv = mains(N, RATE_HZ, np.random.default_rng(1), rms_uv=10.0, line_hz=50.0, harmonics=(1.0, 0.0, 0.5))
    assert np.sqrt(np.mean(line_uv**2)) == pytest.approx(10 * np.sqrt(1.25), rel=1e-3)
    spectrum = np.abs(np.fft.rfft(line_uv)) / N * np.sqrt(2)
    assert spectrum[50 * 120] == pytest.approx(10, rel=1e-3)
    assert spectrum[150 * 120] == pytest.approx(5, rel=1e-3)


def test_mains_drift_by_what_is_asked():
    line_uv = mains(N, RATE_HZ, np.random.default_rng(1), rms_uv=10.0, line_hz=50.0, drift_hz=0.4)

    def crossings(part):
        return np.count_nonzero((part[1:] >= 0) & (part[:-1] < 0)) / (len(part) / RATE_HZ)

    # 10 s hold 500 periods: one period is 0.1 Hz
    assert crossings(line_uv[:20000]) == pytest.approx(49.82, abs=0.1)
    assert crossings(line_uv[-20000:]) == pytest.approx(50.18, abs=0.1)


def test_mains_wander_in_amplitude_only_when_asked():
    steady, wandering = (
        mains(N, RATE_HZ, np.random.default_rng(5), rms_uv=10.0, wander=wander).reshape(-1, 2000).std(axis=1)
        for wander in (0.0, 0.2)
    )
    assert np.ptp(steady) < 1e-6
    assert 1 < np.ptp(wandering) < 20


def test_harmonics_above_half_the_rate_are_left_out():
    line_uv = mains(1000, 100.0, np.random.default_rng(1), rms_uv=10.0, line_hz=50.0)
    assert not line_uv.any()


def test_hardware_lowpass_halves_the_power_at_its_edge():
    t_s = np.arange(20000) / RATE_HZ
    for frequency_hz, gain in ((50.0, 1.0), (500.0, np.sqrt(0.5))):
        passed = hardware_lowpass(np.sin(2 * np.pi * frequency_hz * t_s), RATE_HZ, 500.0)[10000:]
        assert passed.std() * np.sqrt(2) == pytest.approx(gain, rel=1e-3)


def test_beats_cut_at_the_ends_do_not_reach_over():
    samples_uv, beats_s = qrs_train(700, 1000.0, np.random.default_rng(1))
    assert len(samples_uv) == 700
    assert beats_s.tolist() == [0.36]


def test_two_levels_or_none_are_refused():
    for levels in ({}, {"band_rms_uv": 1.0, "full_rms_uv": 1.0}):
        with pytest.raises(TypeError, match="one of the two"):
            electrode_noise(10, RATE_HZ, np.random.default_rng(1), **levels)


def test_a_negative_corner_is_refused():
    with pytest.raises(SettingsError, match="SIMULATION_INVALID: corner_hz = -1"):
        electrode_noise(10, RATE_HZ, np.random.default_rng(1), full_rms_uv=1.0, corner_hz=-1)
