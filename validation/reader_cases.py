"""Files for the comparison of readers, composed byte by byte with the truth of what they hold."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from stress.compose import File, Mark, Place, Signal, Truth, compose, onset, tal, truth

RATE = 500
UV = (-3276.8, 3276.7, -32768, 32767)
WIDE = (-262144.0, 262143.0, -8388608, 8388607)


class Case(NamedTuple):
    """A file; `legal` where the format allows it, `truth` None where its layout or its times have no honest reading."""

    title: str
    data: bytes
    truth: Truth | None
    legal: bool
    ending: str = ".edf"


def all_cases() -> list[Case]:
    """Every case, legal ones first."""
    return [make() for make in (*_LEGAL, *_BROKEN)]


def _signal(label: str, n_records: int, n: int = RATE, seed: int = 0, **changes: object) -> Signal:
    limits = changes.get("limits", UV)
    assert isinstance(limits, tuple)
    rng = np.random.default_rng(seed)
    digital = rng.integers(limits[2], limits[3] + 1, (n_records, n)).astype(np.int32)
    # no zeros: they could pass for padding
    return Signal(label, n, limits, digital=np.where(digital == 0, 1, digital).astype(np.int32), **_other(changes))


def _other(changes: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in changes.items() if name != "limits"}


def _plain(n_records: int = 5, **changes: object) -> File:
    bdf = bool(changes.pop("bdf", False))
    times = tuple(map(float, range(n_records)))
    signals = (
        _signal("EMG TA_R", n_records, **changes),
        _signal("EMG GM_R", n_records, seed=1, limits=_limits(bdf=bdf)),
    )
    return File("x", signals, times, bdf=bdf)


def _limits(*, bdf: bool) -> tuple[float, float, int, int]:
    return WIDE if bdf else UV


def _clocked(
    file: File, times_s: tuple[float, ...] | None = None, plus: str = "C", marks: tuple[Mark, ...] | None = None
) -> File:
    """Give a file record times and marks, each in the first record; marks count from the first sample."""
    times = file.times_s if times_s is None else times_s
    told = (Mark(0.5, 1.0, "rest"), Mark(2.25, None, "cue")) if marks is None else marks
    lists = [tal(onset(t), "") for t in times]
    for mark in told:
        span = None if mark.duration_s is None else onset(mark.duration_s)[1:]
        lists[0] += tal(onset(mark.onset_s + times[0]), mark.text, duration=span)
    n = -(-max(map(len, lists)) // file.sample_bytes) + 4
    most = 2 ** (8 * file.sample_bytes - 1)
    clock = Signal(f"{file.magic} Annotations", n, (-1.0, 1.0, -most, most - 1), b"", None, tals=tuple(lists))
    return replace(file, signals=(*file.signals, clock), times_s=times, plus=plus, marks=told)


def _case(title: str, file: File, changes: dict[Place, bytes] | None = None, *, legal: bool = True) -> Case:
    return Case(title, compose(file, changes), truth(file), legal, ".bdf" if file.bdf else ".edf")


def _unit(title: str, unit: bytes, factor: float, limits: tuple[float, float, int, int]) -> Case:
    return _case(f"unit {title}", _plain(unit=unit, factor=factor, limits=limits))


def _no_number(title: str, file: File, changes: dict[Place, bytes] | None = None) -> Case:
    """The first signal has no honest number."""
    return Case(title, compose(file, changes), truth(file, refused=(0,)), legal=False)


def _resized(title: str, file: File, n_stated: int, keep: int | None = None, n_true: int | None = None) -> Case:
    """A stated number of records that is not the one in the file; `keep` bytes of it."""
    data = compose(file, {("number of records", -1): str(n_stated).encode()})[:keep]
    return Case(title, data, truth(file, data, n_true), legal=False)


def _mixed() -> Case:
    counts = {"EMG TA_R": 2000, "EMG GM_R": 500, "ACC": 148}
    signals = tuple(_signal(label, 5, n, seed) for seed, (label, n) in enumerate(counts.items()))
    return _case("rates 2000, 500 and 148 Hz", _clocked(replace(_plain(), signals=signals)))


def _truncated() -> Case:
    file = _plain()
    return _resized("last record cut in the middle", file, 5, len(compose(file)) - 600, 4)


def _marks_only() -> Case:
    file = _clocked(File("x", (), (0.0,), plus="C"), marks=(Mark(0.0, 30.0, "stage 1"), Mark(30.0, 30.0, "stage 2")))
    return _case("annotations only, record duration 0", file, {("record duration", -1): b"0"})


def _overlap() -> Case:
    file = _clocked(_plain(), (0.0, 1.0, 1.5, 3.0, 4.0), "D")
    return Case("EDF+D, a record begins before the one before ends", compose(file), None, legal=False)


def _flag_lost() -> Case:
    file = _clocked(_plain())
    return _case("annotations, but the EDF+ flag is lost", file, {("reserved", -1): b""}, legal=False)


def _damaged_marks() -> Case:
    data = bytearray(compose(_clocked(_plain())))
    data[-30:-20] = b"\xff" * 10
    return Case("EDF+C, annotation bytes damaged in the last record", bytes(data), None, legal=False)


def _field(title: str, name: str, text: bytes) -> Case:
    return _no_number(title, _plain(), {(name, 0): text})


def _cut_header() -> Case:
    return Case("ends within the header", compose(_plain())[:600], None, legal=False)


_LEGAL: tuple[Callable[[], Case], ...] = (
    lambda: _case("EDF", _plain()),
    lambda: _case("EDF+C with annotations", _clocked(_plain())),
    lambda: _case("EDF+D without a gap", _clocked(_plain(), plus="D")),
    lambda: _case("EDF+D, gaps of 1.5 and 20 s", _clocked(_plain(), (0.0, 1.0, 3.5, 4.5, 25.5), "D")),
    lambda: _case("BDF", _plain(bdf=True)),
    lambda: _case("BDF+C with annotations", _clocked(_plain(bdf=True))),
    lambda: _case("BDF+D, gap of 3 s", _clocked(_plain(bdf=True), (0.0, 1.0, 5.0, 6.0, 7.0), "D")),
    _mixed,
    lambda: _unit("mV", b"mV", 1e3, (-3.2768, 3.2767, -32768, 32767)),
    lambda: _unit("V", b"V", 1e6, (-0.00327, 0.00327, -32768, 32767)),
    lambda: _unit("nV", b"nV", 1e-3, (-3276800.0, 3276700.0, -32768, 32767)),
    lambda: _unit("µV in Latin-1", "µV".encode("latin-1"), 1.0, UV),
    lambda: _unit("µV in UTF-8", "µV".encode(), 1.0, UV),
    lambda: _unit("µV with a Greek mu in UTF-8", "\u03bcV".encode(), 1.0, UV),
    lambda: _unit("uv", b"uv", 1.0, UV),
    lambda: _unit("microV", b"microV", 1.0, UV),
    lambda: _case("physical range inverted", _plain(limits=(3276.7, -3276.8, -32768, 32767))),
    lambda: _case("one-sided range, 12 bits", _plain(limits=(0.0, 5000.0, 0, 4095))),
    lambda: _case("start at 0.3371 s of a second", _clocked(_plain(), tuple(k + 0.3371 for k in range(5)))),
    lambda: _case("records of 1.0016 s", _clocked(replace(_plain(), record_s=1.0016), _odd_times())),
    lambda: _case(
        "1000 annotations", _clocked(_plain(), marks=tuple(Mark(k / 256, None, f"m{k}") for k in range(1000)))
    ),
    lambda: _case("annotations before and after the data", _clocked(_plain(), marks=_marks_outside())),
    _marks_only,
    lambda: _case("two signals of one label", _plain(), {("label", 1): b"EMG TA_R"}),
    lambda: _case("Latin-1 texts", _plain(), {("recording", -1): "Klinik Köln".encode("latin-1")}),
)
_BROKEN: tuple[Callable[[], Case], ...] = (
    lambda: _no_number("unit blank", _plain(unit=b"", factor=None)),
    lambda: _no_number("unit BITS", _plain(unit=b"BITS", factor=None)),
    lambda: _field("decimal comma in the physical minimum", "physical minimum", b"-3276,8"),
    lambda: _field("physical minimum = maximum", "physical minimum", b"3276.7"),
    lambda: _field("digital minimum = maximum", "digital minimum", b"32767"),
    lambda: _resized("number of records -1", _plain(), -1),
    lambda: _resized("3 records stated, 5 there", _plain(), 3),
    lambda: _resized("8 records stated, 5 there", _plain(), 8),
    _truncated,
    lambda: _case(
        "EDF+C, but the record times have a gap of 5 s", _clocked(_plain(), (0.0, 1.0, 7.0, 8.0, 9.0)), legal=False
    ),
    _overlap,
    _flag_lost,
    _damaged_marks,
    lambda: Case("record duration 0 with samples", _bytes({("record duration", -1): b"0"}), None, legal=False),
    lambda: Case(
        "date 32.13.24", _bytes({("date", -1): b"32.13.24"}), truth(_plain())._replace(start=None), legal=False
    ),
    lambda: Case(
        "time 10:00:00", _bytes({("time", -1): b"10:00:00"}), truth(_plain())._replace(start=None), legal=False
    ),
    lambda: Case(
        "header bytes of another number of signals", _bytes({("header bytes", -1): b"1024"}), None, legal=False
    ),
    lambda: Case("99 signals stated, 2 there", _bytes({("number of signals", -1): b"99"}), None, legal=False),
    lambda: Case("no records", compose(_plain())[:768], None, legal=False),
    _cut_header,
)


def _bytes(changes: dict[Place, bytes]) -> bytes:
    return compose(_plain(), changes)


def _odd_times() -> tuple[float, ...]:
    return tuple(round(k * 1.0016, 7) for k in range(5))


def _marks_outside() -> tuple[Mark, ...]:
    return (
        Mark(-2.0, 1.0, "before"),
        Mark(1.0, None, "within"),
        Mark(4.5, 3.0, "over the end"),
        Mark(9.0, None, "after"),
    )
