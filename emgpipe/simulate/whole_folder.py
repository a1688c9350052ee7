"""A simulated study appears whole or not at all, in place of an earlier simulation and of nothing else."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from emgpipe.errors import EmgpipeError, SettingsError

TABLES = ("README.md", "SHA256SUMS", "arms.csv", "recordings.csv", "study.toml", "truth.json", "truth_intervals.csv")
MARKER = b"Nobody was recorded"
"""Stands in the README of every simulated folder."""
_DRAFT = ".tmp-"


@contextmanager
def whole_study(folder: Path, recordings: Sequence[str]) -> Iterator[Path]:
    """Make a study in a draft folder, and put it in its place when all of it is there.

    Parameters
    ----------
    folder : Path
        Where the study will be. Files that the SHA256SUMS of an earlier simulation lists are removed, others are left
        alone. When anything fails it is as it was before, and a folder that was not there is not there.
    recordings : sequence of str
        Files that will be written beside the tables: `recordings/S01_V1.edf`.

    Yields
    ------
    Path
        The draft; everything in it moves to `folder`.

    Raises
    ------
    SettingsError
        STUDY_EXISTS: a file would be replaced that no simulation has written.
        SIMULATION_UNWRITABLE: the folder cannot be written.
    EmgpipeError
        What the body raises, told of the place in `folder`.
    """
    absent: list[Path] = []
    try:
        _refuse_strangers(folder, recordings)
        absent = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with _draft_in(folder) as draft:
            (draft / "recordings").mkdir()
            yield draft
            _put(draft, folder)
    except OSError as problem:
        message = f"{problem.strerror or problem}; choose a folder that can be written"
        raise SettingsError("SIMULATION_UNWRITABLE", message, where=str(folder)) from problem
    finally:
        for path in absent:
            with suppress(OSError):  # the study is in it
                path.rmdir()


@contextmanager
def _draft_in(folder: Path) -> Iterator[Path]:
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
    try:
        yield draft
    except EmgpipeError as problem:
        where = problem.where.replace(str(draft), str(folder))
        raise type(problem)(problem.code, problem.message, where=where) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _refuse_strangers(folder: Path, recordings: Sequence[str]) -> None:
    readme = folder / "README.md"
    is_ours = readme.is_file() and MARKER in readme.read_bytes()
    listed = _listed(folder) if is_ours else {}
    there = [name for name in TABLES if (folder / name).exists() and not is_ours]
    there += [name for name in recordings if (folder / name).exists() and not _is_as_written(folder, name, listed)]
    if there:
        message = f"{', '.join(there)} in it would be replaced, and no simulation has written that; choose another -o"
        raise SettingsError("STUDY_EXISTS", message, where=str(folder))


def _listed(folder: Path) -> dict[str, str]:
    """Files and their sums as SHA256SUMS has them; nothing where there is none."""
    path = folder / "SHA256SUMS"
    if not path.is_file():
        return {}
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    return {line[66:]: line[:64] for line in lines if line.isprintable()}


def _is_as_written(folder: Path, name: str, listed: dict[str, str]) -> bool:
    """Whether a file is in the folder itself, behind no link, and has the sum that is told."""
    home, path = folder.resolve(), folder / name
    if name not in listed or path.resolve() != home / name or home not in path.resolve().parents:
        return False
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == listed[name]


def _put(draft: Path, folder: Path) -> None:
    """Replace the old study by the new one; in between there is no study.toml, and the sums tell what is ours."""
    listed = _listed(folder)
    old = [name for name in listed if name in TABLES or _is_as_written(folder, name, listed)]
    new = [path.relative_to(draft).as_posix() for path in sorted(draft.rglob("*")) if path.is_file()]
    (folder / "recordings").mkdir(exist_ok=True)
    for name in ("study.toml", *old):
        if name not in ("README.md", "SHA256SUMS"):
            (folder / name).unlink(missing_ok=True)
    first, last = ["README.md", "SHA256SUMS"], ["study.toml"]
    for name in [*first, *(name for name in new if name not in first + last), *last]:
        (draft / name).replace(folder / name)
