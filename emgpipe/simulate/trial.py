"""A small simulated crossover on disk: EDF+ recordings, the study's tables, and the truth beside them."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from emgpipe.errors import SettingsError
from emgpipe.simulate.checks import require_between, require_not_negative, require_positive
from emgpipe.simulate.edf_writer import write_edf, write_truth
from emgpipe.simulate.muscle import SimulatedMuscle
from emgpipe.simulate.visit import simulate_visit

SAMPLE_SEED = 20
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


@dataclass(frozen=True)
class PlannedVisit:
    """When a visit is: `period` 0 is before any treatment, `day` counts from the first visit."""

    name: str
    period: int
    day: int


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
    """

    treatment_a_factor: float = 0.75
    period_factor: float = 1.03
    drive_log_sd: float = 0.05
    gain_log_sd: float = 0.12


VISITS = (PlannedVisit("V1", 0, 0), PlannedVisit("V2", 1, 56), PlannedVisit("V3", 2, 140))


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


def simulate_trial(
    folder: str | Path,
    seed: int = SAMPLE_SEED,
    *,
    patients: Sequence[SimulatedPatient] = PATIENTS,
    visits: Sequence[PlannedVisit] = VISITS,
    model: TrialModel = TrialModel(),
    rest_s: float = 90.0,
    reference_s: float = 10.0,
    rate_hz: float = 2000.0,
) -> Path:
    """Write a simulated crossover as a study that `emgpipe run` takes.

    Parameters
    ----------
    folder : str or Path
        Made where absent; files of the same names are replaced.
    seed : int
        The same seed and arguments give the same bytes.
    patients : sequence of SimulatedPatient
        The three of the sample data where left out; see `draw_patients`.
    visits : sequence of PlannedVisit
        The same for all patients.
    model : TrialModel
        Treatment, period and visits.
    rest_s, reference_s : float
        Whole seconds of declared rest and of the reference contraction.
    rate_hz : float
        Whole samples per second.

    Returns
    -------
    Path
        `study.toml`. Beside it: `recordings.csv`, `recordings/*.edf`, `arms.csv`, `truth.json`, `README.md`,
        `SHA256SUMS`.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID, SIMULATION_UNWRITABLE.
    EmgpipeError
        WRITER_ABSENT.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     study = simulate_trial(
    ...         folder, patients=draw_patients(1, seed=1), visits=VISITS[:1], rest_s=5.0, reference_s=2.0
    ...     )
    ...     sorted(path.name for path in study.parent.rglob("*.*"))
    ['README.md', 'S01_V1.edf', 'arms.csv', 'recordings.csv', 'study.toml', 'truth.json']
    """
    _check(model)
    folder = Path(folder)
    lengths = {"rest_s": rest_s, "reference_s": reference_s, "rate_hz": rate_hz}
    try:
        _write_trial(folder, seed, patients, visits, model, lengths)
    except OSError as problem:
        message = f"{problem.strerror or problem}; choose a folder that can be written"
        raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(folder)) from problem
    return folder / "study.toml"


def _write_trial(
    folder: Path,
    seed: int,
    patients: Sequence[SimulatedPatient],
    visits: Sequence[PlannedVisit],
    model: TrialModel,
    lengths: Mapping[str, Any],
) -> None:
    (folder / "recordings").mkdir(parents=True, exist_ok=True)
    truth: dict[str, Any] = {"simulated": True, "seed": seed, "model": vars(model), "recordings": {}}
    for i, patient in enumerate(patients):
        for j, visit in enumerate(visits):
            treated = _at_visit(patient, visit, model, np.random.default_rng([seed, i, j, 1]))
            path = folder / "recordings" / f"{patient.subject}_{visit.name}.edf"
            made = simulate_visit(
                [seed, i, j, 2], treated, PAIRS, patient_seed=[seed, i], spasms_per_h=patient.spasms_per_h, **lengths
            )
            labels = [f"EMG {c.name}" for c in made.channels]
            samples_uv = [c.samples_uv for c in made.channels]
            write_edf(path, samples_uv, labels, lengths["rate_hz"], annotations=made.annotations, prefilter="none")
            truth["recordings"][path.stem] = {
                "treatment": _treatment(patient, visit),
                "excitation": {m.name: m.excitation for m in treated},
                **made.truth,
            }
    write_truth(folder / "truth.json", truth)
    _write_tables(folder, patients, visits, seed)
    _write_sums(folder, [f"recordings/{p.subject}_{v.name}.edf" for p in patients for v in visits])


