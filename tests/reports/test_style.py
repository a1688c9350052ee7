"""The stylesheet: contrast of every text colour on every surface, in light and dark; nothing hidden on paper."""

import re
from itertools import product

import pytest

from emgpipe.reports.looks import FLOOR, RELAXED, STIMULUS_TICK
from emgpipe.reports.pages import render

TEXT = ("ink", "soft", "accent", "warn", "bad")
SURFACES = ("paper", "tint", "accent-tint", "warn-tint", "bad-tint")
MARKS = ("edge", "focus")
TEXT_RATIO, MARK_RATIO = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11, level AA."""
OF_TEXT = {*(f"var(--{name})" for name in TEXT), "inherit"}
OF_SURFACE = {*(f"var(--{name})" for name in SURFACES)}


@pytest.fixture(scope="module")
def css():
    return render("style.css.j2")


@pytest.fixture(scope="module")
def schemes(css):
    """Variables of the light scheme, and of the dark one, which replaces some of them."""
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in roots(css))
    assert set(dark) <= set(light)
    assert set(light) - set(dark) == {name for name in light if name.startswith("drawn-")}
    return {"light": light, "dark": light | dark}


def roots(css):
    return re.findall(r":root \{([^}]*)\}", css)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, WCAG 2.2.

    >>> luminance("#ffffff")
    1.0
    """
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_reads_on_every_surface(schemes, scheme):
    colours = schemes[scheme]
    pairs = {(text, surface): contrast(colours[text], colours[surface]) for text, surface in product(TEXT, SURFACES)}
    assert {pair: ratio for pair, ratio in pairs.items() if ratio < TEXT_RATIO} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_and_focus_are_seen_on_every_surface_they_meet(schemes, scheme):
    colours = schemes[scheme]
    found = {mark: contrast(colours[mark], colours[on]) for mark, on in product(MARKS, ("paper", "tint"))}
    assert min(found.values()) >= MARK_RATIO


def test_no_colour_stands_outside_the_variables(css):
    for block in roots(css):
        css = css.replace(block, "")
    assert re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(", css) == []
    assert set(re.findall(r"[\s;{]color: ([^;}]+)", css)) - {"inherit"} <= OF_TEXT
    surfaces = set(re.findall(r"background(?:-color)?: ([^;}]+)", css))
    assert {one for one in surfaces if "drawn-" not in one} - {"none", "transparent", "inherit"} <= OF_SURFACE


def test_every_variable_that_is_used_has_a_colour(css, schemes):
    assert set(re.findall(r"var\(--([\w-]+)", css)) <= set(schemes["light"])


def test_still_pictures_are_turned_over_in_the_dark_on_screen_only(css):
    dark = re.search(r"@media screen and \(prefers-color-scheme: dark\) \{(.*?)\n\}", css, re.DOTALL).group(1)
    assert ".still { filter: invert(1)" in dark
    assert css.count("invert(1)") == 1


def test_the_key_has_the_colours_of_the_pictures(schemes):
    drawn = {"drawn-floor": FLOOR, "drawn-relaxed": RELAXED, "drawn-stimulus": STIMULUS_TICK}
    assert drawn.items() <= schemes["light"].items()


def test_print_opens_details_and_shows_what_scrolls(css):
    paper = css[css.index("@media print") :]
    assert "details::details-content { content-visibility: visible" in paper
    assert re.search(r"\.scroll[^{]*\{ overflow: visible", paper)
    assert "size: A4" in paper


def test_focus_is_seen_and_no_rule_takes_it_away(css):
    assert ":focus-visible { outline: 3px solid var(--focus)" in css
    assert "outline: none" not in css
    assert "outline: 0" not in css
