"""The command `tune`; it imports its rooms inside."""

from pathlib import Path
from typing import Annotated

import typer

from emgpipe.cli import talk
from emgpipe.cli.trials import Results


def named_path(text: str) -> Path:
    """Path that was named; an empty name would be the folder one stands in."""
    if not text:
        raise typer.BadParameter("'' names nothing; give a file or folder")
    return Path(text)


def add_tuning_commands(app: typer.Typer) -> None:
    """Put the command on the program."""
    app.command()(tune)


def tune(
    out: Results,
    folder: Annotated[
        Path,
        typer.Option(
            "-o", "--out", parser=named_path, metavar="<path>", help="Folder for tables, page, pictures; outside OUT."
        ),
    ],
    *,
    grid: Annotated[
        list[str] | None,
        typer.Option(help="detect.activity_ratio=1.2:3:0.1, or values with commas; may be repeated."),
    ] = None,
    truth: Annotated[
        list[Path] | None,
        typer.Option(
            parser=named_path, metavar="<path>", help="Marks, as intervals.csv; a file a rater; may be repeated."
        ),
    ] = None,
    truth_annotation: Annotated[str, typer.Option(help="Annotations of this text are marks of activity.")] = "",
    kind: Annotated[
        str, typer.Option(help="Marks that choose: active, cmua, spasm, coactive; active where there are any.")
    ] = "",
    tolerance: Annotated[float, typer.Option(help="Between onsets of one event, seconds.")] = 0.25,
    outcome: Annotated[
        str, typer.Option(metavar="MEASURE", help="Its change under all settings: TA_R.apdf_p10_uv, or an endpoint.")
    ] = "",
    plan: Annotated[
        Path | None,
        typer.Option(parser=named_path, metavar="<path>", help="The plan, analysis.toml: periods and endpoints."),
    ] = None,
    unblind: Annotated[
        Path | None,
        typer.Option(
            parser=named_path, metavar="<path>", help="arms.csv: the treatment effect, too; needs a lock, is logged."
        ),
    ] = None,
    freeze: Annotated[
        str, typer.Option(metavar="best|NUMBER", help="Write this point as settings.toml, for run --settings.")
    ] = "",
    study: Annotated[
        Path | None, typer.Option(parser=named_path, metavar="<path>", help="Where the study lies now, if it moved.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Worker processes; all cores.")] = None,
) -> None:
    """Try thresholds on results, from cached frames: against marks, or how much hangs on them."""
    from emgpipe.cli.tuning_text import tune_told

    said = tune_told(
        out, folder, freeze=freeze, grid=grid or (), truth=truth or (), truth_annotation=truth_annotation, kind=kind,
        tolerance_s=tolerance, outcome=outcome, plan=plan, arms=unblind, study=study, jobs=jobs,
    )  # fmt: skip
    talk.write(said)
