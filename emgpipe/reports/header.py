"""The head of a visit page: conditions as recorded, in one line."""

from collections.abc import Mapping, Sequence

from emgpipe.reports.model import RecordingReport

IN_ONE_LINE = {
    "visit_date": "{}",
    "start_time": "{}",
    "day": "day {}",
    "posture": "posture {}",
    "support": "support {}",
    "relaxation": "relaxation {}",
    "sleep_state": "sleep state {}",
    "prime_mover": "prime mover {}",
    "hours_since_benzodiazepine": "{} h since benzodiazepine",
    "benzodiazepine_mg_day": "benzodiazepine {} mg a day",
    "baclofen_mg_day": "baclofen {} mg a day",
    "days_since_infusion": "{} days since infusion",
    "skin_temp_c": "skin {} °C",
    "room_temp_c": "room {} °C",
    "pain_0_10": "pain {} of 10",
    "anxiety_0_10": "anxiety {} of 10",
    "amplifier": "amplifier {}",
    "inter_electrode_mm": "electrodes {} mm apart",
    "electrodes_replaced": "electrodes replaced: {}",
    "hw_highpass_hz": "hardware high-pass {} Hz",
    "hw_lowpass_hz": "hardware low-pass {} Hz",
    "exclude_channels": "excluded {}",
}
"""Column of `recordings.csv` -> words around its cell, in the order of the line; those of `NAMES_PEOPLE` are not
there."""
NAMES_PEOPLE = frozenset({"operator"})
"""Columns whose cells name people: no page shows them."""


def in_one_line(conditions: Mapping[str, str]) -> list[str]:
    """Conditions that were recorded, in words.

    Examples
    --------
    >>> in_one_line({"posture": "supine", "day": "56", "skin_temp_c": ""})
    ['day 56', 'posture supine']
    """
    return [words.format(conditions[name]) for name, words in IN_ONE_LINE.items() if conditions.get(name)]


def common(recordings: Sequence[RecordingReport]) -> dict[str, str]:
    """Conditions in which all recordings of a visit agree."""
    if not recordings:
        return {}
    first, *others = (one.conditions for one in recordings)
    return {name: cell for name, cell in first.items() if all(other.get(name) == cell for other in others)}


def own(report: RecordingReport, shared: Mapping[str, str]) -> dict[str, str]:
    """Conditions of a recording that are not those of the whole visit."""
    return {name: cell for name, cell in report.conditions.items() if name not in shared}


def without_names(conditions: Mapping[str, str]) -> dict[str, str]:
    """Conditions as pages may show them: of who recorded only that it is recorded, no name of a person.

    Examples
    --------
    >>> without_names({"posture": "supine", "operator": "xy"}), without_names({"operator": ""})
    ({'posture': 'supine', 'operator': 'recorded'}, {'operator': ''})
    """
    return {name: "recorded" if cell and name in NAMES_PEOPLE else cell for name, cell in conditions.items()}
