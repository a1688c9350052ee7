"""Conditions of visits that are compared."""

from collections.abc import Mapping, Sequence

from emgpipe.batch.jobs import Job
from emgpipe.recording import Finding

COMPARED_CONDITIONS = (
    "relaxation", "posture", "support", "amplifier", "hw_highpass_hz", "hw_lowpass_hz", "inter_electrode_mm",
    "sleep_state",
)  # fmt: skip
"""Conditions that should not differ between visits that are compared."""


def differing_conditions(jobs: Sequence[Job]) -> dict[tuple[str, str], list[Finding]]:
    """Findings on conditions that differ between the visits of one subject and task; blank is not recorded."""
    seen: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for job in jobs:
        e = job.entry
        for name in COMPARED_CONDITIONS:
            if e.conditions.get(name):
                values = seen.setdefault((e.subject, e.task), {}).setdefault(name, {})
                values.setdefault(e.conditions[name], e.visit)
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
