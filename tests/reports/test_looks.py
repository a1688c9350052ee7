"""Whether pictures can be read without colour, and whether a palette keeps them."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from emgpipe.reports import figure_png, recording_figure
from emgpipe.reports.figures import MOST_COLOURS, with_palette
from emgpipe.reports.looks import FLOOR, LEVEL, PAIR_LOOKS, RMS, SPASMS, STATE_LOOKS, TRACE, UNDER_LEVEL, Look

# what a dichromat sees of linear red, green, blue: Machado et al. 2009, severity 1, doi:10.1109/TVCG.2009.113
EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
LEAST_APART = 20.0
"""Of 100 steps from black to white (CIE L*); a just noticeable difference is about 1."""
PAPER = Look("#ffffff", "", "#ffffff")


def lightness(colour, eyes):
    """CIE L* of what these eyes see; of all cones it is also what grey paper shows."""
    srgb = np.array(to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    y = float(np.clip(EYES[eyes] @ linear, 0, 1) @ [0.2126, 0.7152, 0.0722])
    return 116 * np.cbrt(y) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("eyes", EYES)
def test_what_stands_in_one_strip_differs_in_lightness_or_hatch_for_all_eyes(eyes):
    ribbon = {**STATE_LOOKS, **SPASMS}
    pair = {**PAIR_LOOKS, "paper": PAPER}
    for strip in (ribbon, pair):
        for (name, one), (other_name, other) in combinations(strip.items(), 2):
            apart = abs(lightness(one.fill, eyes) - lightness(other.fill, eyes))
            assert apart >= LEAST_APART or one.hatch != other.hatch, (name, other_name, apart)


@pytest.mark.parametrize("eyes", EYES)
def test_a_hatch_stands_out_of_its_fill_for_all_eyes(eyes):
    for look in (*STATE_LOOKS.values(), *SPASMS.values()):
        if look.hatch:
            assert abs(lightness(look.fill, eyes) - lightness(look.ink, eyes)) >= LEAST_APART


@pytest.mark.parametrize("eyes", EYES)
def test_the_lines_of_a_panel_stand_out_of_what_is_behind_them_for_all_eyes(eyes):
    behind = {
        LEVEL: (UNDER_LEVEL, "#f3f1ea"),
        FLOOR: (UNDER_LEVEL, TRACE, "#f3f1ea"),
        RMS: (TRACE,),
        TRACE: ("#f3f1ea",),
    }
    for line, grounds in behind.items():
        for ground in grounds:
            assert abs(lightness(line, eyes) - lightness(ground, eyes)) >= LEAST_APART, (line, ground)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 600), st.integers(0, 2**32 - 1))
def test_a_palette_keeps_few_colours_exactly_and_moves_none_far(height, width, n_colours, seed):
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (n_colours, 4), np.uint8)
    pixels = colours[rng.integers(0, n_colours, (height, width))]
    image = with_palette(pixels)
    moved = np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels[:, :, :3])
    n_seen = len(np.unique(pixels[:, :, :3].reshape(-1, 3), axis=0))
    if n_seen <= MOST_COLOURS:
        assert moved.max() == 0
    cubes = len(np.unique(pixels[:, :, :3].reshape(-1, 3) // 32, axis=0))
    if cubes <= MOST_COLOURS:  # a colour of the same cube is kept: 31 levels in each of three
        assert (moved**2).sum(2).max() <= 3 * 31**2


def test_the_fills_of_a_picture_stand_in_it_exactly(report):
    png = figure_png(recording_figure(report))
    assert png.startswith(b"\x89PNG")
    palette = png[png.index(b"PLTE") + 4 :]
    kept = {tuple(palette[i : i + 3]) for i in range(0, 3 * MOST_COLOURS, 3)}
    for colour in (
        *(STATE_LOOKS[kind].fill for kind in ("active", "silent", "excluded")),
        PAIR_LOOKS["coactive"].fill,
        "#ffffff",
    ):
        assert tuple(round(255 * level) for level in to_rgb(colour)) in kept
