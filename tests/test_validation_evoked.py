"""The claims on evoked responses, on a few recordings."""

import numpy as np

from validation.evoked import Plan, leak_case, response_case, simulated


def test_latency_and_area_of_strong_responses_are_right():
    answers = [response_case(Plan(kind, 2000.0, db=30.0, n_trials=8), 0) for kind in ("Gaussian", "motor units")]
    for answer in answers:
        # a single recording of eight trials: goals of the bench and what eight scatter
        assert np.median(np.abs(answer.errors_ms)) < 5
        assert answer.area_ratio == np.clip(answer.area_ratio, 0.85, 1.15)


def test_nothing_leaks_before_the_stimulus():
    assert leak_case(Plan("Gaussian", 1000.0, artefact_uv=5000.0, n_trials=5), 0) == (0.0, 0.0)


def test_a_muscle_that_does_not_respond_gives_no_latency():
    answer = response_case(Plan("none", 1000.0, 5.0, "3 units", artefact_uv=5000.0, pace_s=2.0, n_trials=30), 0)
    assert answer.responds <= 0.1
    assert np.isnan(answer.lat_ms)


def test_the_truth_of_a_case_is_the_same_whatever_its_artefact():
    one, other = (simulated(Plan("Gaussian", 1000.0, db=20.0, artefact_uv=uv, n_trials=3), 1) for uv in (0.0, 5000.0))
    assert np.array_equal(one.latencies_s, other.latencies_s)
    assert np.array_equal(one.areas_uvs, other.areas_uvs)
