"""What happens in a visit beyond tonic drive: spasms with an order of recruitment, contractions until a relax cue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from emgpipe.errors import SettingsError
from emgpipe.intervals import Intervals
from emgpipe.simulate.band import Floats
from emgpipe.simulate.checks import require_between, require_not_negative, require_positive
from emgpipe.simulate.drive import RAMP_S, STEP_S

GENERALISED_S = 1.0
"""Muscles that start within this are one generalised spasm."""
CONTRACTION_S, RELAXED_S = 5.0, 15.0
"""Length of a contraction before a relax cue, and of what follows it."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Spasm:
    """One spasm: the drive ramps up, stays, and decays linearly; each muscle is late by its own delay.

    Attributes
    ----------
    start_s : float
        Start of the ramp in a muscle without delay, seconds from the start of rest.
    delays_s : mapping of str to float
        Muscles that take part, and how late each is.
    ramp_s, plateau_s, decay_s : float
        Lengths.
    level : float
        Excitation on the plateau, share of the largest.
    """

    start_s: float
    delays_s: Mapping[str, float]
    ramp_s: float = 0.3
    plateau_s: float = 2.0
    decay_s: float = 1.5
    level: float = 0.35

    @property
    def order(self) -> tuple[str, ...]:
        """Muscles, the first recruited first; by name where two start together."""
        return tuple(sorted(self.delays_s, key=lambda name: (self.delays_s[name], name)))

    @property
    def generalised(self) -> bool:
        """Whether two muscles or more start within a second of the first."""
        delays_s = sorted(self.delays_s.values())
        return len(delays_s) > 1 and delays_s[1] - delays_s[0] <= GENERALISED_S

    @property
    def length_s(self) -> float:
        """From the start of the ramp to the end of the decay."""
        return self.ramp_s + self.plateau_s + self.decay_s


@dataclass(frozen=True)
class SpasmModel:
    """From which spasms are drawn; ranges are uniform.

    Attributes
    ----------
    per_hour : float
        Mean rate; starts are spread at random.
    local_share : float
        Share of the spasms that stay in one muscle.
    delay_s : (float, float)
        Of each muscle of a generalised spasm behind the first.
    ramp_s, plateau_s, decay_s, level : (float, float)
        As in `Spasm`.
    long_share : float
        Share of the spasms whose plateau is 20-60 s.
    """

    per_hour: float = 20.0
    local_share: float = 0.3
    delay_s: Range = (0.0, 0.8)
    ramp_s: Range = (0.1, 0.5)
    plateau_s: Range = (1.0, 3.0)
    decay_s: Range = (2.0, 20.0)
    level: Range = (0.2, 0.5)
    long_share: float = 0.0


@dataclass(frozen=True)
class RelaxCues:
    """Contractions that end with a relax cue, one behind the other.

    Attributes
    ----------
    start_s : float
        Start of the first contraction.
    n : int
        How many; each is 5 s of contraction, the cue, and 15 s.
    """

    start_s: float = 0.0
    n: int = 0

    @property
    def duration_s(self) -> float:
        """Of all of them."""
        return self.n * (CONTRACTION_S + RELAXED_S)

    @property
    def cues_s(self) -> list[float]:
        """Seconds of the cues."""
        return [self.start_s + k * (CONTRACTION_S + RELAXED_S) + CONTRACTION_S for k in range(self.n)]


def draw_spasms(
    model: SpasmModel, muscles: Sequence[str], rest_s: float, rng: np.random.Generator
) -> tuple[Spasm, ...]:
    """Draw the spasms of a rest.

    Parameters
    ----------
    model : SpasmModel
        Rates and ranges.
    muscles : sequence of str
        Names; a generalised spasm takes all of them, in an order of its own.
    rest_s : float
        Seconds.
    rng : Generator
        Source.

    Returns
    -------
    tuple of Spasm
        By start.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> drawn = draw_spasms(SpasmModel(per_hour=60), ["TA_R", "GM_R"], 600.0, np.random.default_rng(1))
    >>> len(drawn), sorted(drawn[0].delays_s)
    (8, ['GM_R', 'TA_R'])
    """
    _check_model(model)
    require_positive(rest_s=rest_s)
    starts_s = np.sort(rng.uniform(0, rest_s, rng.poisson(model.per_hour * rest_s / 3600)))
    return tuple(_draw_spasm(model, list(muscles), start_s, rng) for start_s in starts_s.tolist())


def _check_model(model: SpasmModel) -> None:
    require_between(0.0, 3600.0, per_hour=model.per_hour)
    require_between(0.0, 1.0, local_share=model.local_share, long_share=model.long_share, level=model.level[1])
    for name in ("delay_s", "ramp_s", "plateau_s", "decay_s", "level"):
        low, high = getattr(model, name)
        require_not_negative(**{name: low, f"width of {name}": high - low})


def _draw_spasm(model: SpasmModel, muscles: list[str], start_s: float, rng: np.random.Generator) -> Spasm:
    order = rng.permutation(len(muscles)).tolist()
    is_local, is_long = rng.uniform() < model.local_share, rng.uniform() < model.long_share
    delays_s = rng.uniform(*model.delay_s, len(muscles))
    delays_s[order[0]] = 0.0
    taking_part = order[:1] if is_local else order
    return Spasm(
        start_s=start_s,
        delays_s={muscles[k]: float(delays_s[k]) for k in sorted(taking_part)},
        ramp_s=float(rng.uniform(*model.ramp_s)),
        plateau_s=float(rng.uniform(*((20.0, 60.0) if is_long else model.plateau_s))),
        decay_s=float(rng.uniform(*model.decay_s)),
        level=float(rng.uniform(*model.level)),
    )


