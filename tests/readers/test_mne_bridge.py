"""To MNE and back."""

import math
import os
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        assert recording.start == (meas_date and datetime(2020, 1, 1, 0, 0, 1))


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


def gap_recording(layout, rate_hz, marks=(), start=None):
    """Runs of `(gap before, length)` samples, of one signal whose samples are their own number in µV."""
    runs, at = [], 0
    for gap, length in layout:
        runs.append(Run((at + gap) / rate_hz, (at + gap + length) / rate_hz))
        at += gap + length
    n = sum(length for _, length in layout)
    samples = np.arange(n, dtype=np.float32) + 1
    signal = Signal(0, "TA_R", "TA_R", "emg", "uV", rate_hz, n, 0.05, -5000.0, 5000.0)
    return Recording("g", start, runs[-1].stop_s, (signal,), tuple(runs), marks, (), "", lambda i, a, b: samples[a:b])


LENGTHS = st.integers(1, 400)


@given(
    st.integers(1, 400), st.lists(st.tuples(LENGTHS, LENGTHS), max_size=6), st.sampled_from([256.0, 1000.0, 2148.1481])
)
@settings(deadline=None, max_examples=40)
def test_any_layout_of_gaps_survives_the_way_to_mne_and_back(first, later, rate_hz):
    recording = gap_recording([(0, first), *later], rate_hz)
    back = from_mne(to_mne(recording))
    np.testing.assert_allclose(back.runs, recording.runs, rtol=0, atol=1e-9)
    got, want = back.read("TA_R", 0, math.inf), recording.read("TA_R", 0, math.inf)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, rtol=2**-23)


def test_annotations_beside_gaps_and_a_start_with_a_fraction_survive(tmp_path):
    marks = (Annotation(0.25, None, "cue: a;b"), Annotation(0.5, 0.2, "Ruhe µ"), Annotation(1.75, 0.1, "in the gap"))
    start = datetime(2021, 5, 6, 7, 8, 9, 337100)
    recording = gap_recording([(0, 1000), (1000, 3000)], RATE_HZ, marks, start)
    raw = to_mne(recording)
    for given_back in (raw, through_fif(raw, tmp_path)):
        back = from_mne(given_back)
        assert (back.runs, back.start) == (recording.runs, start)
        assert [m.text for m in back.annotations] == [m.text for m in marks]
        np.testing.assert_allclose([m.onset_s for m in back.annotations], [m.onset_s for m in marks], atol=1e-6)


def through_fif(raw, folder):
    raw.save(folder / "a_raw.fif", verbose="ERROR")
    return mne.io.read_raw_fif(folder / "a_raw.fif", verbose="ERROR")


@pytest.mark.parametrize("last", range(300, 3000, 300))
def test_a_gap_stored_as_fif_comes_back_whole_or_is_refused(tmp_path, last):
    recording = gap_recording([(0, 1000), (1000, last)], RATE_HZ)
    raw = through_fif(to_mne(recording), tmp_path)
    if raw.n_times == 2000 + last:
        assert from_mne(raw).runs == recording.runs
    else:  # MNE wrote the gap shorter than it was
        with pytest.raises(ReadError, match="MNE_UNREADABLE: two BAD_ACQ_SKIP begin at 1 s"):
            from_mne(raw)


def test_a_start_that_mne_cannot_hold_is_left_out():
    assert to_mne(gap_recording([(0, 100)], RATE_HZ, (), datetime(2038, 1, 19))).info["meas_date"] is not None
    assert to_mne(gap_recording([(0, 100)], RATE_HZ, (), datetime(2050, 1, 1))).info["meas_date"] is None


def test_labels_that_stand_twice_or_are_blank_get_names_of_their_own():
    recording = array_recording([uv(10, k) for k in range(5)], ["A", "A", "A-1", "", "A-0"], RATE_HZ)
    names = to_mne(recording).ch_names
    assert len(set(names)) == 5
    assert (names[2], names[4]) == ("A-1", "A-0")


