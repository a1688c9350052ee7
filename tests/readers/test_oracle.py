"""Legal files as an independent reader reads them: to one digital step, whatever rate, range and length."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgpipe.readers import read_recording
from emgpipe.readers.units import uv_per_unit

pyedflib = pytest.importorskip("pyedflib", reason="the independent reader is not installed for this Python")

LIMIT = {False: 2**15, True: 2**23}
LABELS = ["EMG TA R", "EMG GM R", "EMG RF L"]
RECORD_S = ["1", "0.1", "0.5", "2", "1.0016", "0.3", "0.125"]


def in_field(value):
    """A number as eight characters hold it."""
    return next(text for digits in range(8, 0, -1) if len(text := f"{value:.{digits}g}") <= 8 and "e" not in text)


@st.composite
def limits(draw, bdf):
    """Physical and digital limits of a signal, the physical ones at times inverted."""
    most = LIMIT[bdf]
    low, high = draw(st.lists(st.integers(-most, most - 1), min_size=2, max_size=2, unique=True).map(sorted))
    if draw(st.booleans()):
        low, high = -most, most - 1
    a, b = draw(st.lists(st.integers(-99_999, 99_999), min_size=2, max_size=2, unique=True))
    scale = draw(st.sampled_from([1, 10, 1000]))
    return (in_field(a / scale), in_field(b / scale)), (str(low), str(high))


@st.composite
def files(draw, edf):
    """A legal file and the annotations in it."""
    bdf, plus = draw(st.booleans()), draw(st.sampled_from(["", "C"]))
    n_records = draw(st.integers(1, 6))
    record_s = draw(st.sampled_from(RECORD_S))
    signals = []
    for place in range(draw(st.integers(1, 3))):
        physical, digital = draw(limits(bdf))
        n = draw(st.integers(1, 40))
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        values = rng.integers(int(digital[0]), int(digital[1]) + 1, (n_records, n))
        values[0, 0], values[-1, -1] = int(digital[0]), int(digital[1])
        unit = draw(st.sampled_from(["uV", "mV", "V", "nV"]))
        signals.append(edf.S(label=LABELS[place], unit=unit, physical=physical, digital=digital, samples=values))
    marks = []
    if plus:
        marks = draw(st.lists(st.tuples(st.integers(0, 9999), st.none() | st.integers(1, 99)), max_size=5))
        texts = [edf.tal(f"+{at / 1000:.3f}", f"mark {k}", duration=span) for k, (at, span) in enumerate(marks)]
        signals.append(edf.clock(n_records, float(record_s), marks=texts, bdf=bdf))
    stated = "Startdate 02-MAR-2004 X X X" if plus else ""
    return edf.File(signals, record_s=record_s, plus=plus, bdf=bdf, recording=stated), marks


def written_uv(signal):
    """What a signal of a handmade file means, from its texts alone."""
    physical, digital = [float(x) for x in signal.physical], [int(x) for x in signal.digital]
    step = (physical[1] - physical[0]) / (digital[1] - digital[0])
    values = np.concatenate(list(signal.samples)) - digital[0]
    return (values * step + physical[0]) * uv_per_unit(signal.unit)


def assert_same(got, want, signal):
    # one rounding to float32; below it, a few of float64 at the size of the limits and of the digital values
    slack = max(abs(signal.clip_low_uv), abs(signal.clip_high_uv)) * 2**-44 + signal.lsb_uv * 2**-20
    np.testing.assert_allclose(got, want.astype(np.float32), rtol=2**-23, atol=slack)


def test_legal_files_are_read_as_written_and_as_the_independent_reader_reads_them(edf, tmp_path):
    compared = 0

    @given(files(edf))
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    def law(made):
        nonlocal compared
        file, marks = made
        path = edf.write(tmp_path, file, "a.bdf" if file.bdf else "a.edf")
        recording = read_recording(path)
        told = {f.code for f in recording.findings if f.severity != "info"}
        assert told <= {"SCALE_INVERTED", "SCALE_DEGENERATE", "SCALE_COARSE"}
        for signal, stated in zip(recording.signals, file.signals, strict=False):
            if signal.refused:  # steps below a millionth of a nanovolt, a kilovolt
                assert signal.refused == "SCALE_DEGENERATE"
                continue
            assert_same(recording.read(signal.index, 0, math.inf), written_uv(stated), signal)
        assert [(m.onset_s, m.duration_s) for m in recording.annotations] == sorted(
            [(at / 1000, span) for at, span in marks], key=lambda mark: mark[0]
        )
        with pyedflib.EdfReader(str(path)) as oracle:
            assert_equal_to(oracle, recording)
        compared += 1

    law()
    assert compared > 100


def assert_equal_to(oracle, recording):
    assert oracle.signals_in_file == len(recording.signals)
    assert oracle.getFileDuration() == pytest.approx(recording.duration_s, abs=1)
    for place, signal in enumerate(recording.signals):
        assert oracle.getLabel(place) == signal.label
        assert oracle.getSampleFrequency(place) == pytest.approx(signal.rate_hz, rel=1e-6)
        assert oracle.getNSamples()[place] == signal.n_samples
        if not signal.refused:
            want = oracle.readSignal(place) * signal.uv_per_unit
            assert_same(recording.read(place, 0, math.inf), want, signal)
    onsets_s, _, texts = oracle.readAnnotations()
    theirs, ours = dict(zip(texts, onsets_s, strict=True)), {m.text: m.onset_s for m in recording.annotations}
    assert theirs == pytest.approx(ours, abs=1e-6)
