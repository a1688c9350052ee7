"""The forest plot: an estimate stands where its axis says, an interval ends where it ends or in an arrow."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.outcomes.model import Line
from emgpipe.reports.estimates import Scale, estimate_words, p_words, places_of
from emgpipe.reports.figures import figure_png
from emgpipe.reports.forest import HEADLINE, REACH, Estimated, Forest, forest_figure, limits, ticks
from tests.reports.test_trajectories import lines, marks, words
from tests.reports.trials import HOSTILE, line, without

RATIO, UV = Scale("1", log=True), Scale("uV", log=False)


def forest(*found, scale=UV):
    rows = tuple(Estimated(one.name, one) for one in found)
    return Forest("title", scale, (("", rows),), ("lower", "higher"))


def test_a_higher_estimate_stands_further_right_and_the_headline_is_filled():
    places = marks(forest_figure([forest(line("a", "headline", 1.0), line("b", effect=2.0), line("c", effect=0.5))]))
    assert len(places["headline"]) == 1
    assert places["estimate"][1, 0] < places["headline"][0, 0] < places["estimate"][0, 0]
    assert places["headline"][0, 1] > places["estimate"][0, 1] > places["estimate"][1, 1]


def test_the_dashed_upright_stands_at_the_headline():
    figure = forest_figure([forest(line("a", "headline", 1.0), line("b", effect=2.0))])
    [upright] = lines(figure, HEADLINE)
    assert upright[0, 0] == upright[1, 0] == pytest.approx(marks(figure)["headline"][0, 0])


def test_an_interval_far_beyond_ends_in_an_arrow_and_does_not_squeeze_the_others():
    wide = line("wide", effect=0.0, se=100.0)
    near, far = limits([line("a", "headline", 1.0, 0.1), wide])
    assert (near, far) == pytest.approx(
        (-REACH * 0.44 - 0.06 * 2.76, 1.0 + REACH * 0.44 + 0.06 * (far - near) / 1.12), abs=0.1
    )
    assert far - near < 5
    plain = forest_figure([forest(line("a", "headline", 1.0, 0.1), line("b", effect=1.0, se=0.1))])
    arrowed = forest_figure([forest(line("a", "headline", 1.0, 0.1), wide)])
    assert len(lines(arrowed, "#0b3c6f")) == len(lines(plain, "#0b3c6f")) + 2


def test_a_row_without_an_estimate_says_its_code_and_has_no_mark():
    figure = forest_figure([forest(line("a", "headline", 1.0), without("b", "SEQUENCE_EMPTY"))])
    assert "SEQUENCE_EMPTY" in words(figure)
    assert "estimate" not in marks(figure)


def test_a_log_scale_has_round_ratios_and_1_at_no_difference():
    figure = forest_figure([forest(line("a", "headline", -0.34), scale=RATIO)])
    assert "ratio, log scale" in words(figure)
    assert "1" in words(figure)
    at, names = ticks(-1.0, 1.0, log=True)
    assert [math.exp(one) for one in at] == pytest.approx([float(name) for name in names])


def test_panels_have_axes_of_their_own():
    both = forest_figure([forest(line("a", "headline", 100.0, 20.0)), forest(line("b", "headline", 0.1, 0.02))])
    upper, lower = marks(both)["headline"]
    assert upper[1] > lower[1]
    assert upper[0] == pytest.approx(lower[0])  # alike but for the size of the unit


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(1e-6, 50)), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_estimate_and_no_difference_lie_within_the_limits(found):
    low, high = limits([line("a", effect=effect, se=se) for effect, se in found])
    assert low < high
    assert all(low <= value <= high for value in (0.0, *(effect for effect, _ in found)))


@pytest.mark.parametrize("found", [[], [without("a", "SEQUENCE_EMPTY", "headline")], [line("a", effect=0.0, se=0.0)]])
def test_nothing_to_draw_is_drawn_as_nothing(found):
    assert figure_png(forest_figure([forest(*found)] if found else []))


def test_names_of_markup_are_drawn_as_they_are():
    one = Forest(HOSTILE, Scale(HOSTILE, log=False), ((HOSTILE, (Estimated(HOSTILE, line("a")),)),), (HOSTILE, HOSTILE))
    assert figure_png(forest_figure([one])) == figure_png(forest_figure([one]))


@pytest.mark.parametrize(
    ("effect", "se", "said"),
    [
        (0.0081, 0.0300, "0.008 (−0.058 to 0.074)"),
        (46.607, 10.777, "47 (23 to 70)"),
        (-2.0, 0.5608, "−2.0 (−3.2 to −0.8)"),
    ],
)
def test_an_estimate_has_the_digits_that_its_interval_deserves(effect, se, said):
    assert estimate_words(line("a", effect=effect, se=se), UV) == said


@given(st.floats(1e-5, 1e4))
@settings(max_examples=60, deadline=None)
def test_half_an_interval_prints_with_two_digits(half):
    printed = round(half, places_of(half))
    assert printed == pytest.approx(half, rel=0.051 if half < 99.5 else 0.006)


@given(st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_p_is_never_printed_as_0(p):
    assert p_words(p) == "<0.0001" or float(p_words(p)) == pytest.approx(p, abs=0.0005)


def test_an_estimate_without_an_interval_is_printed_alone():
    assert estimate_words(Line("a", "beside", "", effect=-0.3216), RATIO) == "0.72"
