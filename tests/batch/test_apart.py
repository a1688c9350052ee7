"""Tasks in processes of their own: each is done once, whatever becomes of the processes."""

import math
from pathlib import Path

import pytest

from emgpipe.batch import apart
from emgpipe.errors import EngineError, SettingsError
from emgpipe.settings import load_settings


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_task_is_answered_once_with_its_place(workers):
    tasks = [n * n for n in range(8)]
    answers = list(apart.answers_apart(math.isqrt, tasks, workers))
    assert sorted(answers) == list(enumerate(range(8)))


def test_what_a_killed_process_leaves_the_caller_does(monkeypatch):
    start = apart.start_process
    started = []

    def killed_at_once(*args):
        process, pipe = start(*args)
        process.kill()
        started.append(process)
        return process, pipe

    monkeypatch.setattr(apart, "start_process", killed_at_once)
    assert dict(apart.answers_apart(math.isqrt, [4, 9, 16], 2)) == {0: 2, 1: 3, 2: 4}
    assert len(started) == 2


def test_where_no_process_can_be_started_the_caller_does_all(monkeypatch):
    def none(*_args):
        raise EngineError("WORKERS_FAIL", "no process can be started; use -j 1")

    monkeypatch.setattr(apart, "start_process", none)
    assert dict(apart.answers_apart(math.isqrt, [4, 9], 2)) == {0: 2, 1: 3}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_error_of_a_task_reaches_the_caller_and_no_process_stays(tmp_path, workers, monkeypatch):
    start = apart.start_process
    started = []
    monkeypatch.setattr(apart, "start_process", lambda *args: started.append(start(*args)) or started[-1])
    with pytest.raises(SettingsError, match="TEXT_UNREADABLE"):
        list(apart.answers_apart(load_settings, [Path(tmp_path / "absent.toml")] * 2, workers))
    assert len(started) == (workers if workers > 1 else 0)
    assert not any(process.is_alive() for process, _ in started)


def test_a_fault_that_nobody_foresaw_is_met_by_the_caller():
    with pytest.raises(ValueError, match="nonnegative"):
        list(apart.answers_apart(math.isqrt, [4, -1], 2))
