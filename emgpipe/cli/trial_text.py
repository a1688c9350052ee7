"""What `crossover OUT` does and prints: the analysis of a trial, endpoint by endpoint, with all that is left out."""

from pathlib import Path

from emgpipe.batch.trial import analyse_results, write_analysis
from emgpipe.batch.unblinded import tell_unblinded
from emgpipe.cli import talk
from emgpipe.cli.estimating import estimates_text, left_out_text, p_text, wrapped
from emgpipe.outcomes.lines import ESTIMATORS
from emgpipe.outcomes.model import EndpointAnalysis, Listed, TrialAnalysis
from emgpipe.outcomes.told import trial_told
from emgpipe.reports.trial import write_trial_page
from emgpipe.store import json_text

EACH = "without_"
RANGE = "leave_one_out"
"""Lines without one subject: in the files, not on the terminal; their range is."""


def results_told(out: Path, plan: Path | None, arms: Path, form: str) -> str:
    """Analyse locked results, write `unblinded` and say it.

    Parameters
    ----------
    out, plan, arms : Path
        As in `analyse_results`.
    form : {"table", "json"}
        Of the answer.

    Returns
    -------
    str
    """
    analysis = analyse_results(out, plan, arms, progress=_note_begin)
    paths = [*write_analysis(out, analysis), write_trial_page(out, analysis)]
    tell_unblinded(out)
    for path in paths:
        talk.note("info", "", f"written: {path}")
    return json_text(trial_told(analysis)) if form == "json" else trial_text(analysis)


def _note_begin(done: int, total: int) -> None:
    if done == 1:
        talk.note("info", "", f"deciding {total} recordings anew for the sensitivities")


def trial_text(analysis: TrialAnalysis) -> str:
    """Lines for people."""
    a, b = analysis.treatments
    n = {one: sum(sequence == one for sequence in analysis.sequences.values()) for one in (a + b, b + a)}
    head = f"{analysis.study}: {a} minus {b}; arms of {len(analysis.sequences)} subjects: " + ", ".join(
        f"{count} {one}" for one, count in n.items()
    )
    common = _of_all(analysis)
    simulated = "simulated: nobody was recorded\n" if analysis.simulated else ""
    parts = [
        f"{head}\n{simulated}" + "".join(map(wrapped, analysis.post_hoc)),
        *(_endpoint_text(one, analysis) for one in analysis.endpoints),
        left_out_text(common),
        _sensitivity_text(analysis),
        _missing_text(analysis),
        left_out_text(analysis.listed),
    ]
    return "\n".join(part for part in parts if part)


def _endpoint_text(one: EndpointAnalysis, analysis: TrialAnalysis) -> str:
    there = {line.name for line in one.lines}
    headline = next(name for name in ESTIMATORS if name not in there)
    unit = "" if one.log or one.unit == "1" else f", {one.unit}"
    kind = "primary" if one.primary else f"secondary, p after Holm {p_text(one.holm_p) or 'none'}"
    table = estimates_text(one.lines, analysis.treatments, log=one.log, level=analysis.level, headline=headline)
    own = [listed for listed in one.values.listed if listed not in _of_all(analysis)]
    return f"{one.words}{unit} ({kind})\n{table}{left_out_text(own)}"


def _of_all(analysis: TrialAnalysis) -> list[Listed]:
    """What every endpoint leaves out, to be said once."""
    first, *others = (one.values.listed for one in analysis.endpoints)
    return [listed for listed in first if all(listed in other for other in others)]


def _sensitivity_text(analysis: TrialAnalysis) -> str:
    lines = [line for line in analysis.sensitivities if not line.name.startswith(EACH)]
    if not lines:
        return ""
    log = analysis.endpoints[0].log
    ranges = [line for line in lines if line.name == RANGE]
    shown = [line for line in lines if line.name != RANGE]
    table = estimates_text(shown, analysis.treatments, log=log, level=analysis.level, headline="")
    said = "".join(wrapped(f"{line.words}: {line.note}") for line in ranges)
    return f"headline of the primary under other choices\n{table}{said}"


def _missing_text(analysis: TrialAnalysis) -> str:
    names = ("endpoint", "treatment", "period", "visits", "undeterminable", "below_limit", "missing")
    shown = {"undeterminable": "undet.", "below_limit": "below", "treatment": "arm"}
    columns = [shown.get(name, name) for name in names]
    rows = [[str(row[name]) for name in names] for row in analysis.undeterminable]
    return "visits without a value\n" + talk.table_text(columns, rows, right=columns[3:])
