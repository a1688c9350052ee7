"""What cannot do harm: code in data, names in results, links that change, rights of files, names of devices."""

import hashlib
import json
import os
import re
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emgpipe.batch import run_study, work
from emgpipe.batch.work import write_unit
from emgpipe.cli.app import run
from emgpipe.reports.names import visit_file_name
from emgpipe.store import atomic, csv_text, read_csv, write_text
from emgpipe.study import parse_manifest
from tests.handmade import edf_bytes

ROOT = Path(__file__).parents[1]
CODE_IN_DATA = {
    "pickle": r"\b(?:pickle|dill|cloudpickle|joblib|shelve|marshal)\.|import (?:pickle|joblib|shelve|marshal)",
    "eval": r"(?<![\w.])(?:eval|exec|compile|__import__)\(",
    "yaml": r"\byaml\.",
    "shell": r"shell\s*=\s*True|os\.(?:system|popen)\(",
    "markup": r"\|\s*safe\b|autoescape\s*=\s*False",
    "temporary name": r"mktemp\(",
}
RESERVED = ("CON", "PRN", "AUX", "NUL", *(f"COM{n}" for n in range(10)), *(f"LPT{n}" for n in range(10)))


def sources() -> dict[str, str]:
    return {str(p.relative_to(ROOT)): p.read_text("utf-8") for p in sorted((ROOT / "emgpipe").rglob("*.py"))}


@pytest.mark.parametrize("what", CODE_IN_DATA)
def test_nothing_that_is_read_is_ever_run(what):
    assert [name for name, text in sources().items() if re.search(CODE_IN_DATA[what], text)] == []


def test_the_search_for_code_in_data_finds_it():
    bad = {"pickle": "import pickle", "eval": "eval(text)", "yaml": "yaml.load(x)", "shell": "run(x, shell=True)",
           "markup": "{{ label | safe }}", "temporary name": "tempfile.mktemp()"}  # fmt: skip
    assert all(re.search(CODE_IN_DATA[what], text) for what, text in bad.items())
    assert not any(re.search(CODE_IN_DATA["eval"], text) for text in ("re.compile(x)", "retrieval(x)"))


def test_arrays_are_read_without_pickles():
    calls = [call for text in sources().values() for call in re.findall(r"np\.(?:load|save)\([^\n]*", text)]
    assert len(calls) >= 6
    assert [call for call in calls if "allow_pickle=False" not in call] == []


