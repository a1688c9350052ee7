"""Whether what reruns and pages start from is as it was written: frames, covariances, stretches around stimuli."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emgpipe.batch.problems import AGAIN, Problem
from emgpipe.batch.units import Heads
from emgpipe.errors import StoreError
from emgpipe.filters.settings import ConditionSettings
from emgpipe.store import frames_key, load_frames, read_hashed
from emgpipe.store.atomic import TEMPORARY

ANEW = f"delete it, then {AGAIN}"


def cache_problems(folder: Path, heads: Heads) -> Iterator[Problem]:
    """Find files of the cache that are not as written, and say how many nothing refers to.

    Parameters
    ----------
    folder : Path
        Results folder. A cache that was deleted is no problem: it is computed again.
    heads : mapping of str to head or None
        Of units, by recording.

    Yields
    ------
    Problem
        CACHE_DAMAGED, a file or a folder of frames each; CACHE_UNUSED, once.
    """
    used = {key for head in heads.values() if (key := _key(head))}
    unused: list[Path] = []
    for path in _listed(folder, "frames"):
        if path.name not in used:
            unused.append(path)
            continue
        try:
            load_frames(path)
        except StoreError as problem:
            yield _damaged(folder, path, problem.message.split(";")[0])
    for path in [*_listed(folder, "pairs"), *_listed(folder, "stimuli")]:
        if path.name.split("_")[0] not in used:
            unused.append(path)
        elif read_hashed(path) is None:
            yield _damaged(folder, path, "not as it was written")
    if unused:
        n_bytes = sum(p.stat().st_size for one in unused for p in (one.rglob("*") if one.is_dir() else [one]))
        found = f"{len(unused)} of files, settings or versions that no unit has any more, {n_bytes / 1e6:.1f} MB"
        yield Problem(
            "cache", "CACHE_UNUSED", found, "deleting the whole cache is safe: a run makes what it needs anew"
        )


def _key(head: Mapping[str, Any] | None) -> str:
    """Name of the folder of frames of a measured recording; `""` of any other."""
    if head is None or head.get("status") != "ok":
        return ""
    try:
        job = head["job"]
        condition = ConditionSettings(**job["settings"]["condition"])
        told = {name: job[name] for name in ("mains_hz", "channels", "units")}
        return frames_key(str(head["sha256"]), condition, **told)
    except (KeyError, TypeError, ValueError):  # of another version
        return ""


def _damaged(folder: Path, path: Path, found: str) -> Problem:
    return Problem(path.relative_to(folder).as_posix(), "CACHE_DAMAGED", found, ANEW)


def _listed(folder: Path, name: str) -> list[Path]:
    place = folder / "cache" / name
    return sorted(p for p in place.iterdir() if not p.name.startswith(TEMPORARY)) if place.is_dir() else []
