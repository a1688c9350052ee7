"""Pages in a real browser: nothing is fetched, nothing fails, the interactive view answers, people can read it."""

import json
import re

import pytest

from tests.reports.conftest import settled

FULL, HOSTILE, SUBJECT, STUDY = "visit.S01.V1.html", "visit.S01.V2.html", "patient.S01.html", "index.html"
PAGES = (FULL, HOSTILE, "visit.S02.V1.html", "visit.S02.V2.html", SUBJECT, STUDY)
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3 (AA)."""

NUMBER = """() => {
  const all = [...document.querySelectorAll('a[href],button,input,summary,[tabindex="0"]')];
  const met = all.filter((one) => one.checkVisibility());
  met.forEach((one, i) => { one.dataset.tab = i; });
  return met.length;
}"""
COLOURS = """(share) => {
  const row = [...document.querySelectorAll('.view-row')].find((one) => one.textContent.startsWith('cues, stimuli'));
  const canvas = row.querySelector('canvas'), over = row.querySelector('.u-over');
  const at = Math.floor((over.offsetLeft + share * over.offsetWidth) * devicePixelRatio);
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const {data} = copy.getImageData(at - 1, 0, 3, canvas.height);
  const found = new Set();
  for (let i = 0; i < data.length; i += 4) {
    found.add('#' + [...data.slice(i, i + 3)].map((part) => part.toString(16).padStart(2, '0')).join(''));
  }
  return [...found];
}"""
POLICY = "addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective))"
CHECKS = """() => {
  const all = (what) => [...document.querySelectorAll(what)];
  const told = (one) => one.outerHTML.slice(0, 120);
  const levels = all('h1,h2,h3,h4,h5,h6').filter((h) => h.checkVisibility()).map((h) => Number(h.tagName[1]));
  const ids = all('[id]').map((one) => one.id);
  const named = (one) => one.labels?.length || one.getAttribute('aria-label') || one.textContent.trim();
  return {
    h1: levels.filter((level) => level === 1).length,
    skipped: levels.filter((level, i) => i && level > levels[i - 1] + 1).length,
    images: all('img').filter((one) => !one.alt.trim()).map(told),
    controls: all('input,button,select,summary,a').filter((one) => !named(one)).map(told),
    tables: all('table').filter((one) => !one.caption?.textContent.trim()).map(told),
    heads: all('th').filter((one) => !['row', 'col', 'rowgroup', 'colgroup'].includes(one.scope)).map(told),
    ids: ids.filter((id, i) => ids.indexOf(id) !== i),
    language: document.documentElement.lang,
  };
}"""
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const over = (top, under) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((i) => alpha * top[i] + (1 - alpha) * under[i]);
  };
  const behind = (one) => {
    const found = [];
    for (let at = one; at; at = at.parentElement) found.push(parse(getComputedStyle(at).backgroundColor));
    return found.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const poor = [], seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let read = 0;
  while (seen.nextNode()) {
    const one = seen.currentNode.parentElement;
    if (!seen.currentNode.data.trim() || one.closest('script,style') || !one.checkVisibility()) continue;
    const back = behind(one), ink = over(parse(getComputedStyle(one).color), back);
    const [dark, bright] = [light(back), light(ink)].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    read += 1;
    const words = `${ratio.toFixed(2)} ${one.tagName}.${one.className}: ${one.textContent}`;
    if (ratio < LEAST) poor.push(words.slice(0, 80));
  }
  return {read, poor: [...new Set(poor)]};
}""".replace("LEAST", str(LEAST_CONTRAST))


@pytest.fixture
def visit(browser, results):
    """Open a page of the results; whatever it asks for, says or refuses fails the test."""
    opened, noted = [], []

    def go(name, **context):
        page = browser.new_context(viewport={"width": 1200, "height": 900}, **context).new_page()
        opened.append(page)
        page.on("console", lambda message: noted.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: noted.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (noted.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: outside(request.url) and noted.append(f"request: {request.url[:200]}"))
        page.add_init_script(POLICY)
        page.goto((results / "reports" / name).resolve().as_uri())
        return page

    yield go
    for page in opened:
        page.context.close()
    assert noted == []


def outside(url):
    return not url.startswith(("file:", "data:"))


def shown(page):
    """Seconds from and to which the first recording is shown."""
    told = page.locator(".view").first
    return float(told.get_attribute("data-from")), float(told.get_attribute("data-to"))


def charts(page):
    return page.locator(".view-charts").first


def area(page):
    """Middle of the first trace, and its width, in pixels of the window."""
    charts(page).scroll_into_view_if_needed()
    over = page.locator(".view-muscle .u-over").first
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_and_complains_of_nothing(visit, name):
    page = visit(name)
    n_data = page.locator("script[data-view]").count()
    assert page.locator(".live").count() == n_data == (1 if "visit" in name and "S02.V2" not in name else 0)


def test_the_listeners_hear_a_request_and_a_refused_script(browser, results):
    heard = []
    page = browser.new_context().new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.goto((results / "reports" / FULL).resolve().as_uri())
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'a()'}))")
    with page.expect_console_message(lambda message: "img-src" in message.text):
        page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))")
    page.context.close()
    assert any("script-src" in text for text in heard)
    assert any("img-src" in text for text in heard)


