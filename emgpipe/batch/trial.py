"""Results, their plan and arms to the analysis of the trial; opening arms is logged, results stay as they are."""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.load import Results, load_results
from emgpipe.batch.locking import opened_lock, refuse_other_results, unblind
from emgpipe.batch.unblinded import UNBLINDED
from emgpipe.batch.variants import Variant, sensitivity_variants, variant_tables
from emgpipe.errors import EmgpipeError
from emgpipe.outcomes.analysis import MadeWith, analyse_trial
from emgpipe.outcomes.fit import refuse_unfit
from emgpipe.outcomes.lock import OpenedLock, post_hoc
from emgpipe.outcomes.model import TrialAnalysis
from emgpipe.outcomes.plan import AnalysisPlan, Endpoint, check_plan, load_plan
from emgpipe.outcomes.plan_checks import LOGARITHMS, WITH_LIMIT
from emgpipe.outcomes.schedule import scheduled
from emgpipe.outcomes.sensitivity import Choice
from emgpipe.outcomes.told import TRIAL_COLUMNS, trial_rows, trial_told
from emgpipe.store import OutputLock, read_csv, read_json, write_csv, write_json

if TYPE_CHECKING:
    import pandas as pd

SIMULATED_ID = "SIMULATED"
"""Studies of nobody begin so."""
CROSSOVER_CSV, CROSSOVER_JSON = "crossover.csv", "crossover.json"


def analyse_results(
    out: str | Path, plan: str | Path | AnalysisPlan | None, arms: str | Path, *,
    progress: Callable[[int, int], object] = lambda _done, _total: None,
) -> TrialAnalysis:  # fmt: skip
    """Analyse the trial of a results folder, unblinded.

    Parameters
    ----------
    out : str or Path
        Results folder, locked.
    plan : str, Path or AnalysisPlan, optional
        `analysis.toml`, as it was locked; None: the plan of the lock.
    arms : str or Path
        `arms.csv`: subject and sequence.
    progress : callable
        Called with recordings done and all of them while rows are decided anew for the sensitivities.

    Returns
    -------
    TrialAnalysis
        The same, bit for bit, on every call.

    Raises
    ------
    SettingsError
        Of the plan, as `load_plan`.
    TableError
        Of the arms, as `read_arms`.
    StoreError
        LOCK_MISSING, LOCK_DIFFERS, LOCK_CHANGED, LOCK_REFUSED, RESULTS_UNREADABLE, STORE_LOCKED, STORE_UNWRITABLE.

    Notes
    -----
    The log gets an event `unblind` before anything is told; nothing else is written. Rows for other settings are
    decided from the cached frames. Where they cannot be made, their lines have the code why.
    """
    folder = Path(out)
    chosen = load_plan(plan) if isinstance(plan, str | Path) else plan
    opened, sequences = unblind(folder, arms, "crossover", plan=chosen)
    agreed = chosen or opened.lock.analysis_plan()
    results = load_results(folder)
    refuse_other_results(results, opened)
    record = read_json(folder / RUN_RECORD)
    rows = scheduled(results.measures, record["conditions"], agreed, inputs=results.inputs)
    return analyse_trial(
        rows, sequences, agreed, choices=_choices(results, record, agreed, progress), index=_index(record),
        made=_made_with(opened, results, agreed),
    )  # fmt: skip


def analyse_post_hoc(out: str | Path, arms: str | Path, endpoint: Endpoint) -> TrialAnalysis:
    """Analyse another endpoint of locked results by the visits and rules of the locked plan; marked post-hoc.

    Parameters
    ----------
    out, arms
        As in `analyse_results`.
    endpoint : Endpoint
        Any measure and targets of the results.

    Returns
    -------
    TrialAnalysis
        Of this endpoint alone; `post_hoc` says that it was chosen when arms could be known. No rows are decided anew.

    Raises
    ------
    SettingsError
        PLAN_INVALID: what the endpoint says contradicts itself or the plan. PLAN_UNFIT: the results do not have it.
    EmgpipeError
        As `analyse_results`.
    """
    folder = Path(out)
    results = load_results(folder)
    plan = _with_endpoint(opened_lock(folder).lock.analysis_plan(), endpoint)
    refuse_unfit(plan, read_csv(folder / "measures.csv"), where=endpoint.name)
    opened, sequences = unblind(folder, arms, "post-hoc")
    refuse_other_results(results, opened)
    record = read_json(folder / RUN_RECORD)
    rows = scheduled(results.measures, record["conditions"], plan, inputs=results.inputs)
    made = _made_with(opened, results, plan)
    words = f"post-hoc: {endpoint.name} was chosen after the plan was locked"
    return analyse_trial(
        rows, sequences, plan, index=_index(record), made=made._replace(post_hoc=(words, *made.post_hoc))
    )