HEADER = """\
Brain Vision Data Exchange Header File Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile=a.eeg
MarkerFile=a.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels=3
SamplingInterval=1000

[Binary Infos]
BinaryFormat=INT_16

[Channel Infos]
Ch1=TA_l,,0.5,µV
Ch2=ECG,,1,µV
Ch3=Force,,1,N
"""
MARKERS = """\
Brain Vision Data Exchange Marker File, Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile=a.eeg

[Marker Infos]
Mk1=New Segment,,1,1,0,20200102030405500000
Mk2=Comment,rest,501,250,0
"""


def write_brainvision(folder, header=HEADER):
    digital = np.random.default_rng(RNG_SEED).integers(-(2**15), 2**15, (2000, 3)).astype("<i2")
    (folder / "a.eeg").write_bytes(digital.tobytes())
    (folder / "a.vmrk").write_text(MARKERS, encoding="utf-8")
    (folder / "a.vhdr").write_text(header, encoding="utf-8")
    return folder / "a.vhdr", digital


def codes(recording):
    return [(f.code, f.severity) for f in recording.findings]


def test_a_brainvision_file_is_opened_by_mne_and_says_so(tmp_path):
    path, digital = write_brainvision(tmp_path)
    recording = from_mne(path)
    assert (recording.name, recording.duration_s) == ("a.vhdr", 2.0)
    assert recording.start == datetime(2020, 1, 2, 3, 4, 5, 500000)
    assert [(s.label, s.muscle, s.kind, s.refused) for s in recording.signals] == [
        ("TA_l", "TA_L", "emg", ""),
        ("ECG", "", "ecg", ""),
        ("Force", "", "other", "NOT_A_VOLTAGE"),
    ]
    np.testing.assert_allclose(recording.read("TA_L", 0, 2), digital[:, 0] * 0.5, rtol=2**-23, atol=1e-9)
    (mark,) = [m for m in recording.annotations if "rest" in m.text]
    assert (mark.onset_s, mark.duration_s) == (0.5, 0.25)
    assert codes(recording)[0] == ("READ_BY_MNE", "warning")
    assert "taken as volts" in recording.findings[0].message


def test_a_fif_file_gives_back_what_went_in_to_float32(tmp_path):
    recording = array_recording([uv()], ["TA_R"], RATE_HZ, annotations=[Annotation(0.5, 1.0, "rest")])
    through_fif(to_mne(recording), tmp_path)
    back = from_mne(str(tmp_path / "a_raw.fif"), name="x", lsb_uv=0.2, clip_uv=4000.0)
    assert (back.name, back.annotations, codes(back)) == ("x", recording.annotations, [("READ_BY_MNE", "warning")])
    # stored in float32 volts, read as float32 microvolts: two roundings
    np.testing.assert_allclose(back.read("TA_R", 0, 3), recording.read("TA_R", 0, 3), rtol=2**-22)
    assert (back.signals[0].lsb_uv, back.signals[0].clip_high_uv) == (0.2, 4000.0)


def test_warnings_of_mne_become_findings_without_the_folder(tmp_path):
    raw = to_mne(array_recording([uv()], ["TA_R"], RATE_HZ))
    with pytest.warns(RuntimeWarning, match="conventions"):
        raw.save(tmp_path / "odd.fif", verbose="WARNING")
    recording = from_mne(tmp_path / "odd.fif")
    assert codes(recording) == [("READ_BY_MNE", "warning"), ("MNE_WARNING", "warning")]
    assert "conventions" in recording.findings[1].message
    assert str(tmp_path) not in recording.findings[1].message


@pytest.mark.parametrize("name", ["a.edf", "a.BDF", "a.vhdr"])
def test_an_edf_path_is_refused_whatever_its_name(edf, tmp_path, name):
    path = edf.write(tmp_path, edf.plain(bdf=name == "a.BDF"), name)
    with pytest.raises(ReadError, match=r"MNE_NOT_FOR_EDF: .*read_recording"):
        from_mne(path)


def test_a_damaged_edf_is_refused_before_mne_sees_it(tmp_path):
    (tmp_path / "a.edf").write_bytes(b"PK")
    with pytest.raises(ReadError, match="MNE_NOT_FOR_EDF"):
        from_mne(tmp_path / "a.edf")


