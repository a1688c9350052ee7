"""Compare EDF and BDF readers and write docs/readers.md: `python -m validation.readers [--out FILE]`."""

import argparse
import math
import platform
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import EmgpipeError
from emgpipe.readers import read_recording
from emgpipe.readers.units import uv_per_unit
from stress.compose import Truth
from validation.reader_cases import Case, all_cases

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "data" / "real"
UV_PER_V = 1e6
ONSET_SLACK_S = 1e-4
LONGEST_REASON = 70
_NOT_COMPLIANT = "the file is not EDF(+) or BDF(+) compliant"

Floats = NDArray[np.float64]


class SeenSignal(NamedTuple):
    """What a reader gives of one signal: values, seconds from the first sample, and what makes µV of the values.

    `factor` is NaN where the reader hands out the unit's text, so that the user has to know it.
    """

    values: Floats
    times_s: Floats
    unit: str
    factor: float = math.nan


class Seen(NamedTuple):
    """What a reader gives of a file; a text in place of a signal is why it is refused."""

    signals: list[SeenSignal | str]
    start: datetime | None
    marks: list[tuple[float, str]]
    warned: str


def by_emgpipe(path: Path) -> Seen:
    """Read with emgpipe."""
    recording = read_recording(path)
    signals: list[SeenSignal | str] = []
    for s in recording.signals:
        if s.refused:
            signals.append(s.refused)
            continue
        # the samples of each run, at the run's own time
        parts = [(np.arange(n) + place, recording.read_samples(s.index, offset, offset + n))
                 for place, offset, n in recording.placed_runs(s)]  # fmt: skip
        places, values = (np.concatenate(x) for x in zip(*parts, strict=True))
        signals.append(SeenSignal(values.astype(np.float64), places / s.rate_hz, s.unit, 1.0))
    told = sorted({f.code for f in recording.findings if f.severity == "warning"})
    return Seen(signals, recording.start, [(m.onset_s, m.text) for m in recording.annotations], ", ".join(told))


def by_pyedflib(path: Path) -> Seen:
    """Read with pyedflib."""
    import pyedflib

    with pyedflib.EdfReader(str(path)) as file:
        signals: list[SeenSignal | str] = []
        for i in range(file.signals_in_file):
            values = file.readSignal(i)
            signals.append(
                SeenSignal(values, np.arange(len(values)) / file.getSampleFrequency(i), file.getPhysicalDimension(i))
            )
        onsets, _, texts = file.readAnnotations()
        return Seen(signals, file.getStartdatetime(), list(zip(map(float, onsets), map(str, texts), strict=True)), "")


def by_edfio(path: Path) -> Seen:
    """Read with edfio."""
    import edfio

    file = (edfio.read_bdf if path.suffix == ".bdf" else edfio.read_edf)(path)
    signals: list[SeenSignal | str] = [
        SeenSignal(s.data, np.arange(len(s.data)) / s.sampling_frequency, s.physical_dimension) for s in file.signals
    ]
    return Seen(signals, _edfio_start(file), [(float(a.onset), a.text) for a in file.annotations], "")


def _edfio_start(file: object) -> datetime | None:
    try:
        return datetime.combine(file.startdate, file.starttime)  # type: ignore[attr-defined]
    except ValueError:  # it reads the header's texts only now
        return None


def by_mne(path: Path) -> Seen:
    """Read with MNE."""
    import mne

    raw = (mne.io.read_raw_bdf if path.suffix == ".bdf" else mne.io.read_raw_edf)(path, preload=True, verbose="WARNING")
    data = raw.get_data()
    signals: list[SeenSignal | str] = [SeenSignal(row, raw.times, "V", UV_PER_V) for row in data]
    start = raw.info["meas_date"]
    marks = [(float(a["onset"]), str(a["description"])) for a in raw.annotations]
    return Seen(signals, start and start.replace(tzinfo=None), marks, "")


READERS: dict[str, Callable[[Path], Seen]] = {
    "emgpipe": by_emgpipe,
    "pyedflib": by_pyedflib,
    "edfio": by_edfio,
    "mne": by_mne,
}


def installed() -> list[str]:
    """Names of the readers that are here."""
    return [name for name in READERS if find_spec(name)]


