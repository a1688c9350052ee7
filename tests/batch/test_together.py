"""Tables that appear together: a stop waits for them, and a mixture that a kill leaves is read by nobody."""

import subprocess
import sys

import pytest

from emgpipe.batch import compare_results, load_results, run_study, verify_results
from emgpipe.errors import StoreError
from emgpipe.reports.write import write_reports
from tests.batch.studies import outputs

# a signal in the middle of the renames, from within: the interpreter tells of each before it is done
STOPPED = """
import os, signal, sys
from emgpipe.cli import main
number, name = int(sys.argv.pop(1)), sys.argv.pop(1)

def hook(event, arguments):
    if event == "os.rename" and str(arguments[1]) == name:
        os.kill(os.getpid(), number)

sys.addaudithook(hook)
main()
"""


@pytest.fixture
def changed(tmp_path):
    """Settings by which most tables are others."""
    (tmp_path / "s.toml").write_text("[detect]\nactivity_ratio = 2.5\n")
    return tmp_path / "s.toml"


def stopped(number, study, out, settings):
    options = ["run", study, "-o", out, "-j", "1", "--no-report", "--settings", settings]
    command = [sys.executable, "-c", STOPPED, str(number), str(out / "visits.csv"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_stop_among_the_tables_comes_when_all_are_there(study, done, changed, tmp_path):
    told = stopped(15, study, done, changed)
    assert told.returncode == 130, told.stderr
    run_study(study, tmp_path / "fresh", settings=changed, jobs=1)
    assert outputs(done) == outputs(tmp_path / "fresh")
    assert verify_results(done) == []


def test_tables_that_a_kill_has_mixed_are_refused_until_the_next_run(study, done, changed, tmp_path):
    assert stopped(9, study, done, changed).returncode == -9
    results = load_results(done)
    with pytest.raises(StoreError, match=r"measures.parquet is not as the last finished run wrote it; run"):
        _ = results.measures
    assert len(results.visits)  # still the old one
    for reads in (write_reports, lambda folder: compare_results(folder, folder)):
        with pytest.raises(StoreError, match="RESULTS_UNREADABLE"):
            reads(done)
    run_study(study, done, settings=changed, jobs=1)
    run_study(study, tmp_path / "fresh", settings=changed, jobs=1)
    assert outputs(done) == outputs(tmp_path / "fresh")
    assert len(load_results(done).measures)
    assert verify_results(done) == []


def test_results_without_a_record_are_refused(done):
    (done / "run.json").unlink()
    with pytest.raises(StoreError, match=r"RESULTS_UNREADABLE: no run.json"):
        load_results(done)
