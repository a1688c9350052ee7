"""A disk that fails at any one call: afterwards the old state or the new one, never a part; a rerun completes.

The operating system is what is made to fail here, at the n-th call of one kind; nothing of ours is replaced.
"""

import errno
import json
import os
import resource
import subprocess
import sys

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.units import read_unit
from emgpipe.batch.verify import verify_results
from emgpipe.errors import StoreError
from emgpipe.store import check_log
from tests.batch.studies import NAMES, OUTPUTS, outputs, row_of, write_manifest, write_recording

CALLS = (("fsync", errno.EIO), ("replace", errno.ENOSPC), ("mkdir", errno.ENOSPC), ("chmod", errno.EIO))


class Failing:
    """Let the n-th call of `os.NAME` fail; count them all."""

    def __init__(self, monkeypatch, name, n_fails, code):
        self.n_calls, self.n_fails, self.code = 0, n_fails, code
        self.real = getattr(os, name)
        monkeypatch.setattr(os, name, self)

    def __call__(self, *arguments, **options):
        self.n_calls += 1
        if self.n_calls == self.n_fails:
            raise OSError(self.code, os.strerror(self.code))
        return self.real(*arguments, **options)


def assert_nothing_is_torn(out):
    """Every file under a final name is whole: units by their digest, JSON by its grammar, the log but for its end."""
    assert all(read_unit(path) for path in (out / "units").glob("*.jsonl"))
    for name in ("run.json", "data_dictionary.json"):
        assert not (out / name).exists() or json.loads((out / name).read_text())
    assert [p for p in check_log(out / "log.jsonl") if not p.message.startswith("the line is not whole")] == []


@pytest.fixture
def changing(study, done):
    """Results of a study of which one recording has changed since, and another visit's row has gone."""
    write_recording(study / "P01_V1.edf", 98)
    write_manifest(study, [row_of(name) for name in NAMES[:2]])
    return done


@pytest.fixture(scope="module")
def expected(tiny, tmp_path_factory):
    """Tables of that study, undisturbed."""
    folder = tmp_path_factory.mktemp("expected")
    for name in ("study.toml", "P01_V2.edf"):
        (folder / name).write_bytes((tiny / name).read_bytes())
    write_recording(folder / "P01_V1.edf", 98)
    write_manifest(folder, [row_of(name) for name in NAMES[:2]])
    run_study(folder, folder / "out", jobs=1)
    return outputs(folder / "out")


@pytest.mark.parametrize(("name", "code"), CALLS)
def test_a_call_that_fails_anywhere_leaves_no_part_and_the_next_run_completes(
    name, code, study, changing, expected, monkeypatch
):
    before = outputs(changing)
    for n_fails in range(1, 200):
        with monkeypatch.context() as patch:
            failing = Failing(patch, name, n_fails, code)
            said = ""
            try:
                run_study(study, changing, jobs=1)
            except StoreError as problem:
                said = str(problem)
        assert not said or ("STORE_UNWRITABLE" in said and os.strerror(code) in said)
        assert_nothing_is_torn(changing)
        for table in OUTPUTS:
            assert (changing / table).read_bytes() in (before[table], expected[table])
        if failing.n_calls < n_fails:
            break
    assert n_fails > 1
    run_study(study, changing, jobs=1)
    assert outputs(changing) == expected
    assert not [p for p in verify_results(changing) if p.is_error]
    assert not list(changing.rglob(".tmp-*"))


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
from emgpipe.batch import run_study
from emgpipe.errors import StoreError
try:
    run_study(sys.argv[1], sys.argv[2], jobs=1)
except StoreError as problem:
    print(problem.code, problem.where)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on file sizes here")
def test_a_disk_that_is_full_at_any_size_names_the_file_and_the_next_run_completes(study, changing, expected):
    said = set()
    for size in (100, 3_000, 20_000):
        command = [sys.executable, "-c", FULL, study, changing, str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert done.stdout.startswith(f"STORE_UNWRITABLE {changing}"), size
        said.add(done.stdout)
        assert_nothing_is_torn(changing)
    assert len(said) > 1
    run_study(study, changing, jobs=1)
    assert outputs(changing) == expected
    assert not list(changing.rglob(".tmp-*"))
