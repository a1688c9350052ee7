"""What a header says of its signals: meaning, scale to microvolts, and what forbids a number."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording
from emgpipe.readers.findings import MOST_OF_A_KIND
from emgpipe.readers.header import Header, SignalHeader
from emgpipe.readers.signals import describe_signals


def stated(label="EMG TA R", unit="uV", physical=(-3276.8, 3276.7), digital=(-32768, 32767)) -> SignalHeader:
    return SignalHeader(label, "AgCl 4711", unit, *physical, *digital, "HP:20Hz", 1000)


def described(*signals, sample_bytes=2, channels=None, units=None):
    header = Header(sample_bytes, "", None, 4, 1.0, 0.0, tuple(signals))
    return describe_signals(header, channels or {}, units or {})


def judged(*signals, **options) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.where) for f in described(*signals, **options).findings]


@pytest.mark.parametrize(
    ("physical", "digital", "code"),
    [
        ((5, 5), (-9, 9), "SCALE_DEGENERATE"),
        ((-5, 5), (9, 9), "DIGITAL_RANGE"),
        ((-5, 5), (9, -9), "DIGITAL_RANGE"),
        ((-5, 5), (-32768, 32768), "DIGITAL_RANGE"),
        ((-5, 5), (-32769, 32767), "DIGITAL_RANGE"),
        ((-1e300, 1e300), (-9, 9), "SCALE_DEGENERATE"),
        ((-1.7e308, 1.7e308), (-9, 9), "SCALE_DEGENERATE"),
        ((0, 1.1e9), (-9, 9), "SCALE_DEGENERATE"),
        ((-1.1e9, 0), (-9, 9), "SCALE_DEGENERATE"),
        ((0, 1.7e-8), (-9, 9), "SCALE_DEGENERATE"),
        ((None, 5), (-9, 9), "HEADER_NUMBER"),
        ((-5, None), (-9, 9), "HEADER_NUMBER"),
        ((-5, 5), (None, 9), "HEADER_NUMBER"),
        ((-5, 5), (-9, None), "HEADER_NUMBER"),
    ],
)
@pytest.mark.parametrize(("label", "unit"), [("EMG TA R", "uV"), ("KNEE ANGLE", "uV")])
def test_a_scale_without_meaning_refuses_its_signal_only(physical, digital, code, label, unit):
    told = described(stated(label, unit, physical, digital), stated("EMG GM R"))
    assert [s.refused for s in told.signals] == [code, ""]
    assert list(told.scales) == [1]
    signal = told.signals[0]
    assert all(math.isnan(x) for x in (signal.lsb_uv, signal.clip_low_uv, signal.clip_high_uv))
    # a limit that is no number is said with the header
    want = [] if code == "HEADER_NUMBER" else [(code, "error", repr(label))]
    assert [(f.code, f.severity, f.where) for f in told.findings] == want


@pytest.mark.parametrize(
    ("physical", "digital"),
    [((0, 1e-9), (0, 1)), ((-1e9, 1e9), (-9, 9)), ((0, 1), (-32768, 32767)), ((3, 4), (0, 1))],
)
def test_a_scale_at_its_bounds_is_used(physical, digital):
    assert judged(stated(physical=physical, digital=digital)) == []


def test_bounds_of_digital_values_are_those_of_the_format():
    wide = stated(digital=(-8388608, 8388607))
    assert judged(wide, sample_bytes=3) == []
    assert judged(wide) == [("DIGITAL_RANGE", "error", "'EMG TA R'")]
    wider = stated(digital=(-8388608, 8388608))
    assert judged(wider, sample_bytes=3) == [("DIGITAL_RANGE", "error", "'EMG TA R'")]


@pytest.mark.parametrize(("physical", "digital"), [((5, 5), (-9, 9)), ((-5, 5), (9, 9))])
def test_an_angle_with_a_broken_scale_is_said_too(physical, digital):
    (told,) = judged(stated("KNEE ANGLE", "deg", physical, digital))
    assert told[1:] == ("error", "'KNEE ANGLE'")


def test_an_angle_is_no_voltage_and_no_defect():
    for unit, physical in (("deg", (-5, 5)), ("", (-5, 5)), ("deg", (5, -5)), ("deg", (0, 1e12))):
        told = described(stated("KNEE ANGLE", unit, physical))
        assert [s.refused for s in told.signals] == ["NOT_A_VOLTAGE"]
        assert (told.findings, told.scales) == ([], {})
    assert described(stated("KNEE ANGLE", "mV")).signals[0].refused == ""


@pytest.mark.parametrize("label", ["EMG TA R", "ECG II"])
@pytest.mark.parametrize(
    ("unit", "code"),
    [("", "UNIT_UNKNOWN"), ("MV", "UNIT_UNKNOWN"), ("adc", "UNIT_UNKNOWN"), ("deg", "NOT_A_VOLTAGE")],
)
def test_a_unit_that_is_no_known_voltage_refuses_a_muscle_or_a_heart(label, unit, code):
    told = described(stated(label, unit))
    assert told.signals[0].refused == code
    (finding,) = told.findings
    assert (finding.code, finding.severity, finding.where) == (code, "error", repr(label))
    assert (finding.found, finding.allowed) == (f"unit {unit!r}", "nV, uV, mV, V")


def test_all_defects_of_a_signal_are_said_and_the_first_refuses():
    told = described(stated(unit="", physical=(5, 5), digital=(9, -9)))
    assert [f.code for f in told.findings] == ["UNIT_UNKNOWN", "DIGITAL_RANGE", "SCALE_DEGENERATE"]
    assert told.signals[0].refused == "UNIT_UNKNOWN"


def test_units_are_stated_only_where_the_file_states_none():
    assert judged(stated(unit=""), units={"EMG TA R": "mV"}) == []
    assert described(stated(unit=""), units={"EMG TA R": "mV"}).signals[0].clip_high_uv == 3276700
    assert [t[0] for t in judged(stated(unit=""), units={"EMG TA R": "parsec"})] == ["UNIT_UNKNOWN"]
    assert [t[0] for t in judged(stated(), units={"EMG TA R": "mV"})] == ["UNIT_CONFLICT"]
    assert judged(stated(), units={"EMG TA R": "\u03bcV"}) == []


@pytest.mark.parametrize("unit", ["uA", "mA", "deg", "MV", "kV", "pV", "V", "mV", "mv", "Volts", "mVolts", "millivol"])
def test_another_quantity_or_scale_of_the_file_is_never_replaced(unit):
    told = described(stated(unit=unit), units={"EMG TA R": "uV"})
    assert (told.signals[0].refused, told.scales) == ("UNIT_CONFLICT", {})
    assert told.findings[0].found == f"unit {unit!r} in the file and 'uV' in [units]"


@pytest.mark.parametrize("unit", ["BITS", "adc", "counts", "uVolts"])
def test_a_text_without_meaning_is_replaced_by_units_and_said(unit):
    told = described(stated(unit=unit), units={"EMG TA R": "uV"})
    assert (told.signals[0].refused, told.signals[0].unit) == ("", "uV")
    (finding,) = told.findings
    assert (finding.code, finding.severity) == ("UNIT_OVERRIDDEN", "info")
    assert repr(unit) in finding.message
    assert "'uV' of [units]" in finding.message


def test_units_may_say_the_same_in_other_letters():
    told = described(stated(unit="mVolts"), units={"EMG TA R": "mV"})
    assert (told.signals[0].refused, told.signals[0].uv_per_unit) == ("", 1000.0)


def test_currents_are_no_voltages():
    assert [t[0] for t in judged(stated(unit="uA"))] == ["NOT_A_VOLTAGE"]


@pytest.mark.parametrize(
    ("physical", "digital", "rounding_uv", "severity"),
    [
        ((900_000, 901_000), (-32768, 32767), 0.0625, "warning"),
        ((-901_000, -900_000), (-32768, 32767), 0.0625, "warning"),
        ((20_000, 30_000), (-8388608, 8388607), 2.0**-9, "info"),
    ],
)
def test_steps_on_an_offset_that_single_precision_cannot_hold_are_said(physical, digital, rounding_uv, severity):
    told = described(stated(physical=physical, digital=digital), sample_bytes=3)
    (finding,) = told.findings
    assert (finding.code, finding.severity, finding.where) == ("SCALE_COARSE", severity, "'EMG TA R'")
    assert f"rounded to {rounding_uv:.3g} microvolts" in finding.message
    assert told.signals[0].lsb_uv == rounding_uv
    assert told.scales[0].gain_uv < rounding_uv


@pytest.mark.parametrize("most", [262144, 262143, 262144.5, 187500, 100_000, 1])
def test_24_bits_around_zero_are_held(most):
    told = described(stated(physical=(-most, most - 1e-3), digital=(-8388608, 8388607)), sample_bytes=3)
    assert told.findings == []
    assert told.signals[0].lsb_uv == abs(told.scales[0].gain_uv)


LIMITS = st.floats(-1e6, 1e6)


@given(physical=st.tuples(LIMITS, LIMITS), digital=st.tuples(st.integers(-32768, 32767), st.integers(-32768, 32767)))
def test_an_inverted_range_has_the_sign_it_means(physical, digital):
    assume(digital[0] < digital[1] and abs(physical[0] - physical[1]) > 1e-3)
    # a step that single precision holds
    assume(abs(physical[0] - physical[1]) / (digital[1] - digital[0]) > max(map(abs, physical)) * 2**-22)
    told = described(stated(physical=physical, digital=digital))
    (signal,), scale = told.signals, told.scales[0]
    assert [f.code for f in told.findings] == (["SCALE_INVERTED"] if physical[0] > physical[1] else [])
    assert signal.refused == ""
    assert signal.lsb_uv == abs(scale.gain_uv) > 0
    assert (signal.clip_low_uv, signal.clip_high_uv) == (min(physical), max(physical))
    # the digital minimum is the physical minimum, whichever is the larger; float64 at the size of the numbers
    size = max(map(abs, physical)) + abs(scale.gain_uv) * max(map(abs, digital))
    for at, want in zip(digital, physical, strict=True):
        assert at * scale.gain_uv + scale.offset_uv == pytest.approx(want, abs=size * 2**-48)


def test_an_inverted_range_gives_samples_of_the_other_sign(edf, tmp_path):
    samples = edf.noise(3, 20)
    upright = edf.write(tmp_path, edf.File([edf.S(samples=samples, physical=("-500", "500"))]), "up.edf")
    inverted = edf.write(tmp_path, edf.File([edf.S(samples=samples, physical=("500", "-500"))]), "down.edf")
    recording = read_recording(inverted)
    assert [(f.code, f.severity) for f in recording.findings] == [("SCALE_INVERTED", "warning")]
    # both roundings to float32 are of the same number
    assert np.array_equal(recording.read(0, 0, 3), -read_recording(upright).read(0, 0, 3))


def test_a_broken_signal_stops_no_other(edf, tmp_path):
    labels = ("EMG RF", "EMG BF")
    signals = [edf.S(label=label, samples=edf.noise(2, 10, seed)) for seed, label in enumerate(labels)]
    intact = read_recording(edf.write(tmp_path, edf.File(signals), "intact.edf"))
    path = edf.write(tmp_path, edf.File(signals, overrides={("physical_min", 0): "1,5"}))
    recording = read_recording(path)
    assert [s.refused for s in recording.signals] == ["HEADER_NUMBER", ""]
    assert np.array_equal(recording.read("BF", 0, 2), intact.read("BF", 0, 2))
    with pytest.raises(ReadError, match="HEADER_NUMBER"):
        recording.read("RF", 0, 2)
    assert [f.code for f in recording.findings] == [f.code for f in check_file(path)] == ["HEADER_NUMBER"]


def test_labels_and_muscles_that_repeat_are_said_with_their_places():
    told = described(stated("EMG RF"), stated("EMG RF"), stated("Rectus fem"), stated("EMG BF"))
    assert [(f.code, f.severity, f.where) for f in told.findings] == [
        ("LABEL_DUPLICATE", "warning", "'EMG RF'"),
        ("MUSCLE_DUPLICATE", "warning", "RF"),
    ]
    assert "positions 1, 2" in told.findings[0].message
    assert "'EMG RF' (2 signals), 'Rectus fem'" in told.findings[1].message
    assert judged(stated("EMG RF", ""), stated("EMG RF"))[0][2] == "'EMG RF' (1st signal)"


def test_equal_labels_of_one_muscle_are_told_as_its_rows_tell_them_and_what_to_do():
    label, muscle = described(stated("EMG RF"), stated("EMG RF"), stated("ECG")).findings
    assert (label.code, muscle.code, muscle.where) == ("LABEL_DUPLICATE", "MUSCLE_DUPLICATE", "RF")
    assert label.hint == "give each its own label and export again; in Python name them by position"
    assert muscle.hint == "give each its own label and export again"
    assert [f.code for f in described(stated("ECG"), stated("ECG")).findings] == ["LABEL_DUPLICATE"]
    named = described(stated("a"), stated("b"), channels={"a": "RF", "b": "RF"}).findings
    assert [(f.code, f.hint) for f in named] == [("MUSCLE_DUPLICATE", "tell them apart in [channels] of a study.toml")]


@pytest.mark.parametrize("label", ["Soleuss R", "Bicps R", "Bizps re", "TA1", "TA_R 2", "TA_R_1"])
def test_a_voltage_that_is_nearly_a_muscle_is_told_and_not_taken_for_one(label):
    told = described(stated(label))
    assert (told.signals[0].kind, told.signals[0].muscle) == ("other", "")
    (finding,) = told.findings
    assert (finding.code, finding.severity, finding.where) == ("MUSCLE_UNKNOWN", "warning", repr(label))
    assert finding.hint.startswith("name it in [channels] of a study.toml; did you mean ")
    assert "docs/muscles.md" in finding.allowed
    assert judged(stated(label, "deg")) == []
    assert judged(stated(label), channels={label: "TA_R"}) == []


@pytest.mark.parametrize("label", ["EEG F3", "T3", "TP9-TP10", "ECG II", "ACC TA_R x", "Status", "CH1", "Thorax", "A1"])
def test_a_voltage_of_another_kind_is_not_told(label):
    assert judged(stated(label)) == []


def test_labels_that_differ_in_their_number_are_told_together_and_others_singly():
    many = [*(stated(f"EMG{i}") for i in range(64)), stated("EMG Biceps R"), stated("EMG chin")]
    told = [f for f in described(*many).findings if f.code == "MUSCLE_UNKNOWN"]
    assert [f.where for f in told] == ["'EMG0', 'EMG1', ... (64 labels)", "'EMG Biceps R'", "'EMG chin'"]
    assert "BIC_R" in told[1].hint
    assert [t[2] for t in judged(stated("EMG1"), stated("EMG2"), stated("EMG3"))] == ["'EMG1'", "'EMG2'", "'EMG3'"]


def test_an_unknown_unit_says_where_to_state_it():
    (finding,) = described(stated(unit="")).findings
    assert (finding.code, finding.hint) == ("UNIT_UNKNOWN", "state it in [units] of a study.toml")


def test_hundreds_of_signals_are_judged_in_a_page():
    many = [stated(f"EMG x{i % 300}", "") for i in range(900)]
    told = described(*many)
    assert len(told.signals) == 900
    assert {f.code for f in told.findings} == {"UNIT_UNKNOWN", "LABEL_DUPLICATE", "MUSCLE_UNKNOWN"}
    assert len(told.findings) == 2 * MOST_OF_A_KIND + 1
    assert all(s.refused == "UNIT_UNKNOWN" for s in told.signals)
    assert max(len(f.message) for f in told.findings) < 400


def test_a_prefilter_is_kept_and_a_transducer_stands_in_no_message():
    told = described(stated(unit="", physical=(5, 5), digital=(9, -9)), stated(unit="deg"), stated(physical=(5, -5)))
    assert told.signals[0].prefilter == "HP:20Hz"
    assert "4711" not in repr(told.findings)
