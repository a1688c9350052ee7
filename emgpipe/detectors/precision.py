"""How precisely a segment tells a mean, a share or a quantile of a time series whose values depend on each other."""

from typing import NamedTuple

import numpy as np
from scipy import fft, special

from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import Floats

WINDOW_TIMES = 5.0
"""Correlations are summed up to this many autocorrelation times (Sokal 1997)."""
MOST_MISSED = 3.0
"""Long-run variance over that of the blocks is believed up to here."""


class Span(NamedTuple):
    """Ends of an interval.

    Attributes
    ----------
    low, high : float or None
        None where there is no interval: the series never changes, or is too short for one.
    short : bool
        Whether the series is too short.
    """

    low: float | None = None
    high: float | None = None
    short: bool = False


class _Error(NamedTuple):
    """Standard error of a ratio, and what it is worth: effective number of blocks, degrees of freedom."""

    standard: float
    n_blocks: float
    freedom: float


def ratio_span(
    part: Floats,
    whole: Floats,
    settings: DetectSettings,
    *,
    per_slot: int = 1,
    pace: Floats | None = None,
    least: float = -np.inf,
    most: float = np.inf,
) -> Span:
    """Interval of sum(part) / sum(whole) of two series on one clock; of a mean where `whole` is 1.

    Parameters
    ----------
    part, whole : ndarray, shape (n,)
        Even steps of time, whole >= 0; NaN in either is time that was not seen (gaps, excluded).
    settings : DetectSettings
        Level, length and least number of blocks.
    per_slot : int >= 1
        Steps that are summed first, for speed; no block is shorter.
    pace : ndarray, shape (n,), optional
        What drives the series: blocks are as long as its autocorrelation time asks for, where that is longer.
    least, most : float
        What the ratio can be at all: the interval is cut to it.

    Returns
    -------
    Span
        `short` below the least number of blocks; empty where part / whole never changes.

    Notes
    -----
    The ratio is linearised: z = part - ratio x whole, 0 where nothing was seen. The autocorrelation
    time of z is tau = (1/2 + sum of its correlations) steps, over pairs seen on both sides, up to the first lag
    of 5 tau (Sokal 1997, doi:10.1007/978-1-4899-0319-8_6), put right for the mean that was taken from the same
    series: the decay time where correlations fade exponentially. Blocks are of time, 3 tau or a little more, whatever
    was seen in them; the variance of the sum is that of the block sums. Neighbouring blocks still depend on each
    other (a third of the variance would be missed): the share that the same correlations leave out of a
    block is put back. Blocks are counted by what they weigh, (sum w)^2 / sum w^2 (Kish), so that gaps and
    one loud burst count for what they are; the factor is that of t with one degree of freedom less, and fewer where
    block sums have heavy tails (a few blocks hold all that is rare): times 2 / (2 + their excess kurtosis).
    No resampling: the same series gives the same interval.

    Examples
    --------
    >>> x = np.random.default_rng(1).standard_normal(1000)
    >>> low, high, short = ratio_span(x, np.ones(1000), DetectSettings())
    >>> low < float(x.mean()) < high, round((high - low) / 2 * 1000**0.5), short
    (True, 2, False)
    >>> ratio_span(x[:10], np.ones(10), DetectSettings())
    Span(low=None, high=None, short=True)
    """
    found = _ratio_error(part, whole, settings, per_slot, pace)
    if found is None or found.n_blocks < settings.least_blocks:
        return Span(short=found is not None)
    seen = np.isfinite(part) & np.isfinite(whole)
    value = float(part[seen].sum() / whole[seen].sum())
    half = _t(found, settings) * found.standard
    return Span(max(value - half, least), min(value + half, most))


