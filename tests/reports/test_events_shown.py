"""Spasms, cues and stimuli on the page of a visit."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from emgpipe.measures.rows import IntervalRow
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.reports import Measured, RecordingReport, VisitReport, recording_figure, visit_page
from emgpipe.reports.evidence import MOST_SPASMS
from emgpipe.reports.looks import KEY, RELAXED, SPASMS, STATE_LOOKS
from emgpipe.reports.visit import _alt
from tests.reports.test_figures import axes_of, stretches
from tests.strategies import noise_of

RATE_HZ, SECONDS = 2000.0, 100.0
BURSTS_S = {"TA_R": 20.0, "GM_R": 20.4}
STIMULI_S, CUE_S = (65.0, 69.0, 73.0), 84.0
HIDING = IntervalRow("TA_R", "possible_spasm", 40.0, 43.0, cut_start=True, cut_stop=True, reason="MOVEMENT")


def samples_uv(seed, burst_s):
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    return noise_of(seed, SECONDS, RATE_HZ) * np.where((time_s >= burst_s) & (time_s < burst_s + 3), 100.0, 1.0)


@pytest.fixture(scope="module")
def eventful():
    """Rest to 60 s with a burst in both muscles, three stimuli, and a cue to relax."""
    marks = [Annotation(0.0, 60.0, "rest"), Annotation(CUE_S, None, "relax_cue")]
    marks += [Annotation(onset_s, None, "stimulus") for onset_s in STIMULI_S]
    signals = [samples_uv(seed, burst_s) for seed, burst_s in enumerate(BURSTS_S.values())]
    recording = array_recording(signals, list(BURSTS_S), RATE_HZ, annotations=marks)
    result = Measured.of(measure(recording, compute_frames(recording, mains_hz=50)))
    assert [i.target for i in result.intervals if i.kind == "spasm"] == ["TA_R", "GM_R", "subject"]
    return RecordingReport("S1_V1_rest", "rest", "a.edf", "", replace(result, intervals=(*result.intervals, HIDING)))


def text_of(page):
    page = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture(scope="module")
def text(eventful):
    return text_of(page_of(eventful))


def page_of(report):
    return visit_page(VisitReport("D", "S1", "V1", (report,), "", "", "0"))


def test_a_result_holds_the_stretches_of_cues_and_the_stimuli(eventful):
    cues = [(cue.name, cue.start_s, cue.stop_s) for cue in eventful.result.cues]
    assert cues == [("relax_cue", 89.0, 94.0), ("stimulus", 64.5, 78.0)]
    assert eventful.result.stimuli_s == STIMULI_S


def test_every_segment_of_the_tables_has_its_times(eventful, text):
    assert "rest (0.0 s to 1 min 00 s)" in text
    assert "relax_cue (1 min 29 s to 1 min 34 s), stimulus (1 min 04 s to 1 min 18 s)" in text
    assert "3 stimuli, the first at 1 min 05 s, the last at 1 min 13 s." in text
    timed = {one.name for one in (*eventful.result.segments, *eventful.result.cues)}
    assert {row.segment for row in eventful.result.rows} == timed


def test_the_picture_shows_stimuli_and_the_stretches_after_cues(eventful, report):
    figure = recording_figure(eventful)
    assert stretches(figure, "relaxed", RELAXED) == [(89.0, 94.0)]
    drawn = {bars.get_label(): bars for bars in axes_of(figure, "strips").collections}
    assert [path.vertices[0, 0] for path in drawn["stimuli"].get_paths()] == list(STIMULI_S)
    plain = {bars.get_label() for bars in axes_of(recording_figure(report), "strips").collections}
    assert "segments" in plain
    assert not plain & {"relaxed", "stimuli"}


def test_a_spasm_and_time_in_which_one_may_hide_are_told_apart(eventful):
    figure = recording_figure(eventful)
    spasms = [(i.start_s, i.stop_s) for i in eventful.result.intervals if (i.target, i.kind) == ("TA_R", "spasm")]
    assert np.allclose(stretches(figure, "ribbon TA_R", SPASMS["spasm"].fill), spasms, atol=1e-9)
    assert stretches(figure, "ribbon TA_R", SPASMS["possible_spasm"].fill) == [(40.0, 43.0)]
    assert len({(look.fill, look.hatch) for look in KEY}) == len(KEY) == len(STATE_LOOKS) + 3


def test_what_is_drawn_has_a_swatch_and_a_word(eventful, report, text):
    legend = ("excluded, a spasm may hide there", "judged after a cue to relax", "A bar in the upper part")
    assert all(words in text for words in legend)
    page = page_of(eventful)
    assert re.search(r"background-position:83\.33% 0\"></span>spasm</li>", page)
    assert re.search(r"<span class=\"still tick\"></span>stimulus</li>", page)
    plain = text_of(page_of(replace(report, result=replace(report.result, intervals=()))))
    assert not any(words in plain for words in legend)


def test_generalised_spasms_are_listed_with_the_order_of_recruitment(eventful, text):
    told = re.search(r"Generalised spasms .* (\d+\.\d) s: TA_R 0\.00, GM_R (0\.\d\d) ", text)
    assert [float(x) for x in told.groups()] == pytest.approx([20.0, 0.4], abs=0.15)


def test_a_long_list_of_spasms_says_how_many_more_there_are(eventful):
    subject = IntervalRow("subject", "spasm", 1.0, 2.0, reason="TA_R 0.00;GM_R 0.10")
    own = tuple(i for i in eventful.result.intervals if i.target != "subject")
    many = replace(eventful.result, intervals=own + (subject,) * (MOST_SPASMS + 7))
    text = text_of(page_of(replace(eventful, result=many)))
    assert text.count("1.0 s: TA_R 0.00, GM_R 0.10") == MOST_SPASMS
    assert "7 more stand in intervals.csv ." in text


def test_a_generalised_spasm_is_nothing_that_was_left_out(eventful, text):
    assert any(i.reason == "GENERALISED" for i in eventful.result.intervals)
    assert "GENERALISED" not in text
    assert "part of a generalised one" not in text


def test_the_picture_is_told_in_words(eventful):
    alt = html.unescape(re.search(r'alt="([^"]*)"', page_of(eventful)).group(1))
    assert alt.startswith("EMG of 2 muscles over 1 min 40 s. 3 stimuli. TA_R: ")
    assert "1 spasm, 1 stretch in which one may hide; GM_R: " in alt


def alt_of_phases(result):
    page = page_of(RecordingReport("S1_V1_rest", "rest", "a.edf", "", result))
    (alt,) = re.findall(r'alt="(Level over time[^"]*)"', page)
    return html.unescape(alt)


def test_the_picture_of_phases_says_in_words_the_phases_that_are_drawn(eventful):
    drawn = "Level over time of TA_R, GM_R: rest, around 3 stimuli, after 1 cue to relax. The table tells the numbers."
    assert alt_of_phases(eventful.result) == drawn
    no_rest = replace(eventful.result, segments=(), cues=(), stimuli_s=STIMULI_S[:1])
    assert alt_of_phases(no_rest) == "Level over time of TA_R, GM_R: around 1 stimulus."


def test_the_picture_of_one_muscle_is_of_one_muscle(eventful):
    one = replace(eventful.result, muscles={"TA_R": eventful.result.muscles["TA_R"]})
    assert 'alt="EMG of 1 muscle over' in page_of(RecordingReport("S1_V1_rest", "rest", "a.edf", "", one))


def test_a_little_activity_is_not_said_to_be_none(report):
    states = (IntervalRow("TA_R", "active", 0.0, 0.4), IntervalRow("TA_R", "silent", 0.4, 100.0))
    alt = _alt(report, replace(report.result, intervals=states), ["TA_R"])
    assert "TA_R: 0.4 % active, 99.6 % silent" in alt
