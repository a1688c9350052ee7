"""Tables that people give: what is read, and that what cannot be meant is refused with its line and column."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import TableError
from emgpipe.outcomes.given import MOST_BYTES, distinct_columns, given_table, parse_given, read_given

TABLE = "Patient id,Response (L)\nP1,1.5\nP2,NA\n"


def refused(code: str, text: str, column: str = "") -> str:
    with pytest.raises(TableError) as caught:
        parse_given(text, where="t.csv").numbers(column)
    assert caught.value.code == code
    return f"{caught.value.where}: {caught.value.message}"


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_columns_with_blanks_and_any_case_are_read_as_given(between, end):
    table = parse_given(TABLE.replace(",", between).replace("\n", end), where="t.csv")
    assert table.columns == ("Patient id", "Response (L)")
    assert table.names("Patient id") == ["P1", "P2"]
    assert table.numbers("Response (L)")[0] == 1.5


@pytest.mark.parametrize("cell", ["", " ", "NA", "na", "NaN", "nan", "n/a", "N/A"])
def test_what_is_missing_is_nan(cell):
    (value,) = parse_given(f"id,y\nP1,{cell}\n", where="t.csv").numbers("y")
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("high", "a number is needed"),
        ('"1,5"', "write a decimal point"),
        ("1_000", "a number is needed"),
        ("0x10", "a number is needed"),
        ("inf", "finite numbers"),
        ("-Infinity", "finite numbers"),
        ("1e101", "finite numbers"),
        ("1e999", "finite numbers"),
        ("٣", "a number is needed"),
        ("--3", "a number is needed"),
    ],
)
def test_a_cell_that_is_no_number_is_refused_with_line_and_column(cell, said):
    told = refused("TABLE_CELL", f"id,y\nP1,1\n\nP2,{cell}\n", "y")
    assert told.startswith("t.csv:4: y = ")
    assert said in told


def test_zero_and_less_are_refused_for_a_logarithm_alone():
    table = parse_given("id,y\nP1,1\nP2,0\n", where="t.csv")
    assert table.numbers("y") == [1.0, 0.0]
    with pytest.raises(TableError, match=r"^t.csv:3: TABLE_CELL: y = '0'; above 0 is needed"):
        table.numbers("y", above_zero=True)


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("TABLE_EMPTY", "", "t.csv: no header"),
        ("TABLE_EMPTY", "\n \n", "t.csv: no header"),
        ("TABLE_EMPTY", "id,y\n\n", "t.csv: a header and no rows"),
        ("TABLE_UNREADABLE", "id,y\nP1,\0\n", "t.csv: a byte 0"),
        ("TABLE_UNREADABLE", 'id,y\nP1,"2\n', "t.csv:2: unexpected end of data"),
        ("TABLE_CELL", "id,y\nP1,1,5\n", "t.csv:2: 3 cells; the header has 2"),
        ("TABLE_COLUMN", "id,yy\nP1,1\n", "t.csv:1: no column 'y'"),
        ("TABLE_COLUMN", "id,y,y\nP1,1,2\n", "t.csv:1: column 'y' stands 2 times"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_place(code, text, said):
    assert refused(code, text, "y").startswith(said)


def test_the_nearest_column_is_named():
    assert refused("TABLE_COLUMN", TABLE, "Response(L)").endswith("did you mean 'Response (L)'?")


def test_the_line_is_that_of_the_file_behind_a_cell_of_two_lines():
    assert refused("TABLE_CELL", 'id,y\n"P\n1",1\nP2,x\n', "y").startswith("t.csv:4: ")


def test_files_that_are_no_text_or_no_files_are_refused(tmp_path):
    binary, large, absent = tmp_path / "b.csv", tmp_path / "l.csv", tmp_path / "a.csv"
    binary.write_bytes(b"\x89PNG\r\n\xff\xfe")
    with large.open("wb") as stream:
        stream.truncate(MOST_BYTES + 1)
    for path in (binary, large, absent, tmp_path):
        with pytest.raises(TableError) as caught:
            read_given(path)
        assert caught.value.code == "TABLE_UNREADABLE"
        assert caught.value.where == str(path)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfid,y\nP1,1\n")
    assert read_given(tmp_path / "t.csv").columns == ("id", "y")


def test_a_data_frame_is_read_as_its_file_would_be():
    frame = pd.DataFrame({"id": [1, 2], "y": [0.1 + 0.2, None]})
    first, second = given_table(frame).numbers("y")
    assert first == 0.1 + 0.2
    assert math.isnan(second)


def test_one_column_for_two_things_is_refused():
    with pytest.raises(TableError, match="column 'y' for value and baseline"):
        distinct_columns({"value": "y", "baseline": "y", "treatment": ""})


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e100, 1e100))
def test_every_finite_number_is_read_bit_for_bit(number):
    assert parse_given(f"id,y\nP1,{number!r}\n", where="t.csv").numbers("y") == [number]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_table_or_a_coded_refusal(text):
    said = []
    try:
        table = parse_given(text, where="t.csv")
        for name in table.columns:
            table.numbers(name)
    except TableError as error:
        said.append(str(error))
    assert not any("\n" in line for line in said)
