"""One pass over a whole file: the hash of its bytes and, in EDF+ and BDF+, every annotation and record time."""

import hashlib
import os
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError
from emgpipe.readers.files import file_name, opened
from emgpipe.readers.findings import holds_words, refusal, shown
from emgpipe.readers.samples import RecordBlocks
from emgpipe.readers.tal import MOST_TEXTS, Tal, TooManyTextsError, onset_digits, parse_tals
from emgpipe.recording import Finding

MOST_TEXT_BYTES = 4 * 2**20
"""Texts of all annotations of a file, and one list of them."""

_CHUNK_BYTES = 2**20
_PIECE_BYTES = 2**18  # of annotations, parsed at once: the objects of a parse take many times its bytes


class Marks(NamedTuple):
    """Annotations in file order, compactly: some bytes each.

    Attributes
    ----------
    onsets_s, durations_s : array of float
        On the clock of the header's start; a duration is NaN where none is stated.
    texts : list of bytes
        As written, none of them empty.
    """

    onsets_s: "array[float]"
    durations_s: "array[float]"
    texts: list[bytes]


class Scan(NamedTuple):
    """What a pass over a file found.

    Attributes
    ----------
    sha256 : str
        Of all bytes, hex.
    onsets_s : array of float
        Stated time of each record, on the clock of the header's start; empty without annotation signals.
    digits : int
        Most digits behind the point of any of these times.
    marks : Marks
        Of the whole file, the empty time-keeping texts left out.
    """

    sha256: str
    onsets_s: "array[float]"
    digits: int
    marks: Marks


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
        ANNOTATIONS_DAMAGED, ANNOTATIONS_TOO_MANY, FILE_CHANGED, FILE_UNREADABLE.
    """
    header = blocks.header
    with opened(blocks.path) as file:
        digest = hashlib.sha256(file.read(header.header_bytes))
    scan = _Lists(blocks)
    for first in range(0, header.n_records, blocks.most_records):
        stop = min(first + blocks.most_records, header.n_records)
        with blocks.lock:
            records = blocks.records(first, stop)
            digest.update(records.data)
            scan.read(first, records)
    digest.update(blocks.rest())
    return Scan(digest.hexdigest(), scan.onsets_s, scan.digits, scan.marks)


class _Lists:
    """Annotation lists as they come up, record by record."""

    def __init__(self, blocks: RecordBlocks) -> None:
        self.onsets_s = array("d")
        self.digits = 0
        self.marks = Marks(array("d"), array("d"), [])
        self._text_bytes = 0
        self._name = file_name(blocks.path)
        header = blocks.header
        self._parts = [
            (header.offsets[i], header.offsets[i] + header.sample_bytes * header.signals[i].samples_per_record)
            for i in header.annotation_signals
        ]

    def read(self, first: int, records: NDArray[np.uint8]) -> None:
        """Read the lists of some records; the very first list of each keeps its time and has an empty first text."""
        for place, (start, stop) in enumerate(self._parts):
            for record, row in enumerate(records[:, start:stop], first):
                needs_time = place == 0
                for piece in self._pieces(record, row):
                    tals = self._parsed(record, piece)
                    if needs_time and tals:
                        self._keep_time(record, piece, tals[0])
                        needs_time = False
                    self._keep(record, tals)
                if needs_time:
                    raise self._damaged(record, row.tobytes())

    def _pieces(self, record: int, row: NDArray[np.uint8]) -> Iterator[bytes]:
        """Whole lists of one field, some at a time."""
        held = b""
        for start in range(0, len(row), _PIECE_BYTES):
            held += row[start : start + _PIECE_BYTES].tobytes()
            if len(held) > MOST_TEXT_BYTES + _PIECE_BYTES:
                raise self._too_many(record)
            end = held.rfind(b"\0") + 1 if start + _PIECE_BYTES < len(row) else len(held)
            yield held[:end]
            held = held[end:]

    def _parsed(self, record: int, piece: bytes) -> list[Tal]:
        try:
            tals = parse_tals(piece)
        except TooManyTextsError:
            raise self._too_many(record) from None
        if tals is None:
            raise self._damaged(record, piece)
        return tals

    def _keep_time(self, record: int, piece: bytes, tal: Tal) -> None:
        if tal.texts[0]:
            raise self._damaged(record, piece)
        self.onsets_s.append(tal.onset_s)
        self.digits = max(self.digits, onset_digits(piece))

    def _keep(self, record: int, tals: list[Tal]) -> None:
        for onset_s, duration_s, texts in tals:
            for text in filter(None, texts):
                self.marks.onsets_s.append(onset_s)
                self.marks.durations_s.append(np.nan if duration_s is None else duration_s)
                self.marks.texts.append(text)
                self._text_bytes += len(text)
                if len(self.marks.texts) > MOST_TEXTS or self._text_bytes > MOST_TEXT_BYTES:
                    raise self._too_many(record)

    def _too_many(self, record: int) -> ReadError:
        allowed = f"at most {MOST_TEXTS} texts of {MOST_TEXT_BYTES} bytes in all"
        found, hint = f"more annotations up to record {record}", "cut the file into shorter ones"
        return _refusal("ANNOTATIONS_TOO_MANY", self._name, found, allowed, hint)

    def _damaged(self, record: int, field: bytes) -> ReadError:
        first = field[:24]
        # a mark may name a person
        found = f"{len(field)} bytes in record {record}" if holds_words(first) else f"{shown(first)} in record {record}"
        allowed = "the time of the record, then lists of an onset and texts as EDF+ defines them"
        return _refusal("ANNOTATIONS_DAMAGED", self._name, found, allowed, "export the file again")


def _refusal(code: str, name: str, found: str, allowed: str, hint: str) -> ReadError:
    return refusal([Finding.composed(code, "error", "annotations", found=found, allowed=allowed, hint=hint)], name)
