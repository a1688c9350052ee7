"""Worker processes: the same bytes at any number of them, and what a dead one costs."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emgpipe.batch import run_study
from tests.batch.studies import HEAD, outputs, read_table, row_of, write_endless, write_manifest, write_recording

LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds worker processes in /proc")
RUN = """
import sys
from emgpipe.batch import run_study

if __name__ == "__main__":
    report = run_study(sys.argv[1], sys.argv[2], jobs=2)
    print(report.computed, report.failed, report.exit_code)
"""


def test_tables_are_the_same_bytes_with_two_workers(tiny, tiny_out, tmp_path):
    assert run_study(tiny, tmp_path / "out", jobs=2).computed == 4
    assert outputs(tmp_path / "out") == outputs(tiny_out)


def test_a_script_needs_no_guard_around_its_main_part(tiny, tiny_out, tmp_path):
    script = tmp_path / "study_run.py"
    script.write_text(RUN.replace('if __name__ == "__main__":', "if True:"))
    said = subprocess.run(
        [sys.executable, script, tiny, tmp_path / "out"], capture_output=True, text=True, check=False, timeout=120
    )
    assert (said.stdout, said.stderr) == ("4 0 0\n", "")
    assert outputs(tmp_path / "out") == outputs(tiny_out)


@pytest.fixture
def slow(tmp_path):
    """An endless recording and a small one."""
    folder = tmp_path / "study"
    folder.mkdir()
    write_endless(folder / "P01_V1.edf")
    write_recording(folder / "P02_V1.edf", 2)
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, [row_of("P01_V1"), row_of("P02_V1")])
    return folder


def opened_by_children(process, path):
    """Child processes of a process that have the file open."""
    found = []
    for task in Path(f"/proc/{process.pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread or a child that has ended meanwhile
            for child in task.read_text().split():
                files = [str(fd.readlink()) for fd in Path(f"/proc/{child}/fd").iterdir()]
                found += [int(child)] if str(path) in files else []
    return found


def kill_openers(running, path):
    """Kill each child process that opens the file, as long as the process runs; return those that were killed."""
    killed = set()
    while running.poll() is None:
        for worker in opened_by_children(running, path):
            if worker not in killed:
                os.kill(worker, signal.SIGKILL)
                killed.add(worker)
        time.sleep(0.05)
    return killed


@pytest.fixture
def running(slow, tmp_path):
    script = tmp_path / "study_run.py"
    script.write_text(RUN)
    command = [sys.executable, script, slow, tmp_path / "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@LINUX
def test_a_worker_that_dies_twice_costs_one_row(running, slow, tmp_path):
    killed = kill_openers(running, slow / "P01_V1.edf")
    assert (running.stdout.read(), len(killed)) == ("2 1 1\n", 2), running.stderr.read()
    told = {row["recording"]: (row["status"], row["code"]) for row in read_table(tmp_path / "out" / "inputs.csv")}
    assert told == {"P01_V1_supine": ("failed", "WORKER_LOST"), "P02_V1_supine": ("ok", "")}


@LINUX
def test_an_interrupted_run_ends_soon_and_the_next_one_goes_on(running, slow, tmp_path):
    while running.poll() is None and not opened_by_children(running, slow / "P01_V1.edf"):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)  # a guard against a hang, not a time to hold
    assert running.returncode != 0
    assert "KeyboardInterrupt" in said
    report = run_study(slow, tmp_path / "out", jobs=1, subjects=["P02"])
    assert report.failed == 0


@LINUX
def test_workers_leave_when_their_leader_is_killed(running, slow):
    workers = set()
    while running.poll() is None and not workers:
        workers = set(opened_by_children(running, slow / "P01_V1.edf"))
        time.sleep(0.05)
    running.kill()
    running.wait()
    left = time.monotonic() + 60  # a guard against a hang: the hash of that file takes minutes
    while any(is_alive(worker) for worker in workers):
        assert time.monotonic() < left
        time.sleep(0.01)
    assert workers


def is_alive(process):
    """Whether a process runs; one that has ended waits for nobody."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
