"""Samples of an EDF or BDF file in µV, in bounded memory: whole records by blocks, or one signal's part of each."""

import os
from pathlib import Path
from threading import Lock
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emgpipe.errors import ReadError
from emgpipe.readers.files import file_name, opened
from emgpipe.readers.header import Header

BLOCK_BYTES = 16 * 2**20
CHUNK_SAMPLES = 2**20
"""Samples that are scaled at once."""
SEEK_BYTES = 4096
"""A seek costs about what reading these bytes does: records that hold more of other signals are not read whole."""


class Scale(NamedTuple):
    """`uv = digital * gain_uv + offset_uv`."""

    gain_uv: float
    offset_uv: float


class RecordBlocks:
    """Bytes of a file's records, the last block of whole records kept.

    The buffer is made at the first read and never grows; records that are already in it are
    not read again, so that signals taken in turn from one stretch cost one read. Of long
    records only the bytes of the signal that is asked for are read, so that signals taken one
    after the other do not read the whole file each. The file is open only while it is read.

    Parameters
    ----------
    path : path-like
        The file.
    header : Header
        Checked against the file's size.
    stamp : os.stat_result
        Of the file when its header was read; a file that changes afterwards is refused.
    """

    def __init__(self, path: str | os.PathLike[str], header: Header, stamp: os.stat_result) -> None:
        self.path = Path(os.fsdecode(path))
        self.header = header
        self.lock = Lock()
        self.most_records = min(max(BLOCK_BYTES // header.record_bytes, 1), header.n_records)
        self._stamp = stamp
        self._buffer: NDArray[np.uint8] | None = None
        self._held = (0, 0)

    def records(self, first: int, stop: int) -> NDArray[np.uint8]:
        """Bytes of records `[first, stop)`, at most `most_records`, valid until the next call; hold `lock` meanwhile.

        Returns
        -------
        ndarray of uint8, shape (stop - first, record_bytes)
            A view of the buffer.

        Raises
        ------
        ReadError
            FILE_UNREADABLE, FILE_CHANGED.
        """
        if self._buffer is None:
            self._buffer = np.empty((self.most_records, self.header.record_bytes), np.uint8)
        if not self._holds(first, stop):
            self._held = (0, 0)  # nothing is held should the read fail
            self._load(self._buffer[: stop - first], first, 0, self.header.record_bytes)
            self._held = (first, stop)
        return self._buffer[first - self._held[0] : stop - self._held[0]]

    def parts(self, first: int, stop: int, start: int, width: int) -> NDArray[np.uint8]:
        """Bytes `[start, start + width)` of each of the records `[first, stop)`; hold `lock` meanwhile.

        Returns
        -------
        ndarray of uint8, shape (stop - first, width)
            A view of the buffer, valid until the next call, or an array of its own.

        Raises
        ------
        ReadError
            FILE_UNREADABLE, FILE_CHANGED.
        """
        if self._holds(first, stop) or self.header.record_bytes - width < SEEK_BYTES:
            return self.records(first, stop)[:, start : start + width]
        out = np.empty((stop - first, width), np.uint8)
        self._load(out, first, start, width)
        return out

    def rest(self) -> bytes:
        """Bytes after the last whole record: less than a record, none in a file as it should be.

        Raises
        ------
        ReadError
            FILE_UNREADABLE, FILE_CHANGED.
        """
        at = self._place(self.header.n_records)
        out = np.empty(max(self._stamp.st_size - at, 0), np.uint8)
        with opened(self.path) as file:
            file.seek(at)
            self._check(file, whole=_fill(file, out.data))
        return out.tobytes()

    def _holds(self, first: int, stop: int) -> bool:
        return self._held[0] <= first and stop <= self._held[1]

    def _place(self, record: int) -> int:
        return self.header.header_bytes + record * self.header.record_bytes

    def _load(self, block: NDArray[np.uint8], first: int, start: int, width: int) -> None:
        """Fill the rows of a block with the same bytes of records that follow each other."""
        with opened(self.path) as file:
            if width == self.header.record_bytes:
                file.seek(self._place(first))
                whole = _fill(file, block.data.cast("B"))
            else:
                whole = True
                for record, row in enumerate(block, first):
                    file.seek(self._place(record) + start)
                    whole = whole and _fill(file, row.data)
            self._check(file, whole=whole)

    def _check(self, file: BinaryIO, *, whole: bool) -> None:
        """Refuse bytes of another file than the one whose header was read; after they were read, not before."""
        now = os.fstat(file.fileno())
        if not whole or _identity(now) != _identity(self._stamp):
            message = "the file changed while it was in use; wait until it is written, then start again"
            raise ReadError("FILE_CHANGED", message, where=file_name(self.path))


def _identity(stamp: os.stat_result) -> tuple[int, int, int]:
    """What tells a file from its successor: another file under its name, another size, another time of writing."""
    return stamp.st_ino, stamp.st_size, stamp.st_mtime_ns


def _fill(file: BinaryIO, view: memoryview) -> bool:
    """Read until the view is full; False where the file ends before."""
    at = 0
    while at < len(view):
        n = file.readinto(view[at:])  # type: ignore[attr-defined]
        if not n:
            return False
        at += n
    return True


def read_uv(blocks: RecordBlocks, index: int, scale: Scale, first: int, stop: int) -> NDArray[np.float32]:
    """Samples of one signal in µV.

    Parameters
    ----------
    blocks : RecordBlocks
        The file.
    index : int
        Position of the signal in the file.
    scale : Scale
        Digital values to µV.
    first, stop : int
        Samples `[first, stop)`, clipped to the file.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
        µV, scaled in float64.

    Raises
    ------
    ReadError
        As `RecordBlocks.records`.

    Notes
    -----
    Beside the result and the buffer, memory for `CHUNK_SAMPLES` is used.
    """
    per_record = blocks.header.signals[index].samples_per_record
    first = max(first, 0)
    stop = min(stop, per_record * blocks.header.n_records)
    out = np.empty(max(stop - first, 0), np.float32)
    at = first
    while at < stop:
        most = (at // per_record + blocks.most_records) * per_record
        upto = min(stop, at + CHUNK_SAMPLES, most)
        part = _digital(blocks, index, at, upto).astype(np.float64)
        part *= scale.gain_uv
        part += scale.offset_uv
        out[at - first : upto - first] = part
        at = upto
    return out


def _digital(blocks: RecordBlocks, index: int, first: int, stop: int) -> NDArray[np.integer]:
    """Digital values `[first, stop)` of one signal."""
    header = blocks.header
    per_record, size = header.signals[index].samples_per_record, header.sample_bytes
    record, end = first // per_record, -(-stop // per_record)
    skip, n = first - record * per_record, stop - first
    start, width = header.offsets[index], size * per_record
    with blocks.lock:
        if end == record + 1:  # a part of one record, which may be large
            data = blocks.parts(record, end, start + size * skip, size * n).copy()
        else:
            data = blocks.parts(record, end, start, width).reshape(-1)[size * skip : size * (skip + n)].copy()
    if size == 2:
        return data.reshape(-1).view("<i2")
    wide = np.zeros((n, 4), np.uint8)
    wide[:, 1:] = data.reshape(-1, 3)
    return wide.view("<i4").reshape(-1) >> 8  # the shift carries the sign of 24 bits
