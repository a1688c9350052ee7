"""Simulated studies for the reliability bench; nobody was recorded."""

import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from emgpipe.recording import Annotation
from emgpipe.simulate import SimulatedMuscle, electrode_noise, scaled_to_band_rms, simulate_visit, write_edf

SMALL_RATE_HZ, SMALL_REST_S, SMALL_REFERENCE_S = 1000.0, 12.0, 4.0
STUDY = """\
# Simulated: nobody was recorded.
[study]
id = "SIMULATED"
mains_hz = 50
recordings = "{table}"
[subject]
index_muscles = ["TA_R", "GM_R"]
reference = "same visit: reference"
"""
COHORT_MUSCLES = (("TA_R", 20.0), ("GM_R", 6.0), ("PSP_L", 12.0), ("RA_L", 8.0))
COHORT_RATE_HZ, COHORT_REST_S, COHORT_REFERENCE_S = 2000.0, 110.0, 10.0
DRAWS = 5
"""Recordings of a cohort that share the muscles of one simulated visit; each has noise of its own."""


def small_study(folder: Path, n_recordings: int, *, n_tasks: int = 4, channels: int = 2) -> Path:
    """Write a study of recordings of 16 s at 1000 Hz, `n_tasks` a visit, so that few pages are drawn.

    Parameters
    ----------
    folder : Path
        Made anew.
    n_recordings, n_tasks : int
        Recordings, and how many of them a visit has.
    channels : int
        1 or 2: a muscle that never rests, and one that is silent.

    Returns
    -------
    Path
        `study.toml`.
    """
    folder.mkdir(parents=True)
    rows = []
    for number in range(n_recordings):
        visit, task = divmod(number, n_tasks)
        name = f"P01_V{visit + 1:03d}_T{task + 1}"
        _write_small(folder / f"{name}.edf", number, channels)
        rows.append(("P01", f"V{visit + 1:03d}", f"{name}.edf", f"t{task + 1}"))
    return write_study(folder, "study.toml", "recordings.csv", rows)


def write_study(folder: Path, name: str, table: str, rows: Sequence[Sequence[str]]) -> Path:
    """Write a study file and its table of recordings: subject, visit, file, task."""
    with (folder / table).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("subject", "visit", "file", "task"), *rows])
    (folder / name).write_text(STUDY.format(table=table), encoding="utf-8")
    return folder / name


def _write_small(path: Path, seed: int, channels: int) -> None:
    rng = np.random.default_rng(seed)
    n, rest = round((SMALL_REST_S + SMALL_REFERENCE_S) * SMALL_RATE_HZ), round(SMALL_REST_S * SMALL_RATE_HZ)
    smooth = np.convolve(rng.normal(size=n + 8), np.hanning(9), "valid")
    activity = scaled_to_band_rms(smooth, SMALL_RATE_HZ, 8.0 + seed % 7)
    activity *= np.where(np.arange(n) < rest, 1.0, 4.0)
    noise = [electrode_noise(n, SMALL_RATE_HZ, rng, band_rms_uv=1.5) for _ in range(channels)]
    marks = (Annotation(0.0, SMALL_REST_S, "rest"), Annotation(SMALL_REST_S, SMALL_REFERENCE_S, "reference"))
    samples = [noise[0] + activity, *noise[1:]]
    write_edf(path, samples, ("EMG TA_R", "EMG GM_R")[:channels], SMALL_RATE_HZ, annotations=marks)


def cohort(folder: Path, n_recordings: int) -> Path:
    """Write a study of visits of 120 s, four muscles at 2000 Hz, two visits a patient.

    Parameters
    ----------
    folder : Path
        Made anew.
    n_recordings : int
        Every file differs; `DRAWS` of them share their motor units.

    Returns
    -------
    Path
        `study.toml`.
    """
    folder.mkdir(parents=True)
    seeds = range(-(-n_recordings // DRAWS))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_write_visits, [folder] * len(seeds), seeds))
    rows = [(*_whose(number), f"{number:04d}.edf", "rest") for number in range(n_recordings)]
    return write_study(folder, "study.toml", "recordings.csv", rows)


def _whose(number: int) -> tuple[str, str]:
    return f"P{number // 2 + 1:03d}", f"V{number % 2 + 1}"


def _write_visits(folder: Path, seed: int) -> None:
    muscles = [SimulatedMuscle(name, tonic_uv=level_uv) for name, level_uv in COHORT_MUSCLES]
    visit = simulate_visit(seed, muscles, rest_s=COHORT_REST_S, reference_s=COHORT_REFERENCE_S, rate_hz=COHORT_RATE_HZ)
    labels = [f"EMG {channel.name}" for channel in visit.channels]
    for number in range(seed * DRAWS, (seed + 1) * DRAWS):
        noises = _noises(number, len(visit.channels[0].samples_uv))
        samples = [c.samples_uv + noise for c, noise in zip(visit.channels, noises, strict=False)]
        write_edf(folder / f"{number:04d}.edf", samples, labels, COHORT_RATE_HZ, annotations=visit.annotations)


def _noises(number: int, n_samples: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng([1, number])
    while True:
        yield electrode_noise(n_samples, COHORT_RATE_HZ, rng, band_rms_uv=1.0)
