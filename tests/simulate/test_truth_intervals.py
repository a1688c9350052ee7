"""truth_intervals.csv: the true stretches of every muscle, all of the recording, and nothing of treatments."""

import csv
from pathlib import Path

import numpy as np
import pytest

from emgpipe.batch.tables import INTERVAL_COLUMNS as MEASURED_COLUMNS
from emgpipe.intervals import Intervals
from emgpipe.simulate import SimulatedMuscle, Spasm, VisitPlan, simulate_visit
from emgpipe.simulate.truth import INTERVAL_COLUMNS, truth_intervals
from emgpipe.simulate.visit_folder import write_visit

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def visit():
    muscles = [SimulatedMuscle("TA_R", 0.05, active_share=0.4), SimulatedMuscle("GM_R", 0.0)]
    return simulate_visit(3, muscles, [("TA_R", "GM_R")], rest_s=20.0, reference_s=5.0, rate_hz=1000.0)


@pytest.fixture(scope="module")
def rows(visit):
    rows = truth_intervals("S01", "V1", visit.channels, [("TA_R", "GM_R")])
    return [dict(zip(INTERVAL_COLUMNS, row, strict=True)) for row in rows]


def stretches(rows, target, kind):
    return Intervals.of([(r["start_s"], r["stop_s"]) for r in rows if (r["target"], r["kind"]) == (target, kind)])


def test_the_columns_are_those_of_a_run():
    assert INTERVAL_COLUMNS == MEASURED_COLUMNS


@pytest.mark.parametrize("muscle", ["TA_R", "GM_R"])
def test_active_and_silent_time_is_all_of_the_recording(rows, muscle):
    active, silent = stretches(rows, muscle, "active"), stretches(rows, muscle, "silent")
    assert active.duration + silent.duration == pytest.approx(25.0, abs=1e-4)
    assert active.overlap(silent).duration == 0
    assert active.overlap(Intervals.of([(20.0, 25.0)])).duration > 4  # the reference is active too


def test_active_time_holds_all_discharges_and_silent_time_none(visit, rows):
    times_s = np.concatenate(visit.discharges_s[0])
    silent = stretches(rows, "TA_R", "silent")
    # rounded to the microsecond
    inside = [((silent.pairs[:, 0] + 1e-6 < t) & (t < silent.pairs[:, 1] - 1e-6)).any() for t in times_s]
    assert len(times_s) > 100
    assert not any(inside)


def test_a_pair_is_coactive_where_both_are_active(rows):
    both = stretches(rows, "TA_R", "active").overlap(stretches(rows, "GM_R", "active"))
    assert stretches(rows, "TA_R/GM_R", "coactive") == both
    assert both.duration > 0


def test_ends_that_the_recording_cuts_are_told(rows):
    for row in rows:
        assert (row["cut_start"], row["cut_stop"]) == tuple(
            "true" if cut else "false" for cut in (row["start_s"] == 0, row["stop_s"] == 25)
        )


def test_spasms_are_those_of_the_plan(tmp_path):
    plan = VisitPlan(spasms=(Spasm(4.0, {"TA_R": 0.0}),))
    made = simulate_visit(3, [SimulatedMuscle("TA_R")], rest_s=20.0, reference_s=0.0, rate_hz=1000.0, plan=plan)
    write_visit(tmp_path, made, seed=3)
    with (tmp_path / "truth_intervals.csv").open(newline="") as stream:
        spasms = [row for row in csv.DictReader(stream) if row["kind"] == "spasm"]
    assert [float(row["start_s"]) for row in spasms] == [
        pytest.approx(start, abs=1e-6) for start, _ in made.channels[0].events
    ]
    assert len(spasms) == 1
    assert "truth_intervals.csv" in (tmp_path / "SHA256SUMS").read_text()


def test_the_truth_of_the_sample_data_tells_nothing_of_arms():
    text = (SAMPLE / "truth_intervals.csv").read_text()
    assert "treat" not in text
    assert "AB" not in text
