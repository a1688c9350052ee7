"""Lagged correlation of two conditioned channels, second by second, on demand."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from emgpipe.frames.model import PairCovariance
from emgpipe.frames.runs import Conditioner

LARGEST_LAG_S = 0.002


def pair_covariance(
    runs: Sequence[tuple[Conditioner, Conditioner]], n_seconds: int, indices: tuple[int, int]
) -> PairCovariance | None:
    """Correlate two channels within +-2 ms, second by second.

    Parameters
    ----------
    runs : sequence of (Conditioner, Conditioner)
        Each run of two channels of one rate, at the same place; the longer of the two is cut.
    n_seconds : int
        Whole seconds of the recording.
    indices : (int, int)
        Signal indices of the two channels.

    Returns
    -------
    PairCovariance or None
        NaN in seconds that no run holds whole, and where a channel is constant; None without runs.

    Notes
    -----
    Both signals have no mean after the band-pass; the correlation at a lag is
    sum x(t) y(t + lag) over the second, over the root of both energies. One array is
    filled by all runs: memory does not grow with their number.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import prepare_runs
    >>> from emgpipe.frames.runs import RunSamples
    >>> x = np.random.default_rng(1).standard_normal(4000).astype(np.float32)
    >>> (run,), *_ = prepare_runs([RunSamples(0, 4000, lambda a, b: x[a:b])], 1000.0, 50, ConditionSettings())
    >>> pair_covariance([(run, run)], 4, (0, 1)).r[:, 2].round(3).tolist()
    [nan, 1.0, 1.0, nan]
    """
    if not runs:
        return None
    rate = runs[0][0].band.rate_hz
    lag, n = round(LARGEST_LAG_S * rate), int(rate)
    lags = np.arange(-lag, lag + 1)
    r = np.full((n_seconds, len(lags)), np.nan, np.float32)
    for first, second in runs:
        for start, x, y in _paired_seconds(first, second, n, lag):
            t = round((first.run.place + start) / rate)
            if t < n_seconds:
                r[t] = _lagged(x, y, lag, n)
    return PairCovariance(*indices, lags, r)


def _paired_seconds(
    first: Conditioner, second: Conditioner, n: int, lag: int
) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
    """Whole seconds of the time line with `lag` more samples on both sides, as (start in the run, x, y)."""
    rate, place = first.band.rate_hz, first.run.place
    held = np.empty((2, 0))
    origin = 0
    second_number = int(np.ceil((place + lag) / rate))
    for (_, x), (_, y) in zip(first.blocks(), second.blocks(), strict=False):
        shared = min(len(x), len(y))
        held = np.concatenate([held, np.stack([x[:shared], y[:shared]])], axis=1)
        while (start := round(second_number * rate) - place) + n + lag <= origin + held.shape[1]:
            part = held[:, start - lag - origin : start + n + lag - origin]
            yield start, part[0], part[1]
            second_number += 1
        keep = max(start - lag - origin, 0)
        held, origin = held[:, keep:], origin + keep


def _lagged(x: NDArray[np.float64], y: NDArray[np.float64], lag: int, n: int) -> NDArray[np.float64]:
    middle = x[lag : lag + n]
    # a sum, no BLAS dot: that of 10,000 samples and more depends on the number of threads
    dots = np.array([(middle * y[lag + k : lag + k + n]).sum() for k in range(-lag, lag + 1)])
    energy = np.array(
        [np.sqrt((middle**2).sum() * (y[lag + k : lag + k + n] ** 2).sum()) for k in range(-lag, lag + 1)]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(energy > 0, dots / energy, np.nan)
