"""What `--outcome` asks for: a measure, a target's measure, or an endpoint of the plan."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emgpipe.errors import SettingsError
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint
from emgpipe.outcomes.plan_checks import UNITS
from emgpipe.settings import nearest
from emgpipe.tuning.visits import VisitKey

if TYPE_CHECKING:
    import pandas as pd

REST = "rest"


def outcome_measures(outcome: str, plan: AnalysisPlan | None) -> frozenset[str]:
    """Measure that an outcome is of, known before anything is swept.

    Parameters
    ----------
    outcome : str
        `apdf_p10_uv`, `TA_R.apdf_p10_uv`, `TA_R@walk.apdf_p10_uv`, or the name of an endpoint of the plan.
    plan : AnalysisPlan or None
        Gives endpoints.

    Returns
    -------
    frozenset of str
        One name.

    Raises
    ------
    SettingsError
        OUTCOME_UNKNOWN, with the nearest name.

    Examples
    --------
    >>> outcome_measures("TA_R.apdf_p10_uv", None)
    frozenset({'apdf_p10_uv'})
    """
    measure = outcome.rpartition(".")[2]
    if measure not in UNITS:
        known = [*([one.name for one in plan.endpoints] if plan else ()), *UNITS]
        raise SettingsError("OUTCOME_UNKNOWN", f"{outcome!r}; {nearest(outcome, known)}", where="--outcome")
    return frozenset({measure})


def measured_keys(measures: "pd.DataFrame") -> tuple[VisitKey, ...]:
    """What results have, from their rows: enough to refuse an outcome before anything is swept."""
    rows = measures.loc[measures["measure"].notna(), list(VisitKey._fields)].drop_duplicates()
    return tuple(VisitKey(*cells) for cells in rows.itertuples(index=False))


def outcome_endpoints(outcome: str, plan: AnalysisPlan | None, keys: Sequence[VisitKey]) -> tuple[Endpoint, ...]:
    """Endpoints that an outcome names, a curve each.

    Parameters
    ----------
    outcome : str
        As in `outcome_measures`.
    plan : AnalysisPlan or None
        Its endpoint of this name, or its endpoints of this measure, count before all others.
    keys : sequence of VisitKey
        What the results have.

    Returns
    -------
    tuple of Endpoint
        Of a measure that the plan does not have one a target and task, as it is measured: no logarithm; at rest where
        there is rest and no segment is named.

    Raises
    ------
    SettingsError
        OUTCOME_UNKNOWN: the results have no such measure or target; it names the nearest they have.
    """
    (measure,) = outcome_measures(outcome, plan)
    known = [key for key in keys if key.measure == measure]
    planned = [one for one in plan.endpoints if outcome in (one.name, one.measure)] if plan else []
    if planned:
        for one in planned:
            if not any(_is_of(key, one) for key in known):
                message = f"no row of {one.name!r} in the results; known are {_some(known)}"
                raise SettingsError("OUTCOME_UNKNOWN", message, where="--outcome")
        return tuple(planned)
    target, _, place = outcome.removesuffix(measure).removesuffix(".").partition("@")
    own = [key for key in known if target in ("", key.target) and _is_at(key, place)]
    if not place and any(key.segment == REST for key in own):
        own = [key for key in own if key.segment == REST]
    if not own:
        message = f"{outcome!r}: no row of it in the results; known are {_some(known or keys)}"
        raise SettingsError("OUTCOME_UNKNOWN", message, where="--outcome")
    several = len({key.task for key in own}) > 1
    found = dict.fromkeys((key.target, key.segment, key.task if several else "") for key in own)
    return tuple(Endpoint(measure=measure, targets=(name,), segment=segment, task=task)
                 for name, segment, task in found)  # fmt: skip


def _is_at(key: VisitKey, place: str) -> bool:
    """Whether a row is of `segment/task`, `segment` or `task`; as endpoints are named, rest is not told."""
    first, slash, task = place.partition("/")
    if slash:
        return (key.segment, key.task) == (first, task)
    return not first or key.segment == first or (key.task, key.segment) == (first, REST)


def _is_of(key: VisitKey, endpoint: Endpoint) -> bool:
    return key.target in endpoint.targets and key.segment == endpoint.segment and endpoint.task in ("", key.task)


def _some(known: Sequence[VisitKey]) -> str:
    names = list(dict.fromkeys(f"{key.target}.{key.measure}" for key in known)) or ["none"]
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
