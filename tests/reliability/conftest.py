"""A small study and its undisturbed runs, made once."""

import sys

import pytest

from stress import kills, surroundings

if sys.platform != "linux":  # processes are found in /proc
    collect_ignore_glob = ["test_kills.py", "test_rivals.py", "test_full_disks.py", "test_surroundings.py"]


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> kills.Bench:
    """Undisturbed runs, without and with pages."""
    return kills.bench(tmp_path_factory.mktemp("kills"), n_recordings=3, warm=False)


@pytest.fixture(scope="session")
def same(bench) -> surroundings.Same:
    """The same study, to be run elsewhere."""
    return surroundings.prepared(bench.folder, bench.study.parent, bench.paged.contents)
