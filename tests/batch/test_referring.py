"""A reference in another recording: common areas take it, and are decided anew when it changes."""

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.units import read_unit, unit_bytes
from emgpipe.recording import Annotation
from tests.batch.studies import HEAD, outputs, read_table, value, write_manifest, write_recording

REST, MVC = (Annotation(0.0, 32.0, "rest"),), (Annotation(0.0, 20.0, "reference"),)
LEVELS_UV = (12.0, 6.0)


@pytest.fixture
def study(tmp_path):
    """Rest in one file, the reference in another one of the visit, and a second visit with rest only."""
    (tmp_path / "study.toml").write_text(HEAD)
    for name, seed, marks in (("rest", 1, REST), ("mvc", 2, MVC), ("later", 3, REST)):
        write_recording(tmp_path / f"{name}.edf", seed, LEVELS_UV, annotations=marks)
    rows = [("V1", "rest.edf", "supine"), ("V1", "mvc.edf", "push"), ("V2", "later.edf", "supine")]
    write_manifest(tmp_path, [{"subject": "P01", "visit": v, "file": file, "task": task} for v, file, task in rows])
    return tmp_path


def common_area(out, visit):
    return value(read_table(out / "measures.csv"), "TA_R/GM_R", "cc_fw_pct", visit=visit, segment="rest")


def test_a_common_area_takes_the_reference_of_another_recording_of_the_visit(study, tmp_path):
    report = run_study(study, tmp_path / "out", jobs=1)
    assert (report.computed, report.exit_code) == (3, 0)
    row = common_area(tmp_path / "out", "V1")
    # rest and the reference are of one level: both envelopes divided by it are about 1
    assert float(row["value"]) == pytest.approx(85, abs=10)
    assert common_area(tmp_path / "out", "V2")["reason"] == "NO_REFERENCE"


def test_a_rerun_computes_nothing_and_gives_the_same_bytes_as_a_fresh_one(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1)
    assert run_study(study, tmp_path / "out", jobs=1).computed == 0
    run_study(study, tmp_path / "fresh", jobs=1)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "fresh")


def test_a_reference_that_changes_moves_the_rows_that_rest_on_it_and_no_others(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1)
    before = common_area(tmp_path / "out", "V1")["value"]
    write_recording(study / "mvc.edf", 9, (48.0, 6.0), annotations=MVC)
    assert run_study(study, tmp_path / "out", jobs=1).computed == 2  # the reference and the rest of that visit
    after = common_area(tmp_path / "out", "V1")["value"]
    assert float(after) < float(before) - 20
    run_study(study, tmp_path / "fresh", jobs=1)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "fresh")


def test_a_named_visit_serves_the_other_ones_and_without_a_reference_there_is_no_common_area(study, tmp_path):
    text = (study / "study.toml").read_text()
    (study / "study.toml").write_text(text.replace("same visit:", "visit V1:"))
    run_study(study, tmp_path / "out", jobs=1)
    assert float(common_area(tmp_path / "out", "V2")["value"]) == pytest.approx(85, abs=10)
    (study / "study.toml").write_text(text.replace('reference = "same visit: reference"', ""))
    run_study(study, tmp_path / "out", jobs=1)
    assert common_area(tmp_path / "out", "V1")["reason"] == "NO_REFERENCE"
    run_study(study, tmp_path / "fresh", jobs=1)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "fresh")


def test_a_level_that_changed_in_a_selected_visit_moves_the_rows_of_the_others_too(study, tmp_path):
    text = (study / "study.toml").read_text()
    (study / "study.toml").write_text(text.replace("same visit:", "visit V1:"))
    run_study(study, tmp_path / "out", jobs=1)
    write_recording(study / "mvc.edf", 9, (48.0, 6.0), annotations=MVC)
    run_study(study, tmp_path / "out", jobs=1, visits=["V1"])
    run_study(study, tmp_path / "fresh", jobs=1)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "fresh")


def test_units_from_before_there_were_levels_are_decided_anew(study, tmp_path):
    run_study(study, tmp_path / "out", jobs=1)
    for path in (tmp_path / "out" / "units").iterdir():
        old = {**read_unit(path), "key": "of another version"}
        del old["job"]["levels"]
        path.write_bytes(unit_bytes(old))
    assert run_study(study, tmp_path / "out", jobs=1).computed == 3
    run_study(study, tmp_path / "fresh", jobs=1)
    assert outputs(tmp_path / "out") == outputs(tmp_path / "fresh")
