"""Structured changes to texts, labels, dates and first bytes."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from stress.bases import base
from stress.compose import START, WIDTHS, File, Place, compose, truth
from stress.header_changes import Change, made
from stress.rules import ANYTHING, NAME_CODES, Expected, Made, doubtful, laid_out, legal, refuse

TEXTS = ("patient", "recording", "label", "transducer", "prefilter", "signal reserved")
FOREIGN = ("Müller µ".encode(), b"M\xfcller", "筋電図".encode(), b"\xe9\xc3\xa9", b"abc\xc3")
CONTROLS = (
    *(b"a\x07b", b"a\x1b[31mb", b"a\nb", b"a\r\nb", b"a\tb", b"a\0b", b"a\x7fb", b"\x01", b"a\x85b"),
    *("a\u0085b".encode(), "a\u202eb".encode(), "a\u2066b".encode(), "a\u2069b".encode()),
)
HARMLESS = (b"", b"<script>alert(1)</script>", b"'; DROP TABLE x; --", b"%s %n {0} $(ls)", b"=1+1", b"x" * 80, b"\"',|")


def texts() -> Iterator[Change]:
    """Letters beyond ASCII, control characters and markup in every text field."""
    for name in TEXTS:
        for text in FOREIGN:
            yield lambda rng, name=name, text=text: _text(rng, name, text, legal(*NAME_CODES))
        for text in HARMLESS:
            yield lambda rng, name=name, text=text: _text(rng, name, text, legal(*NAME_CODES))
        if name != "signal reserved":
            for text in CONTROLS:
                yield lambda rng, name=name, text=text: _text(rng, name, text, doubtful("TEXT_CONTROL"))
    for text in (b"abc\0\0\0", "a\u200fb".encode(), b"\0" * 8):
        for name in TEXTS:
            yield lambda rng, name=name, text=text: _text(rng, name, text, ANYTHING)


def _text(rng: np.random.Generator, name: str, text: bytes, expected: Expected) -> Made:
    file = base(rng, "edf", "edf+c", "edf+d", "bdf", "bdf+c", "bdf+d", "mixed rates", "other quantities")
    index = int(rng.choice(file.ordinary)) if name not in ("patient", "recording") else -1
    changes: dict[Place, bytes] = {(name, index): text[: WIDTHS[name]]}
    if name == "recording" and file.plus and expected.verdict == "legal":
        changes = {(name, -1): (b"Startdate 02-MAR-2024 " + text)[: WIDTHS[name]]}
    return made("text", file, changes, expected, truth(file))


def labels() -> Iterator[Change]:
    """Labels that stand twice, name nothing, or pass for annotations; annotation signals that lose theirs."""
    for text, codes in (
        *((b"EMG TA_R", ("LABEL_DUPLICATE",)), (b"EMG R TA", ("MUSCLE_DUPLICATE",))),
        *((b"EMG ch3", ("MUSCLE_UNKNOWN",)), (b"EMG", ("MUSCLE_UNKNOWN",))),
    ):
        yield lambda rng, text=text, codes=codes: _label(rng, text, doubtful(*codes))
    for text in (b"", b"EDF Annotation", b"ECG", b"Status", b"C3-A2", b"0", b"nan"):
        yield lambda rng, text=text: _label(rng, text, legal(*NAME_CODES))
    yield lambda rng: _label(rng, b"edf annotations", refuse("ANNOTATIONS_LOST"))
    for _ in range(3):
        yield lambda rng: _false_annotations(rng)
        yield lambda rng: _lost_annotations(rng, b"EMG TA_L")
        yield lambda rng: _lost_annotations(rng, b"")
        yield lambda rng: _lost_annotations(rng, b"EDF_Annotations")
        yield lambda rng: _lost_annotations(rng, b"EDF annotations")
        yield lambda rng: _lost_clock(rng)


def _label(rng: np.random.Generator, text: bytes, expected: Expected) -> Made:
    file = base(rng, "mixed rates", "annotation signals", "twelve seconds", "odd duration")
    return made("label", file, {("label", file.ordinary[1]): text}, expected, truth(file))


def _false_annotations(rng: np.random.Generator) -> Made:
    """Samples under the label of annotations are no lists."""
    file = base(rng, "edf", "edf+c", "bdf", "bdf+d")
    index = int(rng.choice(file.ordinary))
    label = f"{file.magic} Annotations".encode()
    return made("label", file, {("label", index): label}, refuse("ANNOTATIONS_DAMAGED", stage="read"))


def _lost_annotations(rng: np.random.Generator, text: bytes) -> Made:
    file = base(rng, "edf+c", "edf+d", "bdf+c", "bdf+d", "annotations only")
    return made("label", file, {("label", file.annotation_signals[0]): text}, refuse("ANNOTATIONS_LOST"))


def _lost_clock(rng: np.random.Generator) -> Made:
    """Of several annotation signals the first keeps the times; without its label no record has one."""
    file = base(rng, "annotation signals")
    expected = refuse("ANNOTATIONS_DAMAGED", stage="read")
    return made("label", file, {("label", file.annotation_signals[0]): b"Marks"}, expected)


def dates() -> Iterator[Change]:
    """Start dates and times that are none, or contradict each other."""
    unknown = doubtful("START_UNKNOWN")
    for text in (
        *(b"32.01.24", b"00.00.00", b"29.02.23", b"01-01-24", b"1.1.2024", b"", b"aa.bb.cc", b"02.13.24", b"2.3.24"),
        *("٠٢.٠".encode(), b"\xff" * 8, b"02.03.2", b"+2.03.24", b"02,03,24", b" 2. 3.24"),
    ):
        yield lambda rng, text=text: _start(rng, {("date", -1): text}, unknown, None)
    for text in (
        b"24.00.00",
        b"10:00:00",
        b"23.59.60",
        b"",
        b"aa.bb.cc",
        b"1.2.3",
        b"-1.00.00",
        b"\0" * 8,
        b"12.60.00",
    ):
        yield lambda rng, text=text: _start(rng, {("time", -1): text}, unknown, None)
    for text in (b"Startdate 03-MAR-2024 X", b"Startdate 02-APR-2024 X", b"Startdate 02-MAR-2025 X"):
        yield lambda rng, text=text: _start(rng, {("recording", -1): text}, unknown, None, plus=True)
    for day, want in ((b"29.02.24", datetime(2024, 2, 29)), (b"31.12.84", datetime(2084, 12, 31)),
                      (b"01.01.85", datetime(1985, 1, 1))):  # fmt: skip
        start = datetime.combine(want.date(), START.time())
        yield lambda rng, day=day, start=start: _start(rng, {("date", -1): day}, legal(), start, plus=False)


def _start(
    rng: np.random.Generator,
    changes: dict[Place, bytes],
    expected: Expected,
    start: datetime | None,
    *,
    plus: bool | None = None,
) -> Made:
    kinds = {True: ("edf+c", "bdf+d"), False: ("edf", "bdf"), None: ("edf", "edf+c", "bdf", "bdf+c", "edf+d")}
    file = base(rng, *kinds[plus])
    return made("start", file, changes, expected, truth(file)._replace(start=start))


def magics() -> Iterator[Change]:
    """First bytes of other files, and of the other format."""
    for text in (
        *(b"PK\x03\x04", b"<!DOCTYP", b"\xef\xbb\xbf0", b"", b"\0" * 8, b"1", b" 0", b"0\0", b"00", b"0.0", b"\x89PNG"),
        *(
            b"%PDF-1.7",
            b"\xffBIOSEMJ",
            b"\xfeBIOSEMI",
            b"BIOSEMI",
            b"GDF 2.20",
            b"0      \0",
            b"\xff" * 8,
            b"\x1f\x8b\x08",
        ),
    ):
        yield lambda rng, text=text: made("first bytes", base(rng), {("version", -1): text}, refuse("NOT_EDF"))
    for _ in range(4):
        yield lambda rng: _other_format(rng)
    for text in (b"<html><body>404</body></html>", b"label,unit\nTA_R,uV\n", b"PK\x03\x04" + bytes(500), b"\n" * 3000):
        yield lambda rng, text=text: Made(f"other file {text[:9]!r}", text, refuse("NOT_EDF"))


def _other_format(rng: np.random.Generator) -> Made:
    """A file of 16 bits that says 24, or the reverse: what the sizes then say."""
    file = base(rng, "edf", "bdf", "edf+c", "bdf+c")
    changes = {("version", -1): b"0" if file.bdf else b"\xffBIOSEMI"}
    if file.plus:
        return made("first bytes", file, changes, refuse("ANNOTATIONS_LOST"))
    data = compose(file, changes)
    other = File(file.kind, file.signals, file.times_s, file.record_s, bdf=not file.bdf)
    expected, whole = laid_out(other, file.n_records, len(data) - file.header_bytes)
    if file.bdf:  # 24-bit limits in a format of 16 bits: no signal has a scale
        return made("first bytes", file, changes, ANYTHING)
    told = None if expected.verdict == "reject_file" else truth(other, data, whole)
    return made("first bytes", file, changes, expected, told)
