"""Open an EDF, EDF+, BDF or BDF+ file as a `Recording`, or refuse it with a code."""

import math
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError, SettingsError
from emgpipe.readers import tal
from emgpipe.readers.clock import Clock, read_clock
from emgpipe.readers.files import file_name, opened, unreadable
from emgpipe.readers.findings import refusal
from emgpipe.readers.header import Header, read_header
from emgpipe.readers.samples import RecordBlocks, Scale, read_uv
from emgpipe.readers.scan import Marks, scan_file
from emgpipe.readers.signals import Described, describe_signals
from emgpipe.recording import Annotation, Finding, ReadSamples, Recording


def read_recording(
    path: str | os.PathLike[str],
    *,
    channels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    strict: bool = False,
) -> Recording:
    """Open a recording; samples stay in the file until they are asked for.

    Parameters
    ----------
    path : path-like
        An EDF, EDF+C, EDF+D, BDF, BDF+C or BDF+D file; what it is, its bytes say, not its name.
    channels : mapping, optional
        Label to muscle (`"TA_R"`) or `"ECG"`, for labels the catalogue does not know.
    units : mapping, optional
        Label to unit (`"uV"`), for signals whose unit the file does not state.
    strict : bool
        Refuse what is else used with a word: the first warning is raised with its code.

    Returns
    -------
    Recording
        Signals at their own rates, one run for each stretch without a gap, annotations in
        seconds from the first sample, everything that was noticed in `findings`. A signal
        without an honest scale has `refused` set, its samples are not given and a finding says
        why; the others stay readable. A file of annotations alone has no signals, no runs and duration 0.

    Raises
    ------
    ReadError
        What has no honest number is refused, nothing is repaired: FILE_UNREADABLE, FILE_EMPTY,
        NOT_EDF, HEADER_SHORT, HEADER_NUMBER, HEADER_SIZE, SIGNAL_COUNT, SAMPLES_PER_RECORD,
        RECORD_COUNT, RECORD_DURATION, RECORD_TOO_LARGE, FILE_TRUNCATED, ANNOTATIONS_LOST,
        ANNOTATIONS_DAMAGED, ANNOTATIONS_TOO_MANY, FIRST_ONSET, RECORDS_OVERLAP,
        RECORD_TIMES_TOO_LARGE, FILE_CHANGED; with
        `strict` any other code of a warning.

    Notes
    -----
    The whole file is read once for its hash and its annotations, by blocks of bounded size.
    Gaps are what the stated times of the records say, whatever the header calls itself.
    Nothing is written, no lock is taken.

    Warnings: RECORD_COUNT, FILE_TRUNCATED (whole records are used), FIRST_ONSET (the start is
    moved), DISCONTINUOUS (gaps in a file that says it has none), PLUS_FLAG_LOST,
    HEADER_RESERVED, START_UNKNOWN, TEXT_CONTROL, ANNOTATION_SCALE, SCALE_INVERTED,
    LABEL_DUPLICATE, MUSCLE_DUPLICATE, MUSCLE_UNKNOWN. Told only: DISCONTINUOUS (gaps where the file says so),
    CLOCK_DRIFT (a warning above 200 ppm), RECORD_TIMES_COARSE, TEXT_ENCODING. At one signal:
    HEADER_NUMBER, DIGITAL_RANGE, SCALE_DEGENERATE, UNIT_UNKNOWN, NOT_A_VOLTAGE, UNIT_CONFLICT.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from emgpipe.simulate import write_edf
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "P01_V1.edf"
    ...     write_edf(path, [np.full(1000, 5.0)], ["EMG TA_R"], 1000.0)
    ...     recording = read_recording(path)
    ...     recording.read("TA_R", 0.0, 0.002).tolist()
    [5.0, 5.0]
    >>> recording.name, recording.duration_s, [signal.muscle for signal in recording.signals]
    ('P01_V1.edf', 1.0, ['TA_R'])
    """
    name = file_name(path)
    header, findings, stamp = _open(path)
    if header is None:
        raise refusal(findings, name)
    blocks = RecordBlocks(path, header, stamp)
    scan = scan_file(blocks)
    described = describe_signals(header, channels or {}, units or {})
    clock = read_clock(scan.onsets_s, scan.digits, header, name)
    annotations, heard = _annotations(scan.marks, clock)
    findings = [*findings, *described.findings, *clock.findings, *heard]
    if strict:
        _refuse_warnings(findings, name)
    return Recording(
        name=name,
        start=_start(header, clock.first_s),
        duration_s=clock.runs[-1].stop_s if clock.runs else 0.0,
        signals=described.signals,
        runs=tuple(clock.runs),
        annotations=annotations,
        findings=tuple(findings),
        sha256=scan.sha256,
        read_samples=_source(blocks, described, name),
    )


