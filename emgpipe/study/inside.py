"""Paths that a study states: they stay in its folder after every link is followed."""

import re
from pathlib import Path

from emgpipe.errors import StudyError

_DRIVE = re.compile(r"[A-Za-z]:")


def path_inside(file: str, root: Path, *, what: str, where: str, allow_outside: bool = False) -> Path:
    """Full path of a file that lies in the study folder after links are followed.

    Parameters
    ----------
    file : str
        As written in `study.toml` or `recordings.csv`, `/` between folders; it may be missing.
    root : Path
        Folder of the study, links followed.
    what, where : str
        Name of the cell or key, and its place, for messages.
    allow_outside : bool
        Accept files outside the folder.

    Returns
    -------
    Path
        Without links.

    Raises
    ------
    StudyError
        FILE_OUTSIDE: it leads out of the folder or nowhere, has a backslash or begins with a drive.

    Examples
    --------
    >>> path_inside("../a.edf", Path("/study"), what="file", where="recordings.csv:2")
    Traceback (most recent call last):
    ...
    emgpipe.errors.StudyError: recordings.csv:2: FILE_OUTSIDE: file = '../a.edf' lies outside the study folder; ...
    """
    if "\\" in file:
        message = f"{what} = {file!r} has a backslash; write '/' between folders"
        raise StudyError("FILE_OUTSIDE", message, where=where)
    if _DRIVE.match(file) and not allow_outside:
        message = f"{what} = {file!r} begins with a drive; write the path from the study folder on"
        raise StudyError("FILE_OUTSIDE", message, where=where)
    try:
        path = (root / file).resolve()
    except (OSError, RuntimeError, ValueError) as problem:  # links in a circle, letters that no path can have
        message = f"{what} = {file!r} cannot be followed ({problem}); give a file in the study folder"
        raise StudyError("FILE_OUTSIDE", message, where=where) from None
    if not allow_outside and not path.is_relative_to(root):
        message = f"{what} = {file!r} lies outside the study folder; move it there, or allow it with --allow-outside"
        raise StudyError("FILE_OUTSIDE", message, where=where)
    return path
