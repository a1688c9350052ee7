"""Three-state activity: active, silent, undeterminable; and excluded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.windows import window_power
from emgpipe.detectors.witnesses import Floats, degrees_of_freedom, usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals
from emgpipe.kernels.states import (
    close_gaps,
    drop_bursts,
    edge_powers,
    exclude,
    move_edges,
    paint,
    resolve_runs,
    window_runs,
)

States = NDArray[np.int8]
Mask = NDArray[np.bool_]

ACTIVE, SILENT, UNDETERMINABLE, EXCLUDED = 1, 0, -1, -2
STATE_NAMES = {ACTIVE: "active", SILENT: "silent", UNDETERMINABLE: "undeterminable", EXCLUDED: "excluded"}

WINDOW_HOPS = 8
STEP_HOPS = 4
HEAD_HOPS = (WINDOW_HOPS - STEP_HOPS) // 2
"""A window gives its state to its middle 4 hops; the ends of a recording take that of the outermost one."""
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
    if_high, if_low : callable
        Gives `active_if_high`, `active_if_low`: decided where they are asked for.
    ratio : float
        k for a fully usable window.
    """

    states: States
    if_high: Callable[[], Mask] = field(repr=False)
    if_low: Callable[[], Mask] = field(repr=False)
    ratio: float

    @cached_property
    def active_if_high(self) -> Mask:
        """Active if the floor were the upper end of its bracket, shape (n_hops,)."""
        return self.if_high()

    @cached_property
    def active_if_low(self) -> Mask:
        """Active if the floor were the lower end of its bracket, shape (n_hops,)."""
        return self.if_low()


class Hearing(NamedTuple):
    """What a channel says before any threshold: made once, whatever settings are tried.

    Attributes
    ----------
    rms_uv : ndarray, shape (n_windows,)
        RMS of windows of 8 hops every 4; NaN where fewer than half are usable.
    n_usable : ndarray of int, shape (n_windows,)
        Usable hops in each.
    power : ndarray, shape (n_hops,)
        Mean square of each usable hop, µV²; NaN in the others.
    """

    rms_uv: Floats
    n_usable: NDArray[np.int64]
    power: Floats


class Levels(NamedTuple):
    """What is held against a floor.

    Attributes
    ----------
    uv : ndarray, shape (n_windows,)
        RMS of each window over its k, short excluded stretches bridged, µV.
    excluded : ndarray of int, shape (n, 2)
        Runs of hops that stay excluded, half-open.
    power : ndarray, shape (n_hops,)
        As in `Hearing`.
    hop_s : float
        Length of a hop.
    ratio : float
        k for a fully usable window; NaN where nothing can be decided.
    """

    uv: Floats
    excluded: NDArray[np.int64]
    power: Floats
    hop_s: float
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
    return decide_activity(activity_levels(hear(frames), frames, floor, settings), floor, settings)


def hear(frames: ChannelFrames) -> Hearing:
    """Windows and hops of a channel, as `detect_activity` looks at them."""
    starts = np.arange(0, max(len(frames.mean_square) - WINDOW_HOPS + 1, 0), STEP_HOPS, dtype=np.int64)
    windows = window_power(frames, starts, WINDOW_HOPS)
    power = np.where(usable_hops(frames), frames.mean_square.astype(np.float64), np.nan)
    return Hearing(np.sqrt(windows.power), windows.n_usable, power)


def activity_levels(heard: Hearing, frames: ChannelFrames, floor: Floor, settings: DetectSettings) -> Levels:
    """Levels of a channel over k.

    Parameters
    ----------
    heard : Hearing
        From `hear`, of the same frames.
    frames, floor : ChannelFrames, Floor
        Of one channel.
    settings : DetectSettings
        `activity_ratio`, `false_alarm`, `bridge_excluded_s`.

    Returns
    -------
    Levels
    """
    n_hops, hop_s = len(frames.mean_square), frames.hop_s
    if not floor.known or not len(heard.rms_uv):
        return Levels(heard.rms_uv, _hops_of(np.isnan(heard.rms_uv), n_hops), heard.power, hop_s, np.nan)
    ratios = _ratios(frames, floor, settings)
    level, excluded = _filled(heard.rms_uv / ratios[heard.n_usable], frames, settings)
    return Levels(level, _hops_of(excluded, n_hops), heard.power, hop_s, float(ratios[WINDOW_HOPS]))


