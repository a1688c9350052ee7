"""One recording through all steps; and what annotations mean on the way."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.measures.rows import VALUED
from emgpipe.pipeline import compute_frames, measure, pair_covariances
from emgpipe.recording import Annotation, Run, array_recording
from emgpipe.simulate import scenario
from emgpipe.study.timeline import recording_segments
from tests.strategies import measured, noise_of, row_of

ALWAYS = scenario("always_active", 1, 70).samples_uv
BURSTS = scenario("silent_bursts", 2, 70).samples_uv
SILENT = scenario("silent", 3, 70).samples_uv


def segments(marks, duration_s=100.0, meanings=None, *, rest=False):
    plan = recording_segments([Annotation(*m) for m in marks], duration_s, meanings, rest=rest)
    return [(s.name, s.start_s, s.stop_s) for s in plan.segments]


@pytest.mark.parametrize(
    ("marks", "rest", "wanted"),
    [
        ([], False, [("whole", 0, 100)]),
        ([], True, [("rest", 0, 100)]),
        ([(10, 20, "REST ")], False, [("rest", 10, 30)]),
        ([(10, None, "rest"), (60, None, "mvc")], False, [("rest", 10, 60), ("mvc", 60, 100)]),
        ([(10, 20, "rest"), (40, 500, "rest")], False, [("rest", 10, 30), ("rest_2", 40, 100)]),
        ([(80, 10, "reference")], True, [("rest", 0, 80), ("reference", 80, 90)]),
        ([(10, 10, "reference")], True, [("reference", 10, 20), ("rest", 20, 100)]),
        ([(10, 10, "reference"), (30, 60, "rest")], True, [("reference", 10, 20), ("rest", 30, 90)]),
        ([(-5, 15, "rest")], False, [("rest", 0, 10)]),
        ([(100, 5, "rest"), (200, None, "mvc")], False, [("whole", 0, 100)]),
        ([(10, None, "door"), (20, None, "stimulus"), (30, None, "relax_cue")], False, [("whole", 0, 100)]),
        ([(10, None, "rest"), (20, None, "stimulus")], False, [("rest", 10, 100)]),
        ([(10, 10, "calibration"), (5, 3, "BAD_cough")], True, [("rest", 20, 100)]),
    ],
)
def test_annotations_become_segments(marks, rest, wanted):
    assert segments(marks, rest=rest) == wanted


def test_words_of_the_study_have_its_meanings():
    assert segments([(10, 50, "Ruhe")], meanings={"Ruhe": "rest"}) == [("rest", 10, 60)]
    assert segments([(10, 50, "Ruhe")]) == [("whole", 0, 100)]


def test_a_recording_covered_by_other_segments_leaves_a_rest_of_no_length():
    assert segments([(0, 100, "mvc")], rest=True) == [("mvc", 0, 100), ("rest", 0, 0)] or segments(
        [(0, 100, "mvc")], rest=True
    ) == [("rest", 0, 0), ("mvc", 0, 100)]
    result = measured({"TA_R": ALWAYS}, 2000.0, annotations=[Annotation(0.0, 70.0, "mvc")])
    assert {r.value for r in result.rows if r.segment == "rest"} == {None}


def test_bad_marks_are_joined_and_cut_and_one_without_duration_is_said():
    marks = [Annotation(*m) for m in ((5, 10, "bad_a"), (12, 10, "BAD_b"), (95, 50, "BAD"), (30, None, "BAD_c"))]
    plan = recording_segments([*marks, Annotation(-3, 4, "BAD_d")], 100.0)
    assert plan.bad.pairs.tolist() == [[0, 1], [5, 22], [95, 100]]
    assert [(f.code, f.where) for f in plan.findings] == [("BAD_WITHOUT_DURATION", "BAD_c")]


marks_of_people = st.lists(
    st.tuples(
        st.floats(-10, 120),
        st.none() | st.floats(0, 200),
        st.sampled_from(["rest", "mvc", "BAD_x", "calibration", "x"]),
    ),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(marks_of_people, st.booleans())
def test_any_marks_give_named_segments_inside_the_recording(marks, rest):
    marks = sorted(marks, key=lambda m: m[0])
    plan = recording_segments([Annotation(*m) for m in marks], 100.0, rest=rest)
    names = [s.name for s in plan.segments]
    assert names
    assert len(set(names)) == len(names)
    assert all(0 <= s.start_s <= s.stop_s <= 100 for s in plan.segments)
    assert not rest or "rest" in names
    for stretches in (plan.bad, plan.calibration):
        assert stretches.duration <= 100


def test_the_order_of_channels_changes_nothing_but_the_order_of_rows():
    muscles = {"TA_R": ALWAYS, "GM_R": BURSTS, "RF_L": SILENT}
    pairs = ["TA_R/GM_R"]
    one = measured(muscles, 2000.0, pairs=pairs)
    other = measured(dict(reversed(muscles.items())), 2000.0, pairs=pairs)
    assert sorted(map(repr, one.rows)) == sorted(map(repr, other.rows))
    assert sorted(map(repr, one.intervals)) == sorted(map(repr, other.intervals))


def test_measuring_twice_gives_the_same_rows_and_reads_no_sample():
    recording = array_recording([ALWAYS, BURSTS], ["TA_R", "GM_R"], 2000.0)
    frames = compute_frames(recording, mains_hz=50)
    covariances = pair_covariances(recording, frames, [("TA_R", "GM_R")])

    def closed(index, first, stop):
        raise AssertionError("samples were read")

    again = measure(replace(recording, read_samples=closed), frames, rest=True, covariances=covariances)
    assert again.rows == measure(recording, frames, rest=True).rows


STATES = ("active", "silent", "undeterminable", "excluded")


def test_states_tile_the_recording_and_open_ends_are_said():
    result = measured({"TA_R": ALWAYS, "GM_R": BURSTS}, 2000.0, annotations=[Annotation(30.0, 5.0, "BAD_talk")])
    active = [r for r in result.intervals if (r.target, r.kind) == ("TA_R", "active")]
    ends = [(r.start_s, r.stop_s) for r in active]
    assert np.array(ends) == pytest.approx(np.array([[0, 30], [35, 70]]), abs=0.06)
    assert all(r.cut_start and r.cut_stop for r in active)
    excluded = [r for r in result.intervals if (r.target, r.kind) == ("TA_R", "excluded")]
    assert [r.reason for r in excluded] == ["BAD"]
    bursts = [r for r in result.intervals if (r.target, r.kind) == ("GM_R", "active")]
    assert not any(r.cut_start or r.cut_stop for r in bursts if not 28 < r.start_s < 36)
    for target in ("TA_R", "GM_R"):
        states = sorted((r.start_s, r.stop_s) for r in result.intervals if r.target == target and r.kind in STATES)
        assert sum(b - a for a, b in states) == pytest.approx(70, abs=0.0126)
        assert all(b == pytest.approx(c) for (_, b), (c, _) in pairwise(states))


def test_coactive_stretches_lie_in_both_muscles():
    result = measured({"TA_R": ALWAYS, "GM_R": BURSTS}, 2000.0, pairs=["TA_R/GM_R"])
    both = [(r.start_s, r.stop_s) for r in result.intervals if r.kind == "coactive"]
    bursts = [(r.start_s, r.stop_s) for r in result.intervals if (r.target, r.kind) == ("GM_R", "active")]
    assert np.array(both) == pytest.approx(np.array(bursts))
    told = sum(b - a for a, b in both) / 70
    assert row_of(result, "TA_R/GM_R", "coact_frac").value == pytest.approx(told, abs=0.02)


def with_a_gap(samples, rate_hz, at_s, gap_s):
    """The samples in two runs with nothing between."""
    whole = array_recording([samples], ["TA_R"], rate_hz)
    end_s = len(samples) / rate_hz
    runs = (Run(0.0, at_s), Run(at_s + gap_s, end_s + gap_s))
    return replace(whole, runs=runs, duration_s=end_s + gap_s)


def test_a_gap_is_excluded_with_its_reason_and_counts_as_nothing():
    recording = with_a_gap(ALWAYS, 2000.0, 40.0, 7.0)
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    gap = [r for r in result.intervals if r.kind == "excluded"]
    assert [(r.start_s, r.stop_s, r.reason) for r in gap] == [
        (pytest.approx(40, abs=0.06), pytest.approx(47, abs=0.06), "GAP")
    ]
    row = row_of(result, "TA_R", "act_frac")
    assert (row.value, row.used_s) == (1.0, pytest.approx(70, abs=0.03))
    assert row_of(result, "TA_R", "longest_silence_s").value == 0


def test_a_calibration_mark_gives_the_floor():
    x = np.concatenate([noise_of(4, 10, 2000.0, 2.0), ALWAYS])
    result = measured({"TA_R": x}, 2000.0, annotations=[Annotation(0.0, 10.0, "calibration")])
    assert result.floors["TA_R"].source == "calibration"
    loud = measured({"TA_R": x}, 2000.0, annotations=[Annotation(40.0, 10.0, "calibration")])
    assert "CALIBRATION_NOT_QUIET" in row_of(loud, "TA_R", "floor_uv").reason


def test_a_device_floor_is_used_for_its_muscle_only():
    result = measured({"TA_R": ALWAYS, "GM_R": SILENT}, 2000.0, device_uv={"TA_R": 1.7})
    assert (result.floors["TA_R"].source, result.floors["TA_R"].floor_uv) == ("device", 1.7)
    assert result.floors["GM_R"].source == "still"


def test_an_excluded_channel_is_named_in_every_row_it_would_have():
    result = measured({"TA_R": ALWAYS, "GM_R": SILENT}, 2000.0, exclude=["GM_R"], pairs=["TA_R/GM_R"])
    left_out = [r for r in result.rows if "GM_R" in r.target]
    assert {(r.status, r.reason) for r in left_out} == {("not_measured", "CHANNEL_EXCLUDED")}
    without = {r.measure for r in result.rows if r.target == "TA_R" and r.status not in VALUED}
    assert without == {"spasm_rate_h"}


@pytest.mark.parametrize("text", ["", "TA_R", "TA_R/", "/GM_R", "TA_R/TA_R", "A/B/C"])
def test_a_pair_that_is_none_is_refused(text):
    with pytest.raises(SettingsError, match="PAIR_INVALID"):
        measured({"TA_R": ALWAYS[:8000]}, 2000.0, pairs=[text])


@pytest.mark.parametrize("mains_hz", [0, 55, -50, float("nan")])
def test_mains_are_50_or_60_and_never_guessed(mains_hz):
    with pytest.raises(SettingsError, match="MAINS_INVALID"):
        measured({"TA_R": ALWAYS[:8000]}, 2000.0, mains_hz=mains_hz)


def test_pairs_are_the_antagonists_that_are_there():
    result = measured({"TA_R": ALWAYS, "GM_R": SILENT, "RF_L": SILENT}, 2000.0)
    assert {r.target for r in result.rows if r.target_kind == "pair"} == {"TA_R/GM_R"}


def test_a_prime_mover_that_is_not_the_loudest_is_a_finding():
    muscles = {"TA_R": ALWAYS, "GM_R": SILENT}
    said = measured(muscles, 2000.0, rest=False, prime_movers=["GM_R"]).findings
    assert [(f.code, f.where) for f in said] == [("PRIME_MOVER_NOT_LOUDEST", "whole")]
    assert measured(muscles, 2000.0, rest=False, prime_movers=["TA_R"]).findings == ()
    absent = measured(muscles, 2000.0, rest=False, prime_movers=["RF_R"]).findings
    assert [f.code for f in absent] == ["NAME_UNKNOWN"]


@pytest.mark.parametrize("task", ["mvc", "reference", "flexion"])
def test_prime_movers_are_judged_in_tasks_and_never_in_rest(task):
    muscles = {"TA_R": ALWAYS, "GM_R": SILENT}
    marks = [Annotation(0.0, 30.0, "rest"), Annotation(30.0, 20.0, "task")]
    meanings = {"task": task}
    said = measured(muscles, 2000.0, annotations=marks, meanings=meanings, prime_movers=["GM_R"]).findings
    assert [(f.code, f.where) for f in said] == [("PRIME_MOVER_NOT_LOUDEST", task)]
    assert measured(muscles, 2000.0, prime_movers=["GM_R"]).findings == ()


def test_every_channel_ends_as_rows_even_where_there_is_no_sample():
    result = measured({"TA_R": np.empty(0), "GM_R": np.empty(0)}, 2000.0, pairs=["TA_R/GM_R"])
    assert {r.target for r in result.rows} == {"TA_R", "GM_R", "TA_R/GM_R", "subject"}
    assert {r.value for r in result.rows} == {None}
    assert all(r.reason for r in result.rows)


def test_channels_of_unequal_length_keep_their_own_time():
    result = measured({"TA_R": ALWAYS, "GM_R": ALWAYS[: 50 * 2000]}, 2000.0, pairs=["TA_R/GM_R"])
    assert row_of(result, "TA_R", "act_frac").used_s == pytest.approx(70, abs=0.02)
    assert row_of(result, "GM_R", "act_frac").used_s == pytest.approx(50, abs=0.02)
    for row in result.rows:
        assert (row.value is not None) == (row.status in VALUED)


@pytest.mark.parametrize("rate_hz", [2048.0, 2144.57, 1000.0, 512.0])
def test_rates_that_do_not_divide_give_the_same_verdict(rate_hz):
    channel = scenario("starts_active", 4, 60, rate_hz)
    result = measured({"TA_R": channel.samples_uv}, rate_hz, mains_hz=60)
    row = row_of(result, "TA_R", "act_frac")
    assert row.value == pytest.approx(0.5, abs=0.03)
    assert row.used_s == pytest.approx(60, abs=0.03)


def test_the_table_has_one_line_a_row():
    result = measured({"TA_R": ALWAYS[:40_000]}, 2000.0)
    assert len(result.table) == len(result.rows)
    assert {"target", "measure", "value", "status", "floor_source", "lines_hz"} <= set(result.table.columns)
