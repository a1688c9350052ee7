"""The commands and their options; the work is done in the rooms."""

import io
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from emgpipe.cli import talk
from emgpipe.cli.simulating import simulate_app
from emgpipe.cli.trials import add_trial_commands
from emgpipe.cli.tuning import add_tuning_commands
from emgpipe.errors import EmgpipeError, printable

app = typer.Typer(
    name="emgpipe",
    help="Objective measures of muscle rigidity from surface EMG. Research software, not a medical device.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
settings_app = typer.Typer(help="Every setting with unit, default and source.", rich_markup_mode=None)
app.add_typer(settings_app, name="settings")
app.add_typer(simulate_app, name="simulate")

INTERRUPTED = 130
"""Exit code after control-C, as shells give it."""

_EVERYWHERE = ("--debug", "--quiet", "--log-format")


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str
        Without the name of the program.

    Returns
    -------
    int
        Exit code; nothing but a fault of the interpreter is raised.
    """
    talk.set_up_streams()
    talk.MANNER = talk.Manner(debug="--debug" in arguments)
    code = 0
    try:
        code = _code_of(arguments)
        talk.flush()
    except BrokenPipeError:  # whoever read stdout has seen enough
        talk.drop(sys.stdout)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        return _told(error)
    if code == INTERRUPTED:
        talk.note("error", "INTERRUPTED", "stopped; what was finished is kept, run again to go on")
    return code


def _code_of(arguments: Sequence[str]) -> int:
    """Run a command; what it raises is raised."""
    told = io.StringIO()
    try:
        # click writes help by itself: it goes out by our way, which knows full disks
        with redirect_stdout(told) if {"-h", "--help"} & set(arguments) else nullcontext():
            code = app(_common_first(arguments), prog_name="emgpipe", standalone_mode=False)
        if told.getvalue():
            talk.write(told.getvalue())
    except typer.Abort:
        return INTERRUPTED
    except typer.Exit as leave:
        return leave.exit_code
    return code if isinstance(code, int) else 0


def _told(error: Exception) -> int:
    """Write an error as one line and return its exit code."""
    if talk.MANNER.debug:
        talk.write_traceback(error)
    if isinstance(error, EmgpipeError):
        talk.note_error(error)
        return error.exit_code
    usage = getattr(error, "format_message", None)
    if usage is not None:
        command = getattr(getattr(error, "ctx", None), "command_path", "emgpipe")
        message = " ".join(str(usage()).split()).rstrip(".")
        talk.note("error", "USAGE", f"{message}; see {command} --help")
        return 2
    message = f"{type(error).__name__}: {error}; this is a fault of emgpipe: please report it with what --debug prints"
    talk.note("error", "INTERNAL_ERROR", message)
    return 1


def _common_first(arguments: Sequence[str]) -> list[str]:
    """Arguments with the options of every command in front, so that they may stand anywhere before `--`."""
    front, rest = [], list(arguments)
    end = rest.index("--") if "--" in rest else len(rest)
    place = 0
    while place < end:
        if rest[place].split("=")[0] in _EVERYWHERE:
            n = 2 if rest[place] == "--log-format" else 1
            front += rest[place : place + n]
            del rest[place : place + n]
            end -= n
        else:
            place += 1
    return front + rest


def _say_version(*, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        talk.write(f"emgpipe {version('emgpipe')}")
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Errors only.")] = False,
    log_format: Annotated[Literal["text", "jsonl"], typer.Option(help="Form of the lines on stderr.")] = "text",
) -> None:
    """Objective measures of muscle rigidity from surface EMG. Research software, not a medical device."""
    talk.MANNER = talk.Manner(debug=debug, quiet=quiet, log_format=log_format)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(readable=False, help="EDF or BDF files, or folders of them.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings refuse a file, too; samples are not judged.")
    ] = False,
) -> None:
    """Judge headers and sizes of recordings; nothing is computed. Exit code 3 where something is refused."""
    from emgpipe.cli.checking import check_paths

    raise typer.Exit(check_paths(paths, as_json=as_json, strict=strict))


@app.command()
def measure(
    file: Annotated[Path, typer.Argument(readable=False, help="An EDF or BDF recording.")],
    *,
    mains: Annotated[int, typer.Option(help="Mains frequency, 50 or 60 Hz: never guessed.")],
    pairs: Annotated[str, typer.Option(help="Agonist/antagonist, commas between: TA_R/GM_R,RF_L/BF_L.")] = "",
    rest: Annotated[bool, typer.Option("--rest", help="The patient was asked to rest.")] = False,
    settings: Annotated[Path | None, typer.Option(readable=False, help="A settings file (TOML).")] = None,
    segment: Annotated[str, typer.Option(help="Rows of this segment only.")] = "",
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Form of the rows.")] = "table",
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what the reader warns of; doubtful levels flag rows.")
    ] = False,
) -> None:
    """Measure one recording; rows on stdout."""
    from emgpipe.cli.measuring import measure_file

    chosen = [pair.strip() for pair in pairs.split(",") if pair.strip()] or None
    try:
        said = measure_file(
            file, mains, chosen, rest=rest, settings=settings, segment=segment, form=form, strict=strict
        )
    except EmgpipeError as error:
        if error.where == file.name:  # errors name the file as warnings do: as it was given
            error.where = str(file)
        raise
    talk.write(said)


@app.command(name="run")
def run_command(
    study: Annotated[Path, typer.Argument(readable=False, help="A study.toml, or a folder that holds one.")],
    out: Annotated[Path, typer.Option("-o", "--out", readable=False, help="Folder for the results.")],
    *,
    settings: Annotated[Path | None, typer.Option(readable=False, help="Settings, laid over the study's.")] = None,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Worker processes; all cores.")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Compute this subject only; may be repeated.")] = None,
    visit: Annotated[list[str] | None, typer.Option(help="Compute this visit only; may be repeated.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for another run on the same folder.")] = False,
    allow_outside: Annotated[bool, typer.Option("--allow-outside", help="Accept files outside the study.")] = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="Tables only, no pages.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="What the reader warns of is a failed row; doubtful levels flag rows.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Compute failed recordings once more.")] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Begin nothing more after a failure.")] = False,
    limit_min: Annotated[
        float, typer.Option(min=0.01, help="Minutes for one recording in a worker process; tried twice.")
    ] = 60.0,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A running Dask scheduler, as tcp://host:port; see docs.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Units of this share only, for the jobs of an array; see docs.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be computed, and why.")] = False,
) -> None:
    """Turn a study into tables and pages; what is done already is not done again."""
    from emgpipe.cli.running import plan_told, run_told

    selected: dict[str, Any] = {
        "settings": settings, "subjects": subject or (), "visits": visit or (), "allow_outside": allow_outside,
        "strict": strict, "retry_failed": retry_failed, "shard": shard,
    }  # fmt: skip
    if dry_run:
        talk.write(plan_told(study, out, scheduler=scheduler, **selected))
        return
    how: dict[str, Any] = {
        "jobs": jobs, "wait": wait, "fail_fast": fail_fast, "scheduler": scheduler, "limit_s": 60.0 * limit_min,
    }  # fmt: skip
    said, code = run_told(study, out, report=not no_report and shard is None, **selected, **how)
    talk.write(said)
    raise typer.Exit(code)


@app.command()
def report(
    out: Annotated[Path, typer.Argument(readable=False, help="A folder that `run` has written.")],
    *,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Processes that draw; all cores.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a run on the same folder.")] = False,
) -> None:
    """Draw the pages of results anew; the ones that are current stay."""
    from emgpipe.cli.progress import note_waiting
    from emgpipe.reports.write import write_reports

    drawn = write_reports(out, jobs=jobs, wait=wait, waiting=lambda: note_waiting(str(out)), failing=talk.note_error)
    talk.write(printable(f"{len(drawn)} pages drawn in {out / 'reports'}"))


@app.command()
def verify(
    out: Annotated[Path, typer.Argument(readable=False, help="A folder that `run` has written.")],
    *,
    recompute: Annotated[int, typer.Option(min=0, help="Compute this many rows anew from the recordings.")] = 0,
    study: Annotated[Path | None, typer.Option(readable=False, help="Where the study lies now, if it moved.")] = None,
    no_inputs: Annotated[
        bool, typer.Option("--no-inputs", help="Leave the recordings alone: nearly all time.")
    ] = False,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="Form of the answer.")] = "table",
) -> None:
    """Check every hash, the log and the recordings of results; exit code 1 where something is not as written."""
    from emgpipe.cli.auditing import verify_told

    raise typer.Exit(verify_told(out, study=study, inputs=not no_inputs, recompute=recompute, form=form))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(readable=False, help="A folder that `run` has written.")],
    new: Annotated[Path, typer.Argument(readable=False, help="Another one.")],
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every row that changed.")] = False,
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="Form of the answer.")] = "table",
) -> None:
    """Say what differs between two results: settings, versions, recordings, values. Exit code 1 where anything does."""
    from emgpipe.cli.auditing import diff_told

    raise typer.Exit(diff_told(old, new, everything=everything, form=form))


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(readable=False, help="Folder to work in.")] = Path("emgpipe-demo"),
) -> None:
    """Simulate a small crossover, run it, print its table, say where the pages are."""
    from emgpipe.cli.running import demo

    said, code = demo(folder)
    talk.write(said)
    raise typer.Exit(code)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(readable=False, help="Folder of recordings.")],
    out: Annotated[
        Path | None, typer.Option("-o", readable=False, help="study.toml; recordings.csv goes beside it.")
    ] = None,
) -> None:
    """Draft study.toml and recordings.csv for a folder; guesses are marked."""
    from emgpipe.study import draft_study

    draft = draft_study(folder, out)
    talk.write(f"{printable(str(draft.study))}\n{printable(str(draft.manifest))}")
    if draft.left_out:
        told = [f"{file!r}: {why}" for file, why in draft.left_out.items()]
        more = f", and {len(told) - 3} more" if len(told) > 3 else ""
        n_files = f"{len(told)} of {draft.n_listed + len(told)} files"
        message = f"{n_files} left out of recordings.csv, all named in study.toml: {', '.join(told[:3])}{more}"
        talk.note("warning", "", message)
    talk.note("info", "", "fill in mains_hz and look through both files, then: emgpipe run " + str(draft.study))


@settings_app.callback(invoke_without_command=True)
def settings_page(context: typer.Context) -> None:
    """Every setting with unit, default and source."""
    if context.invoked_subcommand is None:
        settings_show()


@settings_app.command("show")
def settings_show() -> None:
    """Print the defaults as a settings file, commented."""
    from emgpipe.settings import Settings, to_toml

    talk.write(to_toml(Settings(), comments=True))


@settings_app.command("explain")
def settings_explain(name: Annotated[str, typer.Argument(help="activity_ratio, or detect.activity_ratio.")]) -> None:
    """Print what one setting means."""
    from emgpipe.settings import explain

    talk.write(explain(name))


@settings_app.command("schema")
def settings_json_schema() -> None:
    """Print the JSON schema of a settings file."""
    from emgpipe.settings import settings_schema
    from emgpipe.store import json_text

    talk.write(json_text(settings_schema()))


@app.command()
def doctor() -> None:
    """Print versions, cores, caches, and what is absent."""
    from emgpipe.cli.doctor import report

    text, code = report()
    talk.write(text)
    raise typer.Exit(code)


add_trial_commands(app)
add_tuning_commands(app)
