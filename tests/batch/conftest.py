"""Recordings are written once, the study is run once; tests work on copies."""

import shutil
from pathlib import Path

import pytest

from emgpipe.batch import run_study
from tests.batch.studies import HEAD, NAMES, row_of, write_endless, write_manifest, write_recording


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A study that nothing changes."""
    folder = tmp_path_factory.mktemp("tiny") / "study"
    folder.mkdir()
    for seed, name in enumerate(NAMES):
        write_recording(folder / f"{name}.edf", seed, (12.0 - 2 * seed, 0.0))
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, [row_of(name) for name in NAMES])
    return folder


@pytest.fixture(scope="session")
def tiny_out(tiny) -> Path:
    """Its results beside it, that nothing changes."""
    out = tiny.parent / "out"
    assert run_study(tiny, out, jobs=1).exit_code == 0
    return out


@pytest.fixture
def study(tiny, tmp_path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(tiny, tmp_path / "study"))


@pytest.fixture
def done(study, tiny_out, tmp_path) -> Path:
    """A copy of the results, of `study`: file times are kept by the copy."""
    return Path(shutil.copytree(tiny_out, tmp_path / "out"))


@pytest.fixture
def endless(tmp_path) -> Path:
    """A file that no worker comes to the end of."""
    path = tmp_path / "endless.edf"
    write_endless(path)
    return path
