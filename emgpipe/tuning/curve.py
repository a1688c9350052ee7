"""The specification curve: one conclusion under each of many settings; it describes, and tests nothing."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.load import load_results
from emgpipe.outcomes.analysis import is_log
from emgpipe.outcomes.lines import ESTIMATORS, estimate_line
from emgpipe.outcomes.model import PeriodValues
from emgpipe.outcomes.periods import period_values
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.outcomes.plan_checks import UNITS
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.schedule import scheduled
from emgpipe.outcomes.sensitivity import of_arms, sample_of
from emgpipe.store import read_json
from emgpipe.tuning.model import STATUSES, Floats
from emgpipe.tuning.patterns import first_alike
from emgpipe.tuning.visits import VisitKey, Visits

if TYPE_CHECKING:
    import pandas as pd

LEAST_PATIENTS = 2
"""One patient has a change and no spread."""
Ints = NDArray[np.int64]


class Course(NamedTuple):
    """What says when visits were: `measures` and `inputs` as `Results` gives them, `conditions` of `run.json`."""

    measures: "pd.DataFrame"
    inputs: "pd.DataFrame"
    conditions: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, eq=False)
class Curve:
    """One effect under each point.

    Attributes
    ----------
    name, words, bars, unit : str
        Endpoint; what the effect is, and what `low` and `high` are, for people; unit of the values as analysed.
    log : bool
        Values are natural logarithms: `exp(effect)` is a ratio.
    effect, low, high, spread : ndarray, shape (n_points,)
        NaN where there is none. Blinded, `spread` is the standard deviation between patients and `low`, `high` lie one
        of it away; unblinded, it is the standard error, and they are the interval.
    n : ndarray of int, shape (n_points,)
        Patients behind it.
    code : tuple of str
        Why there is no effect; empty where there is one.
    order : ndarray of int, shape (n_points,)
        Points by their effect, rising; equal ones by number, those without one last.
    declared : int
        The point of the declared settings: 0.
    unblinded : bool
        The effect is that of the treatment.
    post_hoc : ndarray of bool, shape (n_points,)
        Unblinded: not the settings that were locked before arms were opened.
    notes : tuple of str
        What must be said beside the curve.
    """

    name: str
    words: str
    bars: str
    unit: str
    log: bool
    effect: Floats
    low: Floats
    high: Floats
    spread: Floats
    n: Ints
    code: tuple[str, ...]
    order: Ints
    declared: int = 0
    unblinded: bool = False
    post_hoc: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    notes: tuple[str, ...] = ()


class CurveTold(NamedTuple):
    """A curve in numbers.

    Attributes
    ----------
    n_points, n_effects, n_different : int
        Points; those with an effect; how many different effects these are. Where it is 1 the settings do not move it.
    declared : float
        Effect of the declared settings.
    same_sign : float
        Share of the effects with its sign; NaN where the declared settings have no effect, or one of 0.
    lowest, median, highest : float
        Of the effects.
    """

    n_points: int
    n_effects: int
    n_different: int
    declared: float
    same_sign: float
    lowest: float
    median: float
    highest: float


class _Answer(NamedTuple):
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    spread: float = math.nan
    n: int = 0
    code: str = ""


def course_of(out: str | Path) -> Course:
    """Read when visits of results were; raises as `load_results`."""
    results = load_results(out)
    return Course(results.measures, results.inputs, read_json(results.folder / RUN_RECORD)["conditions"])


def curve_of(visits: Visits, course: Course, endpoint: Endpoint, plan: AnalysisPlan | None = None) -> Curve:
    """Mean change within patients under each point; blind.

    Parameters
    ----------
    visits : Visits
        From `pooled_visits`, with the measure of the endpoint.
    course : Course
        From `course_of`.
    endpoint : Endpoint
        From `outcome_endpoints`.
    plan : AnalysisPlan, optional
        The change is then the value of period 2 minus that of period 1 by its visits and rules; else the last visit
        minus the first one, by their days where these are stated, else by their names.

    Returns
    -------
    Curve
        The mean over patients who have both; SUBJECTS_TOO_FEW where fewer than 2 have.

    Raises
    ------
    SettingsError
        PLAN_INVALID: see `period_values`.
    """
    if plan is None:
        answers = _first_to_last(visits, course, endpoint)
        words = "mean change within patients, last visit minus first"
    else:
        answers = [_mean_change(values.values[:, 1] - values.values[:, 0])
                   for values in _by_period(visits, course, endpoint, plan)]  # fmt: skip
        words = "mean change within patients, period 2 minus period 1"
    return _curve(endpoint, words, "one standard deviation between patients to both sides", answers)


def treatment_curve_of(
    visits: Visits, course: Course, endpoint: Endpoint, plan: AnalysisPlan, sequences: Mapping[str, str], *,
    post_hoc: NDArray[np.bool_], notes: Sequence[str] = (),
) -> Curve:  # fmt: skip
    """Treatment effect under each point, by the estimator of the plan; unblinded.

    Parameters
    ----------
    visits, course, endpoint, plan
        As in `curve_of`.
    sequences : mapping of str to str
        Two letters a subject.
    post_hoc : ndarray of bool, shape (n_points,)
        Points that are not as locked.
    notes : sequence of str
        What is post-hoc of all points.

    Returns
    -------
    Curve
        First letter of the alphabetically first sequence minus the other. It has no p: many settings were tried.
    """
    answers = []
    for values in _by_period(visits, course, endpoint, plan):
        line = estimate_line(sample_of(of_arms(values, sequences), sequences, plan), plan.analysis.estimator)
        effect, low, high, se = (math.nan if x is None else x for x in (line.effect, line.low, line.high, line.se))
        answers.append(_Answer(effect, low, high, se, line.n_first + line.n_second, line.code))
    first = min(sequences.values())
    words = f"treatment effect {first[0]} minus {first[1]}, {ESTIMATORS[plan.analysis.estimator]}; descriptive"
    bars = f"{100 * plan.analysis.level:g} % interval, not adjusted for the number of settings"
    return _curve(endpoint, words, bars, answers, unblinded=True, post_hoc=post_hoc, notes=tuple(notes))


def curve_told(curve: Curve) -> CurveTold:
    """Sum a curve up.

    Examples
    --------
    >>> curve = _curve(Endpoint(measure="tilt", targets=("TA_R",)), "", "", [_Answer(2.0), _Answer(-1.0), _Answer(4.0)])
    >>> curve_told(curve)  # doctest: +ELLIPSIS
    CurveTold(n_points=3, n_effects=3, n_different=3, declared=2.0, same_sign=0.66..., lowest=-1.0, ...)
    """
    there = curve.effect[~np.isnan(curve.effect)]
    declared = float(curve.effect[curve.declared])
    signed = bool(len(there)) and declared not in (0.0,) and not math.isnan(declared)
    low, middle, high = (there.min(), np.median(there), there.max()) if len(there) else [math.nan] * 3
    same = float((np.sign(there) == np.sign(declared)).mean()) if signed else math.nan
    counts = (len(curve.effect), len(there), len(np.unique(there)))
    return CurveTold(*counts, declared, same, float(low), float(middle), float(high))


CURVE_COLUMNS = (
    "outcome", "place", "point", "declared", "effect", "low", "high", "spread", "ratio", "ratio_low", "ratio_high",
    "unit", "log", "n", "code",
)  # fmt: skip
UNBLINDED_COLUMNS = (*CURVE_COLUMNS, "post_hoc")


def curve_rows(curve: Curve) -> Iterator[dict[str, Any]]:
    """Rows of `tuning_curve.csv`, in the order of the curve; of an unblinded curve with `post_hoc`."""
    for place, point in enumerate(curve.order.tolist()):
        cells = {name: _cell(getattr(curve, name)[point]) for name in ("effect", "low", "high", "spread")}
        ratios = {"ratio": cells["effect"], "ratio_low": cells["low"], "ratio_high": cells["high"]}
        told = {name: math.exp(one) if curve.log and one is not None else None for name, one in ratios.items()}
        yield {
            "outcome": curve.name, "place": place, "point": point, "declared": point == curve.declared, **cells, **told,
            "unit": curve.unit, "log": curve.log, "n": int(curve.n[point]), "code": curve.code[point],
            **({"post_hoc": bool(curve.post_hoc[point])} if curve.unblinded else {}),
        }  # fmt: skip


def _cell(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _curve(endpoint: Endpoint, words: str, bars: str, answers: Sequence[_Answer], **told: Any) -> Curve:
    effect, low, high, spread = (
        np.array([getattr(one, name) for one in answers]) for name in ("effect", "low", "high", "spread")
    )
    return Curve(
        name=endpoint.name, words=words, bars=bars, unit=UNITS[endpoint.measure], log=is_log(endpoint), effect=effect,
        low=low, high=high, spread=spread, n=np.array([one.n for one in answers], np.int64),
        code=tuple(one.code for one in answers), order=np.argsort(effect, kind="stable"), **told,
    )  # fmt: skip


def _mean_change(changes: Floats) -> _Answer:
    there = changes[~np.isnan(changes)].tolist()
    if len(there) < LEAST_PATIENTS:
        return _Answer(n=len(there), code="SUBJECTS_TOO_FEW")
    mean = math.fsum(there) / len(there)
    sd = math.sqrt(math.fsum((one - mean) ** 2 for one in there) / (len(there) - 1))
    return _Answer(mean, mean - sd, mean + sd, sd, len(there))


def _first_to_last(visits: Visits, course: Course, endpoint: Endpoint) -> list[_Answer]:
    """Changes from the first visit of each subject that was measured to the last one, with or without a value."""
    order = _template(course, endpoint, None)
    place = {key: n for n, key in enumerate(visits.keys)}
    ends: dict[str, list[int]] = {}
    for key in _keys(order, endpoint):
        ends.setdefault(key.subject, []).append(place[key])
    pairs = np.array([(columns[0], columns[-1]) for columns in ends.values() if len(columns) > 1], np.intp)
    if not len(pairs):
        return [_Answer(code="SUBJECTS_TOO_FEW")] * len(visits.value)
    return [_mean_change(row) for row in visits.value[:, pairs[:, 1]] - visits.value[:, pairs[:, 0]]]


def _by_period(visits: Visits, course: Course, endpoint: Endpoint, plan: AnalysisPlan) -> Iterator[PeriodValues]:
    """Values of the periods under each point, made once for each pattern of values."""
    template = _template(course, endpoint, plan)
    place = {key: n for n, key in enumerate(visits.keys)}
    own = template.index[_is_endpoint(template, endpoint)]
    columns = [place[key] for key in _keys(template, endpoint)]
    made: dict[int, PeriodValues] = {}
    alike = first_alike(visits.value[:, columns], visits.status[:, columns], visits.limit[:, columns])
    for point, first in enumerate(alike.tolist()):
        if point == first:
            rows = template.copy()
            rows.loc[own, "value"], rows.loc[own, "limit"] = visits.value[point, columns], visits.limit[point, columns]
            rows.loc[own, "status"] = [STATUSES[n] for n in visits.status[point, columns]]
            made[point] = period_values(apply_rules(rows, plan), endpoint, plan)
        yield made[first]


def _template(course: Course, endpoint: Endpoint, plan: AnalysisPlan | None) -> "pd.DataFrame":
    """Scheduled rows of the endpoint, and one of each recording: so that none is taken for one without rows."""
    measures = course.measures
    thin = measures[_is_endpoint(measures, endpoint) | ~measures["recording"].duplicated()]
    return scheduled(thin, course.conditions, plan, inputs=course.inputs)


def _is_endpoint(rows: "pd.DataFrame", endpoint: Endpoint) -> "pd.Series":
    own = (rows["measure"] == endpoint.measure) & (rows["segment"] == endpoint.segment)
    return own & rows["target"].isin(endpoint.targets) & (not endpoint.task or rows["task"] == endpoint.task)


def _keys(rows: "pd.DataFrame", endpoint: Endpoint) -> list[VisitKey]:
    own = rows[_is_endpoint(rows, endpoint)]
    return [VisitKey(*cells) for cells in zip(*(own[name].tolist() for name in VisitKey._fields), strict=True)]
