import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emgpipe.intervals import Intervals
from emgpipe.measures.rows import IntervalRow
from emgpipe.reports import figure_png, recording_figure
from emgpipe.reports.figures import MOST_MUSCLES, recording_figures
from emgpipe.reports.looks import COACTIVE, DPI, STATE_LOOKS, plain
from emgpipe.reports.traces import pair_stretches

HOP_S = 0.0125


def axes_of(figure, label):
    return next(axes for axes in figure.axes if axes.get_label() == label)


def bars(figure, label, fill=None):
    """Corners of the bars of one strip, and colour."""
    axes = axes_of(figure, "strips")
    paths = [(patch, [patch.get_path()]) for patch in axes.patches] + [(c, c.get_paths()) for c in axes.collections]
    return [
        corners
        for one, found in paths
        if one.get_label() == label and (fill is None or np.allclose(np.ravel(one.get_facecolor())[:3], to_rgb(fill)))
        for path in found
        for corners in path.to_polygons()
    ]


def stretches(figure, label, fill):
    """Bars of one strip and colour as (start, stop)."""
    return sorted((corners[:, 0].min(), corners[:, 0].max()) for corners in bars(figure, label, fill))


def heights(figure, label):
    """Lower and upper edge of a strip, inches."""
    edges = np.concatenate([corners[:, 1] for corners in bars(figure, label)])
    return float(edges.min()), float(edges.max())


def test_each_muscle_has_a_trace_a_level_and_a_ribbon_below_each_other_and_each_pair_a_strip(report):
    figure = recording_figure(report)
    panels = [f"{panel} {muscle}" for muscle in ("TA_R", "GM_R", "PSP_L") for panel in ("trace", "level")]
    assert [axes.get_label() for axes in figure.axes] == ["strips", *panels]
    height_in = figure.get_size_inches()[1]
    edges = [height_in]
    for muscle in ("TA_R", "GM_R", "PSP_L"):
        places = [axes_of(figure, f"{panel} {muscle}").get_position() for panel in ("trace", "level")]
        edges += [edge * height_in for place in places for edge in (place.y1, place.y0)]
        edges += reversed(heights(figure, f"ribbon {muscle}"))
    edges += reversed(heights(figure, "pair TA_R/GM_R"))
    assert np.all(np.diff(edges) < 1e-9)


@pytest.mark.parametrize("kind", list(STATE_LOOKS))
def test_the_ribbon_shows_the_intervals_where_they_are(report, kind):
    figure = recording_figure(report)
    for muscle in report.result.muscles:
        told = [(i.start_s, i.stop_s) for i in report.result.intervals if (i.target, i.kind) == (muscle, kind)]
        drawn = stretches(figure, f"ribbon {muscle}", STATE_LOOKS[kind].fill)
        assert np.allclose(drawn, sorted(told), atol=1e-9), muscle


def test_the_marked_stretch_is_excluded_in_the_ribbon(report):
    drawn = stretches(recording_figure(report), "ribbon GM_R", STATE_LOOKS["excluded"].fill)
    assert len(drawn) == 1
    # the window grid: a state belongs to the middle 4 hops of 8, so an edge may lie one window off
    assert drawn[0] == pytest.approx((10.0, 14.0), abs=8 * HOP_S)


def test_the_floor_bracket_stands_at_plus_and_minus_its_value(report):
    floor = report.result.muscles["GM_R"].floor
    trace = axes_of(recording_figure(report), "trace GM_R")
    lines = sorted(line.get_ydata()[0] for line in trace.lines)
    assert lines == pytest.approx([-floor.floor_uv, floor.floor_uv])
    spans = sorted((p.get_y(), p.get_y() + p.get_height()) for p in trace.patches if p.get_height() < 1.0)
    assert np.allclose([sorted(np.abs(s)) for s in spans], [[floor.lo_uv, floor.hi_uv]] * 2)


def test_the_level_panel_holds_the_bracket_and_the_activity_threshold(report):
    muscle = report.result.muscles["PSP_L"]
    level = axes_of(recording_figure(report), "level PSP_L")
    heights = [line.get_ydata()[0] for line in level.lines[1:]]
    assert heights == pytest.approx([muscle.floor.floor_uv, muscle.threshold_uv])
    low, high = level.get_ylim()
    assert low < muscle.floor.lo_uv < heights[1] < high


def test_the_pair_strip_shows_the_time_in_which_both_are_active(report):
    told = [(i.start_s, i.stop_s) for i in report.result.intervals if i.kind == "coactive"]
    assert told
    assert np.allclose(stretches(recording_figure(report), "pair TA_R/GM_R", COACTIVE.fill), told)


