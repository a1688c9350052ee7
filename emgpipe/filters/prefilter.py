"""What the prefilter text of an amplifier says, such as `HP:10Hz LP:500Hz N:50Hz`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_WORDS = {"highpass": "HPF?|HIGH[ -]?PASS", "lowpass": "LPF?|LOW[ -]?PASS", "notch": "NOTCH|N"}
_NUMBER = r"([0-9]{1,6}(?:[.,][0-9]{1,6})?)"
_START = r"(?:(?<![A-Z])|(?<=HZ))"
# a time constant ("HP:0.3s") is no frequency; a longer number or another unit is not cut short to one
_END = r"(?![0-9.,]*[0-9])\s*(?:(K?HZ)|(?![A-Z]))"
_EDGE = {name: re.compile(rf"{_START}(?:{words})\s*[:=]?\s*{_NUMBER}{_END}") for name, words in _WORDS.items()}
_BAND = re.compile(rf"{_START}(?:BPF?|BAND[ -]?PASS)\s*[:=]?\s*{_NUMBER}\s*(?:HZ)?\s*-\s*{_NUMBER}{_END}")


class Prefilter(NamedTuple):
    """Edges of an amplifier's filters as stated, Hz; None where none is stated.

    Attributes
    ----------
    highpass_hz, lowpass_hz : float or None
        The strictest where there are several.
    notch_hz : float or None
        The first.
    """

    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    notch_hz: float | None = None


NOT_STATED = Prefilter()


def stated_filters(text: str) -> Prefilter:
    """Read a prefilter text; what is not understood counts as not stated.

    Parameters
    ----------
    text : str
        Field `prefiltering` of an EDF or BDF signal, as written.

    Returns
    -------
    Prefilter

    Examples
    --------
    >>> stated_filters("HP:10Hz LP:250Hz N:50Hz")
    Prefilter(highpass_hz=10.0, lowpass_hz=250.0, notch_hz=50.0)
    >>> stated_filters("HP: DC; LP 1,5 kHz")
    Prefilter(highpass_hz=None, lowpass_hz=1500.0, notch_hz=None)
    >>> stated_filters("BP: 20-450 Hz")[:2]
    (20.0, 450.0)
    >>> stated_filters("HP:0.3s, notch off")
    Prefilter(highpass_hz=None, lowpass_hz=None, notch_hz=None)
    """
    high, low, notch = (_hz(pattern.findall(text.upper())) for pattern in _EDGE.values())
    for first, second, unit in _BAND.findall(text.upper()):
        high, low = [*high, *_hz([(first, unit)])], [*low, *_hz([(second, unit)])]
    return Prefilter(max(high, default=None), min(low, default=None), notch[0] if notch else None)


def _hz(found: Sequence[tuple[str, str]]) -> list[float]:
    """Frequencies above 0 of (number, unit)."""
    edges = (float(number.replace(",", ".")) * (1000 if unit == "KHZ" else 1) for number, unit in found)
    return [edge_hz for edge_hz in edges if edge_hz > 0]
