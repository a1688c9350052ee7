"""Subjects over periods and visits: whose line stands where, what a gap and a missing period are."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.outcomes.model import PeriodValues, Stage
from emgpipe.reports.figures import figure_png
from emgpipe.reports.paired import FIRST, PERIOD_2, SECOND, course_figure, groups_of, paired_figure, spread
from emgpipe.reports.sheets import INK
from tests.reports.test_trajectories import areas, lines, marks, words
from tests.reports.trials import arms, period_values


def two(values, visits=None):
    values = np.array(values, float)
    names = tuple(f"S{i}" for i in range(len(values)))
    stages = tuple(Stage(f"M{i}", 1 + i // 2, "treatment") for i in range(4)) if visits is not None else ()
    visits = np.empty((0, 0)) if visits is None else np.array(visits, float)
    return PeriodValues(names, values, values, np.ones(values.shape, int), (), stages, visits)


def test_a_line_a_subject_goes_from_the_first_period_to_the_second_and_by_treatment():
    figure = paired_figure(two([[1.0, 3.0], [1.0, 3.0]]), {"S0": "AB", "S1": "BA"}, "index")
    [of_ab, of_ab_again] = sorted(lines(figure, FIRST), key=lambda line: line[0, 0])
    [of_ba, of_ba_again] = sorted(lines(figure, SECOND), key=lambda line: line[0, 0])
    assert of_ab[1, 1] > of_ab[0, 1]
    assert of_ba[1, 1] > of_ba[0, 1]
    # by treatment, A first: one rises, the other falls
    assert of_ab_again[1, 1] > of_ab_again[0, 1]
    assert of_ba_again[1, 1] < of_ba_again[0, 1]


def test_the_mean_is_that_of_subjects_with_both_periods():
    nan = np.nan
    with_gap = paired_figure(two([[1.0, 3.0], [9.0, nan], [2.0, 5.0]]), {"S0": "AB", "S1": "AB", "S2": "BA"}, "")
    means = marks(with_gap)["mean"]
    ends = sorted(lines(with_gap, FIRST), key=lambda line: line[0, 0])[0]
    assert means[:2, 1] == pytest.approx(ends[:, 1])
    assert len(marks(with_gap)["single"]) == 2  # in its sequence and by treatment
    assert len(lines(with_gap, INK)) == 3


def test_who_has_no_sequence_is_not_drawn():
    figure = paired_figure(two([[1.0, 2.0], [2.0, 1.0], [50.0, 60.0]]), {"S0": "AB", "S1": "BA"}, "")
    assert len(lines(figure, FIRST)) == len(lines(figure, SECOND)) == 2
    assert "S2" not in words(figure)
    assert "60" not in words(figure)


def test_treatments_stand_below_the_periods_they_were_given_in():
    said = words(paired_figure(two([[1.0, 2.0], [2.0, 1.0]]), {"S0": "FS", "S1": "SF"}, ""))
    # lines are kept where text has them
    assert {"Period 1\nF", "Period 2\nS", "Period 1\nS", "Period 2\nF", "F", "S"} <= set(said)


def test_a_line_over_visits_breaks_where_a_visit_has_no_value():
    nan = np.nan
    values = two([[1.0, 2.0]], [[1.0, 2.0, nan, 3.0]])
    figure = course_figure(values, {"S0": "AB"}, "")
    assert len(lines(figure, FIRST)) == 1
    assert len(marks(figure)["run"]) == 1
    assert "M2\nn 0" in words(figure)


def test_the_mean_over_visits_is_of_those_who_have_the_visit():
    nan = np.nan
    values = two([[1.0, 1.0], [3.0, 3.0]], [[1.0, 1.0, 1.0, 1.0], [3.0, 3.0, 3.0, nan]])
    means = marks(course_figure(values, {"S0": "AB", "S1": "AB"}, ""))["mean"][:, 1]
    assert means[0] == means[1] == means[2] > means[3]


def test_the_second_period_is_grey_in_every_panel():
    assert len(areas(course_figure(period_values(), arms(), ""), PERIOD_2)) == 2


def test_all_panels_have_one_scale():
    values = two([[1.0, 2.0], [1.0, 2.0]])
    figure = paired_figure(values, {"S0": "AB", "S1": "BA"}, "")
    ab, ba = lines(figure, FIRST)[0], lines(figure, SECOND)[0]
    assert ab[:, 1] == pytest.approx(ba[:, 1])


@given(st.lists(st.floats(0, 5), max_size=12))
@settings(max_examples=60, deadline=None)
def test_names_are_kept_apart_in_their_order(places):
    moved = spread(sorted(places), 0.1)
    assert len(moved) == len(places)
    assert all(b - a >= 0.1 - 1e-9 for a, b in pairwise(moved))


@pytest.mark.parametrize("sequences", [{}, {"S01": "AB"}])
def test_few_or_no_sequences_are_drawn_all_the_same(sequences):
    values = period_values()
    assert figure_png(paired_figure(values, sequences, ""))
    assert figure_png(course_figure(values, sequences, ""))


def test_of_one_sequence_alone_the_first_treatment_still_stands_first():
    figure = paired_figure(two([[1.0, 3.0]]), {"S0": "BA"}, "")
    assert [word for word in words(figure) if word in ("A", "B")] == ["A", "B"]
    left, right = sorted(lines(figure, FIRST), key=lambda line: line[0, 0])
    assert left[1, 1] > left[0, 1]
    assert right[1, 1] < right[0, 1]


def test_the_order_of_subjects_decides_no_panel():
    values = period_values()
    turned = replace(values, subjects=values.subjects[::-1], values=values.values[::-1])
    assert [g.sequence for g in groups_of(turned.subjects, arms())] == ["AB", "BA"]
