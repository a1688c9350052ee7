"""Patients of a simulated trial: those of the sample data, and drawn ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from emgpipe.simulate.checks import require_between
from emgpipe.simulate.muscle import SimulatedMuscle

PAIRS = (("TA_R", "GM_R"), ("PSP_L", "RA_L"))


@dataclass(frozen=True)
class SimulatedPatient:
    """One patient of a simulated trial.

    Attributes
    ----------
    subject : str
        Such as `S01`.
    sequence : str
        Treatments in the order of the periods, `AB` or `BA`; A lowers the drive.
    muscles : tuple of SimulatedMuscle
        As untreated.
    spasms_per_h : float
        Mean rate in rest.
    line_visit : str
        Name of a visit recorded with 3 µV of mains, or `""`.
    """

    subject: str
    sequence: str
    muscles: tuple[SimulatedMuscle, ...]
    spasms_per_h: float = 0.0
    line_visit: str = ""


def _muscles(ta: float, gm: float, psp: float, ra: float, **more: Any) -> tuple[SimulatedMuscle, ...]:
    drives = {"TA_R": ta, "GM_R": gm, "PSP_L": psp, "RA_L": ra}
    levels_uv = {"TA_R": 160.0, "GM_R": 140.0, "PSP_L": 130.0, "RA_L": 110.0}
    noises_uv = {"TA_R": 1.2, "GM_R": 1.4, "PSP_L": 1.8, "RA_L": 1.6}
    return tuple(
        SimulatedMuscle(name, excitation=drive, reference_uv=levels_uv[name], noise_uv=noises_uv[name], **more)
        for name, drive in drives.items()
    )


PATIENTS = (
    # never relaxes: dense activity in all four muscles, and spasms
    SimulatedPatient("S01", "AB", _muscles(0.085, 0.07, 0.11, 0.09), spasms_per_h=40.0),
    # a few units that fire without end; treatment silences most of them
    SimulatedPatient("S02", "BA", _muscles(0.024, 0.021, 0.027, 0.023), line_visit="V2"),
    # nearly relaxed: short bouts in trunk and leg
    SimulatedPatient("S03", "AB", _muscles(0.014, 0.010, 0.024, 0.020, active_share=0.25)),
)
"""The patients of the sample data."""


def draw_patients(n_patients: int, seed: int) -> tuple[SimulatedPatient, ...]:
    """Draw patients for a larger trial.

    Parameters
    ----------
    n_patients : int
        1 to 99; every other one has the sequence BA.
    seed : int
        Of the drives (log-uniform from 0.02 to 0.1, muscles within a factor of 1.3) and rates of spasms.

    Returns
    -------
    tuple of SimulatedPatient

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.

    Examples
    --------
    >>> [(p.subject, p.sequence) for p in draw_patients(2, seed=1)]
    [('S01', 'AB'), ('S02', 'BA')]
    """
    require_between(1, 99, n_patients=n_patients)
    rng = np.random.default_rng([seed, 1])
    patients = []
    for index in range(n_patients):
        drives = np.exp(rng.uniform(np.log(0.02), np.log(0.1))) * rng.uniform(1 / 1.3, 1.3, 4)
        spasms_per_h = float(rng.uniform(0, 30))
        sequence = ("AB", "BA")[index % 2]
        patients.append(SimulatedPatient(f"S{index + 1:02d}", sequence, _muscles(*drives.tolist()), spasms_per_h))
    return tuple(patients)
