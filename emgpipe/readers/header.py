"""The header of an EDF or BDF file: read as bytes, checked against the file's size before anything is allocated."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, NamedTuple, TypeVar

from emgpipe.errors import ReadError
from emgpipe.readers import header_fields as grammar
from emgpipe.recording import Finding, Severity

FIXED_BYTES = 256
"""Length of the part before the signals, and of the part of each signal."""

MOST_RECORD_BYTES = 64 * 2**20
MOST_RATE_HZ = 1e6

_EDF_VERSION = b"0       "
_BDF_VERSION = b"\xffBIOSEMI"
_LEAST_DURATION_S = 1e-6


_N = TypeVar("_N", int, float)


class SignalHeader(NamedTuple):
    """What a header states about one signal; limits in the signal's own unit."""

    label: str
    transducer: str
    unit: str
    physical_min: float
    physical_max: float
    digital_min: int
    digital_max: int
    prefilter: str
    samples_per_record: int


@dataclass(frozen=True)
class Header:
    """A header whose numbers are numbers and whose sizes agree with the file.

    Attributes
    ----------
    sample_bytes : int
        2 (EDF) or 3 (BDF).
    plus : str
        `C` (EDF+C, BDF+C), `D` (EDF+D, BDF+D) or `""`.
    start : datetime or None
        Wall clock to the second; None where the file states no valid one.
    n_records : int
        Data records in the file.
    record_s : float
        Duration of a record, seconds.
    record_s_quantum : float
        Half of the last digit where `record_s` fills its field and may be rounded, else 0.
    signals : tuple of SignalHeader
        In file order, annotation signals among them.
    """

    sample_bytes: int
    plus: str
    start: datetime | None
    n_records: int
    record_s: float
    record_s_quantum: float
    signals: tuple[SignalHeader, ...]

    @property
    def header_bytes(self) -> int:
        """Where the first record begins."""
        return FIXED_BYTES * (1 + len(self.signals))

    @property
    def record_bytes(self) -> int:
        """Length of one data record."""
        return self.sample_bytes * sum(signal.samples_per_record for signal in self.signals)

    @property
    def offsets(self) -> tuple[int, ...]:
        """Byte in a record where each signal begins."""
        ends = [0]
        for signal in self.signals:
            ends.append(ends[-1] + self.sample_bytes * signal.samples_per_record)
        return tuple(ends[:-1])

    def is_annotations(self, index: int) -> bool:
        """Tell whether a signal holds annotations, not samples."""
        return self.signals[index].label == ("EDF Annotations" if self.sample_bytes == 2 else "BDF Annotations")

    @property
    def annotation_signals(self) -> tuple[int, ...]:
        """Positions of the annotation signals."""
        return tuple(i for i in range(len(self.signals)) if self.is_annotations(i))


class _Layout(NamedTuple):
    """A field of every signal: name, width, parser."""

    name: str
    width: int


_SIGNAL_FIELDS = (
    _Layout("label", 16),
    _Layout("transducer", 80),
    _Layout("unit", 8),
    _Layout("physical minimum", 8),
    _Layout("physical maximum", 8),
    _Layout("digital minimum", 8),
    _Layout("digital maximum", 8),
    _Layout("prefilter", 80),
    _Layout("samples per record", 8),
    _Layout("reserved", 32),
)
_TEXTS = ("label", "transducer", "unit", "prefilter")


def read_header(file: BinaryIO) -> tuple[Header | None, list[Finding]]:
    """Read and check the header of an open file.

    Parameters
    ----------
    file : binary file
        At its first byte.

    Returns
    -------
    header : Header or None
        None where a finding of severity `error` says why.
    findings : list of Finding
        Everything that was seen, errors first seen first.
    """
    size = os.fstat(file.fileno()).st_size
    fixed = file.read(FIXED_BYTES)
    n_signals = grammar.parse_integer(fixed[252:256]) if len(fixed) == FIXED_BYTES else None
    wanted = FIXED_BYTES * n_signals if n_signals and 0 < n_signals <= size // FIXED_BYTES else 0
    return parse_header(fixed + file.read(wanted), size)


