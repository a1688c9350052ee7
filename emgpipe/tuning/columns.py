"""Columns of the tables of a sweep: names, units, meanings, in their order."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from emgpipe.batch.dictionary import Column
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import SCORES

POINT = {
    "point": Column("1", "Number of the settings; 0 is the declared ones, those of the results."),
    "declared": Column("", "true for point 0."),
}
"""The values of each axis stand between these two, one column a setting, as `detect.activity_ratio`."""
SCORED = {
    "source": Column("", "Whose marks: name of the file, of the annotation, or `simulated`; empty without marks."),
    "kind": Column("", "What was marked: active, cmua, spasm or coactive."),
}
SUMS = {
    "both_s": Column("s", "Time in which the program and the marks are on."),
    "found_only_s": Column("s", "Time in which the program alone is on."),
    "true_only_s": Column("s", "Time in which the marks alone are on."),
    "neither_s": Column("s", "Time in which neither is on."),
    "undeterminable_s": Column("s", "Of the time above, what the program leaves undeterminable: it counts as not on."),
    "n_true": Column("1", "Events of the marks."),
    "n_found": Column("1", "Events of the program."),
    "n_matched": Column("1", "Pairs of both whose onsets lie within the tolerance, one to one."),
    "n_timed": Column("1", "Of these pairs, those whose marked time is known; only they have an error."),
    "onset_sum_s": Column("s", "Sum of the onset errors of these, program minus marks."),
    "onset_abs_s": Column("s", "Sum of their sizes."),
}
"""What is counted; see `model.SCORES`."""
AGREEMENT = {
    "f1": Column("1", "2 both / (2 both + found only + true only), of seconds; empty where nothing is on."),
    "iou": Column("1", "both / (both + found only + true only), of seconds."),
    "kappa": Column("1", "Cohen's kappa of seconds on and not on, doi:10.1177/001316446002000104."),
    "precision": Column("1", "Share of the time found that is marked."),
    "recall": Column("1", "Share of the time marked that is found."),
    "event_f1": Column("1", "2 matched / (events marked + events found)."),
    "event_precision": Column("1", "Share of the events found that are matched."),
    "event_recall": Column("1", "Share of the events marked that are matched."),
    "onset_bias_s": Column("s", "Mean onset error, program minus marks: above 0 the program is late."),
    "onset_error_s": Column("s", "Mean size of the onset error."),
    "undeterminable_share": Column("1", "Share of the scored time that the program leaves undeterminable."),
}
COUNTED = {
    "n_recordings": Column("1", "Recordings; with marks those that were marked."),
    "scored_s": Column("s", "Time that marks and program judge, over all targets that were marked."),
}
CHOICE = {
    "subject": Column("", "Patient; empty: all of them together."),
    "point": Column("1", "Point that the other patients choose; of all together the best one."),
    "in_sample": Column("1", "Its score on those that chose it."),
    "out_of_sample": Column(
        "1",
        "Its score on the patient, who did not choose it; of all together that of each under the choice of the others.",
    ),
    "declared_score": Column("1", "Score of the declared settings."),
    "best_score": Column("1", "Score of the point that is best for all together."),
    "hindsight": Column("1", "Point that is best for this patient alone."),
    "hindsight_score": Column("1", "Its score on the patient."),
    "reason": Column("", "CHOICE_IN_SAMPLE, CHOICE_NONE: why there is no score out of sample."),
}
"""The values of each axis stand behind `point`."""
AGREED = {
    "first": Column("", "Source of marks."),
    "second": Column("", "Another source, or the program at a point."),
    "is_program": Column("", "The second is the program."),
    "kind": SCORED["kind"],
    "n_recordings": Column("1", "Recordings that both have scored."),
    "n_targets": Column("1", "Muscles or pairs that both have scored, once a recording."),
    "scored_s": Column("s", "Time that both have judged."),
    **{name: AGREEMENT[name] for name in ("kappa", "f1", "iou")},
    "n_first": Column("1", "Events of the first."),
    "n_second": Column("1", "Events of the second."),
    "n_matched": Column("1", "Pairs of both within the tolerance."),
    **{name: AGREEMENT[name] for name in ("event_f1", "onset_bias_s", "onset_error_s")},
}


def axis_columns(grid: Grid) -> dict[str, Column]:
    """Columns of the values of each axis."""
    return {axis.title: Column("see settings", "Value of this setting.") for axis in grid.axes}


def points_columns(grid: Grid) -> dict[str, Column]:
    """Columns of `tuning.csv`."""
    return {
        "point": POINT["point"], **axis_columns(grid), "declared": POINT["declared"], **SCORED, **COUNTED,
        **AGREEMENT, **sums_columns(),
    }  # fmt: skip


def recordings_columns(grid: Grid) -> dict[str, Column]:
    """Columns of `tuning_recordings.csv`."""
    whose = {
        "recording": Column("", "{subject}_{visit}_{task}[_{run}]."), "subject": Column("", "Subject id."),
    }  # fmt: skip
    rest = {name: column for name, column in points_columns(grid).items() if name != "n_recordings"}
    return {**whose, **rest}


def choice_columns(grid: Grid) -> dict[str, Column]:
    """Columns of `tuning_choice.csv`."""
    names = list(CHOICE)
    before, behind = ({name: CHOICE[name] for name in part} for part in (names[:2], names[2:]))
    return {**before, **axis_columns(grid), **behind}


def sums_columns() -> dict[str, Column]:
    """Columns of sums, in the order of `SCORES`."""
    return {name: SUMS[name] for name in SCORES}


def dictionary(tables: Mapping[str, Iterable[str]], known: Mapping[str, Mapping[str, Column]]) -> dict[str, Any]:
    """`data_dictionary.json` of a sweep: every column of each table that was written."""
    return {
        "made_by": f"emgpipe {version('emgpipe')}",
        "columns": {
            table: {name: {"unit": known[table][name].unit, "definition": known[table][name].meaning} for name in names}
            for table, names in tables.items()
        },
    }
