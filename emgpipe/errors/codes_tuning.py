"""Codes of tuning, a part of `CODES`."""

from emgpipe.errors.code import Code

_E, _F, _R = "error", "finding", "reason"

TUNING_CODES: dict[str, Code] = {
    # tuning
    "GRID_INVALID": Code(_E, "Settings to try cannot be read, are none, stand twice, or would change the frames."),
    "GRID_TOO_LARGE": Code(_E, "More combinations of settings than are tried in one sweep."),
    "TRUTH_UNKNOWN": Code(_E, "Marks name a recording, target, kind or annotation that the results do not have."),
    "TRUTH_INVALID": Code(_E, "A marked stretch is reversed, empty, outside its recording, or overlaps another one."),
    "TRUTH_EMPTY": Code(_E, "A table of marks has no row that is truth of anything."),
    # what is kept of a sweep
    "TUNING_PLACE": Code(
        _E,
        "A sweep would lie in the results folder, in the place of files that are of no sweep, or of frozen settings.",
    ),
    "FREEZE_INVALID": Code(_E, "Settings to freeze are no point of the grid, or the best where nothing was scored."),
    "CHOICE_IN_SAMPLE": Code(
        _F, "Only one patient has marks: the score of the chosen settings is that of the data they were chosen by."
    ),
    "CHOICE_NONE": Code(_F, "No settings agree with any mark, or nothing is marked as on: the declared ones stay."),
    "CHOICE_OTHER_TIME": Code(
        _F,
        "The best settings are scored on other time, or other events, than the declared ones: they exclude other time.",
    ),
    "BASE_MIXED": Code(_E, "Recordings of the results were decided under different settings: a sweep starts from one."),
    "MEASURED_NONE": Code(_E, "No recording of the results was measured: there is nothing to decide anew."),
    # tuning: what the conclusion does
    "OUTCOME_UNKNOWN": Code(_E, "A sweep was asked for a measure, target or endpoint that the results do not have."),
    "REFERENCE_ELSEWHERE": Code(_F, "Values on a reference in another recording, which settings change, are left out."),
    "VISITS_FEW": Code(_R, "Fewer than three visits have a value under both settings: nothing is said of them."),
    "SPREAD_ZERO": Code(_R, "Visits do not differ under the declared settings: no change is a share of their spread."),
    "RANKS_CONSTANT": Code(_R, "Visits do not differ under one of the settings: their order cannot be compared."),
}
