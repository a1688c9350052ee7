"""Values of visits under each point are those of a run with these settings."""

import numpy as np
import pytest

from emgpipe.batch.recompute import kept_results
from emgpipe.batch.verify import sealed_record
from emgpipe.settings import load_settings
from emgpipe.tuning.grid import parse_grid
from emgpipe.tuning.merged import merged_values
from tests.tuning.swept import parts_of, tables_of, told

AXES = ("detect.floor_max_uv=0.4,5", "detect.activity_ratio=1.5,2.5", "measure.least_reference_s=2,3.5")


def kept_of(out):
    return kept_results(out, sealed_record(out)[0])


@pytest.fixture(scope="module")
def swept(crossover_out):
    grid = parse_grid(AXES, load_settings(crossover_out / "settings.toml"))
    kept = kept_of(crossover_out)
    return grid, kept, parts_of(crossover_out, kept, grid), tables_of(crossover_out, grid)


def test_merged_values_are_the_rows_of_a_run_with_these_settings_bit_for_bit(swept):
    grid, kept, parts, tables = swept
    merged = merged_values(parts, kept.study, frozenset(tables[0]["measure"].dropna()))
    assert merged.findings == ()
    for point in range(len(grid)):
        keys, value, limit, status = told(tables[point])
        place = [merged.values.keys.index(key) for key in keys]
        assert sorted(place) == list(range(len(merged.values.keys)))
        assert merged.values.value[point, place].tobytes() == value.tobytes()
        np.testing.assert_array_equal(merged.values.limit[point, place], limit)
        np.testing.assert_array_equal(merged.values.status[point, place], status)
    moved = {
        merged.values.keys[n].measure for n in np.flatnonzero((merged.values.status != merged.values.status[0]).any(0))
    }
    assert {"apdf_p10_pct", "active_regions_emg"} & moved
