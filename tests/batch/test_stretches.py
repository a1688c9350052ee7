"""Stretches around stimuli in the cache: as they were made, and made anew where they are not as written."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.batch.stretches import cached_stretches, stored_stretches
from emgpipe.errors import StoreError
from emgpipe.pipeline import compute_frames, evoked_stretches
from emgpipe.recording import array_recording
from emgpipe.settings import Settings
from tests.strategies import noise_of

STIMULI_S = (2.0, 8.0, 18.5)


@pytest.fixture(scope="module")
def made():
    recording = array_recording([noise_of(1, 20, 1000.0), noise_of(2, 20, 1000.0)], ["TA_R", "GM_R"], 1000.0)
    return recording, compute_frames(recording, mains_hz=50)


def same(one, other):
    assert one.keys() == other.keys()
    for index, stretches in one.items():
        assert stretches.stimuli_s == other[index].stimuli_s
        assert np.array_equal(stretches.reasons, other[index].reasons)
        for a, b in zip(stretches.samples_uv, other[index].samples_uv, strict=True):
            assert np.array_equal(a, b, equal_nan=True)
            assert a.dtype == b.dtype


def closed(recording):
    def refuse(index, first, stop):
        raise AssertionError

    return replace(recording, read_samples=refuse)


def test_what_is_cached_is_what_was_made_and_is_not_read_again(tmp_path, made):
    recording, frames = made
    folder = tmp_path / "frames" / "key"
    first = cached_stretches(folder, recording, frames, STIMULI_S, Settings())
    same(first, evoked_stretches(recording, frames, STIMULI_S))
    same(first, cached_stretches(folder, closed(recording), frames, STIMULI_S, Settings()))
    same(first, stored_stretches(folder, frames, STIMULI_S))


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda b: b"", lambda b: b + b"0"]
)
def test_a_spoilt_file_is_made_anew(tmp_path, made, spoil):
    recording, frames = made
    folder = tmp_path / "frames" / "key"
    first = cached_stretches(folder, recording, frames, STIMULI_S, Settings())
    path = min((tmp_path / "stimuli").iterdir())
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(StoreError, match="FRAMES_MISSING"):
        stored_stretches(folder, frames, STIMULI_S)
    same(first, cached_stretches(folder, recording, frames, STIMULI_S, Settings()))
    same(first, stored_stretches(folder, frames, STIMULI_S))


def test_other_stimuli_are_other_stretches(tmp_path, made):
    recording, frames = made
    folder = tmp_path / "frames" / "key"
    cached_stretches(folder, recording, frames, STIMULI_S, Settings())
    with pytest.raises(StoreError, match="FRAMES_MISSING"):
        stored_stretches(folder, frames, STIMULI_S[:2])
    assert stored_stretches(folder, frames, ()) == {}
