"""Plain twins of the kernels and filters: slow, short, written from the formulas."""

from itertools import groupby

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
