"""Real files: an independent reader as oracle, and a verdict for every damaged one."""

import math
from datetime import datetime

import numpy as np
import pytest

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording
from emgpipe.readers.units import uv_per_unit

pyedflib = pytest.importorskip("pyedflib", reason="the independent reader is not installed for this Python")

VERDICTS = {
    "base_uci_4emg_6s": "",
    "mut_dig_min_eq_max_ch1": "signal 1 DIGITAL_RANGE",
    "mut_dim_blank": "signal 0 UNIT_UNKNOWN",
    "mut_dim_mV_ch2_uV_rest": "",
    "mut_edfplusC_flag_but_gap": "finding DISCONTINUOUS",
    "mut_edfplus_flag_lost": "finding PLUS_FLAG_LOST",
    "mut_empty_0_bytes": "FILE_EMPTY",
    "mut_header_only_nrec6": "FILE_TRUNCATED",
    "mut_label_duplicate": "finding LABEL_DUPLICATE; finding MUSCLE_DUPLICATE",
    "mut_nrec_minus1": "finding RECORD_COUNT",
    "mut_nrec_too_small_3": "finding RECORD_COUNT",
    "mut_nsignals_99": "HEADER_SIZE",
    "mut_phys_decimal_comma": "signal 0 HEADER_NUMBER",
    "mut_phys_swapped_ch0": "finding SCALE_INVERTED",
    "mut_record_duration_zero": "RECORD_DURATION",
    "mut_startdate_32nd": "finding START_UNKNOWN",
    "mut_startdate_zero": "finding START_UNKNOWN",
    "mut_tal_corrupt_record2": "ANNOTATIONS_DAMAGED",
    "mut_trunc_mid_header": "HEADER_SHORT",
    "mut_utf8_bom_first": "NOT_EDF",
    "EDFjl_bdf_test": "ANNOTATIONS_LOST",
    "bids_emg_Multimodal_emg": "HEADER_NUMBER",
    "edfReader_edfPlusD": "",
}
LEGAL = {
    "edfReader_edfPlusC": "",
    "edfio_SC4001EC-Hypnogram": "",
    "edfio_short_psg": "signal 3 NOT_A_VOLTAGE; signal 5 NOT_A_VOLTAGE; signal 6 NOT_A_VOLTAGE",
    "edfio_test_subsecond": "finding SCALE_INVERTED",
    "bids_emg_CustomBipolar": "finding MUSCLE_UNKNOWN",
    "bids_emg_IndependentMod": "finding MUSCLE_UNKNOWN",
    "mne-python_duplicate_channel_labels": "finding LABEL_DUPLICATE",
    "mne-python_test": "signal 72 NOT_A_VOLTAGE",
    "mne-python_test_edf_stim_channel": "",
    "mne-python_test_uneven_samp": "",
    "pyedflib_test_generator_datarec_generator_2": "",
    "pyedflib_test_utf8": "finding SCALE_INVERTED",
}
ORACLE_REFUSES = {
    "edfio_SC4001EC-Hypnogram",
    "mne-python_test",
    *(name for name in VERDICTS if name != "base_uci_4emg_6s"),
}


def well_formed(folder):
    files = sorted(folder.glob("edf_*/**/*.[eb]df"))
    assert len(files) > 50
    return [path for path in files if path.stem not in ORACLE_REFUSES]


@pytest.mark.parametrize("name", [*VERDICTS, *LEGAL])
def test_each_file_gets_its_verdict(real, name):
    (path,) = real.glob(f"edf_readers/**/{name}.*df")
    assert verdict(path) == {**VERDICTS, **LEGAL}[name]


def verdict(path):
    try:
        recording = read_recording(path)
    except ReadError as error:
        return error.code
    refused = [f"signal {s.index} {s.refused}" for s in recording.signals if s.refused]
    told = [f"finding {f.code}" for f in recording.findings if f.severity == "warning"]
    return "; ".join(refused or dict.fromkeys(told))


