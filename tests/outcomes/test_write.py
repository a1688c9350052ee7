"""Outcome tables on disk: what they hold is what reads back, and what a form cannot hold is refused."""

import csv
import io
import json
import math
import struct
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError, TableError
from emgpipe.outcomes.bds import bds_table, typed
from emgpipe.outcomes.columns import ARM_COLUMNS, BDS_COLUMNS, WIDE_COLUMNS, OutcomeColumn, columns_of
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.schedule import scheduled
from emgpipe.outcomes.wide import wide_table
from emgpipe.outcomes.write import METADATA, outcome_bytes, write_outcomes
from emgpipe.outcomes.xpt import LARGEST, LEAST, xpt_bytes
from tests.outcomes.measured import plan, row, table

NUMBER = OutcomeColumn("AVAL", "Analysis Value", "number", "")
TEXT = OutcomeColumn("PARAM", "Parameter", "text", "")
HELD = st.one_of(
    st.floats(LEAST, LARGEST), st.floats(-LARGEST, -LEAST), st.just(0.0), st.just(math.nan), st.floats(0.1, 100.0)
)


def ruled() -> pd.DataFrame:
    told = {"S1_P1M1_rest": {"visit_date": "2026-02-25"}, "S1_P1M2_rest": {"visit_date": "2026-03-25"}}
    rows = table(row(value=0.1), row(visit="P1M2", value=1 / 3), row(visit="P1M2", target="GM_R", value=-2.5))
    return apply_rules(scheduled(rows, told, plan()), plan())


@pytest.fixture
def long() -> pd.DataFrame:
    return bds_table(ruled(), plan())


def read_xpt(data: bytes, folder: Path) -> tuple[pd.DataFrame, object, pd.DataFrame]:
    """By both readers."""
    path = folder / "read.xpt"
    path.write_bytes(data)
    return *pyreadstat.read_xport(path), pd.read_sas(path, format="xport", encoding="ascii")


def bits(values) -> list[bytes]:
    return [struct.pack("<d", 0.0 if value == 0 else value) if not math.isnan(value) else b"nan" for value in values]


def test_columns_have_names_and_labels_that_every_form_can_hold():
    for column in {*BDS_COLUMNS, *WIDE_COLUMNS, *ARM_COLUMNS}:
        assert column.name.isupper()
        assert len(column.name) <= 8
        assert 0 < len(column.label) <= 40
        assert column.meaning.endswith(".")
    assert len({column.name for column in BDS_COLUMNS}) == len(BDS_COLUMNS)


def test_csv_reads_back_to_the_same_values(long):
    lines = list(csv.DictReader(io.StringIO(outcome_bytes(long, ".csv").decode("utf-8"))))
    for name, kind in ((c.name, c.kind) for c in BDS_COLUMNS):
        told = [line[name] for line in lines]
        if kind == "number":
            assert bits(float(text or "nan") for text in told) == bits(long[name]), name
        elif kind == "text":
            assert told == long[name].tolist(), name
    assert [line["ADT"] for line in lines[:3]] == ["2026-02-25", "2026-03-25", ""]
    assert {line["AVISITN"] for line in lines} == {"1", "2", "3", "4", "5", "6", "951", "952"}


def test_no_cell_of_a_csv_is_a_formula():
    made = typed([{"STUDYID": "=1+1", "AVAL": -2.5}], (*BDS_COLUMNS[:1], NUMBER))
    assert outcome_bytes(made, ".csv") == b"STUDYID,AVAL\n'=1+1,-2.5\n"


def test_parquet_reads_back_to_the_same_values_with_its_dictionary(long, tmp_path):
    (tmp_path / "t.parquet").write_bytes(outcome_bytes(long, ".parquet"))
    found = pq.read_table(tmp_path / "t.parquet")
    for column in BDS_COLUMNS:
        cells, expected = found[column.name].to_pylist(), long[column.name].astype(object).tolist()
        assert cells == [None if pd.isna(cell) else cell for cell in expected], column.name
    told = json.loads(found.schema.metadata[METADATA])["columns"]
    assert told["CHG"]["label"] == "Change from Baseline"
    assert list(told) == found.column_names


def test_xpt_reads_back_by_two_readers_with_labels_and_dates(long, tmp_path):
    first, meta, second = read_xpt(outcome_bytes(long, ".xpt"), tmp_path)
    assert meta.column_names_to_labels == {column.name: column.label for column in BDS_COLUMNS}
    assert (meta.table_name, meta.original_variable_types["ADT"]) == ("ADEMG", "DATE9")
    for column in BDS_COLUMNS:
        own = long[column.name]
        if column.kind == "text":
            assert first[column.name].fillna("").tolist() == own.tolist()
            assert second[column.name].fillna("").tolist() == own.tolist()
        elif column.kind != "date":
            expected = bits(own.astype("float64").tolist())
            assert bits(first[column.name]) == expected
            # pandas reads a stored 0 as 16**-65
            assert bits(0.0 if value == 16.0**-65 else value for value in second[column.name]) == expected
    assert [day for day in first["ADT"] if isinstance(day, date)] == [day for day in long["ADT"] if day]


