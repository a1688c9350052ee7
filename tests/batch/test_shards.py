"""Shares of a study: units side by side, one run that merges them, and logs that are taken over once."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.batch import plan_study, run_study
from emgpipe.batch.jobs import study_jobs
from emgpipe.batch.shards import MOST_SHARDS, Shard, shard_log, take_over
from emgpipe.errors import SettingsError, StoreError
from emgpipe.store import AuditLog, OutputLock, check_log
from emgpipe.study import load_study
from tests.batch.studies import outputs, read_table

HOLD = """
import sys
from pathlib import Path
from emgpipe.batch.shards import Shard, shard_log
with shard_log(Path(sys.argv[1]), Shard.parsed(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    "text", ["", "1", "0/2", "3/2", "-1/2", "1/2/3", "1 / 2", "1.0/2", "a/b", "1/", "/2", "1/10001", "٣/٤", "1/2\n"]
)
def test_a_share_that_cannot_be_meant_is_refused_with_what_was_found(tiny, tmp_path, text):
    with pytest.raises(SettingsError, match=r"SHARD_INVALID: shard .*; I/N is needed") as told:
        run_study(tiny, tmp_path / "out", shard=text)
    assert repr(text) in str(told.value)
    assert not (tmp_path / "out").exists()


@given(st.integers(1, 40), st.integers(1, MOST_SHARDS))
@settings(max_examples=50, deadline=None)
def test_shares_of_one_count_hold_each_recording_once(tiny_jobs, n_jobs, count):
    jobs = (tiny_jobs * 10)[:n_jobs]
    shares = [Shard(number, count).share(jobs, tiny_jobs) for number in range(1, min(count, n_jobs + 1) + 1)]
    assert sorted(id(job) for share in shares for job in share) == sorted(map(id, jobs))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.fixture(scope="module")
def tiny_jobs(tiny, tmp_path_factory):
    return study_jobs(load_study(tiny), tmp_path_factory.mktemp("shards") / "out")


@pytest.fixture
def shared(tiny, tmp_path):
    """Results of three shares, one of them of nothing but a quarter of the study, that are not merged."""
    for shard in ("2/3", "1/3", "3/3"):
        assert run_study(tiny, tmp_path / "out", jobs=1, shard=shard).exit_code == 0
    return tmp_path / "out"


def events(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_share_writes_units_and_no_tables(shared):
    assert sorted(path.name for path in shared.iterdir() if not path.name.startswith(".")) == ["cache", "logs", "units"]
    assert sorted(p.name for p in (shared / "logs").glob("*.jsonl")) == [f"shard-{n}-of-3.jsonl" for n in (1, 2, 3)]
    assert len(list((shared / "units").iterdir())) == 4


def test_merged_shares_give_the_same_bytes_and_compute_nothing(tiny, tiny_out, shared):
    report = run_study(tiny, shared, jobs=1)
    assert (report.computed, report.total) == (0, 4)
    assert outputs(shared) == outputs(tiny_out)


def test_the_log_of_every_share_is_taken_over_once(tiny, shared):
    for _ in range(2):
        run_study(tiny, shared, jobs=1)
    assert check_log(shared / "log.jsonl") == []
    told = [event for event in events(shared / "log.jsonl") if "shard" in event]
    assert [(e["shard"], e["line"]) for e in told] == [
        *(("shard-1-of-3", n) for n in (1, 2, 3)), *((f"shard-{s}-of-3", n) for s in (2, 3) for n in (1, 2)),
    ]  # fmt: skip
    first = events(shared / "logs" / "shard-1-of-3.jsonl")[1]
    assert (told[1]["at"], told[1]["recording"], told[1]["digest"]) == (
        first["time"], first["recording"], first["digest"],
    )  # fmt: skip


def test_taking_over_goes_on_where_a_killed_run_left_it(tiny, shared):
    run_study(tiny, shared, jobs=1)
    whole = (shared / "log.jsonl").read_bytes().splitlines(keepends=True)
    (shared / "log.jsonl").write_bytes(b"".join(whole[:4]))
    with OutputLock(shared), AuditLog(shared / "log.jsonl") as log:
        assert take_over(shared, log) == 3
        assert take_over(shared, log) == 0
    told = [(e["shard"], e["line"]) for e in events(shared / "log.jsonl")]
    assert len(told) == len(set(told)) == 7


def test_an_unfinished_line_of_a_share_is_no_event(tmp_path):
    with shard_log(tmp_path, Shard(1, 2)) as log:
        log.append("run", recordings=1)
    with (tmp_path / "logs" / "shard-1-of-2.jsonl").open("ab") as stream:
        stream.write(b'{"time": "2026-')
    with OutputLock(tmp_path), AuditLog(tmp_path / "log.jsonl") as log:
        assert take_over(tmp_path, log) == 1


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, tmp_path, "1/2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_shares_run_side_by_side_and_one_share_runs_once(tiny, tmp_path, holder):
    with shard_log(tmp_path, Shard(2, 2)):
        pass
    with pytest.raises(StoreError, match="STORE_LOCKED"), shard_log(tmp_path, Shard(1, 2)):
        pass
    with pytest.raises(StoreError, match="STORE_LOCKED"):
        run_study(tiny, tmp_path)


def test_a_share_is_refused_while_a_run_merges_and_waits_when_told_to(tmp_path, holder):
    holder.kill()
    holder.wait()
    with OutputLock(tmp_path), pytest.raises(StoreError, match="STORE_LOCKED"), shard_log(tmp_path, Shard(1, 2)):
        pass
    with shard_log(tmp_path, Shard(1, 2), wait=True):
        pass


def test_a_merging_run_waits_for_shares_when_told_to(tmp_path, holder):
    holder.stdin.close()
    with OutputLock(tmp_path, wait=True):
        assert holder.wait(10) == 0


def test_a_share_leaves_the_files_of_others_at_work_alone(tiny, tmp_path):
    half = tmp_path / "out" / "units" / ".tmp-abcdefgh"
    half.parent.mkdir(parents=True)
    half.write_text("of another share")
    run_study(tiny, tmp_path / "out", jobs=1, shard="4/9", subjects=["P02"])
    assert half.exists()
    run_study(tiny, tmp_path / "out", jobs=1, subjects=["P02"])
    assert not half.exists()


def test_a_share_beyond_the_recordings_has_nothing_to_do(tiny, tmp_path):
    report = run_study(tiny, tmp_path / "out", shard="7/9")
    assert (report.computed, report.total, report.exit_code) == (0, 0, 0)


def test_the_plan_of_a_share_names_its_recordings(tiny, tmp_path):
    names = [one.job.entry.recording for one in plan_study(tiny, tmp_path / "out", shard="2/3")]
    assert names == ["P01_V2_supine"]
    assert not (tmp_path / "out").exists()


def test_a_bad_recording_of_a_share_is_one_row_when_merged(study, tmp_path):
    (study / "P01_V2.edf").write_bytes(b"no EDF")
    reports = [run_study(study, tmp_path / "out", jobs=1, shard=f"{n}/2") for n in (1, 2)]
    assert [(r.failed, r.exit_code) for r in reports] == [(0, 0), (1, 1)]
    assert run_study(study, tmp_path / "out", jobs=1).exit_code == 1
    failed = [row["code"] for row in read_table(tmp_path / "out" / "inputs.csv") if row["status"] == "failed"]
    assert len(failed) == 1
