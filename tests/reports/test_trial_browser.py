"""The page of a trial in a real browser: it asks for nothing, reads in both schemes, and fits a narrow screen."""

import pytest

from emgpipe.reports.trial import trial_page
from tests.reports.test_browser import CHECKS, CONTRAST, POLICY, outside
from tests.reports.trials import hostile_trial, trial


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("trial"), {}
    for name, made in (("plain", trial(post_hoc=("post-hoc: another lock",))), ("hostile", hostile_trial())):
        found[name] = folder / f"{name}.html"
        found[name].write_text(trial_page(made), encoding="utf-8")
    return found


@pytest.fixture
def opened(browser, paths):
    """Open the page; whatever it asks for, says or refuses fails the test."""
    pages, noted = [], []

    def go(name, **context):
        page = browser.new_context(**context).new_page()
        pages.append(page)
        page.on("console", lambda message: noted.append(message.text))
        page.on("pageerror", lambda error: noted.append(str(error)))
        page.on("request", lambda request: outside(request.url) and noted.append(request.url[:200]))
        page.add_init_script(POLICY)
        page.goto(paths[name].as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        return page

    yield go
    for page in pages:
        page.context.close()
    assert noted == []


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_headings_pictures_tables_and_controls_are_named(opened, name):
    found = opened(name).evaluate(CHECKS)
    assert (found.pop("h1"), found.pop("language"), found.pop("skipped")) == (1, "en", 0)
    assert {what: wrong for what, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(opened, scheme):
    found = opened("plain", color_scheme=scheme).evaluate(CONTRAST)
    assert found["read"] > 100
    assert found["poor"] == []


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_nothing_is_wider_than_a_narrow_screen(opened, name):
    page = opened(name, viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
