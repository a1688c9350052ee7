"""Rights, leftovers and rivals of what is written whole or not at all."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from emgpipe.store import read_hashed, sweep, write_bytes, write_hashed
from emgpipe.store.atomic import replace_folder

RIGHTS = """
import os, sys
os.umask(int(sys.argv[2], 8))
from pathlib import Path
from emgpipe.store.atomic import replace_folder, write_bytes
out = Path(sys.argv[1])
write_bytes(out / "new" / "file", b"")
made = out / ".tmp-abcdefgh"
made.mkdir(mode=0o700)
replace_folder(made, out / "folder")
print(*(oct((out / name).stat().st_mode & 0o777) for name in ("new", "new/file", "folder")))
"""


@pytest.mark.skipif(os.name == "nt", reason="no such rights there")
@pytest.mark.parametrize(("umask", "rights"), [("022", "0o755 0o644 0o755"), ("077", "0o700 0o600 0o700")])
def test_files_and_folders_get_the_rights_that_the_user_gives_to_new_ones(tmp_path, umask, rights):
    said = subprocess.run([sys.executable, "-c", RIGHTS, tmp_path, umask], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == rights


def leave(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_a_sweep_takes_leftovers_alone_and_follows_no_link(tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    left = [leave(out / name) for name in (".tmp-abcdefg1", "units/.tmp-abc_efgh", "cache/frames/.tmp-aaaaaaaa/x.npy")]
    kept = [leave(out / name) for name in ("measures.csv", ".tmp-mine", "units/a.jsonl", "cache/frames/key/meta.json")]
    kept.append(leave(elsewhere / ".tmp-abcdefgh"))
    (out / "link").symlink_to(elsewhere)
    (out / ".tmp-llllllll").symlink_to(elsewhere)
    assert sweep(out) == 4
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)
    assert sweep(out) == sweep(tmp_path / "none") == 0


@pytest.mark.parametrize("there", [False, True])
def test_of_two_writers_of_one_folder_one_stays_whole_and_none_fails(tmp_path, there):
    for n_round in range(20):
        path = tmp_path / f"key{n_round}"
        if there:
            leave(path / "file")
        made = []
        for n in range(4):
            folder = tmp_path / f"made{n}"
            leave(folder / "file").write_bytes(b"same")
            made.append(folder)
        threads = [threading.Thread(target=replace_folder, args=(folder, path)) for folder in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (path / "file").read_bytes() == b"same"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"key{n}" for n in range(20))


def test_writers_in_several_threads_write_the_rights_they_should(tmp_path):
    threads = [
        threading.Thread(target=lambda n=n: [write_bytes(tmp_path / f"{n}_{i}", b"x") for i in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1
    assert len(list(tmp_path.iterdir())) == 80


def test_data_behind_a_hash_is_read_under_its_own_name_alone_and_whole(tmp_path):
    path = tmp_path / "one.npy"
    write_hashed(path, b"data")
    assert read_hashed(path) == b"data"
    assert read_hashed(path.rename(tmp_path / "two.npy")) is None
    whole = (tmp_path / "two.npy").read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_hashed(path) is None
    for data in (whole[:-1], whole + b"x", b""):
        path.write_bytes(data)
        assert read_hashed(path) is None
    assert read_hashed(tmp_path / "none.npy") is None
