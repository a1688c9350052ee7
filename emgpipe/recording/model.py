"""Signals, contiguous runs, annotations, and µV on request."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError, SettingsError
from emgpipe.recording.finding import Finding

Kind = Literal["emg", "ecg", "annotations", "other"]

MOST_GAPS_S = 86_400.0
"""Of a recording together: where they are filled with NaN or frames, they cost as much as samples do."""


class Annotation(NamedTuple):
    """A mark on the time line.

    Attributes
    ----------
    onset_s : float
        Seconds from the start of the recording.
    duration_s : float or None
        Seconds; None where the file states none.
    text : str
        As written.
    """

    onset_s: float
    duration_s: float | None
    text: str


class Run(NamedTuple):
    """A stretch without gaps, `[start_s, stop_s)`, in seconds from the start of the recording."""

    start_s: float
    stop_s: float


@dataclass(frozen=True)
class Signal:
    """One channel as the file states it.

    Attributes
    ----------
    index : int
        Position in the file, from 0.
    label : str
        As written in the file, stripped.
    muscle : str
        Name such as `TA_R`, bare `RF` where the side is unknown, `""` where the label is no muscle.
    kind : str
        `emg`, `ecg`, `annotations` or `other`.
    unit : str
        As written; `uv_per_unit` is its factor to µV, NaN where it is no known voltage.
    rate_hz : float
        Samples per second.
    n_samples : int
        Over all runs.
    lsb_uv : float
        One digital step in µV (> 0), NaN where the unit is no voltage.
    clip_low_uv, clip_high_uv : float
        µV at the digital minimum and maximum, low < high.
    prefilter, transducer : str
        As written. A transducer text may hold the number of a device: it is in no `repr`, message or table.
    refused : str
        Code that forbids any number from this signal, or `""`.
    """

    index: int
    label: str
    muscle: str
    kind: Kind
    unit: str
    rate_hz: float
    n_samples: int
    lsb_uv: float
    clip_low_uv: float
    clip_high_uv: float
    uv_per_unit: float = 1.0
    prefilter: str = ""
    transducer: str = field(default="", repr=False)
    refused: str = ""


ReadSamples = Callable[[int, int, int], NDArray[np.float32]]
"""`(signal index, first sample, stop sample) -> float32 µV`; samples are counted over all runs, without gaps."""


@dataclass(frozen=True)
class Recording:
    """Signals of one file.

    Attributes
    ----------
    name : str
        File name or a name given by the caller.
    start : datetime or None
        Wall clock of the first sample, no time zone; None where the file states none.
    duration_s : float
        From the first sample to the end of the last run, gaps included.
    signals : tuple of Signal
        In file order, annotation signals left out.
    runs : tuple of Run
        Contiguous stretches, sorted; one for a continuous file.
    annotations : tuple of Annotation
        Sorted by onset.
    findings : tuple of Finding
        What reading noticed.
    sha256 : str
        Of the file's bytes (hex), or of the arrays.
    read_samples : callable
        Samples in µV by signal index; see `ReadSamples`. Prefer `read`.
    """

    name: str
    start: datetime | None
    duration_s: float
    signals: tuple[Signal, ...]
    runs: tuple[Run, ...]
    annotations: tuple[Annotation, ...]
    findings: tuple[Finding, ...]
    sha256: str
    read_samples: ReadSamples = field(repr=False, compare=False)

    def signal(self, channel: str | int) -> Signal:
        """Look a signal up by muscle, label or file position.

        Parameters
        ----------
        channel : str or int
            Muscle (`TA_R`), label as written, or `Signal.index`.

        Returns
        -------
        Signal

        Raises
        ------
        SettingsError
            CHANNEL_UNKNOWN (the message lists what is there) or CHANNEL_AMBIGUOUS.
        """
        hits = [s for s in self.signals if channel in (s.index, s.muscle or None, s.label)]
        if len(hits) == 1:
            return hits[0]
        there = ", ".join(repr(s.label) for s in self.signals)
        if not hits:
            message = f"channel {channel!r} is not in the recording; it has {there}"
            raise SettingsError("CHANNEL_UNKNOWN", message, where=self.name)
        places = ", ".join(str(s.index) for s in hits)
        message = f"channel {channel!r} stands at positions {places}; name it by position"
        raise SettingsError("CHANNEL_AMBIGUOUS", message, where=self.name)

    def read(self, channel: str | int, start_s: float, stop_s: float) -> NDArray[np.float32]:
        """Samples of one signal in µV, NaN where the recording has a gap.

        Parameters
        ----------
        channel : str or int
            As in `signal`.
        start_s, stop_s : float
            Gap-aware seconds, `[start_s, stop_s)`, clipped to the recording; infinity is its end.

        Returns
        -------
        ndarray of float32, shape (n_samples,)
            µV.

        Raises
        ------
        SettingsError
            As `signal`; INTERVALS_INVALID where a time is no number.
        ReadError
            The code in `Signal.refused`, or what reading the file meets; GAP_TOO_LONG where more
            than a day of NaN would be given.
        """
        signal = self.signal(channel)
        if math.isnan(start_s) or math.isnan(stop_s):
            message = f"read from {start_s!r} to {stop_s!r} s; two times in seconds are needed"
            raise SettingsError("INTERVALS_INVALID", message, where=self.name)
        runs = self.placed_runs(signal)
        end = self._end(signal, runs)
        first, stop = (end if t >= self.duration_s else min(_at(max(t, 0.0), signal), end) for t in (start_s, stop_s))
        held = sum(max(min(stop, place + n) - max(first, place), 0) for place, _, n in runs)
        if stop - first - held > MOST_GAPS_S * signal.rate_hz:
            message = f"gaps of more than {MOST_GAPS_S:.9g} s in what is read; read each run on its own"
            raise ReadError("GAP_TOO_LONG", message, where=self.name)
        out = np.full(max(stop - first, 0), np.nan, np.float32)
        for place, offset, n in runs:
            a, b = max(first, place), min(stop, place + n)
            if a < b:
                out[a - first : b - first] = self.read_samples(signal.index, offset + a - place, offset + b - place)
        return out

    def placed_runs(self, signal: Signal) -> list[tuple[int, int, int]]:
        """Where each run of a signal lies.

        Parameters
        ----------
        signal : Signal
            One of `signals`.

        Returns
        -------
        list of (place, offset, n)
            `place` is the first sample on the gap-aware time line, `offset` the first
            sample in the file (gaps left out), `n` the number of samples. A run that begins
            between two samples of that line is put on the nearest, so that every sample
            keeps its time to half a sample and none is lost.
        """
        out, offset = [], 0
        for run in self.runs:
            n = min(round((run.stop_s - run.start_s) * signal.rate_hz), signal.n_samples - offset)
            out.append((_at(run.start_s, signal), offset, n))
            offset += n
        return out

    def _end(self, signal: Signal, runs: Sequence[tuple[int, int, int]]) -> int:
        """Length of the time line in samples: to the last sample of the last run, or of the gap behind it."""
        last = runs[-1][0] + runs[-1][2] if runs else 0
        ends_with_gap = not self.runs or self.runs[-1].stop_s < self.duration_s
        return max(last, _at(self.duration_s, signal)) if ends_with_gap else last


def _at(time_s: float, signal: Signal) -> int:
    """Nearest sample of the time line; of two equally near ones the later."""
    return math.floor(time_s * signal.rate_hz + 0.5)
