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
        ("LP (100 Hz)", None, 100, None),
        ("lowpass filter 100 Hz", None, 100, None),
        ("Lowpass cutoff: 100 Hz", None, 100, None),
        ("High-pass cut-off frequency = 30 Hz", 30, None, None),
        ("HP:5LP:100", 5, 100, None),
        ("HP 10 Hz, LP 100 Hz", 10, 100, None),
        ("HP:10 Hz; LP:1K", 10, 1000, None),
        ("HP: DC; LP: 410", None, 410, None),
        ("HP:0.16Hz LP:0.50kHz", 0.16, 500, None),
        ("10-100 Hz", 10, 100, None),
        ("0.1-100Hz", 0.1, 100, None),
        ("0,1 Hz - 100 Hz", 0.1, 100, None),
        ("FIR 20..100Hz", 20, 100, None),
        ("Notch 50; Bandwidth: 10 to 100 Hz", 10, 100, 50),
        ("Bandpass filter 20 Hz - 1 kHz", 20, 1000, None),
        ("Notch 50", None, None, 50),
    ],
)
def test_stated_edges_are_read(text, high_hz, low_hz, notch_hz):
    assert stated_filters(text) == (high_hz, low_hz, notch_hz)


@pytest.mark.parametrize(
    "text",
    [
        *("", "None", "none", "HP:DC LP:none", "LP:0Hz", "NONE 50", "AP 250", "LP:12345678Hz", "N: off"),
        *("HP:0.05sec", "HP:0.3s", "HP: 0.3 s", "TC 0.3 s"),
        *("12 dB/oct", "LP 12 dB/oct", "HP 24dB/oct", "LP 4th order", "LP 2 poles", "4-20 mA", "10-100"),
        *("48-52 Hz notch", "48-52 Hz bandstop", "LP 10-100 Hz", "Notch 48-52 Hz", "Device 2004-03 Hz"),
    ],
)
def test_what_is_no_frequency_is_not_stated(text):
    assert stated_filters(text) == (None, None, None)


@given(st.text(max_size=80))
def test_no_text_is_too_odd(text):
    assert all(edge_hz is None or 0 < edge_hz < 1e9 for edge_hz in stated_filters(text))
