"""Worker processes one by one: limits of time, deaths while starting, and who is to blame."""

import os
import signal
import threading
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path

import pytest

from emgpipe.batch.engine import engine_of
from emgpipe.batch.jobs import study_jobs
from emgpipe.batch.pool import STARTS, pooled
from emgpipe.batch.units import read_unit
from emgpipe.errors import EngineError, SettingsError, StoreError
from emgpipe.study import load_study
from tests.batch.studies import of_file


@pytest.fixture
def jobs(tiny, tmp_path):
    return study_jobs(load_study(tiny), tmp_path / "out")


def codes(jobs):
    return [read_unit(job.unit_path)["code"] for job in jobs]


def test_a_recording_that_takes_too_long_is_tried_twice_and_costs_one_row(jobs, endless, tmp_path):
    missing = of_file(jobs[1], tmp_path / "none.edf")
    work = [of_file(jobs[0], endless), missing, of_file(jobs[2], tmp_path / "none.edf")]
    done = list(pooled(work, 2, limit_s=2.0))
    assert done[-1] is work[0]  # in the order of completion: nobody waits for it
    assert codes(work) == ["TIMEOUT", "FILE_MISSING", "FILE_MISSING"]
    message = read_unit(work[0].unit_path)["message"]
    assert message.startswith("no result in 2 s, twice; raise --limit-min ")


def test_a_worker_that_dies_while_it_starts_is_blamed_on_nobody(jobs, tmp_path):
    work = [of_file(job, tmp_path / "none.edf") for job in jobs]

    def kill_the_first():
        while not (found := active_children()):
            pass
        os.kill(found[0].pid, signal.SIGTERM)

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    assert list(pooled(work, 1)) == work
    killer.join()
    assert codes(work) == ["FILE_MISSING"] * 4


def test_workers_that_cannot_start_are_one_coded_line(jobs, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", str(Path("no", "such", "place")))  # no interpreter starts with it
    with pytest.raises(EngineError, match=f"WORKERS_FAIL: {STARTS} worker processes in a row"):
        list(pooled(jobs, 2))
    assert active_children() == []


def test_a_folder_that_cannot_be_written_ends_the_run_and_the_workers(jobs, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StoreError, match="STORE_UNWRITABLE"):
        list(pooled(jobs, 2))
    assert active_children() == []


def test_giving_up_in_the_middle_stops_the_workers(jobs, endless, tmp_path):
    with closing(pooled([of_file(jobs[0], tmp_path / "none.edf"), of_file(jobs[1], endless)], 2)) as written:
        next(written)
    assert active_children() == []


def test_the_environment_of_the_leader_stays(jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    list(pooled([of_file(jobs[0], tmp_path / "none.edf")], 1))
    assert dict(os.environ) == before


def test_no_jobs_need_no_engine():
    assert list(engine_of(2)([])) == []


@pytest.mark.parametrize("limit_s", [0.0, -1.0, float("nan")])
def test_a_limit_that_no_recording_could_meet_is_refused(limit_s):
    with pytest.raises(SettingsError, match="ARGUMENT_INVALID: limit_s"):
        engine_of(2, limit_s=limit_s)
