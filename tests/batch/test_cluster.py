"""A running Dask cluster: the same bytes, what a dead worker costs, and clusters that are refused before any work."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from emgpipe.batch import cluster, run_study
from emgpipe.batch.cluster import clustered
from emgpipe.batch.jobs import study_jobs
from emgpipe.batch.remote import Order, Witness, refuse_unfit, versions, witness, work_on
from emgpipe.batch.units import read_head
from emgpipe.cli.running import plan_told
from emgpipe.errors import EngineError
from emgpipe.study import load_study
from tests.batch.studies import of_file, outputs

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
LINUX = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="finds worker processes in /proc")
QUIET = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": 50}


@pytest.fixture(scope="module")
def address():
    """Scheduler of two worker processes that are started anew when they die."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **QUIET) as here:
        yield here.scheduler_address


@pytest.fixture
def jobs(tiny, tmp_path):
    (tmp_path / "out" / "units").mkdir(parents=True)
    return study_jobs(load_study(tiny), tmp_path / "out")


def codes(jobs):
    return [read_head(job.unit_path)["code"] for job in jobs]


def signal_readers(number, path, times, done):
    """Send a signal to processes that have a file open, so many times, until `done` is set."""
    while times and not done.is_set():
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if times and any(fd.readlink() == path for fd in (process / "fd").iterdir()):
                    os.kill(int(process.name), number)
                    times -= 1
        time.sleep(0.05)


@pytest.fixture
def killing(endless):
    """Start to kill, or to stop, whoever reads the endless file."""
    done, threads = threading.Event(), []

    def start(times, number=signal.SIGKILL):
        threads.append(threading.Thread(target=signal_readers, args=(number, endless, times, done)))
        threads[-1].start()

    yield start
    done.set()
    for thread in threads:
        thread.join()


PRELOADED = "emgpipe.batch.work"
"""Imported by a worker before it takes up work: what a limit of seconds has no time for."""


