"""Plain twin of `detect_activity`: run by run on the states of hops, as the definitions tell it."""

import numpy as np
from scipy.stats import chi2

from emgpipe.detectors.activity import (
    ACTIVE,
    EDGE_INNER_HOPS,
    EDGE_REACH_HOPS,
    EXCLUDED,
    FLOOR_READS_LOW,
    MEASURED_DOF_SHARE,
    SILENT,
    STEP_HOPS,
    UNDETERMINABLE,
    WINDOW_HOPS,
)
from emgpipe.detectors.windows import window_power
from emgpipe.detectors.witnesses import degrees_of_freedom, usable_hops
from emgpipe.intervals import Intervals


def activity(frames, floor, settings):
    """States, active if the floor were the upper and the lower end of its bracket, and k."""
    n_hops = len(frames.mean_square)
    starts = np.arange(0, max(n_hops - WINDOW_HOPS + 1, 0), STEP_HOPS, dtype=np.int64)
    windows = window_power(frames, starts, WINDOW_HOPS)
    if not floor.known or not len(starts):
        states = np.full(n_hops, UNDETERMINABLE, np.int8)
        states[_paint(np.isnan(windows.power).astype(np.int8), n_hops) == 1] = EXCLUDED
        return states, np.zeros(n_hops, bool), np.zeros(n_hops, bool), np.nan
    k = ratios(frames, floor, settings)
    level, excluded = _filled(np.sqrt(windows.power) / k[windows.n_usable], frames, settings)
    power = np.where(usable_hops(frames), frames.mean_square.astype(np.float64), np.nan)

    def decide(lo_uv, hi_uv, refine_uv):
        """State of each hop between these levels; edges are searched around the third."""
        states = _paint(_window_states(level, lo_uv, hi_uv, settings), n_hops)
        states = _tidied(states, frames.hop_s, settings)
        states = _refined(states, power, refine_uv**2)
        states[_paint(excluded.astype(np.int8), n_hops) == 1] = EXCLUDED
        return states

    high, low = (decide(uv, uv, uv) == ACTIVE for uv in (floor.hi_uv, floor.lo_uv))
    return decide(floor.lo_uv, floor.hi_uv, floor.floor_uv), high, low, float(k[WINDOW_HOPS])


def ratios(frames, floor, settings):
    """Find k for a window with n usable hops, at index n."""
    n = np.arange(WINDOW_HOPS + 1)
    n[0] = 1
    nu = MEASURED_DOF_SHARE * degrees_of_freedom(frames, frames.hop_s, floor.noise_psd) * n
    chance = np.sqrt(chi2.isf(settings.false_alarm, nu) / nu) / FLOOR_READS_LOW
    return np.asarray(np.maximum(settings.activity_ratio, chance), np.float64)


def _filled(level, frames, settings):
    """Levels with short excluded stretches taken from both sides, half each; and windows that stay excluded."""
    longest = settings.bridge_excluded_s / (STEP_HOPS * frames.hop_s) + 1e-9
    out = level.copy()
    excluded = np.zeros(len(level), bool)
    for start, stop in Intervals.from_mask(np.isnan(level)).pairs.astype(int).tolist():
        if stop - start > longest or (start == 0 and stop == len(level)):
            excluded[start:stop] = True
            continue
        left = level[start - 1] if start else level[stop]
        right = level[stop] if stop < len(level) else left
        middle = (start + stop + 1) // 2
        out[start:middle], out[middle:stop] = left, right
    return out, excluded


def _window_states(level, lo_uv, hi_uv, settings):
    """Threshold levels (RMS / k) with hysteresis; NaN is undeterminable and holds nothing."""
    with np.errstate(invalid="ignore"):
        above = level > hi_uv
        held = level > hi_uv * settings.activity_release / 1.5
        states = np.where(level < lo_uv, SILENT, UNDETERMINABLE).astype(np.int8)
    for start, stop in Intervals.from_mask(held).pairs.astype(int).tolist():
        if above[start:stop].any():
            states[start:stop] = ACTIVE
    return states


def _paint(windows, n_hops):
    """Give each window its middle 4 hops; the ends take the outermost window."""
    if not len(windows):
        return np.ones(n_hops, np.int8)
    head = (WINDOW_HOPS - STEP_HOPS) // 2
    hops = np.concatenate([np.full(head, windows[0]), np.repeat(windows, STEP_HOPS)])
    tail = max(n_hops - len(hops), 0)
    return np.concatenate([hops, np.full(tail, windows[-1])])[:n_hops].astype(np.int8)


def _tidied(states, hop_s, settings):
    """Close short gaps, drop short bursts, resolve short undeterminable runs."""
    out = states.copy()
    for start, stop in Intervals.from_mask(out != ACTIVE).pairs.astype(int).tolist():
        if (stop - start) * hop_s < settings.close_gap_s and start > 0 and stop < len(out):
            out[start:stop] = ACTIVE
    for start, stop in Intervals.from_mask(out == ACTIVE).pairs.astype(int).tolist():
        if (stop - start) * hop_s < settings.shortest_burst_s - 1e-9 and start > 0 and stop < len(out):
            silent = out[start - 1] == SILENT and out[stop] == SILENT
            out[start:stop] = SILENT if silent else UNDETERMINABLE
    for start, stop in Intervals.from_mask(out == UNDETERMINABLE).pairs.astype(int).tolist():
        if (stop - start) * hop_s < settings.shortest_undeterminable_s:
            before = out[start - 1] if start else out[stop] if stop < len(out) else UNDETERMINABLE
            after = out[stop] if stop < len(out) else before
            # between active and silent the edge search decides
            out[start:stop] = before if before == after else SILENT
    return out


def _refined(states, power, floor_power):
    """Move each edge between active and silent to the likelihood change point of the hop powers."""
    out = states.copy()
    for start, stop in Intervals.from_mask(states == ACTIVE).pairs.astype(int).tolist():
        if start > 0 and out[start - 1] == SILENT:
            inner = power[start : min(start + EDGE_INNER_HOPS, stop)]
            a, b = max(start - EDGE_REACH_HOPS, 0), min(start + EDGE_REACH_HOPS, stop)
            score = _evidence(power[a:b], inner, floor_power)
            edge = a + _peak(score[-1] - score, start - a)
            _move(out, edge, start, ACTIVE)
            out[start : max(edge, start)] = SILENT
        if stop < len(out) and out[stop] == SILENT:
            inner = power[max(stop - EDGE_INNER_HOPS, start) : stop]
            a, b = max(stop - EDGE_REACH_HOPS, start), min(stop + EDGE_REACH_HOPS, len(out))
            edge = a + _peak(_evidence(power[a:b], inner, floor_power), stop - a)
            _move(out, stop, edge, ACTIVE)
            out[min(edge, stop) : stop] = SILENT
    return out


def _move(states, start, stop, state):
    """Give silent hops of `[start, stop)` a state."""
    part = states[start : max(stop, start)]
    part[part == SILENT] = state


def _peak(score, near):
    """Place of the largest score; of equal ones (hops that say nothing) the nearest to where the edge was."""
    places = np.flatnonzero(score >= score.max() - 1e-9 * (1 + abs(score.max())))
    return int(places[np.argmin(np.abs(places - near))])


def _evidence(power, inner, floor_power):
    """Cumulative log-likelihood ratio of activity against noise over hops; missing hops say nothing."""
    active = max(float(np.nanmean(inner)) if np.isfinite(inner).any() else 0.0, 2.25 * floor_power)
    ratio = power / floor_power * (1 - floor_power / active) - np.log(active / floor_power)
    return np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(ratio), ratio, 0.0))])
