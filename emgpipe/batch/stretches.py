"""Stretches around stimuli in the cache: a file a channel and set of stimuli, hashed, without pickles."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emgpipe.errors import StoreError
from emgpipe.frames.model import Frames
from emgpipe.frames.stimuli import Stretches
from emgpipe.pipeline import evoked_stretches
from emgpipe.recording import Recording
from emgpipe.settings import Settings
from emgpipe.store import content_key, read_hashed, write_hashed


def cached_stretches(
    folder: Path, recording: Recording, frames: Frames, stimuli_s: Sequence[float], settings: Settings
) -> dict[int, Stretches]:
    """Stretches from the cache, or computed and cached.

    Parameters
    ----------
    folder : Path
        That of the frames, whose name is the key of samples and conditioning.
    recording, frames, stimuli_s, settings
        As in `evoked_stretches`.

    Returns
    -------
    dict
        By index of the signal.
    """
    try:
        return stored_stretches(folder, frames, stimuli_s)
    except StoreError:
        made = evoked_stretches(recording, frames, stimuli_s, settings)
        for index, stretches in made.items():
            _save(_path(folder, index, stimuli_s), stretches)
        return made


def stored_stretches(folder: Path, frames: Frames, stimuli_s: Sequence[float]) -> dict[int, Stretches]:
    """Stretches from the cache alone.

    Raises
    ------
    StoreError
        FRAMES_MISSING: not there, or not as written.
    """
    out = {}
    for channel in frames.channels if stimuli_s else ():
        if not channel.refused:
            path = _path(folder, channel.index, stimuli_s)
            found = _load(path, channel.index, channel.rate_hz, stimuli_s)
            if found is None:
                message = f"no stretches around stimuli of {channel.label!r}; run the study again"
                raise StoreError("FRAMES_MISSING", message)
            out[channel.index] = found
    return out


def _path(folder: Path, index: int, stimuli_s: Sequence[float]) -> Path:
    key = content_key(stimuli_s=list(stimuli_s))[:16]
    return folder.parent.parent / "stimuli" / f"{folder.name}_{index}_{key}.npy"


def _save(path: Path, stretches: Stretches) -> None:
    out = io.BytesIO()
    lengths = np.array([len(samples) for samples in stretches.samples_uv], np.int64)
    for array in (stretches.reasons, lengths, np.concatenate([np.empty(0, np.float32), *stretches.samples_uv])):
        np.save(out, array, allow_pickle=False)
    write_hashed(path, out.getvalue())


def _load(path: Path, index: int, rate_hz: float, stimuli_s: Sequence[float]) -> Stretches | None:
    stored = read_hashed(path)
    if stored is None:
        return None
    stream = io.BytesIO(stored)
    try:
        reasons, lengths, samples = (np.load(stream, allow_pickle=False) for _ in range(3))
    except (ValueError, EOFError):
        return None
    if not len(reasons) == len(lengths) == len(stimuli_s) or lengths.sum() != len(samples):
        return None
    parts = np.split(samples, np.cumsum(lengths)[:-1])
    return Stretches(index, rate_hz, tuple(stimuli_s), reasons, tuple(parts))
