"""Seeded generator of malformed files: what was changed, what the policy says of it, and the true samples.

File `k` of a seed depends on both and on nothing else, so that it can be replayed:
`python -m stress --seed N --case K`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from stress import header_changes, record_changes, text_changes
from stress.compose import Truth
from stress.header_changes import Change
from stress.rules import Expected

FAMILIES = {
    "whole": record_changes.whole_files,
    "no number (layout)": header_changes.no_numbers,
    "no number (scale)": header_changes.no_scales,
    "scale": header_changes.scales,
    "unit": header_changes.units,
    "size": header_changes.sizes,
    "flag": header_changes.flags,
    "text": text_changes.texts,
    "label": text_changes.labels,
    "start": text_changes.dates,
    "first bytes": text_changes.magics,
    "cut": record_changes.cuts,
    "appended": record_changes.appended,
    "count": record_changes.counts,
    "record time": record_changes.times,
    "list": record_changes.lists,
    "swap": record_changes.swaps,
    "random": record_changes.damage,
}
WALK = (*FAMILIES, "cut", "no number (layout)", "no number (scale)", "scale", "text", "random", "random")
"""Families in the order in which the cases walk through them; large ones come up more often."""


@dataclass(frozen=True)
class Case:
    """One malformed (or legal) file."""

    seed: int
    number: int
    family: str
    name: str
    data: bytes
    expected: Expected
    truth: Truth | None

    @property
    def replay(self) -> str:
        """Command that judges this file alone."""
        return f"python -m stress --seed {self.seed} --case {self.number}"


@cache
def _changes(family: str) -> tuple[Change, ...]:
    return tuple(FAMILIES[family]())


def case(seed: int, number: int) -> Case:
    """Make file `number` of a seed.

    Every change of a family comes up before one comes again, in an order that the seed gives.

    Parameters
    ----------
    seed, number : int
        Both at least 0.

    Returns
    -------
    Case
    """
    turn, place = divmod(number, len(WALK))
    family = WALK[place]
    turn = turn * WALK.count(family) + WALK[:place].count(family)
    changes = _changes(family)
    order = np.random.default_rng([seed, list(FAMILIES).index(family)]).permutation(len(changes))
    made = changes[order[turn % len(changes)]](np.random.default_rng([seed, number]))
    return Case(seed, number, family, made.name, made.data, made.expected, made.truth)
