"""One simulated muscle: how it behaves and how it is recorded."""

from dataclasses import dataclass

from emgpipe.errors import SettingsError
from emgpipe.simulate.checks import require_between, require_positive

MOST_UV = 1e6


@dataclass(frozen=True)
class SimulatedMuscle:
    """How one muscle behaves and how it is recorded.

    Attributes
    ----------
    name : str
        Such as `TA_R`.
    excitation : float
        Tonic drive in rest, share of the largest; below about 0.017 nothing fires.
    active_share : float
        Share of the rest in which the drive is on, in bouts of about 6 s; 1 is always.
    drive_depth : float
        SD of the slow relative changes of the drive.
    reference_excitation, reference_uv : float
        Drive of the reference contraction and its RMS in the analysis band with a gain of 1, µV.
    tonic_uv : float or None
        Where given, the whole channel is scaled so that the clean RMS of the rest is this, µV, and
        `reference_uv` and `gain` do not count.
    gain : float
        Of the electrodes at this visit.
    noise_uv, corner_hz : float
        RMS of the electrode noise in the analysis band, µV; PSD ~ 1 + corner / f.
    mains_uv, mains_hz : float
        RMS of the mains line (third harmonic at 0.3 of it), µV; 0 is none.
    mains_drift_hz, mains_wander : float
        Change of the line's frequency from first to last sample; SD of the slow relative change of its amplitude.
    heart_uv : float
        Mean height of the R wave in this lead, µV; 0 is none. The beats are those of the visit.
    movement_per_min, movement_uv : float
        Mean rate of movements (1-4 s of 0.5-10 Hz) and their RMS in the middle, µV.
    steps_per_min, step_uv : float
        Mean rate of electrode steps and their height, µV; they decay with 0.3 s, as behind a high-pass.
    reflex_excitation : float
        Drive that the first reflex to a stimulus reaches; 0 is none.
    relax_s : float
        Time constant with which the drive decays after a relax cue; above some seconds the muscle fails to relax.
    flat_s : tuple of (float, float)
        Seconds in which the channel stands at 0: a dead electrode.
    """

    name: str
    excitation: float = 0.04
    active_share: float = 1.0
    drive_depth: float = 0.1
    reference_excitation: float = 0.25
    reference_uv: float = 150.0
    tonic_uv: float | None = None
    gain: float = 1.0
    noise_uv: float = 1.5
    corner_hz: float = 20.0
    mains_uv: float = 0.0
    mains_hz: float = 50.0
    mains_drift_hz: float = 0.0
    mains_wander: float = 0.05
    heart_uv: float = 0.0
    movement_per_min: float = 0.0
    movement_uv: float = 400.0
    steps_per_min: float = 0.0
    step_uv: float = 1000.0
    reflex_excitation: float = 0.0
    relax_s: float = 0.3
    flat_s: tuple[tuple[float, float], ...] = ()


def check_muscle(muscle: SimulatedMuscle) -> None:
    """Refuse a muscle that cannot be.

    Parameters
    ----------
    muscle : SimulatedMuscle
        Before anything is drawn.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    m = muscle
    require_between(0.0, 1.0, excitation=m.excitation, reference_excitation=m.reference_excitation)
    require_between(0.0, 1.0, active_share=m.active_share, reflex_excitation=m.reflex_excitation)
    require_between(0.0, 100.0, drive_depth=m.drive_depth, mains_wander=m.mains_wander)
    require_between(0.0, MOST_UV, noise_uv=m.noise_uv, mains_uv=m.mains_uv, heart_uv=m.heart_uv)
    require_between(0.0, MOST_UV, movement_uv=m.movement_uv, step_uv=m.step_uv, reference_uv=m.reference_uv)
    require_between(0.0, 1e4, corner_hz=m.corner_hz, gain=m.gain, mains_hz=m.mains_hz)
    require_between(-5.0, 5.0, mains_drift_hz=m.mains_drift_hz)
    require_between(0.0, 60.0, movement_per_min=m.movement_per_min, steps_per_min=m.steps_per_min)
    require_positive(reference_uv=m.reference_uv, gain=m.gain, mains_hz=m.mains_hz, relax_s=m.relax_s)
    check_stretches(f"flat_s of {m.name}", m.flat_s)


def check_stretches(name: str, stretches_s: tuple[tuple[float, float], ...], end_s: float = float("inf")) -> None:
    """Refuse stretches that are no rising pairs of seconds from 0 to `end_s`, one behind the other.

    Parameters
    ----------
    name : str
        For the message.
    stretches_s : tuple of (float, float)
        Start and stop.
    end_s : float
        Latest stop.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    before_s = 0.0
    for start_s, stop_s in stretches_s:
        if not before_s <= start_s < stop_s <= end_s:
            allowed = f"stretches from 0 to {end_s:g} s, each with start < stop and behind the one before, are needed"
            raise SettingsError("SIMULATION_INVALID", f"{name} = {stretches_s!r}; {allowed}")
        before_s = stop_s
