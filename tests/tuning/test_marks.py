"""Marks from tables and annotations: what is scored, and every refusal with its place."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import TableError
from emgpipe.recording import Annotation
from emgpipe.tuning.marks import KnownRecording, annotation_marks, read_marks, read_truth, source_names
from emgpipe.tuning.model import SCORES
from emgpipe.tuning.scores import score

SAMPLE = Path(__file__).parents[2] / "sample_data"
KNOWN = {
    "S01_V1_rest": KnownRecording(60.0, ("TA_R", "GM_R", "TA_R/GM_R")),
    "S01_V2_rest": KnownRecording(60.0, ("TA_R", "GM_R", "TA_R/GM_R")),
}


def table(folder, *rows, name="rater.csv", header="recording,target,kind,start_s,stop_s"):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def read(folder, *rows):
    return {(one.recording, one.target, one.kind): one for one in read_marks(table(folder, *rows), KNOWN)}


def test_all_time_is_scored_of_what_is_named_and_nothing_else(tmp_path):
    marks = read(tmp_path, "S01_V1_rest,TA_R,active,2,5")
    assert list(marks) == [("S01_V1_rest", "TA_R", "active")]
    one = marks["S01_V1_rest", "TA_R", "active"]
    assert (one.source, one.stretches.pairs.tolist(), one.scored.pairs.tolist()) == ("rater", [[2, 5]], [[0, 60]])


def test_silent_rows_leave_the_rest_unscored(tmp_path):
    rows = "S01_V1_rest,TA_R,active,2,5", "S01_V1_rest,TA_R,silent,5,9", "S01_V1_rest,GM_R,silent,0,60"
    marks = read(tmp_path, *rows)
    assert marks["S01_V1_rest", "TA_R", "active"].scored.pairs.tolist() == [[2, 9]]
    assert len(marks["S01_V1_rest", "GM_R", "active"].stretches) == 0
    assert marks["S01_V1_rest", "GM_R", "active"].scored.duration == 60


@pytest.mark.parametrize("kind", ["excluded", "undeterminable"])
def test_what_was_not_judged_is_not_scored_of_any_kind(tmp_path, kind):
    marks = read(tmp_path, "S01_V1_rest,TA_R,active,2,5", f"S01_V1_rest,TA_R,{kind},4,60", "S01_V1_rest,TA_R,spasm,2,3")
    assert marks["S01_V1_rest", "TA_R", "active"].scored.pairs.tolist() == [[0, 4]]
    assert marks["S01_V1_rest", "TA_R", "spasm"].scored.pairs.tolist() == [[0, 4]]


def test_a_kind_of_the_file_was_looked_for_in_all_that_it_names(tmp_path):
    rows = "S01_V1_rest,TA_R,silent,0,60", "S01_V2_rest,TA_R,spasm,2,9", "S01_V1_rest,GM_R,active,0,9"
    marks = read(tmp_path, *rows, "S01_V1_rest,GM_R,excluded,50,60", "S01_V2_rest,TA_R/GM_R,coactive,0,1")
    assert set(marks) == {
        ("S01_V1_rest", "TA_R", "active"), ("S01_V1_rest", "TA_R", "spasm"), ("S01_V1_rest", "GM_R", "active"),
        ("S01_V1_rest", "GM_R", "spasm"), ("S01_V1_rest", "TA_R/GM_R", "coactive"), ("S01_V2_rest", "TA_R", "spasm"),
        ("S01_V2_rest", "TA_R/GM_R", "coactive"),
    }  # fmt: skip
    assert len(marks["S01_V1_rest", "TA_R", "spasm"].stretches) == 0
    assert marks["S01_V1_rest", "TA_R/GM_R", "coactive"].scored.pairs.tolist() == [[0, 50]]


def test_of_bounded_onsets_no_second_is_scored_unless_silence_is_told(tmp_path):
    one = read(tmp_path, "S01_V1_rest,TA_R,onset,2,3")["S01_V1_rest", "TA_R", "active"]
    assert (one.onsets.pairs.tolist(), len(one.scored), one.searched.duration) == ([[2, 3]], 0, 60)
    rows = "S01_V1_rest,TA_R,onset,2,3", "S01_V1_rest,TA_R,silent,0,2", "S01_V1_rest,TA_R,onset,8,9"
    two = read(tmp_path, *rows, "S01_V1_rest,TA_R,excluded,8.5,60")["S01_V1_rest", "TA_R", "active"]
    assert two.scored.pairs.tolist() == two.searched.pairs.tolist() == [[0, 2]]
    assert two.onsets.pairs.tolist() == [[2, 3]]  # the other one was not judged


def test_the_tables_of_a_run_are_truth_as_they_are(tmp_path):
    header = "subject,visit,recording,target,kind,start_s,stop_s,cut_start,cut_stop,reason"
    rows = ["active,0,4", "silent,4,9", "excluded,9,10", "possible_spasm,9,10", "active,10,60"]
    lines = [f"S01,V1,S01_V1_rest,TA_R,{row},true,false," for row in rows]
    told = []
    path = table(tmp_path, *lines, "S01,V1,S01_V1_rest,subject,spasm,1,2,,,", header=header)
    marks = read_marks(path, KNOWN, told.append)
    assert marks[0].scored.pairs.tolist() == [[0, 9], [10, 60]]
    assert told == [
        f"{path}: 2 of 6 rows are possible_spasm or of subject, no truth: passed over",
        f"{path}: 1 of 1 onsets have unjudged time beside them and are not scored",
    ]


def test_the_truth_of_the_sample_data_is_read_whole():
    path = SAMPLE / "truth_intervals.csv"
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    targets = tuple(dict.fromkeys(row["target"] for row in rows))
    known = {row["recording"]: KnownRecording(100.0, targets) for row in rows}
    marks = read_marks(path, known)
    active = [one for one in marks if one.kind == "active"]
    assert len(active) == 9 * 4
    assert all(one.scored.duration == pytest.approx(100.0, abs=1e-4) for one in active)
    assert {one.kind for one in marks} == {"active", "spasm", "coactive"}


REFUSED = {
    "S01_v1_rest,TA_R,active,2,5": ("TRUTH_UNKNOWN", "recording = 'S01_v1_rest', which the results do not have; did"),
    "S01_V1_rest,TA_L,active,2,5": ("TRUTH_UNKNOWN", "target = 'TA_L', which S01_V1_rest does not have; did you mean"),
    "S01_V1_rest,TA_R,actve,2,5": ("TRUTH_UNKNOWN", "kind = 'actve'; did you mean 'active'?"),
    "S01_V1_rest,TA_R,active,5,2": ("TRUTH_INVALID", "start_s = 5.0, stop_s = 2.0; a number each, the start before"),
    "S01_V1_rest,TA_R,active,5,5": ("TRUTH_INVALID", "start_s = 5.0, stop_s = 5.0"),
    "S01_V1_rest,TA_R,active,,5": ("TRUTH_INVALID", "start_s = nan, stop_s = 5.0"),
    "S01_V1_rest,TA_R,active,x,5": ("TABLE_CELL", "start_s = 'x'; a number is needed"),
    "S01_V1_rest,TA_R,active,-1,5": ("TRUTH_INVALID", "-1.0-5.0 s; S01_V1_rest goes from 0 to 60.0 s"),
    "S01_V1_rest,TA_R,active,50,60.1": ("TRUTH_INVALID", "50.0-60.1 s; S01_V1_rest goes"),
    "S01_V1_rest,TA_R,coactive,2,5": ("TRUTH_INVALID", "target = 'TA_R' of kind 'coactive'; a pair such as"),
    "S01_V1_rest,TA_R/GM_R,active,2,5": ("TRUTH_INVALID", "target = 'TA_R/GM_R' of kind 'active'; a muscle such as"),
    "S01_V1_rest,,active,2,5": ("TABLE_CELL", "target = ''; every row needs one"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_bad_rows_are_refused_with_their_line(tmp_path, row):
    code, message = REFUSED[row]
    path = table(tmp_path, "S01_V1_rest,GM_R,active,2,5", row)
    with pytest.raises(TableError) as caught:
        read_marks(path, KNOWN)
    assert (caught.value.code, caught.value.where) == (code, f"{path}:3")
    assert caught.value.message.startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["active", "silent", "onset"])
def test_stretches_that_overlap_are_refused_with_both_lines(tmp_path, kind):
    path = table(tmp_path, "S01_V1_rest,TA_R,active,2,5", "S01_V1_rest,GM_R,active,2,5", f"S01_V1_rest,TA_R,{kind},1,3")
    with pytest.raises(
        TableError, match=f"{kind} 1.0-3.0 s of S01_V1_rest TA_R overlaps active .* on line 2"
    ) as caught:
        read_marks(path, KNOWN)
    assert (caught.value.code, caught.value.where) == ("TRUTH_INVALID", f"{path}:4")


def test_touching_stretches_are_one(tmp_path):
    one = read(tmp_path, "S01_V1_rest,TA_R,active,5,6", "S01_V1_rest,TA_R,active,2,5")["S01_V1_rest", "TA_R", "active"]
    assert one.stretches.pairs.tolist() == [[2, 6]]


def test_a_table_without_truth_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"TRUTH_EMPTY.*no row of active, cmua"):
        read_marks(table(tmp_path, "S01_V1_rest,TA_R,excluded,2,5"), KNOWN)


def test_a_missing_column_is_named(tmp_path):
    path = table(tmp_path, "S01_V1_rest,TA_R,active,2,5", header="recording,muscle,kind,start_s,stop_s")
    with pytest.raises(TableError, match=r"TABLE_COLUMN.*no column 'target'"):
        read_marks(path, KNOWN)


def test_recordings_that_nobody_has_do_not_flood_the_message(tmp_path):
    many = {f"P{n:03}": KnownRecording(60.0, ("TA_R",)) for n in range(300)}
    with pytest.raises(TableError, match="known are P000, P001, P002, P003 and 296 more"):
        read_marks(table(tmp_path, "zzz,TA_R,active,1,2"), many)


def test_two_files_of_one_name_are_numbered(tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(table(tmp_path / folder, "S01_V1_rest,TA_R,active,2,5"))
    paths.append(table(tmp_path, "S01_V1_rest,TA_R,active,2,5", name="third.csv"))
    assert [one.source for one in read_truth(paths, KNOWN)] == ["rater_1", "rater_2", "third"]


def test_no_two_sources_share_a_name_whatever_their_files_are_called(tmp_path):
    (tmp_path / "other").mkdir()
    row = "S01_V1_rest,TA_R,active,2,5"
    paths = [table(tmp_path, row, name=name) for name in ("a.csv", "other/a.csv", "a_1.csv", "burst.csv")]
    told = []
    names = [one.source for one in read_truth(paths, KNOWN, told.append, {"burst"})]
    assert names == source_names(paths, {"burst"}) == ["a_2", "a_3", "a_1", "burst_1"]
    assert told[-1] == f"{paths[3]}: marks of this file are called 'burst_1' here, as another source has its name"
    assert len(told) == 3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["a", "a_1", "a_1_1", "a_2", "b"]), max_size=7), st.sets(st.sampled_from(["a", "a_1"])))
def test_names_of_sources_are_all_different(stems, taken):
    names = source_names([f"{n}/{stem}.csv" for n, stem in enumerate(stems)], taken)
    assert len({*names, *taken}) == len(names) + len(taken)


@pytest.mark.parametrize("gap_s", [0.004, 0.015])
def test_a_gap_of_a_hop_between_silent_and_active_leaves_the_onset_judged(tmp_path, gap_s):
    rows = [
        f"S01_V1_rest,TA_R,silent,0,{2 - gap_s!r}",
        "S01_V1_rest,TA_R,active,2,5",
        f"S01_V1_rest,TA_R,silent,{5 + gap_s!r},9",
    ]
    told = []
    (one,) = read_marks(table(tmp_path, *rows), KNOWN, told.append)
    assert (one.scored.pairs.tolist(), one.stretches.pairs.tolist()) == ([[0, 9]], [[2, 5]])
    for phase in np.arange(1.95, 2.0, 0.001):  # wherever hops lie
        states = np.zeros(int(60 / 0.0125), np.int8)
        states[int(phase / 0.0125) : int(5 / 0.0125)] = 1
        assert dict(zip(SCORES, score(states, 0.0125, one), strict=True))["n_matched"] == 1
    assert told == []


def test_onsets_with_unjudged_time_beside_them_are_told_and_not_scored(tmp_path):
    rows = ["silent,0,1.9", "active,2,5", "silent,5,9", "active,9,12", "active,12.01,13", "silent,13,20"]
    told = []
    path = table(tmp_path, *(f"S01_V1_rest,TA_R,{row}" for row in rows))
    (one,) = read_marks(path, KNOWN, told.append)
    assert one.scored.pairs.tolist() == [[0, 1.9], [2, 12], [12.01, 20]]  # between two active rows nobody said silent
    assert told == [f"{path}: 2 of 3 onsets have unjudged time beside them and are not scored"]


def test_a_small_gap_that_was_excluded_stays_so(tmp_path):
    rows = ["silent,0,2", "excluded,2,2.01", "active,2.01,5"]
    (one,) = read_marks(table(tmp_path, *(f"S01_V1_rest,TA_R,{row}" for row in rows)), KNOWN)
    assert one.scored.pairs.tolist() == [[0, 2], [2.01, 5]]


def test_annotations_are_of_all_muscles_unless_they_name_one():
    marks = {"S01_V1_rest": [Annotation(2.0, 3.0, "Burst"), Annotation(9.0, 1.0, "burst  GM_R"), Annotation(1, 2, "x")]}
    got = {one.target: one for one in annotation_marks("burst", marks, KNOWN)}
    assert got["TA_R"].stretches.pairs.tolist() == [[2, 5]]
    assert got["GM_R"].stretches.pairs.tolist() == [[2, 5], [9, 10]]
    assert set(got) == {"TA_R", "GM_R"}
    assert got["TA_R"].scored.duration == 60


def test_annotations_of_no_length_are_onsets_and_let_no_second_be_scored():
    marks = {"S01_V1_rest": [Annotation(2.0, None, "on"), Annotation(5.0, 0.0, "on"), Annotation(9.0, 2.0, "on")]}
    one = annotation_marks("on", marks, KNOWN)[0]
    assert (one.points_s, one.stretches.pairs.tolist()) == ((2.0, 5.0), [[9, 11]])
    assert (len(one.scored), one.searched.duration) == (0, 60)


@pytest.mark.parametrize(
    "other", [Annotation(4.0, 2.0, "on"), Annotation(3.0, None, "on"), Annotation(59.0, 2.0, "on")]
)
def test_annotations_that_overlap_or_go_beyond_the_end_are_refused(other):
    with pytest.raises(TableError, match="TRUTH_INVALID"):
        annotation_marks("on", {"S01_V1_rest": [Annotation(2.0, 3.0, "on"), other]}, KNOWN)


def test_an_annotation_that_nobody_has_is_refused_with_those_there_are():
    with pytest.raises(
        TableError, match=r"TRUTH_UNKNOWN.*no recording has an annotation 'burts'; did you mean 'burst'"
    ):
        annotation_marks("burts", {"S01_V1_rest": [Annotation(2.0, 3.0, "burst")]}, KNOWN)
    with pytest.raises(TableError, match="there are none"):
        annotation_marks("burst", {"S01_V1_rest": []}, KNOWN)
