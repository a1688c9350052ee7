"""Plain twins of the kernels and filters: slow, short, written from the formulas."""

import math
from itertools import groupby, product

import numpy as np
from scipy import signal


def cascade(sos, state, x):
    """One pass of second-order sections by their difference equations; also the final states."""
    y, ends = np.asarray(x, np.float64), []
    for (b0, b1, b2, _, a1, a2), (z0, z1) in zip(sos.tolist(), state.tolist(), strict=True):
        out = []
        for v in y.tolist():
            o = b0 * v + z0
            z0, z1 = b1 * v - a1 * o + z1, b2 * v - a2 * o
            out.append(o)
        y = np.array(out)
        ends.append((z0, z1))
    return y, np.array(ends).reshape(-1, 2)


def hop_moments(x, hop):
    """Mean square, mean fourth power, least and largest sample of each whole hop, shape (4, n)."""
    hops = [np.asarray(x[k : k + hop], np.float64) for k in range(0, len(x) - hop + 1, hop)]
    return np.array([[(h**2).mean(), (h**4).mean(), h.min(), h.max()] for h in hops]).reshape(-1, 4).T


def stuck_runs(x, clip_low, clip_high, clip_run, flat_run):
    """Masks of runs at a rail and of runs anywhere."""
    clipped, flat = [], []
    for value, members in groupby(x.tolist()):
        n = len(list(members))
        clipped += [n >= clip_run and not clip_low < value < clip_high] * n
        flat += [n >= flat_run] * n
    return np.array(clipped, bool), np.array(flat, bool)


def beyond_rails(x, low, high, lsb):
    """Mask of samples more than half a step outside the rails."""
    return np.array([value < low - lsb / 2 or value > high + lsb / 2 for value in x.tolist()], bool)


def demodulate(x, cell, phase, slope, harmonics):
    """Mean power and complex amplitude of each line in each cell, by direct sums."""
    power, z = np.empty(len(phase)), np.empty((len(harmonics), len(phase)), complex)
    place = np.arange(cell) - (cell - 1) / 2
    for j in range(len(phase)):
        part = np.asarray(x[j * cell : (j + 1) * cell], np.float64)
        power[j] = (part**2).mean()
        for m, h in enumerate(harmonics):
            z[m, j] = 2 * (part * np.exp(-1j * h * (phase[j] + slope[j] * place))).mean()
    return power, z