def look(reader: str, path: Path) -> Seen | str:
    """Read a file; a text says why it is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            seen = READERS[reader](path)
        except EmgpipeError as error:
            return error.code
        except Exception as error:
            return _short(
                f"{type(error).__name__}: {error}".replace(f"{path}: ", "").replace(_NOT_COMPLIANT, "not compliant")
            )
    # MNE states a version's deprecations as well
    texts = [str(w.message) for w in caught if issubclass(w.category, UserWarning | RuntimeWarning)]
    return seen._replace(warned=seen.warned or "; ".join(dict.fromkeys(map(_short, texts))))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 3] + "..."


def verdict(case: Case, seen: Seen | str) -> str:
    """`right`, `refused: ...`, `open: ...` or `wrong: ...`, with what the reader warned of."""
    if isinstance(seen, str):
        return f"refused: {seen}"
    if case.truth is None:
        given = any(isinstance(s, SeenSignal) and len(s.values) for s in seen.signals)
        faults = ["numbers from a file without an honest reading" if given else "open: no samples"]
    else:
        faults = [*sample_faults(case.truth, seen), *_clock(case.truth, seen)]
    refused = sorted({s for s in seen.signals if isinstance(s, str)})
    opened = [fault for fault in faults if fault.startswith("open: ")]
    if faults and len(opened) == len(faults):
        word = "; ".join(faults)
    elif faults:
        word = "wrong: " + "; ".join(fault for fault in faults if fault not in opened)
    else:
        word = "right" + "".join(f", signal refused: {s}" for s in refused)
    return word + (f" (says: {seen.warned})" if seen.warned else "")


def sample_faults(truth: Truth, seen: Seen) -> list[str]:
    """What is wrong with the samples and their times; empty where nothing is."""
    if len(seen.signals) != len(truth.signals):
        return [f"{len(seen.signals)} signals of {len(truth.signals)}"]
    faults: list[str] = []
    for want, got in zip(truth.signals, seen.signals, strict=True):
        if want is None:
            if not isinstance(got, str):
                faults.append(_claim(got))
        elif isinstance(got, str):
            faults.append(f"signal refused: {got}")
        else:
            faults += _one_signal(want.uv, want.step_uv, times_s(truth, want.uv.shape[1]), got)
    return list(dict.fromkeys(faults))


def _claim(signal: SeenSignal) -> str:
    if uv_of(signal) is None:
        return f"open: numbers of unit {signal.unit!r}"
    return f"numbers in {signal.unit} where there are none"


def times_s(truth: Truth, n: int) -> Floats:
    """Seconds of each sample from the first one, `n` samples a record."""
    within = np.arange(n) * truth.record_s / n
    return (np.asarray(truth.starts_s)[:, None] + within).ravel()


def _one_signal(uv: Floats, step_uv: float, at_s: Floats, got: SeenSignal) -> list[str]:
    want = uv.ravel()
    if len(got.values) != len(want):
        return [f"{len(got.values)} samples, not {len(want)}"]
    off_s = float(np.abs(got.times_s - at_s).max())
    half_sample_s = 0.5 * float(np.diff(at_s).min(initial=math.inf))
    late = [f"samples up to {off_s:.3g} s from their time"] if off_s > half_sample_s else []
    return late + _amplitude(want, step_uv, got)


def uv_of(signal: SeenSignal) -> Floats | None:
    """Microvolts, by the factor of the reader or by the text of the unit; None where that names no voltage."""
    factor = uv_per_unit(signal.unit) if math.isnan(signal.factor) else signal.factor
    return None if math.isnan(factor) else signal.values * factor


def _amplitude(want: Floats, step_uv: float, got: SeenSignal) -> list[str]:
    uv = uv_of(got)
    if uv is None:
        return [f"open: unit reads {got.unit!r}"]
    if float(np.abs(uv - want).max()) <= step_uv:
        return []
    ratio = float(np.std(uv) / np.std(want))
    constant = np.abs(uv - ratio * want).max() <= 1e-3 * np.abs(uv).max()
    return [f"µV x {ratio:.3g}" if constant else "other values"]


def _clock(truth: Truth, seen: Seen) -> list[str]:
    faults = []
    if truth.start is not None and truth.signals:
        if seen.start is None:
            faults.append("start lost")
        elif abs(off_s := (seen.start - truth.start).total_seconds()) > ONSET_SLACK_S:
            faults.append(f"start {off_s:+.4g} s")
    elif truth.start is None and seen.start is not None:
        faults.append(f"open: start {seen.start:%Y-%m-%d %H:%M:%S}")
    if truth.marks is not None:
        want, got = sorted((m.onset_s, m.text) for m in truth.marks), sorted(seen.marks)
        if [text for _, text in got] != [text for _, text in want]:
            faults.append(f"{len(got)} annotations of {len(want)}")
        elif got and (off_s := max(abs(a[0] - b[0]) for a, b in zip(got, want, strict=True))) > ONSET_SLACK_S:
            faults.append(f"annotations up to {off_s:.4g} s off")
    return faults


def same(ours: Seen | str, theirs: Seen | str) -> str:
    """Compare two readers where no truth is known: `equal`, or how they differ."""
    if isinstance(ours, str) or isinstance(theirs, str):
        return f"refused: {theirs}" if isinstance(theirs, str) else "read"
    if len(ours.signals) != len(theirs.signals):
        return f"{len(theirs.signals)} signals, ours {len(ours.signals)}"
    faults: list[str] = []
    for a, b in zip(ours.signals, theirs.signals, strict=True):
        if isinstance(a, SeenSignal) and isinstance(b, SeenSignal):
            step_uv = _step(a.values)
            faults += _one_signal(a.values[None], step_uv, a.times_s, b)
    return "; ".join(dict.fromkeys(faults)) or "equal"


def _step(values: Floats) -> float:
    """Smallest difference of two values: one digital step, or a few."""
    steps = np.diff(np.unique(values))
    return float(steps.min()) if len(steps) else 1.0


HEAD = """\
# Readers of EDF and BDF, compared

