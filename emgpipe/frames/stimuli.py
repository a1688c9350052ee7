"""Conditioned full-rate stretches around stimulus marks, on demand.

The artefact of a stimulus may be a thousand times the EMG, and a zero-phase filter spreads it to both
sides. So the blanked time is treated like a gap: what lies before it and what lies after it are filtered apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emgpipe.filters.bandpass import Band, zero_phase
from emgpipe.filters.beats import subtract_beats
from emgpipe.filters.carry import carry_on, predictor
from emgpipe.filters.mains import subtract
from emgpipe.filters.quality import SPREAD_S, unusable_samples
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import CLIPPED, FLAT, GAP, OUT_OF_RANGE
from emgpipe.frames.runs import Conditioner

BEFORE_S, AFTER_S = 0.5, 5.0
"""A stretch begins before and ends after its stimulus by this; earlier where the next stimulus comes."""
LEAST_AFTER_S = 0.2
"""A stimulus that is followed by the next one sooner has no stretch."""
LEAST_GAIN = 0.02
"""Lines that the band-pass weakens more are left to it."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """Stretches of one channel, one a stimulus.

    Attributes
    ----------
    index : int
        Of the signal.
    rate_hz : float
        Samples per second.
    stimuli_s : tuple of float
        Gap-aware seconds, rising.
    reasons : ndarray of uint16, shape (n_stimuli,)
        Bits of GAP (a gap or an end of the recording cuts the stretch), CLIPPED, FLAT, OUT_OF_RANGE outside the
        blanked time.
    samples_uv : tuple of ndarray of float32
        Conditioned µV from `start_sample` on; NaN in the blanked time; empty where a gap or a neighbour cuts it.
    """

    index: int
    rate_hz: float
    stimuli_s: tuple[float, ...]
    reasons: NDArray[np.uint16]
    samples_uv: tuple[NDArray[np.float32], ...]

    def times_s(self, number: int) -> NDArray[np.float64]:
        """Seconds of the samples of a stretch from its stimulus."""
        start = start_sample(self.stimuli_s[number], self.rate_hz)
        places = start + np.arange(len(self.samples_uv[number]))
        return np.asarray(places / self.rate_hz - self.stimuli_s[number], np.float64)


def start_sample(stimulus_s: float, rate_hz: float) -> int:
    """First sample of the stretch of a stimulus, on the gap-aware time line.

    Examples
    --------
    >>> start_sample(10.0, 1000.0)
    9500
    """
    return int(np.ceil((stimulus_s - BEFORE_S) * rate_hz - 1e-6))


def stimulus_stretches(
    conditioners: Sequence[Conditioner],
    stimuli_s: Sequence[float],
    settings: ConditionSettings,
    *,
    index: int = 0,
    rate_hz: float = np.nan,
    rails: tuple[float, float, float] = (-np.inf, np.inf, np.nan),
) -> Stretches:
    """Condition one channel from 0.5 s before to 5 s after each stimulus.

    Parameters
    ----------
    conditioners : sequence of Conditioner
        Runs of the channel, from `prepare_runs`.
    stimuli_s : sequence of float
        Onsets, rising, gap-aware seconds.
    settings : ConditionSettings
        `blank_before_s`, `blank_after_s`.
    index : int
        Of the signal.
    rate_hz : float
        Sampling rate; that of the conditioners where there are any.
    rails : (float, float, float)
        µV at the digital minimum and maximum, and of one digital step.

    Returns
    -------
    Stretches
        A stretch ends where the next stimulus is blanked. It is empty, reason GAP, where no single run holds it
        whole; and empty where another stimulus is less than 0.5 s before or 0.2 s after.

    Notes
    -----
    Mains lines are taken out of the raw samples as they were learnt on the conditioned ones (over the gain of
    the band), so that the ends of the pieces keep none of them; then each piece is carried on
    beyond its ends as it was before the stimulus (`carry_on`) and band-passed, and beats are subtracted. Nothing
    after a stimulus enters a sample before it.

    Examples
    --------
    >>> from emgpipe.frames.reduce import prepare_runs
    >>> from emgpipe.frames.runs import RunSamples
    >>> x = np.random.default_rng(1).standard_normal(9000).astype(np.float32)
    >>> runs, *_ = prepare_runs([RunSamples(0, 9000, lambda a, b: x[a:b])], 1000.0, 50, ConditionSettings())
    >>> made = stimulus_stretches(runs, [2.0, 6.0], ConditionSettings())
    >>> [len(stretch) for stretch in made.samples_uv], made.reasons.tolist()
    ([4498, 0], [0, 1])
    """
    rate_hz = conditioners[0].band.rate_hz if conditioners else rate_hz
    reasons = np.zeros(len(stimuli_s), np.uint16)
    samples: list[NDArray[np.float32]] = []
    for number, stimulus_s in enumerate(stimuli_s):
        before_s = stimuli_s[number - 1] if number else -np.inf
        after_s = stimuli_s[number + 1] if number + 1 < len(stimuli_s) else np.inf
        stretch = _Places.of(stimulus_s, before_s, after_s, rate_hz, settings)
        made = np.empty(0, np.float32)
        if stimulus_s - before_s >= BEFORE_S and after_s - stimulus_s >= LEAST_AFTER_S:
            inside = [c for c in conditioners if stretch.lies_in(c)]
            reasons[number] = _unusable(inside[0], stretch, rate_hz, rails) if inside else GAP
            made = _conditioned(_learnt_in_raw(inside[0]), stretch) if inside else made
        samples.append(made)
    return Stretches(index, rate_hz, tuple(stimuli_s), reasons, tuple(samples))


@dataclass(frozen=True)
class _Places:
    """Samples of the time line: the stretch, its blanked time, and how far its pieces may be read."""

    start: int
    blank_start: int
    blank_stop: int
    stop: int
    first: int
    last: int

    @classmethod
    def of(
        cls, stimulus_s: float, before_s: float, after_s: float, rate_hz: float, settings: ConditionSettings
    ) -> "_Places":
        """Places around a stimulus whose neighbours are at `before_s` and `after_s`."""

        def place(time_s: float) -> int:
            """First sample at or after a time, however far away its neighbour is."""
            return int(np.ceil(np.clip(time_s, -1e9, 1e9) * rate_hz - 1e-6))

        last = place(after_s - settings.blank_before_s)
        return cls(
            start_sample(stimulus_s, rate_hz),
            place(stimulus_s - settings.blank_before_s),
            place(stimulus_s + settings.blank_after_s),
            min(place(stimulus_s + AFTER_S), last),
            place(before_s + settings.blank_after_s),
            last,
        )

    def lies_in(self, one: Conditioner) -> bool:
        """Whether one run holds the whole stretch."""
        return one.run.place <= self.start and self.stop <= one.run.place + one.run.n_samples

    def pieces(self, one: Conditioner) -> list[tuple[int, int]]:
        """What is filtered before and after the blanked time, with warm-up, in samples of the run."""
        edge, place = one.band.edge_samples, one.run.place
        first = max(self.start - edge, self.first, place)
        last = min(self.stop + edge, self.last, place + one.run.n_samples)
        return [(first - place, self.blank_start - place), (self.blank_stop - place, last - place)]


def _learnt_in_raw(one: Conditioner) -> Conditioner:
    """Copy whose lines are those of the raw samples: their amplitude over the gain of the band."""
    if one.track is None:
        return one
    # a line's frequency is that of the track: cycles a sample in the middle of it
    base_hz = float(np.median(one.track.slope)) * one.band.rate_hz / (2 * np.pi)
    gain = np.sqrt(one.band.power_gain(one.track.harmonics * base_hz))
    scale = np.where(gain > LEAST_GAIN, 1 / np.maximum(gain, LEAST_GAIN), 0.0)
    return replace(one, track=replace(one.track, amplitude=one.track.amplitude * scale[:, None]))


def _conditioned(one: Conditioner, places: _Places) -> NDArray[np.float32]:
    out = np.full(places.stop - places.start, np.nan, np.float32)
    begin, pieces = places.start - one.run.place, []
    for first, stop in places.pieces(one):
        x = one.run.read(first, stop).astype(np.float64)
        if one.track is not None:
            subtract(x, first, one.track)
        pieces.append((first, stop, x))
    # learnt before the stimulus alone: what comes after may be a response
    learnt = predictor(pieces[0][2][-round(BEFORE_S * one.band.rate_hz) :], one.band.rate_hz)
    for first, stop, x in pieces:
        y = _cut_filtered(x, learnt, one.band)
        subtract_beats(y, first, one.beats)
        a, b = max(first, begin), min(stop, begin + len(out))
        out[a - begin : b - begin] = y[a - first : b - first]
    return out


def _cut_filtered(x: NDArray[np.float64], learnt: NDArray[np.float64], band: Band) -> NDArray[np.float64]:
    """Band-pass a piece as if it went on; a jump at its end would make 10 ms there up to 7 times too strong."""
    count = min(band.edge_samples, len(x))
    ahead = carry_on(x[::-1], learnt, count, band.rate_hz)[::-1]
    behind = carry_on(x, learnt, count, band.rate_hz)
    return zero_phase(np.concatenate([ahead, x, behind]), band)[count : count + len(x)]


def _unusable(one: Conditioner, places: _Places, rate_hz: float, rails: tuple[float, float, float]) -> int:
    """Bits of what cannot be believed in the pieces, or so near that the filter spreads it into the stretch."""
    spread, begin, bits = round(SPREAD_S * rate_hz), places.start - one.run.place, 0
    for first, stop in places.pieces(one):
        a, b = max(first, begin - spread), min(stop, begin + places.stop - places.start + spread)
        masks = unusable_samples(one.run.read(a, b), rate_hz, *rails)
        for bit, mask in zip((CLIPPED, FLAT, OUT_OF_RANGE), masks, strict=True):
            bits |= bit if mask.any() else 0
    return bits
