"""Small multiples: what stands where, and what is never drawn as a value."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from emgpipe.batch.conditions import Change
from emgpipe.measures.rows import MeasureRow
from emgpipe.reports.course import Series, Stop, point_of
from emgpipe.reports.distributions import Strip, distribution_figure, spread_blocks
from emgpipe.reports.figures import figure_png
from emgpipe.reports.index import _undrawn
from emgpipe.reports.sheets import MARKS, Sheet
from emgpipe.reports.trajectories import BAND, CHANGE, GAP, LINE, trajectory_figure

STOPS = tuple(Stop(f"V{n}", "complete", n_listed=1, n_measured=1) for n in (1, 2, 3))


def row(value, status="ok", **cells):
    told = {"segment": "rest", "target": "TA_R", "target_kind": "muscle", "measure": "apdf_p10_uv", "unit": "uV"}
    return MeasureRow(**(told | cells), value=value, status=status)


def series(*rows, target="TA_R", measure="apdf_p10_uv", kind="muscle"):
    points = tuple(point_of([one] if isinstance(one, MeasureRow) else one or []) for one in rows)
    return Series(target, kind, measure, "uV", points)


def marks(figure):
    """Places of the marks by status, inches."""
    return {line.get_label(): line.get_xydata() for line in figure.axes[0].lines}


def lines(figure, colour):
    """Line pieces of a colour."""
    found = [c for c in figure.axes[0].collections if hasattr(c, "get_segments")]
    return [s for c in found if tuple(c.get_color()[0]) == to_rgba(colour) for s in c.get_segments()]


def areas(figure, colour):
    found = [c for c in figure.axes[0].collections if not hasattr(c, "get_segments")]
    return [p for c in found if tuple(c.get_facecolor()[0]) == to_rgba(colour) for p in c.get_paths()]


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_higher_values_stand_higher_and_later_visits_further_right():
    places = marks(trajectory_figure([series(row(2.0), row(8.0), row(5.0))], STOPS))["ok"]
    assert np.all(np.diff(places[:, 0]) > 0)
    low, high, middle = places[:, 1]
    assert middle == pytest.approx((low + high) / 2)


def test_below_its_limit_a_value_stands_at_the_limit_and_no_line_leads_to_it():
    below = row(0.2, "below_limit", limit=2.0)
    figure = trajectory_figure([series(row(2.0), below, row(5.0))], STOPS)
    assert marks(figure)["below_limit"][0, 1] == pytest.approx(marks(figure)["ok"][0, 1])
    assert lines(figure, LINE) == []


@pytest.mark.parametrize("status", ["undeterminable", "not_measured"])
def test_what_has_no_value_is_marked_at_the_bottom_whatever_the_values_are(status):
    bottoms = [
        marks(trajectory_figure([series(row(high), row(None, status), row(high))], STOPS))[status][0, 1]
        for high in (1.0, 500.0)
    ]
    assert bottoms[0] == bottoms[1]
    assert bottoms[0] < marks(trajectory_figure([series(row(1.0), row(1.0), row(1.0))], STOPS))["ok"][0, 1]


def test_lines_join_neighbours_and_leave_out_a_visit_without_a_value():
    assert len(lines(trajectory_figure([series(row(1.0), row(2.0), row(3.0))], STOPS), LINE)) == 2
    assert lines(trajectory_figure([series(row(1.0), None, row(3.0))], STOPS), LINE) == []


def test_a_visit_without_a_result_is_grey_and_named_so():
    stops = (STOPS[0], Stop("V2", "missing"), Stop("V3", "failed", n_listed=1))
    figure = trajectory_figure([series(row(1.0), None, None)], stops)
    assert len(areas(figure, GAP)) == 2
    assert {"missing", "failed"} <= set(words(figure))


def test_a_changed_condition_stands_as_an_upright_at_its_visit():
    changed = STOPS[1]._replace(changes=(Change("V2", "supine", "posture", "supine", "V1", "prone"),))
    figure = trajectory_figure([series(row(1.0), row(2.0), row(3.0))], (STOPS[0], changed, STOPS[2]))
    [upright] = lines(figure, CHANGE)
    assert upright[0][0] == upright[1][0] == marks(figure)["ok"][1, 0]


def test_days_space_visits_and_one_day_twice_gives_equal_steps():
    def steps(*days):
        stops = [stop._replace(day=day) for stop, day in zip(STOPS, days, strict=True)]
        return np.diff(marks(trajectory_figure([series(row(1.0), row(2.0), row(3.0))], stops))["ok"][:, 0])

    assert steps(0.0, 10.0, 40.0)[1] == pytest.approx(3 * steps(0.0, 10.0, 40.0)[0])
    assert steps(0.0, 0.0, 40.0)[0] == pytest.approx(steps(0.0, 0.0, 40.0)[1])


def test_the_band_lies_around_the_first_visit_and_only_where_that_has_a_value():
    band = {("TA_R", "apdf_p10_uv"): 2.0}
    figure = trajectory_figure([series(row(5.0), row(9.0), row(7.0))], STOPS, mdc95=band)
    [area] = areas(figure, BAND)
    low, high = area.get_extents().y0, area.get_extents().y1
    first, last = marks(figure)["ok"][0, 1], marks(figure)["ok"][2, 1]
    assert (low + high) / 2 == pytest.approx(first)
    assert high == pytest.approx(last)  # 5 + 2
    for start in (None, row(None, "undeterminable"), row(0.2, "below_limit", limit=0.6)):
        assert areas(trajectory_figure([series(start, row(9.0), row(7.0))], STOPS, mdc95=band), BAND) == []
    assert areas(trajectory_figure([series(row(5.0), row(9.0), row(7.0))], STOPS), BAND) == []


def test_runs_stand_beside_their_median():
    figure = trajectory_figure([series([row(1.0), row(3.0)], row(2.0), None)], STOPS)
    assert len(marks(figure)["run"]) == 2
    assert marks(figure)["ok"][0, 1] == pytest.approx(marks(figure)["run"][:, 1].mean())


def test_a_run_below_its_limit_stands_at_the_limit():
    runs = [row(0.1, "below_limit", limit=2.0), row(4.0)]
    places = marks(trajectory_figure([series(runs, row(2.0), None)], STOPS))
    assert places["run"][0, 1] == pytest.approx(places["ok"][0, 1])
    assert places["run"][1, 1] > places["run"][0, 1]


def test_the_band_of_a_share_ends_with_its_panel():
    share = series(row(0.9, measure="cmua_frac", unit="1"), row(0.8, measure="cmua_frac", unit="1"), None,
                   measure="cmua_frac")  # fmt: skip
    whole, cut = (
        areas(trajectory_figure([share], STOPS, mdc95={("TA_R", "cmua_frac"): mdc}), BAND)[0].get_extents()
        for mdc in (0.1, 0.3)
    )
    ok = marks(trajectory_figure([share], STOPS))["ok"]
    inch = 10 * (ok[0, 1] - ok[1, 1])
    assert whole.y1 == pytest.approx(ok[0, 1] + 0.1 * inch)
    assert cut.y1 == pytest.approx(ok[0, 1] + 0.16 * inch)  # the panel ends at 1.06
    assert cut.y0 == pytest.approx(ok[0, 1] - 0.3 * inch)


def test_every_status_has_a_shape_or_fill_of_its_own():
    looks = [(mark.shape, mark.fill == "#ffffff") for mark in MARKS.values()]
    assert len(set(looks)) == len(looks)


def test_nothing_to_draw_is_an_empty_sheet():
    assert marks(trajectory_figure([], ())) == {}
    assert figure_png(trajectory_figure([series(None)], STOPS[:1])) == figure_png(
        trajectory_figure([series(None)], STOPS[:1])
    )


def test_hostile_names_are_drawn_as_text():
    figure = trajectory_figure([series(row(1.0), target="$x_{1}$\u202e")], STOPS[:1])
    assert "$x_{1}$\\u202e" in words(figure)
    assert figure_png(figure)


LINES = [
    ("S1", "V1", "supine", row(1.0)),
    ("S1", "V2", "supine", row(9.0, "flagged")),
    ("S2", "V1", "supine", row(0.1, "below_limit", limit=5.0)),
    ("S2", "V2", "supine", row(None, "undeterminable")),
    ("S3", "V1", "supine", row(None, "not_measured")),
]
INPUTS = [{"subject": f"S{s}", "visit": f"V{v}", "task": "supine"} for s in (1, 2, 3) for v in (1, 2)]

NO_VALUE = ("undeterminable", "not_measured")
COUNTED = ["ok"] * 3 + ["flagged"] * 2 + ["below_limit"] * 5 + ["undeterminable"] * 4 + ["not_measured"]


def test_distributions_draw_values_and_count_what_has_none():
    [block] = spread_blocks(LINES, INPUTS)
    [spread] = block.kinds["muscle"]
    [strip] = spread.strips
    statuses = ("ok", "flagged", "below_limit", "undeterminable", "not_measured")
    assert [strip.n(status) for status in statuses] == [1] * 5
    assert strip.n_without == 1
    drawn = marks(distribution_figure([spread]))
    assert {status: len(places) for status, places in drawn.items()} == {"ok": 1, "flagged": 1, "below_limit": 1}
    assert drawn["below_limit"][0, 0] == pytest.approx((drawn["ok"][0, 0] + drawn["flagged"][0, 0]) / 2)  # 5 of 1, 9


def test_the_words_of_a_distribution_count_each_status_apart():
    strips = [Strip("TA_R", tuple(point_of([row(None if s in NO_VALUE else 1.0, s)]) for s in statuses), 7)
              for statuses in (COUNTED[:5], COUNTED[5:])]  # fmt: skip
    said = "10 values drawn, of them 2 flagged and 5 below limit; not drawn: 4 undeterminable, 1 not measured, 14"
    assert _undrawn([("apdf_p10_uv", strip) for strip in strips]).startswith(said)


def test_distributions_leave_out_segments_and_measures_that_visits_are_not_compared_by():
    other = [("S1", "V1", "supine", row(1.0, segment="mvc")), ("S1", "V1", "supine", row(1.0, measure="tilt"))]
    assert spread_blocks(other, INPUTS) == ()


def test_the_order_of_subjects_does_not_change_the_picture():
    pictures = [figure_png(distribution_figure(spread_blocks(told, INPUTS)[0].kinds["muscle"]))
                for told in (LINES, LINES[::-1])]  # fmt: skip
    assert pictures[0] == pictures[1]


def test_a_sheet_without_marks_is_drawn():
    assert figure_png(Sheet(2.0, 1.0).figure()).startswith(b"\x89PNG")
