"""Structured changes to the fields of a header."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from stress.bases import base
from stress.compose import WIDTHS, File, Limits, Place, Truth, compose, plain, records, truth
from stress.rules import (
    ANYTHING,
    Expected,
    Made,
    Verdict,
    doubtful,
    laid_out,
    legal,
    refuse,
    refuse_signal,
    scaled,
)

Change = Callable[[np.random.Generator], Made]

NO_NUMBERS = (
    *(b"nan", b"NaN", b"inf", b"-inf", b"Infinity", b"0x10", b"1_0", b"1_000", b"1,5", b"", b"\0" * 4, b"+-1", b"--5"),
    *(b"1 2", b"1.2.3", b"five", b"\xff\xfe", b"1\0", b"\t5", b"5\n", b"1e", b".", b"12L", b"1/2", b"1d3", b"1.#I"),
    *("١٢".encode(), "５".encode(), "½".encode(), b"-", b"+", b"5-", b"(5)", b"5%", b"=5", b"0b11", b"1'0"),
)
NO_WHOLE_NUMBERS = (*NO_NUMBERS, b"5.0", b"1e3", b"1.5", b"1e99")
NO_REAL_NUMBERS = (*NO_NUMBERS, b"1e400", b"-1e999")
PHYSICAL = (
    *("0", "-0", "+0", "-0.5", "1", "-1", "007", "-99999", "1e2", "-1e-3", ".5", "5.", "1e-320", "1e300", "-1e300"),
    *("1e308", "1e-12", "99999999"),
)
DIGITAL = (
    *("0", "1", "-1", "+5", "0005", "-32767", "-32768", "-32769", "32766", "32767", "32768", "-99999", "8388607"),
    *("8388608", "-8388609", "99999999"),
)
SCALING = ("physical minimum", "physical maximum", "digital minimum", "digital maximum")


def made(name: str, file: File, changes: dict[Place, bytes], expected: Expected, told: Truth | None = None) -> Made:
    """Compose a file with changed header fields."""
    shown = ", ".join(f"{n}{'' if i < 0 else f' of signal {i}'} {text!r}" for (n, i), text in changes.items())
    return Made(f"{file.kind}: {name} {shown}", compose(file, changes), expected, told)


def no_numbers() -> Iterator[Change]:
    """Texts that are no numbers, in the fields that the layout needs."""
    whole = ("header bytes", "number of records", "number of signals")
    fields = [(name, text) for name in whole for text in NO_WHOLE_NUMBERS]
    fields += [("record duration", text) for text in NO_REAL_NUMBERS]
    for name, text in fields:
        if len(text) <= WIDTHS[name]:
            yield lambda rng, name=name, text=text: made(
                "no number:", base(rng), {(name, -1): text}, refuse("HEADER_NUMBER")
            )
    for text in NO_WHOLE_NUMBERS:
        yield lambda rng, text=text: _any_signal(rng, "samples per record", text, refuse("HEADER_NUMBER"))


def _any_signal(rng: np.random.Generator, name: str, text: bytes, expected: Expected) -> Made:
    file = base(rng)
    return made("no number:", file, {(name, int(rng.integers(len(file.signals)))): text}, expected)


def no_scales() -> Iterator[Change]:
    """Texts that are no numbers, in the fields that scale one signal."""
    for name in SCALING:
        for text in NO_REAL_NUMBERS if name.startswith("physical") else NO_WHOLE_NUMBERS:
            yield lambda rng, name=name, text=text: _no_scale(rng, name, text)


def _no_scale(rng: np.random.Generator, name: str, text: bytes) -> Made:
    file = base(rng)
    index = int(rng.integers(len(file.signals)))
    changes = {(name, index): text}
    if file.signals[index].is_annotations:  # holds text; its scaling is used by nobody
        return made("no number:", file, changes, legal("ANNOTATION_SCALE"), truth(file))
    return made("no number:", file, changes, refuse_signal(index, "HEADER_NUMBER"), truth(file, refused=(index,)))


def scales() -> Iterator[Change]:
    """Numbers that scale a signal otherwise than composed, or not at all."""
    for name in SCALING:
        for text in PHYSICAL if name.startswith("physical") else DIGITAL:
            yield lambda rng, name=name, text=text: _scale(rng, {name: text})
    for one, other in (("5", "5"), ("0", "0"), ("5", "-5"), ("3e9", "-3e9"), ("0", "1e-7"), ("1e12", "2e12")):
        yield lambda rng, one=one, other=other: _scale(rng, {SCALING[0]: one, SCALING[1]: other})
    for one, other in (("5", "5"), ("7", "-7"), ("0", "1"), ("-32768", "32767"), ("99999", "-99999")):
        yield lambda rng, one=one, other=other: _scale(rng, {SCALING[2]: one, SCALING[3]: other})
    for _ in range(6):
        yield lambda rng: _inverted(rng)


def _scale(rng: np.random.Generator, texts: dict[str, str]) -> Made:
    file = base(rng, "edf", "edf+c", "edf+d", "bdf", "bdf+c", "mixed rates", "odd duration")
    index = int(rng.choice(file.ordinary))
    stated = dict(zip(SCALING, file.signals[index].limits, strict=True))
    stated |= {name: float(t) if name.startswith("physical") else int(t) for name, t in texts.items()}
    low, high, least, most = (stated[name] for name in SCALING)
    return _with_limits(
        file, index, (low, high, int(least), int(most)), {(n, index): t.encode() for n, t in texts.items()}
    )


def _inverted(rng: np.random.Generator) -> Made:
    file = base(rng, "edf", "edf+c", "bdf", "bdf+d", "mixed rates")
    index = int(rng.choice(file.ordinary))
    low, high, least, most = file.signals[index].limits
    texts = {(SCALING[0], index): plain(high).encode(), (SCALING[1], index): plain(low).encode()}
    return _with_limits(file, index, (high, low, least, most), texts)


def _with_limits(file: File, index: int, limits: Limits, changes: dict[Place, bytes]) -> Made:
    verdict, code = scaled(limits, file.signals[index].factor or 1.0, bdf=file.bdf)
    if verdict == "reject_signal":
        return made("scale:", file, changes, refuse_signal(index, code), truth(file, refused=(index,)))
    told = truth(file.with_signal(index, limits=limits), compose(file)) if verdict != "any" else None
    return made("scale:", file, changes, _used(verdict, code), told)


def _used(verdict: Verdict, code: str) -> Expected:
    """What is said of a signal whose scale is not refused."""
    return ANYTHING if verdict == "any" else doubtful(code) if code else legal()


def units() -> Iterator[Change]:
    """Units of an EMG signal: voltages, other quantities, texts that say nothing."""
    for text, factor in (
        *((b"uV", 1.0), (b"nV", 1e-3), (b"mV", 1e3), (b"\xb5V", 1.0), ("µV".encode(), 1.0), ("μV".encode(), 1.0)),
        *((b" uV", 1.0), (b"microV", 1.0), (b"V", 1e6)),
    ):
        yield lambda rng, text=text, factor=factor: _voltage(rng, text, factor)
    for text in (b"deg", b"%", b"g", b"N", b"degC", b"mmHg", b"Boolean", b"kOhm", b"m/s^2"):
        yield lambda rng, text=text: _no_voltage(rng, text, "NOT_A_VOLTAGE")
    for text in (b"", b"MV", b"adc", b"counts", b"uVV", b"V/s", b"dV", b"u", b"uV?", b"\xff\xff", b"[uV]", b"BITS"):
        yield lambda rng, text=text: _no_voltage(rng, text, "UNIT_UNKNOWN")


def _voltage(rng: np.random.Generator, text: bytes, factor: float) -> Made:
    file = base(rng, "edf", "edf+c", "edf+d", "bdf", "bdf+c", "mixed rates")
    index = int(rng.choice(file.ordinary))
    verdict, code = scaled(file.signals[index].limits, factor, bdf=file.bdf)
    changes = {("unit", index): text}
    if verdict == "reject_signal":
        return made("unit", file, changes, refuse_signal(index, code), truth(file, refused=(index,)))
    if verdict == "any":
        return made("unit", file, changes, ANYTHING)
    return made("unit", file, changes, legal(), truth(file.with_signal(index, factor=factor)))


def _no_voltage(rng: np.random.Generator, text: bytes, code: str) -> Made:
    file = base(rng, "edf", "edf+c", "bdf", "bdf+d", "mixed rates")
    index = int(rng.choice(file.ordinary))
    return made("unit", file, {("unit", index): text}, refuse_signal(index, code), truth(file, refused=(index,)))


def sizes() -> Iterator[Change]:
    """Header bytes, number of signals, record duration and samples per record that lie."""
    for text in (b"0", b"-1", b"255", b"257", b"256", b"99999999", b"-9999999", b"512", b"1"):
        yield lambda rng, text=text: _header_bytes(rng, text)
    for step in (-256, -1, 1, 256):
        yield lambda rng, step=step: _header_bytes(rng, step)
    for text in (b"0", b"-1", b"-999", b"00"):
        yield lambda rng, text=text: made("", base(rng), {("number of signals", -1): text}, refuse("SIGNAL_COUNT"))
    for text in (b"9999", b"+999", b"256", b"99"):
        lies = refuse("HEADER_SIZE", "HEADER_SHORT")
        yield lambda rng, text=text, lies=lies: made("", base(rng), {("number of signals", -1): text}, lies)
    for step in (-1, 1, 2):
        yield lambda rng, step=step: _off_by(rng, step)
    for text in ("0", "-1", "-0", "1e-9", "1e-7", "-1e5", "1e-300", "0.000"):
        yield lambda rng, text=text: _no_duration(rng, text)
    for text in ("2", "0.5", "0.1", "1e1", "00003", "+1", " 1", "3600", "99999999"):
        yield lambda rng, text=text: _other_duration(rng, text)
    for change in (
        "0",
        "-1",
        "n-1",
        "n+1",
        "n+2",
        "2n",
        "1",
        "n/2",
        "30000000",
        "40000000",
        "99999999",
        "-9999999",
        "00n",
    ):
        for _ in range(2):
            yield lambda rng, change=change: _samples(rng, change)


def _header_bytes(rng: np.random.Generator, lie: bytes | int) -> Made:
    file = base(rng)
    text = lie if isinstance(lie, bytes) else str(file.header_bytes + lie).encode()
    right = int(text) == file.header_bytes
    expected = legal() if right else refuse("HEADER_SIZE")
    return made("", file, {("header bytes", -1): text}, expected, truth(file) if right else None)


def _off_by(rng: np.random.Generator, step: int) -> Made:
    file = base(rng)
    stated = len(file.signals) + step
    expected = refuse("HEADER_SIZE", "HEADER_SHORT") if stated > 0 else refuse("SIGNAL_COUNT")
    return made("", file, {("number of signals", -1): str(stated).encode()}, expected)


def _no_duration(rng: np.random.Generator, text: str) -> Made:
    file = base(rng, "edf", "edf+c", "edf+d", "bdf", "bdf+c", "mixed rates", "odd duration")
    return made("", file, {("record duration", -1): text.encode()}, refuse("RECORD_DURATION"))


def _other_duration(rng: np.random.Generator, text: str) -> Made:
    file = base(rng, "edf", "bdf", "other quantities")
    other = replace(file, record_s=float(text))
    return made("", file, {("record duration", -1): text.encode()}, legal(), truth(other))


def _samples(rng: np.random.Generator, change: str) -> Made:
    file = base(
        rng, "edf", "edf+c", "edf+d", "bdf", "bdf+c", "bdf+d", "mixed rates", "odd duration", "annotation signals"
    )
    index = int(rng.integers(len(file.signals)))
    n = file.signals[index].n
    stated = {"n-1": n - 1, "n+1": n + 1, "n+2": n + 2, "2n": 2 * n, "n/2": n // 2, "00n": n}.get(change)
    text = (f"00{n}" if change == "00n" else str(stated)) if stated is not None else change
    return restated(file, index, int(text), {("samples per record", index): text.encode()})


def restated(file: File, index: int, n: int, changes: dict[Place, bytes]) -> Made:
    """Judge a file whose samples per record of one signal are stated as `n`."""
    data = compose(file, changes)
    other = file.with_signal(index, n=n)
    expected, whole = laid_out(other, file.n_records, len(data) - file.header_bytes)
    if expected.verdict == "reject_file":
        return made("", file, changes, expected)
    if file.plus and not _lists_stand(file, other, data, whole):
        return made("", file, changes, refuse("ANNOTATIONS_DAMAGED", stage="read"))
    return made("", file, changes, expected, truth(other, data, whole))


def _lists_stand(file: File, other: File, data: bytes, n_records: int) -> bool:
    """Whether every annotation field still begins where it did: else its first list is cut or shifted."""
    body = b"".join(records(file))
    for k in range(n_records):
        for i in file.annotation_signals:
            was = k * file.record_bytes + file.offset(i)
            now = k * other.record_bytes + other.offset(i)
            if was != now or body[was : was + file.sample_bytes * other.signals[i].n].rstrip(b"\0") != file.signals[
                i
            ].tals[k].rstrip(b"\0"):
                return False
    return True


def flags() -> Iterator[Change]:
    """The reserved field, which says EDF+ or not."""
    for _ in range(3):
        yield lambda rng: _flag(rng, "", doubtful("PLUS_FLAG_LOST"), "edf+c", "bdf+c", "mixed rates", "odd duration")
        yield lambda rng: _flag(rng, "D", legal(), "edf+c", "bdf+c", "odd duration")
        yield lambda rng: _flag(rng, "C", doubtful("DISCONTINUOUS", stage="read"), "edf+d", "bdf+d")
        yield lambda rng: _flag(rng, "", doubtful("PLUS_FLAG_LOST"), "edf+d", "bdf+d")
        yield lambda rng: _flag(rng, "X", doubtful("HEADER_RESERVED"), "edf+c", "bdf+c", "edf+d")
        yield lambda rng: _flag(rng, "c", doubtful("HEADER_RESERVED"), "edf+c", "bdf+c", "edf+d")
        yield lambda rng: _flag(rng, "C", refuse("ANNOTATIONS_LOST"), "edf", "bdf", "other quantities")
        yield lambda rng: _flag(rng, "D", refuse("ANNOTATIONS_LOST"), "edf", "bdf", "other quantities")
    for text in (b"24BIT", b"noise", b"0123456789" * 4):
        yield lambda rng, text=text: _reserved(rng, text)


def _flag(rng: np.random.Generator, letter: str, expected: Expected, *kinds: str) -> Made:
    file = base(rng, *kinds)
    text = f"{file.magic}+{letter}".encode() if letter else b""
    told = None if expected.verdict == "reject_file" else truth(file)
    return made("", file, {("reserved", -1): text}, expected, told)


def _reserved(rng: np.random.Generator, text: bytes) -> Made:
    file = base(rng, "edf", "bdf", "other quantities")
    return made("", file, {("reserved", -1): text}, legal(), truth(file))
