"""Findings of a header as they come up: one sentence each, no more of a kind than a person reads."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from emgpipe.errors import ReadError
from emgpipe.recording import Finding, Severity

MOST_OF_A_KIND = 20
_KINDS = {
    b"PK\x03\x04": "a zip archive",
    b"<": "HTML or XML",
    b"\xef\xbb\xbf": "a byte order mark",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"version ": "a pointer of Git LFS",
}

_N = TypeVar("_N", int, float)


class Findings(list[Finding]):
    """A list that is told what was found.

    Attributes
    ----------
    is_shifted : bool
        The fields of the header stand at wrong places: a field may hold any text, a
        patient's name too, and is not shown.
    are_labels_shifted : bool
        The same of the fields of the signals: a signal is named by its position.
    """

    is_shifted = False
    are_labels_shifted = False

    def note(self, severity: Severity, code: str, where: str, found: str, allowed: str = "", hint: str = "") -> None:
        """Add a finding."""
        self.append(Finding.composed(code, severity, where, found=found, allowed=allowed, hint=hint))

    def error(self, code: str, where: str, found: str, allowed: str = "", hint: str = "") -> None:
        """Add a finding that refuses a signal or, unless `where` begins with its label, the file."""
        self.note("error", code, where, found, allowed, hint)

    def warn(self, code: str, where: str, found: str, allowed: str = "", hint: str = "") -> None:
        """Add a finding that leaves the file usable."""
        self.note("warning", code, where, found, allowed, hint)

    def number(self, where: str, field: bytes, parse: Callable[[bytes], _N | None]) -> _N | None:
        """Parse a number; where it is none, say so."""
        value = parse(field)
        if value is None:
            allowed = "a whole number such as 1000" if parse(b"0.5") is None else "a number such as -3276.8"
            hint = "write it with a decimal point" if b"," in field else "export the file again"
            self.error("HEADER_NUMBER", where, self.bytes_found(field), allowed, hint)
        return value

    def bytes_found(self, field: bytes) -> str:
        """Bytes of a field, or their number where they may be anything: words stand where no word belongs."""
        return f"{len(field)} bytes that belong elsewhere" if self.is_shifted or holds_words(field) else shown(field)

    def places(self, labels: Sequence[str]) -> list[str]:
        """Name each signal as `places` does, by its position alone where its label may be anything."""
        return [f"signal {i}" for i in range(len(labels))] if self.are_labels_shifted else places(labels)

    @property
    def refuse_file(self) -> bool:
        """Whether an error is one of the file, not of a signal."""
        return any(refuses_file(finding) for finding in self)


def shown(field: bytes) -> str:
    r"""Write bytes of a file so that they can harm no terminal and no log.

    Examples
    --------
    >>> print(shown(b"1,5\x1b"))
    '1,5\x1b'
    """
    return repr(field)[1:]


def holds_words(field: bytes) -> bool:
    """Tell text from a number that is badly written: text may name a person.

    Examples
    --------
    >>> [holds_words(field) for field in (b"1,5 uV", b"0x10", b"infinity", b"Smith 12")]
    [False, False, False, True]
    """
    return re.search(rb"[A-Za-z]{4}", field.lower().replace(b"infinity", b"")) is not None


def kind_of(first: bytes) -> str:
    r"""What the first bytes of a file that is no EDF look like; a file may begin with a name, which is not shown.

    Examples
    --------
    >>> [kind_of(first) for first in (b"PK\x03\x04", b"1       ", b"<html>", b"Smith, A")]
    ["'PK\\x03\\x04' (a zip archive)", "'1       '", "'<' (HTML or XML)", '8 other bytes']
    """
    for magic, kind in _KINDS.items():
        if first.startswith(magic):
            return f"{shown(magic)} ({kind})"
    return f"{len(first)} other bytes" if holds_words(first) else shown(first)


def refuses_file(finding: Finding) -> bool:
    """Tell an error of the file from one of a signal, whose place begins with the quoted label.

    Examples
    --------
    >>> refuses_file(Finding("RECORD_COUNT", "error", "number of records", ""))
    True
    >>> refuses_file(Finding("DIGITAL_RANGE", "error", "'EMG RF'", ""))
    False
    """
    return finding.severity == "error" and finding.where[:1] not in ("'", '"')


def places(labels: Sequence[str]) -> list[str]:
    """Name each signal for a message: its quoted label, with the position where several signals carry it.

    Examples
    --------
    >>> places(["EMG RF", "EMG BF", "EMG RF"])
    ["'EMG RF' (position 0)", "'EMG BF'", "'EMG RF' (position 2)"]
    """
    n = Counter(labels)
    return [f"{label!r} (position {i})" if n[label] > 1 else repr(label) for i, label in enumerate(labels)]


def listed(items: Sequence[object], most: int = 8) -> str:
    """Join a few items; of many, the first ones and how many more there are.

    Examples
    --------
    >>> listed([0, 1, 2], most=2)
    '0, 1 and 1 more'
    """
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(map(str, items[:most])) + more


def capped(findings: Iterable[Finding], most: int = MOST_OF_A_KIND) -> list[Finding]:
    """Leave out what a person would not read: the last of a kind that is told says how many more there are.

    Parameters
    ----------
    findings : iterable of Finding
        All of them.
    most : int
        Kept of one code and severity, of signals and of the file apart.

    Returns
    -------
    list of Finding
        In the same order; every code and severity is still there.

    Examples
    --------
    >>> many = [Finding("UNIT_UNKNOWN", "error", repr(f"EMG {i}"), "no unit") for i in range(500)]
    >>> [finding.message for finding in capped(many, most=2)]
    ['no unit', 'no unit (and 498 more)']
    """
    kept: list[Finding] = []
    last: dict[tuple[str, Severity, bool], int] = {}
    n: Counter[tuple[str, Severity, bool]] = Counter()
    for finding in findings:
        kind = (finding.code, finding.severity, refuses_file(finding))
        n[kind] += 1
        if n[kind] <= most:
            last[kind] = len(kept)
            kept.append(finding)
    for kind, at in last.items():
        if n[kind] > most:
            kept[at] = kept[at]._replace(message=f"{kept[at].message} (and {n[kind] - most} more)")
    return kept


def refusal(findings: Sequence[Finding], where: str) -> ReadError:
    """Turn findings, one of them an error of the file, into the error to raise.

    Parameters
    ----------
    findings : sequence of Finding
        Of one file.
    where : str
        The file's name.

    Returns
    -------
    ReadError
        The first error of the file, and how many other errors there are.
    """
    errors = [finding for finding in findings if finding.severity == "error"]
    first = next(finding for finding in errors if refuses_file(finding))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ReadError(first.code, f"{first.where}: {first.message}{more}", where=where)
