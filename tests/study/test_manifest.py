"""`recordings.csv`: blind, unique, inside the folder, and every error with its line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import EmgpipeError, NoInputError, StudyError
from emgpipe.errors.codes import CODES
from emgpipe.study import Entry, parse_manifest
from emgpipe.study.blinding import column_tells
from emgpipe.study.columns import CELLS

HEADER = "subject,visit,file,task\n"


def read(text: str, folder: Path = Path(), **options: bool) -> tuple[Entry, ...]:
    return parse_manifest(text, folder, where="recordings.csv", **options)


def refusal(text: str, folder: Path = Path()) -> StudyError:
    with pytest.raises(StudyError) as caught:
        read(text, folder)
    assert "\n" not in str(caught.value)
    return caught.value


def test_entries_come_sorted_by_key_with_the_line_they_stand_on():
    entries = read(HEADER + "P02,V1,b.edf,rest\n\nP01,V2,c.edf,rest\nP01,V1,a.edf,rest\n")
    assert [(e.recording, e.line) for e in entries] == [("P01_V1_rest", 5), ("P01_V2_rest", 4), ("P02_V1_rest", 2)]


def test_runs_are_part_of_the_name():
    entries = read("subject,visit,file,task,run\nP01,V1,a.edf,rest,1\nP01,V1,b.edf,rest,\n")
    assert [e.recording for e in entries] == ["P01_V1_rest", "P01_V1_rest_1"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_semicolons_and_crlf_are_accepted(newline):
    text = newline.join(["subject;visit;file;task;prime_mover", 'P01;V1;a.edf;rest;"RF; BF"', ""])
    assert read(text)[0].prime_mover == ("RF", "BF")


def test_conditions_are_kept_as_written_and_blank_where_not_recorded():
    (entry,) = read("subject,visit,file,task,posture,skin_temp_c\nP01,V1,a.edf,rest,supine,31.5\n")
    assert (entry.conditions["posture"], entry.conditions["skin_temp_c"]) == ("supine", "31.5")
    assert entry.conditions["operator"] == ""


@pytest.mark.parametrize(
    "column", ["arm", "Arm", "treatment", "TRT01P", "sequence", "seq", "drug", "placebo_first", "group", "armGroup",
               "randomisation", "study_arm", "ALLOCATION", "rx", "blinded", "treatmentCode", "IVIG_or_placebo"]
)  # fmt: skip
def test_a_column_that_names_an_arm_is_refused(column):
    error = refusal(f"subject,visit,file,task,{column}\nP01,V1,a.edf,rest,A\n")
    assert error.code == "ARM_COLUMN"
    assert repr(column) in error.message


@pytest.mark.parametrize(
    ("column", "cell"),
    [("visit", "placebo"), ("visit", "V2_drug"), ("task", "arm_A"), ("run", "armB"), ("task", "IVIG"), ("run", "sham"),
     ("visit", "placebo 1"), ("subject", "SHAM1"), ("subject", "P01-treated"), ("file", "P01_placebo.edf"),
     ("file", "armB/P01.edf"), ("file", "group_2/P01.edf"), ("file", "../placebo.edf"), ("file", "Verum/x\\y.edf"),
     ("posture", "supine after IVIG"), ("operator", "placebo team"), ("support", "study drug trolley"),
     ("amplifier", "Sham 2")],
)  # fmt: skip
def test_a_cell_that_names_an_arm_is_refused_and_not_repeated(column, cell):
    row = {"subject": "P01", "visit": "V1", "file": "a.edf", "task": "rest", "run": "1"} | {column: cell}
    error = refusal(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    assert (error.code, error.where) == ("ARM_CELL", "recordings.csv:2")
    assert cell not in error.message
    assert column in error.message


def test_names_of_visits_muscles_and_furniture_are_no_arms():
    rows = "P01,baseline,arm_R/a.edf,forearm_rest,2,treatment couch\nP01,week-12,seq/b.edf,charm,,arms at rest\n"
    rows += "HAMS1,V3,treadmill/c.edf,supine,run-1,cohort chair\n"
    assert len(read("subject,visit,file,task,run,support\n" + rows)) == 3


@pytest.mark.parametrize(("subjects", "is_told"), [("AB BA AB", True), ("AB BA CD", False), ("AB AB AB", False)])
def test_subjects_that_carry_their_sequence_are_refused(subjects, is_told):
    rows = "".join(f"P{n}-{end},V1,{n}.edf,rest\n" for n, end in enumerate(subjects.split()))
    if is_told:
        assert refusal(HEADER + rows).code == "ARM_CELL"
    else:
        assert len(read(HEADER + rows)) == 3


@pytest.mark.parametrize(("rows", "twin"), [("P01,V1,a.edf,rest\np01,V1,b.edf,mvc\n", "P01"),
                                            ("P01,V1,a.edf,rest\nP02,v1,b.edf,rest\n", "V1")])  # fmt: skip
def test_one_name_in_two_spellings_is_refused(rows, twin):
    error = refusal(HEADER + rows)
    assert (error.code, error.where) == ("CELL_INVALID", "recordings.csv:3")
    assert repr(twin) in error.message


@pytest.mark.parametrize(
    ("text", "found"), [("x," * 300 + "\n", "301 cells"), (HEADER + "P01,V1,a.edf,rest\n" * 100_001, "more than")]
)
def test_a_table_of_no_study_is_refused(text, found):
    error = refusal(text)
    assert error.code == "MANIFEST_INVALID"
    assert found in error.message


def test_no_column_of_ours_looks_like_an_arm():
    assert [c for c in CELLS if column_tells(c)] == []


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("subject,visit,fil,task\nP01,V1,a.edf,rest\n", "COLUMN_UNKNOWN", 1),
        ("subject,subject,visit,file,task\nP01,P01,V1,a.edf,rest\n", "COLUMN_UNKNOWN", 1),
        ("subject,visit,file\nP01,V1,a.edf\n", "COLUMN_MISSING", 1),
        ("", "COLUMN_MISSING", 1),
        (HEADER + "P01,V1,a.edf\n", "MANIFEST_INVALID", 2),
        (HEADER + 'P01,V1,a.edf,rest\nP01,V2,"b.edf,rest\n', "MANIFEST_INVALID", 3),
        (HEADER + "P01,V1,a.edf,rest\nP01,V1,b.edf,rest\n", "RECORDING_TWICE", 3),
        (HEADER + "P01,V1,a.edf,rest\np01,v1,b.edf,rest\n", "RECORDING_TWICE", 3),
        (HEADER + "A_B,C,a.edf,rest\nA,B_C,b.edf,rest\n", "RECORDING_TWICE", 3),
        (HEADER + "P01,V1,a.edf,rest\nP01,V2,x/../a.edf,rest\n", "FILE_TWICE", 3),
        (HEADER + "P01,V1,,rest\n", "CELL_INVALID", 2),
        (HEADER + "P/1,V1,a.edf,rest\n", "CELL_INVALID", 2),
        (HEADER + "..,V1,a.edf,rest\n", "CELL_INVALID", 2),
        (HEADER + "=1+1,V1,a.edf,rest\n", "CELL_INVALID", 2),
        (HEADER + "P\x001,V1,a.edf,rest\n", "CELL_INVALID", 2),
        (HEADER + f"{'P' * 64},{'V' * 64},a.edf,{'r' * 64}\n" + f"{'P' * 64},{'V' * 64},b.edf,{'s' * 65}\n", None, 3),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(text, code, line):
    error = refusal(text)
    assert code is None or error.code == code
    assert error.where == f"recordings.csv:{line}"


@pytest.mark.parametrize(
    ("column", "cell"),
    [("skin_temp_c", "36,5"), ("skin_temp_c", "warm"), ("skin_temp_c", "nan"), ("pain_0_10", "11"), ("day", "1e3"),
     ("relaxation", "yes"), ("visit_date", "31.03.2026"), ("visit_date", "2026-02-30"), ("start_time", "25:00"),
     ("prime_mover", "left leg"), ("operator", "a\x1b[31mb"), ("hw_lowpass_hz", "٥٠٠")],
)  # fmt: skip
def test_a_condition_that_its_column_cannot_mean_is_refused(column, cell):
    error = refusal(f'subject,visit,file,task,{column}\nP01,V1,a.edf,rest,"{cell}"\n')
    assert error.code == "CELL_INVALID"
    assert column in error.message
    assert "\x1b" not in error.message


@pytest.mark.parametrize("file", ["../a.edf", "/etc/passwd", "x/../../a.edf", "..\\a.edf", "C:/a.edf", "c:a.edf"])
def test_a_file_outside_the_folder_is_refused(tmp_path, file):
    assert refusal(HEADER + f"P01,V1,{file},rest\n", tmp_path).code == "FILE_OUTSIDE"


def test_a_link_that_leads_outside_is_refused_unless_allowed(tmp_path):
    outside = tmp_path / "a.edf"
    outside.touch()
    inside = tmp_path / "study"
    inside.mkdir()
    (inside / "a.edf").symlink_to(outside)
    text = HEADER + "P01,V1,a.edf,rest\n"
    assert refusal(text, inside).code == "FILE_OUTSIDE"
    assert read(text, inside, allow_outside=True)[0].path == outside.resolve()


def test_links_in_a_circle_are_no_hang_and_no_traceback(tmp_path):
    (tmp_path / "a.edf").symlink_to(tmp_path / "b.edf")
    (tmp_path / "b.edf").symlink_to(tmp_path / "a.edf")
    try:
        result = read(HEADER + "P01,V1,a.edf,rest\n", tmp_path)[0].file
    except StudyError as error:
        result = error.code
    assert result in ("a.edf", "FILE_OUTSIDE")


def test_a_missing_file_is_kept_for_a_failed_row(tmp_path):
    (entry,) = read(HEADER + "P01,V1,none.edf,rest\n", tmp_path)
    assert not entry.path.exists()


def test_a_header_without_rows_is_no_input():
    with pytest.raises(NoInputError, match="NO_RECORDINGS"):
        read(HEADER)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from('P1,;"\n\r\t/.\\=é\x00V'), max_size=60))
def test_any_text_gives_entries_or_a_coded_error(text):
    try:
        result: object = read(HEADER + text)
    except EmgpipeError as error:
        result = error
    assert isinstance(result, tuple) or (isinstance(result, EmgpipeError) and result.code in CODES)
