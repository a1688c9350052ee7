"""Random streams of their own: what is added to a visit never moves the numbers of the rest of it."""

from collections.abc import Sequence

import numpy as np


def stream(seed: int | Sequence[int], purpose: str, name: str = "") -> np.random.Generator:
    """Random numbers for one purpose.

    Parameters
    ----------
    seed : int or sequence of int
        Of the visit.
    purpose, name : str
        What they are for, and of which muscle.

    Returns
    -------
    Generator

    Examples
    --------
    >>> float(stream(1, "heart").uniform()) == float(stream([1], "heart").uniform())
    True
    """
    return np.random.default_rng([*np.atleast_1d(seed).tolist(), *f"{purpose} {name}".encode()])
