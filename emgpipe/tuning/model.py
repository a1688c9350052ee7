"""What a sweep is made of: marks of people, scores and values of each point."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.intervals import Intervals

Floats = NDArray[np.float64]

SCORES = (
    "both_s",
    "found_only_s",
    "true_only_s",
    "neither_s",
    "undeterminable_s",
    "n_true",
    "n_found",
    "n_matched",
    "n_timed",
    "onset_sum_s",
    "onset_abs_s",
)
"""What is counted against marks, in this order: seconds in which both, only the program, only the marks, none of them
are on; of these, seconds that the program leaves undeterminable (they count as not on); events of the marks, of the
program, and pairs of both within the tolerance, and those of them of which the marked time is known; sums of the onset
errors of these (program minus marks), signed and absolute. All of them add up over targets, recordings and patients."""
STATUSES = ("ok", "flagged", "below_limit", "undeterminable", "not_measured", "failed")
"""Status of a value, by its number."""


Scored = tuple[str, str]
"""Source and kind of marks."""


@dataclass(frozen=True, eq=False)
class Marks:
    """What one source says of one target of one recording.

    Attributes
    ----------
    source : str
        Name of the file, of the annotation, or `simulated`.
    recording, target, kind : str
        `kind` is `active`, `cmua`, `spasm` or `coactive`: what of the program they are held against.
    stretches : Intervals
        On, seconds.
    onsets : Intervals
        Stretches in each of which one activity begins; nothing is known of when it ends.
    points_s : tuple of float
        Times at which one begins, rising, outside `stretches`; nothing is known of when it ends.
    scored : Intervals
        Time that was judged on or off; everything else says nothing.
    searched : Intervals, optional
        Time in which every onset was marked: another one of the program in it is false. As `scored` where left out;
        more than it where onsets are marked and nobody says when the activity ends.
    """

    source: str
    recording: str
    target: str
    kind: str
    stretches: Intervals
    onsets: Intervals = field(default_factory=lambda: Intervals.of([]))
    scored: Intervals = field(default_factory=lambda: Intervals.of([]))
    searched: Intervals | None = None
    points_s: tuple[float, ...] = ()


class Key(NamedTuple):
    """Whose value a column of `Values` is: columns of `measures.csv`."""

    recording: str
    subject: str
    visit: str
    task: str
    run: str
    segment: str
    target: str
    target_kind: str
    measure: str
    unit: str


@dataclass(frozen=True, eq=False)
class Values:
    """Measures under each point.

    Attributes
    ----------
    keys : tuple of Key
        A column each.
    value : ndarray, shape (n_points, n_keys)
        NaN where there is none.
    status : ndarray of uint8, shape (n_points, n_keys)
        Place in `STATUSES`.
    limit : ndarray, shape (n_points, n_keys)
        Smallest value told from 0; NaN where there is none.
    doubted : ndarray of bool, shape (n_points, n_keys), or None
        A value below its limit has other doubts, too (codes that are no notes): measures of a visit inherit them, and
        the status does not tell. None: no such value has any.
    """

    keys: tuple[Key, ...]
    value: Floats
    status: NDArray[np.uint8]
    limit: Floats
    doubted: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Swept:
    """One recording under each point.

    Attributes
    ----------
    recording, subject : str
        Whose it is.
    scores : dict of (source, kind) to ndarray, shape (n_points, len(SCORES))
        Summed over the targets that were marked.
    values : Values
        Of the measures that were wanted.
    """

    recording: str
    subject: str
    scores: dict[tuple[str, str], Floats]
    values: Values
