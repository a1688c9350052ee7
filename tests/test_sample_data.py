"""`sample_data/`: its files are as they were made, and the run finds what was put in."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from emgpipe.batch import run_study

SAMPLE = Path(__file__).parents[1] / "sample_data"
TRUTH = json.loads((SAMPLE / "truth.json").read_text("utf-8"))["recordings"]
MUSCLES = [(name, muscle) for name, told in TRUTH.items() for muscle in told["muscles"]]
PAIRS = [(name, pair) for name, told in TRUTH.items() for pair in told["pairs"]]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    results = tmp_path_factory.mktemp("sample") / "out"
    report = run_study(SAMPLE, results, jobs=1)
    assert (report.computed, report.failed, report.total) == (9, 0, 9)
    return results


@pytest.fixture(scope="module")
def rest(out):
    """Rows of rest by recording, target and measure."""
    with (out / "measures.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["segment"] == "rest"]
    return {(r["recording"] or r["visit"], r["target"], r["measure"]): r for r in rows}


def snr(truth):
    return truth["rms_on_uv"] / truth["floor_uv"]


def test_checksums_hold_and_name_every_file():
    lines = (SAMPLE / "SHA256SUMS").read_text().splitlines()
    told = {name.lstrip("*"): digest for digest, name in (line.split(maxsplit=1) for line in lines)}
    there = {str(p.relative_to(SAMPLE)) for p in SAMPLE.rglob("*") if p.is_file()} - {"SHA256SUMS"}
    assert set(told) == there
    assert {name: hashlib.sha256((SAMPLE / name).read_bytes()).hexdigest() for name in told} == told


def test_it_is_small_and_says_that_nobody_was_recorded():
    assert sum(p.stat().st_size for p in SAMPLE.rglob("*") if p.is_file()) <= 16 * 1024**2
    assert "Nobody was recorded" in (SAMPLE / "README.md").read_text()


@pytest.mark.parametrize(("name", "muscle"), MUSCLES, ids="-".join)
def test_activity_is_found_where_it_stands_two_floors_high(rest, name, muscle):
    truth = TRUTH[name]["muscles"][muscle]
    row = rest[f"{name}_supine", muscle, "act_frac"]
    if snr(truth) >= 2 or truth["active_fraction"] == 0:
        assert float(row["value"]) == pytest.approx(truth["active_fraction"], abs=0.04)
    else:  # less may be missed, and is never made up
        assert not row["value"] or float(row["value"]) <= truth["active_fraction"] + 0.04


@pytest.mark.parametrize(("name", "muscle"), MUSCLES, ids="-".join)
def test_the_static_level_is_found_or_below_its_limit(rest, name, muscle):
    truth_uv = TRUTH[name]["muscles"][muscle]["apdf_p10_uv"]
    row = rest[f"{name}_supine", muscle, "apdf_p10_uv"]
    if truth_uv == 0:
        assert row["status"] == "below_limit"
        assert float(row["value"]) < float(row["limit"])
    else:
        assert float(row["value"]) == pytest.approx(truth_uv, rel=0.1)


@pytest.mark.parametrize(("name", "muscle"), MUSCLES, ids="-".join)
def test_the_floor_is_found_and_lies_in_its_bracket_where_it_is_sure(rest, name, muscle):
    truth_uv = TRUTH[name]["muscles"][muscle]["floor_uv"]
    row = rest[f"{name}_supine", muscle, "floor_uv"]
    if row["floor_confidence"] == "high":
        assert float(row["value"]) == pytest.approx(truth_uv, rel=0.1)
        assert float(row["low"]) <= truth_uv <= float(row["high"])
    else:  # under a muscle far above the floor only the corrected level matters, see above
        assert snr(TRUTH[name]["muscles"][muscle]) > 3


@pytest.mark.parametrize(("name", "pair"), PAIRS, ids="-".join)
def test_overlap_of_a_pair_is_within_ten_percent_or_below_its_limit(rest, name, pair):
    truth_uv = TRUTH[name]["pairs"][pair]["cc_overlap_uv"]
    row = rest[f"{name}_supine", pair, "cc_overlap_uv"]
    if truth_uv < float(row["limit"]):
        assert row["status"] == "below_limit"
        assert float(row["value"]) < float(row["limit"])
    else:
        assert float(row["value"]) == pytest.approx(truth_uv, rel=0.1)


def test_levels_are_told_in_percent_of_the_reference_of_the_visit(rest):
    row = rest["S01_V1_supine", "TA_R", "apdf_p10_pct"]
    truth = TRUTH["S01_V1"]["muscles"]["TA_R"]
    assert float(row["value"]) == pytest.approx(100 * truth["apdf_p10_uv"] / truth["reference_rms_uv"], rel=0.1)


def test_every_visit_has_an_index_and_the_patients_are_told_apart(out):
    with (out / "visits.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["segment"] == "rest"]
    index = {(row["subject"], row["visit"]): float(row["subject.rigidity_index_log"]) for row in rows}
    assert len(index) == 9
    assert all(index["S01", v] > index["S02", v] > index["S03", v] for v in ("V1", "V2", "V3"))


def test_mains_is_named_in_the_visit_that_has_it(out):
    with (out / "measures.csv").open(newline="") as stream:
        lines = {row["recording"] for row in csv.DictReader(stream) if "50" in row["lines_hz"].split(";")}
    assert len(lines) == 1
    assert next(iter(lines)).startswith("S02")
