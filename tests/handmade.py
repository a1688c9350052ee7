"""An EDF+C recording made byte by byte, every field of its header open to what a test wants to put there."""

from collections.abc import Mapping, Sequence

import numpy as np

RATE_HZ = 1000
FIXED = {
    "version": 8, "patient": 80, "recording": 80, "date": 8, "time": 8, "header_bytes": 8, "reserved": 44,
    "records": 8, "record_s": 8, "signals": 4,
}  # fmt: skip
OF_SIGNAL = {
    "label": 16, "transducer": 80, "unit": 8, "physical_min": 8, "physical_max": 8, "digital_min": 8,
    "digital_max": 8, "prefilter": 80, "samples": 8, "signal_reserved": 32,
}  # fmt: skip
LABELS = (b"EMG TA_R", b"EMG GM_R")
ANNOTATION_BYTES = 240


def edf_bytes(
    *,
    labels: Sequence[bytes] = LABELS,
    marks: Sequence[bytes] = (b"+0\x1512\x14rest\x14\0",),
    seconds: int = 12,
    fields: Mapping[str, bytes] | None = None,
    seed: int = 1,
) -> bytes:
    """Bytes of a recording of noise; `fields` replace those of the header, a signal's fields for every signal.

    `marks` are time-stamped annotation lists; they stand in the first record.
    """
    n, told = len(labels), fields or {}
    first = b"+0\x14\x14\0" + b"".join(marks)
    held = max(ANNOTATION_BYTES, len(first) + len(first) % 2)
    stated = {
        "version": b"0", "patient": b"X X X X", "recording": b"Startdate X X X X", "date": b"02.03.04",
        "time": b"05.06.07", "header_bytes": b"%d" % (256 * (n + 2)), "reserved": b"EDF+C", "records": b"%d" % seconds,
        "record_s": b"1", "signals": b"%d" % (n + 1),
    }  # fmt: skip
    emg = {
        "transducer": b"", "unit": b"uV", "physical_min": b"-3276.8", "physical_max": b"3276.7",
        "digital_min": b"-32768", "digital_max": b"32767", "prefilter": b"", "samples": b"%d" % RATE_HZ,
        "signal_reserved": b"",
    }  # fmt: skip
    marked = {**emg, "label": b"EDF Annotations", "unit": b"", "samples": b"%d" % (held // 2)}
    signals = [{**emg, "label": label, **{k: told[k] for k in emg if k in told}} for label in labels]
    head = b"".join(_field(told.get(name, stated[name]), width) for name, width in FIXED.items())
    for name, width in OF_SIGNAL.items():
        head += b"".join(_field(signal[name], width) for signal in [*signals, marked])
    rng = np.random.default_rng(seed)
    samples = np.rint(rng.normal(scale=40.0, size=(seconds, n * RATE_HZ))).astype("<i2")
    clock = [first, *(b"+%d\x14\x14\0" % k for k in range(1, seconds))]
    return head + b"".join(row.tobytes() + text.ljust(held, b"\0") for row, text in zip(samples, clock, strict=True))


def _field(raw: bytes, width: int) -> bytes:
    assert len(raw) <= width, raw
    return raw.ljust(width)


def place_of(name: str, signal: int = 0, n_signals: int = 3) -> slice:
    """Where a field stands in the bytes."""
    at = 0
    for field, width in FIXED.items():
        if field == name:
            return slice(at, at + width)
        at += width
    for field, width in OF_SIGNAL.items():
        if field == name:
            return slice(at + signal * width, at + (signal + 1) * width)
        at += width * n_signals
    raise KeyError(name)
