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
        Best point of the patient alone.
    hindsight_score : float
        Its score on the patient.
    """

    subject: str
    chosen: int
    in_sample: float
    out_of_sample: float
    hindsight: int
    hindsight_score: float


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
        One each, sorted; empty with one patient.
    reason : str
        `CHOICE_IN_SAMPLE`: only one patient has marks. `CHOICE_NONE`: no point has a score, the declared settings
        stay. Else `""`.
    """

    criterion: Criterion
    point: int
    score: float
    declared: float
    out_of_sample: float
    patients: tuple[LeftOut, ...]
    reason: str

    @property
    def loss(self) -> float:
        """Best in hindsight less out of sample: what is lost by not knowing a patient beforehand."""
        return self.score - self.out_of_sample


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


def best_point(grid: Grid, sums: Floats) -> int:
    """The best point.

    Parameters
    ----------
    grid : Grid
        Of the sweep.
    sums : ndarray, shape (len(grid), len(SCORES))
        Of everything that is to be judged together; of several sources their sum.

    Returns
    -------
    int
        By `RULE`; 0, the declared settings, where no point has a score.

    Examples
    --------
    >>> from emgpipe.settings import Settings
    >>> from emgpipe.tuning.grid import parse_grid
    >>> grid = parse_grid(["detect.activity_ratio=1.4,1.5,1.6"], Settings())
    >>> sums = np.zeros((3, len(SCORES)))
    >>> sums[:, :3] = [(8, 1, 1), (8, 1, 1), (9, 1, 0)]
    >>> best_point(grid, sums)
    2
    """
    return _best(_scores(sums, criterion_of(sums)), nearness(grid))


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
        Patients of whom nothing can be scored under any point do not count.

    Notes
    -----
    Scores are made from sums over patients and never averaged, so that patients count by their marked time.
    """
    every = np.stack([sums[subject] for subject in sorted(sums)]) if sums else np.zeros((0, len(grid), len(SCORES)))
    criterion = criterion_of(every)
    near = nearness(grid)
    pooled = _scores(every.sum(axis=0), criterion)
    point = _best(pooled, near)
    patients = tuple(_left_out(sums, criterion, near)) if len(sums) > 1 else ()
    if len(patients) < 2:
        reason = "CHOICE_IN_SAMPLE" if np.isfinite(pooled).any() else "CHOICE_NONE"
        return Choice(criterion, point, float(pooled[point]), float(pooled[0]), np.nan, (), reason)
    chosen = np.sum([sums[one.subject][one.chosen] for one in patients], axis=0)
    out_of_sample = float(_scores(chosen, criterion))
    return Choice(criterion, point, float(pooled[point]), float(pooled[0]), out_of_sample, patients, "")


def _left_out(sums: Mapping[str, Floats], criterion: Criterion, near: NDArray[np.int64]) -> Sequence[LeftOut]:
    """Each patient whose marks can be scored, against the others.

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


def _best(scores: Floats, near: NDArray[np.int64]) -> int:
    """Point with the largest score, of equal ones the nearest to the declared settings; NaN never wins."""
    if not np.isfinite(scores).any():
        return 0
    best = np.flatnonzero(scores == np.nanmax(scores))
    return int(best[np.argmin(near[best])])
