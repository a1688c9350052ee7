"""Cuts, appended bytes, lying counts, record times, lists, swapped blocks and random damage."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stress.bases import BASES, base, with_clock
from stress.compose import WIDTHS, File, Mark, Place, compose, header, onset, places, records, tal, truth
from stress.header_changes import Change, made
from stress.rules import ANYTHING, Expected, Made, counted, doubtful, legal, refuse

DAMAGED = refuse("ANNOTATIONS_DAMAGED", stage="read")


def whole_files() -> Iterator[Change]:
    """Legal files of every kind, unchanged."""
    for _ in range(24):
        yield lambda rng: _whole(rng)


def _whole(rng: np.random.Generator) -> Made:
    file = base(rng)
    return Made(f"{file.kind}: as composed", compose(file), legal(), truth(file))


def _judged(name: str, file: File, data: bytes, stated: int | None = None) -> Made:
    """Judge bytes of which only the number of records may lie."""
    stated = file.n_records if stated is None else stated
    expected, whole = counted(file, stated, len(data) - file.header_bytes)
    if expected.verdict == "reject_file":
        return Made(f"{file.kind}: {name}", data, expected)
    if file.plus and whole > file.n_records:  # what was appended has no time of its own
        return Made(f"{file.kind}: {name}", data, DAMAGED)
    return Made(f"{file.kind}: {name}", data, expected, truth(file, data, whole))


def cuts() -> Iterator[Change]:
    """Cuts in the first bytes, at the edge of every header field, at the edge of every record, and within."""
    for where in np.linspace(0, 1, 60):
        yield lambda rng, where=where: _cut_header(rng, float(where))
    for k in range(9):
        for step in (-1, 0, 1, 2, 100):
            yield lambda rng, k=k, step=step: _cut_record(rng, k, step)
    for size in (0, 1, 7, 8, 255, 256):
        yield lambda rng, size=size: _cut_at(base(rng), size)
    for _ in range(20):
        yield lambda rng: _cut_anywhere(rng)


def _cut_header(rng: np.random.Generator, where: float) -> Made:
    file = base(rng)
    edges = sorted({s.stop for s in places(len(file.signals)).values()})
    return _cut_at(file, edges[round(where * (len(edges) - 1))] - int(rng.integers(0, 2)))


def _cut_record(rng: np.random.Generator, k: int, step: int) -> Made:
    file = base(rng)
    return _cut_at(file, max(file.header_bytes + k % (file.n_records + 1) * file.record_bytes + step, 0))


def _cut_anywhere(rng: np.random.Generator) -> Made:
    file = base(rng)
    return _cut_at(file, int(rng.integers(0, len(compose(file)))))


def _cut_at(file: File, size: int) -> Made:
    data = compose(file)[:size]
    name = f"{file.kind}: cut to {size} bytes"
    if size == 0:
        return Made(name, data, refuse("FILE_EMPTY"))
    if size < 8:
        return Made(name, data, refuse("NOT_EDF", "HEADER_SHORT"))
    if size < file.header_bytes:
        return Made(name, data, refuse("HEADER_SHORT"))
    return _judged(f"cut to {size} bytes", file, data)


def appended() -> Iterator[Change]:
    """Bytes behind the last record."""
    for count in ("1", "2", "255", "r-1", "r", "r+1", "2r", "5r+3"):
        for filling in ("zeros", "noise", "last record"):
            yield lambda rng, count=count, filling=filling: _append(rng, count, filling)


def _append(rng: np.random.Generator, count: str, filling: str) -> Made:
    file = base(rng)
    r = file.record_bytes
    n = {"r-1": r - 1, "r": r, "r+1": r + 1, "2r": 2 * r, "5r+3": 5 * r + 3}.get(count) or int(count)
    source = {"zeros": b"\0", "noise": rng.bytes(n), "last record": records(file)[-1]}[filling]
    more = (source * (n // len(source) + 1))[:n]
    made_of = _judged(f"{n} bytes of {filling} behind the last record", file, compose(file) + more)
    if made_of.expected is DAMAGED and filling == "last record":  # its time comes again
        if not file.ordinary:  # no samples: the times of its records order nothing
            return replace(made_of, expected=ANYTHING)
        return replace(made_of, expected=refuse("RECORDS_OVERLAP", "ANNOTATIONS_DAMAGED", stage="read"))
    return made_of


def counts() -> Iterator[Change]:
    """A number of records that is not the number of records."""
    for stated in ("-1", "0", "1", "n-1", "n+1", "n+2", "2n", "99999999", "-2", "-9999999", "00n", "+n"):
        for left in ("", "short", "more"):
            yield lambda rng, stated=stated, left=left: _count(rng, stated, left)


def _count(rng: np.random.Generator, stated: str, left: str) -> Made:
    file = base(rng)
    n = file.n_records
    number = {"n-1": n - 1, "n+1": n + 1, "n+2": n + 2, "2n": 2 * n, "00n": n, "+n": n}.get(stated)
    text = {"00n": f"00{n}", "+n": f"+{n}"}.get(stated, str(number) if number is not None else stated)
    data = compose(file, {("number of records", -1): text.encode()})
    cut = int(rng.integers(1, file.record_bytes))
    data = {"": data, "short": data[:-cut], "more": data + rng.bytes(cut)}[left]
    return _judged(f"{text!r} records stated, {left or 'none'} left over ({cut} bytes)", file, data, int(text))


def times() -> Iterator[Change]:
    """Times of records: gaps, steps back, first records early or late, times that are none."""
    for _ in range(4):
        yield lambda rng: _timed(rng, "C", 1, 2, doubtful("DISCONTINUOUS", stage="read"))
        yield lambda rng: _timed(rng, "C", -1, 7, doubtful("DISCONTINUOUS", stage="read"))
        yield lambda rng: _timed(rng, "D", 1, 2, doubtful("DISCONTINUOUS", stage="read"))
        yield lambda rng: _timed(rng, "D", 2, 3600, doubtful("DISCONTINUOUS", stage="read"))
        yield lambda rng: _timed(rng, "D", 1, 1e6, doubtful("DISCONTINUOUS", stage="read"))
        yield lambda rng: _timed(rng, "C", 1, -0.5, refuse("RECORDS_OVERLAP", stage="read"))
        yield lambda rng: _timed(rng, "D", -1, -1, refuse("RECORDS_OVERLAP", stage="read"))
        yield lambda rng: _timed(rng, "D", 1, -0.0625, refuse("RECORDS_OVERLAP", stage="read"))
        yield lambda rng: _timed(rng, "C", 2, 1e-6, legal())
        yield lambda rng: _drift(rng, 0.1, doubtful("CLOCK_DRIFT", stage="read"))
        yield lambda rng: _drift(rng, -0.1, doubtful("CLOCK_DRIFT", stage="read"))
        yield lambda rng: _drift(rng, 0.6, doubtful("DISCONTINUOUS", stage="read"))
        yield lambda rng: _drift(rng, -0.6, refuse("RECORDS_OVERLAP", stage="read"))
        yield lambda rng: _drift(rng, 0.01, legal())
    for first, expected in (
        *((-0.25, refuse("FIRST_ONSET", stage="read")), (-3600.0, refuse("FIRST_ONSET", stage="read"))),
        *((1.0, doubtful("FIRST_ONSET", stage="read")), (7200.5, doubtful("FIRST_ONSET", stage="read"))),
        *((0.5, legal()), (0.9990234, legal()), (0.000001, legal())),
    ):
        for plus in "CD":
            yield lambda rng, first=first, expected=expected, plus=plus: _timed(rng, plus, 0, first, expected)


def _drift(rng: np.random.Generator, samples: float, expected: Expected) -> Made:
    """Each record a part of a sample off the one before: what adds up must be seen."""
    file = base(rng, "twelve seconds")
    rate_hz = file.signals[file.ordinary[0]].n / file.record_s
    times = tuple(round(k * (file.record_s + samples / rate_hz), 7) for k in range(file.n_records))
    index = file.annotation_signals[0]
    lists = tuple(tal(onset(t), "") for t in times)
    file = replace(file.with_signal(index, tals=lists, n=20), times_s=times, marks=())
    return Made(f"{file.kind}: each record {samples:g} samples late", compose(file), expected)


def _timed(rng: np.random.Generator, plus: str, at: int, later: float, expected: Expected) -> Made:
    """Every record from `at` on begins `later` records later; from the first on: seconds later."""
    file = base(rng, "bdf" if rng.random() < 0.3 else "edf")
    step = later if at == 0 or abs(later) < 1e-3 else later * file.record_s
    moved = [t + (step if k >= at % file.n_records else 0) for k, t in enumerate(file.times_s)]
    file = with_clock(rng, replace(file, plus=plus, kind=f"{file.kind}+{plus.lower()}", times_s=tuple(moved)))
    is_placed = expected.verdict != "reject_file" and step < 86_400  # a gap of days is not filled to look at it
    told = truth(file) if is_placed else None
    if at and abs(step) < 1e-3 and told:  # less than a sample: no gap, and marks stay with their samples
        starts = tuple(k * file.record_s for k in range(file.n_records))
        late_s = told.starts_s[at % file.n_records]
        marks = tuple(m._replace(onset_s=round(m.onset_s - step, 9)) if m.onset_s >= late_s else m for m in file.marks)
        told = told._replace(starts_s=starts, marks=marks)
    return Made(f"{file.kind}: record {at} {later:g} later", compose(file), expected, told)


def lists() -> Iterator[Change]:
    """Annotation bytes that are not of the grammar, and odd ones that are."""
    wrong = (
        *(b"0\x14\x14\0", b"+nan\x14\x14\0", b"+1,5\x14\x14\0", b"+1e5\x14\x14\0", b"+0x1\x14\x14\0", b"+\x14\x14\0"),
        *(
            b"++1\x14\x14\0",
            b"+1",
            b"+1\x14",
            b"\xff\xfe+1\x14\x14\0",
            b"+1\x15\x14\x14\0",
            b" +1\x14\x14\0",
        ),
        *(
            b"+1\x15nan\x14\x14\0",
            b"+1\x15-2\x14\x14\0",
            "+١\x14\x14\0".encode(),
            b"+1_0\x14\x14\0",
            b"",
            b"text",
            b"+inf\x14\x14\0",
        ),
        *(b"+1.2.3\x14\x14\0", b"+1\x14rest\x14\0"),
    )
    for text in wrong:
        yield lambda rng, text=text: _time_list(rng, text)
    for text in wrong[:-1]:
        if text:
            yield lambda rng, text=text: _mark_list(rng, text + b"x")
    for raw, mark in (
        *(
            (tal("+2", "a", "b"), (Mark(2, None, "a"), Mark(2, None, "b"))),
            (tal("+2", b"f\xfcr"), (Mark(2, None, "für"),)),
        ),
        *((tal("-5", "before"), (Mark(-5, None, "before"),)), (tal("+99999", "after"), (Mark(99999, None, "after"),))),
        *((tal("+1.", "point"), (Mark(1, None, "point"),)), (tal("+0001.500", "zeros"), (Mark(1.5, None, "zeros"),))),
        *((tal("+2", "long", duration="86400"), (Mark(2, 86400.0, "long"),)), (tal("+2", ""), ())),
    ):
        yield lambda rng, raw=raw, mark=mark: _more_marks(rng, raw, mark)


def _with_list(file: File, record: int, text: bytes, *, instead: bool) -> File:
    """Put bytes into the first annotation signal, made wide enough for them."""
    index = file.annotation_signals[0]
    signal = file.signals[index]
    tals = list(signal.tals)
    tals[record] = text if instead else tals[record] + text
    n = max(signal.n, -(-(max(map(len, tals)) + 2) // file.sample_bytes))
    return file.with_signal(index, tals=tuple(tals), n=n)


def _time_list(rng: np.random.Generator, text: bytes) -> Made:
    """The list that keeps the time of a record, replaced."""
    file = base(rng, "edf+c", "edf+d", "bdf+c", "bdf+d", "odd duration", "annotations only")
    record = int(rng.integers(file.n_records))
    return Made(
        f"{file.kind}: time of record {record} {text!r}", compose(_with_list(file, record, text, instead=True)), DAMAGED
    )


def _mark_list(rng: np.random.Generator, text: bytes) -> Made:
    file = base(rng, "edf+c", "edf+d", "bdf+c", "mixed rates", "annotations only")
    record = int(rng.integers(file.n_records))
    return Made(f"{file.kind}: list {text!r}", compose(_with_list(file, record, text, instead=False)), DAMAGED)


def _more_marks(rng: np.random.Generator, raw: bytes, marks: tuple[Mark, ...]) -> Made:
    file = base(rng, "edf+c", "edf+d", "bdf+c", "mixed rates", "annotations only")
    file = _with_list(file, int(rng.integers(file.n_records)), raw, instead=False)
    told = tuple(m._replace(onset_s=m.onset_s - file.times_s[0]) for m in marks)
    file = replace(file, marks=(*file.marks, *told))
    return Made(f"{file.kind}: list {raw!r}", compose(file), legal(), truth(file))


def swaps() -> Iterator[Change]:
    """Blocks that stand in each other's place."""
    for _ in range(10):
        yield lambda rng: _swap_records(rng)
        yield lambda rng: _swap_header_blocks(rng)
    for name in WIDTHS:
        yield lambda rng, name=name: _swap_fields(rng, name)


