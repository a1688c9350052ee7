"""The choice of settings: ties, patients left out, what cannot be chosen."""

import numpy as np
import pytest

from emgpipe.settings import Settings
from emgpipe.tuning.choice import leave_one_patient_out, nearness
from emgpipe.tuning.grid import parse_grid
from emgpipe.tuning.model import SCORES
from emgpipe.tuning.scores import agreement_of

GRID = parse_grid(["detect.activity_ratio=1.3,1.5,1.7,2", "detect.close_gap_s=0.15,0.25,0.35"], Settings())
N = len(GRID)


def sums_of(f1, on_s=100.0):
    """Sums with these F1: both / (both + errors / 2), errors half found only and half marks only."""
    f1 = np.asarray(f1, float)
    out = np.zeros((*f1.shape, len(SCORES)))
    out[..., 0] = on_s * f1
    out[..., 1] = out[..., 2] = on_s * (1 - f1)
    return out


def drawn(seed, subjects=("S01", "S02", "S03", "S04")):
    rng = np.random.default_rng(seed)
    return {name: sums_of(rng.uniform(0.2, 1, N), rng.uniform(5, 90)) for name in subjects}


def test_the_declared_settings_are_nearest_and_one_change_is_nearer_than_two():
    order = np.argsort(nearness(GRID)).tolist()
    assert order[0] == 0
    changed = [sum(a != b for a, b in zip(GRID.values(n), GRID.values(0), strict=True)) for n in order]
    assert changed == sorted(changed)
    # of one change each, a step of either axis before the two steps to 2
    assert GRID.values(order[5]) == (2, 0.25)


def test_one_change_of_many_steps_is_nearer_than_two_of_one_each():
    grid = parse_grid(["detect.activity_ratio=1.5,1.6,1.7,1.8", "detect.close_gap_s=0.25,0.35"], Settings())
    order = [grid.values(n) for n in np.argsort(nearness(grid))]
    assert order.index((1.8, 0.25)) < order.index((1.6, 0.35)) < order.index((1.7, 0.35))


def test_a_declared_value_that_is_not_in_the_grid_has_its_place_between_the_others():
    grid = parse_grid(["detect.activity_ratio=1.2,1.4,1.6,3"], Settings())
    assert [grid.values(n)[0] for n in np.argsort(nearness(grid))] == [1.5, 1.4, 1.6, 1.2, 3]


def test_the_best_point_wins_and_of_equals_the_nearest():
    f1 = np.full(N, 0.5)
    f1[[3, 7]] = 0.9
    best = leave_one_patient_out(GRID, {"S01": sums_of(f1)}).point
    near = nearness(GRID)
    assert best == (3 if near[3] < near[7] else 7)
    assert leave_one_patient_out(GRID, {"S01": sums_of(np.full(N, 0.5))}).point == 0


def test_nothing_that_can_be_scored_leaves_the_declared_settings():
    choice = leave_one_patient_out(GRID, {"S01": np.zeros((N, len(SCORES)))})
    assert (choice.point, choice.reason) == (0, "CHOICE_NONE")
    assert leave_one_patient_out(GRID, {}).reason == "CHOICE_NONE"


def silent(false_s):
    """Sums of a patient who was silent throughout, with so many false seconds under each point."""
    out = np.zeros((N, len(SCORES)))
    out[:, SCORES.index("found_only_s")] = false_s
    out[:, SCORES.index("neither_s")] = 100.0 - out[:, SCORES.index("found_only_s")]
    out[:, SCORES.index("n_found")] = out[:, SCORES.index("found_only_s")] > 0
    return out


@pytest.mark.parametrize("n_patients", [1, 2, 3])
def test_marks_without_activity_leave_the_declared_settings_and_false_alarms_never_win(n_patients):
    # the declared settings are perfect, 0/0; all others have false alarms, which score 0
    false_s = np.where(np.arange(N) == 0, 0.0, 5.0)
    choice = leave_one_patient_out(GRID, {f"S{n}": silent(false_s) for n in range(n_patients)})
    assert (choice.point, choice.reason, choice.patients) == (0, "CHOICE_NONE", ())
    assert (choice.n_equal, choice.at_end) == (0, ())
    assert np.isnan([choice.score, choice.out_of_sample]).all()


def test_of_a_silent_patient_nothing_is_chosen_and_false_seconds_stay_in_the_score_out_of_sample():
    f1 = np.full(N, 0.5)
    f1[3] = 0.9
    sums = {"S01": sums_of(f1), "S02": sums_of(f1), "S03": silent(np.where(np.arange(N) == 0, 0.0, 8.0))}
    choice = leave_one_patient_out(GRID, sums)
    (*_, last) = choice.patients
    assert (last.subject, last.chosen, last.hindsight, last.out_of_sample) == ("S03", 3, 0, 0.0)
    # 2 x 180 / (2 x 180 + 40 of the errors + 8 false seconds)
    assert choice.out_of_sample == pytest.approx(360 / (360 + 40 + 8), rel=1e-12)


def test_of_others_who_are_all_silent_the_declared_settings_are_taken():
    sums = {"S01": sums_of(np.linspace(0.1, 0.9, N)), "S02": silent(np.where(np.arange(N) == 0, 0.0, 8.0))}
    left = {one.subject: one for one in leave_one_patient_out(GRID, sums).patients}
    assert (left["S01"].chosen, left["S01"].hindsight) == (0, N - 1)


