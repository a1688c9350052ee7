"""From the options of `emgpipe simulate visit` to a simulated visit."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emgpipe.errors import SettingsError

if TYPE_CHECKING:
    from emgpipe.simulate import CrosstalkPath, SimulatedMuscle, SimulatedVisit, VisitPlan

MOST_SAMPLES = 40_000_000
"""Of all channels: 80 minutes of four at 2000 Hz take 2 GB of memory."""
MOST_MUSCLES = 32
TONIC = 0.04
REFLEX = 0.3
ECG_UV = 800.0
MOVEMENTS_PER_MIN, STEPS_PER_MIN = 2.0, 0.5
RANGE_LETTERS = 8
"""Of a number in an EDF header."""
RECORDING_OPTIONS = {"rest_s": "--rest-s", "reference_s": "--reference-s", "rate_hz": "--rate-hz"}
VISIT_OPTIONS = {
    **RECORDING_OPTIONS,
    "per_hour": "--spasms-per-h",
    "long_share": "--long-spasms",
    "n_stimuli": "--stimuli",
    "artefact_uv": "--artefact-uv",
    "n_relax": "--relax",
    "relax_s": "--relax-decay-s",
    "noise_uv": "--noise-uv",
    "mains_uv": "--mains-uv",
    "mains_drift_hz": "--mains-drift-hz",
    "lowpass_hz": "--lowpass-hz",
    "range_uv": "--range-uv",
    "bits": "--bits",
}
"""What the simulator calls a number, and the option it comes from."""


@dataclass(frozen=True)
class VisitOptions:
    """Options as typed; `emgpipe simulate visit --help` says what each means."""

    seed: int
    muscles: str
    rest_s: float
    reference_s: float
    rate_hz: float
    spasms_per_h: float
    long_spasms: float
    stimuli: int
    artefact_uv: float
    relax: int
    relax_decay_s: float
    noise_uv: float
    heart: bool
    ecg: bool
    mains_uv: float
    mains: str
    mains_drift_hz: float
    crosstalk: Sequence[str]
    movement: bool
    gap: Sequence[str]
    dead: Sequence[str]
    lowpass_hz: float | None
    range_uv: float
    bits: int


@contextmanager
def options_named(options: Mapping[str, str]) -> Iterator[None]:
    """Tell what the simulator refuses by the option it comes from.

    Parameters
    ----------
    options : mapping of str to str
        What the simulator calls a number, and what stands before it in the message.

    Raises
    ------
    SettingsError
        What the body raises, with `noise_uv = -1.0; ...` told as `--noise-uv -1.0; ...`.
    """
    try:
        yield
    except SettingsError as problem:
        name, equals, rest = problem.message.partition(" = ")
        if not (equals and name in options):
            raise
        raise SettingsError(problem.code, f"{options[name]} {rest}", where=problem.where) from problem


def simulated_visit(options: VisitOptions) -> "SimulatedVisit":
    """Simulate the visit that the options describe.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    from emgpipe.muscles import pairs_present
    from emgpipe.simulate import Amplifier, VisitPlan, simulate_visit
    from emgpipe.simulate.checks import require_not_negative

    o = options
    drives = _drives(o.muscles)
    with options_named(VISIT_OPTIONS):
        require_not_negative(n_stimuli=o.stimuli, n_relax=o.relax)
        _check_range(o.range_uv)
        course = VisitPlan(n_stimuli=o.stimuli, n_relax=o.relax).timing(o.rest_s, o.reference_s)
        check_size(course.duration_s, o.rate_hz, len(drives) + o.ecg)
        plan = _plan(o, list(drives), course.duration_s)
        return simulate_visit(
            o.seed,
            [_muscle(o, name, drive, course.duration_s) for name, drive in drives.items()],
            pairs_present(drives),
            rest_s=o.rest_s,
            reference_s=o.reference_s,
            rate_hz=o.rate_hz,
            plan=plan,
            amplifier=Amplifier(o.lowpass_hz, o.range_uv, o.bits),
        )


