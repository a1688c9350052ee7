"""Fuzzed calls of the reader: damaged bytes give a recording of finite samples or a coded refusal, nothing else."""

import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from emgpipe.errors import ReadError
from emgpipe.readers import read_recording
from stress.bases import BASES
from stress.compose import WIDTHS, File, compose, places
from stress.judge import Offence

FRAGMENTS = (
    *(
        b"+0\x14\x14\0",
        b"+1\x14\x14\0",
        b"-1\x14\x14\0",
        b"\x14",
        b"\x15",
        b"\x14\x14\0",
        b"\0",
        b"+",
        b"+1e9\x14\x14\0",
    ),
    *(b"+3\x152\x14x\x14\0", b"+99999999\x14\x14\0", b"+0.5\x14\x14\0", b"\xff\xfe", b"9" * 20),
)
NONSENSE = (
    *(b"", b"-1", b"0", b"1", b"2", b"99999999", b"-9999999", b"1e99", b"1e-9", b"nan", b"inf", b"1,5", b"0.1"),
    *(
        b"\xff\xfe",
        b"EDF+D",
        b"EDF+C",
        b"32768",
        b"-32769",
        b"8388608",
        b"1e308",
        b"1e400",
        b"0x10",
        b"1_0",
        b"256",
        b"+7",
    ),
    *(b"EDF Annotations", b"BDF Annotations", b"mV", b"uV", b"EMG TA_R", b"\0\0\0"),
)


@dataclass
class Fuzzed:
    """Outcomes of all calls."""

    seed: int
    calls: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    offences: list[Offence] = field(default_factory=list)
    seconds: float = 0.0


def run_calls(seed: int, n_calls: int, folder: Path, first: int = 0) -> Fuzzed:
    """Read damaged bytes `first..first+n_calls-1` of a seed, in this process.

    Parameters
    ----------
    seed, n_calls, first : int
        Call `k` depends on both numbers and on nothing else.
    folder : Path
        Where the bytes are written.

    Returns
    -------
    Fuzzed
    """
    out, path = Fuzzed(seed, n_calls), folder / "fuzz.edf"
    begun = time.perf_counter()
    for number in range(first, first + n_calls):
        path.write_bytes(damaged(seed, number))
        try:
            wrong = _read(path)
        except ReadError as error:
            out.refused[error.code] += 1
            continue
        except Exception as error:
            wrong = repr(error)
        if wrong:
            out.offences.append(Offence("uncontrolled", number, wrong))
        else:
            out.read += 1
    out.seconds = time.perf_counter() - begun
    return out


def _read(path: Path) -> str:
    """Read every sample; say what is no number."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = read_recording(path)
        for signal in recording.signals:
            if not signal.refused and not np.isfinite(recording.read_samples(signal.index, 0, signal.n_samples)).all():
                return f"{signal.label!r} has samples that are no numbers"
    return ""


@cache
def _intact() -> tuple[tuple[File, bytes], ...]:
    rng = np.random.default_rng(7)
    files = [make(rng) for make in BASES.values() for _ in range(3)]
    return tuple((file, compose(file)) for file in files)


def damaged(seed: int, number: int) -> bytes:
    """Bytes of one call: a legal file with one to three kinds of damage."""
    rng = np.random.default_rng([seed, number])
    files = _intact()
    file, intact = files[rng.integers(len(files))]
    data = bytearray(intact)
    for kind in rng.choice([_bytes, _fields, _lists, _length], int(rng.integers(1, 4))):
        kind(rng, file, data)
    return bytes(data)


def _bytes(rng: np.random.Generator, file: File, data: bytearray) -> None:
    """Random bytes, in the header or anywhere."""
    reach = min(file.header_bytes, len(data)) if rng.random() < 0.7 else len(data)
    for at in rng.integers(0, max(reach, 1), int(rng.integers(1, 9))):
        data[at : at + 1] = rng.bytes(1)


def _fields(rng: np.random.Generator, file: File, data: bytearray) -> None:
    """Plausible nonsense in whole fields."""
    where = list(places(len(file.signals)).items())
    for _ in range(int(rng.integers(1, 4))):
        (name, _), at = where[rng.integers(len(where))]
        if at.stop <= len(data):
            text = NONSENSE[rng.integers(len(NONSENSE))][: WIDTHS[name]]
            data[at] = text.ljust(WIDTHS[name])


def _lists(rng: np.random.Generator, file: File, data: bytearray) -> None:
    """Fragments of annotation lists where lists stand."""
    if not file.annotation_signals:
        return
    for _ in range(int(rng.integers(1, 4))):
        index = int(rng.choice(file.annotation_signals))
        start = file.header_bytes + int(rng.integers(file.n_records)) * file.record_bytes + file.offset(index)
        start += int(rng.integers(file.sample_bytes * file.signals[index].n)) if rng.random() < 0.7 else 0
        text = FRAGMENTS[rng.integers(len(FRAGMENTS))]
        if start + len(text) <= len(data):
            data[start : start + len(text)] = text


def _length(rng: np.random.Generator, file: File, data: bytearray) -> None:
    """Bytes lost, or more bytes, at the end or in between."""
    at = int(rng.integers(0, len(data) + 1)) if rng.random() < 0.5 else len(data)
    n = int(rng.choice([1, 2, 3, 8, 256, file.record_bytes]))
    if rng.random() < 0.5:
        del data[max(at - n, 0) : at]
    else:
        data[at:at] = rng.bytes(n)