def decide_activity(levels: Levels, floor: Floor, settings: DetectSettings) -> Activity:
    """Decide for each hop from levels: the part of `detect_activity` that a sweep repeats.

    Parameters
    ----------
    levels : Levels
        From `activity_levels`.
    floor : Floor
        The same.
    settings : DetectSettings
        `activity_release`, `close_gap_s`, `shortest_burst_s`, `shortest_undeterminable_s`.

    Returns
    -------
    Activity
    """
    if not np.isfinite(levels.ratio):
        states = np.full(len(levels.power), UNDETERMINABLE, np.int8)
        exclude(states, levels.excluded)
        none = np.zeros(len(states), bool)
        return Activity(states, lambda: none, lambda: none, np.nan)

    def active_at(uv: float) -> Callable[[], Mask]:
        """Decision with one level for both ends."""
        return lambda: _decided(levels, uv, uv, uv, settings) == ACTIVE

    states = _decided(levels, floor.lo_uv, floor.hi_uv, floor.floor_uv, settings)
    return Activity(states, active_at(floor.hi_uv), active_at(floor.lo_uv), levels.ratio)


def _decided(levels: Levels, lo_uv: float, hi_uv: float, refine_uv: float, settings: DetectSettings) -> States:
    """State of each hop between these levels; edges are searched around the third."""
    states = np.empty(len(levels.power), np.int8)
    start, state = np.empty(len(levels.uv) + 1, np.int64), np.empty(len(levels.uv) + 1, np.int8)
    held_uv = hi_uv * settings.activity_release / 1.5
    n = window_runs(levels.uv, lo_uv, hi_uv, held_uv, len(states), HEAD_HOPS, STEP_HOPS, start, state)
    n = close_gaps(start, state, n, levels.hop_s, settings.close_gap_s)
    n = drop_bursts(start, state, n, levels.hop_s, settings.shortest_burst_s - 1e-9)
    # between active and silent the edge search decides
    n = resolve_runs(start, state, n, levels.hop_s, settings.shortest_undeterminable_s)
    paint(start, state, n, states)
    floor_power = refine_uv**2
    inner = np.empty(n + 1)
    edges = edge_powers(levels.power, start, state, n, EDGE_INNER_HOPS, inner)
    inner = np.maximum(inner[:edges], 2.25 * floor_power)
    # the logarithm is numpy's: another library's may differ in the last bit
    logs = np.log(inner / floor_power)
    move_edges(states, levels.power, start, state, n, floor_power, inner, logs, EDGE_REACH_HOPS)
    exclude(states, levels.excluded)
    return states


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
    chance = np.sqrt(special.chdtri(nu, settings.false_alarm) / nu) / FLOOR_READS_LOW
    return np.asarray(np.maximum(settings.activity_ratio, chance), np.float64)


def _filled(level: Floats, frames: ChannelFrames, settings: DetectSettings) -> tuple[Floats, Mask]:
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


def _hops_of(windows: Mask, n_hops: int) -> NDArray[np.int64]:
    """Runs of hops of windows that are true; all hops where there are no windows. The ends have the outermost one."""
    if not len(windows):
        return np.array([[0, n_hops]], np.int64)
    runs = Intervals.from_mask(windows).pairs.astype(np.int64)
    hops = HEAD_HOPS + STEP_HOPS * runs
    hops[runs == 0] = 0
    hops[runs == len(windows)] = n_hops
    return hops
