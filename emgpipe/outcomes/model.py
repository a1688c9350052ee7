"""What the analysis of a trial is made of: values of the periods, lines of estimates, and all of it together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Kind = Literal["headline", "beside", "descriptive", "sensitivity"]
"""`headline`: the one analysis of an endpoint that the plan names; `beside`: always given with it; `descriptive`:
period and carryover, never a gate; `sensitivity`: the headline under another choice."""


class Stage(NamedTuple):
    """One planned visit as pictures show it: `avisit`, its period (0: none) and role, in the order of the plan."""

    avisit: str
    period: int
    role: str


class Listed(NamedTuple):
    """A subject, a period or a visit that an analysis leaves out or mends, and why.

    Attributes
    ----------
    subject : str
        Identifier.
    period : int
        1 or 2; 0 where it is not of one period.
    visit : str
        As analysed (`avisit`); empty where it is not of one visit.
    code : str
        Of `emgpipe.errors.codes`.
    words : str
        The same for people; nothing in it tells an arm.
    """

    subject: str
    period: int
    visit: str
    code: str
    words: str


@dataclass(frozen=True, eq=False)
class PeriodValues:
    """One endpoint, one number a subject and period; blind.

    Attributes
    ----------
    subjects : tuple of str
        All that have any visit of the plan, in natural order; excluded ones are not in it.
    values, baselines : ndarray, shape (n_subjects, 2)
        Mean of the on-treatment visits and of the baseline visits of both periods, on the scale of the endpoint; NaN
        where the plan's rules leave none.
    n_visits : ndarray of int, shape (n_subjects, 2)
        On-treatment visits behind each value.
    listed : tuple of Listed
        What is missing, excluded or mended.
    stages : tuple of Stage
        Visits of the plan, in its order; for pictures.
    visit_values : ndarray, shape (n_subjects, n_stages)
        Value of each visit that is analysed, on the scale of the endpoint; NaN where there is none.
    """

    subjects: tuple[str, ...]
    values: NDArray[np.float64]
    baselines: NDArray[np.float64]
    n_visits: NDArray[np.int64]
    listed: tuple[Listed, ...] = ()
    stages: tuple[Stage, ...] = ()
    visit_values: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True)
class Line:
    """One estimate: a row of the table, a mark of the forest plot.

    Attributes
    ----------
    name : str
        Short and fixed, as `headline`, `change`, `raw`, `first_period`, `period`, `carryover`, `rerandomisation`,
        `hodges_lehmann`, `mixed`; of a sensitivity its name, as `activity_ratio_1.3`.
    kind : str
        See `Kind`.
    words : str
        What it is, for people, in one line.
    effect, se, low, high : float or None
        In the unit of the endpoint (of its logarithm on a log scale); first letter of the alphabetically first sequence
        minus the other, of `period` period 1 minus period 2. None where it has none, or no answer.
    p : float or None
        Two-sided.
    df : float or None
        Degrees of freedom.
    n_first, n_second : int
        Subjects of both sequences behind it.
    code : str
        Why there is no answer; `""` where there is one.
    note : str
        What must be said beside the number, as that its test is anti-conservative; may be empty.
    """

    name: str
    kind: Kind
    words: str
    effect: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    df: float | None = None
    n_first: int = 0
    n_second: int = 0
    code: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class EndpointAnalysis:
    """All estimates of one endpoint.

    Attributes
    ----------
    name, words, unit : str
        `subject.rigidity_index_log`; for people; unit of the values as analysed.
    log : bool
        Values are natural logarithms: `exp(effect)` is a ratio.
    primary : bool
        The one endpoint that the plan names first; of all others `holm_p` is over the secondary family.
    lines : tuple of Line
        Headline first.
    values : PeriodValues
        What they rest on.
    holm_p : float or None
        Headline p of a secondary endpoint, adjusted.
    """

    name: str
    words: str
    unit: str
    log: bool
    primary: bool
    lines: tuple[Line, ...]
    values: PeriodValues
    holm_p: float | None = None


@dataclass(frozen=True, eq=False)
class TrialAnalysis:
    """The analysis of a trial, unblinded.

    Attributes
    ----------
    study : str
        Identifier.
    treatments : (str, str)
        `("A", "B")`: every effect is A minus B.
    sequences : mapping of str to str
        Subject -> two letters.
    level : float
        Of all intervals.
    endpoints : tuple of EndpointAnalysis
        The primary first, then the secondary family.
    sensitivities : tuple of Line
        Headline of the primary under other choices, in a fixed order; `kind` is `sensitivity`.
    undeterminable : tuple of mapping
        By endpoint, treatment and period: `endpoint, treatment, period, visits, undeterminable, below_limit, missing`.
    listed : tuple of Listed
        Of the whole trial: subjects without arms, arms without results, visits out of their window.
    post_hoc : tuple of str
        What is post-hoc, a sentence each; empty where plan, settings and tables are those of the first unblinding.
    plan_sha256, lock_sha256, settings_id, version : str
        What it was made with.
    simulated : bool
        Nobody was recorded.
    """

    study: str
    treatments: tuple[str, str]
    sequences: Mapping[str, str]
    level: float
    endpoints: tuple[EndpointAnalysis, ...]
    sensitivities: tuple[Line, ...]
    undeterminable: tuple[Mapping[str, str | int], ...]
    listed: tuple[Listed, ...]
    post_hoc: tuple[str, ...]
    plan_sha256: str
    lock_sha256: str
    settings_id: str
    version: str
    simulated: bool = False
