"""The lines of an endpoint: its headline, what always stands beside it, and what only describes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import StatisticsError
from emgpipe.outcomes.model import Kind, Line
from emgpipe.statistics import PairedAnalysis, crossover_ancova, hills_armitage, hodges_lehmann, rerandomisation_p
from emgpipe.statistics.inputs import refusal

Floats = NDArray[np.float64]
Estimator = Literal["ancova", "change", "raw"]

ESTIMATORS: dict[Estimator, str] = {
    "ancova": "ANCOVA, adjusted for period baselines",
    "change": "change from period baseline",
    "raw": "raw period means, no baselines",
}
"""In the order in which they stand beside the headline."""
OVERSTATES = "overstates where carryover fades after the baseline"
DESCRIPTIVE = "descriptive: no choice of an analysis rests on it"


class Sample(NamedTuple):
    """What every line of an endpoint is made from.

    Attributes
    ----------
    values, baselines : ndarray, shape (n_subjects, 2)
        As in `PeriodValues`.
    letters : tuple of str
        Sequence of each subject.
    level : float
        Of all intervals.
    seed : int
        Of re-randomisation where arrangements are drawn.
    """

    values: Floats
    baselines: Floats
    letters: tuple[str, ...]
    level: float = 0.95
    seed: int = 1


def endpoint_lines(sample: Sample, estimator: Estimator, *, with_baselines: bool = True) -> tuple[Line, ...]:
    """Make all lines of an endpoint, the headline first.

    Parameters
    ----------
    sample : Sample
        Values, baselines and sequences.
    estimator : {"ancova", "change", "raw"}
        Of the headline.
    with_baselines : bool
        Give the estimators that need baselines, too.

    Returns
    -------
    tuple of Line
        A line without an answer has its code, and says why in its note; nothing is raised for values.

    Examples
    --------
    >>> y = np.array([[4.0, 6.0], [3.0, 5.5], [5.0, 6.0], [6.0, 4.0], [5.0, 4.0], [6.5, 5.0]])
    >>> lines = endpoint_lines(Sample(y, np.full((6, 2), np.nan), ("AB",) * 3 + ("BA",) * 3), "raw")
    >>> [(line.name, line.effect if line.effect is None else round(line.effect, 3), line.code) for line in lines[:2]]
    [('headline', -1.667, ''), ('ancova', None, 'SEQUENCE_EMPTY')]
    """
    first = estimate_line(sample, estimator)
    beside = [name for name in ESTIMATORS if name != estimator and (with_baselines or name == "raw")]
    return (
        first,
        *(replace(estimate_line(sample, name), name=name, kind="beside") for name in beside),
        _of_pairs(sample, "first_period", "beside", "period 1 alone, between subjects"),
        _rerandomised(sample, estimator, first),
        _hodges_lehmann(sample, estimator),
        _of_pairs(sample, "period", "descriptive", "period 1 minus period 2"),
        _of_pairs(sample, "carryover", "descriptive", "carryover, from sums of both periods"),
    )


def estimate_line(sample: Sample, estimator: Estimator) -> Line:
    """Estimate the treatment effect as the headline does, or say why there is no answer."""
    line = Line("headline", "headline", ESTIMATORS[estimator], note=OVERSTATES if estimator == "change" else "")
    if estimator != "ancova":
        values = sample.values - sample.baselines if estimator == "change" else sample.values
        return _paired(line, sample._replace(values=values), "treatment")

    def adjusted() -> Line:
        """By `crossover_ancova`."""
        found = crossover_ancova(sample.values, sample.baselines, sample.letters, level=sample.level)
        return replace(
            line, effect=found.effect, se=found.se, low=found.low, high=found.high, p=found.p, df=float(found.df),
            n_first=found.n_first, n_second=found.n_second,
        )  # fmt: skip

    return _or_why(line, sample, adjusted)


def _of_pairs(sample: Sample, name: str, kind: Kind, words: str) -> Line:
    note = DESCRIPTIVE if kind == "descriptive" else ""
    return _paired(Line(name, kind, words, note=note), sample, name)


def _paired(line: Line, sample: Sample, what: str) -> Line:
    """One estimate of `hills_armitage` in a line."""

    def estimated() -> Line:
        """By `hills_armitage`."""
        found = hills_armitage(sample.values, sample.letters, level=sample.level)
        n_first, n_second = found.n_first_period if what == "first_period" else (found.n_first, found.n_second)
        counted = replace(line, n_first=n_first, n_second=n_second)
        one = getattr(found, what)
        if one is None:
            raise _refused(found, what, n_first, n_second)
        return replace(counted, effect=one.effect, se=one.se, low=one.low, high=one.high, p=one.p, df=float(one.df))

    return _or_why(line, sample, estimated)


def _refused(found: PairedAnalysis, what: str, n_first: int, n_second: int) -> StatisticsError:
    first = "".join(found.treatments)
    return refusal(found.refused[what], (first, first[::-1]), n_first, n_second)


def _rerandomised(sample: Sample, estimator: Estimator, first: Line) -> Line:
    """Exact p of the statistic that the headline rests on."""
    line = Line("rerandomisation", "beside", "re-randomisation of the headline statistic")
    line = replace(line, n_first=first.n_first, n_second=first.n_second)
    values = sample.values - sample.baselines if estimator == "change" else sample.values

    def tested() -> Line:
        """By `rerandomisation_p`."""
        found = rerandomisation_p(
            values, sample.letters, baselines=sample.baselines if estimator == "ancova" else None, seed=sample.seed
        )
        drawn = "" if found.exact else f" drawn with seed {sample.seed}, not all of them"
        return replace(line, p=found.p, note=f"{found.n_extreme} of {found.n_arrangements} arrangements{drawn}")

    return _or_why(line, sample, tested)


def _hodges_lehmann(sample: Sample, estimator: Estimator) -> Line:
    """Median shift of the differences between periods: of changes where the headline is of changes."""
    changes = estimator == "change"
    words = f"Hodges-Lehmann, of {'changes' if changes else 'raw period means'}"
    line = Line("hodges_lehmann", "beside", words)
    values = sample.values - sample.baselines if changes else sample.values

    def ranked() -> Line:
        """By `hodges_lehmann`."""
        found = hodges_lehmann(values, sample.letters, level=sample.level)
        return replace(
            line, effect=found.effect, low=found.low, high=found.high, p=found.p, n_first=found.n_first,
            n_second=found.n_second, note="" if found.exact else "p and interval by the normal approximation",
        )  # fmt: skip

    return _or_why(line, sample, ranked)


def _or_why(line: Line, sample: Sample, make: Callable[[], Line]) -> Line:
    """Line that a function makes, or its code and reason."""
    if not sample.letters:
        return replace(line, code="SEQUENCE_EMPTY", note="no subject has arms and values; both sequences need one")
    try:
        return make()
    except StatisticsError as error:
        return replace(line, code=error.code, note=error.message)
