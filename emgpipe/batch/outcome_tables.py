"""From a results folder to its outcome tables: scheduled rows under a plan, the blind table, and the one with arms."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.load import load_results
from emgpipe.batch.locking import refuse_other_results, unblind
from emgpipe.batch.locks import read_history
from emgpipe.errors import ResultsError, SettingsError
from emgpipe.outcomes.bds import bds_table, with_arms
from emgpipe.outcomes.lock import OpenedLock, lock_differences, post_hoc
from emgpipe.outcomes.plan import AnalysisPlan, load_plan
from emgpipe.outcomes.rules import apply_rules
from emgpipe.outcomes.schedule import scheduled
from emgpipe.outcomes.wide import wide_table
from emgpipe.outcomes.write import outcome_bytes, refuse_place
from emgpipe.store import read_json, read_lock, write_bytes

if TYPE_CHECKING:
    import pandas as pd

Shape = Literal["bds", "wide"]


class Written(NamedTuple):
    """Outcome tables that were written.

    Attributes
    ----------
    file : Path
        The blind one.
    unblinded : Path or None
        The one with arms.
    n_rows, n_columns : int
        Of the blind one.
    plan : str
        Which plan, for people.
    """

    file: Path
    unblinded: Path | None
    n_rows: int
    n_columns: int
    plan: str


def ruled_results(out: str | Path, plan: AnalysisPlan | None) -> "pd.DataFrame":
    """Scheduled rows of a results folder with the rules of a plan applied; blind.

    Parameters
    ----------
    out : str or Path
        Results folder.
    plan : AnalysisPlan or None
        As in `scheduled`.

    Returns
    -------
    DataFrame
        As `apply_rules`, and `post_hoc` (bool): made with settings, a recording or a version that the lock in force at
        the first unblinding does not have, or by another plan; False where nobody has unblinded.

    Raises
    ------
    ResultsError
        RESULTS_UNREADABLE, LOCK_CHANGED.
    StoreError
        STORE_LOCKED: a run is at work there.
    """
    folder = Path(out)
    results = load_results(folder)
    with read_lock(folder):
        made = scheduled(results.measures, _conditions(folder), plan, inputs=results.inputs)
        history = read_history(folder)
    ruled = apply_rules(made, plan)
    if history.before is None or history.binding is None:
        return ruled.assign(post_hoc=False)
    opened = OpenedLock(history.locks[-1], history.binding, True)  # noqa: FBT003
    later = plan is not None and plan.sha256 != history.binding.plan_sha256
    return ruled.assign(post_hoc=post_hoc(opened, ruled).rows | later)


def _conditions(folder: Path) -> dict[str, dict[str, str]]:
    try:
        told = read_json(folder / RUN_RECORD)["conditions"]
        return {str(name): {str(key): str(value) for key, value in cells.items()} for name, cells in told.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        message = f"{RUN_RECORD} cannot be read ({type(problem).__name__}); run the study again"
        raise ResultsError("RESULTS_UNREADABLE", message, where=str(folder)) from None


def write_outcome_tables(
    out: str | Path, file: str | Path, *, plan: str | Path | None = None, shape: Shape = "bds",
    arms: str | Path | None = None,
) -> Written:  # fmt: skip
    """Write the outcome table of results, blind; with arms a second one beside it.

    Parameters
    ----------
    out : str or Path
        Results folder.
    file : str or Path
        Ends with `.csv`, `.parquet` or `.xpt`; outside `out`.
    plan : str or Path, optional
        `analysis.toml`; where left out that of the last lock, and none where nothing is locked: visits are then as in
        `recordings.csv`, without period, baseline or analysis flag.
    shape : str
        `bds` or `wide`.
    arms : str or Path, optional
        `arms.csv`: opened under the lock and logged; sequence and treatment stand in `{stem}_unblinded{suffix}` alone.

    Returns
    -------
    Written

    Raises
    ------
    TableError
        OUTCOMES_EMPTY, XPT_NAME, XPT_TEXT, XPT_NUMBER; of arms as `read_arms`.
    SettingsError
        OUTCOMES_FORMAT, OUTCOMES_PLACE; of the plan, as `load_plan`.
    StoreError
        As `ruled_results`, and of the lock as `unblind`; STORE_UNWRITABLE. Where a table is refused, no arm is opened.
    """
    blind_file = Path(file)
    open_file = blind_file.with_name(f"{blind_file.stem}_unblinded{blind_file.suffix}") if arms else None
    for path in filter(None, (blind_file, open_file)):
        _refuse_inside(path, Path(out))
        refuse_place(path)
    chosen, told = _plan(Path(out), plan)
    before = load_results(out)
    ruled = ruled_results(out, chosen)
    table = bds_table(ruled, chosen) if shape == "bds" else wide_table(ruled)
    data = outcome_bytes(table, blind_file.suffix.lower())
    if arms is not None and open_file is not None:
        opened = unblind(out, arms, "outcomes", plan=chosen)
        refuse_other_results(before, opened.opened)
        write_bytes(blind_file, data)
        armed = with_arms(table, opened.sequences)
        if opened.opened.other_arms or lock_differences(opened.opened.binding, opened.opened.lock):
            armed = armed.assign(POSTHOC="Y")
        write_bytes(open_file, outcome_bytes(armed, open_file.suffix.lower()))
    else:
        write_bytes(blind_file, data)
    return Written(blind_file, open_file, *table.shape, told)


def _refuse_inside(path: Path, out: Path) -> None:
    if path.resolve().is_relative_to(out.resolve()):
        message = "an outcome table in the results folder; choose a place outside it"
        raise SettingsError("OUTCOMES_PLACE", message, where=str(path))


def _plan(out: Path, given: str | Path | None) -> tuple[AnalysisPlan | None, str]:
    """The plan, and which one it is."""
    if given is not None:
        return load_plan(given), f"plan {given}"
    load_results(out)
    with read_lock(out):
        locks = read_history(out).locks
    if locks:
        return locks[-1].analysis_plan(), f"plan of lock {locks[-1].number}"
    return None, "no plan: no baseline, no period, nothing flagged as analysed"
