"""`emgpipe check`: the verdict on each file, all findings at once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from emgpipe.cli.talk import note, printable, write
from emgpipe.errors import NoInputError
from emgpipe.readers.edf import check_file
from emgpipe.recording import Finding

SUFFIXES = (".edf", ".bdf")
Verdict = Literal["ok", "usable", "refused"]


def check_paths(paths: Sequence[Path], *, as_json: bool, strict: bool) -> int:
    """Write the verdict on every file and return the exit code: 3 where anything is refused."""
    worst: list[Verdict] = []
    told = []
    found, empty = _files(paths)
    if not found:
        raise empty[0]
    for problem in empty:
        note("warning", problem.code, problem.message, problem.where)
    for path in found:
        findings = check_file(path)
        worst.append(verdict(findings, strict=strict))
        told.append({"file": str(path), "verdict": worst[-1], "findings": [f._asdict() for f in findings]})
        if not as_json:
            write(_lines(str(path), worst[-1], findings))
    if as_json:
        write(json.dumps({"files": told}, indent=2))
    return 3 if "refused" in worst else 0


def verdict(findings: Sequence[Finding], *, strict: bool = False) -> Verdict:
    """`refused` where an error says so (of the file or of one of its signals), `usable` with a warning.

    Examples
    --------
    >>> (
    ...     verdict([]),
    ...     verdict([Finding("GAP", "warning", "", "")]),
    ...     verdict([Finding("GAP", "warning", "", "")], strict=True),
    ... )
    ('ok', 'usable', 'refused')
    """
    severities = {finding.severity for finding in findings}
    if "error" in severities or (strict and "warning" in severities):
        return "refused"
    return "usable" if "warning" in severities else "ok"


def _lines(file: str, said: Verdict, findings: Sequence[Finding]) -> str:
    lines = [f"{said}: {file}"]
    for f in findings:
        place = f"{file}: {f.where}" if f.where and f.where != "file" else file
        lines.append(f"  {f.severity}: {place}: {f.code}: {f.message}")
    return "\n".join(map(printable, lines))


def _files(paths: Sequence[Path]) -> tuple[list[Path], list[NoInputError]]:
    """Files as named, and recordings below folders, sorted; and what is to be said of folders without one."""
    files, empty = [], []
    for path in paths:
        found = _below(path) if _is_folder(path) else [path]
        files += found
        if not found:
            empty.append(NoInputError("NO_RECORDINGS", "no .edf or .bdf file below it; give a file", where=str(path)))
    return files, empty


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # what may not be looked at is judged as a file: FILE_UNREADABLE
        return False


def _below(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and not p.is_dir())
