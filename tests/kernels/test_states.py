"""Compiled decisions against their plain twin: the same bits whatever the levels, the settings and the length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.activity import activity_levels, decide_activity, detect_activity, hear
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.frames.model import BAD, GAP, QRS, ChannelFrames
from tests import naive_activity
from tests.strategies import seeds

FAR = 1e6
SETTINGS = st.builds(
    DetectSettings,
    activity_ratio=st.sampled_from([1.0, 1.5, 3.0, 100.0]),
    activity_release=st.sampled_from([1.0, 1.25, 1.5, 3.0]),
    false_alarm=st.sampled_from([1e-4, 0.4]),
    close_gap_s=st.sampled_from([0.0, 0.05, 0.25, 1.0, FAR]),
    shortest_burst_s=st.sampled_from([0.0, 0.1, 0.5, FAR]),
    shortest_undeterminable_s=st.sampled_from([0.0, 0.2, 2.0, FAR]),
    bridge_excluded_s=st.sampled_from([0.0, 0.3, 2.0, FAR]),
)
FLOORS = st.builds(
    lambda uv, lo, hi: Floor(uv, lo * uv, hi * uv, "device", "high"),
    st.sampled_from([0.5, 1.0, 1.3, 3.0]),
    st.sampled_from([0.3, 0.9, 1.0]),
    st.sampled_from([1.0, 1.1, 2.0]),
)
LENGTHS = st.sampled_from([0, 3, 7, 8, 11, 12, 40, 200, 1000])


def bouts(seed, n_hops):
    """Frames of bouts of any level in noise, with excluded hops anywhere."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.choice([1.0, 1.0, 1.4, 2.0, 9.0], n_hops // 15 + 1), 15)[:n_hops]
    power = (level**2 * rng.chisquare(8, n_hops) / 8).astype(np.float32)
    reasons = np.zeros(n_hops, np.uint16)
    for start in rng.integers(0, max(n_hops, 1), rng.integers(0, 2 + n_hops // 60)).tolist():
        reasons[start : start + rng.integers(1, 40)] |= np.uint16(rng.choice([GAP, QRS, BAD]))
    power[reasons & GAP > 0] = np.nan
    none = np.zeros(int(n_hops * 0.012), np.float32)
    psd = np.ones((len(none), 20), np.float32)
    return ChannelFrames(
        0, "x", "TA_R", 1000.0, 12, power, power, power, power, reasons, psd, none, none, none, 430.0, np.ones(20),
        (20.0, 450.0), (), 0.05,
    )  # fmt: skip


def assert_same(activity, twin):
    *masks, ratio = twin
    found = (activity.states, activity.active_if_high, activity.active_if_low)
    assert [one.dtype for one in found] == [np.int8, bool, bool]
    for one, other in zip(found, masks, strict=True):
        assert one.tolist() == other.tolist()
    assert activity.ratio == pytest.approx(ratio, rel=0, abs=0, nan_ok=True)


@settings(max_examples=150, deadline=None)
@given(seeds, LENGTHS, FLOORS, SETTINGS)
def test_states_are_those_of_the_plain_twin(seed, n_hops, floor, detect):
    frames = bouts(seed, n_hops)
    assert_same(detect_activity(frames, floor, detect), naive_activity.activity(frames, floor, detect))


@settings(max_examples=10, deadline=None)
@given(seeds, LENGTHS)
def test_without_a_floor_states_are_those_of_the_plain_twin(seed, n_hops):
    frames, floor = bouts(seed, n_hops), Floor(np.nan, np.nan, np.nan, "", "", "NO_USABLE_SIGNAL")
    assert_same(
        detect_activity(frames, floor, DetectSettings()), naive_activity.activity(frames, floor, DetectSettings())
    )


@settings(max_examples=15, deadline=None)
@given(seeds, FLOORS, SETTINGS, SETTINGS)
def test_what_is_heard_once_serves_every_setting(seed, floor, first, second):
    frames = bouts(seed, 400)
    heard = hear(frames)
    for detect in (first, second, first):
        levels = activity_levels(heard, frames, floor, detect)
        assert_same(decide_activity(levels, floor, detect), naive_activity.activity(frames, floor, detect))
