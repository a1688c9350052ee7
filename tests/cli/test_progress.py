"""What is seen of a run under way: plain lines, JSON, and a bar on a terminal that no file can disturb."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from emgpipe.batch.events import Event
from emgpipe.cli import talk
from emgpipe.cli.app import run
from emgpipe.cli.progress import SHOWN, telling
from emgpipe.recording import Finding
from emgpipe.store import OutputLock
from tests.cli.test_run import doubtful, recordings, study  # noqa: F401 (fixtures)

BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"
MOVES = re.compile(r"\x1b\[\?25[lh]|\x1b\[[0-9;]*[mK]|\x1b\[1A|\r")
"""What the bar may send: hide and show the cursor, colours, clear a line, a line up."""


@pytest.fixture
def emgpipe(study, tmp_path, capsys):  # noqa: F811
    def call(*arguments: str) -> tuple[int, str, list[str]]:
        code = run(["run", str(study), "-o", str(tmp_path / "out"), "-j", "1", "--no-report", *arguments])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


def test_where_no_terminal_is_each_recording_is_a_line(emgpipe, study):  # noqa: F811
    (study / "p1.edf").unlink()
    doubtful(study, "p2.edf")
    _, _, err = emgpipe()
    assert err[0].startswith("emgpipe: p1.edf: FILE_MISSING: ")
    assert all(line.startswith("warning: p2.edf: ") for line in err[1:-1])
    assert err[-1] == "info: 2/2 P02_V1_rest: ok"


def test_as_json_each_event_is_one_object_with_its_time(emgpipe, study):  # noqa: F811
    (study / "p1.edf").unlink()
    doubtful(study, "p2.edf")
    _, _, err = emgpipe("--log-format", "jsonl")
    lines = [json.loads(line) for line in err]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    events = [line for line in lines if line.get("event", "done") != "done"]
    assert [(e["event"], e["recording"], e["status"], e["code"], e["done"], e["total"]) for e in events] == [
        ("plan", "", "", "", 0, 2),
        ("recording", "P01_V1_rest", "failed", "FILE_MISSING", 1, 2),
        ("recording", "P02_V1_rest", "ok", "", 2, 2),
        ("tables", "", "", "", 2, 2),
    ]
    assert [e["level"] for e in events] == ["info", "error", "info", "info"]
    assert {k: v for k, v in lines[-1].items() if k != "time"} == {
        "level": "info", "event": "done", "total": 2, "computed": 2, "cached": 0, "failed": 1, "not_reached": 0,
        "not_selected": 0, "exit_code": 1,
    }  # fmt: skip
    assert "LABEL_DUPLICATE" in {line["code"] for line in lines if line["level"] == "warning"}
    assert emgpipe("--log-format", "jsonl", "--quiet")[2] == []


@pytest.fixture
def plain(monkeypatch):
    """Manner of a command without options; those before it may have left another."""
    monkeypatch.setattr(talk, "MANNER", talk.Manner())


def findings(n: int, code: str = "LABEL_DUPLICATE") -> list[Event]:
    found = [(Finding(code, "warning", "EMG 1", "found twice"),)] * n
    return [
        Event("recording", f"R{i}", "ok", where=f"{i}.edf", findings=f, done=i, total=n) for i, f in enumerate(found)
    ]


def test_of_many_lines_of_a_code_ten_are_shown_and_the_rest_is_counted(plain, capsys):
    failed = [Event("recording", f"F{i}", "failed", "FILE_MISSING", "no file", f"{i}.edf") for i in range(12)]
    with telling() as told:
        for event in [*findings(25), *findings(3, "OTHER"), *failed]:
            told(event)
    err = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("info")]
    count = {code: sum(f": {code}: " in line for line in err) for code in ("LABEL_DUPLICATE", "OTHER", "FILE_MISSING")}
    assert count == {"LABEL_DUPLICATE": SHOWN + 1, "OTHER": 3, "FILE_MISSING": SHOWN + 1}
    assert err[-2:] == [
        "warning: LABEL_DUPLICATE: 15 more of these, all in inputs.csv",
        "emgpipe: FILE_MISSING: 2 more of these, all in inputs.csv",
    ]


def test_as_json_nothing_is_left_out(capsys, monkeypatch):
    monkeypatch.setattr(talk, "MANNER", talk.Manner(log_format="jsonl"))
    with telling() as told:
        for event in findings(25):
            told(event)
    assert capsys.readouterr().err.count("LABEL_DUPLICATE") == 25


def test_the_same_finding_is_told_once(plain, capsys):
    finding = Finding("CONDITIONS_DIFFER", "warning", "", "posture")
    with telling() as told:
        told(Event("finding", where="P01 rest", findings=(finding,)))
        told.warn("P01 rest", finding)
    assert capsys.readouterr().err == "warning: P01 rest: CONDITIONS_DIFFER: posture\n"


def on_terminal(command: Sequence[str], columns: int, **environment: str) -> tuple[str, int]:
    """All that a command sends to a terminal of this width, and its exit code."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {
        "TERM": "xterm-256color",
        **{k: v for k, v in os.environ.items() if k not in ("TERM", "NO_COLOR", "COLUMNS")},
    }
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env | environment) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                seen += (more := os.read(leader, 65536))
            except OSError:  # the terminal is closed
                break
            if not more:
                break
    os.close(leader)
    return seen.decode(), process.returncode