def _with_endpoint(plan: AnalysisPlan, endpoint: Endpoint) -> AnalysisPlan:
    """The plan with another endpoint, and no secondary ones."""
    told = {**plan.model_dump(mode="json"), "endpoint": endpoint.model_dump(mode="json"), "secondary": []}
    if endpoint.measure not in WITH_LIMIT:
        told["rules"]["below_limit"] = "estimate"
    return check_plan(AnalysisPlan.model_validate_json(json.dumps(told)), where=endpoint.name)


def write_analysis(out: str | Path, analysis: TrialAnalysis) -> tuple[Path, Path]:
    """Write `unblinded/crossover.csv`, a row an estimate, and `unblinded/crossover.json`, all of the analysis.

    Parameters
    ----------
    out : str or Path
        Results folder.
    analysis : TrialAnalysis
        Of it.

    Returns
    -------
    (Path, Path)
        Both files; the same analysis gives the same bytes. Call `tell_unblinded` when all is written.

    Raises
    ------
    StoreError
        STORE_LOCKED, STORE_UNWRITABLE.
    """
    below = Path(out) / UNBLINDED
    paths = below / CROSSOVER_CSV, below / CROSSOVER_JSON
    with OutputLock(Path(out)):
        write_estimates(analysis, paths[0])
        write_json(paths[1], trial_told(analysis))
    return paths


def write_estimates(analysis: TrialAnalysis, file: str | Path) -> None:
    """Write a CSV with a row an estimate; `post_hoc` says why it is, and is empty where nothing is.

    Raises
    ------
    StoreError
        STORE_UNWRITABLE.
    """
    write_csv(Path(file), TRIAL_COLUMNS, trial_rows(analysis))


def _made_with(opened: OpenedLock, results: Results, plan: AnalysisPlan) -> MadeWith:
    lock = opened.lock
    return MadeWith(
        study=lock.study, plan_sha256=plan.sha256, lock_sha256=opened.sha256, settings_id=lock.settings_id,
        version=version("emgpipe"), simulated=lock.study.startswith(SIMULATED_ID),
        post_hoc=post_hoc(opened, results.measures).words,
    )  # fmt: skip


def _index(record: Mapping[str, Any]) -> Endpoint | None:
    """The rigidity index as an endpoint of its muscles."""
    muscles, offset_uv, *_ = record["subject"]
    if not muscles:
        return None
    return Endpoint(measure="apdf_p10_uv", targets=tuple(muscles), log=True, offset_uv=float(offset_uv))


def _choices(
    results: Results, record: Mapping[str, Any], plan: AnalysisPlan, progress: Callable[[int, int], object]
) -> list[Choice]:
    """Scheduled rows under every other setting; one after the other where one of them cannot be made."""
    folder = results.folder
    try:
        variants = [one for one in sensitivity_variants(folder, plan) if _concerns(one, plan)]
    except EmgpipeError as error:
        return [Choice("variants", "other settings", error)]
    try:
        tables: Mapping[str, Any] = variant_tables(folder, variants, progress=progress)
    except EmgpipeError:
        tables = {one.name: _table_or_why(folder, one, progress) for one in variants}
    return [
        Choice(one.name, one.words, found if isinstance(found := tables[one.name], EmgpipeError)
               else scheduled(found, record["conditions"], plan, inputs=results.inputs))
        for one in variants
    ]  # fmt: skip


def _concerns(variant: Variant, plan: AnalysisPlan) -> bool:
    """Whether the primary endpoint can change: the offset of the index is in measures of the whole body alone."""
    return variant.offset_factor == 1.0 or plan.endpoint.measure in LOGARITHMS


def _table_or_why(
    folder: Path, variant: Variant, progress: Callable[[int, int], object]
) -> "pd.DataFrame | EmgpipeError":
    try:
        return variant_tables(folder, [variant], progress=progress)[variant.name]
    except EmgpipeError as error:
        return error
