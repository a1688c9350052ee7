"""Handmade EDF and BDF files, byte by byte: libraries do not write what must be refused."""

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "real"


@dataclass
class S:
    """One signal: header texts and, a row a record, digital samples."""

    label: str | bytes = "EMG TA R"
    unit: str | bytes = "uV"
    physical: tuple = ("-3276.8", "3276.7")
    digital: tuple = ("-32768", "32767")
    samples: object = None
    tals: list | None = None
    prefilter: str = ""

    @property
    def n(self):
        return len(self.samples[0])


@dataclass
class File:
    """A whole file; any field may hold what a header should not."""

    signals: list = field(default_factory=list)
    record_s: str | bytes = "1"
    n_records: str | None = None
    plus: str = ""
    bdf: bool = False
    date: str = "02.03.04"
    time: str = "05.06.07"
    recording: str = ""
    overrides: dict = field(default_factory=dict)  # (name, signal position) -> text


WIDTHS = {
    "label": 16,
    "transducer": 80,
    "unit": 8,
    "physical_min": 8,
    "physical_max": 8,
    "digital_min": 8,
    "digital_max": 8,
    "prefilter": 80,
    "samples": 8,
    "reserved": 32,
}


def pad(text, width):
    raw = text if isinstance(text, bytes) else str(text).encode("latin-1")
    assert len(raw) <= width, raw
    return raw.ljust(width)


def tal(onset, *texts, duration=None):
    """One list, as bytes."""
    span = b"" if duration is None else b"\x15" + str(duration).encode()
    return str(onset).encode() + span + b"\x14" + b"".join(t.encode() + b"\x14" for t in texts) + b"\0"


def annotation_signal(fields, n_bytes=60, bdf=False):
    """A signal of annotation bytes, one field a record."""
    width = 3 if bdf else 2
    n_bytes += -n_bytes % width
    return S(
        label="BDF Annotations" if bdf else "EDF Annotations",
        unit="",
        physical=("-1", "1"),
        digital=("-8388608", "8388607") if bdf else ("-32768", "32767"),
        samples=[[0] * (n_bytes // width)] * len(fields),
        tals=[f.ljust(n_bytes, b"\0") for f in fields],
    )


def clock(n_records, record_s=1.0, first_s=0.0, marks=(), bdf=False):
    """The annotation signal of a continuous recording; `marks` are lists that go into record 0."""
    fields = [tal(f"+{round(first_s + k * record_s, 7):g}", "") for k in range(n_records)]
    fields[0] += b"".join(marks)
    return annotation_signal(fields, max(len(f) for f in fields) + 2, bdf)


def encode(file):
    """Bytes of a file."""
    signals = file.signals
    n_records = len(signals[0].samples) if signals else 0
    magic = b"\xffBIOSEMI" if file.bdf else b"0       "
    reserved = f"{'BDF' if file.bdf else 'EDF'}+{file.plus}" if file.plus else ("24BIT" if file.bdf else "")
    stated = str(n_records) if file.n_records is None else file.n_records
    head = magic + pad("X X X X", 80) + pad(file.recording, 80) + pad(file.date, 8) + pad(file.time, 8)
    head += pad(file.overrides.get(("header_bytes", None), 256 * (1 + len(signals))), 8) + pad(reserved, 44)
    head += pad(stated, 8) + pad(file.record_s, 8) + pad(file.overrides.get(("n_signals", None), len(signals)), 4)
    for name, width in WIDTHS.items():
        for i, s in enumerate(signals):
            head += pad(file.overrides.get((name, i), _stated(s, name)), width)
    return head + b"".join(_record(file, k) for k in range(n_records))


def _stated(s, name):
    return {
        "label": s.label,
        "transducer": "",
        "unit": s.unit,
        "physical_min": s.physical[0],
        "physical_max": s.physical[1],
        "digital_min": s.digital[0],
        "digital_max": s.digital[1],
        "prefilter": s.prefilter,
        "samples": s.n,
        "reserved": "",
    }[name]


def _record(file, k):
    out = b""
    for s in file.signals:
        if s.tals is not None:
            out += s.tals[k]
        elif file.bdf:
            wide = np.asarray(s.samples[k], "<i4").reshape(-1, 1).view(np.uint8).reshape(-1, 4)
            out += wide[:, :3].tobytes()
        else:
            out += np.asarray(s.samples[k], "<i2").tobytes()
    return out


def noise(n_records, n, seed=0, bits=16):
    """Digital samples over the whole range, one row a record."""
    limit = 2 ** (bits - 1)
    return np.random.default_rng(seed).integers(-limit, limit, (n_records, n))


def plain(records=4, n=100, **changes):
    """One EMG signal, `n` Hz, `records` seconds."""
    return replace(File([S(samples=noise(records, n))]), **changes)


def write(folder: Path, file, name="a.edf"):
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(file if isinstance(file, bytes) else encode(file))
    return path


@pytest.fixture(scope="session")
def edf():
    """This module: the helpers above."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def real():
    """Folder of real recordings."""
    if not REAL.is_dir():
        pytest.skip("the folder of real recordings is absent here")
    return REAL
