"""`tuning.json`: what was tried on what, how it was chosen, and whether the choice came too late."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

from emgpipe.batch.locks import History, read_history
from emgpipe.outcomes.lock import Lock, short
from emgpipe.settings import fingerprint
from emgpipe.store import content_key, read_lock
from emgpipe.tuning.choice import RULE, Choice
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.study import Origin, Tried, Wish
from emgpipe.tuning.write import MADE_BY

SCORE_NAMES = {"f1": "F1", "event_f1": "event F1"}


class Asked(NamedTuple):
    """What is asked of a sweep beside its grid and its marks.

    Attributes
    ----------
    kind : str
        Whose marks choose; empty without marks.
    freeze : str
        `best`, the number of a point, or empty.
    outcomes : tuple of str
        Endpoints whose curves are shown.
    plan_sha256 : str
        Of the plan; empty without one.
    arms : bool
        Arms are opened.
    """

    kind: str = ""
    freeze: str = ""
    outcomes: tuple[str, ...] = ()
    plan_sha256: str = ""
    arms: bool = False


def question_of(grid: Grid, origin: Origin, wish: Wish, asked: Asked, history: History) -> dict[str, Any]:
    """Part of the record that is known before anything is swept: what is asked, and of which bytes.

    Parameters
    ----------
    grid : Grid
        What is tried.
    origin, wish : Origin, Wish
        From `try_settings`.
    asked : Asked
        The rest of it.
    history : History
        Locks of the results.

    Returns
    -------
    dict
        The same for the same question: no time, no place of files.
    """
    lock, opened = history.binding, history.before is not None or asked.arms
    return {
        "made_by": f"{MADE_BY} {version('emgpipe')}",
        "study": origin.study,
        "results": {"settings_id": fingerprint(grid.base), **origin.tables, "n_recordings": origin.n_recordings},
        "grid": {
            "axes": grid.told(), "n_points": len(grid), "declared": _values(grid, 0), "sha256": grid_sha256(grid),
        },
        "marks": _marks(origin, wish, asked.kind) if asked.kind else None,
        "outcome": list(asked.outcomes) or None, "plan_sha256": asked.plan_sha256 or None,
        "lock": None if lock is None else {"number": lock.number, "sha256": lock.sha256, "opened": opened},
    }  # fmt: skip


def record_of(tried: Tried, asked: Asked, *, choice: Choice | None = None, frozen: int | None = None) -> dict[str, Any]:
    """Record of a sweep.

    Parameters
    ----------
    tried : Tried
        Grid, and the bytes that were swept.
    asked : Asked
        What was asked for.
    choice : Choice, optional
        The best point; None without marks.
    frozen : int, optional
        The point whose settings are written.

    Returns
    -------
    dict
        The same for the same sweep: no time, no place of files.

    Raises
    ------
    StoreError
        LOCK_CHANGED, STORE_LOCKED.
    """
    with read_lock(tried.out):
        history = read_history(tried.out)
    grid, points = tried.grid, [None if choice is None else choice.point, frozen]
    return {
        **question_of(grid, tried.origin, tried.wish, asked, history),
        "choice": None if choice is None else _choice(grid, choice),
        "frozen": None if frozen is None else {**_point(grid, frozen), "asked": asked.freeze},
        "post_hoc": list(post_hoc_words(history, grid, [point for point in points if point is not None])),
    }  # fmt: skip


def grid_sha256(grid: Grid) -> str:
    """Hash of the settings that were tried and of those that they were laid over."""
    return content_key(axes=grid.told(), base=fingerprint(grid.base))


def unlocked(grid: Grid, points: Iterable[int], lock: Lock) -> list[int]:
    """Points whose settings are none of those that the rows of a lock were made with."""
    return [point for point in points if fingerprint(grid.settings(point)) not in lock.settings_ids]


def post_hoc_words(history: History, grid: Grid, points: Sequence[int]) -> tuple[str, ...]:
    """What must be said of a choice beside the locks of the results; a sentence each, empty where there is no lock."""
    words = []
    if history.before is not None:
        words.append("Arms of these results have been opened: whatever is chosen by this sweep is post-hoc.")
    if history.binding is not None:
        other = unlocked(grid, dict.fromkeys(points), history.binding)
        if other:
            told = ", ".join(f"point {point}" for point in other)
            words.append(
                f"The settings of {told} are not those of lock {history.binding.number}"
                f" ({short(history.binding.settings_id)}): results made with them are post-hoc once arms were opened;"
                " before that, run with them and lock again."
            )
    return tuple(words)


def _marks(origin: Origin, wish: Wish, kind: str) -> dict[str, Any]:
    return {
        "files": [{"name": name, "sha256": sha256} for name, sha256 in origin.truth],
        "annotation": wish.truth_annotation or None, "kind": kind, "tolerance_s": wish.tolerance_s,
    }  # fmt: skip


def _choice(grid: Grid, choice: Choice) -> dict[str, Any]:
    return {
        **_point(grid, choice.point), "rule": RULE, "score": SCORE_NAMES[choice.criterion],
        "declared": choice.declared, "in_sample": choice.score, "out_of_sample": choice.out_of_sample,
        "n_left_out": len(choice.patients), "reason": choice.reason or None,
    }  # fmt: skip


def _point(grid: Grid, point: int) -> dict[str, Any]:
    return {"point": point, "values": _values(grid, point), "settings_id": fingerprint(grid.settings(point))}


def _values(grid: Grid, point: int) -> Mapping[str, Any]:
    return dict(zip((axis.title for axis in grid.axes), grid.values(point), strict=True))
