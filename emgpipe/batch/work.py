"""One recording from file to unit: the work of a worker."""

import io
import math
import shutil
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from emgpipe.batch.jobs import Job, stat_of
from emgpipe.batch.stretches import cached_stretches
from emgpipe.batch.units import failed_body, save_unit, unit_head
from emgpipe.errors import EmgpipeError, ReadError, StoreError
from emgpipe.frames.model import Frames, PairCovariance
from emgpipe.frames.stimuli import Stretches
from emgpipe.measures.arguments import pair_list
from emgpipe.measures.grade import worst
from emgpipe.measures.views import Judged
from emgpipe.pipeline import Prepared, Result, compute_frames, pair_covariances, prepare
from emgpipe.readers import file_sha256, read_recording
from emgpipe.recording import Recording
from emgpipe.store import load_frames, read_hashed, save_frames, write_hashed
from emgpipe.study.timeline import recording_segments

PACKAGE = Path(__file__).parents[1]


def write_unit(job: Job) -> str:
    """Do the work of a job and write its unit.

    Parameters
    ----------
    job : Job
        From `study_jobs`.

    Returns
    -------
    str
        `ok` or `failed`.

    Raises
    ------
    StoreError
        The results folder cannot be written: nothing would be kept.
    """
    unit = computed_unit(job)
    save_unit(job.unit_path, unit)
    return str(unit["status"])


def computed_unit(job: Job) -> dict[str, Any]:
    """Do the work of a job: its unit, not yet on disk; a bad recording becomes a failed unit. Frames are cached.

    Parameters
    ----------
    job : Job
        From `study_jobs`.

    Returns
    -------
    dict
        As `save_unit` takes it.

    Raises
    ------
    StoreError
        The results folder cannot be written: nothing would be kept.
    """
    stat = stat_of(job.entry.path)
    body = unit_head(job, stat)
    try:
        if stat is None:
            raise ReadError("FILE_MISSING", f"no file {job.entry.file!r}; check recordings.csv")
        _refuse_changed(job, stat)
        body["sha256"] = file_sha256(job.entry.path)
        body |= _measured(job, body["sha256"], stat)
        _refuse_changed(job, stat)
    except StoreError:
        raise
    except EmgpipeError as problem:
        body |= failed_body(problem.code, problem.message)
    except Exception as fault:  # a fault of ours must cost one row, not the run
        body |= failed_body("INTERNAL_ERROR", fault_words(fault))
    body["key"] = job.key(body["sha256"])
    return body


