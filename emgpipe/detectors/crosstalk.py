"""Crosstalk: how much of one conditioned signal stands in the other without delay, and on which of the two."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, UNDETERMINABLE, Activity
from emgpipe.detectors.witnesses import Floats, Witnesses, second_edges
from emgpipe.frames.model import ChannelFrames, PairCovariance

LEAST_S = 3
"""Seconds that a median of correlations rests on; fewer say nothing."""
LEAST_ON_S = 0.1
"""Time of a second in which a muscle is not silent, from which on the second is one of its own."""


class SecondLevels(NamedTuple):
    """What the whole seconds of a channel say about who may have put signal into whom.

    Attributes
    ----------
    power : ndarray, shape (n_seconds,)
        Mean square of the conditioned signal, µV²; NaN in seconds that are not usable.
    on : ndarray of bool, shape (n_seconds,)
        Not silent for 0.1 s or more.
    """

    power: Floats
    on: NDArray[np.bool_]

    @classmethod
    def of(cls, frames: ChannelFrames, witnesses: Witnesses, activity: Activity) -> "SecondLevels":
        """Levels of a channel; time that is undeterminable is not silent."""
        heard = (activity.states == ACTIVE) | (activity.states == UNDETERMINABLE)
        count = np.concatenate([[0], np.cumsum(heard)])
        edges = second_edges(frames)
        return cls(witnesses.power, (count[edges[1:]] - count[edges[:-1]]) * frames.hop_s >= LEAST_ON_S)


class Crosstalk(NamedTuple):
    """Shared signal of a pair over a segment.

    Attributes
    ----------
    r0 : float
        0..1, the larger of both directions; NaN where no second is defined.
    onto_first, onto_second : float
        Of the signal that one muscle may have from the other; NaN where the other is not the louder one for 3 s.
    used_s : float
        Seconds that `r0` rests on.
    """

    r0: float
    onto_first: float
    onto_second: float
    used_s: float


def crosstalk(
    covariance: PairCovariance, first: SecondLevels, second: SecondLevels, start_s: float, stop_s: float
) -> Crosstalk:
    """Largest |correlation| within +-2 ms, median over the seconds in which crosstalk could be there.

    Parameters
    ----------
    covariance : PairCovariance
        Of two conditioned channels.
    first, second : SecondLevels
        Of the channels; an artefact common to both is no crosstalk, and leaves a second out.
    start_s, stop_s : float
        Segment, gap-aware seconds.

    Returns
    -------
    Crosstalk

    Notes
    -----
    One direction is judged over the seconds in which the source is on and the louder of the two, and once more
    over those of them in which the receiver is on too: a source that is on for a fifth of the time, or puts
    signal over in its spasms only, is not hidden by the other seconds (decision 24). The larger median counts.
    Where neither muscle is on for 3 s, all seconds are taken, and the receiver is the quieter one.

    A high value proves common signal; a low one does not exclude crosstalk (Farina et
    al.): the wording is "no crosstalk shown". Winter, Fuglevand & Archer 1994 use
    +-30 ms; volume conduction has no delay, so +-2 ms is enough.

    Examples
    --------
    >>> r = np.array([[0.1, -0.4, 0.2]] * 4, np.float32)
    >>> loud, soft = (SecondLevels(np.full(4, power), np.ones(4, bool)) for power in (9.0, 1.0))
    >>> said = crosstalk(PairCovariance(0, 1, np.arange(-1, 2), r), loud, soft, 0.0, 4.0)
    >>> round(said.r0, 3), said.onto_first, round(said.onto_second, 3), said.used_s
    (0.4, nan, 0.4, 4.0)
    """
    r, whole = largest_r(covariance), np.zeros(len(covariance.r), bool)
    whole[int(np.ceil(start_s - 1e-9)) : int(stop_s + 1e-9)] = True
    told = whole & np.isfinite(r) & np.isfinite(first.power) & np.isfinite(second.power)
    louder = first.power >= second.power
    onto_second, seconds_there = _direction(r, told & louder, first, second)
    onto_first, seconds_here = _direction(r, told & ~louder, second, first)
    if np.isfinite(onto_first) or np.isfinite(onto_second):
        here = onto_second < onto_first or np.isnan(onto_second)
        return Crosstalk(
            float(np.fmax(onto_first, onto_second)), onto_first, onto_second, seconds_here if here else seconds_there
        )
    r0 = float(np.median(r[told])) if told.any() else np.nan
    quieter = bool(told.any()) and first.power[told].sum() < second.power[told].sum()
    return Crosstalk(r0, r0 if quieter else np.nan, np.nan if quieter else r0, float(told.sum()))


def largest_r(covariance: PairCovariance) -> Floats:
    """Largest |correlation| of each second over the lags, shape (n_seconds,); NaN where it is not defined."""
    return np.asarray(np.abs(covariance.r.astype(np.float64)).max(axis=1), np.float64)


def _direction(
    r: Floats, seconds: NDArray[np.bool_], source: SecondLevels, receiver: SecondLevels
) -> tuple[float, float]:
    """Largest median, and its number of seconds, over those of the source and those of both; NaN below 3 s."""
    best, used_s = np.nan, 0.0
    for there in (seconds & source.on, seconds & source.on & receiver.on):
        if there.sum() >= LEAST_S and not np.median(r[there]) <= best:
            best, used_s = float(np.median(r[there])), float(there.sum())
    return best, used_s
