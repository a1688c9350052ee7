"""The page of a sweep: what it says, and that what it draws is what was found."""

import re

import numpy as np
import pytest

from emgpipe.reports.sheets import MARKS
from emgpipe.reports.tuned import said, tuned_page, tuned_pictures
from emgpipe.reports.tuned_curve import MOST_DRAWN, curve_figure, drawn_points
from emgpipe.reports.tuned_moves import moves_figure
from emgpipe.reports.tuned_scores import axes_figure, frontier, map_figure, patients_figures, precision_figure
from tests.reports.sweeps import sweep


def marks(figure):
    """Marks of a figure by kind, as arrays of places in inches."""
    lines = (line for line in figure.axes[0].lines if line.get_label() in MARKS)
    return {line.get_label(): np.column_stack(line.get_data()) for line in lines}


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_page_of_a_sweep_needs_nothing_from_outside_and_is_the_same_each_time():
    one = sweep((4, 3), n_sources=2)
    page = tuned_page(one, tuned_pictures(one))
    assert page == tuned_page(sweep((4, 3), n_sources=2), tuned_pictures(sweep((4, 3), n_sources=2)))
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "Simulated data" in page


def test_the_page_tells_the_declared_the_best_and_the_score_out_of_sample():
    one = sweep((4, 3))
    told = said(one)
    assert "12 settings were tried: 2 thresholds" in told
    for score in (one.choice.declared, one.choice.in_sample, one.choice.out_of_sample):
        assert f"{score:.4f}" in told
    assert told in tuned_page(one, {})


def test_where_the_declared_settings_are_the_best_the_page_says_so():
    one = sweep((4, 3))
    same = sweep((4, 3), choice=one.choice._replace(point=0, in_sample=one.choice.declared))
    assert "The declared settings are the best" in said(same)


def test_where_nothing_can_be_chosen_the_page_shows_the_declared_settings_and_no_best_ones():
    one = sweep((4, 3))
    nothing = one.choice._replace(point=0, in_sample=0.0, out_of_sample=np.nan, code="CHOICE_NONE", patients=())
    none = sweep((4, 3), choice=nothing, stability=(), curves=())
    pictures = tuned_pictures(none)
    page = tuned_page(none, pictures)
    assert "No settings agree with any mark, or nothing is marked as on: the declared ones stay." in page
    assert (pictures["scores"], pictures["patients"]) == ([], [])
    words = re.sub("largest pooled|The best of many settings looks better than it is", "", page)
    assert not re.search(r"\b[Bb]est\b", re.sub(r"<style>.*?</style>", "", words, flags=re.DOTALL))


def test_scored_time_ties_and_ends_of_what_was_tried_are_told():
    one = sweep((4, 3))
    scored_s = np.linspace(3600.0, 3000.0, len(one.values))
    told = sweep(
        (4, 3), scores=(one.scores[0]._replace(scored_s=scored_s),),
        choice=one.choice._replace(remarks=("7 settings have this score.",)),
    )  # fmt: skip
    page = tuned_page(told, {})
    assert '<td>declared</td><td class="num">3600</td>' in page
    assert f'<td>chosen</td><td class="num">{scored_s[one.choice.point]:.0f}</td>' in page
    assert "<p>7 settings have this score.</p>" in page


def test_what_to_expect_of_others_says_of_how_many_patients_and_without_an_interval():
    assert "is what to expect of others (5 patients, no interval)" in said(sweep((4, 3)))


def test_the_score_that_chose_stands_once_in_the_table():
    one = sweep((4, 3))
    page = tuned_page(sweep((4, 3), choice=one.choice._replace(score_name="event F1")), {})
    assert page.count('<th scope="col" class="num">event F1</th>') == 1


def test_an_outcome_that_no_setting_moves_is_said_to_be_so_and_has_no_sign_to_count():
    one = sweep((4, 3))
    same = one.curves[0]._replace(effect=np.full(12, -0.3))
    page = tuned_page(sweep((4, 3), curves=(same,)), {})
    assert "these settings do not move this outcome" in page
    assert "on the same side" not in page
    assert "12 different effects; 12 of 12 on the same side" in tuned_page(one, {})


def test_one_patient_has_no_score_out_of_sample_and_the_page_says_why():
    one = sweep((4, 3))
    alone = sweep((4, 3), choice=one.choice._replace(out_of_sample=np.nan, code="GRID_INVALID", patients=()))
    assert "there is no score out of sample: Settings to try" in said(alone)
    assert not re.search(r"\bnan\b", tuned_page(alone, {}))


def test_without_marks_the_page_says_that_nothing_is_right_and_shows_no_score():
    bare = sweep((4, 3), scores=(), choice=None, raters=())
    page = tuned_page(bare, tuned_pictures(bare))
    assert "nothing here says which settings are right" in page
    assert "Against marks" not in page
    assert "What moves with the settings" in page


