"""Random damage never gives anything but a recording or a coded refusal, in time and in memory."""

import math
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording
from emgpipe.readers.tal import MOST_TEXTS

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
            assert np.isfinite(samples).all() or len(recording.runs) > 1  # a gap is NaN
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


MIB = 2**20
START = b"+0\x14\x14\0"
HOSTILE = {
    "a list of empty texts, then a letter": (START + b"+1\x14" + b"\x14" * 4 * MIB + b"A", "ANNOTATIONS_"),
    "a list of empty texts": (START + b"+1\x14" + b"\x14" * 4 * MIB, "ANNOTATIONS_TOO_MANY"),
    "a list of texts": (START + b"+1\x14" + b"a\x14" * 2 * MIB, "ANNOTATIONS_TOO_MANY"),
    "lists of a text": (START + b"+1\x14a\x14\0" * (MIB // 2), "ANNOTATIONS_TOO_MANY"),
    "lists of no text": (START + (b"+1\x14\x14" + bytes(16)) * (MIB // 5), "read"),
    "one text": (START + b"+1\x14" + b"a" * 5 * MIB + b"\x14", "ANNOTATIONS_TOO_MANY"),
    "digits": (START + b"+1." + b"3" * 3 * MIB + b"\x14a\x14", "read"),
    "digits before the point": (START + b"+" + b"3" * 3 * MIB + b"\x14a\x14", "ANNOTATIONS_DAMAGED"),
    "digits, then a letter": (START + b"+1." + b"3" * 3 * MIB + b"A\x14a\x14", "ANNOTATIONS_DAMAGED"),
    "no list": (START + b"A" * 4 * MIB, "ANNOTATIONS_DAMAGED"),
    "zero bytes, then a letter": (START + bytes(4 * MIB) + b"A", "ANNOTATIONS_DAMAGED"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_four_megabytes_of_hostile_annotations_take_little_time_and_memory(edf, tmp_path, kind):
    field, code = HOSTILE[kind]
    path = edf.write(tmp_path, edf.File([edf.annotation_signal([field], len(field) + 1)], plus="C"))
    start_s = time.process_time()
    tracemalloc.start()
    assert outcome(path).startswith(code)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # a tenth of it untraced
    assert time.process_time() - start_s < 30.0
    # the record, the bytes of a list and its copies, the objects of 200,000 texts
    assert peak < 60 * MIB


def test_as_many_annotations_as_are_allowed_take_less_than_100_mib(edf, tmp_path):
    texts = [f"+{i}.{i}\x15{i % 997}.5\x14{i:020d}".encode() for i in range(MOST_TEXTS)]
    field = START + b"".join(text + b"\x14\0" for text in texts)
    tracemalloc.start()
    recording = read_recording(
        edf.write(tmp_path, edf.File([edf.annotation_signal([field], len(field) + 1)], plus="C"))
    )
    recording_bytes, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(recording.annotations) == MOST_TEXTS
    # the file was made and held here, too
    assert peak - 3 * len(field) < 100 * MIB
    assert recording_bytes < 100 * MIB


@pytest.mark.parametrize("n_bytes", [2**18 - 3, 2**18, 2**18 + 1, 3 * 2**18 - 7, MIB])
def test_lists_are_read_whole_wherever_a_piece_of_them_ends(edf, tmp_path, n_bytes):
    texts = [f"{i}" * 7 for i in range(n_bytes // 45)]
    field = START + b"".join(edf.tal(f"+{i}", text) for i, text in enumerate(texts))
    field += edf.tal("+999999", "x" * max(n_bytes - len(field) - 11, 1))
    recording = read_recording(edf.write(tmp_path, edf.File([edf.annotation_signal([field], len(field))], plus="C")))
    assert [mark.text for mark in recording.annotations][:-1] == texts
    assert [mark.onset_s for mark in recording.annotations][:-1] == list(range(len(texts)))
