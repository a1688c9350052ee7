"""The header of an EDF or BDF file: read as bytes, checked against the file's size before anything is allocated."""

import os
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, NamedTuple

from emgpipe.readers import header_fields as grammar
from emgpipe.readers.findings import NOT_SHOWN, Findings, capped, kind_of, shown
from emgpipe.readers.header_texts import TEXTS, check_texts
from emgpipe.readers.sizes import check_duration, check_record_bytes, records_to_use
from emgpipe.recording import Finding

FIXED_BYTES = 256
"""Length of the part before the signals, and of the part of each signal."""

_EDF_VERSION = b"0       "
_BDF_VERSION = b"\xffBIOSEMI"
_FLAGS = (b"EDF+C", b"EDF+D", b"BDF+C", b"BDF+D")
_FLAG_LIKE = re.compile(rb"[EB]DF *\+.?", re.IGNORECASE | re.DOTALL)


class SignalHeader(NamedTuple):
    """What a header states about one signal; limits in the signal's own unit, None where the field holds no number."""

    label: str
    transducer: str
    unit: str
    physical_min: float | None
    physical_max: float | None
    digital_min: int | None
    digital_max: int | None
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
        Whole data records in the file, which are those to use whatever the header states.
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
        return self.signals[index].label == _ANNOTATIONS[self.sample_bytes]

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
_LIMITS = ("physical minimum", "physical maximum", "digital minimum", "digital maximum")
_MOST_NAMED_SIGNALS = 999  # four digits may be those of a serial number
_DATE_LIKE = re.compile(rb"[0-9]{2}[-./: ][0-9]{2}[-./: ][0-9]{2}")
_ANNOTATIONS = {2: "EDF Annotations", 3: "BDF Annotations"}
_FILE_TEXTS = {"patient": slice(8, 88), "recording": slice(88, 168), "reserved": slice(192, 236)}


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
        None where a finding of severity `error` that is not at a signal says why.
    findings : list of Finding
        Everything that was seen, of one kind no more than a person reads.

    Examples
    --------
    >>> header, findings = parse_header(b"PK\x03\x04" + bytes(300), 304)
    >>> header, findings[0].code
    (None, 'NOT_EDF')
    """
    found = Findings()
    header = _parse(found, data, size) if _is_edf(found, data, size) else None
    return (None if found.refuse_file else header), capped(found)


def _parse(found: Findings, data: bytes, size: int) -> Header | None:
    found.is_shifted = _is_shifted(data)
    sample_bytes = 3 if data[:8] == _BDF_VERSION else 2
    n_signals = _signal_count(found, data, size)
    columns = _columns(data, n_signals or 0)
    _look_for_shifts(found, columns, sample_bytes)
    plus = _plus(found, data[192:236], sample_bytes)
    start = _start(found, data, plus)
    allowed = "a whole number such as 60"
    n_records = found.number("number of records", data[236:244], grammar.parse_integer, allowed)
    record_s = found.number("record duration", data[244:252], grammar.parse_real, "a positive number such as 1")
    check_texts(found, {name: data[at] for name, at in _FILE_TEXTS.items()}, columns)
    if n_signals is None:
        return None  # where the fields of the signals stand is not known
    header = Header(
        sample_bytes=sample_bytes,
        plus=plus,
        start=start,
        n_records=n_records or 0,
        record_s=record_s or 0.0,
        record_s_quantum=_quantum(data[244:252]),
        signals=_signals(found, columns, sample_bytes),
    )
    _check_flag(found, header)
    return _checked_sizes(found, header, n_records, record_s, size)


def _is_edf(found: Findings, data: bytes, size: int) -> bool:
    if size == 0:
        found.error("FILE_EMPTY", "file", "0 bytes", "a header of at least 256", "copy or export the file again")
    elif data[:8] not in (_EDF_VERSION, _BDF_VERSION):
        allowed = "'0' and seven blanks (EDF) or '\\xffBIOSEMI' (BDF)"
        found.error("NOT_EDF", "version", kind_of(data[:8]), allowed, "give a file that is EDF or BDF")
    elif len(data) < FIXED_BYTES:
        allowed = f"at least {FIXED_BYTES}"
        found.error("HEADER_SHORT", "file", f"{size} bytes", allowed, "copy or export the file again")
    return not found


def _is_shifted(data: bytes) -> bool:
    """Tell whether a number of the file is none, or is no length of a header: bytes may be lost or won before it."""
    length, n_records, n_signals = map(grammar.parse_integer, (data[184:192], data[236:244], data[252:256]))
    if length is None or n_records is None or n_signals is None or not grammar.is_like_number(data[244:252]):
        return True
    return length % FIXED_BYTES != 0 and abs(length - FIXED_BYTES * (1 + n_signals)) >= FIXED_BYTES


def _look_for_shifts(found: Findings, columns: dict[str, list[bytes]], sample_bytes: int) -> None:
    """Judge from all numbers of the signals whether their fields, labels among them, are what they should be.

    A header that has lost or won bytes has its transducers, which may name people and devices,
    anywhere else; samples per record stand behind them and are hardly ever numbers then. A
    single limit that is none is a defect of its own.
    """
    if None in map(grammar.parse_integer, columns["samples per record"]):
        found.is_shifted = True
    for i, label in enumerate(columns["label"]):
        bad = sum(not grammar.is_like_number(columns[name][i]) for name in _LIMITS)
        if bad and grammar.parse_real(columns["unit"][i]) is not None:
            found.is_shifted = True
        if bad > 1 and grammar.decode_text(label)[0] != _ANNOTATIONS[sample_bytes]:
            found.is_doubtful = True


def _signal_count(found: Findings, data: bytes, size: int) -> int | None:
    """Number of signals whose fields can be looked at; None where it is not known or the file ends before."""
    n_signals = found.number("number of signals", data[252:256], grammar.parse_integer, "a whole number from 1")
    header_bytes = found.number("header bytes", data[184:192], grammar.parse_integer, "a whole number such as 768")
    if n_signals is None:
        return None
    if n_signals < 1:
        found.error("SIGNAL_COUNT", "number of signals", found.told(n_signals), "at least 1", "export the file again")
        return None
    needed = FIXED_BYTES * (1 + n_signals)
    is_held = needed <= min(size, len(data))
    is_plausible = not found.is_shifted and n_signals <= _MOST_NAMED_SIGNALS
    allowed = f"{needed} for {n_signals} signals" if is_plausible else "256 and as many for each signal"
    if not is_held:
        found.error("HEADER_SHORT", "file", f"{size} bytes", f"at least {allowed}", "copy or export the file again")
    if header_bytes is not None and header_bytes != needed:
        # the fields of the signals would be read from wrong places
        found.error("HEADER_SIZE", "header bytes", found.told(header_bytes), allowed, "export the file again")
        return None
    return n_signals if is_held else None


def _plus(found: Findings, reserved: bytes, sample_bytes: int) -> str:
    is_flag, like = reserved[:5] in _FLAGS, _FLAG_LIKE.search(reserved)
    if like and not (is_flag and reserved[:1] == (b"B" if sample_bytes == 3 else b"E")):
        family = "BDF" if sample_bytes == 3 else "EDF"
        read_as = f"{family}+{chr(reserved[4])}" if is_flag else family
        allowed = f"'{family}+C' or '{family}+D' at its first byte"
        found.warn("HEADER_RESERVED", "reserved", shown(like[0]), allowed, f"read as {read_as}")
    return chr(reserved[4]) if is_flag else ""


def _columns(data: bytes, n_signals: int) -> dict[str, list[bytes]]:
    """Fields of all signals, by name: a header holds all labels, then all transducers, and so on."""
    columns, at = {}, FIXED_BYTES
    for name, width in _SIGNAL_FIELDS:
        columns[name] = [data[at + i * width : at + (i + 1) * width] for i in range(n_signals)]
        at += n_signals * width
    return columns


def _quantum(field: bytes) -> float:
    """Half of the last digit of a duration whose digits its field may have cut: it is full, and no 0 ends it."""
    is_cut = len(field.strip(b" ")) == len(field) and b"." in field and not field.endswith(b"0")
    return 0.5 * 10.0 ** -grammar.decimals(field) if is_cut else 0.0


def _signals(found: Findings, columns: dict[str, list[bytes]], sample_bytes: int) -> tuple[SignalHeader, ...]:
    texts = {name: [grammar.decode_text(field)[0] for field in columns[name]] for name in TEXTS}
    signals = []
    for i, place in enumerate(found.places(texts["label"])):
        limits = {name: columns[name][i] for name in _LIMITS}
        is_annotations = texts["label"][i] == _ANNOTATIONS[sample_bytes]
        judge = _annotation_limits if is_annotations else _limits
        physical_min, physical_max, digital_min, digital_max = judge(found, place, limits)
        signals.append(
            SignalHeader(
                label=texts["label"][i],
                transducer=texts["transducer"][i],
                unit=texts["unit"][i],
                physical_min=physical_min,
                physical_max=physical_max,
                digital_min=digital_min,
                digital_max=digital_max,
                prefilter=texts["prefilter"][i],
                samples_per_record=_samples(found, place, columns["samples per record"][i]),
            )
        )
    return tuple(signals)


def _limits(
    found: Findings, place: str, fields: dict[str, bytes]
) -> tuple[float | None, float | None, int | None, int | None]:
    """Physical and digital minimum and maximum; None and an error at the signal where one is no number."""
    where = {name: found.field_of(place, name) for name in _LIMITS}
    low, high = (
        found.number(where[name], fields[name], grammar.parse_real, "a number such as -3276.8") for name in _LIMITS[:2]
    )
    bottom, top = (
        found.number(where[name], fields[name], grammar.parse_integer, "a whole number such as -32768")
        for name in _LIMITS[2:]
    )
    return low, high, bottom, top


def _annotation_limits(
    found: Findings, place: str, fields: dict[str, bytes]
) -> tuple[float | None, float | None, int | None, int | None]:
    """Limits of a signal that holds text: nothing is scaled by them, so that a defect is only said."""
    low, high, bottom, top = limits = _limits(Findings(), place, fields)
    if None in limits or low == high or bottom >= top:  # type: ignore[operator]
        parts = [found.bytes_found(field) for field in fields.values()]
        stated = NOT_SHOWN if any(NOT_SHOWN in part for part in parts) else ", ".join(parts)
        hint = "used; the signal holds text, nothing is scaled by them"
        found.warn("ANNOTATION_SCALE", place, f"limits {stated}", "numbers, minimum below maximum", hint)
    return limits


def _samples(found: Findings, place: str, field: bytes) -> int:
    """Samples per record; without them the layout of a record is not known, which refuses the file."""
    where = f"samples per record of {place}"
    n = found.number(where, field, grammar.parse_integer, "a whole number from 1")
    if n is not None and n < 1:
        found.error(
            "SAMPLES_PER_RECORD", where, "0" if n == 0 else "a number below 0", "at least 1", "export the file again"
        )
    return n or 0


def _date_found(found: Findings, field: bytes) -> str:
    if not field.strip(b" ") or (_DATE_LIKE.fullmatch(field) and not found.is_shifted):
        return shown(field)
    return f"{len(field)} bytes, {NOT_SHOWN}"


def _start(found: Findings, data: bytes, plus: str) -> datetime | None:
    """Wall clock of the header; the four-digit year of EDF+ counts where it agrees with the short date."""
    short, clock = grammar.parse_date(data[168:176]), grammar.parse_time(data[176:184])
    if short is None or clock is None:
        stated = " and ".join(_date_found(found, field) for field in (data[168:176], data[176:184]))
        found.warn("START_UNKNOWN", "start", stated, "a real date dd.mm.yy and time hh.mm.ss", "taken as unknown")
        return None
    is_stated, long = grammar.parse_startdate(data[88:168]) if plus else (False, None)
    if not is_stated:
        return datetime.combine(short, clock)
    if long is None or (long.day, long.month, long.year % 100) != (short.day, short.month, short.year % 100):
        other = f"{long} in the recording field" if long else "no real date in the recording field"
        allowed = "one and the same real date, dd-MMM-yyyy in the recording field"
        found.warn("START_UNKNOWN", "start", f"{shown(data[168:176])} and {other}", allowed, "taken as unknown")
        return None
    return datetime.combine(long, clock)


def _check_flag(found: Findings, header: Header) -> None:
    family = "EDF" if header.sample_bytes == 2 else "BDF"
    if header.plus and not header.annotation_signals:
        stated = f"{family}+{header.plus} and no signal labelled '{_ANNOTATIONS[header.sample_bytes]}'"
        found.error("ANNOTATIONS_LOST", "labels", stated, "at least one", "its clock is lost; export the file again")
    like = {label.casefold() for label in _ANNOTATIONS.values()}
    for i, signal in enumerate(header.signals):
        if " ".join(signal.label.casefold().split()) in like and not header.is_annotations(i):
            stated, allowed = (
                f"a signal labelled '{signal.label}'",
                f"'{_ANNOTATIONS[header.sample_bytes]}' in {family}",
            )
            found.error("ANNOTATIONS_LOST", "labels", stated, allowed, "its marks and clock are lost; mend the label")
    if header.annotation_signals and not header.plus:
        stated = f"a signal labelled as annotations and no '{family}+C' or '{family}+D'"
        found.warn("PLUS_FLAG_LOST", "reserved", stated, "both or none", f"read as {family}+")


def _checked_sizes(found: Findings, header: Header, n_records: int | None, record_s: float | None, size: int) -> Header:
    """Judge sizes as far as they are known, and put in the number of records to use."""
    is_laid_out = min(signal.samples_per_record for signal in header.signals) > 0
    if is_laid_out:
        check_record_bytes(found, header.record_bytes)
    if record_s is not None:
        ordinary = [s.samples_per_record for i, s in enumerate(header.signals) if not header.is_annotations(i)]
        check_duration(found, record_s, ordinary)
    if not is_laid_out or n_records is None:
        return header
    data_bytes, timed = size - header.header_bytes, bool(header.annotation_signals)
    return replace(header, n_records=records_to_use(found, n_records, data_bytes, header.record_bytes, timed=timed))
