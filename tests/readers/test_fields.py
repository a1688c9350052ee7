"""Texts of the header: numbers, dates, units, annotation lists."""

import math
import re
from datetime import date, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emgpipe.readers import header_fields as grammar
from emgpipe.readers.tal import Tal, parse_tals
from emgpipe.readers.units import is_other_quantity, uv_per_unit

NUMBER_BYTES = st.lists(st.sampled_from(b"0123456789+-.eE, _xnaif\x00"), max_size=8).map(bytes)


@given(st.integers(-9999999, 99999999))
def test_every_whole_number_that_fits_is_read(value):
    assert grammar.parse_integer(str(value).encode().ljust(8)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_decimal_is_read_as_written(value):
    assert grammar.parse_real(repr(value).encode()) == value


@given(NUMBER_BYTES)
@example(b"1_0")
@example(b".")
@example(b"+-1")
@example(b"1e5.0")
def test_what_is_read_as_a_number_is_one_and_finite(field):
    value = grammar.parse_real(field)
    assert value is None or (math.isfinite(value) and re.fullmatch(rb" *[-+0-9.eE]+ *", field))
    whole = grammar.parse_integer(field)
    assert whole is None or (re.fullmatch(rb" *[-+]?[0-9]+ *", field) and whole == value)


@example(date(1985, 1, 1), time(0))
@example(date(2084, 12, 31), time(23, 59, 59))
@given(st.dates(date(1985, 1, 1), date(2084, 12, 31)), st.times())
def test_dates_and_times_come_back(day, clock):
    assert grammar.parse_date(day.strftime("%d.%m.%y").encode()) == day
    assert grammar.parse_time(clock.strftime("%H.%M.%S").encode()) == clock.replace(microsecond=0)


@given(st.binary(max_size=10))
def test_dates_and_times_of_anything_are_valid_or_none(field):
    assert grammar.parse_date(field) is None or isinstance(grammar.parse_date(field), date)
    assert grammar.parse_time(field) is None or isinstance(grammar.parse_time(field), time)


def test_a_startdate_is_a_real_day_of_an_english_month_or_none_at_all():
    assert grammar.parse_startdate(b"Startdate 29-FEB-2024 X X X") == (True, date(2024, 2, 29))
    assert grammar.parse_startdate(b"Startdate 01-mar-2024 X X X") == (True, date(2024, 3, 1))
    for wrong in (
        b"Startdate 30-FEB-2024 X",
        b"Startdate 01-Mai-2024",
        b"Startdate 1-MAY-2024",
        b"Startdate 01-MAY-20245",
    ):
        assert grammar.parse_startdate(wrong) == (True, None)
    for absent in (b"Startdate X X X X", b"Startdate", b"", b"01-MAY-2024"):
        assert grammar.parse_startdate(absent) == (False, None)


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("uV", 1),
        ("µV", 1),
        ("μV", 1),
        ("ÂµV", 1),
        ("Î¼V", 1),
        ("microV", 1),
        ("uv", 1),
        ("UV", 1),
        ("nV", 1e-3),
        ("mV", 1e3),
        ("V", 1e6),
    ],
)
def test_each_written_voltage_has_its_factor(text, factor):
    assert uv_per_unit(text) == factor


@pytest.mark.parametrize("text", ["", " ", "MV", "mv", "kV", ".V", "BITS", "adc", "V/s", "deg", "uV\0"])
def test_no_other_text_is_a_voltage(text):
    assert math.isnan(uv_per_unit(text))


@pytest.mark.parametrize("text", ["deg", "degC", "DegC", "kgf", "%", "N", "Nm", "g", "m/s^2"])
def test_other_quantities_are_known_as_such(text):
    assert is_other_quantity(text)


def test_a_list_holds_onset_duration_and_texts():
    assert parse_tals(b"-0.5\x152\x14a\x14b\x14\x00\x00\x00+1\x14c\x14") == [
        Tal(-0.5, 2.0, (b"a", b"b")),
        Tal(1.0, None, (b"c",)),
    ]
    assert parse_tals(b"") == parse_tals(bytes(20)) == []


@pytest.mark.parametrize(
    "field",
    [
        b"0\x14a\x14",
        b"+1\x14",
        b"+1",
        b"+1\x15\x14a\x14",
        b"+1\x14a",
        b"+1\x15-2\x14a\x14",
        b"+1\x14a\x14\x00x",
        b"++1\x14a\x14",
        b"+1e5\x14a\x14",
        b"+1\x15nan\x14\x14",
        b"+" + b"9" * 400 + b"\x14\x14",
    ],
)
def test_a_list_outside_the_grammar_is_none(field):
    assert parse_tals(field) is None


@given(
    st.lists(
        st.tuples(
            st.decimals(-9999, 9999, places=4),
            st.none() | st.decimals(0, 99, places=2),
            st.lists(
                st.text(st.characters(exclude_characters="\0\x14", exclude_categories=["Cs"])), min_size=1, max_size=3
            ),
        ),
        max_size=5,
    )
)
def test_lists_come_back_as_they_were_written(tals):
    written = b""
    for onset, duration, texts in tals:
        span = "" if duration is None else f"\x15{duration}"
        written += f"{onset:+}{span}\x14{''.join(t + chr(20) for t in texts)}\0".encode()
    want = [Tal(float(o), None if d is None else float(d), tuple(t.encode() for t in x)) for o, d, x in tals]
    assert parse_tals(written + bytes(7)) == want


@given(st.binary(max_size=60))
def test_any_bytes_give_lists_or_none(field):
    tals = parse_tals(field)
    assert tals is None or all(math.isfinite(tal.onset_s) for tal in tals)
