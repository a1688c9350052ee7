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

    Among equals the pairs never cross. `matched`: pairs whose mark counts; onsets of the program that count and pairs
    take, less marks that count and pairs take (what the false onsets are fewer by). `errors_s`: sum of program minus
    marks over the pairs whose mark counts, signed and absolute.
    """
    # row j: of the marks before j and the onsets so far, the best matching: pairs, fewer, signed and absolute error
    n, fewer = np.zeros(true_s.size + 1, np.int64), np.zeros(true_s.size + 1, np.int64)
    signed, absolute = np.zeros(true_s.size + 1), np.zeros(true_s.size + 1)
    low = filled = 0
    for i in range(found_s.size):
        while low < true_s.size and true_s[low] < found_s[i] - tolerance_s:
            low += 1
        while filled < low:
            n[filled + 1], fewer[filled + 1] = n[filled], fewer[filled]
            signed[filled + 1], absolute[filled + 1] = signed[filled], absolute[filled]
            filled += 1
        n0, fewer0, signed0, absolute0 = n[low], fewer[low], signed[low], absolute[low]  # row j before onset i
        j = low
        while j < true_s.size and true_s[j] <= found_s[i] + tolerance_s:
            counts = np.int64(true_counts[j])
            error_s = (found_s[i] - true_s[j]) * counts
            n1, fewer1 = n0 + counts, fewer0 + np.int64(found_counts[i]) - counts
            signed1, absolute1 = signed0 + error_s, absolute0 + abs(error_s)
            if filled > j:
                n0, fewer0, signed0, absolute0 = n[j + 1], fewer[j + 1], signed[j + 1], absolute[j + 1]
            filled = max(filled, j + 1)
            # row j + 1 before onset i, unless row j now, or the pair, is better
            n2, fewer2, signed2, absolute2 = n0, fewer0, signed0, absolute0
            if (n[j], fewer[j], -absolute[j]) > (n2, fewer2, -absolute2):
                n2, fewer2, signed2, absolute2 = n[j], fewer[j], signed[j], absolute[j]
            if (n1, fewer1, -absolute1) > (n2, fewer2, -absolute2):
                n2, fewer2, signed2, absolute2 = n1, fewer1, signed1, absolute1
            n[j + 1], fewer[j + 1], signed[j + 1], absolute[j + 1] = n2, fewer2, signed2, absolute2
            j += 1
    matched[0], matched[1] = n[filled], fewer[filled]
    errors_s[0], errors_s[1] = signed[filled], absolute[filled]
