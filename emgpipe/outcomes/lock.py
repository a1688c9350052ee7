"""The lock of an analysis: plan, settings and tables by hash, before anybody knows the arms; and what came after it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.outcomes.plan import AnalysisPlan, parse_plan
from emgpipe.store import content_key

if TYPE_CHECKING:
    import pandas as pd

SHORT = 12
"""Letters of a hash that people are shown."""


@dataclass(frozen=True)
class Lock:
    """What was frozen; who did it and when stands in the log.

    Attributes
    ----------
    number : int
        From 1 in a results folder.
    study : str
        Identifier.
    plan_text : str
        `analysis.toml` as it was read.
    plan : mapping
        The same with its preset and every default.
    plan_sha256 : str
        See `AnalysisPlan.sha256`.
    settings_id : str
        Of the run.
    outputs : mapping of str to str
        SHA-256 of every table and of `settings.toml`.
    conditions : str
        Hash of what `recordings.csv` says of the recordings: days of visits.
    run_json : str
        SHA-256 of `run.json`; not compared, as it names the way to the study, too.
    settings_ids, inputs, made_by : tuple of str
        Settings, recordings (SHA-256) and versions of emgpipe that the rows of `measures.csv` are made with.
    version : str
        Of emgpipe that locked.
    """

    number: int
    study: str
    plan_text: str
    plan: Mapping[str, Any]
    plan_sha256: str
    settings_id: str
    outputs: Mapping[str, str]
    conditions: str
    run_json: str
    settings_ids: tuple[str, ...]
    inputs: tuple[str, ...]
    made_by: tuple[str, ...]
    version: str

    @property
    def sha256(self) -> str:
        """SHA-256 of all of it."""
        return content_key(lock=asdict(self))

    def told(self) -> dict[str, Any]:
        """All of it and its hash, for `lock.json`."""
        return {**asdict(self), "sha256": self.sha256}

    @classmethod
    def from_told(cls, told: Mapping[str, Any]) -> "Lock":
        """Rebuild a lock; raises ValueError, TypeError or KeyError where it is none, or its hash is another."""
        facts: dict[str, Any] = {
            f.name: tuple(told[f.name]) if str(f.type).startswith("tuple") else told[f.name] for f in fields(cls)
        }
        lock = cls(**facts)
        if told.keys() != {*facts, "sha256"} or told["sha256"] != lock.sha256:
            raise ValueError("the hash of the lock is another one")
        return lock

    def analysis_plan(self) -> AnalysisPlan:
        """The plan that was locked; raises SettingsError where this version reads it otherwise."""
        return parse_plan(self.plan_text, where=f"plan of lock {self.number}")


class OpenedLock(NamedTuple):
    """A lock that holds, and the one that binds.

    Attributes
    ----------
    lock : Lock
        The last one: of plan, settings and tables as they are.
    binding : Lock
        The last one before the first unblinding; the same where nobody has unblinded before.
    unblinded : bool
        Somebody has unblinded before.
    other_arms : bool
        The table of arms is not, byte for byte, the one that was opened first.
    """

    lock: Lock
    binding: Lock
    unblinded: bool
    other_arms: bool = False

    @property
    def sha256(self) -> str:
        """Of the lock that holds."""
        return self.lock.sha256


class PostHoc(NamedTuple):
    """What was made or decided after arms were known.

    Attributes
    ----------
    rows : ndarray of bool, shape (n_rows,)
        Rows of measures whose settings, recording or version the binding lock does not have.
    words : tuple of str
        For people, a sentence each; empty where everything is as the binding lock says.
    """

    rows: NDArray[np.bool_]
    words: tuple[str, ...]


def short(digest: str) -> str:
    """First letters of a hash.

    Examples
    --------
    >>> short("0123456789abcdef")
    '0123456789ab'
    """
    return digest[:SHORT]


def lock_differences(lock: Lock, now: Lock, *, plan: bool = True) -> list[str]:
    """What is not as it was locked, in words; `plan`: compare the plans, too.

    Parameters
    ----------
    lock, now : Lock
        As it was locked, and as it would be now.
    plan : bool
        False where no other plan is at hand.

    Returns
    -------
    list of str
        Names: `the plan`, `settings`, tables, `days and conditions of the recordings`; empty where all is the same.
    """
    out = ["the plan"] if plan and lock.plan_sha256 != now.plan_sha256 else []
    out += ["the study"] if lock.study != now.study else []
    out += ["settings"] if lock.settings_id != now.settings_id else []
    names = sorted({*lock.outputs, *now.outputs} - {"settings.toml"})
    out += [name for name in names if lock.outputs.get(name) != now.outputs.get(name)]
    return out + (["days and conditions of the recordings"] if lock.conditions != now.conditions else [])


def post_hoc(opened: OpenedLock, measures: "pd.DataFrame") -> PostHoc:
    """Tell what the lock that was in force at the first unblinding does not have.

    Parameters
    ----------
    opened : OpenedLock
        From `emgpipe.batch.locking.opened_lock`.
    measures : DataFrame
        Rows of `measures.csv`, or others with its columns `settings_id`, `input_sha256`, `version`.

    Returns
    -------
    PostHoc
        Rows of a visit (no recording of their own) are judged by their settings and versions.

    Notes
    -----
    Rows are judged by what they are made with. A change that this does not tell (another word of study.toml, such as
    pairs or floors) changes the tables, and is said as such.
    """
    binding = opened.binding
    known = {"settings_id": binding.settings_ids, "input_sha256": binding.inputs, "version": binding.made_by}
    new = {column: _unknown(measures[column], names) for column, names in known.items()}
    rows = np.logical_or.reduce([*new.values()], axis=0) if len(measures) else np.zeros(0, bool)
    words = [f"{int(of_it.sum())} of {len(measures)} rows of measures {_WHAT[column]} than at the first unblinding"
             for column, of_it in new.items() if of_it.any()]  # fmt: skip
    if opened.other_arms:
        words.append("the table of arms is not the one that was opened first")
    changed = lock_differences(binding, opened.lock)
    if changed:
        words.append(f"not as locked before the first unblinding (lock {binding.number}): {', '.join(changed)}")
    return PostHoc(np.asarray(rows, np.bool_), tuple(f"post-hoc: {word}" for word in words))


_WHAT = {
    "settings_id": "are made with other settings",
    "input_sha256": "are of other recordings",
    "version": "are made with another version",
}


def _unknown(cells: Iterable[object], known: Sequence[str]) -> NDArray[np.bool_]:
    """Cells of which a part is unknown; several are joined by `;`, none is known."""
    told = {str(cell) for cell in cells if isinstance(cell, str)}
    new = {cell for cell in told if set(filter(None, cell.split(";"))) - set(known)}
    return np.array([isinstance(cell, str) and cell in new for cell in cells], np.bool_)