def check_size(duration_s: float, rate_hz: float, n_channels: int) -> None:
    """Refuse a recording of more samples than fit into memory, of parts of seconds, or at part of a rate.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    whole = float(duration_s).is_integer() and float(rate_hz).is_integer()
    if not (whole and 0 < duration_s * rate_hz * n_channels <= MOST_SAMPLES):
        found = f"{n_channels} channels of {duration_s!r} s at {rate_hz!r} Hz"
        options = "whole --rest-s and --reference-s and a whole --rate-hz"
        allowed = f"{options}, at most {MOST_SAMPLES} samples in all, are needed"
        raise SettingsError("SIMULATION_INVALID", f"{found}; {allowed}")


def _drives(text: str) -> dict[str, float]:
    """Read `TA_R:0.08,GM_R`: muscles of the catalogue, each once."""
    from emgpipe.muscles import is_muscle

    drives: dict[str, float] = {}
    for part in (part.strip() for part in text.split(",")):
        name, colon, drive = part.partition(":")
        if not is_muscle(name) or name in drives or len(drives) >= MOST_MUSCLES:
            allowed = f"up to {MOST_MUSCLES} muscles of docs/muscles.md, each once, commas between, are needed"
            raise SettingsError("SIMULATION_INVALID", f"--muscles {part!r}; {allowed}")
        drives[name] = _share("--muscles", part, drive) if colon else TONIC
    return drives


def _check_range(range_uv: float) -> None:
    """Refuse rails whose number an EDF header cannot hold."""
    if len(f"{-range_uv}") > RANGE_LETTERS:
        allowed = f"a number of at most {RANGE_LETTERS} letters with a sign and a decimal place is needed"
        raise SettingsError("SIMULATION_INVALID", f"range_uv = {range_uv!r}; {allowed}")


def _muscle(o: VisitOptions, name: str, drive: float, duration_s: float) -> "SimulatedMuscle":
    from emgpipe.muscles import region_of
    from emgpipe.simulate import SimulatedMuscle
    from emgpipe.simulate.streams import stream

    is_trunk = region_of(name) in ("lower trunk", "upper trunk", "abdomen")
    return SimulatedMuscle(
        name,
        excitation=drive,
        noise_uv=o.noise_uv,
        mains_uv=o.mains_uv,
        mains_hz=float(o.mains),
        mains_drift_hz=o.mains_drift_hz,
        heart_uv=float(stream(o.seed, "heart height", name).uniform(60.0, 150.0)) if o.heart and is_trunk else 0.0,
        movement_per_min=MOVEMENTS_PER_MIN if o.movement else 0.0,
        steps_per_min=STEPS_PER_MIN if o.movement else 0.0,
        reflex_excitation=REFLEX if o.stimuli else 0.0,
        relax_s=o.relax_decay_s,
        flat_s=((0.0, duration_s),) if name in o.dead else (),
    )


def _plan(o: VisitOptions, names: list[str], duration_s: float) -> "VisitPlan":
    from emgpipe.simulate import SpasmModel, VisitPlan, draw_spasms
    from emgpipe.simulate.streams import stream

    strangers = [name for name in o.dead if name not in names]
    if strangers:
        raise SettingsError("SIMULATION_INVALID", f"--dead {strangers[0]!r}; a muscle of {names!r} is needed")
    model = SpasmModel(per_hour=o.spasms_per_h, long_share=o.long_spasms)
    return VisitPlan(
        spasms=draw_spasms(model, names, o.rest_s, stream(o.seed, "spasms")),
        n_stimuli=o.stimuli,
        artefact_uv=o.artefact_uv,
        n_relax=o.relax,
        ecg_uv=ECG_UV if o.ecg else 0.0,
        crosstalk=tuple(_path(text) for text in o.crosstalk),
        gaps_s=_gaps(o.gap, duration_s),
    )


def _path(text: str) -> "CrosstalkPath":
    from emgpipe.simulate import CrosstalkPath

    parts = text.split(":")
    if len(parts) != 3:
        raise SettingsError("SIMULATION_INVALID", f"--crosstalk {text!r}; FROM:TO:GAIN is needed, as TA_R:GM_R:0.05")
    return CrosstalkPath(parts[0], parts[1], gain=_share("--crosstalk", text, parts[2]))


def _gaps(texts: Sequence[str], duration_s: float) -> tuple[tuple[float, float], ...]:
    gaps_s: list[tuple[float, float]] = []
    for text in texts:
        start, colon, stop = text.partition(":")
        if not colon:
            raise SettingsError(
                "SIMULATION_INVALID", f"--gap {text!r}; START:STOP in whole seconds is needed, as 30:40"
            )
        start_s, stop_s = _number("--gap", text, start), _number("--gap", text, stop)
        is_whole = start_s.is_integer() and stop_s.is_integer()
        if not (is_whole and (gaps_s[-1][1] if gaps_s else 0) < start_s < stop_s <= duration_s):
            allowed = (
                f"whole seconds, START below STOP, behind the first second or the gap before, up to {duration_s:g}"
            )
            raise SettingsError("SIMULATION_INVALID", f"--gap {text!r}; {allowed}, are needed")
        gaps_s.append((start_s, stop_s))
    return tuple(gaps_s)


def _share(option: str, text: str, word: str) -> float:
    share = _number(option, text, word)
    if not 0 <= share <= 1:
        raise SettingsError("SIMULATION_INVALID", f"{option} {text!r}; a number from 0 to 1 is needed at its end")
    return share


def _number(option: str, text: str, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise SettingsError("SIMULATION_INVALID", f"{option} {text!r}; {word!r} is no number") from None
