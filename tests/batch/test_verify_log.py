"""What a run and `verify` say of logs, seals and shares' logs that somebody has cut, replaced or removed."""

import json
import shutil
import subprocess
import sys

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.units import read_unit, unit_bytes
from emgpipe.batch.verify import verify_results
from emgpipe.errors import StoreError
from emgpipe.store import AuditLog, OutputLock
from tests.batch.studies import NAMES, write_recording

BIG = """
import resource, sys
from pathlib import Path
from emgpipe.store import AuditLog, check_log, last_line
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
print(last_line(path).n_bytes, [p.line for p in check_log(path)])
with AuditLog(path) as log:
    log.append("run")
"""


def codes(out):
    return {p.code for p in verify_results(out, inputs=False)}


def events(out):
    return [json.loads(line) for line in (out / "log.jsonl").read_bytes().splitlines()]


@pytest.mark.parametrize("kept", [0, 2])
def test_a_cut_log_is_said_though_its_seal_was_removed(study, done, kept):
    lines = (done / "log.jsonl").read_bytes().splitlines(keepends=True)
    (done / "log.jsonl").write_bytes(b"".join(lines[:kept]))
    (done / "run.json.sha256").unlink()
    run_study(study, done, jobs=1)
    assert "LOG_BROKEN" in codes(done)


def test_a_run_killed_before_its_first_tables_leaves_a_sealed_log(study, tmp_path):
    def killed(event):
        if event.kind == "recording":
            raise MemoryError

    with pytest.raises(MemoryError):
        run_study(study, tmp_path / "out", jobs=1, watch=killed)
    with pytest.raises(StoreError, match="RESULTS_UNREADABLE: no tables yet; run the study again"):
        verify_results(tmp_path / "out")
    (tmp_path / "out" / "log.jsonl").write_bytes(b"")
    run_study(study, tmp_path / "out", jobs=1)
    assert "LOG_BROKEN" in codes(tmp_path / "out")


def test_a_first_run_at_work_is_said_to_be_one(tmp_path):
    with OutputLock(tmp_path), pytest.raises(StoreError, match="STORE_LOCKED: a run is at work here"):
        verify_results(tmp_path)


@pytest.fixture
def merged(study, done):
    write_recording(study / "P01_V1.edf", 98)
    run_study(study, done, jobs=1, shard="1/2")
    run_study(study, done, jobs=1)
    assert codes(done) == {"CACHE_UNUSED"}
    assert list((done / "logs").glob(".*")) == []
    return done


def test_logs_of_shares_that_are_gone_are_said_once_and_later_ones_are_taken_over(study, merged):
    shutil.rmtree(merged / "logs")
    for _ in range(2):
        run_study(study, merged, jobs=1)
    assert [told["found"].split(",")[0] for told in events(merged) if told["event"] == "broken"] == [
        "logs/shard-1-of-2.jsonl: gone"
    ]
    write_recording(study / "P01_V1.edf", 97)
    run_study(study, merged, jobs=1, shard="1/2")
    run_study(study, merged, jobs=1)
    told = [e["digest"] for e in events(merged) if e.get("shard") and e.get("recording") == "P01_V1_supine"]
    assert len(told) == len(set(told)) == 2


def test_a_log_of_a_share_that_was_cut_or_changed_is_said_once_and_taken_over(study, merged):
    path = merged / "logs" / "shard-1-of-2.jsonl"
    whole = path.read_bytes()
    for n, other in enumerate((whole[: whole.find(b"\n") + 1], whole.replace(b'"event":"run"', b'"event":"rum"')), 1):
        path.write_bytes(other)
        for _ in range(2):
            run_study(study, merged, jobs=1)
        assert sum(told["event"] == "broken" for told in events(merged)) >= n
        size = (merged / "log.jsonl").stat().st_size
        run_study(study, merged, jobs=1)
        assert (merged / "log.jsonl").stat().st_size == size


ODD = (
    b'{"event": "x", "shard": "shard-1-of-2"}', b'{"event": 3, "time": 1}', b"[1]", b"\xff\x00", b"[" * 10**5,
    b'{"event": "run", "time": "t", "shard": 1, "line": "a", "at": [], "self": 1, "event ": 2, "line_sha256": {}}',
    b'{"event": "\\ud800", "time": NaN, "shard": "shard-1-of-2", "line": 1e999}', b"9" * 5000, b"",
)  # fmt: skip


@pytest.mark.parametrize("place", ["log.jsonl", "logs/shard-1-of-2.jsonl"])
@pytest.mark.parametrize("line", ODD)
def test_no_line_of_a_log_stops_a_run(study, merged, place, line):
    lines = (merged / place).read_bytes().splitlines(keepends=True)
    (merged / place).write_bytes(b"".join([lines[0], line + b"\n", *lines[1:]]))
    run_study(study, merged, jobs=1)
    assert codes(merged) & {"LOG_BROKEN", "LOG_CHANGED"}


def test_a_unit_that_no_line_of_the_log_tells_of_is_said(study, done):
    path = done / "units" / f"{NAMES[0]}_supine.jsonl"
    path.write_bytes(unit_bytes({**read_unit(path), "grade": "Z"}))
    run_study(study, done, jobs=1)
    run_study(study, done, jobs=1)
    assert [told["recording"] for told in events(done) if told["event"] == "found"] == [f"{NAMES[0]}_supine"]
    problems = verify_results(done, inputs=False)
    assert [(p.path, p.is_error) for p in problems if p.code == "UNIT_FOUND"] == [(f"units/{path.name}", False)]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on memory")
@pytest.mark.parametrize("lines", [False, True])
def test_a_huge_log_is_read_in_little_memory(tmp_path, lines):
    path = tmp_path / "log.jsonl"
    with AuditLog(path) as log:
        log.append("run")
    with path.open("r+b") as stream:
        stream.seek(2**29)
        stream.write(b"\n" * lines + b"x")
    said = subprocess.run([sys.executable, "-c", BIG, path], capture_output=True, text=True, check=False)
    assert said.stdout.startswith(str(2**29 + 1 + lines)), said.stderr
    assert said.returncode == 0
