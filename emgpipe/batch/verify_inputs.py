"""Whether the recordings still are the ones that were measured."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emgpipe.batch.problems import AGAIN, Problem
from emgpipe.batch.units import Heads, told_file
from emgpipe.errors import ReadError
from emgpipe.store import file_digest, read_csv

INPUTS = "inputs.csv"


def study_folder(folder: Path, record: Mapping[str, Any], study: str | Path | None) -> Path | None:
    """Folder that files of recordings are named from: of the study as given, else where the record says it lies."""
    if study is not None:
        return Path(study) if Path(study).is_dir() else Path(study).parent
    told = str(record.get("study_path", ""))
    return (folder.resolve() / told).parent if told else None


def recording_path(place: Path, file: str) -> Path:
    """Path of a recording, from the folder of its study, without links."""
    return (place / file).resolve()


def told_inputs(folder: Path, record: Mapping[str, Any], heads: Heads) -> dict[str, tuple[str, str]]:
    """File and hash of each recording: as `inputs.csv` says, which people read, else as its unit says.

    Parameters
    ----------
    folder : Path
        Results folder.
    record : mapping
        `run.json`; empty where it cannot be believed.
    heads : mapping of str to head or None
        Of units, by recording.

    Returns
    -------
    dict of str to (str, str)
        By recording.
    """
    try:
        if file_digest(folder / INPUTS) == record["outputs"][INPUTS]:
            return {row["recording"]: (row["file"], row["sha256"]) for row in read_csv(folder / INPUTS)}
    except (OSError, ValueError, KeyError, TypeError):  # told by others
        pass
    return {name: (told_file(head), str(head.get("sha256", ""))) for name, head in heads.items() if head}


def input_problems(told: Mapping[str, tuple[str, str]], place: Path | None) -> Iterator[Problem]:
    """Find recordings that are gone, or whose bytes are not those that were measured.

    Parameters
    ----------
    told : mapping of str to (str, str)
        From `told_inputs`; one that was never read (no hash) is not looked for.
    place : Path or None
        Folder of the study; None: not known.

    Yields
    ------
    Problem
        INPUT_MISSING, INPUT_CHANGED.
    """
    measured = [(file, sha256) for file, sha256 in told.values() if file and sha256]
    if place is None:
        if measured:
            found = f"{len(measured)} recordings: it is not recorded where the study lies"
            advice = "give it with --study, or leave recordings out with --no-inputs"
            yield Problem("recordings", "INPUT_MISSING", found, advice)
        return
    for file, sha256 in measured:
        if (changed := _changed(recording_path(place, file), sha256)) is not None:
            yield Problem(file, *changed)


def _changed(path: Path, sha256: str) -> tuple[str, str, str] | None:
    """Code, what was found and what to do, where a file is not the one of this hash."""
    from emgpipe.readers import file_sha256

    try:
        if file_sha256(path) == sha256:
            return None
    except ReadError as problem:
        return "INPUT_MISSING", problem.message.split(";")[0], "give the place of the study with --study"
    return "INPUT_CHANGED", "the recording has changed since it was measured", AGAIN
