"""`emgpipe measure`: one recording without a study, as a table, CSV or JSON."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Literal

from emgpipe.cli.talk import note, table_text
from emgpipe.errors import NoInputError, SettingsError
from emgpipe.measures.rows import MeasureRow
from emgpipe.muscles import likely_muscles
from emgpipe.recording import Finding, Recording
from emgpipe.settings import Settings, load_settings, nearest

Form = Literal["table", "csv", "json"]
COLUMNS = tuple(f.name for f in fields(MeasureRow))
TABLE = ("segment", "target", "measure", "value", "unit", "low", "high", "status", "reason")


def measure_file(
    file: Path,
    mains_hz: int,
    pairs: Sequence[str] | None,
    *,
    rest: bool,
    settings: Path | None,
    segment: str,
    form: Form,
    strict: bool = False,
) -> str:
    """Measure one recording and return the text of its rows; findings go to stderr.

    With `strict` a warning of the reader refuses the recording.

    Raises
    ------
    ReadError
        The recording is refused.
    SettingsError
        A setting, a pair, mains or the name of a segment cannot be meant.
    NoInputError
        NO_CHANNELS: the recording has no EMG signal.
    """
    chosen = load_settings(settings) if settings else Settings()
    from emgpipe.pipeline import compute_frames, measure
    from emgpipe.readers.edf import read_recording

    recording = read_recording(file, strict=strict)
    frames = compute_frames(recording, mains_hz=mains_hz, settings=chosen)
    result = measure(recording, frames, pairs=pairs, rest=rest, settings=chosen)
    if not frames.channels:
        raise NoInputError("NO_CHANNELS", _no_channels(recording), where=str(file))
    for finding in result.findings:
        if finding.severity != "info":
            note("warning", finding.code, finding.said, str(file))
    return rows_text(_of_segment(result.rows, segment, str(file)), result.findings, form)


def _no_channels(recording: Recording) -> str:
    """What the signals are called, which muscles that could mean, and what to do."""
    labels = list(dict.fromkeys(signal.label for signal in recording.signals))
    there = ", ".join(map(repr, labels[:8])) or "none"
    more = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
    near = [f"{', '.join(muscles)} for {label!r}" for label in labels[:8] if (muscles := likely_muscles(label))]
    hint = f"; did you mean {'; '.join(near)}?" if near else ""
    return f"no EMG signal; the file has {there}{more}; name them in [channels] of a study.toml{hint}"


def _of_segment(rows: Sequence[MeasureRow], segment: str, where: str) -> Sequence[MeasureRow]:
    names = dict.fromkeys(row.segment for row in rows)
    if segment and segment not in names:
        raise SettingsError("SEGMENT_UNKNOWN", f"segment {segment!r}; {nearest(segment, names)}", where=where)
    return [row for row in rows if segment in ("", row.segment)]


def rows_text(rows: Sequence[MeasureRow], findings: Sequence[Finding], form: Form) -> str:
    """Rows as people or programs read them; full precision in CSV and JSON, four digits in the table."""
    from emgpipe.store.tables import csv_text, json_text

    if form == "csv":
        return csv_text(COLUMNS, [asdict(row) for row in rows])
    if form == "json":
        return json_text({"rows": [asdict(row) for row in rows], "findings": [f._asdict() for f in findings]})
    cells = [[_short(getattr(row, column)) for column in TABLE] for row in rows]
    return table_text(TABLE, cells, right=("value", "low", "high"))


def _short(value: object) -> str:
    """Four significant digits, never in powers of ten.

    Examples
    --------
    >>> [_short(v) for v in (None, 0.00012345, 12.3456, 123456.7, "ok")]
    ['', '0.0001234', '12.35', '123457', 'ok']
    """
    if isinstance(value, float):
        from math import floor, log10

        digits = 3 - floor(log10(abs(value))) if value else 0
        return f"{value:.{min(max(digits, 0), 12)}f}"
    return "" if value is None else str(value)
