"""The bench of sweeps: what it times is what `measure` decides. Nothing is timed here."""

import numpy as np

from emgpipe.pipeline import measure
from validation import speed


def test_states_of_the_bench_are_those_of_measure():
    channels, recording, frames = speed.hour(20.0, 2)
    assert (len(channels), frames.duration_s) == (8, 40.0)
    axes = {"activity_ratio": (1.2, 2.5), "close_gap_s": (0.05, 0.4)}
    tried = speed.settings_of(axes)
    assert [(one.detect.activity_ratio, one.detect.close_gap_s) for one in tried] == [
        (1.2, 0.05), (1.2, 0.4), (2.5, 0.05), (2.5, 0.4),
    ]  # fmt: skip
    prepared = speed.prepared_of(recording, frames)
    for settings in tried:
        told = measure(recording, frames, settings=settings, pairs=[], covariances={}, stretches={})
        for name, states in prepared.states(settings).items():
            assert np.array_equal(states, told.judged[name].activity.states)


def test_time_is_counted_once_after_a_first_go():
    done = []
    assert speed.timed(lambda: done.append(1)) >= 0
    assert done == [1, 1]
