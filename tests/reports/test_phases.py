from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba

from emgpipe.frames.model import ChannelFrames
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.reports import Measured, RecordingReport, figure_png
from emgpipe.reports.phases import FAINT, JUDGED, MEAN, MOST_TRIALS, course_around, phases_figure, relax_cues_s
from tests.strategies import noise_of

RATE_HZ, SECONDS = 2000.0, 100.0
STIMULI_S, CUES_S = (35.0, 41.0, 47.0), (60.0, 80.0)


@pytest.fixture(scope="module")
def cued():
    """Rest to 30 s; ten times louder for 1 s after each stimulus, and for 3 s after each cue to relax."""
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    loud = np.zeros(len(time_s), bool)
    for onset_s, length_s in [*((s, 1.0) for s in STIMULI_S), *((s, 3.0) for s in CUES_S)]:
        loud |= (time_s >= onset_s) & (time_s < onset_s + length_s)
    marks = [Annotation(0.0, 30.0, "rest"), *(Annotation(s, None, "stimulus") for s in STIMULI_S)]
    marks += [Annotation(s, None, "relax_cue") for s in CUES_S]
    signals = [noise_of(seed, SECONDS, RATE_HZ) * np.where(loud, 10.0, 1.0) for seed in (1, 2)]
    recording = array_recording(signals, ["TA_R", "GM_R"], RATE_HZ, annotations=marks)
    return Measured.of(measure(recording, compute_frames(recording, mains_hz=50)))


def figure_of(result):
    return phases_figure(RecordingReport("S1_V1_rest", "rest", "a.edf", "", result))


def titles(figure):
    return [t.get_text() for t in figure.axes[0].texts if t.get_fontsize() == 7.5]


def frames_of(mean_square):
    empty = ChannelFrames.refusing(0, "TA_R", "TA_R", 2000.0, "")
    return replace(empty, mean_square=np.asarray(mean_square, np.float32))


def test_a_recording_with_neither_stimuli_nor_cues_has_no_phases(cued, report):
    assert phases_figure(report) is None
    assert figure_of(replace(cued, cues=(), stimuli_s=())) is None
    assert phases_figure(RecordingReport("S1_V1_gone", "rest", "gone.edf", "", None)) is None


def test_each_phase_that_there_is_has_a_column(cued):
    assert titles(figure_of(cued)) == ["rest", "around 3 stimuli", "after 2 cues to relax"]
    assert titles(figure_of(replace(cued, stimuli_s=()))) == ["rest", "after 2 cues to relax"]
    no_rest = replace(cued, segments=(), cues=(), stimuli_s=STIMULI_S[:1])
    assert titles(figure_of(no_rest)) == ["around 1 stimulus"]


def test_the_course_after_a_stimulus_rises_with_it_and_falls_after_a_second(cued):
    frames = cued.muscles["TA_R"].frames
    usable = np.ones(len(frames.mean_square), bool)
    course = course_around(frames, STIMULI_S, (-1.0, 3.0), n_hops=4, usable=usable)
    assert course.trials_uv.shape == (3, len(course.time_s))
    on = (course.time_s > 0.1) & (course.time_s < 0.9)
    off = (course.time_s < -0.1) | (course.time_s > 1.1)
    # RMS of 50 ms in a 430 Hz band: 43 degrees of freedom, 11 % scatter, less of three trials; five of them
    assert course.mean_uv[on] == pytest.approx(10.0, rel=0.5)
    assert np.median(course.mean_uv[on]) == pytest.approx(10.0, rel=0.1)
    assert np.median(course.mean_uv[off]) == pytest.approx(1.0, rel=0.1)
    half = course.time_s[np.flatnonzero(course.mean_uv > 5.0)[0]]
    assert half == pytest.approx(0.0, abs=0.05)


