"""Refuse numbers that no simulation can mean."""

import math

from emgpipe.errors import SettingsError


def require_positive(**values: float) -> None:
    """Refuse what is not a finite number above 0.

    Parameters
    ----------
    **values : float
        Name and value.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    _refuse({k: v for k, v in values.items() if not (math.isfinite(v) and v > 0)}, "a finite number above 0")


def require_not_negative(**values: float) -> None:
    """Refuse what is not a finite number, 0 or above.

    Parameters
    ----------
    **values : float
        Name and value.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    _refuse({k: v for k, v in values.items() if not (math.isfinite(v) and v >= 0)}, "a finite number of 0 or above")


def require_between(low: float, high: float, **values: float) -> None:
    """Refuse what is outside `[low, high]`.

    Parameters
    ----------
    low, high : float
        Limits, both allowed.
    **values : float
        Name and value.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    _refuse({k: v for k, v in values.items() if not low <= v <= high}, f"a number from {low:g} to {high:g}")


def _refuse(wrong: dict[str, float], allowed: str) -> None:
    for name, value in wrong.items():
        raise SettingsError("SIMULATION_INVALID", f"{name} = {value!r}; {allowed} is needed")
