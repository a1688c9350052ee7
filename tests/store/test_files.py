"""Files whole or not at all, one lock, a log that shows what was done to it, tables with one text for one value."""

import hashlib
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import StoreError, printable
from emgpipe.store import (
    AuditLog,
    OutputLock,
    check_log,
    content_key,
    csv_text,
    json_text,
    last_line,
    write_bytes,
    write_csv,
    write_json,
)
from emgpipe.store.lock import LOCK_NAME
from emgpipe.store.tables import cell, cell_text, read_csv

HOLD = """
import sys
from pathlib import Path
from emgpipe.store import OutputLock
with OutputLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
WRITE = """
import sys
from pathlib import Path
from emgpipe.store import write_bytes
print("ready", flush=True)
n = 0
while True:
    n = 1 - n
    write_bytes(Path(sys.argv[1]), (b"a" if n else b"b") * 1_000_000)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_cleanly(tmp_path, holder):
    with pytest.raises(StoreError, match="STORE_LOCKED"), OutputLock(tmp_path):
        pass


def test_a_waiting_run_goes_on_when_the_first_ends(tmp_path, holder):
    holder.stdin.close()
    with OutputLock(tmp_path, wait=True):
        assert holder.wait(10) == 0


def test_a_killed_run_leaves_no_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    with OutputLock(tmp_path):
        pass


def test_the_lock_is_given_back_and_can_be_taken_again(tmp_path):
    for _ in range(2):
        with OutputLock(tmp_path / "new"):
            assert (tmp_path / "new" / LOCK_NAME).exists()


def test_a_folder_that_cannot_be_made_is_one_coded_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="STORE_UNWRITABLE"), OutputLock(tmp_path / "file" / "out"):
        pass
    with pytest.raises(StoreError, match="STORE_UNWRITABLE"):
        write_bytes(tmp_path / "file" / "x", b"")


def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    path = tmp_path / "table.csv"
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITE, path], stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            while not path.exists():
                assert process.poll() is None
            process.kill()
        assert path.read_bytes() in (b"a" * 1_000_000, b"b" * 1_000_000)
        path.unlink()


def test_a_write_that_fails_keeps_the_old_file_and_leaves_no_other(tmp_path):
    path = tmp_path / "t"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["t"]


def append_events(path, n_events, **fields):
    with AuditLog(path) as log:
        for n in range(n_events):
            log.append("event", n=n, **fields)


def test_the_log_is_chained_and_in_utc(tmp_path):
    path = tmp_path / "log.jsonl"
    append_events(path, 3, note="µ\n")
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [e["n"] for e in entries] == [0, 1, 2]
    assert all(e["time"].endswith("Z") for e in entries)
    assert check_log(path) == []


@pytest.mark.parametrize("change", [lambda ls: [ls[0], ls[1].replace(b'"n":1', b'"n":7'), ls[2]],
                                    lambda ls: [ls[0], ls[2]], lambda ls: [ls[0], ls[0], *ls[1:]],
                                    lambda ls: [ls[1], ls[0], ls[2]], lambda ls: ls[1:]])  # fmt: skip
def test_a_changed_removed_or_moved_line_shows(tmp_path, change):
    path = tmp_path / "log.jsonl"
    append_events(path, 3)
    path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")
    assert check_log(path)


def test_a_torn_line_is_named_until_the_log_goes_on_and_closes_it(tmp_path):
    path = tmp_path / "log.jsonl"
    append_events(path, 2)
    for n_lines in (2, 4, 5):  # torn behind whole lines, and twice in a row
        path.write_bytes(path.read_bytes()[:-20])
        assert [(p.line, p.message.split(";")[0]) for p in check_log(path)] == [(n_lines, "the line is not whole")]
        append_events(path, 1 if n_lines == 4 else 2)
        assert check_log(path) == []
    assert len(path.read_bytes().splitlines()) == 7


@pytest.mark.parametrize("line", range(5))
def test_a_change_shows_in_front_of_a_torn_line_and_in_it(tmp_path, line):
    path = tmp_path / "log.jsonl"
    append_events(path, 3)
    path.write_bytes(path.read_bytes()[:-20])
    append_events(path, 2)
    lines = path.read_bytes().splitlines()
    lines[line] = lines[line].replace(b'"event":"event"', b'"event":"evil"')
    path.write_bytes(b"\n".join(lines) + b"\n")
    # nothing but the seal vouches for the last line
    assert bool(check_log(path)) == (line < 4)


