"""The grid: which settings are tried, from texts such as `detect.activity_ratio=1.2:3:0.1`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cached_property
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple, NoReturn

from emgpipe.errors import SettingsError
from emgpipe.settings import TABLES, Settings, check_settings, nearest

Number = int | float
_NUMBER = re.compile(r"[+-]?(\d{1,31}\.?\d{0,15}|\.\d{1,15})([eE][+-]?\d{1,2})?", re.ASCII)
MOST_POINTS = 100_000
"""Settings of one sweep; beyond that a person cannot say what was tried."""
FIXED = "condition"
"""Table of the settings that frames depend on."""
DEFENSIBLE = (
    "detect.activity_ratio=1.3,1.5,1.7,2",
    "detect.activity_release=1.1,1.25",
    "detect.close_gap_s=0.15,0.25,0.35",
    "detect.shortest_burst_s=0.05,0.1,0.15",
    "detect.still_tilt=1.6,1.8,2",
    "detect.cmua_act_frac=0.9,0.95,0.98",
)
"""Tried where no grid is given: around each default what another laboratory could have written into its protocol."""


class Axis(NamedTuple):
    """Values of one setting, each once, in the order given."""

    table: str
    name: str
    values: tuple[Number, ...]

    @property
    def title(self) -> str:
        """As on the command line: `detect.activity_ratio`."""
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of some settings, and the settings that they are laid over.

    Attributes
    ----------
    base : Settings
        Those of the results: what was declared.
    axes : tuple of Axis
        At least one.

    Notes
    -----
    Points are numbered from 0. Point 0 is always the declared settings; then come the combinations, the last axis
    fastest, but for the one that is the declared settings again.
    """

    base: Settings
    axes: tuple[Axis, ...]

    def __len__(self) -> int:
        """Count the points."""
        return prod(len(axis.values) for axis in self.axes) + (self._declared_place is None)

    @cached_property
    def _declared_values(self) -> tuple[Number, ...]:
        return tuple(getattr(getattr(self.base, axis.table), axis.name) for axis in self.axes)

    @cached_property
    def _declared_place(self) -> int | None:
        """Place of the declared settings among the combinations."""
        place = 0
        for axis, value in zip(self.axes, self._declared_values, strict=True):
            if value not in axis.values:
                return None
            place = place * len(axis.values) + axis.values.index(value)
        return place

    def values(self, number: int) -> tuple[Number, ...]:
        """Values of a point, an axis each; raises IndexError beyond the last."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        if number == 0:
            return self._declared_values
        declared = self._declared_place
        place = number - 1 + (declared is not None and number - 1 >= declared)
        out: list[Number] = []
        for axis in reversed(self.axes):
            place, which = divmod(place, len(axis.values))
            out.append(axis.values[which])
        return tuple(reversed(out))

    def changes(self, number: int) -> dict[str, dict[str, Any]]:
        """What a point lays over the settings of a recording: `{"detect": {"activity_ratio": 1.3}}`."""
        out: dict[str, dict[str, Any]] = {}
        for axis, value in zip(self.axes, self.values(number), strict=True):
            out.setdefault(axis.table, {})[axis.name] = value
        return out

    def settings(self, number: int) -> Settings:
        """Settings of a point; they were checked when the grid was read."""
        changes = self.changes(number)
        return self.base.model_copy(
            update={table: replace(getattr(self.base, table), **new) for table, new in changes.items()}
        )

    def told(self) -> dict[str, Any]:
        """Axes for records and keys."""
        return {axis.title: list(axis.values) for axis in self.axes}


def parse_grid(texts: Sequence[str], base: Settings) -> Grid:
    """Read a grid.

    Parameters
    ----------
    texts : sequence of str
        One a setting: `detect.close_gap_s=0.1,0.2` or `detect.activity_ratio=1.2:3:0.1` (first, last, step: the last
        one is tried where the steps meet it). Empty: `DEFENSIBLE`.
    base : Settings
        Those of the results.

    Returns
    -------
    Grid

    Raises
    ------
    SettingsError
        GRID_INVALID: no such form, nothing but the declared settings, one setting twice, a setting of `condition`,
        which changes the frames. GRID_TOO_LARGE. SETTING_UNKNOWN with the nearest name. SETTING_INVALID: a value out of
        range, or a combination that contradicts itself.

    Examples
    --------
    >>> grid = parse_grid(["detect.activity_ratio=1.4:1.6:0.1", "detect.close_gap_s=0.25"], Settings())
    >>> len(grid), [grid.values(n) for n in range(3)]
    (3, [(1.5, 0.25), (1.4, 0.25), (1.6, 0.25)])
    """
    axes = tuple(_axis(text) for text in texts or DEFENSIBLE)
    titles = [axis.title for axis in axes]
    for title in titles:
        if titles.count(title) > 1:
            raise SettingsError("GRID_INVALID", f"{title} stands twice; give all its values at once", where="--grid")
    n = prod(len(axis.values) for axis in axes)
    if n > MOST_POINTS:
        _refuse_many(f"{' x '.join(str(len(axis.values)) for axis in axes)} = {n}")
    grid = Grid(base, axes)
    _refuse_invalid(grid)
    if len(grid) == 1:
        message = "nothing to try beside the declared settings; give other values, such as detect.activity_ratio=1.3,2"
        raise SettingsError("GRID_INVALID", message, where="--grid")
    return grid


def _axis(text: str) -> Axis:
    title, equals, told = (part.strip() for part in text.partition("="))
    table, dot, name = title.partition(".")
    if not (equals and dot and told):
        message = (
            f"{text!r}; write SETTING=VALUES, such as detect.activity_ratio=1.2:3:0.1 or detect.close_gap_s=0.1,0.2"
        )
        raise SettingsError("GRID_INVALID", message, where="--grid")
    _refuse_unknown(table, name)
    whole = type(getattr(Settings(), table).__dict__[name]) is int
    return Axis(table, name, _values(title, told, whole=whole))


def _refuse_unknown(table: str, name: str) -> None:
    if table not in TABLES:
        raise SettingsError("SETTING_UNKNOWN", f"table {table!r}; {nearest(table, TABLES)}", where="--grid")
    known = [f.name for f in fields(TABLES[table])]
    if name not in known:
        raise SettingsError("SETTING_UNKNOWN", f"{name!r} in [{table}]; {nearest(name, known)}", where="--grid")
    if table == FIXED:
        message = f"{table}.{name} changes the frames, which a sweep takes as they are; run the study once for each"
        raise SettingsError("GRID_INVALID", message, where="--grid")


def _values(title: str, told: str, *, whole: bool) -> tuple[Number, ...]:
    """Values of `1.2:3:0.1` or `0.1,0.2`, reckoned in decimals so that 1.3 is 1.3."""
    try:
        found = _steps(told) if ":" in told else [_decimal(part) for part in told.split(",")]
    except ValueError:
        message = f"{title}={told!r}; write values as 0.1,0.2,0.3 or first:last:step, the step above 0"
        raise SettingsError("GRID_INVALID", message, where="--grid") from None
    if whole and any(value != int(value) for value in found):
        raise SettingsError("GRID_INVALID", f"{title}={told!r}; whole numbers are needed", where="--grid")
    return tuple(dict.fromkeys(int(value) if whole else float(value) for value in found))


def _decimal(text: str) -> Decimal:
    """A plain number of a size that settings can have."""
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(text)
    return Decimal(text.strip())


def _steps(told: str) -> list[Decimal]:
    first, last, step = (_decimal(part) for part in told.split(":"))
    if not (step > 0 and first <= last):
        raise ValueError(told)
    n = int((last - first) / step) + 1
    if n > MOST_POINTS:
        _refuse_many(str(n))
    return [first + i * step for i in range(n)]


def _refuse_many(found: str) -> NoReturn:
    message = f"{found} settings; at most {MOST_POINTS} are tried: take fewer values"
    raise SettingsError("GRID_TOO_LARGE", message, where="--grid")


def _refuse_invalid(grid: Grid) -> None:
    """Check each value by itself, then the corners: what contradicts itself does so in a corner."""
    for axis in grid.axes:
        for value in axis.values:
            _check(grid.base, [(axis, value)], whole=len(grid.axes) == 1)
    corners = product(*[{min(axis.values): 0, max(axis.values): 0} for axis in grid.axes])
    for corner in islice(corners, MOST_POINTS):
        _check(grid.base, list(zip(grid.axes, corner, strict=True)), whole=True)


def _check(base: Settings, chosen: Sequence[tuple[Axis, Number]], *, whole: bool) -> None:
    changes: dict[str, dict[str, Any]] = {}
    for axis, value in chosen:
        changes.setdefault(axis.table, {})[axis.name] = value
    try:
        check_settings(changes, base=base)
    except SettingsError as problem:
        if whole or " must be below " not in problem.message:
            raise SettingsError(problem.code, f"{_told(changes)}: {problem.message}", where="--grid") from None


def _told(changes: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(f"{table}.{name}={value!r}" for table, one in changes.items() for name, value in one.items())
