"""The mixed model of all visits on treatment, beside the headline and never in its place."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.outcomes.model import Line, PeriodValues
from emgpipe.outcomes.plan import AnalysisPlan
from emgpipe.statistics import mixed_model

DIGITS = 6
"""That are kept: the search for the maximum ends before more are sure."""


def mixed_line(values: PeriodValues, sequences: Mapping[str, str], plan: AnalysisPlan) -> Line:
    """Estimate the treatment effect from every visit on treatment.

    Parameters
    ----------
    values : PeriodValues
        Of subjects with a sequence.
    sequences : mapping of str to str
        Two letters a subject.
    plan : AnalysisPlan
        With `change` as its estimator, visits minus the baseline of their period are analysed.

    Returns
    -------
    Line
        Six digits; EXTRA_ABSENT without statsmodels, MODEL_FAILS without a maximum.
    """
    line = Line("mixed", "beside", "mixed model of all visits (anti-conservative)")
    letters = [sequences[subject] for subject in values.subjects]
    if not letters:
        return replace(line, code="SEQUENCE_EMPTY", note="no subject has arms and values; both sequences need one")
    x = _visits(values)
    if plan.analysis.estimator == "change":
        x = x - values.baselines[:, :, None]
    try:
        found = mixed_model(x, letters, level=plan.analysis.level)
    except (StatisticsError, SettingsError) as error:
        return replace(line, code=error.code, note=error.message)
    told = found.estimate
    effect, se, low, high, p = (float(f"{x:.{DIGITS}g}") for x in (told.effect, told.se, told.low, told.high, told.p))
    return replace(
        line, effect=effect, se=se, low=low, high=high, p=p, n_first=found.n_first, n_second=found.n_second,
        note="; ".join(found.notes),
    )  # fmt: skip


def _visits(values: PeriodValues) -> NDArray[np.float64]:
    """Visits on treatment by subject and period, in the order of the plan; the shorter period ends with NaN."""
    places = [[n for n, stage in enumerate(values.stages) if (stage.period, stage.role) == (period, "treatment")]
              for period in (1, 2)]  # fmt: skip
    x = np.full((len(values.subjects), 2, max(map(len, places))), np.nan)
    for p, columns in enumerate(places):
        x[:, p, : len(columns)] = values.visit_values[:, columns]
    return x
