"""Responses to touch, sound or shock: bursts 60-70 ms after a stimulus, a tonic tail, and the artefact of the stimulus.

Bursts at 60-70 ms and a spasm after them are what stiff person syndrome shows to an electric shock
(Meinck et al. 1995, doi:10.1136/jnnp.59.2.164); how strong, how long and how fast it wears off is free.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from emgpipe.simulate.band import Floats
from emgpipe.simulate.checks import require_between, require_not_negative, require_positive
from emgpipe.simulate.drive import STEP_S

BURST_S = 0.04
"""Length of a burst."""
SPACING_S = 0.06
"""From burst to burst."""
TAIL_RISE_S = 0.1
TAIL_S = 6.0
"""A tail ends here at the latest."""
SPIKE_S = 0.001
"""Length of the two phases of a stimulus artefact together."""
FINE = 20
"""Points a sample or a step at which a shape is averaged."""


class ReflexDrive(NamedTuple):
    """Excitation by reflexes, shape (n_steps,), and by trial: stimulus, latency in seconds, gain (first trial 1)."""

    excitation: Floats
    stimuli_s: Floats
    latencies_s: Floats
    gains: Floats


def reflex_drive(
    n_steps: int,
    stimuli_s: Sequence[float] | Floats,
    rng: np.random.Generator,
    *,
    level: float = 0.3,
    latency_s: float = 0.065,
    jitter_s: float = 0.004,
    n_bursts: int = 2,
    tail_share: float = 0.3,
    tail_half_s: float = 0.6,
    habituation: float = 0.9,
    rise_s: float = 0.004,
    step_s: float = STEP_S,
) -> ReflexDrive:
    """Excitation of bursts after each stimulus, and of the tonic tail after them.

    Parameters
    ----------
    n_steps : int
        Steps of the course.
    stimuli_s : sequence of float
        Seconds from the start.
    rng : Generator
        Latencies.
    level : float
        Excitation of the bursts of the first trial, 0 to 1; an envelope in any unit where that is scaled later.
    latency_s, jitter_s : float
        Mean latency of the first burst and its SD; none is shorter than 20 ms.
    n_bursts : int
        Bursts of 40 ms, every 60 ms.
    tail_share, tail_half_s : float
        Level of the tail that follows the bursts over theirs, and the time in which it halves; it ends after 6 s.
    habituation : float
        Each trial is this times the one before: ln of it is the slope of ln area over trials.
    rise_s : float
        A burst begins and ends with a ramp of this length.
    step_s : float
        Length of a step: 1 / rate gives an envelope at the rate of the samples.

    Returns
    -------
    ReflexDrive
        Responses that overlap: the stronger wins. `stimuli_s` + `latencies_s` is where the first burst begins.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> drive = reflex_drive(1000, [1.0, 6.0], np.random.default_rng(1), habituation=0.5)
    >>> drive.gains.tolist(), float(drive.excitation[:106].max()), round(float(drive.excitation.max()), 2)
    ([1.0, 0.5], 0.0, 0.3)
    """
    require_between(0.0, 1.0, level=level, tail_share=tail_share, habituation=habituation)
    require_positive(step_s=step_s, tail_half_s=tail_half_s, n_bursts=n_bursts, latency_s=latency_s)
    require_not_negative(jitter_s=jitter_s)
    require_between(0.0, BURST_S / 2, rise_s=rise_s)
    at_s = np.sort(np.asarray(stimuli_s, np.float64))
    latencies_s = np.maximum(latency_s + jitter_s * rng.standard_normal(len(at_s)), 0.02)
    gains = np.asarray(habituation ** np.arange(len(at_s), dtype=np.float64), np.float64)
    corners_s, heights = _bursts(n_bursts, rise_s)
    excitation = np.zeros(n_steps)
    for onset_s, gain in zip(at_s + latencies_s, gains, strict=True):
        first, stop = max(int(onset_s / step_s), 0), min(int((onset_s + TAIL_S) / step_s) + 1, n_steps)
        t = _fine_times(first, stop, step_s) - onset_s
        tail = _tail(t - (n_bursts - 1) * SPACING_S - BURST_S, tail_half_s)
        shape = np.maximum(np.interp(t, corners_s, heights), tail_share * tail)
        excitation[first:stop] = np.maximum(excitation[first:stop], level * gain * shape.mean(axis=1))
    return ReflexDrive(excitation, at_s, latencies_s, gains)


def _bursts(n_bursts: int, rise_s: float) -> tuple[Floats, Floats]:
    """Corners and heights of the bursts, in seconds after the onset."""
    ramp_s = max(rise_s, 1e-9)
    one = np.array([0.0, ramp_s, BURST_S - ramp_s, BURST_S])
    corners_s = np.concatenate([SPACING_S * k + one for k in range(n_bursts)])
    return corners_s, np.tile([0.0, 1.0, 1.0, 0.0], n_bursts)


def _tail(t_s: Floats, half_s: float) -> Floats:
    """Tonic tail over its level: rises in 0.1 s, then halves every `half_s`."""
    rise = np.clip(t_s / TAIL_RISE_S, 0.0, 1.0)
    return np.asarray(rise * 0.5 ** (np.maximum(t_s, 0.0) / half_s), np.float64)


def _fine_times(first: int, stop: int, step_s: float) -> Floats:
    """Times within each step, shape (n_steps, FINE): their mean keeps the area of what is shorter than a step."""
    places = np.arange(first, stop)[:, None] + (np.arange(FINE)[None, :] + 0.5) / FINE
    return np.asarray(places * step_s, np.float64)


def stimulus_artefact(
    n_samples: int,
    rate_hz: float,
    stimuli_s: Sequence[float] | Floats,
    *,
    peak_uv: float = 1000.0,
    tail_share: float = 0.3,
    tail_s: float = 0.002,
) -> Floats:
    """What an electric stimulus leaves in a lead: a biphasic spike of 1 ms and an exponential tail.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    stimuli_s : sequence of float
        Seconds from the start.
    peak_uv : float
        Height of the first phase, µV; the second has 0.7 of it and the other sign.
    tail_share, tail_s : float
        Tail over the height, of the sign of the second phase, and its time constant.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV; each sample is the mean over its own time, as a converter takes it. Exactly 0 before a stimulus.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> artefact_uv = stimulus_artefact(2000, 2000.0, [0.5], peak_uv=500.0)
    >>> float(abs(artefact_uv[:1000]).max()), float(artefact_uv[1000]), bool(abs(artefact_uv[1030]) < 0.2)
    (0.0, 500.0, True)
    """
    require_positive(rate_hz=rate_hz, tail_s=tail_s)
    require_not_negative(peak_uv=peak_uv, tail_share=tail_share)
    out = np.zeros(n_samples)
    for at_s in np.asarray(stimuli_s, np.float64).tolist():
        first = max(int(at_s * rate_hz), 0)
        stop = min(int((at_s + SPIKE_S + 20 * tail_s) * rate_hz) + 1, n_samples)
        t = _fine_times(first, stop, 1 / rate_hz) - at_s
        spike = np.select([t < 0, t < SPIKE_S / 2, t < SPIKE_S], [0.0, 1.0, -0.7], 0.0)
        tail = np.where(t < SPIKE_S, 0.0, -tail_share * np.exp(-np.maximum(t - SPIKE_S, 0.0) / tail_s))
        out[first:stop] += peak_uv * (spike + tail).mean(axis=1)
    return out