@settings(max_examples=40, deadline=None)
@given(st.integers(30, 300), st.integers(1, 9), st.floats(-1.0, 5.0), st.integers(0, 2**32 - 1))
def test_a_course_is_the_power_of_its_window_or_nothing(n, window, moment_s, seed):
    rng = np.random.default_rng(seed)
    power = rng.uniform(1.0, 9.0, n).astype(np.float32)
    usable = rng.random(n) < 0.7
    frames = frames_of(power)
    course = course_around(frames, [moment_s], (-0.5, 1.0), n_hops=window, usable=usable)
    middle = frames.hops(moment_s) + np.arange(frames.hops(-0.5), frames.hops(1.0) + 1)
    for at, level in zip(middle, course.trials_uv[0], strict=True):
        hops = [h for h in range(at - window // 2, at - window // 2 + window) if 0 <= h < n and usable[h]]
        if len(hops) >= window / 2:
            assert level == pytest.approx(np.sqrt(np.mean(power[hops], dtype=float)), rel=1e-6)
        else:
            assert np.isnan(level)
    assert np.array_equal(course.trials_uv[0], course.mean_uv, equal_nan=True)


def test_excluded_time_does_not_enter():
    power = np.ones(400, np.float32)
    power[100:200] = 1e6
    usable = np.ones(400, bool)
    usable[100:200] = False
    course = course_around(frames_of(power), [0.5, 3.0], (-0.5, 1.5), n_hops=4, usable=usable)
    assert np.nanmax(course.trials_uv) == 1.0
    assert np.isnan(course.trials_uv).any()


def test_a_course_after_a_cue_ends_with_the_next_mark(cued):
    assert relax_cues_s(cued) == [(60.0, 75.0), (80.0, 95.0)]
    close = replace(cued, stimuli_s=(66.0,), cues=tuple(c for c in cued.cues if c.kind != "stimulus"))
    assert relax_cues_s(close) == [(60.0, 66.0), (80.0, 95.0)]
    cut = tuple(replace(c, stop_s=c.start_s + 2.0) if c.start_s == 65.0 else c for c in cued.cues)
    assert relax_cues_s(replace(cued, cues=cut))[0] == (60.0, 67.0)
    gone = tuple(replace(c, stop_s=c.start_s) if c.start_s == 65.0 else c for c in cued.cues)
    assert relax_cues_s(replace(cued, cues=gone)) == [(80.0, 95.0)]


def test_the_judged_stretch_is_shaded_and_the_mean_is_drawn_over_the_trials(cued):
    figure = figure_of(cued)
    by_colour = {tuple(c.get_facecolor()[0]): c for c in figure.axes[0].collections if len(c.get_facecolor())}
    assert len(by_colour[to_rgba(JUDGED)].get_paths()) == 2
    lines = {tuple(c.get_edgecolor()[0]): c for c in figure.axes[0].collections if not len(c.get_facecolor())}
    assert lines[to_rgba(MEAN)].get_zorder() > lines[to_rgba(FAINT)].get_zorder()


def test_of_many_stimuli_some_trials_are_drawn_and_all_are_counted(cued):
    many = replace(cued, cues=(), stimuli_s=tuple(np.linspace(5.0, 90.0, 60).tolist()))
    figure = figure_of(many)
    assert "around 60 stimuli" in titles(figure)
    lines = {tuple(c.get_edgecolor()[0]): c for c in figure.axes[0].collections if not len(c.get_facecolor())}
    assert len(lines[to_rgba(FAINT)].get_paths()) == 2 * MOST_TRIALS


def test_a_lead_without_a_level_and_odd_names_are_drawn(cued):
    one = cued.muscles["TA_R"]
    gone = replace(one, frames=replace(one.frames, mean_square=np.full_like(one.frames.mean_square, np.nan)))
    short = replace(
        one, frames=replace(one.frames, mean_square=one.frames.mean_square[:3], reasons=one.frames.reasons[:3])
    )
    odd = replace(cued, muscles={"<b>$x$": gone, "TA_R": short})
    assert figure_png(figure_of(odd)) == figure_png(figure_of(odd))
