"""The page of a sweep: what was tried, how well it finds what people marked, and how much of a result hangs on it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from emgpipe.errors.codes import CODES
from emgpipe.reports.estimates import Scale, places_of
from emgpipe.reports.figures import figure_png, inline_png
from emgpipe.reports.pages import render
from emgpipe.reports.tuned_curve import MOST_DRAWN, curve_figure, drawn_points
from emgpipe.reports.tuned_model import Tuned, TunedCurve, TunedMeasure, TunedPatient
from emgpipe.reports.tuned_moves import MOST_MEASURES, most_moved, moves_figure
from emgpipe.reports.tuned_scores import axes_figure, map_figure, patients_figures, precision_figure

MOST_VALUES = 12
"""Values of a setting that are named; of more the first, the second and the last one."""
OTHERS = {
    "iou": "IoU", "kappa": "kappa", "event_f1": "event F1", "onset_bias_s": "onset bias, s",
    "onset_error_s": "onset error, s", "undeterminable_share": "undeterminable",
}  # fmt: skip
"""Columns of `tuning.csv` that stand beside score, precision and recall."""
DOUBTS = (
    "The best of many settings looks better than it is: part of its score is luck with these recordings. The score"
    " out of sample has each patient scored at settings that the others chose, and is the one to report.",
    "Patients that chose the settings cannot test them. A measure made with tuned settings is to be tried on other"
    " patients, or on visits that nobody tuned on.",
    "Settings that differ by less than raters do cannot be ranked by these marks: see how well the raters agree, and"
    " prefer the declared settings where they are as good.",
    "Marks of people are not the truth. They carry the habits of who made them; onsets marked by eye lie later or"
    " earlier than what the amplifier sees.",
    "Event scores depend on the tolerance that was given; it should be stated before marks are looked at.",
    "Time that the program leaves undeterminable counts as not on, so that no setting gains by saying nothing. It is"
    " not silence, and its share stands beside each score.",
    "Never choose settings by the outcome, nor after arms were opened. A specification curve describes how much of a"
    " result hangs on the choice. It tests nothing, and the number of settings on one side of no difference is no p.",
)


class Picture(NamedTuple):
    """A picture of the page, also kept as a file.

    Attributes
    ----------
    name : str
        Of the file.
    png : bytes
        Drawn.
    alt, caption : str
        What is to be seen, for who cannot see it and for who can.
    """

    name: str
    png: bytes
    alt: str
    caption: str

    @property
    def source(self) -> Markup:
        """For the page."""
        return inline_png(self.png)


class _Tried(NamedTuple):
    """A setting as printed."""

    title: str
    unit: str
    meaning: str
    declared: str
    chosen: str
    values: str


def tuned_pictures(tuned: Tuned) -> dict[str, list[Picture]]:
    """Draw all pictures of a sweep, by the part of the page in which they stand.

    Parameters
    ----------
    tuned : Tuned
        What is not there is not drawn.

    Returns
    -------
    dict of str to list of Picture
        `scores`, `patients`, `stability`, `curves`; the same bytes for the same sweep.
    """
    return {
        "scores": list(_score_pictures(tuned)), "patients": list(_patient_pictures(tuned)),
        "stability": list(_stability_pictures(tuned)), "curves": list(_curve_pictures(tuned)),
    }  # fmt: skip


def tuned_page(tuned: Tuned, pictures: Mapping[str, Sequence[Picture]]) -> str:
    """Write the page of a sweep.

    Parameters
    ----------
    tuned : Tuned
        With `unblinded` the page says at its top that it tells arms.
    pictures : mapping of str to sequence of Picture
        From `tuned_pictures`.

    Returns
    -------
    str
        One HTML document without any outside reference or time of making: the same sweep gives the same bytes.

    Examples
    --------
    >>> from emgpipe.reports.tuned_model import TunedAxis
    >>> axes = (TunedAxis("detect.activity_ratio", "1", "RMS over the floor."),)
    >>> tuned = Tuned("DEMO", "0.1.0", "", True, axes, np.array([[1.5], [1.3], [1.7]]))
    >>> "3 settings were tried" in tuned_page(tuned, {})
    True
    """
    return render(
        "tuning.html.j2",
        tuned=tuned, choice=tuned.choice, said=said(tuned),
        tried=[_tried(tuned, axis) for axis in range(len(tuned.axes))],
        score_head=("scored, s", "score", "precision", "recall", *_others(tuned).values()),
        scores=[row for one in _score_rows(tuned) for row in one],
        patients=[_patient_row(one) for one in tuned.choice.patients] if tuned.choice else [],
        rater_head=list(tuned.raters[0]) if tuned.raters else [],
        measures=[_measure_row(one) for one in most_moved(tuned.stability, len(tuned.stability))],
        curves=[(one, _curve_words(one)) for one in tuned.curves],
        code_words={code: CODES[code].meaning for code in _codes(tuned) if code in CODES},
        pictures={part: list(pictures.get(part, ())) for part in ("scores", "patients", "stability", "curves")},
        doubts=DOUBTS, study=tuned.study, version=tuned.version, settings_id=tuned.settings_id,
        simulated=tuned.simulated,
    )  # fmt: skip


def said(tuned: Tuned) -> str:
    """What a sweep says, in a few plain sentences."""
    n, k = len(tuned.values), len(tuned.axes)
    tried = f"{n} settings were tried: {k} threshold{'s' if k > 1 else ''}, from recordings as they were measured."
    if tuned.unblinded:
        return (
            f"{tried} Estimates at settings that were not locked, and of outcomes outside the plan, are post-hoc; all"
            " are descriptive."
        )
    choice = tuned.choice
    if choice is None:
        return (
            f"{tried} There are no marks to hold them against: nothing here says which settings are right, only how"
            " much of each measure hangs on them."
        )
    if tuned.chosen is None:
        return f"{tried} {_meaning(choice.code)}."
    name, declared = choice.score_name, choice.declared
    out = (
        f"on patients left out it is {four(choice.out_of_sample)}, which is what to expect of others"
        f" ({choice.n_left_out} patients, no interval)"
        if np.isfinite(choice.out_of_sample)
        else f"there is no score out of sample: {_meaning(choice.code)}"
    )
    if choice.point == 0:
        return f"{tried} The declared settings are the best, {name} {four(declared)}; {out}."
    best = f"The best (point {choice.point}) have {four(choice.in_sample)} on the patients that chose them"
    return f"{tried} The declared settings have {name} {four(declared)}. {best}; {out}."


def four(value: float) -> str:
    """Write a score that stands beside others of nearly the same size; a dash where there is none.

    Examples
    --------
    >>> four(0.93149), four(float("nan"))
    ('0.9315', '–')
    """
    return f"{value:.4f}" if np.isfinite(value) else "–"


def three(value: float) -> str:
    """Write a score to three places; a dash where there is none.

    Examples
    --------
    >>> three(0.93149), three(float("nan"))
    ('0.931', '–')
    """
    return f"{value:.3f}".replace("-", "−") if np.isfinite(value) else "–"


def _meaning(code: str) -> str:
    return CODES[code].meaning.rstrip(".") if code in CODES else code or "none"


def _tried(tuned: Tuned, axis: int) -> _Tried:
    one, values = tuned.axes[axis], np.unique(tuned.values[:, axis])
    shown = [f"{value:g}" for value in values]
    if len(shown) > MOST_VALUES:
        shown = [*shown[:2], "…", shown[-1], f"({len(values)} values)"]
    chosen = "–" if tuned.chosen is None else f"{tuned.values[tuned.chosen, axis]:g}"
    unit = "" if one.unit == "1" else one.unit
    return _Tried(one.title, unit, one.meaning, f"{tuned.values[0, axis]:g}", chosen, ", ".join(shown))


def _score_rows(tuned: Tuned) -> Iterator[list[tuple[str, str, list[str]]]]:
    """Of each source the declared and the chosen settings."""
    for one in tuned.scores:
        rows = [("declared", 0)] + ([("chosen", tuned.chosen)] if tuned.chosen else [])
        told = []
        for words, point in rows:
            cells = [one.score[point], one.precision[point], one.recall[point]]
            cells += [one.others[name][point] if name in one.others else np.nan for name in _others(tuned)]
            told.append((one.name, words, [f"{one.scored_s[point]:.0f}", *(three(float(cell)) for cell in cells)]))
        yield told


def _others(tuned: Tuned) -> dict[str, str]:
    """Further columns of scores; the one that chose stands before them."""
    chose = tuned.choice.score_name if tuned.choice else ""
    return {name: head for name, head in OTHERS.items() if head != chose}


def _patient_row(one: TunedPatient) -> tuple[str, list[str]]:
    values = ", ".join(f"{value:g}" for value in one.values) or "–"
    return one.name, [three(one.declared), three(one.chosen), three(one.left_out), values]


def _measure_row(one: TunedMeasure) -> tuple[str, list[str], str]:
    cells = [str(one.n_visits), *map(three, (one.rank, one.rank_least, one.moved, one.moved_most))]
    shares = [f"{100 * share:.0f}" if np.isfinite(share) else "–" for share in one.shares]
    return one.name, [*cells, str(one.n_changed), *shares], one.code


def _codes(tuned: Tuned) -> list[str]:
    return sorted({one.code for one in tuned.stability if one.code})


def _score_pictures(tuned: Tuned) -> Iterator[Picture]:
    if tuned.choice is None or tuned.chosen is None or not tuned.scores:
        return
    choice, first = tuned.choice, tuned.scores[0]
    yield _picture(
        "tuning_scores.png", axes_figure(tuned, first, choice),
        f"{choice.score_name} over the values of each setting, declared and chosen marked.",
        f"{choice.score_name} against {first.name}, over each setting. Line: the other settings as chosen; band: from"
        " the worst to the best that they allow. Triangle: declared; star: chosen.",
    )  # fmt: skip
    drawn = map_figure(tuned, first, choice)
    if drawn is not None:
        yield _picture(
            "tuning_map.png", drawn, "The best score for each two values of two settings.",
            f"The two settings that move {choice.score_name} most. Each cell: the best that the other settings allow;"
            " a deeper colour is higher. Triangle: declared; star: chosen.",
        )  # fmt: skip
    yield _picture(
        "tuning_precision_recall.png", precision_figure(tuned.scores, choice.point),
        "Precision over recall of all settings, with the frontier.",
        "Each dot is one setting of all thresholds. Line: settings of which no other is better in both; thin lines:"
        " equal F1. Triangle: declared; star: chosen.",
    )  # fmt: skip


def _patient_pictures(tuned: Tuned) -> Iterator[Picture]:
    for i, drawn in enumerate(patients_figures(tuned.choice) if tuned.choice and tuned.chosen is not None else ()):
        yield _picture(
            f"tuning_patients{_nth(i)}.png", drawn, "Scores of each patient under declared and chosen settings.",
            "A row a patient. Triangle: declared settings; star: chosen ones; cross: those that the other patients"
            " choose, which have not seen this one. Small dots: its recordings at the chosen settings.",
        )  # fmt: skip


def _stability_pictures(tuned: Tuned) -> Iterator[Picture]:
    if tuned.stability:
        n = len(tuned.stability) - MOST_MEASURES
        more = (
            f" The {MOST_MEASURES} that change the order of visits most; {n} more stand in the table." if n > 0 else ""
        )
        yield _picture(
            "tuning_stability.png", moves_figure(tuned.stability, tuned.axes),
            "How much each measure moves over all settings, and which setting moves it.",
            "Dot: the median over all settings; bar: to the worst of them. 1 is visits in the order of the declared"
            " settings. A change of 1 is as large as visits differ. Cells: how much of the variation over settings goes"
            f" with each of them.{more}",
        )  # fmt: skip


def _curve_pictures(tuned: Tuned) -> Iterator[Picture]:
    blind = "_unblinded" if tuned.unblinded else ""
    for i, curve in enumerate(tuned.curves):
        n = int(np.isfinite(curve.effect).sum())
        thin = f" {MOST_DRAWN} of {n} settings are drawn, evenly over their order." if n > MOST_DRAWN else ""
        yield _picture(
            f"tuning_curve{blind}{_nth(i)}.png", curve_figure(curve, tuned),
            f"{curve.title}: {_curve_words(curve)}",
            f"Every setting, sorted by its effect. Bars: {curve.bars}. Triangle and dashed lines: the declared"
            f" settings. Below: which value each of them has.{thin}",
        )  # fmt: skip


def _curve_words(curve: TunedCurve) -> str:
    """Declared effect, range and sign over all settings."""
    scale, order = Scale(curve.unit, curve.log), drawn_points(curve.effect).order
    if not len(order):
        return "no setting gives an estimate."
    effects = curve.effect[order]
    places = places_of(float(np.nanmedian(curve.high - curve.low)) / 2) if np.isfinite(curve.low[order]).any() else 3

    def _shown(effect: float) -> str:
        return f"{scale.shown(float(effect)):.{max(places, 2)}f}".replace("-", "−")

    unit = f" {scale.words}" if scale.words else ""
    declared = curve.effect[0]
    if len(order) > 1 and len(np.unique(effects)) == 1:
        unchanged = f"the same under all {len(order)} settings that give an estimate: {_shown(effects[0])}{unit}"
        return f"{unchanged}; these settings do not move this outcome.{_lacking(curve, len(order))}"
    head = f"declared {_shown(declared)}{unit}; " if np.isfinite(declared) else "no estimate at the declared settings; "
    same = int((np.sign(effects) == np.sign(declared)).sum()) if np.isfinite(declared) else 0
    signs = f" {same} of {len(order)} on the same side of no difference." if np.isfinite(declared) else ""
    ends = f"{_shown(effects[0])} to {_shown(effects[-1])}"
    median, n = _shown(float(np.median(effects))), len(np.unique(effects))
    none = _lacking(curve, len(order))
    return f"{head}all settings from {ends}, median {median}{unit}, {n} different effects;{signs}{none}"


def _lacking(curve: TunedCurve, n: int) -> str:
    lacking = len(curve.effect) - n
    return f" {lacking} settings give no estimate." if lacking else ""


def _picture(name: str, figure: Figure, alt: str, caption: str) -> Picture:
    return Picture(name, figure_png(figure), alt, caption)


def _nth(i: int) -> str:
    return f"_{i + 1}" if i else ""
