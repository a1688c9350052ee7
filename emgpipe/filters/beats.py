"""Heart beats taken out of a conditioned signal: a mean beat, its amplitude a beat, and what changes from beat to beat.

The filter is linear, so the beat as the band-pass leaves it is learnt and subtracted after it:
T and P waves are gone there and the stretch is short enough to end before the next beat.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Cut = Callable[[Places, int], Floats]
"""`(first samples, n) -> stretches, shape (len(first), n)`."""

BEFORE_S, AFTER_S = 0.15, 0.18
CORE_BEFORE_S, CORE_AFTER_S = 0.06, 0.10
TAPER_S = 0.04
ALIGN_S = 0.006
CHUNK_BEATS = 240
"""Beats that share one shape: four minutes at 60 a minute."""
LEAST_BEATS = 8
LEAST_FOR_SHAPES = 20
MOST_SHAPES = 3
OVER_EMG = 1.3
"""A component counts from this ratio on over the largest of EMG alone."""
VISIBLE = 4.0
"""Energy of the mean beat over that of a mean of stretches of EMG; below, there is no heart in this channel."""
MARGIN = 4
"""Samples beside a beat for alignment between samples, beside the search reach."""


@dataclass(frozen=True, eq=False)
class BeatShapes:
    """What a chunk of beats looks like, and how much of each shape every beat holds.

    Attributes
    ----------
    places : ndarray of int64, shape (n_beats,)
        Sample of the run where each beat's stretch begins.
    shift : ndarray, shape (n_beats,)
        Samples, -0.5 to 0.5, by which the shapes are moved.
    shapes : ndarray, shape (1 + n_shapes, n)
        Mean beat and further components, tapered, µV.
    amounts : ndarray, shape (n_beats, 1 + n_shapes)
        Of each shape in each beat.
    """

    places: Places
    shift: Floats
    shapes: Floats
    amounts: Floats


def learn_run(
    blocks: Iterator[tuple[int, Floats]], beats: Places, n_samples: int, rate_hz: float
) -> tuple[BeatShapes, ...]:
    """Learn the beats of one run from its conditioned blocks.

    Parameters
    ----------
    blocks : iterator of (first sample, ndarray)
        Conditioned µV in order, mains removed.
    beats : ndarray of int64
        Samples of the run, ascending; those without a whole stretch on both sides are left out.
    n_samples : int
        Length of the run.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    tuple of BeatShapes
        One a chunk of beats that shows in this channel; empty where none does.

    Notes
    -----
    A chunk holds about `CHUNK_BEATS` beats, so that a heart whose shape drifts or turns is followed. Blocks may be of
    any length; what is learnt does not depend on them.

    Examples
    --------
    >>> from emgpipe.simulate import qrs_train
    >>> rng = np.random.default_rng(1)
    >>> ecg_uv, beats_s = qrs_train(60000, 1000.0, rng)
    >>> lead_uv = ecg_uv + rng.standard_normal(60000)
    >>> beats = np.round(beats_s * 1000).astype(np.int64)
    >>> chunks = learn_run(iter([(0, lead_uv)]), beats, 60000, 1000.0)
    >>> len(chunks), len(chunks[0].places) == len(beats)
    (1, True)
    >>> learn_run(iter([(0, lead_uv - ecg_uv)]), beats, 60000, 1000.0)
    ()
    """
    reach = round((BEFORE_S + AFTER_S) * rate_hz)
    whole = beats[(beats >= reach) & (beats < n_samples - reach)]
    pieces = np.array_split(whole, max(round(len(whole) / CHUNK_BEATS), 1))
    found = []
    held, start = np.empty(0), 0
    waiting = [piece for piece in pieces if len(piece) >= LEAST_BEATS]
    for first, block in blocks:
        held = np.concatenate([held, block])
        while waiting and (waiting[0][-1] + reach <= first + len(block) or first + len(block) >= n_samples):
            piece = waiting.pop(0)
            found.append(learn_beats(_cutter(held, start), piece, rate_hz))
            keep = (int(waiting[0][0]) - reach if waiting else first + len(block)) - start
            held, start = held[keep:], start + keep
    return tuple(chunk for chunk in found if chunk is not None)


def _cutter(held: Floats, start: int) -> Cut:
    return lambda first, n: held[(first - start)[:, None] + np.arange(n)]


def learn_beats(cut: Cut, beats: Places, rate_hz: float) -> BeatShapes | None:
    """Learn the shapes of a chunk of beats.

    Parameters
    ----------
    cut : callable
        Stretches of the conditioned signal.
    beats : ndarray of int64, shape (n_beats,)
        Samples, to within 6 ms.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    BeatShapes or None
        None where the channel shows no more of a heart than EMG alone would.

    Notes
    -----
    Mean beat weighted by the inverse of the power beside each beat, beats moved by parts of a sample to where they fit
    it best, an amplitude a beat, and up to `MOST_SHAPES` singular vectors of what is left. Template subtraction is
    compared with other ways in Xu et al. (2020, doi:10.3390/s20174890). Deviations from the plain
    mean: amplitudes are drawn to 1 as far as EMG alone would scatter them, and a further shape counts only where its
    singular value is `OVER_EMG` times that of stretches half-way between beats; so no EMG is taken for a heart.

    Examples
    --------
    >>> from emgpipe.simulate import qrs_train
    >>> ecg_uv, beats_s = qrs_train(60000, 1000.0, np.random.default_rng(1))
    >>> beats = np.round(beats_s[1:-1] * 1000).astype(np.int64)
    >>> learnt = learn_beats(lambda first, n: ecg_uv[first[:, None] + np.arange(n)], beats, 1000.0)
    >>> np.round(learnt.amounts[:, 0].min(), 2), np.round(learnt.shapes[0].max() / ecg_uv.max(), 2)
    (np.float64(1.0), np.float64(1.0))
    """
    before = round(BEFORE_S * rate_hz)
    n = before + round(AFTER_S * rate_hz)
    reach = max(2, int(ALIGN_S * rate_hz)) + MARGIN
    wide = cut(beats - before - reach, n + 2 * reach)
    core = slice(before - round(CORE_BEFORE_S * rate_hz), before + round(CORE_AFTER_S * rate_hz))
    between = _between_beats(cut, beats, n, rate_hz)
    flank_power = _flank_power(wide[:, reach : reach + n], core)
    weight = 1 / np.maximum(flank_power, max(float(np.quantile(flank_power, 0.2)), 1e-12))
    weight /= weight.sum()
    if between is None or not _shows(_sum(weight, wide[:, reach : reach + n])[core], weight, flank_power):
        return None
    offset, shift = _aligned(wide, reach, core, weight)
    aligned = _moved(wide, reach + offset, shift, n)
    mean = _sum(weight, aligned)
    amount = _amounts(aligned, mean, core, between, flank_power)
    shapes, amounts = [mean], [amount]
    if len(beats) >= LEAST_FOR_SHAPES:
        more = _components(aligned - amount[:, None] * mean, weight, between, core, flank_power)
        shapes += [shape for shape, _ in more]
        amounts += [held for _, held in more]
    taper = _taper(n, round(TAPER_S * rate_hz))
    return BeatShapes(beats - before + offset, shift, np.array(shapes) * taper, np.array(amounts).T)


def _shows(mean: Floats, weight: Floats, flank_power: Floats) -> bool:
    """Whether the mean beat has more energy than a mean, of the same weights, of the EMG beside the beats."""
    chance = float((weight * weight * flank_power).sum())
    return bool((mean * mean).mean() > VISIBLE * chance)


def subtract_beats(y: Floats, first: int, chunks: Sequence[BeatShapes]) -> None:
    """Take the beats that touch a block out of it, in place.

    Parameters
    ----------
    y : ndarray
        Conditioned µV from sample `first` of the run on.
    first : int
        Place of the block.
    chunks : sequence of BeatShapes
        From `learn_run`.

    Notes
    -----
    A shape is moved by the 4-point cubic whose slopes are those of its neighbours (Catmull-Rom), and ends with its
    own samples. The result is the same for any cut of the run into blocks.

    Examples
    --------
    >>> shape = np.array([[0.0, 1.0, 4.0, 1.0, 0.0]])
    >>> beat = BeatShapes(np.array([2]), np.zeros(1), shape, np.array([[0.5]]))
    >>> y = np.ones(8)
    >>> subtract_beats(y, 0, [beat])
    >>> y.tolist()
    [1.0, 1.0, 1.0, 0.5, -1.0, 0.5, 1.0, 1.0]
    """
    for c in chunks:
        n = c.shapes.shape[1]
        touching = np.flatnonzero((c.places < first + len(y) + 1) & (c.places + n > first - 1))
        for i in touching.tolist():
            model = _sum(c.amounts[i], c.shapes)
            model = _moved(np.pad(model, MARGIN)[None], np.array([MARGIN]), -c.shift[i : i + 1], n)[0]
            a = int(c.places[i]) - first
            lo, hi = max(a, 0), min(a + n, len(y))
            y[lo:hi] -= model[lo - a : hi - a]


def _sum(weight: Floats, rows: Floats) -> Floats:
    """Weighted sum of rows; no BLAS, so that the last digit does not depend on threads."""
    return np.asarray(np.einsum("i,ij->j", weight, rows), np.float64)


def _flank_power(x: Floats, core: slice) -> Floats:
    beside = np.concatenate([x[:, : core.start], x[:, core.stop :]], axis=1)
    return np.asarray((beside * beside).mean(1), np.float64)


def _over_mean(power: Floats) -> Floats:
    """Power over its mean; 1 where there is none at all."""
    mean = power.mean()
    return power / mean if mean > 0 else np.ones_like(power)


def _aligned(wide: Floats, reach: int, core: slice, weight: Floats) -> tuple[Places, Floats]:
    """Whole and broken samples by which each beat lies off the mean beat."""
    search = reach - MARGIN
    offset = np.zeros(len(wide), np.int64)
    n_core = core.stop - core.start
    lags = np.arange(-search - 1, search + 2)
    for _ in range(3):
        at = reach + core.start + offset
        template = _sum(weight, wide[np.arange(len(wide))[:, None], at[:, None] + np.arange(n_core)])
        index = reach + core.start + lags[:, None] + np.arange(n_core)
        score = np.stack([np.einsum("ij,j->i", wide[:, rows], template) for rows in index], axis=1)
        best = 1 + score[:, 1:-1].argmax(1)
        offset = lags[best]
    rows = np.arange(len(wide))
    left, top, right = score[rows, best - 1], score[rows, best], score[rows, best + 1]
    bend = left - 2 * top + right
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(bend < 0, 0.5 * (left - right) / bend, 0.0)
    return offset, np.clip(shift, -0.5, 0.5)


def _moved(wide: Floats, start: Places, shift: Floats, n: int) -> Floats:
    """Stretches of n samples from `start + shift`, by 4-point cubic interpolation."""
    rows = np.arange(len(wide))[:, None]
    at = start[:, None] + np.arange(n)
    whole = np.floor(shift).astype(np.int64)
    t = (shift - whole)[:, None]
    a, b, c, d = (wide[rows, at + whole[:, None] + k] for k in (-1, 0, 1, 2))
    out: Floats = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return out


def _between_beats(cut: Cut, beats: Places, n: int, rate_hz: float) -> Floats | None:
    """Stretches half-way between beats: what the same analysis finds in EMG alone."""
    rr = np.diff(beats)
    typical = float(np.median(rr))
    middle = ((beats[:-1] + beats[1:]) // 2)[rr < 2 * typical]
    half = min(n // 2, max(round(0.05 * rate_hz), int(typical / 2 - 0.11 * rate_hz)))
    return cut(middle - half, 2 * half) if len(middle) >= LEAST_BEATS else None


def _amounts(aligned: Floats, mean: Floats, core: slice, between: Floats, flank_power: Floats) -> Floats:
    """Amplitude of each beat, drawn to 1 as far as EMG alone would scatter it."""
    template = mean[core]
    energy = (template * template).sum()
    amount = np.einsum("ij,j->i", aligned[:, core], template) / energy
    n = min(len(template), between.shape[1])
    skip, place = (len(template) - n) // 2, (between.shape[1] - n) // 2
    part = template[skip : skip + n]
    chance = np.einsum("ij,j->i", between[:, place : place + n], part) / (part * part).sum()
    noise = float(np.var(chance)) * (part * part).sum() / energy * _over_mean(flank_power)
    true = max(0.0, float(np.median((amount - 1) ** 2)) / 0.455 - float(np.var(chance)))
    return np.asarray(np.clip(1 + true / (true + noise + 1e-12) * (amount - 1), 0.3, 2.0), np.float64)


def _components(
    rest: Floats, weight: Floats, between: Floats, core: slice, flank_power: Floats
) -> list[tuple[Floats, Floats]]:
    """Shapes by which beats differ from their mean by more than EMG does, and the amount in each beat."""
    rows = rest * np.sqrt(weight * len(weight))[:, None]
    n_core = core.stop - core.start
    chance = between[:, : min(n_core, between.shape[1])]
    n_chance = chance.shape[1]
    largest = _leading(chance)[0] * np.sqrt(len(rows) * n_core / (len(chance) * n_chance))
    found = []
    for _ in range(MOST_SHAPES):
        size, shape = _leading(rows)
        if not size > OVER_EMG * largest:
            break
        amount = np.einsum("ij,j->i", rest, shape)
        noise = largest**2 / len(rows) * _over_mean(flank_power) * 0.3
        true = max(0.0, float(np.median(amount**2)) / 0.455 - float(np.median(noise)))
        found.append((shape, amount * true / (true + noise + 1e-12)))
        rows = rows - np.einsum("ij,j->i", rows, shape)[:, None] * shape
    return found


def _leading(rows: Floats) -> tuple[float, Floats]:
    """Largest singular value and its right vector, by power iteration from the longest row."""
    vector = rows[int((rows * rows).sum(1).argmax())].copy()
    size = 0.0
    for _ in range(60):
        norm = np.sqrt((vector * vector).sum())
        if not norm > 0:
            return 0.0, np.zeros(rows.shape[1])
        vector /= norm
        image = np.einsum("ij,j->i", rows, vector)
        before, size = size, float(np.sqrt((image * image).sum()))
        vector = np.einsum("i,ij->j", image, rows)
        if abs(size - before) <= 1e-9 * size:
            break
    return size, vector / np.sqrt((vector * vector).sum())


def _taper(n: int, edge: int) -> Floats:
    out = np.ones(n)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    out[:edge], out[-edge:] = ramp, ramp[::-1]
    return out
