import base64
import hashlib
import json
import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emgpipe.reports import RecordingReport, recording_figure, visit_page
from emgpipe.reports.columns import FLAT_UV
from emgpipe.reports.looks import PAIR_LOOKS, STATE_LOOKS
from emgpipe.reports.pages import policy
from emgpipe.reports.viewer import (
    FINEST,
    VIEW_BYTES,
    Levels,
    Samples,
    hops_a_column,
    pack_levels,
    pack_samples,
    unpack_levels,
    unpack_samples,
    view_script,
    views,
)
from tests.reports.test_figures import stretches as drawn

LARGEST_SCRIPT = 72_000
ROUNDED = 1e-5
"""Unit and step are written with six digits."""


def decoded(view):
    """Muscles of a packed recording with their columns as a script sees them."""
    return {told["name"]: (told, *columns_of(told)) for told in json.loads(view)["muscles"]}


def columns_of(told):
    scale = told["samples"]
    ends = [
        unpack_samples(Samples(np.frombuffer(base64.b64decode(scale[end]), np.int8), scale["unit_uv"], scale["step"]))
        for end in ("low", "high")
    ]
    levels = told["levels"]
    codes = np.frombuffer(base64.b64decode(levels["codes"]), "<u2")
    return *ends, unpack_levels(Levels(codes, levels["least_uv"], levels["step"]))


def stretches(flat, more):
    """Start s, stop s and the rest of stretches that come end to end."""
    out, last = [], 0
    for gap, length, *rest in zip(*(flat[i :: 2 + more] for i in range(2 + more)), strict=True):
        out.append(((last + gap) / 1000, (last + gap + length) / 1000, *rest))
        last += gap + length
    return out


def off(found, truth, unit_uv):
    return np.abs(found - truth) / np.hypot(truth, unit_uv)


def test_each_hop_comes_back_within_half_a_step(report):
    found = decoded(views([report])[0])
    for name, one in report.result.muscles.items():
        told, low, high, rms = found[name]
        scale, frames = told["samples"], one.frames
        assert told["column_s"] == frames.hop_s
        # u sinh(t + d) - u sinh(t) is at most u cosh(t) (exp(d) - 1)
        most = np.expm1(scale["step"] / 2) + ROUNDED
        assert off(low, frames.low_uv, scale["unit_uv"]).max() <= most < 0.04
        assert off(high, frames.high_uv, scale["unit_uv"]).max() <= most
        truth = np.sqrt(frames.mean_square.astype(float))
        assert np.abs(rms / truth - 1).max() <= np.expm1(told["levels"]["step"] / 2) + ROUNDED < 1e-3