def parse_header(data: bytes, size: int) -> tuple[Header | None, list[Finding]]:
    r"""Check the bytes of a header against the size of its file.

    Parameters
    ----------
    data : bytes
        From the start of the file, at least up to the last signal's fields where the file has them.
    size : int
        Of the whole file, bytes.

    Returns
    -------
    header : Header or None
        None where a finding of severity `error` says why.
    findings : list of Finding
        Everything that was seen.

    Examples
    --------
    >>> header, findings = parse_header(b"PK\x03\x04" + bytes(300), 304)
    >>> header, findings[0].code
    (None, 'NOT_EDF')
    """
    first = _first_look(data, size)
    if first:
        return None, [first]
    found = _Findings()
    n_signals = found.number("number of signals", data[252:256], grammar.parse_integer)
    if n_signals is None or not _signals_fit(found, n_signals, size):
        return None, found
    header_bytes = found.number("header bytes", data[184:192], grammar.parse_integer)
    if header_bytes is not None and header_bytes != FIXED_BYTES * (1 + n_signals):
        # the fields of the signals would be read from wrong places
        message = f"found {header_bytes}; {n_signals} signals need {FIXED_BYTES * (1 + n_signals)}"
        found.error("HEADER_SIZE", "header bytes", message)
    if found.errors:
        return None, found
    plus = _plus(data[192:236])
    n_records = found.number("number of records", data[236:244], grammar.parse_integer)
    record_s = found.number("record duration", data[244:252], grammar.parse_real)
    columns = _columns(data, n_signals)
    signals = _signals(found, columns)
    if found.errors or n_records is None or record_s is None:
        return None, found
    rounded = len(data[244:252].strip(b" ")) == 8
    header = Header(
        sample_bytes=3 if data[:8] == _BDF_VERSION else 2,
        plus=plus,
        start=_start(found, data, plus),
        n_records=n_records,
        record_s=record_s,
        record_s_quantum=0.5 * 10.0 ** -grammar.decimals(data[244:252]) if rounded else 0.0,
        signals=signals,
    )
    _check_sizes(found, header, size)
    return (None if found.errors else header), found


class _Findings(list[Finding]):
    """Findings as they come up."""

    def note(self, severity: Severity, code: str, where: str, message: str) -> None:
        self.append(Finding(code, severity, where, message))

    def error(self, code: str, where: str, message: str) -> None:
        self.note("error", code, where, message)

    def number(self, where: str, field: bytes, parse: Callable[[bytes], _N | None]) -> _N | None:
        value = parse(field)
        if value is None:
            comma = " with a decimal point" if b"," in field else ""
            self.error("HEADER_NUMBER", where, f"found {shown(field)}; a plain number{comma} is needed")
        return value

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self if finding.severity == "error"]


def shown(field: bytes) -> str:
    """Write bytes of a file so that they can harm no terminal and no log."""
    return repr(field)[1:]


def _first_look(data: bytes, size: int) -> Finding | None:
    if size == 0:
        return Finding("FILE_EMPTY", "error", "file", "the file has 0 bytes; export or copy it again")
    if data[:8] not in (_EDF_VERSION, _BDF_VERSION):
        message = (
            f"the first bytes are {shown(data[:8])}; EDF begins with '0' and seven blanks, BDF with '\\xffBIOSEMI'"
        )
        return Finding("NOT_EDF", "error", "version", message)
    if len(data) < FIXED_BYTES:
        message = f"the file ends after {size} bytes; a header has at least {FIXED_BYTES}"
        return Finding("HEADER_SHORT", "error", "file", message)
    return None


def _signals_fit(found: _Findings, n_signals: int, size: int) -> bool:
    if n_signals < 1:
        found.error("SIGNAL_COUNT", "number of signals", f"found {n_signals}; at least 1 is needed")
    elif (needed := FIXED_BYTES * (1 + n_signals)) > size:
        message = f"{n_signals} signals need a header of {needed} bytes, the file has {size}; copy or export it again"
        found.error("HEADER_SHORT", "number of signals", message)
    return not found.errors


def _plus(reserved: bytes) -> str:
    return chr(reserved[4]) if reserved[:5] in (b"EDF+C", b"EDF+D", b"BDF+C", b"BDF+D") else ""


def _columns(data: bytes, n_signals: int) -> dict[str, list[bytes]]:
    """Fields of all signals, by name: a header holds all labels, then all transducers, and so on."""
    columns, at = {}, FIXED_BYTES
    for name, width in _SIGNAL_FIELDS:
        columns[name] = [data[at + i * width : at + (i + 1) * width] for i in range(n_signals)]
        at += n_signals * width
    return columns


def _signals(found: _Findings, columns: dict[str, list[bytes]]) -> tuple[SignalHeader, ...]:
    encoding = grammar.text_encoding([field for name in _TEXTS for field in columns[name]])
    if encoding != "ascii":
        message = f"labels or units hold letters beyond ASCII; read as {encoding.upper()}"
        found.note("info", "TEXT_ENCODING", "header", message)
    texts = {name: [grammar.parse_text(field, encoding) for field in columns[name]] for name in _TEXTS}
    return tuple(_signal(found, columns, texts, i) for i in range(len(texts["label"])))


