"""The commands of a trial: `lock` and what comes behind it; each imports its room inside."""

from pathlib import Path
from typing import Annotated

import typer

from emgpipe.cli import talk

Results = Annotated[Path, typer.Argument(readable=False, help="A folder that `run` has written.")]


def add_trial_commands(app: typer.Typer) -> None:
    """Put the commands of a trial on the program, in the order in which they are used."""
    for command in (lock,):
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
