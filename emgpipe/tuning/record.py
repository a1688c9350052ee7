"""`tuning.json`: what was tried on what, how it was chosen, and whether the choice came too late."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.load import load_results
from emgpipe.batch.locks import read_history
from emgpipe.outcomes.lock import short
from emgpipe.settings import fingerprint
from emgpipe.store import content_key, file_digest, read_json, read_lock
from emgpipe.tuning.choice import RULE, Choice
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.write import MADE_BY

SOURCES = ("measures.csv", "inputs.csv")
"""Tables of results whose hashes a record keeps: the second one names the bytes of every recording."""
SCORE_NAMES = {"f1": "F1", "event_f1": "event F1"}


class Against(NamedTuple):
    """What settings were held against.

    Attributes
    ----------
    truth : tuple of Path
        Tables of marks.
    annotation : str
        Text of annotations that are marks; empty: none.
    kind : str
        What was marked.
    tolerance_s : float
        Between onsets of one event.
    """

    truth: tuple[Path, ...] = ()
    annotation: str = ""
    kind: str = "active"
    tolerance_s: float = 0.25

    @property
    def there(self) -> bool:
        """Whether there are marks at all."""
        return bool(self.truth or self.annotation)


def record_of(
    out: str | Path, grid: Grid, against: Against, *, choice: Choice | None = None, outcome: str = "",
    plan_sha256: str = "", frozen: int | None = None, freeze: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Record of a sweep.

    Parameters
    ----------
    out : str or Path
        Results folder.
    grid : Grid
        What was tried.
    against : Against
        Marks; their files are hashed.
    choice : Choice, optional
        The best point; None without marks.
    outcome, plan_sha256 : str
        Of the specification curve.
    frozen : int, optional
        The point whose settings are written.
    freeze : str
        What was asked for: `best`, or a number.

    Returns
    -------
    dict
        The same for the same sweep: no time, no place of files.

    Raises
    ------
    StoreError
        RESULTS_UNREADABLE, LOCK_CHANGED, STORE_LOCKED.
    """
    results = load_results(out)
    run = read_json(results.folder / RUN_RECORD)
    points = {"best": None if choice is None else choice.point, "frozen": frozen}
    return {
        "made_by": f"{MADE_BY} {version('emgpipe')}",
        "study": str(run["study"]),
        "results": {
            "settings_id": fingerprint(grid.base), **{name: results.outputs[name] for name in SOURCES},
            "n_recordings": len(run["inputs"]),
        },
        "grid": {
            "axes": grid.told(), "n_points": len(grid), "declared": _values(grid, 0), "sha256": grid_sha256(grid),
        },
        "marks": _marks(against) if against.there else None,
        "outcome": outcome or None, "plan_sha256": plan_sha256 or None,
        "choice": None if choice is None else _choice(grid, choice),
        "frozen": None if frozen is None else {**_point(grid, frozen), "asked": freeze},
        "post_hoc": list(post_hoc_words(results.folder, grid, [p for p in points.values() if p is not None])),
    }  # fmt: skip


def grid_sha256(grid: Grid) -> str:
    """Hash of the settings that were tried and of those that they were laid over."""
    return content_key(axes=grid.told(), base=fingerprint(grid.base))


def post_hoc_words(out: Path, grid: Grid, points: Sequence[int]) -> tuple[str, ...]:
    """What must be said of a choice beside the locks of the results; a sentence each, empty where there is no lock.

    Raises
    ------
    StoreError
        LOCK_CHANGED, STORE_LOCKED.
    """
    with read_lock(out):
        history = read_history(out)
    words = []
    if history.before is not None:
        words.append("Arms of these results have been opened: whatever is chosen by this sweep is post-hoc.")
    if history.binding is not None:
        other = [p for p in dict.fromkeys(points) if fingerprint(grid.settings(p)) != history.binding.settings_id]
        if other:
            told = ", ".join(f"point {point}" for point in other)
            words.append(
                f"The settings of {told} are not those of lock {history.binding.number}"
                f" ({short(history.binding.settings_id)}): results made with them are post-hoc once arms were opened;"
                " before that, run with them and lock again."
            )
    return tuple(words)


def _marks(against: Against) -> dict[str, Any]:
    return {
        "files": [{"name": Path(path).name, "sha256": file_digest(Path(path))} for path in against.truth],
        "annotation": against.annotation or None, "kind": against.kind, "tolerance_s": against.tolerance_s,
    }  # fmt: skip


def _choice(grid: Grid, choice: Choice) -> dict[str, Any]:
    return {
        **_point(grid, choice.point), "rule": RULE, "score": SCORE_NAMES[choice.criterion],
        "declared": choice.declared, "in_sample": choice.score, "out_of_sample": choice.out_of_sample,
        "n_patients": len(choice.patients), "reason": choice.reason or None,
    }  # fmt: skip


def _point(grid: Grid, point: int) -> dict[str, Any]:
    return {"point": point, "values": _values(grid, point), "settings_id": fingerprint(grid.settings(point))}


def _values(grid: Grid, point: int) -> Mapping[str, Any]:
    return dict(zip((axis.title for axis in grid.axes), grid.values(point), strict=True))
