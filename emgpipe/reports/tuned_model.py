"""What the page of a sweep is drawn from: plain values; `tuning` fills them in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NO_CHOICE = "CHOICE_NONE"
"""Code of a choice that is none: the declared settings stay."""


class TunedAxis(NamedTuple):
    """A setting that was tried: `detect.activity_ratio`, its unit and its meaning."""

    title: str
    unit: str
    meaning: str


class TunedScore(NamedTuple):
    """How all points agree with one source of marks.

    Attributes
    ----------
    name : str
        Source and kind, for people.
    score, precision, recall : ndarray, shape (n_points,)
        By the score of the choice; NaN where there is none.
    others : mapping of str to ndarray, shape (n_points,)
        Further columns of `tuning.csv`, by name.
    scored_s : ndarray, shape (n_points,)
        Seconds that marks and program judge, all targets together.
    n_recordings : int
        Recordings that were marked.
    """

    name: str
    score: Floats
    precision: Floats
    recall: Floats
    others: Mapping[str, Floats]
    scored_s: Floats
    n_recordings: int


class TunedPatient(NamedTuple):
    """One patient: scores at the declared and the chosen point, and at the point that the others choose.

    Attributes
    ----------
    name : str
        Subject.
    declared, chosen, left_out : float
        Scores; NaN where there is none.
    values : tuple of float
        Settings that the other patients choose, an axis each; empty where nobody else is there.
    recordings : tuple of float
        Scores of the recordings of the patient at the chosen point.
    """

    name: str
    declared: float
    chosen: float
    left_out: float
    values: tuple[float, ...]
    recordings: tuple[float, ...]


class TunedChoice(NamedTuple):
    """The choice against marks.

    Attributes
    ----------
    score_name : str
        `F1` or `event F1`.
    rule : str
        How it was chosen, in words.
    point : int
        The chosen one.
    declared, in_sample, out_of_sample : float
        Score of the declared settings, of the chosen ones on the patients that chose them, and on patients left out.
    code : str
        Why there is no score out of sample.
    patients : tuple of TunedPatient
        In order of their names.
    n_left_out : int
        Patients behind the score out of sample.
    remarks : tuple of str
        What else is to be said of the choice, a sentence each.
    """

    score_name: str
    rule: str
    point: int
    declared: float
    in_sample: float
    out_of_sample: float
    code: str
    patients: tuple[TunedPatient, ...]
    n_left_out: int = 0
    remarks: tuple[str, ...] = ()


class TunedMeasure(NamedTuple):
    """How one measure moves over all points.

    Attributes
    ----------
    name : str
        `TA_R.apdf_p10_uv`, with the segment where there are several.
    n_visits : int
        With a value at the declared point.
    rank, rank_least : float
        Median and least rank correlation of the visits with those at the declared point.
    moved, moved_most : float
        Median and largest change of a visit, as share of the spread between visits.
    n_changed : int
        Most visits that lose or gain a value, or change status, at one point.
    shares : tuple of float
        Share of each axis in how the measure varies; NaN where it does not vary.
    code : str
        Why there is no number.
    """

    name: str
    n_visits: int
    rank: float
    rank_least: float
    moved: float
    moved_most: float
    n_changed: int
    shares: tuple[float, ...]
    code: str


class TunedCurve(NamedTuple):
    """A specification curve.

    Attributes
    ----------
    title : str
        What is compared: measure and contrast.
    effect, low, high : ndarray, shape (n_points,)
        NaN where there is no estimate.
    unit : str
        Of a difference.
    log : bool
        Effects are logarithms; ratios are shown.
    bars : str
        What low and high are, in words.
    """

    title: str
    effect: Floats
    low: Floats
    high: Floats
    unit: str
    log: bool
    bars: str


@dataclass(frozen=True, eq=False)
class Tuned:
    """A sweep as its page shows it.

    Attributes
    ----------
    study, version, settings_id : str
        Of the results; `settings_id` of the declared settings.
    simulated : bool
        Nobody was recorded.
    axes : tuple of TunedAxis
        Settings that were tried.
    values : ndarray, shape (n_points, n_axes)
        Point 0 is the declared one.
    scores : tuple of TunedScore
        One a source and kind.
    choice : TunedChoice or None
        None without marks.
    raters : tuple of mapping
        Rows of agreement between sources, and with the program, as printed.
    stability : tuple of TunedMeasure
        All measures that were looked at.
    curves : tuple of TunedCurve
        One an outcome and target.
    notes : tuple of str
        What must be said at the top: post-hoc, unblinded.
    facts : mapping of str to str
        Provenance, in its order.
    unblinded : bool
        Curves tell arms.
    """

    study: str
    version: str
    settings_id: str
    simulated: bool
    axes: tuple[TunedAxis, ...]
    values: Floats
    scores: tuple[TunedScore, ...] = ()
    choice: TunedChoice | None = None
    raters: tuple[Mapping[str, str], ...] = ()
    stability: tuple[TunedMeasure, ...] = ()
    curves: tuple[TunedCurve, ...] = ()
    notes: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    unblinded: bool = False

    @property
    def chosen(self) -> int | None:
        """Number of the chosen point; None where nothing could be chosen."""
        return None if self.choice is None or self.choice.code == NO_CHOICE else self.choice.point
