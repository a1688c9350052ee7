"""What a whole file becomes: a recording, or one coded refusal."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from emgpipe.errors import ReadError, SettingsError
from emgpipe.readers import check_file, file_sha256, read_recording


def refused(path, **options):
    """Code of the refusal, which `check_file` or `read_recording` gives as one line."""
    with pytest.raises(ReadError) as caught:
        read_recording(path, **options)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path.name}: {caught.value.code}: ")
    return caught.value.code


def test_a_plain_file_gives_its_samples_in_microvolts(edf, tmp_path):
    file = edf.plain(records=3, n=50)
    recording = read_recording(edf.write(tmp_path, file))
    digital = np.concatenate(list(file.signals[0].samples))
    want = ((digital + 32768) * (6553.5 / 65535) - 3276.8).astype(np.float32)
    signal = recording.signal("TA_R")
    assert (signal.rate_hz, signal.n_samples, signal.unit) == (50.0, 150, "uV")
    assert (signal.clip_low_uv, signal.clip_high_uv) == (-3276.8, 3276.7)
    assert signal.lsb_uv == pytest.approx(0.1)
    assert recording.start == datetime(2004, 3, 2, 5, 6, 7)
    # both are rounded to float32 from float64 values that differ in their last bit
    np.testing.assert_allclose(recording.read("TA_R", 0, 3), want, rtol=2**-23, atol=1e-9)


def test_a_24_bit_file_gives_its_extremes_and_signs(edf, tmp_path):
    digital = [[-8388608, -1, 0, 1, 8388607]]
    signal = edf.S(physical=("-262144", "262143.9"), digital=("-8388608", "8388607"), samples=digital)
    path = edf.write(tmp_path, edf.File([signal], bdf=True))
    step = (262143.9 + 262144) / (2**24 - 1)
    want = (np.array(digital[0]) + 8388608) * step - 262144
    np.testing.assert_allclose(read_recording(path).read(0, 0, 1), want, rtol=2**-23, atol=0.02)
    assert read_recording(path).signal(0).lsb_uv == pytest.approx(step)


@pytest.mark.parametrize(
    ("unit", "factor"), [("nV", 1e-3), ("uV", 1), (b"\xb5V", 1), (b"\xc2\xb5V", 1), ("mV", 1e3), ("V", 1e6)]
)
def test_units_are_scaled_to_microvolts(edf, tmp_path, unit, factor):
    signal = edf.S(unit=unit, physical=("-2", "2"), digital=("-2", "2"), samples=[[-2, -1, 0, 1, 2]])
    got = read_recording(edf.write(tmp_path, edf.File([signal]))).read(0, 0, 1)
    assert got.tolist() == pytest.approx([-2 * factor, -factor, 0, factor, 2 * factor])


@pytest.mark.parametrize("unit", ["", "MV", "BITS", ".V", "adc", "Mv"])
def test_an_unknown_unit_refuses_its_signal_only(edf, tmp_path, unit):
    signals = [
        edf.S(label="EMG RF", unit=unit, samples=edf.noise(2, 10)),
        edf.S(label="EMG BF", samples=edf.noise(2, 10)),
    ]
    path = edf.write(tmp_path, edf.File(signals))
    recording = read_recording(path)
    assert [signal.refused for signal in recording.signals] == ["UNIT_UNKNOWN", ""]
    assert [(f.code, f.severity, f.where) for f in recording.findings] == [("UNIT_UNKNOWN", "error", "'EMG RF'")]
    assert len(recording.read("BF", 0, 2)) == 20
    with pytest.raises(ReadError, match="UNIT_UNKNOWN"):
        recording.read("RF", 0, 2)
    stated = read_recording(path, units={"EMG RF": "mV"})
    assert stated.signals[0].refused == ("UNIT_CONFLICT" if unit == "MV" else "")  # a megavolt is a scale


def test_a_stated_unit_is_not_overruled(edf, tmp_path):
    path = edf.write(tmp_path, edf.plain())
    assert read_recording(path, units={"EMG TA R": "mV"}).signals[0].refused == "UNIT_CONFLICT"
    assert read_recording(path, units={"EMG TA R": "\u00b5V", "not there": "V"}).signals[0].refused == ""


def test_an_angle_is_no_voltage_and_no_defect(edf, tmp_path):
    signals = [edf.S(label="KNEE ANGLE", unit="deg", samples=edf.noise(2, 10))]
    recording = read_recording(edf.write(tmp_path, edf.File(signals)))
    assert (recording.signals[0].kind, recording.findings) == ("other", ())
    with pytest.raises(ReadError, match="NOT_A_VOLTAGE"):
        recording.read("KNEE ANGLE", 0, 1)


def test_labels_become_muscles_and_channels_overrule_the_catalogue(edf, tmp_path):
    labels = ["EMG TA R", "EMG ch3", "Chest", "ECG II", "Status"]
    path = edf.write(tmp_path, edf.File([edf.S(label=label, samples=edf.noise(2, 10)) for label in labels]))
    recording = read_recording(path, channels={"EMG ch3": "PSP_L", "Chest": "ECG", "absent": "RA_L"})
    assert [s.muscle for s in recording.signals] == ["TA_R", "PSP_L", "", "", ""]
    assert [s.kind for s in recording.signals] == ["emg", "emg", "ecg", "ecg", "other"]
    assert recording.findings == ()


def test_a_label_or_a_name_that_is_no_muscle_is_said_with_the_nearest(edf, tmp_path):
    path = edf.write(tmp_path, edf.plain(signals=[edf.S(label="EMG Biceps", samples=edf.noise(2, 9))]))
    (finding,) = read_recording(path).findings
    assert (finding.code, finding.severity) == ("MUSCLE_UNKNOWN", "warning")
    assert "BIC" in finding.message
    assert "BF" in finding.message
    (finding,) = read_recording(path, channels={"EMG Biceps": "BICC_R"}).findings
    assert "'BICC_R'" in finding.message


def test_duplicate_labels_are_readable_by_position(edf, tmp_path):
    signals = [edf.S(label="EMG RF", samples=edf.noise(2, 10, seed)) for seed in (1, 2)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals)))
    assert not np.array_equal(recording.read(0, 0, 2), recording.read(1, 0, 2))
    assert [f.code for f in recording.findings] == ["LABEL_DUPLICATE", "MUSCLE_DUPLICATE"]
    for name in ("EMG RF", "RF"):
        with pytest.raises(SettingsError, match="CHANNEL_AMBIGUOUS"):
            recording.read(name, 0, 2)


def test_two_labels_of_one_muscle_are_said(edf, tmp_path):
    signals = [edf.S(label=label, samples=edf.noise(2, 10)) for label in ("EMG RF", "Rectus fem")]
    recording = read_recording(edf.write(tmp_path, edf.File(signals)))
    assert [f.code for f in recording.findings] == ["MUSCLE_DUPLICATE"]


def test_annotations_count_from_the_first_sample(edf, tmp_path):
    marks = [edf.tal("+1.25", "rest", duration="2.5"), edf.tal("+0.25", "go", "two"), edf.tal("+99", "Größe")]
    marks[2] = "+99\x14Größe\x14\x00".encode()
    signals = [edf.S(samples=edf.noise(4, 100)), edf.clock(4, first_s=0.25, marks=marks)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, plus="C")))
    assert recording.start == datetime(2004, 3, 2, 5, 6, 7, 250000)
    assert [tuple(a) for a in recording.annotations] == [
        (0.0, None, "go"), (0.0, None, "two"), (1.0, 2.5, "rest"), (98.75, None, "Größe"),
    ]  # fmt: skip
    assert len(recording.signals) == 1


def test_annotations_in_latin_1_are_read_and_said(edf, tmp_path):
    signals = [edf.S(samples=edf.noise(2, 100)), edf.clock(2, marks=[b"+1\x14f\xfcr\x14\x00"])]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, plus="C")))
    assert recording.annotations[0].text == "für"
    assert [f.code for f in recording.findings] == ["TEXT_ENCODING"]


def test_thousands_of_annotations_over_many_records_and_two_signals_all_arrive(edf, tmp_path):
    n = 3000
    times = [edf.tal(f"+{k}", "") + edf.tal(f"+{k}.5", f"mark {k}") for k in range(n)]
    more = [edf.tal(f"+{k}.25", f"also {k}") for k in range(n)]
    signals = [edf.S(samples=edf.noise(n, 4)), edf.annotation_signal(times), edf.annotation_signal(more)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, plus="C")))
    assert [a.text for a in recording.annotations[:3]] == ["also 0", "mark 0", "also 1"]
    assert len(recording.annotations) == 2 * n
    assert recording.annotations[-1] == (n - 0.5, None, f"mark {n - 1}")


def test_bdf_plus_annotations_are_read(edf, tmp_path):
    samples = edf.S(digital=("-8388608", "8388607"), samples=edf.noise(3, 20, bits=24))
    signals = [samples, edf.clock(3, marks=[edf.tal("+2", "hi")], bdf=True)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, plus="C", bdf=True), "a.edf"))
    assert recording.annotations == ((2.0, None, "hi"),)
    assert recording.duration_s == 3.0


@pytest.mark.parametrize(
    ("record_s", "n", "rate_hz"), [("1.0016", 2148, 2148 / 1.0016), ("0.1", 200, 2000.0), ("0.333333", 333, 999.001)]
)
def test_odd_record_durations_keep_every_sample(edf, tmp_path, record_s, n, rate_hz):
    duration = float(record_s)
    onsets = [edf.tal(f"+{k / 3 if record_s == '0.333333' else round(k * duration, 6):.6f}", "") for k in range(30)]
    file = edf.File([edf.S(samples=edf.noise(30, n)), edf.annotation_signal(onsets)], record_s=record_s, plus="C")
    recording = read_recording(edf.write(tmp_path, file))
    assert recording.signal(0).rate_hz == pytest.approx(rate_hz, rel=1e-6)
    got = recording.read(0, 0, recording.duration_s)
    assert len(got) == 30 * n
    assert not np.isnan(got).any()


def test_signals_of_unequal_rates_keep_their_own(edf, tmp_path):
    rates = (2000, 148, 1)
    signals = [edf.S(label=f"EMG{r}", samples=edf.noise(3, r, r)) for r in rates]
    recording = read_recording(edf.write(tmp_path, edf.File(signals)))
    for index, rate in enumerate(rates):
        want = np.concatenate(list(signals[index].samples)) * 0.1
        np.testing.assert_allclose(recording.read(index, 0, 3), want, atol=0.001)
        assert recording.signal(index).rate_hz == rate


def test_an_annotations_only_file_has_marks_and_no_signals(edf, tmp_path):
    fields = [edf.tal("+0", "") + edf.tal("+30", "stage 2", duration=30)]
    recording = read_recording(edf.write(tmp_path, edf.File([edf.annotation_signal(fields)], record_s="0", plus="C")))
    assert (recording.signals, recording.runs, recording.duration_s) == ((), (), 0.0)
    assert recording.annotations == ((30.0, 30.0, "stage 2"),)


@pytest.mark.parametrize(
    "field",
    [
        b"",
        b"+0\x14",
        b"\xff\xfe",
        b"+0\x14\x14\x00+1\x14x",
        b"+0\x14name\x14\x00",
        b"+nan\x14\x14\x00",
        b"+1e3\x14\x14\x00",
    ],
)
def test_a_damaged_annotation_list_refuses_the_file(edf, tmp_path, field):
    fields = [edf.tal("+0", ""), field, edf.tal("+2", "")]
    signals = [edf.S(samples=edf.noise(3, 100)), edf.annotation_signal(fields)]
    assert refused(edf.write(tmp_path, edf.File(signals, plus="C"))) == "ANNOTATIONS_DAMAGED"


def test_folders_pipes_and_missing_files_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.edf")
    (tmp_path / "folder.edf").mkdir()
    (tmp_path / "loop.edf").symlink_to("loop.edf")
    for name in ("pipe.edf", "folder.edf", "loop.edf", "absent.edf"):
        assert refused(tmp_path / name) == "FILE_UNREADABLE"
        assert [f.code for f in check_file(tmp_path / name)] == ["FILE_UNREADABLE"]
    with pytest.raises(ReadError, match="FILE_UNREADABLE"):
        read_recording("a\0b.edf")


def test_a_file_that_changes_while_in_use_is_refused(edf, tmp_path):
    large = np.zeros((9, 1_000_000), np.int16)  # more than the buffer holds
    path = edf.write(tmp_path, edf.File([edf.S(samples=large)]))
    recording = read_recording(path)
    os.utime(path, ns=(1, 1))
    assert refused_reading(recording) == "FILE_CHANGED"
    path.write_bytes(path.read_bytes()[:-10])
    assert refused_reading(recording) == "FILE_CHANGED"
    path.unlink()
    assert refused_reading(recording) == "FILE_UNREADABLE"


def test_after_a_failed_read_nothing_of_the_buffer_is_given(edf, tmp_path):
    large = np.ones((9, 1_000_000), np.int16)
    path = edf.write(tmp_path, edf.File([edf.S(samples=large)]))
    recording = read_recording(path)
    kept = recording.read(0, 0, 1)
    path.write_bytes(path.read_bytes()[: 8 * 2_000_000])
    with pytest.raises(ReadError, match="FILE_CHANGED"):
        recording.read(0, 5, 9)
    with pytest.raises(ReadError, match="FILE_CHANGED"):
        recording.read(0, 0, 1)
    np.testing.assert_allclose(kept, 0.1, atol=0.001)


def refused_reading(recording):
    with pytest.raises(ReadError) as caught:
        recording.read(0, 0, 9)
    return caught.value.code


def test_the_hash_is_that_of_the_bytes(edf, tmp_path):
    path = edf.write(tmp_path, edf.plain())
    want = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_recording(path).sha256 == file_sha256(path) == want


def test_the_hash_covers_bytes_after_the_last_whole_record(edf, tmp_path):
    path = edf.write(tmp_path, edf.encode(edf.plain()) + b"left over")
    recording = read_recording(path)
    assert [f.code for f in recording.findings] == ["RECORD_COUNT"]
    assert recording.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_huge_claims_and_huge_sparse_files_allocate_nothing(edf, tmp_path):
    path = edf.write(tmp_path, edf.plain(record_s="60", n_records="99999999", overrides={("samples", 0): "30000000"}))
    with path.open("r+b") as file:
        file.truncate(3 * 2**30)
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from emgpipe.readers import check_file
print([f.code for f in check_file({str(path)!r})])
"""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment)
    assert done.stdout.strip() == "['FILE_TRUNCATED']", done.stderr


