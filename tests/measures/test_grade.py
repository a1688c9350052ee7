"""Grades of channels: read off the rows, never better than any of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors.codes import CODES
from emgpipe.measures.grade import DOUBT, LETTERS, RULES, WORD, Grade, grades, worst
from emgpipe.measures.rows import MeasureRow
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.simulate import heart_train, scenario
from tests.strategies import noise_of

RATE = 2000.0


def row(reason="", *, measure="rest_rms_uv", value=7.0, status="ok", confidence="high", target="TA_R", segment="rest"):
    return MeasureRow(
        segment, target, "muscle", measure, value, "uV", status=status, reason=reason, floor_confidence=confidence
    )


def no_level(reason):
    return row(reason, value=None, status="undeterminable")


def graded(signals, muscles, *, marks=(), rest=True, rate=RATE, **options):
    recording = array_recording(signals, muscles, rate, annotations=marks, clip_uv=1000.0)
    return measure(recording, compute_frames(recording, mains_hz=50), rest=rest, **options).grades


def test_every_code_of_the_rules_is_a_code_and_stands_in_one_list():
    assert set(RULES) <= set(CODES)
    assert len(WORD) + len(DOUBT) == len(RULES)


def test_a_channel_of_which_nothing_is_said_is_an_a():
    assert grades([row()]) == {"TA_R": Grade("A")}


@pytest.mark.parametrize(("code", "letter"), RULES.items())
def test_a_code_costs_what_the_rules_say(code, letter):
    assert grades([row(), row(code, measure="apdf_p10_uv")]) == {"TA_R": Grade(letter, (code,))}


@given(st.lists(st.sampled_from(sorted({*CODES} - {"CHANNEL_EXCLUDED"})), max_size=6))
@settings(max_examples=100)
def test_more_to_say_never_makes_a_grade_better(codes):
    letters = [grades([row(";".join(codes[:n]))])["TA_R"].letter for n in range(len(codes) + 1)]
    assert letters == sorted(letters)


def test_the_worst_code_comes_first_whatever_the_order_of_rows():
    rows = [row("MOVEMENT"), row("ECG_NOT_REMOVED;CLIPPED")]
    assert grades(rows) == grades(rows[::-1]) == {"TA_R": Grade("C", ("CLIPPED", "ECG_NOT_REMOVED", "MOVEMENT"))}


def test_beats_that_were_removed_and_a_short_segment_cost_nothing():
    assert grades([row("QRS;SHORT;LOWER_BOUND;CROSSTALK_POSSIBLE")])["TA_R"].letter == "A"


def test_a_floor_of_medium_confidence_is_a_b():
    assert grades([row(confidence="medium")]) == {"TA_R": Grade("B", ("FLOOR_MEDIUM_CONFIDENCE",))}


def test_no_level_in_any_segment_is_a_d_with_its_reasons():
    assert grades([no_level("NOISY_ELECTRODE;FLAT"), row(measure="tilt")])["TA_R"] == Grade(
        "D", ("NOISY_ELECTRODE", "FLAT")
    )


def test_a_level_below_its_limit_is_a_number():
    assert grades([row(status="below_limit")])["TA_R"].letter == "A"


def test_a_segment_without_a_number_beside_one_with_it_is_a_c():
    found = grades([no_level("TOO_MUCH_EXCLUDED;MOVEMENT"), row(segment="mvc")])
    assert found["TA_R"] == Grade("C", ("TOO_MUCH_EXCLUDED", "MOVEMENT"))


def test_pairs_and_excluded_channels_have_no_grade():
    pair = MeasureRow("rest", "TA_R/GM_R", "pair", "cc_overlap_uv", 1.0, "uV", reason="CLIPPED")
    assert grades([pair, no_level("CHANNEL_EXCLUDED")]) == {}


def test_the_worst_channel_speaks_for_the_recording():
    assert [worst([Grade(letter) for letter in letters]) for letters in ("AB", "BCA", "DA", "")] == ["B", "C", "D", "D"]
    assert list(LETTERS) == sorted(LETTERS)


def test_recordings_are_graded_by_what_is_in_them():
    good = noise_of(1, 70, RATE)
    clipped = np.clip(40 * scenario("always_active", 1, 70, RATE).samples_uv, -1000, 1000)
    found = graded([good, clipped, np.zeros(len(good))], ["TA_R", "GM_R", "RF_R"])
    assert found["TA_R"] == Grade("A")
    assert found["GM_R"].letter in "CD"
    assert "CLIPPED" in found["GM_R"].codes
    assert found["RF_R"].letter == "D"
    assert "NO_USABLE_SIGNAL" in found["RF_R"].codes


def test_marks_of_people_over_more_than_a_tenth_are_a_word():
    marks = [Annotation(0.0, 100.0, "rest"), Annotation(10.0, 15.0, "BAD_cough")]
    assert graded([noise_of(1, 100, RATE)], ["TA_R"], marks=marks) == {"TA_R": Grade("B", ("BAD",))}


def test_a_heart_that_was_removed_is_no_fault():
    n = int(90 * RATE)
    beats = heart_train(n, RATE, np.random.default_rng(1), ectopic_share=0.0).samples_uv
    found = graded([noise_of(k, 90, RATE) + beats for k in (1, 2)], ["PSP_L", "RA_R"])
    assert found["PSP_L"] == found["RA_R"] == Grade("A")


def test_two_signals_of_one_muscle_are_a_d_once():
    signals = [noise_of(k, 20, RATE) for k in (1, 2)]
    recording = array_recording(signals, ["a", "b"], RATE, muscles=["TA_R", "TA_R"])
    found = measure(recording, compute_frames(recording, mains_hz=50), rest=True).grades
    assert found == {"TA_R": Grade("D", ("MUSCLE_DUPLICATE",))}
