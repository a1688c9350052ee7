"""States of hops from levels of windows: runs with hysteresis, tidied, painted, their edges moved.

States are 1 active, 0 silent, -1 undeterminable, -2 excluded. Runs are hop of the first and state, in
arrays that hold one more place for the end; the kernels give back how many there are.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_ACTIVE, _SILENT, _UNDETERMINABLE, _EXCLUDED = 1, 0, -1, -2
_BELOW, _HELD, _ABOVE = 1, 2, 4


@njit(cache=True, nogil=True)
def window_runs(
    level: NDArray[np.float64],
    lo: float,
    hi: float,
    held: float,
    n_hops: int,
    head: int,
    step: int,
    start: NDArray[np.int64],
    state: NDArray[np.int8],
) -> int:
    """Runs of hops of windows: active where a run above `held` is somewhere above `hi`, silent below `lo`.

    Window i has the hops from `head + step * i`; the first and the last one have the ends of the recording too.
    NaN is neither above nor below.
    """
    n = level.size
    code = np.empty(n, np.uint8)
    for i in range(n):
        v = level[i]
        code[i] = _BELOW * (v < lo) + _HELD * (v > held) + _ABOVE * (v > hi)
    runs = 0
    last = 99
    i = 0
    while i < n:
        j = i
        kept = False
        while j < n and code[j] & _HELD:
            kept = kept or code[j] & _ABOVE != 0
            j += 1
        j = max(j, i + 1)
        for k in range(i, j):
            now = _ACTIVE if kept else (_SILENT if code[k] & _BELOW else _UNDETERMINABLE)
            if now != last:
                start[runs] = head + step * k
                state[runs] = now
                last = now
                runs += 1
            if kept:
                break
        i = j
    start[0] = 0
    start[runs] = n_hops
    return runs


@njit(cache=True, nogil=True)
def _added(start: NDArray[np.int64], state: NDArray[np.int8], runs: int, hop: int, now: int) -> int:
    """Number of runs with one more, or with the last one longer."""
    if runs and state[runs - 1] == now:
        return runs
    start[runs] = hop
    state[runs] = now
    return runs + 1


@njit(cache=True, nogil=True)
def close_gaps(start: NDArray[np.int64], state: NDArray[np.int8], n: int, hop_s: float, shortest_s: float) -> int:
    """Make what lies between two active runs active where it is shorter; in place."""
    end = start[n]
    runs = 0
    i = 0
    while i < n:
        j = i
        while j < n and state[j] != _ACTIVE:
            j += 1
        closed = i > 0 and j < n and (start[j] - start[i]) * hop_s < shortest_s
        for k in range(i, j):
            runs = _added(start, state, runs, start[k], _ACTIVE if closed else state[k])
        if j < n:
            runs = _added(start, state, runs, start[j], _ACTIVE)
        i = j + 1
    start[runs] = end
    return runs


@njit(cache=True, nogil=True)
def drop_bursts(start: NDArray[np.int64], state: NDArray[np.int8], n: int, hop_s: float, shortest_s: float) -> int:
    """Give shorter active runs the state around them, silent only between silent ones; in place."""
    end = start[n]
    runs = 0
    for i in range(n):
        now = state[i]
        if now == _ACTIVE and 0 < i < n - 1 and (start[i + 1] - start[i]) * hop_s < shortest_s:
            silent = state[runs - 1] == _SILENT and state[i + 1] == _SILENT
            now = _SILENT if silent else _UNDETERMINABLE
        runs = _added(start, state, runs, start[i], now)
    start[runs] = end
    return runs


@njit(cache=True, nogil=True)
def resolve_runs(start: NDArray[np.int64], state: NDArray[np.int8], n: int, hop_s: float, shortest_s: float) -> int:
    """Give shorter undeterminable runs the state of both sides, silent where they differ; in place."""
    end = start[n]
    runs = 0
    for i in range(n):
        now = state[i]
        if now == _UNDETERMINABLE and n > 1 and (start[i + 1] - start[i]) * hop_s < shortest_s:
            before = state[runs - 1] if i > 0 else state[i + 1]
            after = state[i + 1] if i + 1 < n else before
            now = before if before == after else _SILENT
        runs = _added(start, state, runs, start[i], now)
    start[runs] = end
    return runs


@njit(cache=True, nogil=True)
def _sum_of(x: NDArray[np.float64], first: int, stop: int) -> float:
    """Sum of up to 15 in the order of numpy: the first eight in pairs of pairs."""
    i = first
    total = 0.0
    if stop - first >= 8:
        total = ((x[i] + x[i + 1]) + (x[i + 2] + x[i + 3])) + ((x[i + 4] + x[i + 5]) + (x[i + 6] + x[i + 7]))
        i += 8
    for k in range(i, stop):
        total += x[k]
    return total


@njit(cache=True, nogil=True)
def _known_mean(power: NDArray[np.float64], first: int, stop: int) -> float:
    """Mean of what is not NaN of up to 15 hops, 0 where nothing is."""
    total = _sum_of(power, first, stop)
    if not np.isnan(total):
        return total / (stop - first)
    known = np.zeros(stop - first)
    count = 0
    for i in range(first, stop):
        if not np.isnan(power[i]):
            known[i - first] = power[i]
            count += 1
    return _sum_of(known, 0, known.size) / count if count else 0.0


@njit(cache=True, nogil=True)
def edge_powers(
    power: NDArray[np.float64],
    start: NDArray[np.int64],
    state: NDArray[np.int8],
    n: int,
    inner: int,
    out: NDArray[np.float64],
) -> int:
    """Mean power of the first and of the last `inner` hops of each active run; how many there are in `out`.

    0 where the run does not stand beside silence: nothing asks for it.
    """
    k = 0
    for i in range(n):
        if state[i] == _ACTIVE:
            out[k] = out[k + 1] = 0.0
            if i > 0 and state[i - 1] == _SILENT:
                out[k] = _known_mean(power, start[i], min(start[i] + inner, start[i + 1]))
            if i + 1 < n and state[i + 1] == _SILENT:
                out[k + 1] = _known_mean(power, max(start[i + 1] - inner, start[i]), start[i + 1])
            k += 2
    return k


@njit(cache=True, nogil=True)
def paint(start: NDArray[np.int64], state: NDArray[np.int8], n: int, states: NDArray[np.int8]) -> None:
    """Give each hop the state of its run."""
    for i in range(n):
        states[start[i] : start[i + 1]] = state[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _edge(
    power: NDArray[np.float64],
    first: int,
    stop: int,
    near: int,
    floor_power: float,
    active_power: float,
    log_ratio: float,
    side: int,
    score: NDArray[np.float64],
) -> int:
    """Hop at which activity begins (`side` -1) or ends (1) most likely; of equal ones the nearest to `near`."""
    n = stop - first
    score[0] = 0.0
    for i in range(n):
        ratio = power[first + i] / floor_power * (1 - floor_power / active_power) - log_ratio
        score[i + 1] = score[i] + (ratio if np.isfinite(ratio) else 0.0)
    if side < 0:
        total = score[n]
        for i in range(n + 1):
            score[i] = total - score[i]
    top = score[0]
    for i in range(n + 1):
        top = max(top, score[i])
    least = top - 1e-9 * (1 + abs(top))
    best = -1
    for i in range(n + 1):
        if score[i] >= least and (best < 0 or abs(first + i - near) < abs(first + best - near)):
            best = i
    return first + best


@njit(cache=True, nogil=True)
def _moved(states: NDArray[np.int8], first: int, stop: int) -> None:
    """Make silent hops active."""
    for i in range(first, stop):
        if states[i] == _SILENT:
            states[i] = _ACTIVE


@njit(cache=True, nogil=True)
def move_edges(
    states: NDArray[np.int8],
    power: NDArray[np.float64],
    start: NDArray[np.int64],
    state: NDArray[np.int8],
    n: int,
    floor_power: float,
    active_power: NDArray[np.float64],
    log_ratio: NDArray[np.float64],
    reach: int,
) -> None:
    """Move both edges of each active run beside silence, from left to right."""
    score = np.empty(2 * reach + 1)
    k = 0
    for i in range(n):
        if state[i] != _ACTIVE:
            continue
        a, b = start[i], start[i + 1]
        if a > 0 and states[a - 1] == _SILENT:
            first, stop = max(a - reach, 0), min(a + reach, b)
            edge = _edge(power, first, stop, a, floor_power, active_power[k], log_ratio[k], -1, score)
            _moved(states, edge, a)
            states[a : max(edge, a)] = _SILENT
        if b < states.size and states[b] == _SILENT:
            first, stop = max(b - reach, a), min(b + reach, states.size)
            edge = _edge(power, first, stop, b, floor_power, active_power[k + 1], log_ratio[k + 1], 1, score)
            _moved(states, b, edge)
            states[min(edge, b) : b] = _SILENT
        k += 2


@njit(cache=True, nogil=True)
def exclude(states: NDArray[np.int8], runs: NDArray[np.int64]) -> None:
    """Mark runs of hops, shape (n, 2), as excluded."""
    for i in range(runs.shape[0]):
        states[runs[i, 0] : runs[i, 1]] = _EXCLUDED
