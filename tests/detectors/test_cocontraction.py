"""Agonist and antagonist: overlap against noise-free truth, bounds, symmetry, unequal rates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.cocontraction import (
    STEP_S,
    WINDOW_S,
    Envelope,
    PairEnvelopes,
    coactive_intervals,
    coactivity,
    envelope,
    envelope_power,
    falconer_winter_pct,
    overlap_uv,
    rudolph_uv,
)
from emgpipe.detectors.windows import corrected_rms, window_power, windows_of_seconds
from emgpipe.intervals import Intervals
from emgpipe.simulate import band_passed, scenario, windowed_rms_uv
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import frames_of, noise_of, verdict_of

SECONDS = 40


def muscle(levels_uv, rate_hz, seed):
    """EMG whose level changes in equal stretches, clean and with 2 µV of noise."""
    n = round(SECONDS * rate_hz)
    level = np.asarray(levels_uv, float)[(np.arange(n) * len(levels_uv)) // n]
    clean = level * gaussian_emg(n, rate_hz, np.random.default_rng(seed))
    return clean, clean + noise_of(seed + 1, SECONDS, rate_hz, 2.0)


def seen(x, rate_hz):
    frames = frames_of(x, rate_hz, lsb_uv=0.05)
    floor, activity = verdict_of(frames)
    return envelope(envelope_power(frames, floor, 0.0, SECONDS), activity), floor


def truth(clean, rate_hz):
    return windowed_rms_uv(band_passed(clean, rate_hz), rate_hz, WINDOW_S, STEP_S)


@pytest.mark.parametrize("rates", [(2000.0, 2000.0), (1000.0, 1000.0), (2000.0, 1000.0), (2048.0, 2000.0)])
@pytest.mark.parametrize("levels", [([20], [20]), ([30], [8]), ([0, 20, 0, 20], [0, 0, 12, 12])])
def test_the_overlap_of_two_active_muscles_is_the_noise_free_one_within_10_percent(rates, levels):
    one, other = (muscle(uv, r, s) for uv, r, s in zip(levels, rates, (1, 11), strict=True))
    pair = PairEnvelopes(seen(one[1], rates[0])[0], seen(other[1], rates[1])[0])
    clean = [truth(m[0], r) for m, r in zip((one, other), rates, strict=True)]
    n = min(map(len, clean))
    assert abs(len(pair.defined) - n) <= 1
    assert pair.defined.mean() > 0.99
    assert overlap_uv(pair) == pytest.approx(np.minimum(clean[0][:n], clean[1][:n]).mean(), rel=0.1)


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
@pytest.mark.parametrize("agonist_uv", [10, 50, 200])
def test_a_silent_antagonist_beside_an_active_agonist_has_no_overlap(rate_hz, agonist_uv):
    agonist, _ = seen(muscle([agonist_uv], rate_hz, 3)[1], rate_hz)
    antagonist, floor = seen(noise_of(9, SECONDS, rate_hz, 2.0), rate_hz)
    pair = PairEnvelopes(agonist, antagonist)
    assert pair.defined.mean() > 0.99
    assert not antagonist.value_uv.any()  # 0 in silent windows, not the noise above the floor
    assert overlap_uv(pair) <= 0.2 * floor.floor_uv
    assert coactivity(pair)[0] == pytest.approx(0.0, abs=0.01)


def levels_of(values):
    values = np.asarray(values, float)
    return Envelope(values, values > 0, np.zeros(len(values), bool))


level = st.one_of(st.just(0.0), st.just(np.nan), st.floats(1e-3, 1e4))
tables = st.lists(st.tuples(level, level), min_size=1, max_size=40)


@settings(max_examples=100, deadline=None)
@given(tables, st.floats(0.01, 100), st.floats(0.01, 100))
def test_every_pair_stays_in_its_bounds_and_does_not_know_its_order(table, first_reference, second_reference):
    one, other = levels_of([a for a, _ in table]), levels_of([b for _, b in table])
    pair, swapped = PairEnvelopes(one, other), PairEnvelopes(other, one)
    defined = pair.defined
    assert 0 <= pair.undeterminable_share <= 1
    if not defined.any():
        assert np.isnan([overlap_uv(pair), rudolph_uv(pair), *coactivity(pair)]).all()
        return
    means = one.value_uv[defined].mean(), other.value_uv[defined].mean()
    assert 0 <= overlap_uv(pair) <= min(means) * (1 + 1e-12)
    assert 0 <= rudolph_uv(pair) <= 2 * min(means) * (1 + 1e-12)
    both, excess = coactivity(pair)
    assert 0 <= both <= 1
    assert -0.25 - 1e-12 <= excess <= 0.25 + 1e-12
    references = first_reference, second_reference
    share = falconer_winter_pct(pair, references)
    assert np.isnan(share) if sum(means) == 0 else 0 <= share <= 100 * (1 + 1e-12)
    ours = [overlap_uv(pair), rudolph_uv(pair), both, excess, share]
    theirs = [overlap_uv(swapped), rudolph_uv(swapped), *coactivity(swapped),
              falconer_winter_pct(swapped, references[::-1])]  # fmt: skip
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12, nan_ok=True)


def test_equal_envelopes_share_everything():
    pair = PairEnvelopes(levels_of([1.0, 4.0, 2.5]), levels_of([1.0, 4.0, 2.5]))
    assert overlap_uv(pair) == 2.5
    assert rudolph_uv(pair) == 5.0
    assert falconer_winter_pct(pair, (3.0, 3.0)) == 100.0
    assert coactivity(pair) == (1.0, 0.0)


def test_undeterminable_windows_are_left_out_and_counted():
    pair = PairEnvelopes(levels_of([1.0, np.nan, 3.0]), levels_of([2.0, 5.0, np.nan]))
    assert overlap_uv(pair) == 1.0
    assert pair.undeterminable_share == pytest.approx(2 / 3)
    gone = Envelope(np.array([1.0, np.nan]), np.array([True, False]), np.array([False, True]))
    assert PairEnvelopes(gone, levels_of([2.0, 2.0])).undeterminable_share == 0


def test_both_always_on_have_no_excess_and_alternating_ones_a_negative_one():
    on, off = levels_of([1.0, 1.0, 0.0, 0.0]), levels_of([0.0, 0.0, 1.0, 1.0])
    assert coactivity(PairEnvelopes(on, off)) == (0.0, -0.25)
    assert coactivity(PairEnvelopes(on, on)) == (0.5, 0.25)


def test_coactive_stretches_are_those_of_both():
    half = [verdict_of(frames_of(scenario(n, 1, 20, r).samples_uv, r)) for n, r in
            (("starts_active", 2000.0), ("always_active", 1000.0))]  # fmt: skip
    found = coactive_intervals(half[0][1], 0.0125, half[1][1], 0.013)
    assert isinstance(found, Intervals)
    assert found.pairs == pytest.approx(np.array([[0, 10]]), abs=0.05)


def test_windows_count_usable_hops_only_and_need_half_of_them():
    frames = frames_of(noise_of(1, 4, 2000.0, 3.0), 2000.0)
    bad = frames.marked_bad(Intervals.of([(0, 0.05), (1.0, 1.0625)]))
    windows = window_power(bad, np.array([0, 80]), 8)
    assert windows.n_usable.tolist() == [4, 3]
    assert windows.power[0] == pytest.approx(frames.mean_square[4:8].astype(float).mean())
    assert np.isnan(windows.power[1])


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 2144.57])
def test_windows_of_seconds_do_not_drift_from_the_clock(rate_hz):
    frames = frames_of(np.zeros(round(300 * rate_hz)), rate_hz)
    windows = windows_of_seconds(frames, 0.0, 300.0, 1.0, 0.5)
    late_s = windows.start_hop * frames.hop_s - np.arange(599) * 0.5
    assert np.abs(late_s[:-1]).max() <= frames.hop_s / 2 + 1e-9
    # the last one ends with the last whole hop of the recording
    assert -1.5 * frames.hop_s <= late_s[-1] <= frames.hop_s / 2 + 1e-9
    assert windows.start_hop[-1] + frames.hops(1.0) <= len(frames.mean_square)
    assert len(windows_of_seconds(frames, 5.0, 5.9, 1.0, 0.5).power) == 0


def test_the_floor_is_taken_from_the_power_and_never_gives_a_negative_amplitude():
    assert corrected_rms(np.array([25.0, 9.0, 1.0]), 3.0).tolist() == [4.0, 0.0, 0.0]
    assert np.isnan(corrected_rms(np.array([np.nan]), 3.0)).all()
