"""arms.csv is read strictly, and no refusal tells what stands in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import TableError
from emgpipe.outcomes.arms import parse_arms, read_arms

HEAD = "subject,sequence\n"


@pytest.mark.parametrize(
    "text",
    [HEAD + "P01,AB\nP02,BA\n",
     "subject;sequence\r\nP01;AB\r\n\r\nP02;BA\r\n", "subject\tsequence\nP01\tAB\nP02\tBA",
     HEAD + " P01 , AB \n,\nP02,BA\n",
     "sequence,subject\nAB,P01\nBA,P02\n", '"subject","sequence"\n"P01","AB"\nP02,BA'],
)  # fmt: skip
def test_every_form_that_spreadsheets_write_is_read_alike(text):
    assert parse_arms(text) == {"P01": "AB", "P02": "BA"}


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    (tmp_path / "arms.csv").write_bytes(b"\xef\xbb\xbf" + (HEAD + "P01,XY\nP02,YX\n").encode())
    assert read_arms(tmp_path / "arms.csv") == {"P01": "XY", "P02": "YX"}


REFUSED = {
    "no header": ("P01,AB\nP02,BA\n", "TABLE_COLUMN", ":1"),
    "another column": ("subject,sequence,site\nP01,AB,x\nP02,BA,x\n", "TABLE_COLUMN", ":1"),
    "a column twice": ("subject,subject\nP01,AB\n", "TABLE_COLUMN", ":1"),
    "one column": ("subject\nP01\n", "TABLE_COLUMN", ":1"),
    "nobody": (HEAD, "TABLE_EMPTY", ""),
    "nothing": ("", "TABLE_EMPTY", ""),
    "a row of three": (HEAD + "P01,AB,x\nP02,BA\n", "TABLE_CELL", ":2"),
    "an empty sequence": (HEAD + "P01,AB\nP02,\n", "TABLE_CELL", ":3"),
    "an empty subject": (HEAD + "P01,AB\n,BA\n", "TABLE_CELL", ":3"),
    "a third period": (HEAD + "P01,AB\nP02,BAB\n", "TABLE_CELL", ":3"),
    "one treatment twice": (HEAD + "P01,AB\nP02,BB\n", "TABLE_CELL", ":3"),
    "small letters": (HEAD + "P01,AB\nP02,ba\n", "TABLE_CELL", ":3"),
    "words": (HEAD + "P01,IVIG-PLACEBO\nP02,PLACEBO-IVIG\n", "TABLE_CELL", ":2"),
    "a formula": (HEAD + "P01,AB\nP02,=BA\n", "TABLE_CELL", ":3"),
    "a formula for a name": (HEAD + "P01,AB\n=P02,BA\n", "TABLE_CELL", ":3"),
    "letters that look alike": (HEAD + "P01,AB\nP02,\u0412\u0410\n", "TABLE_CELL", ":3"),
    "a subject twice": (HEAD + "P01,AB\nP02,BA\nP01,AB\n", "TABLE_TWICE", ":4"),
    "a subject twice, spelt otherwise": (HEAD + "P01,AB\nP02,BA\np01,AB\n", "TABLE_TWICE", ":4"),
    "a subject in two sequences": (HEAD + "P01,AB\nP02,BA\nP01,BA\n", "TABLE_SEQUENCE", ":4"),
    "a third treatment": (HEAD + "P01,AB\nP02,BA\nP03,AC\n", "TABLE_SEQUENCE", ":4"),
    "one sequence for all": (HEAD + "P01,BA\nP02,BA\n", "SEQUENCE_EMPTY", ""),
    "a byte 0": (HEAD + "P01,A\0B\n", "TABLE_UNREADABLE", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_at_its_line_and_no_sequence_is_told(case):
    text, code, line = REFUSED[case]
    with pytest.raises(TableError) as refused:
        parse_arms(text)
    assert (refused.value.code, refused.value.where) == (code, "arms.csv" + line)
    told = refused.value.message
    assert not [word for word in ("AB", "BA", "BB", "AC", "IVIG", "PLACEBO", "'ba'") if word in told]


def test_a_missing_file_a_folder_and_other_letters_are_refused(tmp_path):
    (tmp_path / "latin.csv").write_bytes(b"subject,sequence\nP\xe91,AB\n")
    for name in ("none.csv", ".", "latin.csv"):
        with pytest.raises(TableError, match="TABLE_UNREADABLE"):
            read_arms(tmp_path / name)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_arms_or_one_coded_line(text):
    try:
        arms = parse_arms(HEAD + text)
    except TableError as problem:
        told = str(problem)
    else:
        told = "" if len(set(arms.values())) == 2 else "\n"
    assert "\n" not in told
