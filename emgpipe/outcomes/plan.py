"""`analysis.toml`: what is analysed, from which visits, by which rules; decided before anybody knows the arms."""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from emgpipe.errors import SettingsError
from emgpipe.outcomes.plan_checks import contradictions
from emgpipe.settings import nearest, parse_toml, place_of, read_text, shown, what_is_allowed

PRESETS = ("plain", "sps-crossover")
ARRAYS = ("visits", "secondary", "intercurrent")
"""Arrays of tables at the top."""
LARGEST_DAY = 36525


def _window(days: tuple[int, int]) -> tuple[int, int]:
    if not -LARGEST_DAY <= days[0] <= days[1] <= LARGEST_DAY:
        raise ValueError(f"must be a first and a last day, not after it, within {LARGEST_DAY} days")
    return days


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("must name nothing twice")
    return names


Text = Annotated[str, Field(min_length=1, max_length=100)]
Names = Annotated[tuple[Text, ...], Field(strict=False), AfterValidator(_distinct)]
Days = Annotated[tuple[int, int], Field(strict=False), AfterValidator(_window)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class AnalysisTable(_Table):
    """`[analysis]`: the estimator of the headline, the level of intervals, the seed of Monte Carlo."""

    preset: Literal["plain", "sps-crossover"] = "plain"
    estimator: Literal["ancova", "change", "raw"] = "ancova"
    level: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.95
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


class Endpoint(_Table):
    """`[endpoint]` or one `[[secondary]]`: a measure of one or several targets.

    Of several targets the mean counts; a visit counts where three quarters of them have a value, a target for a subject
    where it has one at every such visit, and three quarters of the list must count. `log` takes ln(value + offset_uv)
    first.
    """

    measure: Text
    targets: Annotated[Names, Field(min_length=1)]
    task: str = ""
    segment: Text = "rest"
    log: bool = False
    offset_uv: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0

    @property
    def name(self) -> str:
        """`TA_R+GM_R.apdf_p10_uv`, elsewhere than in `rest` or of a named task `TA_R@rest_2/walk.apdf_p10_uv`."""
        place = [*([self.segment] if self.segment != "rest" else []), *([self.task] if self.task else [])]
        return f"{'+'.join(self.targets)}{'@' if place else ''}{'/'.join(place)}.{self.measure}"


class Visit(_Table):
    """One `[[visits]]`: a visit of the plan, which visits of the study it may be, and when.

    `names` are visits as in recordings.csv, empty: the day alone decides. `days` is the allowed window, first and last
    day counted from the subject's first visit; a visit outside it is kept and not analysed. `other` is kept alike.
    """

    avisit: Annotated[str, Field(min_length=1, max_length=40)]
    names: Names = ()
    period: Literal[0, 1, 2]
    role: Literal["baseline", "treatment", "other"]
    days: Days | None = None


class Rules(_Table):
    """`[rules]`: what becomes of a value below its limit, of a missing visit, of a missing period.

    `below_limit`: the estimate as it is, the limit, half of it, or missing. `missing_visit`: the mean of the visits
    that are there, or no value unless all are. A subject without a value or baseline in a period is left out of paired
    analyses and listed.
    """

    below_limit: Literal["estimate", "limit", "half_limit", "missing"] = "estimate"
    missing_visit: Literal["available", "complete"] = "available"


class Intercurrent(_Table):
    """One `[[intercurrent]]`: an event, and what is done: nothing, or its visit, period or subject is left out."""

    subject: Text
    event: Text
    strategy: Literal["keep", "exclude_visit", "exclude_period", "exclude_subject"]
    visit: str = ""
    period: Literal[0, 1, 2] = 0


class Population(_Table):
    """`[population]`: subjects left out, each with its reason."""

    exclude: dict[str, Text] = {}


class Reliability(_Table):
    """`[reliability]`: visits (`avisit`) between which nothing should change; MDC95 comes from these alone."""

    no_change: Names = ()


class Sensitivity(_Table):
    """`[sensitivity]`: thresholds beside the ones of the run, and factors on the offset of a logarithm."""

    activity_ratios: Annotated[tuple[float, ...], Field(strict=False)] = (1.3, 1.5, 1.75, 2.0)
    offset_factors: Annotated[tuple[float, ...], Field(strict=False)] = (0.5, 2.0)


class AnalysisPlan(_Table):
    """A plan, checked and frozen; presets are laid under."""

    analysis: AnalysisTable = AnalysisTable()
    endpoint: Endpoint
    secondary: Annotated[tuple[Endpoint, ...], Field(strict=False)] = ()
    visits: Annotated[tuple[Visit, ...], Field(strict=False, min_length=1)]
    rules: Rules = Rules()
    population: Population = Population()
    intercurrent: Annotated[tuple[Intercurrent, ...], Field(strict=False)] = ()
    reliability: Reliability = Reliability()
    sensitivity: Sensitivity = Sensitivity()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The primary, then the secondary family."""
        return (self.endpoint, *self.secondary)

    @property
    def sha256(self) -> str:
        """SHA-256 of the plan as it is meant: comments, order of tables and what equals a default do not count."""
        told = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()


def load_plan(path: str | Path) -> AnalysisPlan:
    """Read `analysis.toml`; see `parse_plan`.

    Raises
    ------
    SettingsError
        TEXT_UNREADABLE, TOML_INVALID, PLAN_INVALID.
    """
    return parse_plan(read_text(Path(path)), where=str(path))


def parse_plan(text: str, *, where: str = "analysis.toml") -> AnalysisPlan:
    r"""Check a plan; what it does not say is taken from its preset.

    Parameters
    ----------
    text : str
        TOML.
    where : str
        File, for the place in messages.

    Returns
    -------
    AnalysisPlan

    Raises
    ------
    SettingsError
        TOML_INVALID; PLAN_INVALID: an unknown key with the nearest known one, a value with what is allowed, a key that
        is missing, what contradicts another key (`plan_checks`), each with its line.

    Examples
    --------
    >>> plan = parse_plan('[analysis]\npreset = "sps-crossover"')
    >>> plan.endpoint.name, [visit.role for visit in plan.visits if visit.period == 2]
    ('subject.rigidity_index_log', ['baseline', 'treatment', 'treatment'])
    """
    tables = _over_preset(parse_toml(text, where=where), text, where)
    try:
        plan = AnalysisPlan.model_validate(tables)
    except ValidationError as problem:
        raise _plan_invalid(problem, where=where, text=text) from None
    return check_plan(plan, where=where, text=text)


def check_plan(plan: AnalysisPlan, *, where: str = "analysis.toml", text: str = "") -> AnalysisPlan:
    """Refuse a plan that contradicts itself.

    Parameters
    ----------
    plan : AnalysisPlan
        Each key of it is valid by itself.
    where, text : str
        File and its TOML, for the place in messages.

    Returns
    -------
    AnalysisPlan
        The same.

    Raises
    ------
    SettingsError
        PLAN_INVALID.
    """
    wrong = next(contradictions(plan), None)
    if wrong:
        raise SettingsError("PLAN_INVALID", wrong.found, where=place_of(text, wrong.key, where))
    return plan


def _over_preset(tables: dict[str, Any], text: str, where: str) -> dict[str, Any]:
    """Tables of the plan over those of its preset; an array of tables replaces the whole one below."""
    told = tables.get("analysis")
    name = told.get("preset", "plain") if isinstance(told, dict) else "plain"
    if name not in PRESETS:
        message = f"analysis.preset = {str(name)[:60]!r}; {nearest(str(name), PRESETS)}"
        raise SettingsError("PLAN_INVALID", message, where=place_of(text, ("analysis", "preset"), where))
    preset = files("emgpipe.outcomes").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")
    merged = dict(tables)
    for key, below in parse_toml(preset, where=f"preset {name}").items():
        above = tables.get(key, {} if isinstance(below, dict) else below)
        merged[key] = {**below, **above} if isinstance(below, dict) and isinstance(above, dict) else above
    return merged


def _plan_invalid(problem: ValidationError, *, where: str, text: str) -> SettingsError:
    first = min(problem.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
    key = tuple(first["loc"])
    name, place = _dotted(key), place_of(text, key, where)
    if first["type"] == "extra_forbidden":
        found = f"{name!r}; {nearest(str(key[-1]), _known(key[:-1]))}"
    elif first["type"] == "missing":
        found = f"{name!r} is not given; it is required, see docs/trial.md"
    else:
        found = f"{name} = {shown(first['input'])}; it {what_is_allowed(first, ARRAYS)}"
    return SettingsError("PLAN_INVALID", found, where=place)


def _dotted(key: tuple[str | int, ...]) -> str:
    """`("visits", 1, "days")` as people count: `visits[2].days`."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")


_TABLES: Mapping[str, type[BaseModel]] = {
    "analysis": AnalysisTable, "endpoint": Endpoint, "secondary": Endpoint, "visits": Visit, "rules": Rules,
    "population": Population, "intercurrent": Intercurrent, "reliability": Reliability, "sensitivity": Sensitivity,
}  # fmt: skip


def _known(key: tuple[str | int, ...]) -> list[str]:
    """Names that may stand at a place."""
    return list(_TABLES[str(key[0])].model_fields) if key else list(AnalysisPlan.model_fields)