def check_file(
    path: str | os.PathLike[str],
    *,
    channels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Judge a file by its header and size; no samples and no annotations are read.

    Parameters
    ----------
    path : path-like
        The file.
    channels, units : mapping, optional
        As in `read_recording`.

    Returns
    -------
    list of Finding
        Everything at once; empty where nothing is to be said. Severity `error` at a signal
        refuses that signal, elsewhere the file. Nothing is raised: a file that cannot be read is one finding.
        Gaps and annotations are judged on reading.

    Examples
    --------
    >>> [(f.code, f.severity, f.where) for f in check_file("no_such_file.edf")]
    [('FILE_UNREADABLE', 'error', 'file')]
    """
    try:
        header, findings, _ = _open(path)
    except ReadError as error:
        return [unreadable(error.__cause__)]
    if header is None:
        return findings
    return findings + describe_signals(header, channels or {}, units or {}).findings


def _open(path: str | os.PathLike[str]) -> tuple[Header | None, list[Finding], os.stat_result]:
    with opened(path) as file:
        stamp = os.fstat(file.fileno())
        return *read_header(file), stamp


def _refuse_warnings(findings: Sequence[Finding], where: str) -> None:
    warnings = [finding for finding in findings if finding.severity == "warning"]
    if warnings:
        first = warnings[0]
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        raise ReadError(first.code, f"{first.said}; strict reading refuses warnings{more}", where=where)


def _start(header: Header, first_s: float) -> datetime | None:
    """Wall clock of the first sample; None also where it lies beyond the calendar."""
    try:
        return header.start and header.start + timedelta(seconds=first_s)
    except OverflowError:
        return None


def _annotations(marks: Marks, clock: Clock) -> tuple[tuple[Annotation, ...], list[Finding]]:
    """Annotations from the first sample on, and how their texts were decoded."""
    onsets_s = clock.on_samples(marks.onsets_s)
    out, foreign = [], 0
    for i in np.argsort(onsets_s, kind="stable").tolist():
        text, is_utf8 = tal.decode(marks.texts[i])
        duration_s = marks.durations_s[i]
        out.append(Annotation(float(onsets_s[i]), None if math.isnan(duration_s) else duration_s, text))
        foreign += not is_utf8
    findings = []
    if foreign:
        found, hint = f"{foreign} texts that are not UTF-8", "read as Latin-1"
        findings.append(Finding.composed("TEXT_ENCODING", "info", "annotations", found=found, hint=hint))
    return tuple(out), findings


def _source(blocks: RecordBlocks, described: Described, where: str) -> ReadSamples:
    refused = {signal.index: signal for signal in described.signals if signal.refused}
    scales: dict[int, Scale] = described.scales

    def read_samples(index: int, first: int, stop: int) -> NDArray[np.float32]:
        """Samples `[first, stop)` of a signal in µV; raises for one without a scale or at no position."""
        if index in refused:
            signal = refused[index]
            message = (
                f"{signal.label!r} (unit {signal.unit!r}) has no honest scale to microvolts; choose another signal"
            )
            raise ReadError(signal.refused, message, where=where)
        if index not in scales:
            message = f"no signal stands at position {index!r}; use the index of one of its signals"
            raise SettingsError("CHANNEL_UNKNOWN", message, where=where)
        return read_uv(blocks, index, scales[index], first, stop)

    return read_samples
