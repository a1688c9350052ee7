"""Small simulated crossovers for the tests of statistics."""

import numpy as np


def drawn(seed, n_first=8, n_second=8, effect=-0.4):
    """Values, baselines and sequences of one trial."""
    rng = np.random.default_rng(seed)
    n = n_first + n_second
    level = rng.normal(0, 0.6, (n, 1))
    baselines = level + rng.normal(0, 0.2, (n, 2))
    values = level + rng.normal(0, 0.2, (n, 2)) + [0.0, 0.1]
    first = np.arange(n) < n_first
    values[first, 0] += effect
    values[~first, 1] += effect
    return values, baselines, ["AB" if f else "BA" for f in first]


def told(estimate):
    """All numbers of an estimate."""
    return (estimate.effect, estimate.se, estimate.low, estimate.high, estimate.t, estimate.df, estimate.p)
