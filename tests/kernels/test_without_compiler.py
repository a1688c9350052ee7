"""The kernels are plain Python too: the tests of this room pass with the compiler switched off."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from emgpipe.kernels.hops import hop_moments

ROOM = Path(__file__).parent
OFF = os.environ.get("NUMBA_DISABLE_JIT") == "1"


@pytest.mark.skipif(not OFF, reason="says something only in the run below")
def test_the_compiler_is_switched_off():
    assert not isinstance(hop_moments, numba.core.dispatcher.Dispatcher)


@pytest.mark.skipif(OFF, reason="is the run itself")
def test_the_room_passes_without_the_compiler():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOM)]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOM.parents[1], check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "1 skipped" in done.stdout