def test_every_file_has_a_verdict(real):
    names = {path.stem for path in (real / "edf_readers").glob("**/*.*df")}
    assert names == {*VERDICTS, *LEGAL}


def test_the_gaps_of_a_discontinuous_file_are_those_of_its_records(real):
    recording = read_recording(real / "edf_readers" / "real" / "edfReader_edfPlusD.edf")
    records = [round(start_s) + k for start_s, stop_s in recording.runs for k in range(round(stop_s - start_s))]
    assert all(start_s == round(start_s) for start_s, _ in recording.runs)
    assert records == [0, 2, 4, 5, 6, 7, 8, 9, 12, 15, 19]
    (told,) = recording.findings
    assert (told.code, told.severity) == ("DISCONTINUOUS", "info")
    assert "5 gaps of 9 s in all" in told.message
    whole = read_recording(real / "edf_readers" / "real" / "edfReader_edfPlusC.edf")
    for signal in recording.signals:
        got = recording.read(signal.index, 0, math.inf).reshape(20, -1)
        assert np.isfinite(got).all(1).tolist() == [t in records for t in range(20)]
        want = whole.read(signal.label, 0, math.inf).reshape(20, -1)
        np.testing.assert_allclose(got[records], want[records], atol=1.01 * signal.lsb_uv)


def test_samples_are_those_of_the_independent_reader(real):
    for path in well_formed(real):
        recording = read_recording(path)
        with pyedflib.EdfReader(str(path)) as oracle:
            assert oracle.signals_in_file == len(recording.signals)
            for place, signal in enumerate(recording.signals):
                assert (signal.rate_hz, signal.n_samples) == (
                    oracle.getSampleFrequency(place),
                    oracle.getNSamples()[place],
                )
                assert signal.label == oracle.getLabel(place)
                if not signal.refused:
                    want = oracle.readSignal(place) * uv_per_unit(signal.unit)
                    got = recording.read(signal.index, 0.0, math.inf)
                    # one rounding to float32; below it, one of float64 at the size of the range
                    slack = max(abs(signal.clip_low_uv), abs(signal.clip_high_uv)) * 2**-48
                    np.testing.assert_allclose(got, want.astype(np.float32), rtol=2**-23, atol=slack, err_msg=path.name)


def test_annotations_and_lengths_are_those_of_the_independent_reader(real):
    for path in well_formed(real):
        recording = read_recording(path)
        with pyedflib.EdfReader(str(path)) as oracle:
            onsets, _, texts = oracle.readAnnotations()
            assert recording.duration_s == pytest.approx(oracle.getFileDuration(), abs=1)
        assert [a.text for a in recording.annotations] == list(texts), path.name
        np.testing.assert_allclose([a.onset_s for a in recording.annotations], onsets, atol=1e-6, err_msg=path.name)


def test_the_fraction_of_the_first_second_is_part_of_the_start(real):
    recording = read_recording(real / "edf_readers" / "real" / "edfio_test_subsecond.edf")
    assert recording.start == datetime(2020, 1, 24, 4, 5, 56, 394531)


def test_a_status_channel_of_24_bits_does_not_stop_the_others(real):
    recording = read_recording(real / "edf_readers" / "real" / "mne-python_test.bdf")
    assert (len(recording.signals), recording.signals[0].rate_hz) == (73, 2048.0)
    assert 20 < recording.read("AF7", 0, 1).std() < 200


def test_check_file_agrees_with_reading_on_every_header_refusal(real):
    for path in sorted(real.glob("edf_*/**/*.[eb]df")):
        codes = [f.code for f in check_file(path) if f.severity == "error"]
        stated = verdict(path)
        if codes and not stated.startswith("signal"):
            assert codes[0] == stated, path.name
        elif not codes:
            # what only the annotations can tell
            told = ("finding", "signal", "ANNOTATIONS_DAMAGED")
            assert stated == "" or stated.startswith(told), path.name
