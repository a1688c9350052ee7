"""The tables of `study.toml`: what may stand there, and errors that name the line."""

import difflib
import re
from collections.abc import Mapping
from math import isnan
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from emgpipe.errors import StudyError
from emgpipe.muscles import is_muscle, nearest_muscles
from emgpipe.readers.units import known_voltages, uv_per_unit
from emgpipe.settings import TABLES, nearest, place_of, shown, what_is_allowed
from emgpipe.study.blinding import file_tells
from emgpipe.study.segments import EXCLUDE_PREFIX, KNOWN_SEGMENTS

ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""Studies, subjects, visits, tasks and runs: safe in file names everywhere."""
ID_WORDS = "letters, digits, '_' and '-', at most 64, a letter or digit first"
"""The same for people."""


def _written(pattern: str, allowed: str) -> AfterValidator:
    """Accept text of a form; say the form in words where it is another."""

    def check(value: str) -> str:
        """Text of the form; raises ValueError for any other."""
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {allowed}")
        return value

    return AfterValidator(check)


def _meaning(value: str) -> str:
    """Accept a segment name; refuse one that looks like a misspelt known one."""
    if rule := file_tells(value):
        raise ValueError(f"must not give an arm away by {rule}: it stands in every table")
    if value in KNOWN_SEGMENTS or value.upper().startswith(EXCLUDE_PREFIX):
        return value
    close = difflib.get_close_matches(value, KNOWN_SEGMENTS, n=1, cutoff=0.8)
    if close:
        raise ValueError(f"must not be that close to {close[0]!r}; write {close[0]!r} or another name")
    return value


def _muscle(value: str) -> str:
    """Accept a name of the catalogue."""
    if not is_muscle(value):
        close = " or ".join(map(repr, nearest_muscles(value)))
        raise ValueError(
            f"must be a muscle such as 'TA_R'; {f'did you mean {close}?' if close else 'see the catalogue'}"
        )
    return value


def _unit(value: str) -> str:
    if isnan(uv_per_unit(value)):
        raise ValueError(f"must be a voltage: {known_voltages()}")
    return value


Identifier = Annotated[str, _written(ID_PATTERN, ID_WORDS)]
Muscle = Annotated[str, Field(max_length=32), AfterValidator(_muscle)]
Lead = Annotated[str, Field(max_length=32), AfterValidator(lambda v: v if v == "ECG" else _muscle(v))]
Unit = Annotated[str, AfterValidator(_unit)]
Meaning = Annotated[
    str,
    _written(
        r"[a-z][a-z0-9_]{0,31}|BAD_[A-Z0-9_]{1,32}",
        "a name such as 'rest' in small letters, digits and '_', at most 32, or BAD_... in capitals",
    ),
    AfterValidator(_meaning),
]
Reference = Annotated[
    str,
    _written(
        rf"(same visit|visit {ID_PATTERN}): ?[a-z][a-z0-9_]*",
        "'same visit: ...' or 'visit V1: ...' with a segment such as mvc behind the colon",
    ),
]
PositiveUv = Annotated[float, Field(gt=0.0, le=1000.0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class StudyTable(_Table):
    """`[study]`: who, mains, where the recordings are listed."""

    id: Identifier
    mains_hz: Literal[50, 60]
    recordings: str = "recordings.csv"
    preset: Literal["plain", "sps-crossover"] = "plain"


class Pair(_Table):
    """One `[[pairs]]`: agonist and antagonist by muscle, `TA_R` and `GM_R`."""

    agonist: Muscle
    antagonist: Muscle


class Floor(_Table):
    """One `[[floor]]`: device noise in µV RMS in the band, of an amplifier or of a channel."""

    amplifier: str = ""
    channel: str = ""
    device_uv: PositiveUv


class SubjectTable(_Table):
    """`[subject]`: what subject-level measures rest on."""

    index_muscles: Annotated[tuple[Muscle, ...], Field(strict=False)] = ()
    index_offset_uv: PositiveUv = 0.5
    reference: Reference | None = None


class StudyFile(_Table):
    """All of `study.toml` but the settings tables."""

    study: StudyTable
    channels: dict[str, Lead] = {}
    units: dict[str, Unit] = {}
    pairs: Annotated[tuple[Pair, ...], Field(strict=False)] = ()
    floor: Annotated[tuple[Floor, ...], Field(strict=False)] = ()
    segments: dict[str, Meaning] = {}
    subject: SubjectTable = SubjectTable()


def check_study_file(tables: Mapping[str, Any], *, where: str, text: str) -> StudyFile:
    """Check the parsed tables of `study.toml`, settings tables left out.

    Parameters
    ----------
    tables : mapping
        As parsed, presets laid under.
    where, text : str
        File and its text, for the place in messages.

    Returns
    -------
    StudyFile

    Raises
    ------
    StudyError
        SETTING_UNKNOWN, SETTING_MISSING, SETTING_INVALID, each with its line.
    """
    try:
        checked = StudyFile.model_validate(tables)
    except ValidationError as problem:
        raise _as_study_error(problem, tables, where=where, text=text) from None
    _check_pairs(checked, where=where, text=text)
    _check_floors(checked, where=where, text=text)
    return checked


def _as_study_error(problem: ValidationError, tables: Mapping[str, Any], *, where: str, text: str) -> StudyError:
    # an unknown name explains the missing one better than the other way round
    first = min(problem.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
    key = tuple(first["loc"])
    place = place_of(text, key, where)
    name = _dotted(key)
    if first["type"] == "extra_forbidden":
        return StudyError("SETTING_UNKNOWN", f"{name!r}; {nearest(str(key[-1]), _known(key[:-1]))}", where=place)
    if first["type"] == "missing":
        advice = "50 or 60, the mains of the place of recording" if key[-1] == "mains_hz" else "it is required"
        return StudyError("SETTING_MISSING", f"{name!r} is not given; {advice}", where=place)
    says = what_is_allowed(first, ("pairs", "floor"))
    return StudyError("SETTING_INVALID", f"{name} = {shown(first['input'])}; it {says}", where=place)


def _dotted(key: tuple[str | int, ...]) -> str:
    """`("pairs", 1, "agonist")` as people count: `pairs[2].agonist`."""
    out = ""
    for part in key:
        out += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return out.removeprefix(".")


def _known(key: tuple[str | int, ...]) -> list[str]:
    """Names that may stand at a place."""
    models: dict[str, type[BaseModel]] = {
        "study": StudyTable,
        "pairs": Pair,
        "floor": Floor,
        "subject": SubjectTable,
    }
    if not key:
        return [*StudyFile.model_fields, *TABLES]
    return list(models[str(key[0])].model_fields)


def _check_pairs(checked: StudyFile, *, where: str, text: str) -> None:
    seen = set()
    for n, pair in enumerate(checked.pairs):
        place = place_of(text, ("pairs", n), where)
        if pair.agonist == pair.antagonist:
            message = f"pairs[{n + 1}] sets {pair.agonist!r} against itself; name two muscles"
            raise StudyError("SETTING_INVALID", message, where=place)
        if frozenset((pair.agonist, pair.antagonist)) in seen:
            message = f"pairs[{n + 1}] {pair.agonist}/{pair.antagonist} is given twice; name a pair once"
            raise StudyError("SETTING_INVALID", message, where=place)
        seen.add(frozenset((pair.agonist, pair.antagonist)))


def _check_floors(checked: StudyFile, *, where: str, text: str) -> None:
    seen = set()
    for n, floor in enumerate(checked.floor):
        place = place_of(text, ("floor", n), where)
        if bool(floor.amplifier) == bool(floor.channel):
            message = f"floor[{n + 1}] must name one of amplifier or channel"
            raise StudyError("SETTING_INVALID", message, where=place)
        if (floor.amplifier, floor.channel) in seen:
            message = f"floor[{n + 1}] {floor.amplifier or floor.channel!r} is given twice; give one floor for each"
            raise StudyError("SETTING_INVALID", message, where=place)
        seen.add((floor.amplifier, floor.channel))
