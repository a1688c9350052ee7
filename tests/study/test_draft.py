"""`emgpipe init`: what names say is guessed and marked, what they do not say is left open."""

import csv
import shutil
from pathlib import Path

import pytest

from emgpipe.errors import NoInputError, StudyError
from emgpipe.study import draft_study, load_study

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "real" / "edf_converted" / "uci_2Amar.edf"


def rows(manifest: Path) -> dict[str, dict[str, str]]:
    with manifest.open(newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not an EDF")


def test_names_and_folders_are_read_as_subject_visit_task_and_run(tmp_path):
    touch(tmp_path, "sub-01/ses-2/sub-01_ses-2_task-walk_run-3_emg.edf", "P03_V2_rest.EDF", "odd.bdf", "notes.txt")
    found = rows(draft_study(tmp_path)[1])
    told = {name: (r["subject"], r["visit"], r["task"], r["run"]) for name, r in found.items()}
    assert told == {
        "P03_V2_rest.EDF": ("P03", "V2", "rest", ""),
        "odd.bdf": ("", "", "odd", ""),
        "sub-01/ses-2/sub-01_ses-2_task-walk_run-3_emg.edf": ("01", "2", "walk", "3"),
    }


def test_a_draft_asks_for_mains_and_runs_once_it_is_given(tmp_path):
    touch(tmp_path, "P03_V2_rest.edf")
    study, _ = draft_study(tmp_path)
    with pytest.raises(StudyError, match=r"SETTING_MISSING.*mains_hz"):
        load_study(study)
    study.write_text(study.read_text().replace("# mains_hz", "mains_hz"))
    assert [e.recording for e in load_study(study).entries] == ["P03_V2_rest"]


def test_a_file_that_is_refused_is_named_with_its_code(tmp_path):
    touch(tmp_path, "P03_V2_rest.edf")
    assert "# 'P03_V2_rest.edf' is refused: NOT_EDF" in draft_study(tmp_path)[0].read_text()


def test_labels_muscles_and_rates_are_listed(tmp_path):
    if not REAL.exists():
        pytest.skip("the real recordings are not beside the repository")
    shutil.copy(REAL, tmp_path / "P01_V1_gait.edf")
    assert "#   'EMG RF': RF, 1000 Hz, 1\n" in draft_study(tmp_path)[0].read_text()


def test_nothing_is_overwritten(tmp_path):
    touch(tmp_path, "P03_V2_rest.edf")
    draft_study(tmp_path)
    with pytest.raises(StudyError, match="STUDY_EXISTS"):
        draft_study(tmp_path)


def test_a_study_that_cannot_be_written_says_so_and_names_the_way_out(tmp_path):
    touch(tmp_path, "P03_V2_rest.edf")
    with pytest.raises(StudyError, match=r"study\.toml: STORE_UNWRITABLE: .*; name a study\.toml with -o"):
        draft_study(tmp_path, tmp_path / f"{'x' * 300}study.toml")


def test_recordings_must_lie_below_the_study(tmp_path):
    touch(tmp_path, "data/P03_V2_rest.edf")
    (tmp_path / "study").mkdir()
    with pytest.raises(StudyError, match="FILE_OUTSIDE"):
        draft_study(tmp_path / "data", tmp_path / "study" / "study.toml")
    assert rows(draft_study(tmp_path / "data", tmp_path / "study.toml")[1]).keys() == {"data/P03_V2_rest.edf"}


@pytest.mark.parametrize("folder", [".", "none"])
def test_a_folder_without_recordings_is_no_input(tmp_path, folder):
    with pytest.raises(NoInputError, match="NO_RECORDINGS"):
        draft_study(tmp_path / folder)