def share_span(part: Floats, whole: Floats, settings: DetectSettings, *, per_slot: int = 1) -> Span:
    """Interval of a share of time: as `ratio_span`, with ends inside 0 and 1.

    Parameters
    ----------
    part, whole : ndarray, shape (n,)
        0 <= part <= whole; NaN is time that was not seen.
    settings : DetectSettings
        Level, length and least number of blocks.
    per_slot : int >= 1
        Steps that are summed first.

    Returns
    -------
    Span
        Empty where the share is 0 or 1 throughout: nothing tells how soon that may change.

    Notes
    -----
    The error of the ratio says how many independent looks n the series is worth, n = p (1 - p) / error^2, made fewer
    for the degrees of freedom (Korn & Graubard 1998, Survey Methodology 24:193); the ends are
    quantiles of the beta distribution of p with n looks (Jeffreys; deviation: not Clopper-Pearson, which is wider).

    Examples
    --------
    >>> on = np.repeat([1.0, 0.0, 0.0, 0.0], 5)
    >>> low, high, _ = share_span(np.tile(on, 30), np.ones(600), DetectSettings())
    >>> 0.1 < low < 0.25 < high < 0.4
    True
    >>> share_span(np.ones(600), np.ones(600), DetectSettings())
    Span(low=None, high=None, short=False)
    """
    found = _ratio_error(part, whole, settings, per_slot)
    if found is None or found.n_blocks < settings.least_blocks:
        return Span(short=found is not None)
    seen = np.isfinite(part) & np.isfinite(whole)
    value = float(part[seen].sum() / whole[seen].sum())
    if not 0 < value < 1:
        return Span()
    n = _looks(value, found, settings)
    low, high = _beta_ends(n * value + 0.5, n * (1 - value) + 0.5, settings)
    return Span(min(low, value), max(high, value))


def quantile_span(
    values: Floats, share: float, settings: DetectSettings, *, order: Floats | None = None, per_window: int = 1
) -> Span:
    """Interval of a quantile of a series.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Windows at even steps, overlapping or not; NaN is time that was not seen.
    share : float in (0, 1)
        0.1 for the 10 % quantile.
    settings : DetectSettings
        Level, length and least number of blocks.
    order : ndarray, shape (n,), optional
        What `values` never fall with, for values that stand at one end (amplitudes cut at 0).
    per_window : int >= 1
        Steps that a window is long: 2 where windows overlap by half.

    Returns
    -------
    Span
        Ends are quantiles of the same series: never beyond its extremes. Empty where both ends are equal.

    Notes
    -----
    Woodruff 1952, doi:10.1080/01621459.1952.10483443: the share of time at or below the quantile has an error, from the
    blocks of the series "at or below" as in `ratio_span`, no shorter than the ranks of the values ask for. Shares that
    are as likely as the level asks for are read as
    quantiles. They come from the beta distribution of mean `share` and that error, so that they stay
    inside 0 and 1. Where windows side by side are so few that all may lie on one side of the quantile (below 36 for
    10 %) the end on that side is open: no interval, `short`.

    Examples
    --------
    >>> x = np.random.default_rng(1).standard_normal(1000)
    >>> low, high, _ = quantile_span(x, 0.1, DetectSettings())
    >>> low < float(np.quantile(x, 0.1)) < high, round((high - low) / 2, 1)
    (True, 0.1)
    """
    order = values if order is None else order
    seen = np.isfinite(order)
    # all may lie on one side of the quantile; windows are counted, not looks: those are low where luck has it
    if max(share, 1 - share) ** (seen.sum() / per_window) > (1 - settings.interval_level) / 2:
        return Span(short=True)
    below = np.where(seen, order <= np.quantile(order[seen], share), np.nan)
    ranks = np.where(seen, np.argsort(np.argsort(order, kind="stable"), kind="stable"), np.nan)
    found = _ratio_error(below, np.ones(len(below)), settings, pace=ranks)
    if found is None or found.n_blocks < settings.least_blocks:
        return Span(short=found is not None)
    n = max(_looks(share, found, settings) - 1, 1.0)
    ends = _beta_ends(n * share, n * (1 - share), settings)
    low, high = np.quantile(values[seen], ends).tolist()
    return Span(low, high) if low < high else Span()


