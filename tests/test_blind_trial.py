"""A trial stays blind until its arms are opened, and everything but one folder and one file stays so behind that."""

import io
import os
import re
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from emgpipe.batch.verify import verify_results
from emgpipe.cli.app import run
from emgpipe.simulate import PlannedVisit, simulate_trial
from emgpipe.simulate.patients import PATIENTS

pytest.importorskip("pyedflib", reason="no wheel of pyedflib for this Python")

PLAN = """
[analysis]
estimator = "raw"
[endpoint]
measure = "rigidity_index_log"
targets = ["subject"]
[[visits]]
avisit = "Period 1"
names = ["V1"]
period = 1
role = "treatment"
[[visits]]
avisit = "Period 2"
names = ["V2"]
period = 2
role = "treatment"
[sensitivity]
activity_ratios = [2.0]
"""
ONE, OTHER = "JQ", "QJ"
"""Letters that stand side by side nowhere else."""
ORDERS = ((ONE, OTHER), (OTHER, ONE))
VOLATILE = re.compile(rb'"(time|before|arms)": ?"[^"]*"|last line [0-9a-f]{64}|"outputs":\{"(crossover|trial)[^}]*\}')
SHAPES = {"bds.csv": "bds", "wide.csv": "wide", "bds.parquet": "bds", "bds.xpt": "bds"}


def command(*arguments: object) -> tuple[int, str]:
    """Exit code of a command, and what it said."""
    with redirect_stdout(io.StringIO()) as told, redirect_stderr(told):
        code = run([str(argument) for argument in arguments])
    return code, told.getvalue()


def files(out: Path) -> dict[str, bytes]:
    """Every file of results that is not below `unblinded`, times and the hashes that rest on them blanked."""
    found = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    return {name: VOLATILE.sub(b"", path.read_bytes()) for name, path in found.items() if "unblinded/" not in name}


def arms(folder: Path, order: tuple[str, ...]) -> Path:
    path = folder / "arms.csv"
    path.write_text("subject,sequence\n" + "".join(f"S{n:02d},{sequence}\n" for n, sequence in enumerate(order, 1)))
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A simulated trial whose files have one time."""
    folder = tmp_path_factory.mktemp("recorded") / "study"
    patients, visits = PATIENTS[:2], (PlannedVisit("V1", 1, 0), PlannedVisit("V2", 2, 28))
    simulate_trial(folder, 3, patients=patients, visits=visits, rest_s=32.0, reference_s=0.0, rate_hz=1000.0)
    for path in folder.rglob("*.edf"):
        os.utime(path, ns=(10**18, 10**18))
    (folder / "analysis.toml").write_text(PLAN)
    return folder


@pytest.fixture(scope="module")
def blind(recorded, tmp_path_factory) -> dict[tuple[str, ...], Path]:
    """Run, drawn, locked and tabled, with each order of arms beside the recordings."""
    made = {}
    for order in ORDERS:
        place = tmp_path_factory.mktemp("blind")
        study = Path(shutil.copytree(recorded, place / "study"))
        arms(study, order)
        out = place / "out"
        for done in (("run", study, "-o", out, "-j", "1"), ("lock", out, "--plan", study / "analysis.toml")):
            code, told = command(*done)
            assert code == 0, told
            (place / f"{done[0]}.txt").write_text(VOLATILE.sub(b"", told.replace(str(place), "").encode()).decode())
        for name, shape in SHAPES.items():
            code, told = command("outcomes", out, "-o", place / name, "--shape", shape)
            assert code == 0, told
        made[order] = place
    return made


def blinded(place: Path) -> dict[str, bytes]:
    said = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", (place / "lock.txt").read_text())
    tables = {name: (place / name).read_bytes() for name in SHAPES}
    return {**files(place / "out"), **tables, "run": (place / "run.txt").read_bytes(), "lock": said.encode()}


def test_permuted_arms_change_no_blind_byte_and_are_seen_nowhere(blind):
    one, other = (blinded(place) for place in blind.values())
    assert {"lock.json", "log.jsonl", "measures.csv", "reports/index.html", "bds.csv", "bds.xpt"} <= one.keys()
    assert [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)] == []
    words = (ONE.encode(), OTHER.encode())
    text = {name: data for name, data in one.items() if not name.startswith("cache/") and not name.endswith("parquet")}
    told = re.compile(rb"(?<![A-Za-z0-9+/])(" + b"|".join(words) + rb")(?![A-Za-z0-9+/])")
    assert [name for name, data in text.items() if told.search(data)] == []
    columns = {name for table in ("bds.csv", "wide.csv") for name in one[table].splitlines()[0].decode().split(",")}
    assert not columns & {"TRTP", "TRTA", "TRTSEQP", "ARM", "SEQUENCE", "sequence"}
    assert "sequence" not in one["measures.csv"].splitlines()[0].decode()


def test_without_a_matching_lock_nothing_is_opened_and_nothing_changes(blind, tmp_path):
    place = blind[ORDERS[0]]
    out, told_arms = Path(shutil.copytree(place / "out", tmp_path / "out")), place / "study" / "arms.csv"
    (tmp_path / "other.toml").write_text(PLAN.replace('"raw"', '"raw"\nlevel = 0.9'))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    opening = [("outcomes", out, "-o", tmp_path / "t.csv", "--unblind", told_arms, "--plan", tmp_path / "other.toml"),
               ("crossover", out, "--unblind", told_arms, "--plan", tmp_path / "other.toml")]  # fmt: skip
    for call in opening:
        code, told = command(*call)
        assert (code, "LOCK_DIFFERS" in told, ONE in told) == (3, True, False), told
    (out / "lock.json").rename(tmp_path / "kept")
    for call in opening:
        code, told = command(*call)
        assert (code, "LOCK_CHANGED" in told) == (3, True), told
    (tmp_path / "kept").rename(out / "lock.json")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_behind_unblinding_everything_but_the_folder_and_the_file_stays_blind(blind, tmp_path):
    after, opened = [], []
    for order, place in blind.items():
        here = tmp_path / "".join(order)
        shutil.copytree(place, here)
        out, told_arms = here / "out", here / "study" / "arms.csv"
        for call in (("crossover", out, "--unblind", told_arms),
                     ("outcomes", out, "-o", here / "table.csv", "--unblind", told_arms),
                     ("report", out)):  # fmt: skip
            code, told = command(*call)
            assert code == 0, told
        assert (here / "table.csv").read_bytes() == (place / "bds.csv").read_bytes()
        assert ONE in (here / "table_unblinded.csv").read_text()
        assert [str(problem) for problem in verify_results(out)] == []
        after.append(files(out))
        opened.append({path.name: path.read_bytes() for path in (out / "unblinded").iterdir()})
    assert [name for name in after[0].keys() | after[1].keys() if after[0].get(name) != after[1].get(name)] == []
    words = re.compile(rb"(?<![A-Za-z0-9+/])(JQ|QJ)(?![A-Za-z0-9+/])")
    text = {name: data for name, data in after[0].items() if not name.startswith("cache/") and "parquet" not in name}
    assert [name for name, data in text.items() if words.search(data)] == []
    assert opened[0]["crossover.json"] != opened[1]["crossover.json"]
    events = after[0]["log.jsonl"].decode()
    assert events.count('"event":"unblind"') == 2
