"""`emgpipe run` in odd surroundings: closed or full streams, no home, another locale, time zone and folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emgpipe.cli.app import run
from tests.batch.studies import outputs
from tests.cli.test_run import HEAD, ROWS, recordings  # noqa: F401 (fixture)

EMGPIPE = [sys.executable, "-m", "emgpipe"]
POSIX = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(scope="module")
def results(recordings) -> Path:  # noqa: F811
    """Folder with a study and its results: one recording good, one missing."""
    (recordings / "study.toml").write_text(HEAD)
    (recordings / "recordings.csv").write_text(ROWS.replace("p2.edf", "p3.edf"))
    assert run(["--quiet", "run", str(recordings), "-o", str(recordings / "out"), "-j", "1"]) == 1
    return recordings


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "2>/dev/full", "| :"])
@POSIX
def test_a_stream_that_nobody_reads_changes_neither_the_end_nor_the_tables(results, redirect):
    before = outputs(results / "out")
    line = f'set -o pipefail; "$@" {redirect}'
    command = ["bash", "-c", line, "-", *EMGPIPE, "run", str(results), "-o", str(results / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert outputs(results / "out") == before


@POSIX
def test_a_full_disk_behind_stdout_is_one_line(results):
    command = ["bash", "-c", '"$@" >/dev/full', "-", *EMGPIPE, "run", str(results), "-o", str(results / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("emgpipe: stdout: OUTPUT_UNWRITABLE: No space left on device; ")
    assert done.stderr.count("\n") == 1


@POSIX
@pytest.mark.parametrize("arguments", [["--help"], ["run", "-h"], ["--version"]])
def test_help_to_a_full_disk_is_one_line(arguments):
    command = ["bash", "-c", '"$@" >/dev/full', "-", *EMGPIPE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("emgpipe: stdout: OUTPUT_UNWRITABLE: No space left on device; ")
    assert done.stderr.count("\n") == 1


@POSIX
def test_errors_that_cannot_be_printed_keep_their_exit_code(tmp_path):
    line = '"$@" 2>/dev/full'
    done = subprocess.run(["bash", "-c", line, "-", *EMGPIPE, "run", str(tmp_path)], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


def pages(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "reports").iterdir()}


def test_other_surroundings_give_the_same_bytes(results, tmp_path):
    odd = {
        "PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "COLUMNS": "20",
        "NUMBA_CACHE_DIR": str(results / "study.toml" / "below a file"),
    }  # fmt: skip
    kept = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "PYTHONUTF8", "USER", "LOGNAME")}
    paths = {"PYTHONPATH": str(Path(__file__).parents[2])}
    (tmp_path / "elsewhere").mkdir()
    study, out = os.path.relpath(results, tmp_path / "elsewhere"), "../out"
    done = subprocess.run(
        [*EMGPIPE, "run", study, "-o", out, "-j", "2"], cwd=tmp_path / "elsewhere", env=kept | paths | odd,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert outputs(tmp_path / "out") == outputs(results / "out")
    assert pages(tmp_path / "out") == pages(results / "out")


STOPPED = """
import sys
from emgpipe.cli import main

place, stop, *sys.argv[1:] = sys.argv[1:]

class Stop:
    def find_spec(self, name, *_):
        if name == place:
            exec(f"import os, signal; os.kill(os.getpid(), signal.{stop})")

sys.meta_path.insert(0, Stop())
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("place", ["typer", "emgpipe.batch", "emgpipe.reports.write"])
def test_a_stop_is_one_line_and_130_wherever_it_comes(results, stop, place):
    command = [sys.executable, "-c", STOPPED, place, stop, "run", str(results), "-o", str(results / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("emgpipe: INTERRUPTED: stopped")
    assert done.stderr.count("\n") == 1
