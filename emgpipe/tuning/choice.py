"""Which settings agree best with marks, and how well they do on patients they were not chosen by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import SCORES, Floats
from emgpipe.tuning.scores import agreement_of

Criterion = Literal["f1", "event_f1"]

RULE = (
    "largest pooled score (F1 of seconds; event F1 where only onsets are marked); of equal ones the nearest to the"
    " declared settings: fewest settings changed, then fewest steps along the grid, then the first"
)
"""How the best point is chosen. Scores are equal that are to 12 decimals: sums of seconds can differ in their last bit
where their totals do not. Where no score is above 0 the declared settings stay: no settings agree with any mark, or
nothing is marked as on, and then a score of 0 tells false alarms from a perfect silence that has no score at all."""
EQUAL_DECIMALS = 12
MOST_OTHER = 0.01
"""Scored time and events of the best point may differ by this share of the declared ones before it is said."""
LEAST_TRIED = 3
"""Of two values each is an end."""
NEEDED: dict[Criterion, tuple[str, ...]] = {
    "f1": ("both_s", "found_only_s", "true_only_s"),
    "event_f1": ("n_true", "n_found", "n_matched"),
}
"""Sums that a score is made of."""


class LeftOut(NamedTuple):
    """One patient, and the choice of all the others.

    Attributes
    ----------
    subject : str
        Patient.
    chosen : int
        Best point of the others.
    in_sample : float
        Its score on the others.
    out_of_sample : float
        Its score on the patient; NaN where nothing of the patient can be scored.
    hindsight : int
        Best point of the patient alone; the declared settings where nothing of the patient is marked as on.
    hindsight_score : float
        Its score on the patient.
    """

    subject: str
    chosen: int
    in_sample: float
    out_of_sample: float
    hindsight: int
    hindsight_score: float


class Basis(NamedTuple):
    """What a score of one point rests on.

    Attributes
    ----------
    scored_s : float
        Seconds that marks and program judge; what the program excludes is not among them.
    marked_s : float
        Of these, marked as on.
    n_true : float
        Onsets of the marks that are judged.
    """

    scored_s: float
    marked_s: float
    n_true: float


NO_BASIS = Basis(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Choice:
    """The best point, and what its score is worth.

    Attributes
    ----------
    criterion : str
        `f1` or `event_f1`.
    point : int
        Best of all patients together.
    score : float
        Of it, on the data it was chosen by: the best in hindsight, which flatters.
    declared : float
        Score of the declared settings.
    out_of_sample : float
        Score over all patients, each under the choice of the others; NaN with one patient.
    patients : tuple of LeftOut
        One each, sorted; empty with one patient, and where there is no choice.
    reason : str
        `CHOICE_IN_SAMPLE`: only one patient has marks. `CHOICE_NONE`: no point has a score above 0, the declared
        settings stay. Else `""`.
    n_equal : int
        Points with exactly the best score, the chosen one among them; 0 where there is no choice.
    at_end : tuple of str
        Titles of the axes on which the best point has the least or the largest of three or more values: values beyond
        may be better.
    basis, declared_basis : Basis
        What the scores of the best point and of the declared settings rest on.
    """

    criterion: Criterion
    point: int
    score: float
    declared: float
    out_of_sample: float
    patients: tuple[LeftOut, ...]
    reason: str
    n_equal: int = 0
    at_end: tuple[str, ...] = ()
    basis: Basis = NO_BASIS
    declared_basis: Basis = NO_BASIS

    @property
    def loss(self) -> float:
        """Best in hindsight less out of sample: what is lost by not knowing a patient beforehand."""
        return self.score - self.out_of_sample

    @property
    def other_time(self) -> str:
        """`CHOICE_OTHER_TIME` where a part of `basis` differs from that of the declared settings by more than 1 %.

        Excluded time is not scored, so that settings which exclude their own mistakes score higher.
        """
        pairs = zip(self.basis, self.declared_basis, strict=True)
        return "CHOICE_OTHER_TIME" if any(abs(own - other) > MOST_OTHER * other for own, other in pairs) else ""


def criterion_of(sums: Floats) -> Criterion:
    """`f1` where any second is marked as on, else `event_f1`; of sums of any shape (..., len(SCORES))."""
    true = sums[..., SCORES.index("both_s")] + sums[..., SCORES.index("true_only_s")]
    return "f1" if (true > 0).any() else "event_f1"


def nearness(grid: Grid) -> NDArray[np.int64]:
    """Rank of each point by its distance from the declared settings.

    Parameters
    ----------
    grid : Grid
        Of the sweep.

    Returns
    -------
    ndarray of int64, shape (len(grid),)
        0 for the declared ones; then by the number of changed settings, the steps along sorted values, the number.

    Examples
    --------
    >>> from emgpipe.settings import Settings
    >>> from emgpipe.tuning.grid import parse_grid
    >>> grid = parse_grid(["detect.activity_ratio=1.3,1.5,2", "detect.close_gap_s=0.1,0.25"], Settings())
    >>> [grid.values(int(n)) for n in np.argsort(nearness(grid))[:3]]
    [(1.5, 0.25), (1.3, 0.25), (1.5, 0.1)]
    """
    points = np.array([grid.values(n) for n in range(len(grid))], np.float64)
    steps = np.zeros(len(points), np.int64)
    for column in points.T:
        places = np.unique(column, return_inverse=True)[1]
        steps += np.abs(places - places[0])
    changed = (points != points[0]).sum(axis=1)
    out = np.empty(len(points), np.int64)
    out[np.lexsort((steps, changed))] = np.arange(len(points))  # stable: the number comes last
    return out


def leave_one_patient_out(grid: Grid, sums: Mapping[str, Floats]) -> Choice:
    """Choose for each patient by all the others, and score it there.

    Parameters
    ----------
    grid : Grid
        Of the sweep.
    sums : mapping of str to ndarray, shape (len(grid), len(SCORES))
        By patient, over all recordings of the patient.

    Returns
    -------
    Choice
        Patients of whom nothing can be scored under any point do not count. Of a patient who was silent throughout
        nothing can be chosen, and what is falsely found there counts in the sums of all others and in the score out
        of sample.

    Notes
    -----
    Scores are made from sums over patients and never averaged, so that patients count by their marked time.

    Examples
    --------
    >>> from emgpipe.settings import Settings
    >>> from emgpipe.tuning.grid import parse_grid
    >>> grid = parse_grid(["detect.activity_ratio=1.4,1.5,1.6"], Settings())
    >>> sums = np.zeros((3, len(SCORES)))
    >>> sums[:, :3] = [(8, 1, 1), (8, 1, 1), (9, 1, 0)]
    >>> choice = leave_one_patient_out(grid, {"S01": sums, "S02": sums})
    >>> choice.point, round(choice.score, 3), round(choice.out_of_sample, 3)
    (2, 0.947, 0.947)
    """
    every = np.stack([sums[subject] for subject in sorted(sums)]) if sums else np.zeros((0, len(grid), len(SCORES)))
    criterion = criterion_of(every)
    near = nearness(grid)
    total = every.sum(axis=0)
    pooled = _scores(total, criterion)
    point, equal = _best(pooled, near), _equal(pooled)
    patients = tuple(_left_out(sums, criterion, near)) if len(sums) > 1 and len(equal) else ()
    known = len(patients) > 1
    chosen = np.sum([sums[one.subject][one.chosen] for one in patients], axis=0) if known else np.zeros(len(SCORES))
    return Choice(
        criterion=criterion, point=point, score=float(pooled[point]), declared=float(pooled[0]),
        out_of_sample=float(_scores(chosen, criterion)), patients=patients if known else (),
        reason="" if known else "CHOICE_IN_SAMPLE" if len(equal) else "CHOICE_NONE", n_equal=len(equal),
        at_end=_at_end(grid, point) if 0 < len(equal) < len(grid) else (), basis=_basis(total[point]),
        declared_basis=_basis(total[0]),
    )  # fmt: skip


def _basis(sums: Floats) -> Basis:
    told = dict(zip(SCORES, sums.tolist(), strict=True))
    marked_s = told["both_s"] + told["true_only_s"]
    return Basis(marked_s + told["found_only_s"] + told["neither_s"], marked_s, told["n_true"])


def _at_end(grid: Grid, point: int) -> tuple[str, ...]:
    """Axes of three or more values, the declared one among them, on which a point has the least or the largest."""
    tried = [sorted({*axis.values, value}) for axis, value in zip(grid.axes, grid.values(0), strict=True)]
    return tuple(
        axis.title
        for axis, values, value in zip(grid.axes, tried, grid.values(point), strict=True)
        if len(values) >= LEAST_TRIED and value in (values[0], values[-1])
    )


def _left_out(sums: Mapping[str, Floats], criterion: Criterion, near: NDArray[np.int64]) -> Sequence[LeftOut]:
    """Each patient of whom something can be scored, against the others.

    Sums before and after a patient are added up, never taken away from the total: points that agree in all of the
    others must tie exactly.
    """
    own = {subject: _scores(sums[subject], criterion) for subject in sorted(sums)}
    subjects = [subject for subject, scores in own.items() if np.isfinite(scores).any()]
    columns = [SCORES.index(name) for name in NEEDED[criterion]]
    parts = [sums[subject][:, columns] for subject in subjects]
    after = [np.zeros_like(part) for part in parts]
    for n in range(len(parts) - 1, 0, -1):
        after[n - 1] = after[n] + parts[n]
    out, before = [], np.zeros_like(parts[0]) if parts else np.zeros(0)
    for subject, part, later in zip(subjects, parts, after, strict=True):
        others = _ratio(before + later, criterion)
        chosen, hindsight = _best(others, near), _best(own[subject], near)
        scores = own[subject]
        out.append(
            LeftOut(subject, chosen, float(others[chosen]), float(scores[chosen]), hindsight, float(scores[hindsight]))
        )
        before = before + part
    return out


def _ratio(parts: Floats, criterion: Criterion) -> Floats:
    """Score of the sums in `NEEDED` alone."""
    sums = np.zeros((*parts.shape[:-1], len(SCORES)))
    sums[..., [SCORES.index(name) for name in NEEDED[criterion]]] = parts
    return _scores(sums, criterion)


def _scores(sums: Floats, criterion: Criterion) -> Floats:
    agreement = agreement_of(sums)
    return agreement.f1 if criterion == "f1" else agreement.event_f1


def _equal(scores: Floats) -> NDArray[np.intp]:
    """Points with the largest score, to `EQUAL_DECIMALS`; none where none is above 0."""
    rounded = np.round(np.where(np.isnan(scores), 0.0, scores), EQUAL_DECIMALS)
    return np.flatnonzero((rounded > 0) & (rounded == rounded.max()))


def _best(scores: Floats, near: NDArray[np.int64]) -> int:
    """Point with the largest score, of equal ones the nearest to the declared settings; these where none is above 0."""
    best = _equal(scores)
    return int(best[np.argmin(near[best])]) if len(best) else 0
