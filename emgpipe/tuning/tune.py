"""All of `tune`: settings tried on a study, the best of them, what moves with them, and how far a conclusion does."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emgpipe.batch.load import load_results
from emgpipe.batch.locking import opened_lock
from emgpipe.batch.locks import read_history
from emgpipe.errors import SettingsError
from emgpipe.outcomes.arms import read_arms
from emgpipe.outcomes.plan import AnalysisPlan, load_plan
from emgpipe.outcomes.plan_checks import UNITS
from emgpipe.recording import Finding
from emgpipe.settings import nearest
from emgpipe.tuning.agreement import AgreementRow, agreement_rows
from emgpipe.tuning.choice import Choice, leave_one_patient_out
from emgpipe.tuning.curve import Curve, course_of, curve_of
from emgpipe.tuning.freeze import frozen_point, refuse_freeze
from emgpipe.tuning.grid import MOST_POINTS, Grid
from emgpipe.tuning.marks import KINDS
from emgpipe.tuning.merged import base_measures, merged_values
from emgpipe.tuning.model import Floats, Marks, Scored, Swept
from emgpipe.tuning.outcome import measured_keys, outcome_endpoints, outcome_measures
from emgpipe.tuning.record import Asked, question_of
from emgpipe.tuning.scores import TOLERANCE_S
from emgpipe.tuning.stability import Stability, stability_of
from emgpipe.tuning.study import Origin, Progress, Tried, Wish, try_settings
from emgpipe.tuning.unblinded import treatment_curves
from emgpipe.tuning.visits import Visits, pooled_visits
from emgpipe.tuning.write import refuse_other_frozen, refuse_place

ACTIVE = "active"
"""Marks of this kind choose, where there are any."""
MOST_TOLERANCE_S = 10.0

_ALL = frozenset(UNITS)


@dataclass(frozen=True, eq=False)
class Tuning:
    """What a sweep has shown.

    Attributes
    ----------
    folder : Path
        Where it is written.
    tried : Tried
        Grid, marks, and each recording under each point.
    pooled : mapping of (source, kind) to ndarray, shape (n_points, len(SCORES))
        Sums over all recordings with marks.
    asked : Asked
        Whose marks chose, what is frozen, which outcomes are shown.
    choice : Choice or None
        The best point; None without marks.
    agreement : tuple of AgreementRow
        Sources with each other, and with the program at the declared and at the chosen point.
    stability : tuple of Stability
        Of each measure and target; empty where marks or an outcome were given.
    curves, unblinded : tuple of Curve
        Specification curves of the outcome: the blinded change; the treatment effect, empty without arms.
    findings : tuple of Finding
        What must be said of all this.
    plan : AnalysisPlan or None
        By which visits are those of periods.
    """

    folder: Path
    tried: Tried
    pooled: Mapping[Scored, Floats]
    asked: Asked
    choice: Choice | None
    agreement: tuple[AgreementRow, ...]
    stability: tuple[Stability, ...]
    curves: tuple[Curve, ...]
    unblinded: tuple[Curve, ...]
    findings: tuple[Finding, ...]
    plan: AnalysisPlan | None


def tune_results(
    out: str | Path,
    folder: str | Path,
    *,
    grid: Sequence[str] = (),
    truth: Sequence[str | Path] = (),
    truth_annotation: str = "",
    kind: str = "",
    tolerance_s: float = TOLERANCE_S,
    outcome: str = "",
    plan: str | Path | None = None,
    arms: str | Path | None = None,
    freeze: str = "",
    study: str | Path | None = None,
    jobs: int | None = None,
    progress: Progress = lambda _done, _total: None,
    tell: Callable[[str], object] = lambda _message: None,
) -> Tuning:
    """Try settings on the recordings of a results folder.

    Parameters
    ----------
    out : str or Path
        Results folder, as a run has written it; but for the log of an unblinding nothing in it is changed.
    folder : str or Path
        Where the sweep is written and its finished parts are kept; outside `out`.
    grid : sequence of str
        As `parse_grid` takes it, `detect.activity_ratio=1.2:3:0.1`; left out: settings that others could defend.
    truth : sequence of path
        Tables of marks in the form of `intervals.csv`, one a rater.
    truth_annotation : str
        Text of annotations in the recordings that mark activity.
    kind : str
        Marks by which the best settings are chosen: `active`, `cmua`, `spasm`, `coactive`; left out: `active` where
        there are such marks, else the first kind there is.
    tolerance_s : float
        Between onsets of one event, seconds, above 0.
    outcome : str
        Measure whose specification curve is wanted: `apdf_p10_uv`, `TA_R.apdf_p10_uv`, an endpoint of the plan.
    plan : str or Path, optional
        `analysis.toml`; with arms that of the lock where left out.
    arms : str or Path, optional
        `arms.csv`: gives the treatment effect beside the blinded change. Needs a lock and is logged.
    freeze : str
        `best` (needs marks), or the number of a point: `write_tuning` writes its settings as `settings.toml`, which
        `run --settings` takes.
    study : str or Path, optional
        Where the study lies now, for results of earlier versions.
    jobs : int, optional
        Processes; the cores of the machine where left out. No number depends on it.
    progress : callable
        Called with the parts done and all of them.
    tell : callable
        Called with what is to be said meanwhile, such as rows of marks that are not used.

    Returns
    -------
    Tuning

    Raises
    ------
    SettingsError
        Of the grid, as `parse_grid`; OUTCOME_UNKNOWN; TUNING_PLACE; ARGUMENT_INVALID; FREEZE_INVALID; USAGE: arms or a
        plan without an outcome, marks of a kind that are not there. All of them before anything is swept, but for
        FREEZE_INVALID where no settings are the best; no arm was opened.
    TableError
        Of the marks, as `read_marks`; of the arms, as `read_arms`.
    EmgpipeError
        As `try_settings`; of the lock, as `unblind`.
    """
    refuse_place(folder, out)
    _refuse_arguments(folder, outcome, plan, arms, tolerance_s)
    _refuse_kind(kind, is_marked := bool(truth or truth_annotation))
    refuse_freeze(freeze, MOST_POINTS + 1, marked=is_marked)
    agreed = _plan(out, plan, arms)
    endpoints = outcome_endpoints(outcome, agreed, measured_keys(load_results(out).measures)) if outcome else ()
    measures = outcome_measures(outcome, agreed) if outcome else frozenset[str]() if is_marked else _ALL
    based = frozenset[str]().union(*map(base_measures, measures))
    wish = Wish(tuple(grid), tuple(map(Path, truth)), truth_annotation, tolerance_s)
    names = tuple(one.name for one in endpoints)
    asked = Asked(kind, freeze, names, agreed.sha256 if agreed else "", arms is not None)
    checked = partial(_refuse_before, Path(out), Path(folder), wish, asked)
    tried = try_settings(
        out, folder, wish, measures=based, study=study, jobs=jobs, progress=progress, tell=tell, ready=checked
    )
    pooled = _pooled(tried)
    asked = asked._replace(kind=_kind(kind, tried.marks))
    choice = leave_one_patient_out(tried.grid, by_subject(tried.sweeps, asked.kind)) if pooled else None
    frozen_point(freeze, choice)  # refused before an arm is opened
    moved = _moved(tried, measures)
    stability = () if outcome or moved is None else stability_of(moved.visits, tried.grid)
    curves = _curves(tried, moved.visits, outcome, agreed, arms) if outcome and moved else ((), ())
    return Tuning(
        folder=Path(folder), tried=tried, pooled=pooled, asked=asked, choice=choice,
        agreement=_agreement(tried, pooled, choice), stability=stability, curves=curves[0], unblinded=curves[1],
        findings=(*choice_findings(choice), *(moved.findings if moved else ())), plan=agreed,
    )  # fmt: skip


def _refuse_arguments(
    folder: str | Path, outcome: str, plan: str | Path | None, arms: str | Path | None, tolerance_s: float
) -> None:
    if not str(folder):
        raise SettingsError("USAGE", "'' is no folder for a sweep; name one outside the results", where="-o")
    if not (math.isfinite(tolerance_s) and 0 < tolerance_s <= MOST_TOLERANCE_S):
        message = f"{tolerance_s!r}; seconds above 0, at most {MOST_TOLERANCE_S:g}"
        raise SettingsError("ARGUMENT_INVALID", message, where="--tolerance")
    for name, given in {"--unblind": arms, "--plan": plan}.items():
        if given is not None and not outcome:
            message = f"{name} without --outcome; name the measure whose change or effect is wanted"
            raise SettingsError("USAGE", message)


def _refuse_kind(kind: str, marked: bool) -> None:  # noqa: FBT001
    if kind and kind not in KINDS:
        raise SettingsError("USAGE", f"{kind!r} is no kind of marks; {nearest(kind, KINDS)}", where="--kind")
    if kind and not marked:
        raise SettingsError("USAGE", f"{kind!r}, and there are no marks at all; give --truth", where="--kind")


def _refuse_before(
    out: Path, folder: Path, wish: Wish, asked: Asked, grid: Grid, marks: Sequence[Marks], origin: Origin
) -> None:
    """Refuse what cannot be written in the end, now that grid and marks are read; the results are held."""
    refuse_freeze(asked.freeze, len(grid), marked=bool(marks))
    asked = asked._replace(kind=_kind(asked.kind, marks))
    refuse_other_frozen(folder, question_of(grid, origin, wish, asked, read_history(out)), asked.freeze)


def _kind(given: str, marks: Sequence[Marks]) -> str:
    """Kind of the marks that choose."""
    kinds = list(dict.fromkeys(one.kind for one in marks))
    if given and given not in kinds:
        known = ", ".join(kinds) or "none"
        raise SettingsError("USAGE", f"{given!r}, of which there are no marks; there are {known}", where="--kind")
    return given or (ACTIVE if ACTIVE in kinds else next(iter(kinds), ""))


def _plan(out: str | Path, plan: str | Path | None, arms: str | Path | None) -> AnalysisPlan | None:
    """The plan that was given, else with arms that of the lock; refuses results or arms that cannot be unblinded."""
    given = load_plan(plan) if plan is not None else None
    if arms is None:
        return given
    opened = opened_lock(out, given)
    read_arms(arms)
    return given or opened.lock.analysis_plan()


def _pooled(tried: Tried) -> dict[Scored, Floats]:
    names = dict.fromkeys((one.source, one.kind) for one in tried.marks)
    return {name: sum_of([one.scores[name] for one in tried.sweeps if name in one.scores]) for name in names}


def sum_of(parts: Sequence[Floats]) -> Floats:
    """Sum one after another, so that it does not hang on how many there are."""
    out = np.zeros_like(parts[0])
    for part in parts:
        out += part
    return out


def by_subject(swept: Sequence[Swept], kind: str) -> dict[str, Floats]:
    """Sums over recordings and sources of one kind of marks, by subject: what a choice rests on."""
    parts: dict[str, list[Floats]] = {}
    for one in swept:
        parts.setdefault(one.subject, []).extend(sums for (_, of), sums in one.scores.items() if of == kind)
    return {subject: sum_of(sums) for subject, sums in parts.items() if sums}


def _agreement(tried: Tried, pooled: Mapping[Scored, Floats], choice: Choice | None) -> tuple[AgreementRow, ...]:
    if choice is None:
        return ()
    points = {"declared": 0} | ({"chosen": choice.point} if choice.point else {})
    program = {words: {name: sums[point] for name, sums in pooled.items()} for words, point in points.items()}
    return agreement_rows(tried.marks, program, tried.tolerance_s)


def choice_findings(choice: Choice | None) -> tuple[Finding, ...]:
    """What must be said of a choice: CHOICE_OTHER_TIME, with the seconds and onsets that were scored."""
    if choice is None or not choice.other_time:
        return ()
    words = [f"{one.scored_s:.0f} s, {one.marked_s:.0f} s of them marked, and {one.n_true:g} onsets"
             for one in (choice.basis, choice.declared_basis)]  # fmt: skip
    message = f"the best settings are scored on {words[0]}, the declared ones on {words[1]}: they exclude other time"
    return (Finding(choice.other_time, "warning", "", message),)


class _Moved(NamedTuple):
    visits: Visits
    findings: tuple[Finding, ...]


def _moved(tried: Tried, measures: frozenset[str]) -> _Moved | None:
    """Values of visits under each point; None where no measure is wanted."""
    if not measures:
        return None
    merged = merged_values([one.values for one in tried.sweeps], tried.kept.study, measures)
    return _Moved(pooled_visits(merged.values), merged.findings)


def _curves(
    tried: Tried, visits: Visits, outcome: str, plan: AnalysisPlan | None, arms: str | Path | None
) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """Blinded curves of an outcome, and unblinded ones where there are arms; what opens them is logged before."""
    endpoints = outcome_endpoints(outcome, plan, visits.keys)
    course = course_of(tried.out)
    blinded = tuple(curve_of(visits, course, endpoint, plan) for endpoint in endpoints)
    if arms is None or plan is None:
        return blinded, ()
    return blinded, treatment_curves(tried.out, arms, outcome, visits, tried.grid, plan)
