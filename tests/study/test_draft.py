"""`emgpipe init`: what names say is guessed and marked, what they do not say is left open."""

import csv
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from emgpipe.errors import NoInputError, StudyError
from emgpipe.simulate import write_edf
from emgpipe.study import draft_study, load_study

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "real" / "edf_converted" / "uci_2Amar.edf"


def rows(manifest: Path) -> dict[str, dict[str, str]]:
    with manifest.open(newline="") as stream:
        return {row["file"]: row for row in csv.DictReader(stream)}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        level = float(zlib.crc32(name.encode()) % 1000)
        write_edf(folder / name, [np.full(1000, level)], ["EMG TA_R"], 1000.0)


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
    study = draft_study(tmp_path).study
    with pytest.raises(StudyError, match=r"SETTING_MISSING.*mains_hz"):
        load_study(study)
    study.write_text(study.read_text().replace("# mains_hz", "mains_hz"))
    assert [e.recording for e in load_study(study).entries] == ["P03_V2_rest"]


def test_what_run_would_refuse_is_left_out_and_named_with_the_reason(tmp_path):
    touch(tmp_path, "P03_V1_rest.edf", "data/P03_V2_rest.edf")
    (tmp_path / "page.edf").write_bytes(b"<html>")
    (tmp_path / "folder.edf").mkdir()
    shutil.copy(tmp_path / "P03_V1_rest.edf", tmp_path / "copy.edf")
    (tmp_path / "P01_link.edf").symlink_to("data/P03_V2_rest.edf")
    (tmp_path / "dangling.edf").symlink_to("nowhere")
    draft = draft_study(tmp_path)
    assert list(rows(draft.manifest)) == ["P03_V1_rest.edf", "data/P03_V2_rest.edf"]
    assert draft.left_out == {
        "P01_link.edf": "a link to 'data/P03_V2_rest.edf'",
        "copy.edf": "the same bytes as 'P03_V1_rest.edf'; a recording is of one visit",
        "dangling.edf": "refused, FILE_UNREADABLE; see `emgpipe check`",
        "folder.edf": "refused, FILE_UNREADABLE; see `emgpipe check`",
        "page.edf": "refused, NOT_EDF; see `emgpipe check`",
    }
    text = draft.study.read_text()
    assert all(f"#   {file!r}: {why}\n" in text for file, why in draft.left_out.items())
    assert draft.n_listed == 2


def test_a_link_that_leads_out_of_the_folder_is_left_out(tmp_path):
    touch(tmp_path, "study/P01_V1_rest.edf", "other/P02_V1_rest.edf")
    (tmp_path / "study" / "P02_V1_rest.edf").symlink_to("../other/P02_V1_rest.edf")
    draft = draft_study(tmp_path / "study")
    assert list(rows(draft.manifest)) == ["P01_V1_rest.edf"]
    assert draft.left_out == {"P02_V1_rest.edf": "a link that leads out of the folder; move the file here"}


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


LIMITED = """
import resource, signal, sys
from emgpipe.cli.app import run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
raise SystemExit(run(["init", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes here")
def test_a_draft_that_does_not_fit_on_the_disk_leaves_no_half(tmp_path):
    touch(tmp_path, "P01_V1_rest.edf")
    said = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=False)
    assert (said.returncode, "STORE_UNWRITABLE: File too large" in said.stderr) == (2, True)
    assert not (tmp_path / "study.toml").exists()
