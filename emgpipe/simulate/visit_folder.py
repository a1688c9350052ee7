"""One simulated visit on disk, as a study of one recording."""

from pathlib import Path
from typing import Any

from emgpipe.simulate.drive import STEP_S
from emgpipe.simulate.study_folder import write_recording, write_study
from emgpipe.simulate.truth import TASK, truth_intervals
from emgpipe.simulate.visit import SimulatedVisit
from emgpipe.simulate.whole_folder import whole_study

SUBJECT, VISIT = "S01", "V1"


def write_visit(
    folder: str | Path, visit: SimulatedVisit, *, seed: int, mains_hz: int = 50, made_by: str = "emgpipe.simulate"
) -> Path:
    """Write a simulated visit as a study that `emgpipe run` takes.

    Parameters
    ----------
    folder : str or Path
        Made where absent; an earlier simulation is replaced when all of this one is there, other files are left alone.
    visit : SimulatedVisit
        Of whole seconds and a whole rate.
    seed : int
        Told in the truth.
    mains_hz : int
        For study.toml: 50 or 60.
    made_by : str
        Told in the README.

    Returns
    -------
    Path
        `study.toml`. Beside it: `recordings.csv`, `recordings/S01_V1.edf`, `truth.json`, `truth_intervals.csv`,
        `README.md`, `SHA256SUMS`.

    Raises
    ------
    SettingsError
        SIMULATION_UNWRITABLE, STUDY_EXISTS.
    EmgpipeError
        WRITER_ABSENT.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from emgpipe.simulate import SimulatedMuscle, simulate_visit
    >>> visit = simulate_visit(1, [SimulatedMuscle("TA_R")], rest_s=5.0, reference_s=0.0, rate_hz=1000.0)
    >>> with TemporaryDirectory() as folder:
    ...     sorted(path.name for path in write_visit(folder, visit, seed=1).parent.rglob("*.*"))
    ['README.md', 'S01_V1.edf', 'recordings.csv', 'study.toml', 'truth.json', 'truth_intervals.csv']
    """
    folder, file = Path(folder), f"recordings/{SUBJECT}_{VISIT}.edf"
    rows = [["subject", "visit", "file", "task"], [SUBJECT, VISIT, file, TASK]]
    truth = {"simulated": True, "seed": seed, "recordings": {f"{SUBJECT}_{VISIT}": visit_truth(visit)}}
    pairs = [(agonist, antagonist) for agonist, antagonist in (pair.split("/") for pair in visit.truth["pairs"])]
    with whole_study(folder, [file]) as draft:
        write_recording(draft / file, visit)
        write_study(
            draft,
            f"SIMULATED-VISIT-{seed}",
            rows,
            truth,
            truth_intervals(SUBJECT, VISIT, visit.channels, pairs),
            readme=README.format(seed=seed, made_by=made_by),
            mains_hz=mains_hz,
            pairs=pairs,
            index_muscles=[channel.name for channel in visit.channels],
            reference="reference" in {mark.text for mark in visit.annotations},
        )
    return folder / "study.toml"


def visit_truth(visit: SimulatedVisit) -> dict[str, Any]:
    """Truth of a visit for its file.

    Parameters
    ----------
    visit : SimulatedVisit
        Of `simulate_visit`.

    Returns
    -------
    dict
        `muscles`, `pairs` and `generated` of the visit; `drive`: mean excitation of each muscle in rest, `tonic`
        and with spasms (`mean`).
    """
    n_rest = round((visit.annotations[0].duration_s or 0.0) / STEP_S)
    drive = {
        channel.name: {"tonic": tonic, "mean": float(excitation[:n_rest].mean())}
        for channel, tonic, excitation in zip(visit.channels, visit.tonic, visit.excitation, strict=True)
    }
    return {**visit.truth, "drive": drive, "generated": visit.generated}


README = """\
# A simulated visit

Nobody was recorded. Motor-unit pools, electrodes and everything else were drawn from seed {seed} by `emgpipe.simulate`.

| file | what |
|---|---|
| `study.toml`, `recordings.csv` | a study of one recording, as `emgpipe run` takes it |
| `recordings/S01_V1.edf` | EDF+: declared rest, then a reference, stimuli and relax cues where they were asked for |
| `truth.json` | what was simulated: noise, activity, amplitudes, drive, and what was put in |
| `truth_intervals.csv` | true stretches of activity, silence, spasm and coactivity, as in `intervals.csv` |
| `SHA256SUMS` | `sha256sum -c SHA256SUMS` |

Spectra, pools and noise are idealised: no fat layer, no posture.

Made again, byte for byte, by the same version of `{made_by}`.
"""
