"""Hostile and mistaken folders: each ends with its code or with results, nothing outside is read, written or removed.

A canary lies beside the study: a recording whose label, and texts whose content, must never be printed or stored.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from emgpipe.cli.app import run
from tests.handmade import edf_bytes

HEAD = '[study]\nid = "TINY"\nmains_hz = 50\n'
ROWS = "subject,visit,file,task\nP01,V1,{},rest\n"
CANARY = "canary7d1f"


class Tree(NamedTuple):
    """A study that is fine until a case spoils it, a folder for results that is not there yet, and all else."""

    study: Path
    out: Path
    outside: Path

    def rows(self, file: str) -> None:
        """List one file."""
        (self.study / "recordings.csv").write_text(ROWS.format(file), encoding="utf-8")

    def toml(self, text: str) -> None:
        """Write study.toml."""
        (self.study / "study.toml").write_text(text, encoding="utf-8")

    def link(self, name: str, target: Path | str) -> None:
        """Put a link in the place of what the study has."""
        path = self.study / name
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def out_link(self, name: str, target: Path | str) -> None:
        """Put a link into the results folder."""
        (self.out / name).parent.mkdir(parents=True, exist_ok=True)
        (self.out / name).symlink_to(target)

    def pipe(self, name: str) -> None:
        """Put a pipe in the place of what the study has."""
        path = self.study / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    def out_pipe(self, name: str) -> None:
        """Put a pipe into the results folder."""
        (self.out / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(self.out / name)

    def out_file(self, name: str, data: bytes = b"mine") -> None:
        """Put a file into the results folder."""
        (self.out / name).parent.mkdir(parents=True, exist_ok=True)
        (self.out / name).write_bytes(data)


def sparse(path: Path, size: int) -> None:
    """A file that is large and takes no room."""
    with path.open("wb") as stream:
        stream.truncate(size)


def through_folder(tree: Tree, target: Path) -> None:
    (tree.study / "sub").symlink_to(target, target_is_directory=True)
    tree.rows("sub/canary.edf")


def circle(tree: Tree) -> None:
    tree.link("a.edf", "b.edf")
    (tree.study / "b.edf").symlink_to("a.edf")


def many(tree: Tree, rows: int) -> None:
    text = "".join(f"P{n},V1,{n}.edf,rest\n" for n in range(rows))
    (tree.study / "recordings.csv").write_text("subject,visit,file,task\n" + text)


def nested(n: int) -> bytes:
    return b"[" * n + b"]" * n


INPUTS: dict[str, tuple[Callable[[Tree], object], str]] = {
    "as it is": (lambda t: None, ""),
    "in a folder below": (lambda t: ((t.study / "x").mkdir(), (t.study / "a.edf").rename(t.study / "x/b.edf"),
                                     t.rows("x/b.edf")), ""),
    "way up and back": (lambda t: t.rows("../study/a.edf"), ""),
    "link within": (lambda t: ((t.study / "b.edf").symlink_to("a.edf"), t.rows("b.edf")), ""),
    "parent folder": (lambda t: t.rows("../outside/canary.edf"), "FILE_OUTSIDE"),
    "parent in the middle": (lambda t: t.rows("x/../../outside/canary.edf"), "FILE_OUTSIDE"),
    "absolute": (lambda t: t.rows(str(t.outside / "canary.edf")), "FILE_OUTSIDE"),
    "absolute inside": (lambda t: t.rows(str(t.study / "a.edf")), ""),
    "backslash": (lambda t: t.rows("..\\outside\\canary.edf"), "FILE_OUTSIDE"),
    "drive": (lambda t: t.rows("C:/canary.edf"), "FILE_OUTSIDE"),
    "drive without slash": (lambda t: t.rows("C:canary.edf"), "FILE_OUTSIDE"),
    "server": (lambda t: t.rows("//server/share/canary.edf"), "FILE_OUTSIDE"),
    "home": (lambda t: t.rows("~/canary.edf"), "FILE_MISSING"),
    "environment": (lambda t: t.rows("$HOME/canary.edf"), "FILE_MISSING"),
    "web address": (lambda t: t.rows("file:///etc/passwd"), "FILE_MISSING"),
    "linked file": (lambda t: t.link("a.edf", t.outside / "canary.edf"), "FILE_OUTSIDE"),
    "link by a relative way": (lambda t: t.link("a.edf", "../outside/canary.edf"), "FILE_OUTSIDE"),
    "link to a link": (lambda t: ((t.study / "b").symlink_to(t.outside), t.link("a.edf", "b/canary.edf")),
                       "FILE_OUTSIDE"),
    "linked folder": (lambda t: through_folder(t, t.outside), "FILE_OUTSIDE"),
    "dangling link out": (lambda t: t.link("a.edf", t.outside / "none.edf"), "FILE_OUTSIDE"),
    "dangling link": (lambda t: t.link("a.edf", "none.edf"), "FILE_MISSING"),
    "circle": (circle, "FILE_OUTSIDE FILE_MISSING"),
    "folder as recording": (lambda t: t.rows("."), "FILE_UNREADABLE"),
    "pipe as recording": (lambda t: t.pipe("a.edf"), "FILE_UNREADABLE"),
    "device as recording": (lambda t: t.link("a.edf", "/dev/zero"), "FILE_OUTSIDE"),
    "text as recording": (lambda t: (t.study / "a.edf").write_text(CANARY), "NOT_EDF"),
    "name of 300 letters": (lambda t: t.rows("a" * 300), "CELL_INVALID"),
    "control character": (lambda t: t.rows("a\x1b.edf"), "CELL_INVALID"),
    "end of text": (lambda t: t.rows("a\0.edf"), "CELL_INVALID"),
    "manifest above": (lambda t: t.toml(HEAD + 'recordings = "../outside/canary.csv"\n'), "FILE_OUTSIDE"),
    "manifest absolute": (lambda t: t.toml(HEAD + f'recordings = "{t.outside / "canary.csv"}"\n'), "FILE_OUTSIDE"),
    "manifest is a link": (lambda t: t.link("recordings.csv", t.outside / "canary.csv"), "FILE_OUTSIDE"),
    "manifest in a linked folder": (lambda t: ((t.study / "sub").symlink_to(t.outside),
                                               t.toml(HEAD + 'recordings = "sub/canary.csv"\n')), "FILE_OUTSIDE"),
    "manifest with NUL": (lambda t: t.toml(HEAD + 'recordings = "a\\u0000b"\n'), "FILE_OUTSIDE"),
    "manifest is a folder": (lambda t: t.toml(HEAD + 'recordings = "."\n'), "TEXT_UNREADABLE"),
    "manifest is empty": (lambda t: t.toml(HEAD + 'recordings = ""\n'), "TEXT_UNREADABLE"),
    "manifest is a pipe": (lambda t: t.pipe("recordings.csv"), "TEXT_UNREADABLE"),
    "manifest is a device": (lambda t: t.link("recordings.csv", "/dev/zero"), "FILE_OUTSIDE"),
    "manifest is huge": (lambda t: sparse(t.study / "recordings.csv", 10**10), "TEXT_UNREADABLE"),
    "manifest of too many rows": (lambda t: many(t, 100_001), "MANIFEST_INVALID"),
    "manifest with one endless cell": (lambda t: t.rows("x" * 3_000_000), "MANIFEST_INVALID"),
    "manifest is the study": (lambda t: t.toml(HEAD + 'recordings = "study.toml"\n'), "COLUMN_UNKNOWN"),
    "study is a link": (lambda t: t.link("study.toml", t.outside / "canary.toml"), "FILE_OUTSIDE"),
    "study is a pipe": (lambda t: t.pipe("study.toml"), "TEXT_UNREADABLE"),
    "study is a device": (lambda t: t.link("study.toml", "/dev/zero"), "FILE_OUTSIDE"),
    "study is huge": (lambda t: sparse(t.study / "study.toml", 10**10), "TEXT_UNREADABLE"),
    "study is nested deeply": (lambda t: t.toml("a = " + nested(100_000).decode()), "TOML_INVALID"),
    "study has a name of many parts": (lambda t: t.toml(HEAD + ".".join("a" * 50_000) + " = 1\n"), "TOML_INVALID"),
    "study has many such names": (lambda t: t.toml((".".join("a" * 100) + " = 1\n") * 4000), "TOML_INVALID"),
    "study is a megabyte too long": (lambda t: t.toml(HEAD + "#\n" * 900_000), "TOML_INVALID"),
    "study has an endless number": (lambda t: t.toml(HEAD + f"[detect]\nsilence_s = {'9' * 5000}\n"), "TOML_INVALID"),
    "study has an endless name": (lambda t: t.toml(HEAD + f"[{'x' * 500_000}]\n"), "SETTING_UNKNOWN"),
}  # fmt: skip
"""How a study is spoilt, and one of the codes it may end with; `""`: it is measured."""

OUTPUTS: dict[str, tuple[Callable[[Tree], object], str]] = {
    "results are the study": (lambda t: (t.out.rmdir(), t.out.symlink_to(t.study)), "OUT_TAKEN"),
    "results hold files of others": (lambda t: t.out_file("settings.toml"), "OUT_TAKEN"),
    "results are a file": (lambda t: (t.out.rmdir(), t.out.write_text("mine")), "STORE_UNWRITABLE"),
    "results are a link": (lambda t: (t.out.rmdir(), (t.out.parent / "real").mkdir(), t.out.symlink_to("real")), ""),
    "results are a dangling link": (lambda t: (t.out.rmdir(), t.out.symlink_to(t.outside / "none")),
                                    "STORE_UNWRITABLE"),
    "other files beside": (lambda t: t.out_file("notes.txt"), ""),
    "log is a pipe": (lambda t: t.out_pipe("log.jsonl"), "STORE_LINKED"),
    "record is a pipe": (lambda t: t.out_pipe("run.json"), "STORE_LINKED"),
    "a table is a pipe": (lambda t: t.out_pipe("measures.parquet"), "STORE_LINKED"),
    "a unit is a pipe": (lambda t: t.out_pipe("units/P01_V1_rest.jsonl"), "STORE_LINKED"),
    "units are a file": (lambda t: t.out_file("units"), "STORE_LINKED"),
    "record is nested deeply": (lambda t: (t.out_file("log.jsonl", b""), t.out_file("run.json", nested(200_000))), ""),
    "record is huge": (lambda t: (t.out_file("log.jsonl", b""), sparse(t.out / "run.json", 10**10)), ""),
    "a unit is nested deeply": (lambda t: t.out_file("units/P01_V1_rest.jsonl", sealed(nested(200_000))), ""),
    "a unit is huge": (lambda t: ((t.out / "units").mkdir(), sparse(t.out / "units/P01_V1_rest.jsonl", 10**10)), ""),
    "a unit of another form": (lambda t: t.out_file("units/P01_V1_rest.jsonl", sealed(b'{"recording": 3}\n{}\n')), ""),
    "a unit of little": (lambda t: t.out_file("units/P01_V1_rest.jsonl", sealed(b'{"recording": "P01_V1_rest"}\n{}\n')),
                         ""),
    "a unit that is a list": (lambda t: t.out_file("units/P01_V1_rest.jsonl", sealed(b"[1, 2]\n[]\n")), ""),
    **{f"{name} is a link": (lambda t, name=name: t.out_link(name, t.outside), "STORE_LINKED")
       for name in ("units", "cache", "cache/frames", "cache/pairs", "cache/stimuli", "reports", "logs")},
    **{f"{name} is a link": (lambda t, name=name: t.out_link(name, t.outside / "canary.csv"), "STORE_LINKED")
       for name in ("log.jsonl", "run.json", "run.json.sha256", "measures.csv", "settings.toml", ".emgpipe.lock",
                    "units/P01_V1_rest.jsonl", "reports/index.html", "reports/pages.json")},
    "lock is a dangling link": (lambda t: t.out_link(".emgpipe.lock", t.outside / "none"), "STORE_LINKED"),
}  # fmt: skip
"""How a results folder is spoilt before the run, and the code it ends with."""


def sealed(told: bytes) -> bytes:
    """A unit whose digest is right."""
    return b'{"digest": "%s"}\n' % hashlib.sha256(told).hexdigest().encode() + told


def fingerprint(folder: Path) -> dict[str, str]:
    """Every name below a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def tree(tmp_path) -> Tree:
    """A good study and the canary."""
    made = Tree(*(tmp_path / name for name in Tree._fields))
    for folder in made:
        folder.mkdir()
    made.toml(HEAD)
    made.rows("a.edf")
    (made.study / "a.edf").write_bytes(edf_bytes())
    (made.outside / "canary.edf").write_bytes(edf_bytes(labels=(b"EMG " + CANARY.encode(), b"EMG GM_R"), seed=2))
    (made.outside / "canary.csv").write_text(f"subject,visit,file,task,{CANARY}\n{CANARY},V1,a.edf,rest,{CANARY}\n")
    (made.outside / "canary.toml").write_text(HEAD + f'[{CANARY}]\n{CANARY} = "{CANARY}"\n')
    return made


