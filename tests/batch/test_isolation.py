"""One bad recording is one row: every kind of badness at once, and runs that are stopped on the way."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from emgpipe.batch import run_study
from emgpipe.simulate import write_edf
from emgpipe.store import check_log
from tests.batch.studies import (
    HOLE_BYTES,
    NAMES,
    OUTPUTS,
    outputs,
    read_table,
    row_of,
    write_endless,
    write_manifest,
    write_recording,
)
from tests.batch.test_run import BAD, of, told
from tests.batch.test_workers import LINUX, kill_openers

RUN = """
import sys
from emgpipe.batch import run_study

report = run_study(sys.argv[1], sys.argv[2], jobs=2, limit_s=float(sys.argv[3]))
print(report.computed, report.failed, report.exit_code)
"""
COMMAND = [sys.executable, "-m", "emgpipe", "run"]


def slow_rate(path):
    write_edf(path, list(np.random.default_rng(1).normal(size=(2, 3_000))), ["TA_R", "GM_R"], 200.0)


def no_unit(path):
    path.write_bytes(path.read_bytes().replace(b"uV".ljust(8), b"furlong ", 2))


def no_emg(path):
    write_edf(path, list(np.random.default_rng(2).normal(size=(2, 3_000))), ["Temp", "Resp"], 1000.0)


SPOILT = {**BAD, "RATE_TOO_LOW": slow_rate, "UNIT_UNKNOWN": no_unit, "NO_CHANNELS": no_emg}


@pytest.fixture
def mixed(study):
    """Good recordings, and one of each kind of badness; the last two harm the worker that takes them."""
    rows = [row_of(name) for name in NAMES]
    for n, (code, spoil) in enumerate(SPOILT.items()):
        path = study / f"B{n:02d}_V1.edf"
        write_recording(path, 50 + n)
        spoil(path)
        rows.append(row_of(f"B{n:02d}_V1", task=code))
    for name, code in (("B90_V1", "WORKER_LOST"), ("B91_V1", "TIMEOUT")):
        write_endless(study / f"{name}.edf")
        rows.append(row_of(name, task=code))
    os.truncate(study / "B91_V1.edf", HOLE_BYTES + 1)  # of one size they would be compared
    write_manifest(study, rows)
    return study


@LINUX
def test_good_rows_are_those_of_a_run_without_the_bad_ones(mixed, tiny_out, tmp_path):
    command = [sys.executable, "-c", RUN, str(mixed), str(tmp_path / "out"), "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        kill_openers(running, mixed / "B90_V1.edf")
        n_bad = len(SPOILT) + 2
        assert running.stdout.read() == f"{len(NAMES) + n_bad} {n_bad} 1\n", running.stderr.read()
    inputs = read_table(tmp_path / "out" / "inputs.csv")
    bad = [row for row in inputs if row["status"] == "failed"]
    assert [row["code"] for row in bad] == [row["task"] for row in bad]
    assert len(bad) == n_bad
    assert all(row["message"] for row in bad)
    for table in ("measures.csv", "visits.csv", "visits_repeats.csv", "intervals.csv", "inputs.csv"):
        good = [row for row in read_table(tmp_path / "out" / table) if not row["subject"].startswith("B")]
        assert good == read_table(tiny_out / table)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_stops_at_the_first_failure_names_those_it_did_not_reach(study, done, tmp_path, jobs):
    for name in ("P01_V1", "P01_V2"):
        (study / f"{name}.edf").write_bytes(b"")
    out = tmp_path / "stopped"
    report = run_study(study, out, jobs=jobs, fail_fast=True)
    assert report.exit_code == 1
    codes = told(out, "code")
    assert report.unreached == tuple(name for name, code in codes.items() if code == "NOT_REACHED")
    assert report.failed >= 1
    assert report.computed + len(report.unreached) == len(NAMES)
    assert {told(out)[name] for name in report.unreached} <= {"not_measured"}
    if jobs == 1:
        assert list(codes.values()) == ["FILE_EMPTY", *["NOT_REACHED"] * 3]
    assert check_log(out / "log.jsonl") == []
    assert not list(out.rglob(".tmp-*"))
    # the next run goes on, and ends as one that was never stopped
    run_study(study, out, jobs=1)
    run_study(study, tmp_path / "whole", jobs=1)
    assert outputs(out) == outputs(tmp_path / "whole")


def test_old_rows_of_a_recording_that_was_not_reached_do_not_stand_for_it(study, done):
    (study / "P01_V1.edf").write_bytes(b"")
    write_recording(study / "P02_V1.edf", 77)
    run_study(study, done, jobs=1, fail_fast=True)
    assert told(done, "code") == {
        "P01_V1_supine": "FILE_EMPTY", "P01_V2_supine": "", "P02_V1_supine": "NOT_REACHED", "P02_V2_supine": "",
    }  # fmt: skip
    assert of(done, "P02_V1") == []


def test_a_failure_of_an_earlier_run_does_not_stop_one_that_stops_at_failures(study, tmp_path):
    (study / "P01_V1.edf").write_bytes(b"")
    run_study(study, tmp_path / "out", jobs=1, subjects=["P01"], visits=["V1"])
    report = run_study(study, tmp_path / "out", jobs=1, fail_fast=True)
    assert (report.computed, report.failed, report.unreached) == (3, 1, ())


@LINUX
@pytest.mark.parametrize(("stop", "jobs"), [(signal.SIGINT, "1"), (signal.SIGTERM, "2")])
def test_a_run_that_is_stopped_says_one_line_and_leaves_nothing_behind(study, tiny_out, tmp_path, stop, jobs):
    write_endless(study / "P02_V1.edf")
    out = tmp_path / "out"
    command = [*COMMAND, str(study), "-o", str(out), "-j", jobs]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        # two finished units: the long recording is under way, or the next to begin
        while running.poll() is None and len(list(out.glob("units/*.jsonl"))) < 2:
            time.sleep(0.05)
        running.send_signal(stop)
        time.sleep(0.05)
        running.send_signal(stop)  # impatient
        try:
            said, complained = running.communicate(timeout=120)  # a guard against a hang
        finally:
            running.kill()
    assert (running.returncode, said) == (130, "")
    loud = [line for line in complained.splitlines() if not line.startswith("info: ")]
    assert loud == ["emgpipe: INTERRUPTED: stopped; what was finished is kept, run again to go on"]
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert (log[-1]["event"], log[-1]["why"]) == ("stopped", "interrupted")
    assert check_log(out / "log.jsonl") == []
    assert not list(out.rglob(".tmp-*"))
    assert not [name for name in OUTPUTS if (out / name).exists()]
    write_recording(study / "P02_V1.edf", 2, (8.0, 0.0))
    run_study(study, out, jobs=1)
    assert outputs(out) == outputs(tiny_out)
