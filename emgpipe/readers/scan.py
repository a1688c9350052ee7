"""One pass over a whole file: the hash of its bytes and, in EDF+ and BDF+, every annotation and record onset."""

import hashlib
import os
from typing import NamedTuple

from emgpipe.errors import ReadError
from emgpipe.readers.files import file_name, opened
from emgpipe.readers.header import shown
from emgpipe.readers.samples import RecordBlocks
from emgpipe.readers.tal import Tal, parse_tals

_CHUNK_BYTES = 2**20


class Scan(NamedTuple):
    """What a pass over a file found.

    Attributes
    ----------
    sha256 : str
        Of all bytes, hex.
    onsets_s : list of float
        Stated onset of each record, on the clock of the header's start; empty without annotation signals.
    tals : list of Tal
        In file order, the empty time-keeping texts left out.
    """

    sha256: str
    onsets_s: list[float]
    tals: list[Tal]


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Hash a file's bytes.

    Parameters
    ----------
    path : path-like
        A regular file of any size.

    Returns
    -------
    str
        SHA-256, hex.

    Raises
    ------
    ReadError
        FILE_UNREADABLE.
    """
    digest = hashlib.sha256()
    with opened(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def scan_file(blocks: RecordBlocks) -> Scan:
    """Hash a file and read its annotations.

    Parameters
    ----------
    blocks : RecordBlocks
        The file.

    Returns
    -------
    Scan

    Raises
    ------
    ReadError
        ANNOTATIONS_DAMAGED, FILE_CHANGED, FILE_UNREADABLE.
    """
    header = blocks.header
    with opened(blocks.path) as file:
        digest = hashlib.sha256(file.read(header.header_bytes))
    onsets: list[float] = []
    tals: list[Tal] = []
    for first in range(0, header.n_records, blocks.most_records):
        stop = min(first + blocks.most_records, header.n_records)
        with blocks.lock:
            records = blocks.records(first, stop)
            digest.update(records.data)
            for place, index in enumerate(header.annotation_signals):
                start = header.offsets[index]
                width = header.sample_bytes * header.signals[index].samples_per_record
                fields = records[:, start : start + width]
                for i, field in enumerate(fields):
                    tals += _record_tals(blocks, first + i, field.tobytes(), onsets if place == 0 else None)
    return Scan(digest.hexdigest(), onsets, tals)


def _record_tals(blocks: RecordBlocks, record: int, field: bytes, onsets: list[float] | None) -> list[Tal]:
    """Read one record's lists; the very first list keeps the time and has an empty first text."""
    tals = parse_tals(field)
    keeps_time = tals is not None and (onsets is None or bool(tals and tals[0].texts[0] == b""))
    if tals is None or not keeps_time:
        message = (
            f"the annotations of record {record} read {shown(field[:24])}; "
            "an onset and lists as EDF+ defines them are needed, export it again"
        )
        raise ReadError("ANNOTATIONS_DAMAGED", message, where=file_name(blocks.path))
    if onsets is not None:
        onsets.append(tals[0].onset_s)
    return [Tal(t.onset_s, t.duration_s, texts) for t in tals if (texts := tuple(x for x in t.texts if x))]
