"""Samples of an EDF or BDF file in µV: whole records by bounded blocks into one reused buffer."""

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


class Scale(NamedTuple):
    """`uv = digital * gain_uv + offset_uv`."""

    gain_uv: float
    offset_uv: float


class RecordBlocks:
    """Whole records of a file, the last block kept.

    The buffer is made at the first read and never grows; records that are already in it are
    not read again, so that signals taken in turn from one stretch cost one read. The file is
    open only while it is read.

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
        self.path = Path(path)
        self.header = header
        self.lock = Lock()
        self.most_records = min(max(BLOCK_BYTES // header.record_bytes, 1), header.n_records)
        self._stamp = (stamp.st_size, stamp.st_mtime_ns)
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
        if not (self._held[0] <= first and stop <= self._held[1]):
            self._held = (0, 0)  # nothing is held should the read fail
            self._load(self._buffer[: stop - first], first)
            self._held = (first, stop)
        return self._buffer[first - self._held[0] : stop - self._held[0]]

    def _load(self, block: NDArray[np.uint8], first: int) -> None:
        with opened(self.path) as file:
            now = os.fstat(file.fileno())
            file.seek(self.header.header_bytes + first * self.header.record_bytes)
            whole = _fill(file, block.data.cast("B"))
        if not whole or (now.st_size, now.st_mtime_ns) != self._stamp:
            message = "the file changed while it was in use; wait until it is written, then start again"
            raise ReadError("FILE_CHANGED", message, where=file_name(self.path))


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
    """
    per_record = blocks.header.signals[index].samples_per_record
    first = max(first, 0)
    stop = min(stop, per_record * blocks.header.n_records)
    out = np.empty(max(stop - first, 0), np.float32)
    at = first
    while at < stop:
        record = at // per_record
        end = min(-(-stop // per_record), record + blocks.most_records)
        upto = min(stop, end * per_record)
        with blocks.lock:
            digital = _digital(blocks, index, record, end)
        part = digital[at - record * per_record : upto - record * per_record].astype(np.float64)
        part *= scale.gain_uv
        part += scale.offset_uv
        out[at - first : upto - first] = part
        at = upto
    return out


def _digital(blocks: RecordBlocks, index: int, first: int, stop: int) -> NDArray[np.integer]:
    """Digital values of one signal in records `[first, stop)`, copied out of the buffer."""
    header = blocks.header
    start = header.offsets[index]
    width = header.sample_bytes * header.signals[index].samples_per_record
    data = np.ascontiguousarray(blocks.records(first, stop)[:, start : start + width])
    if header.sample_bytes == 2:
        return data.view("<i2").reshape(-1).copy()
    wide = np.zeros((data.size // 3, 4), np.uint8)
    wide[:, 1:] = data.reshape(-1, 3)
    return wide.view("<i4").reshape(-1) >> 8  # the shift carries the sign of 24 bits
