"""Crosstalk: how much of one conditioned signal stands in the other without delay, and on which of the two."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, UNDETERMINABLE, Activity
from emgpipe.detectors.cocontraction import STEP_S, WINDOW_S, Envelope, PairEnvelopes
from emgpipe.detectors.witnesses import Floats, Witnesses, second_edges
from emgpipe.frames.model import ChannelFrames, PairCovariance

LEAST_S = 3
"""Seconds that a median of correlations rests on; fewer count where they hold most of what the receiver does."""
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
        Of the signal that one muscle may have from the other; NaN where no seconds tell it.
    used_s : float
        Seconds that `r0` rests on.
    told_s : float
        Seconds of the segment with a correlation and both powers.
    """

    r0: float
    onto_first: float
    onto_second: float
    used_s: float
    told_s: float


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
    Less than 3 s tell it where the receiver is on in them for half or more of all its seconds, or silent throughout:
    one short spasm is all there is. Where that leaves nothing, all seconds are taken, and the receiver is the
    quieter one.

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
    r, whole = covariance.largest_r, np.zeros(len(covariance.r), bool)
    whole[int(np.ceil(start_s - 1e-9)) : int(stop_s + 1e-9)] = True
    told = whole & np.isfinite(r) & np.isfinite(first.power) & np.isfinite(second.power)
    told_s, louder = float(told.sum()), first.power >= second.power
    onto_second, seconds_there = _direction(r, told, louder, first, second)
    onto_first, seconds_here = _direction(r, told, ~louder, second, first)
    if np.isfinite(onto_first) or np.isfinite(onto_second):
        here = onto_second < onto_first or np.isnan(onto_second)
        used_s = seconds_here if here else seconds_there
        return Crosstalk(float(np.fmax(onto_first, onto_second)), onto_first, onto_second, used_s, told_s)
    r0 = float(np.median(r[told])) if told.any() else np.nan
    quieter = bool(told.any()) and first.power[told].sum() < second.power[told].sum()
    return Crosstalk(r0, r0 if quieter else np.nan, np.nan if quieter else r0, told_s, told_s)


def without_common(
    pair: PairEnvelopes,
    covariance: PairCovariance,
    levels: tuple[SecondLevels, SecondLevels],
    floors_uv: tuple[float, float],
    start_s: float,
) -> PairEnvelopes:
    """Envelopes with the common share of power taken off the weaker muscle of each second.

    Parameters
    ----------
    pair : PairEnvelopes
        Of both muscles from `start_s` on.
    covariance : PairCovariance
        Of their signals.
    levels : (SecondLevels, SecondLevels)
        Of the channels.
    floors_uv : (float, float)
        Noise floors.
    start_s : float
        Start of the segment, gap-aware seconds.

    Returns
    -------
    PairEnvelopes
        Never above those given; NaN and excluded in seconds without a correlation.

    Notes
    -----
    R is the largest |correlation| of the second, e^2 + floor^2 the power of a window: left is
    sqrt(max(0, e^2 - R^2 (e^2 + floor^2))). R^2 e^2 with the median R of the segment, the plain reading of "share of
    common signal" (Winter, Fuglevand & Archer 1994), leaves a floor of overlap behind a copy and all of that
    of bursts (measured, decision 24). A copy that arrives filtered is taken off in part only; what two muscles do
    alike within 2 ms goes too.

    Examples
    --------
    >>> one, none = np.ones(20, bool), np.zeros(20, bool)
    >>> pair = PairEnvelopes(Envelope(np.full(20, 10.0), one, none), Envelope(np.full(20, 3.0), one, none))
    >>> r = PairCovariance(0, 1, np.zeros(1, np.int64), np.full((2, 1), 0.6, np.float32))
    >>> levels = SecondLevels(np.full(2, 101.0), np.ones(2, bool)), SecondLevels(np.full(2, 10.0), np.ones(2, bool))
    >>> round(float(without_common(pair, r, levels, (1.0, 1.0), 0.0).second.value_uv[0] ** 2), 3)
    5.4
    """
    middle_s = start_s + WINDOW_S / 2 + STEP_S * np.arange(len(pair.first.value_uv))
    second = np.minimum(middle_s.astype(int), len(covariance.r) - 1)
    inside = middle_s < len(covariance.r)
    share = np.where(inside, covariance.largest_r[second] ** 2, np.nan)
    first_power, second_power = (level.power[second] for level in levels)
    told = np.isfinite(share) & np.isfinite(first_power) & np.isfinite(second_power)
    weaker = first_power < second_power

    def left(one: Envelope, floor_uv: float, here: NDArray[np.bool_]) -> Envelope:
        """Envelope without the share of the other muscle where `here`; excluded where the share is not known."""
        power = one.value_uv**2 - np.where(here, share * (one.value_uv**2 + floor_uv**2), 0.0)
        value_uv = np.where(told, np.sqrt(np.maximum(power, 0.0)), np.nan)
        return replace(one, value_uv=value_uv, excluded=one.excluded | ~told)

    return PairEnvelopes(left(pair.first, floors_uv[0], weaker), left(pair.second, floors_uv[1], ~weaker))


def _direction(
    r: Floats, told: NDArray[np.bool_], louder: NDArray[np.bool_], source: SecondLevels, receiver: SecondLevels
) -> tuple[float, float]:
    """Largest median, and its number of seconds, over those of the source and those of both; NaN where none count."""
    best, used_s = np.nan, 0.0
    from_source = told & louder & source.on
    mostly = 2 * (from_source & receiver.on).sum() >= (told & receiver.on).sum()
    for there in (from_source, from_source & receiver.on):
        if there.sum() >= (1 if mostly else LEAST_S) and not np.median(r[there]) <= best:
            best, used_s = float(np.median(r[there])), float(there.sum())
    return best, used_s
