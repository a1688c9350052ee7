"""`diff`: what differs between two results, by name and size, and nothing where nothing does."""

import hashlib
import json
import math
from collections import Counter

import pytest

from emgpipe.batch import compare_results, run_study
from emgpipe.batch.compare import PLACE
from emgpipe.errors import StoreError
from tests.batch.studies import NAMES, read_table, row_of, stamps, write_manifest, write_recording


@pytest.fixture(scope="module")
def other(tiny, tiny_out, tmp_path_factory):
    """Results of the same study with another setting, which every value feels; nothing changes them."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "s.toml").write_text("[condition]\nlow_hz = 30.0\n")
    run_study(tiny, folder / "out", settings=folder / "s.toml", jobs=1)
    return folder / "out"


def test_results_of_two_runs_of_one_study_do_not_differ_and_stay_untouched(study, done, tmp_path):
    run_study(study, tmp_path / "again", jobs=1)
    before = stamps(done)
    found = compare_results(done, tmp_path / "again")
    assert found.equal
    assert sum(one.compared for one in found.measures) == len(read_table(done / "measures.csv"))
    assert stamps(done) == before


def test_a_setting_is_named_with_every_value_that_it_moved(done, other):
    found = compare_results(done, other)
    assert found.settings == (("condition.low_hz", "20.0", "30.0"),)
    assert (found.equal, found.versions, found.recordings, found.added, found.removed) == (False, (), (), (), ())
    old, new = (read_table(out / "measures.csv") for out in (done, other))
    moved = {tuple(a[name] for name in PLACE): (a["value"], b["value"])
             for a, b in zip(old, new, strict=True) if a["value"] != b["value"]}  # fmt: skip
    told = {tuple(c.place[name] for name in PLACE): c.cells["value"] for c in found.changed if "value" in c.cells}
    assert told == moved
    counts = Counter(place[-1] for place in moved)
    assert {one.measure: one.changed for one in found.measures if one.changed} == counts


def test_the_way_back_has_the_same_rows_with_old_and_new_exchanged(done, other):
    there, back = compare_results(done, other), compare_results(other, done)
    cells = {tuple(c.place.values()): {k: v[::-1] for k, v in c.cells.items()} for c in back.changed}
    assert {tuple(c.place.values()): dict(c.cells) for c in there.changed} == cells
    assert (there.intervals_added, there.intervals_removed) == (back.intervals_removed, back.intervals_added)


def test_within_a_measure_the_largest_change_comes_first(done, other):
    sizes = {}
    for change in compare_results(done, other).changed:
        sizes.setdefault(change.place["measure"], []).append(abs(change.relative))
    assert sizes
    assert all(one == sorted(one, reverse=True) for one in sizes.values())


def test_a_change_of_a_value_is_told_against_its_size(done, other):
    for change in compare_results(done, other).changed:
        old, new = change.cells.get("value", ("", ""))
        if old and new and float(old):
            assert change.relative == pytest.approx((float(new) - float(old)) / abs(float(old)), rel=1e-12)
        else:
            assert change.relative == (math.inf if old != new else 0.0)


def test_recordings_that_came_went_changed_or_failed_are_named(study, done, tmp_path):
    out = tmp_path / "new"
    write_recording(study / "P01_V2.edf", 99)
    (study / "P02_V1.edf").unlink()
    write_recording(study / "P03_V1.edf", 7)
    write_manifest(study, [row_of(name) for name in (*NAMES[:3], "P03_V1")])
    run_study(study, out, jobs=1)
    found = compare_results(done, out)
    told = {name: (old, new) for name, old, new in found.recordings}
    assert told.pop("P01_V2_supine") == tuple(
        f"{read_table(one / 'inputs.csv')[1]['sha256'][:12]}..." for one in (done, out)
    )
    assert told == {
        "P02_V1_supine": ("ok", "failed FILE_MISSING"), "P02_V2_supine": ("ok", ""), "P03_V1_supine": ("", "ok"),
    }  # fmt: skip
    assert {row["recording"] for row in found.added} >= {"P03_V1_supine", "P02_V1_supine"}
    assert {row["recording"] for row in found.removed} >= {"P02_V2_supine", "P02_V1_supine"}
    assert {c.place["recording"] for c in found.changed if c.place["recording"]} == {"P01_V2_supine"}


def test_conditions_and_findings_that_one_side_alone_has_are_named(study, done, tmp_path):
    write_manifest(study, [row_of(n, posture=p) for n, p in zip(NAMES, ("a", "b", "", ""), strict=True)])
    run_study(study, tmp_path / "new", jobs=1)
    found = compare_results(done, tmp_path / "new")
    assert [(name, old) for name, old, _ in found.findings] == [("P01_V1_supine", ""), ("P01_V2_supine", "")]
    assert all("CONDITIONS_DIFFER" in new for _, _, new in found.findings)
    assert found.recordings == (("P01_V1_supine: posture", "", "a"), ("P01_V2_supine: posture", "", "b"))
    assert found.changed == ()


@pytest.mark.parametrize("name", ["measures.csv", "inputs.csv", "intervals.csv", "settings.toml", "run.json"])
def test_results_that_are_not_as_written_are_refused(done, other, name):
    with (done / name).open("a") as stream:
        stream.write("\n")
    with pytest.raises(StoreError, match=f"RESULTS_UNREADABLE: {name} is not as it was written"):
        compare_results(other, done)


def test_results_whose_record_lacks_a_part_are_refused(done, tmp_path):
    with pytest.raises(StoreError, match="RESULTS_UNREADABLE"):
        compare_results(done, tmp_path / "none")
    (done / "run.json.sha256").unlink()
    with pytest.raises(StoreError, match="RESULTS_UNREADABLE"):
        compare_results(done, done)


def test_versions_are_compared(done, other):
    record = json.loads((done / "run.json").read_text())
    text = json.dumps({**record, "versions": {**record["versions"], "numpy": "1.0"}})
    (done / "run.json").write_text(text)
    lines = (done / "run.json.sha256").read_text().splitlines(keepends=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (done / "run.json.sha256").write_text(f"{digest}  run.json\n{lines[1]}")
    assert compare_results(done, other).versions == (("numpy", "1.0", record["versions"]["numpy"]),)