def line_sum(n_samples, cell, phase, slope, harmonics, amplitude):
    """Sum of all lines at each sample of a run."""
    t = np.arange(n_samples)
    j = np.minimum(t // cell, len(phase) - 1)
    before, after = np.maximum(j - 1, 0), np.minimum(j + 1, len(phase) - 1)
    offset = t - j * cell - (cell - 1) / 2
    total = np.zeros(n_samples)
    for m, h in enumerate(harmonics):
        row = amplitude[m]
        value = row[j] + (row[after] - row[before]) / ((after - before) * cell) * offset
        total += (value * np.exp(1j * h * (phase[j] + slope[j] * offset))).real
    return total


def zero_phase(x, sos, edge_samples):
    """Forward and backward filter with odd padding, at most as long as the run allows."""
    return signal.sosfiltfilt(sos, np.asarray(x, np.float64), padtype="odd", padlen=min(edge_samples, len(x) - 1))


def band_density(x, rate_hz, low_hz, high_hz):
    """Mean density of the Hann periodograms of whole seconds in `[low_hz, high_hz)`."""
    frequency_hz, density = signal.welch(x, rate_hz, "hann", round(rate_hz), noverlap=0, detrend="constant")
    return density[(frequency_hz >= low_hz) & (frequency_hz < high_hz)].mean()


def correlation_at(x, y, lag):
    """Correlation of x(t) with y(t + lag) over the samples that `x` has, `y` being longer by the margin."""
    margin = (len(y) - len(x)) // 2
    part = y[margin + lag : margin + lag + len(x)]
    return (x * part).sum() / np.sqrt((x**2).sum() * (part**2).sum())


def cubic_at(x, place):
    """Value of x at a broken place: the cubic through two neighbours with the slopes of theirs."""
    i = int(np.floor(place))
    t = place - i
    a, b, c, d = (x[k] if 0 <= k < len(x) else 0.0 for k in range(i - 1, i + 3))
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def without_beats(y, first, chunks):
    """A stretch of a run from sample `first` on, less every beat at every sample."""
    out = np.array(y, np.float64)
    for chunk in chunks:
        for place, shift, amounts in zip(chunk.places, chunk.shift, chunk.amounts, strict=True):
            model = sum(a * shape for a, shape in zip(amounts, chunk.shapes, strict=True))
            for k in range(len(model)):
                if 0 <= place + k - first < len(out):
                    out[place + k - first] -= cubic_at(model, k - shift)
    return out


def qrs_hops(n_hops, hop, rate_hz, beats):
    """Hops with at least half of their samples in a beat; `beats` are (time, before, after) in seconds."""
    inside = np.zeros(n_hops * hop, bool)
    for time_s, before_s, after_s in beats:
        start, stop = (round((time_s + s) * rate_hz) for s in (before_s, after_s))
        inside[max(start, 0) : max(stop, 0)] = True
    return np.array([2 * inside[k * hop : (k + 1) * hop].sum() >= hop for k in range(n_hops)], bool)


def quality_of_second(t, frames, settings, usable_power):
    """Names of what is wrong in second t, and whether it is loud; `usable_power` is NaN in unusable seconds."""

    def middle(values):
        return np.median([v for v in values if np.isfinite(v)])

    def hops_of(s):
        a, b = (min(round(u * frames.rate_hz / frames.hop_samples), len(frames.mean_square)) for u in (s, s + 1))
        return frames.mean_square[a:b].astype(np.float64)

    def density(s, low_hz, high_hz):
        return frames.psd[s, low_hz // 25 : high_hz // 25].astype(np.float64).mean()

    seconds = range(len(frames.psd))
    band = hops_of(t).mean()
    typical = middle(usable_power)
    slow = float(frames.slow_power[t])
    more = [max(density(t, *hz) - middle([density(s, *hz) for s in seconds]), 0.0) for hz in ((25, 50), (75, 150))]
    whole = max(band - middle([hops_of(s).mean() for s in seconds]), 0.0)
    shaped = (25 * more[0] > 0.1 * whole and more[1] < 0.25 * more[0]) or 75 * more[1] < 0.05 * whole
    odd = 10.0 if frames.heart is not None and frames.heart.n_beats else 1.0
    moved = slow > settings.movement_ratio * band and slow > settings.movement_ratio * odd * middle(frames.slow_power)
    # a second that is not usable has no power to compare: it is felt
    felt = not usable_power[t] <= 1.2 * typical
    names = set()
    if moved and felt and shaped:
        step = frames.largest_step_uv[t] > settings.step_ratio * middle(frames.largest_step_uv)
        names.add("STEP" if step else "MOVEMENT")
    line = float(frames.line_power[t])
    if line > settings.line_surge * middle(frames.line_power) and line > band:
        names.add("ELECTRODE_OFF")
    return names, band > settings.possible_spasm_ratio * typical


def match_onsets(found, found_counts, true, true_counts, tolerance):
    """Best one-to-one matching of two short lists by trying all: pairs, fewer false, signed and absolute error."""
    best = (0, 0, 0.0, 0.0, 0.0)
    choices = [[None, *(j for j, t in enumerate(true) if abs(f - t) <= tolerance)] for f in found]
    for chosen in product(*choices):
        used = [j for j in chosen if j is not None]
        if len(used) != len(set(used)):
            continue
        pairs = [(i, j) for i, j in enumerate(chosen) if j is not None]
        errors = [found[i] - true[j] for i, j in pairs if true_counts[j]]
        fewer = sum(int(found_counts[i]) - int(true_counts[j]) for i, j in pairs)
        cost = sum(abs(found[i] - true[j]) for i, j in pairs)
        one = (len(errors), fewer, sum(errors), sum(abs(e) for e in errors), cost)
        if (one[0], one[1], -one[4]) > (best[0], best[1], -best[4]):
            best = one
    return best[:4]


def score_hops(states, hop_s, marks, tolerance):
    """Sums of a target with stretches and bounded onsets, hop by hop."""
    inside = lambda intervals, t: any(a <= t < b for a, b in intervals)  # noqa: E731
    middles = [(k + 0.5) * hop_s for k in range(len(states))]
    searched = [t >= 0.25 and inside(marks.searched or marks.scored, t) for t in middles]
    seconds = [0] * 5
    for state, t in zip(states, middles, strict=True):
        if state != -2 and inside(marks.scored, t):
            on, active = inside(marks.stretches, t), state == 1
            seconds[[[3, 2], [1, 0]][active][on]] += 1
            seconds[4] += state == -1
    begins = [k for k in range(1, len(states)) if states[k] == 1 and states[k - 1] in (0, -1)]
    n_true = n_found = n_matched = 0
    for a, b in marks.onsets:
        window = [k for k in range(len(states)) if a <= k * hop_s < b]
        if all(states[k] != -2 for k in window):
            n = sum(k in window for k in begins)
            n_true, n_found, n_matched = n_true + 1, n_found + n, n_matched + (n > 0)
    free = [k for k in begins if not inside(marks.onsets, k * hop_s)]
    counted = [searched[k] and searched[k - 1] for k in free]
    true = sorted([*marks.stretches.merge().pairs[:, 0].tolist(), *marks.points_s])
    edges = [math.floor(t / hop_s + 0.5) for t in true]
    seen = [
        0 < k < len(states) and searched[k] and searched[k - 1] and -2 not in (states[k], states[k - 1]) for k in edges
    ]
    pairs, fewer, signed, absolute = match_onsets([k * hop_s for k in free], counted, true, seen, tolerance)
    events = [n_true + sum(seen), n_found + sum(counted) - fewer, n_matched + pairs, pairs, signed, absolute]
    return [*(n * hop_s for n in seconds), *events]