@given(n_bytes=st.integers(0, 400_000), blanks=st.integers(0, 200_000))
@settings(max_examples=20, deadline=None)
def test_the_end_of_a_log_is_found_from_behind_whatever_the_length_of_its_lines(n_bytes, blanks, tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    with AuditLog(path) as log:
        log.append("short")
        log.append("long", text="x" * n_bytes)
    whole = path.read_bytes().splitlines()[-1]
    path.write_bytes(path.read_bytes() + b" " * blanks)  # what a kill left
    since = whole + (b"\n" + b" " * blanks if blanks else b"")
    assert last_line(path) == (path.stat().st_size, hashlib.sha256(since).hexdigest())
    append_events(path, 1)
    assert check_log(path) == []


FULL_LOG = """
import resource, sys
from pathlib import Path
from emgpipe.errors import StoreError
from emgpipe.store import AuditLog
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
try:
    with AuditLog(Path(sys.argv[1])) as log:
        for number in range(10):
            log.append("recording", number=number)
except StoreError as problem:
    print(problem.code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of a file")
def test_a_log_on_a_full_disk_is_one_coded_error(tmp_path):
    path = tmp_path / "log.jsonl"
    said = subprocess.run([sys.executable, "-c", FULL_LOG, path], capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == ("STORE_UNWRITABLE\n", "")
    assert path.stat().st_size <= 300
    with AuditLog(path) as log:
        log.append("run")
    assert check_log(path) == []


def test_an_event_costs_the_same_however_long_the_log_is(tmp_path):
    path = tmp_path / "log.jsonl"
    append_events(path, 1)
    line = path.read_bytes()
    with path.open("r+b") as stream:  # a hole that nobody can read in the time of a test
        stream.seek(2**40)
        stream.write(b"\n" + line)
    with AuditLog(path) as log:
        log.append("event", n=1)
    with path.open("rb") as stream:
        stream.seek(2**40 + 1 + len(line))
        assert json.loads(stream.read())["before"] == hashlib.sha256(line[:-1]).hexdigest()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from emgpipe.errors import StoreError
from emgpipe.store import AuditLog, check_log
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
with AuditLog(path) as log:
    log.append("first")
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, resource.RLIM_INFINITY))
    try:
        log.append("second")
    except StoreError as problem:
        print(problem.code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    log.append("third")
print(check_log(path))
"""


@pytest.mark.skipif(os.name == "nt", reason="no limit on file sizes there")
def test_a_log_goes_on_behind_a_line_that_a_full_disk_has_cut(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, tmp_path / "log.jsonl"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout == "STORE_UNWRITABLE\n[]\n"
    lines = (tmp_path / "log.jsonl").read_bytes().splitlines()
    assert [b'"third"' in line for line in lines] == [False, False, True]
    assert len(lines[1]) == 20


def test_a_log_that_is_not_there_is_said(tmp_path):
    assert [p.line for p in check_log(tmp_path / "log.jsonl")] == [0]


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_written_to_read_back_equal(value):
    assert float(cell(value)) == value
    assert float(cell(np.float64(value))) == value
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx"])
def test_text_that_looks_like_a_formula_is_defused_and_numbers_are_not(text):
    assert cell(text) == "'" + printable(text)
    assert cell_text(cell(text)) == printable(text)
    assert cell(-1.5) == "-1.5"


# letters of every kind, surrogates too, with those that mean something to spreadsheets and terminals often
LETTERS = st.characters() | st.sampled_from("=+-@'\t\r\n\x1b\x7f\u202e\u2028\ud800,;\"\\")


@given(st.text(LETTERS, max_size=12))
def test_a_guard_can_be_undone_and_no_cell_is_a_formula_or_moves_a_cursor(text):
    written = cell(text)
    assert cell_text(written) == printable(text)
    assert written.isprintable()
    assert not written.startswith(("=", "+", "-", "@"))


@given(st.lists(st.text(LETTERS, max_size=12), max_size=4))
def test_json_is_printable_and_reads_back_equal(texts):
    written = json_text({"texts": texts})
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == {"texts": texts}


def test_a_table_reads_back_as_the_texts_that_were_written(tmp_path):
    rows = [{"target": "=EMG", "value": -1.5}, {"target": "''-x", "value": None}, {"target": 'a,"b"', "value": 2.0}]
    write_csv(tmp_path / "t.csv", ["target", "value"], rows)
    assert read_csv(tmp_path / "t.csv") == [
        {"target": "=EMG", "value": "-1.5"}, {"target": "''-x", "value": ""}, {"target": 'a,"b"', "value": "2.0"},
    ]  # fmt: skip


def test_what_is_no_number_and_no_text_is_refused():
    with pytest.raises(TypeError, match="neither"):
        cell(object())


def test_missing_values_are_empty_or_null():
    assert csv_text(["a", "b"], [{"a": math.nan, "b": np.float32("inf")}]) == "a,b\n,\n"
    assert json.loads(json_text({"a": [math.nan, None, np.int64(2), True]})) == {"a": [None, None, 2, True]}


def test_tables_are_utf8_with_lf(tmp_path):
    write_csv(tmp_path / "t.csv", ["name"], [{"name": "µ, R"}])
    write_json(tmp_path / "t.json", {"name": "µ"})
    assert (tmp_path / "t.csv").read_bytes() == 'name\n"µ, R"\n'.encode()
    assert b"\r" not in (tmp_path / "t.json").read_bytes()


def test_keys_do_not_depend_on_order_and_refuse_nan():
    assert content_key(a=1, b={"x": 1, "y": 2}) == content_key(b={"y": 2, "x": 1}, a=1)
    with pytest.raises(ValueError, match="Out of range"):
        content_key(a=math.nan)
