"""Pages of a results folder: drawn once, drawn again when something changed, from results alone."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.verify_pages import page_problems
from emgpipe.errors import StoreError
from emgpipe.reports.write import write_reports
from emgpipe.store import OutputLock
from tests.batch.studies import NAMES, outputs, row_of, stamps, write_manifest, write_recording
from tests.reports.folders import NOTED, note

VISITS = ["visit.P01.V1.html", "visit.P01.V2.html", "visit.P02.V1.html", "visit.P02.V2.html"]
PATIENTS = ["patient.P01.html", "patient.P02.html"]
PAGES = [*VISITS, *PATIENTS, "index.html"]


def drawn(folder: Path) -> list[str]:
    return [path.name for path in write_reports(folder / "out")]


def page(folder: Path, name: str) -> str:
    return (folder / "out" / "reports" / name).read_text("utf-8")


def test_pages_are_drawn_once_and_then_left_alone(copy):
    before = stamps(copy)
    assert drawn(copy) == []
    assert stamps(copy) == before


def test_pages_are_the_same_bytes_when_drawn_again(copy):
    before = {name: page(copy, name) for name in PAGES}
    shutil.rmtree(copy / "out" / "reports")
    assert drawn(copy) == PAGES
    assert {name: page(copy, name) for name in PAGES} == before


def test_pages_need_nothing_but_the_results(copy):
    shutil.rmtree(copy / "study")
    shutil.rmtree(copy / "out" / "reports")
    assert drawn(copy) == PAGES


def test_a_page_that_was_thrown_away_is_drawn_alone(copy):
    (copy / "out" / "reports" / PAGES[1]).unlink()
    assert drawn(copy) == [PAGES[1]]


def test_a_setting_redraws_every_page_and_the_study_page_names_it(copy):
    (copy / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    run_study(copy / "study", copy / "out", settings=copy / "s.toml", jobs=1)
    assert drawn(copy) == PAGES
    assert "activity_ratio = 3.0" in page(copy, PAGES[0])


def test_a_setting_that_moves_no_input_still_changes_the_study_page(copy, made):
    (copy / "s.toml").write_text("[detect]\nsilence_s = 0.3\n")
    run_study(copy / "study", copy / "out", settings=copy / "s.toml", jobs=1)
    drawn(copy)
    assert page(copy, "index.html") != page(made, "index.html")


def test_a_visit_that_a_later_run_left_out_keeps_the_settings_on_its_page(copy):
    (copy / "s.toml").write_text("[detect]\nactivity_ratio = 3.0\n")
    run_study(copy / "study", copy / "out", settings=copy / "s.toml", jobs=1, subjects=["P02"])
    drawn(copy)
    assert "activity_ratio = 3.0" in page(copy, "visit.P02.V1.html")
    assert "activity_ratio = 1.5" in page(copy, PAGES[0])


def test_a_changed_condition_redraws_its_page_and_no_sample_is_read(copy):
    note(copy / "study", {**NOTED, "P02_V1": "sitting"})
    assert run_study(copy / "study", copy / "out", jobs=1).computed == 0
    assert drawn(copy) == ["visit.P02.V1.html", "patient.P02.html"]
    assert "sitting" in page(copy, "visit.P02.V1.html")


def test_a_changed_file_redraws_its_own_page(copy):
    write_recording(copy / "study" / "P01_V2.edf", 77)
    run_study(copy / "study", copy / "out", jobs=1)
    assert "visit.P01.V2.html" in (names := drawn(copy))
    assert "patient.P01.html" in names
    assert not {"visit.P02.V1.html", "patient.P02.html"} & set(names)


def test_a_recording_that_failed_is_named_with_its_code(made):
    assert "FILE_MISSING" in page(made, "visit.P02.V2.html")
    assert "FILE_MISSING" in page(made, "index.html")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_outside_itself(made, name):
    text = page(made, name)
    asked = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(\s*["']?([^)"']*)""", text)
    targets = {one or other for one, other in asked}
    assert all(t.startswith(("data:", "#")) or t in PAGES for t in targets), targets
    assert str(made) not in text


def test_a_page_that_is_not_as_it_was_written_is_drawn_anew_and_no_other(copy):
    path = copy / "out" / "reports" / PAGES[0]
    before = path.read_bytes()
    path.write_bytes(before.replace(b"P01", b"P10"))
    assert drawn(copy) == [PAGES[0]]
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"drawn_from": 1, "pages": {"x": 1}}', '{"visit.P01.V1.html": "0"}'])
def test_a_list_of_pages_that_cannot_be_read_costs_a_drawing(copy, text):
    (copy / "out" / "reports" / "pages.json").write_text(text)
    assert drawn(copy) == PAGES
    assert drawn(copy) == []


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_frames_that_are_not_as_written_are_refused_and_the_next_run_mends_them(copy, damage):
    tables = outputs(copy / "out")
    shutil.rmtree(copy / "out" / "reports")
    for folder in (copy / "out" / "cache" / "frames").iterdir():
        if damage == "gone":
            shutil.rmtree(folder)
        else:
            path = folder / "001_reasons.npy"
            path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(StoreError, match=r"FRAMES_.*run the study again"):
        write_reports(copy / "out")
    # the page of the missing recording, those of the subjects and the study page need no frames
    assert sorted(p.name for p in (copy / "out" / "reports").glob("*.html")) == ["index.html", *PATIENTS, VISITS[3]]
    run_study(copy / "study", copy / "out", jobs=1)
    assert drawn(copy) == PAGES[:3]
    assert outputs(copy / "out") == tables