@settings(max_examples=60, deadline=None)
@given(st.lists(HELD, min_size=1, max_size=40))
def test_xpt_holds_every_float_of_its_range_to_the_bit(tmp_path_factory, values):
    data = xpt_bytes(pd.DataFrame({"AVAL": values}), [NUMBER])
    first, _, second = read_xpt(data, tmp_path_factory.mktemp("xpt"))
    assert bits(first["AVAL"]) == bits(values)
    assert bits(0.0 if value == 16.0**-65 else value for value in second["AVAL"]) == bits(values)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e75, -1.1e74, 9e-79, -5e-324])
def test_xpt_refuses_a_number_it_would_change(value):
    with pytest.raises(TableError, match=r"XPT_NUMBER: AVAL = .* in row 2; 0, or 1e-78 to 1e74"):
        xpt_bytes(pd.DataFrame({"AVAL": [1.0, value]}), [NUMBER])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x" * 201, "PARAM in row 1 has 201 letters"),
        ("f\u00fcr", r"PARAM in row 1 = 'f\u00fcr'"),
        ("a\tb", "PARAM in row 1 = "),
    ],
)
def test_xpt_refuses_a_text_it_would_cut_or_change(text, found):
    with pytest.raises(TableError, match=f"XPT_TEXT: {found}"):
        xpt_bytes(pd.DataFrame({"PARAM": [text]}, dtype="str"), [TEXT])


def test_xpt_writes_micro_as_u_and_texts_of_200_letters_whole(tmp_path):
    texts = ["\u00b5V", "\u03bcV s", "x" * 200]
    first, _, second = read_xpt(xpt_bytes(pd.DataFrame({"PARAM": texts}, dtype="str"), [TEXT]), tmp_path)
    assert first["PARAM"].tolist() == second["PARAM"].tolist() == ["uV", "uV s", "x" * 200]


@pytest.mark.parametrize(
    "columns",
    [
        [NUMBER._replace(name="TOOLONGNAME")],
        [NUMBER._replace(name="aval")],
        [NUMBER, NUMBER],
        [NUMBER._replace(label="x" * 41)],
    ],
)
def test_xpt_refuses_names_and_labels_it_cannot_hold(columns):
    frame = pd.DataFrame({column.name: [1.0] for column in columns})
    with pytest.raises(TableError, match="XPT_NAME"):
        xpt_bytes(frame, columns)


def test_a_wide_table_has_short_names_in_xpt_and_its_own_as_labels(tmp_path):
    wide = wide_table(ruled())
    first, meta, _ = read_xpt(outcome_bytes(wide, ".xpt"), tmp_path)
    labels = {label: name for name, label in meta.column_names_to_labels.items()}
    assert np.nanmax(first[labels["TA_R.apdf_p10_uv"]]) == 1 / 3
    assert labels["TA_R.apdf_p10_uv"] == columns_of(["TA_R.apdf_p10_uv"])[0].short
    assert b"TA_R.apdf_p10_uv" in outcome_bytes(wide, ".csv")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xpt"])
def test_bytes_are_the_same_each_time_and_replace_only_an_outcome_table(long, tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    write_outcomes(long, path)
    before = path.read_bytes()
    write_outcomes(long, path)
    assert path.read_bytes() == before
    assert before.count(b"01JAN60:00:00:00") == (4 if suffix == ".xpt" else 0), "no time of writing"
    path.write_text("subject,sequence\nS1,AB\n")
    with pytest.raises(SettingsError, match="OUTCOMES_PLACE"):
        write_outcomes(long, path)
    assert path.read_text() == "subject,sequence\nS1,AB\n"


def test_a_foreign_parquet_a_folder_and_a_link_are_left_alone(long, tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv").mkdir()
    write_outcomes(long, tmp_path / "ours.csv")
    (tmp_path / "c.csv").symlink_to(tmp_path / "ours.csv")
    for name in ("a.parquet", "b.csv", "c.csv"):
        with pytest.raises(SettingsError, match="OUTCOMES_PLACE"):
            write_outcomes(long, tmp_path / name)


@pytest.mark.parametrize("name", ["table.xlsx", "table", "table.csv.gz"])
def test_an_unknown_form_is_refused(long, tmp_path, name):
    with pytest.raises(SettingsError, match="OUTCOMES_FORMAT"):
        write_outcomes(long, tmp_path / name)
    assert not any(tmp_path.iterdir())
