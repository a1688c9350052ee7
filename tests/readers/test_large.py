"""Large files: legal, sparse, up to 3 GiB; memory is bounded by the block, not by the file."""

import subprocess
import sys
import time

import numpy as np
import pytest

from emgpipe.readers import check_file, read_recording, samples

MIB = 2**20
RATE_HZ = 2000
SIGNALS = 16
MEASURE = """
import resource, sys
import emgpipe.readers.edf, numpy as np
def peak_mib():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) / 1024
before = peak_mib()
recording = emgpipe.readers.edf.read_recording(sys.argv[1])
opened = peak_mib() - before
n = 0
for signal in recording.signals:
    for start_s in np.arange(0, recording.duration_s, 60.0):
        n += recording.read(signal.index, start_s, start_s + 60.0).size
print(opened, peak_mib() - before, n)
"""


def sparse(edf, folder, size, record_s, *, plus=""):
    """A legal file of zeros, about `size` bytes; with record times where it is EDF+."""
    n = RATE_HZ * record_s
    tal_bytes = 40 if plus else 0
    record_bytes = SIGNALS * n * 2 + tal_bytes
    n_records = size // record_bytes
    signals = [edf.S(label=f"EMG {i}", samples=[[0]]) for i in range(SIGNALS)]
    overrides = {("samples", i): n for i in range(SIGNALS)}
    if plus:
        signals.append(edf.annotation_signal([edf.tal("+0", "")], tal_bytes))
    file = edf.File(signals, record_s=str(record_s), n_records=str(n_records), plus=plus, overrides=overrides)
    header_bytes = 256 * (1 + len(signals))
    path = edf.write(folder, edf.encode(file)[:header_bytes])
    with path.open("r+b") as out:
        out.truncate(header_bytes + n_records * record_bytes)
        for k in range(n_records if plus else 0):
            out.seek(header_bytes + (k + 1) * record_bytes - tal_bytes)
            out.write(edf.tal(f"+{k * record_s}", ""))
    return path, n_records * n


def measured(path):
    """MiB above the interpreter after opening and after reading all samples of all signals by minutes; samples."""
    if sys.platform != "linux":
        pytest.skip("the peak of the memory is told by Linux")
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, timeout=600)
    assert not done.returncode, done.stderr
    opened, read, n = done.stdout.split()
    return float(opened), float(read), int(n)


def seconds_of(action):
    start_s = time.perf_counter()
    action()
    return time.perf_counter() - start_s


@pytest.mark.parametrize(("plus", "record_s"), [("", 1), ("C", 1), ("", 60), ("C", 60), ("", 900)])
def test_reading_64_mib_takes_little_more_than_a_block(edf, tmp_path, plus, record_s):
    path, n = sparse(edf, tmp_path, 64 * MIB, record_s, plus=plus)
    opened, read, n_read = measured(path)
    assert n_read == SIGNALS * n
    block = 16 if record_s < 900 else 55  # one record of 15 minutes is larger than a block
    # the block; pages of the allocator, a chunk of float64 and of float32, a minute of one signal
    assert opened < block + 8
    assert read < block + 24


@pytest.mark.slow
@pytest.mark.parametrize(("plus", "record_s"), [("", 1), ("C", 60), ("", 900)])
def test_3_gib_are_checked_at_once_and_read_in_150_mib(edf, tmp_path, plus, record_s):
    path, n = sparse(edf, tmp_path, 3072 * MIB, record_s, plus=plus)
    assert seconds_of(lambda: check_file(path)) <= 0.5
    opened, read, n_read = measured(path)
    assert n_read == SIGNALS * n
    assert max(opened, read) <= 150


def test_signals_read_one_after_the_other_read_the_file_once(edf, tmp_path, monkeypatch):
    path, _ = sparse(edf, tmp_path, 48 * MIB, 1)
    recording = read_recording(path)
    loaded = []
    monkeypatch.setattr(samples, "_fill", counted(samples._fill, loaded))
    for signal in recording.signals:
        for start_s in range(0, int(recording.duration_s), 60):
            recording.read(signal.index, start_s, start_s + 60)
    assert sum(loaded) <= path.stat().st_size


def test_twice_the_samples_in_twice_the_pieces_cost_twice_the_bytes(edf, tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr(samples, "_fill", counted(samples._fill, loaded))
    costs = []
    for size in (24 * MIB, 48 * MIB):
        path, _ = sparse(edf, tmp_path, size, 10)
        recording = read_recording(path)
        loaded.clear()
        for start_s in np.arange(0, recording.duration_s, 0.9):
            recording.read(3, start_s, start_s + 0.9)
        costs.append(sum(loaded))
    assert costs[1] == pytest.approx(2 * costs[0], rel=0.05)
    # a piece that lies in two records reads its signal's part of both
    assert costs[1] <= 2 * path.stat().st_size / SIGNALS


def counted(function, calls):
    def wrapper(file, view):
        calls.append(len(view))
        return function(file, view)

    return wrapper