def test_what_mne_read_from_edf_says_so(edf, tmp_path):
    path = edf.write(tmp_path, edf.plain())
    for preload in (False, True):
        recording = from_mne(mne.io.read_raw_edf(path, preload=preload, verbose="ERROR"))
        assert codes(recording) == [("READ_BY_MNE", "warning")]
        assert "use read_recording" in recording.findings[0].message


def labelled(names, types):
    raw = mne.io.RawArray(np.zeros((len(names), 100)), mne.create_info(names, RATE_HZ, types), verbose="ERROR")
    return lambda **channels: from_mne(raw, **channels)


def test_labels_that_name_no_muscle_are_told_and_can_be_named():
    take = labelled(["BIP1", "Leg L", "x", "Fz", "Chest"], ["emg", "eeg", "misc", "eeg", "eeg"])
    told = take().findings
    assert [(f.code, f.where) for f in told] == [("MUSCLE_UNKNOWN", "'BIP1'"), ("MUSCLE_UNKNOWN", "'Leg L'")]
    assert "did you mean TA_L?" in told[1].message
    named = take(channels={"BIP1": "TA_R", "Leg L": "TA_L", "Chest": "ecg"})
    assert named.findings == ()
    assert [(s.kind, s.muscle) for s in named.signals if s.muscle or s.kind == "ecg"] == [
        ("emg", "TA_R"),
        ("emg", "TA_L"),
        ("ecg", ""),
    ]


def test_a_name_that_is_no_muscle_and_two_of_one_muscle_are_told():
    take = labelled(["TA_R", "RAT", "GM_R"], "emg")
    told = take(channels={"GM_R": "GMX_R"}).findings
    assert [(f.code, f.where) for f in told] == [("MUSCLE_UNKNOWN", "'GM_R'"), ("MUSCLE_DUPLICATE", "TA_R")]
    assert "'GMX_R'" in told[0].message
    assert "'TA_R', 'RAT'" in told[1].message


def test_an_object_made_in_memory_has_nothing_to_be_said_of():
    assert from_mne(to_mne(array_recording([uv()], ["TA_R"], RATE_HZ))).findings == ()


BROKEN = {
    "nothing.fif": (None, "FILE_UNREADABLE"),
    "empty.fif": (b"", "FILE_EMPTY"),
    "noise.fif": (bytes(range(256)) * 20, "MNE_UNREADABLE"),
    "noise.gdf": (bytes(range(256)) * 20, "MNE_UNREADABLE"),
    "noise.cnt": (bytes(range(256)) * 20, "MNE_UNREADABLE"),
    "noise.vhdr": (b"not a header", "MNE_UNREADABLE"),
    "noise.xyz": (b"no known ending", "MNE_UNREADABLE"),
    "noise": (b"no ending", "MNE_UNREADABLE"),
    "alone.vhdr": (HEADER.encode(), "MNE_UNREADABLE"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_failure_of_mne_comes_through(tmp_path, name):
    data, code = BROKEN[name]
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError, match=rf"{name}: {code}: .*; ") as caught:
        from_mne(tmp_path / name)
    assert str(tmp_path) not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pipe_or_a_folder_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "a.fif")
    for path in (tmp_path / "a.fif", tmp_path):
        with pytest.raises(ReadError, match="FILE_UNREADABLE"):
            from_mne(path)


def test_a_file_that_is_cut_after_opening_is_a_read_error(tmp_path):
    path, _ = write_brainvision(tmp_path)
    recording = from_mne(path)
    (tmp_path / "a.eeg").write_bytes(b"")
    with pytest.raises(ReadError, match="MNE_UNREADABLE"):
        recording.read("TA_L", 0, 1)


@pytest.mark.parametrize("wrong", [None, 3, np.zeros((2, 100))])
def test_what_is_no_recording_of_mne_is_refused(wrong):
    with pytest.raises(SettingsError, match=r"ARGUMENT_INVALID: found '\w+'; an MNE Raw"):
        from_mne(wrong)