def fault_words(fault: BaseException) -> str:
    """Kind, message and place: the line of ours that was reached last, without the folders of this machine."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(PACKAGE)]  # one at least: the worker itself
    place = f"{Path(ours[-1].filename).relative_to(PACKAGE.parent).as_posix()}:{ours[-1].lineno}"
    return f"{type(fault).__name__}: {fault} ({place})"


def _refuse_changed(job: Job, stat: Mapping[str, Any]) -> None:
    if job.entry.path.resolve() != job.entry.path:  # links were followed when the study was checked
        message = "its path leads elsewhere than when the study was checked; leave links alone while a run works"
        raise ReadError("FILE_CHANGED", message)
    if stat_of(job.entry.path) != stat:
        message = "the file changed while it was in use; wait until it is written, then run again"
        raise ReadError("FILE_CHANGED", message)


def _measured(job: Job, sha256: str, stat: Mapping[str, Any]) -> dict[str, Any]:
    recording = read_recording(job.entry.path, channels=job.channels, units=job.units, strict=job.strict)
    _refuse_changed(job, stat)  # frames are kept by the hash of what is read from here on
    if not any(signal.kind == "emg" for signal in recording.signals):
        found = ", ".join(repr(signal.label) for signal in recording.signals) or "no signal at all"
        raise ReadError("NO_CHANNELS", f"{found}; at least one EMG signal is needed, name it in [channels]")
    frames, covariances = cached_frames(job, recording, sha256)
    if all(channel.refused for channel in frames.channels):
        raise _refusal(job, recording, frames)
    stimuli_s = _stimuli_s(job, recording)
    stretches = cached_stretches(job.frames_folder(sha256), recording, frames, stimuli_s, job.settings)
    result = measured(job, recording, frames, covariances, stretches)
    rates = dict.fromkeys(s.rate_hz for s in recording.signals if s.kind == "emg")
    return {
        "status": "ok",
        "code": "",
        "message": "",
        "duration_s": recording.duration_s,
        "rates_hz": list(rates),
        "grade": worst(result.grades.values()),
        "findings": [finding._asdict() for finding in result.findings],
        "annotations": [list(mark) for mark in recording.annotations],
        "rows": [asdict(row) for row in result.rows],
        "intervals": [asdict(row) for row in result.intervals],
        "muscles": [_told_muscle(name, one, recording) for name, one in result.judged.items()],
    }


def _told_muscle(name: str, one: Judged, recording: Recording) -> dict[str, Any]:
    """What the verdicts on a muscle rest on, for pages and for deciding anew; None where it is not known."""
    floor, threshold_uv = one.floor, one.activity.ratio * one.floor.hi_uv
    numbers = {"floor_uv": floor.floor_uv, "lo_uv": floor.lo_uv, "hi_uv": floor.hi_uv, "threshold_uv": threshold_uv}
    known = {key: value if math.isfinite(value) else None for key, value in numbers.items()}
    words = {"source": floor.source, "confidence": floor.confidence, "reason": floor.reason}
    prefilter = next(signal.prefilter for signal in recording.signals if signal.index == one.frames.index)
    return {"name": name, "index": one.frames.index, "prefilter": prefilter, **known, **words}


def _refusal(job: Job, recording: Recording, frames: Frames) -> ReadError:
    """Why no channel can be measured: the code of the first one, in the words of the reader where it has said so."""
    first = frames.channels[0]
    said = [f"{f.where}: {f.message}" for f in recording.findings if f.code == first.refused]
    least_hz = job.settings.condition.least_rate_hz
    message = said[0] if said else f"{first.label!r} has {first.rate_hz:g} Hz; at least {least_hz:g} Hz is needed"
    return ReadError(first.refused, f"no EMG channel is usable; {message}")


def _stimuli_s(job: Job, recording: Recording) -> tuple[float, ...]:
    return recording_segments(recording.annotations, recording.duration_s, job.meanings).stimuli_s


def measured(
    job: Job,
    recording: Recording,
    frames: Frames,
    covariances: Mapping[tuple[str, str], PairCovariance | None],
    stretches: Mapping[int, Stretches],
) -> Result:
    """Decide a recording as its study wants it."""
    return prepared(job, recording, frames, covariances, stretches).result(job.settings)


def prepared(
    job: Job,
    recording: Recording,
    frames: Frames,
    covariances: Mapping[tuple[str, str], PairCovariance | None],
    stretches: Mapping[int, Stretches],
) -> Prepared:
    """Make a recording ready to be decided as its study wants it, under any settings."""
    device = {}
    for channel in frames.channels:
        uv = job.device_uv((channel.label, channel.muscle))
        if uv is not None:
            device[channel.muscle or channel.label] = uv
    return prepare(
        recording,
        frames,
        pairs=job.pairs,
        rest=job.declared_rest,
        meanings=job.meanings,
        device_uv=device,
        exclude=job.entry.exclude_channels,
        prime_movers=job.entry.prime_mover,
        reference=job.reference,
        references=dict(job.levels),
        hardware=job.hardware,
        covariances=covariances,
        stretches=stretches,
    )


def cached_frames(
    job: Job, recording: Recording, sha256: str
) -> tuple[Frames, dict[tuple[str, str], PairCovariance | None]]:
    """Frames and pair covariances from the cache, or computed and cached."""
    folder = job.frames_folder(sha256)
    try:
        frames = load_frames(folder)
    except StoreError:
        save_frames(folder, compute_frames(recording, mains_hz=job.mains_hz, settings=job.settings))
        frames = load_frames(folder)
    covariances: dict[tuple[str, str], PairCovariance | None] = {}
    for pair in pair_list(job.pairs, frames):
        path = _pair_path(folder, pair)
        found = _load_covariance(path, frames, pair)
        if found is None:
            covariances |= (made := pair_covariances(recording, frames, [pair], job.settings))
            _save_covariance(path, made.get(pair))
        else:
            covariances[pair] = found
    return frames, covariances


def stored_frames(job: Job, sha256: str) -> Frames:
    """Frames from the cache alone.

    Raises
    ------
    StoreError
        FRAMES_MISSING, FRAMES_DAMAGED: what is left is removed, so that the next run computes it anew.
    """
    folder = job.frames_folder(sha256)
    try:
        return load_frames(folder)
    except StoreError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        message = f"frames of {job.entry.recording!r} are not in the cache as written; run the study again"
        raise StoreError(problem.code, message) from None


def stored_covariances(job: Job, frames: Frames, sha256: str) -> dict[tuple[str, str], PairCovariance | None]:
    """Covariances from the cache alone, of all pairs that have one.

    Raises
    ------
    StoreError
        FRAMES_MISSING: one is not there, or not as written.
    """
    out: dict[tuple[str, str], PairCovariance | None] = {}
    for pair in pair_list(job.pairs, frames):
        one, other = frames.channel(pair[0]), frames.channel(pair[1])
        if one is None or other is None or one.refused or other.refused:
            continue
        same_rate = one.rate_hz == other.rate_hz
        out[pair] = _load_covariance(_pair_path(job.frames_folder(sha256), pair), frames, pair) if same_rate else None
        if same_rate and out[pair] is None:
            message = f"covariances of {'/'.join(pair)} of {job.entry.recording!r} are not in the cache as written"
            raise StoreError("FRAMES_MISSING", f"{message}; run the study again")
    return out


def _pair_path(folder: Path, pair: tuple[str, str]) -> Path:
    return folder.parent.parent / "pairs" / f"{folder.name}_{pair[0]}_{pair[1]}.npy"


def _save_covariance(path: Path, covariance: PairCovariance | None) -> None:
    if covariance is not None:
        out = io.BytesIO()
        np.save(out, covariance.r, allow_pickle=False)
        write_hashed(path, out.getvalue())


def _load_covariance(path: Path, frames: Frames, pair: tuple[str, str]) -> PairCovariance | None:
    one, other = frames.channel(pair[0]), frames.channel(pair[1])
    if one is None or other is None:
        return None
    stored = read_hashed(path)
    if stored is None:
        return None
    try:
        r = np.load(io.BytesIO(stored), allow_pickle=False)
    except ValueError:
        return None
    if r.ndim != 2 or len(r) != len(one.psd) or r.dtype != np.float32 or r.shape[1] % 2 == 0:
        return None
    lag = r.shape[1] // 2
    return PairCovariance(one.index, other.index, np.arange(-lag, lag + 1), r)
