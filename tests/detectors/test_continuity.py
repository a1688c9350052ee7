"""CMUA epochs: what makes one, what does not, what is not usable."""

import numpy as np
import pytest

from emgpipe.detectors.activity import ACTIVE, EXCLUDED, SILENT, UNDETERMINABLE
from emgpipe.detectors.continuity import cmua_epochs, gap_ends, inactive_runs_s
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.intervals import Intervals
from tests.strategies import frames_of, noise_of

DETECT = DetectSettings()
FLOOR = Floor(1.0, 0.9, 1.1, "device", "high")
FRAMES = frames_of(noise_of(1, 40, 2000.0, 10.0), 2000.0)
ALWAYS = np.full(len(FRAMES.mean_square), ACTIVE, np.int8)


def epochs(states, frames=FRAMES, start_s=0.0, stop_s=40.0):
    return cmua_epochs(frames, states, FLOOR, start_s, stop_s, DETECT)


def with_state(state, start_s, stop_s):
    states = ALWAYS.copy()
    states[round(start_s * 80) : round(stop_s * 80)] = state
    return states


def test_every_epoch_of_an_active_muscle_is_continuous():
    found = epochs(ALWAYS)
    assert found.cmua.pairs.tolist() == [[0, 10], [10, 20], [20, 30], [30, 40]]
    assert (found.n_usable, found.n_undeterminable) == (4, 0)


def test_whole_epochs_of_the_segment_are_counted_from_its_start():
    assert epochs(ALWAYS, start_s=3.0, stop_s=32.9).cmua.pairs.tolist() == [[3, 13], [13, 23]]
    assert epochs(ALWAYS, stop_s=9.9).n_usable == 0


@pytest.mark.parametrize(("gap_s", "epochs_left"), [(0.45, 4), (0.5, 3), (0.6, 3)])
def test_a_gap_of_half_a_second_breaks_an_epoch(gap_s, epochs_left):
    assert len(epochs(with_state(SILENT, 12, 12 + gap_s)).cmua) == epochs_left


def test_an_epoch_active_for_less_than_95_percent_is_not_continuous():
    states = ALWAYS.copy()
    for i in range(14):
        states[800 + 50 * i : 803 + 50 * i] = SILENT
    # 42 of 800 hops, no gap above 40 ms
    assert len(epochs(states).cmua) == 3


def test_undeterminable_time_makes_an_epoch_unsure_and_not_silent():
    found = epochs(with_state(UNDETERMINABLE, 10, 20))
    assert (len(found.cmua), found.n_usable, found.n_undeterminable) == (3, 4, 1)


def test_an_epoch_counts_when_at_least_half_of_it_is_usable():
    found = epochs(with_state(EXCLUDED, 10, 15.1))
    assert (len(found.cmua), found.n_usable, found.used_s) == (3, 3, 30)
    found = epochs(with_state(EXCLUDED, 10, 15))
    assert (len(found.cmua), found.n_usable, found.used_s) == (4, 4, 35)
    marked = FRAMES.marked_bad(Intervals.of([(10, 15.1)]))
    assert epochs(ALWAYS, marked).n_usable == 3


def test_activity_must_stand_1_25_floors_above_the_floor_to_be_continuous():
    low = frames_of(noise_of(1, 40, 2000.0, 1.1), 2000.0)
    high = frames_of(noise_of(1, 40, 2000.0, 1.4), 2000.0)
    assert len(epochs(ALWAYS, low).cmua) == 0
    assert len(epochs(ALWAYS, high).cmua) == 4


def test_a_spasm_does_not_break_an_epoch():
    x = noise_of(1, 40, 2000.0, 10.0)
    x[30000:34000] *= 20
    assert len(epochs(ALWAYS, frames_of(x, 2000.0)).cmua) == 4


def test_runs_of_silence_end_at_what_is_not_known():
    states = np.array([SILENT, SILENT, EXCLUDED, SILENT, UNDETERMINABLE, SILENT, ACTIVE], np.int8)
    assert inactive_runs_s(states, 0.5).tolist() == [1.0, 0.5, 0.5]
    assert inactive_runs_s(ALWAYS, 0.0125).tolist() == []


@pytest.mark.parametrize(
    ("states", "n"),
    [
        ("AssA", 1),
        ("AsA", 0),
        ("ssss", 0),
        ("ssAss", 0),
        ("", 0),
        ("AsxsA", 1),
        ("AxxxA", 0),
        ("AssussA", 1),
        ("AsusA", 0),
        ("AssuAssxAxssA", 3),
        ("xxssAssA", 1),
    ],
)
def test_a_gap_is_silence_of_its_length_between_activity(states, n):
    """A active, s silent, u undeterminable, x excluded; 0.1 s each."""
    names = {"A": ACTIVE, "s": SILENT, "u": UNDETERMINABLE, "x": EXCLUDED}
    assert len(gap_ends(np.array([names[c] for c in states], np.int8), 0.1, 0.2)) == n
