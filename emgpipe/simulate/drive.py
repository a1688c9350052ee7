"""How strongly a muscle is driven: tonic level, bouts, slow shared changes, spasms, a reference contraction.

Excitation is a share of the largest, 0 to 1; units start to fire at about 0.017.
"""

from dataclasses import dataclass

import numpy as np

from emgpipe.intervals import Intervals
from emgpipe.simulate.band import Floats
from emgpipe.simulate.checks import require_between
from emgpipe.simulate.noise import slow_noise

STEP_S = 0.01
SLOW_HZ = 2.0
RAMP_S = 0.3


@dataclass(frozen=True)
class Timing:
    """Course of one recording: rest first, then a reference contraction, then what is done to the patient.

    Attributes
    ----------
    rest_s, reference_s : float
        Lengths, seconds; a reference of 0 s leaves it out.
    after_s : float
        What follows the reference: stimuli, relax cues.
    """

    rest_s: float = 90.0
    reference_s: float = 10.0
    after_s: float = 0.0

    @property
    def duration_s(self) -> float:
        """Length of the whole recording."""
        return self.rest_s + self.reference_s + self.after_s

    @property
    def n_steps(self) -> int:
        """Steps of 10 ms up to the end of the reference."""
        return round((self.rest_s + self.reference_s) / STEP_S)

    @property
    def rest_steps(self) -> int:
        """Steps of 10 ms in the rest."""
        return round(self.rest_s / STEP_S)


def slow_drives(n_muscles: int, n_steps: int, correlation: float, rng: np.random.Generator) -> Floats:
    """Slow changes of drive (below about 2 Hz), partly common to all muscles.

    Parameters
    ----------
    n_muscles, n_steps : int
        Muscles, steps of 10 ms.
    correlation : float
        Between any two muscles, 0 to 1.
    rng : Generator
        Source.

    Returns
    -------
    ndarray, shape (n_muscles, n_steps)
        Unit SD in expectation.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    require_between(0.0, 1.0, correlation=correlation)
    common, *own = (slow_noise(n_steps, 1 / STEP_S, SLOW_HZ, rng) for _ in range(n_muscles + 1))
    return np.array([np.sqrt(correlation) * common + np.sqrt(1 - correlation) * each for each in own])


def bouts(n_steps: int, active_share: float, rng: np.random.Generator, *, bout_s: float = 6.0) -> Floats:
    """Switch a drive on and off.

    Parameters
    ----------
    n_steps : int
        Steps of 10 ms.
    active_share : float
        Share of time on in the long run; 1 is always, 0 never.
    rng : Generator
        Lengths: uniform within +-50 % of their mean.
    bout_s : float
        Mean length of a bout.

    Returns
    -------
    ndarray, shape (n_steps,)
        0 or 1.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    require_between(0.0, 1.0, active_share=active_share)
    if active_share in (0.0, 1.0):
        return np.full(n_steps, active_share)
    on, step, state = np.zeros(n_steps), 0, bool(rng.uniform() < active_share)
    pause_s = bout_s * (1 - active_share) / active_share
    while step < n_steps:
        length = max(round((bout_s if state else pause_s) * rng.uniform(0.5, 1.5) / STEP_S), 1)
        on[step : step + length] = state
        step, state = step + length, not state
    return on


def spasm_drive(n_steps: int, per_hour: float, rng: np.random.Generator) -> tuple[Floats, Intervals]:
    """Excitation of spasms: a ramp of 0.1-0.5 s, a plateau of 1-3 s at 0.2-0.5, a decay over 1-2 s.

    Parameters
    ----------
    n_steps : int
        Steps of 10 ms.
    per_hour : float
        Mean rate; starts are spread at random.
    rng : Generator
        Source.

    Returns
    -------
    excitation : ndarray, shape (n_steps,)
        0 between spasms.
    spasms : Intervals
        Seconds, from the start of the ramp to the end of the decay; overlapping ones are one.
    """
    require_between(0.0, 3600.0, per_hour=per_hour)
    excitation, spasms = np.zeros(n_steps), Intervals.of([])
    for start_s in np.sort(rng.uniform(0, n_steps * STEP_S, rng.poisson(per_hour * n_steps * STEP_S / 3600))):
        ramp_s, plateau_s, decay_s = rng.uniform(0.1, 0.5), rng.uniform(1.0, 3.0), rng.uniform(1.0, 2.0)
        corners_s = start_s + np.cumsum([0.0, ramp_s, plateau_s, decay_s])
        level = rng.uniform(0.2, 0.5)
        shape = np.interp(np.arange(n_steps) * STEP_S, corners_s, [0.0, level, level, 0.0])
        excitation = np.maximum(excitation, shape)
        spasms = spasms.union(Intervals.of([(start_s, min(corners_s[-1], n_steps * STEP_S))]))
    return excitation, spasms


def excitation_course(tonic: Floats, spasms: Floats, timing: Timing, reference: float) -> Floats:
    """Put rest and reference contraction one after the other.

    Parameters
    ----------
    tonic, spasms : ndarray, shape (n_rest_steps,)
        Excitation in rest; the stronger wins.
    timing : Timing
        Lengths.
    reference : float
        Excitation that the reference contraction reaches in 0.3 s and holds.

    Returns
    -------
    ndarray, shape (n_steps,)
        0 to 1, up to the end of the reference.
    """
    ramp = np.minimum((np.arange(timing.n_steps - timing.rest_steps) + 1) * STEP_S / RAMP_S, 1.0)
    return np.concatenate([np.clip(np.maximum(tonic, spasms), 0.0, 1.0), reference * ramp])