def command(module, *arguments):
    known = ["--dashboard-address", "127.0.0.1:0", *map(str, arguments)]
    line = [sys.executable, "-m", f"distributed.cli.{module}", *known]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def frail(tmp_path):
    """Scheduler in a process of its own, and what starts workers that nobody starts anew."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    started = [command("dask_scheduler", "--host", "127.0.0.1", "--port", port)]

    def add_worker():
        room = tmp_path / f"worker{len(started)}"
        started.append(
            command(
                "dask_worker", address, "--no-nanny", "--nthreads", 1, "--preload", PRELOADED, "--local-directory", room
            )
        )

    await_listener(port)
    yield address, started, add_worker
    for process in started:
        process.kill()
        process.wait()


def await_listener(port):
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 60):
            return
        time.sleep(0.05)


def test_tables_are_the_same_bytes_on_a_cluster(tiny, tiny_out, tmp_path, address):
    assert run_study(tiny, tmp_path / "out", scheduler=address).computed == 4
    assert outputs(tmp_path / "out") == outputs(tiny_out)
    assert [path.name for path in (tmp_path / "out").rglob(".tmp-*")] == []


@LINUX
def test_a_recording_that_ends_its_worker_twice_costs_one_row(jobs, endless, address, killing, tmp_path):
    work = [of_file(jobs[0], endless), *(of_file(job, tmp_path / "none.edf") for job in jobs[1:])]
    killing(2)
    done = list(clustered(work, address, 600.0))
    assert done[-1] is work[0]
    assert codes(work) == ["WORKER_LOST", "FILE_MISSING", "FILE_MISSING", "FILE_MISSING"]


@LINUX
def test_workers_that_nobody_starts_anew_are_not_used_up_by_one_recording(jobs, endless, frail, killing, tmp_path):
    scheduler, _, add_worker = frail
    for _ in range(3):
        add_worker()
    work = [of_file(jobs[0], endless), *(of_file(job, tmp_path / "none.edf") for job in jobs[1:])]
    killing(3)  # the third one would be too many
    list(clustered(work, scheduler, 600.0))
    assert codes(work) == ["WORKER_LOST", "FILE_MISSING", "FILE_MISSING", "FILE_MISSING"]


def test_a_recording_that_takes_too_long_is_told_so(jobs, endless, address, tmp_path):
    work = [of_file(jobs[0], endless), of_file(jobs[1], tmp_path / "none.edf")]
    list(clustered(work, address, 1.0))
    assert codes(work) == ["TIMEOUT", "FILE_MISSING"]


@LINUX
def test_a_worker_that_stands_still_is_given_up_and_others_go_on(jobs, endless, frail, killing, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "GRACE_S", 3.0)
    scheduler, _, add_worker = frail
    for _ in range(3):  # one stands still, one ends itself
        add_worker()
    work = [of_file(jobs[0], endless), *(of_file(job, tmp_path / "none.edf") for job in jobs[1:])]
    killing(1, signal.SIGSTOP)
    list(clustered(work, scheduler, 6.0))  # in which a worker must have imported what computes
    assert codes(work) == ["TIMEOUT", "FILE_MISSING", "FILE_MISSING", "FILE_MISSING"]


def test_a_worker_that_is_late_for_its_run_writes_nothing(jobs, endless, tmp_path):
    order, job = order_in(jobs[0].out / ".tmp-abcdefgh"), of_file(jobs[0], endless)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(work_on, job, order, True)
        while not order.mark(job).exists():
            time.sleep(0.01)
        shutil.rmtree(order.room)  # the run is over
        job.unit_path.write_text("of the next run")
        os.truncate(endless, 0)  # what is read ends now
        assert late.result() == ""
    assert job.unit_path.read_text() == "of the next run"
    assert list(job.out.glob(".tmp-*")) == []


@LINUX
def test_a_scheduler_that_goes_away_is_one_coded_line(jobs, endless, frail):
    scheduler, (process,), add_worker = frail
    add_worker()
    with closing(clustered([of_file(jobs[0], endless)], scheduler, 600.0)) as written:
        threading.Thread(target=kill_when_read, args=(endless, process)).start()
        with pytest.raises(EngineError, match="SCHEDULER_LOST"):
            next(written)


def kill_when_read(path, process):
    while True:
        for one in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if any(fd.readlink() == path for fd in (one / "fd").iterdir()):
                    process.kill()
                    return
        time.sleep(0.05)


def test_a_cluster_without_workers_is_one_coded_line(jobs, frail, monkeypatch):
    monkeypatch.setattr(cluster, "WORKERS_S", 0.5)
    with pytest.raises(EngineError, match="CLUSTER_EMPTY"):
        list(clustered(jobs, frail[0], 600.0))


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://host", "tcp://host:123456"])
def test_an_address_that_is_none_is_refused_before_anything_is_made(tiny, tmp_path, address):
    with pytest.raises(EngineError, match="SCHEDULER_UNREACHABLE"):
        run_study(tiny, tmp_path / "out", scheduler=address)
    with pytest.raises(EngineError, match="SCHEDULER_UNREACHABLE"):
        plan_told(tiny, tmp_path / "out", scheduler=address)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["localhost", "tcp://127.0.0.1", "http://127.0.0.1:80", "tcp://127.0.0.1:1",
                                     "tcp://no.such.host.invalid:8786", "tcp://127.0.0.1:123456"])  # fmt: skip
def test_an_address_without_a_scheduler_is_one_coded_line(jobs, address):
    with pytest.raises(EngineError, match="SCHEDULER_UNREACHABLE: no scheduler answers at") as told:
        list(clustered(jobs, address, 600.0))
    assert address in str(told.value)


def test_a_server_that_is_no_scheduler_is_told_so(jobs):
    def greet(server):
        with server.accept()[0] as line:
            line.sendall(b"SSH-2.0-OpenSSH\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        greeter = threading.Thread(target=greet, args=(server,))
        greeter.start()
        with pytest.raises(EngineError, match="no Dask scheduler"):
            list(clustered(jobs, f"tcp://127.0.0.1:{server.getsockname()[1]}", 600.0))
        greeter.join()


def test_without_the_extra_the_line_says_what_to_install(jobs, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r'EXTRA_ABSENT: .*pip install "emgpipe\[cluster\]"'):
        list(clustered(jobs, "tcp://127.0.0.1:1", 600.0))


def order_in(folder, **changes):
    folder.mkdir(exist_ok=True)
    (folder / "token").write_text("t")
    return Order(folder, "t", versions(), 600.0)._replace(**changes)


def test_a_worker_of_another_version_is_refused(jobs, tmp_path):
    order = order_in(tmp_path / "room", versions=versions() | {"numpy": "1.0"})
    with pytest.raises(EngineError, match=r"here: CLUSTER_DIFFERS: a worker has numpy '.*' \(here '1.0'\)"):
        refuse_unfit(witness(order, []), order, "here")
    with pytest.raises(EngineError, match="CLUSTER_DIFFERS"):
        work_on(jobs[0], order, True)
    assert not jobs[0].unit_path.exists()


@pytest.mark.parametrize(("reads_token", "unseen", "what"), [(False, [], "results folder"), (True, ["a.edf"], "a.edf")])
def test_a_worker_without_the_shared_folders_is_refused(tmp_path, reads_token, unseen, what):
    order = order_in(tmp_path / "room")
    with pytest.raises(EngineError, match=f"CLUSTER_BLIND: a worker does not see .*{what}"):
        refuse_unfit(Witness(versions(), reads_token, unseen), order, "there")


def test_a_worker_sees_a_token_of_this_run_only(tmp_path):
    order = order_in(tmp_path / "room")
    here = tmp_path / "here.edf"
    here.touch()
    assert witness(order, [here]) == Witness(versions(), True, [])
    assert witness(order._replace(token="other"), []).reads_token is False
    assert witness(order, [tmp_path / "there.edf"]).unseen == ["there.edf"]


def test_a_recording_at_which_a_process_has_ended_is_left_alone(jobs, tmp_path):
    order = order_in(tmp_path / "room")
    order.mark(jobs[0]).touch()
    assert work_on(jobs[0], order, True) == ""
    assert not jobs[0].unit_path.exists()
    missing = of_file(jobs[0], tmp_path / "none.edf")
    assert work_on(missing, order._replace(alone=True), False) == read_head(order.unit(missing))["digest"]
    assert not jobs[0].unit_path.exists()
