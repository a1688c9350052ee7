"""Agreement of raters with each other and with the program."""

import numpy as np
import pytest
from hypothesis import given, settings

from emgpipe.intervals import Intervals
from emgpipe.tuning.agreement import agree, agreement_rows
from emgpipe.tuning.model import SCORES, Marks
from emgpipe.tuning.scores import agreement_of, score
from tests.strategies import seeds

WHOLE = Intervals.of([(0.0, 60.0)])


def marks(source, on, target="TA_R", scored=WHOLE, **more):
    return Marks(source, "S01_V1_rest", target, "active", Intervals.of(on), scored=scored, **more)


def named(sums):
    return dict(zip(SCORES, sums.tolist(), strict=True))


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_a_rater_is_scored_as_a_program_that_says_the_same(seed):
    rng = np.random.default_rng(seed)
    own = Intervals.of(np.sort(rng.choice(400, 12, replace=False)).reshape(-1, 2) * 0.125)
    states = np.repeat(np.arange(20) % 2, rng.integers(2, 40, 20)).astype(np.int8)
    whole = Intervals.of([(0.0, len(states) * 0.125)])
    one, other = marks("A", own.overlap(whole).pairs, scored=whole), Intervals.from_mask(states == 1).scaled(0.125)
    assert agree(one, marks("B", other.pairs, scored=whole)) == pytest.approx(score(states, 0.125, one), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_scores_do_not_depend_on_who_is_first(seed):
    rng = np.random.default_rng(seed)
    both = [marks(name, np.sort(rng.choice(400, 12, replace=False)).reshape(-1, 2) * 0.125) for name in "AB"]
    first, second = agreement_of(agree(*both)), agreement_of(agree(*reversed(both)))
    for name in ("f1", "iou", "kappa", "event_f1", "onset_error_s"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-12, nan_ok=True)
    assert first.onset_bias_s == pytest.approx(-second.onset_bias_s, rel=1e-12, nan_ok=True)


def test_only_time_that_both_have_judged_counts():
    one = marks("A", [(0.0, 20.0)], scored=Intervals.of([(0.0, 30.0)]))
    other = marks("B", [(15.0, 50.0)], scored=Intervals.of([(10.0, 60.0)]))
    got = named(agree(one, other))
    assert [got[name] for name in SCORES[:4]] == [5.0, 10.0, 5.0, 0.0]
    assert (got["n_true"], got["n_found"]) == (0, 1)


def test_bounded_onsets_match_by_their_middle_and_tell_no_error():
    bounded = {"searched": WHOLE, "onsets": Intervals.of([(4.8, 5.3), (9.0, 9.2)])}
    got = named(agree(marks("A", [], **bounded), marks("B", [], searched=WHOLE, points_s=(5.1, 30.0))))
    assert (got["n_true"], got["n_found"], got["n_matched"], got["n_timed"]) == (2, 2, 1, 0)


def test_rows_are_each_two_sources_and_each_source_with_the_program():
    sources = [marks("A", [(5, 9)]), marks("A", [(5, 9)], "GM_R"), marks("B", [(5, 9)]), marks("C", [(5, 9)], "PSP_L")]
    sums = {(name, "active"): agree(sources[0], sources[0]) for name in "ABC"}
    rows = agreement_rows(sources, {"declared": sums, "chosen": sums})
    assert [(row.first, row.second, row.n_targets) for row in rows] == [
        ("A", "B", 1), ("A", "C", 0), ("B", "C", 0),
        ("A", "program declared", 2), ("A", "program chosen", 2), ("B", "program declared", 1),
        ("B", "program chosen", 1), ("C", "program declared", 1), ("C", "program chosen", 1),
    ]  # fmt: skip
    assert (rows[0].kappa, rows[0].f1, rows[0].scored_s, rows[0].n_first) == (1, 1, 60, 1)
    assert np.isnan([rows[1].kappa, rows[1].f1, rows[1].event_f1]).all()


def test_a_source_that_is_called_like_the_program_is_none():
    sources = [marks("A", [(5, 9)]), marks("program x", [(5, 9)])]
    rows = agreement_rows(sources, {"x": {("A", "active"): agree(sources[0], sources[0])}})
    assert [(row.second, row.is_program) for row in rows] == [("program x", False), ("program x", True)]


def test_kinds_are_never_mixed():
    spasm = Marks("B", "S01_V1_rest", "TA_R", "spasm", Intervals.of([(5, 9)]), scored=WHOLE)
    assert agreement_rows([marks("A", [(5, 9)]), spasm], {}) == ()