def test_keys_zoom_move_and_show_all_again(visit):
    page = visit(FULL)
    whole = shown(page)
    charts(page).focus()
    page.keyboard.press("+")
    zoomed = shown(page)
    assert zoomed[1] - zoomed[0] == pytest.approx((whole[1] - whole[0]) / 2, abs=0.01)
    page.keyboard.press("ArrowRight")
    moved = shown(page)
    assert moved[0] > zoomed[0]
    assert moved[1] - moved[0] == pytest.approx(zoomed[1] - zoomed[0], abs=0.01)
    page.keyboard.press("-")
    assert shown(page)[1] - shown(page)[0] > zoomed[1] - zoomed[0]
    page.keyboard.press("0")
    assert shown(page) == whole


def test_the_wheel_scrolls_the_page_until_the_traces_are_clicked(visit):
    page = visit(FULL)
    whole = shown(page)
    x, y, _ = area(page)
    page.mouse.move(x, y)
    was = page.evaluate("scrollY")
    page.mouse.wheel(0, -100)
    page.wait_for_function("(was) => scrollY < was", arg=was)
    assert shown(page) == whole
    x, y, _ = area(page)
    page.mouse.click(x, y)
    page.mouse.wheel(0, -100)
    page.wait_for_function("(whole) => Number(document.querySelector('.view').dataset.to) !== whole", arg=whole[1])
    zoomed = shown(page)
    assert zoomed[1] - zoomed[0] == pytest.approx(0.8 * (whole[1] - whole[0]), abs=0.01)
    # what the pointer is on stays there
    assert sum(zoomed) / 2 == pytest.approx(sum(whole) / 2, abs=0.2)


def test_dragging_zooms_shift_moves_and_a_double_click_shows_all(visit):
    page = visit(FULL)
    whole = shown(page)
    x, y, width = area(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + width / 4, y, steps=4)
    page.mouse.up()
    zoomed = shown(page)
    assert zoomed == pytest.approx((whole[1] / 2, 3 * whole[1] / 4), abs=whole[1] / 100)
    page.mouse.move(x, y)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x + width / 4, y, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    moved = shown(page)
    assert zoomed[0] - moved[0] == pytest.approx((zoomed[1] - zoomed[0]) / 4, rel=0.02)
    page.mouse.dblclick(x, y)
    assert shown(page) == whole


def test_buttons_do_what_keys_do(visit):
    page = visit(FULL)
    whole = shown(page)
    for name, narrower in (("Zoom in", True), ("Earlier", True), ("Later", True), ("Whole recording", False)):
        before = shown(page)
        page.get_by_role("button", name=name).click()
        assert shown(page) != before, name
        assert (shown(page) != whole) == narrower, name


def test_a_box_hides_its_muscle_and_its_words(visit):
    page = visit(FULL)
    rows = page.locator(".view-muscle")
    n_muscles = rows.count()
    x, y, _ = area(page)
    page.get_by_label("TA_R", exact=True).uncheck()
    assert page.locator(".view-muscle:visible").count() == n_muscles - 1
    page.mouse.move(x, y)
    said = page.locator(".view-readout").inner_text()
    assert "TA_L" in said
    assert not re.search(r"TA_R (\d|no sample)", said)
    page.get_by_label("TA_R", exact=True).check()
    assert page.locator(".view-muscle:visible").count() == n_muscles


def test_the_readout_tells_time_level_and_state_at_the_cursor(visit):
    page = visit(FULL)
    assert page.locator(".view-readout").get_attribute("aria-live") == "polite"
    x, y, width = area(page)
    page.mouse.move(x + 3, y)
    said = " ".join(page.locator(".view-readout").inner_text().split())
    whole = shown(page)[1]
    told_s = float(re.match(r"([\d.]+) s ", said).group(1))
    assert told_s == pytest.approx(whole / 2 + 3 / width * whole, abs=whole / width)
    assert re.search(r"TA_R \d+(\.\d+)? µV, (active|silent|undeterminable|excluded)", said)
    assert re.search(r"TA_R/GM_R (both active|not both active|cannot be told)", said)


def test_the_cursor_moves_by_keys(visit):
    page = visit(FULL)
    charts(page).focus()
    page.keyboard.press("Shift+ArrowRight")
    first = page.locator(".view-readout strong").inner_text()
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator(".view-readout strong").inner_text() != first


def test_something_is_drawn_and_drawn_otherwise_when_zoomed(visit):
    page = visit(FULL)
    charts(page).focus()
    settled(page)
    pixels = "canvas => canvas.toDataURL()"
    canvases = page.locator(".view-chart canvas")
    before = [canvases.nth(i).evaluate(pixels) for i in range(canvases.count())]
    # a chart a row (head, muscle, pair, foot), three in that of a muscle
    n_muscles, n_rows = page.locator(".view-muscle").count(), page.locator(".view-row").count()
    assert len(before) == n_rows + 2 * n_muscles
    page.keyboard.press("+")
    settled(page)
    after = [canvases.nth(i).evaluate(pixels) for i in range(canvases.count())]
    assert sum(a != b for a, b in zip(before, after, strict=True)) >= len(before) - 2


