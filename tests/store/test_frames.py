"""Frames on disk: back bit for bit, mapped, and never believed when damaged."""

import json
import math
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from emgpipe.errors import StoreError
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import FRAMES_VERSION, ChannelFrames, Frames, Heart, Line
from emgpipe.store import frames_key, load_frames, save_frames
from emgpipe.store.frames import ARRAYS, LINES, SCALARS, WHOLE


def channel(seed: int, n_hops: int = 40, n_seconds: int = 3) -> ChannelFrames:
    rng = np.random.default_rng(seed)

    def hops() -> np.ndarray:
        return rng.normal(size=n_hops).astype(np.float32)

    def seconds() -> np.ndarray:
        return rng.normal(size=n_seconds).astype(np.float32)

    mean_square = hops()
    mean_square[:2] = np.nan
    return ChannelFrames(
        index=seed,
        label="EMG TA µ/R",
        muscle="TA_R",
        rate_hz=2000.0,
        hop_samples=25,
        mean_square=mean_square,
        mean_fourth=hops(),
        low_uv=hops(),
        high_uv=hops(),
        reasons=rng.integers(0, 64, n_hops).astype(np.uint16),
        psd=rng.normal(size=(n_seconds, 40)).astype(np.float32),
        line_power=seconds(),
        slow_power=seconds(),
        largest_step_uv=seconds(),
        bandwidth_hz=429.9123456789,
        band_gain=rng.normal(size=40),
        band_hz=(20.0, 450.0),
        lines=(Line(50.013, 3.3, 120.0),),
        lsb_uv=math.nan,
        other_lines=(Line(60.0, 20.0, 999.0), Line(120.0, 1.0, 50.0)),
    )


@pytest.fixture
def saved(tmp_path) -> tuple[Path, Frames]:
    frames = Frames((channel(1), channel(2)), 3.25, "ab" * 32, 60.0)
    save_frames(tmp_path / "key", frames)
    return tmp_path / "key", frames


def same(first: object, second: object) -> bool:
    if isinstance(first, np.ndarray):
        return isinstance(second, np.ndarray) and first.dtype == second.dtype and first.tobytes() == second.tobytes()
    return repr(first) == repr(second)


def test_frames_come_back_bit_for_bit(saved):
    folder, frames = saved
    loaded = load_frames(folder)
    assert [f.name for f in fields(frames)[1:] if getattr(frames, f.name) != getattr(loaded, f.name)] == []
    for before, after in zip(frames.channels, loaded.channels, strict=True):
        assert [f.name for f in fields(before) if not same(getattr(before, f.name), getattr(after, f.name))] == []


@pytest.mark.parametrize(
    "heart",
    [
        None,
        Heart("ECG II µ", n_beats=71, per_minute=70.123456789, hidden_share=0.125, residual=1.0625),
        Heart("PSP_L", 0, 0.0, 1.0, math.nan, why="rate, irregular", doubtful=True),
    ],
)
def test_a_heart_comes_back_as_it_was_found(tmp_path, heart):
    save_frames(tmp_path / "key", Frames((replace(channel(1), heart=heart),), 3.25, "", 60.0))
    (loaded,) = load_frames(tmp_path / "key").channels
    assert repr(loaded.heart) == repr(heart)


def test_no_part_of_the_frames_is_forgotten():
    assert {f.name for f in fields(ChannelFrames)} == {*ARRAYS, *SCALARS, *LINES, "band_hz", "heart"}
    assert {f.name for f in fields(Frames)} == {*WHOLE, "channels"}


