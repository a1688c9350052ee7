"""Open an EDF, EDF+C, BDF or BDF+C file as a `Recording`, or refuse it with a code."""

import os
from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError, SettingsError
from emgpipe.readers import tal
from emgpipe.readers.files import file_name, opened
from emgpipe.readers.header import Header, read_header, refusal
from emgpipe.readers.samples import RecordBlocks, Scale, read_uv
from emgpipe.readers.scan import Scan, scan_file
from emgpipe.readers.signals import Described, describe_signals
from emgpipe.recording import Annotation, Finding, ReadSamples, Recording, Run


def read_recording(
    path: str | os.PathLike[str],
    *,
    channels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Recording:
    """Open a recording; samples stay in the file until they are asked for.

    Parameters
    ----------
    path : path-like
        An EDF, EDF+C, BDF or BDF+C file; what it is, its bytes say, not its name.
    channels : mapping, optional
        Label to muscle (`"TA_R"`) or `"ECG"`, for labels the catalogue does not know.
    units : mapping, optional
        Label to unit (`"uV"`), for signals whose unit the file does not state.

    Returns
    -------
    Recording
        Signals at their own rates, one run, annotations in seconds from the first sample. A
        signal without an honest scale has `refused` set, its samples are not given and a
        finding says why; the others stay readable.

    Raises
    ------
    ReadError
        What is not understood is refused, nothing is repaired: FILE_UNREADABLE, FILE_EMPTY,
        NOT_EDF, HEADER_SHORT, HEADER_NUMBER, HEADER_SIZE, SIGNAL_COUNT, SAMPLES_PER_RECORD,
        RECORD_COUNT, RECORD_DURATION, RECORD_TOO_LARGE, FILE_TRUNCATED, ANNOTATIONS_LOST,
        ANNOTATIONS_DAMAGED, FIRST_ONSET, DISCONTINUOUS, RECORDS_OVERLAP, FILE_CHANGED.

    Notes
    -----
    The whole file is read once for its hash and its annotations, by blocks of bounded size.
    A file marked EDF+D is taken where the onset of every record proves that it has no gap.

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
    header, findings, stamp = _open(path)
    if header is None:
        raise refusal(findings, file_name(path))
    blocks = RecordBlocks(path, header, stamp)
    scan = scan_file(blocks)
    described = describe_signals(header, channels or {}, units or {})
    first_s = _first_onset(header, scan, file_name(path))
    annotations, heard = _annotations(scan, first_s)
    duration_s = header.n_records * header.record_s
    return Recording(
        name=file_name(path),
        start=header.start and header.start + timedelta(seconds=first_s),
        duration_s=duration_s,
        signals=described.signals,
        runs=(Run(0.0, duration_s),) if duration_s > 0 else (),
        annotations=annotations,
        findings=(*findings, *described.findings, *heard),
        sha256=scan.sha256,
        read_samples=_source(blocks, described, file_name(path)),
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

    Examples
    --------
    >>> [(f.code, f.severity, f.where) for f in check_file("no_such_file.edf")]
    [('FILE_UNREADABLE', 'error', 'file')]
    """
    try:
        header, findings, _ = _open(path)
    except ReadError as error:
        return [Finding(error.code, "error", "file", error.message)]
    if header is None:
        return findings
    if header.plus == "D":
        message = (
            "the header allows gaps (EDF+D); opening it takes it only where every record onset proves there are none"
        )
        findings.append(Finding("DISCONTINUOUS", "warning", "reserved", message))
    return findings + describe_signals(header, channels or {}, units or {}).findings


def _open(path: str | os.PathLike[str]) -> tuple[Header | None, list[Finding], os.stat_result]:
    with opened(path) as file:
        stamp = os.fstat(file.fileno())
        return *read_header(file), stamp


def _first_onset(header: Header, scan: Scan, where: str) -> float:
    """Offset of the first sample to the header's start, after proof that the records leave no gap."""
    if not scan.onsets_s:
        return 0.0
    most = max((s.samples_per_record for i, s in enumerate(header.signals) if not header.is_annotations(i)), default=1)
    half_sample_s = 0.5 * header.record_s / most
    tal.check_clock(scan.onsets_s, header.record_s, half_sample_s, header.record_s_quantum, where)
    return scan.onsets_s[0]


def _annotations(scan: Scan, first_s: float) -> tuple[tuple[Annotation, ...], list[Finding]]:
    """Annotations from the first sample on, and how their texts were decoded."""
    marks, foreign = [], 0
    for onset_s, duration_s, texts in scan.tals:
        for text, is_utf8 in map(tal.decode, texts):
            # decimal seconds: the difference of two is told to the digits they were written with
            marks.append(Annotation(round(onset_s - first_s, 9), duration_s, text))
            foreign += not is_utf8
    findings = []
    if foreign:
        message = f"{foreign} annotations are not UTF-8; read as LATIN-1"
        findings.append(Finding("TEXT_ENCODING", "info", "annotations", message))
    return tuple(sorted(marks, key=lambda mark: mark.onset_s)), findings


def _source(blocks: RecordBlocks, described: Described, where: str) -> ReadSamples:
    refused = {signal.index: signal for signal in described.signals if signal.refused}
    scales: dict[int, Scale] = described.scales

    def read_samples(index: int, first: int, stop: int) -> NDArray[np.float32]:
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
