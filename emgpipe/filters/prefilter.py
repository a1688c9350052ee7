"""What the prefilter text of an amplifier says, such as `HP:10Hz LP:500Hz N:50Hz`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_WORDS = {"highpass": "HPF?|HIGH[ -]?PASS", "lowpass": "LPF?|LOW[ -]?PASS", "notch": "NOTCH|N"}
_NUMBER = r"([0-9]{1,6}(?:[.,][0-9]{1,6})?)"
_START = r"(?:(?<![A-Z])|(?<=HZ))"
# between name and number: "lowpass filter cutoff: 100 Hz", "LP (100 Hz)"
_FILL = r"(?:\s*(?:FILTER|CUT[ -]?OFF|FREQUENCY|FREQ|CORNER|EDGE|FC|AT)(?![A-Z])\.?)*\s*[:=@]?\s*[(\[]?\s*"
_NEXT = r"(?:HPF?|LPF?|HIGH|LOW|NOTCH|N)(?![A-Z])\s*[:=]"
# a time constant ("HP:0.3 s") or a slope ("12 dB/oct") is no frequency; a longer number is not cut short to one
_OTHER = r"(?:M?S|SEC[A-Z]*|DB[A-Z]*|ORDER|POLES?|ST|ND|RD|TH|[UM]?V)(?![A-Z])|[/%]|-\s*[0-9]"
_END = rf"(?![0-9.,]*[0-9])(?:\s*(K?HZ|K(?![A-Z]))|(?=\s*{_NEXT})|(?![A-Z])(?!\s*(?:{_OTHER})))"
_EDGE = {name: re.compile(rf"{_START}(?:{words}){_FILL}{_NUMBER}{_END}") for name, words in _WORDS.items()}
_TO = r"\s*(K?HZ)?\s*(?:-|\u2013|\.\.|TO)\s*"
_BAND = re.compile(rf"{_START}(?:BPF?|BAND[ -]?PASS){_FILL}{_NUMBER}{_TO}{_NUMBER}{_END}")
# two numbers in Hz that stand alone, not those of a notch
_BARE = re.compile(
    r"(?:^|[;|]|,\s)\s*(?:(?:FILTERS?|BAND|BANDWIDTH|BW|RANGE|FIR|IIR|BUTTERWORTH)\s*[:=]?\s*)*"
    rf"{_NUMBER}{_TO}{_NUMBER}\s*(K?HZ)(?![A-Z])(?!\s*(?:NOTCH|BAND[ -]?STOP|STOP|REJECT))"
)


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
    >>> stated_filters("BP: 20-450 Hz")[:2], stated_filters("0.1-100Hz")[:2]
    ((20.0, 450.0), (0.1, 100.0))
    >>> stated_filters("HP:0.3 s, notch off, 12 dB/oct")
    Prefilter(highpass_hz=None, lowpass_hz=None, notch_hz=None)
    """
    upper = text.upper()
    high, low, notch = (_hz(pattern.findall(upper)) for pattern in _EDGE.values())
    for first, own_unit, second, unit in [*_BAND.findall(upper), *_BARE.findall(upper)]:
        high, low = [*high, *_hz([(first, own_unit or unit)])], [*low, *_hz([(second, unit)])]
    return Prefilter(max(high, default=None), min(low, default=None), notch[0] if notch else None)


def _hz(found: Sequence[tuple[str, str]]) -> list[float]:
    """Frequencies above 0 of (number, unit)."""
    edges = (float(number.replace(",", ".")) * (1000 if unit.startswith("K") else 1) for number, unit in found)
    return [edge_hz for edge_hz in edges if edge_hz > 0]