def test_cues_and_stimuli_are_drawn_at_their_times(visit, results):
    page = visit(FULL)
    told = json.loads(page.locator("script[data-view]").inner_text())
    charts(page).scroll_into_view_if_needed()
    settled(page)
    cues_s = [(told["relaxed"][0] + told["relaxed"][1] / 2) / 1000]
    stimuli_s = [onset / 1000 for onset in told["stimuli"]]
    for looked_for, times_s in ((told["looks"]["relaxed"], cues_s), (told["looks"]["stimulus"], stimuli_s)):
        for time_s in times_s:
            assert looked_for in page.evaluate(COLOURS, time_s / shown(page)[1]), time_s


def test_a_stretch_to_relax_that_is_cut_to_nothing_is_seen(browser, results, tmp_path):
    text = (results / "reports" / FULL).read_text("utf-8")
    start_ms, colour = int(re.search(r'"relaxed":\[(\d+)', text).group(1)), '"relaxed":"(#[0-9a-f]{6})"'
    cut = tmp_path / "cut.html"
    cut.write_text(re.sub(r'"relaxed":\[\d+,\d+\]', f'"relaxed":[{start_ms},0]', text), encoding="utf-8")
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.goto(cut.as_uri())
    charts(page).scroll_into_view_if_needed()
    settled(page)
    assert re.search(colour, text).group(1) in page.evaluate(COLOURS, start_ms / 1000 / shown(page)[1])
    page.context.close()


def test_the_view_follows_the_width_of_the_window(visit):
    page = visit(FULL)
    charts(page).scroll_into_view_if_needed()
    for width in (1200, 700):
        page.set_viewport_size({"width": width, "height": 900})
        settled(page)
        chart, stack = page.locator(".view-muscle .uplot").first.bounding_box(), charts(page).bounding_box()
        assert stack["x"] + stack["width"] == pytest.approx(chart["x"] + chart["width"], abs=2)


def test_the_still_picture_stands_on_paper_and_without_scripts(visit, browser, results):
    page = visit(FULL)
    still, view = page.locator("figure.picture > .still").first, page.locator(".view").first
    assert not still.is_visible()
    assert view.is_visible()
    page.emulate_media(media="print")
    assert still.is_visible()
    assert not view.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="screen")
    plain = visit(FULL, java_script_enabled=False)
    assert plain.locator("figure.picture > .still").first.is_visible()
    assert not plain.locator(".view").first.is_visible()


def test_a_view_that_fails_leaves_the_still_picture(browser, results, tmp_path):
    text = (results / "reports" / FULL).read_text("utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace('"muscles":[', '"muscles":[{},', 1), encoding="utf-8")
    page = browser.new_context().new_page()
    page.goto(broken.as_uri())
    assert page.locator("figure.picture > .still").first.is_visible()
    assert page.locator(".view").first.inner_html() == ""
    page.context.close()


def test_hostile_labels_are_text_in_the_view(visit):
    page = visit(HOSTILE)
    names = page.locator(".view-muscle .view-name").all_inner_texts()
    assert any('"><img src=x' in name for name in names)
    assert any("</script><i>" in name for name in names)
    assert page.locator(".view img, .view i, .view script").count() == 0
    assert page.locator(".view-muscles label").count() == len(names)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_without_eyes(visit, name):
    found = visit(name).evaluate(CHECKS)
    assert found == {
        "h1": 1, "skipped": 0, "images": [], "controls": [], "tables": [], "heads": [], "ids": [], "language": "en",
    }  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_text_stands_out_from_what_is_behind_it(visit, name, scheme):
    page = visit(name, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = page.evaluate(CONTRAST)
    assert found["read"] > 20
    assert found["poor"] == []


def test_the_scheme_is_followed_while_the_page_is_open(visit):
    page = visit(FULL, color_scheme="light")
    look = "['.view canvas', 'body'].map((what) => getComputedStyle(document.querySelector(what)))"
    look += ".map((style) => style.filter + style.backgroundColor).join()"
    light = page.evaluate(look)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(look)
    assert "none" in light
    assert "invert" in dark
    page.emulate_media(color_scheme="light")
    assert page.evaluate(look) == light


@pytest.mark.parametrize("name", [FULL, SUBJECT, STUDY])
def test_everything_that_acts_is_reached_by_tab_and_seen_to_be(visit, name):
    page = visit(name)
    wanted = page.evaluate(NUMBER)
    reached, unseen = set(), []
    for _ in range(2 * wanted):  # what scrolls is a stop of its own
        if len(reached) == wanted:
            break
        page.keyboard.press("Tab")
        at, outline = page.evaluate(
            "() => [document.activeElement.dataset.tab, getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached |= {at} - {None}
        if outline == "none":
            unseen.append(at)
    assert reached == {str(i) for i in range(wanted)}
    assert unseen == []
