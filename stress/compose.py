"""Composer of EDF and BDF files, byte by byte, with the truth of what they hold; independent of `emgpipe`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FIXED = (
    *(("version", 8), ("patient", 80), ("recording", 80), ("date", 8), ("time", 8), ("header bytes", 8)),
    *(("reserved", 44), ("number of records", 8), ("record duration", 8), ("number of signals", 4)),
)
EACH = (
    *(("label", 16), ("transducer", 80), ("unit", 8), ("physical minimum", 8), ("physical maximum", 8)),
    *(("digital minimum", 8), ("digital maximum", 8), ("prefilter", 80), ("samples per record", 8)),
    ("signal reserved", 32),
)
WIDTHS = dict(FIXED + EACH)
PRIVATE = "Geheimnis"
"""Stands in the fields about people and devices; it must not appear in any message."""

START = datetime(2024, 3, 2, 5, 6, 7)

Place = tuple[str, int]
"""Name of a field and position of its signal, -1 for the fixed part."""

Limits = tuple[float, float, int, int]
"""Physical minimum and maximum, digital minimum and maximum."""


@dataclass(frozen=True)
class Signal:
    """One signal; `factor` is µV a unit (None: no voltage); `tals` are the lists of each record of annotations."""

    label: str
    n: int
    limits: Limits = (-3200.0, 3200.0, -32768, 32767)
    unit: bytes = b"uV"
    factor: float | None = 1.0
    digital: NDArray[np.int32] | None = None
    tals: tuple[bytes, ...] = ()

    @property
    def is_annotations(self) -> bool:
        """Whether it holds lists, not samples."""
        return self.digital is None

    @property
    def gain_uv(self) -> float:
        """µV a digital step, with its sign."""
        low, high, least, most = self.limits
        return (high - low) * (self.factor or np.nan) / (most - least)

    def uv(self, digital: NDArray[np.int32]) -> NDArray[np.float64]:
        """µV of digital values."""
        return (digital.astype(np.float64) - self.limits[2]) * self.gain_uv + self.limits[0] * (self.factor or np.nan)


class Mark(NamedTuple):
    """An annotation, onset in seconds from the first sample."""

    onset_s: float
    duration_s: float | None
    text: str


@dataclass(frozen=True)
class File:
    """A legal file; `times_s` are the stated starts of its records on the header's clock."""

    kind: str
    signals: tuple[Signal, ...]
    times_s: tuple[float, ...]
    record_s: float = 1.0
    plus: str = ""
    bdf: bool = False
    marks: tuple[Mark, ...] = ()

    @property
    def sample_bytes(self) -> int:
        """2 or 3."""
        return 3 if self.bdf else 2

    @property
    def header_bytes(self) -> int:
        """Where the records begin."""
        return 256 * (1 + len(self.signals))

    @property
    def record_bytes(self) -> int:
        """Length of a record."""
        return self.sample_bytes * sum(s.n for s in self.signals)

    @property
    def n_records(self) -> int:
        """Records as composed."""
        return len(self.times_s)

    @property
    def ordinary(self) -> tuple[int, ...]:
        """Positions of the signals with samples."""
        return tuple(i for i, s in enumerate(self.signals) if not s.is_annotations)

    @property
    def annotation_signals(self) -> tuple[int, ...]:
        """Positions of the annotation signals."""
        return tuple(i for i, s in enumerate(self.signals) if s.is_annotations)

    @property
    def magic(self) -> str:
        """`EDF` or `BDF`."""
        return "BDF" if self.bdf else "EDF"

    def with_signal(self, index: int, **changes: object) -> "File":
        """Return the file with one signal changed."""
        signals = list(self.signals)
        signals[index] = replace(signals[index], **changes)  # type: ignore[arg-type]
        return replace(self, signals=tuple(signals))

    def offset(self, index: int) -> int:
        """Byte in a record where a signal begins."""
        return self.sample_bytes * sum(s.n for s in self.signals[:index])


class SignalTruth(NamedTuple):
    """Samples in µV, a row a record, and the size of a digital step."""

    uv: NDArray[np.float64]
    step_uv: float


class Truth(NamedTuple):
    """What a reader must give: each ordinary signal (None: no number), record starts, marks, wall clock.

    `marks` is None where the change leaves them open.
    """

    signals: tuple[SignalTruth | None, ...]
    record_s: float
    starts_s: tuple[float, ...]
    marks: tuple[Mark, ...] | None
    start: datetime | None


def places(n_signals: int) -> dict[Place, slice]:
    """Bytes of every header field."""
    out, at = {}, 0
    for name, width in FIXED:
        out[name, -1] = slice(at, at + width)
        at += width
    for name, width in EACH:
        for i in range(n_signals):
            out[name, i] = slice(at, at + width)
            at += width
    return out