def ends(tree: Tree, capfd: pytest.CaptureFixture[str], codes: str) -> None:
    """Run, and look at the code, at the lines, at the canary and at what is left."""
    before = fingerprint(tree.outside)
    exit_code = run(["run", str(tree.study), "-o", str(tree.out), "-j", "1", "--no-report", "--debug"])
    said = "".join(capfd.readouterr())
    after = fingerprint(tree.outside)
    assert {name: after.get(name) for name in before} == before
    assert CANARY not in said
    assert len(said) < 20_000
    if codes:
        assert exit_code in (1, 2, 3), said
        assert any(f"{code}: " in said for code in codes.split()), said
    else:
        assert exit_code == 0, said
        assert json.loads((tree.out / "run.json").read_text("utf-8"))["study"] == "TINY"
    if tree.out.is_dir() and after == before:
        mine = [p for p in tree.out.rglob("*") if p.is_file() and p.resolve().is_relative_to(tree.out.resolve())]
        assert [p.name for p in mine if CANARY.encode() in p.read_bytes()[: 2**20]] == []


@pytest.mark.parametrize("name", INPUTS)
def test_a_hostile_study_ends_with_its_code(tree, capfd, name):
    spoil, codes = INPUTS[name]
    spoil(tree)
    ends(tree, capfd, codes)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_hostile_results_folder_ends_with_its_code(tree, capfd, name):
    spoil, codes = OUTPUTS[name]
    spoil(tree)
    ends(tree, capfd, codes)
    assert sorted(p.name for p in tree.outside.iterdir()) == ["canary.csv", "canary.edf", "canary.toml"]


def test_there_are_enough_of_them():
    assert len(INPUTS) >= 40
    assert len(OUTPUTS) >= 30
