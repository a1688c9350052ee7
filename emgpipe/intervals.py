"""Intervals: sorted, disjoint, half-open pairs; "always on" and "always off" are the main cases.

Plain numpy. Numbers are samples, hops or seconds: the caller says which.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.errors import SettingsError


@dataclass(frozen=True, eq=False)
class Intervals:
    """Sorted, disjoint, half-open `[start, stop)` pairs.

    Parameters
    ----------
    pairs : ndarray, shape (n, 2)
        start < stop in each row, each start at or after the stop before it. Touching pairs stay apart.

    Raises
    ------
    SettingsError
        INTERVALS_INVALID: unsorted, overlapping, reversed, empty or NaN pairs. Nothing is repaired.

    Examples
    --------
    >>> Intervals.of([(0, 3), (5, 6)]).duration
    4.0
    """

    pairs: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse what is not sorted, disjoint and non-empty."""
        flat = self.pairs.ravel()
        rising = np.diff(flat)
        is_table = self.pairs.ndim == 2 and self.pairs.shape[1] == 2
        if not (is_table and np.isfinite(flat).all() and (rising[::2] > 0).all() and (rising[1::2] >= 0).all()):
            message = f"pairs {self.pairs[:3].tolist()!r} ...; sorted, disjoint pairs with start < stop are needed"
            raise SettingsError("INTERVALS_INVALID", message)

    @classmethod
    def of(cls, pairs: ArrayLike) -> Self:
        """Make intervals from any sequence of (start, stop); an empty one is always off."""
        table = np.asarray(pairs, np.float64)
        return cls(table if table.size else table.reshape(0, 2))

    @classmethod
    def from_mask(cls, mask: ArrayLike, offset: int = 0) -> Self:
        """Runs of True as index pairs, shifted by `offset`.

        Parameters
        ----------
        mask : array_like of bool, shape (n,)
            True inside.
        offset : int
            Added to every index.

        Returns
        -------
        Intervals

        Examples
        --------
        >>> Intervals.from_mask([1, 1, 0, 1]).pairs.tolist()
        [[0.0, 2.0], [3.0, 4.0]]
        """
        padded = np.concatenate([[False], np.asarray(mask, bool), [False]])
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        return cls(edges.reshape(-1, 2).astype(np.float64) + offset)

    def mask(self, n: int) -> NDArray[np.bool_]:
        """True inside, for indices 0..n-1; pairs must be whole numbers."""
        out = np.zeros(n, bool)
        for start, stop in self:
            out[max(int(start), 0) : max(int(stop), 0)] = True
        return out

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """Yield (start, stop)."""
        return iter([(float(a), float(b)) for a, b in self.pairs])

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        """Compare pair by pair."""
        return isinstance(other, Intervals) and np.array_equal(self.pairs, other.pairs)

    __hash__ = None  # type: ignore[assignment]

    @property
    def duration(self) -> float:
        """Sum of the lengths."""
        return float((self.pairs[:, 1] - self.pairs[:, 0]).sum())

    def merge(self, gap: float = 0.0) -> "Intervals":
        """Join neighbours less than or exactly `gap` apart."""
        if not len(self):
            return self
        apart = self.pairs[1:, 0] - self.pairs[:-1, 1] > gap
        starts = self.pairs[np.concatenate([[True], apart]), 0]
        stops = self.pairs[np.concatenate([apart, [True]]), 1]
        return Intervals(np.column_stack([starts, stops]))

    def drop(self, shortest: float) -> "Intervals":
        """Leave out what is shorter than `shortest`."""
        return Intervals(self.pairs[self.pairs[:, 1] - self.pairs[:, 0] >= shortest])

    def overlap(self, other: "Intervals") -> "Intervals":
        """Return what lies in both."""
        out = []
        i = j = 0
        while i < len(self) and j < len(other):
            start, stop = max(self.pairs[i, 0], other.pairs[j, 0]), min(self.pairs[i, 1], other.pairs[j, 1])
            if start < stop:
                out.append((start, stop))
            if self.pairs[i, 1] < other.pairs[j, 1]:
                i += 1
            else:
                j += 1
        return Intervals.of(out)

    def union(self, other: "Intervals") -> "Intervals":
        """Return what lies in either; touching pairs are joined."""
        both = np.concatenate([self.pairs, other.pairs])
        out: list[list[float]] = []
        for start, stop in both[np.argsort(both[:, 0], kind="stable")].tolist():
            if out and start <= out[-1][1]:
                out[-1][1] = max(out[-1][1], stop)
            else:
                out.append([start, stop])
        return Intervals.of(out)

    def scaled(self, factor: float) -> "Intervals":
        """Multiply starts and stops by a factor > 0 (samples to seconds)."""
        return Intervals(self.pairs * factor)
