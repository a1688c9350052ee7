"""What holds for every page of a results folder, whatever its kind."""

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from urllib.parse import unquote

import pytest

from emgpipe.reports.trial import trial_page
from emgpipe.reports.words import CAVEATS, NOT_ON_PAGES, SIMULATED
from tests.reports.folders import HOSTILE_LABELS, NOTE
from tests.reports.parsed import Parsed
from tests.reports.trials import trial

KINDS = ("index", "patient", "trial", "visit")
TRIAL = "trial.html"
"""The one page that tells arms; it lies in a folder of its own."""
VERDICTS = (
    "stiff",
    "stiffness",
    "responder",
    "normal",
    "abnormal",
    "healthy",
    "pathological",
    "CMUA present",
    "diagnosis",
)
ARMS = ("placebo", "treatment", "treated", "arm", "sequence", "period", "randomised")


@pytest.fixture(scope="module")
def pages(results):
    """Every page of the folder, and that of a trial: its name -> its text."""
    blind = {path.name: path.read_text("utf-8") for path in sorted((results / "reports").glob("*.html"))}
    return {**blind, TRIAL: trial_page(trial())}


@pytest.fixture(scope="module")
def parsed(pages):
    return {name: Parsed(text) for name, text in pages.items()}


def wrong(parsed, find):
    """What is found wrong on each page; empty where nothing is."""
    return {name: found for name, page in parsed.items() if (found := find(page))}


def test_there_are_pages_of_each_kind(pages):
    assert {name.split(".")[0] for name in pages} == set(KINDS)
    assert len(pages) == 1 + 2 + 1 + 5


def test_every_element_is_closed_in_its_turn(parsed):
    assert wrong(parsed, lambda page: page.unclosed) == {}


def test_no_page_asks_for_anything_outside_itself(pages, parsed):
    for name, text in pages.items():
        own = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
        styles = "".join(re.findall(r"<style>.*?</style>", own, re.DOTALL))
        assert not re.search(r"@import|url\(", styles), name
        assert not re.search(r"(src|href|srcset|action|data|poster)=[\"']?(\w+:)?//", own), name
    assert (
        wrong(parsed, lambda page: [s for s in page.values("src") if not s.startswith("data:image/png;base64,")]) == {}
    )
    assert wrong(parsed, lambda page: page.all("link", "iframe", "object", "embed", "base", "form")) == {}


def test_every_link_leads_to_a_page_or_a_place_that_is_there(pages, parsed):
    def lost(page):
        there = {f"#{name}" for name in page.values("id")} | set(pages) | {"../reports/index.html"}
        return [link for link in map(unquote, page.values("href")) if link.removesuffix("#content") not in there | {""}]

    assert wrong(parsed, lost) == {}
    assert all(Parsed(text).all("nav") for name, text in pages.items() if name != "index.html")


