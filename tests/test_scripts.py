"""The scripts and the README's Python, run as people run them."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyreadstat
import pytest

from emgpipe.simulate import write_edf

ROOT = Path(__file__).parents[1]
STUDY = (
    '[study]\nid = "TINY"\nmains_hz = 50\n[measure]\nleast_continuity_s = 5.0\n'
    '[subject]\nindex_muscles = ["TA_R", "GM_R"]\nindex_offset_uv = 0.5\n'
)
ROWS = (
    "subject,visit,file,task\nP01,V1,loud.edf,rest\nP01,V2,still.edf,rest\n"
    "P02,V1,absent.edf,rest\nP02,V2,loud2.edf,walk\n"
)


CARRIED = ("unit", "limit", "status", "reason")


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", ROOT / "scripts" / name, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A run of four recordings: noise with loud activity, noise alone, no file, not rest."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(3)
    for name, gain in (("loud.edf", 10.0), ("still.edf", 0.0), ("loud2.edf", 10.0)):
        noise = rng.normal(scale=2.0, size=(2, 15_000))
        emg = gain * np.convolve(rng.normal(size=15_000), np.hanning(9), "same")
        write_edf(folder / name, [noise[0] + emg, noise[1] - emg], ["EMG TA_R", "EMG GM_R"], 1000.0)
    (folder / "study.toml").write_text(STUDY)
    (folder / "recordings.csv").write_text(ROWS)
    return script("run_study.py", folder, folder / "out"), folder / "out"


@pytest.fixture(scope="module")
def outcomes(ran, tmp_path_factory) -> list[dict[str, str]]:
    target = tmp_path_factory.mktemp("outcomes") / "outcomes.csv"
    done = script("export_outcomes.py", ran[1], target)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with target.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_run_study_prints_the_primary_measure_and_says_that_one_recording_failed(ran):
    done, out = ran
    assert (done.returncode, done.stderr) == (1, "")
    loud, still = (line.split(None, 1) for line in done.stdout.splitlines()[2:4])
    assert loud[0] == "P01_V1_rest"
    assert all(float(value) > 5 for value in loud[1].split())
    assert still[0] == "P01_V2_rest"
    assert still[1].count("< ") == 2, "a value below the limit must not look like a number"
    assert f"4 recordings, 1 failed; pages in {out / 'reports'}" in done.stdout
    assert (out / "reports" / "index.html").is_file()


def test_run_study_says_in_one_line_why_a_study_is_refused(tmp_path):
    done = script("run_study.py", tmp_path / "none", tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("run_study: ")


def test_the_outcome_table_has_one_row_a_visit_target_and_measure(outcomes):
    keys = [tuple(row[k] for k in ("subject", "visit", "task", "target", "measure")) for row in outcomes]
    assert len(keys) == len(set(keys))
    assert ("P01", "V1", "rest", "TA_R", "apdf_p10_uv") in keys
    assert ("P01", "V1", "rest", "TA_R/GM_R", "cc_overlap_uv") in keys
    assert ("P01", "V2", "rest", "subject", "rigidity_index_log") in keys


def test_the_outcome_table_gives_the_value_unit_and_status_of_the_results(ran, outcomes):
    with (ran[1] / "measures.csv").open(newline="") as stream:
        told = {(r["visit"], r["target"], r["measure"]): r for r in csv.DictReader(stream) if r["segment"] == "rest"}
    assert len(outcomes) > 10
    for row in (r for r in outcomes if r["measure"]):
        source = told[row["visit"], row["target"], row["measure"]]
        assert row["value"] == source["value"]
        assert [row[k] for k in CARRIED] == [source[k] for k in CARRIED]
    below = [row for row in outcomes if row["status"] == "below_limit"]
    assert below
    assert all(float(row["value"]) < float(row["limit"]) for row in below)


def test_a_visit_without_a_value_is_named_with_its_reason(outcomes):
    empty = {(r["subject"], r["visit"]): (r["value"], r["status"], r["reason"]) for r in outcomes if not r["measure"]}
    assert empty == {
        ("P02", "V1"): ("", "failed", "FILE_MISSING"),
        ("P02", "V2"): ("", "not_measured", "REST_NOT_DECLARED"),
    }


@pytest.mark.parametrize("extra", [["arms.csv"], ["--unblind", "arms.csv"]])
def test_the_outcome_table_is_never_written_with_arms(ran, tmp_path, extra):
    done = script("export_outcomes.py", ran[1], tmp_path / "o.csv", *extra)
    assert done.returncode == 2
    assert done.stderr
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize("place", ["none/o.csv", "."])
def test_an_outcome_table_that_cannot_be_written_is_one_line(ran, tmp_path, place):
    done = script("export_outcomes.py", ran[1], tmp_path / place)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("export_outcomes: ")


def test_an_outcome_table_of_no_results_is_refused(tmp_path):
    done = script("export_outcomes.py", tmp_path, tmp_path / "o.csv")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "RESULTS_UNREADABLE" in done.stderr


def test_outcome_tables_for_r_and_sas_hold_the_same_values(ran, tmp_path):
    done = script("outcomes_for_r_sas.py", ran[1], tmp_path / "tables")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 4)
    names = ("adeff.csv", "adeff.xpt", "read_outcomes.R", "read_outcomes.sas", "wide.csv", "wide.xpt")
    assert tuple(sorted(path.name for path in (tmp_path / "tables").iterdir())) == tuple(sorted(names))
    for stem in ("adeff", "wide"):
        table, _ = pyreadstat.read_xport(tmp_path / "tables" / f"{stem}.xpt")
        rows = read_rows(tmp_path / "tables" / f"{stem}.csv")
        assert [*map(str, table["SUBJID"])] == [row["SUBJID"] for row in rows]
    values = [float(row["AVAL"] or "nan") for row in read_rows(tmp_path / "tables" / "adeff.csv")]
    long, _ = pyreadstat.read_xport(tmp_path / "tables" / "adeff.xpt")
    np.testing.assert_array_equal(long["AVAL"], values)
    assert sum(value == value for value in values) > 50
    for name in ("R", "sas"):
        text = (tmp_path / "tables" / f"read_outcomes.{name}").read_text()
        assert set(re.findall("[A-Z0-9]*FL|[a-z]+[.](?:csv|xpt)", text)) >= {"ANL02FL"}


def test_scales_are_joined_to_an_outcome_table_and_strangers_refused(ran, tmp_path):
    assert script("outcomes_for_r_sas.py", ran[1], tmp_path).returncode == 0
    (tmp_path / "scales.tsv").write_text("subject\tvisit\tdsi\nP01\tV1\t4\nP01\tV2\t-1.5\n")
    done = script("join_scales.py", tmp_path / "wide.csv", tmp_path / "scales.tsv", tmp_path / "joined.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = {(row["SUBJID"], row["VISIT"]): row["dsi"] for row in read_rows(tmp_path / "joined.csv")}
    assert (told["P01", "V1"], told["P01", "V2"], told["P02", "V1"]) == ("4", "-1.5", "")
    (tmp_path / "scales.tsv").write_text("subject\tvisit\tdsi\nP01\tV1\t4\nP01\tV3\t2\n")
    done = script("join_scales.py", tmp_path / "wide.csv", tmp_path / "scales.tsv", tmp_path / "again.csv")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "scales.tsv:3: SCALE_UNKNOWN: visit 'V3'" in done.stderr
    assert not (tmp_path / "again.csv").exists()


@pytest.mark.parametrize("place", ["file", "out"])
def test_outcome_tables_for_r_and_sas_that_cannot_be_written_are_one_line(ran, tmp_path, place):
    (tmp_path / "file").write_text("")
    done = script("outcomes_for_r_sas.py", ran[1], tmp_path / "file" if place == "file" else ran[1])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("outcomes_for_r_sas: ")


def test_thresholds_are_tried_with_and_without_marks(ran, tmp_path):
    marks = [row for row in read_rows(ran[1] / "intervals.csv") if row["kind"] == "active"]
    with (tmp_path / "rater.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(marks[0]))
        writer.writeheader()
        writer.writerows(marks)
    grid = ("--grid", "detect.activity_ratio=1.3,1.5")
    done = script("tune_thresholds.py", ran[1], tmp_path / "t", tmp_path / "rater.csv", *grid)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("F1: declared ")
    assert (tmp_path / "t" / "settings.toml").is_file()
    done = script("tune_thresholds.py", ran[1], tmp_path / "u", *grid)
    assert (done.returncode, done.stderr) == (0, "")
    assert "act_frac" in done.stdout or "moved_by" in done.stdout
    done = script("tune_thresholds.py", ran[1], ran[1] / "t", *grid)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "tune_thresholds: " in done.stderr


def test_sample_data_that_cannot_be_written_are_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = script("make_sample_data.py", tmp_path / "file")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "SIMULATION_UNWRITABLE" in done.stderr


def test_scripts_stay_short_and_use_public_names_only():
    for path in (ROOT / "scripts").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") < 80, path.name
        if path.name != "make_sample_data.py":
            assert not re.search("from emgpipe|import emgpipe[.]", text), path.name


def readme_block(language: str, which: int) -> str:
    """Content of a fenced block of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[which]


def test_the_python_of_the_readme_runs_and_prints_what_the_readme_shows():
    code = readme_block("python", 0)
    assert code.count("\n") <= 11
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == readme_block("text", 1)


def test_the_two_commands_of_the_readme_are_the_ones_that_guard_main():
    commands = re.findall(r"```sh\n(.*?)\n```", (ROOT / "README.md").read_text(encoding="utf-8"))
    install = "python3 -m venv .venv && .venv/bin/pip install -c requirements.lock -e "
    demo, tests = f"{install}. && .venv/bin/emgpipe demo", f'{install}".[test]" && .venv/bin/pytest '
    assert commands[0] == demo
    assert commands[1].startswith(tests)
    guard = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert 'install -qq -c requirements.lock -e ".[test]"\n' in guard
    assert guard.endswith(f'"$bin/pytest" {commands[1].removeprefix(tests)}\n')
