"""What every analysis of a crossover is given: a table of numbers, the sequences, a level; and why it refuses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emgpipe.errors import SettingsError, StatisticsError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LARGEST = 1e100
"""Beyond this, squares would overflow."""
ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""Relative size of deviations that are rounding of the values themselves."""
MOST_SUBJECTS = 2000
"""For what looks at pairs of subjects or draws sequences: more would take minutes."""


def two_sequences(sequences: Sequence[str]) -> tuple[tuple[str, str], Bools]:
    """Both sequences in alphabetical order, and who has the first."""
    if isinstance(sequences, str) or not all(isinstance(s, str) for s in sequences):
        raise SettingsError("ARGUMENT_INVALID", f"sequences are {sequences!r}; a list of texts is needed, as ['AB']")
    found = sorted(set(sequences))
    pair = sorted({found[0], found[0][::-1]}) if found else []
    if len(pair) < 2 or len(found[0]) != 2 or not set(found) <= set(pair):
        said = f"sequences {', '.join(map(repr, found)) or 'of nobody'}"
        raise StatisticsError("SEQUENCES_INVALID", f"{said}; two orders of two letters are needed, as 'AB' and 'BA'")
    return (pair[0], pair[1]), np.array([s == pair[0] for s in sequences])


def checked_level(level: float) -> None:
    """Refuse what is no level of an interval."""
    if not (isinstance(level, int | float) and 0 < level < 1):
        raise SettingsError("ARGUMENT_INVALID", f"level is {level!r}; a number between 0 and 1, as 0.95")


def checked_table(name: str, given: ArrayLike, n: int) -> Floats:
    """Values of `n` subjects and two periods, NaN where missing or masked; each finite and up to 1e100."""
    x = checked_numbers(name, given)
    if x.shape != (n, 2):
        message = f"{name} have shape {x.shape}; ({n}, 2): a row a sequence, period 1 and 2"
        raise SettingsError("ARGUMENT_INVALID", message)
    return x


def checked_numbers(name: str, given: ArrayLike) -> Floats:
    """Numbers of any shape, NaN where missing or masked; each finite and up to 1e100."""
    try:
        x = numbers_of(given)
    except (TypeError, ValueError) as fault:
        raise SettingsError("ARGUMENT_INVALID", f"{name} are no table of numbers: {fault}") from None
    beyond = x[np.abs(x) > LARGEST]
    if len(beyond):
        message = f"{name} hold {float(beyond[0])!r}; finite numbers up to 1e100, NaN where missing"
        raise StatisticsError("VALUE_OUT_OF_RANGE", message)
    return x


def numbers_of(given: ArrayLike) -> Floats:
    """Numbers of a table, NaN where it is masked."""
    table: np.ma.MaskedArray[Any, Any] = np.ma.asarray(given)
    if np.iscomplexobj(table):
        raise TypeError("complex numbers")
    return np.ma.filled(table.astype(np.float64), np.nan)


def refusal(code: str, pair: tuple[str, str], n_first: int, n_second: int) -> StatisticsError:
    """Why complete subjects of both sequences allow no answer, in one line."""
    counts = f"{n_first} complete subjects in {pair[0]}, {n_second} in {pair[1]}"
    why = {
        "SEQUENCE_EMPTY": f"{counts}; both sequences need one",
        "SUBJECTS_TOO_FEW": f"{counts}; 3 are needed, 4 with baselines",
        "SUBJECTS_TOO_MANY": f"{counts}; at most {MOST_SUBJECTS} together for ranks and re-randomisation",
        "BASELINES_CONSTANT": f"baselines differ alike between periods in {counts}; nothing to adjust for",
        "RESIDUALS_ZERO": f"values follow from sequence and baseline without error in {counts}; no error to judge by",
    }[code]
    return StatisticsError(code, why)
