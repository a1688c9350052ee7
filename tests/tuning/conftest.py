"""A small simulated crossover, run once."""

from pathlib import Path

import numpy as np
import pytest

from emgpipe.batch import run_study
from emgpipe.recording import Annotation
from emgpipe.simulate import write_edf
from tests.batch.studies import HEAD, LABELS, muscle_uv, row_of, write_manifest

SEQUENCES = {f"P0{n}": "QZ" if n % 2 else "ZQ" for n in range(1, 5)}
MARKS = (Annotation(0.0, 32.0, "rest"), Annotation(32.0, 4.0, "reference"))
RATE_HZ = 1000.0


def bursts(rng: np.random.Generator, level_uv: float) -> np.ndarray:
    """A muscle that is on and off at rest, with bursts of all lengths and levels near the threshold."""
    signal = muscle_uv(rng, level_uv, 1.5)
    noise = muscle_uv(rng, 0.0, 1.5)
    edges = np.cumsum(rng.uniform(0.05, 0.9, 80) * RATE_HZ).astype(int)
    on = np.zeros(len(signal), bool)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        on[start:stop] = True
    on[32000:] = True
    return np.where(on, signal, noise)


@pytest.fixture(scope="session")
def crossover_study(tmp_path_factory) -> Path:
    """Four subjects at two visits, less under Q; the first visit of P01 twice."""
    folder = tmp_path_factory.mktemp("tuned") / "study"
    folder.mkdir()
    rng = np.random.default_rng(9)
    rows = []
    for subject, sequence in SEQUENCES.items():
        own = 9 * np.exp(rng.normal(scale=0.4))
        for p in (0, 1):
            for run in ("1", "2") if (subject, p) == ("P01", 0) else ("",):
                level = own * np.exp(rng.normal(scale=0.15)) * (0.6 if sequence[p] == "Q" else 1.0)
                file = f"{subject}_V{p + 1}{run}.edf"
                samples = [muscle_uv(rng, level, 1.5), bursts(rng, 0.8 * level)]
                write_edf(folder / file, samples, LABELS, RATE_HZ, annotations=MARKS)
                rows.append(row_of(f"{subject}_V{p + 1}", file=file, run=run))
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, rows)
    return folder


@pytest.fixture(scope="session")
def crossover_out(crossover_study) -> Path:
    """Its results, that nothing changes."""
    out = crossover_study.parent / "out"
    assert run_study(crossover_study, out, jobs=1).exit_code == 0
    return out
