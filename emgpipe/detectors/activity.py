"""Three-state activity: active, silent, undeterminable; and excluded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.windows import window_power
from emgpipe.detectors.witnesses import Floats, degrees_of_freedom, usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals

States = NDArray[np.int8]

ACTIVE, SILENT, UNDETERMINABLE, EXCLUDED = 1, 0, -1, -2
STATE_NAMES = {ACTIVE: "active", SILENT: "silent", UNDETERMINABLE: "undeterminable", EXCLUDED: "excluded"}

WINDOW_HOPS = 8
STEP_HOPS = 4
FLOOR_READS_LOW = 0.9
"""A floor that reads 10 % low must not raise the chance of a false alarm."""
MEASURED_DOF_SHARE = 0.85
"""Measured degrees of freedom of a window over those of theory."""
EDGE_REACH_HOPS = 10
EDGE_INNER_HOPS = 12


@dataclass(frozen=True, eq=False)
class Activity:
    """State of each hop of a channel.

    Attributes
    ----------
    states : ndarray of int8, shape (n_hops,)
        `ACTIVE`, `SILENT`, `UNDETERMINABLE` or `EXCLUDED`.
    active_if_high, active_if_low : ndarray of bool, shape (n_hops,)
        Active if the floor were the upper, the lower end of its bracket.
    ratio : float
        k for a fully usable window.
    """

    states: States
    active_if_high: NDArray[np.bool_]
    active_if_low: NDArray[np.bool_]
    ratio: float


def detect_activity(frames: ChannelFrames, floor: Floor, settings: DetectSettings) -> Activity:
    """Decide for each hop whether the muscle is active.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.
    floor : Floor
        From `estimate_floor`.
    settings : DetectSettings
        k, hysteresis, closing, shortest burst.

    Returns
    -------
    Activity
        All undeterminable (or excluded) where the floor is not known.

    Notes
    -----
    RMS of windows of 8 hops every 4: active above k x hi, silent below k x lo, else
    undeterminable; k is raised until noise of the recording's own spectrum passes it
    less often than `false_alarm` (definitions, section 3). Deviation from double
    threshold detectors (Bonato et al. 1998, doi:10.1109/10.661154): the level is
    absolute, never taken from a quiet part of the same record.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import reduce_channel
    >>> from emgpipe.frames.runs import RunSamples
    >>> x = np.random.default_rng(1).standard_normal(8000).astype(np.float32)
    >>> x[4000:] *= 9
    >>> frames = reduce_channel([RunSamples(0, 8000, lambda a, b: x[a:b])], 8000, 1000.0, 50, ConditionSettings())
    >>> activity = detect_activity(frames, Floor(0.91, 0.82, 1.0, "device", "high"), DetectSettings())
    >>> [round(t, 1) for t in state_intervals(activity.states, ACTIVE, frames.hop_s).pairs[0].tolist()]
    [4.0, 8.0]
    """
    n_hops = len(frames.mean_square)
    starts = np.arange(0, max(n_hops - WINDOW_HOPS + 1, 0), STEP_HOPS, dtype=np.int64)
    windows = window_power(frames, starts, WINDOW_HOPS)
    if not floor.known or not len(starts):
        states = np.full(n_hops, UNDETERMINABLE, np.int8)
        states[_paint(np.isnan(windows.power).astype(np.int8), n_hops) == 1] = EXCLUDED
        return Activity(states, np.zeros(n_hops, bool), np.zeros(n_hops, bool), np.nan)
    ratios = _ratios(frames, floor, settings)
    level, excluded = _filled(np.sqrt(windows.power) / ratios[windows.n_usable], frames, settings)
    power = np.where(usable_hops(frames), frames.mean_square.astype(np.float64), np.nan)

    def decide(lo_uv: float, hi_uv: float, refine_uv: float) -> States:
        """State of each hop between these levels; edges are searched around the third."""
        states = _paint(_window_states(level, lo_uv, hi_uv, settings), n_hops)
        states = _tidied(states, frames.hop_s, settings)
        states = _refined(states, power, refine_uv**2)
        states[_paint(excluded.astype(np.int8), n_hops) == 1] = EXCLUDED
        return states

    ends = [decide(uv, uv, uv) == ACTIVE for uv in (floor.hi_uv, floor.lo_uv)]
    states = decide(floor.lo_uv, floor.hi_uv, floor.floor_uv)
    return Activity(states, ends[0], ends[1], float(ratios[WINDOW_HOPS]))


def state_intervals(states: States, state: int, hop_s: float) -> Intervals:
    """Stretches of one state in seconds.

    Examples
    --------
    >>> state_intervals(np.array([0, 1, 1, 0], np.int8), ACTIVE, 0.5).pairs.tolist()
    [[0.5, 1.5]]
    """
    return Intervals.from_mask(states == state).scaled(hop_s)


def _ratios(frames: ChannelFrames, floor: Floor, settings: DetectSettings) -> Floats:
    """Find k for a window with n usable hops, at index n."""
    n = np.arange(WINDOW_HOPS + 1)
    n[0] = 1
    nu = MEASURED_DOF_SHARE * degrees_of_freedom(frames, frames.hop_s, floor.noise_psd) * n
    chance = np.sqrt(chi2.isf(settings.false_alarm, nu) / nu) / FLOOR_READS_LOW
    return np.asarray(np.maximum(settings.activity_ratio, chance), np.float64)


def _filled(level: Floats, frames: ChannelFrames, settings: DetectSettings) -> tuple[Floats, NDArray[np.bool_]]:
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


def _window_states(level: Floats, lo_uv: float, hi_uv: float, settings: DetectSettings) -> States:
    """Threshold levels (RMS / k) with hysteresis; NaN is undeterminable and holds nothing."""
    with np.errstate(invalid="ignore"):
        above = level > hi_uv
        held = level > hi_uv * settings.activity_release / 1.5
        states = np.where(level < lo_uv, SILENT, UNDETERMINABLE).astype(np.int8)
    for start, stop in Intervals.from_mask(held).pairs.astype(int).tolist():
        if above[start:stop].any():
            states[start:stop] = ACTIVE
    return states


def _paint(windows: States, n_hops: int) -> States:
    """Give each window its middle 4 hops; the ends take the outermost window."""
    if not len(windows):
        return np.ones(n_hops, np.int8)
    head = (WINDOW_HOPS - STEP_HOPS) // 2
    hops = np.concatenate([np.full(head, windows[0]), np.repeat(windows, STEP_HOPS)])
    tail = max(n_hops - len(hops), 0)
    return np.concatenate([hops, np.full(tail, windows[-1])])[:n_hops].astype(np.int8)


def _tidied(states: States, hop_s: float, settings: DetectSettings) -> States:
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


def _refined(states: States, power: Floats, floor_power: float) -> States:
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


def _move(states: States, start: int, stop: int, state: int) -> None:
    """Give silent hops of `[start, stop)` a state."""
    part = states[start : max(stop, start)]
    part[part == SILENT] = state


def _peak(score: Floats, near: int) -> int:
    """Place of the largest score; of equal ones (hops that say nothing) the nearest to where the edge was."""
    places = np.flatnonzero(score >= score.max() - 1e-9 * (1 + abs(score.max())))
    return int(places[np.argmin(np.abs(places - near))])


def _evidence(power: Floats, inner: Floats, floor_power: float) -> Floats:
    """Cumulative log-likelihood ratio of activity against noise over hops; missing hops say nothing."""
    active = max(float(np.nanmean(inner)) if np.isfinite(inner).any() else 0.0, 2.25 * floor_power)
    ratio = power / floor_power * (1 - floor_power / active) - np.log(active / floor_power)
    return np.concatenate([[0.0], np.cumsum(np.where(np.isfinite(ratio), ratio, 0.0))])
