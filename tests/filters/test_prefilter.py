"""What prefilter texts of amplifiers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emgpipe.filters.prefilter import stated_filters


@pytest.mark.parametrize(
    ("text", "high_hz", "low_hz", "notch_hz"),
    [
        ("HP:10Hz LP:250Hz N:50Hz", 10, 250, 50),
        ("LP 500Hz", None, 500, None),
        ("LP:250", None, 250, None),
        ("HP=20 Hz, LP=450 Hz", 20, 450, None),
        ("high-pass 20Hz low pass 500 Hz notch 60", 20, 500, 60),
        ("HPF: 10,5Hz; LPF: 1.5kHz", 10.5, 1500, None),
        ("LP:500HzHP:10HzN:60Hz", 10, 500, 60),
        ("Bandpass 20 - 450 Hz", 20, 450, None),
        ("HP:1Hz HP:20Hz LP:900Hz LP:400Hz", 20, 400, None),
    ],
)
def test_stated_edges_are_read(text, high_hz, low_hz, notch_hz):
    assert stated_filters(text) == (high_hz, low_hz, notch_hz)


@pytest.mark.parametrize(
    "text",
    ["", "None", "HP:DC LP:none", "HP:0.05sec", "HP:0.3s", "LP:0Hz", "NONE 50", "AP 250", "LP:12345678Hz", "N: off"],
)
def test_what_is_no_frequency_is_not_stated(text):
    assert stated_filters(text) == (None, None, None)


@given(st.text(max_size=80))
def test_no_text_is_too_odd(text):
    assert all(edge_hz is None or 0 < edge_hz < 1e9 for edge_hz in stated_filters(text))
