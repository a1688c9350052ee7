"""Agonist and antagonist: two corrected envelopes on one clock, their overlap and co-active time."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, EXCLUDED, SILENT, Activity
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.windows import corrected_rms
from emgpipe.detectors.witnesses import Floats, running_sum, usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals

WINDOW_S = 0.1
STEP_S = 0.05


@dataclass(frozen=True, eq=False)
class Envelope:
    """Corrected envelope of one muscle, µV.

    Attributes
    ----------
    value_uv : ndarray, shape (n_windows,)
        0 in silent windows, NaN in undeterminable and excluded ones.
    active : ndarray of bool, shape (n_windows,)
        Windows whose middle is active.
    excluded : ndarray of bool, shape (n_windows,)
        Windows whose middle is excluded.
    """

    value_uv: Floats
    active: NDArray[np.bool_]
    excluded: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PairEnvelopes:
    """Envelopes of two muscles over the same windows; `defined` where both have a value."""

    first: Envelope
    second: Envelope

    @property
    def defined(self) -> NDArray[np.bool_]:
        """Windows in which both envelopes have a value."""
        return np.isfinite(self.first.value_uv) & np.isfinite(self.second.value_uv)

    @property
    def undeterminable_share(self) -> float:
        """Share of the windows not excluded in either muscle that have no verdict; 1 where there are none."""
        seen = ~(self.first.excluded | self.second.excluded)
        return float((seen & ~self.defined).sum() / seen.sum()) if seen.any() else 1.0


class EnvelopePower(NamedTuple):
    """Windows of an envelope before any state.

    Attributes
    ----------
    rms_uv : ndarray, shape (n_windows,)
        Corrected RMS, µV; NaN where less than half of a window is usable.
    middle : ndarray of int, shape (n_windows,)
        Hop whose state a window takes.
    """

    rms_uv: Floats
    middle: NDArray[np.int64]


def envelope_power(frames: ChannelFrames, floor: Floor, start_s: float, stop_s: float) -> EnvelopePower:
    """Corrected RMS of 100 ms windows every 50 ms.

    Parameters
    ----------
    frames, floor : ChannelFrames, Floor
        Of one channel.
    start_s, stop_s : float
        Segment, gap-aware seconds.

    Returns
    -------
    EnvelopePower

    Notes
    -----
    Power is interpolated on the cumulative power of usable hops, so that muscles of
    unequal rates share one clock.
    """
    starts = start_s + STEP_S * np.arange(max(int((stop_s - start_s - WINDOW_S) / STEP_S + 1e-9) + 1, 0))
    good = usable_hops(frames)
    clock = np.arange(len(good) + 1) * frames.hop_s
    power = running_sum(np.where(good, frames.mean_square, 0.0))
    count = running_sum(good)
    total = np.interp(starts + WINDOW_S, clock, power) - np.interp(starts, clock, power)
    hops = np.interp(starts + WINDOW_S, clock, count) - np.interp(starts, clock, count)
    middle = np.minimum(((starts + WINDOW_S / 2) / frames.hop_s).astype(int), len(good) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rms = corrected_rms(np.where(hops >= 0.5 * WINDOW_S / frames.hop_s, total / hops, np.nan), floor.floor_uv)
    return EnvelopePower(rms, middle)


def envelope(power: EnvelopePower, activity: Activity) -> Envelope:
    """Envelope of windows whose states are known."""
    states = activity.states[power.middle]
    value = np.where(states == ACTIVE, power.rms_uv, np.where(states == SILENT, 0.0, np.nan))
    return Envelope(value, states == ACTIVE, (states == EXCLUDED) | np.isnan(power.rms_uv))


def overlap_uv(pair: PairEnvelopes) -> float:
    """Mean of the lower envelope, µV; NaN where no window is defined.

    Examples
    --------
    >>> import numpy as np
    >>> on, none = np.ones(2, bool), np.zeros(2, bool)
    >>> one, other = Envelope(np.array([4.0, 2.0]), on, none), Envelope(np.array([1.0, 3.0]), on, none)
    >>> overlap_uv(PairEnvelopes(one, other))
    1.5
    """
    low, _ = _low_high(pair)
    return float(low.mean()) if len(low) else np.nan


def rudolph_uv(pair: PairEnvelopes) -> float:
    """Mean of (low/high)(low + high), µV (Rudolph et al. 2000); 0 where both are silent.

    Deviation: envelopes are floor corrected and in µV, not normalised to a maximum.

    Examples
    --------
    >>> one, none = np.ones(2, bool), np.zeros(2, bool)
    >>> first, second = Envelope(np.array([4.0, 2.0]), one, none), Envelope(np.array([1.0, 2.0]), one, none)
    >>> rudolph_uv(PairEnvelopes(first, second))
    2.625
    """
    low, high = _low_high(pair)
    ratio = np.divide(low, high, out=np.zeros_like(low), where=high > 0)
    return float((ratio * (low + high)).mean()) if len(low) else np.nan


def falconer_winter_pct(pair: PairEnvelopes, reference_uv: tuple[float, float]) -> float:
    """Twice the common area over the total area, % (Falconer & Winter 1985).

    Deviation: envelopes are floor corrected and divided by an external reference of
    each muscle, never by their own maximum (88 % would be read for a silent antagonist).

    Examples
    --------
    >>> one, none = np.ones(2, bool), np.zeros(2, bool)
    >>> first, second = Envelope(np.array([4.0, 2.0]), one, none), Envelope(np.array([1.0, 2.0]), one, none)
    >>> round(falconer_winter_pct(PairEnvelopes(first, second), (1.0, 1.0)), 1)
    66.7
    """
    defined = pair.defined
    first = pair.first.value_uv[defined] / reference_uv[0]
    second = pair.second.value_uv[defined] / reference_uv[1]
    total = float((first + second).sum())
    return 200.0 * float(np.minimum(first, second).sum()) / total if total > 0 else np.nan


def coactivity(pair: PairEnvelopes) -> tuple[float, float]:
    """Share of defined time in which both are active, and its excess over p1 x p2; NaN without defined time.

    Examples
    --------
    >>> one, none = np.ones(2, bool), np.zeros(2, bool)
    >>> first, second = Envelope(np.array([4.0, 2.0]), one, none), Envelope(np.array([1.0, 2.0]), one, none)
    >>> coactivity(PairEnvelopes(first, second))
    (1.0, 0.0)
    """
    defined = pair.defined
    if not defined.any():
        return np.nan, np.nan
    one, other = pair.first.active[defined], pair.second.active[defined]
    both = float((one & other).mean())
    return both, both - float(one.mean()) * float(other.mean())


def coactive_intervals(first: Activity, first_hop_s: float, second: Activity, second_hop_s: float) -> Intervals:
    """Stretches in which both muscles are active, seconds."""
    one = Intervals.from_mask(first.states == ACTIVE).scaled(first_hop_s)
    other = Intervals.from_mask(second.states == ACTIVE).scaled(second_hop_s)
    return one.overlap(other)


def _low_high(pair: PairEnvelopes) -> tuple[Floats, Floats]:
    defined = pair.defined
    first, second = pair.first.value_uv[defined], pair.second.value_uv[defined]
    return np.minimum(first, second), np.maximum(first, second)
