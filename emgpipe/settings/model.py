"""The composition of all settings: checked on the way in, frozen, deterministic on the way out."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from emgpipe.detectors.settings import DetectSettings
from emgpipe.errors import SettingsError
from emgpipe.filters.settings import ConditionSettings
from emgpipe.measures.settings import MeasureSettings
from emgpipe.settings.places import nearest, parse_toml, place_of, read_text
from emgpipe.settings.refusals import shown, what_is_allowed

TABLES: dict[str, type[Any]] = {"condition": ConditionSettings, "detect": DetectSettings, "measure": MeasureSettings}
"""Table of a settings file -> the frozen dataclass that a room owns."""

_SHARE = {"gt": 0.0, "le": 1.0}
_FROM_ZERO = {"ge": 0.0, "le": 1e6}
_RATIO = {"ge": 1.0, "le": 100.0}
_POSITIVE = {"gt": 0.0, "le": 1e6}
_OR_NEVER = {"ge": 1.0, "le": 1e30}
"""Of a ratio that switches its test off where nothing reaches it."""

RANGES: dict[str, dict[str, float]] = {
    "order": {"ge": 1, "le": 10},
    "line_share": _SHARE,
    "false_alarm": {"gt": 0.0, "lt": 0.5},
    "flag_undeterminable": _SHARE,
    "most_undeterminable": _SHARE,
    "cmua_act_frac": _SHARE,
    "crosstalk_r0": _SHARE,
    "least_usable_share": _SHARE,
    "activity_ratio": _RATIO,
    "activity_release": _RATIO,
    "cmua_p10_ratio": _RATIO,
    "line_ratio": _RATIO,
    "movement_ratio": _OR_NEVER,
    "step_ratio": _OR_NEVER,
    "line_surge": _OR_NEVER,
    "possible_spasm_ratio": _RATIO,
    "interval_level": {"ge": 0.5, "lt": 1.0},
    "block_times": _RATIO,
    "least_blocks": {"ge": 3.0, "le": 1000.0},
    "spasm_tonic_ratio": _RATIO,
    "spasm_floor_ratio": _RATIO,
    "spasm_end_share": {"gt": 0.0, "lt": 1.0},
    "spasm_mad_ratio": {"ge": 0.0, "le": 100.0},
    "spasm_merge_s": _FROM_ZERO,
    "close_gap_s": _FROM_ZERO,
    "shortest_burst_s": _FROM_ZERO,
    "shortest_undeterminable_s": _FROM_ZERO,
    "bridge_excluded_s": _FROM_ZERO,
    "blank_before_s": {"ge": 0.0, "le": 0.1},
    "blank_after_s": {"ge": 0.0, "le": 0.04},
    "evoked_guard": _RATIO,
    "evoked_first_s": {"ge": 0.0, "le": 5.0},
    "evoked_last_s": {"gt": 0.0, "le": 5.0},
    "least_trials": {"ge": 1, "le": 1000},
    "least_response_share": _SHARE,
}
"""Bounds of the settings that are not just positive numbers up to a million."""

ORDERED = (
    ("condition", "low_hz", "high_hz"),
    ("detect", "floor_min_uv", "floor_max_uv"),
    ("detect", "flag_undeterminable", "most_undeterminable"),
    ("detect", "evoked_first_s", "evoked_last_s"),
    ("measure", "least_usable_s", "short_s"),
)
"""Of these two settings of a table the first must lie below the second."""


def _table_model(cls: Any) -> type[BaseModel]:
    """A strict model of one table: the types of the dataclass, its texts, and the bounds of `RANGES`."""
    made: dict[str, Any] = {}
    for f in fields(cls):
        meta = f.metadata
        extra = {"unit": meta["unit"], "source": meta["source"]}
        bounds: dict[str, Any] = RANGES.get(f.name, _POSITIVE)
        made[f.name] = (
            f.type,
            Field(default=f.default, description=meta["doc"], json_schema_extra=extra, allow_inf_nan=False, **bounds),
        )
    model: type[BaseModel] = create_model(
        cls.__name__, __config__=ConfigDict(extra="forbid", strict=True, frozen=True), **made
    )
    return model


_MODELS = {name: _table_model(cls) for name, cls in TABLES.items()}


def _checked(table: str) -> Callable[[Any], Any]:
    """Validator of one table: a mapping or the dataclass itself, checked, back as the dataclass."""

    def check(value: Any) -> Any:
        """The dataclass; raises ValueError for values out of range or in the wrong order."""
        given = vars(value) if isinstance(value, TABLES[table]) else value
        checked = _MODELS[table].model_validate(given).model_dump()
        for name, low, high in ORDERED:
            if name == table and not checked[low] < checked[high]:
                raise ValueError(f"{low} = {checked[low]!r} must be below {high} = {checked[high]!r}")
        return TABLES[table](**checked)

    return check


class Settings(BaseModel):
    """All settings of a run, frozen.

    Attributes
    ----------
    condition : ConditionSettings
        What changes samples; frames are recomputed when it changes.
    detect : DetectSettings
        Thresholds, applied to frames.
    measure : MeasureSettings
        Usable time that a number needs.

    Examples
    --------
    >>> settings = Settings()
    >>> settings.detect.activity_ratio
    1.5
    >>> fingerprint(settings) == fingerprint(parse_settings(to_toml(settings)))
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    condition: Annotated[ConditionSettings, BeforeValidator(_checked("condition"))] = ConditionSettings()
    detect: Annotated[DetectSettings, BeforeValidator(_checked("detect"))] = DetectSettings()
    measure: Annotated[MeasureSettings, BeforeValidator(_checked("measure"))] = MeasureSettings()


