"""The page of a subject, from rows and from a results folder."""

import re
import shutil
from dataclasses import replace
from html import unescape

import pytest

from emgpipe.batch import run_study
from emgpipe.measures.rows import MeasureRow
from emgpipe.reports.course import blocks_of, patient_report
from emgpipe.reports.detectable import Detectable
from emgpipe.reports.patient import patient_page
from emgpipe.reports.stored import measure_row
from emgpipe.reports.write import write_reports
from emgpipe.store import read_csv
from tests.batch.studies import HEAD, row_of, write_manifest, write_recording
from tests.reports.test_course import listed, row
from tests.reports.test_pages import Page


def page_of(rows, inputs, conditions=None, **values):
    """Page of S1: `rows` are (visit, MeasureRow)."""
    lines = [
        (
            {"recording": f"S1_{visit}_supine", "visit": visit, "task": "supine", "settings_id": "aa", "version": "1"},
            one,
        )
        for visit, one in rows
    ]
    report = patient_report("DEMO", "S1", inputs, lines, conditions or {}, version="0.1.0", settings_id="0a1b")
    return patient_page(report, **values)


def text_of(page):
    return re.sub(r"\s+", " ", Page(page).text)


def line_of(page, measure):
    """Cells of the line of a measure, as text."""
    found = [re.sub(r"\s+", " ", line).strip() for line in Page(page).rows if line.strip().startswith(measure)]
    assert len(found) == 1, found
    return found[0]


def test_cells_say_value_interval_limit_and_status():
    rows = [
        ("V1", row(3.0, low=2.5, high=3.5)),
        ("V2", row(0.2, "below_limit", limit=0.6)),
        ("V3", row(None, "undeterminable", reason="NOISY_ELECTRODE")),
    ]
    page = page_of(rows, listed("V1", "V2", "V3"))
    assert line_of(page, "apdf_p10_uv") == "apdf_p10_uv , µV 3.00 2.50 to 3.50 < 0.60 below limit undeterminable"


def test_a_share_near_all_or_none_is_not_printed_as_all_or_none():
    share = MeasureRow("rest", "TA_R", "muscle", "act_frac", 0.9997, "1", 0.0002, 1.0)
    assert line_of(page_of([("V1", share)], listed("V1")), "act_frac") == "act_frac >0.999 <0.001 to 1.000"


def test_the_estimate_below_a_limit_is_not_printed_as_a_value():
    page = page_of([("V1", row(0.2345, "below_limit", limit=0.6))], listed("V1"))
    assert "0.23" not in Page(page).text


def test_runs_below_their_limit_say_the_limit_and_not_the_estimate():
    below = [row(value, "below_limit", limit=limit) for value, limit in ((0.0, 1.2), (0.23, 1.1))]
    page = page_of([*(("V1", one) for one in below), ("V2", below[1]), ("V2", row(5.0))], listed("V1", "V2"))
    line = line_of(page, "apdf_p10_uv")
    assert "< 1.15 below limit runs: < 1.20, < 1.10" in line
    assert "runs: < 1.10, 5.00" in line
    assert "0.23" not in Page(page).text


def test_a_visit_that_is_missing_and_one_that_failed_are_said_first_and_have_no_number():
    failed = listed("V3", status="failed")
    failed[0] |= {"code": "FILE_TRUNCATED", "message": "3 of 90 records"}
    inputs = [*listed("V1"), *failed, *listed("V2", subject="S2")]
    page = page_of([("V1", row(3.0))], inputs)
    assert "1 of 3 visits measured. Missing: V2. Without a result: V3." in text_of(page)
    assert "3 of 90 records" in text_of(page)
    assert line_of(page, "apdf_p10_uv") == "apdf_p10_uv , µV 3.00 no row no row"
    links = [a["href"] for a in Page(page).all("a")]
    assert "visit.S1.V3.html" in links
    assert "visit.S1.V2.html" not in links


def test_a_changed_condition_says_from_what_to_what():
    inputs = listed("V1", "V2")
    conditions = {one["recording"]: {"posture": p} for one, p in zip(inputs, ("supine", "prone"), strict=True)}
    page = page_of([("V1", row(3.0)), ("V2", row(4.0))], inputs, conditions)
    assert "posture: 'supine' at V1, 'prone' here" in text_of(page)