def test_opening_imports_no_heavy_library(edf, tmp_path):
    path = edf.write(tmp_path, edf.plain())
    code = f"""
import sys
from emgpipe.readers import read_recording
read_recording({str(path)!r})
print([m for m in ("mne", "scipy", "pandas", "numba", "pyedflib", "matplotlib") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_hostile_labels_stay_harmless_in_messages(edf, tmp_path):
    label = b"EMG \x1b[31m\r\nx"
    path = edf.write(tmp_path, edf.plain(signals=[edf.S(label=label, unit="", samples=edf.noise(1, 5))]))
    for finding in read_recording(path).findings:
        assert not set(finding.where + finding.message) & set("\x1b\r\n")


def test_strict_reading_refuses_the_first_warning_and_counts_the_others(edf, tmp_path):
    signals = [edf.S(label="EMG RF", samples=edf.noise(3, 10)) for _ in range(2)] + [edf.clock(3, first_s=5.0)]
    path = edf.write(tmp_path, edf.File(signals, plus="C", date="00.00.00"))
    codes = [f.code for f in read_recording(path).findings if f.severity == "warning"]
    assert codes == ["START_UNKNOWN", "LABEL_DUPLICATE", "MUSCLE_DUPLICATE", "FIRST_ONSET"]
    with pytest.raises(ReadError, match=r"^a.edf: START_UNKNOWN: start: .* \(and 3 more\)$"):
        read_recording(path, strict=True)


@pytest.mark.parametrize("plus", ["", "C", "D"])
@pytest.mark.parametrize("label", ["BDF Annotations", "EDF annotations", "edf annotations", "EDF  ANNOTATIONS"])
@pytest.mark.parametrize("beside", [True, False])
def test_annotations_under_a_label_that_is_not_quite_theirs_are_not_ignored(edf, tmp_path, plus, label, beside):
    lost = replace(edf.annotation_signal([edf.tal("+0", ""), edf.tal("+50", "")]), label=label)
    signals = [edf.S(samples=edf.noise(2, 10)), lost, *([edf.clock(2)] if beside else [])]
    path = edf.write(tmp_path, edf.File(signals, plus=plus))
    assert refused(path) == "ANNOTATIONS_LOST"
    assert ("ANNOTATIONS_LOST", "error") in [(f.code, f.severity) for f in check_file(path)]


def test_strict_reading_takes_what_is_only_told(edf, tmp_path):
    fields = [edf.tal("+0", ""), edf.tal("+7", "")]
    signals = [edf.S(label=b"EMG TA R", prefilter="", samples=edf.noise(2, 10)), edf.annotation_signal(fields)]
    recording = read_recording(edf.write(tmp_path, edf.File(signals, plus="D")), strict=True)
    assert [(f.code, f.severity) for f in recording.findings] == [("DISCONTINUOUS", "info")]
    assert refused(edf.write(tmp_path, edf.File(signals, plus="C")), strict=True) == "DISCONTINUOUS"


def test_strict_reading_leaves_a_signal_that_is_refused_to_its_rows(edf, tmp_path):
    signals = [edf.S(samples=edf.noise(2, 10)), edf.S(label="EMG RF L", unit="", samples=edf.noise(2, 10))]
    recording = read_recording(edf.write(tmp_path, edf.File(signals)), strict=True)
    assert [signal.refused for signal in recording.signals] == ["", "UNIT_UNKNOWN"]
