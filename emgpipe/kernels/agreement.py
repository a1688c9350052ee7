"""Onsets of the program against onsets of marks, matched one to one."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def match_windows(
    states: NDArray[np.int8], onsets: NDArray[np.int64], windows: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """Count bounded onsets, onsets of the program inside them, and those that hold one or more.

    `onsets` and `windows` are hops, rising. A window with an excluded hop (-2) is not judged, and neither is what
    begins in it.
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

    `matched`: pairs whose mark counts; onsets of the program that count and pairs take, less marks that count and
    pairs take (what the false onsets are fewer by). `errors_s`: sum of program minus marks over the pairs whose mark
    counts, signed and absolute. The error that is least is that of all pairs, so that they need not cross.
    """
    # row j: of the marks before j and the onsets so far, the best matching: pairs, fewer, error, and the sums to tell
    n, fewer = np.zeros(true_s.size + 1, np.int64), np.zeros(true_s.size + 1, np.int64)
    cost, signed, absolute = np.zeros(true_s.size + 1), np.zeros(true_s.size + 1), np.zeros(true_s.size + 1)
    low = filled = 0
    for i in range(found_s.size):
        while low < true_s.size and true_s[low] < found_s[i] - tolerance_s:
            low += 1
        while filled < low:
            n[filled + 1], fewer[filled + 1], cost[filled + 1] = n[filled], fewer[filled], cost[filled]
            signed[filled + 1], absolute[filled + 1] = signed[filled], absolute[filled]
            filled += 1
        old = n[low], fewer[low], cost[low], signed[low], absolute[low]  # row j before onset i
        j = low
        while j < true_s.size and true_s[j] <= found_s[i] + tolerance_s:
            counts, error_s = np.int64(true_counts[j]), found_s[i] - true_s[j]
            more, away_s = np.int64(found_counts[i]) - counts, abs(error_s)
            pair = old[0] + counts, old[1] + more, old[2] + away_s, old[3] + error_s * counts, old[4] + away_s * counts
            if filled > j:
                old = n[j + 1], fewer[j + 1], cost[j + 1], signed[j + 1], absolute[j + 1]
            filled = max(filled, j + 1)
            # row j + 1 before onset i, unless row j now, or the pair, is better
            best = old
            if (n[j], fewer[j], -cost[j]) > (best[0], best[1], -best[2]):
                best = n[j], fewer[j], cost[j], signed[j], absolute[j]
            if (pair[0], pair[1], -pair[2]) > (best[0], best[1], -best[2]):
                best = pair
            n[j + 1], fewer[j + 1], cost[j + 1], signed[j + 1], absolute[j + 1] = best
            j += 1
    matched[0], matched[1] = n[filled], fewer[filled]
    errors_s[0], errors_s[1] = signed[filled], absolute[filled]
