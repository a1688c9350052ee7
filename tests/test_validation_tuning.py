"""The bench of tuning in its short form: a cohort of some seconds, and the real reaction task."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emgpipe.tuning.scores import agreement_of
from emgpipe.tuning.tune import tune_results
from validation import onsets, tuning

REAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "real"
needs_real = pytest.mark.skipif(not (REAL / "emg" / "myonset").is_dir(), reason="the real recordings are not at hand")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    tuning.simulated(folder, rest_s=20.0)
    return folder


def test_the_choice_by_all_but_one_is_near_the_best_in_hindsight(cohort):
    tuned = tuning.tuned(cohort, ("detect.activity_ratio=1.3,1.5,1.8", "detect.close_gap_s=0.25,0.35"))
    check = tuning.choice_check(tuned)
    assert check.holds, check.measured
    assert len(check.rows) == len(tuning.KINDS)


def test_muscles_above_the_noise_are_found_and_the_cost_of_the_others_is_told(cohort):
    check = tuning.level_check(cohort)
    assert check.holds, check.measured
    assert sum(int(row[1]) for row in check.rows) == 4 * len(tuning.KINDS)


def test_the_intervals_of_a_run_are_perfect_truth_of_its_own_settings(cohort, tmp_path):
    grid, table = ("detect.activity_ratio=1.5,2",), cohort / "results" / "intervals.csv"
    tuned = tune_results(cohort / "results", tmp_path / "own", grid=grid, truth=[table], jobs=1)
    for (_, kind), sums in tuned.pooled.items():
        agreement = agreement_of(sums[0])
        assert (agreement.f1, agreement.iou, agreement.kappa) == (1, 1, 1), kind
        assert np.isnan(agreement.event_f1) or agreement.event_f1 == 1, kind  # onsets there may be none
    assert {kind for _, kind in tuned.pooled} >= {"active", "coactive"}


def test_a_choice_that_does_not_carry_over_is_told(cohort):
    tuned = tuning.tuned(cohort, ("detect.activity_ratio=1.5,2",))
    choice = replace(tuned.choice, score=0.9, out_of_sample=0.88)
    assert not tuning.choice_check(replace(tuned, choice=choice)).holds


def test_marks_of_the_reaction_task_say_what_is_known_and_nothing_else(tmp_path):
    trials = [("APB_R", 1.0, 1.5), ("APB_L", 4.0, 4.5), ("APB_R", 7.0, 7.5)]
    with onsets.write_marks(trials, tmp_path / "marks.csv").open(newline="") as stream:
        rows = [(r["target"], r["kind"], float(r["start_s"]), float(r["stop_s"])) for r in csv.DictReader(stream)]
    assert [row for row in rows if row[1] == "onset"] == [(name, "onset", a, b) for name, a, b in sorted(trials)]
    for muscle in onsets.MUSCLES.values():
        assert sum(b - a for name, _, a, b in rows if name == muscle) == pytest.approx(onsets.DURATION_S)


@needs_real
def test_tuned_onsets_of_the_reaction_task_lie_between_stimulus_and_response_in_all_trials(tmp_path, monkeypatch):
    monkeypatch.setattr(onsets, "GRID", ("detect.activity_ratio=1.5,2,2.5", "detect.close_gap_s=0.1,0.25"))
    monkeypatch.setattr(onsets, "SHOWN", ("activity_ratio", "close_gap_s"))
    check = onsets.onset_check(REAL, tmp_path)
    assert check.holds, check.measured
    declared, chosen = check.rows
    assert (declared[3], chosen[3]) == ("15", "16")
