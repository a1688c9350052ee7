"""What is no regular file, or may not be read, is one coded line at once in every command, and nothing hangs."""

import csv
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import emgpipe as emg
from emgpipe.cli.app import run
from emgpipe.readers import check_file
from tests.handmade import edf_bytes

MOST_S = 60
"""Far above any of these on a busy machine; a pipe without a writer hangs for ever."""
CODES = {
    "pipe": "FILE_UNREADABLE", "socket": "FILE_UNREADABLE", "folder": "FILE_UNREADABLE", "dangling": "FILE_UNREADABLE",
    "circle": "FILE_UNREADABLE", "device": "FILE_UNREADABLE", "tall": "FILE_UNREADABLE", "empty": "FILE_EMPTY",
}  # fmt: skip
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices of this kind are those of Unix")


@pytest.fixture(autouse=True)
def alarm():
    """A hang in this process fails its test."""

    def stop(number, frame):
        raise TimeoutError(f"more than {MOST_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(MOST_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def special(tmp_path) -> Path:
    """A folder with one of each kind, and a good recording."""
    folder = tmp_path / "study"
    folder.mkdir()
    os.mkfifo(folder / "pipe.edf")
    (folder / "folder.edf").mkdir()
    (folder / "dangling.edf").symlink_to(folder / "nowhere.edf")
    (folder / "circle.edf").symlink_to(folder / "round.edf")
    (folder / "round.edf").symlink_to(folder / "circle.edf")
    (folder / "device.edf").symlink_to("/dev/zero")
    (folder / "tall.edf").symlink_to("x" * 250 + "/" + "y" * 250)
    (folder / "empty.edf").write_bytes(b"")
    (folder / "P01_V1_rest.edf").write_bytes(edf_bytes())
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)  # the path of a socket must be short
        try:
            server.bind("socket.edf")
        finally:
            os.chdir(here)
    return folder


class Said(NamedTuple):
    """Exit code and what stood on both streams."""

    code: int
    out: str
    err: str


@pytest.fixture
def emgpipe(capfd):
    def call(*arguments: object) -> Said:
        return Said(run([str(a) for a in arguments]), *capfd.readouterr())

    return call


@pytest.mark.parametrize("name", CODES)
def test_a_special_file_is_a_finding_and_a_read_error(special, name):
    path = special / f"{name}.edf"
    (finding,) = check_file(path)
    assert (finding.code, finding.severity) == (CODES[name], "error")
    with pytest.raises(emg.ReadError, match=CODES[name]):
        emg.read_recording(path)


@pytest.mark.parametrize("name", CODES)
def test_measure_says_one_line(emgpipe, special, name):
    done = emgpipe("measure", special / f"{name}.edf", "--mains", 50)
    assert (done.code, done.out, len(done.err.splitlines())) == (3, "", 1)
    assert CODES[name] in done.err


def test_check_of_a_folder_names_each_of_them(emgpipe, special):
    done = emgpipe("check", special)
    assert done.code == 3
    assert "Traceback" not in done.err
    said = done.out.splitlines()
    for name, code in CODES.items():
        at = said.index(next(line for line in said if line.startswith("refused: ") and f"{name}.edf" in line))
        assert code in said[at + 1]
    assert any(line.startswith("ok: ") and "P01_V1_rest.edf" in line for line in said)


