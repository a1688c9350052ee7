"""The commands of a trial: `lock` and what comes behind it; each imports its room inside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from emgpipe.cli import talk
from emgpipe.errors import SettingsError

Results = Annotated[Path, typer.Argument(readable=False, help="A folder that `run` has written.")]


def add_trial_commands(app: typer.Typer) -> None:
    """Put the commands of a trial on the program, in the order in which they are used."""
    for command in (lock, outcomes, crossover, reliability):
        app.command()(command)


def lock(
    out: Results,
    *,
    plan: Annotated[Path, typer.Option(readable=False, help="The plan of the analysis, analysis.toml.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a run on the same folder.")] = False,
) -> None:
    """Freeze plan, settings and tables by hash, before anybody knows the arms."""
    from emgpipe.cli.locking import lock_told

    talk.write(lock_told(out, plan, wait=wait))


def outcomes(
    out: Results,
    *,
    file: Annotated[
        Path,
        typer.Option("-o", "--out", readable=False, help="Table to write: .csv, .parquet or .xpt (SAS transport)."),
    ],
    plan: Annotated[
        Path | None, typer.Option(readable=False, help="The plan, analysis.toml; that of the lock where left out.")
    ] = None,
    shape: Annotated[
        Literal["bds", "wide"], typer.Option(help="A row a subject, parameter and visit; or a column a parameter.")
    ] = "bds",
    unblind: Annotated[
        Path | None,
        typer.Option(
            readable=False, help="arms.csv: a second table, FILE_unblinded, gets them; needs a lock, is logged."
        ),
    ] = None,
) -> None:
    """Write the outcome table of a trial, blind."""
    from emgpipe.cli.tabling import outcomes_told

    talk.write(outcomes_told(out, file, plan=plan, shape=shape, arms=unblind))


def crossover(
    data: Annotated[Path, typer.Argument(readable=False, help="A table (CSV or TSV), or a folder of results.")],
    *,
    plan: Annotated[Path | None, typer.Option(readable=False, help="Of results: the plan, analysis.toml.")] = None,
    unblind: Annotated[Path | None, typer.Option(readable=False, help="Of results: who had which sequence.")] = None,
    subject: Annotated[str, typer.Option(help="Of a table: the column of subjects.")] = "",
    sequence: Annotated[str, typer.Option(help="Of a table: two letters in the order of the periods.")] = "",
    period: Annotated[str, typer.Option(help="Of a table: 1 or 2.")] = "",
    value: Annotated[str, typer.Option(help="Of a table: what is compared.")] = "",
    treatment: Annotated[str, typer.Option(help="Checked against sequence and period.")] = "",
    baseline: Annotated[str, typer.Option(help="Baseline of the period; the headline adjusts for it.")] = "",
    log: Annotated[bool, typer.Option("--log", help="Analyse logarithms: effects are ratios.")] = False,
    level: Annotated[float | None, typer.Option(help="Of the intervals; 0.95.")] = None,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="Form of the answer.")] = "table",
) -> None:
    """Analyse a 2x2 crossover: of any table, or of locked results with their arms."""
    needed = {"--subject": subject, "--sequence": sequence, "--period": period, "--value": value}
    if plan or unblind or (data.is_dir() and not any(needed.values())):
        others = {**needed, "--treatment": treatment, "--baseline": baseline, "--log": "given" * log}
        others["--level"] = "" if level is None else "given"
        talk.write(_of_results(data, plan, unblind, others, form))
        return
    from emgpipe.cli.estimating import crossover_text
    from emgpipe.outcomes.crossover import analyse_crossover
    from emgpipe.outcomes.told import crossover_told
    from emgpipe.store import json_text

    _need(needed)
    found = analyse_crossover(
        data, subject=subject, sequence=sequence, period=period, value=value, treatment=treatment, baseline=baseline,
        log=log, level=0.95 if level is None else level,
    )  # fmt: skip
    talk.write(json_text(crossover_told(found)) if form == "json" else crossover_text(found))


def _of_results(out: Path, plan: Path | None, arms: Path | None, others: Mapping[str, str], form: str) -> str:
    """Analysis of results; refuses what is said of a table."""
    if arms is None:
        raise SettingsError("USAGE", "--unblind not given; of results, name the table of arms, as --unblind arms.csv")
    if given := [name for name, value in others.items() if value]:
        raise SettingsError("USAGE", f"{', '.join(given)} beside --unblind; of results, the plan says it all")
    from emgpipe.cli.trial_text import results_told

    return results_told(out, plan, arms, form)


def reliability(
    table: Annotated[Path, typer.Argument(readable=False, help="A table (CSV or TSV), a row a subject and visit.")],
    *,
    subject: Annotated[str, typer.Option(help="The column of subjects.")] = "",
    visit: Annotated[str, typer.Option(help="The column of visits, between which nothing should change.")] = "",
    value: Annotated[str, typer.Option(help="What is measured.")] = "",
    log: Annotated[bool, typer.Option("--log", help="Analyse logarithms: SEM and MDC95 are ratios.")] = False,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="Form of the answer.")] = "table",
) -> None:
    """Tell how well visits repeat: ICC, SEM, MDC95 and CV of any table."""
    from emgpipe.cli.estimating import reliability_text
    from emgpipe.outcomes.repeats import analyse_reliability, reliability_told
    from emgpipe.store import json_text

    _need({"--subject": subject, "--visit": visit, "--value": value})
    found = analyse_reliability(table, subject=subject, visit=visit, value=value, log=log, level=level)
    talk.write(json_text(reliability_told(found)) if form == "json" else reliability_text(found))


def _need(options: Mapping[str, str]) -> None:
    """Refuse a table without the names of its columns."""
    missing = [name for name, given in options.items() if not given]
    if missing:
        raise SettingsError("USAGE", f"{', '.join(missing)} not given; name the columns of the table")
