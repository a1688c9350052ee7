"""Frames on disk: one folder a recording, one `.npy` an array and channel, `meta.json` with a hash of each."""

import hashlib
import io
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import StoreError
from emgpipe.frames.model import FRAMES_VERSION, ChannelFrames, Frames, Heart, Line
from emgpipe.store.atomic import TEMPORARY, refuse_exhausted, replace_folder, storing, sync_folder
from emgpipe.store.places import read_json
from emgpipe.store.tables import json_text

PER_HOP = {"mean_square": "f4", "mean_fourth": "f4", "low_uv": "f4", "high_uv": "f4", "reasons": "u2"}
PER_SECOND = {"psd": "f4", "line_power": "f4", "slow_power": "f4", "largest_step_uv": "f4"}
ARRAYS = {**PER_HOP, **PER_SECOND, "band_gain": "f8"}
"""Arrays of a channel and their little-endian types."""

WHOLE = ("duration_s", "sha256", "mains_hz")
SCALARS = ("index", "label", "muscle", "rate_hz", "hop_samples", "bandwidth_hz", "lsb_uv", "refused")
LINES = ("lines", "other_lines")
"""What `meta.json` says of the recording and of each channel; band edges beside them."""

MOST_FILES = 8192
"""A mapped array holds a file open: those of 640 signals, and room for the rest."""


def save_frames(folder: Path, frames: Frames) -> None:
    """Write frames so that the folder appears whole or not at all.

    Parameters
    ----------
    folder : Path
        Named by `frames_key`; what stands there is replaced.
    frames : Frames
        Of one recording.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.
    """
    with storing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder.parent))
    try:
        with storing(folder):
            told = [_save_channel(made, place, c) for place, c in enumerate(frames.channels)]
            whole = {name: getattr(frames, name) for name in WHOLE}
            body = {"key": folder.name, "version": FRAMES_VERSION, **whole, "channels": told}
            _write_new(made / "meta.json", json_text({"digest": _digest(body), "frames": body}).encode())
            sync_folder(made)
        replace_folder(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def load_frames(folder: Path, *, verify: bool = True) -> Frames:
    """Read frames; the arrays are mapped, not loaded, and cannot be written.

    Parameters
    ----------
    folder : Path
        As given to `save_frames`.
    verify : bool
        Compare the hash of every array; shapes and types are compared always.

    Returns
    -------
    Frames
        Equal to those saved, bit for bit.

    Raises
    ------
    StoreError
        FRAMES_MISSING: no such folder. FRAMES_DAMAGED: anything in it is not as it was written, or is of
        another version; compute them anew.
    EngineError
        OPEN_FILES: this process may not open as many files; the frames may be good.
    """
    if not folder.is_dir():
        raise StoreError("FRAMES_MISSING", "there are no frames here; compute them", where=str(folder))
    _allow_open_files()
    try:
        body = _read_meta(folder)
        if body["key"] != folder.name:
            raise ValueError("these are frames of another key")
        channels = tuple(_load_channel(folder, n, told, verify=verify) for n, told in enumerate(body["channels"]))
        return Frames(channels, **{name: body[name] for name in WHOLE})
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as problem:
        refuse_exhausted(problem)
        message = f"{problem}; compute the frames anew"
        raise StoreError("FRAMES_DAMAGED", message, where=str(folder)) from None


def _allow_open_files() -> None:
    """Raise this process's limit of open files as far as it may: many systems begin with 256 or 1024."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _save_channel(folder: Path, place: int, channel: ChannelFrames) -> dict[str, Any]:
    arrays = {}
    for name, kind in ARRAYS.items():
        array = np.ascontiguousarray(getattr(channel, name), dtype=np.dtype(kind).newbyteorder("<"))
        data = io.BytesIO()
        np.save(data, array, allow_pickle=False)
        _write_new(folder / _array_name(place, name), data.getvalue())
        arrays[name] = {"shape": list(array.shape), "sha256": hashlib.sha256(data.getvalue()).hexdigest()}
    lines = {name: [[x.frequency_hz, x.rms_uv, x.ratio] for x in getattr(channel, name)] for name in LINES}
    scalars = {name: getattr(channel, name) for name in SCALARS}
    return {**scalars, "band_hz": list(channel.band_hz), **lines, "heart": _told_heart(channel), "arrays": arrays}


def _load_channel(folder: Path, place: int, told: Mapping[str, Any], *, verify: bool) -> ChannelFrames:
    arrays: dict[str, Any] = {
        name: _load_array(folder / _array_name(place, name), np.dtype(kind), told["arrays"][name], verify=verify)
        for name, kind in ARRAYS.items()
    }
    if len({len(arrays[name]) for name in PER_HOP}) > 1 or len({len(arrays[name]) for name in PER_SECOND}) > 1:
        raise ValueError(f"arrays of channel {place} differ in length")
    scalars: dict[str, Any] = {name: _number(told[name]) for name in SCALARS}
    low_hz, high_hz = map(_number, told["band_hz"])
    lines: dict[str, Any] = {name: tuple(Line(*map(_number, line)) for line in told[name]) for name in LINES}
    heart = told["heart"] and Heart(**{name: _number(value) for name, value in told["heart"].items()})
    return ChannelFrames(**scalars, **arrays, band_hz=(low_hz, high_hz), **lines, heart=heart)


def _told_heart(channel: ChannelFrames) -> dict[str, Any] | None:
    return asdict(channel.heart) if channel.heart else None


def _load_array(path: Path, kind: np.dtype[Any], told: Mapping[str, Any], *, verify: bool) -> NDArray[Any]:
    if not path.is_file():  # no pipe can hang a run
        raise ValueError(f"{path.name} is no file")
    if verify and hashlib.sha256(path.read_bytes()).hexdigest() != told["sha256"]:
        raise ValueError(f"{path.name} is not as it was written")
    # an empty array cannot be mapped
    array: NDArray[Any] = np.load(path, mmap_mode="r" if 0 not in told["shape"] else None, allow_pickle=False)
    if list(array.shape) != told["shape"] or array.dtype != kind:
        raise ValueError(f"{path.name} has shape {array.shape} and type {array.dtype}")
    array.flags.writeable = False
    return array


def _read_meta(folder: Path) -> Mapping[str, Any]:
    meta = read_json(folder / "meta.json")
    if meta["digest"] != _digest(meta["frames"]):
        raise ValueError("meta.json is not as it was written")
    body: Mapping[str, Any] = meta["frames"]
    if body["version"] != FRAMES_VERSION:
        raise ValueError(f"version {body['version']!r}; this program writes {FRAMES_VERSION}")
    return body


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json_text(body).encode()).hexdigest()


def _number(value: Any) -> Any:
    """A value of `meta.json`; null stands for NaN."""
    return math.nan if value is None else value


def _array_name(place: int, name: str) -> str:
    return f"{place:03d}_{name}.npy"


def _write_new(path: Path, data: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
