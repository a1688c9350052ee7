"""A grid is read strictly, numbers every combination once, and puts what was declared first."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.settings import Settings, check_settings, fingerprint
from emgpipe.tuning import Axis, Grid, parse_grid
from emgpipe.tuning.grid import DEFENSIBLE, MOST_POINTS

BASE = Settings()
K, GAP, BURST = "detect.activity_ratio", "detect.close_gap_s", "detect.shortest_burst_s"


def refusal(*texts, base=BASE):
    with pytest.raises(SettingsError) as caught:
        parse_grid(texts, base)
    return str(caught.value)


def test_a_range_holds_both_ends_in_exact_decimals():
    (axis,) = parse_grid([f"{K}=1.2:1.6:0.1"], BASE).axes
    assert axis == Axis("detect", "activity_ratio", (1.2, 1.3, 1.4, 1.5, 1.6))


def test_a_range_stops_below_an_end_that_its_steps_miss():
    assert parse_grid([f"{K}=1.2:1.55:0.1"], BASE).axes[0].values == (1.2, 1.3, 1.4, 1.5)


def test_a_value_given_twice_is_tried_once():
    assert parse_grid([f"{GAP}=0.1,0.2,0.10"], BASE).axes[0].values == (0.1, 0.2)


def test_whole_settings_stay_whole():
    (axis,) = parse_grid(["measure.least_trials=2:4:1"], BASE).axes
    assert axis.values == (2, 3, 4)
    assert all(type(value) is int for value in axis.values)


def test_point_0_is_what_was_declared_and_every_other_combination_comes_once():
    grid = parse_grid([f"{K}=1.4,1.5", f"{GAP}=0.1,0.25"], BASE)
    assert [grid.values(n) for n in range(len(grid))] == [(1.5, 0.25), (1.4, 0.1), (1.4, 0.25), (1.5, 0.1)]


def test_what_was_declared_is_tried_though_no_axis_names_it():
    grid = parse_grid([f"{K}=1.4,1.6"], BASE)
    assert [grid.values(n) for n in range(len(grid))] == [(1.5,), (1.4,), (1.6,)]
    assert grid.settings(0) == BASE


@given(
    st.lists(st.lists(st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.3]), min_size=1, unique=True), min_size=1, max_size=3)
)
@settings(max_examples=40, deadline=None)
def test_points_are_the_product_of_the_axes_and_the_declared_one(values):
    names = ("close_gap_s", "shortest_burst_s", "silence_s")
    grid = Grid(BASE, tuple(Axis("detect", n, tuple(v)) for n, v in zip(names, values, strict=False)))
    declared = tuple(getattr(BASE.detect, axis.name) for axis in grid.axes)
    there = [grid.values(n) for n in range(len(grid))]
    assert there[0] == declared
    assert there[1:] == [one for one in product(*values) if one != declared]
    with pytest.raises(IndexError):
        grid.values(len(grid))


def test_settings_of_a_point_are_those_that_a_settings_file_would_give():
    grid = parse_grid([f"{K}=1.3,2", "measure.least_usable_s=5,10", "detect.still_tilt=1.6,2"], BASE)
    for number in range(len(grid)):
        checked = check_settings(grid.changes(number), base=BASE)
        assert grid.settings(number) == checked
        assert fingerprint(grid.settings(number)) == fingerprint(checked)


def test_a_grid_is_laid_over_the_settings_of_the_results():
    base = check_settings({"detect": {"silence_s": 0.4}})
    grid = parse_grid([f"{K}=1.3"], base)
    assert grid.settings(1).detect == replace(base.detect, activity_ratio=1.3)


def test_without_a_grid_the_defensible_settings_are_tried():
    grid = parse_grid([], BASE)
    assert {axis.title for axis in grid.axes} == {text.partition("=")[0] for text in DEFENSIBLE}
    assert grid.values(0) == grid._declared_values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("detect.activty_ratio=1.5", "SETTING_UNKNOWN: 'activty_ratio' in [detect]; did you mean 'activity_ratio'?"),
        ("detct.activity_ratio=1.5", "SETTING_UNKNOWN: table 'detct'; did you mean 'detect'?"),
        ("activity_ratio=1.5", "GRID_INVALID: 'activity_ratio=1.5'; write SETTING=VALUES"),
        (f"{K}", f"GRID_INVALID: '{K}'; write SETTING=VALUES"),
        (f"{K}=", f"GRID_INVALID: '{K}='; write SETTING=VALUES"),
        (f"{K}=,", f"GRID_INVALID: {K}=','; write values as"),
        (f"{K}=a", f"GRID_INVALID: {K}='a'; write values as"),
        (f"{K}=1.2,nan", f"GRID_INVALID: {K}='1.2,nan'; write values as"),
        (f"{K}=1:2", f"GRID_INVALID: {K}='1:2'; write values as"),
        (f"{K}=1:2:0", f"GRID_INVALID: {K}='1:2:0'; write values as"),
        (f"{K}=1:2:-0.1", f"GRID_INVALID: {K}='1:2:-0.1'; write values as"),
        (f"{K}=2:1:0.1", f"GRID_INVALID: {K}='2:1:0.1'; write values as"),
        (f"{K}=1:inf:0.1", f"GRID_INVALID: {K}='1:inf:0.1'; write values as"),
        (f"{K}=1:1e999999:1", f"GRID_INVALID: {K}='1:1e999999:1'; write values as"),
        (f"{K}=1:1e99:1", "GRID_TOO_LARGE: 1000"),
        (f"{K}=1:9:1e-15", "GRID_TOO_LARGE: 8000000000000001 settings; at most 100000 are tried"),
        (f"{K}=1.5", "GRID_INVALID: nothing to try beside the declared settings"),
        (f"{K}=1_0", f"GRID_INVALID: {K}='1_0'; write values as"),
        (f"{K}=\u0663", f"GRID_INVALID: {K}='\u0663'; write values as"),
        (f"{K}=1e-400", f"GRID_INVALID: {K}='1e-400'; write values as"),
        ("measure.least_trials=1e99", "SETTING_INVALID: measure.least_trials=1"),
        ("measure.least_trials=1.5", "GRID_INVALID: measure.least_trials='1.5'; whole numbers are needed"),
        ("condition.low_hz=20,30", "GRID_INVALID: condition.low_hz changes the frames"),
        (f"{K}=0.5,2", f"SETTING_INVALID: {K}=0.5: [detect] activity_ratio = 0.5"),
        ("detect.floor_min_uv=0.3,6", "SETTING_INVALID: detect.floor_min_uv=6.0: [detect]: floor_min_uv = 6.0"),
        (f"{K}=1:100:0.00001", "GRID_TOO_LARGE: "),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(text, told):
    said = refusal(text)
    assert said.startswith(f"--grid: {told}")
    assert "\n" not in said


def test_values_that_contradict_each_other_are_refused():
    said = refusal("detect.floor_min_uv=0.3,6", "detect.floor_max_uv=5,7")
    assert said.startswith("--grid: SETTING_INVALID: detect.floor_min_uv=6.0, detect.floor_max_uv=5.0")


def test_values_that_fit_only_each_other_are_taken():
    grid = parse_grid(["detect.floor_min_uv=6,6.5", "detect.floor_max_uv=7,8"], BASE)
    assert len(grid) == 5


def test_ten_million_combinations_are_refused_before_anything_is_decided():
    said = refusal(f"{K}=1.001:11:0.001", f"{GAP}=0.001:1:0.001")
    assert said.startswith("--grid: GRID_TOO_LARGE: 10000 x 1000 = 10000000 settings; at most 100000 are tried")
    assert MOST_POINTS == 100_000


def test_one_setting_twice_is_refused():
    assert refusal(f"{K}=1.2", f"{K}=1.4").startswith(f"--grid: GRID_INVALID: {K} stands twice")