def test_no_page_tells_when_or_where_it_was_made(pages, results):
    for name, text in pages.items():
        assert not re.search(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d| object at 0x[0-9a-f]+", text), name
        assert str(results.parent) not in text, name


def test_headings_start_at_one_and_go_down_one_level_at_a_time(parsed):
    for name, page in parsed.items():
        levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(b <= a + 1 for a, b in pairwise(levels)), (name, levels)


def test_identifiers_are_unique_and_those_referred_to_exist(parsed):
    for name, page in parsed.items():
        there = page.values("id")
        assert len(there) == len(set(there)), name
        meant = [*page.values("for"), *page.values("aria-labelledby"), *page.values("aria-describedby")]
        assert set(" ".join(meant).split()) <= set(there), name


def test_every_table_has_a_caption_scopes_and_a_box_to_scroll_in(parsed):
    def bare(page):
        captioned = {id(caption.around[-1].attributes) for caption in page.all("caption")}
        boxed = [any(outer.classes & {"scroll", "targets"} for outer in table.around) for table in page.all("table")]
        uncaptioned = [t for t in page.all("table") if id(t.attributes) not in captioned]
        unscoped = [
            th for th in page.all("th") if th.attributes.get("scope") not in ("row", "col", "rowgroup", "colgroup")
        ]
        return [element[:2] for element in uncaptioned + unscoped] or [""] * boxed.count(False)

    assert wrong(parsed, bare) == {}


def test_every_picture_has_words_and_every_figure_a_picture_that_turns_dark(parsed):
    assert wrong(parsed, lambda page: [i for i in page.all("img") if len(i.attributes.get("alt") or "") < 20]) == {}
    assert (
        wrong(parsed, lambda page: [i.attributes["class"] for i in page.all("img") if "still" not in i.classes]) == {}
    )
    assert all(page.all("figure") for name, page in parsed.items() if name in ("visit.S01.V1.html", "patient.S01.html"))


def test_what_can_be_pressed_is_a_real_control(parsed):
    pressed = ("onclick", "onchange", "onkeydown", "onload", "onerror")
    assert wrong(parsed, lambda page: [value for name in pressed for value in page.values(name)]) == {}
    assert wrong(parsed, lambda page: [e for e in page.elements if e.attributes.get("role") == "button"]) == {}


def test_every_page_says_what_the_numbers_are_not_and_that_they_are_simulated(parsed):
    for name, page in parsed.items():
        text = " ".join(page.text.split())
        assert all(caveat in text for caveat in CAVEATS), name
        assert SIMULATED in text, name


def test_no_page_judges_a_patient_or_tells_an_arm(parsed):
    for name, page in parsed.items():
        words = VERDICTS if name == TRIAL else (*VERDICTS, *ARMS)
        said = [w for w in words if re.search(rf"\b{w}\b", page.text, re.IGNORECASE)]
        assert said == [], name
        assert not any(measure in page.text for measure in NOT_ON_PAGES), name


def test_a_table_speaks_of_subjects(parsed):
    def patients(page):
        return [words for words in page.headings if re.search(r"\bpatients?\b", words, re.IGNORECASE)]

    assert "Subject" in parsed["index.html"].headings
    assert wrong(parsed, patients) == {}


def test_hostile_labels_and_notes_are_text_on_every_page(pages, parsed):
    labels = [label.decode().removeprefix("EMG ") for label in HOSTILE_LABELS]
    for name in ("visit.S01.V2.html", "patient.S01.html"):
        assert all(label in parsed[name].text for label in labels), name
    for name, text in pages.items():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text), name
        assert parsed[name].all("i", "b", "applet") == [], name
        assert "<script>a()" not in text, name
        assert not any(source == "x" for source in parsed[name].values("src")), name
    assert NOTE[:40] not in "".join(pages.values())


def test_hostile_conditions_are_text(parsed):
    assert "<i>sitting</i> ={{ 1+1 }}" in parsed["visit.S01.V2.html"].text


@pytest.mark.parametrize(
    "surroundings", [{"PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "LANG": "C"}]
)
def test_pages_are_the_same_bytes_in_another_process_locale_and_zone(pages, results, tmp_path, surroundings):
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    shutil.rmtree(copy / "reports")
    command = [sys.executable, "-m", "emgpipe", "report", str(copy), "--quiet"]
    subprocess.run(command, check=True, env=os.environ | surroundings, capture_output=True)
    again = {path.name: path.read_text("utf-8") for path in (copy / "reports").glob("*.html")}
    assert sorted([*again, TRIAL]) == sorted(pages)
    assert [name for name in again if pages[name] != again[name]] == []


def test_visits_lead_to_the_one_before_and_after_in_the_order_of_their_days(parsed):
    beside = {
        name: [e.attributes["href"] for e in page.all("a") if any("beside" in outer.classes for outer in e.around)]
        for name, page in parsed.items()
    }
    assert beside["visit.S01.V2.html"] == ["visit.S01.V1.html", "visit.S01.V10.html"]
    assert beside["visit.S01.V10.html"] == ["visit.S01.V2.html"]
    assert beside["visit.S02.V1.html"] == ["visit.S02.V2.html"]
    assert beside["index.html"] == beside["patient.S01.html"] == beside[TRIAL] == []
