"""What is kept of a sweep beside a lock: blind files stay blind, and a late choice is said to be one."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from emgpipe.batch.locking import lock_results
from emgpipe.settings import Settings, load_settings, parse_settings
from emgpipe.tuning.freeze import frozen_text
from emgpipe.tuning.keep import write_tuning
from emgpipe.tuning.tune import tune_results
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


def kept(locked, name, sequences=None, **options):
    """Files of a sweep by name; with sequences a folder of its own is unblinded by them."""
    folder = locked
    if sequences is not None:
        folder = locked.parent / name
        shutil.copytree(locked, folder)
        options["arms"] = arms_file(folder, arms_text(sequences))
    told = {"grid": GRID, "outcome": "act_frac", "plan": folder / "analysis.toml", "jobs": 1} | options
    freeze = told.pop("freeze", "")
    tuning = tune_results(folder / "out", folder / "tuned" / name, **told)
    return {path.name: path.read_bytes() for path in write_tuning(tuning, freeze=freeze).files}


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
    assert "1 of 2 settings are not those that were locked" in page
    assert b"This page tells arms" not in opened["tuning.html"]
    assert "tuning_curve_unblinded.png" in opened


def test_an_unblinded_curve_has_no_p(opened, tmp_path):
    (tmp_path / "a.csv").write_bytes(opened["tuning_curve_unblinded.csv"])
    columns = list(pd.read_csv(tmp_path / "a.csv"))
    assert "post_hoc" in columns
    assert not {"p", "p_value"} & set(columns)


def test_a_choice_after_arms_were_opened_is_post_hoc_in_record_page_and_settings(locked, opened):
    folder = locked.parent / "opened"
    tuning = tune_results(folder / "out", folder / "late", grid=GRID, outcome="act_frac", jobs=1)
    done = write_tuning(tuning, freeze="1")
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
        "results": {"settings_id": "s", "measures.csv": "m", "inputs.csv": "i"}, "choice": None,
        "grid": {"n_points": 2, "sha256": "g"}, "frozen": {"point": 1, "values": {}, "settings_id": "f", "asked": "1"},
        "marks": {"files": [{"name": "a\x00\u202eb.csv", "sha256": "t"}], "annotation": "b\nactivity_ratio = 8"},
    }  # fmt: skip
    text = frozen_text(Settings(), record)
    assert parse_settings(text) == Settings()
    head = text.split("\n\n")[0].split("\n")
    assert all(line.startswith("# ") and line.isprintable() for line in head)