def check_spasms(spasms: Sequence[Spasm], muscles: Sequence[str], rest_s: float) -> None:
    """Refuse spasms that cannot be.

    Parameters
    ----------
    spasms : sequence of Spasm
        Of a visit.
    muscles : sequence of str
        Muscles of the visit.
    rest_s : float
        Spasms begin within it.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    for spasm in spasms:
        absent = sorted(set(spasm.delays_s) - set(muscles))
        if absent or not spasm.delays_s:
            found = f"a spasm of {list(spasm.delays_s)!r}"
            raise SettingsError("SIMULATION_INVALID", f"{found}; muscles of the visit, {list(muscles)!r}, are needed")
        require_between(0.0, rest_s, start_s=spasm.start_s, **{f"delay of {k}": v for k, v in spasm.delays_s.items()})
        require_not_negative(ramp_s=spasm.ramp_s, plateau_s=spasm.plateau_s, decay_s=spasm.decay_s)
        require_positive(length_s=spasm.length_s)
        require_between(0.0, 1.0, level=spasm.level)


def spasm_course(spasms: Sequence[Spasm], muscle: str, n_steps: int) -> tuple[Floats, Intervals]:
    """Excitation of the spasms of one muscle.

    Parameters
    ----------
    spasms : sequence of Spasm
        Checked.
    muscle : str
        Name.
    n_steps : int
        Steps of 10 ms; spasms are cut where they end.

    Returns
    -------
    excitation : ndarray, shape (n_steps,)
        0 between spasms; the stronger wins where two overlap.
    spasms : Intervals
        Seconds, from the start of the ramp to the end of the decay; overlapping ones are one.

    Examples
    --------
    >>> course, when = spasm_course([Spasm(1.0, {"TA_R": 0.5}, ramp_s=0.5, plateau_s=1, decay_s=1)], "TA_R", 1000)
    >>> when.pairs.tolist(), course[[149, 175, 250, 350]].round(3).tolist()
    ([[1.5, 4.0]], [0.0, 0.175, 0.35, 0.175])
    """
    excitation, pairs, end_s = np.zeros(n_steps), [], n_steps * STEP_S
    for spasm in spasms:
        start_s = spasm.start_s + spasm.delays_s.get(muscle, np.inf)
        if start_s >= end_s:
            continue
        corners_s = start_s + np.cumsum([0.0, spasm.ramp_s, spasm.plateau_s, spasm.decay_s])
        heights = [0.0, spasm.level, spasm.level, 0.0]
        first, stop = int(start_s / STEP_S), min(int(corners_s[-1] / STEP_S) + 2, n_steps)
        shape = np.interp(np.arange(first, stop) * STEP_S, corners_s, heights, left=0.0, right=0.0)
        excitation[first:stop] = np.maximum(excitation[first:stop], shape)
        pairs.append((start_s, min(float(corners_s[-1]), end_s)))
    return excitation, _joined(pairs)


def _joined(pairs: list[tuple[float, float]]) -> Intervals:
    joined: list[tuple[float, float]] = []
    for start_s, stop_s in sorted(pairs):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop_s))
        else:
            joined.append((start_s, stop_s))
    return Intervals.of(joined)


def relax_course(tonic: Floats, cues: RelaxCues, reference: float, relax_s: float) -> Floats:
    """Excitation of contractions that end with a cue and decay slowly.

    Parameters
    ----------
    tonic : ndarray, shape (n_steps,)
        Excitation without them, from `cues.start_s` on, as long as all of them.
    cues : RelaxCues
        When.
    reference : float
        Excitation of the contractions, reached in 0.3 s.
    relax_s : float
        Time constant of the decay to the tonic level.

    Returns
    -------
    ndarray, shape (n_steps,)
        0 to 1.
    """
    excitation = tonic.copy()
    n_on, n_all = round(CONTRACTION_S / STEP_S), round((CONTRACTION_S + RELAXED_S) / STEP_S)
    ramp = np.minimum((np.arange(n_on) + 1) * STEP_S / RAMP_S, 1.0)
    fade = np.exp(-np.arange(n_all - n_on) * STEP_S / relax_s)
    share = np.concatenate([ramp, fade])
    for k in range(cues.n):
        part = slice(k * n_all, (k + 1) * n_all)
        excitation[part] += share * (reference - tonic[part])
    return np.clip(excitation, 0.0, 1.0)


def spasms_truth(spasms: Sequence[Spasm], rest_s: float) -> list[dict[str, Any]]:
    """Spasms as told in a truth file.

    Parameters
    ----------
    spasms : sequence of Spasm
        Of a visit.
    rest_s : float
        Where spasms are cut.

    Returns
    -------
    list of dict
        `start_s`, `stop_s` (first start, last end), `order`, `starts_s` of each muscle, `level`, `generalised`.
    """
    return [
        {
            "start_s": min(starts_s.values()),
            "stop_s": min(max(starts_s.values()) + spasm.length_s, rest_s),
            "order": list(spasm.order),
            "starts_s": starts_s,
            "level": spasm.level,
            "generalised": spasm.generalised,
        }
        for spasm in spasms
        for starts_s in [{name: spasm.start_s + delay_s for name, delay_s in spasm.delays_s.items()}]
    ]
