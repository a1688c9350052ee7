"""The study page of results that were copied under other names, as the bench of pages makes them."""

from emgpipe.reports.draw import drawings
from emgpipe.reports.told import INDEX, read_results
from stress.pages import copied
from tests.reports.test_events_shown import text_of


def test_the_study_page_of_copied_results_counts_every_subject(results, tmp_path):
    n_recordings = copied(results, tmp_path / "many", n_subjects=5)
    page = text_of(drawings(read_results(tmp_path / "many"), tmp_path / "many")[INDEX]())
    assert f"{n_recordings} recordings of 5 subjects" in page
    assert "S005" in page
