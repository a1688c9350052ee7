"""A recording in memory: signals, contiguous runs, annotations, findings, and µV on request.

A `Recording` knows no file format. It holds a *source* that hands out samples of one
signal in µV; readers make sources from files, `array_recording` makes one from arrays.
Times are gap-aware seconds from the start of the recording; intervals are half-open.
"""

from emgpipe.recording.arrays import array_recording, finite_samples
from emgpipe.recording.finding import Finding, Severity
from emgpipe.recording.model import MOST_GAPS_S, Annotation, Kind, ReadSamples, Recording, Run, Signal

__all__ = [
    "MOST_GAPS_S",
    "Annotation",
    "Finding",
    "Kind",
    "ReadSamples",
    "Recording",
    "Run",
    "Severity",
    "Signal",
    "array_recording",
    "finite_samples",
]
