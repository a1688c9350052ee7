"""What is said of channels, joined: one finding a code, with the channels it is said of and the figures of each."""

from collections.abc import Sequence
from typing import NamedTuple

from emgpipe.recording import Finding, Severity

MOST_NAMED = 8
"""Channels that are named with their figure; `where` names them all."""


class Said(NamedTuple):
    """What is said of one channel.

    Attributes
    ----------
    code, severity : str
        As in a finding.
    name : str
        Target of the channel.
    message : str
        The same for every channel; `{}` is the place of the figure.
    figure : str
        With its unit.
    flags : bool
        The rows of the channel are flagged with the code.
    """

    code: str
    severity: Severity
    name: str
    message: str
    figure: str = ""
    flags: bool = True


class Doubt(NamedTuple):
    """A finding, and the targets whose rows are flagged with its code; none: it is only said."""

    finding: Finding
    targets: tuple[str, ...] = ()


def joined(said: Sequence[Said]) -> list[Doubt]:
    """One finding for all channels of which the same is said, but for figures; a warning where one of them is.

    Examples
    --------
    >>> one, other = (
    ...     Said("CLIPPED", "info", name, "{} is left out", f) for name, f in (("TA_R", "2 %"), ("GM_R", "3 %"))
    ... )
    >>> joined([one])[0].finding.message, joined([one, other])[0].finding.message
    ('2 % is left out', 'TA_R 2 %, GM_R 3 % is left out')
    """
    same: dict[tuple[str, str], list[Said]] = {}
    for one in said:
        same.setdefault((one.code, one.message), []).append(one)
    return [
        Doubt(
            Finding(code, _worst(each), ", ".join(dict.fromkeys(one.name for one in each)), _message(message, each)),
            tuple(dict.fromkeys(one.name for one in each if one.flags)),
        )
        for (code, message), each in same.items()
    ]


def _worst(said: Sequence[Said]) -> Severity:
    return "warning" if any(one.severity == "warning" for one in said) else said[0].severity


def _message(message: str, said: Sequence[Said]) -> str:
    figures = {one.figure for one in said}
    if len(figures) == 1:
        return message.replace("{}", said[0].figure)
    told = [f"{one.name} {one.figure}" for one in said]
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return message.replace("{}", ", ".join([*told[:MOST_NAMED], *more]))


def codes_by_target(found: Sequence[Doubt]) -> dict[str, tuple[str, ...]]:
    """Codes that flag the rows of each target.

    Examples
    --------
    >>> codes_by_target(
    ...     [Doubt(Finding("FLAT", "info", "RF_L", "")), Doubt(Finding("CLIPPED", "info", "", ""), ("TA_R",))]
    ... )
    {'TA_R': ('CLIPPED',)}
    """
    codes: dict[str, dict[str, None]] = {}
    for doubt in found:
        for target in doubt.targets:
            codes.setdefault(target, {})[doubt.finding.code] = None
    return {target: tuple(told) for target, told in codes.items()}
