"""Weighted smoothing of the complex amplitude of a mains line over its cells."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]


def kept_share(half: int) -> float:
    """Share of white noise beside a line that smoothing leaves."""
    kernel, _ = _kernel(half)
    weight = kernel / kernel.sum()
    # residual of a smoother with equal weights: 1 - 2 w0 + sum w^2 of each cell's noise
    return float(1 - 2 * weight[half] + (weight**2).sum())


def smooth(z: Complexes, weight: Floats, half: int) -> Complexes:
    """Weighted local-linear value at every cell: raised cosine over +-`half` cells."""
    kernel, u = _kernel(half)
    s0 = _windowed(weight, kernel)
    s1 = _windowed(weight, kernel * u)
    s2 = _windowed(weight, kernel * u * u) + 1e-3 * s0
    out = np.empty_like(z)
    for i, row in enumerate(z):
        c0, c1 = _windowed(weight * row, kernel), _windowed(weight * row, kernel * u)
        out[i] = (s2 * c0 - s1 * c1) / (s0 * s2 - s1 * s1)
    return out


def _kernel(half: int) -> tuple[Floats, Floats]:
    """Raised cosine over +-`half` cells, and its abscissa in -1..1."""
    u = np.arange(-half, half + 1) / half
    return np.cos(np.pi * u / 2 * half / (half + 1)) ** 2, u


def _windowed(values: NDArray[np.inexact], kernel: Floats) -> NDArray[np.inexact]:
    half = len(kernel) // 2
    full = signal.oaconvolve(values, kernel[::-1], "full")
    return np.asarray(full[half : half + len(values)])