PAIR_ROWS = [
    IntervalRow("A", "active", 0, 4), IntervalRow("A", "undeterminable", 4, 8), IntervalRow("A", "silent", 8, 12),
    IntervalRow("A", "excluded", 12, 16), IntervalRow("B", "active", 0, 2), IntervalRow("B", "excluded", 2, 3),
    IntervalRow("B", "silent", 3, 5), IntervalRow("B", "active", 5, 7), IntervalRow("B", "excluded", 7, 9),
    IntervalRow("B", "undeterminable", 9, 13), IntervalRow("B", "silent", 13, 15), IntervalRow("B", "excluded", 15, 16),
    IntervalRow("A/B", "coactive", 0, 2),
]  # fmt: skip
PAIR_TOLD = {"coactive": [(0, 2)], "undeterminable": [(5, 7)], "excluded": [(2, 3), (7, 8), (12, 13), (15, 16)]}


def test_a_pair_is_excluded_where_a_muscle_is_and_undeterminable_where_one_is_never_beside_a_silent_one():
    found = pair_stretches(PAIR_ROWS, "A/B")
    assert found == {kind: Intervals.of(stretches) for kind, stretches in PAIR_TOLD.items()}


def test_a_gap_is_grey_in_the_strip_of_its_pair(report):
    drawn = stretches(recording_figure(report), "pair TA_R/GM_R", STATE_LOOKS["excluded"].fill)
    assert drawn == [pytest.approx((10.0, 14.0), abs=8 * HOP_S)]


def test_the_same_figure_gives_the_same_bytes_whatever_the_style(report):
    first = figure_png(recording_figure(report))
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "savefig.facecolor": "red", "savefig.dpi": 30}):
        second = figure_png(recording_figure(report))
    assert first == second
    assert b"Software" not in first
    assert b"Creation" not in first


def test_dead_clipped_and_oddly_named_channels_are_drawn(bad_report):
    figure = recording_figure(bad_report)
    assert figure_png(figure).startswith(b"\x89PNG")
    # the strips, two panels for each of three channels, one pair of known muscles
    assert len(figure.axes) == 1 + 3 * 2
    frames = next(c for c in axes_of(figure, "strips").collections if c.get_label() == "frames")
    assert len(frames.get_paths()) == 3 + 1


def test_a_channel_without_any_recorded_sample_is_drawn(report):
    muscle = report.result.muscles["TA_R"]
    gone = {name: np.full_like(getattr(muscle.frames, name), np.nan) for name in ("low_uv", "high_uv", "mean_square")}
    lost = replace(muscle, frames=replace(muscle.frames, **gone))
    result = replace(report.result, muscles={"TA_R": lost})
    assert figure_png(recording_figure(replace(report, result=result))).startswith(b"\x89PNG")


def test_the_time_axis_ends_with_the_recording(report):
    axes = axes_of(recording_figure(report), "strips")
    assert axes.get_xlim() == pytest.approx((0.0, 40.0))
    assert axes.get_xlabel() == "time, s"


def test_what_the_font_cannot_draw_becomes_a_question_mark():
    assert plain("TA\n\u6f22\x07µ") == "TA ?\\x07µ"


def test_no_window_system_is_touched(report):
    figure_png(recording_figure(report))
    assert "matplotlib.pyplot" not in sys.modules


def test_a_picture_may_have_any_height():
    """Of sums of the heights of panels some are a whole number of pixels but for rounding."""
    for height_in in (0.68 + 0.76 * n + 0.01 * k for n in range(5) for k in range(0, 300, 3)):
        png = figure_png(Figure(figsize=(0.1, height_in), dpi=DPI))
        assert abs(int.from_bytes(png[20:24], "big") - height_in * DPI) <= 1


@pytest.mark.parametrize("n_muscles", [1, MOST_MUSCLES, MOST_MUSCLES + 1, 8])
def test_pictures_of_a_page_hold_few_muscles_each_and_each_pair_once(report, n_muscles):
    known = list(report.result.muscles.values())
    muscles = {"GM_R": known[1]} | {f"M{i}": known[i % len(known)] for i in range(n_muscles - 1)}
    pair = next(row for row in report.result.rows if row.target_kind == "pair")
    rows = tuple(replace(pair, target=f"{name}/GM_R") for name in muscles)
    drawn = recording_figures(replace(report, result=replace(report.result, muscles=muscles, rows=rows)))
    assert [name for names, _ in drawn for name in names] == list(muscles)
    assert max(len(names) for names, _ in drawn) <= MOST_MUSCLES
    written = [text.get_text() for _, figure in drawn for text in axes_of(figure, "strips").texts]
    assert sorted(one for one in written if "/" in one) == sorted(row.target for row in rows)
    for names, figure in drawn:
        panels = [f"{panel} {name}" for name in names for panel in ("trace", "level")]
        assert [axes.get_label() for axes in figure.axes] == ["strips", *panels]
        assert axes_of(figure, "strips").get_xlabel() == "time, s"