NO_TERMINALS = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of POSIX")


def command_on(study: Path, out: Path) -> list[str]:  # noqa: F811
    """A run of a study in a process of its own."""
    return [sys.executable, "-m", "emgpipe", "run", str(study), "-o", str(out), "-j", "1", "--no-report"]


def screen_lines(seen: str) -> list[str]:
    """What is left when every line has been written over."""
    lines, row = [""], 0
    for part in re.split(r"(\r\n|\r|\x1b\[2K|\x1b\[1A)", seen):
        if part == "\r\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif part == "\x1b[1A":
            row -= 1
        elif part in ("\r", "\x1b[2K"):
            lines[row] = ""
        else:
            lines[row] += MOVES.sub("", part)
    return [line for line in lines if line]


@NO_TERMINALS
@pytest.mark.parametrize("columns", [100, 40])
def test_on_a_terminal_a_bar_is_drawn_and_gone_at_the_end(study, tmp_path, columns):  # noqa: F811
    (study / "p1.edf").unlink()
    seen, code = on_terminal(command_on(study, tmp_path / "out"), columns)
    assert code == 1
    assert BAR in seen
    assert "2/2" in seen
    assert ("last P02_V1_rest" in seen) == (columns == 100)
    assert "1 failed" in seen
    assert "\x1b" not in MOVES.sub("", seen)
    left = screen_lines(seen)
    assert not any(BAR in line for line in left)
    assert left[0].startswith("emgpipe: p1.edf: FILE_MISSING: no")
    assert left[-1] == "FILE_MISSING 1: P01_V1_rest"
    drawn = [MOVES.sub("", line) for line in re.split(r"\r\n|\r", seen) if BAR in line]
    assert max(map(len, drawn)) <= columns


@NO_TERMINALS
@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_terminal_without_moves_gets_lines_and_one_without_colours_gets_none(study, tmp_path, environment):  # noqa: F811
    seen, code = on_terminal(command_on(study, tmp_path / "out"), 100, **environment)
    assert code == 0
    if "TERM" in environment:
        assert "\x1b" not in seen
        assert "info: 2/2 P02_V1_rest: ok" in seen
    else:
        assert BAR in seen
        assert not re.search(r"\x1b\[[0-9;]*3[0-9]", seen)


@NO_TERMINALS
def test_no_name_of_a_file_can_move_the_cursor(study, tmp_path):  # noqa: F811
    shutil.copy(study / "p2.edf", study / "p1.edf")
    data = (study / "p1.edf").read_bytes()
    (study / "p1.edf").write_bytes(data.replace(b"EMG GM_R", b"G\x1b[5A\x07R ", 1) + b"x")
    seen, _ = on_terminal(command_on(study, tmp_path / "out"), 100)
    assert "p1.edf" in seen
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]", seen)
    assert "\x1b" not in MOVES.sub("", seen)


LONG = """
import time
from emgpipe.batch.events import Event
from emgpipe.cli.progress import telling
with telling() as told:
    told(Event("plan", total=200, cached=112))
    name, path = "SPS-PATIENT-01_VISIT2_supine-rest_2" * 3, "folder/" * 30 + "file.edf"
    told(Event("recording", name, "failed", "NOT_EDF", "bad [red]x[/red]", path, done=1, total=200))
    time.sleep(0.3)
"""


@NO_TERMINALS
@pytest.mark.parametrize(("columns", "n_cells"), [(40, 8), (80, 16), (200, 16)])
def test_long_names_leave_bar_and_count_their_places_and_paths_are_whole(columns, n_cells):
    seen, code = on_terminal([sys.executable, "-c", LONG], columns)
    assert code == 0
    assert screen_lines(seen)[0] == f"emgpipe: {'folder/' * 30}file.edf: NOT_EDF: bad [red]x[/red]"
    drawn = [MOVES.sub("", line) for line in re.split(r"\r\n|\r", seen) if BAR in line]
    assert all(re.match(rf" +[01]/200 {BAR}{{{n_cells}}} ", line) for line in drawn)
    assert "1 failed, " in drawn[-1]
    assert " left" in drawn[-1]
    assert ("last SPS" in drawn[-1]) == (columns >= 80)
    assert max(map(len, drawn)) <= columns


