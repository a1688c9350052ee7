"""What a value of a TOML file should have been, in words of the file and not of a programming language."""

from collections.abc import Mapping, Sequence
from typing import Any

_WORDS = {
    "string_type": "must be text in quotes",
    "tuple_type": "must be a list in brackets, such as ['TA_R', 'GM_R']",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "finite_number": "must be a finite number",
}
"""Type of a problem as pydantic names it -> what is allowed."""

_TABLE_TYPES = ("dict_type", "model_type", "model_attributes_type", "dataclass_type")


def what_is_allowed(problem: Mapping[str, Any], arrays: Sequence[str] = ()) -> str:
    """Say what a refused value must be.

    Parameters
    ----------
    problem : mapping
        One of `ValidationError.errors()`.
    arrays : sequence of str
        Names at the top that are arrays of tables.

    Returns
    -------
    str
        Begins with "must" where nothing else was said by the check itself.

    Examples
    --------
    >>> what_is_allowed({"type": "tuple_type", "loc": ("pairs",), "msg": ""}, ["pairs"])
    'must be tables: write [[pairs]] above each'
    >>> what_is_allowed({"type": "float_type", "loc": ("detect", "silence_s"), "msg": ""})
    'must be a number'
    """
    kind, loc = problem["type"], problem["loc"]
    if loc and loc[0] in arrays and len(loc) <= 2 and kind in (*_TABLE_TYPES, "tuple_type"):
        return f"must be tables: write [[{loc[0]}]] above each"
    if kind in _TABLE_TYPES:
        return f"must be a table: write [{'.'.join(map(str, loc))}] and its keys below"
    says: str = problem["msg"].removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    return _WORDS.get(kind, says.replace("should", "must", 1))


def shown(value: object) -> str:
    """A value as found, cut at 60 characters.

    Examples
    --------
    >>> shown("a"), len(shown("a" * 99))
    ("'a'", 60)
    """
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return "a number too long to show"
    return text if len(text) <= 60 else text[:57] + "..."
