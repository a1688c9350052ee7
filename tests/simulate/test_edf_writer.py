"""What is written is what another reader finds."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import EmgpipeError, SettingsError
from emgpipe.recording import Annotation
from emgpipe.simulate import write_edf
from emgpipe.simulate.edf_writer import RANGE_UV, write_truth

pyedflib = pytest.importorskip("pyedflib", reason="no wheel of pyedflib for this Python")

MARKS = (Annotation(0.0, 3.5, "rest"), Annotation(1.25, None, "stimulus"), Annotation(3.5, 0.5, "référence"))


@pytest.fixture
def two_rates():
    rng = np.random.default_rng(1)
    return [rng.normal(0, 200, 8000), rng.normal(0, 200, 4000)]


def test_samples_come_back_within_half_a_digital_step(tmp_path, two_rates):
    write_edf(tmp_path / "a.edf", two_rates, ["EMG TA_R", "EMG GM_R"], [2000, 1000], prefilter="none")
    with pyedflib.EdfReader(str(tmp_path / "a.edf")) as edf:
        assert edf.getSignalLabels() == ["EMG TA_R", "EMG GM_R"]
        assert [edf.getPhysicalDimension(i) for i in (0, 1)] == ["uV", "uV"]
        assert edf.getSampleFrequencies().tolist() == [2000, 1000]
        assert edf.getPrefilter(0) == "none"
        for i, samples_uv in enumerate(two_rates):
            assert np.abs(edf.readSignal(i) - samples_uv).max() <= 0.05 * (1 + 1e-9)


def test_halves_are_rounded_to_even_not_cut_off(tmp_path):
    # a range with a step of 1 µV: exact halves
    exact = np.array([0.5, 1.5, -0.5, -1.5, 0.9, -0.9])
    samples_uv = np.resize(exact, 600)
    write_edf(tmp_path / "a.edf", [samples_uv], ["EMG TA_R"], 600, range_uv=(-32768.0, 32767.0))
    with pyedflib.EdfReader(str(tmp_path / "a.edf")) as edf:
        assert edf.readSignal(0, digital=True)[:6].tolist() == [0, 2, 0, -2, 1, -1]


def test_annotations_come_back_intact(tmp_path, two_rates):
    write_edf(tmp_path / "a.edf", two_rates, ["A", "B"], [2000, 1000], annotations=MARKS[::-1])
    with pyedflib.EdfReader(str(tmp_path / "a.edf")) as edf:
        onsets_s, durations_s, texts = edf.readAnnotations()
    assert onsets_s.tolist() == [0.0, 1.25, 3.5]
    assert durations_s.tolist() == [3.5, -1, 0.5]
    assert texts.tolist() == [m.text for m in MARKS]


def test_more_annotations_than_records_are_kept(tmp_path):
    marks = [Annotation(i * 0.01, None, f"m{i}") for i in range(128)]
    write_edf(tmp_path / "a.edf", [np.zeros(200)], ["A"], 100, annotations=marks)
    with pyedflib.EdfReader(str(tmp_path / "a.edf")) as edf:
        assert edf.readAnnotations()[2].tolist() == [m.text for m in marks]


def test_the_same_samples_give_the_same_bytes_and_no_names(tmp_path, two_rates):
    for name in ("a", "b"):
        write_edf(tmp_path / name, two_rates, ["A", "B"], [2000, 1000], annotations=MARKS)
    content = (tmp_path / "a").read_bytes()
    assert content == (tmp_path / "b").read_bytes()
    assert content[8:88].split() == [b"X"] * 4
    assert content[88:168].split() == [b"Startdate", b"01-JAN-2000", b"X", b"X", b"simulated"]


@given(st.lists(st.floats(*RANGE_UV), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_any_sample_in_range_survives_within_half_a_step(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("edf") / "a.edf"
    samples_uv = np.resize(values, 100)
    write_edf(path, [samples_uv], ["A"], 100)
    with pyedflib.EdfReader(str(path)) as edf:
        assert np.abs(edf.readSignal(0) - samples_uv).max() <= 0.05 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("samples_uv", "options"),
    [
        ([0.0, np.nan] * 50, {}),
        ([0.0, 3276.8] * 50, {}),
        ([0.0] * 150, {}),
        ([], {}),
        ([0.0] * 100, {"annotations": [Annotation(1.0, None, "after the end")]}),
        ([0.0] * 100, {"annotations": [Annotation(-0.1, None, "before")]}),
        ([0.0] * 100, {"annotations": [Annotation(0.0, -1.0, "negative")]}),
        ([0.0] * 100, {"annotations": [Annotation(0.0, None, "")]}),
        ([0.0] * 100, {"annotations": [Annotation(0.0, None, "x" * 41)]}),
        ([0.0] * 100, {"annotations": [Annotation(0.0, None, "x")] * 65}),
        ([0.0] * 100, {"prefilter": "x" * 81}),
        ([0.0] * 100, {"range_uv": (-1234.5678, 1.0)}),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path, samples_uv, options):
    with pytest.raises(SettingsError, match="SIMULATION_UNWRITABLE"):
        write_edf(tmp_path / "a.edf", [np.array(samples_uv)], ["A"], 100, **options)
    assert not (tmp_path / "a.edf").exists()


@pytest.mark.parametrize("label", ["seventeen letters", "µ", "two\nlines"])
def test_a_label_that_does_not_fit_is_refused(tmp_path, label):
    with pytest.raises(SettingsError, match="SIMULATION_UNWRITABLE"):
        write_edf(tmp_path / "a.edf", [np.zeros(100)], [label], 100)


def test_without_pyedflib_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyedflib", None)
    with pytest.raises(EmgpipeError, match=r"WRITER_ABSENT: .*install it"):
        write_edf(tmp_path / "a.edf", [np.zeros(100)], ["A"], 100)


def test_truth_is_sorted_json_without_last_bits(tmp_path):
    write_truth(tmp_path / "t.json", {"b": [1 / 3, float("nan"), -1e-12, True, "µ"], "a": {"x": np.float64(2.5)}})
    text = (tmp_path / "t.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": {"x": 2.5}, "b": [0.333333, None, 0.0, True, "µ"]}
    assert text.index('"a"') < text.index('"b"')
    assert "-0.0" not in text