def test_a_run_that_waits_says_so(study, tmp_path, capsys):  # noqa: F811
    out = tmp_path / "out"
    lock = OutputLock(out).__enter__()
    waits = threading.Timer(1.0, lock.__exit__, (None, None, None))
    waits.start()
    assert run(["run", str(study), "-o", str(out), "-j", "1", "--wait", "--no-report"]) == 0
    waits.join()
    assert capsys.readouterr().err.splitlines()[0] == f"info: waiting for another run on {out}"
    lock.__enter__()
    waits = threading.Timer(1.0, lock.__exit__, (None, None, None))
    waits.start()
    assert run(["report", str(out), "--wait"]) == 0
    waits.join()
    assert capsys.readouterr().err == f"info: waiting for another run on {out}\n"


def test_what_was_not_selected_is_counted(emgpipe):
    assert "2 recordings, 1 computed now, 1 not selected; " in emgpipe("--subject", "P01")[1]
    code, out, err = emgpipe("--subject", "P01", "--log-format", "jsonl")
    assert (code, "nothing to compute, 1 not selected" in out) == (0, True)
    done = json.loads(err[-1])
    assert [done[name] for name in ("event", "total", "computed", "cached", "not_selected")] == ["done", 2, 0, 1, 1]


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--shard", "1/2"]])
def test_a_name_that_nobody_has_is_refused_though_others_match(emgpipe, tmp_path, more):
    code, out, err = emgpipe("--subject", "P01", "--subject", "P99", "--subject", "p02", "--visit", "V1", *more)
    assert (code, out, len(err)) == (4, "", 1)
    assert "NO_MATCH: no recording is of subject 'P99' (there is 'P01'), 'p02' (nearest is 'P02'); see" in err[0]
    code, _, err = emgpipe("--visit", "V1", "--visit", "v2", *more)
    assert code == 4
    assert "NO_MATCH: no recording is of visit 'v2' (nearest is 'V1')" in err[0]
    assert not (tmp_path / "out").exists()


CACHED = """
import sys
from emgpipe.cli.app import run
code = run(["run", sys.argv[1], "-o", sys.argv[2]])
print(code, sorted({"rich", "numba", "scipy", "matplotlib", "jinja2", "pandas", "pyarrow"} & set(sys.modules)))
"""


def test_a_run_with_nothing_to_do_imports_nothing_that_draws(study, tmp_path):  # noqa: F811
    assert run(["run", str(study), "-o", str(tmp_path / "out"), "-j", "1"]) == 0
    command = [sys.executable, "-c", CACHED, str(study), str(tmp_path / "out")]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "0 []"
    assert said.stderr == ""


def test_a_dry_run_prints_the_plan_and_makes_nothing(emgpipe, study, tmp_path):  # noqa: F811
    (study / "p1.edf").unlink()
    code, out, err = emgpipe("--dry-run")
    assert (code, err) == (0, [])
    assert out.splitlines() == [
        "recording    would               why",
        "P01_V1_rest  fail: no such file  new",
        "P02_V1_rest  compute             new",
        "",
        "2 of 2 recordings to compute; nothing was written",
        "new 2: it was never computed",
    ]
    assert not Path(tmp_path / "out").exists()
    emgpipe()
    assert emgpipe("--dry-run")[1] == "0 of 2 recordings to compute; nothing was written\n"


def test_fail_fast_and_retry_failed_are_options(emgpipe, study):  # noqa: F811
    (study / "p1.edf").unlink()
    code, out, _ = emgpipe("--fail-fast")
    assert code == 1
    assert out.splitlines()[0].startswith(
        "2 recordings, 1 computed now, 1 failed (named in inputs.csv), 1 not reached; "
    )
    assert "1 computed now" in emgpipe()[1]
    assert "nothing to compute, 1 failed" in emgpipe()[1]
    assert "1 computed now, 1 failed" in emgpipe("--retry-failed")[1]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "soon"])
def test_a_time_limit_that_cannot_be_meant_is_one_line(emgpipe, tmp_path, minutes):
    code, out, err = emgpipe("--limit-min", minutes)
    assert (code, out, len(err)) == (2, "", 1)
    assert not (tmp_path / "out").exists()
