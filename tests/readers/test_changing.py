"""Files that change under the reader, folders that may not be written: a real second writer, a real folder."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from emgpipe.errors import ReadError
from emgpipe.readers import check_file, read_recording
from emgpipe.readers.edf import _open
from emgpipe.readers.samples import RecordBlocks
from emgpipe.readers.scan import scan_file

GROWING = """
import sys, time
with open(sys.argv[1], "ab", buffering=0) as file:
    print("ready", flush=True)
    while True:
        file.write(bytes(2000))
        time.sleep(0.002)
"""


def large(edf, folder):
    """More than one block holds, so that reading goes back to the file."""
    return edf.write(folder, edf.File([edf.S(samples=edf.noise(20, 500_000))]))


def opened_blocks(path):
    header, _, stamp = _open(path)
    return RecordBlocks(path, header, stamp)


def code_of(action):
    with pytest.raises(ReadError) as caught:
        action()
    return caught.value.code


@pytest.fixture(scope="module")
def original(edf, tmp_path_factory):
    return large(edf, tmp_path_factory.mktemp("original"))


@pytest.fixture
def path(original, tmp_path):
    return Path(shutil.copy(original, tmp_path / "a.edf"))


def replaced(path):
    """Another file of the same size and time of writing under the name, as a copying program puts it there."""
    stat = path.stat()
    other = path.with_name("other.edf")
    data = bytearray(path.read_bytes())
    data[-1000:] = bytes(1000)
    other.write_bytes(data)
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(path)


def grown(path):
    with path.open("ab") as file:
        file.write(bytes(10))


def shrunk(path):
    os.truncate(path, path.stat().st_size - 10)


def rewritten(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(10))


CHANGES = [replaced, grown, shrunk, rewritten]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_header_and_scan_is_seen(path, change):
    blocks = opened_blocks(path)
    change(path)
    assert code_of(lambda: scan_file(blocks)) == "FILE_CHANGED"


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_opening_and_reading_is_seen(path, change):
    recording = read_recording(path)
    change(path)
    assert code_of(lambda: recording.read(0, 0, 5)) == "FILE_CHANGED"


@pytest.mark.parametrize("delay_s", [0.0, 0.003, 0.01])
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_moment_a_writer_meets_a_read_gives_the_old_file_or_nothing(path, change, delay_s):
    recording = read_recording(path)
    want = recording.read(0, 0, np.inf)
    writer = threading.Thread(target=lambda: (time.sleep(delay_s), change(path)))
    writer.start()

    def read_until_refused():
        while True:
            last = not writer.is_alive()
            np.testing.assert_array_equal(recording.read(0, 0, np.inf), want)
            assert not last, "the change was not seen"

    assert code_of(read_until_refused) == "FILE_CHANGED"
    writer.join()


def test_a_file_that_another_process_is_writing_is_refused(edf, tmp_path):
    """As an amplifier writes it: the number of records is -1 until the end."""
    path = edf.write(tmp_path, edf.File([edf.S(samples=edf.noise(20, 500_000))], n_records="-1"))
    with subprocess.Popen([sys.executable, "-c", GROWING, path], stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout.readline() == "ready\n"
            for _ in range(5):
                assert code_of(lambda: read_recording(path)) == "FILE_CHANGED"
        finally:
            writer.kill()
    assert "RECORD_COUNT" in [f.code for f in read_recording(path).findings]


def test_a_file_that_disappears_is_refused(path):
    recording = read_recording(path)
    path.unlink()
    assert code_of(lambda: recording.read(0, 0, 5)) == "FILE_UNREADABLE"
    path.mkdir()
    assert code_of(lambda: recording.read(0, 0, 5)) == "FILE_UNREADABLE"


def test_nothing_is_written_beside_an_input_and_its_times_stay(path):
    before = path.stat()
    check_file(path)
    recording = read_recording(path)
    recording.read(0, 0, np.inf)
    after = path.stat()
    assert [p.name for p in path.parent.iterdir()] == ["a.edf"]
    assert (after.st_mtime_ns, after.st_ctime_ns, after.st_size) == (
        before.st_mtime_ns,
        before.st_ctime_ns,
        before.st_size,
    )


READING = """
import os, sys
from emgpipe.readers import check_file, read_recording
path = sys.argv[1]
if os.geteuid() == 0:
    read_recording(path)  # what is imported late is imported now: the other user may not read the library
    os.setgroups([])
    os.setuid(65534)
try:
    open(path + "x", "w")
    sys.exit("the folder can be written")
except OSError:
    pass
recording = read_recording(path)
print(len(check_file(path)), recording.read(0, 0, 1).size, len(recording.sha256))
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are those of POSIX")
def test_a_folder_that_may_not_be_written_can_be_read(edf):
    """As another user, since nothing is forbidden to the superuser."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        inner = Path(folder) / "locked"
        inner.mkdir()
        path = edf.write(inner, edf.plain(n=50))
        path.chmod(0o444)
        inner.chmod(0o555)
        done = subprocess.run([sys.executable, "-B", "-c", READING, path], capture_output=True, text=True, timeout=60)
        inner.chmod(0o755)
    assert done.stdout == "0 50 64\n", done.stderr
