"""Estimates of a trial as people read them: digits by their interval, ratios of log scales, p."""

import math
from typing import NamedTuple

from emgpipe.outcomes.model import Line
from emgpipe.reports.words import unit_words

MOST_PLACES = 6
LEAST_P = 0.0001


class Scale(NamedTuple):
    """What an effect is in: a difference in a unit, or a ratio where values are logarithms.

    Attributes
    ----------
    unit : str
        As in the tables.
    log : bool
        `exp(effect)` is a ratio.
    """

    unit: str
    log: bool

    @property
    def words(self) -> str:
        """Unit of an effect as printed; a ratio has none."""
        return "" if self.log else unit_words(self.unit)

    def shown(self, effect: float) -> float:
        """Effect as printed: itself, or its ratio."""
        return (math.exp(effect) if effect < 700 else math.inf) if self.log else effect


def places_of(half_width: float) -> int:
    """Decimal places that show two digits of half an interval.

    Examples
    --------
    >>> places_of(0.18), places_of(23.7), places_of(2.4), places_of(0.0)
    (2, 0, 1, 6)
    """
    if not (half_width > 0 and math.isfinite(half_width)):
        return MOST_PLACES
    return min(max(1 - math.floor(math.log10(half_width)), 0), MOST_PLACES)


class Told(NamedTuple):
    """An estimate and the ends of its interval as printed; ends are empty where it has none."""

    effect: str
    low: str = ""
    high: str = ""


def told_of(line: Line, scale: Scale) -> Told:
    """Write an estimate and its interval, in the digits that the interval deserves.

    Parameters
    ----------
    line : Line
        Without an estimate: a dash.
    scale : Scale
        Of the endpoint; ratios are written for a log scale.

    Returns
    -------
    Told

    Examples
    --------
    >>> one = Line("headline", "headline", "", effect=-0.3216, low=-0.5012, high=-0.142)
    >>> told_of(one, Scale("uV", log=True))
    Told(effect='0.72', low='0.61', high='0.87')
    """
    if line.effect is None:
        return Told("–")
    shown = scale.shown(line.effect)
    if line.low is None or line.high is None:
        return Told(signed(shown, 2 if scale.log else places_of(abs(shown))))
    low, high = scale.shown(line.low), scale.shown(line.high)
    places = max(places_of((high - low) / 2), 2 if scale.log and high < 10 else 0)
    return Told(signed(shown, places), signed(low, places), signed(high, places))


def estimate_words(line: Line, scale: Scale) -> str:
    """The same in one text.

    Examples
    --------
    >>> one = Line("headline", "headline", "", effect=-0.3216, low=-0.5012, high=-0.142)
    >>> estimate_words(one, Scale("uV", log=False)), estimate_words(one, Scale("uV", log=True))
    ('−0.32 (−0.50 to −0.14)', '0.72 (0.61 to 0.87)')
    >>> estimate_words(Line("mixed", "beside", "", code="PACKAGE_ABSENT"), Scale("uV", log=False))
    '–'
    """
    told = told_of(line, scale)
    return f"{told.effect} ({told.low} to {told.high})" if told.low else told.effect


def signed(value: float, places: int) -> str:
    """Number with places and a true minus; a rounded zero has no sign.

    Examples
    --------
    >>> signed(-0.004, 2), signed(-1.25, 1)
    ('0.00', '−1.2')
    """
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if not float(text) else text.replace("-", "−")


def p_words(p: float | None) -> str:
    """Write a p: three places, four below 0.01, never 0.

    Examples
    --------
    >>> p_words(0.0472), p_words(0.00291), p_words(1e-9), p_words(None), p_words(1.0)
    ('0.047', '0.0029', '<0.0001', '–', '1.000')
    """
    if p is None or math.isnan(p):
        return "–"
    return f"<{LEAST_P:g}" if p < LEAST_P else f"{p:.{4 if p < 0.01 else 3}f}"
