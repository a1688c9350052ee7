"""EDF+ with gaps: the records of a gap are left out, and every record states its own time.

pyedflib writes continuous files only: one is written without the records of the gaps, then its clock is put right.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from emgpipe.errors import SettingsError
from emgpipe.simulate.band import Floats

Gaps = Sequence[tuple[float, float]]
_CONTINUOUS, _DISCONTINUOUS = b"EDF+C", b"EDF+D"
_RESERVED, _HEAD, _SIGNALS = 192, slice(184, 192), slice(252, 256)
_NAME = 16
_SAMPLES = 216
"""Of each signal in the header: bytes of the label, and before the number of samples."""
_CLOCK = b"\x14\x14\x00"


def kept_seconds(gaps_s: Gaps, seconds: int, where: str) -> list[int]:
    """Seconds of a recording that are left, each a record.

    Parameters
    ----------
    gaps_s : sequence of (float, float)
        Whole seconds, rising, apart.
    seconds : int
        Length of the recording.
    where : str
        File, for the message.

    Returns
    -------
    list of int

    Raises
    ------
    SettingsError
        SIMULATION_UNWRITABLE: parts of seconds, gaps that overlap or reach outside, a gap at the start, nothing left.

    Examples
    --------
    >>> kept_seconds([(1, 3), (4, 5)], 6, "a.edf")
    [0, 3, 5]
    """
    edges = [edge for gap in gaps_s for edge in gap]
    rising = all(a < b for a, b in pairwise(edges))
    if (
        not all(float(edge).is_integer() for edge in edges)
        or not rising
        or (edges and not 0 < edges[0] < edges[-1] <= seconds)
    ):
        found = f"gaps {[list(gap) for gap in gaps_s]!r}"
        allowed = f"stretches of whole seconds, apart, behind the first and up to {seconds} s are needed"
        raise SettingsError("SIMULATION_UNWRITABLE", f"{found}; {allowed}", where=where)
    return [k for k in range(seconds) if not any(start_s <= k < stop_s for start_s, stop_s in gaps_s)]


def without(samples_uv: Floats, per_second: int, kept: Sequence[int]) -> Floats:
    """Samples of the seconds that are kept, one behind the other.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples,)
        µV.
    per_second : int
        Samples per second.
    kept : sequence of int
        Seconds.

    Returns
    -------
    ndarray
    """
    return np.asarray(samples_uv.reshape(-1, per_second)[list(kept)].ravel(), np.float64)


def state_times(path: Path, times_s: Sequence[int]) -> None:
    """Turn a continuous EDF+ file into one with gaps: state the time of every record.

    Parameters
    ----------
    path : Path
        Written by `write_edf`, records of 1 s.
    times_s : sequence of int
        Of each record.
    """
    data = bytearray(path.read_bytes())
    data[_RESERVED : _RESERVED + len(_DISCONTINUOUS)] = _DISCONTINUOUS
    at, n_signals = int(data[_HEAD]), int(data[_SIGNALS])
    first = 256 + n_signals * _SAMPLES
    sizes = [2 * int(data[first + 8 * k : first + 8 * k + 8]) for k in range(n_signals)]
    labels = [bytes(data[256 + _NAME * k : 256 + _NAME * (k + 1)]).strip() for k in range(n_signals)]
    clock = labels.index(b"EDF Annotations")  # the first annotation signal holds the clock
    for time_s in times_s:
        start = at + sum(sizes[:clock])
        data[start : start + sizes[clock]] = _at_time(bytes(data[start : start + sizes[clock]]), time_s)
        at += sum(sizes)
    path.write_bytes(data)


def _at_time(field: bytes, time_s: int) -> bytes:
    """Put another time into the annotations of a record; the writer leaves room for some digits."""
    marks = field[field.index(_CLOCK) + len(_CLOCK) :].rstrip(b"\0")
    marks += b"\0" if marks else b""
    return (b"+%d" % time_s + _CLOCK + marks).ljust(len(field), b"\0")