def _signal(found: _Findings, columns: dict[str, list[bytes]], texts: dict[str, list[str]], i: int) -> SignalHeader:
    place = f"{texts['label'][i]!r} (position {i})"

    def integer(name: str) -> int | None:
        return found.number(f"{place}: {name}", columns[name][i], grammar.parse_integer)

    def real(name: str) -> float | None:
        return found.number(f"{place}: {name}", columns[name][i], grammar.parse_real)

    physical = real("physical minimum"), real("physical maximum")
    digital = integer("digital minimum"), integer("digital maximum")
    n_samples = integer("samples per record")
    if n_samples is not None and n_samples < 1:
        found.error("SAMPLES_PER_RECORD", f"{place}: samples per record", f"found {n_samples}; at least 1 is needed")
    # an absent number is an error that refuses the file; the 0 is never used
    return SignalHeader(
        label=texts["label"][i],
        transducer=texts["transducer"][i],
        unit=texts["unit"][i],
        physical_min=physical[0] or 0.0,
        physical_max=physical[1] or 0.0,
        digital_min=digital[0] or 0,
        digital_max=digital[1] or 0,
        prefilter=texts["prefilter"][i],
        samples_per_record=n_samples or 0,
    )


def _start(found: _Findings, data: bytes, plus: str) -> datetime | None:
    """Wall clock of the header; the four-digit year of EDF+ counts where it agrees with the short date."""
    short, clock = grammar.parse_date(data[168:176]), grammar.parse_time(data[176:184])
    long = grammar.parse_startdate(data[88:168]) if plus else None
    if short is None or clock is None:
        stated = f"{shown(data[168:176])} {shown(data[176:184])}"
        message = f"found {stated}; dd.mm.yy and hh.mm.ss are needed; taken as unknown"
        found.note("warning", "START_UNKNOWN", "start", message)
        return None
    if long and (long.day, long.month, long.year % 100) != (short.day, short.month, short.year % 100):
        message = f"start date {shown(data[168:176])} contradicts the recording field's {long}; taken as unknown"
        found.note("warning", "START_UNKNOWN", "start", message)
        return None
    return datetime.combine(long or short, clock)


def _check_sizes(found: _Findings, header: Header, size: int) -> None:
    if header.record_bytes > MOST_RECORD_BYTES:
        message = f"a record of {header.record_bytes} bytes; at most {MOST_RECORD_BYTES} are read"
        found.error("RECORD_TOO_LARGE", "samples per record", message)
    _check_duration(found, header)
    _check_records(found, header, size)
    if header.plus and not header.annotation_signals:
        message = f"the header says EDF+{header.plus} and no signal is labelled as annotations; its clock is lost"
        found.error("ANNOTATIONS_LOST", "labels", message)
    if header.annotation_signals and not header.plus:
        message = "a signal is labelled as annotations and the header does not say EDF+; read as EDF+"
        found.note("warning", "PLUS_FLAG_LOST", "reserved", message)


def _check_duration(found: _Findings, header: Header) -> None:
    others = [signal for i, signal in enumerate(header.signals) if not header.is_annotations(i)]
    if header.record_s == 0 and not others:
        return  # annotations only
    if header.record_s < _LEAST_DURATION_S:
        message = f"found {header.record_s!r} s; a positive duration is needed"
        found.error("RECORD_DURATION", "record duration", message)
        return
    rate_hz = max((signal.samples_per_record for signal in others), default=0) / header.record_s
    if rate_hz > MOST_RATE_HZ:
        message = f"{header.record_s!r} s makes a rate of {rate_hz:.6g} Hz; at most {MOST_RATE_HZ:.0f} Hz are read"
        found.error("RECORD_DURATION", "record duration", message)


def _check_records(found: _Findings, header: Header, size: int) -> None:
    held = size - header.header_bytes
    needed = header.n_records * header.record_bytes
    records = f"{header.n_records} records of {header.record_bytes} bytes"
    if header.n_records < 1:
        message = f"found {header.n_records}; a finished recording states at least 1, export it again"
        found.error("RECORD_COUNT", "number of records", message)
    elif held < needed:
        message = f"{records} need {needed} bytes of data, the file holds {held}; copy or export it again"
        found.error("FILE_TRUNCATED", "file", message)
    elif held > needed:
        message = f"{records} need {needed} bytes of data, the file holds {held}; export it again"
        found.error("RECORD_COUNT", "number of records", message)


def refusal(findings: Sequence[Finding], where: str) -> ReadError:
    """Turn findings, one of them an error, into the error to raise.

    Parameters
    ----------
    findings : sequence of Finding
        Of one file.
    where : str
        The file's name.

    Returns
    -------
    ReadError
        The first finding of severity `error`, and how many others there are.
    """
    errors = [finding for finding in findings if finding.severity == "error"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ReadError(errors[0].code, f"{errors[0].where}: {errors[0].message}{more}", where=where)
