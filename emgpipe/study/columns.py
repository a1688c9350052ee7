"""The columns of `recordings.csv`: which exist, what a cell may say, and which cells may give an arm away."""

import re
from collections.abc import Callable, Sequence
from datetime import date

from emgpipe.muscles import is_muscle
from emgpipe.study.blinding import column_tells, file_tells, name_tells, text_tells
from emgpipe.study.model import ID_PATTERN, ID_WORDS

REQUIRED = ("subject", "visit", "file", "task")

_NUMBER = r"-?[0-9]{1,9}(\.[0-9]{1,9})?"


def _pattern(pattern: str, allowed: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda cell: "" if compiled.fullmatch(cell) else allowed


def _number(low: float, high: float) -> Callable[[str], str]:
    allowed = f"a number from {low:g} to {high:g} with '.' as the decimal sign"
    return lambda cell: "" if re.fullmatch(_NUMBER, cell) and low <= float(cell) <= high else allowed


def _date(cell: str) -> str:
    try:
        date.fromisoformat(cell if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) else "")
    except ValueError:
        return "a date such as 2026-03-31"
    return ""


def _words(cell: str) -> str:
    return "" if cell.isprintable() and len(cell) <= 200 else "one printable line of at most 200 characters"


def _muscles(cell: str) -> str:
    return "" if all(map(is_muscle, split_cell(cell))) else "muscles such as TA_R, ';' between"


_IDENTIFIER = _pattern(ID_PATTERN, ID_WORDS)
_HOURS = _number(0, 100_000)
_DOSE = _number(0, 10_000)

CELLS: dict[str, Callable[[str], str]] = {
    "subject": _IDENTIFIER,
    "visit": _IDENTIFIER,
    "file": _words,
    "task": _IDENTIFIER,
    "run": _IDENTIFIER,
    "visit_date": _date,
    "day": _number(-10_000, 10_000),
    "start_time": _pattern(r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?", "a time such as 09:30"),
    "exclude_channels": _words,
    "prime_mover": _muscles,
    "relaxation": _pattern("confirmed|doubtful|unknown", "confirmed, doubtful or unknown"),
    "posture": _words,
    "support": _words,
    "hours_since_benzodiazepine": _HOURS,
    "benzodiazepine_mg_day": _DOSE,
    "baclofen_mg_day": _DOSE,
    "days_since_infusion": _HOURS,
    "skin_temp_c": _number(0, 50),
    "room_temp_c": _number(-30, 60),
    "amplifier": _words,
    "hw_highpass_hz": _number(0, 100_000),
    "hw_lowpass_hz": _number(0, 1_000_000),
    "inter_electrode_mm": _number(0, 1000),
    "electrodes_replaced": _words,
    "pain_0_10": _number(0, 10),
    "anxiety_0_10": _number(0, 10),
    "sleep_state": _words,
    "operator": _words,
}
"""Column -> check of a filled cell: `""`, or what is allowed."""

CONDITIONS = tuple(CELLS)[tuple(CELLS).index("visit_date") :]
"""Columns about the conditions of a recording; blank is "not recorded"."""

BLIND_CELLS: dict[str, tuple[Callable[[str], str], str]] = {
    "visit": (column_tells, "call visits V1, V2"),
    "task": (name_tells, "call tasks rest, mvc"),
    "run": (name_tells, "call runs 1, 2"),
    "subject": (file_tells, "call subjects P01, P02"),
    "file": (file_tells, "rename folder or file"),
    **{
        name: (text_tells, "say it in other words, or leave it blank")
        for name, check in CELLS.items()
        if check is _words and name not in ("file", "exclude_channels")
    },
}
"""Column -> what in a cell of it gives an arm away (`""`: nothing), as it goes into names, tables and pages; and what
to do. Labels of channels are those of the recording: they cannot be chosen."""


def split_cell(cell: str) -> tuple[str, ...]:
    """Items of a cell with `;` between, blanks stripped, empty ones dropped.

    Examples
    --------
    >>> split_cell("TA_R; GM_R;")
    ('TA_R', 'GM_R')
    """
    return tuple(item.strip() for item in cell.split(";") if item.strip())


def missing_columns(header: Sequence[str]) -> list[str]:
    """Required columns that a header does not have."""
    return [name for name in REQUIRED if name not in header]
