"""What moves from visit to visit of a simulated trial: drive, spasms, gains, floors, rescue medication, absence.

Nothing here makes a signal: the draws of a trial are cheap and can be looked at on their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from emgpipe.simulate.checks import require_between
from emgpipe.simulate.muscle import SimulatedMuscle
from emgpipe.simulate.patients import SimulatedPatient

MONTH_DAYS = 28
DAILY_DOSE_MG, RESCUE_DOSE_MG = 20.0, 40.0
"""Benzodiazepine a day as told in a trial with rescue medication; made up, no advice."""
LEAST_FACTOR, MOST_FACTOR, MOST_LOG_SD = 0.001, 1000.0, 5.0
"""Beyond these a drive would leave the numbers of a computer, not only those of a patient."""
_ALWAYS_TOLD = ("treatment_a_factor", "period_factor", "drive_log_sd", "gain_log_sd")


@dataclass(frozen=True)
class PlannedVisit:
    """When a visit is.

    Attributes
    ----------
    name : str
        Unique in a patient.
    period : int
        0 is before any treatment; 1 and 2 have the letters of the sequence.
    day : int
        From the first visit.
    treated : bool
        False at the baseline visit of a period, before its treatment has begun.
    """

    name: str
    period: int
    day: int
    treated: bool = True


@dataclass(frozen=True)
class TrialModel:
    """What changes from visit to visit.

    Attributes
    ----------
    treatment_a_factor : float
        Drive under A relative to B and to no treatment.
    period_factor : float
        Drive in each period relative to the one before (the disease goes on).
    drive_log_sd, gain_log_sd : float
        Visit-to-visit SD of ln drive (one draw a visit) and of ln electrode gain (one draw a muscle).
    spasm_a_factor : float
        Rate of spasms under A, likewise.
    carryover : float
        Share of the effect of A (of its logarithm) that is there in all of the next period, baseline too; 0 to 1.
    floor_log_sd : float
        Visit-to-visit SD of ln electrode noise, one draw a muscle.
    rescue_probability, rescue_factor : float
        Chance that a patient has taken a benzodiazepine 1-6 h before a visit, and the drive then relative to without.
    missing_probability : float
        Chance that a visit is missed.
    """

    treatment_a_factor: float = 0.75
    period_factor: float = 1.03
    drive_log_sd: float = 0.05
    gain_log_sd: float = 0.12
    spasm_a_factor: float = 1.0
    carryover: float = 0.0
    floor_log_sd: float = 0.0
    rescue_probability: float = 0.0
    rescue_factor: float = 0.7
    missing_probability: float = 0.0


SAMPLE_MODEL = TrialModel()
"""The model of the sample data."""

VISITS = (PlannedVisit("V1", 0, 0), PlannedVisit("V2", 1, 56), PlannedVisit("V3", 2, 140))
"""The visits of the sample data."""


@dataclass(frozen=True)
class TrialVisit:
    """One visit of one patient as drawn, without signals.

    Attributes
    ----------
    subject : str
        Patient.
    visit : PlannedVisit
        Visit.
    place : (int, int)
        Of patient and visit in the trial.
    treatment : str
        `A`, `B`, or `""` before treatment.
    drive_factor : float
        Drive relative to the patient untreated at the start.
    muscles : tuple of SimulatedMuscle
        As they are at this visit.
    spasms_per_h : float
        Mean rate.
    missing : bool
        The patient did not come.
    rescued : bool
        Rescue medication was taken.
    hours_since_benzodiazepine, benzodiazepine_mg_day : float or None
        As told in recordings.csv; None where the model has no rescue medication, or no dose is near.
    """

    subject: str
    visit: PlannedVisit
    place: tuple[int, int]
    treatment: str
    drive_factor: float
    muscles: tuple[SimulatedMuscle, ...]
    spasms_per_h: float
    missing: bool = False
    rescued: bool = False
    hours_since_benzodiazepine: float | None = None
    benzodiazepine_mg_day: float | None = None

    @property
    def name(self) -> str:
        """Name of the recording: `S01_V1`."""
        return f"{self.subject}_{self.visit.name}"

    @property
    def told(self) -> dict[str, Any]:
        """Truth of the visit beside that of its signals."""
        told: dict[str, Any] = {
            "treatment": self.treatment,
            "excitation": {m.name: m.excitation for m in self.muscles},
        }
        return {**told, "rescued": True} if self.rescued else told


def crossover_visits(months: int = 3) -> tuple[PlannedVisit, ...]:
    """Two periods of monthly visits: the first month of each is its baseline, the others are on treatment.

    Parameters
    ----------
    months : int
        Visits in a period, 2 to 12.

    Returns
    -------
    tuple of PlannedVisit
        `P1M1` ... `P2M3`, 28 days apart.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> [(v.name, v.period, v.day, v.treated) for v in crossover_visits(2)]
    [('P1M1', 1, 0, False), ('P1M2', 1, 28, True), ('P2M1', 2, 56, False), ('P2M2', 2, 84, True)]
    """
    require_between(2, 12, months=months)
    return tuple(
        PlannedVisit(f"P{period}M{month}", period, ((period - 1) * months + month - 1) * MONTH_DAYS, month > 1)
        for period in (1, 2)
        for month in range(1, months + 1)
    )


def draw_trial(
    seed: int, patients: Sequence[SimulatedPatient], visits: Sequence[PlannedVisit], model: TrialModel
) -> tuple[TrialVisit, ...]:
    """Draw all visits of a trial, without signals.

    Parameters
    ----------
    seed : int
        A visit's draws hang on the seed and its place alone.
    patients : sequence of SimulatedPatient
        As untreated.
    visits : sequence of PlannedVisit
        The same for all patients.
    model : TrialModel
        What moves.

    Returns
    -------
    tuple of TrialVisit
        Patients one after the other; missed visits are in it.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> from emgpipe.simulate.patients import PATIENTS
    >>> model = TrialModel(0.5, 1.0, drive_log_sd=0.0, gain_log_sd=0.0, carryover=0.5)
    >>> drawn = draw_trial(1, PATIENTS[:1], crossover_visits(2), model)
    >>> [(v.visit.name, v.treatment, round(v.drive_factor, 3)) for v in drawn]
    [('P1M1', '', 1.0), ('P1M2', 'A', 0.5), ('P2M1', '', 0.707), ('P2M2', 'B', 0.707)]
    """
    _check(model)
    return tuple(
        _at_visit(patient, visit, model, seed, (i, j))
        for i, patient in enumerate(patients)
        for j, visit in enumerate(visits)
    )


def model_told(model: TrialModel) -> dict[str, float]:
    """Fields of a model for a truth file: the four of every trial, and those that were moved off their default."""
    return {
        f.name: getattr(model, f.name)
        for f in fields(model)
        if f.name in _ALWAYS_TOLD or getattr(model, f.name) != f.default
    }


def _check(model: TrialModel) -> None:
    factors = {"treatment_a_factor": model.treatment_a_factor, "period_factor": model.period_factor}
    require_between(LEAST_FACTOR, MOST_FACTOR, **factors, rescue_factor=model.rescue_factor)
    require_between(0.0, MOST_FACTOR, spasm_a_factor=model.spasm_a_factor)
    sds = {"drive_log_sd": model.drive_log_sd, "gain_log_sd": model.gain_log_sd, "floor_log_sd": model.floor_log_sd}
    require_between(0.0, MOST_LOG_SD, **sds)
    chances = {"rescue_probability": model.rescue_probability, "missing_probability": model.missing_probability}
    require_between(0.0, 1.0, carryover=model.carryover, **chances)


def _treatment(patient: SimulatedPatient, visit: PlannedVisit) -> str:
    return patient.sequence[visit.period - 1] if visit.period and visit.treated else ""


def _effect_share(patient: SimulatedPatient, visit: PlannedVisit, model: TrialModel) -> float:
    """Share of the effect of A that is there: all under A, what carries over in the period after it."""
    if _treatment(patient, visit) == "A":
        return 1.0
    before = patient.sequence[visit.period - 2] if visit.period > 1 else ""
    return model.carryover if before == "A" else 0.0


def _at_visit(
    patient: SimulatedPatient, visit: PlannedVisit, model: TrialModel, seed: int, place: tuple[int, int]
) -> TrialVisit:
    rng, more = np.random.default_rng([seed, *place, 1]), np.random.default_rng([seed, *place, 3])
    drive = model.period_factor**visit.period * float(np.exp(model.drive_log_sd * rng.standard_normal()))
    share, n = _effect_share(patient, visit, model), len(patient.muscles)
    drive *= model.treatment_a_factor**share
    gains = np.exp(model.gain_log_sd * rng.standard_normal(n)).tolist()
    floors = np.exp(model.floor_log_sd * more.standard_normal(n)).tolist()
    rescued, missing = bool(more.uniform() < model.rescue_probability), bool(more.uniform() < model.missing_probability)
    hours = round(float(more.uniform(1.0, 6.0)), 1)
    drive *= model.rescue_factor if rescued else 1.0
    mains_uv = 3.0 if visit.name == patient.line_visit else 0.0
    muscles = tuple(
        replace(m, excitation=min(m.excitation * drive, 1.0), gain=gain, noise_uv=m.noise_uv * floor, mains_uv=mains_uv)
        for m, gain, floor in zip(patient.muscles, gains, floors, strict=True)
    )
    return TrialVisit(
        subject=patient.subject,
        visit=visit,
        place=place,
        treatment=_treatment(patient, visit),
        drive_factor=drive,
        muscles=muscles,
        spasms_per_h=patient.spasms_per_h * model.spasm_a_factor**share,
        missing=missing,
        rescued=rescued,
        hours_since_benzodiazepine=hours if rescued else None,
        benzodiazepine_mg_day=_dose_mg(model, rescued=rescued),
    )


def _dose_mg(model: TrialModel, *, rescued: bool) -> float | None:
    if not model.rescue_probability:
        return None
    return RESCUE_DOSE_MG if rescued else DAILY_DOSE_MG
