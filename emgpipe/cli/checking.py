"""`emgpipe check`: the verdict on each file, all findings at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from emgpipe.cli.talk import note, write, write_json
from emgpipe.errors import NoInputError, printable
from emgpipe.readers.edf import check_file
from emgpipe.recording import Finding

SUFFIXES = (".edf", ".bdf")
Verdict = Literal["ok", "usable", "refused"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


def check_paths(paths: Sequence[Path], *, as_json: bool, strict: bool) -> int:
    """Write the verdict on every file and return the exit code: 3 where anything is refused."""
    found, empty = _files(paths)
    if not found:
        raise empty[0]
    for problem in empty:
        note("warning", problem.code, problem.message, problem.where)
    counts: dict[Verdict, int] = {"ok": 0, "usable": 0, "refused": 0}
    told = []
    for path in found:
        findings = check_file(path)
        said = verdict(findings, strict=strict)
        counts[said] += 1
        if as_json:
            told.append({"file": str(path), "verdict": said, "findings": [f._asdict() for f in findings]})
        else:
            write(_lines(str(path), said, findings))
    if as_json:
        write_json({"files": told})
    if len(found) > 1:
        note("info", "", f"{len(found)} files: " + ", ".join(f"{n} {said}" for said, n in counts.items()))
    return 3 if counts["refused"] else 0


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
    """One line a file, and below it, indented, one a finding; errors first."""
    told = sorted(findings, key=lambda finding: _ORDER[finding.severity])
    lines = [f"{said}: {file}", *(f"  {f.severity}: {f.code}: {f.said}" for f in told)]
    return "\n".join(map(printable, lines))


def _files(paths: Sequence[Path]) -> tuple[list[Path], list[NoInputError]]:
    """Files as named, and recordings below folders, sorted; and what is to be said of folders without one."""
    files, empty = [], []
    for path in paths:
        found = _below(path) if _is_folder(path) else [path]
        if not found and path.suffix.lower() in SUFFIXES:
            found = [path]  # a folder named like a recording: refused as it is below another
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
    """What is named like a recording; a folder of such a name too where it holds none, to be refused by its name."""
    named = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    return [p for p in named if not (_is_folder(p) and _below(p))]
