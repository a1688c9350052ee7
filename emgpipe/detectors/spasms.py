"""Spasms: a muscle at rest that is for a second and more far above its own tonic level."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.windows import corrected_rms, window_power
from emgpipe.detectors.witnesses import Floats, running_sum, usable_hops
from emgpipe.frames.model import ChannelFrames
from emgpipe.intervals import Intervals

PEAK_S = 1.0
"""The peak is that of the loudest stretch of this length: a spasm lasts at least as long."""
BEFORE_S, INTO_S = 0.5, 1.0
"""The start is looked for in this stretch before and after the level is first passed."""
AFTER_SHARE = 0.5
"""The end is looked for this much further than it took to come down from the peak, and `spasm_merge_s` at least."""
MAD_OF_LOWER = 1.417
"""MAD of a normal distribution over the distance of its quantiles 0.25 and 0.125."""


class Spasm(NamedTuple):
    """One spasm.

    Attributes
    ----------
    start_s, stop_s : float
        `[start, stop)`, gap-aware seconds, to a hop.
    peak_uv : float
        Corrected RMS of its loudest second, µV.
    area_uvs : float
        Area of the corrected RMS above the tonic level over its usable time, µV s.
    cut_start, cut_stop : bool
        Excluded time or an end of the segment cuts it: it may be longer than seen.
    continued : bool
        Nothing but excluded time lies between it and the spasm before: both may be one.
    """

    start_s: float
    stop_s: float
    peak_uv: float
    area_uvs: float
    cut_start: bool = False
    cut_stop: bool = False
    continued: bool = False


class Spasms(NamedTuple):
    """What was found in a segment.

    Attributes
    ----------
    spasms : tuple of Spasm
        In order.
    tonic_uv, threshold_uv : float
        P25, and the level that a spasm passes, µV; NaN without a usable window.
    seen_s : float
        Time in which a spasm would be seen: usable, or bridged (heart beats are).
    """

    spasms: tuple[Spasm, ...]
    tonic_uv: float
    threshold_uv: float
    seen_s: float

    @property
    def n_told(self) -> int:
        """Number of spasms; those with nothing but excluded time between count once."""
        return sum(not spasm.continued for spasm in self.spasms)


def detect_spasms(
    frames: ChannelFrames, floor: Floor, start_s: float, stop_s: float, settings: DetectSettings
) -> Spasms:
    """Find the spasms of a rest segment.

    Parameters
    ----------
    frames : ChannelFrames
        Of one channel.
    floor : Floor
        Known.
    start_s, stop_s : float
        Segment, gap-aware seconds.
    settings : DetectSettings
        `spasm_window_s`, `spasm_mad_ratio`, `spasm_floor_ratio`, `spasm_tonic_ratio`, `spasm_least_s`,
        `spasm_merge_s`, `spasm_end_share`, `bridge_excluded_s`.

    Returns
    -------
    Spasms

    Notes
    -----
    Corrected RMS of 250 ms windows every hop. Tonic level: its P25, so that a spasm may fill two thirds of the
    segment. A spasm is above max(P25 + 5 MAD, 2 P25, 5 floors) for at least 1 s; it ends below
    P25 + 20 % of (peak - P25); spasms less than 2 s apart are one. It starts above P25 + 5 MAD, and above the lower
    of 5 floors and that end level: floors say whether it is a spasm, not since when. The MAD is that of the windows
    below P25 (their median distance from it, scaled as of a normal distribution): the spasm does not widen it.

    Both ends are then looked for hop by hop: the powers before the peak are fitted by a rising, those after it by a
    falling step function (isotonic regression, the maximum likelihood of both for powers that scatter in
    proportion), which is as sharp as an abrupt change and as smooth as a slow one.

    Windows of which less than half is usable are excluded: up to `bridge_excluded_s` they are bridged, longer they
    cut a spasm at its last usable hop. A part of less than 1 s beside excluded time is not told. Sources:
    science.md 3.4; Barlow et al. 1972 (isotonic regression). Deviations from the former: P25 of the segment for a
    running median, which a spasm of a minute would be; 2 P25; the peak of a second.

    Examples
    --------
    >>> from emgpipe.filters.settings import ConditionSettings
    >>> from emgpipe.frames.reduce import reduce_channel
    >>> from emgpipe.frames.runs import RunSamples
    >>> x = np.random.default_rng(1).standard_normal(60000).astype(np.float32)
    >>> x[20000:30000] *= 10
    >>> frames = reduce_channel([RunSamples(0, 60000, lambda a, b: x[a:b])], 60000, 2000.0, 50, ConditionSettings())
    >>> floor = Floor(0.65, 0.6, 0.7, "device", "high")
    >>> found = detect_spasms(frames, floor, 0.0, 30.0, DetectSettings())
    >>> [(s.start_s, s.stop_s) for s in found.spasms]
    [(10.0, 15.0)]
    """
    level = _Level.of(frames, floor, start_s, stop_s, settings)
    known = level.rms_uv[np.isfinite(level.rms_uv)]
    if not len(known):
        return Spasms((), np.nan, np.nan, 0.0)
    levels = _Thresholds.of(known, floor.floor_uv, settings)
    out: list[Spasm] = []
    least_s, cut_at = settings.spasm_least_s - 1e-9, -1
    for i, (start, stop) in enumerate(Intervals.from_mask(np.isfinite(level.rms_uv)).pairs.astype(int).tolist()):
        piece = level.part(start, stop)
        runs = _runs(piece.rms_uv, levels, frames.hop_s, settings)
        taken = 0
        for run, next_start in zip(runs, [*(a for a, _ in runs[1:]), stop - start], strict=False):
            one = _spasm(piece, run, (taken, next_start), levels, settings)
            taken = round(one.stop_s / frames.hop_s) - piece.hop(0)
            if (one.cut_start or one.cut_stop) and one.stop_s - one.start_s < least_s:
                continue
            out.append(one._replace(continued=one.cut_start and cut_at == i - 1))
            cut_at = i if one.cut_stop else cut_at
    seen_s = (len(known) + level.width - 1) * frames.hop_s
    return Spasms(tuple(out), levels.tonic_uv, levels.passed_uv, seen_s)


class _Thresholds(NamedTuple):
    """Tonic level, level that stands out of it (5 MAD), level that a spasm passes, µV; share of the height at ends."""

    tonic_uv: float
    outside_uv: float
    passed_uv: float
    floors_uv: float
    share: float

    @classmethod
    def of(cls, rms_uv: Floats, floor_uv: float, settings: DetectSettings) -> "_Thresholds":
        """Thresholds of a segment whose windows have these RMS."""
        tonic_uv, lower_uv = (float(q) for q in np.quantile(rms_uv, (0.25, 0.125)))
        outside_uv = tonic_uv + settings.spasm_mad_ratio * MAD_OF_LOWER * (tonic_uv - lower_uv)
        floors_uv = settings.spasm_floor_ratio * floor_uv
        passed_uv = max(outside_uv, settings.spasm_tonic_ratio * tonic_uv, floors_uv)
        return cls(tonic_uv, outside_uv, passed_uv, floors_uv, settings.spasm_end_share)

    def end_uv(self, peak_uv: float) -> float:
        """Level below which a spasm of this peak ends."""
        return self.tonic_uv + self.share * (peak_uv - self.tonic_uv)

    def start_uv(self, peak_uv: float) -> float:
        """Level at which it starts: floors say whether it is one, not since when."""
        return max(self.outside_uv, min(self.floors_uv, self.end_uv(peak_uv)))


class _Level(NamedTuple):
    """Corrected RMS of windows of `width` hops, one a hop, NaN where excluded; the first begins at hop `first`."""

    rms_uv: Floats
    first: int
    width: int
    power: Floats
    good: NDArray[np.bool_]
    hop_s: float
    floor_uv: float

    @classmethod
    def of(
        cls, frames: ChannelFrames, floor: Floor, start_s: float, stop_s: float, settings: DetectSettings
    ) -> "_Level":
        """Windows that lie in `[start_s, stop_s)`; short excluded runs are bridged."""
        first, stop = frames.hops(start_s), min(frames.hops(stop_s), len(frames.mean_square))
        width = max(frames.hops(settings.spasm_window_s), 1)
        starts = np.arange(first, max(stop - width + 1, first), dtype=np.int64)
        rms_uv = corrected_rms(window_power(frames, starts, width).power, floor.floor_uv)
        good = usable_hops(frames)
        power = np.where(good, frames.mean_square, 0.0).astype(np.float64)
        bridged = _bridged(rms_uv, frames.hops(settings.bridge_excluded_s))
        return cls(bridged, first, width, power, good, frames.hop_s, floor.floor_uv)

    def part(self, start: int, stop: int) -> "_Level":
        """Windows `[start, stop)`."""
        return self._replace(rms_uv=self.rms_uv[start:stop], first=self.first + start)

    @property
    def hops(self) -> tuple[int, int]:
        """First usable hop that the windows cover, and the one after the last."""
        covered = np.flatnonzero(self.good[self.first : self.first + len(self.rms_uv) + self.width - 1])
        return self.first + int(covered[0]), self.first + int(covered[-1]) + 1

    def hop(self, window: int) -> int:
        """Middle of a window."""
        return self.first + window + self.width // 2


def _bridged(rms_uv: Floats, longest: int) -> Floats:
    """Fill excluded runs of up to `longest` windows by a line between both sides."""
    known = np.flatnonzero(np.isfinite(rms_uv))
    out = rms_uv.copy()
    for start, stop in Intervals.from_mask(np.isnan(rms_uv)).pairs.astype(int).tolist():
        if stop - start <= longest and start > 0 and stop < len(rms_uv):
            out[start:stop] = np.interp(np.arange(start, stop), known, rms_uv[known])
    return out


def _runs(rms_uv: Floats, levels: _Thresholds, hop_s: float, settings: DetectSettings) -> list[tuple[int, int]]:
    """Windows of each spasm, merged: from the first above the threshold to the first below the end level."""
    least = settings.spasm_least_s / hop_s - 1e-9
    merge = settings.spasm_merge_s / hop_s - 1e-9
    found: list[tuple[int, int]] = []
    for start, stop in _grown(Intervals.from_mask(rms_uv > levels.passed_uv), least, merge):
        at = max(start, found[-1][1] if found else 0)
        while at < stop:
            end, end_uv = _end(rms_uv, at, stop, levels)
            if end == at:  # the one before ends in a pause of this one, below the tonic level: go on where it is loud
                loud = np.flatnonzero(rms_uv[at:stop] > levels.passed_uv)
                at = at + int(loud[0]) if len(loud) else stop
                continue
            found.append((at, end))
            # a loud one ends above the threshold: what follows is its tail unless it rises again
            again = Intervals.from_mask(rms_uv[end:stop] > end_uv).drop(least).pairs
            at = end + int(again[0, 0]) if len(again) else stop
    return [(int(a), int(b)) for a, b in Intervals.of(found).merge(merge)]


def _grown(loud: Intervals, least: float, merge: float) -> list[tuple[int, int]]:
    """Runs of `least` windows with what belongs to them: shorter runs beside whose pause is shorter than themselves."""
    runs = [(int(a), int(b)) for a, b in loud]
    out = Intervals.of([])
    for i, (start, stop) in enumerate(runs):
        if stop - start < least:
            continue
        first = last = i
        while first > 0 and _belongs(runs[first - 1], runs[first][0] - runs[first - 1][1], least, merge):
            first -= 1
        while last + 1 < len(runs) and _belongs(runs[last + 1], runs[last + 1][0] - runs[last][1], least, merge):
            last += 1
        out = out.union(Intervals.of([(runs[first][0], runs[last][1])]))
    return [(int(a), int(b)) for a, b in out]


def _belongs(run: tuple[int, int], pause: int, least: float, merge: float) -> bool:
    length = run[1] - run[0]
    return pause < (merge if length >= least else min(merge, length))


def _end(rms_uv: Floats, start: int, stop: int, levels: _Thresholds) -> tuple[int, float]:
    """First window below the end level of the peak so far, and that level, µV; the number of windows where none is."""
    quiet = np.flatnonzero(rms_uv[stop:] <= levels.tonic_uv)
    part = rms_uv[start : stop + quiet[0] + 1] if len(quiet) else rms_uv[start:]
    levels_uv = levels.tonic_uv + levels.share * (np.maximum.accumulate(part) - levels.tonic_uv)
    over = np.flatnonzero(part < levels_uv)
    at = int(over[0]) if len(over) else len(part)
    return start + at, float(levels_uv[min(at, len(part) - 1)])


def _spasm(
    piece: _Level, run: tuple[int, int], free: tuple[int, int], levels: _Thresholds, settings: DetectSettings
) -> Spasm:
    """One spasm from its windows; `free`: windows that no other spasm holds."""
    peak, peak_uv = _peak(piece, piece.hop(run[0]), piece.hop(run[1]))
    lower = np.flatnonzero(piece.rms_uv[free[0] : run[0]] <= levels.start_uv(peak_uv))
    begun = free[0] + int(lower[-1]) + 1 if len(lower) else min(free[0], run[0])
    cut_start, cut_stop = begun == 0, run[1] == len(piece.rms_uv)
    start, stop = piece.hop(begun), piece.hop(run[1])
    if cut_start:
        start = piece.hops[0]
    else:
        first = max(piece.hop(free[0]), start - round(BEFORE_S / piece.hop_s))
        last = min(max(peak, start + 1), start + round(INTO_S / piece.hop_s))
        start = _crossing(piece, first, last, levels.start_uv(peak_uv), rising=True)
    if cut_stop:
        stop = piece.hops[1]
    else:
        further = max(round(settings.spasm_merge_s / piece.hop_s), round(AFTER_SHARE * (stop - peak)))
        last = min(stop + further, piece.hop(free[1]))
        stop = max(_crossing(piece, max(peak, start), last, levels.end_uv(peak_uv), rising=False), start + 1)
    windows = piece.rms_uv[max(start - piece.hop(0), 0) : max(stop - piece.hop(0), 0)]
    area_uvs = float((windows - levels.tonic_uv).sum() * piece.hop_s)
    return Spasm(start * piece.hop_s, stop * piece.hop_s, peak_uv, area_uvs, cut_start, cut_stop)


def _peak(piece: _Level, start: int, stop: int) -> tuple[int, float]:
    """Hop in the middle of the loudest second, and its corrected RMS, µV."""
    width = min(max(round(PEAK_S / piece.hop_s), 1), stop - start)
    power, count = (running_sum(x[start:stop]) for x in (piece.power, piece.good))
    n = count[width:] - count[:-width]
    mean = np.where(2 * n >= width, (power[width:] - power[:-width]) / np.maximum(n, 1), -1.0)
    at = int(np.argmax(mean))
    return start + at + width // 2, float(corrected_rms(np.maximum(mean[at : at + 1], 0.0), piece.floor_uv)[0])


def _crossing(piece: _Level, first: int, last: int, level_uv: float, *, rising: bool) -> int:
    """Hop at which the isotonic course of usable hops of `[first, last)` passes a level; `last` where it does not."""
    hops = np.flatnonzero(piece.good[first:last]) + first
    if not len(hops):
        return last
    course = optimize.isotonic_regression(piece.power[hops], increasing=rising).x
    target = level_uv**2 + piece.floor_uv**2
    passed = np.flatnonzero(course > target if rising else course < target)
    return int(hops[passed[0]]) if len(passed) else last


def shared_starts(starts_s: list[tuple[str, float]], within_s: float) -> Iterator[list[tuple[str, float]]]:
    """Groups of starts that lie within a time of the first of them.

    Parameters
    ----------
    starts_s : list of (str, float)
        Muscle and start, seconds, in any order.
    within_s : float
        Seconds.

    Yields
    ------
    list of (str, float)
        In order of time; a muscle stands in a group once, with its first start.

    Examples
    --------
    >>> list(shared_starts([("RA_L", 5.2), ("PSP_L", 5.0), ("TA_L", 6.1)], 1.0))
    [[('PSP_L', 5.0), ('RA_L', 5.2)], [('TA_L', 6.1)]]
    """
    group: list[tuple[str, float]] = []
    for name, start_s in sorted(starts_s, key=lambda one: (one[1], one[0])):
        if group and start_s - group[0][1] > within_s:
            yield group
            group = []
        if name not in [one for one, _ in group]:
            group.append((name, start_s))
    if group:
        yield group
