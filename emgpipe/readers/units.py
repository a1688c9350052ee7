"""Unit texts of amplifiers and their factor to µV."""

import math

_VOLTAGES = {
    "uV": 1.0,
    "UV": 1.0,
    "uv": 1.0,
    "\u00b5V": 1.0,  # micro sign
    "\u03bcV": 1.0,  # Greek mu
    "\u00c2\u00b5V": 1.0,  # micro sign in UTF-8, read as Latin-1
    "\u00ce\u00bcV": 1.0,  # Greek mu in UTF-8, read as Latin-1
    "microV": 1.0,
    "nV": 1e-3,
    "mV": 1e3,
    "V": 1e6,
}
# lower case
_NOT_VOLTAGES = {
    *("g", "m/s^2", "m/s2", "deg", "degree", "degrees", "rad", "deg/s", "rad/s", "n", "nm", "kgf", "kg", "pa", "kpa"),
    *("mmhg", "%", "degc", "k", "bpm", "hz", "s", "ms", "ohm", "kohm", "mohm", "boolean"),
    *("a", "ma", "ua", "\u00b5a", "\u03bca", "na"),
}
# voltages by what they say, though none that is read: [units] may repeat them, not replace them by another scale
_SCALES = {
    "MV": 1e12,
    "kV": 1e9,
    "KV": 1e9,
    "kv": 1e9,
    "pV": 1e-6,
    "fV": 1e-9,
    "mv": 1e3,
    "v": 1e6,
    "nv": 1e-3,
    "NV": 1e-3,
}
# lower case, cut at the 8 letters of the field
_SPELT = {
    **dict.fromkeys(("nvolt", "nvolts", "nanovolt"), 1e-3),
    **dict.fromkeys(("uvolt", "uvolts", "microvol", "uvrms"), 1.0),
    **dict.fromkeys(("mvolt", "mvolts", "millivol", "mvrms"), 1e3),
    **dict.fromkeys(("volt", "volts", "vrms"), 1e6),
    **dict.fromkeys(("kvolt", "kvolts", "kilovolt"), 1e9),
}


def uv_per_unit(unit: str) -> float:
    """Factor from a unit to µV.

    Parameters
    ----------
    unit : str
        As the file writes it; case counts, since `mV` is not `MV`.

    Returns
    -------
    float
        NaN where the text is no known voltage: blank, `MV`, `BITS`, `deg`.

    Examples
    --------
    >>> uv_per_unit("mV"), uv_per_unit("\u00b5V"), uv_per_unit("MV")
    (1000.0, 1.0, nan)
    """
    return _VOLTAGES.get(unit, math.nan)


def is_other_quantity(unit: str) -> bool:
    """Tell whether a unit is a known one that is no voltage.

    Examples
    --------
    >>> is_other_quantity("deg"), is_other_quantity("adc"), is_other_quantity("")
    (True, False, False)
    """
    return unit.lower() in _NOT_VOLTAGES


def scale_in_text(unit: str) -> float:
    """Factor to µV that a text means, also where it is no unit that is read (`Volts`, `kV`).

    Parameters
    ----------
    unit : str
        As the file writes it.

    Returns
    -------
    float
        NaN where the text states no scale: blank, `BITS`, `deg`.

    Examples
    --------
    >>> scale_in_text("mVolts"), scale_in_text("MV"), scale_in_text("BITS")
    (1000.0, 1000000000000.0, nan)
    """
    return _VOLTAGES.get(unit, _SCALES.get(unit, _SPELT.get(unit.lower()[:8], math.nan)))


def known_voltages() -> str:
    """List the voltages for a message."""
    return "nV, uV, mV, V"
