"""Blocks: any part equals the part of the whole, and bytes are read once."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.readers import read_recording, samples
from emgpipe.readers.files import opened
from emgpipe.readers.header import read_header

RATES = (7, 50, 1)
RECORDS = 23


@pytest.fixture(scope="module", params=[16, 24])
def mixed(edf, request, tmp_path_factory):
    """Path and digital samples of a file of unequal rates."""
    bits = request.param
    limit = 2 ** (bits - 1)
    digital = (str(-limit), str(limit - 1))
    signals = [edf.S(label=f"EMG{r}", digital=digital, samples=edf.noise(RECORDS, r, r, bits)) for r in RATES]
    path = edf.write(tmp_path_factory.mktemp("mixed"), edf.File(signals, bdf=bits == 24, record_s="0.5"))
    return path, [np.concatenate(list(s.samples)) for s in signals]


def small_blocks(path, n_records, monkeypatch):
    """Blocks that hold `n_records`, whatever the size of the file."""
    with opened(path) as file:
        header, _ = read_header(file)
    monkeypatch.setattr(samples, "BLOCK_BYTES", header.record_bytes * n_records)


@pytest.mark.parametrize("n_records", [1, 3, 100])
def test_any_range_equals_the_part_of_the_whole_whatever_the_block(mixed, monkeypatch, n_records):
    path, digital = mixed
    small_blocks(path, n_records, monkeypatch)
    recording = read_recording(path)
    whole = [recording.read_samples(i, 0, 10**6) for i in range(3)]
    for i in range(3):
        want = (digital[i] - int(digital[i].min())) * recording.signals[i].lsb_uv
        # float32 holds 24 bits of a range of 6553 µV
        np.testing.assert_allclose(whole[i] - whole[i].min(), want, atol=6553.6 * 2**-23)

    @given(i=st.integers(0, 2), a=st.integers(-5, 1200), n=st.integers(-5, 600))
    @settings(max_examples=60, deadline=None)
    def law(i, a, n):
        got = recording.read_samples(i, a, a + n)
        np.testing.assert_array_equal(got, whole[i][max(a, 0) : max(a + n, 0)])

    law()


def test_neighbouring_seconds_tile_without_seam_or_overlap(mixed):
    recording = read_recording(mixed[0])

    @given(cuts=st.lists(st.floats(0, recording.duration_s), max_size=6), i=st.integers(0, 2))
    @settings(max_examples=60, deadline=None)
    def law(cuts, i):
        edges = [0.0, *sorted(cuts), recording.duration_s]
        parts = [recording.read(i, a, b) for a, b in pairwise(edges)]
        np.testing.assert_array_equal(np.concatenate(parts), recording.read(i, 0, np.inf))

    law()


def test_signals_taken_in_turn_from_one_stretch_cost_one_read(mixed, monkeypatch):
    path, _ = mixed
    small_blocks(path, 5, monkeypatch)
    recording = read_recording(path)
    loads = []
    monkeypatch.setattr(samples, "_fill", counted(samples._fill, loads))
    for start_s in (0.0, 2.0, 4.0):
        for i in range(3):
            recording.read(i, start_s, start_s + 2.0)
    # the last block of the opening pass holds none of the first four records of each stretch
    assert len(loads) == 3


def counted(function, calls):
    def wrapper(file, view):
        calls.append(len(view))
        return function(file, view)

    return wrapper


def test_a_block_never_grows_beyond_its_bound(mixed, monkeypatch):
    path, _ = mixed
    small_blocks(path, 4, monkeypatch)
    loads = []
    monkeypatch.setattr(samples, "_fill", counted(samples._fill, loads))
    recording = read_recording(path)
    recording.read(0, 0, np.inf)
    assert max(loads) <= samples.BLOCK_BYTES


def test_a_position_without_signal_is_a_coded_error(mixed):
    recording = read_recording(mixed[0])
    with pytest.raises(SettingsError, match="CHANNEL_UNKNOWN"):
        recording.read_samples(3, 0, 1)
    with pytest.raises(SettingsError, match="CHANNEL_UNKNOWN"):
        recording.read(17, 0, 1)


@pytest.mark.parametrize("bits", [16, 24])
def test_a_signal_of_long_records_is_read_from_its_own_place(edf, tmp_path, monkeypatch, bits):
    limit = 2 ** (bits - 1)
    digital = (str(-limit), str(limit - 1))
    rates = (3000, 700, 1, 2500)
    stored = [
        edf.S(label=f"EMG{r}", physical=digital, digital=digital, samples=edf.noise(9, r, r, bits)) for r in rates
    ]
    path = edf.write(tmp_path, edf.File(stored, bdf=bits == 24))
    small_blocks(path, 2, monkeypatch)
    recording = read_recording(path)
    for i, signal in enumerate(stored):
        want = np.concatenate(list(signal.samples))
        # limits are the digital ones: a digital step is a microvolt, which float32 holds
        np.testing.assert_array_equal(np.rint(recording.read_samples(i, 0, 10**6)), want)

    @given(i=st.integers(0, 3), a=st.integers(0, 27_000), n=st.integers(0, 9000))
    @settings(max_examples=60, deadline=None)
    def law(i, a, n):
        want = np.concatenate(list(stored[i].samples))[a : a + n]
        np.testing.assert_array_equal(np.rint(recording.read_samples(i, a, a + n)), want)

    law()