def test_conditions_that_nobody_recorded_are_not_called_unchanged():
    rows, inputs = [("V1", row(3.0)), ("V2", row(4.0))], listed("V1", "V2")
    assert "whether it changed cannot be told" in text_of(page_of(rows, inputs))
    same = {one["recording"]: {"posture": "supine"} for one in inputs}
    assert "No recorded condition changed" in text_of(page_of(rows, inputs, same))


CHANGE = Detectable(("TA_R",), "apdf_p10_uv", "rest", "", log=False, offset_uv=0.0, visits=("Month 2", "Month 3"),
                    mdc95=2.0, low=1.5, high=3.25, df=12.0, n_subjects=13, n_incomplete=2, n_below=1)  # fmt: skip


def test_the_minimal_detectable_change_is_named_where_it_is_not_given():
    rows, inputs = [("V1", row(3.0)), ("V2", row(4.0))], listed("V1", "V2")
    assert "Minimal detectable change: not given." in text_of(page_of(rows, inputs))
    banded = text_of(page_of(rows, inputs, detectable=CHANGE))
    assert "Minimal detectable change: the grey band around the first visit" in banded


def test_the_minimal_detectable_change_says_what_it_rests_on():
    said = text_of(page_of([("V1", row(3.0))], listed("V1"), detectable=CHANGE))
    assert "(MDC95) of Static level (P10) of TA_R: 2.00 µV (95 % interval 1.50 to 3.25, 12 degrees of freedom)" in said
    assert "from 13 subjects at Month 2, Month 3, between which the plan declares no change" in said
    assert "Left out: 2 without a value at each of them, 1 with all of them below the limit." in said


def test_a_visit_beyond_the_change_of_the_primary_says_so_and_no_other():
    rows = [("V1", row(3.0)), ("V2", row(4.9)), ("V3", row(5.1)), ("V4", row(0.2, "below_limit", limit=0.6))]
    other = [(visit, row(9.0 * n, measure="apdf_p90_uv")) for n, (visit, _) in enumerate(rows)]
    page = page_of([*rows, *other], listed("V1", "V2", "V3", "V4"), detectable=CHANGE)
    assert line_of(page, "apdf_p10_uv").split(", µV ")[1] == "3.00 4.90 5.10 beyond MDC95 of V1 < 0.60 below limit"
    assert text_of(page).count("beyond MDC95") == 1


def test_a_change_of_a_log_scale_is_a_factor_up_and_down():
    change = replace(CHANGE, log=True, offset_uv=0.5, mdc95=2.0, low=1.6, high=2.9)
    rows = [("V1", row(3.5)), ("V2", row(1.6)), ("V3", row(1.4)), ("V4", row(7.4)), ("V5", row(7.6))]
    page = page_of(rows, listed("V1", "V2", "V3", "V4", "V5"), detectable=change)
    assert "a factor of value plus 0.5 µV of 2.00 (95 % interval 1.60 to 2.90" in text_of(page)
    word = "beyond MDC95 of V1"
    assert line_of(page, "apdf_p10_uv").split(", µV ")[1] == f"3.50 1.60 1.40 {word} 7.40 7.60 {word}"


def test_a_change_of_another_segment_or_task_is_not_shown():
    rows, inputs = [("V1", row(3.0)), ("V2", row(9.0))], listed("V1", "V2")
    for elsewhere in (replace(CHANGE, segment="whole"), replace(CHANGE, task="sitting")):
        said = text_of(page_of(rows, inputs, detectable=elsewhere))
        assert "MDC95" not in said
        assert "Minimal detectable change: not given." in said


def test_why_there_is_no_change_is_said():
    rows, inputs = [("V1", row(3.0)), ("V2", row(9.0))], listed("V1", "V2")
    none = replace(CHANGE, code="SUBJECTS_TOO_FEW", why="1 of 9 subjects have all visits; 2 are needed")
    said = text_of(page_of(rows, inputs, detectable=none))
    assert "not given, from 13 subjects" in said
    assert "SUBJECTS_TOO_FEW: 1 of 9 subjects have all visits" in said
    assert "beyond MDC95" not in said
    several = text_of(page_of(rows, inputs, detectable=replace(CHANGE, targets=("TA_R", "GM_R"))))
    assert "It is that of their mean, which is not drawn here." in several
    assert "beyond MDC95" not in several