def test_longer_columns_keep_extremes_and_power(report):
    n_hops = sum(len(one.frames.mean_square) for one in report.result.muscles.values())
    assert hops_a_column([report], 2 * n_hops) == 3
    found = decoded(views([report], most_bytes=4 * n_hops)[0])
    for name, one in report.result.muscles.items():
        told, low, high, rms = found[name]
        hops = round(told["column_s"] / one.frames.hop_s)
        assert hops > 1
        starts = np.arange(0, len(one.frames.mean_square), hops)
        unit_uv, most = told["samples"]["unit_uv"], np.expm1(told["samples"]["step"] / 2) + ROUNDED
        assert off(low, np.minimum.reduceat(one.frames.low_uv, starts), unit_uv).max() <= most
        assert off(high, np.maximum.reduceat(one.frames.high_uv, starts), unit_uv).max() <= most
        lengths = np.diff([*starts, len(one.frames.mean_square)])
        power = np.add.reduceat(one.frames.mean_square.astype(float), starts) / lengths
        assert rms == pytest.approx(np.sqrt(power), rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(arrays(float, st.integers(1, 40), elements=st.floats(-1e4, 1e4) | st.just(np.nan)))
def test_samples_of_any_size_come_back_and_missing_ones_stay_missing(samples_uv):
    most_uv = float(np.nanmax(np.abs(samples_uv), initial=0.0)) if not np.isnan(samples_uv).all() else 0.0
    packed = pack_samples(samples_uv, most_uv)
    found = unpack_samples(packed)
    assert np.array_equal(np.isnan(found), np.isnan(samples_uv))
    seen = ~np.isnan(samples_uv)
    assert (off(found[seen], samples_uv[seen], max(most_uv, 1e-300) / FINEST) <= np.expm1(packed.step / 2) + 1e-4).all()


@settings(max_examples=60, deadline=None)
@given(arrays(float, st.integers(1, 40), elements=st.floats(FLAT_UV, 1e4) | st.sampled_from([0.0, np.nan])))
def test_levels_of_any_size_come_back_and_nothing_is_not_zero(rms_uv):
    packed = pack_levels(rms_uv)
    found = unpack_levels(packed)
    assert np.array_equal(np.isnan(found), np.isnan(rms_uv))
    assert np.array_equal(found == 0, rms_uv == 0)
    above = rms_uv > 0
    assert (np.abs(found[above] / rms_uv[above] - 1) <= 3e-4).all()


def test_states_and_spasms_are_those_of_the_intervals(report):
    view = json.loads(views([report])[0])
    what = [kind for kind, _ in view["what"]]
    for told in view["muscles"]:
        rows = sorted(
            (i.start_s, i.stop_s, i.kind)
            for i in report.result.intervals
            if i.target == told["name"] and i.kind in STATE_LOOKS
        )
        found = stretches(told["states"], 1)
        assert [what[one] for *_, one in found] == [kind for *_, kind in rows]
        # ends are rounded to 1 ms
        assert np.allclose([one[:2] for one in found], [row[:2] for row in rows], atol=0.0005 + 1e-9)
        bracket = report.result.muscles[told["name"]].floor
        assert told["floor"] == pytest.approx([bracket.lo_uv, bracket.floor_uv, bracket.hi_uv], rel=ROUNDED)


def test_the_strip_of_a_pair_is_that_of_the_still_picture(report):
    [told] = json.loads(views([report])[0])["pairs"]
    strip = f"pair {told['name']}"
    assert [kind for kind, *_ in told["kinds"]] == list(PAIR_LOOKS)
    for kind, _, flat in told["kinds"]:
        still = drawn(recording_figure(report), strip, PAIR_LOOKS[kind].fill)
        assert bool(still) == (kind != "undeterminable")
        assert np.allclose(stretches(flat, 0), still, atol=0.0005 + 1e-9)


def test_a_reason_of_a_stretch_is_told(report):
    assert any("BAD" in said for _, said in json.loads(views([report])[0])["what"])


def test_an_unknown_floor_is_none_and_a_dead_lead_has_no_level(bad_report):
    found = decoded(views([bad_report])[0])
    floors = {name: one.floor.known for name, one in bad_report.result.muscles.items()}
    assert not all(floors.values())
    for (told, *_, rms), known in zip(found.values(), floors.values(), strict=True):
        assert (told["floor"] is not None) == (told["threshold_uv"] is not None) == known
        assert not (rms[np.isfinite(rms)] < 0).any()


def test_all_recordings_of_a_page_share_the_bytes(report, bad_report, failed_report):
    packed = views([report, bad_report, failed_report, report])
    assert packed[2] == ""
    assert sum(map(len, packed)) <= VIEW_BYTES
    small = views([report, report], most_bytes=30_000)
    assert sum(map(len, small)) <= 30_000
    assert json.loads(small[0])["muscles"][0]["column_s"] > json.loads(packed[0])["muscles"][0]["column_s"]


def test_nothing_is_packed_where_nothing_was_measured(failed_report):
    assert views([failed_report, RecordingReport("a", "rest", "a.edf", "", None)]) == ["", ""]


def test_data_cannot_open_or_end_an_element(bad_report):
    view = views([bad_report])[0]
    assert not re.search("[<>&\u2028\u2029\u202e\x07]", view)
    assert view.isascii()


def test_the_page_allows_exactly_its_script(report, failed_report, visit_of):
    page = visit_page(visit_of(report))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert scripts == [view_script()]
    assert f'content="{policy(scripts)}"' in page
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "<script" not in visit_page(visit_of(failed_report))


def test_the_script_is_small_names_no_place_and_carries_the_licence():
    script = view_script()
    assert len(script.encode()) <= LARGEST_SCRIPT
    assert not re.search(r"https?:|</script|<!--", script)
    assert "The MIT License (MIT)" in script


def test_our_script_writes_text_only_as_text():
    folder = files("emgpipe.reports") / "scripts"
    own = "".join(path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(|\.style\.cssText", own)
    assert '(()=>{"use strict";' in view_script()


def test_what_is_vendored_is_as_its_page_says():
    folder = files("emgpipe.reports") / "scripts" / "vendored"
    told = re.findall(r"\| `(\S+)` \| (\d+) \| `([0-9a-f]{64})` \|", (folder / "README.md").read_text("utf-8"))
    assert {name for name, *_ in told} == {one.name for one in folder.iterdir()} - {"README.md"}
    for name, size, digest in told:
        data = (folder / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (int(size), digest), name
