"""Second-order sections, forward or backward, state carried from block to block."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def cascade(
    sos: NDArray[np.float64],
    state: NDArray[np.float64],
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    first: int,
    step: int,
) -> None:
    r"""Filter `x` into `y` (may be the same array) from index `first` in steps of +1 or -1.

    Transposed direct form II, states in float64 whatever the arrays hold:
    :math:`o = b_0 v + z_0,\; z_0 = b_1 v - a_1 o + z_1,\; z_1 = b_2 v - a_2 o`.
    `sos` has shape (n_sections, 6), `state` (n_sections, 2), changed in place.
    """
    i = first
    for _ in range(x.size):
        v = np.float64(x[i])
        for s in range(sos.shape[0]):
            o = sos[s, 0] * v + state[s, 0]
            state[s, 0] = sos[s, 1] * v - sos[s, 4] * o + state[s, 1]
            state[s, 1] = sos[s, 2] * v - sos[s, 5] * o
            v = o
        y[i] = v
        i += step
