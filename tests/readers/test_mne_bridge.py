"""To MNE and back."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from emgpipe.errors import ReadError, SettingsError
from emgpipe.readers import from_mne, read_recording, to_mne
from emgpipe.recording import Annotation, Recording, Run, Signal, array_recording

mne = pytest.importorskip("mne", reason="MNE is not installed")

RATE_HZ = 1000.0
RNG_SEED = 3


def uv(n=3000, seed=RNG_SEED):
    return np.random.default_rng(seed).normal(0, 20, n).astype(np.float32)


def test_a_recording_survives_the_way_to_mne_and_back():
    marks = [Annotation(0.5, 1.0, "rest"), Annotation(0.5, None, "cue")]
    recording = array_recording([uv(), uv(seed=4)], ["TA_R", "GM_R"], RATE_HZ, annotations=marks)
    back = from_mne(to_mne(recording))
    for channel in ("TA_R", "GM_R"):
        # volts in float64 and back: one rounding to float32
        np.testing.assert_allclose(back.read(channel, 0, 3), recording.read(channel, 0, 3), rtol=2**-23)
    assert sorted(map(str, back.annotations)) == sorted(map(str, recording.annotations))
    assert back.runs == recording.runs
    assert [s.kind for s in back.signals] == ["emg", "emg"]


def test_mne_gets_volts_types_and_the_wall_clock(edf, tmp_path):
    signals = [edf.S(label=label, unit="mV", samples=edf.noise(2, 100)) for label in ("EMG TA R", "ECG", "Other")]
    recording = read_recording(edf.write(tmp_path, edf.File(signals)))
    raw = to_mne(recording)
    assert raw.get_channel_types() == ["emg", "ecg", "bio"]
    np.testing.assert_allclose(raw.get_data()[0] * 1e6, recording.read(0, 0, 2), rtol=1e-12)
    assert raw.info["meas_date"] == datetime(2004, 3, 2, 5, 6, 7, tzinfo=UTC)


def test_unequal_rates_are_refused_and_one_rate_can_be_chosen():
    recording = array_recording([uv(), uv(300)], ["TA_R", "GM_R"], [1000.0, 100.0])
    with pytest.raises(SettingsError, match="RATES_DIFFER"):
        to_mne(recording)
    assert to_mne(recording, channels=["GM_R"]).info["sfreq"] == 100.0
    with pytest.raises(SettingsError, match="CHANNEL_UNKNOWN"):
        to_mne(recording, channels=["SOL_R"])
    with pytest.raises(SettingsError, match="CHANNEL_UNKNOWN"):
        to_mne(array_recording([], [], []))


def test_refused_signals_are_left_out_and_duplicate_labels_told_apart(edf, tmp_path):
    signals = [edf.S(label="EMG RF", samples=edf.noise(2, 10)), edf.S(label="EMG RF", samples=edf.noise(2, 10)),
               edf.S(label="EMG BF", unit="", samples=edf.noise(2, 10))]  # fmt: skip
    recording = read_recording(edf.write(tmp_path, edf.File(signals)))
    assert to_mne(recording).ch_names == ["EMG RF-0", "EMG RF-1"]
    with pytest.raises(ReadError, match="UNIT_UNKNOWN"):
        to_mne(recording, channels=["BF"])


def test_a_gap_goes_to_mne_as_a_skip_and_comes_back_as_a_gap():
    samples = uv()
    signal = Signal(0, "TA_R", "TA_R", "emg", "uV", RATE_HZ, 3000, 0.05, -5000.0, 5000.0)
    runs = (Run(0.0, 1.0), Run(3.0, 5.0))
    recording = Recording("gap", None, 5.0, (signal,), runs, (), (), "", lambda i, a, b: samples[a:b])
    raw = to_mne(recording)
    assert [(a["onset"], a["duration"], a["description"]) for a in raw.annotations] == [(1.0, 2.0, "BAD_ACQ_SKIP")]
    back = from_mne(raw)
    assert back.runs == runs
    assert back.annotations == ()
    np.testing.assert_allclose(back.read("TA_R", 0, math.inf), recording.read("TA_R", 0, math.inf), rtol=2**-23)
    assert np.isnan(back.read("TA_R", 1.0, 3.0)).all()


def test_a_cropped_mne_object_counts_from_its_own_first_sample():
    info = mne.create_info(["TA R", "x"], RATE_HZ, ["emg", "misc"])
    data = np.arange(8000, dtype=float).reshape(2, -1) * 1e-6
    for meas_date in (None, datetime(2020, 1, 1, tzinfo=UTC)):
        raw = mne.io.RawArray(data, info.copy(), verbose="ERROR")
        raw.set_meas_date(meas_date)
        raw.set_annotations(mne.Annotations([1.5], [0.2], ["mark"]))
        recording = from_mne(raw.crop(1.0))
        assert recording.annotations == (Annotation(0.5, 0.2, "mark"),)
        assert recording.read("TA_R", 0, 0.003).tolist() == [1000.0, 1001.0, 1002.0]


def test_a_channel_that_mne_holds_for_no_voltage_is_refused():
    info = mne.create_info(["TA R", "x"], RATE_HZ, ["emg", "misc"])
    recording = from_mne(mne.io.RawArray(np.zeros((2, 100)), info, verbose="ERROR"))
    assert [s.refused for s in recording.signals] == ["", "NOT_A_VOLTAGE"]
    with pytest.raises(SettingsError, match="NOT_A_VOLTAGE"):
        recording.read("x", 0, 0.1)


def test_the_hash_changes_with_any_sample():
    info = mne.create_info(["TA R"], RATE_HZ, ["emg"])
    data = np.zeros((1, 250_000))
    first = from_mne(mne.io.RawArray(data.copy(), info, verbose="ERROR")).sha256
    data[0, -1] = 1e-6
    assert from_mne(mne.io.RawArray(data, info, verbose="ERROR")).sha256 != first


def with_samples(value, at=1500, skip=None):
    info = mne.create_info(["TA R", "x"], RATE_HZ, ["emg", "misc"])
    data = np.zeros((2, 3000))
    data[0, at] = value
    data[1] = np.nan  # no voltage: never read
    raw = mne.io.RawArray(data, info, verbose="ERROR")
    return raw.set_annotations(mne.Annotations(*zip(*skip, strict=True))) if skip else raw


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e34])
def test_samples_that_are_no_finite_number_are_refused(value):
    with pytest.raises(SettingsError, match=r"SAMPLES_NOT_FINITE: signal 'TA R' has 1 samples .* the first at 1500"):
        from_mne(with_samples(value))


def test_samples_that_are_no_number_inside_a_skip_are_a_gap():
    recording = from_mne(with_samples(math.nan, skip=[(1.4, 0.2, "BAD_ACQ_SKIP")]))
    assert recording.runs == (Run(0.0, 1.4), Run(1.6, 3.0))
