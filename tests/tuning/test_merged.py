"""Values of visits under each point are those of a run with these settings."""

from types import SimpleNamespace

import numpy as np
import pytest

from emgpipe.batch import load_results, run_study
from emgpipe.batch.recompute import kept_results
from emgpipe.batch.verify import sealed_record
from emgpipe.errors import SettingsError
from emgpipe.outcomes.plan_checks import UNITS
from emgpipe.outcomes.schedule import scheduled
from emgpipe.recording import Annotation
from emgpipe.settings import Settings, load_settings
from emgpipe.tuning.grid import parse_grid
from emgpipe.tuning.merged import base_measures, merged_values, taken
from emgpipe.tuning.model import STATUSES, Key, Values
from emgpipe.tuning.visits import VisitKey, pooled_visits
from tests.batch.studies import HEAD, row_of, write_manifest, write_recording
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


def test_the_bases_of_a_measure_are_all_that_it_needs(swept):
    _, kept, parts, tables = swept
    whole = merged_values(parts, kept.study, frozenset(tables[0]["measure"].dropna())).values
    for measure in ("act_frac", "apdf_p90_pct", "rigidity_index_log", "active_regions_emg", "lr_ln_ratio", "cc_fw_pct"):
        few = [taken(one, [n for n, k in enumerate(one.keys) if k.measure in base_measures(measure)]) for one in parts]
        made = merged_values(few, kept.study, {measure}).values
        place = [n for n, key in enumerate(whole.keys) if key.measure == measure]
        assert made.keys == tuple(whole.keys[n] for n in place)
        assert made.value.tobytes() == whole.value[:, place].tobytes()
        assert made.status.tobytes() == whole.status[:, place].tobytes()


def test_every_measure_of_a_table_has_bases_and_no_other_name_has():
    assert all(base_measures(name) for name in UNITS)
    with pytest.raises(SettingsError, match=r"OUTCOME_UNKNOWN: measure 'rigidity_index_lg'; .*'rigidity_index_log'"):
        base_measures("rigidity_index_lg")


def test_visits_are_those_of_the_tables_and_repeats_have_their_status(swept, crossover_out):
    grid, kept, parts, tables = swept
    merged = merged_values(parts, kept.study, frozenset(tables[0]["measure"].dropna())).values
    visits = pooled_visits(merged)
    place = {key: n for n, key in enumerate(visits.keys)}
    wide = load_results(crossover_out).visits.set_index(["subject", "visit", "task", "segment"])
    for key, n in place.items():
        cell = wide.loc[key[:4], f"{key.target}.{key.measure}"]
        assert cell == visits.value[0, n] or (np.isnan(cell) and np.isnan(visits.value[0, n]))
    for point in range(len(grid)):
        rows = scheduled(tables[point], {})
        assert len(rows) == len(place)
        at = [place[VisitKey(*cells)] for cells in rows[list(VisitKey._fields)].itertuples(index=False)]
        assert visits.value[point, at].tobytes() == rows["value"].to_numpy().tobytes()
        np.testing.assert_array_equal(visits.limit[point, at], rows["limit"])
        assert [STATUSES[n] for n in visits.status[point, at]] == rows["status"].tolist()
    assert (rows["n_runs"] > 1).any()


def test_what_no_point_moves_is_merged_once(swept):
    """Points that repeat one another are one pattern: the work is that of one."""
    _, kept, parts, _ = swept
    many = [Values(one.keys, *(np.repeat(a, 500, axis=0) for a in (one.value, one.status, one.limit, one.doubted)))
            for one in parts]  # fmt: skip
    made = merged_values(many, kept.study, {"rigidity_index_log", "rest_rms_pct"}).values
    few = merged_values(parts, kept.study, {"rigidity_index_log", "rest_rms_pct"}).values
    assert made.value.tobytes() == np.repeat(few.value, 500, axis=0).tobytes()


@pytest.mark.parametrize(("doubt", "status"), [(False, "ok"), (True, "flagged")])
def test_a_value_below_its_limit_tells_its_other_doubts_to_the_visit(doubt, status):
    keys = tuple(Key("r", "P1", "V1", "t", "", "rest", "TA_R", "muscle", *one)
                 for one in (("apdf_p10_uv", "uV"), ("cmua_frac", "1")))  # fmt: skip
    below, ok = STATUSES.index("below_limit"), STATUSES.index("ok")
    values = Values(
        keys, np.array([[0.2, 0.9]]), np.array([[below, ok]], np.uint8), np.array([[0.4, np.nan]]),
        np.array([[doubt, False]]),
    )  # fmt: skip
    study = SimpleNamespace(index_muscles=(), index_offset_uv=0.5, reference="")
    made = merged_values([values], study, {"active_regions_emg"}).values
    assert (made.value.tolist(), STATUSES[made.status[0, 0]]) == ([[0.0]], status)


def test_a_value_on_a_level_of_another_recording_that_changes_is_left_out_and_said(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.toml").write_text(HEAD)
    for seed, (name, (segment, seconds)) in enumerate({"rest": ("rest", 32.0), "mvc": ("reference", 20.0)}.items()):
        write_recording(study / f"{name}.edf", seed, (12.0, 6.0), annotations=(Annotation(0.0, seconds, segment),))
    write_manifest(study, [row_of("P01_V1", file="rest.edf"), row_of("P01_V1", file="mvc.edf", task="push")])
    run_study(study, tmp_path / "out", jobs=1)
    grid = parse_grid(["measure.least_reference_s=3,25", "detect.activity_ratio=1.5,2"], Settings())
    kept = kept_of(tmp_path / "out")
    parts, tables = parts_of(tmp_path / "out", kept, grid), tables_of(tmp_path / "out", grid)
    merged = merged_values(parts, kept.study, {"cc_fw_pct"})
    (finding,) = merged.findings
    assert (finding.code, finding.message.split()[0]) == ("REFERENCE_ELSEWHERE", "2")
    for point in range(len(grid)):
        keys, value, _, status = told(tables[point])
        own = [(merged.values.keys.index(key), n) for n, key in enumerate(keys) if key.measure == "cc_fw_pct"]
        for column, n in own:
            np.testing.assert_equal(merged.values.value[point, column], value[n])
            assert STATUSES[merged.values.status[point, column]] == STATUSES[status[n]]
    there = np.isfinite(merged.values.value).any(axis=1)
    assert there.tolist() == [grid.values(n)[0] == 3.0 for n in range(len(grid))]
