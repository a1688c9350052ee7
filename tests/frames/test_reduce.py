"""Samples to frames: the hop grid, gaps, reasons, and what must not change a frame."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.filters.bandpass import design_band
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.model import CLIPPED, EDGE, FLAT, GAP, MAINS_JUMP
from emgpipe.frames.reduce import hop_length, reduce_channel
from emgpipe.intervals import Intervals
from emgpipe.simulate import mains, scenario
from tests import naive
from tests.strategies import RATES_HZ, frames_of, noise_of, rates_hz, run_of, seeds

CONDITION = ConditionSettings()
ARRAYS = ("mean_square", "mean_fourth", "low_uv", "high_uv", "reasons", "psd", "line_power", "slow_power",
          "largest_step_uv")  # fmt: skip


def placed(parts, total, rate_hz):
    """Frames of runs `(place, samples)` on a time line of `total` samples."""
    return reduce_channel([run_of(x, place) for place, x in parts], total, rate_hz, 50, CONDITION)


@pytest.mark.parametrize(
    ("rate_hz", "hop"), [(1000.0, 13), (2000.0, 25), (2048.0, 26), (2144.57, 27), (4000.0, 50), (400.0, 5)]
)
def test_a_hop_is_12_5_ms_to_the_nearest_sample(rate_hz, hop):
    assert hop_length(rate_hz) == hop


@settings(max_examples=12, deadline=None)
@given(seeds, rates_hz, st.floats(0.02, 6.0))
def test_every_whole_hop_and_second_has_a_value(seed, rate_hz, seconds):
    x = noise_of(seed, seconds, rate_hz, 3.0)
    frames = frames_of(x, rate_hz)
    assert len(frames.mean_square) == len(x) // hop_length(rate_hz)
    assert np.isfinite(frames.mean_square).all()
    assert not frames.reasons.any()
    assert frames.psd.shape == (int(len(x) / rate_hz), frames.band_gain.size)
    assert np.isfinite(frames.psd).all()


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_moments_are_those_of_the_filtered_samples(rate_hz):
    x = noise_of(1, 4, rate_hz, 20.0).astype(np.float32)
    band = design_band(rate_hz, CONDITION)
    y = naive.zero_phase(x, band.sos, band.edge_samples).astype(np.float32)
    frames = frames_of(x, rate_hz)
    ours = np.stack([frames.mean_square, frames.mean_fourth, frames.low_uv, frames.high_uv])
    # float32 samples of up to 100 µV differ by a quantum of 8e-6 µV where float64 rounds the other way
    assert ours == pytest.approx(naive.hop_moments(y, hop_length(rate_hz)), rel=1e-5, abs=1e-4)


def test_long_recordings_are_reduced_in_blocks_as_if_whole():
    x = noise_of(1, 130, 500.0, 20.0).astype(np.float32)
    band = design_band(500.0, CONDITION)
    y = naive.zero_phase(x, band.sos, band.edge_samples).astype(np.float32)
    assert frames_of(x, 500.0).mean_square == pytest.approx(naive.hop_moments(y, 6)[0], rel=1e-5)


def test_a_long_run_that_starts_between_hops_keeps_to_the_grid():
    x = noise_of(1, 130, 500.0, 20.0).astype(np.float32)
    band = design_band(500.0, CONDITION)
    y = naive.zero_phase(x, band.sos, band.edge_samples).astype(np.float32)
    frames = placed([(2, x)], len(x) + 2, 500.0)
    assert frames.mean_square[1:] == pytest.approx(naive.hop_moments(y[4:], 6)[0], rel=1e-5)
    assert frames.reasons[0] == GAP


@settings(max_examples=15, deadline=None)
@given(seeds, rates_hz, st.integers(0, 3000), st.integers(1, 3000))
def test_a_gap_changes_nothing_in_the_other_run(seed, rate_hz, start, gap):
    """Each run alone on the time line gives the hops that both together give."""
    rng = np.random.default_rng(seed)
    one, other = rng.normal(0, 5, 2500), rng.normal(800, 5, 3100)
    place = start + len(one) + gap
    total = place + len(other) + 17
    both = placed([(start, one), (place, other)], total, rate_hz)
    first, second = placed([(start, one)], total, rate_hz), placed([(place, other)], total, rate_hz)
    assume(not first.lines)  # three seconds of noise hold a line by chance, one time in 300
    assume(not second.lines)
    for name in ARRAYS:
        a, b, c = (getattr(f, name) for f in (both, first, second))
        merged = np.where(np.isnan(b), c, b) if a.dtype != np.uint16 else b & c
        assert np.array_equal(a, merged, equal_nan=a.dtype != np.uint16), name


def test_hops_and_seconds_that_touch_a_gap_say_so_and_hold_nan():
    frames = placed([(0, noise_of(1, 3.01, 1000.0)), (3500, noise_of(2, 3, 1000.0))], 6500, 1000.0)
    gap = (frames.reasons & GAP) != 0
    # 3010 // 13 = 231 whole hops before; the next whole hop after sample 3500 is 270
    assert Intervals.from_mask(gap).pairs.tolist() == [[231, 270]]
    assert np.array_equal(np.isnan(frames.mean_square), gap)
    assert np.isnan(frames.psd).any(1).tolist() == [False, False, False, True, False, False]


def test_no_runs_give_gaps_alone():
    frames = placed([], 2000, 1000.0)
    assert (frames.reasons == GAP).all()
    assert np.isnan(frames.psd).all()


def marked(frames, bit):
    return Intervals.from_mask((frames.reasons & bit) != 0).scaled(frames.hop_s).pairs.ravel()


def test_clipped_samples_mark_their_hops_and_0_1_s_on_both_sides():
    x = noise_of(1, 6, 2000.0, 3.0)
    x[6000:6010] = 500.0
    frames = frames_of(x, 2000.0, clip_uv=(-500.0, 500.0))
    # one hop of 12.5 ms on both sides
    assert marked(frames, CLIPPED) == pytest.approx([2.9, 3.105], abs=0.0125)
    assert not (frames.reasons & FLAT).any()


@pytest.mark.parametrize("at", [5.0, 59.98, 65.0])
def test_a_flat_stretch_is_marked_where_it_is_across_blocks_too(at):
    x = noise_of(1, 70, 1000.0, 3.0)
    x[round(at * 1000) : round(at * 1000) + 60] = 1.0
    assert marked(frames_of(x, 1000.0), FLAT) == pytest.approx([at - 0.1, at + 0.16], abs=0.013)


@pytest.mark.parametrize("level", [0.0, -812.5])
def test_a_dead_or_constant_channel_is_flat_from_end_to_end(level):
    frames = frames_of(np.full(8000, level), 1000.0)
    assert ((frames.reasons & FLAT) != 0).all()


def test_the_ends_of_a_run_are_edges_only_where_lines_were_removed():
    x = noise_of(1, 20, 1000.0, 2.0)
    line = mains(len(x), 1000.0, np.random.default_rng(1), rms_uv=40)
    assert not frames_of(x, 1000.0).reasons.any()
    frames = frames_of(x + line, 1000.0)
    assert frames.lines[0].frequency_hz == pytest.approx(50, abs=0.05)
    assert marked(frames, EDGE) == pytest.approx([0, 0.1, 19.9, 20], abs=0.013)
    assert frames.bandwidth_hz < frames_of(x, 1000.0).bandwidth_hz


@pytest.mark.parametrize("kind", ["amplitude", "phase"])
@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_a_line_that_jumps_is_marked_where_part_of_it_is_left_and_nowhere_else(rate_hz, kind):
    n = round(60 * rate_hz)
    line = mains(n, rate_hz, np.random.default_rng(1), rms_uv=40, line_hz=50.02, harmonics=(1, 0.1, 0.3))
    after = 1.5 * line if kind == "amplitude" else np.roll(line, round(rate_hz / 200))
    noise = noise_of(3, 60, rate_hz, 2.0)
    frames = frames_of(noise + np.where(np.arange(n) < n // 2, line, after), rate_hz)
    first, *_, last = marked(frames, MAINS_JUMP)
    assert 28 < first < 30 < last < 32
    left = np.sqrt(frames.mean_square[frames.reasons == 0].astype(float))
    plain = np.sqrt(frames_of(noise, rate_hz).mean_square[frames.reasons == 0].astype(float))
    eight = np.ones(8) / 8
    assert (np.convolve(left**2, eight, "valid") / np.convolve(plain**2, eight, "valid")).max() < 1.5**2


@pytest.mark.parametrize("name", ["silent", "always_active", "silent_bursts", "tonic_plus_spasms"])
def test_a_line_that_drifts_and_wanders_under_a_muscle_is_no_jump(name):
    x = scenario(name, 3, 40).samples_uv
    line = mains(len(x), 2000.0, np.random.default_rng(2), rms_uv=40, line_hz=60.02, drift_hz=0.2, wander=0.05)
    frames = frames_of(x + line, 2000.0, mains_hz=60)
    assert ((frames.reasons & MAINS_JUMP) != 0).mean() <= 0.01


def test_the_bandwidth_without_lines_is_what_noise_keeps():
    rate_hz = 1000.0
    x = noise_of(3, 60, rate_hz, 2.0)
    line = mains(len(x), rate_hz, np.random.default_rng(1), rms_uv=40, harmonics=(1, 0.3, 0.3), drift_hz=0.2)
    plain, cleaned = frames_of(x, rate_hz), frames_of(x + line, rate_hz)
    inside = cleaned.reasons == 0
    kept = np.mean(cleaned.mean_square[inside]) / np.mean(plain.mean_square[inside])
    assert kept == pytest.approx(cleaned.bandwidth_hz / plain.bandwidth_hz, abs=0.01)


@settings(max_examples=10, deadline=None)
@given(seeds, st.integers(-8, 8), st.booleans())
def test_gain_and_polarity_scale_frames_exactly(seed, exponent, flipped):
    x = noise_of(seed, 3, 1000.0, 5.0).astype(np.float32)
    gain = 2.0**exponent
    one, other = frames_of(x, 1000.0), frames_of((-gain if flipped else gain) * x, 1000.0)
    low, high = (-one.high_uv, -one.low_uv) if flipped else (one.low_uv, one.high_uv)
    assert np.array_equal(other.mean_square, gain**2 * one.mean_square)
    assert np.array_equal(other.mean_fourth, gain**4 * one.mean_fourth)
    assert np.array_equal(other.low_uv, gain * low)
    assert np.array_equal(other.high_uv, gain * high)
    assert np.array_equal(other.psd, gain**2 * one.psd)


def test_the_same_samples_give_the_same_bits():
    x = scenario("tonic_plus_spasms", 3, 20).samples_uv + mains(40000, 2000.0, np.random.default_rng(1), rms_uv=40)
    one, other = frames_of(x, 2000.0), frames_of(x, 2000.0)
    for name in ARRAYS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_a_rate_too_low_is_refused():
    with pytest.raises(SettingsError, match="RATE_TOO_LOW"):
        frames_of(np.zeros(1000), 200.0)


@settings(max_examples=30, deadline=None)
@given(rates_hz, st.floats(0, 1e4))
def test_seconds_map_to_the_nearest_hop(rate_hz, time_s):
    frames = frames_of(np.zeros(10), rate_hz)
    assert abs(frames.hops(time_s) * frames.hop_s - time_s) <= frames.hop_s / 2 * (1 + 1e-9)


def test_a_mark_makes_every_hop_it_touches_bad_and_leaves_the_frames_alone():
    frames = frames_of(noise_of(1, 3, 2000.0), 2000.0)
    bad = frames.marked_bad(Intervals.of([(1.001, 1.026), (2.99, 9.0)]))
    assert np.flatnonzero(bad.reasons).tolist() == [80, 81, 82, 239]
    assert not frames.reasons.any()


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 2000.0, 2048.0])
@pytest.mark.parametrize("stated_hz", [50, 60])
def test_lines_of_the_other_mains_frequency_are_told_and_left_in(rate_hz, stated_hz):
    x, rng = noise_of(1, 30, rate_hz, 2.0), np.random.default_rng(3)
    line = mains(len(x), rate_hz, rng, rms_uv=20, line_hz=110 - stated_hz, harmonics=(1,))
    frames = frames_of(x + line, rate_hz, mains_hz=stated_hz)
    assert frames.lines == ()
    assert [round(found.frequency_hz) for found in frames.other_lines] == [110 - stated_hz]
    # the level wanders by 5 %
    assert frames.other_lines[0].rms_uv == pytest.approx(20, rel=0.1)
    assert float(np.sqrt(np.median(frames.mean_square))) > 10


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 2000.0, 2144.57])
@pytest.mark.parametrize(
    ("stated_hz", "off_hz", "rms_uv"), [(50, -0.1, 400), (50, 0.4, 3000), (60, 0.4, 400), (60, 0.0, 3000)]
)
def test_strong_lines_of_the_stated_frequency_are_none_of_the_other(rate_hz, stated_hz, off_hz, rms_uv):
    """A cell of 60 Hz is no whole cycle of 50 Hz, and 300 Hz is a harmonic of both."""
    x, rng = noise_of(1, 25, rate_hz, 2.0), np.random.default_rng(3)
    shares = [1, 0.3, 0.5, 0.2, 0.3, 0.2, 0.2, *[0.1] * 5][: int(0.47 * rate_hz / (stated_hz + 1))]
    x = x + mains(len(x), rate_hz, rng, rms_uv=rms_uv, line_hz=stated_hz + off_hz, harmonics=shares)
    frames = frames_of(x, rate_hz, mains_hz=stated_hz)
    assert frames.lines
    assert frames.other_lines == ()


@pytest.mark.parametrize("name", ["silent", "always_active", "silent_ecg", "tonic_plus_spasms"])
def test_muscles_and_hearts_are_no_line_of_the_other_mains_frequency(name):
    channel = scenario(name, seed=1, duration_s=40.0)
    assert frames_of(channel.samples_uv, channel.rate_hz, mains_hz=60).other_lines == ()
