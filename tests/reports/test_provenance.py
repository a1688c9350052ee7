"""Pages name the version that measured, not only the one that draws, and who is told of by name: nobody."""

from dataclasses import replace
from importlib.metadata import version

import pytest

from emgpipe.batch.conditions import COMPARED_CONDITIONS
from emgpipe.reports import visit_page
from emgpipe.reports.draw import index_html, patient_html, visit_html
from emgpipe.reports.header import NAMES_PEOPLE
from emgpipe.reports.told import read_results
from tests.reports.parsed import Parsed

VISIT = ("P01", "V1")
NOW = version("emgpipe")
WORDS = f"measured with 0.0.9, page drawn with {NOW}"
WARNING = "The version of emgpipe that drew this page is not the one that measured"


@pytest.fixture(scope="module")
def told(made):
    return read_results(made / "out")


@pytest.fixture(scope="module")
def older(told):
    """The same, its first visit measured by an earlier version."""
    rows = [{**row, "version": "0.0.9"} for row in told.measures[VISIT]]
    return replace(told, measures={**told.measures, VISIT: rows})


def text(page):
    return " ".join(Parsed(page).text.split())


def test_the_page_of_a_visit_names_the_version_that_measured_and_the_one_that_drew(made, older):
    page = text(visit_html(older, VISIT, made / "out"))
    assert page.count(WORDS) == 2, "under Provenance and at the foot"
    assert f"emgpipe {NOW} ({WORDS})" in page


def test_one_version_is_named_alone(made, told):
    pages = [visit_html(told, VISIT, made / "out"), patient_html(told, "P01"), index_html(told, made / "out")]
    assert [page for page in map(text, pages) if "measured with" in page or WARNING in page] == []
    assert all(f"emgpipe {NOW}" in text(page) for page in pages)


def test_the_pages_of_subject_and_study_warn_of_rows_of_another_version(made, told):
    rows = {visit: [{**row, "version": "0.0.9"} for row in rows] for visit, rows in told.measures.items()}
    all_older = replace(told, measures=rows)
    for page in (patient_html(all_older, "P01"), index_html(all_older, made / "out")):
        assert f"▲ warning {WARNING}: {WORDS}." in text(page)


def test_the_study_page_counts_recordings_by_what_measured_them(made, older):
    settings = older.measures[VISIT][0]["settings_id"][:12]
    page = text(index_html(older, made / "out"))
    assert f"comparable: 1 with settings {settings}, emgpipe 0.0.9, 2 with settings {settings}, emgpipe {NOW}." in page


def test_no_page_of_a_visit_names_who_recorded(report, visit_of):
    signed = replace(report, conditions={**report.conditions, "operator": "Zqkwvj"})
    page = visit_page(visit_of(signed, report))
    assert "zqkwvj" not in page.lower()
    assert "<dt>operator</dt><dd>recorded</dd>" in page
    assert "operator" not in visit_page(visit_of(report))


def test_pages_of_a_study_name_nobody_who_recorded(made, told):
    conditions = {name: {**cells, "operator": f"Zqkwvj {name}"} for name, cells in told.conditions.items()}
    signed = replace(told, conditions=conditions)
    pages = [visit_html(signed, VISIT, made / "out"), patient_html(signed, "P01"), index_html(signed, made / "out")]
    assert [page for page in pages if "zqkwvj" in page.lower()] == []
    assert "<dt>operator</dt><dd>recorded</dd>" in pages[0]


def test_visits_are_not_compared_by_names_of_people():
    assert not NAMES_PEOPLE & set(COMPARED_CONDITIONS)
