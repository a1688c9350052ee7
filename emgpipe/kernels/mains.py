"""Demodulation of mains lines in cells of one cycle, and their synthesis."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def demodulate(
    x: NDArray[np.floating],
    cell: int,
    phase: NDArray[np.float64],
    slope: NDArray[np.float64],
    harmonics: NDArray[np.float64],
    power: NDArray[np.float64],
    z: NDArray[np.complex128],
) -> None:
    r"""Mean power and :math:`2\langle x e^{-ih\varphi}\rangle` of each cell of `cell` samples.

    `phase` is the reference at each cell's centre, `slope` its advance a sample, radians.
    `z` has shape (n_harmonics, n_cells).
    """
    for j in range(power.size):
        a = j * cell
        s = 0.0
        for i in range(cell):
            s += np.float64(x[a + i]) * np.float64(x[a + i])
        power[j] = s / cell
        for m in range(harmonics.size):
            h = harmonics[m]
            rotor = np.exp(-1j * h * (phase[j] - slope[j] * (cell - 1) / 2))
            turn = np.exp(-1j * h * slope[j])
            total = 0j
            for i in range(cell):
                total += np.float64(x[a + i]) * rotor
                rotor *= turn
            z[m, j] = 2 * total / cell


@njit(cache=True, nogil=True)
def subtract_lines(
    x: NDArray[np.floating],
    first: int,
    cell: int,
    phase: NDArray[np.float64],
    slope: NDArray[np.float64],
    harmonics: NDArray[np.float64],
    amplitude: NDArray[np.complex128],
) -> None:
    """Take the lines from `x` in place; `x[0]` is sample `first` of the run.

    Phase and amplitude are linear within a cell; samples after the last whole cell use the last one.
    """
    n_cells = phase.size
    j = min(first // cell, n_cells - 1)
    i = 0
    while i < x.size:
        stop = x.size if j == n_cells - 1 else min((j + 1) * cell - first, x.size)
        before = max(j - 1, 0)
        after = min(j + 1, n_cells - 1)
        offset = first + i - j * cell - (cell - 1) / 2
        for m in range(harmonics.size):
            h = harmonics[m]
            drift = (amplitude[m, after] - amplitude[m, before]) / ((after - before) * cell)
            value = amplitude[m, j] + drift * offset
            rotor = np.exp(1j * h * (phase[j] + slope[j] * offset))
            turn = np.exp(1j * h * slope[j])
            for k in range(i, stop):
                x[k] -= (value * rotor).real
                rotor *= turn
                value += drift
        i = stop
        j += 1
