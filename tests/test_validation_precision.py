"""The bench of sampling precision in its short form, and what its checks refuse."""

import numpy as np
import pytest

from validation import precision
from validation.precision import Told


def one_by_one(function, arguments):
    return [function(*a) for a in arguments]


def test_intervals_of_a_thousand_correlation_times_hold_the_process():
    found = precision.frames_case(1.0, 0, 40)
    truth = precision.truth_case(1.0)
    named = [(name, told) for (name, _, length), told in found.items() if length == 1000 and name in truth]
    assert len(named) == len(precision.LEVELS) + 1 + len(precision.PAIRS)
    inside = []
    for name, told in named:
        share, given, n = precision.coverage(told, truth[name])
        assert (given, n) == (1.0, 40), name
        # 0.93 expected; 1 of 10,000 binomial draws of 40 is below 0.75
        assert share >= 0.75, (name, share)
        inside.append(share)
    assert np.mean(inside) == pytest.approx(0.94, abs=0.05)


def test_ten_correlation_times_are_too_short_for_levels():
    told = precision.frames_case(1.0, 0, 20)["rest_rms_uv", 1.0, 10]
    assert precision.coverage(told, 10.0)[2] == 0
    assert np.isfinite([t.value for t in told]).all()


def test_one_recording_gives_intervals_from_samples_to_rows():
    said = precision.signal_case(0.5, 60.0, 3)
    assert set(said) == set(precision.OF_SIGNALS)
    assert all(t.low <= t.value <= t.high for t in said.values() if np.isfinite(t.low))
    assert sum(np.isfinite(t.low) for t in said.values()) >= 5


def test_coverage_counts_what_is_given():
    told = [Told(1.0, 0.0, 2.0), Told(1.0, 1.5, 2.0), Told(1.0, np.nan, np.nan), Told(1.0, 0.5, 1.5)]
    assert precision.coverage(told, 1.0) == (pytest.approx(2 / 3), 0.75, 3)


def test_a_claim_falls_where_one_cell_covers_too_little_or_too_much():
    cells = [(0.94, 400)] * 20
    for share, holds in ((0.94, True), (0.88, True), (0.86, False), (1.0, False)):
        assert precision._holds([*cells, (share, 400)]) is holds
    assert not precision._holds([])
