"""One contiguous run of a channel, and its conditioning: band, mains lines, heart beats."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emgpipe.filters.bandpass import Band, zero_phase_blocks
from emgpipe.filters.beats import BeatShapes, subtract_beats
from emgpipe.filters.mains import LineTrack, subtract

ReadRun = Callable[[int, int], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class RunSamples:
    """One contiguous run of a channel: place on the gap-aware time line, length, and `(first, stop) -> µV`."""

    place: int
    n_samples: int
    read: ReadRun


@dataclass(frozen=True, eq=False)
class Conditioner:
    """Band, lines and beats of one run: turns its raw samples into conditioned blocks."""

    run: RunSamples
    band: Band
    track: LineTrack | None
    beats: tuple[BeatShapes, ...] = ()

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield `(first sample of the run, conditioned µV)`."""
        for first, y in zero_phase_blocks(self.run.read, self.run.n_samples, self.band):
            if self.track is not None:
                subtract(y, first, self.track)
            subtract_beats(y, first, self.beats)
            yield first, y

    def stretch(self, first: int, stop: int) -> NDArray[np.float64]:
        """Conditioned samples `[first, stop)` alone, warmed up on both sides."""
        run, edge = self.run, self.band.edge_samples
        a, b = max(first - edge, 0), min(stop + edge, run.n_samples)
        parts = zero_phase_blocks(lambda i, j: run.read(a + i, a + j), b - a, self.band, b - a)
        y = next(parts)[1][first - a : stop - a]
        if self.track is not None:
            subtract(y, first, self.track)
        subtract_beats(y, first, self.beats)
        return y

    def raw_without_beats(self, first: int, stop: int) -> NDArray[np.float32]:
        """Raw samples `[first, stop)` less what the beats leave in the analysis band."""
        x = self.run.read(first, stop)
        if not self.beats:
            return x
        y = x.astype(np.float64)
        subtract_beats(y, first, self.beats)
        return y.astype(np.float32)
