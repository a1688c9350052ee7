"""Responses to stimuli: told where they are, when they begin, how large they are; none where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.evoked import habituation, judge_evoked, median_interval
from emgpipe.detectors.settings import DetectSettings
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import BAD, CLIPPED, MOVEMENT, QRS
from emgpipe.frames.reduce import prepare_runs
from emgpipe.frames.stimuli import stimulus_stretches
from emgpipe.simulate import reflex_drive, stimulus_artefact
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import frames_of, noise_of, run_of, seeds

RATE = 2000.0
STIMULI_S = tuple(1.0 + 5.5 * k for k in range(8))
SECONDS = 46


def response_of(seed=1, level_uv=30.0, **more):
    rng = np.random.default_rng(seed)
    n = round(SECONDS * RATE)
    drive = reflex_drive(n, STIMULI_S, rng, level=1.0, step_s=1 / RATE, **more)
    return level_uv * gaussian_emg(n, RATE, rng) * drive.excitation, drive


def judged(samples_uv, stimuli_s=STIMULI_S, frames=None, floor_uv=1.0, rate_hz=RATE, **detect):
    conditioners, *_ = prepare_runs([run_of(samples_uv)], rate_hz, 50, ConditionSettings())
    stretches = stimulus_stretches(conditioners, stimuli_s, ConditionSettings())
    return judge_evoked(stretches, frames or frames_of(samples_uv, rate_hz), floor_uv, DetectSettings(**detect))


def test_each_response_is_found_near_its_onset():
    emg, drive = response_of()
    evoked = judged(emg + noise_of(2, SECONDS, RATE))
    assert evoked.n_used == evoked.n_responses == len(STIMULI_S)
    # the bench measures 1 to 3 ms a trial; the median over eight is nearer
    assert np.median(np.abs(evoked.latency_s - drive.latencies_s)) < 0.003


def test_noise_has_no_response_and_no_area():
    evoked = judged(noise_of(3, SECONDS, RATE))
    assert evoked.n_responses <= 1
    # five windows before: each is known to 0.3 floors of noise, over 5 s; the median of eight to a third of that
    assert abs(np.median(evoked.area_uvs)) < 4 * 0.8 * 0.3 / np.sqrt(5) * 5 / np.sqrt(8)


@pytest.mark.parametrize("tonic_uv", [0.0, 5.0])
def test_the_area_does_not_depend_on_the_noise(tonic_uv):
    # noise of 1.5 µV alone scatters the median of eight areas by 0.7 µV s; the area here is 20
    emg, _ = response_of(level_uv=120.0)
    emg = emg + tonic_uv * gaussian_emg(len(emg), RATE, np.random.default_rng(9))
    alone = judged(emg + noise_of(4, SECONDS, RATE, 0.02), floor_uv=0.02).area_uvs
    below = judged(emg + noise_of(4, SECONDS, RATE, 1.5), floor_uv=1.5).area_uvs
    assert np.median(below) == pytest.approx(np.median(alone), rel=0.1)


@pytest.mark.parametrize("rate_hz", [2000.0, 4000.0])
def test_a_tone_outside_the_band_changes_no_area_and_no_latency(rate_hz):
    n = round(SECONDS * rate_hz)
    drive = reflex_drive(n, STIMULI_S, np.random.default_rng(1), level=1.0, step_s=1 / rate_hz)
    emg = 10 * gaussian_emg(n, rate_hz, np.random.default_rng(2)) * drive.excitation
    tone = 5 * np.sin(2 * np.pi * 733 * np.arange(n) / rate_hz)
    for muscle in (np.zeros(n), emg):
        quiet = muscle + noise_of(3, SECONDS, rate_hz)
        one, other = judged(quiet, rate_hz=rate_hz), judged(quiet + tone, rate_hz=rate_hz)
        assert other.area_uvs == pytest.approx(one.area_uvs, abs=0.25)
        assert abs(other.n_responses - one.n_responses) <= 1
    assert np.median(np.abs(other.latency_s - one.latency_s)) < 0.001


def test_the_area_of_a_response_without_noise_is_its_rectified_integral():
    emg, _ = response_of()
    evoked = judged(emg + noise_of(4, SECONDS, RATE, 0.02), floor_uv=0.02)
    first = round((STIMULI_S[0] + 0.04) * RATE)
    # the band-pass takes the edges of the simulated spectrum
    assert evoked.area_uvs[0] == pytest.approx(np.abs(emg[first : first + round(4.96 * RATE)]).sum() / RATE, rel=0.05)


def test_an_artefact_of_the_stimulus_is_no_response():
    noise = noise_of(5, SECONDS, RATE)
    with_it = judged(
        noise + stimulus_artefact(len(noise), RATE, STIMULI_S, peak_uv=5000.0), frames=frames_of(noise, RATE)
    )
    assert with_it.n_used == len(STIMULI_S)
    assert with_it.n_responses == judged(noise).n_responses
    assert not with_it.loud.any()


def test_an_artefact_that_outlasts_the_blanked_time_is_said_and_is_no_response():
    noise = noise_of(5, SECONDS, RATE)
    artefact = stimulus_artefact(len(noise), RATE, STIMULI_S, peak_uv=5000.0, tail_s=0.006)
    evoked = judged(noise + artefact, frames=frames_of(noise, RATE))
    assert evoked.loud.all()
    assert not evoked.told.any()
    assert evoked.n_responses == 0


@pytest.mark.parametrize(("bit", "name"), [(BAD, "BAD"), (MOVEMENT, "MOVEMENT")])
def test_trials_with_excluded_time_are_left_out_and_say_why(bit, name):
    emg, _ = response_of()
    samples_uv = emg + noise_of(2, SECONDS, RATE)
    frames = frames_of(samples_uv, RATE)
    frames.reasons[frames.hops(STIMULI_S[2] + 3.0)] |= bit
    evoked = judged(samples_uv, frames=frames)
    assert evoked.left_out == ("", "", name, "", "", "", "", "")
    assert np.isnan([evoked.latency_s[2], evoked.area_uvs[2]]).all()


def test_clipping_of_the_artefact_alone_costs_no_trial():
    emg, _ = response_of()
    samples_uv = emg + noise_of(2, SECONDS, RATE)
    frames = frames_of(samples_uv, RATE)
    frames.reasons[frames.hops(STIMULI_S[2])] |= CLIPPED
    assert judged(samples_uv, frames=frames).n_used == len(STIMULI_S)


def test_a_heart_beat_hides_a_response_only_where_it_lies():
    emg, _ = response_of()
    samples_uv = emg + noise_of(2, SECONDS, RATE)
    frames = frames_of(samples_uv, RATE)
    for k, after_s in ((3, 0.05), (5, 2.0)):
        first = frames.hops(STIMULI_S[k] + after_s)
        frames.reasons[first : first + 10] |= QRS
    evoked = judged(samples_uv, frames=frames)
    plain = judged(samples_uv)
    assert evoked.told.tolist() == [k != 3 for k in range(8)]
    assert np.isnan([evoked.latency_s[3], evoked.area_uvs[3]]).all()
    # a tenth of a second of the tail is told by the rest of it
    assert evoked.area_uvs[5] == pytest.approx(plain.area_uvs[5], rel=0.1)
    assert evoked.n_used == 8


def test_a_heart_beat_that_empties_a_window_of_the_area_leaves_the_others():
    emg, _ = response_of()
    samples_uv = 3 * (emg + noise_of(2, SECONDS, RATE))
    frames = frames_of(samples_uv, RATE)
    reasons = frames.reasons.copy()
    for stimulus_s in STIMULI_S:  # 0.1 s of every second, one of them over early windows of 20 ms
        for beat_s in stimulus_s + 0.1 + np.arange(4):
            reasons[frames.hops(beat_s) : frames.hops(beat_s + 0.1)] |= QRS
    whole, beating = (
        judged(samples_uv, floor_uv=3.0),
        judged(samples_uv, floor_uv=3.0, frames=replace(frames, reasons=reasons)),
    )
    # a fifth of the loud early windows is not seen: the area is read off what is
    assert np.median(beating.area_uvs) == pytest.approx(np.median(whole.area_uvs), rel=0.25)


def test_stimuli_that_follow_soon_cut_all_areas_alike():
    samples_uv = noise_of(6, SECONDS, RATE)
    close = judged(samples_uv, tuple(2.0 * k for k in range(1, 20)))
    assert close.area_until_s == pytest.approx(2.0, abs=0.01)
    assert np.isfinite(close.area_uvs).all()
    mixed = judged(samples_uv, (1.0, 7.0, 13.0, 15.0, 21.0))
    assert mixed.area_until_s == 5.0
    assert np.isfinite(mixed.area_uvs).tolist() == [True, True, False, True, True]


def test_one_mark_too_many_costs_its_own_trial_alone():
    samples_uv = noise_of(6, 90, RATE)
    marks = [2.0 + 4.0 * k for k in range(20)]
    plain, doubled = (judged(samples_uv, tuple(sorted(stimuli))) for stimuli in (marks, [*marks, marks[8] + 0.3]))
    assert doubled.area_until_s == pytest.approx(plain.area_until_s)
    assert doubled.short.tolist() == [k == 8 for k in range(21)]
    kept = np.delete(doubled.area_uvs, [8, 9])
    assert kept == pytest.approx(np.delete(plain.area_uvs, 8), abs=1e-6)


def test_time_that_stretches_share_is_used_once():
    close = judged(noise_of(6, SECONDS, RATE), tuple(2.0 * k for k in range(1, 20)))
    # from 0.5 s before the first stimulus to 5 s after the last, but for the blanked 2 ms at each end
    assert close.used_s == pytest.approx(36 + 5.5, abs=0.01)


def test_a_train_of_marks_is_one_stimulus_too_many():
    evoked = judged(noise_of(6, SECONDS, RATE), (1.0, 10.0, 10.1, 20.0))
    assert evoked.left_out == ("", "STIMULI_CLOSE", "STIMULI_CLOSE", "")


@settings(max_examples=5, deadline=None)
@given(seeds, st.floats(0.01, 100))
def test_verdicts_follow_the_scale(seed, factor):
    emg, _ = response_of(seed, 10.0)
    samples_uv = emg + noise_of(seed, SECONDS, RATE)
    one, other = judged(samples_uv), judged(factor * samples_uv, floor_uv=factor)
    # samples are stored in single precision
    assert np.isfinite(one.latency_s).tolist() == np.isfinite(other.latency_s).tolist()
    assert other.area_uvs == pytest.approx(factor * one.area_uvs, rel=1e-2, abs=1e-2 * factor)


@given(st.floats(-0.5, 0.5), st.floats(0.1, 100), st.lists(st.integers(0, 9), max_size=4))
def test_areas_on_a_line_give_its_slope(slope, first, missing):
    areas = first * np.exp(slope * np.arange(10))
    areas[missing] = np.nan
    found = habituation(areas, 0.95)
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.low <= found.slope <= found.high
    assert (found.n_trials, found.n_censored) == (10 - len(set(missing)), 0)


def test_the_interval_of_a_median_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(7)
    held = [low <= 0 <= high for low, high in (median_interval(rng.standard_normal(16), 0.95) for _ in range(2000))]
    # 0.979 by the binomial of 16; 0.003 is its standard error here
    assert np.mean(held) == pytest.approx(0.979, abs=0.01)


def test_another_search_window_finds_what_comes_later():
    emg, drive = response_of(latency_s=0.4, n_bursts=1)
    samples_uv = emg + noise_of(2, SECONDS, RATE)
    assert judged(samples_uv).n_responses <= 1
    late = judged(samples_uv, evoked_last_s=1.0)
    assert np.median(np.abs(late.latency_s - drive.latencies_s)) < 0.003


def test_a_frame_without_marks_is_left_as_it_was():
    samples_uv = noise_of(2, SECONDS, RATE)
    frames = frames_of(samples_uv, RATE)
    before = frames.reasons.copy()
    judged(samples_uv, frames=replace(frames))
    assert np.array_equal(before, frames.reasons)