def _swap_records(rng: np.random.Generator) -> Made:
    file = base(rng, *(kind for kind in BASES if kind != "one sample"))
    a, b = sorted(rng.choice(file.n_records, 2, replace=False))
    parts = records(file)
    parts[a], parts[b] = parts[b], parts[a]
    data = header(file) + b"".join(parts)
    name = f"{file.kind}: records {a} and {b} swapped"
    if not file.ordinary:  # no samples: the times of its records order nothing
        return Made(name, data, ANYTHING)
    if file.plus:  # with the first one swapped the clock begins late and then steps back
        return Made(name, data, refuse("RECORDS_OVERLAP", "FIRST_ONSET", stage="read"))
    return Made(name, data, legal(), truth(file, data))


def _swap_header_blocks(rng: np.random.Generator) -> Made:
    file = base(rng)
    data = bytearray(compose(file))
    size = int(rng.choice([8, 16, 80, 256]))
    a, b = sorted(int(x) for x in rng.choice(file.header_bytes // size, 2, replace=False) * size)
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return Made(f"{file.kind}: {size} bytes at {a} and {b} of the header swapped", bytes(data), ANYTHING)


def _swap_fields(rng: np.random.Generator, name: str) -> Made:
    """One field of two signals, or two numbers of the fixed part, swapped."""
    file = base(rng, "mixed rates", "annotation signals")
    where = places(len(file.signals))
    a, b = ((name, 0), (name, 1)) if (name, 0) in where else ((name, -1), ("number of records", -1))
    old = header(file)
    changes: dict[Place, bytes] = {a: old[where[b]].rstrip()[: WIDTHS[a[0]]], b: old[where[a]].rstrip()[: WIDTHS[b[0]]]}
    return made("swapped", file, changes, ANYTHING)


def damage() -> Iterator[Change]:
    """Random bytes in header, samples and lists."""
    for _ in range(20):
        yield lambda rng: _damage_header(rng)
        yield lambda rng: _damage_field(rng)
    for _ in range(10):
        yield lambda rng: _damage_samples(rng)
        yield lambda rng: _damage_lists(rng)


def _damage_header(rng: np.random.Generator) -> Made:
    file = base(rng)
    data = bytearray(compose(file))
    for at in rng.integers(0, file.header_bytes, int(rng.integers(1, 9))):
        data[at] = rng.integers(256)
    return Made(f"{file.kind}: random bytes in the header", bytes(data), ANYTHING)


def _damage_field(rng: np.random.Generator) -> Made:
    """Digits, signs and blanks where other ones stood: plausible nonsense."""
    file = base(rng)
    data = bytearray(compose(file))
    numbers = [s for (name, _), s in places(len(file.signals)).items() if WIDTHS[name] <= 8]
    where = numbers[rng.integers(len(numbers))]
    data[where] = bytes(rng.choice(list(b"0123456789+-. eE"), where.stop - where.start).astype(np.uint8))
    return Made(f"{file.kind}: nonsense {bytes(data[where])!r} at byte {where.start}", bytes(data), ANYTHING)


def _damage_samples(rng: np.random.Generator) -> Made:
    """Any bytes are samples: what is read must be what stands there."""
    file = base(rng, "edf", "edf+c", "edf+d", "bdf", "bdf+d", "mixed rates")
    data = bytearray(compose(file))
    for _ in range(int(rng.integers(1, 20))):
        index = int(rng.choice(file.ordinary))
        start = file.header_bytes + int(rng.integers(file.n_records)) * file.record_bytes + file.offset(index)
        data[start + int(rng.integers(file.sample_bytes * file.signals[index].n))] = rng.integers(256)
    return Made(f"{file.kind}: random bytes in the samples", bytes(data), legal(), truth(file, bytes(data)))


def _damage_lists(rng: np.random.Generator) -> Made:
    file = base(rng, "edf+c", "edf+d", "bdf+c", "annotation signals", "annotations only")
    data = bytearray(compose(file))
    for _ in range(int(rng.integers(1, 6))):
        index = int(rng.choice(file.annotation_signals))
        start = file.header_bytes + int(rng.integers(file.n_records)) * file.record_bytes + file.offset(index)
        data[start + int(rng.integers(file.sample_bytes * file.signals[index].n))] = rng.integers(256)
    return Made(f"{file.kind}: random bytes in the annotations", bytes(data), ANYTHING)
