"""Pages drawn in processes of their own: the same bytes, none is lost with a process; faults are in `test_faults`."""

import shutil

import pytest

from emgpipe.batch import apart
from emgpipe.reports import write
from emgpipe.reports.write import write_reports


@pytest.fixture
def alone(made):
    """Results with pages that one process has drawn."""
    return made / "out"


@pytest.fixture
def undrawn(alone, tmp_path, monkeypatch):
    """The same results without pages, of which few are worth a process."""
    monkeypatch.setattr(write, "LEAST_PAGES", 1)
    shutil.copytree(alone, tmp_path / "out", ignore=shutil.ignore_patterns("reports"))
    return tmp_path / "out"


def pages(out):
    return {path.name: path.read_bytes() for path in (out / "reports").iterdir()}


def test_pages_are_the_same_bytes_and_told_in_the_same_order_from_two_processes(alone, undrawn):
    names = [path.name for path in write_reports(undrawn, jobs=2)]
    assert pages(undrawn) == pages(alone)
    assert names == [name for name in names if name.startswith("visit")] + ["patient.P01.html", "patient.P02.html",
                                                                            "index.html"]  # fmt: skip


def test_what_a_killed_process_leaves_is_drawn(alone, undrawn, monkeypatch):
    started = []

    def killed_at_once(*args):
        process, pipe = start(*args)
        process.kill()
        started.append(process)
        return process, pipe

    start = apart.start_process
    monkeypatch.setattr(apart, "start_process", killed_at_once)
    write_reports(undrawn, jobs=2)
    assert len(started) == 2
    assert pages(undrawn) == pages(alone)