def test_arrays_are_mapped_and_cannot_be_written(saved):
    array = load_frames(saved[0]).channels[0].mean_square
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of open files")
def test_many_channels_need_more_files_than_a_system_begins_with(tmp_path):
    import resource

    save_frames(tmp_path / "key", Frames(tuple(channel(seed) for seed in range(20)), 3.0, "", 60.0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        loaded = load_frames(tmp_path / "key")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(loaded.channels) == 20


def test_a_refused_channel_keeps_its_empty_arrays(tmp_path):
    empty = replace(channel(1, 0, 0), refused="UNIT_UNKNOWN", bandwidth_hz=math.nan, band_hz=(math.nan, math.nan))
    save_frames(tmp_path / "key", Frames((empty,), 0.0, "", 60.0))
    (loaded,) = load_frames(tmp_path / "key").channels
    assert (loaded.refused, loaded.psd.shape) == ("UNIT_UNKNOWN", (0, 40))
    assert math.isnan(loaded.bandwidth_hz)
    assert math.isnan(loaded.band_hz[0])


def test_saving_again_gives_the_same_bytes_and_leaves_nothing_behind(saved, tmp_path):
    folder, frames = saved
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    save_frames(folder, frames)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["key"]


def test_any_flipped_byte_is_noticed(saved):
    folder, _ = saved
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 2}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(StoreError, match="FRAMES_DAMAGED"):
                load_frames(folder)
        path.write_bytes(whole)
    load_frames(folder)


@pytest.mark.parametrize("name", ["000_psd.npy", "001_reasons.npy", "meta.json"])
@pytest.mark.parametrize("verify", [True, False])
def test_a_lost_or_cut_file_is_noticed_even_without_hashes(saved, name, verify):
    folder, _ = saved
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-10])
    with pytest.raises(StoreError, match="FRAMES_DAMAGED"):
        load_frames(folder, verify=verify)
    (folder / name).unlink()
    with pytest.raises(StoreError, match="FRAMES_DAMAGED"):
        load_frames(folder, verify=verify)


def test_a_changed_number_in_meta_is_noticed(saved):
    path = saved[0] / "meta.json"
    text = path.read_text()
    assert "429.9" in text
    path.write_text(text.replace("429.9", "429.8"))
    with pytest.raises(StoreError, match="FRAMES_DAMAGED"):
        load_frames(saved[0])


def test_an_array_of_another_shape_is_noticed_even_without_hashes(saved):
    for name, array in (("000_psd.npy", np.zeros((3, 39), "f4")), ("000_reasons.npy", np.zeros(40, "f4"))):
        whole = (saved[0] / name).read_bytes()
        np.save(saved[0] / name, array)
        with pytest.raises(StoreError, match="FRAMES_DAMAGED"):
            load_frames(saved[0], verify=False)
        (saved[0] / name).write_bytes(whole)


def test_frames_of_another_version_are_not_used(saved):
    meta = json.loads((saved[0] / "meta.json").read_text())
    assert meta["frames"]["version"] == FRAMES_VERSION
    meta["frames"]["version"] = 0
    (saved[0] / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(StoreError, match="FRAMES_DAMAGED"):
        load_frames(saved[0])


def test_damaged_frames_can_be_replaced(saved):
    folder, frames = saved
    (folder / "meta.json").write_text("[]")
    save_frames(folder, frames)
    assert load_frames(folder).sha256 == frames.sha256


def test_frames_that_are_not_there_are_missing(tmp_path):
    with pytest.raises(StoreError, match="FRAMES_MISSING"):
        load_frames(tmp_path / "none")


def test_a_save_that_fails_leaves_nothing_under_the_final_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="STORE_UNWRITABLE"):
        save_frames(tmp_path / "file" / "key", Frames((), 0.0, "", 60.0))
    broken = Frames((replace(channel(1), band_gain=np.array([object()])),), 0.0, "", 60.0)
    with pytest.raises(TypeError):
        save_frames(tmp_path / "key", broken)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_key_changes_with_what_frames_depend_on_and_nothing_else():
    plain = ConditionSettings()
    keys = [
        frames_key("a", plain, mains_hz=50),
        frames_key("b", plain, mains_hz=50),
        frames_key("a", replace(plain, low_hz=30.0), mains_hz=50),
        frames_key("a", plain, mains_hz=60),
        frames_key("a", plain, mains_hz=50, channels={"x": "ECG"}),
        frames_key("a", plain, mains_hz=50, units={"x": "uV"}),
    ]
    assert len(set(keys)) == len(keys)
    assert frames_key("a", plain, mains_hz=50.0, channels={}) == keys[0]