@pytest.mark.parametrize("unblinded", [False, True])
def test_only_an_unblinded_page_tells_arms_and_its_pictures_carry_the_word_in_their_names(unblinded):
    one = sweep((4, 3), unblinded=unblinded)
    pictures = tuned_pictures(one)
    page = tuned_page(one, pictures)
    assert ("This page tells arms" in page) == unblinded
    assert ("treatment" in page) == unblinded
    assert all(("unblinded" in picture.name) == unblinded for picture in pictures["curves"])


def test_hostile_text_is_shown_as_text():
    one = sweep((4, 3), study="<b>x</b>", notes=("a <script>alert(1)</script>",))
    page = tuned_page(one, tuned_pictures(one))
    assert "<script>alert" not in page
    assert "&lt;b&gt;x" in page


def test_no_page_of_a_sweep_has_a_p_value():
    one = sweep((4, 3), n_sources=2)
    page = tuned_page(one, {})
    assert not re.search(r"\bp\s*[=<]|p-value", page)


@pytest.mark.parametrize("shape", [(17,), (4, 3), (3, 3, 3, 2)])
def test_the_declared_and_the_chosen_point_lie_at_their_values(shape):
    one = sweep(shape)
    found = marks(axes_figure(one, one.scores[0], one.choice))
    assert len(found["declared"]) == len(found["chosen"]) == len(shape)
    first = {kind: places[0] for kind, places in found.items()}
    right = one.values[one.choice.point, 0] > one.values[0, 0]
    assert (first["chosen"][0] > first["declared"][0]) == right
    assert first["chosen"][1] > first["declared"][1], "a better score lies higher"


def test_a_map_needs_two_settings_and_has_a_cell_for_each_two_values():
    one = sweep((4, 3))
    drawn = map_figure(one, one.scores[0], one.choice)
    numbers = [text for text in texts(drawn) if re.fullmatch(r"0\.\d{3}", text)]
    assert sorted(numbers) == sorted(f"{score:.3f}" for score in one.scores[0].score)
    assert map_figure(sweep((17,)), sweep((17,)).scores[0], one.choice) is None


def test_the_frontier_holds_what_no_other_point_beats_in_both():
    rng = np.random.default_rng(4)
    precision, recall = rng.uniform(size=(2, 60))
    precision[3] = np.nan
    known = np.flatnonzero(np.isfinite(precision))
    best = [
        i for i in known
        if not any((precision[j] > precision[i]) & (recall[j] >= recall[i]) | (precision[j] >= precision[i])
                   & (recall[j] > recall[i]) for j in known)
    ]  # fmt: skip
    assert sorted(frontier(precision, recall)) == best


def test_a_cloud_of_many_points_is_thinned_and_keeps_the_declared_and_the_chosen():
    one = sweep((60, 60))
    found = marks(precision_figure(one.scores, one.choice.point))
    assert 1000 < len(found["tried"]) <= 2000
    assert len(found["declared"]) == len(found["chosen"]) == 1


def test_every_patient_has_a_row_and_many_of_them_several_pictures():
    one = sweep((4, 3), n_patients=65)
    drawn = patients_figures(one.choice)
    assert [len(marks(figure)["chosen"]) for figure in drawn] == [22, 22, 21]
    assert patients_figures(one.choice._replace(patients=())) == []


def test_a_measure_without_a_number_shows_its_code():
    one = sweep((4, 3))
    figure = moves_figure(one.stability, one.axes)
    assert "VISITS_FEW" in texts(figure)
    assert len(marks(figure)["ok"]) == 2


def test_a_curve_is_sorted_and_its_declared_point_is_where_its_effect_is():
    one = sweep((4, 3))
    figure = curve_figure(one.curves[0], one)
    found = marks(figure)
    every = np.vstack([found["ok"], found["declared"]])
    every = every[every[:, 0].argsort()]
    assert (np.diff(every[:, 1]) >= 0).all()
    place = int((one.curves[0].effect < one.curves[0].effect[0]).sum())
    assert (found["ok"][:, 0] < found["declared"][0, 0]).sum() == place


@pytest.mark.parametrize("declared", [0.0, 0.37, 0.9999])
def test_a_long_curve_is_thinned_and_keeps_its_ends_and_the_declared_point(declared):
    effect = np.random.default_rng(1).uniform(size=5000)
    effect[0] = declared
    found = drawn_points(effect)
    assert len(found.shown) == MOST_DRAWN
    assert effect[found.shown[0]] == effect.min()
    assert effect[found.shown[-1]] == effect.max()
    assert found.shown[found.declared] == 0
    assert (np.diff(effect[found.shown]) > 0).all()


def test_points_without_an_effect_are_left_out_and_counted():
    one = sweep((4, 3))
    effect = one.curves[0].effect.copy()
    effect[[0, 5]] = np.nan
    holed = sweep((4, 3), curves=(one.curves[0]._replace(effect=effect),))
    assert drawn_points(effect).declared is None
    page = tuned_page(holed, tuned_pictures(holed))
    assert "no estimate at the declared settings" in page
    assert "2 settings give no estimate" in page
    empty = sweep((4, 3), curves=(one.curves[0]._replace(effect=np.full(12, np.nan)),))
    assert "no setting gives an estimate" in tuned_page(empty, tuned_pictures(empty))
