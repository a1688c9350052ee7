"""Random damage never gives anything but a recording or a coded refusal, in time and in memory."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording

REASONABLE_BYTES = 4 * 2**20
FIELDS = [
    b"",
    b"-1",
    b"0",
    b"1",
    b"2",
    b"99999999",
    b"-9999999",
    b"1e99",
    b"1e-9",
    b"nan",
    b"1,5",
    b"0.1",
    b"\xff\xfe",
    b"EDF+D",
]


@pytest.fixture(scope="module")
def intact(edf):
    signals = [edf.S(samples=edf.noise(3, 20)), edf.S(label="EMG GM R", samples=edf.noise(3, 5)), edf.clock(3)]
    return edf.encode(edf.File(signals, plus="C"))


def outcome(path):
    """Open and read everything; only a ReadError may stop it."""
    check_file(path)
    try:
        recording = read_recording(path)
    except ReadError as error:
        return error.code
    for signal in recording.signals:
        if not signal.refused:
            samples = recording.read(signal.index, 0.0, math.inf)
            assert np.isfinite(samples).all()
            assert signal.lsb_uv > 0
            assert signal.clip_low_uv < signal.clip_high_uv
            assert 0 < signal.rate_hz < 1e7
    return "read"


def held_in_bounds(path, data):
    path.write_bytes(data)
    tracemalloc.start()
    result = outcome(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < REASONABLE_BYTES, (result, peak)
    return result


def test_the_intact_file_is_read(intact, tmp_path):
    assert held_in_bounds(tmp_path / "a.edf", intact) == "read"


def test_random_bytes_in_the_header(intact, tmp_path):
    damage = st.lists(st.tuples(st.integers(0, 1023), st.binary(min_size=1, max_size=9)), min_size=1, max_size=4)

    @given(damage=damage)
    @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def law(damage):
        data = bytearray(intact)
        for at, new in damage:
            data[at : at + len(new)] = new
        held_in_bounds(tmp_path / "a.edf", bytes(data))

    law()


def test_plausible_nonsense_in_any_field(intact, tmp_path):
    places = st.lists(st.tuples(st.integers(0, 1016 // 8), st.sampled_from(FIELDS)), min_size=1, max_size=3)

    @given(places=places)
    @settings(max_examples=300, deadline=None)
    def law(places):
        data = bytearray(intact)
        for eighth, text in places:
            data[8 * eighth : 8 * eighth + 8] = text.ljust(8)
        held_in_bounds(tmp_path / "a.edf", bytes(data))

    law()


def test_random_bytes_in_the_records(intact, tmp_path):
    @given(
        at=st.integers(1024, len(intact) - 8), new=st.binary(min_size=1, max_size=8), length=st.integers(0, len(intact))
    )
    @settings(max_examples=200, deadline=None)
    def law(at, new, length):
        data = bytearray(intact)
        data[at : at + len(new)] = new
        held_in_bounds(tmp_path / "a.edf", bytes(data))
        held_in_bounds(tmp_path / "a.edf", bytes(data[:length]))

    law()


def test_annotation_bytes_without_end_take_linear_time(edf, tmp_path):
    hostile = b"+0\x14\x14\x00" + b"+1\x14" + b"a\x14" * 200_000
    signals = [edf.annotation_signal([hostile], len(hostile) + 1)]
    assert outcome(edf.write(tmp_path, edf.File(signals, plus="C"))) == "read"
    hostile = b"+0\x14\x14\x00" + b"+1\x14" + b"a\x14" * 200_000 + b"b"
    signals = [edf.annotation_signal([hostile], len(hostile) + 1)]
    assert outcome(edf.write(tmp_path, edf.File(signals, plus="C"))) == "ANNOTATIONS_DAMAGED"
