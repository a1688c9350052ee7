"""Responses to stimuli: whether there is one, when it begins, how large it is, how it wears off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import Floats, running_sum
from emgpipe.frames.model import BAD, EDGE, ELECTRODE_OFF, MAINS_JUMP, MOVEMENT, QRS, REASON_BITS, STEP, ChannelFrames
from emgpipe.frames.stimuli import Stretches, start_sample

ONSET_S = 0.010
"""The rectified signal is averaged over this: the shortest response."""
BASE_S = 0.2
"""Time before the stimulus whose mean and SD an onset must pass."""
AREA_FROM_S, AREA_UNTIL_S = 0.04, 5.0
EARLY_S, EARLY_WINDOW_S, LEVEL_WINDOW_S = 0.24, 0.020, 0.1
"""Windows of 20 ms follow the bursts up to here, longer ones the tail and the time before."""
FULL_S = 4.9
"""An area up to here counts as whole: stimuli every 5 s are not quite 5 s apart."""
BULK = 0.8
"""Trials shorter than this share of the median do not tell where areas end."""
TYPICAL_LARGEST = 0.9
"""Quantile over trials of the largest mean before the stimulus over the usual one."""
PEAK_S = 0.03
OF_PEAK, QUIET_OF_PEAK = 0.3, 0.17
"""A response begins above the first share of its first 30 ms, and below the second is before it: a zero-phase filter
lets strong responses ring 15 ms ahead."""
BACK_S, AHEAD_S = 0.010, 0.025
"""The change point is looked for in the time from before to after the first mean above the threshold."""
RISE_S = 0.005
"""A response is taken to swell in this time: units do not begin all at once."""
LEAST_SHARE = 0.5
"""Of the samples of an area, and of the time before a stimulus, that heart beats leave."""
UNUSABLE = BAD | EDGE | ELECTRODE_OFF | MAINS_JUMP | MOVEMENT | STEP
"""Bits of hops that leave a trial out; gaps, clipping and flat signal are judged outside the blanked time alone."""


@dataclass(frozen=True, eq=False)
class Evoked:
    """Trials of one channel, in the order of the stimuli.

    Attributes
    ----------
    stimuli_s : tuple of float
        Onsets of the stimuli.
    left_out : tuple of str
        Why a trial is left out, codes joined by `;`; `""` where it is used.
    told : ndarray of bool, shape (n_trials,)
        Trials in which a response would be seen: used, no heart beat where it is looked for, and not `loud`.
    loud : ndarray of bool, shape (n_trials,)
        Trials whose signal is loud already where the search begins: an artefact that outlasts the blanked time.
    latency_s : ndarray, shape (n_trials,)
        From the stimulus; NaN without response.
    area_uvs : ndarray, shape (n_trials,)
        Rectified minus the mean before the stimulus, both less the noise, from 40 ms to `area_until_s`, µV s; NaN where
        left out or cut, and without a floor.
    area_until_s : float
        5 s, or where the closest stimuli cut it.
    used_s : float
        Seconds of the trials that are used; where they overlap, once.
    short : ndarray of bool, shape (n_trials,)
        Trials that the next stimulus cuts before `area_until_s`: they have no area.
    """

    stimuli_s: tuple[float, ...]
    left_out: tuple[str, ...]
    told: NDArray[np.bool_]
    loud: NDArray[np.bool_]
    latency_s: Floats
    area_uvs: Floats
    area_until_s: float
    used_s: float
    short: NDArray[np.bool_]

    @property
    def n_used(self) -> int:
        """Trials that are used."""
        return sum(not code for code in self.left_out)

    @property
    def n_responses(self) -> int:
        """Trials with a response."""
        return int(np.isfinite(self.latency_s).sum())


@dataclass(frozen=True, eq=False)
class _Trial:
    """One usable stretch: seconds from the stimulus, and conditioned µV, NaN where blanked or at a heart beat."""

    t: Floats
    x: Floats
    rate_hz: float

    @property
    def before(self) -> Floats:
        """Samples before the stimulus."""
        return self.x[(self.t < 0) & np.isfinite(self.x)]

    def reaches(self, until_s: float) -> bool:
        """Whether the area can be told up to there."""
        return bool(self.t[-1] >= until_s - (AREA_UNTIL_S - FULL_S) - 1 / self.rate_hz)

    def means(self, first_s: float, stop_s: float) -> tuple[int, Floats]:
        """First sample of a stretch, and the mean of the rectified signal over the 10 ms from each sample of it on."""
        first, stop = np.searchsorted(self.t, [first_s, stop_s]).tolist()
        return first, _moving_mean(np.abs(self.x[first:stop]), round(ONSET_S * self.rate_hz))


def _moving_mean(x: Floats, length: int) -> Floats:
    """Means of `length` neighbours, NaN where one of them is."""
    if len(x) < length:
        return np.zeros(0)
    known = np.isfinite(x)
    total = running_sum(np.where(known, x, 0.0))
    count = np.concatenate([[0], np.cumsum(known)])
    means = (total[length:] - total[:-length]) / length
    return np.asarray(np.where(count[length:] - count[:-length] == length, means, np.nan), np.float64)


def judge_evoked(stretches: Stretches, frames: ChannelFrames, floor_uv: float, settings: DetectSettings) -> Evoked:
    """Look for a response after each stimulus.

    Parameters
    ----------
    stretches : Stretches
        From `stimulus_stretches`.
    frames : ChannelFrames
        Of the same channel, with marks: their bits leave trials out. Hops at heart beats are not looked at.
    floor_uv : float
        Noise floor, µV RMS; NaN: no areas.
    settings : DetectSettings
        `evoked_*`.

    Returns
    -------
    Evoked

    Notes
    -----
    The rectified signal is averaged over 10 ms. A response is a mean above mean + `evoked_sd` SD of the 200 ms before
    the stimulus (science.md, 3.4) **and** `evoked_guard` times above the largest mean of the 500 ms before it, and
    above what nine trials in ten reach before theirs: by 3 SD alone a third of trials without stimulus respond
    (decision 23). It begins where a rise of the variance over 5 ms is most likely near the first mean above.
    The area is that of the rectified signal, in windows, with the power of the floor taken off, less the same before
    the stimulus: without that a response over noise alone loses half (decision 23). Where less than half of the trials
    have 5 s before the next stimulus, all end at the shortest that has 0.8 of their median: a mark too many cuts its
    own trial alone.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import prepare_runs, reduce_channel
    >>> from emgpipe.frames.runs import RunSamples
    >>> from emgpipe.frames.stimuli import stimulus_stretches
    >>> x = np.random.default_rng(1).standard_normal(24_000).astype(np.float32)
    >>> x[4070:4170] *= 10
    >>> run = RunSamples(0, 24_000, lambda a, b: x[a:b])
    >>> conditioners, *_ = prepare_runs([run], 1000.0, 50, ConditionSettings())
    >>> stretches = stimulus_stretches(conditioners, [4.0, 10.0, 16.0], ConditionSettings())
    >>> frames = reduce_channel([run], 24_000, 1000.0, 50, ConditionSettings())
    >>> judge_evoked(stretches, frames, 1.0, DetectSettings()).latency_s.round(2).tolist()
    [0.07, nan, nan]
    """
    count = len(stretches.stimuli_s)
    left_out = tuple(_left_out(stretches, frames, k) for k in range(count))
    trials = {k: _trial(stretches, frames, k) for k in range(count) if not left_out[k]}
    told, loud, latency_s = np.zeros(count, bool), np.zeros(count, bool), np.full(count, np.nan)
    usual = _usual_largest(trials.values())
    for k, trial in trials.items():
        first, means = trial.means(settings.evoked_first_s, settings.evoked_last_s + ONSET_S)
        told[k] = len(means) > 0 and bool(np.isfinite(means).all()) and len(trial.before) >= _least(trial)
        if told[k]:
            latency_s[k] = _latency_s(trial, first, means, usual, settings)
            loud[k] = latency_s[k] < settings.evoked_first_s
    told, latency_s = told & ~loud, np.where(loud, np.nan, latency_s)
    until_s = _common_end_s([len(trial.t) / trial.rate_hz + float(trial.t[0]) for trial in trials.values()])
    areas = np.array([_area_uvs(trials[k], until_s, floor_uv) if k in trials else np.nan for k in range(count)])
    short = np.array([k in trials and not trials[k].reaches(until_s) for k in range(count)], bool)
    used_s = _union_s([(stretches.stimuli_s[k], trial) for k, trial in trials.items()])
    return Evoked(stretches.stimuli_s, left_out, told, loud, latency_s, areas, until_s, used_s, short)


def _union_s(trials: Sequence[tuple[float, _Trial]]) -> float:
    """Seconds that rising trials cover together."""
    total_s, until_s = 0.0, -np.inf
    for stimulus_s, trial in trials:
        start_s = stimulus_s + float(trial.t[0])
        stop_s = start_s + len(trial.t) / trial.rate_hz
        total_s += max(stop_s - max(start_s, until_s), 0.0)
        until_s = max(until_s, stop_s)
    return total_s


def _least(trial: _Trial) -> float:
    """Samples before a stimulus that a baseline needs: the half of them."""
    return LEAST_SHARE * float((trial.t < 0).sum())


def _left_out(stretches: Stretches, frames: ChannelFrames, number: int) -> str:
    bits = int(stretches.reasons[number])
    if not len(stretches.samples_uv[number]):
        return "GAP" if bits else "STIMULI_CLOSE"
    start = start_sample(stretches.stimuli_s[number], stretches.rate_hz)
    stop = start + len(stretches.samples_uv[number])
    hops = frames.reasons[start // frames.hop_samples : -(-stop // frames.hop_samples)]
    bits |= int(np.bitwise_or.reduce(hops, initial=0)) & UNUSABLE
    return ";".join(name for name, bit in REASON_BITS.items() if bits & bit)


def _trial(stretches: Stretches, frames: ChannelFrames, number: int) -> _Trial:
    x = stretches.samples_uv[number].astype(np.float64)
    places = start_sample(stretches.stimuli_s[number], stretches.rate_hz) + np.arange(len(x))
    beats = np.append((frames.reasons & QRS) != 0, False)  # samples after the last hop
    x[beats[np.minimum(places // frames.hop_samples, len(frames.reasons))]] = np.nan
    return _Trial(stretches.times_s(number), x, stretches.rate_hz)


def _usual_largest(trials: Iterable[_Trial]) -> float:
    """Largest mean over the usual one, before the stimulus: what nine trials in ten do not pass."""
    found = []
    for trial in trials:
        means = trial.means(-np.inf, 0.0)[1]
        means = means[np.isfinite(means)]
        if len(means) and means.mean() > 0:
            found.append(float(means.max() / means.mean()))
    return float(np.quantile(found, TYPICAL_LARGEST)) if found else 1.0


def _latency_s(trial: _Trial, first: int, means: Floats, usual: float, settings: DetectSettings) -> float:
    """Where a response begins; NaN without one, -inf where it has begun before the search does."""
    whole = trial.means(-np.inf, 0.0)[1]
    whole = whole[np.isfinite(whole)]
    base = whole[-round(BASE_S * trial.rate_hz) :]
    if len(base) < 2:
        return np.nan
    low = float(base.mean() + settings.evoked_sd * base.std(ddof=1))
    high = max(low, settings.evoked_guard * float(max(whole.max(), usual * whole.mean())))
    above = np.flatnonzero(means > high)
    if not len(above):
        return np.nan
    at = int(above[0])
    peak = float(means[at : at + round(PEAK_S * trial.rate_hz) + 1].max())
    low = max(low, OF_PEAK * peak)
    at += int(np.argmax(means[at:] > low))
    while at > 0 and means[at - 1] > low:
        at -= 1
    if at == 0:
        return -np.inf
    return _change_point_s(trial, first + at, peak)


def _change_point_s(trial: _Trial, at: int, peak_uv: float) -> float:
    """Most likely sample at which a Gaussian signal begins to swell, from 10 ms before `at` to 10 ms after."""
    rate_hz = trial.rate_hz
    first = max(at - round(BACK_S * rate_hz), int(np.flatnonzero(trial.t >= 0)[0]))
    x = trial.x[first : at + round(AHEAD_S * rate_hz)]
    power = np.where(np.isfinite(x), x, 0.0) ** 2
    # power of a Gaussian of that mean rectified: what rings ahead is no onset
    quiet = max(float((trial.before**2).mean()), np.pi / 2 * (QUIET_OF_PEAK * peak_uv) ** 2)
    since = np.arange(len(x))[None, :] - np.arange(round((BACK_S + ONSET_S) * rate_hz))[:, None]
    on = since >= RISE_S * rate_hz
    loud = np.maximum((power * on).sum(axis=1) / np.maximum(on.sum(axis=1), 1), quiet)
    variance = quiet + (loud - quiet)[:, None] * np.clip((since + 0.5) / (RISE_S * rate_hz), 0.0, 1.0) ** 2
    likelihood = -(np.log(variance) + power / variance).sum(axis=1)
    return float(trial.t[first + int(np.argmax(likelihood))])


def _common_end_s(ends_s: Sequence[float]) -> float:
    """Where areas end: at 5 s where half of the trials or more get there, else at the shortest of the bulk."""
    if not ends_s or 2 * sum(end_s >= FULL_S for end_s in ends_s) >= len(ends_s):
        return AREA_UNTIL_S
    least_s = BULK * float(np.median(ends_s))
    return min(end_s for end_s in ends_s if end_s >= least_s)


def _area_uvs(trial: _Trial, until_s: float, floor_uv: float) -> float:
    """Area of the rectified signal less its mean before the stimulus, both without the noise."""
    length_s = until_s - AREA_FROM_S
    before = _levels_uv(trial, -np.inf, 0.0, LEVEL_WINDOW_S, floor_uv)
    early = _levels_uv(trial, AREA_FROM_S, min(EARLY_S, until_s), EARLY_WINDOW_S, floor_uv)
    late = _levels_uv(trial, EARLY_S, until_s, LEVEL_WINDOW_S, floor_uv)
    known = [np.isfinite(x).mean() >= LEAST_SHARE if len(x) else x is late for x in (before, early, late)]
    if not trial.reaches(until_s) or not all(known):
        return np.nan
    area = float(np.nanmean(early)) * (min(EARLY_S, until_s) - AREA_FROM_S)
    area += float(np.nanmean(late)) * (until_s - EARLY_S) if len(late) else 0.0
    return area - float(np.nanmean(before)) * length_s


def _levels_uv(trial: _Trial, first_s: float, stop_s: float, window_s: float, floor_uv: float) -> Floats:
    """Mean rectified signal of windows, times the root of the share of their power that is above the floor.

    Below the floor it is negative, so that noise is 0 on average; NaN where half of a window is missing.
    """
    inside = trial.x[(trial.t >= first_s) & (trial.t < stop_s)]
    n_windows = max(round(len(inside) / (window_s * trial.rate_hz)), 1)
    if len(inside) < n_windows:
        return np.zeros(0)
    edges = np.arange(n_windows) * len(inside) // n_windows
    known = np.isfinite(inside)
    x = np.where(known, inside, 0.0)
    count, power, rectified = (np.add.reduceat(y, edges) for y in (known.astype(np.float64), x**2, np.abs(x)))
    most = np.maximum(count, 1)
    power, rectified = power / most, rectified / most
    more = power - floor_uv**2
    share = np.divide(np.abs(more), power, out=np.zeros_like(power), where=power > 0)  # heart beats leave windows empty
    level = rectified * np.sign(more) * np.sqrt(share)
    held = np.diff(edges, append=len(inside))
    return np.asarray(np.where(count >= LEAST_SHARE * held, level, np.nan), np.float64)


def median_interval(values: Floats, level: float) -> tuple[float, float] | None:
    """Interval of a median by order statistics (binomial; no shape is assumed); None where there are too few values.

    Examples
    --------
    >>> median_interval(np.arange(1.0, 11.0), 0.95), median_interval(np.arange(5.0), 0.95)
    ((2.0, 9.0), None)
    """
    # largest rank whose chance to lie beyond the median is below (1 - level) / 2
    rank = int(stats.binom.ppf((1 - level) / 2, len(values), 0.5)) if len(values) else 0
    if rank < 1:
        return None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[-rank])


@dataclass(frozen=True)
class Habituation:
    """Slope of ln area on the trial number, its interval (None of two trials), trials behind it and censored."""

    slope: float
    low: float | None
    high: float | None
    n_trials: int
    n_censored: int


def habituation(area_uvs: Floats, level: float) -> Habituation:
    """How areas wear off: least-squares slope of ln area on the number of the trial.

    Parameters
    ----------
    area_uvs : ndarray, shape (n_trials,)
        In the order of the stimuli; NaN is left out, its number is kept. Areas of 0 and below have no logarithm and
        are counted as censored: the slope of the rest is then nearer 0 than the truth.

    level : float
        Of the interval, which takes areas to scatter alike about the line on a log scale.

    Returns
    -------
    Habituation
        NaN below two trials of positive area.

    Examples
    --------
    >>> round(habituation(np.array([8.0, 4.0, np.nan, 1.0]), 0.95).slope, 3)
    -0.693
    >>> habituation(np.array([8.0, -1.0, 2.0]), 0.95).n_censored
    1
    """
    known = np.isfinite(area_uvs)
    usable = known & (np.where(known, area_uvs, 0.0) > 0)
    number, n = np.flatnonzero(usable).astype(np.float64), int(usable.sum())
    censored = int(known.sum()) - n
    if n < 2:
        return Habituation(np.nan, None, None, n, censored)
    x, y = number - number.mean(), np.log(area_uvs[usable])
    spread = float((x**2).sum())
    slope = float((x * y).sum()) / spread
    if n == 2:
        return Habituation(slope, None, None, n, censored)
    left = y - y.mean() - slope * x
    reach = float(stats.t.ppf((1 + level) / 2, n - 2)) * np.sqrt(float((left**2).sum()) / (n - 2) / spread)
    return Habituation(slope, slope - reach, slope + reach, n, censored)
