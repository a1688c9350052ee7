"""What `crossover` and `reliability` print: estimates in the digits that errors deserve, and all that is left out."""

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from emgpipe.cli.talk import table_text
from emgpipe.outcomes.crossover import CellMean, CrossoverAnalysis
from emgpipe.outcomes.model import Line, Listed
from emgpipe.outcomes.repeats import ReliabilityAnalysis
from emgpipe.outcomes.told import ratio
from emgpipe.statistics import Reliability

NAMES = {
    "ancova": "ANCOVA",
    "change": "change from baseline",
    "raw": "raw means",
    "first_period": "period 1 alone",
    "rerandomisation": "re-randomisation",
    "hodges_lehmann": "Hodges-Lehmann",
    "mixed": "mixed model",
    "period": "period 1 - period 2",
    "carryover": "carryover (sums)",
}
"""Lines in a table of 80 columns."""
ICC_WORDS = {"1": "one-way", "2": "agreement", "3": "consistency"}
RATIO_PLACES = 4
MOST_PLACES = 8
"""Of more, numbers are in powers of ten."""
WIDTH = 80
"""Of a terminal; places are dropped for it."""
MOST_NAMED = 20
"""Subjects that are named for one reason; the others are counted."""


def crossover_text(found: CrossoverAnalysis) -> str:
    """Lines for people: who was analysed, means, estimates, and what is left out."""
    first = "".join(found.treatments)
    n = {one: sum(seq == one for seq in found.sequences.values()) for one in (first, first[::-1])}
    a, b = found.treatments
    endpoint = found.endpoint
    scale = f"{a}/{b}, ratios of geometric means" if endpoint.log else f"{a} minus {b}"
    parts = [
        f"{endpoint.name}: {scale}\n{sum(n.values())} subjects: {n[first]} {first}, {n[first[::-1]]} {first[::-1]}\n",
        _means_text(found.cells, log=endpoint.log),
        estimates_text(endpoint.lines, (a, b), log=endpoint.log, level=found.level, headline=found.estimator),
        "".join(f"{note}\n" for note in _notes(found)),
        left_out_text(endpoint.values.listed),
    ]
    return "\n".join(part for part in parts if part)


def _notes(found: CrossoverAnalysis) -> Iterator[str]:
    if found.estimator == "raw":
        yield "headline: the raw contrast of period means; with --baseline it is the ANCOVA"
    yield "period and carryover describe; no choice of an analysis rests on them"
    if found.endpoint.log:
        yield _turned_round(found.endpoint.lines[0], found.treatments)


def _turned_round(line: Line, treatments: tuple[str, str]) -> str:
    """The headline ratio the other way round: reports often ask for test over reference."""
    low, high = (ratio(None if end is None else -end) for end in (line.high, line.low))
    ends = f"{_at(low, RATIO_PLACES)} to {_at(high, RATIO_PLACES)}"
    turned = ratio(None if line.effect is None else -line.effect)
    return f"the headline turned round, {treatments[1]}/{treatments[0]}: {_at(turned, RATIO_PLACES)} ({ends})"


def _means_text(cells: Sequence[CellMean], *, log: bool) -> str:
    """Means by sequence and period, to one digit more than their spread needs."""
    places = _places(max((c.sd for c in cells if not math.isnan(c.sd)), default=math.nan), 3)
    rows = []
    for cell in cells:
        mean, sd = (math.exp(cell.mean), math.exp(cell.sd)) if log else (cell.mean, cell.sd)
        digits = RATIO_PLACES if log else places
        rows.append([cell.sequence, str(cell.period), str(cell.n), _at(mean, digits), _at(sd, digits)])
    columns = ["sequence", "period", "n", *(("geometric mean", "geometric SD") if log else ("mean", "SD"))]
    return table_text(columns, rows, right=columns[1:])


def estimates_text(
    lines: Sequence[Line], treatments: tuple[str, str], *, log: bool, level: float, headline: str
) -> str:
    """Table of the lines of one endpoint; ratios where it is of logarithms.

    Parameters
    ----------
    lines : sequence of Line
        Headline first.
    treatments : (str, str)
        Effects are the first minus the other.
    log : bool
        Write `exp` of effects and intervals, and no standard error.
    level : float
        Of the intervals.
    headline : str
        Estimator of the headline.

    Returns
    -------
    str
        Within 80 columns where two digits of the error of the headline allow. A line without an answer has its code,
        and why below the table.
    """
    se = next((line.se for line in lines if line.se), math.nan)
    places = RATIO_PLACES if log else min(_places(se, 5), 3) if se >= 1 else _places(se, 4)  # as papers print them
    effect = f"{treatments[0]}/{treatments[1]}" if log else f"{treatments[0]} - {treatments[1]}"
    columns = ["", effect, *([] if log else ["SE"]), f"{100 * level:g} % CI", "p", "df", "n"]
    table = ""
    least = min(places, 2 if log else _places(se, 2))
    for fewer in range(places, least - 1, -1):
        rows = [_row(line, fewer, log=log, headline=headline) for line in lines]
        table = table_text(columns, rows, right=columns[1:])
        if max(map(len, table.splitlines())) <= WIDTH:
            break
    refused = [f"{_name(line, headline)}: {line.code}: {line.note}\n" for line in lines if line.code]
    said = [f"{_name(line, headline)}: {line.note}\n" for line in lines
            if line.note and not line.code and line.kind != "descriptive"]  # fmt: skip
    return table + "".join(map(wrapped, [*refused, *said]))


