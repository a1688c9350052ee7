"""Drive after the reference contraction: tonic, with reflexes to stimuli and contractions that end with a relax cue."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from emgpipe.simulate.band import Floats
from emgpipe.simulate.drive import STEP_S, Timing, bouts, slow_drives
from emgpipe.simulate.events import relax_course
from emgpipe.simulate.muscle import SimulatedMuscle
from emgpipe.simulate.plan import VisitPlan
from emgpipe.simulate.reflexes import ReflexDrive, reflex_drive
from emgpipe.simulate.streams import stream


class Provoked(NamedTuple):
    """By muscle: excitation after the reference in steps of 10 ms, and the reflexes in it (seconds from there)."""

    excitation: dict[str, Floats]
    reflexes: dict[str, ReflexDrive]


def provoked_course(
    muscles: Sequence[SimulatedMuscle], plan: VisitPlan, timing: Timing, seed: int | Sequence[int], correlation: float
) -> Provoked:
    """Excitation of all muscles after the reference.

    Parameters
    ----------
    muscles : sequence of SimulatedMuscle
        Of the visit.
    plan : VisitPlan
        Stimuli and relax cues.
    timing : Timing
        Course of the visit.
    seed : int or sequence of int
        Of the visit.
    correlation : float
        Of the slow drive between muscles.

    Returns
    -------
    Provoked
        Empty courses where nothing follows the reference.
    """
    n_steps = round(timing.after_s / STEP_S)
    if not n_steps:
        return Provoked({m.name: np.zeros(0) for m in muscles}, {})
    start_s = timing.rest_s + timing.reference_s
    stimuli_s = [at_s - start_s for at_s in plan.stimuli(timing)]
    slow = slow_drives(len(muscles), n_steps, correlation, stream(seed, "slow drive"))
    excitation, reflexes = {}, {}
    for muscle, slow_one in zip(muscles, slow, strict=True):
        on = bouts(n_steps, muscle.active_share, stream(seed, "bouts", muscle.name))
        course = np.clip(muscle.excitation * (1 + muscle.drive_depth * slow_one) * on, 0.0, 1.0)
        if stimuli_s and muscle.reflex_excitation:
            draws = stream(seed, "reflexes", muscle.name)
            reflex = reflex_drive(n_steps, stimuli_s, draws, level=muscle.reflex_excitation)
            reflexes[muscle.name] = reflex
            course = np.clip(course + reflex.excitation, 0.0, 1.0)
        n_before = round(plan.stimuli_s / STEP_S)
        cues = plan.relax(timing)
        held = relax_course(course[n_before:], cues, muscle.reference_excitation, muscle.relax_s)
        excitation[muscle.name] = np.concatenate([course[:n_before], held])
    return Provoked(excitation, reflexes)
