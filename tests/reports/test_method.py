"""The method of a page: written from the settings of its run and from the registry."""

import re
from collections import Counter
from dataclasses import fields, replace

import pytest

from emgpipe.errors import SettingsError
from emgpipe.measures.registry import MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.reports import Measured, RecordingReport, VisitReport, visit_page
from emgpipe.reports.method import OWN, definitions, method, references
from emgpipe.reports.words import NOT_ON_PAGES
from emgpipe.settings import TABLES, Settings, check_settings, to_toml
from tests.reports.test_pages import Page

SETTINGS = [(table, f.name) for table, cls in TABLES.items() for f in fields(cls)]
STIMULATED = (RecordingReport("S1_V1_stim", "stim", "a.edf", "", Measured(stimuli_s=(1.0,))),)


def words(settings, recordings=STIMULATED, **told):
    visit = VisitReport("D", "S1", "V1", recordings, to_toml(settings), "", "0", **told)
    return "\n".join(f"{one.title}: {one.text}" for one in method(visit))


def numbers(text):
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def changed(table, name):
    """Default settings with another value of one of them."""
    value = getattr(getattr(Settings(), table), name)
    for other in (value + 1 if isinstance(value, int) else value * 1.1, value * 0.9):
        try:
            return check_settings({table: {name: other}})
        except SettingsError:
            continue
    raise AssertionError(name)


@pytest.mark.parametrize(("table", "name"), SETTINGS)
def test_every_setting_stands_in_the_text_with_the_value_of_the_run(table, name):
    own = changed(table, name)
    new = numbers(words(own)) - numbers(words(Settings()))
    value = float(getattr(getattr(own, table), name))
    if name == "activity_release":  # told as a share of the threshold
        value /= own.detect.activity_ratio
    told = [scale * value for scale in (1, 100, 1000)]  # as it is, as percent, as thousandths
    assert any(f"{one:.{len(text.partition('.')[2])}f}" == text for text in new for one in told), (value, new)


def test_a_page_tells_the_settings_of_its_run_and_no_others(report, visit_of):
    own = check_settings({"condition": {"low_hz": 30.0}, "detect": {"cmua_epoch_s": 7.5}})
    text = Page(visit_page(replace(visit_of(report), settings_toml=to_toml(own)))).text
    assert "band-passed from 30 to 450 Hz" in text
    assert "An epoch of 7.5 s" in text
    assert "An epoch of 10 s" not in text


def test_settings_that_are_not_stated_give_no_number(report, visit_of):
    told = {one.title: one.text for one in method(visit_of(report))}
    assert told["Settings"] == "The settings of this run are not stated."
    assert not any(char.isdigit() for text in told.values() for char in text)


def test_bands_factors_and_floors_are_those_of_the_recordings(report):
    text = words(Settings(), (report,), mains_hz=50)
    muscles = report.result.muscles
    factors = sorted(f"{one.threshold_uv / one.floor.hi_uv:.2f}" for one in muscles.values() if one.floor.known)
    assert f"here {factors[0]}" in text
    assert "(here 20–450 Hz)" in text
    assert "(50 Hz stated)" in text
    assert "Hz stated" not in words(Settings(), (report,))
    assert all(f"confidence {one.floor.confidence}" in text for one in muscles.values() if one.floor.known)


def test_responses_are_explained_only_where_there_are_stimuli(report):
    assert "Responses to stimuli" in words(Settings())
    assert "Responses to stimuli" not in words(Settings(), (report,))


def test_references_are_those_of_the_registry_each_once_and_own_definitions_last():
    shown = definitions(m.name for m in (*MUSCLE_MEASURES, *PAIR_MEASURES))
    found = references(shown)
    texts = [one.text for one in found]
    assert len(texts) == len(set(texts))
    assert set(texts) == {m.reference for m in (*MUSCLE_MEASURES, *PAIR_MEASURES) if m.name not in NOT_ON_PAGES}
    assert texts[-1] == OWN


def test_a_page_lists_the_sources_of_its_measures_and_defines_them_all(report, visit_of):
    text = Page(visit_page(visit_of(report))).text
    for one in {r.measure for r in report.result.rows} - NOT_ON_PAGES:
        (told,) = definitions([one])
        assert " ".join(told.definition.split()) in " ".join(text.split())
        assert told.reference in text


def test_a_bracket_of_low_confidence_begins_where_the_floor_begins_it():
    """A digital step has the noise of a step over the root of 12; `estimate_floor` takes the larger of both."""
    text = words(Settings())
    assert "begins at 0.3 µV or at the digital step divided by √12, whichever is larger" in text


def test_the_share_of_a_line_is_one_of_the_weighted_power():
    assert "more than 0.05 % of the power with loud cycles weighted down" in words(Settings())


def test_a_response_is_above_the_usual_largest_mean_too():
    text = words(Settings())
    assert "1.1 times the largest 10 ms mean before it, or its usual size where that is more" in text
