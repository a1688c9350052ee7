"""How visits move with settings: known answers, and what is not said of too few."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.settings import Settings
from emgpipe.tuning.axes import axis_effects, laid_out
from emgpipe.tuning.grid import parse_grid
from emgpipe.tuning.model import STATUSES
from emgpipe.tuning.patterns import alike, first_alike
from emgpipe.tuning.stability import STABILITY_COLUMNS, SUMMARY_COLUMNS, moves_of, stability_of, summary_rows
from emgpipe.tuning.told import stability_table
from emgpipe.tuning.visits import VisitKey, Visits

RATIOS, GAPS = "detect.activity_ratio=1.3,1.5,1.7", "detect.close_gap_s=0.15,0.25"


def visits_of(value, measure="apdf_p50_uv", unit="uV", status=None) -> Visits:
    """Visits V1, V2, ... of one muscle."""
    value = np.asarray(value, float)
    keys = tuple(VisitKey("P1", f"V{n}", "t", "rest", "TA_R", "muscle", measure, unit) for n in range(value.shape[1]))
    plain = np.where(np.isnan(value), STATUSES.index("undeterminable"), 0).astype(np.uint8)
    return Visits(keys, value, plain if status is None else status, np.full(value.shape, np.nan))


def grid_of(*texts):
    return parse_grid(texts, Settings())


def only(visits, grid):
    (found,) = stability_of(visits, grid)
    return found


def test_changes_are_those_of_the_visits_and_shares_are_of_their_spread():
    base = np.array([1.0, 2.0, 4.0, 9.0])
    found = only(visits_of([base, base * 2, base + np.array([0, 0, 3, -1])]), grid_of("detect.activity_ratio=1.3,1.7"))
    sd = base.std(ddof=1)
    assert found.spread == pytest.approx(sd, rel=1e-15)
    assert found.shift.tolist() == [0.0, 3.0, 0.0]
    assert found.median_change.tolist() == [0.0, 3.0, 0.5]
    assert found.largest_change.tolist() == [0.0, 9.0, 3.0]
    np.testing.assert_allclose(found.largest_share, [0, 9 / sd, 3 / sd], rtol=1e-15)
    np.testing.assert_allclose(found.median_ratio, [1, 2, 1], rtol=1e-15)
    np.testing.assert_allclose(found.largest_ratio, [1, 2, 7 / 4], rtol=1e-15)
    assert found.rank.tolist() == [1.0, 1.0, 1.0]
    assert found.code == ("", "", "")


def test_ratios_of_logarithms_are_theirs_and_shares_of_time_have_none():
    rows = [[0.0, 1.0, 2.0], [0.5, 1.5, 2.5]]
    grid = grid_of("detect.activity_ratio=1.5,1.7")
    assert only(visits_of(rows, "rigidity_index_log", "1"), grid).median_ratio[1] == pytest.approx(math.exp(0.5))
    assert np.isnan(only(visits_of(rows, "act_frac", "1"), grid).median_ratio).all()
    quiet = only(visits_of([[0.0, 1.0, 2.0], [1.0, 1.0, 2.0]]), grid)
    assert np.isnan(quiet.largest_ratio[1])
    assert quiet.median_ratio.tolist() == [1.0, 1.0]


def test_visits_that_lose_or_gain_a_value_or_change_status_are_counted_and_in_no_change():
    nan = np.nan
    rows = np.array([[1.0, 2.0, 4.0, nan], [1.0, 2.5, 4.0, 90.0], [nan, 2.0, 4.0, nan]])
    status = np.where(np.isnan(rows), STATUSES.index("undeterminable"), 0).astype(np.uint8)
    status[1, 0] = STATUSES.index("flagged")
    found = only(visits_of(rows, status=status), grid_of("detect.activity_ratio=1.3,1.7"))
    assert found.n_visits == 3
    assert found.n_both.tolist() == [3, 3, 2]
    assert found.n_lost.tolist() == [0, 0, 1]
    assert found.n_gained.tolist() == [0, 1, 0]
    assert found.n_status.tolist() == [0, 2, 1]
    assert found.largest_change[:2].tolist() == [0.0, 0.5]
    assert found.code == ("", "", "VISITS_FEW")
    assert np.isnan([found.shift[2], found.median_change[2], found.largest_share[2], found.rank[2]]).all()


@pytest.mark.parametrize("rows", [[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0, np.nan], [1.0, 2.0, 3.0]]])
def test_of_fewer_than_three_visits_no_number_is_given(rows):
    grid = grid_of("detect.activity_ratio=1.7")
    found = only(visits_of(rows), grid)
    assert set(found.code) == {"VISITS_FEW"}
    table = stability_table(grid, [found]).drop(columns="detect.activity_ratio")
    assert table.select_dtypes("floating").isna().all(axis=None)
    (row,) = summary_rows([found])
    assert row["code"] == "VISITS_FEW"
    assert {name: cell for name, cell in row.items() if isinstance(cell, float)} == {}


def test_visits_that_do_not_differ_have_no_spread_and_no_order():
    grid = grid_of("detect.activity_ratio=1.7")
    same = only(visits_of([[0.1, 0.1, 0.1], [0.1, 0.2, 0.3]]), grid)
    assert (same.spread, same.code) == (0.0, ("SPREAD_ZERO", "SPREAD_ZERO"))
    assert np.isnan(same.median_share).all()
    assert np.isnan(same.rank).all()
    assert same.median_change[1] == pytest.approx(0.1)
    flat = only(visits_of([[0.1, 0.2, 0.3], [0.1, 0.1, 0.1]]), grid)
    assert flat.code == ("", "RANKS_CONSTANT")
    assert flat.rank[0] == 1.0


def test_the_setting_that_moves_the_visits_is_named_with_its_share():
    grid = grid_of("detect.activity_ratio=1.3,1.5,1.8", GAPS)
    base = np.array([1.0, 2.0, 4.0, 8.0])
    rows = [base + 2 * (grid.values(n)[0] - 1.5) + (grid.values(n)[1] - 0.25) for n in range(len(grid))]
    found = only(visits_of(rows), grid)
    first, second = found.axes
    own = np.var([-0.4, 0.0, 0.6])
    assert first.share == pytest.approx(own / (own + np.var([-0.1, 0.0])), rel=1e-9)
    assert first.share + second.share == pytest.approx(1.0, rel=1e-9)
    assert first.alone == pytest.approx(0.6 / base.std(ddof=1), rel=1e-9)
    assert (first.at, second.at) == (1.8, 0.15)
    (row,) = summary_rows([found])
    assert row["moved_by"] == "detect.activity_ratio"
    assert row["detect.close_gap_s.share"] == second.share
    assert set(SUMMARY_COLUMNS) <= set(row)


def test_settings_that_act_together_leave_a_rest_and_what_never_moves_has_no_share():
    grid = grid_of(RATIOS, GAPS)
    both = [(grid.values(n)[0] - 1.5) * (grid.values(n)[1] - 0.2) for n in range(len(grid))]
    base = np.array([1.0, 2.0, 4.0])
    value = np.array([base + one for one in both])
    shares = [one.share for one in axis_effects(value, np.zeros(len(grid)), laid_out(grid))]
    assert sum(shares) < 0.01
    still = only(visits_of(np.tile(base, (len(grid), 1))), grid)
    assert all(math.isnan(one.share) for one in still.axes)
    assert [one.alone for one in still.axes] == [0.0, 0.0]
    (row,) = summary_rows([still])
    assert (row["moved_by"], row["moved"], row["rank_least"]) == ("", 0.0, 1.0)


def test_one_setting_alone_explains_exactly_all_and_the_others_exactly_nothing():
    grid = grid_of(RATIOS, GAPS)
    rng = np.random.default_rng(3)
    by_ratio = {ratio: rng.normal(size=5) for ratio in (1.3, 1.5, 1.7)}
    found = only(visits_of([by_ratio[grid.values(n)[0]] for n in range(len(grid))], "act_frac", "1"), grid)
    assert found.axes[1].share == 0.0
    assert found.axes[0].share == pytest.approx(1.0, rel=1e-12)


def test_declared_settings_outside_the_grid_stand_beside_it():
    grid = grid_of("detect.activity_ratio=1.3,1.7", GAPS)
    laid = laid_out(grid)
    assert laid.combinations.tolist() == [1, 2, 3, 4]
    assert [(points.tolist(), values) for points, values in laid.alone] == [([2, 4], (1.3, 1.7)), ([], ())]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3).filter(lambda sizes: max(sizes) > 1), st.booleans())
def test_points_lie_where_their_values_say(sizes, declared_in):
    names = ("activity_ratio", "cmua_act_frac", "close_gap_s")
    starts = (1.5 if declared_in else 1.6, 0.9, 0.25)
    texts = [f"detect.{name}=" + ",".join(f"{start + 0.01 * n:.2f}" for n in range(size))
             for name, start, size in zip(names, starts, sizes, strict=False)]  # fmt: skip
    grid = grid_of(*texts)
    laid = laid_out(grid)
    assert sorted({*laid.combinations.tolist(), 0}) == list(range(len(grid)))
    levels = np.stack(np.unravel_index(np.arange(len(laid.combinations)), laid.shape), axis=1)
    for point, level in zip(laid.combinations.tolist(), levels.tolist(), strict=True):
        assert grid.values(point) == tuple(axis.values[n] for axis, n in zip(grid.axes, level, strict=True))
    for a, (points, values) in enumerate(laid.alone):
        expected = [n for n in range(1, len(grid)) if [i for i, (x, y) in enumerate(
            zip(grid.values(n), grid.values(0), strict=True)) if x != y] == [a]]  # fmt: skip
        assert sorted(points.tolist()) == expected
        assert [grid.values(point)[a] for point in points.tolist()] == list(values)


def test_rows_have_their_columns_and_points_that_are_alike_say_that_nothing_moves():
    grid = grid_of("detect.activity_ratio=1.7")
    found = stability_of(visits_of([[1.0, 2.0, 4.0]] * 2), grid)
    table = stability_table(grid, found)
    assert set(table) == {*STABILITY_COLUMNS, "detect.activity_ratio"}
    row = table.loc[1]
    assert (row["point"], row["rank"], row["largest_change"], row["n_both"]) == (1, 1.0, 0.0, 3)
    (summary,) = summary_rows(found)
    assert (summary["moved_most"], summary["moved_by"]) == (0.0, "")


def test_points_of_the_same_bytes_are_alike_and_all_points_are_in_one_pattern():
    table = np.array([[1.0, np.nan], [2.0, 3.0], [1.0, np.nan], [1.0, 0.0], [1.0, -0.0]])
    first = first_alike(table, np.zeros((5, 0)))
    assert first.tolist() == [0, 1, 0, 3, 4]
    assert sorted(n for _, points in alike(first) for n in points.tolist()) == [0, 1, 2, 3, 4]
    assert [one for one, _ in alike(first)] == [0, 1, 3, 4]


def test_measures_are_sorted_by_what_can_be_said_of_them():
    nan, grid = np.nan, grid_of("detect.activity_ratio=1.7")
    rows = {
        "moved": [[1.0, 2.0, 4.0], [2.0, 1.0, 4.0]],
        "still": [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]],
        "unspread": [[0.0, 0.0, 0.0], [0.0, 0.3, 0.1]],
        "lost": [[1.0, 2.0, 4.0, 5.0], [1.0, 2.0, 4.0, nan]],
        "gained": [[nan, nan, nan, nan], [1.0, 2.0, 4.0, 5.0]],
        "few": [[1.0, 2.0], [3.0, 4.0]],
    }
    found = {name: only(visits_of(one), grid) for name, one in rows.items()}
    moves = moves_of(list(found.values()))
    assert [row["moved_most"] for row in moves.moved] == [next(summary_rows([found["moved"]]))["moved_most"]]
    assert moves[1:] == (1, 2, 1, 1)
    flagged = visits_of(rows["still"], status=np.array([[0, 0, 0], [0, 0, 1]], np.uint8))
    assert moves_of([only(flagged, grid)]).changed == 1
