"""Where compiled kernels go when they may be kept nowhere."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import emgpipe.kernels
from emgpipe.kernels.cache import is_writable

PACKAGE = Path(emgpipe.kernels.__file__).parents[1]
FILTER = """
import os
import numpy as np
from emgpipe.kernels.sections import cascade
x = np.ones(4)
cascade(np.array([[0.5, 0, 0, 1, 0, 0]]), np.zeros((1, 2)), x, x, 0, 1)
print(x[0], os.environ.get("NUMBA_CACHE_DIR", ""))
"""


@pytest.fixture
def call(tmp_path):
    """Run Python on a copy of the package that keeps kernels nowhere; rights would not stop every user."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "emgpipe", ignore=ignored)
    (tmp_path / "emgpipe" / "kernels" / "__pycache__").write_text("no folder")
    (tmp_path / "home").write_text("no folder")
    (tmp_path / "tmp").mkdir()
    of_user = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE")
    environment = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT")}
    environment |= {name: str(tmp_path / "home") for name in of_user}
    environment |= {"PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*arguments: str, **more: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment | more, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("early", ["", "import numba"])
def test_kernels_compile_where_no_cache_can_be_written_and_leave_nothing(call, tmp_path, early):
    value, folder = call("-c", early + FILTER).split()
    assert value == "0.5"
    assert Path(folder).parent == tmp_path / "tmp"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_chosen_place_is_left_alone(call, tmp_path):
    assert call("-c", FILTER, NUMBA_CACHE_DIR=str(tmp_path / "kept")).split() == ["0.5", str(tmp_path / "kept")]
    assert any((tmp_path / "kept").iterdir())


def test_doctor_says_that_kernels_are_kept_nowhere(call, tmp_path):
    line = next(line for line in call("-m", "emgpipe", "doctor").splitlines() if line.startswith("kernel cache"))
    assert "not writable" in line
    assert str(tmp_path / "home") in line


def test_a_place_is_writable_where_a_file_can_be_made():
    with tempfile.TemporaryDirectory() as folder:
        assert is_writable(Path(folder) / "new")
        (Path(folder) / "file").write_text("")
        assert not is_writable(Path(folder) / "file")
