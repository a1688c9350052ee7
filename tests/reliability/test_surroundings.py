"""The same bytes elsewhere; `make stress` has forty surroundings."""

import os
import shutil
import subprocess
import sys

from stress import kills, reliability, results, surroundings

SOME = "stdin, stdout and stderr closed"


def test_in_other_surroundings_the_bytes_are_the_same(same):
    assert surroundings.surrounded(same, SOME).offences == []


def test_without_worker_processes_the_bytes_are_the_same(same):
    assert surroundings.engine(same, "serial (`-j 1`)").offences == []


def test_there_are_at_least_25_surroundings():
    assert len(surroundings.SURROUNDINGS) >= 25


def test_a_page_of_other_bytes_is_seen(bench):
    out = bench.folder / "paged"
    other = {name: "0" if name == "reports/index.html" else told for name, told in bench.paged.contents.items()}
    assert results.table_differences(out, other) == ["other bytes: reports/index.html"]


def test_a_locale_is_that_of_the_machine_or_made_or_missing(tmp_path, monkeypatch):
    shown = surroundings.locale_here(tmp_path, "tr_TR.UTF-8")
    if shown is not None:
        code = "import locale; print(locale.setlocale(locale.LC_ALL, ''))"
        environment = {**os.environ, "LC_ALL": "tr_TR.UTF-8", **shown}
        said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert said.stdout == "tr_TR.UTF-8\n"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert surroundings.locale_here(tmp_path, "xx_XX.UTF-8") is None


def test_what_could_not_be_tried_is_no_yes():
    case = kills.Outcome("a disk", 0, "", [], unmeasured="mounting a disk needs root")
    assert reliability._row(reliability._one(case, [])) == (
        "| a disk | well | mounting a disk needs root | not measured |\n"
    )
