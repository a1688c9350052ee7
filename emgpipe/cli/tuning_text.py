"""What `tune` does and prints: the best settings and what their score is worth, what moves, what an outcome becomes."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emgpipe.cli import talk
from emgpipe.cli.estimating import wrapped
from emgpipe.cli.progress import counting
from emgpipe.errors import printable
from emgpipe.errors.codes import CODES
from emgpipe.reports.estimates import Scale
from emgpipe.reports.stored import is_simulated
from emgpipe.reports.tuned import four, three
from emgpipe.reports.tuned_model import NO_CHOICE
from emgpipe.tuning.curve import Curve, curve_told
from emgpipe.tuning.freeze import BEST
from emgpipe.tuning.keep import KeptSweep, write_tuning
from emgpipe.tuning.record import SCORE_NAMES
from emgpipe.tuning.scores import agreement_of
from emgpipe.tuning.stability import moves_of
from emgpipe.tuning.told import choice_remarks
from emgpipe.tuning.tune import Tuning, tune_results
from emgpipe.tuning.write import PAGE, PAGE_UNBLINDED, SETTINGS

MOST_MEASURES = 12
"""Measures that are printed, those that move most; all stand in the table."""
NAME_LETTERS = 30
SUMMARY = "tuning_stability_summary.csv"


def tune_told(out: Path, folder: Path, **options: Any) -> str:
    """Try settings, write the sweep and say what came of it.

    Parameters
    ----------
    out, folder : Path
        As in `tune_results`.
    **options
        As in `tune_results`.

    Returns
    -------
    str
    """
    with counting("parts of recordings") as progress:
        tuning = tune_results(
            out, folder, progress=progress, tell=lambda words: talk.note("info", "", words), **options
        )
    kept = write_tuning(tuning)
    for finding in tuning.findings:
        talk.note("warning", finding.code, finding.message, finding.where)
    for words in kept.record["post_hoc"]:
        talk.note("warning", "", words, where=str(out))
    for name, code in tuning.tried.left_out:
        talk.note("info", code, "not measured, and left out", where=name)
    return tuning_text(tuning, kept)


def tuning_text(tuning: Tuning, kept: KeptSweep) -> str:
    """Lines for people, 80 columns."""
    grid = tuning.tried.grid
    n_axes, n_recordings = len(grid.axes), len(tuning.tried.sweeps)
    head = f"{kept.record['study']}: {len(grid)} settings of {n_axes} threshold{'s' * (n_axes > 1)},"
    head += f" {n_recordings} recording{'s' * (n_recordings > 1)}"
    parts = [
        head + ("\nsimulated: nobody was recorded" if is_simulated(kept.record["study"]) else "") + "\n",
        _choice_text(tuning), _agreement_text(tuning), _stability_text(tuning), _curves_text(tuning.curves),
        _curves_text(tuning.unblinded), _kept_text(tuning, kept),
    ]  # fmt: skip
    return "\n".join(part for part in parts if part)


def _choice_text(tuning: Tuning) -> str:
    """Declared and best settings by source, and the score out of sample."""
    choice = tuning.choice
    if choice is None:
        return ""
    is_none = choice.reason == NO_CHOICE
    table = _scores_text(tuning, {"declared": 0} if is_none else {"declared": 0, "best": choice.point})
    if is_none:
        return f"{table}{wrapped(CODES[NO_CHOICE].meaning)}"
    name = SCORE_NAMES[choice.criterion]
    if math.isnan(choice.out_of_sample):
        out = f"no score out of sample ({choice.reason}): the score of the best flatters"
    else:
        n, loss = len(choice.patients), choice.loss
        out = f"on patients left out ({n}): {name} {four(choice.out_of_sample)}, {four(loss)} below in sample"
    head = f"{table}{name}, best: {four(choice.score)} in sample; declared: {four(choice.declared)}\n{out}\n"
    return head + _best_text(tuning, choice.point) + "".join(map(wrapped, choice_remarks(choice)))


def _scores_text(tuning: Tuning, points: Mapping[str, int]) -> str:
    """A row a source and point."""
    rows = []
    for (source, kind), sums in tuning.pooled.items():
        for words, point in points.items():
            found = agreement_of(sums[point])
            scores = (found.f1, found.precision, found.recall, found.kappa, found.event_f1, found.undeterminable_share)
            cells = [f"{source[:20]}, {kind}", words, f"{sums[point, :4].sum():.0f}"]
            rows.append([*cells, *(three(float(one)) for one in scores)])
    columns = ["marks", "settings", "time, s", "F1", "prec.", "recall", "kappa", "ev. F1", "undet."]
    return talk.table_text(columns, rows, right=columns[2:])


def _best_text(tuning: Tuning, point: int) -> str:
    grid = tuning.tried.grid
    if point == 0:
        return "the declared settings are the best\n"
    changed = [
        f"{axis.title} {value!r} (declared {declared!r})"
        for axis, value, declared in zip(grid.axes, grid.values(point), grid.values(0), strict=True)
        if value != declared
    ]
    return wrapped(f"best, point {point}: {', '.join(changed)}")


def _agreement_text(tuning: Tuning) -> str:
    """Sources with each other; with the program they stand above."""
    between = [row for row in tuning.agreement if not row.is_program]
    rows = [
        [row.first[:18], row.second[:18], row.kind, str(row.n_targets), f"{row.scored_s:.0f}",
         *(three(one) for one in (row.kappa, row.f1, row.event_f1))]
        for row in between
    ]  # fmt: skip
    columns = ["marks", "marks", "kind", "targets", "time, s", "kappa", "F1", "ev. F1"]
    return talk.table_text(columns, rows, right=columns[3:]) if rows else ""


def _stability_text(tuning: Tuning) -> str:
    """Measures that change the order of visits most, and how many others there are."""
    if not tuning.stability:
        return ""
    moves = moves_of(tuning.stability)
    shown = moves.moved[:MOST_MEASURES]
    more = len(moves.moved) - len(shown) + moves.still
    words = "keep the order of visits better, or do not move" if shown else "do not move with these settings"
    lines = {
        f"{words}; {SUMMARY} has all": more,
        "move, while visits do not differ under the declared settings": moves.unspread,
        f"lose or gain values, or change status, and no value is seen to move: n_lost_most, n_gained_most and"
        f" n_status_most in {SUMMARY}": moves.changed,
    }  # fmt: skip
    counted = "".join(wrapped(f"{_measures(n)}{' more' * bool(shown)} {words}") for words, n in lines.items() if n)
    few = f"too few visits: nothing can be said of {_measures(moves.few)}\n" if moves.few else ""
    return _moved_text(shown) + counted + few


def _measures(n: int) -> str:
    return f"{n} measure{'s' * (n != 1)}"


def _moved_text(shown: Sequence[Mapping[str, Any]]) -> str:
    if not shown:
        return ""
    rows = []
    for row in shown:
        numbers = [three(math.nan if row[name] is None else row[name])
                   for name in ("rank_median", "rank_least", "moved", "moved_most")]  # fmt: skip
        measure = f"{row['target']}.{row['measure']}"[:NAME_LETTERS]
        rows.append([measure, *numbers, row["moved_by"].partition(".")[2][:17]])
    columns = ["measure", "rank", "least", "change", "most", "moved by"]
    words = (
        "visits under all settings against the declared ones: rank correlation (median,\n"
        "least), change in spreads between visits (median, largest)\n"
    )
    return words + talk.table_text(columns, rows, right=columns[1:5])


def _curves_text(curves: tuple[Curve, ...]) -> str:
    """Each outcome: declared, range, sign, and how many different effects there are."""
    if not curves:
        return ""
    rows, unmoved = [], []
    for curve in curves:
        found, scale = curve_told(curve), Scale(curve.unit, curve.log)
        is_one = found.n_different == 1 < found.n_effects
        unmoved += [curve.name] * is_one
        numbers = [_effect(one, scale) for one in (found.declared, found.lowest, found.median, found.highest)]
        same = "–" if is_one or math.isnan(found.same_sign) else f"{100 * found.same_sign:.0f} %"
        counts = [f"{found.n_effects}/{found.n_points}", str(found.n_different)]
        rows.append([curve.name[:NAME_LETTERS], *numbers, same, *counts])
    columns = ["outcome", "declared", "lowest", "median", "highest", "sign", "points", "differ"]
    words = curves[0].words + ("; ratios" if curves[0].log else "")
    words += "; sign: points with that of the declared one; differ: different effects"
    said = wrapped(f"these settings do not move this outcome: {', '.join(unmoved)}") if unmoved else ""
    notes = "".join(wrapped(note) for note in dict.fromkeys(note for curve in curves for note in curve.notes))
    table = talk.table_text(columns, rows, right=columns[1:])
    return f"{wrapped(words)}{table}{said}descriptive: nothing is chosen by it\n{notes}"


def _effect(value: float, scale: Scale) -> str:
    return "–" if math.isnan(value) else f"{scale.shown(value):.4g}".replace("-", "−")


def _kept_text(tuning: Tuning, kept: KeptSweep) -> str:
    lines = [f"page: {kept.folder / PAGE}"]
    if tuning.unblinded:
        lines.append(f"page that tells arms: {kept.folder / PAGE_UNBLINDED}")
    if frozen := kept.record["frozen"]:
        what = "best point" if frozen["asked"] == BEST else "point"
        lines.append(f"settings of {what} {frozen['point']}: {kept.folder / SETTINGS}")
        lines.append(f"settings_id {frozen['settings_id']}")
    return "\n".join(map(printable, lines)) + "\n"
