"""Continuous motor unit activity: epochs, silences, gaps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, EXCLUDED, SILENT, UNDETERMINABLE, States
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.windows import window_power
from emgpipe.detectors.witnesses import usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals

SUSTAINED_S = 0.5
SUSTAINED_STEP_S = 0.25
MOST_EXCLUDED = 0.5
"""Excluded share above which an epoch says nothing."""


@dataclass(frozen=True)
class Epochs:
    """CMUA epochs of a segment.

    Attributes
    ----------
    cmua : Intervals
        Epochs with continuous activity, seconds.
    n_usable : int
        Epochs with a verdict or undeterminable; excluded ones left out.
    n_undeterminable : int
        Epochs that would be continuous if their undeterminable time were active, and are not without it.
    used_s : float
        Usable seconds of the usable epochs.
    verdicts : ndarray, shape (n_epochs,)
        1 continuous, 0 not (or not told), NaN not usable; of every whole epoch, in order.
    """

    cmua: Intervals
    n_usable: int
    n_undeterminable: int
    used_s: float
    verdicts: NDArray[np.float64]


def cmua_epochs(
    frames: ChannelFrames, states: States, floor: Floor, start_s: float, stop_s: float, settings: DetectSettings
) -> Epochs:
    """Judge each whole epoch of a segment.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.
    states : ndarray of int8, shape (n_hops,)
        From `detect_activity`.
    floor : Floor
        Known.
    start_s, stop_s : float
        Segment, gap-aware seconds.
    settings : DetectSettings
        Epoch length, least active share, longest gap, P10 over floor.

    Returns
    -------
    Epochs

    Notes
    -----
    Active >= 95 %, longest gap < 0.5 s, P10 of the 500 ms RMS > 1.25 floors. No upper
    bound on variability: spasm seconds do not disqualify an epoch. At least half of an
    epoch must be usable.
    """
    count = int((stop_s - start_s) / settings.cmua_epoch_s + 1e-9)
    starts = [start_s + i * settings.cmua_epoch_s for i in range(count)]
    levels_uv = _sustained_uv(frames, starts, settings.cmua_epoch_s)
    entered = usable_hops(frames) & (states != EXCLUDED)
    found, usable, unsure, used = [], 0, 0, 0
    verdicts = np.full(count, np.nan)
    for i, (a, level_uv) in enumerate(zip(starts, levels_uv, strict=True)):
        b = a + settings.cmua_epoch_s
        inside = slice(frames.hops(a), frames.hops(b))
        part = states[inside]
        if not len(part) or entered[inside].mean() < 1 - MOST_EXCLUDED:
            continue
        usable += 1
        verdicts[i] = 0.0
        used += int(entered[inside].sum())
        if _continuous(part == ACTIVE, part, frames.hop_s, settings):
            if level_uv > settings.cmua_p10_ratio * floor.floor_uv:
                found.append((a, b))
                verdicts[i] = 1.0
        elif _continuous((part == ACTIVE) | (part == UNDETERMINABLE), part, frames.hop_s, settings):
            unsure += 1
    return Epochs(Intervals.of(found), usable, unsure, used * frames.hop_s, verdicts)


def _continuous(active: NDArray[np.bool_], states: States, hop_s: float, settings: DetectSettings) -> bool:
    seen = states != EXCLUDED
    longest = max((b - a for a, b in Intervals.from_mask(~active & seen)), default=0.0) * hop_s
    return bool(active[seen].mean() >= settings.cmua_act_frac and longest < settings.cmua_longest_gap_s)


def _sustained_uv(frames: ChannelFrames, starts: list[float], length_s: float) -> list[float]:
    """P10 of the 500 ms RMS, stepped 250 ms, of each epoch; NaN where no window is usable. One pass for all epochs."""
    per_epoch = int((length_s - SUSTAINED_S) / SUSTAINED_STEP_S + 1e-9) + 1
    length = max(frames.hops(SUSTAINED_S), 1)
    last = len(frames.mean_square) - length
    hops = frames.hops_of(np.add.outer(np.array(starts), np.arange(per_epoch) * SUSTAINED_STEP_S).ravel())
    power = window_power(frames, np.clip(hops, 0, last), length).power
    epochs = power.reshape(len(starts), per_epoch)
    return [float(np.sqrt(np.quantile(p[np.isfinite(p)], 0.1))) if np.isfinite(p).any() else np.nan for p in epochs]


def inactive_runs_s(states: States, hop_s: float) -> NDArray[np.float64]:
    """Lengths in seconds of runs that are silent; excluded and undeterminable stretches end a run.

    Examples
    --------
    >>> inactive_runs_s(np.array([ACTIVE, SILENT, SILENT, EXCLUDED, SILENT], np.int8), 0.5).tolist()
    [1.0, 0.5]
    """
    pairs = Intervals.from_mask(states == SILENT).pairs
    return np.asarray((pairs[:, 1] - pairs[:, 0]) * hop_s, np.float64)


def gap_ends(states: States, hop_s: float, shortest_s: float) -> NDArray[np.int64]:
    """First active hop after each pause between active stretches that holds a silent run of at least `shortest_s`.

    Silence before the first and after the last activity is no gap. Excluded time is cut
    out, so that silence on both of its sides is one run.

    Examples
    --------
    >>> gap_ends(np.array([ACTIVE, SILENT, EXCLUDED, SILENT, ACTIVE, SILENT], np.int8), 0.1, 0.2).tolist()
    [4]
    """
    places = np.flatnonzero(states != EXCLUDED)
    seen = states[places]
    active = np.flatnonzero(seen == ACTIVE)
    runs = Intervals.from_mask(seen == SILENT).drop(shortest_s / hop_s - 1e-9).pairs
    # two runs in one pause, undeterminable time between, are one gap
    before = np.searchsorted(active, runs[:, 0])
    return places[active[np.unique(before[(before > 0) & (before < len(active))])]]
