"""Judgement of one malformed file: what check and the reader say against what the policy says."""

import math
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError
from emgpipe.errors.codes import CODES
from emgpipe.pipeline import compute_frames, measure
from emgpipe.readers import check_file, read_recording
from emgpipe.recording import Annotation, Finding, Recording, Signal
from stress.compose import PRIVATE, Mark, SignalTruth, Truth
from stress.malformed import Case
from stress.rules import TIME_CODES

KINDS = {
    "uncontrolled": "exceptions that are not ours (tracebacks)",
    "hang": "hangs (10 s)",
    "signal": "ended by a signal",
    "memory": "memory over 100 MB above the idle worker",
    "accepted": "without an honest number, accepted",
    "silent": "doubtful, accepted without a finding",
    "refused": "legal or doubtful, refused",
    "samples": "samples, times, marks or starts that are not the true ones",
    "code": "refused or used with another code than the policy's",
    "disagree": "check and reader of two minds",
    "private": "texts about people or devices in a message",
    "command": "`emgpipe check` of another verdict or not a line a finding",
}


class Offence(NamedTuple):
    """A file that was not treated as the policy says."""

    kind: str
    number: int
    told: str


def judge(case: Case, path: Path, *, through: bool = False) -> list[Offence]:
    """Check, open and read one file, and compare all that is said with the policy.

    Parameters
    ----------
    case : Case
        The file and what the policy says of it.
    path : Path
        Where it is written.
    through : bool
        Also reduce it to frames and measure.

    Returns
    -------
    list of Offence
        Empty where everything is as it should be.
    """
    path.write_bytes(case.data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            told = _judge(case, path, through=through)
    except Exception as error:  # of whatever kind: a coded one has no place here either
        at = traceback.extract_tb(error.__traceback__)[-1]
        told = [("uncontrolled", f"{error!r} at {Path(at.filename).name}:{at.lineno}")]
    return [Offence(kind, case.number, f"{case.name}: {text}") for kind, text in told]


def _judge(case: Case, path: Path, *, through: bool) -> list[tuple[str, str]]:
    findings = check_file(path)
    told = _of_findings(case, findings)
    try:
        recording = read_recording(path)
    except ReadError as error:
        return told + _of_refusal(case, findings, error)
    told += _of_findings(case, recording.findings) + _of_recording(case, findings, recording)
    if through:
        _measured(recording)
    return told


def _measured(recording: Recording) -> None:
    frames = compute_frames(recording, mains_hz=50)
    measure(recording, frames, rest=True)


def refuses_file(finding: Finding) -> bool:
    """Whether a finding refuses the whole file: an error that is not at a quoted label."""
    return finding.severity == "error" and not finding.where.startswith(("'", '"', "the "))


def _of_findings(case: Case, findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Every finding has a known code, one line, and nothing private."""
    told = []
    # blocks that swap places may make a label of a private text, and labels are told
    is_moved = case.family == "swap" and case.expected.verdict == "any"
    for finding in findings:
        words = " ".join(finding)
        if PRIVATE in words and not is_moved:
            told.append(("private", repr(finding)))
        if finding.code not in CODES or not words.isprintable():
            told.append(("code", f"a code that is not in the table, or a line with control characters: {finding!r}"))
    return told


def _of_refusal(case: Case, findings: Sequence[Finding], error: ReadError) -> list[tuple[str, str]]:
    """The reader refused the file."""
    told, expected = [], case.expected
    if (PRIVATE in str(error) and case.expected.verdict != "any") or not str(error).isprintable():
        told.append(("private", str(error)))
    refusing = {f.code for f in findings if refuses_file(f)}
    if bool(refusing) != (error.code not in TIME_CODES):
        told.append(("disagree", f"check says {sorted(refusing)}, the reader {error}"))
    if expected.verdict in ("legal", "doubtful", "reject_signal"):
        told.append(("refused", str(error)))
    if expected.verdict == "reject_file":
        said = refusing if expected.stage == "check" else {error.code}
        if not said & expected.codes:
            told.append(("code", f"{sorted(said)} instead of {sorted(expected.codes)}: {error}"))
        if bool(refusing) != (expected.stage == "check"):
            told.append(("disagree", f"check says {sorted(refusing)} of what {expected.stage} tells"))
    return told


def _of_recording(case: Case, findings: Sequence[Finding], recording: Recording) -> list[tuple[str, str]]:
    """The reader gave a recording."""
    told, expected = [], case.expected
    if any(refuses_file(f) for f in findings):
        told.append(("disagree", f"read, though check says {[f.code for f in findings if refuses_file(f)]}"))
    if expected.verdict == "reject_file":
        told.append(("accepted", f"must be refused: {sorted(expected.codes)}"))
    warned = {f.code for f in (*findings, *recording.findings) if f.severity != "info"}
    if expected.verdict == "legal" and warned - expected.codes:
        told.append(("code", f"legal, yet told {sorted(warned - expected.codes)}"))
    if expected.verdict == "doubtful":
        told += _of_doubt(case, findings, recording)
    if expected.verdict == "reject_signal":
        told += _of_refused_signal(case, findings, recording)
    told += _finite(recording)
    if case.truth is not None:
        told += [("samples", text) for text in _untrue(case.truth, recording)]
    return told


def _of_doubt(case: Case, findings: Sequence[Finding], recording: Recording) -> list[tuple[str, str]]:
    read = {f.code for f in recording.findings}
    checked = {f.code for f in findings}
    if not read | checked:
        return [("silent", f"must be told: {sorted(case.expected.codes)}")]
    told = []
    if not read & case.expected.codes or (case.expected.stage == "check" and not checked & case.expected.codes):
        told.append(("code", f"told {sorted(read)} and by check {sorted(checked)}, not {sorted(case.expected.codes)}"))
    return told


def _of_refused_signal(case: Case, findings: Sequence[Finding], recording: Recording) -> list[tuple[str, str]]:
    signal = recording.signal(case.expected.signal)
    try:
        recording.read_samples(signal.index, 0, 10)
    except ReadError:
        pass
    else:
        return [("accepted", f"signal {signal.index} gives numbers")]
    at_signals = {f.code for f in findings if f.severity == "error" and not refuses_file(f)}
    if not at_signals & case.expected.codes:
        return [
            ("code", f"{sorted(at_signals)} at signals, refused as {signal.refused}, not {sorted(case.expected.codes)}")
        ]
    return []


def _finite(recording: Recording) -> list[tuple[str, str]]:
    """Whatever is given is a number."""
    told = []
    for signal in recording.signals:
        if signal.refused:
            continue
        uv = recording.read_samples(signal.index, 0, signal.n_samples)
        if len(uv) != signal.n_samples or not np.isfinite(uv).all():
            told.append(
                ("samples", f"{signal.label!r}: {len(uv)} of {signal.n_samples} samples, or some are no numbers")
            )
        if not (signal.lsb_uv > 0 and signal.clip_low_uv < signal.clip_high_uv and signal.rate_hz > 0):
            told.append(("samples", f"{signal.label!r}: its limits are no limits"))
    return told


def _untrue(truth: Truth, recording: Recording) -> list[str]:
    """What a recording says otherwise than the truth."""
    if len(recording.signals) != len(truth.signals):
        return [f"{len(recording.signals)} signals instead of {len(truth.signals)}"]
    told = []
    if recording.start != truth.start:
        told.append(f"starts at {recording.start} instead of {truth.start}")
    if truth.marks is not None and _sorted_marks(recording.annotations) != (want := _sorted_marks(truth.marks)):
        told.append(f"annotations {recording.annotations} instead of {want}")
    for signal, want_uv in zip(recording.signals, truth.signals, strict=True):
        if want_uv is None:
            told += [] if signal.refused else [f"{signal.label!r} gives numbers"]
        else:
            told += _untrue_samples(truth, recording, signal, want_uv)
    return told


def _sorted_marks(marks: Sequence[Mark | Annotation]) -> list[tuple[float, float, str]]:
    """Marks in one order, an absent duration as -1."""
    return sorted((round(m.onset_s, 6), -1.0 if m.duration_s is None else m.duration_s, m.text) for m in marks)


def _untrue_samples(truth: Truth, recording: Recording, signal: Signal, want: SignalTruth) -> list[str]:
    """Samples on the gap-aware time line, each record at its own time, gaps NaN."""
    if signal.refused:
        return [f"{signal.label!r} is refused: {signal.refused}"]
    n_records, n = want.uv.shape
    if (signal.n_samples, signal.rate_hz) != (n_records * n, n / truth.record_s):
        return [f"{signal.label!r}: {signal.n_samples} samples at {signal.rate_hz} Hz"]
    # half a digital step, and the rounding to float32 of the largest sample
    slack = 0.5 * want.step_uv + float(np.abs(want.uv).max()) * 2**-22
    flat = recording.read_samples(signal.index, 0, signal.n_samples)
    if not np.allclose(flat, want.uv.ravel(), rtol=0, atol=slack):
        return [f"{signal.label!r}: {np.abs(flat - want.uv.ravel()).max()} µV off; a step is {want.step_uv} µV"]
    if truth.record_s * n_records > 1e6:  # a duration of years: nothing to place
        return []
    return _untrue_places(truth, recording.read(signal.index, 0.0, math.inf), signal, want, slack)


def _untrue_places(
    truth: Truth, placed: NDArray[np.float32], signal: Signal, want: SignalTruth, slack: float
) -> list[str]:
    """Each record stands at its time, and nothing but NaN in between."""
    if len(placed) != round((truth.starts_s[-1] + truth.record_s) * signal.rate_hz):
        return [f"{signal.label!r}: {len(placed)} samples with the gaps"]
    for start_s, row in zip(truth.starts_s, want.uv, strict=True):
        at = round(start_s * signal.rate_hz)
        if not np.allclose(placed[at : at + len(row)], row, rtol=0, atol=slack):
            return [f"{signal.label!r}: the record of {start_s} s is not at its time"]
    if np.isfinite(placed).sum() != want.uv.size:
        return [f"{signal.label!r}: numbers stand in the gaps"]
    return []
