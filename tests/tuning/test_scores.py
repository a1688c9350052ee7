"""Scores of states against marks: by hand, against a plain twin, and laws."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.intervals import Intervals
from emgpipe.tuning.model import SCORES, Marks
from emgpipe.tuning.scores import agreement_of, interval_states, prepare_marks, score, score_hops
from tests import naive
from tests.strategies import seeds

HOP_S = 0.125  # a power of two: seconds are exact
WHOLE = Intervals.of([(0.0, 100.0)])


def marked(on=(), onsets=(), scored=WHOLE, searched=None, points=()):
    stretches, windows = Intervals.of(list(on)), Intervals.of(list(onsets))
    return Marks("A", "S01_V1_rest", "TA_R", "active", stretches, windows, scored, searched, tuple(points))


def told(states, marks, tolerance_s=0.25):
    return dict(zip(SCORES, score(np.array(states, np.int8), HOP_S, marks, tolerance_s).tolist(), strict=True))


def drawn_intervals(rng, end_s, n, step_s=HOP_S / 4):
    """Disjoint stretches on a grid four times as fine as hops."""
    edges = np.sort(rng.choice(int(end_s / step_s), 2 * n, replace=False)) * step_s
    return Intervals.of(edges.reshape(-1, 2))


def test_seconds_of_a_hand_made_case():
    got = told([0, 1, 1, 1, 0, -1, -2, 0], marked([(0.25, 0.75)]))
    # marks: hops 2-5; hop 6 is excluded; 5 is undeterminable and marked on
    assert (got["both_s"], got["found_only_s"], got["true_only_s"], got["neither_s"]) == (0.25, 0.125, 0.25, 0.25)
    assert got["undeterminable_s"] == 0.125


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_sums_are_those_of_a_plain_loop_over_hops(seed):
    rng = np.random.default_rng(seed)
    states = np.repeat(rng.integers(-2, 2, 20), rng.integers(1, 8, 20)).astype(np.int8)
    end_s = len(states) * HOP_S
    windows = drawn_intervals(rng, end_s / 4, rng.integers(0, 2))
    on = Intervals.of(drawn_intervals(rng, end_s * 3 / 4, rng.integers(0, 5)).pairs + end_s / 4)
    scored = drawn_intervals(rng, end_s, 3)
    marks = marked(on, windows, scored, drawn_intervals(rng, end_s, 2) if rng.random() < 0.5 else None)
    plain = naive.score_hops(states.tolist(), HOP_S, marks, 0.3)
    assert score(states, HOP_S, marks, 0.3) == pytest.approx(plain, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_marks_that_are_the_program_agree_with_it(seed):
    rng = np.random.default_rng(seed)
    states = np.repeat(np.arange(20) % 2, rng.integers(2, 9, 20)).astype(np.int8)
    marks = marked(Intervals.from_mask(states == 1).scaled(HOP_S))
    agreement = agreement_of(score(states, HOP_S, marks))
    assert (agreement.f1, agreement.iou, agreement.kappa, agreement.event_f1) == (1, 1, 1, 1)
    assert (agreement.onset_bias_s, agreement.onset_error_s, agreement.undeterminable_share) == (0, 0, 0)


def test_saying_nothing_never_helps():
    marks = marked([(0.5, 1.0)])
    sure, unsure = ([0, 0, 0, 0, state, state, 1, 1, 0, 0] for state in (1, -1))
    assert told(unsure, marks)["true_only_s"] == told(sure, marks)["true_only_s"] + 0.25
    assert agreement_of(score(np.array(unsure, np.int8), HOP_S, marks)).f1 < 1


def test_an_undeterminable_hop_before_a_false_burst_does_not_take_it_back():
    marks = marked([(0.5, 1.0)])
    for before in (0, -1):
        states = [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, before, 1, 1, 0]
        got = told(states, marks)
        assert (got["n_true"], got["n_found"], got["n_matched"]) == (1, 2, 1)
        assert agreement_of(score(np.array(states, np.int8), HOP_S, marks)).event_f1 == 2 / 3


def test_activity_out_of_undeterminable_time_is_an_onset_and_out_of_excluded_time_none():
    marks = marked([(0.5, 1.0)])
    onset, cut = ([0, 0, 0, before, 1, 1, 1, 1, 0, 0] for before in (-1, -2))
    assert (told(onset, marks)["n_found"], told(onset, marks)["n_matched"]) == (1, 1)
    assert (told(cut, marks)["n_found"], told(cut, marks)["n_true"]) == (0, 0)


def test_what_the_program_excludes_is_not_scored():
    got = told([0, 0, -2, -2, -2, -2, 0, 0], marked([(0.375, 0.625)]))
    assert got["n_true"] == got["true_only_s"] == 0
    assert got["neither_s"] == 0.5


def test_what_the_marks_leave_out_is_not_scored():
    scored = Intervals.of([(0.0, 0.5)])
    got = told([0, 0, 0, 0, 0, 1, 1, 0], marked(scored=scored))
    assert sum(got[name] for name in SCORES[:4]) == 0.5
    assert got["n_found"] == 0


def test_an_onset_before_the_scored_time_still_matches_the_one_behind_it():
    scored = Intervals.of([(0.5, 2.0)])
    got = told([0, 0, 0, 1, 1, 1, 1, 0, 0], marked([(0.625, 0.875)], scored=scored))
    assert (got["n_true"], got["n_found"], got["n_matched"], got["onset_sum_s"]) == (1, 1, 1, -0.25)


def test_an_onset_at_the_cut_begin_of_a_stretch_is_neither_right_nor_false():
    got = told([0, 1, 1, 1, 0, 0], marked([(0.0, 0.5)]))
    assert (got["n_true"], got["n_found"], got["n_matched"]) == (0, 0, 0)


def test_who_is_on_from_the_begin_has_no_onset_and_a_first_discharge_just_behind_it_is_not_missed():
    got = told([1] * 16, marked([(0.125, 2.0)]))
    assert (got["n_true"], got["n_found"], got["true_only_s"]) == (0, 0, 0)
    late = told([0, 0, 0, 1] + [1] * 12, marked([(0.125, 2.0)]))
    assert (late["n_true"], late["n_found"], late["n_matched"]) == (0, 0, 0)  # it matches, and counts nowhere
    assert told([0, 0, 0, 0, 1, 1], marked([(0.5, 0.75)]))["n_matched"] == 1


def test_a_program_that_is_active_from_the_start_has_no_onset():
    assert told([1, 1, 0, 0], marked([(0.25, 0.5)]))["n_found"] == 0


def test_the_first_onset_in_a_bounded_stretch_matches_and_a_second_one_is_false():
    got = told([0, 0, 1, 0, 1, 1, 0, 1], marked(onsets=[(0.125, 0.75)], scored=Intervals.of([]), searched=WHOLE))
    assert (got["n_true"], got["n_found"], got["n_matched"]) == (1, 3, 1)  # 2 inside, 1 behind it
    assert (got["n_timed"], got["onset_abs_s"]) == (0, 0)


def test_onsets_outside_bounded_stretches_count_only_where_onsets_are_marked():
    nowhere = Intervals.of([])
    got = told([0, 0, 1, 0, 0, 0, 0, 1], marked(onsets=[(0.125, 0.5)], scored=nowhere))
    assert (got["n_found"], got["n_matched"]) == (1, 1)


def test_onsets_without_an_end_have_an_error_and_no_seconds():
    got = told([0, 0, 0, 0, 1, 1, 1], marked(scored=Intervals.of([]), searched=WHOLE, points=[0.375]))
    assert (got["n_matched"], got["n_timed"], got["onset_sum_s"]) == (1, 1, 0.125)
    assert sum(got[name] for name in SCORES[:4]) == 0


def test_kappa_is_that_of_the_textbook():
    # Cohen's kappa by its definition: (po - pe) / (1 - pe)
    both, found, true, none = 20.0, 5.0, 10.0, 15.0
    total = both + found + true + none
    po = (both + none) / total
    pe = ((both + found) * (both + true) + (found + none) * (true + none)) / total**2
    sums = np.array([both, found, true, none, *[0.0] * (len(SCORES) - 4)])
    assert float(agreement_of(sums).kappa) == pytest.approx((po - pe) / (1 - pe), rel=1e-14)


def test_nothing_over_nothing_is_no_score():
    agreement = agreement_of(np.zeros((2, len(SCORES))))
    assert all(
        np.isnan(getattr(agreement, field.name)).tolist() == [True, True] for field in dataclasses.fields(agreement)
    )


def test_activity_that_was_made_up_scores_zero_and_is_not_missing():
    agreement = agreement_of(score(np.array([0, 0, 0, 0, 1, 1, 0], np.int8), HOP_S, marked()))
    assert (agreement.f1, agreement.precision, agreement.event_f1) == (0, 0, 0)
    assert np.isnan(agreement.recall)


def test_prepared_marks_give_the_same_for_any_states():
    rng = np.random.default_rng(3)
    marks = marked(drawn_intervals(rng, 10.0, 6))
    prepared = prepare_marks(marks, 80, HOP_S)
    for _ in range(3):
        states = rng.integers(-2, 2, 80).astype(np.int8)
        assert np.array_equal(score_hops(states, prepared), score(states, HOP_S, marks))


@pytest.mark.parametrize("n_hops", [0, 1, 2])
def test_recordings_of_hardly_any_hops_are_scored_without_fuss(n_hops):
    assert score(np.zeros(n_hops, np.int8), HOP_S, marked([(0.0, 0.1)])).shape == (len(SCORES),)


def test_found_stretches_become_states_that_say_what_cannot_be_told():
    states = np.array([1, 0, -1, -2, 0, 0], np.int8)
    found = Intervals.of([(0.125, 0.375)])
    assert interval_states(found, [states], [HOP_S]).tolist() == [0, 1, 1, -2, 0, 0]
    within = Intervals.of([(0.0, 0.5)])
    assert interval_states(found, [states], [HOP_S], within).tolist() == [0, 1, 1, -2, -2, -2]
    no_floor = np.array([-1, -1, -2], np.int8)
    assert interval_states(Intervals.of([]), [no_floor], [HOP_S]).tolist() == [-1, -1, -2]


def test_pairs_of_unequal_rates_share_the_clock_of_the_first():
    first, second = np.array([0, 1, 1, 1], np.int8), np.array([-1, -1, 1, 1, 1, 1, -2, -2], np.int8)
    got = interval_states(Intervals.of([(0.125, 0.375)]), [first, second], [HOP_S, HOP_S / 2])
    assert got.tolist() == [0, 1, 1, -2]


@settings(max_examples=30, deadline=None)
@given(seeds, st.floats(0.05, 0.6))
def test_a_wider_tolerance_never_matches_fewer_onsets(seed, tolerance_s):
    rng = np.random.default_rng(seed)
    marks, states = marked(drawn_intervals(rng, 20.0, 12)), rng.integers(0, 2, 160).astype(np.int8)
    narrow, wide = (told(states, marks, one)["n_matched"] for one in (tolerance_s, 2 * tolerance_s))
    assert wide >= narrow
