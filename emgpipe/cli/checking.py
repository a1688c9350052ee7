"""`emgpipe check`: the verdict on each file, all findings at once."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from emgpipe.cli.talk import printable, write
from emgpipe.errors import NoInputError
from emgpipe.readers.edf import check_file
from emgpipe.recording import Finding

SUFFIXES = (".edf", ".bdf")
Verdict = Literal["ok", "usable", "refused"]


def check_paths(paths: Sequence[Path], *, as_json: bool, strict: bool) -> int:
    """Write the verdict on every file and return the exit code: 3 where anything is refused."""
    worst: list[Verdict] = []
    told = []
    for path in _files(paths):
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


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as named, and recordings below folders, sorted."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not p.is_dir())
        if not found:
            raise NoInputError("NO_RECORDINGS", "no .edf or .bdf file below it; give a file", where=str(path))
        yield from found
