"""`emgpipe simulate visit` and `emgpipe simulate trial`: recordings with known truth."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from emgpipe.cli import talk
from emgpipe.cli.visit_options import RECORDING_OPTIONS, VisitOptions
from emgpipe.errors import printable

simulate_app = typer.Typer(help="Simulate recordings with known truth; nobody is recorded.", rich_markup_mode=None)

Out = Annotated[Path, typer.Option("-o", "--out", readable=False, help="Folder to write, a study for `run`.")]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The same seed gives the same bytes.")]
RestS = Annotated[float, typer.Option(help="Seconds of declared rest, whole.")]
ReferenceS = Annotated[float, typer.Option(help="Seconds of reference contraction after it; 0 is none.")]
RateHz = Annotated[float, typer.Option(help="Samples per second, whole.")]
TRIAL_OPTIONS = {
    **RECORDING_OPTIONS,
    "treatment_a_factor": "--effect",
    "spasm_a_factor": "--spasm-effect",
    "period_factor": "--period",
    "carryover": "--carryover",
    "drive_log_sd": "--visit-sd",
    "gain_log_sd": "--gain-sd",
    "floor_log_sd": "--floor-sd",
    "rescue_probability": "--rescue",
    "rescue_factor": "--rescue-effect",
    "missing_probability": "--missing",
    "per_hour": "--spasm-effect makes a rate of",
    "gain": "--gain-sd makes a gain of",
    "noise_uv": "--floor-sd makes noise of",
}
"""What the simulator calls a number, and the option it comes from."""


@simulate_app.command()
def visit(
    out: Out,
    *,
    seed: Seed = 1,
    muscles: Annotated[
        str, typer.Option(help="Commas between, each with its tonic drive (0-1) if you like: TA_R:0.08,GM_R:0.")
    ] = "TA_R,GM_R,PSP_L,RA_L",
    rest_s: RestS = 90.0,
    reference_s: ReferenceS = 10.0,
    rate_hz: RateHz = 2000.0,
    spasms_per_h: Annotated[float, typer.Option(help="Mean rate; local and generalised, with an order.")] = 0.0,
    long_spasms: Annotated[float, typer.Option(help="Share of spasms of 20-60 s, 0-1.")] = 0.0,
    stimuli: Annotated[int, typer.Option(help="Stimuli after the reference, one each 8 s.")] = 0,
    artefact_uv: Annotated[float, typer.Option(help="Height of the stimulus artefact.")] = 0.0,
    relax: Annotated[int, typer.Option(help="Contractions that end with a relax cue.")] = 0,
    relax_decay_s: Annotated[float, typer.Option(help="Time constant of relaxing.")] = 1.0,
    noise_uv: Annotated[float, typer.Option(help="Electrode noise, RMS in the band.")] = 1.5,
    heart: Annotated[bool, typer.Option("--heart", help="Heart beats in trunk muscles.")] = False,
    ecg: Annotated[bool, typer.Option("--ecg", help="An ECG channel beside it.")] = False,
    mains_uv: Annotated[float, typer.Option(help="Mains line, RMS.")] = 0.0,
    mains: Annotated[Literal["50", "60"], typer.Option(help="Mains frequency, Hz.")] = "50",
    mains_drift_hz: Annotated[float, typer.Option(help="Drift of the line from start to end.")] = 0.0,
    crosstalk: Annotated[list[str] | None, typer.Option(help="TA_R:GM_R:0.05, from, to, gain; repeatable.")] = None,
    movement: Annotated[bool, typer.Option("--movement", help="Movements and electrode steps.")] = False,
    gap: Annotated[list[str] | None, typer.Option(help="30:40, whole seconds without data; repeatable.")] = None,
    dead: Annotated[list[str] | None, typer.Option(help="A muscle whose electrode is dead; repeatable.")] = None,
    lowpass_hz: Annotated[float | None, typer.Option(help="Low-pass of the amplifier.")] = None,
    range_uv: Annotated[float, typer.Option(help="Rails of the amplifier at plus and minus this.")] = 5000.0,
    bits: Annotated[int, typer.Option(help="Of the converter, 2-16.")] = 16,
) -> None:
    """Simulate one visit: EDF+, study.toml, recordings.csv, truth.json, truth_intervals.csv."""
    given = dict(locals())
    from emgpipe.cli.visit_options import simulated_visit
    from emgpipe.simulate.visit_folder import write_visit

    lists = {"crosstalk": crosstalk or [], "gap": gap or [], "dead": dead or []}
    options = VisitOptions(**{name: value for name, value in given.items() if name != "out"} | lists)
    made = simulated_visit(options)
    _told(write_visit(out, made, seed=seed, mains_hz=int(mains), made_by=_command("visit", given)))


@simulate_app.command()
def trial(
    out: Out,
    *,
    seed: Seed = 1,
    patients: Annotated[int, typer.Option(min=2, max=99, help="Every other one begins with B.")] = 16,
    months: Annotated[int, typer.Option(min=2, max=12, help="Monthly visits a period; the first is baseline.")] = 3,
    effect: Annotated[float, typer.Option(help="Drive under A relative to B; 1 is a null trial.")] = 0.75,
    spasm_effect: Annotated[float, typer.Option(help="Rate of spasms under A relative to B.")] = 1.0,
    period: Annotated[float, typer.Option(help="Drive in a period relative to the one before.")] = 1.0,
    carryover: Annotated[float, typer.Option(help="Share of the effect left in the next period, 0-1.")] = 0.0,
    visit_sd: Annotated[float, typer.Option(help="SD of ln drive between visits.")] = 0.15,
    gain_sd: Annotated[float, typer.Option(help="SD of ln electrode gain between visits.")] = 0.12,
    floor_sd: Annotated[float, typer.Option(help="SD of ln electrode noise between visits.")] = 0.1,
    rescue: Annotated[float, typer.Option(help="Chance of rescue medication before a visit.")] = 0.0,
    rescue_effect: Annotated[float, typer.Option(help="Drive after it relative to without.")] = 0.7,
    missing: Annotated[float, typer.Option(help="Chance that a visit is missed.")] = 0.0,
    rest_s: RestS = 90.0,
    reference_s: ReferenceS = 10.0,
    rate_hz: RateHz = 2000.0,
) -> None:
    """Simulate a crossover of two periods: a study with arms.csv, truth.json, truth_intervals.csv."""
    given = dict(locals())
    from emgpipe.cli.visit_options import check_size, options_named
    from emgpipe.simulate import TrialModel, crossover_visits, draw_patients, simulate_trial

    check_size(rest_s + reference_s, rate_hz, 4)
    model = TrialModel(
        treatment_a_factor=effect,
        period_factor=period,
        drive_log_sd=visit_sd,
        gain_log_sd=gain_sd,
        spasm_a_factor=spasm_effect,
        carryover=carryover,
        floor_log_sd=floor_sd,
        rescue_probability=rescue,
        rescue_factor=rescue_effect,
        missing_probability=missing,
    )
    with options_named(TRIAL_OPTIONS):
        study = simulate_trial(
            out,
            seed,
            patients=draw_patients(patients, seed),
            visits=crossover_visits(months),
            model=model,
            rest_s=rest_s,
            reference_s=reference_s,
            rate_hz=rate_hz,
            made_by=_command("trial", given),
        )
    _told(study)


def _told(study: Path) -> None:
    talk.note("info", "", f"simulated, nobody was recorded; next: emgpipe run {study} -o RESULTS")
    talk.write(printable(str(study)))


def _command(name: str, given: dict[str, Any]) -> str:
    """The command that makes the same bytes again, its folder left open; every option is written out."""
    words = ["emgpipe simulate", name, "-o DIR"]
    for option, value in given.items():
        flag = f"--{option.replace('_', '-')}"
        if isinstance(value, bool):
            words += [flag] if value else []
        elif isinstance(value, list):
            words += [f"{flag} {_bare(one)}" for one in value]
        elif option != "out" and value is not None:
            words.append(f"{flag} {_bare(value)}")
    return " ".join(words)


def _bare(value: object) -> str:
    return "".join(str(value).split())
