"""A recorded lead: the muscle below it, its neighbours, the heart, stimuli, movement, and the amplifier."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from emgpipe.intervals import Intervals
from emgpipe.simulate.band import Floats, band_rms_uv
from emgpipe.simulate.contamination import (
    Amplifier,
    amplified,
    electrode_steps,
    flattened,
    movement,
    noise_behind_lowpass,
)
from emgpipe.simulate.crosstalk import crosstalk_uv
from emgpipe.simulate.drive import Timing
from emgpipe.simulate.heart import heart_train
from emgpipe.simulate.muscle import SimulatedMuscle
from emgpipe.simulate.noise import hardware_lowpass
from emgpipe.simulate.plan import VisitPlan
from emgpipe.simulate.reflexes import stimulus_artefact
from emgpipe.simulate.scenarios import SimulatedChannel
from emgpipe.simulate.streams import stream

NO_BEATS = np.zeros(0)
Seed = int | Sequence[int]


class Lead(NamedTuple):
    """A recorded channel, and what was added to it: see `SimulatedVisit.generated`."""

    channel: SimulatedChannel
    added: dict[str, Any]


class Heart(NamedTuple):
    """Beats of a visit: shape with R waves of 1 µV, and their times in seconds."""

    one_uv: Floats
    beats_s: Floats


def visit_heart(
    muscles: Sequence[SimulatedMuscle], plan: VisitPlan, n_samples: int, rate_hz: float, seed: Seed
) -> Heart:
    """Beats of a visit, the same in every lead.

    Parameters
    ----------
    muscles : sequence of SimulatedMuscle
        Of the visit.
    plan : VisitPlan
        Rate of the beats.
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    seed : int or sequence of int
        Of the visit.

    Returns
    -------
    Heart
        Without beats where no lead shows any.
    """
    if not plan.ecg_uv and not any(m.heart_uv for m in muscles):
        return Heart(np.zeros(0), NO_BEATS)
    draws = stream(seed, "heart")
    train = heart_train(n_samples, rate_hz, draws, beats_per_min=plan.heart_per_min, peak_uv=1.0)
    return Heart(train.samples_uv, train.beats_s)


def record_lead(
    muscle: SimulatedMuscle,
    sources: Mapping[str, SimulatedChannel],
    plan: VisitPlan,
    amplifier: Amplifier,
    timing: Timing,
    heart: Heart,
    seed: Seed,
) -> Lead:
    """Add to a channel what reaches its electrodes and cable, and pass it through the amplifier.

    Parameters
    ----------
    muscle : SimulatedMuscle
        Below the electrodes.
    sources : mapping of str to SimulatedChannel
        All muscles, as their own electrodes would see them.
    plan, amplifier, timing : VisitPlan, Amplifier, Timing
        Of the visit.
    heart : Heart
        Beats.
    seed : int or sequence of int
        Of the visit.

    Returns
    -------
    Lead
        The same channel where nothing is asked for.
    """
    channel = sources[muscle.name]
    samples_uv = channel.samples_uv
    added: dict[str, Any] = {}
    for path in plan.crosstalk:
        if path.target == muscle.name and path.gain:
            arrived_uv = crosstalk_uv(sources[path.source].clean_uv, channel.rate_hz, path)
            samples_uv = samples_uv + arrived_uv
            added.setdefault("crosstalk", []).append({**vars(path), "rms_uv": band_rms_uv(arrived_uv, channel.rate_hz)})
    if plan.artefact_uv and plan.n_stimuli:
        at_s = plan.stimuli(timing)
        samples_uv = samples_uv + stimulus_artefact(len(samples_uv), channel.rate_hz, at_s, peak_uv=plan.artefact_uv)
    if muscle.heart_uv:
        samples_uv = samples_uv + muscle.heart_uv * heart.one_uv
        channel = replace(channel, beats_s=heart.beats_s)
    if muscle.movement_per_min or muscle.steps_per_min:
        samples_uv = samples_uv + _moved(muscle, channel, seed, added)
    return _behind_amplifier(muscle, replace(channel, samples_uv=samples_uv), amplifier, added)


def _moved(muscle: SimulatedMuscle, channel: SimulatedChannel, seed: Seed, added: dict[str, Any]) -> Floats:
    n, rate_hz = len(channel.samples_uv), channel.rate_hz
    draws = stream(seed, "movement", muscle.name)
    moved_uv, moved = movement(n, rate_hz, draws, per_min=muscle.movement_per_min, rms_uv=muscle.movement_uv)
    draws = stream(seed, "steps", muscle.name)
    steps_uv, steps_s = electrode_steps(n, rate_hz, draws, per_min=muscle.steps_per_min, height_uv=muscle.step_uv)
    added["movement"] = {"moved_s": moved.pairs.tolist(), "steps_s": steps_s}
    return moved_uv + steps_uv


def _behind_amplifier(
    muscle: SimulatedMuscle, channel: SimulatedChannel, amplifier: Amplifier, added: dict[str, Any]
) -> Lead:
    samples_uv = amplified(channel.samples_uv, channel.rate_hz, amplifier)
    if amplifier.range_uv is not None:
        added["clipped_n"] = int((np.abs(samples_uv) >= amplifier.range_uv).sum())
    if muscle.flat_s:
        samples_uv = flattened(samples_uv, channel.rate_hz, muscle.flat_s)
        added["flat_s"] = Intervals.of(muscle.flat_s).pairs.tolist()
    channel = replace(channel, samples_uv=samples_uv)
    if amplifier.lowpass_hz is not None:
        full, band = noise_behind_lowpass(muscle.corner_hz, channel.rate_hz, amplifier.lowpass_hz)
        channel = replace(
            channel,
            clean_uv=hardware_lowpass(channel.clean_uv, channel.rate_hz, amplifier.lowpass_hz),
            noise_rms_uv=channel.noise_rms_uv * full,
            floor_uv=channel.floor_uv * band,
        )
    return Lead(channel, added)