def test_the_program_itself_ends_at_once(special):
    command = [sys.executable, "-m", "emgpipe", "check", str(special / "pipe.edf"), str(special / "device.edf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_S, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout.count("FILE_UNREADABLE")) == (3, 2)


def test_check_of_one_given_by_name_is_refused(emgpipe, special):
    for name, code in CODES.items():
        done = emgpipe("check", special / f"{name}.edf")
        assert (done.code, name) == (3, name)
        assert code in done.out


def test_check_and_measure_say_the_same_of_each_of_them(emgpipe, special):
    for name, code in CODES.items():
        path = special / f"{name}.edf"
        (line,) = [line for line in emgpipe("check", path).out.splitlines() if code in line]
        said = line.removeprefix("  error: ")
        assert emgpipe("measure", path, "--mains", 50).err.endswith(f"{path.name}: {said}\n")
        if code == "FILE_UNREADABLE":
            assert all(part in said for part in ("found ", "; allowed: a file that can be read; give one"))


def test_init_drafts_the_good_one_and_names_the_others(emgpipe, special):
    assert emgpipe("init", special).code == 0
    with (special / "recordings.csv").open(newline="") as stream:
        assert {row["file"] for row in csv.DictReader(stream)} == {"P01_V1_rest.edf"}
    draft = (special / "study.toml").read_text()
    assert all(
        any(f"'{name}.edf'" in line and code in line for line in draft.splitlines()) for name, code in CODES.items()
    )


def test_a_run_makes_each_of_them_a_row_and_measures_the_good_one(emgpipe, special, tmp_path):
    names = [name for name in CODES if name != "circle"]  # what cannot be followed is no path
    rows = [f"P{n:02},V1,{name}.edf,rest" for n, name in enumerate(names, 10)]
    text = "\n".join(["subject,visit,file,task", "P01,V1,P01_V1_rest.edf,rest", *rows])
    (special / "recordings.csv").write_text(text)
    (special / "study.toml").write_text('[study]\nid = "ODD"\nmains_hz = 50\n')
    done = emgpipe("run", special, "-o", tmp_path / "out", "-j", 1, "--allow-outside", "--no-report")
    refused = [line for line in done.err.splitlines() if line.startswith("emgpipe: ")]
    assert (done.code, len(refused)) == (1, len(names))
    with (tmp_path / "out" / "inputs.csv").open(newline="") as stream:
        codes = {row["file"]: row["code"] for row in csv.DictReader(stream)}
    there = {f"{name}.edf": "FILE_MISSING" if name in ("dangling", "tall") else CODES[name] for name in names}
    assert codes == {"P01_V1_rest.edf": "", **there}


@pytest.mark.parametrize("name", ["circle.edf", "device.edf"])
def test_a_run_refuses_a_path_that_leads_nowhere_or_outside_before_it_starts(emgpipe, special, tmp_path, name):
    (special / "recordings.csv").write_text(f"subject,visit,file,task\nP01,V1,{name},rest\n")
    (special / "study.toml").write_text('[study]\nid = "ODD"\nmains_hz = 50\n')
    done = emgpipe("run", special, "-o", tmp_path / "out")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "FILE_OUTSIDE" in done.err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(emgpipe, special):
    path = special / "P01_V1_rest.edf"
    path.chmod(0)
    assert check_file(path)[0].code == "FILE_UNREADABLE"
    assert emgpipe("measure", path, "--mains", 50).code == 3


def test_a_file_of_another_user_is_refused(special, tmp_path):
    """Permission as another user sees it: only root can become one."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can become another user; the test above holds for others")
    path = special / "P01_V1_rest.edf"
    path.chmod(stat.S_IRUSR)
    code = (
        "import os, sys; from emgpipe.readers import check_file; os.setuid(65534);"
        "print([(f.code, f.message) for f in check_file(sys.argv[1])])"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_S, check=False, cwd=ROOT)
    assert "FILE_UNREADABLE" in done.stdout
    assert "Permission denied" in done.stdout


def test_nothing_is_written_beside_an_input_and_a_read_only_folder_works(emgpipe, special, tmp_path):
    for path in special.iterdir():
        if path.name != "P01_V1_rest.edf":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    (special / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,P01_V1_rest.edf,rest\n")
    (special / "study.toml").write_text('[study]\nid = "ODD"\nmains_hz = 50\n')

    def tree() -> dict[str, tuple[int, bytes]]:
        return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in special.iterdir()}

    before = tree()
    for path in special.iterdir():
        path.chmod(0o444)
    special.chmod(0o555)
    try:
        path = special / "P01_V1_rest.edf"
        assert emgpipe("check", special).code == 0
        assert emgpipe("measure", path, "--mains", 50).code == 0
        assert emgpipe("run", special, "-o", tmp_path / "out", "-j", 1, "--no-report").code == 0
        assert tree() == before
    finally:
        special.chmod(0o755)


@pytest.mark.parametrize("name", [b"\xff\xfe\x80.edf", b"a\nb.edf", b"-.edf", b"x" * 251 + b".edf", b" .edf", b"..edf"])
def test_names_of_odd_bytes_are_read_like_any_other(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(edf_bytes())
    for form in (os.fsencode(path), str(path), path):
        assert check_file(form) == []
        assert emg.read_recording(form).read("TA_R", 0.0, 0.01).shape == (10,)


def test_a_name_that_no_file_can_have_is_refused_at_once(tmp_path):
    for name in ("x" * 5000, "a\0b.edf", ""):
        (finding,) = check_file(tmp_path / name if name else name)
        assert finding.code == "FILE_UNREADABLE"
