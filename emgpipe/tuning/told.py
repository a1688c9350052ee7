"""What a sweep found, as tables and as its page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from emgpipe.reports.tuned_model import TunedAxis, TunedChoice, TunedCurve, TunedMeasure, TunedPatient, TunedScore
from emgpipe.settings import TABLES
from emgpipe.tuning.agreement import AgreementRow
from emgpipe.tuning.choice import RULE, Choice
from emgpipe.tuning.columns import axis_columns, choice_columns
from emgpipe.tuning.curve import Curve
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import Floats, Scored, Swept
from emgpipe.tuning.record import SCORE_NAMES
from emgpipe.tuning.scores import agreement_of
from emgpipe.tuning.stability import STABILITY_COLUMNS, Group, Stability, summary_rows
from emgpipe.tuning.tune import by_subject
from emgpipe.tuning.write import axes_table

EVERYBODY = ""
"""Subject of the row of all patients together."""


def choice_table(grid: Grid, choice: Choice, sums: Mapping[str, Floats]) -> pd.DataFrame:
    """Rows of `tuning_choice.csv`: all patients together, then each of them.

    Parameters
    ----------
    grid : Grid
        What was tried.
    choice : Choice
        From `leave_one_patient_out`.
    sums : mapping of str to ndarray, shape (n_points, len(SCORES))
        By subject, as it was given there.
    """
    everybody: dict[str, Any] = {
        "subject": EVERYBODY, "point": choice.point, "in_sample": choice.score, "out_of_sample": choice.out_of_sample,
        "declared_score": choice.declared, "best_score": choice.score, "hindsight": choice.point,
        "hindsight_score": choice.score, "reason": choice.reason,
    }  # fmt: skip
    rows: list[dict[str, Any]] = [everybody]
    for one in choice.patients:
        scores = _score(sums[one.subject], choice)
        rows.append({
            "subject": one.subject, "point": one.chosen, "in_sample": one.in_sample, "out_of_sample": one.out_of_sample,
            "declared_score": float(scores[0]), "best_score": float(scores[choice.point]), "hindsight": one.hindsight,
            "hindsight_score": one.hindsight_score, "reason": "",
        })  # fmt: skip
    for row in rows:
        row |= dict(zip(axis_columns(grid), grid.values(int(row["point"])), strict=True))
    return pd.DataFrame(rows, columns=list(choice_columns(grid)))


def agreement_table(rows: Sequence[AgreementRow]) -> pd.DataFrame:
    """Rows of `tuning_agreement.csv`."""
    return pd.DataFrame(rows, columns=list(AgreementRow._fields))


def tuned_axes(grid: Grid) -> tuple[TunedAxis, ...]:
    """Settings that were tried, with unit and meaning as in the documentation."""
    told = {
        f"{table}.{one.name}": (str(one.metadata["unit"]), str(one.metadata["doc"]))
        for table, cls in TABLES.items() for one in fields(cls)
    }  # fmt: skip
    return tuple(TunedAxis(axis.title, *told[axis.title]) for axis in grid.axes)


def tuned_values(grid: Grid) -> Floats:
    """Settings of each point, an axis a column."""
    return np.array([grid.values(point) for point in range(len(grid))], np.float64)


def tuned_scores(
    pooled: Mapping[Scored, Floats], n_marked: Mapping[Scored, int], choice: Choice, kind: str
) -> tuple[TunedScore, ...]:
    """Scores of all points, by source and kind; first those that chose."""
    order = sorted(pooled, key=lambda key: key[1] != kind)
    return tuple(_tuned_score(key, pooled[key], n_marked[key], choice) for key in order)


def _tuned_score(key: Scored, sums: Floats, n_recordings: int, choice: Choice) -> TunedScore:
    found = agreement_of(sums)
    events = choice.criterion == "event_f1"
    told = {field.name: getattr(found, field.name) for field in fields(found)}
    return TunedScore(
        name=f"{key[0]}, {key[1]}", score=told[choice.criterion],
        precision=found.event_precision if events else found.precision,
        recall=found.event_recall if events else found.recall,
        others=told, scored_s=sums[:, :4].sum(1), n_recordings=n_recordings,
    )  # fmt: skip


def tuned_choice(grid: Grid, choice: Choice, swept: Sequence[Swept], kind: str) -> TunedChoice:
    """The choice, and each patient under it."""
    sums = by_subject(swept, kind)
    own = {subject: _recordings(swept, subject, kind) for subject in sums}
    patients = [_patient(grid, choice, subject, sums[subject], own[subject]) for subject in sorted(sums)]
    return TunedChoice(
        score_name=SCORE_NAMES[choice.criterion], rule=f"{RULE}.", point=choice.point, declared=choice.declared,
        in_sample=choice.score, out_of_sample=choice.out_of_sample, code=choice.reason, patients=tuple(patients),
        n_left_out=len(choice.patients), remarks=choice_remarks(choice),
    )  # fmt: skip


def choice_remarks(choice: Choice) -> tuple[str, ...]:
    """What is to be said of a choice beside its scores, a sentence each."""
    words = []
    if choice.n_equal > 1:
        words.append(f"{choice.n_equal} settings have this score; of them the nearest to the declared ones were taken.")
    if choice.at_end:
        words.append(f"The best lie at the end of what was tried in {', '.join(choice.at_end)}: widen the grid.")
    return tuple(words)


def _recordings(swept: Sequence[Swept], subject: str, kind: str) -> list[Floats]:
    """Sums of each recording of a subject, over sources."""
    return [one for each in swept if each.subject == subject for one in by_subject([each], kind).values()]


def _patient(grid: Grid, choice: Choice, subject: str, sums: Floats, own: Sequence[Floats]) -> TunedPatient:
    scores = _score(sums, choice)
    left = {one.subject: one for one in choice.patients}.get(subject)
    return TunedPatient(
        name=subject, declared=float(scores[0]), chosen=float(scores[choice.point]),
        left_out=np.nan if left is None else left.out_of_sample,
        values=() if left is None else tuple(map(float, grid.values(left.chosen))),
        recordings=tuple(float(_score(one, choice)[choice.point]) for one in own),
    )  # fmt: skip


def _score(sums: Floats, choice: Choice) -> Floats:
    scores: Floats = getattr(agreement_of(sums), choice.criterion)
    return scores


RATER_HEADS = {
    "first": "marks", "second": "held against", "kind": "kind", "n_recordings": "recordings", "n_targets": "targets",
    "scored_s": "time, s", "kappa": "kappa", "f1": "F1", "iou": "IoU", "event_f1": "event F1",
    "onset_bias_s": "onset bias, s", "onset_error_s": "onset error, s",
}  # fmt: skip
"""Columns of the page, with what they are called there."""


def tuned_raters(rows: Sequence[AgreementRow]) -> tuple[dict[str, str], ...]:
    """Rows of agreement as printed."""
    return tuple({head: _printed(name, getattr(row, name)) for name, head in RATER_HEADS.items()} for row in rows)


def _printed(name: str, value: Any) -> str:
    if isinstance(value, float):
        return "–" if np.isnan(value) else f"{value:.0f}" if name == "scored_s" else f"{value:.3f}".replace("-", "−")
    return str(value)


def stability_table(grid: Grid, found: Sequence[Stability]) -> pd.DataFrame:
    """Rows of `tuning_stability.csv`: as `stability_rows`, with the settings of each point, column by column."""
    axes = axes_table(grid).drop(columns="declared")
    names = [name for name in STABILITY_COLUMNS if name not in ("point", *Group._fields)]
    parts = [
        axes.assign(**one.group._asdict(), **{name: _column(getattr(one, name)) for name in names}) for one in found
    ]
    return pd.concat(parts, ignore_index=True)


def _column(values: Any) -> Any:
    return list(values) if isinstance(values, tuple) else values


def tuned_measures(found: Sequence[Stability]) -> tuple[TunedMeasure, ...]:
    """How each measure moves, over all points but the declared one; with the task and segment where they differ."""
    tasks, segments = ({getattr(one.group, name) for one in found} for name in ("task", "segment"))
    names = []
    for one in found:
        places = [one.group.task] * (len(tasks) > 1) + [one.group.segment] * (len(segments) > 1)
        places = [place for place in places if place]
        names.append(one.group.name + (f" ({', '.join(places)})" if places else ""))
    return tuple(_tuned_measure(one, name) for one, name in zip(found, names, strict=True))


def _tuned_measure(one: Stability, name: str) -> TunedMeasure:
    (told,) = summary_rows([one])
    numbers = {key: np.nan if told[key] is None else float(told[key])
               for key in ("rank_median", "rank_least", "moved", "moved_most")}  # fmt: skip
    return TunedMeasure(
        name=name, n_visits=one.n_visits,
        rank=numbers["rank_median"], rank_least=numbers["rank_least"], moved=numbers["moved"],
        moved_most=numbers["moved_most"],
        n_changed=max(told["n_lost_most"], told["n_gained_most"], told["n_status_most"]),
        shares=tuple(axis.share for axis in one.axes), code=told["code"],
    )  # fmt: skip


def tuned_curve(curve: Curve) -> TunedCurve:
    """A specification curve as it is drawn."""
    return TunedCurve(
        title=f"{curve.name}: {curve.words}", effect=curve.effect, low=curve.low, high=curve.high,
        unit=curve.unit, log=curve.log, bars=curve.bars,
    )  # fmt: skip
