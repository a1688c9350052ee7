"""Pages of the documentation that are written from the package: settings and codes."""

from dataclasses import fields

from emgpipe.errors import SettingsError
from emgpipe.errors.codes import CODES
from emgpipe.settings.model import RANGES, TABLES, Settings
from emgpipe.settings.places import nearest

_SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
_TABLE_TEXT = {
    "condition": "These change samples: the frames of every recording are computed anew when one changes.",
    "detect": "Thresholds, applied to cached frames: a change costs about a second for half an hour of eight channels.",
    "measure": "How much usable time a number needs.",
}


def settings_markdown() -> str:
    """The page `docs/settings.md`: every setting with unit, default, range, meaning, source."""
    out = [
        "# Settings",
        "",
        "Written by `make docs`. Any of these may stand in a settings file or in `study.toml`.",
        "",
    ]
    for name, cls in TABLES.items():
        out += [f"## [{name}]", "", _TABLE_TEXT[name], ""]
        out += ["| setting | unit | default | allowed | meaning | source |", "|---|---|---|---|---|---|"]
        defaults = getattr(Settings(), name)
        for f in fields(cls):
            meta = f.metadata
            cells = [f"`{f.name}`", meta["unit"], repr(getattr(defaults, f.name)), allowed(f.name)]
            out.append("| " + " | ".join([*cells, meta["doc"], meta["source"]]) + " |")
        out.append("")
    return "\n".join(out)


def allowed(setting: str) -> str:
    """Range of a setting in words.

    Examples
    --------
    >>> allowed("crosstalk_r0"), allowed("low_hz")
    ('> 0, ≤ 1', '> 0')
    """
    bounds = RANGES.get(setting, {"gt": 0})
    return ", ".join(f"{_SIGNS[sign]} {value:g}" for sign, value in bounds.items() if value < 1e6)


def explain(name: str) -> str:
    """What one setting means, for people.

    Parameters
    ----------
    name : str
        `activity_ratio` or `detect.activity_ratio`.

    Returns
    -------
    str
        A few lines.

    Raises
    ------
    SettingsError
        SETTING_UNKNOWN with the nearest known name.

    Examples
    --------
    >>> print(explain("low_hz"), end="")
    condition.low_hz = 20.0 Hz
      Lower edge of the analysis band.
      allowed: > 0
      source: SENIAM: 10-20 Hz
    """
    known = {f"{table}.{f.name}": f for table, cls in TABLES.items() for f in fields(cls)}
    for full, f in known.items():
        if name in (full, f.name):
            unit = "" if f.metadata["unit"] == "1" else " " + f.metadata["unit"]
            return (
                f"{full} = {f.default!r}{unit}\n  {f.metadata['doc']}\n  allowed: {allowed(f.name)}\n"
                f"  source: {f.metadata['source']}\n"
            )
    names = [full if "." in name else full.split(".")[1] for full in known]
    raise SettingsError("SETTING_UNKNOWN", f"{name!r}; {nearest(name, names)}")


def codes_markdown() -> str:
    """The page `docs/codes.md`: every code, its kind and its meaning."""
    out = ["# Codes", "", "Written by `make docs`. A code never changes its meaning.", ""]
    kinds = {
        "error": "No number is given.",
        "finding": "The file is usable; the finding is said and kept in the tables.",
        "reason": "Why a row is not a plain value.",
    }
    for kind, text in kinds.items():
        out += [f"## {kind}", "", text, "", "| code | meaning |", "|---|---|"]
        out += [f"| `{code}` | {entry.meaning} |" for code, entry in sorted(CODES.items()) if entry.kind == kind]
        out.append("")
    return "\n".join(out)
