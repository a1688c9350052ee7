"""A page of many muscles with long names in a browser: nothing moves under the pointer, nothing leaves the page."""

from dataclasses import replace

import pytest

from emgpipe.reports import VisitReport, visit_page
from tests.reports.conftest import settled

N_MUSCLES = 16
LONG = "W" * 400
READ = "document.querySelector('.view-readout strong')?.textContent"
NARROW, WIDE = {"width": 400, "height": 800}, {"width": 1200, "height": 900}


@pytest.fixture(scope="module")
def many(report):
    """The muscles of a recording over and over, the last with a name of 400 letters."""
    result, known = report.result, list(report.result.muscles)
    source = {f"M{i:02}": known[i % len(known)] for i in range(N_MUSCLES - 1)} | {LONG: known[0]}

    def copied(found):
        return tuple(
            replace(one, target=name) for name, known in source.items() for one in found if one.target == known
        )

    muscles = {name: result.muscles[known] for name, known in source.items()}
    result = replace(result, muscles=muscles, intervals=copied(result.intervals), rows=copied(result.rows))
    return replace(report, result=result)


@pytest.fixture(scope="module")
def path(tmp_path_factory, many):
    path = tmp_path_factory.mktemp("many") / "many.html"
    path.write_text(visit_page(VisitReport("DEMO", "S1", "V1", (many,), "", "", "0")), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, path):
    pages = []

    def go(viewport):
        page = browser.new_context(viewport=viewport).new_page()
        pages.append(page)
        page.goto(path.as_uri())
        page.evaluate("document.querySelector('.view-tools').scrollIntoView()")
        settled(page)
        return page

    yield go
    for page in pages:
        page.context.close()


def top(page):
    return page.locator(".view-charts").bounding_box()["y"]


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_a_still_pointer_reads_a_time_and_nothing_moves_under_it(opened, viewport):
    page = opened(viewport)
    page.evaluate("(y) => scrollBy(0, y)", top(page) - viewport["height"] / 2)
    settled(page)
    before = top(page)
    box = page.locator(".view-charts").bounding_box()
    page.mouse.move(box["x"] + 0.7 * box["width"], before + 30)
    settled(page)
    told = page.evaluate(READ)
    assert told
    settled(page)
    assert page.evaluate(READ) == told
    assert top(page) == before
    page.mouse.move(box["x"] + 0.9 * box["width"], before + 30)
    assert page.evaluate(READ) not in (None, told)
    page.mouse.move(box["x"] + 0.9 * box["width"], before - 400)
    assert top(page) == before
    assert page.locator(".view-readout").bounding_box()["height"] <= 0.31 * viewport["height"]


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_a_name_of_400_letters_does_not_widen_the_page(opened, viewport):
    page = opened(viewport)
    page.locator(".view-charts").focus()
    page.keyboard.press("Shift+ArrowRight")
    for what in (".chip", ".view-muscles label", ".view-readout span", ".view-name"):
        widths = page.locator(what).evaluate_all("all => all.map((one) => one.getBoundingClientRect().right)")
        assert widths, what
        assert max(widths) <= viewport["width"], what


def test_charts_are_made_when_they_come_near_and_show_what_the_others_show(opened):
    page = opened(WIDE)
    canvases = page.locator(".view-chart canvas")
    first = canvases.count()
    places = page.locator(".view-chart").count()
    assert 0 < first < places
    page.locator(".view-charts").focus()
    page.keyboard.press("+")
    page.locator(".view-row").last.scroll_into_view_if_needed()
    settled(page)
    assert first < canvases.count()
    shown = page.locator(".view-row").last.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    page.keyboard.press("0")
    settled(page)
    assert page.locator(".view-row").last.locator("canvas").evaluate("canvas => canvas.toDataURL()") != shown


def test_the_focus_of_the_traces_stands_clear_of_the_names(opened):
    page = opened(WIDE)
    inside = page.locator(".view-name").first.bounding_box()["x"] - page.locator(".view-charts").bounding_box()["x"]
    assert inside >= 4


def test_on_paper_the_first_pictures_stand_below_the_head(opened):
    """Pictures are no taller than what is left of a page of A4 below the head, so that no page stays empty."""
    page = opened(WIDE)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1016})  # 182 x 269 mm
    stills = page.locator("figure.picture > .still")
    assert stills.count() == -(-N_MUSCLES // 3)
    heights = [
        one["height"] for one in stills.evaluate_all("all => all.map((one) => one.getBoundingClientRect().toJSON())")
    ]
    assert max(heights[:-1]) < 1016 / 2.6
    assert all("muscle" in alt for alt in stills.evaluate_all("all => all.map((one) => one.alt)"))
