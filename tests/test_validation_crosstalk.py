"""The bench of pairs in its short form: one draw of a kind, and what its checks count."""

from dataclasses import replace

import numpy as np
import pytest

from validation import crosstalk
from validation.crosstalk_cases import COPIES, COURSES, Muscle, Pair, Said, copied, course_of, emg_uv, pair_case

ACTIVE, SILENT = Muscle("five units", 20.0), Muscle(floors=0.0)
COPY = Pair(ACTIVE, SILENT, 0.05, duration_s=40.0)


def one_by_one(function, arguments):
    return [function(*a) for a in arguments]


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("way", COPIES)
def test_a_copy_of_one_floor_onto_a_silent_muscle_is_flagged_on_that_muscle(course, way):
    floors = 40.0 if course == "spasms" else 20.0
    said = pair_case(replace(COPY, first=Muscle("five units", floors, course), way=way), 0)
    assert said.flagged
    assert crosstalk._right_muscle(said)


@pytest.mark.parametrize("common", [0.0, 0.6])
def test_two_muscles_of_their_own_are_not_flagged(common):
    first, second = Muscle("one unit", 20.0, common=common), Muscle("one unit", 10.0, common=common)
    said = pair_case(Pair(first, second, duration_s=40.0, common_hz=10.0), 1)
    assert not said.flagged
    assert said.value("xt_r0") < 0.2
    assert (said.value("imc_low_z") > 3) == bool(common)


def test_the_overlap_at_unequal_rates_is_the_noise_free_one():
    said = pair_case(Pair(Muscle(floors=40.0), Muscle(floors=8.0), rates_hz=(2000.0, 2048.0), device=True), 0)
    assert said.value("cc_overlap_uv") == pytest.approx(said.overlap_uv, rel=0.1)
    assert np.isnan([said.value(name) for name in ("cc_overlap_xt_uv", "imc_low_z", "xt_r0")]).all()


def test_the_corrected_overlap_is_nearer_to_the_truth_where_a_copy_is_in():
    said = pair_case(Pair(ACTIVE, Muscle(floors=3.0), 0.2, device=True, duration_s=40.0), 0)
    plain, left = (said.value(name) - said.overlap_uv for name in ("cc_overlap_uv", "cc_overlap_xt_uv"))
    assert plain > 2
    assert abs(left) < 0.1 * plain


def test_a_silent_antagonist_holds_in_every_row():
    check = crosstalk.silent_check(one_by_one, 1)
    assert check.holds, check.measured
    assert len(check.rows) == 16


def test_a_verdict_on_the_wrong_muscle_counts_against_the_check():
    said = pair_case(COPY, 0)
    agonist, antagonist = crosstalk.MUSCLES
    swapped = {("TA_R", "rest_rms_uv"): said.rows[antagonist, "rest_rms_uv"],
               ("GM_R", "rest_rms_uv"): said.rows[agonist, "rest_rms_uv"]}  # fmt: skip
    assert not crosstalk._right_muscle(Said({**said.rows, **swapped}, said.overlap_uv, said.copy_floors))


def test_levels_courses_and_copies_are_as_stated():
    rng = np.random.default_rng(1)
    common = np.zeros(6000)
    for source in ("gaussian", "five units"):
        emg = emg_uv(Muscle(source, 10.0), 2000.0, 60.0, common, rng)
        assert np.sqrt(np.mean(emg**2)) == pytest.approx(15.0, rel=0.05)  # over all frequencies; 450 Hz ends the band
    assert 0.1 < course_of("bursts", 60_000, rng).mean() < 0.3
    gate = course_of("spasms", 60_000, rng)
    assert 0.1 < (gate == 1).mean() < 0.25
    assert gate.min() == 0.1
    sine = np.sin(2 * np.pi * 100 * np.arange(20_000) / 2000.0)
    late = copied(sine, 2000.0, "end effect")
    assert np.abs(np.fft.rfft(late)).argmax() == np.abs(np.fft.rfft(sine)).argmax()