def test_scores_that_differ_in_their_last_bit_only_are_equal():
    sums = sums_of(np.full(N, 0.7))
    sums[5, 0] = np.nextafter(sums[5, 0], 1e9)
    sums[5, 1:3] = np.nextafter(sums[5, 1:3], 0)
    assert agreement_of(sums).f1[5] > agreement_of(sums).f1[0]
    choice = leave_one_patient_out(GRID, {"S01": sums, "S02": sums})
    assert (choice.point, choice.n_equal) == (0, N)
    assert {one.chosen for one in choice.patients} == {one.hindsight for one in choice.patients} == {0}


def test_settings_at_an_end_of_several_tried_are_named():
    f1 = np.full(N, 0.5)
    point = next(n for n in range(N) if GRID.values(n) == (2, 0.25))
    f1[point] = 0.9
    choice = leave_one_patient_out(GRID, {"S01": sums_of(f1)})
    assert (choice.at_end, choice.n_equal) == (("detect.activity_ratio",), 1)
    two = parse_grid(["detect.activity_ratio=1.5,1.6"], Settings())
    assert leave_one_patient_out(two, {"S01": sums_of([0.5, 0.9])}).at_end == ()


def test_a_choice_that_is_scored_on_other_time_says_so():
    for column, part in (("neither_s", 0.02), ("true_only_s", 0.3), ("n_true", 0.02)):
        sums = sums_of(np.linspace(0.1, 0.9, N))
        sums[:, SCORES.index("neither_s")] = 1e4
        sums[:, SCORES.index("n_true")] = 1000
        sums[:, SCORES.index("neither_s")] += 100 - sums[:, :3].sum(axis=1)
        sums[:, 1], sums[:, 2] = 0, 100 - sums[:, 0]
        assert leave_one_patient_out(GRID, {"S01": sums}).other_time == ""
        sums[-1, SCORES.index(column)] *= 1 - part
        choice = leave_one_patient_out(GRID, {"S01": sums})
        assert (choice.point, choice.other_time) == (N - 1, "CHOICE_OTHER_TIME"), column
        assert choice.basis != choice.declared_basis


def test_a_basis_is_scored_time_marked_time_and_onsets():
    sums = np.arange(1.0, len(SCORES) + 1)
    choice = leave_one_patient_out(
        parse_grid(["detect.activity_ratio=1.5,1.6"], Settings()), {"S01": np.array([sums] * 2)}
    )
    assert choice.basis == choice.declared_basis == (1 + 2 + 3 + 4, 1 + 3, 6)


def test_each_patient_is_scored_under_the_choice_of_the_others():
    sums = drawn(1)
    choice = leave_one_patient_out(GRID, sums)
    kept = np.zeros(len(SCORES))
    for one in choice.patients:
        others = sum(sums[name] for name in sums if name != one.subject)
        best = int(np.argmax(agreement_of(others).f1))  # no ties among drawn scores
        assert one.chosen == best
        assert one.in_sample == pytest.approx(agreement_of(others).f1[best], rel=1e-12)
        assert one.out_of_sample == agreement_of(sums[one.subject]).f1[best]
        assert one.hindsight_score == agreement_of(sums[one.subject]).f1.max()
        kept += sums[one.subject][best]
    assert choice.out_of_sample == pytest.approx(float(agreement_of(kept).f1), rel=1e-12)
    assert choice.score == pytest.approx(agreement_of(sum(sums.values())).f1.max(), rel=1e-12)
    assert choice.loss == choice.score - choice.out_of_sample


def test_the_order_of_patients_changes_nothing():
    sums = drawn(2)
    assert leave_one_patient_out(GRID, sums) == leave_one_patient_out(GRID, dict(reversed(sums.items())))


def test_points_that_are_the_same_in_all_others_tie_whoever_is_left_out():
    # thirds are not exact in binary: taking one patient away from the total would break the tie
    sums = {name: sums_of(np.full(N, one / 3), one / 7) for name, one in zip("ABCDE", range(1, 6), strict=True)}
    sums["F"] = sums_of(np.linspace(0.1, 0.9, N), 1e6)
    left = {one.subject: one for one in leave_one_patient_out(GRID, sums).patients}
    assert left["F"].chosen == 0


def test_one_patient_has_no_score_out_of_sample():
    choice = leave_one_patient_out(GRID, {"S01": sums_of(np.linspace(0.1, 0.9, N))})
    assert (choice.point, choice.reason, choice.patients) == (N - 1, "CHOICE_IN_SAMPLE", ())
    assert np.isnan(choice.out_of_sample)


def test_patients_without_marks_do_not_count():
    sums = drawn(3) | {"S09": np.zeros((N, len(SCORES)))}
    assert [one.subject for one in leave_one_patient_out(GRID, sums).patients] == ["S01", "S02", "S03", "S04"]


def test_onsets_alone_are_chosen_by_their_event_f1():
    sums = np.zeros((N, len(SCORES)))
    sums[:, SCORES.index("n_true")] = sums[:, SCORES.index("n_found")] = 10
    sums[:, SCORES.index("n_matched")] = np.arange(N) % 11
    choice = leave_one_patient_out(GRID, {"S01": sums, "S02": sums})
    assert (choice.criterion, choice.point, choice.out_of_sample) == ("event_f1", 10, 1.0)