def check_settings(
    tables: Mapping[str, Any], *, where: str = "settings", text: str = "", base: Settings | None = None
) -> Settings:
    """Settings from parsed tables, laid over a base.

    Parameters
    ----------
    tables : mapping
        `{"detect": {"activity_ratio": 1.5}}`; tables and keys may be left out.
    where, text : str
        File and its TOML text, for the place in messages.
    base : Settings, optional
        What is not given is taken from here; the defaults where left out.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        SETTING_UNKNOWN with the nearest known name, SETTING_INVALID with what is allowed.

    Examples
    --------
    >>> check_settings({"detect": {"activty_ratio": 2.0}})
    Traceback (most recent call last):
    ...
    emgpipe.errors.SettingsError: settings: SETTING_UNKNOWN: 'activty_ratio' in [detect]; did you mean 'activity_ratio'?
    """
    start = base or Settings()
    for name, given in tables.items():
        _refuse_unknown(name, given, where=where, text=text)
    chosen = {name: {**asdict(getattr(start, name)), **tables.get(name, {})} for name in TABLES}
    try:
        return Settings.model_validate(chosen)
    except ValidationError as problem:
        raise _setting_invalid(problem, chosen, where=where, text=text) from None


def _refuse_unknown(name: str, given: Any, *, where: str, text: str) -> None:
    place = place_of(text, (name,), where)
    if name not in TABLES:
        message = f"table [{name}]; {nearest(name, TABLES)}"
        raise SettingsError("SETTING_UNKNOWN", message, where=place)
    if not isinstance(given, Mapping):
        message = f"{name} = {shown(given)}; it is a table: write [{name}] and settings below it"
        raise SettingsError("SETTING_INVALID", message, where=place)
    known = _MODELS[name].model_fields
    for key in given:
        if key not in known:
            message = f"{key!r} in [{name}]; {nearest(str(key), known)}"
            raise SettingsError("SETTING_UNKNOWN", message, where=place_of(text, (name, str(key)), where))


def _setting_invalid(problem: ValidationError, chosen: Mapping[str, Any], *, where: str, text: str) -> SettingsError:
    first = problem.errors(include_url=False)[0]
    key = tuple(first["loc"])
    says = what_is_allowed(first)
    if len(key) < 2:
        found = f"[{key[0]}]: {says}"
    else:
        found = f"[{key[0]}] {key[1]} = {shown(chosen[str(key[0])][key[1]])}; it {says}"
    return SettingsError("SETTING_INVALID", found, where=place_of(text, key, where))


def parse_settings(text: str, *, where: str = "settings", base: Settings | None = None) -> Settings:
    r"""Settings from TOML text; see `check_settings`.

    Raises
    ------
    SettingsError
        TOML_INVALID, SETTING_UNKNOWN, SETTING_INVALID.

    Examples
    --------
    >>> parse_settings("[detect]\nactivity_ratio = 2").detect.activity_ratio
    2.0
    """
    return check_settings(parse_toml(text, where=where), where=where, text=text, base=base)


def load_settings(path: str | Path, *, base: Settings | None = None) -> Settings:
    r"""Settings from a TOML file; see `check_settings`.

    Parameters
    ----------
    path : str or Path
        A TOML file.
    base : Settings, optional
        What the file does not say.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        TEXT_UNREADABLE, TOML_INVALID, SETTING_UNKNOWN, SETTING_INVALID.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mine.toml"
    ...     _ = file.write_text(to_toml(parse_settings("[detect]\nactivity_ratio = 2")))
    ...     load_settings(file).detect.activity_ratio
    2.0
    """
    return parse_settings(read_text(Path(path)), where=str(path), base=base)


def to_toml(settings: Settings, *, comments: bool = False) -> str:
    """TOML of all settings: every key, fixed order, floats as the shortest text that reads back equal.

    Parameters
    ----------
    settings : Settings
        What to write.
    comments : bool
        Put unit and meaning behind each key.

    Returns
    -------
    str

    Examples
    --------
    >>> to_toml(Settings()).splitlines()[:2]
    ['[condition]', 'low_hz = 20.0']
    """
    blocks = []
    for name, cls in TABLES.items():
        table = getattr(settings, name)
        lines = [f"[{name}]"]
        for f in fields(cls):
            line = f"{f.name} = {getattr(table, f.name)!r}"
            note = f"  # {f.metadata['unit']}: {f.metadata['doc']}" if comments else ""
            lines.append(line + note)
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(settings: Settings) -> str:
    """SHA-256 (hex) of the values of all settings; files that say the same have the same."""
    return _digest({name: asdict(getattr(settings, name)) for name in TABLES})


def condition_fingerprint(condition: ConditionSettings) -> str:
    """SHA-256 (hex) of the conditioning settings: the part that frames depend on."""
    return _digest(asdict(condition))


def settings_schema() -> dict[str, Any]:
    """JSON schema of a settings file, with units, meanings, sources, bounds and defaults."""
    made: dict[str, Any] = {name: (model, model()) for name, model in _MODELS.items()}
    whole: type[BaseModel] = create_model("Settings", __config__=ConfigDict(extra="forbid"), **made)
    return whole.model_json_schema()
