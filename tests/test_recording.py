"""Look-ups, times and gaps of a recording in memory."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.recording import Annotation, Recording, Run, Signal, array_recording

RATE_HZ = 10.0


def with_gaps():
    """10 Hz, samples 0, 1, 2, ...; runs of 2 s, 1 s and 3 s at 0 s, 5 s and 6.5 s."""
    samples = np.arange(60, dtype=np.float32)
    signal = Signal(0, "EMG TA R", "TA_R", "emg", "uV", RATE_HZ, 60, 0.05, -5000.0, 5000.0)
    runs = (Run(0.0, 2.0), Run(5.0, 6.0), Run(6.5, 9.5))
    return Recording("gaps", None, 9.5, (signal,), runs, (), (), "", lambda i, a, b: samples[a:b])


def test_gaps_read_as_nan_and_samples_stay_at_their_time():
    got = with_gaps().read("TA_R", 0, math.inf)
    assert len(got) == 95
    assert got[:20].tolist() == list(range(20))
    assert np.isnan(got[20:50]).all()
    assert got[50:60].tolist() == list(range(20, 30))
    assert np.isnan(got[60:65]).all()
    assert got[65:].tolist() == list(range(30, 60))


@given(st.floats(-2, 12), st.floats(-2, 12))
@settings(deadline=None)
def test_a_part_is_the_part_of_the_whole(start_s, stop_s):
    recording = with_gaps()
    whole = recording.read(0, 0, recording.duration_s)
    first, stop = (math.floor(min(max(t, 0), 9.5) * RATE_HZ + 0.5) for t in (start_s, stop_s))
    np.testing.assert_array_equal(recording.read(0, start_s, stop_s), whole[first : max(stop, first)])


def test_runs_are_placed_with_and_without_gaps():
    recording = with_gaps()
    assert recording.placed_runs(recording.signals[0]) == [(0, 0, 20), (50, 20, 10), (65, 30, 30)]


def test_a_signal_is_found_by_muscle_label_and_position():
    recording = with_gaps()
    assert {recording.signal(channel).index for channel in ("TA_R", "EMG TA R", 0)} == {0}


def test_an_unknown_channel_lists_what_is_there():
    with pytest.raises(SettingsError, match=r"CHANNEL_UNKNOWN: channel 'SOL_R' .* it has 'EMG TA R'"):
        with_gaps().signal("SOL_R")


def test_an_ambiguous_channel_names_the_positions():
    recording = array_recording([np.zeros(5), np.ones(5)], ["a", "b"], RATE_HZ, muscles=["TA_R", "TA_R"])
    with pytest.raises(SettingsError, match=r"CHANNEL_AMBIGUOUS: .* positions 0, 1"):
        recording.signal("TA_R")
    assert recording.read("b", 0, 1).tolist() == [1.0] * 5


def test_a_signal_without_muscle_is_not_found_by_an_empty_name():
    recording = array_recording([np.zeros(5)], ["EMG1"], RATE_HZ, muscles=[""])
    with pytest.raises(SettingsError, match="CHANNEL_UNKNOWN"):
        recording.signal("")


@pytest.mark.parametrize(("start_s", "stop_s"), [(math.nan, 1.0), (0.0, math.nan)])
def test_a_time_that_is_no_number_is_refused(start_s, stop_s):
    with pytest.raises(SettingsError, match="INTERVALS_INVALID"):
        with_gaps().read(0, start_s, stop_s)


@pytest.mark.parametrize(("start_s", "stop_s", "n"), [(-math.inf, math.inf, 95), (3, 2, 0), (20, 30, 0), (-5, -1, 0)])
def test_times_are_clipped_to_the_recording(start_s, stop_s, n):
    assert len(with_gaps().read(0, start_s, stop_s)) == n


def test_a_shorter_signal_ends_in_nan():
    recording = array_recording([np.ones(20), np.ones(15)], ["a", "b"], RATE_HZ)
    assert recording.read("b", 0, 2).tolist()[:15] == [1.0] * 15
    assert np.isnan(recording.read("b", 1.5, 2)).all()


def test_annotations_of_one_onset_keep_their_order():
    marks = [Annotation(1.0, 2.0, "b"), Annotation(1.0, None, "a"), Annotation(0.5, None, "c")]
    recording = array_recording([np.zeros(20)], ["a"], RATE_HZ, annotations=marks)
    assert [mark.text for mark in recording.annotations] == ["c", "b", "a"]


def test_arrays_of_unequal_rates_keep_their_own():
    recording = array_recording([np.zeros(20), np.zeros(200)], ["a", "b"], [10.0, 100.0])
    assert [s.rate_hz for s in recording.signals] == [10.0, 100.0]
    assert recording.duration_s == 2.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39])
def test_samples_that_are_no_finite_number_are_refused_with_how_many_and_where(value):
    samples = np.zeros(1000)
    samples[[300, 700]] = value
    with pytest.raises(SettingsError, match=r"SAMPLES_NOT_FINITE: signal 'b' has 2 samples .* the first at 300; "):
        array_recording([np.zeros(1000), samples], ["a", "b"], RATE_HZ)
