"""What every test stands on."""

import os
import signal
import sys

import pytest

MOST_WORKERS = 8
"""Each imports everything and makes fixtures of its own: more of them save nothing."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a suite in the background of a shell inherits that, and so would the runs that tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)

# hundreds of processes are started, and each would compile the package anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Workers of `-n auto`: one a core."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MOST_WORKERS)
