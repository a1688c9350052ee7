"""Findings of a header as they come up: one sentence each, no more of a kind than a person reads."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from emgpipe.errors import ReadError
from emgpipe.recording import Finding, Severity

MOST_OF_A_KIND = 20
NOT_SHOWN = "not shown, as they may name a person"
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
        patient's name or a serial number too. None is shown, no number of one either, a signal
        is named by its position, and what is said of one refuses the file.
    is_doubtful : bool
        A signal has several fields that may be anything: as above, but only that signal is refused.
    """

    is_shifted = False
    is_doubtful = False

    def note(self, severity: Severity, code: str, where: str, found: str, allowed: str = "", hint: str = "") -> None:
        """Add a finding."""
        self.append(Finding.composed(code, severity, where, found=found, allowed=allowed, hint=hint))

    def error(self, code: str, where: str, found: str, allowed: str = "", hint: str = "") -> None:
        """Add a finding that refuses a signal or, unless `where` begins with its label, the file."""
        self.note("error", code, where, found, allowed, hint)

    def warn(self, code: str, where: str, found: str, allowed: str = "", hint: str = "") -> None:
        """Add a finding that leaves the file usable."""
        self.note("warning", code, where, found, allowed, hint)

    def number(self, where: str, field: bytes, parse: Callable[[bytes], _N | None], allowed: str) -> _N | None:
        """Parse a number; where it is none, say so."""
        value = parse(field)
        if value is None:
            hint = "write it with a decimal point" if b"," in field else "export the file again"
            self.error("HEADER_NUMBER", where, self.bytes_found(field), allowed, hint)
        return value

    def bytes_found(self, field: bytes) -> str:
        """Bytes of a field, or how many where they may be anything: words stand where no word belongs."""
        is_hidden = self.is_shifted or self.is_doubtful or holds_words(field)
        return f"{len(field)} bytes, {NOT_SHOWN}" if is_hidden and field.strip(b" ") else shown(field)

    def told(self, number: float) -> str:
        """Write a number of the header, unless it may be one of a person or a device."""
        return "a number" if self.is_shifted else repr(number)

    def places(self, labels: Sequence[str]) -> list[str]:
        """Name each signal as `places` does, by its position alone where its label may be anything."""
        if self.is_shifted or self.is_doubtful:
            return [f"the {ordinal(i)} signal" for i in range(len(labels))]
        return places(labels)

    def field_of(self, place: str, name: str) -> str:
        """Where a field of a signal is; an error there refuses the file where no label can be trusted."""
        return f"{name} of {place}" if self.is_shifted else f"{place}: {name}"

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
    >>> [kind_of(first) for first in (b"PK\x03\x04", b"1       ", b"<html>", b"48151623")]
    ["'PK\\x03\\x04' (a zip archive)", "'1       '", "'<' (HTML or XML)", '8 other bytes']
    """
    for magic, kind in _KINDS.items():
        if first.startswith(magic):
            return f"{shown(magic)} ({kind})"
    return shown(first) if len(first.strip(b" ")) < 4 else f"{len(first)} other bytes"


def refuses_file(finding: Finding) -> bool:
    """Tell an error of the file from one of a signal, whose place begins with its quoted label or its position.

    Examples
    --------
    >>> refuses_file(Finding("RECORD_COUNT", "error", "number of records", ""))
    True
    >>> refuses_file(Finding("DIGITAL_RANGE", "error", "'EMG RF'", ""))
    False
    >>> refuses_file(Finding("HEADER_NUMBER", "error", "the 2nd signal: physical minimum", ""))
    False
    """
    return finding.severity == "error" and not finding.where.startswith(("'", '"', "the "))


def ordinal(index: int) -> str:
    """Write a position for people: texts count signals from 1, Python and `Signal.index` from 0.

    Examples
    --------
    >>> [ordinal(i) for i in (0, 1, 2, 3, 10, 11, 20, 111)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '21st', '112th']
    """
    n = index + 1
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def places(labels: Sequence[str]) -> list[str]:
    """Name each signal for a message: its quoted label, with the position where several signals carry it.

    Examples
    --------
    >>> places(["EMG RF", "EMG BF", "EMG RF"])
    ["'EMG RF' (1st signal)", "'EMG BF'", "'EMG RF' (3rd signal)"]
    """
    n = Counter(labels)
    return [f"{label!r} ({ordinal(i)} signal)" if n[label] > 1 else repr(label) for i, label in enumerate(labels)]


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
    return ReadError(first.code, f"{first.said}{more}", where=where)
