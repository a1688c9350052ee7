"""Crosstalk: which seconds tell it, in which direction, and where nothing is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.activity import ACTIVE, SILENT, UNDETERMINABLE, Activity
from emgpipe.detectors.cocontraction import Envelope, PairEnvelopes
from emgpipe.detectors.crosstalk import SecondLevels, crosstalk, without_common
from emgpipe.detectors.witnesses import witness_seconds
from emgpipe.frames.model import PairCovariance
from tests.strategies import frames_of, noise_of


def covariance(*seconds):
    return PairCovariance(0, 1, np.arange(-1, 2), np.array(seconds, np.float32))


def peaks(*r):
    """One lag holds the peak, of either sign; the others are small."""
    return covariance(*([0.01, -one, 0.02] for one in r))


def levels(power, on=None):
    power = np.asarray(power, float)
    return SecondLevels(power, np.ones(len(power), bool) if on is None else np.asarray(on, bool))


def test_the_median_of_the_largest_correlation_is_taken_over_defined_seconds_of_the_segment():
    found = covariance([0.1, -0.4, 0], [np.nan] * 3, [0.2, 0.1, 0], [0.9, 0, 0], [0.3, 0, 0], [0.3, 0, 0])
    loud, soft = levels([9] * 6), levels([1] * 6)
    assert crosstalk(found, loud, soft, 0, 6).r0 == pytest.approx(0.3)
    assert crosstalk(found, loud, soft, 0, 6).used_s == 5
    assert crosstalk(found, loud, soft, 1.5, 5.9).r0 == pytest.approx(0.3)  # 0.2, 0.9, 0.3
    unusable = levels([np.nan, np.nan, np.nan, 1, 1, 1])
    assert crosstalk(found, loud, unusable, 0, 6).used_s == 3
    assert np.isnan(crosstalk(found, loud, soft, 1, 2).r0)
    assert np.isnan(crosstalk(found, loud, soft, 0.1, 0.9).r0)
    assert crosstalk(found, loud, levels([np.nan] * 6), 0, 6).used_s == 0


def test_a_source_that_is_on_for_a_fifth_of_the_time_is_not_hidden_by_the_rest():
    on = np.arange(20) % 5 == 0
    found = peaks(*np.where(on, 0.7, 0.05))
    said = crosstalk(found, levels(np.where(on, 400, 2), on), levels([2.0] * 20, [False] * 20), 0, 20)
    assert (said.r0, said.onto_second, said.used_s) == (pytest.approx(0.7), pytest.approx(0.7), 4)
    assert np.isnan(said.onto_first)


def test_a_tonic_source_that_puts_signal_over_in_its_spasms_only_is_told_where_the_receiver_is_on():
    spasm = np.arange(30) >= 26
    found = peaks(*np.where(spasm, 0.8, 0.1))
    said = crosstalk(found, levels(np.where(spasm, 4000, 40)), levels(np.where(spasm, 10, 2), spasm), 0, 30)
    assert (said.r0, said.used_s) == (pytest.approx(0.8), 4)


def test_each_direction_has_its_own_seconds():
    first_on = np.arange(20) < 10
    found = peaks(*np.where(first_on, 0.6, 0.2))
    said = crosstalk(found, levels(np.where(first_on, 99, 2), first_on), levels(np.where(first_on, 3, 50)), 0, 20)
    assert said.onto_second == pytest.approx(0.6)
    assert said.onto_first == pytest.approx(0.2)
    assert (said.r0, said.used_s) == (pytest.approx(0.6), 10)


def test_one_short_spasm_of_the_source_is_told_where_the_receiver_is_silent_otherwise():
    on = np.arange(10) < 2
    found, source = peaks(*np.where(on, 0.9, 0.1)), levels(np.where(on, 99, 2), on)
    for receiver in (levels([1] * 10, [0] * 10), levels([1] * 10, on), levels([1] * 10, np.arange(10) < 4)):
        said = crosstalk(found, source, receiver, 0, 10)
        assert (said.r0, said.onto_second) == (pytest.approx(0.9), pytest.approx(0.9))
        assert (said.used_s, said.told_s) == (2, 10)
    tonic = crosstalk(found, levels([99] * 10), levels([1] * 10, on), 0, 10)
    assert (tonic.onto_second, tonic.used_s) == (pytest.approx(0.9), 2)


def test_two_seconds_make_no_direction_where_the_receiver_does_more_without_the_source():
    on = np.arange(10) < 2
    found, source = peaks(*np.where(on, 0.9, 0.1)), levels(np.where(on, 99, 2), on)
    said = crosstalk(found, source, levels([1] * 10, np.arange(10) < 5), 0, 10)
    assert (said.r0, said.onto_second, said.used_s) == (pytest.approx(0.1), pytest.approx(0.1), 10)


seconds = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1e4), st.floats(0, 1e4), st.booleans(), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(seconds)
def test_the_order_of_a_pair_turns_the_directions_and_nothing_else(table):
    r, one, other, one_on, other_on = (np.array(column) for column in zip(*table, strict=True))
    other = other + (other == one)  # of equal power none is the louder one
    found, first, second = peaks(*r), levels(one, one_on), levels(other, other_on)
    n = len(table)
    said, turned = crosstalk(found, first, second, 0, n), crosstalk(found, second, first, 0, n)
    assert said.r0 == turned.r0
    if one.sum() != other.sum():
        np.testing.assert_equal((said.onto_first, said.onto_second), (turned.onto_second, turned.onto_first))
    assert 0 <= said.r0 <= 1
    assert np.fmax(said.onto_first, said.onto_second) == said.r0
    assert 0 < said.used_s <= n


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_a_second_is_on_from_a_tenth_of_it_and_undeterminable_time_is_not_silent(rate_hz):
    frames = frames_of(noise_of(1, 6, rate_hz), rate_hz)
    states = np.full(len(frames.mean_square), SILENT, np.int8)
    for second, state, length_s in ((1, ACTIVE, 0.13), (2, UNDETERMINABLE, 0.13), (3, ACTIVE, 0.07)):
        start = frames.hops(second + 0.4)
        states[start : start + frames.hops(length_s)] = state
    none = np.zeros(len(states), bool)
    said = SecondLevels.of(frames, witness_seconds(frames), Activity(states, lambda: none, lambda: none, 1.5))
    assert said.on.tolist() == [False, True, True, False, False, False]


def envelopes(first_uv, second_uv):
    made = (np.asarray(v, float) for v in (first_uv, second_uv))
    return PairEnvelopes(*(Envelope(v, v > 0, np.zeros(len(v), bool)) for v in made))


def test_common_power_is_taken_off_the_weaker_muscle_of_each_second_and_never_below_zero():
    pair = envelopes([10.0] * 39, [3.0] * 19 + [30.0] * 20)  # the middle of window 19 is at 1 s
    powers = levels([101, 101]), levels([10, 901])
    left = without_common(pair, peaks(0.6, 1.0), powers, (1.0, 1.0), 0.0)
    assert left.first.value_uv[:19] == pytest.approx(10.0)
    assert left.second.value_uv[:19] ** 2 == pytest.approx(9 - 0.36 * 10)
    assert left.first.value_uv[19:] == pytest.approx(0.0)
    assert left.second.value_uv[19:] == pytest.approx(30.0)


def test_seconds_without_a_correlation_leave_the_corrected_overlap():
    pair = envelopes([10.0] * 50, [3.0] * 50)
    left = without_common(pair, peaks(0.1, np.nan, 0.1), (levels([9, 9, np.nan]), levels([4, 4, 4])), (1.0, 1.0), 0.5)
    assert left.defined.tolist() == [True] * 9 + [False] * 41  # middles below 1 s; the rest is not told, 3 s is beyond
    assert left.undeterminable_share == 0.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)), min_size=19, max_size=19),
    st.floats(0, 1), st.floats(0.1, 10), st.floats(0.1, 1e4), st.floats(0.1, 1e4),
)  # fmt: skip
def test_a_corrected_envelope_is_never_above_the_one_given(table, r, floor_uv, one, other):
    pair = envelopes(*zip(*table, strict=True))
    left = without_common(pair, peaks(r), (levels([one]), levels([other])), (floor_uv, floor_uv), 0.0)
    for before, after in ((pair.first, left.first), (pair.second, left.second)):
        assert (after.value_uv >= 0).all()
        assert (after.value_uv <= before.value_uv * (1 + 1e-12)).all()