def test_the_picture_says_in_words_what_is_undeterminable_below_a_limit_and_missing():
    rows = [("V1", row(0.2, "below_limit", limit=0.6)), ("V2", row(None, "undeterminable"))]
    inputs = [*listed("V1", "V2"), *listed("V3", subject="S2")]
    [picture] = Page(page_of(rows, inputs)).all("img")
    assert "No result at V3." in picture["alt"]
    assert "Below limit: TA_R Static level (P10) at V1." in picture["alt"]
    assert "Undeterminable: TA_R Static level (P10) at V2." in picture["alt"]


def test_measures_that_no_visit_has_are_named_and_take_no_line():
    rows = [("V1", row(3.0)), ("V1", row(None, "not_measured", measure="spasm_rate_h"))]
    page = page_of(rows, listed("V1"))
    assert "Not measured at any visit: spasm_rate_h." in text_of(page)


def test_a_subject_without_any_measure_has_a_page_that_says_so():
    page = page_of([], listed("V1", status="failed"))
    assert "No recording of this subject was measured." in text_of(page)
    assert Page(page).all("img") == []


def test_hostile_names_are_text():
    hostile = "<img src=x onerror=a()>$\\q$"
    page = page_of([("V1", MeasureRow("rest", hostile, "muscle", "apdf_p10_uv", 3.0, "uV"))], listed("V1"))
    assert hostile in unescape(page)
    assert all(picture["src"].startswith("data:image/png;base64,") for picture in Page(page).all("img"))


@pytest.fixture(scope="module")
def repeated(tmp_path_factory):
    """Two runs at the first visit, one at the second."""
    study = tmp_path_factory.mktemp("repeats") / "study"
    study.mkdir()
    rows = []
    for seed, (visit, run) in enumerate([("V1", "1"), ("V1", "2"), ("V2", "1")]):
        name = f"P01_{visit}_{run}"
        write_recording(study / f"{name}.edf", seed, (8.0 + 4 * seed, 0.0))
        rows.append({**row_of(f"P01_{visit}"), "file": f"{name}.edf", "run": run})
    (study / "study.toml").write_text(HEAD)
    write_manifest(study, rows)
    run_study(study, study.parent / "out", jobs=1)
    write_reports(study.parent / "out")
    return study.parent / "out"


def test_repeats_are_pooled_as_in_the_tables_of_repeats(repeated):
    lines = [line for line in read_csv(repeated / "measures.csv") if line["measure"]]
    blocks = blocks_of(((line["visit"], line["task"], measure_row(line)) for line in lines), ["V1", "V2"])
    points = {(b.segment, s.target, s.measure): s.points[0] for b in blocks for s in b.series}
    repeats = [line for line in read_csv(repeated / "visits_repeats.csv") if line["measure"] != "imc_low_z"]
    assert len(repeats) > 20
    for line in repeats:
        point = points[line["segment"], line["target"], line["measure"]]
        assert point.value == (float(line["value"]) if line["value"] else None)
        assert len(point.runs) == int(line["n"])


def test_the_page_of_a_results_folder_shows_runs_and_every_measure(repeated):
    page = (repeated / "reports" / "patient.P01.html").read_text("utf-8")
    assert "runs: " in text_of(page)
    measures = {line["measure"] for line in read_csv(repeated / "measures.csv") if line["measure"]}
    assert [name for name in sorted(measures - {"imc_low_z"}) if name not in page] == []
    assert "imc_low_z" not in page


def test_pages_of_subjects_need_tables_alone(repeated, tmp_path):
    shutil.copytree(repeated, tmp_path / "out")
    before = (repeated / "reports" / "patient.P01.html").read_bytes()
    (tmp_path / "out" / "reports" / "patient.P01.html").unlink()
    shutil.rmtree(tmp_path / "out" / "cache")
    write_reports(tmp_path / "out")
    assert (tmp_path / "out" / "reports" / "patient.P01.html").read_bytes() == before
