"""From annotations to segments: what is rest, how long it lasts, what is left out."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.study.timeline import ROUNDING_S, recording_segments
from tests.strategies import noise_of


def spans(marks, duration_s=100.0, meanings=None, **options):
    plan = recording_segments([Annotation(*mark) for mark in marks], duration_s, meanings, **options)
    return [(s.name, s.start_s, s.stop_s) for s in plan.segments]


def test_without_annotations_the_whole_recording_is_one_segment():
    assert spans([]) == [("whole", 0.0, 100.0)]


def test_a_recording_that_is_declared_rest_is_rest_from_start_to_end():
    assert spans([], rest=True) == [("rest", 0.0, 100.0)]


def test_a_task_is_no_rest():
    assert [s.kind for s in recording_segments([], 100.0, rest=False).segments] == ["whole"]


def test_an_annotation_says_more_than_the_declaration():
    assert spans([(5.0, 20.0, "rest")], rest=True) == [("rest", 5.0, 25.0)]


def test_declared_rest_is_the_longest_stretch_outside_other_segments():
    marks = [(10.0, 5.0, "mvc"), (90.0, 5.0, "reference")]
    assert spans(marks, rest=True) == [("mvc", 10.0, 15.0), ("rest", 15.0, 90.0), ("reference", 90.0, 95.0)]


def test_declared_rest_of_which_nothing_is_left_has_no_number():
    recording = array_recording(
        [noise_of(1, 20.0, 1000.0)], ["TA_R"], 1000.0, annotations=[Annotation(0.0, None, "mvc")]
    )
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    rest = {r.measure: (r.value, r.reason) for r in result.rows if r.segment == "rest" and r.measure != "floor_uv"}
    assert rest["apdf_p10_uv"] == rest["act_frac"] == rest["tilt"] == (None, "TOO_SHORT")


def test_a_segment_without_duration_lasts_to_the_next_one_or_to_the_end():
    assert spans([(0.0, None, "rest"), (60.0, None, "mvc")]) == [("rest", 0.0, 60.0), ("mvc", 60.0, 100.0)]


def test_cues_stimuli_and_texts_without_meaning_end_no_segment():
    marks = [(0.0, None, "rest"), (20.0, None, "relax_cue"), (30.0, None, "stimulus"), (40.0, None, "door")]
    assert spans(marks) == [("rest", 0.0, 100.0)]


def test_cues_alone_leave_the_recording_whole():
    assert spans([(20.0, None, "relax_cue")]) == [("whole", 0.0, 100.0)]


def cues(marks, duration_s=100.0):
    plan = recording_segments([Annotation(*mark) for mark in marks], duration_s)
    return [(s.name, s.start_s, s.stop_s) for s in plan.cues]


def test_a_cue_to_relax_makes_a_stretch_from_5_to_10_s_after_it():
    marks = [(0.0, None, "rest"), (20.0, None, "relax_cue"), (60.0, 1.0, "relax_cue")]
    assert cues(marks) == [("relax_cue", 25.0, 30.0), ("relax_cue_2", 65.0, 70.0)]


def test_what_comes_next_cuts_the_stretch_after_a_cue_and_may_leave_nothing_of_it():
    assert cues([(20.0, None, "relax_cue"), (28.0, None, "mvc")]) == [("relax_cue", 25.0, 28.0)]
    assert cues([(20.0, None, "relax_cue"), (23.0, None, "mvc")]) == [("relax_cue", 23.0, 23.0)]
    assert cues([(93.0, None, "relax_cue"), (99.0, None, "door")]) == [("relax_cue", 98.0, 100.0)]


def test_marks_of_a_cue_that_differ_by_rounding_are_one_cue():
    assert cues([(20.0, None, "relax_cue"), (20.0005, None, "relax_cue")]) == [("relax_cue", 25.0, 30.0)]
    apart = cues([(20.0, None, "relax_cue"), (20.1, None, "relax_cue")])
    assert [name for name, _, _ in apart] == ["relax_cue", "relax_cue_2"]


def test_all_stimuli_make_one_stretch_and_their_onsets_are_told_once():
    marks = [(40.0, None, "stimulus"), (20.0, 0.1, "Stimulus"), (40.0, None, "stimulus"), (120.0, None, "stimulus")]
    assert cues(marks) == [("stimulus", 19.5, 45.0)]
    plan = recording_segments([Annotation(*mark) for mark in marks], 100.0)
    assert plan.stimuli_s == (20.0, 40.0)


def test_repeated_segments_are_numbered_and_keep_their_kind():
    plan = recording_segments([Annotation(0.0, 10.0, "rest"), Annotation(20.0, 10.0, "REST ")], 100.0)
    assert [(s.name, s.kind) for s in plan.segments] == [("rest", "rest"), ("rest_2", "rest")]


def test_a_study_may_call_rest_by_its_own_word():
    assert spans([(1.0, 9.0, "Ruhe"), (10.0, 9.0, "Kraft")], meanings={"Ruhe": "rest", "Kraft": "mvc"}) == [
        ("rest", 1.0, 10.0), ("mvc", 10.0, 19.0),
    ]  # fmt: skip


def test_marks_are_cut_to_the_recording_and_those_outside_are_no_segment():
    assert spans([(-5.0, 10.0, "rest"), (90.0, 50.0, "mvc"), (120.0, 5.0, "reference")]) == [
        ("rest", 0.0, 5.0), ("mvc", 90.0, 100.0),
    ]  # fmt: skip


def test_bad_stretches_are_joined_and_cut():
    marks = [Annotation(-1.0, 3.0, "BAD_move"), Annotation(1.0, 4.0, "bad_cough"), Annotation(95.0, 50.0, "BAD_end")]
    plan = recording_segments(marks, 100.0)
    assert list(plan.bad) == [(0.0, 5.0), (95.0, 100.0)]
    assert plan.findings == ()


@pytest.mark.parametrize("duration_s", [None, 0.0])
def test_a_bad_mark_without_duration_excludes_nothing_and_is_a_finding(duration_s):
    plan = recording_segments([Annotation(7.0, duration_s, "BAD_move")], 100.0)
    assert len(plan.bad) == 0
    assert [(f.code, f.severity) for f in plan.findings] == [("BAD_WITHOUT_DURATION", "warning")]
    assert "7 s" in plan.findings[0].message


def test_calibration_is_a_stretch_and_no_segment():
    plan = recording_segments([Annotation(0.0, 5.0, "calibration"), Annotation(5.0, 50.0, "rest")], 100.0)
    assert list(plan.calibration) == [(0.0, 5.0)]
    assert [s.name for s in plan.segments] == ["rest"]


def told(marks, duration_s=100.0, meanings=None, **options):
    plan = recording_segments([Annotation(*mark) for mark in marks], duration_s, meanings, **options)
    return [f.code for f in plan.findings]


def test_a_calibration_in_a_declared_rest_is_no_rest():
    assert spans([(0.0, 30.0, "calibration")], rest=True) == [("rest", 30.0, 100.0)]


@pytest.mark.parametrize("other", ["mvc", "reference", "calibration", "walk"])
def test_what_is_declared_inside_a_rest_is_cut_out_and_the_longest_stretch_stays(other):
    marks, meanings = [(0.0, 90.0, "rest"), (50.0, 10.0, other)], {"walk": "walk"}
    assert ("rest", 0.0, 50.0) in spans(marks, meanings=meanings)
    assert told(marks, meanings=meanings) == ["SEGMENTS_OVERLAP"]
    found = recording_segments([Annotation(*m) for m in marks], 100.0, meanings).findings[0]
    assert (found.severity, found.where) == ("warning", "rest")
    assert all(text in found.message for text in ("rest 0-90 s", f"{other} 50-60 s", "rest 0-50 s"))


def test_a_rest_that_is_covered_has_no_seconds_and_is_not_forgotten():
    marks = [(10.0, 30.0, "rest"), (5.0, 60.0, "mvc")]
    assert spans(marks) == [("mvc", 5.0, 65.0), ("rest", 10.0, 10.0)]
    assert told(marks) == ["SEGMENTS_OVERLAP"]


def test_rests_that_overlap_are_one():
    assert spans([(0.0, 60.0, "rest"), (30.0, 60.0, "rest")]) == [("rest", 0.0, 90.0)]
    assert spans([(0.0, 60.0, "rest"), (0.0, 60.0, "rest")]) == [("rest", 0.0, 60.0)]
    assert told([(0.0, 60.0, "rest"), (30.0, 60.0, "rest")]) == ["SEGMENTS_OVERLAP"]


@pytest.mark.parametrize("start_s", [60.0, 60.0 - 1e-9])
def test_rests_and_segments_that_touch_stay_as_they_are(start_s):
    marks = [(0.0, 60.0, "rest"), (start_s, 20.0, "rest"), (80.0, 10.0, "mvc")]
    assert [name for name, *_ in spans(marks)] == ["rest", "rest_2", "mvc"]
    assert told(marks) == []


@pytest.mark.parametrize("options", [{"rest": True}, {"marks": [(0.0, None, "rest")]}])
def test_a_mark_without_meaning_in_a_rest_whose_end_is_not_written_is_named(options):
    marks = [*options.pop("marks", []), (40.0, None, "walk"), (50.0, None, "walk"), (60.0, None, " ")]
    plan = recording_segments([Annotation(*mark) for mark in marks], 100.0, **options)
    assert [(f.code, f.severity, f.where) for f in plan.findings] == [("ANNOTATION_UNKNOWN", "warning", "walk")]


def test_a_mark_without_meaning_in_a_rest_whose_end_is_written_says_nothing():
    assert told([(0.0, 90.0, "rest"), (40.0, None, "walk")]) == []


@pytest.mark.parametrize(("text", "near"), [("rest 2", "'rest'"), ("Rest supine", "'rest'"), ("Ruhe links", "'rest'")])
def test_a_text_that_begins_like_a_meaning_is_not_guessed_and_named(text, near):
    plan = recording_segments([Annotation(5.0, 40.0, text)], 100.0, {"Ruhe": "rest"})
    assert [s.name for s in plan.segments] == ["whole"]
    assert [f.code for f in plan.findings] == ["ANNOTATION_UNKNOWN"]
    assert repr(text) in plan.findings[0].message
    assert near in plan.findings[0].message


@pytest.mark.parametrize("text", ["BAD movement", "bad", "Bad ", "BAD_x", "bad\tcough"])
def test_bad_may_be_followed_by_a_blank_or_by_nothing(text):
    assert list(recording_segments([Annotation(30.0, 10.0, text)], 100.0).bad) == [(30.0, 40.0)]


def test_badminton_excludes_nothing():
    assert len(recording_segments([Annotation(30.0, 10.0, "Badminton")], 100.0).bad) == 0


@pytest.mark.parametrize("mark", [(120.0, 60.0, "rest"), (120.0, None, "rest"), (-20.0, 10.0, "rest")])
def test_a_segment_outside_the_recording_is_left_out_and_said(mark):
    assert spans([mark]) == [("whole", 0.0, 100.0)]
    assert told([mark]) == ["SEGMENT_OUT_OF_RANGE"]


@pytest.mark.parametrize(
    ("mark", "codes"),
    [
        ((60.0, 40.9, "rest"), []),
        ((60.0, 41.1, "rest"), ["SEGMENT_OUT_OF_RANGE"]),
        ((-1.1, 50.0, "mvc"), ["SEGMENT_OUT_OF_RANGE"]),
        ((95.0, 60.0, "calibration"), ["SEGMENT_OUT_OF_RANGE"]),
    ],
)
def test_a_segment_that_loses_more_than_a_second_is_said(mark, codes):
    assert told([mark]) == codes


def mixed(n):
    return [
        Annotation(0.5 * i, (0.3, None, n)[i % 3], ("rest", "door", "mvc", "BAD", "calibration")[i % 5])
        for i in range(n)
    ]


MANY = {
    "bad": lambda n: [Annotation(0.5 * i, 0.1, "BAD") for i in range(n)],
    "rests": lambda n: [Annotation(0.5 * i, 0.1, "rest") for i in range(n)],
    "open rests": lambda n: [Annotation(0.5 * i, None, "rest") for i in range(n)],
    "texts": lambda n: [Annotation(0.5 * i, None, f"door {i}") for i in range(n)],
    "doors in open rests": lambda n: [Annotation(0.5 * i, None, ("rest", "door")[i % 2]) for i in range(n)],
    "segments over rests": lambda n: [
        Annotation(0.5 * i, (0.1, n / 2)[i % 2], ("rest", "mvc")[i % 2]) for i in range(n)
    ],
    "mixed": mixed,
}


@pytest.mark.parametrize("kind", MANY)
@pytest.mark.slow  # a figure of time
def test_ten_thousand_marks_take_less_than_a_second(kind):
    marks = MANY[kind](10_000)
    start_s = time.process_time()
    recording_segments(marks, 5000.0)
    assert time.process_time() - start_s < 1.0


def test_of_many_segments_over_a_rest_some_are_named_and_all_are_counted():
    marks = [Annotation(0.0, 90.0, "rest"), *(Annotation(10.0 + i, 0.5, "mvc") for i in range(12))]
    (found,) = recording_segments(marks, 100.0).findings
    assert found.message.count("mvc") == 5
    assert "and 7 more;" in found.message
    assert "measured is rest 21.5-90 s" in found.message


marks = st.lists(
    st.builds(
        Annotation,
        st.floats(-10.0, 110.0),
        st.none() | st.floats(0.0, 50.0),
        st.sampled_from(["rest", "mvc", "reference", "BAD_x", "calibration", "door"]),
    ),
    max_size=8,
)


@given(marks, st.booleans())
def test_segments_lie_in_the_recording_and_their_names_are_unique(given, rest):
    plan = recording_segments(given, 100.0, rest=rest)
    for s in plan.segments:
        assert 0.0 <= s.start_s <= s.stop_s <= 100.0
        assert s.start_s < s.stop_s or s.kind == "rest"  # of which nothing may be left
    rests, others = ([s for s in plan.segments if (s.kind == "rest") is wanted] for wanted in (True, False))
    taken = [*((s.start_s, s.stop_s) for s in others if s.kind != "whole"), *plan.calibration]
    for s in rests:
        around = [*taken, *((r.start_s, r.stop_s) for r in rests if r is not s)]
        assert all(min(s.stop_s, stop) - max(s.start_s, start) <= ROUNDING_S for start, stop in around)
    names = [s.name for s in plan.segments]
    assert len(names) == len(set(names)) > 0
    assert all(0.0 <= start < stop <= 100.0 for start, stop in [*plan.bad, *plan.calibration])
