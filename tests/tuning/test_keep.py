"""What is kept of a sweep beside a lock: blind files stay blind, and a late choice is said to be one."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from emgpipe.batch.load import load_results
from emgpipe.batch.locking import lock_results
from emgpipe.errors import EmgpipeError, SettingsError, TableError
from emgpipe.settings import Settings, load_settings, parse_settings
from emgpipe.store import file_digest
from emgpipe.tuning import study
from emgpipe.tuning.choice import Basis
from emgpipe.tuning.freeze import frozen_text
from emgpipe.tuning.keep import write_tuning
from emgpipe.tuning.tune import choice_findings, tune_results
from tests.batch.plans import PLAN, arms_file, plan_file
from tests.tuning.conftest import SEQUENCES

GRID = ("detect.activity_ratio=1.5,2.5",)


def arms_text(sequences):
    return "subject,sequence\n" + "".join(f"{subject},{sequence}\n" for subject, sequence in sequences.items())


@pytest.fixture(scope="module")
def locked(crossover_study, crossover_out, tmp_path_factory) -> Path:
    """A folder with locked results and their study."""
    folder = tmp_path_factory.mktemp("kept")
    shutil.copytree(crossover_study, folder / "study")
    shutil.copytree(crossover_out, folder / "out")
    plan_file(folder, PLAN.replace("apdf_p50_uv", "act_frac").replace("TA_R", "GM_R"))
    lock_results(folder / "out", folder / "analysis.toml")
    return folder


def place_of(locked: Path, name: str) -> Path:
    """A folder beside; a worker may make the fixtures of a module twice."""
    return locked.with_name(f"{locked.name}_{name}")


def kept(locked, name, sequences=None, **options):
    """Files of a sweep by name; with sequences a folder of its own is unblinded by them."""
    folder = locked
    if sequences is not None:
        folder = place_of(locked, name)
        shutil.copytree(locked, folder)
        options["arms"] = arms_file(folder, arms_text(sequences))
    told = {"grid": GRID, "outcome": "act_frac", "plan": folder / "analysis.toml", "jobs": 1} | options
    tuning = tune_results(folder / "out", folder / "tuned" / name, **told)
    return {path.name: path.read_bytes() for path in write_tuning(tuning).files}


@pytest.fixture(scope="module")
def opened(locked):
    return kept(locked, "opened", SEQUENCES)


@pytest.fixture(scope="module")
def swapped(locked):
    return kept(locked, "swapped", {subject: one[::-1] for subject, one in SEQUENCES.items()})


def test_other_arms_change_files_that_say_so_in_their_names_and_no_other(opened, swapped):
    assert opened.keys() == swapped.keys()
    differ = {name for name in opened if opened[name] != swapped[name]}
    assert "tuning_curve_unblinded.csv" in differ
    assert all("unblinded" in name for name in differ)


def test_blind_files_have_no_word_of_arms(opened):
    for name, data in opened.items():
        if "unblinded" not in name and not name.endswith((".png", ".parquet", "data_dictionary.json")):
            assert b"QZ" not in data, name
            assert b"reatment effect" not in data, name


def test_the_unblinded_page_tells_the_effect_and_that_other_settings_are_post_hoc(opened):
    page = opened["tuning_unblinded.html"].decode()
    assert "This page tells arms" in page
    assert page.count(" of 2 settings are not those that were locked") == 1
    assert "post-hoc: 1 of 2 settings are not those that were locked" in page
    assert b"This page tells arms" not in opened["tuning.html"]
    assert "tuning_curve_unblinded.png" in opened


def test_an_unblinded_curve_has_no_p(opened, tmp_path):
    (tmp_path / "a.csv").write_bytes(opened["tuning_curve_unblinded.csv"])
    columns = list(pd.read_csv(tmp_path / "a.csv"))
    assert "post_hoc" in columns
    assert not {"p", "p_value"} & set(columns)


def test_a_choice_after_arms_were_opened_is_post_hoc_in_record_page_and_settings(locked, opened):
    folder = place_of(locked, "opened")
    tuning = tune_results(folder / "out", folder / "late", grid=GRID, outcome="act_frac", freeze="1", jobs=1)
    done = write_tuning(tuning)
    words = done.record["post_hoc"]
    assert words[0] == "Arms of these results have been opened: whatever is chosen by this sweep is post-hoc."
    assert "point 1 are not those of lock 1" in words[1]
    assert words[0] in (folder / "late" / "tuning.html").read_text()
    text = (folder / "late" / "settings.toml").read_text()
    assert f"# POST-HOC: {words[0]}" in text
    assert load_settings(folder / "late" / "settings.toml").detect.activity_ratio == 2.5


def test_a_choice_before_it_that_is_not_as_locked_says_to_lock_again(locked):
    files = kept(locked, "before", freeze="1")
    [words] = json.loads(files["tuning.json"])["post_hoc"]
    assert "are not those of lock 1" in words
    assert "run with them and lock again" in words
    assert json.loads(kept(locked, "same", freeze="0")["tuning.json"])["post_hoc"] == []


def test_hostile_names_stay_on_one_line_of_the_head():
    record = {
        "made_by": "emgpipe tune 0.1.0", "study": "A\n[detect]\nactivity_ratio = 9", "post_hoc": ["x\ry"],
        "results": {"settings_id": "s", "measures.csv": "m", "inputs.csv": "i"}, "choice": None, "outcome": ["c\nd"],
        "grid": {"n_points": 2, "sha256": "g"}, "frozen": {"point": 1, "values": {}, "settings_id": "f", "asked": "1"},
        "marks": {"files": [{"name": "a\x00\u202eb.csv", "sha256": "t"}], "annotation": "b\nactivity_ratio = 8"},
    }  # fmt: skip
    text = frozen_text(Settings(), record)
    assert parse_settings(text) == Settings()
    head = text.split("\n\n")[0].split("\n")
    assert all(line.startswith("# ") and line.isprintable() for line in head)


def log_of(folder):
    return (folder / "out" / "log.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"freeze": "2"}, "FREEZE_INVALID"),
        ({"freeze": "1e0"}, "FREEZE_INVALID"),
        ({"freeze": "best"}, "FREEZE_INVALID"),
        ({"kind": "spasms"}, "USAGE"),
        ({"kind": "spasm"}, "USAGE"),
        ({"arms": "no_such.csv"}, "TABLE_UNREADABLE"),
        ({"grid": ("detect.activity_ratio=",)}, "GRID_INVALID"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_swept_and_no_arm_is_opened(locked, tmp_path, options, code):
    swept = []
    told = {"grid": GRID, "outcome": "act_frac", "arms": arms_file(locked, arms_text(SEQUENCES)), "jobs": 1} | options
    before = log_of(locked)
    with pytest.raises(EmgpipeError) as error:
        tune_results(locked / "out", tmp_path / "t", **told, progress=lambda *done: swept.append(done))
    assert (error.value.code, swept) == (code, [])
    assert log_of(locked) == before
    assert not (tmp_path / "t").exists()


def test_arms_need_a_lock_of_the_plan_that_is_given_before_anything_is_swept(locked, tmp_path):
    swept = []
    other = tmp_path / "analysis.toml"
    other.write_text((locked / "analysis.toml").read_text().replace('targets = ["GM_R"]', 'targets = ["TA_R"]'))
    told = {"grid": GRID, "outcome": "act_frac", "arms": arms_file(locked, arms_text(SEQUENCES)), "plan": other}
    with pytest.raises(EmgpipeError, match="LOCK_DIFFERS"):
        tune_results(locked / "out", tmp_path / "t", **told, jobs=1, progress=lambda *done: swept.append(done))
    assert swept == []


def test_marks_without_such_a_kind_are_told_before_the_sweep(locked, tmp_path):
    marks = marks_file(tmp_path)
    swept = []
    with pytest.raises(SettingsError, match="USAGE: 'cmua', of which there are no marks; there are active"):
        tune_results(locked / "out", tmp_path / "t", grid=GRID, truth=[marks], kind="cmua", jobs=1,
                     progress=lambda *done: swept.append(done))  # fmt: skip
    assert swept == []


def marks_file(folder, rows="P01_V2_supine,GM_R,active,1,3\nP02_V1_supine,GM_R,active,2,5\n"):
    path = folder / "marks.csv"
    path.write_text("recording,target,kind,start_s,stop_s\n" + rows)
    return path


def test_silent_marks_have_no_best_settings_to_freeze(locked, tmp_path):
    marks = marks_file(tmp_path, "P01_V2_supine,GM_R,silent,0,30\nP02_V1_supine,GM_R,silent,0,30\n")
    with pytest.raises(SettingsError, match="FREEZE_INVALID: 'best', but no settings agree with any mark"):
        tune_results(locked / "out", tmp_path / "t", grid=GRID, truth=[marks], freeze="best", jobs=1)
    assert not (tmp_path / "t" / "tuning.json").exists()


def test_the_record_has_the_hashes_of_what_was_swept_and_not_of_what_lies_there_later(locked, tmp_path):
    shutil.copytree(locked, tmp_path / "copy")
    marks = marks_file(tmp_path)
    first, outputs = file_digest(marks), dict(load_results(locked / "out").outputs)
    tuning = tune_results(tmp_path / "copy" / "out", tmp_path / "t", grid=GRID, truth=[marks], jobs=1)
    marks_file(tmp_path, "P01_V2_supine,GM_R,active,1,4\n")
    run_json = tmp_path / "copy" / "out" / "run.json"
    run_json.write_text(run_json.read_text().replace(outputs["measures.csv"], "0" * 64))
    record = write_tuning(tuning).record
    assert record["marks"]["files"] == [{"name": "marks.csv", "sha256": first}]
    assert {name: record["results"][name] for name in ("measures.csv", "inputs.csv")} == {
        name: outputs[name] for name in ("measures.csv", "inputs.csv")
    }


def test_marks_that_change_while_they_are_read_are_refused(locked, tmp_path, monkeypatch):
    marks, read = marks_file(tmp_path), study.read_truth

    def late(*given):
        found = read(*given)
        marks_file(tmp_path, "P01_V2_supine,GM_R,active,1,4\n")
        return found

    monkeypatch.setattr(study, "read_truth", late)
    with pytest.raises(TableError, match="TABLE_UNREADABLE: it changed while it was read"):
        tune_results(locked / "out", tmp_path / "t", grid=GRID, truth=[marks], jobs=1)


def test_a_folder_with_frozen_settings_takes_the_same_sweep_again_and_no_other(locked, tmp_path):
    marks, swept = marks_file(tmp_path), []
    told = {"grid": GRID, "truth": [marks], "freeze": "1", "jobs": 1}
    write_tuning(tune_results(locked / "out", tmp_path / "t", **told))
    before = {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir() if path.is_file()}
    write_tuning(tune_results(locked / "out", tmp_path / "t", **told))
    others = [
        {"freeze": ""}, {"freeze": "best"}, {"freeze": "0"}, {"tolerance_s": 0.3}, {"truth": []},
        {"grid": ("detect.activity_ratio=1.5,2.4",)}, {"outcome": "act_frac"},
        {"outcome": "act_frac", "arms": arms_file(locked, arms_text(SEQUENCES))},
    ]  # fmt: skip
    log = log_of(locked)
    for other in others:
        with pytest.raises(SettingsError, match="TUNING_PLACE: it holds frozen settings"):
            tune_results(locked / "out", tmp_path / "t", **(told | other), progress=lambda *done: swept.append(done))
    assert swept == []
    assert log_of(locked) == log
    assert {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir() if path.is_file()} == before
    (tmp_path / "t" / "settings.toml").unlink()
    write_tuning(tune_results(locked / "out", tmp_path / "t", **(told | {"freeze": ""})))


def test_an_outcome_that_was_shown_stands_in_record_and_head_of_frozen_settings(locked):
    files = kept(locked, "shown", freeze="1")
    assert json.loads(files["tuning.json"])["outcome"] == ["GM_R.act_frac"]
    head = files["settings.toml"].decode()
    assert "# NOTE: the change of GM_R.act_frac under all settings was shown in the same sweep\n" in head


def test_the_head_of_frozen_settings_names_kind_and_tolerance_of_the_marks(locked, tmp_path):
    told = {"grid": GRID, "truth": [marks_file(tmp_path)], "tolerance_s": 0.3, "jobs": 1}
    write_tuning(tune_results(locked / "out", tmp_path / "t", **told, freeze="best"))
    head = (tmp_path / "t" / "settings.toml").read_text()
    assert "# scored: marks of kind active, onsets within 0.3 s\n# F1: " in head


def test_every_file_is_told_in_the_record_with_its_hash_unless_it_tells_arms(opened):
    told = json.loads(opened["tuning.json"])["files"]
    assert told.keys() == opened.keys() - {"tuning.json"}
    for name, digest in told.items():
        assert digest == (None if "unblinded" in name else hashlib.sha256(opened[name]).hexdigest())


def test_best_settings_that_are_scored_on_other_time_are_said_to_be_on_page_and_in_findings(locked, tmp_path):
    tuning = tune_results(locked / "out", tmp_path / "t", grid=GRID, truth=[marks_file(tmp_path)], jobs=1)
    assert choice_findings(tuning.choice) == choice_findings(None) == ()
    less = replace(tuning.choice, basis=Basis(90.0, 4.0, 2.0), declared_basis=Basis(100.0, 5.0, 2.0))
    (found,) = choice_findings(less)
    assert found.code == "CHOICE_OTHER_TIME"
    assert "scored on 90 s, 4 s of them marked, and 2 onsets, the declared ones on 100 s, 5 s" in found.message
    write_tuning(replace(tuning, choice=less, findings=(found,)))
    assert f"CHOICE_OTHER_TIME: {found.message}" in (tmp_path / "t" / "tuning.html").read_text()
