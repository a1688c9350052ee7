"""A recording as its unit and the cache recall it: enough to decide everything anew, and no sample read."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from emgpipe.batch.jobs import Job
from emgpipe.batch.stretches import stored_stretches
from emgpipe.batch.units import told_file
from emgpipe.batch.work import prepared, stored_covariances, stored_frames
from emgpipe.errors import ResultsError, StoreError
from emgpipe.frames.model import Frames, PairCovariance
from emgpipe.frames.stimuli import Stretches
from emgpipe.pipeline import Prepared
from emgpipe.recording import Annotation, Recording, Signal
from emgpipe.study.timeline import recording_segments

Unit = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Recalled:
    """What a measured recording is decided from.

    Attributes
    ----------
    job : Job
        As it was measured.
    recording : Recording
        Annotations, duration and prefilter texts; it has no samples.
    frames : Frames
        Mapped from the cache.
    covariances : mapping of (muscle, muscle) to PairCovariance or None
        By pair.
    stretches : mapping of int to Stretches
        Around stimuli, by index of the signal.
    """

    job: Job
    recording: Recording
    frames: Frames
    covariances: Mapping[tuple[str, str], PairCovariance | None]
    stretches: Mapping[int, Stretches]

    def prepared(self) -> Prepared:
        """Return the recording ready to be decided under many settings, whose conditioning is that of the frames."""
        return prepared(self.job, self.recording, self.frames, self.covariances, self.stretches)


def recalled(unit: Unit, job: Job, file: Path | None) -> Recalled:
    """Recall a measured recording; hold the results folder alone meanwhile.

    Parameters
    ----------
    unit : mapping
        As `read_unit` gives it, with status `ok`.
    job : Job
        Of the unit, with the results folder.
    file : Path or None
        The recording, asked for the prefilter texts that units of earlier versions do not hold; nothing else is read.

    Returns
    -------
    Recalled

    Raises
    ------
    StoreError
        FRAMES_MISSING, FRAMES_DAMAGED: what is left is removed, so that the next run computes it anew.
    ResultsError
        RECORDING_NEEDED: the unit holds no prefilter texts, and the recording is gone or another one.
    """
    frames = stored_frames(job, unit["sha256"])
    marks = tuple(Annotation(*mark) for mark in unit["annotations"])
    recording = Recording(
        name=told_file(unit), start=None, duration_s=unit["duration_s"], signals=_signals(unit, job, frames, file),
        runs=(), annotations=marks, findings=(), sha256=unit["sha256"], read_samples=_no_samples,
    )  # fmt: skip
    stimuli_s = recording_segments(marks, unit["duration_s"], job.meanings, rest=job.declared_rest).stimuli_s
    folder = job.frames_folder(unit["sha256"])
    try:
        covariances = stored_covariances(job, frames, unit["sha256"])
        stretches = stored_stretches(folder, frames, stimuli_s)
    except StoreError:
        shutil.rmtree(folder, ignore_errors=True)  # a run looks for frames alone
        raise
    return Recalled(job, recording, frames, covariances, stretches)


def _no_samples(index: int, first: int, stop: int) -> NoReturn:
    raise AssertionError(f"samples {first}-{stop} of signal {index} asked for: everything was to come from the cache")


def _signals(unit: Unit, job: Job, frames: Frames, file: Path | None) -> tuple[Signal, ...]:
    """Signals that were judged, with what the file states of their filters."""
    told = {one["index"]: one.get("prefilter") for one in unit["muscles"]}
    if None in told.values():
        told = _prefilters(unit, job, file)
    return tuple(
        Signal(c.index, c.label, c.muscle, "emg", "uV", c.rate_hz, 0, c.lsb_uv, 0.0, 0.0, prefilter=told[c.index])
        for c in frames.channels
        if c.index in told
    )


def _prefilters(unit: Unit, job: Job, file: Path | None) -> dict[int, str]:
    """Prefilter texts from the header of the recording, which must be the one that was measured."""
    from emgpipe.readers import file_sha256, read_recording

    if file is None or not file.is_file() or file_sha256(file) != unit["sha256"]:
        found = "its unit is of an earlier version, and the recording is gone or another one"
        message = f"{found}; bring it back, or give the results a new folder"
        raise ResultsError("RECORDING_NEEDED", message, where=told_file(unit))
    recording = read_recording(file, channels=job.channels, units=job.units, strict=job.strict)
    return {signal.index: signal.prefilter for signal in recording.signals}
