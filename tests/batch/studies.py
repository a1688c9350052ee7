"""Small studies on disk: two subjects, two visits, one leg pair, declared rest and a reference."""

import csv
import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from emgpipe.batch.jobs import Job
from emgpipe.recording import Annotation
from emgpipe.simulate import electrode_noise, scaled_to_band_rms, write_edf

RATE_HZ = 1000.0
REST_S, REFERENCE_S = 32.0, 4.0
MARKS = (Annotation(0.0, REST_S, "rest"), Annotation(REST_S, REFERENCE_S, "reference"))
LABELS = ("EMG TA_R", "EMG GM_R")
NAMES = ("P01_V1", "P01_V2", "P02_V1", "P02_V2")
HEAD = """
[study]
id = "TINY"
mains_hz = 50
[subject]
index_muscles = ["TA_R", "GM_R"]
reference = "same visit: reference"
"""
HOLE_BYTES = 256 * 1024**3
OUTPUTS = (
    "measures.csv", "measures.parquet", "visits.csv", "visits.parquet", "visits_repeats.csv", "inputs.csv",
    "intervals.csv", "data_dictionary.json", "settings.toml",
)  # fmt: skip


def muscle_uv(rng: np.random.Generator, level_uv: float, floor_uv: float, seconds: float = REST_S + REFERENCE_S):
    """Noise of the amplifier, and steady activity that is four times louder in the reference."""
    n = round(seconds * RATE_HZ)
    noise = electrode_noise(n, RATE_HZ, rng, band_rms_uv=floor_uv)
    if not level_uv:
        return noise
    activity = scaled_to_band_rms(np.convolve(rng.normal(size=n + 8), np.hanning(9), "valid"), RATE_HZ, level_uv)
    return noise + activity * np.where(np.arange(n) < REST_S * RATE_HZ, 1.0, 4.0)


def write_recording(path: Path, seed: int, levels_uv: Sequence[float] = (12.0, 0.0), **options: object) -> None:
    """Write one recording: a muscle that never rests and one that is silent."""
    rng = np.random.default_rng(seed)
    seconds = options.pop("seconds", REST_S + REFERENCE_S)
    samples = [muscle_uv(rng, level, 1.5, seconds) for level in levels_uv]
    write_edf(path, samples, LABELS, RATE_HZ, **{"annotations": MARKS, **options})


def write_endless(path: Path) -> None:
    """Write a file with a hole of 256 GB, whose hash alone takes minutes."""
    path.touch()
    os.truncate(path, HOLE_BYTES)


def of_file(job: Job, path: Path) -> Job:
    """The job, of another file."""
    return dataclasses.replace(job, entry=dataclasses.replace(job.entry, path=path))


def write_manifest(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write `recordings.csv`; columns of the first row."""
    with (folder / "recordings.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def row_of(name: str, **cells: str) -> dict[str, str]:
    """Row of `recordings.csv` of one of `NAMES`."""
    subject, visit = name.split("_")[:2]
    return {"subject": subject, "visit": visit, "file": f"{name}.edf", "task": "supine", **cells}


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def outputs(out: Path) -> dict[str, bytes]:
    """Bytes of every table."""
    return {name: (out / name).read_bytes() for name in OUTPUTS}


def stamps(folder: Path) -> dict[str, int]:
    """Modification time of every file below a folder."""
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in sorted(folder.rglob("*")) if p.is_file()}


def value(rows: Sequence[Mapping[str, str]], target: str, measure: str, **where: str) -> Mapping[str, str]:
    """The one row of a target and measure."""
    wanted = {"target": target, "measure": measure, "segment": "rest", **where}
    found = [r for r in rows if all(r[k] == v for k, v in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]