def test_pages_need_no_covariance(copy):
    shutil.rmtree(copy / "out" / "reports")
    shutil.rmtree(copy / "out" / "cache" / "pairs")
    assert drawn(copy) == PAGES


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(StoreError, match="RESULTS_UNREADABLE"):
        write_reports(tmp_path)


def test_a_folder_that_a_run_holds_is_refused(copy):
    with OutputLock(copy / "out"), pytest.raises(StoreError, match="STORE_LOCKED"):
        write_reports(copy / "out")


AGAIN = """
import sys
from emgpipe import run_study, write_reports
computed, drawn = run_study(sys.argv[1], sys.argv[2], jobs=1).computed, write_reports(sys.argv[2])
heavy = {"numba", "scipy", "mne", "pandas", "pyarrow", "matplotlib", "jinja2", "rich"} & set(sys.modules)
print(computed, drawn, sorted(heavy))
"""


def test_a_run_that_draws_nothing_imports_nothing_that_draws(copy, made):
    command = [sys.executable, "-c", AGAIN, str(made / "study"), str(copy / "out")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0 [] []\n"


def test_the_page_of_a_visit_that_left_the_study_is_removed_and_nothing_else(copy):
    pages = copy / "out" / "reports"
    (pages / "visit.mine.html").write_text("not ours")
    write_manifest(copy / "study", [row_of(name, posture=NOTED[name]) for name in NAMES if name != "P01_V2"])
    run_study(copy / "study", copy / "out", jobs=1)
    drawn(copy)
    kept = [name for name in PAGES if name != "visit.P01.V2.html"]
    assert sorted(p.name for p in pages.glob("*.html")) == sorted([*kept, "visit.mine.html"])
    assert "visit.P01.V2.html" not in (pages / "pages.json").read_text()


def test_the_page_of_a_subject_that_left_the_study_is_removed_and_nothing_else(copy):
    pages = copy / "out" / "reports"
    (pages / "patient.mine.html").write_text("not ours")
    write_manifest(copy / "study", [row_of(name, posture=NOTED[name]) for name in NAMES[:2]])
    run_study(copy / "study", copy / "out", jobs=1)
    drawn(copy)
    kept = [*VISITS[:2], PATIENTS[0], "index.html", "patient.mine.html"]
    assert sorted(p.name for p in pages.glob("*.html")) == sorted(kept)


def test_a_visit_that_only_another_subject_gets_stands_on_the_page_as_missing(copy):
    rows = [row_of(name, posture=NOTED[name]) for name in NAMES]
    extra = {**rows[0], "visit": "V3", "file": "P01_V3.edf"}
    write_recording(copy / "study" / "P01_V3.edf", 9)
    assert "Missing: V3." not in page(copy, PATIENTS[1])
    write_manifest(copy / "study", [*rows, extra])
    run_study(copy / "study", copy / "out", jobs=1)
    # the visit before it now leads to it
    assert drawn(copy) == ["visit.P01.V2.html", "visit.P01.V3.html", *PATIENTS, "index.html"]
    assert "Missing: V3." in page(copy, PATIENTS[1])


def test_a_list_of_pages_cannot_make_it_remove_other_files(copy):
    (copy / "out" / "visit.x.html").write_text("")
    (copy / "out" / "reports" / "notes.txt").write_text("")
    names = ("../visit.x.html", "visit./../../visit.x.html", "notes.txt")
    known = {"drawn_from": "", "pages": {name: {"key": "0", "sha256": "0"} for name in names}}
    (copy / "out" / "reports" / "pages.json").write_text(json.dumps(known))
    drawn(copy)
    assert (copy / "out" / "visit.x.html").exists()
    assert (copy / "out" / "reports" / "notes.txt").exists()


DAMAGE = {
    "run.json": [b"{", b"[]", b"{}", b"\xff", b'{"study": "A", "conditions": [1], "outputs": {}}'],
    "measures.csv": [b"garbage\n", b"\xff\x00", None],
    "inputs.csv": [b"subject,visit,recording\n../..,V1,a\n", None],
    "settings.toml": [b"[", None],
}


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, all_of in DAMAGE.items() for data in all_of])
def test_damaged_results_are_refused_and_no_page_is_touched(copy, name, data):
    path = copy / "out" / name
    path.unlink() if data is None else path.write_bytes(data)
    before = stamps(copy / "out" / "reports")
    with pytest.raises(StoreError, match=r"RESULTS_UNREADABLE: .*run"):
        write_reports(copy / "out")
    assert stamps(copy / "out" / "reports") == before


@pytest.mark.parametrize("name", ["visit.P09.V1.html", "patient.P09.html"])
def test_a_page_that_no_list_names_is_told_by_verify(copy, name):
    record = json.loads((copy / "out" / "run.json").read_text())
    assert list(page_problems(copy / "out", record)) == []
    (copy / "out" / "reports" / name).write_text("")
    [problem] = page_problems(copy / "out", record)
    assert problem.code == "PAGES_STALE"
    assert name in problem.found
