"""Continuous motor unit activity: epochs, silences, gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, EXCLUDED, SILENT, States
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.windows import window_power
from emgpipe.detectors.witnesses import usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals
from emgpipe.kernels.epochs import epoch_counts

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
    frames: ChannelFrames,
    states: States,
    floor: Floor,
    start_s: float,
    stop_s: float,
    settings: DetectSettings,
    levels_uv: Sequence[float] | None = None,
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
    levels_uv : sequence of float, optional
        From `sustained_uv`, where it is known already.

    Returns
    -------
    Epochs

    Notes
    -----
    Active >= 95 %, longest gap < 0.5 s, P10 of the 500 ms RMS > 1.25 floors. No upper
    bound on variability: spasm seconds do not disqualify an epoch. At least half of an
    epoch must be usable.
    """
    starts = epoch_starts(start_s, stop_s, settings.cmua_epoch_s)
    if levels_uv is None:
        levels_uv = sustained_uv(frames, start_s, stop_s, settings.cmua_epoch_s)
    ends = frames.hops_of(starts), frames.hops_of(starts + settings.cmua_epoch_s)
    counts = np.empty((len(starts), 7), np.int64)
    epoch_counts(states, usable_hops(frames), *ends, counts)
    n, entered, seen, active, resting, perhaps, silent = counts.T
    usable = (n > 0) & (entered >= (1 - MOST_EXCLUDED) * n)
    shown = _continuous(active, seen, resting * frames.hop_s, settings)
    loud = np.array(levels_uv, np.float64) > settings.cmua_p10_ratio * floor.floor_uv
    unsure = usable & ~shown & _continuous(perhaps, seen, silent * frames.hop_s, settings)
    found = usable & shown & loud
    verdicts = np.where(usable, found.astype(np.float64), np.nan)
    epochs = Intervals.of([(a, a + settings.cmua_epoch_s) for a in starts[found].tolist()])
    return Epochs(epochs, int(usable.sum()), int(unsure.sum()), int(entered[usable].sum()) * frames.hop_s, verdicts)


def epoch_starts(start_s: float, stop_s: float, length_s: float) -> NDArray[np.float64]:
    """Start of each whole epoch of a segment, seconds."""
    return start_s + np.arange(int((stop_s - start_s) / length_s + 1e-9), dtype=np.float64) * length_s


def _continuous(
    active: NDArray[np.int64], seen: NDArray[np.int64], longest_s: NDArray[np.floating], settings: DetectSettings
) -> NDArray[np.bool_]:
    share = np.divide(active, seen, out=np.zeros(len(seen)), where=seen > 0)
    return np.asarray((share >= settings.cmua_act_frac) & (longest_s < settings.cmua_longest_gap_s), np.bool_)


def sustained_uv(frames: ChannelFrames, start_s: float, stop_s: float, length_s: float) -> list[float]:
    """P10 of the 500 ms RMS, stepped 250 ms, of each epoch; NaN where no window is usable. One pass for all epochs."""
    starts = epoch_starts(start_s, stop_s, length_s)
    per_epoch = int((length_s - SUSTAINED_S) / SUSTAINED_STEP_S + 1e-9) + 1
    length = max(frames.hops(SUSTAINED_S), 1)
    last = len(frames.mean_square) - length
    hops = frames.hops_of(np.add.outer(starts, np.arange(per_epoch) * SUSTAINED_STEP_S).ravel())
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
