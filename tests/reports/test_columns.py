from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.frames.model import ChannelFrames
from emgpipe.reports.columns import Columns, picture_columns, trace_reach_uv


def frames_of(low_uv, high_uv, mean_square):
    empty = ChannelFrames.refusing(0, "TA_R", "TA_R", 2000.0, "")
    as_f4 = [np.asarray(x, np.float32) for x in (low_uv, high_uv, mean_square)]
    return replace(empty, low_uv=as_f4[0], high_uv=as_f4[1], mean_square=as_f4[2])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 150), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_columns_keep_extremes_power_and_gaps(n_hops, most, seed, gap_share):
    rng = np.random.default_rng(seed)
    high = rng.uniform(0, 50, n_hops)
    high[rng.random(n_hops) < gap_share] = np.nan
    columns = picture_columns(frames_of(-high, high, high**2), most)
    assert len(columns.time_s) == min(n_hops, most)
    if np.isfinite(high).any():
        assert np.nanmax(columns.high_uv) == np.float32(np.nanmax(high))
        assert np.nanmin(columns.low_uv) == -np.float32(np.nanmax(high))
        assert np.nanmax(columns.rms_uv) <= np.nanmax(high) * (1 + 1e-6)
    assert np.array_equal(np.isnan(columns.high_uv), np.isnan(columns.rms_uv))
    assert np.isnan(columns.high_uv).all() == np.isnan(high).all()


def test_a_column_of_equal_hops_has_their_rms():
    columns = picture_columns(frames_of([-3.0] * 12, [3.0] * 12, [4.0] * 12), 4)
    assert columns.rms_uv.tolist() == [2.0] * 4
    assert columns.time_s.tolist() == [1.5 * 0.0125, 4.5 * 0.0125, 7.5 * 0.0125, 10.5 * 0.0125]


def test_no_hops_give_no_columns():
    assert len(picture_columns(frames_of([], [], [])).time_s) == 0


def reach(high_uv):
    high = np.asarray(high_uv, float)
    return trace_reach_uv(Columns(np.arange(len(high)), -high, high, high))


def test_a_single_huge_peak_is_cut_and_said():
    reach_uv, peak_uv = reach([10.0] * 999 + [5000.0])
    assert reach_uv < 20.0
    assert peak_uv == 5000.0


def test_ordinary_peaks_are_never_cut():
    reach_uv, peak_uv = reach([10.0] * 99 + [30.0])
    assert reach_uv > 30.0
    assert peak_uv == 0.0


def test_a_dead_or_missing_trace_still_has_a_height():
    assert reach([0.0] * 10) == reach([np.nan] * 10) == reach([]) == (1.0, 0.0)
    assert reach([1e-19] * 10) == (1.0, 0.0)