def _ratio_error(
    part: Floats, whole: Floats, settings: DetectSettings, per_slot: int = 1, pace: Floats | None = None
) -> _Error | None:
    """Standard error of sum(part) / sum(whole) from blocks of time; None where the series never changes."""
    seen = np.isfinite(part) & np.isfinite(whole)
    total = float(whole[seen].sum())
    if not seen.any() or total <= 0:
        return _Error(np.inf, 0.0, 0.0)
    shared = np.where(seen, whole, 0.0)
    rest = np.where(seen, part, 0.0) - float(part[seen].sum()) / total * shared
    if np.abs(rest).max() <= 1e-12 * np.abs(shared).max():
        return None
    z, w, there = (_slots(x, per_slot) for x in (rest, shared, seen.astype(np.float64)))
    rho, tau = _correlations(z, there)
    if pace is not None:
        own = np.where(seen, pace - pace[seen].mean(), 0.0)
        tau = max(tau, _correlations(_slots(own, per_slot), there)[1])
    n_blocks = int(len(z) // max(np.ceil(settings.block_times * tau), 1.0))
    if n_blocks < settings.least_blocks:
        return _Error(np.inf, n_blocks, 0.0)
    edges = np.arange(n_blocks) * len(z) // n_blocks
    sums, weights = np.add.reduceat(z, edges), np.add.reduceat(w, edges)
    worth = total**2 / float((weights**2).sum())
    if worth < settings.least_blocks:
        return _Error(np.inf, worth, 0.0)
    if np.abs(sums).max() <= 1e-12 * np.abs(shared).max():
        # a pattern that repeats in every block
        return None
    variance = float((sums**2).sum()) * worth / (worth - 1) * _missed(rho, len(z) / n_blocks)
    tails = max(float((sums**4).mean()) / float((sums**2).mean()) ** 2 - 3.0, 0.0)
    return _Error(float(np.sqrt(variance)) / total, worth, max((worth - 1) * 2 / (2 + tails), 1.0))


def _slots(series: Floats, per_slot: int) -> Floats:
    """Sums of `per_slot` neighbours; the last one may hold fewer."""
    return np.add.reduceat(series, np.arange(0, len(series), per_slot)) if per_slot > 1 else series


def _correlations(z: Floats, there: Floats) -> tuple[Floats, float]:
    """Autocorrelations of z (mean 0) over pairs that are there, up to the lag where they are cut; and tau, steps."""
    n = len(z)
    length = fft.next_fast_len(2 * n, real=True)
    products, pairs = (fft.irfft(np.abs(fft.rfft(x, length)) ** 2, length)[: n // 2 + 1] for x in (z, there))
    rho = np.divide(products, pairs, out=np.zeros_like(products), where=pairs > 1e-6 * pairs[0])
    if rho[0] <= 0:
        return rho[:1] + 1, 0.5
    rho /= rho[0]
    tau = np.cumsum(rho) - 0.5
    lags = np.arange(len(tau))
    reached = np.flatnonzero(lags >= WINDOW_TIMES * tau)
    last = int(reached[0]) if len(reached) else len(tau) - 1
    # correlations about a mean of the same series read low
    low_by = 1 - (2 * last + 1) / n
    return rho[: last + 1], max(float(tau[last]) / max(low_by, 0.2), 0.5)


def _missed(rho: Floats, block: float) -> float:
    """Long-run variance over that of blocks of this many steps, by the same correlations; at least 1."""
    lags = np.arange(1, len(rho))
    whole = 1 + 2 * float(rho[1:].sum())
    inside = 1 + 2 * float((np.maximum(1 - lags / block, 0.0) * rho[1:]).sum())
    return min(max(whole / inside, 1.0), MOST_MISSED) if inside > 0 else 1.0


def _t(found: _Error, settings: DetectSettings) -> float:
    """Factor of the standard error: t of the level."""
    return float(special.stdtrit(found.freedom, (1 + settings.interval_level) / 2))


def _looks(share: float, found: _Error, settings: DetectSettings) -> float:
    """Independent looks that a share of this error is worth, made fewer for its degrees of freedom."""
    normal = float(special.ndtri((1 + settings.interval_level) / 2))
    return share * (1 - share) / found.standard**2 * (normal / _t(found, settings)) ** 2


def _beta_ends(a: float, b: float, settings: DetectSettings) -> tuple[float, float]:
    tail = (1 - settings.interval_level) / 2
    return float(special.betaincinv(a, b, tail)), float(special.betaincinv(a, b, 1 - tail))
