"""A simulated study is whole or not there, and takes away nothing but the simulation it replaces."""

import hashlib

import pytest

from emgpipe.errors import SettingsError
from emgpipe.simulate.whole_folder import MARKER, whole_study

EDF = "recordings/S01_V1.edf"


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def make(folder, contents):
    """Write files as a simulator does: with a README, and sums of all."""
    contents = {"README.md": MARKER, "study.toml": b"[study]", **contents}
    with whole_study(folder, [name for name in contents if name.endswith(".edf")]) as draft:
        for name, data in contents.items():
            (draft / name).write_bytes(data)
        sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in contents.items())
        (draft / "SHA256SUMS").write_text(sums)


def break_off(folder, problem):
    with whole_study(folder, [EDF]) as draft:
        for name in (EDF, "README.md", "study.toml"):
            (draft / name).write_bytes(b"new")
        raise problem(draft)


def test_a_study_that_fails_half_way_leaves_the_earlier_one_as_it_was(tmp_path):
    make(tmp_path, {EDF: b"old"})
    before = files(tmp_path)
    with pytest.raises(SettingsError, match="SIMULATION_UNWRITABLE") as caught:
        break_off(tmp_path, lambda draft: SettingsError("SIMULATION_UNWRITABLE", "no", where=str(draft / EDF)))
    assert files(tmp_path) == before
    assert caught.value.where == str(tmp_path / EDF)


def test_a_study_that_fails_in_a_new_folder_leaves_no_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        break_off(tmp_path / "a" / "b", lambda _: KeyboardInterrupt())
    assert list(tmp_path.iterdir()) == []


def test_files_of_the_replaced_study_go_and_all_others_stay(tmp_path):
    make(tmp_path, {EDF: b"1", "recordings/S02_V1.edf": b"2", "arms.csv": b"3"})
    (tmp_path / "notes.txt").write_bytes(b"mine")
    (tmp_path / "recordings" / "mine.edf").write_bytes(b"mine")
    make(tmp_path, {EDF: b"new"})
    assert set(files(tmp_path)) == {"README.md", "SHA256SUMS", "study.toml", EDF, "notes.txt", "recordings/mine.edf"}
    assert files(tmp_path)[EDF] == b"new"


def test_a_recording_put_in_the_place_of_a_simulated_one_is_neither_removed_nor_replaced(tmp_path):
    other = "recordings/S02_V1.edf"
    make(tmp_path, {EDF: b"1", other: b"2"})
    (tmp_path / other).write_bytes(b"of a person")
    make(tmp_path, {EDF: b"new"})
    assert files(tmp_path)[other] == b"of a person"
    with pytest.raises(SettingsError, match=f"STUDY_EXISTS: {other} in it would be replaced"):
        make(tmp_path, {EDF: b"newer", other: b"newer"})
    assert files(tmp_path)[EDF] == b"new"


def test_a_recording_in_a_folder_without_a_study_is_not_replaced(tmp_path):
    (tmp_path / "recordings").mkdir()
    (tmp_path / EDF).write_bytes(b"of a person")
    with pytest.raises(SettingsError, match=f"STUDY_EXISTS: {EDF} in it would be replaced"):
        make(tmp_path, {EDF: b"new"})
    assert files(tmp_path) == {EDF: b"of a person"}


def test_sums_that_name_files_elsewhere_or_links_remove_nothing(tmp_path):
    folder, away, bad = tmp_path / "made", tmp_path / "away.edf", hashlib.sha256(b"mine").hexdigest()
    make(folder, {EDF: b"1"})
    away.write_bytes(b"mine")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "kept.edf").write_bytes(b"mine")
    (folder / "link.edf").symlink_to(away)
    (folder / "linked").symlink_to(tmp_path / "home")
    with (folder / "SHA256SUMS").open("a") as sums:
        names = [str(away), "../away.edf", "link.edf", "linked/kept.edf", "", ".", "a\0b"]
        sums.write("".join(f"{bad}  {name}\n" for name in names))
    make(folder, {EDF: b"2"})
    assert away.read_bytes() == b"mine"
    assert (tmp_path / "home" / "kept.edf").read_bytes() == b"mine"
    assert (folder / "link.edf").is_symlink()
    assert files(folder)[EDF] == b"2"
