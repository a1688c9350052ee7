"""Legal files of every kind, from which the malformed ones are made."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from stress.compose import File, Limits, Mark, Signal, onset, tal

LABELS = ("EMG TA_R", "EMG GM_R", "EMG RF_L", "EMG BF_L", "EMG PSP_R")
EDF_LIMITS: tuple[Limits, ...] = (
    (-3200.0, 3200.0, -32768, 32767),
    (-1000.0, 1000.0, -2048, 2047),
    (-250.5, 800.25, -32767, 32767),
)
BDF_LIMITS: tuple[Limits, ...] = ((-262144.0, 262143.0, -8388608, 8388607), (-5000.0, 5000.0, -8000000, 8000000))
TEXTS = ("rest", "Ruhe für 30 s", "stim", "BAD_cable", "x" * 20)


def _ordinary(rng: np.random.Generator, n_records: int, n: int, label: str, *, bdf: bool) -> Signal:
    allowed = BDF_LIMITS if bdf else EDF_LIMITS
    limits = allowed[rng.integers(len(allowed))]
    digital = rng.integers(limits[2], limits[3] + 1, (n_records, n)).astype(np.int32)
    # a zero sample could pass for the padding of an annotation
    return Signal(label, n, limits, digital=np.where(digital == 0, 1, digital).astype(np.int32))


def _samples(rng: np.random.Generator, n_records: int, counts: list[int], *, bdf: bool) -> tuple[Signal, ...]:
    return tuple(_ordinary(rng, n_records, n, label, bdf=bdf) for n, label in zip(counts, LABELS, strict=False))


def with_clock(rng: np.random.Generator, file: File, n_signals: int = 1, n_marks: int = 3) -> File:
    """Give a file annotation signals: the first keeps the times, marks stand in any of them."""
    lists = [[b""] * file.n_records for _ in range(n_signals)]
    lists[0] = [tal(onset(t), "") for t in file.times_s]
    marks = []
    for _ in range(n_marks):
        at = float(rng.integers(-10, 60)) / 8
        duration = float(rng.integers(0, 20)) / 4 if rng.random() < 0.5 else None
        text = str(rng.choice(TEXTS))
        told = None if duration is None else onset(duration)[1:]
        lists[rng.integers(n_signals)][rng.integers(file.n_records)] += tal(onset(at), text, duration=told)
        marks.append(Mark(at - file.times_s[0], duration, text))
    width = max(len(x) for each in lists for x in each) + 8
    n = -(-width // file.sample_bytes)
    label, most = f"{file.magic} Annotations", 2 ** (8 * file.sample_bytes - 1)
    limits = (-1.0, 1.0, -most, most - 1)
    clocks = tuple(Signal(label, n, limits, b"", None, tals=tuple(each)) for each in lists)
    signals = (*clocks, *file.signals) if rng.random() < 0.3 else (*file.signals, *clocks)
    return replace(file, signals=signals, marks=tuple(marks))


def _plain(rng: np.random.Generator, *, bdf: bool = False) -> File:
    n, record_s = int(rng.integers(3, 9)), float(rng.choice([0.25, 1.0, 2.0]))
    counts = [int(rng.choice([100, 250, 500]))] * int(rng.integers(1, 4))
    times = tuple(k * record_s for k in range(n))
    return File("bdf" if bdf else "edf", _samples(rng, n, counts, bdf=bdf), times, record_s, bdf=bdf)


def _continuous(rng: np.random.Generator, *, bdf: bool = False) -> File:
    file = replace(_plain(rng, bdf=bdf), plus="C", kind="bdf+c" if bdf else "edf+c")
    first = float(rng.choice([0.0, 0.25, 0.984375]))
    return with_clock(rng, replace(file, times_s=tuple(t + first for t in file.times_s)))


def _discontinuous(rng: np.random.Generator, *, bdf: bool = False) -> File:
    file = replace(_plain(rng, bdf=bdf), plus="D", kind="bdf+d" if bdf else "edf+d")
    gaps = np.cumsum([0, *(rng.integers(0, 4, file.n_records - 2)), 2])
    return with_clock(rng, replace(file, times_s=tuple((k + float(g)) * file.record_s for k, g in enumerate(gaps))))


def _mixed(rng: np.random.Generator) -> File:
    counts = [400, 100, 200, 1, 25]
    file = File("mixed rates", _samples(rng, 5, counts, bdf=False), tuple(map(float, range(5))), plus="C")
    return with_clock(rng, file)


def _several(rng: np.random.Generator) -> File:
    file = File("annotation signals", _samples(rng, 4, [100, 200], bdf=False), tuple(map(float, range(4))), plus="C")
    return with_clock(rng, file, n_signals=3, n_marks=8)


def _marks_only(rng: np.random.Generator) -> File:
    file = File("annotations only", (), (0.0, 1.0, 2.0), plus="C")
    return with_clock(rng, file, n_marks=5)


def _odd(rng: np.random.Generator) -> File:
    record_s = float(rng.choice([1.0016, 0.1, 0.37]))
    times = tuple(round(k * record_s, 7) for k in range(6))
    return with_clock(rng, File("odd duration", _samples(rng, 6, [313, 626], bdf=False), times, record_s, plus="C"))


def _many(rng: np.random.Generator) -> File:
    times = tuple(map(float, range(12)))
    return with_clock(rng, File("twelve seconds", _samples(rng, 12, [1000, 1000], bdf=False), times, plus="C"))


def _others(rng: np.random.Generator) -> File:
    file = _plain(rng)
    strange = replace(_ordinary(rng, file.n_records, 50, "Temp", bdf=False), unit=b"degC", factor=None)
    return replace(file, signals=(*file.signals, strange), kind="other quantities")


def _short(rng: np.random.Generator) -> File:
    """One record, one sample in it."""
    return with_clock(rng, File("one sample", _samples(rng, 1, [1], bdf=False), (0.0,), 0.01, plus="C"))


def _wide(rng: np.random.Generator) -> File:
    """Two hundred voltages that are no muscles."""
    signals = tuple(_ordinary(rng, 3, 4, f"C{i:03d}", bdf=True) for i in range(200))
    return File("200 signals", signals, (0.0, 1.0, 2.0), bdf=True)


BASES: dict[str, Callable[[np.random.Generator], File]] = {
    "edf": _plain,
    "edf+c": _continuous,
    "edf+d": _discontinuous,
    "bdf": lambda rng: _plain(rng, bdf=True),
    "bdf+c": lambda rng: _continuous(rng, bdf=True),
    "bdf+d": lambda rng: _discontinuous(rng, bdf=True),
    "mixed rates": _mixed,
    "annotation signals": _several,
    "annotations only": _marks_only,
    "odd duration": _odd,
    "twelve seconds": _many,
    "other quantities": _others,
    "one sample": _short,
    "200 signals": _wide,
}


def base(rng: np.random.Generator, *kinds: str) -> File:
    """One legal file of the kinds named, of any kind where none is named."""
    chosen = list(kinds or BASES)
    return BASES[chosen[rng.integers(len(chosen))]](rng)
