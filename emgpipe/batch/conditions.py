"""Conditions of visits that are compared."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from emgpipe.recording import Finding

COMPARED_CONDITIONS = (
    "relaxation", "posture", "support", "amplifier", "hw_highpass_hz", "hw_lowpass_hz", "inter_electrode_mm",
    "sleep_state",
)  # fmt: skip
"""Conditions that should not differ between visits that are compared."""


class Conditions(NamedTuple):
    """What `recordings.csv` says of one recording; blank is not recorded."""

    subject: str
    visit: str
    task: str
    values: Mapping[str, str]


def differing_conditions(recordings: Iterable[Conditions]) -> dict[tuple[str, str], list[Finding]]:
    """Findings on conditions that differ between the visits of one subject and task.

    Parameters
    ----------
    recordings : iterable of Conditions
        All of the study, in its order.

    Returns
    -------
    dict of (subject, task) to list of Finding
        CONDITIONS_DIFFER, one a condition.

    Examples
    --------
    >>> two = [
    ...     Conditions("S1", "V1", "rest", {"posture": "supine"}),
    ...     Conditions("S1", "V2", "rest", {"posture": "prone"}),
    ... ]
    >>> [f.message for f in differing_conditions(two)["S1", "rest"]]
    ["posture: 'supine' at V1, 'prone' at V2"]
    """
    seen: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for one in recordings:
        for name in COMPARED_CONDITIONS:
            if one.values.get(name):
                values = seen.setdefault((one.subject, one.task), {}).setdefault(name, {})
                values.setdefault(one.values[name], one.visit)
    return {
        who: [
            Finding("CONDITIONS_DIFFER", "warning", "", f"{name}: {_told(values)}")
            for name, values in conditions.items()
            if len(values) > 1
        ]
        for who, conditions in seen.items()
    }


def _told(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value!r} at {visit}" for value, visit in values.items())


class Change(NamedTuple):
    """A condition that is not what it was when it was last recorded; several values of a visit are joined by ` / `."""

    visit: str
    task: str
    name: str
    before: str
    since: str
    now: str


def changed_conditions(recordings: Iterable[Conditions]) -> list[Change]:
    """Compared conditions of one subject that change from visit to visit, task by task.

    Parameters
    ----------
    recordings : iterable of Conditions
        Of one subject, in the order of the visits; a blank condition changes nothing.

    Returns
    -------
    list of Change
        In the order of the visits; `since` is the visit at which the condition was recorded last.

    Examples
    --------
    >>> told = [("V1", "supine"), ("V2", ""), ("V3", "prone"), ("V4", "prone")]
    >>> changed_conditions(Conditions("S1", visit, "rest", {"posture": value}) for visit, value in told)
    [Change(visit='V3', task='rest', name='posture', before='supine', since='V1', now='prone')]
    """
    visits: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for one in recordings:
        values = visits.setdefault((one.visit, one.task), {})
        for name in COMPARED_CONDITIONS:
            if one.values.get(name):
                values.setdefault(name, {})[one.values[name]] = None
    last: dict[tuple[str, str], tuple[str, str]] = {}
    changes = []
    for (visit, task), values in visits.items():
        for name, found in values.items():
            now = " / ".join(found)
            since, before = last.get((task, name), (visit, now))
            if now != before:
                changes.append(Change(visit, task, name, before, since, now))
            last[task, name] = (visit, now)
    return changes
