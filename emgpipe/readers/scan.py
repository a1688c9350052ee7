"""One pass over a whole file: the hash of its bytes and, in EDF+ and BDF+, every annotation and record time."""

import hashlib
import os
from array import array
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError
from emgpipe.readers.files import file_name, opened
from emgpipe.readers.findings import holds_words, refusal, shown
from emgpipe.readers.samples import RecordBlocks
from emgpipe.readers.tal import Tal, onset_digits, parse_tals
from emgpipe.recording import Finding

_CHUNK_BYTES = 2**20


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
    tals : list of Tal
        In file order, the empty time-keeping texts left out.
    """

    sha256: str
    onsets_s: "array[float]"
    digits: int
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
    scan = _Lists(blocks)
    for first in range(0, header.n_records, blocks.most_records):
        stop = min(first + blocks.most_records, header.n_records)
        with blocks.lock:
            records = blocks.records(first, stop)
            digest.update(records.data)
            scan.read(first, records)
    digest.update(blocks.rest())
    return Scan(digest.hexdigest(), scan.onsets_s, scan.digits, scan.tals)


class _Lists:
    """Annotation lists as they come up, record by record."""

    def __init__(self, blocks: RecordBlocks) -> None:
        self.onsets_s = array("d")
        self.digits = 0
        self.tals: list[Tal] = []
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
                field = row.tobytes()
                tals = parse_tals(field)
                if tals is None or (place == 0 and not (tals and tals[0].texts[0] == b"")):
                    raise self._damaged(record, field)
                if place == 0:
                    self.onsets_s.append(tals[0].onset_s)
                    self.digits = max(self.digits, onset_digits(field))
                self.tals += [t._replace(texts=texts) for t in tals if (texts := tuple(x for x in t.texts if x))]

    def _damaged(self, record: int, field: bytes) -> ReadError:
        first = field[:24]
        # a mark may name a person
        found = f"{len(field)} bytes in record {record}" if holds_words(first) else f"{shown(first)} in record {record}"
        allowed = "the time of the record, then lists of an onset and texts as EDF+ defines them"
        hint = "export the file again"
        finding = Finding.composed(
            "ANNOTATIONS_DAMAGED", "error", "annotations", found=found, allowed=allowed, hint=hint
        )
        return refusal([finding], self._name)
