"""The noise floor: right where the truth is known, refused where it cannot be known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from emgpipe.detectors.floor import BRACKET, estimate_floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import degrees_of_freedom, witness_seconds
from emgpipe.frames.model import BAD
from emgpipe.intervals import Intervals
from emgpipe.simulate import band_rms_uv, hardware_lowpass, single_unit
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import frames_of, noise_of, seeds

DETECT = DetectSettings()
FLOOR_UV = 2.0
SECONDS = 45


def tonic(rate_hz, rms_uv, still_s=0, seconds=SECONDS, seed=5):
    """Gaussian EMG of one level, silent in the first `still_s`."""
    x = rms_uv * gaussian_emg(round(seconds * rate_hz), rate_hz, np.random.default_rng(seed))
    x[: round(still_s * rate_hz)] = 0
    return x


def floor_of(x, rate_hz, detect=DETECT, **known):
    return estimate_floor(frames_of(x, rate_hz, lsb_uv=0.05), detect, **known)


def muscle(rate_hz, ratio, *, corner_hz=0.0, still_s=0, seed=7):
    """Tonic EMG of `ratio` floors over electrode noise of 2 µV."""
    return noise_of(seed, SECONDS, rate_hz, FLOOR_UV, corner_hz) + tonic(rate_hz, ratio * FLOOR_UV, still_s)


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 4000.0])
@pytest.mark.parametrize("corner_hz", [0.0, 20.0, 50.0, 100.0])
def test_the_floor_of_a_silent_muscle_is_its_noise(rate_hz, corner_hz):
    floor = floor_of(noise_of(1, SECONDS, rate_hz, FLOOR_UV, corner_hz), rate_hz)
    assert floor.source == "still"
    assert floor.confidence == ("medium" if rate_hz < 1900 else "high")
    # SD of the median of 45 seconds of 860 degrees of freedom: 0.5 %; coloured noise has fewer
    assert floor.floor_uv == pytest.approx(FLOOR_UV, rel=0.025)
    assert floor.lo_uv < FLOOR_UV < floor.hi_uv


@pytest.mark.parametrize("rate_hz", [2000.0, 4000.0])
@pytest.mark.parametrize("corner_hz", [0.0, 20.0])
@pytest.mark.parametrize("ratio", [1.0, 2.0, 2.9])
def test_high_confidence_is_right_within_10_percent_under_a_muscle_that_is_never_still(rate_hz, corner_hz, ratio):
    floor = floor_of(muscle(rate_hz, ratio, corner_hz=corner_hz), rate_hz)
    assert (floor.source, floor.confidence, floor.still_s) == ("out_of_band", "high", 0)
    assert floor.floor_uv == pytest.approx(FLOOR_UV, rel=0.1)


@pytest.mark.parametrize("rate_hz", [2000.0, 4000.0])
@pytest.mark.parametrize("corner_hz", [0.0, 50.0, 100.0])
@pytest.mark.parametrize("ratio", [1.0, 3.0, 10.0])
def test_still_seconds_give_the_floor_of_coloured_noise_too(rate_hz, corner_hz, ratio):
    floor = floor_of(muscle(rate_hz, ratio, corner_hz=corner_hz, still_s=12), rate_hz)
    assert (floor.source, floor.confidence) == ("still", "high")
    assert floor.floor_uv == pytest.approx(FLOOR_UV, rel=0.1)


@pytest.mark.parametrize("ratio", [5.0, 10.0, 30.0])
def test_far_above_the_floor_an_error_moves_the_corrected_amplitude_by_5_percent_at_most(ratio):
    floor = floor_of(muscle(2000.0, ratio), 2000.0)
    rms_uv = FLOOR_UV * np.sqrt(ratio**2 + 1)
    corrected_uv = np.sqrt(max(rms_uv**2 - floor.floor_uv**2, 0))
    assert corrected_uv == pytest.approx(ratio * FLOOR_UV, rel=0.05)


def test_steady_emg_of_one_floor_is_not_taken_for_stillness():
    for rate_hz in (1000.0, 2000.0):
        assert floor_of(muscle(rate_hz, 1.0), rate_hz).source != "still"


def test_noise_that_ends_below_600_hz_is_an_amplifier_with_a_low_pass():
    """The band above 600 Hz holds the noise of the converter only: it is no floor, and the still seconds are."""
    flat = hardware_lowpass(noise_of(1, SECONDS, 2000.0, 4.0), 2000.0, 520.0) + noise_of(2, SECONDS, 2000.0, 1.0)
    floor = floor_of(flat, 2000.0)
    assert (floor.source, floor.confidence, floor.reason) == ("still", "medium", "LOW_PASS")


@pytest.mark.parametrize(
    ("rate_hz", "order", "cutoff_hz"), [(4000.0, 4, 1000), (4000.0, 2, 500), (2000.0, 1, 450), (2000.0, 2, 700)]
)
def test_a_soft_or_high_low_pass_makes_no_silent_muscle_active(rate_hz, order, cutoff_hz):
    """The level came from above the cut-off: 0.19 to 0.9 µV of 2, and a silent muscle was active throughout."""
    sections = signal.butter(order, cutoff_hz, fs=rate_hz, output="sos")
    x = signal.sosfilt(sections, noise_of(3, SECONDS, rate_hz, 2.0))
    floor = floor_of(x, rate_hz)
    assert (floor.source, floor.confidence) == ("still", "medium")
    # the low-pass takes part of the band too: what is left of the noise is the truth
    assert floor.floor_uv == pytest.approx(band_rms_uv(x, rate_hz), rel=0.05)


def test_data_upsampled_from_a_lower_rate_have_no_band_above_it():
    x = signal.resample_poly(noise_of(4, SECONDS, 1000.0, 2.0), 2, 1)
    assert floor_of(x, 2000.0).source == "still"


def test_noise_that_changes_is_one_wide_bracket_of_low_confidence():
    quiet = noise_of(5, SECONDS, 2000.0, 1.0)
    floor = floor_of(quiet * np.where(np.arange(len(quiet)) < len(quiet) / 2, 1.0, 4.0), 2000.0)
    assert (floor.confidence, floor.reason) == ("low", "FLOOR_CHANGES")
    assert floor.lo_uv < 1.0
    assert floor.hi_uv > 4.0


def test_noise_louder_above_the_band_than_in_it_is_no_floor():
    rising = signal.firwin2(301, [0, 400, 600, 1000], [1, 1, 5, 8], fs=2000.0)
    x = signal.lfilter(rising, 1, noise_of(6, SECONDS, 2000.0, 2.0)) + tonic(2000.0, 6.0)
    assert floor_of(x, 2000.0).source == "in_signal"


def test_a_bound_below_the_quantum_is_no_floor():
    x = np.round(noise_of(8, SECONDS, 1000.0, 0.8) / 2.44) * 2.44
    floor = estimate_floor(frames_of(x, 1000.0, lsb_uv=2.44), DETECT)
    assert floor.lo_uv <= floor.floor_uv <= floor.hi_uv
    assert floor.floor_uv >= 2.44 / np.sqrt(12)


def test_a_floor_below_any_electrode_is_said():
    """A lead that dies to 0.1 µV leaves no plausible floor, whatever was active before."""
    alive = muscle(2000.0, 10.0) * np.where(np.arange(SECONDS * 2000) < 20 * 2000, 1.0, 0.05)
    assert "FLOOR_IMPLAUSIBLE" in floor_of(alive, 2000.0).reason.split(";")


@pytest.mark.parametrize(("device_uv", "said"), [(2.0, ""), (1.0, "DEVICE_DISAGREES"), (14.0, "DEVICE_DISAGREES")])
def test_a_device_floor_that_the_recording_contradicts_is_used_and_said(device_uv, said):
    frames = frames_of(noise_of(9, SECONDS, 2000.0, 2.0), 2000.0)
    floor = estimate_floor(frames, DETECT, device_uv=device_uv)
    assert (floor.floor_uv, floor.source, floor.reason) == (device_uv, "device", said)


@pytest.mark.parametrize("still_s", [0, 20])
def test_a_hardware_low_pass_is_seen_and_the_empty_band_above_it_not_used(still_s):
    floor = floor_of(hardware_lowpass(muscle(2000.0, 5.0, still_s=still_s), 2000.0, 500.0), 2000.0)
    assert floor.source == ("still" if still_s else "in_signal")
    assert floor.confidence != "high"
    assert "LOW_PASS" in floor.reason


def test_below_850_hz_nothing_but_a_device_is_trusted():
    floor = floor_of(muscle(800.0, 1.0), 800.0)
    assert (floor.source, floor.confidence) == ("in_signal", "low")
    assert np.isnan(floor.tilt)
    assert floor_of(muscle(800.0, 1.0), 800.0, device_uv=2.0).confidence == "high"


def test_a_device_floor_goes_before_everything():
    floor = floor_of(muscle(2000.0, 3.0), 2000.0, device_uv=1.4, calibration=np.ones(SECONDS, bool))
    assert (floor.source, floor.confidence) == ("device", "high")
    assert (floor.lo_uv, floor.floor_uv, floor.hi_uv) == pytest.approx((1.26, 1.4, 1.54))


def calibrated(x, rate_hz, seconds):
    inside = np.zeros(SECONDS, bool)
    inside[:seconds] = True
    return floor_of(x, rate_hz, calibration=inside)


def test_a_quiet_calibration_is_used():
    for rate_hz in (1000.0, 2000.0):
        floor = calibrated(muscle(rate_hz, 10.0, still_s=8), rate_hz, 8)
        assert (floor.source, floor.confidence) == ("calibration", "high")
        assert floor.floor_uv == pytest.approx(FLOOR_UV, rel=0.05)


@pytest.mark.parametrize("ratio", [1.0, 10.0])
@pytest.mark.parametrize(("rate_hz", "source"), [(1000.0, "in_signal"), (2000.0, "out_of_band")])
def test_a_calibration_that_is_not_quiet_is_passed_over_and_said(rate_hz, source, ratio):
    floor = calibrated(muscle(rate_hz, ratio), rate_hz, 8)
    assert floor.source == source
    assert "CALIBRATION_NOT_QUIET" in floor.reason


def test_the_cap_binds_only_in_signal_and_leaves_a_lower_bound():
    floor = floor_of(muscle(1000.0, 15.0), 1000.0)
    assert (floor.source, floor.confidence, floor.floor_uv) == ("in_signal", "low", DETECT.floor_max_uv)
    assert "FLOOR_CAPPED" in floor.reason
    assert floor.hi_uv > DETECT.floor_max_uv
    loud = noise_of(1, SECONDS, 2000.0, 12.0)
    assert floor_of(loud, 2000.0).floor_uv == pytest.approx(12.0, rel=0.03)


def test_noise_above_the_cap_without_a_witness_is_a_noisy_electrode_and_no_number():
    strict = DetectSettings(still_tilt=0.1)
    floor = floor_of(noise_of(1, SECONDS, 1000.0, 8.0), 1000.0, strict)
    assert not floor.known
    assert floor.reason == "NOISY_ELECTRODE"


@pytest.mark.parametrize("ratio", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_a_low_or_medium_bracket_holds_the_truth_or_is_capped(rate_hz, ratio):
    floor = floor_of(muscle(rate_hz, ratio), rate_hz)
    assert floor.lo_uv <= FLOOR_UV <= floor.hi_uv


@pytest.mark.parametrize(("discharge_hz", "rate_hz"), [(5.0, 1000.0), (8.0, 1000.0), (10.0, 2000.0)])
def test_one_unit_leaves_enough_silence_between_its_discharges(discharge_hz, rate_hz):
    unit = single_unit(2, SECONDS, rate_hz, discharge_hz=discharge_hz, rms_uv=3.2)
    floor = floor_of(unit.samples_uv + noise_of(3, SECONDS, rate_hz, 1.0), rate_hz)
    assert floor.confidence == ("high" if rate_hz == 2000 else "medium")
    assert floor.floor_uv == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("x", [np.zeros(20000), np.full(20000, 12.5), np.empty(0), np.zeros(7)])
def test_a_dead_constant_or_empty_channel_has_no_floor(x):
    floor = floor_of(x, 1000.0)
    assert (floor.known, floor.reason) == (False, "NO_USABLE_SIGNAL")


def test_the_floor_does_not_drift_with_the_length_of_the_recording():
    for still_s, tolerance in ((0, 0.02), (6, 0.02)):
        levels = []
        for seconds in (60, 480):
            noise = noise_of(9, seconds, 2000.0, FLOOR_UV)
            emg = tonic(2000.0, 4.0, 0, seconds)
            emg[np.arange(len(emg)) / 2000.0 % 30 < still_s] = 0
            levels.append(floor_of(noise + emg, 2000.0).floor_uv)
        assert levels[1] / levels[0] == pytest.approx(1, abs=tolerance)


def test_marked_seconds_stay_out():
    x = muscle(2000.0, 3.0, still_s=20)
    x[:10000] *= 0.3
    frames = frames_of(x, 2000.0)
    assert estimate_floor(frames.marked_bad(Intervals.of([(0, 5)])), DETECT).floor_uv == pytest.approx(2.0, rel=0.03)
    assert not witness_seconds(frames.marked_bad(Intervals.of([(0, 5)]))).usable[:5].any()
    everything = frames.marked_bad(Intervals.of([(0, 99)]))
    assert (everything.reasons == BAD).all()
    assert not estimate_floor(everything, DETECT).known


@settings(max_examples=8, deadline=None)
@given(seeds, st.sampled_from([2.0**-9, 0.25, 8.0, 2.0**9]), st.booleans())
def test_out_of_band_still_and_device_floors_scale_with_the_gain(seed, gain, flipped):
    x = muscle(2000.0, 2.0, still_s=20 if seed % 2 else 0, seed=seed)
    one, other = floor_of(x, 2000.0), floor_of((-gain if flipped else gain) * x, 2000.0)
    assert (one.source, one.confidence) == (other.source, other.confidence)
    assert other.floor_uv == pytest.approx(gain * one.floor_uv, rel=1e-6)


def test_the_bracket_is_the_one_of_the_table():
    for (confidence, rests), (low, high) in BRACKET.items():
        assert low < 1 < high, (confidence, rests)
    floor = floor_of(muscle(2000.0, 2.0), 2000.0)
    assert (floor.lo_uv, floor.hi_uv) == pytest.approx((0.9 * floor.floor_uv, 1.15 * floor.floor_uv))


def test_witnesses_tell_noise_from_muscle_and_from_sparse_units():
    noise = witness_seconds(frames_of(noise_of(1, 30, 2000.0), 2000.0))
    emg = witness_seconds(frames_of(muscle(2000.0, 10.0), 2000.0))
    unit = single_unit(1, 30, 2000.0, discharge_hz=8, rms_uv=10).samples_uv + noise_of(1, 30, 2000.0)
    sparse = witness_seconds(frames_of(unit, 2000.0))
    assert np.median(noise.tilt) == pytest.approx(1.0, abs=0.1)
    assert np.median(noise.kurtosis) == pytest.approx(0.0, abs=0.15)
    assert np.median(emg.tilt) > 2.7
    assert np.median(sparse.kurtosis) > 1
    assert noise.still(DETECT).mean() > 0.9
    assert not emg.still(DETECT).any()
    assert not sparse.still(DETECT).any()


@pytest.mark.parametrize("corner_hz", [0.0, 100.0])
def test_degrees_of_freedom_are_those_that_noise_shows(corner_hz):
    frames = frames_of(noise_of(4, 200, 2000.0, 1.0, corner_hz), 2000.0)
    power = frames.mean_square[: len(frames.mean_square) // 8 * 8].astype(float).reshape(-1, 8).mean(1)
    shown = 2 * power.mean() ** 2 / power.var()
    # the variance of 2000 windows has an SD of 3 %; k allows for 15 % fewer than theory
    theory = degrees_of_freedom(frames, 0.1, np.median(frames.psd, axis=0))
    assert 0.82 * theory < shown < 1.12 * theory
