"""States of hops against marks: seconds in common, and onsets matched one to one."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK = 256
ON, TIMED, SEARCHED, WINDOW = 1, 2, 4, 8
"""Bits of a marked hop: marked on; on or off is told; every onset is marked; in the stretch of a bounded onset."""


@njit(cache=True, nogil=True)
def count_hops(states: NDArray[np.int8], marked: NDArray[np.uint8], counts: NDArray[np.int64]) -> int:
    """Count hops with a verdict by program and marks; return the onsets of the program.

    `counts`: both on, program only, marks only, none, undeterminable of the program (in the former two as well).
    """
    n_onsets = 0
    for first in range(0, states.size, BLOCK):
        both = found = true = timed = unsure = begun = 0
        before = states[first - 1] if first else 1
        for k in range(first, min(first + BLOCK, states.size)):
            state, mark = states[k], marked[k]
            told = (state != -2) & ((mark & TIMED) != 0)
            on, active = told & ((mark & ON) != 0), told & (state == 1)
            both += on & active
            found += active
            true += on
            timed += told
            unsure += told & (state == -1)
            begun += (state == 1) & (before == 0)
            before = state
        counts[0] += both
        counts[1] += found - both
        counts[2] += true - both
        counts[3] += timed - found - true + both
        counts[4] += unsure
        n_onsets += begun
    return n_onsets


@njit(cache=True, nogil=True)
def onset_hops(states: NDArray[np.int8], hops: NDArray[np.int64]) -> None:
    """Write the hops at which the program goes from silent to active."""
    n = 0
    for k in range(1, states.size):
        if states[k] == 1 and states[k - 1] == 0:
            hops[n] = k
            n += 1


@njit(cache=True, nogil=True)
def match_windows(
    states: NDArray[np.int8], onsets: NDArray[np.int64], windows: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """Count bounded onsets, onsets of the program inside them, and those that hold one or more.

    A window with an excluded hop is not judged, and neither is what begins in it.
    """
    i = 0
    for w in range(windows.shape[0]):
        start, stop = windows[w, 0], windows[w, 1]
        while i < onsets.size and onsets[i] < start:
            i += 1
        n = 0
        while i < onsets.size and onsets[i] < stop:
            n += 1
            i += 1
        excluded = False
        for k in range(start, stop):
            excluded |= states[k] == -2
        if not excluded:
            counts[0] += 1
            counts[1] += n
            counts[2] += n > 0


@njit(cache=True, nogil=True)
def match_onsets(
    found_s: NDArray[np.float64],
    found_counts: NDArray[np.bool_],
    true_s: NDArray[np.float64],
    true_counts: NDArray[np.bool_],
    tolerance_s: float,
    matched: NDArray[np.int64],
    errors_s: NDArray[np.float64],
) -> None:
    """Match rising onsets one to one within a tolerance: most pairs, then fewest false ones, then least error.

    `matched`: pairs whose mark counts; of onsets of the program that count by themselves, how many more (or, below 0,
    fewer) lie at marks that do not count than the other way round. `errors_s`: sum of program minus marks over the
    pairs that count, signed and absolute.
    """
    best = np.zeros((true_s.size + 1, 4))  # of the marks before j and the onsets so far: pairs, more, signed, absolute
    low = filled = 0
    for i in range(found_s.size):
        while low < true_s.size and true_s[low] < found_s[i] - tolerance_s:
            low += 1
        while filled < low:
            best[filled + 1] = best[filled]
            filled += 1
        before = best[low].copy()
        j = low
        while j < true_s.size and true_s[j] <= found_s[i] + tolerance_s:
            kept = before.copy()
            if filled > j:
                kept[:] = best[j + 1]
            else:
                best[j + 1] = best[j]
                filled = j + 1
            if _better(best[j], best[j + 1]):
                best[j + 1] = best[j]
            error_s = found_s[i] - true_s[j] if true_counts[j] else 0.0
            before[0] += true_counts[j]
            before[1] += np.int64(found_counts[i]) - np.int64(true_counts[j])
            before[2] += error_s
            before[3] += abs(error_s)
            if _better(before, best[j + 1]):
                best[j + 1] = before
            before = kept
            j += 1
    matched[0], matched[1] = np.int64(best[filled, 0]), np.int64(best[filled, 1])
    errors_s[0], errors_s[1] = best[filled, 2], best[filled, 3]


@njit(cache=True, nogil=True)
def _better(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether a matching has more pairs, at as many fewer false onsets, at as many less error."""
    if one[0] != other[0]:
        return bool(one[0] > other[0])
    return bool(one[1] > other[1] if one[1] != other[1] else one[3] < other[3])
