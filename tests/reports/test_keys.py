"""What each page depends on: one is stale where anything changed that stands on it, and only there."""

from dataclasses import replace

import pytest

from emgpipe.batch import run_study
from emgpipe.batch.audit import RUN_RECORD
from emgpipe.batch.verify_pages import page_problems
from emgpipe.reports.told import read_results
from emgpipe.reports.write import write_reports
from emgpipe.settings import parse_settings
from emgpipe.store import read_json
from tests.reports.folders import NOTED, note

VISIT = ("P01", "V1")
NAME = "P01_V1_supine"


@pytest.fixture(scope="module")
def told(made):
    return read_results(made / "out")


def moved(told, **changes):
    """Names of pages that are stale when this changes."""
    before, after = told.keys(), replace(told, **changes).keys()
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def test_other_values_of_a_visit_move_its_page_that_of_its_subject_and_the_study_page(told):
    rows = [{**row, "value": "1.5"} for row in told.measures[VISIT]]
    pages = {"visit.P01.V1.html", "patient.P01.html", "index.html"}
    assert moved(told, measures={**told.measures, VISIT: rows}) == pages


def test_another_unit_moves_the_pages_that_read_units(told):
    assert moved(told, units={**told.units, NAME: "0"}) == {"visit.P01.V1.html", "index.html"}


def test_other_settings_alone_move_the_pages_that_name_those_of_the_last_run(told):
    settings = parse_settings("[detect]\nsilence_s = 0.3")
    assert moved(told, settings=settings) == {"patient.P01.html", "patient.P02.html", "index.html"}


def test_another_study_moves_every_page(told):
    assert moved(told, study="OTHER") == told.keys().keys()


def test_a_condition_that_no_other_visit_is_compared_by_moves_no_other_visit(told):
    conditions = {**told.conditions, NAME: {**told.conditions[NAME], "skin_temp_c": "31"}}
    assert moved(told, conditions=conditions) == {"visit.P01.V1.html", "patient.P01.html"}


def test_a_condition_that_now_differs_moves_the_pages_of_all_visits_that_are_compared(told):
    conditions = {**told.conditions, NAME: {**told.conditions[NAME], "posture": "sitting"}}
    pages = {"visit.P01.V1.html", "visit.P01.V2.html", "patient.P01.html", "index.html"}
    assert moved(told, conditions=conditions) == pages


def visit_page(folder, name):
    return (folder / "out" / "reports" / name).read_text("utf-8")


def test_pages_follow_a_unit_that_changes_while_its_rows_do_not(copy):
    toml, rows = copy / "study" / "study.toml", copy / "out" / "measures.csv"
    before = rows.read_bytes()
    assert "Mains lines (50 Hz stated)" in visit_page(copy, "visit.P01.V1.html")
    toml.write_text(toml.read_text().replace("mains_hz = 50", "mains_hz = 60"))
    run_study(copy / "study", copy / "out", jobs=1)
    assert rows.read_bytes() == before, "the case is none"
    [problem] = page_problems(copy / "out", read_json(copy / "out" / RUN_RECORD))
    assert problem.code == "PAGES_STALE"
    write_reports(copy / "out")
    assert "Mains lines (60 Hz stated)" in visit_page(copy, "visit.P01.V1.html")
    assert list(page_problems(copy / "out", read_json(copy / "out" / RUN_RECORD))) == []


def test_a_condition_that_differs_from_another_visit_is_told_on_the_pages_of_both(copy):
    note(copy / "study", {**NOTED, "P01_V2": "sitting"})
    assert run_study(copy / "study", copy / "out", jobs=1).computed == 0
    drawn = [path.name for path in write_reports(copy / "out")]
    assert drawn == ["visit.P01.V1.html", "visit.P01.V2.html", "patient.P01.html", "index.html"]
    for name in drawn[:2]:
        assert visit_page(copy, name).count("posture: &#39;supine&#39; at V1, &#39;sitting&#39; at V2") == 1
