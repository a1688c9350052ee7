"""Findings of a real run, where the reader of a page sees them: each once, warnings first, none torn to pieces."""

import re

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.units import read_unit
from emgpipe.errors.codes import CODES
from emgpipe.reports.write import write_reports
from tests.batch.studies import HEAD, NAMES, row_of, write_manifest, write_recording
from tests.reports.test_pages import Page

ODD = ("P01_V1", "P01_V2")
POSTURES = ("supine", "sitting", "", "")
LOWPASS_HZ = ("", "", "300", "")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Two starts that are no dates, one with a refused signal; postures that differ; a stated low-pass."""
    study = tmp_path_factory.mktemp("findings") / "study"
    study.mkdir()
    for seed, name in enumerate(NAMES):
        write_recording(study / f"{name}.edf", seed)
    for name in ODD:
        path = study / f"{name}.edf"
        data = bytearray(path.read_bytes())
        data[168:176] = b"32.13.99"
        if name == "P01_V2":
            unit = 256 + int(data[252:256]) * (16 + 80) + 8
            data[unit : unit + 8] = b" " * 8
        path.write_bytes(data)
    (study / "study.toml").write_text(HEAD)
    stated = zip(NAMES, POSTURES, LOWPASS_HZ, strict=True)
    write_manifest(study, [row_of(n, posture=p, hw_lowpass_hz=hz) for n, p, hz in stated])
    run_study(study, study.parent / "out", jobs=1)
    write_reports(study.parent / "out")
    return study.parent / "out"


def page(out, name):
    return Page((out / "reports" / name).read_text("utf-8"))


def words(text):
    return re.sub(r"\s+", " ", text).strip()


def listed(out):
    """Rows of the table of findings on the study page: those that begin with a severity."""
    return [words(row) for row in page(out, "index.html").rows if re.match(r"\s*[▲✕·] (warning|refused|info)", row)]


def test_the_study_page_lists_each_code_once_with_severity_meaning_number_and_recordings(out):
    rows = listed(out)
    assert len(rows) == 4
    assert rows == [
        f"✕ refused {CODES['UNIT_UNKNOWN'].meaning} UNIT_UNKNOWN 1 P01_V2_supine",
        f"▲ warning {CODES['BAND_LIMITED'].meaning} BAND_LIMITED 1 P02_V1_supine",
        f"▲ warning {CODES['CONDITIONS_DIFFER'].meaning} CONDITIONS_DIFFER 2 P01_V1_supine, P01_V2_supine",
        f"▲ warning {CODES['START_UNKNOWN'].meaning} START_UNKNOWN 2 P01_V1_supine, P01_V2_supine",
    ]


def test_the_study_page_marks_recordings_with_warnings_in_words(out):
    rows = [words(row) for row in page(out, "index.html").rows if "_supine" in row and ".edf" in row]
    assert ["▲ 2 warnings" in row for row in rows] == [True, True, False, False]
    assert ["▲ 1 warning" in row for row in rows] == [False, False, True, False]
    assert ["✕ 1 refused" in row for row in rows] == [False, True, False, False]


def stored(out, name):
    return read_unit(out / "units" / f"{name}_supine.jsonl")["findings"]


@pytest.mark.parametrize("name", NAMES)
def test_a_visit_page_shows_the_findings_of_the_run_once_each(out, name):
    text = words(page(out, f"visit.{name.replace('_', '.')}.html").text)
    told = stored(out, name)
    assert len(told) == {"P01_V1": 1, "P01_V2": 2, "P02_V1": 1}.get(name, 0)
    for finding in told:
        assert text.count(words(finding["message"])) == 1


def test_warnings_stand_under_the_title_before_the_numbers(out):
    text = words(page(out, "visit.P01.V2.html").text)
    assert text.index("▲ warning") < text.index("Main numbers")
    assert text.index("✕ refused") < text.index("▲ warning")
