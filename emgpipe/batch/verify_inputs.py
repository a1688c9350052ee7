"""Whether the recordings still are the ones that were measured."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emgpipe.batch.problems import Problem
from emgpipe.errors import ReadError

Heads = Mapping[str, Mapping[str, Any] | None]


def study_folder(folder: Path, record: Mapping[str, Any], study: str | Path | None) -> Path | None:
    """Folder that files of recordings are named from: of the study as given, else where the record says it lies."""
    if study is not None:
        return Path(study) if Path(study).is_dir() else Path(study).parent
    told = str(record.get("study_path", ""))
    return (folder.resolve() / told).parent if told else None


def recording_path(place: Path, head: Mapping[str, Any]) -> Path:
    """Path of a recording, from the folder of its study, without links."""
    return (place / str(head["job"]["entry"]["file"])).resolve()


def input_problems(heads: Heads, place: Path | None) -> Iterator[Problem]:
    """Find recordings that are gone, or whose bytes are not those of their unit.

    Parameters
    ----------
    heads : mapping of str to head or None
        Of units, by recording; one that was never read (no hash) is not looked for.
    place : Path or None
        Folder of the study; None: not known.

    Yields
    ------
    Problem
        INPUT_MISSING, INPUT_CHANGED.
    """
    measured = [(file, str(head["sha256"])) for head in heads.values() if head and (file := _file(head))]
    if place is None:
        if measured:
            found = f"{len(measured)} recordings: it is not recorded where the study lies"
            advice = "give it with --study, or leave recordings out with --no-inputs"
            yield Problem("recordings", "INPUT_MISSING", found, advice)
        return
    for file, sha256 in measured:
        if (changed := _changed((place / file).resolve(), sha256)) is not None:
            yield Problem(file, *changed)


def _file(head: Mapping[str, Any]) -> str:
    """Recording of a unit as `recordings.csv` names it; `""` where it was never read."""
    try:
        return str(head["job"]["entry"]["file"]) if head["sha256"] else ""
    except (KeyError, TypeError):  # no unit of ours
        return ""


def _changed(path: Path, sha256: str) -> tuple[str, str, str] | None:
    """Code, what was found and what to do, where a file is not the one of this hash."""
    from emgpipe.readers import file_sha256

    try:
        if file_sha256(path) == sha256:
            return None
    except ReadError as problem:
        return "INPUT_MISSING", problem.message.split(";")[0], "give the place of the study with --study"
    return "INPUT_CHANGED", "the recording has changed since it was measured", "run the study again"
