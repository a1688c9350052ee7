"""`tune` as people and scripts see it: what it prints, writes, refuses, and what its settings become."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

import emgpipe as emg
from emgpipe.batch import run_study
from emgpipe.cli.app import run
from emgpipe.recording import Annotation
from emgpipe.settings import fingerprint, load_settings
from emgpipe.simulate import write_edf
from tests.batch.studies import HEAD, LABELS, row_of, write_manifest
from tests.tuning.conftest import MARKS, RATE_HZ, bursts

GRID = ("--grid", "detect.activity_ratio=1.3,1.5,2")


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """Three subjects at two visits, with annotations that mark activity."""
    import numpy as np

    folder = tmp_path_factory.mktemp("tune") / "study"
    folder.mkdir()
    rng, rows = np.random.default_rng(4), []
    marks = (*MARKS, Annotation(2.0, 1.0, "burst TA_R"))
    for subject in ("P01", "P02", "P03"):
        for visit in ("V1", "V2"):
            name = f"{subject}_{visit}"
            samples = [bursts(rng, 8.0), bursts(rng, 6.0)]
            write_edf(folder / f"{name}.edf", samples, LABELS, RATE_HZ, annotations=marks)
            rows.append(row_of(name, file=f"{name}.edf"))
    (folder / "study.toml").write_text(HEAD)
    write_manifest(folder, rows)
    out = folder.parent / "out"
    assert run_study(folder, out, jobs=1).exit_code == 0
    return out


@pytest.fixture(scope="module")
def raters(results) -> tuple[Path, Path]:
    """Two raters: what the program finds, and the same a tenth of a second later."""
    found = pd.read_csv(results / "intervals.csv", keep_default_na=False)
    found = found[found["kind"].eq("active") & (found["stop_s"] - found["start_s"] > 0.4)]
    paths = results.parent / "first.csv", results.parent / "second.csv"
    found.to_csv(paths[0], index=False)
    found.assign(start_s=found["start_s"] + 0.1).to_csv(paths[1], index=False)
    return paths


@pytest.fixture
def emgpipe(capsys):
    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code = run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, err.splitlines()

    return call


@pytest.fixture(scope="module")
def tuned(results, raters) -> Path:
    """A sweep against both raters, with the best settings frozen."""
    folder = results.parent / "tuned"
    told = [
        "tune",
        results,
        *GRID,
        "--truth",
        raters[0],
        "--truth",
        raters[1],
        "--freeze",
        "best",
        "-j",
        1,
        "-o",
        folder,
    ]
    assert run([str(one) for one in told]) == 0
    return folder


def test_it_prints_declared_and_best_settings_and_the_score_of_patients_left_out(emgpipe, results, raters):
    code, out, err = emgpipe("tune", results, *GRID, "--truth", raters[0], "-j", 1, "-o", results.parent / "printed")
    assert code == 0
    assert re.search(r"first, active +declared +\d+ +0\.\d{3}", out)
    scored = pd.read_csv(results.parent / "printed" / "tuning.csv")["scored_s"]
    assert f"declared  {scored[0]:>7.0f}  0." in out
    assert re.search(r"on patients left out \(3\): F1 0\.\d{4}", out)
    assert f"page: {results.parent / 'printed' / 'tuning.html'}" in out
    assert max(map(len, out.splitlines()[:-1])) <= 80
    assert all(line.startswith("info: ") for line in err)


def test_a_sweep_leaves_tables_record_page_and_pictures(tuned):
    names = {path.name for path in tuned.iterdir()} - {"cache", ".emgpipe.lock"}
    assert names == {
        "tuning.csv", "tuning.parquet", "tuning_recordings.csv", "tuning_recordings.parquet", "tuning_choice.csv",
        "tuning_agreement.csv", "data_dictionary.json", "tuning.json", "tuning.html", "settings.toml",
        "tuning_scores.png", "tuning_precision_recall.png", "tuning_patients.png",
    }  # fmt: skip


def test_every_column_that_is_written_is_explained(tuned):
    told = json.loads((tuned / "data_dictionary.json").read_text())["columns"]
    for path in tuned.glob("tuning*.csv"):
        columns = list(pd.read_csv(path, nrows=1))
        assert list(told[path.stem]) == columns
        assert all(told[path.stem][name]["definition"].endswith(".") for name in columns), path.name


def test_the_same_sweep_gives_the_same_bytes_whatever_the_number_of_processes(tuned, results, raters, emgpipe):
    again = results.parent / "again"
    how = ("--truth", raters[0], "--truth", raters[1], "--freeze", "best", "-j", 2)
    assert emgpipe("tune", results, *GRID, *how, "-o", again)[0] == 0
    for path in tuned.iterdir():
        if path.is_file():
            assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_the_record_names_settings_marks_and_scores_and_no_place_or_time(tuned, results, raters):
    record = json.loads((tuned / "tuning.json").read_text())
    assert record["results"]["settings_id"] == fingerprint(load_settings(results / "settings.toml"))
    assert [file["name"] for file in record["marks"]["files"]] == [path.name for path in raters]
    choice = pd.read_csv(tuned / "tuning_choice.csv").iloc[0]
    assert record["choice"]["in_sample"] == choice["in_sample"]
    assert record["choice"]["out_of_sample"] == choice["out_of_sample"]
    assert record["choice"]["point"] == choice["point"]
    text = (tuned / "tuning.json").read_text() + (tuned / "settings.toml").read_text()
    assert str(results.parent) not in text
    assert not re.search(r"20\d\d-\d\d-\d\d", text)


def test_a_run_with_the_frozen_settings_has_the_fingerprint_of_their_head(tuned, results, tmp_path):
    head = (tuned / "settings.toml").read_text()
    [told] = re.findall(r"# fingerprint .*: ([0-9a-f]{64})\n", head)
    assert fingerprint(load_settings(tuned / "settings.toml")) == told
    arguments = ["run", results.parent / "study", "--settings", tuned / "settings.toml", "-o", tmp_path / "new"]
    assert run([str(one) for one in [*arguments, "-j", 1, "--no-report"]]) == 0
    assert set(emg.load_results(tmp_path / "new").measures["settings_id"]) == {told}
    assert json.loads((tmp_path / "new" / "run.json").read_text())["settings_id"] == told


def test_two_raters_stand_beside_each_other(tuned):
    rows = pd.read_csv(tuned / "tuning_agreement.csv")
    [between] = rows[~rows["is_program"]].to_dict("records")
    assert (between["first"], between["second"]) == ("first", "second")
    assert 0.5 < between["kappa"] < 1
    assert between["onset_bias_s"] == pytest.approx(0.1, abs=1e-6)
    assert "How well the marks agree" in (tuned / "tuning.html").read_text()


def test_without_marks_it_tells_what_moves(emgpipe, results, tmp_path):
    code, out, _ = emgpipe("tune", results, *GRID, "-j", 1, "-o", tmp_path / "t")
    assert code == 0
    assert "visits under all settings against the declared ones" in out
    names = {path.name for path in (tmp_path / "t").iterdir()}
    assert {"tuning_stability.csv", "tuning_stability.parquet", "tuning_stability_summary.csv"} <= names
    assert not {"tuning_choice.csv", "settings.toml", "tuning_scores.png"} & names
    assert pd.read_csv(tmp_path / "t" / "tuning.csv")["f1"].isna().all()
    told = json.loads((tmp_path / "t" / "data_dictionary.json").read_text())["columns"]
    assert list(told["tuning_stability"]) == list(pd.read_csv(tmp_path / "t" / "tuning_stability.csv", nrows=1))


def test_an_outcome_has_a_curve_and_is_not_what_settings_are_chosen_by(emgpipe, results, tmp_path):
    how = (*GRID, "--outcome", "TA_R.act_frac", "-j", 1)
    code, out, _ = emgpipe("tune", results, *how, "-o", tmp_path / "t")
    assert code == 0
    assert "descriptive: nothing is chosen by it" in out
    curve = pd.read_csv(tmp_path / "t" / "tuning_curve.csv")
    assert curve["effect"].is_monotonic_increasing
    assert curve["declared"].sum() == 1
    code, out, err = emgpipe("tune", results, *how, "--freeze", "best", "-o", tmp_path / "u")
    assert (code, out, len(err)) == (2, "", 1)
    assert "FREEZE_INVALID: 'best' without marks" in err[0]
    assert not (tmp_path / "u").exists()


def test_annotations_can_be_the_marks(emgpipe, results, tmp_path):
    code, out, _ = emgpipe("tune", results, *GRID, "--truth-annotation", "burst", "-j", 1, "-o", tmp_path / "t")
    assert code == 0
    assert re.search(r"burst, active +declared", out)


def test_a_file_that_is_called_like_the_annotation_or_the_program_is_a_source_of_its_own(
    emgpipe, results, raters, tmp_path
):
    paths = [
        shutil.copy(path, tmp_path / name) for path, name in zip(raters, ("burst.csv", "program x.csv"), strict=True)
    ]
    marks = ("--truth", paths[0], "--truth", paths[1], "--truth-annotation", "burst")
    code, out, err = emgpipe("tune", results, *GRID, *marks, "-j", 1, "-o", tmp_path / "t")
    assert code == 0
    assert set(pd.read_csv(tmp_path / "t" / "tuning.csv")["source"]) == {"burst", "burst_1", "program x"}
    assert re.search(r"burst_1 +program x +active", out)  # two raters beside each other
    assert any("are called 'burst_1' here" in line for line in err)


def test_settings_named_by_a_person_say_so(emgpipe, results, raters, tmp_path):
    how = (*GRID, "--truth", raters[0], "-j", 1)
    assert emgpipe("tune", results, *how, "--freeze", "2", "-o", tmp_path / "t")[0] == 0
    text = (tmp_path / "t" / "settings.toml").read_text()
    assert "# rule: point 2 was named by a person" in text
    assert load_settings(tmp_path / "t" / "settings.toml").detect.activity_ratio == 2.0


@pytest.mark.parametrize("number", ["3", "-1", "first", "١", "1e0"])
def test_a_point_that_is_none_cannot_be_frozen(emgpipe, results, raters, tmp_path, number):
    how = (*GRID, "--truth", raters[0], "-j", 1, "--freeze", number)
    code, out, err = emgpipe("tune", results, *how, "-o", tmp_path / "t")
    assert (code, out) == (2, "")
    assert "FREEZE_INVALID" in err[-1]
    assert not (tmp_path / "t" / "tuning.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--grid", "detect.activty_ratio=1,2"), "SETTING_UNKNOWN"),
        (("--grid", "detect.activity_ratio="), "GRID_INVALID"),
        (("--grid", "detect.activity_ratio=1:2:0.000001"), "GRID_TOO_LARGE"),
        (("--truth", "none.csv"), "TABLE_UNREADABLE"),
        (("--truth-annotation", "nobody wrote this"), "TRUTH_UNKNOWN"),
        (("--outcome", "no_such"), "OUTCOME_UNKNOWN"),
        (("--kind", "spasm", *GRID), "USAGE"),
        (("--kind", "spasms", "--truth-annotation", "burst"), "USAGE"),
        (("--tolerance", "0"), "--tolerance: ARGUMENT_INVALID"),
        (("--tolerance", "nan"), "--tolerance: ARGUMENT_INVALID"),
        (("--plan", "analysis.toml"), "USAGE"),
        (("--truth", ""), "USAGE"),
        (("--unblind", "arms.csv"), "USAGE"),
    ],
)
def test_what_cannot_be_meant_is_one_coded_line(emgpipe, results, tmp_path, arguments, code):
    ended, out, err = emgpipe("tune", results, *arguments, "-j", 1, "-o", tmp_path / "t")
    assert ended in (2, 3)
    assert out == ""
    errors = [line for line in err if not line.startswith("info: ")]
    assert len(errors) == 1
    assert f"{code}: " in errors[0]


def test_a_sweep_in_the_results_or_over_foreign_files_is_refused(emgpipe, results, tmp_path):
    for place in (results / "tuned", results / "reports"):
        ended, _, err = emgpipe("tune", results, *GRID, "-o", place)
        assert ended == 2
        assert "TUNING_PLACE" in err[0]
    assert not (results / "tuned").exists()
    shutil.copy(results / "settings.toml", tmp_path / "settings.toml")
    ended, _, err = emgpipe("tune", results, *GRID, "-o", tmp_path)
    assert (ended, "TUNING_PLACE" in err[0]) == (2, True)


def test_an_empty_name_is_no_folder_for_a_sweep(emgpipe, results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended, out, err = emgpipe("tune", results, *GRID, "-j", 1, "-o", "")
    assert (ended, out, len(err)) == (2, "", 1)
    assert "USAGE: " in err[0]
    with pytest.raises(emg.EmgpipeError, match="-o: USAGE"):
        emg.tune_results(results, "", grid=["detect.activity_ratio=1.3"])
    assert list(tmp_path.iterdir()) == []


def test_it_says_how_many_parts_are_decided_and_nothing_where_all_are_kept(emgpipe, results, tmp_path):
    said = [emgpipe("tune", results, *GRID, "-j", 1, "-o", tmp_path / "t")[2] for _ in range(2)]
    assert [line for line in said[0] if "deciding" in line] == ["info: deciding 6 parts of recordings"]
    assert not any("deciding" in line for line in said[1])


def test_silent_marks_leave_the_declared_settings_and_nothing_is_called_best(emgpipe, results, tmp_path):
    marks = tmp_path / "silent.csv"
    marks.write_text("recording,target,kind,start_s,stop_s\nP01_V1_supine,TA_R,silent,0,30\n")
    code, out, _ = emgpipe("tune", results, *GRID, "--truth", marks, "-j", 1, "-o", tmp_path / "t")
    assert code == 0
    assert "No settings agree with any mark, or nothing is marked as on: the declared ones stay." in " ".join(
        out.split()
    )
    assert "best" not in out
    code, _, err = emgpipe("tune", results, *GRID, "--truth", marks, "--freeze", "best", "-j", 1, "-o", tmp_path / "u")
    assert (code, "FREEZE_INVALID" in err[-1]) == (2, True)
    assert emgpipe("tune", results, *GRID, "--truth", marks, "--freeze", "0", "-j", 1, "-o", tmp_path / "u")[0] == 0
    assert "# no score: no settings agree with any mark\n" in (tmp_path / "u" / "settings.toml").read_text()


def test_ties_and_ends_of_what_was_tried_are_told_on_terminal_and_page(emgpipe, results, tmp_path):
    """Marks of the whole of a recording: the lowest threshold finds most of it, whatever spasms are."""
    marks = tmp_path / "all.csv"
    marks.write_text("recording,target,kind,start_s,stop_s\nP01_V1_supine,GM_R,active,0,30\n")
    how = ("--grid", "detect.activity_ratio=1.4,1.5,3", "--grid", "detect.cmua_act_frac=0.9,0.95")
    code, out, _ = emgpipe("tune", results, *how, "--truth", marks, "-j", 1, "-o", tmp_path / "t")
    assert code == 0
    page, told = (tmp_path / "t" / "tuning.html").read_text(), " ".join(out.split())
    for words in (
        "2 settings have this score; of them the nearest to the declared ones were taken.",
        "The best lie at the end of what was tried in detect.activity_ratio: widen the grid.",
    ):
        assert words in told
        assert f"<p>{words}</p>" in page


def test_an_outcome_that_settings_do_not_move_is_said_to_be_so(emgpipe, results, tmp_path):
    how = (*GRID, "--outcome", "TA_R.apdf_p50_uv", "-j", 1)
    code, out, _ = emgpipe("tune", results, *how, "-o", tmp_path / "t")
    assert code == 0
    assert "these settings do not move this outcome: TA_R.apdf_p50_uv" in out
    assert "100 %" not in out
    assert re.search(r"3/3 +1\n", out)


def test_too_few_visits_are_not_called_unmoved(emgpipe, results, tmp_path):
    """Two visits of one subject: nothing can be compared."""
    manifest = results.parent / "study" / "recordings.csv"
    study = tmp_path / "study"
    shutil.copytree(manifest.parent, study)
    lines = manifest.read_text().splitlines(keepends=True)
    (study / "recordings.csv").write_text("".join(lines[:3]))
    assert emgpipe("run", study, "-o", tmp_path / "out", "-j", 1, "--no-report")[0] == 0
    code, out, _ = emgpipe("tune", tmp_path / "out", *GRID, "-j", 1, "-o", tmp_path / "t")
    assert code == 0
    assert re.search(r"too few visits: nothing can be said of \d+ measures", out)
    assert "no measure" not in out
    assert "do not move" not in out