def test_templates_of_pages_let_no_markup_through():
    templates = [p for p in (ROOT / "emgpipe").rglob("*") if p.suffix in (".html", ".j2", ".css")]
    assert [p.name for p in templates if re.search(CODE_IN_DATA["markup"], p.read_text("utf-8"))] == []


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A study of one recording beside its results."""
    study = tmp_path_factory.mktemp("safe") / "study"
    study.mkdir()
    (study / "a.edf").write_bytes(edf_bytes())
    (study / "study.toml").write_text('[study]\nid = "TINY"\nmains_hz = 50\n')
    (study / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,a.edf,rest\n")
    run_study(study, study.parent / "out", jobs=1)
    return study.parent


@pytest.fixture
def place(results, tmp_path) -> Path:
    """A copy to spoil, with a file outside that must stay."""
    made = Path(shutil.copytree(results, tmp_path / "place"))
    (tmp_path / "canary.html").write_text("stay")
    return made


def forge(out: Path, column: str, cell: str) -> None:
    """Put a cell into inputs.csv and mend every hash that tells of it, as an attacker would."""
    rows = read_csv(out / "inputs.csv")
    rows[0][column] = cell
    (out / "inputs.csv").write_text(csv_text(list(rows[0]), rows))
    record = json.loads((out / "run.json").read_text())
    record["outputs"]["inputs.csv"] = hashlib.sha256((out / "inputs.csv").read_bytes()).hexdigest()
    (out / "run.json").write_text(json.dumps(record))


def tree(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if "place/out" not in str(p))


@pytest.mark.parametrize("column", ["subject", "visit", "recording"])
@pytest.mark.parametrize("cell", ["/../../../escape", "../../../canary", "..", "a/b", "\x00", "", "\u202e"])
def test_names_in_forged_results_write_and_read_nothing_outside(place, tmp_path, capfd, column, cell):
    forge(place / "out", column, cell)
    before = tree(tmp_path)
    assert run(["report", str(place / "out")]) == 3
    assert "RESULTS_UNREADABLE" in capfd.readouterr().err
    assert tree(tmp_path) == before
    assert not list((place / "out").rglob("*escape*"))


def test_names_in_forged_pages_remove_nothing_but_pages(place, tmp_path):
    out = place / "out"
    assert run(["report", str(out)]) == 0
    told = json.loads((out / "reports/pages.json").read_text())
    names = ["../../../canary.html", "../measures.csv", str(tmp_path / "canary.html"), "visit.x/../../measures.csv",
             "visit./../../../../canary.html", "notes.txt"]  # fmt: skip
    (out / "reports/pages.json").write_text(json.dumps({**told, **dict.fromkeys(names, "0")}))
    (out / "reports/notes.txt").write_text("mine")
    before = tree(tmp_path)
    assert run(["report", str(out)]) == 0
    assert tree(tmp_path) == before
    assert (tmp_path / "canary.html").read_text() == "stay"
    assert (out / "measures.csv").is_file()
    assert (out / "reports/notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["run.json", "reports/pages.json"])
@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff", b"", b"[]", b"3"])
def test_records_that_are_none_are_a_coded_line_or_drawn_anew(place, capfd, name, data):
    (place / "out" / name).parent.mkdir(exist_ok=True)
    (place / "out" / name).write_bytes(data)
    code = run(["report", str(place / "out")])
    said = capfd.readouterr().err
    assert (code, "RESULTS_UNREADABLE" in said) == ((3, True) if name == "run.json" else (0, False))
    assert "INTERNAL_ERROR" not in said


def swapped(study: Path, outside: Path):
    """A job whose file becomes a link out of the study once the study is checked."""
    from emgpipe.batch.jobs import study_jobs
    from emgpipe.study import load_study

    (job,) = study_jobs(load_study(study), study.parent / "fresh")
    (study / "a.edf").rename(outside / "moved.edf")
    (study / "a.edf").symlink_to(outside / "moved.edf")
    return job


def test_a_link_that_changes_after_the_check_is_not_followed(place, tmp_path):
    job = swapped(place / "study", tmp_path)
    assert write_unit(job) == "failed"
    assert '"FILE_CHANGED"' in job.unit_path.read_text()


def test_a_link_that_changes_while_a_file_is_read_is_noticed(place, tmp_path, monkeypatch):
    from emgpipe.batch.jobs import study_jobs
    from emgpipe.study import load_study

    (job,) = study_jobs(load_study(place / "study"), place / "fresh")
    decide = work.measured

    def swap_then_decide(*arguments, **options):
        (place / "study/a.edf").rename(tmp_path / "moved.edf")
        (place / "study/a.edf").symlink_to(tmp_path / "moved.edf")
        return decide(*arguments, **options)

    monkeypatch.setattr(work, "measured", swap_then_decide)
    assert write_unit(job) == "failed"
    assert "leads elsewhere" in job.unit_path.read_text()


def test_a_file_is_private_while_it_is_written_and_lies_beside_its_place(tmp_path, monkeypatch):
    seen = []

    def look(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            (name,) = (p for p in tmp_path.iterdir() if p.name.startswith(atomic.TEMPORARY))
            seen.append(stat.S_IMODE(name.stat().st_mode))

    monkeypatch.setattr(atomic.os, "fsync", look)
    write_text(tmp_path / "a.txt", "x")
    assert seen == [0o600]
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@given(st.tuples(*[st.sampled_from([*RESERVED, "con", "P01", "nul-1"])] * 3))
def test_no_recording_and_no_page_has_the_name_of_a_device(names):
    """Windows takes `NUL.txt` for the device: the part before the first full stop counts."""
    subject, visit, task = names
    (entry,) = parse_manifest(f"subject,visit,file,task\n{subject},{visit},a.edf,{task}\n", Path("/s"), where="x")
    for name in (f"{entry.recording}.jsonl", visit_file_name(subject, visit)):
        assert name.split(".")[0].upper() not in RESERVED