Written by `make readers` (`python -m validation.readers`), emgpipe {version}, Python {python}, {machine}, with
{others}.

Each file is composed byte by byte, so the true samples, times, annotations and start are known. A cell says `right`
where all of them come out: samples to one digital step at their own times, annotations to 0.1 ms. Else it says what is
wrong, or with which words the file or a signal is refused. Words in brackets are the warnings that the reader gave; a
wrong cell without them is wrong in silence. pyedflib and edfio hand out the text of the unit and leave it to their
users: `right` where the text names the true unit. `open` is what is left to the user: a unit that is none, a start
from a field that is none, no samples at all. All readers are called with their defaults.
These libraries are good at what they were made for; the table shows why emgpipe reads files on its own.

"""
REAL_HEAD = """
## Real files and their damaged forms

`{folder}`: no truth is known here; the samples and times of the other readers are compared with those that emgpipe
gives, signals that emgpipe refuses are left out. `read`: emgpipe refuses what this reader reads. What emgpipe decides
on each file is held by `tests/readers/test_real_files.py`.

"""


def holds(case: Case, ours: str) -> bool:
    """Tell whether emgpipe does as it promises: legal files are right, all others right or refused."""
    return ours.startswith("right" if case.legal else ("right", "refused")) and not (case.legal and "refused" in ours)


def _rows(readers: list[str]) -> Iterable[tuple[Case, list[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(all_cases()):
            path = Path(folder) / f"case{number}{case.ending}"
            path.write_bytes(case.data)
            yield case, [verdict(case, look(reader, path)) for reader in readers]


def _real_rows(readers: list[str]) -> Iterable[tuple[str, list[str]]]:
    for path in sorted(REAL.glob("edf_readers/*/*df")):
        ours, *others = (look(reader, path) for reader in readers)
        yield (
            path.name,
            [f"refused: {ours}" if isinstance(ours, str) else _told(ours), *(same(ours, x) for x in others)],
        )
    counts: list[dict[str, int]] = [{} for _ in readers]
    for path in sorted(REAL.glob("edf_converted/*.edf")):
        ours, *others = (look(reader, path) for reader in readers)
        for count, word in zip(counts, ["read", *(same(ours, x) for x in others)], strict=True):
            count[word] = count.get(word, 0) + 1
    cells = ["; ".join(f"{n} {word}" for word, n in sorted(count.items(), key=lambda x: -x[1])) for count in counts]
    yield "edf_converted (all)", cells


def _told(seen: Seen) -> str:
    refused = sorted({s for s in seen.signals if isinstance(s, str)})
    return (
        "read" + "".join(f", signal refused: {s}" for s in refused) + (f" (says: {seen.warned})" if seen.warned else "")
    )


def _cell(text: str) -> str:
    safe = text.replace("|", "\\|").replace("<", "&lt;")
    return f"**{safe}**" if safe.startswith("wrong") else safe


def _table(columns: list[str], rows: Iterable[tuple[str, list[str]]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_cell(title), *map(_cell, cells)] for title, cells in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(readers: list[str]) -> tuple[str, list[str]]:
    """Text of docs/readers.md, and the titles of the cases that emgpipe reads wrong."""
    others = ", ".join(f"{name} {version(name)}" for name in readers[1:])
    text = HEAD.format(
        version=version("emgpipe"), python=platform.python_version(), others=others,
        machine=f"{platform.system()} {platform.machine()}",
    )  # fmt: skip
    rows = list(_rows(readers))
    for title, legal in (("Legal files", True), ("Files that say what cannot be, or too little", False)):
        text += (
            f"## {title}\n\n" + _table(["file", *readers], [(c.title, v) for c, v in rows if c.legal == legal]) + "\n"
        )
    if REAL.is_dir():
        text = text.rstrip("\n") + "\n" + REAL_HEAD.format(folder="shared/data/real")
        text += _table(["file", *readers], _real_rows(readers))
    return text.rstrip("\n") + "\n", [c.title for c, v in rows if not holds(c, v[0])]


def main() -> int:
    """Write the page; exit code 1 where emgpipe reads a file wrong or refuses a legal one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "readers.md")
    told = parser.parse_args()
    text, wrong = page(installed())
    told.out.write_text(text, encoding="utf-8")
    for title in wrong:
        sys.stdout.write(f"emgpipe falls short: {title}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
