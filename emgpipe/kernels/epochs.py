"""Counts of states in epochs."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_ACTIVE, _UNDETERMINABLE, _EXCLUDED = 1, -1, -2


@njit(cache=True, nogil=True)
def epoch_counts(
    states: NDArray[np.int8],
    usable: NDArray[np.bool_],
    first: NDArray[np.int64],
    stop: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Hops of each epoch `[first, stop)` into `out`, shape (n_epochs, 7).

    All; usable and not excluded; not excluded; of these active; longest run that is not active; active or
    undeterminable; longest run that is neither.
    """
    for i in range(first.size):
        out[i, :] = 0
        resting = 0
        silent = 0
        for k in range(first[i], min(stop[i], states.size)):
            state = states[k]
            seen = state != _EXCLUDED
            active = state == _ACTIVE
            perhaps = active or state == _UNDETERMINABLE
            resting = resting + 1 if seen and not active else 0
            silent = silent + 1 if seen and not perhaps else 0
            out[i, 0] += 1
            out[i, 1] += usable[k] and seen
            out[i, 2] += seen
            out[i, 3] += active
            out[i, 4] = max(out[i, 4], resting)
            out[i, 5] += perhaps
            out[i, 6] = max(out[i, 6], silent)