def header(file: File, changes: Mapping[Place, bytes] | None = None) -> bytes:
    """Bytes of the header; `changes` replace fields, filled with blanks."""
    fields = _fixed(file) | {(name, i): text for i, s in enumerate(file.signals) for name, text in _each(s).items()}
    fields |= changes or {}
    out = bytearray(file.header_bytes)
    for place, where in places(len(file.signals)).items():
        width = WIDTHS[place[0]]
        if len(fields[place]) > width:
            raise ValueError(f"{place}: {fields[place]!r} is longer than {width}")
        out[where] = fields[place].ljust(width)
    return bytes(out)


def _fixed(file: File) -> dict[Place, bytes]:
    recording = f"Startdate 02-MAR-2024 {PRIVATE} {PRIVATE} {PRIVATE}" if file.plus else f"{PRIVATE} 7"
    return {
        ("version", -1): b"\xffBIOSEMI" if file.bdf else b"0",
        ("patient", -1): f"X X X {PRIVATE}".encode(),
        ("recording", -1): recording.encode(),
        ("date", -1): START.strftime("%d.%m.%y").encode(),
        ("time", -1): START.strftime("%H.%M.%S").encode(),
        ("header bytes", -1): str(file.header_bytes).encode(),
        ("reserved", -1): f"{file.magic}+{file.plus}".encode() if file.plus else (b"24BIT" if file.bdf else b""),
        ("number of records", -1): str(file.n_records).encode(),
        ("record duration", -1): plain(file.record_s).encode(),
        ("number of signals", -1): str(len(file.signals)).encode(),
    }


def _each(signal: Signal) -> dict[str, bytes]:
    low, high, least, most = signal.limits
    return {
        "label": signal.label.encode(),
        "transducer": b"" if signal.is_annotations else f"AgAgCl {PRIVATE}".encode(),
        "unit": signal.unit,
        "physical minimum": plain(low).encode(),
        "physical maximum": plain(high).encode(),
        "digital minimum": str(least).encode(),
        "digital maximum": str(most).encode(),
        "prefilter": b"" if signal.is_annotations else b"HP:10Hz LP:500Hz",
        "samples per record": str(signal.n).encode(),
        "signal reserved": b"",
    }


def plain(value: float) -> str:
    """Write a number without an exponent: `1`, `0.5`, `1.0016`."""
    text = f"{value:.7f}".rstrip("0").rstrip(".")
    return text or "0"


def records(file: File) -> list[bytes]:
    """Bytes of every record."""
    return [b"".join(_field(file, s, k) for s in file.signals) for k in range(file.n_records)]


def _field(file: File, signal: Signal, record: int) -> bytes:
    if signal.digital is None:
        return signal.tals[record].ljust(signal.n * file.sample_bytes, b"\0")
    whole = signal.digital[record].astype("<i4").view(np.uint8).reshape(-1, 4)
    return whole[:, : file.sample_bytes].tobytes()


def compose(file: File, changes: Mapping[Place, bytes] | None = None) -> bytes:
    """Bytes of the whole file."""
    return header(file, changes) + b"".join(records(file))


def tal(onset: str, *texts: str | bytes, duration: str | None = None) -> bytes:
    """One time-stamped list."""
    span = b"" if duration is None else b"\x15" + duration.encode()
    raw = [t if isinstance(t, bytes) else t.encode() for t in texts]
    return onset.encode() + span + b"\x14" + b"".join(t + b"\x14" for t in raw) + b"\0"


def onset(time_s: float) -> str:
    """Write an onset: `+1.5`."""
    return ("-" if time_s < 0 else "+") + plain(abs(time_s))


def truth(file: File, data: bytes | None = None, n_records: int | None = None, refused: tuple[int, ...] = ()) -> Truth:
    """Read what `data` holds by the layout that `file` states.

    Parameters
    ----------
    file : File
        Layout, scales and times; `data` and `n_records` are the composed ones where left out.
    refused : tuple of int
        Signals that give no number.
    """
    data = compose(file) if data is None else data
    n = file.n_records if n_records is None else n_records
    body = data[file.header_bytes : file.header_bytes + n * file.record_bytes]
    table = np.frombuffer(body, np.uint8).reshape(n, file.record_bytes)
    first = file.times_s[0] if file.plus else 0.0
    steps = np.arange(n) * file.record_s
    times = file.times_s[:n] if file.plus and n <= file.n_records else tuple(first + steps)
    return Truth(
        signals=tuple(None if i in refused else _signal_truth(file, i, table) for i in file.ordinary),
        record_s=file.record_s,
        starts_s=tuple(t - first for t in times),
        marks=tuple(m for m in file.marks) if n >= file.n_records else None,
        start=START + timedelta(seconds=first),
    )


def _signal_truth(file: File, index: int, table: NDArray[np.uint8]) -> SignalTruth | None:
    signal = file.signals[index]
    if signal.factor is None:
        return None
    start, width = file.offset(index), file.sample_bytes
    raw = table[:, start : start + width * signal.n].reshape(len(table), signal.n, width)
    wide = np.zeros((*raw.shape[:2], 4), np.uint8)
    wide[..., 4 - width :] = raw
    digital = wide.view("<i4")[..., 0] >> (8 * (4 - width))
    return SignalTruth(signal.uv(digital), abs(signal.gain_uv))