def _row(line: Line, places: int, *, log: bool, headline: str) -> list[str]:
    shown = [ratio(end) if log else end for end in (line.effect, line.low, line.high)]
    interval = _between(shown[1], shown[2], places)
    se = [] if log else [_at(line.se, places)]
    df = "" if line.df is None or not math.isfinite(line.df) else f"{line.df:.4g}"
    return [_name(line, headline), line.code or _at(shown[0], places), *se, interval, p_text(line.p), df,
            "" if line.n_first == line.n_second == 0 else f"{line.n_first}+{line.n_second}"]  # fmt: skip


def _name(line: Line, headline: str) -> str:
    return f"headline: {NAMES[headline]}" if line.name == "headline" else NAMES.get(line.name, line.name)


def reliability_text(analysis: ReliabilityAnalysis) -> str:
    """Lines for people: intraclass correlations, then the error of one visit and the smallest change."""
    found = analysis.found
    n = f"{found.n_subjects} subjects with all {found.k_visits} visits"
    dropped = f", {found.n_dropped} left out" if found.n_dropped else ""
    scale = "logarithms of " if found.log else ""
    interval = f"{100 * found.level:g} % CI"
    rows = [[f"{name} {ICC_WORDS[name[4]]}{' (mean)' if name.endswith('k)') else ''}", _at(one.value, 3),
             _between(one.low, one.high, 3)] for name, one in found.icc.items()]  # fmt: skip
    parts = [
        f"{scale}{analysis.value}: {n}{dropped}\n{', '.join(analysis.visits[:MOST_NAMED])}\n",
        table_text(["", "ICC", interval], rows, right=["ICC", interval]),
        _errors_text(found, interval),
        left_out_text(analysis.listed),
    ]
    return "\n".join(part for part in parts if part)


def _errors_text(found: Reliability, interval: str) -> str:
    """SEM and MDC95 of both kinds; ratios of a log scale."""
    places = RATIO_PLACES if found.log else _places(found.consistency.sem, 4)
    rows = []
    for name in ("agreement", "consistency"):
        one = getattr(found, name)
        shown = (one.sem_ratio, one.mdc95_ratio, one.mdc95_ratio_low, one.mdc95_ratio_high) if found.log else (
            one.sem, one.mdc95, one.mdc95_low, one.mdc95_high)  # fmt: skip
        rows.append([name, _at(shown[0], places), _at(shown[1], places), _between(*shown[2:], places), f"{one.df:.4g}"])
    columns = ["as ratios" if found.log else "", "SEM", "MDC95", interval, "df"]
    cv = "" if found.cv_pct is None else f"CV within subjects: {_at(found.cv_pct, 2)} %\n"
    said = "agreement counts a shift of all subjects between visits, consistency does not\n"
    return table_text(columns, rows, right=columns[1:]) + cv + said


def _between(low: float | None, high: float | None, places: int) -> str:
    ends = _at(low, places), _at(high, places)
    return f"{ends[0] or '..'} to {ends[1] or '..'}" if any(ends) else ""


def p_text(p: float | None) -> str:
    """Four places, five digits below 0.001, never 0.

    Examples
    --------
    >>> p_text(0.04716), p_text(0.0012048), p_text(0.000123), p_text(1e-12), p_text(None)
    ('0.0472', '0.0012', '0.00012', '<0.00001', '')
    """
    if p is None:
        return ""
    return "<0.00001" if p < 1e-5 else f"{p:.5f}" if p < 1e-3 else f"{p:.4f}"


def left_out_text(listed: Iterable[Listed]) -> str:
    """Who is left out or mended, by reason.

    Examples
    --------
    >>> print(left_out_text([Listed("7", 2, "", "PERIOD_MISSING", "no value in period 2")]), end="")
    PERIOD_MISSING: no value in period 2: 7
    """
    told: dict[tuple[str, str, int, str], list[str]] = {}
    for one in listed:
        told.setdefault((one.code, one.words, one.period, one.visit), []).append(one.subject)
    out = []
    for (code, words, _, visit), subjects in told.items():
        named = ", ".join(subjects[:MOST_NAMED])
        more = f" and {len(subjects) - MOST_NAMED} more" if len(subjects) > MOST_NAMED else ""
        out.append(wrapped(f"{code}: {f'{visit}: ' if visit else ''}{words}: {named}{more}"))
    return "".join(out)


def wrapped(text: str) -> str:
    r"""Break a sentence to the width of a terminal; what goes on is moved in.

    Examples
    --------
    >>> wrapped("one two").endswith("two\n"), max(map(len, wrapped("word " * 40).splitlines())) <= WIDTH
    (True, True)
    """
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) + "\n"


def _places(se: float, digits: int) -> int:
    """Places that show so many digits of an error.

    Examples
    --------
    >>> _places(10.777, 5), _places(0.1186, 5), _places(80400.0, 5), _places(math.nan, 5)
    (3, 5, 0, 4)
    """
    if not (se > 0 and math.isfinite(se)):
        return RATIO_PLACES
    return max(digits - 1 - math.floor(math.log10(se)), 0)


def _at(value: float | None, places: int) -> str:
    """A number with places, in powers of ten where that would be too long; a rounded zero has no sign.

    Examples
    --------
    >>> _at(-0.00001, 3), _at(46.60714, 3), _at(None, 3), _at(1e20, 2), _at(1.5e-13, 16)
    ('0.000', '46.607', '', '1e+20', '1.5e-13')
    """
    if value is None or not math.isfinite(value):
        return ""
    if places > MOST_PLACES:
        return f"{value:.4g}"
    text = f"{value:.{places}f}" if abs(value) < 1e9 else f"{value:.6g}"
    return text if float(text) else text.removeprefix("-")
