"""Simulated two-period crossovers, many at once, and what each analysis of the package says of them.

Values are logarithms: a patient's level, a period's own shift, a visit's error. Month 1 of each period is its baseline,
months 2 and 3 are on treatment; A adds an effect there, and lasts into period 2 where a trial says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import special

from emgpipe.errors import StatisticsError
from emgpipe.statistics import (
    ancova_contrasts,
    hodges_lehmann,
    mixed_model,
    period_means,
    rerandomisation_ps,
    two_samples,
)
from emgpipe.statistics.estimate import two_sided_p
from validation.cases import Floats

CHUNK = 2000
"""Trials that are drawn and analysed together."""
SLOW_CHUNK = 50
"""Trials a task, of what analyses them one by one."""
PATIENT_SD, PERIOD_SHIFT = 0.6, 0.1
COURSE_SD = 0.5
"""Of the change of a patient from period 1 to 2 under `course`."""
HEADLINE, CHANGE, RAW, FIRST = "headline (ANCOVA)", "change", "raw", "period 1 alone"
NAMES = (HEADLINE, CHANGE, RAW, FIRST)
NULL, EFFECT, SKEWED, LASTING, RANKS, MIXED = range(6)
"""Purposes: each has trials of its own."""


@dataclass(frozen=True)
class Trial:
    """What a trial is drawn with.

    Attributes
    ----------
    name : str
        Of the table.
    n_first, n_second : int
        Patients of AB and BA.
    missing : float
        Chance that a visit is missed.
    errors : str
        `normal`; `lognormal`: of visits, skewed; `scales`: normal, with an SD that differs tenfold between patients;
        `course`: normal, and a change from period 1 to 2 that is exponential among patients.
    period_sd, visit_sd : float
        Of a period's own shift, which baseline and treatment share, and of a visit.
    effect, lasting, share : float
        A minus B; what of A is left in months 2 and 3 of period 2; the share of that in its month 1.
    """

    name: str
    n_first: int
    n_second: int
    missing: float = 0.0
    errors: str = "normal"
    period_sd: float = 0.15
    visit_sd: float = 0.2
    effect: float = 0.0
    lasting: float = 0.0
    share: float = 0.0

    @property
    def in_first(self) -> np.ndarray:
        """Who has AB."""
        return np.arange(self.n_first + self.n_second) < self.n_first

    @property
    def sequences(self) -> list[str]:
        """The same in letters."""
        return ["AB" if first else "BA" for first in self.in_first]


GAUSSIAN = (
    Trial("7 + 7", 7, 7),
    Trial("8 + 8", 8, 8),
    Trial("7 + 7, 10 % of visits missing", 7, 7, missing=0.1),
    Trial("8 + 8, 10 % of visits missing", 8, 8, missing=0.1),
    Trial("8 + 8, periods differ much", 8, 8, period_sd=0.4),
    Trial("8 + 8, periods differ only by visits", 8, 8, period_sd=0.0),
)
WRONG = (
    Trial("7 + 7, lognormal visits", 7, 7, errors="lognormal"),
    Trial("8 + 8, lognormal visits", 8, 8, errors="lognormal"),
    Trial("7 + 7, SD differs tenfold", 7, 7, errors="scales"),
    Trial("8 + 8, exponential course", 8, 8, errors="course"),
    Trial("5 + 11, exponential course", 5, 11, errors="course"),
    Trial("7 + 7, exponential course, 10 % missing", 7, 7, errors="course", missing=0.1),
)
SHARES = (0.0, 0.5, 1.0, 1.5, 2.0)
CARRYING = tuple(Trial(f"{share:g}", 8, 8, effect=-0.3, lasting=-0.12, share=share, period_sd=0.2) for share in SHARES)
DISTANCES = (0.0, 0.15, 0.4)
POWERED = tuple(
    Trial(f"8 + 8, periods differ by {sd:g}", 8, 8, effect=-0.15, period_sd=sd) for sd in DISTANCES
)  # fmt: skip


class Drawn(NamedTuple):
    """Trials: baselines (sets, n, 2) and visits on treatment (sets, n, 2, 2), NaN where missed."""

    baselines: Floats
    visits: Floats


class Said(NamedTuple):
    """What one analysis says of many trials; NaN where it has no answer."""

    effect: Floats
    se: Floats
    df: Floats
    p: Floats
    slope: Floats


def draw(trial: Trial, sets: int, rng: np.random.Generator) -> Drawn:
    """Draw `sets` trials."""
    first, n = trial.in_first, trial.n_first + trial.n_second
    level = PATIENT_SD * rng.standard_normal((sets, n, 1, 1))
    period = trial.period_sd * rng.standard_normal((sets, n, 2, 1)) + PERIOD_SHIFT * np.arange(2)[:, None]
    if trial.errors == "course":
        period[:, :, 1, 0] += COURSE_SD * rng.standard_exponential((sets, n))
    months = level + period + trial.visit_sd * _errors(trial.errors, (sets, n, 2, 3), rng)
    months[:, first, 0, 1:] += trial.effect
    months[:, ~first, 1, 1:] += trial.effect
    months[:, first, 1, 1:] += trial.lasting
    months[:, first, 1, 0] += trial.share * trial.lasting
    months[rng.random(months.shape) < trial.missing] = np.nan
    return Drawn(months[..., 0], months[..., 1:])


def _errors(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    if kind == "lognormal":
        return rng.lognormal(0.0, 1.0, shape) / np.sqrt(np.e * (np.e - 1))
    x = rng.standard_normal(shape)
    return (
        x * np.exp(rng.uniform(-np.log(10) / 2, np.log(10) / 2, shape[:2]))[..., None, None] if kind == "scales" else x
    )


def analysed(trial: Trial, drawn: Drawn) -> dict[str, Said]:
    """Headline, change, raw and first period of many trials at once."""
    values, first = period_means(drawn.visits), trial.in_first
    found = ancova_contrasts(values, drawn.baselines, first)
    out = {HEADLINE: _said(found.effect, found.se, found.df, found.slope)}
    for name, y, factor in (
        (CHANGE, _apart(values - drawn.baselines), 0.5), (RAW, _apart(values), 0.5), (FIRST, values[..., 0], 1.0),
    ):  # fmt: skip
        told = two_samples(y, np.abs(y), first)
        slope = np.full(told.apart.shape, 1.0 if name == CHANGE else 0.0)
        out[name] = _said(factor * told.apart, factor * told.se, told.df, slope)
    return out


def _apart(pairs: Floats) -> Floats:
    return pairs[..., 0] - pairs[..., 1]


def _said(effect: Floats, se: Floats, df: np.ndarray, slope: Floats) -> Said:
    return Said(effect, se, df, two_sided_p(effect / se, df), slope)


def seeded(trial: Trial, purpose: int, chunk: int) -> np.random.Generator:
    """Draws of their own for each trial, purpose and chunk."""
    return np.random.default_rng([37, purpose, chunk, *trial.name.encode()])


def contrast_case(trial: Trial, purpose: int, chunk: int) -> Floats:
    """Effect, se, df, p and slope of each analysis; shape (4 analyses, 5, CHUNK)."""
    found = analysed(trial, draw(trial, CHUNK, seeded(trial, purpose, chunk)))
    return np.array([found[name] for name in NAMES])


def exact_case(trial: Trial, purpose: int, chunk: int) -> Floats:
    """The p of re-randomisation with baselines (of the headline's t) and without; shape (2, CHUNK)."""
    drawn = draw(trial, CHUNK, seeded(trial, purpose, chunk))
    values = period_means(drawn.visits)
    return np.array([
        rerandomisation_ps(values, trial.sequences, baselines=drawn.baselines).p,
        rerandomisation_ps(values, trial.sequences).p,
    ])  # fmt: skip


def mixed_case(trial: Trial, chunk: int) -> Floats:
    """Effect, se and p of the mixed model; shape (3, SLOW_CHUNK), NaN where it finds no maximum."""
    visits = draw(trial, SLOW_CHUNK, seeded(trial, MIXED, chunk)).visits

    def told(y: Floats) -> tuple[float, float, float]:
        """Of one trial."""
        found = mixed_model(y, trial.sequences).estimate
        return found.effect, found.se, found.p

    return one_by_one(visits, told)


def ranks_case(trial: Trial, chunk: int) -> Floats:
    """Low end, high end and p of Hodges and Lehmann's estimate; shape (3, SLOW_CHUNK)."""
    values = period_means(draw(trial, SLOW_CHUNK, seeded(trial, RANKS, chunk)).visits)

    def told(y: Floats) -> tuple[float, float, float]:
        """Of one trial."""
        found = hodges_lehmann(y, trial.sequences)
        return found.low, found.high, found.p

    return one_by_one(values, told)


def one_by_one(sets: Floats, told: Callable[[Floats], tuple[float, float, float]]) -> Floats:
    """Three numbers of each trial; NaN where there is no answer."""
    out = np.full((3, len(sets)), np.nan)
    for i, y in enumerate(sets):
        try:
            out[:, i] = told(y)
        except StatisticsError:
            continue
    return out


def half_width(found: Floats, level: float = 0.95) -> Floats:
    """Half the interval, of answers of `contrast_case`: shape (4, sets)."""
    return special.stdtrit(found[:, 2], 0.5 + level / 2) * found[:, 1]


def without_effect(trial: Trial) -> Trial:
    """The same trial where A does nothing."""
    return replace(trial, effect=0.0, lasting=0.0)
