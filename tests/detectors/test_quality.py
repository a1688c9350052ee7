"""Seconds that cannot be believed: found and named; muscle, hearts and drifts are not taken for them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from emgpipe.detectors.quality import judge_quality
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import witness_seconds
from emgpipe.frames.model import CLIPPED, ELECTRODE_OFF, MOVEMENT, REASON_BITS, STEP
from emgpipe.recording import Annotation
from emgpipe.simulate import SCENARIOS, band_rms_uv, heart_train, scenario
from emgpipe.simulate.scenarios import gaussian_emg
from tests import naive
from tests.strategies import frames_of, measured, noise_of, row_of

DETECT = DetectSettings()
RATE = 2000.0
SECONDS = 60
N = round(SECONDS * RATE)
TIME_S = np.arange(N) / RATE


def quiet(seed=1, rate_hz=RATE, seconds=SECONDS):
    return noise_of(seed, seconds, rate_hz, 2.0, 10.0)


def emg(seed, band_uv, rate_hz=RATE, seconds=SECONDS):
    x = gaussian_emg(round(seconds * rate_hz), rate_hz, np.random.default_rng([seed, 5]))
    return band_uv / band_rms_uv(x, rate_hz) * x


def within(start_s, stop_s, values):
    return np.where((start_s <= TIME_S) & (stop_s > TIME_S), values, 0.0)


def slow_movement(start_s, stop_s, size_uv, seed=3):
    """Movement of an electrode: 0.5-8 Hz, with edges of 100 ms."""
    sections = signal.butter(2, [0.5, 8.0], "band", fs=RATE, output="sos")
    x = signal.sosfiltfilt(sections, np.random.default_rng(seed).standard_normal(N))
    ramp = np.clip(np.minimum(TIME_S - start_s, stop_s - TIME_S) / 0.1, 0, 1)
    return size_uv * x / x.std() * ramp


def bumps(start_s, every_s, stop_s, size_uv, width_s=0.015):
    """Pulls on the cable: bumps that reach into the band."""
    at = np.arange(start_s, stop_s, every_s)
    return size_uv * np.exp(-0.5 * ((TIME_S[:, None] - at) / width_s) ** 2).sum(1)


def mains_lost(start_s, stop_s, size_uv):
    """A little hum all along, and much of it while the electrode is off."""
    return np.sqrt(2) * np.sin(2 * np.pi * 50 * TIME_S) * (2.0 + within(start_s, stop_s, size_uv))


def named(x, **more):
    """Names of the reasons by second, and possible spasms."""
    quality = judge_quality(frames_of(x, RATE, **more), DETECT)
    names = {n: np.flatnonzero(quality.reasons & bit).tolist() for n, bit in REASON_BITS.items()}
    return {n: seconds for n, seconds in names.items() if seconds}, quality.possible_spasms.pairs.tolist()


def test_nothing_is_wrong_with_noise():
    for seed in range(3):
        assert named(quiet(seed)) == ({}, [])


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_nothing_is_wrong_with_the_eight_scenarios(name, rate_hz):
    quality = judge_quality(frames_of(scenario(name, 1, 90, rate_hz).samples_uv, rate_hz), DETECT)
    assert not quality.reasons.any()
    assert len(quality.possible_spasms) == 0


def test_movement_that_the_band_feels_is_found_in_its_seconds():
    found, spasms = named(quiet() + bumps(20.2, 0.3, 23.8, 400.0))
    assert found == {"MOVEMENT": [20, 21, 22, 23]}
    assert spasms == [[20, 24]]


def test_a_slow_drift_that_the_band_does_not_feel_costs_no_time():
    assert named(quiet() + slow_movement(20.0, 24.0, 30.0)) == ({}, [])


@pytest.mark.parametrize("size_uv", [-3000.0, 500.0, 1000.0])
def test_an_electrode_step_is_found_and_named(size_uv):
    found, _ = named(quiet() + within(30.5, SECONDS, size_uv))
    assert found == {"STEP": [30]}


def test_a_contact_that_is_lost_is_found_by_its_mains():
    found, spasms = named(quiet() + mains_lost(40.0, 44.0, 60.0))
    assert found["ELECTRODE_OFF"] == [40, 41, 42, 43]
    assert set(found) <= {"ELECTRODE_OFF", "MAINS_JUMP"}
    # what remains of a line that jumps is loud, and may hide anything
    assert all(39 <= a < b <= 45 for a, b in spasms)


def test_mains_all_along_are_no_lost_contact():
    assert "ELECTRODE_OFF" not in named(quiet() + mains_lost(0.0, SECONDS, 60.0))[0]


@pytest.mark.parametrize("slow_uv", [5.0, 20.0, 40.0])
def test_bursts_of_muscle_that_move_their_electrode_are_kept(slow_uv):
    """A limb that is lifted: 60 µV of EMG in bursts, and under each the cable swings."""
    bursts = np.sin(2 * np.pi * TIME_S / 7) > 0.4
    x = quiet() + emg(4, 60.0) * bursts + slow_movement(0.0, SECONDS, slow_uv) * bursts
    assert named(x) == ({}, [])


@pytest.mark.parametrize("share", [0.02, 0.1])
@pytest.mark.parametrize("peak_uv", [100.0, 300.0])
def test_ectopic_beats_are_no_movement(share, peak_uv):
    rng = np.random.default_rng(6)
    train = heart_train(N, RATE, rng, peak_uv=peak_uv, ectopic_share=share)
    assert train.ectopic.any()
    result = measured({"PSP_L": quiet(6) + train.samples_uv}, RATE)
    frames = result.judged["PSP_L"].frames
    assert frames.heart.n_beats > 40
    assert not (frames.reasons & (MOVEMENT | STEP | ELECTRODE_OFF)).any()


def test_a_spasm_is_no_artefact_however_loud():
    assert named(quiet() + within(20.0, 25.0, emg(7, 500.0))) == ({}, [])


def test_a_possible_spasm_is_loud_time_that_is_excluded():
    clip_uv = (-400.0, 400.0)
    spasm = within(20.3, 22.8, emg(8, 600.0))
    found, spasms = named(np.clip(quiet() + spasm, *clip_uv), clip_uv=clip_uv)
    assert found == {}
    assert spasms == [[20, 23]]
    # a rail that is touched in a second that is not loud hides no spasm
    touched = quiet() + within(30.0, 30.02, np.full(N, 1.0))
    touched[round(30 * RATE) : round(30.02 * RATE)] = touched.max() + 1
    frames = frames_of(touched, RATE, clip_uv=(-touched.max(), touched.max()))
    assert (frames.reasons & CLIPPED).any()
    assert len(judge_quality(frames, DETECT).possible_spasms) == 0


def test_possible_spasms_are_kept_counted_and_cut_at_both_ends():
    x = quiet() + bumps(20.2, 0.3, 22.8, 400.0) + bumps(40.2, 0.3, 40.8, 400.0)
    result = measured({"TA_R": x, "GM_R": quiet(2)}, RATE)
    kept = [i for i in result.intervals if i.kind == "possible_spasm"]
    assert [(i.target, i.start_s, i.stop_s) for i in kept] == [("TA_R", 20, 23), ("TA_R", 40, 41)]
    assert all(i.cut_start and i.cut_stop and "MOVEMENT" in i.reason for i in kept)
    assert row_of(result, "TA_R", "possible_spasm_n").value == 2
    assert row_of(result, "GM_R", "possible_spasm_n").value == 0
    assert row_of(result, "TA_R", "act_frac").value == 0
    excluded = [(i.start_s, i.stop_s, i.reason) for i in result.intervals if i.kind == "excluded"]
    assert [(round(a), round(b), reason) for a, b, reason in excluded] == [(20, 23, "MOVEMENT"), (40, 41, "MOVEMENT")]


def test_possible_spasms_are_counted_in_their_segment_only():
    x = quiet() + bumps(20.2, 0.3, 22.8, 400.0) + bumps(50.2, 0.3, 50.8, 400.0)
    result = measured({"TA_R": x}, RATE, annotations=[Annotation(0.0, 40.0, "rest")])
    assert row_of(result, "TA_R", "possible_spasm_n", "rest").value == 1


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 2048.0])
@pytest.mark.parametrize("gain", [1e-3, 1.0, 1e3])
def test_what_is_found_depends_neither_on_the_rate_nor_on_the_gain(rate_hz, gain):
    t = np.arange(round(SECONDS * rate_hz)) / rate_hz
    x = noise_of(9, SECONDS, rate_hz, 2.0, 10.0) + 3000 * ((t >= 30.5) & (t < 45.25))
    quality = judge_quality(frames_of(gain * x, rate_hz), DETECT)
    assert np.flatnonzero(quality.reasons).tolist() == [30, 45]
    assert (quality.reasons[[30, 45]] == STEP).all()


def test_a_recording_of_nothing_has_no_artefact():
    for n in (0, 100, 1999, 2000):
        quality = judge_quality(frames_of(np.zeros(n), RATE), DETECT)
        assert not quality.reasons.any()
        assert len(quality.reasons) == n // 2000


SIGNALS = {
    "everything": quiet()
    + bumps(10.2, 0.3, 12.8, 400.0)
    + within(30.5, SECONDS, 1000.0)
    + mains_lost(40.0, 44.0, 60.0),
    "bursts": quiet() + emg(4, 60.0) * (np.sin(2 * np.pi * TIME_S / 7) > 0.4) + slow_movement(0.0, 60.0, 40.0),
    "movement": quiet() + slow_movement(15.0, 35.0, 400.0) + bumps(50.2, 0.3, 52.8, 100.0),
}


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("with_heart", [False, True])
def test_each_second_is_judged_as_by_the_rules_written_out(name, with_heart):
    frames = frames_of(SIGNALS[name], RATE)
    if with_heart:
        heart = measured({"PSP_L": quiet(6) + heart_train(N, RATE, np.random.default_rng(6)).samples_uv}, RATE)
        frames = replace(frames, heart=heart.judged["PSP_L"].frames.heart)
        assert frames.heart.n_beats
    quality = judge_quality(frames, DETECT)
    power = witness_seconds(frames).power
    told = [naive.quality_of_second(t, frames, DETECT, power) for t in range(SECONDS)]
    wanted = [sum(REASON_BITS[name] for name in names) for names, _ in told]
    assert quality.reasons.tolist() == wanted
    spasms = [bool(names) and loud for names, loud in told]
    seconds = np.zeros(SECONDS, bool)
    for a, b in quality.possible_spasms:
        seconds[round(a) : round(b)] = True
    assert seconds.tolist() == spasms
