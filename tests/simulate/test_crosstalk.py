"""Crosstalk is the source through a filter: linear, of the stated gain, with the stated delay."""

import numpy as np
import pytest

from emgpipe.errors import SettingsError
from emgpipe.simulate import CrosstalkPath, SimulatedMuscle, VisitPlan, band_rms_uv, crosstalk_uv, simulate_visit
from emgpipe.simulate.scenarios import gaussian_emg

RATE_HZ = 2000.0
PAIR = [SimulatedMuscle("TA_R", excitation=0.08), SimulatedMuscle("GM_R", excitation=0.0)]


def path(gain=0.05, **more):
    return CrosstalkPath("TA_R", "GM_R", gain, **more)


@pytest.mark.parametrize("kind", ["end_effect", "distance"])
@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_gain_is_the_ratio_of_in_band_rms_for_usual_emg(kind, rate_hz):
    emg = gaussian_emg(round(120 * rate_hz), rate_hz, np.random.default_rng(1))
    arrived = crosstalk_uv(emg, rate_hz, path(0.1, kind=kind))
    # 120 s x some 150 Hz of bandwidth: SD of the ratio below 0.5 %
    assert band_rms_uv(arrived, rate_hz) / band_rms_uv(emg, rate_hz) == pytest.approx(0.1, rel=0.02)


def test_it_is_no_copy_end_effects_are_higher_and_distance_is_lower():
    emg = gaussian_emg(40_000, RATE_HZ, np.random.default_rng(1))
    mean_hz = [spectral_mean_hz(crosstalk_uv(emg, RATE_HZ, path(kind=kind))) for kind in ("distance", "end_effect")]
    assert mean_hz[0] < 0.9 * spectral_mean_hz(emg) < 0.9 * mean_hz[1]


def spectral_mean_hz(samples):
    power = np.abs(np.fft.rfft(samples)) ** 2
    return (power * np.fft.rfftfreq(len(samples), 1 / RATE_HZ)).sum() / power.sum()


@pytest.mark.parametrize("delay_s", [-0.002, 0.0, 0.00025, 0.0005, 0.002])
def test_delay_is_that_of_a_pure_shift(delay_s):
    pulse = np.zeros(4000)
    pulse[2000] = 1.0
    arrived = crosstalk_uv(pulse, RATE_HZ, path(kind="distance", delay_s=delay_s))
    spectrum, frequency_hz = np.fft.rfft(np.roll(arrived, -2000)), np.fft.rfftfreq(4000, 1 / RATE_HZ)
    # the kernel is a few ms long: what is cut at the ends is far below 1e-6 of it
    phase = np.angle(spectrum * np.exp(2j * np.pi * frequency_hz * delay_s))
    assert np.abs(phase[frequency_hz < 500]).max() < 1e-3


def test_it_is_linear_and_the_same_at_any_time():
    rng = np.random.default_rng(1)
    first, second = rng.standard_normal((2, 3000))
    both = crosstalk_uv(2 * first + second, RATE_HZ, path())
    np.testing.assert_allclose(both, 2 * crosstalk_uv(first, RATE_HZ, path()) + crosstalk_uv(second, RATE_HZ, path()))
    pulse = np.zeros(3000)
    pulse[1000] = 1.0
    moved = crosstalk_uv(np.roll(pulse, 500), RATE_HZ, path())
    np.testing.assert_allclose(moved[500:], crosstalk_uv(pulse, RATE_HZ, path())[:-500], atol=1e-12)


@pytest.mark.parametrize("kind", ["end_effect", "distance"])
def test_a_visit_holds_exactly_the_filtered_source_and_nothing_else_moves(kind):
    one = path(0.2, kind=kind)
    plain = simulate_visit(1, PAIR, [("TA_R", "GM_R")], rest_s=5.0, reference_s=0.0)
    mixed = simulate_visit(1, PAIR, [("TA_R", "GM_R")], rest_s=5.0, reference_s=0.0, plan=VisitPlan(crosstalk=(one,)))
    arrived_uv = crosstalk_uv(plain.channels[0].clean_uv, RATE_HZ, one)
    assert np.array_equal(mixed.channels[0].samples_uv, plain.channels[0].samples_uv)
    assert np.array_equal(mixed.channels[1].samples_uv, plain.channels[1].samples_uv + arrived_uv)
    # truth is of the muscle's own EMG
    assert mixed.truth == plain.truth
    told = mixed.generated["crosstalk"]
    assert [(t["source"], t["target"], t["gain"], t["kind"]) for t in told] == [("TA_R", "GM_R", 0.2, kind)]
    assert told[0]["rms_uv"] == pytest.approx(band_rms_uv(arrived_uv, RATE_HZ))


@pytest.mark.parametrize(
    "wrong",
    [
        CrosstalkPath("TA_R", "TA_R", 0.1),
        CrosstalkPath("TA_R", "RF_L", 0.1),
        CrosstalkPath("TA_R", "GM_R", -0.1),
        CrosstalkPath("TA_R", "GM_R", 0.1, kind="copy"),
        CrosstalkPath("TA_R", "GM_R", 0.1, corner_hz=0.0),
        CrosstalkPath("TA_R", "GM_R", 0.1, delay_s=0.01),
        CrosstalkPath("TA_R", "GM_R", float("nan")),
    ],
)
def test_a_path_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        simulate_visit(1, PAIR, rest_s=2.0, reference_s=0.0, plan=VisitPlan(crosstalk=(wrong,)))
