"""A small simulated crossover on disk: EDF+ recordings, the study's tables, and the truth beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emgpipe.errors import SettingsError
from emgpipe.simulate.contamination import PLAIN_AMPLIFIER, Amplifier
from emgpipe.simulate.patients import PAIRS, PATIENTS, SimulatedPatient
from emgpipe.simulate.plan import NOTHING_PLANNED, VisitPlan
from emgpipe.simulate.study_folder import Rows, write_recording, write_study
from emgpipe.simulate.trial_model import (
    SAMPLE_MODEL,
    VISITS,
    PlannedVisit,
    TrialModel,
    TrialVisit,
    draw_trial,
    model_told,
)
from emgpipe.simulate.truth import TASK, truth_intervals
from emgpipe.simulate.visit import simulate_visit
from emgpipe.simulate.whole_folder import whole_study

SAMPLE_SEED = 20


def simulate_trial(
    folder: str | Path,
    seed: int = SAMPLE_SEED,
    *,
    patients: Sequence[SimulatedPatient] = PATIENTS,
    visits: Sequence[PlannedVisit] = VISITS,
    model: TrialModel = SAMPLE_MODEL,
    rest_s: float = 90.0,
    reference_s: float = 10.0,
    rate_hz: float = 2000.0,
    plan: VisitPlan = NOTHING_PLANNED,
    amplifier: Amplifier = PLAIN_AMPLIFIER,
    made_by: str = "",
) -> Path:
    """Write a simulated crossover as a study that `emgpipe run` takes.

    Parameters
    ----------
    folder : str or Path
        Made where absent; an earlier simulation is replaced when all of this one is there, other files are left alone.
    seed : int
        The same seed and arguments give the same bytes.
    patients : sequence of SimulatedPatient
        The three of the sample data where left out; see `draw_patients`.
    visits : sequence of PlannedVisit
        The same for all patients; see `crossover_visits`.
    model : TrialModel
        Treatment, period, carryover, spread, rescue medication and missing visits.
    rest_s, reference_s : float
        Whole seconds of declared rest and of the reference contraction.
    rate_hz : float
        Whole samples per second.
    plan : VisitPlan
        What happens in every visit.
    amplifier : Amplifier
        Of every visit.
    made_by : str
        Command for the README; that of the sample data where left out.

    Returns
    -------
    Path
        `study.toml`. Beside it: `recordings.csv`, `recordings/*.edf`, `arms.csv`, `truth.json`,
        `truth_intervals.csv`, `README.md`, `SHA256SUMS`.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID (no visit is left, too), SIMULATION_UNWRITABLE, STUDY_EXISTS.
    EmgpipeError
        WRITER_ABSENT.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from emgpipe.simulate import draw_patients
    >>> with TemporaryDirectory() as folder:
    ...     study = simulate_trial(
    ...         folder, patients=draw_patients(1, seed=1), visits=VISITS[:1], rest_s=5.0, reference_s=2.0
    ...     )
    ...     sorted(path.name for path in study.parent.rglob("*.*"))
    ['README.md', 'S01_V1.edf', 'arms.csv', 'recordings.csv', 'study.toml', 'truth.json', 'truth_intervals.csv']
    """
    folder = Path(folder)
    drawn = draw_trial(seed, patients, visits, model)
    there = [one for one in drawn if not one.missing]
    _check_some(there, drawn, model)
    truth: dict[str, Any] = {"simulated": True, "seed": seed, "model": model_told(model), "recordings": {}}
    if model.missing_probability:
        truth["missing"] = [one.name for one in drawn if one.missing]
    intervals: list[list[str | int | float]] = []
    with whole_study(folder, [_file(one) for one in there]) as draft:
        for one in there:
            made = simulate_visit(
                [seed, *one.place, 2],
                one.muscles,
                PAIRS,
                patient_seed=[seed, one.place[0]],
                spasms_per_h=one.spasms_per_h,
                rest_s=rest_s,
                reference_s=reference_s,
                rate_hz=rate_hz,
                plan=plan,
                amplifier=amplifier,
            )
            write_recording(draft / _file(one), made)
            intervals += truth_intervals(one.subject, one.visit.name, made.channels, PAIRS)
            generated = {"generated": made.generated} if made.generated else {}
            truth["recordings"][one.name] = {**one.told, **made.truth, **generated}
        readme = (OTHER_README if made_by else README).format(
            seed=seed, n=len(patients), visits=len(visits), made_by=made_by
        )
        _write_tables(draft, there, patients, truth, intervals, readme, with_reference=reference_s > 0)
    return folder / "study.toml"


def _check_some(there: Sequence[TrialVisit], drawn: Sequence[TrialVisit], model: TrialModel) -> None:
    if not there:
        found = f"missing_probability = {model.missing_probability!r}; none of {len(drawn)} visits is left"
        raise SettingsError("SIMULATION_INVALID", f"{found}, one is needed: take a smaller chance or another seed")


def _file(one: TrialVisit) -> str:
    return f"recordings/{one.name}.edf"


def _write_tables(
    folder: Path,
    there: Sequence[TrialVisit],
    patients: Sequence[SimulatedPatient],
    truth: dict[str, Any],
    intervals: Rows,
    readme: str,
    *,
    with_reference: bool,
) -> None:
    with_dose = any(one.benzodiazepine_mg_day is not None for one in there)
    dose_columns = ["hours_since_benzodiazepine", "benzodiazepine_mg_day"] if with_dose else []
    rows: list[list[str | int | float]] = [["subject", "visit", "file", "task", "day", *dose_columns]]
    for one in there:
        doses = [one.hours_since_benzodiazepine or "", one.benzodiazepine_mg_day or ""] if with_dose else []
        rows.append([one.subject, one.visit.name, _file(one), TASK, one.visit.day, *doses])
    write_study(
        folder,
        f"SIMULATED-{truth['seed']}",
        rows,
        truth,
        intervals,
        readme=readme,
        pairs=PAIRS,
        index_muscles=[m.name for m in patients[0].muscles],
        reference=with_reference,
        arms=[("subject", "sequence"), *((p.subject, p.sequence) for p in patients)],
    )


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
| `truth_intervals.csv` | true stretches of activity, silence, spasm and coactivity, as in `intervals.csv` |
| `SHA256SUMS` | `sha256sum -c SHA256SUMS` |

In the sample data S01 never relaxes, S02 has a few units that fire without end (and mains in one visit), S03 is
nearly relaxed. Spectra, pools and noise are idealised: no fat layer, no ECG, no movement.

Made again, byte for byte, by `emgpipe.simulate_trial(DIR, seed={seed})`; the copy in the repository by
`python scripts/make_sample_data.py`.
"""

OTHER_README = """\
# A simulated crossover

Nobody was recorded. Motor-unit pools, electrodes and visits were drawn from seed {seed} by `emgpipe.simulate`:
{n} patients, {visits} planned visits each.

| file | what |
|---|---|
| `study.toml`, `recordings.csv` | the study, as `emgpipe run` takes it |
| `recordings/*.edf` | EDF+; leg and trunk pair; declared rest, then a reference where there is one |
| `arms.csv` | treatment sequences, for `--unblind` only; A lowers the drive, B does nothing |
| `truth.json` | what was simulated: model, noise, activity, amplitudes, drive, treatment, missing visits |
| `truth_intervals.csv` | true stretches of activity, silence, spasm and coactivity, as in `intervals.csv` |
| `SHA256SUMS` | `sha256sum -c SHA256SUMS` |

Spectra, pools and noise are idealised: no fat layer, no posture, no habit of patients or staff.

Made again, byte for byte, by the same version of `{made_by}`.
"""