def _check(model: TrialModel) -> None:
    require_positive(treatment_a_factor=model.treatment_a_factor, period_factor=model.period_factor)
    require_not_negative(drive_log_sd=model.drive_log_sd, gain_log_sd=model.gain_log_sd)


def _treatment(patient: SimulatedPatient, visit: PlannedVisit) -> str:
    return patient.sequence[visit.period - 1] if visit.period else ""


def _at_visit(
    patient: SimulatedPatient, visit: PlannedVisit, model: TrialModel, rng: np.random.Generator
) -> tuple[SimulatedMuscle, ...]:
    drive = model.period_factor**visit.period * float(np.exp(model.drive_log_sd * rng.standard_normal()))
    if _treatment(patient, visit) == "A":
        drive *= model.treatment_a_factor
    gains = np.exp(model.gain_log_sd * rng.standard_normal(len(patient.muscles))).tolist()
    mains_uv = 3.0 if visit.name == patient.line_visit else 0.0
    return tuple(
        replace(m, excitation=m.excitation * drive, gain=gain, mains_uv=mains_uv)
        for m, gain in zip(patient.muscles, gains, strict=True)
    )


def _write_tables(
    folder: Path, patients: Sequence[SimulatedPatient], visits: Sequence[PlannedVisit], seed: int
) -> None:
    table: list[list[str | int]] = [["subject", "visit", "file", "task", "day"]]
    for p in patients:
        table += [[p.subject, v.name, f"recordings/{p.subject}_{v.name}.edf", "supine", v.day] for v in visits]
    _write_csv(folder / "recordings.csv", table)
    _write_csv(folder / "arms.csv", [("subject", "sequence"), *((p.subject, p.sequence) for p in patients)])
    index = ", ".join(f'"{m.name}"' for m in patients[0].muscles)
    pairs = "".join(f'\n[[pairs]]\nagonist = "{a}"\nantagonist = "{b}"\n' for a, b in PAIRS)
    study = STUDY.format(seed=seed, pairs=pairs, index=index)
    readme = README.format(seed=seed, n=len(patients), visits=len(visits))
    (folder / "study.toml").write_bytes(study.encode())
    (folder / "README.md").write_bytes(readme.encode())


def _write_csv(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode())


def _write_sums(folder: Path, recordings: Sequence[str]) -> None:
    names = sorted([*recordings, "README.md", "arms.csv", "recordings.csv", "study.toml", "truth.json"])
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_bytes("".join(lines).encode())


STUDY = """\
# Simulated: nobody was recorded. See README.md.
[study]
id = "SIMULATED-{seed}"
mains_hz = 50
recordings = "recordings.csv"
{pairs}
[subject]
index_muscles = [{index}]
index_offset_uv = 0.5
reference = "same visit: reference"
"""

README = """\
# A simulated crossover

Nobody was recorded. Motor-unit pools, electrodes and visits were drawn from seed {seed} by `emgpipe.simulate`.
{n} patients with {visits} visits each: **far too small for an estimate of anything**. It shows the shape of the data
and checks that the pipeline finds what was put in.

| file | what |
|---|---|
| `study.toml`, `recordings.csv` | the study, as `emgpipe run` takes it |
| `recordings/*.edf` | EDF+, 16 bit in steps of 0.1 µV; leg and trunk pair; declared rest, then a reference |
| `arms.csv` | treatment sequences, for `--unblind` only; A lowers the drive, B does nothing |
| `truth.json` | what was simulated: noise, activity, amplitudes, drive, treatment |
| `SHA256SUMS` | `sha256sum -c SHA256SUMS` |

In the sample data S01 never relaxes, S02 has a few units that fire without end (and mains in one visit), S03 is
nearly relaxed. Spectra, pools and noise are idealised: no fat layer, no ECG, no movement.

Made again, byte for byte, by `emgpipe.simulate_trial(DIR, seed={seed})`; the copy in the repository by
`python scripts/make_sample_data.py`.
"""
