"""Heart beats as a trunk lead sees them: P, QRS and T, breathing, uneven intervals, beats of another shape."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.simulate.band import Floats
from emgpipe.simulate.checks import require_not_negative, require_positive

BREATHS_HZ = 0.25
_WAVES = ((-0.16, 0.022, 0.12), (-0.028, 0.008, -0.12), (0.0, 0.010, 1.0), (0.028, 0.010, -0.25), (0.26, 0.045, 0.30))
"""P, Q, R, S, T: place in s, width in s, height over that of R. P and T move with the root of the interval."""
_ECTOPIC = ((-0.02, 0.028, 1.2), (0.05, 0.030, -0.7), (0.26, 0.055, -0.4))
_LEFT, _RIGHT = 0.35, 0.60


class HeartTrain(NamedTuple):
    """Simulated beats: µV shape (n_samples,), R waves in seconds, and which of them are ectopic."""

    samples_uv: Floats
    beats_s: Floats
    ectopic: NDArray[np.bool_]


def heart_train(
    n_samples: int,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    beats_per_min: float = 70.0,
    peak_uv: float = 200.0,
    interval_cv: float = 0.04,
    ectopic_share: float = 0.02,
) -> HeartTrain:
    """Beats of five Gaussian waves whose height, shape and interval move with breathing.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Intervals, heights, ectopic beats.
    beats_per_min : float
        Mean rate.
    peak_uv : float
        Mean height of the R wave, µV.
    interval_cv : float
        Spread of the intervals over their mean.
    ectopic_share : float
        Share of wide, early beats of another shape.

    Returns
    -------
    HeartTrain

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> train = heart_train(60_000, 1000.0, np.random.default_rng(1), beats_per_min=60.0)
    >>> 55 < len(train.beats_s) < 65
    True
    """
    require_positive(beats_per_min=beats_per_min)
    require_not_negative(peak_uv=peak_uv, interval_cv=interval_cv, ectopic_share=ectopic_share)
    beats_s, ectopic = _beats(n_samples / rate_hz, 60 / beats_per_min, rng, interval_cv, ectopic_share)
    samples_uv = np.zeros(n_samples)
    stretch = np.sqrt(min(1.0, 60 / beats_per_min))
    for beat_s, is_ectopic in zip(beats_s.tolist(), ectopic.tolist(), strict=True):
        breath = np.sin(2 * np.pi * BREATHS_HZ * beat_s + 1)
        height_uv = peak_uv * (1 + 0.1 * breath + 0.03 * rng.standard_normal())
        first = max(round((beat_s - _LEFT) * rate_hz), 0)
        stop = min(round((beat_s + _RIGHT) * rate_hz), n_samples)
        t = np.arange(first, stop) / rate_hz - beat_s
        samples_uv[first:stop] += height_uv * _beat(t, breath, stretch, is_ectopic=is_ectopic)
    return HeartTrain(samples_uv, beats_s, ectopic)


def _beats(
    duration_s: float, interval_s: float, rng: np.random.Generator, interval_cv: float, ectopic_share: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """R waves; an ectopic beat is a quarter of an interval early, and a pause follows."""
    times: list[float] = []
    ectopic: list[bool] = []
    t = 0.4 + 0.3 * rng.random()
    while t < duration_s - 0.6:
        early = len(times) > 2 and not ectopic[-1] and rng.random() < ectopic_share
        times.append(t - 0.25 * (t - times[-1]) if early else t)
        ectopic.append(early)
        spread = np.sin(2 * np.pi * BREATHS_HZ * t) + rng.standard_normal()
        t += interval_s * (1.3 if early else 1 + interval_cv * 0.7 * spread)
    return np.array(times), np.array(ectopic, bool)


def _beat(t_s: Floats, breath: float, stretch: float, *, is_ectopic: bool) -> Floats:
    """Waves of one beat over the height of R; breathing turns the heart: Q grows as S shrinks."""
    out = np.zeros_like(t_s)
    for place, width, height in _ECTOPIC if is_ectopic else _WAVES:
        turn = 1 + 0.3 * breath * (-1 if place > 0 else 1) if abs(place) == 0.028 else 1.0
        at = place * (stretch if abs(place) > 0.1 else 1.0)
        out += turn * height * np.exp(-0.5 * ((t_s - at) / width) ** 2)
    return out
