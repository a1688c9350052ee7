"""What a prepared recording says from the cache is what a run with the same settings writes, cell by cell."""

from dataclasses import asdict

import numpy as np
import pytest

from emgpipe.batch import run_study
from emgpipe.batch.jobs import Job
from emgpipe.batch.recalled import recalled
from emgpipe.batch.units import read_unit
from emgpipe.measures.intervals import INTERVAL_KINDS
from emgpipe.pipeline.point import MEASURES
from emgpipe.settings import check_settings, to_toml
from emgpipe.simulate import write_edf
from emgpipe.store.tables import cell
from tests.batch.studies import HEAD, LABELS, MARKS, NAMES, RATE_HZ, muscle_uv, read_table, row_of, write_manifest

GRID = [
    {"detect": {"activity_ratio": 1.3, "close_gap_s": 0.1}},
    {"detect": {"floor_max_uv": 1.2, "still_tilt": 1.4, "cmua_act_frac": 0.7}},
    {"detect": {"shortest_burst_s": 0.4, "activity_release": 1.0, "movement_ratio": 2.0}},
]


@pytest.fixture(scope="module")
def bursting(tmp_path_factory):
    """Two recordings of a muscle that comes and goes and one that nearly rests."""
    folder = tmp_path_factory.mktemp("prepared") / "study"
    folder.mkdir()
    for seed, name in enumerate(NAMES[:2]):
        rng = np.random.default_rng(seed)
        on = np.repeat(rng.random(72) < 0.5, 500)
        both = [np.where(on | late, muscle_uv(rng, level, 1.5), muscle_uv(rng, 0.0, 1.5)) for level in (9.0, 2.0)
                for late in [np.arange(36_000) >= 32 * RATE_HZ]]  # fmt: skip
        write_edf(folder / f"{name}.edf", both, LABELS, RATE_HZ, annotations=MARKS)
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, [row_of(name) for name in NAMES[:2]])
    return folder


@pytest.fixture(scope="module")
def prepared(bursting):
    """Each recording as a run with the default settings left it, by name."""
    out = bursting.parent / "results"
    run_study(bursting, out)
    units = {name: read_unit(out / "units" / f"{name}_supine.jsonl") for name in NAMES[:2]}
    return {name: recalled(unit, Job.from_told(unit["job"], out), None).prepared() for name, unit in units.items()}


@pytest.mark.parametrize("changes", [{}, *GRID], ids=["declared", "levels", "floor", "states"])
def test_rows_and_stretches_are_those_of_a_run_cell_by_cell(bursting, prepared, tmp_path, changes):
    settings = check_settings(changes)
    (tmp_path / "settings.toml").write_text(to_toml(settings))
    run_study(bursting, tmp_path / "out", settings=tmp_path / "settings.toml")
    tables = {name: read_table(tmp_path / "out" / f"{name}.csv") for name in ("measures", "intervals")}
    for name, one in prepared.items():
        for table, told in (
            ("measures", one.rows(settings, MEASURES)),
            ("intervals", one.intervals(settings, INTERVAL_KINDS)),
        ):
            mine = [{column: cell(value) for column, value in asdict(row).items()} for row in told]
            run = [line for line in tables[table] if line["recording"] == f"{name}_supine"]
            run = [line for line in run if line.get("measure", "floor_uv") in MEASURES]
            assert mine == [{column: line[column] for column in mine[0]} for line in run]
