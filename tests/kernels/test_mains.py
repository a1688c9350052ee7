"""Demodulation and synthesis of lines, against direct complex sums."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.kernels.mains import demodulate, subtract_lines
from tests import naive
from tests.strategies import seeds


def drawn(seed, n_cells, cell):
    """Phase, slope, harmonics and amplitudes of a line that wanders."""
    rng = np.random.default_rng(seed)
    slope = 2 * np.pi / cell * (1 + 0.01 * rng.standard_normal(n_cells))
    phase = np.cumsum(slope) * cell
    amplitude = rng.standard_normal((2, n_cells)) + 1j * rng.standard_normal((2, n_cells))
    return rng, phase, slope, np.array([1.0, 3.0]), amplitude


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(1, 6), st.integers(2, 45))
def test_demodulation_is_the_direct_complex_sum(seed, n_cells, cell):
    rng, phase, slope, harmonics, _ = drawn(seed, n_cells, cell)
    x = rng.normal(0, 10, n_cells * cell + 3)
    power, z = np.empty(n_cells), np.empty((2, n_cells), complex)
    demodulate(x, cell, phase, slope, harmonics, power, z)
    plain_power, plain_z = naive.demodulate(x, cell, phase, slope, harmonics)
    # a rotor turned 45 times in float64 and phases of hundreds of radians: 1e-11 of 10 µV
    assert power == pytest.approx(plain_power, rel=1e-12)
    assert z == pytest.approx(plain_z, abs=1e-10)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(2, 6), st.integers(2, 45), st.integers(0, 20), st.lists(st.integers(1, 90), max_size=3))
def test_lines_are_taken_out_sample_by_sample_however_the_run_is_cut(seed, n_cells, cell, tail, cuts):
    rng, phase, slope, harmonics, amplitude = drawn(seed, n_cells, cell)
    x = rng.normal(0, 10, n_cells * cell + tail)
    wanted = x - naive.line_sum(len(x), cell, phase, slope, harmonics, amplitude)
    edges = sorted({0, len(x), *(c for c in cuts if c < len(x))})
    for a, b in pairwise(edges):
        subtract_lines(x[a:b], a, cell, phase, slope, harmonics, amplitude)
    assert x == pytest.approx(wanted, abs=1e-10)


def test_what_demodulation_finds_in_a_pure_line_takes_it_out():
    cell, n_cells = 40, 10
    slope = np.full(n_cells, 2 * np.pi / cell)
    phase = slope * (np.arange(n_cells) * cell + (cell - 1) / 2)
    x = 7 * np.cos(2 * np.pi * np.arange(cell * n_cells) / cell + 0.3)
    power, z = np.empty(n_cells), np.empty((1, n_cells), complex)
    demodulate(x, cell, phase, slope, np.ones(1), power, z)
    assert np.abs(z) == pytest.approx(np.full((1, n_cells), 7.0))
    subtract_lines(x, 0, cell, phase, slope, np.ones(1), z)
    assert np.abs(x).max() < 1e-11
